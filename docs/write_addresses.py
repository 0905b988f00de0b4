"""Write the published address of `pyproject.toml` into every file that names it.

    python -m docs.write_addresses

The files name it as they stand, because Home Assistant and Docker read them so; what they name now
is what `repository.yaml` says.
"""

import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
PLACES = (
    "repository.yaml",
    "docker-compose.yml",
    "addon/*/config.yaml",
    "addon/*/Dockerfile",
    "addon/*/*.md",
    "*.md",
    "docs/**/*.md",
)


def repository() -> str:
    """The address of the repository, without a slash at its end."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["urls"]["Repository"])


def registry(repository_url: str) -> str:
    """Where the workflow publishes images: GitHub's registry, under the repository's owner."""
    owner = repository_url.rstrip("/").rsplit("/", 2)[1]
    return f"ghcr.io/{owner.lower()}"


def files() -> list[Path]:
    """The files that may name an address."""
    return sorted({file for pattern in PLACES for file in ROOT.glob(pattern)})


def main() -> None:
    """Replace the old addresses by those of `pyproject.toml`."""
    old = yaml.safe_load((ROOT / "repository.yaml").read_text(encoding="utf-8"))["url"]
    new = repository()
    for file in files():
        text = file.read_text(encoding="utf-8")
        written = text.replace(old, new).replace(f"{registry(old)}/", f"{registry(new)}/")
        written = written.replace(f"`{registry(old)}`", f"`{registry(new)}`")
        if written != text:
            file.write_text(written, encoding="utf-8")


if __name__ == "__main__":
    main()
