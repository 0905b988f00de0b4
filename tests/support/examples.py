"""The examples of the docs, and running them as they stand."""

import asyncio
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def examples(page: Path, language: str) -> list[str]:
    text = page.read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


async def run(folder: Path, *words: str) -> str:
    """What a command writes."""
    process = await asyncio.create_subprocess_exec(
        *words,
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(folder)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(120):
        written, _ = await process.communicate()
    assert process.returncode == 0, written.decode()
    return written.decode()
