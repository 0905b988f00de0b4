"""The models that are measured: of real size with random weights, tiny in a rehearsal."""

from pathlib import Path

from benchmarks import weights
from benchmarks.gpu.run import Run


def sense_voice(run: Run) -> Path:
    """Returns a SenseVoice folder."""
    if not run.is_rehearsal:
        return weights.sense_voice(run.cache)
    folder = run.cache / "SenseVoiceTiny"
    if not (folder / "model.pt").is_file():
        from benchmarks.random_models import TINY, write_sense_voice

        write_sense_voice(folder, TINY)
    return folder


def voices(run: Run) -> Path:
    """Returns a folder with one Chinese voice, `ZH`, and its BERT."""
    if not run.is_rehearsal:
        return weights.melotts(run.cache)
    folder = run.cache / "tiny-voices"
    if not (folder / "ZH").is_dir():
        from benchmarks.melotts_random_models import TINY_BERT, TINY_SIZE, write_bert, write_voice
        from wyoming_melotts.voices import LANGUAGES

        data = TINY_SIZE["data"] | {"disable_bert": False, "spk2id": {"ZH": 0}}
        write_bert(folder / LANGUAGES["ZH"].bert.name, TINY_BERT)
        write_voice(folder / "ZH", TINY_SIZE | {"data": data})
    return folder
