"""The command line in processes of its own."""

import json
import os
import subprocess
import sys
import wave
from pathlib import Path

import pytest

from wyoming_melotts.__main__ import main


def run(
    *arguments: str, input_text: str = "", **environment: str
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "wyoming_melotts", *arguments],
        input=input_text.encode(),
        capture_output=True,
        env=os.environ | {"MELOTTS_OFFLINE": "1", "MELOTTS_DEVICE": "cpu"} | environment,
        check=False,
    )


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from wyoming_melotts.__main__ import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'transformers', 'jieba', 'gruut', 'tokenizers', 'numpy'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_say_writes_a_wav_file(voices_dir: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.wav"
    done = run(
        "--voices-dir", str(voices_dir), "say", "The light is on.",
        "--voice", "EN_INDIA", "--output", str(output),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    with wave.open(str(output), "rb") as file:
        assert (file.getframerate(), file.getsampwidth(), file.getnchannels()) == (44_100, 2, 1)
        assert file.getnframes() > 10_000


def test_say_looks_for_its_output_before_it_looks_for_a_voice(tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    done = run("--voices-dir", str(missing), "say", "On.", "--output", str(missing / "out.wav"))
    assert done.returncode == 1
    assert f"{missing}/out.wav: there is no folder {missing}" in done.stderr.decode()


def test_say_writes_to_standard_output(voices_dir: Path) -> None:
    done = run("--voices-dir", str(voices_dir), "say", "On.", MELOTTS_SAMPLE_RATE_HZ="16000")
    assert done.stdout[:4] == b"RIFF"
    assert int.from_bytes(done.stdout[24:28], "little") == 16_000


def test_an_unknown_voice_ends_with_one_line(
    voices_dir: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert (
        main(["--voices-dir", str(voices_dir), "--offline", "say", "x", "--voice", "EN-USA"]) == 1
    )
    error = capfd.readouterr().err.splitlines()[-1]
    assert error.startswith("wyoming-melotts: there is no voice 'EN-USA'; near ones: EN-US")


def test_a_wrong_setting_ends_with_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["--speed", "fast"]) == 2
    assert "--speed / MELOTTS_SPEED: 'fast' is not allowed" in capfd.readouterr().err


def test_voices_are_listed(voices_dir: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["--voices-dir", str(voices_dir), "--offline", "voices"]) == 0
    lines = {line[2:].split()[0]: line for line in capfd.readouterr().out.splitlines()}
    assert lines["EN-US"].startswith("* ") and "on disk" in lines["EN-US"]
    assert "to download" in lines["JP"]


def test_download_says_what_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("HF_HUB_ETAG_TIMEOUT", "1")
    assert main(["--cache-dir", str(tmp_path), "download", "nobody"]) == 1
    assert "there is no voice 'nobody'" in capfd.readouterr().err


def test_phonemize(tmp_path: Path) -> None:
    (tmp_path / "vocab.txt").write_text(
        "\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "light", "is", "on", "."])
    )
    done = run(
        "phonemize", "--language", "EN", "--normalization", "upstream",
        "--tokenizer", str(tmp_path / "vocab.txt"), input_text="The light is on.\n\n",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    first, second = map(json.loads, done.stdout.splitlines())
    assert first["norm_text"] == "the light is on."
    assert first["phones"][:3] == ["_", "dh", "ah"]
    assert len(first["phones"]) == len(first["tones"]) == sum(first["word2ph"])
    assert second["phones"] == ["_", "_"]


def test_phonemize_speaks_as_homes_do_by_default() -> None:
    done = run("phonemize", "--language", "zh", input_text="空调已设为26°C，湿度45%\n")
    line = json.loads(done.stdout)
    assert "二十六" in line["norm_text"] and "百分之四十五" in line["norm_text"]


def test_phonemize_of_an_unknown_language() -> None:
    done = run("phonemize", "--language", "xx")
    assert done.returncode == 1
    assert b"language 'xx'; allowed: ZH, EN, JP, KR, ES, FR" in done.stderr
