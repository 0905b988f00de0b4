import csv
from pathlib import Path

import numpy as np
import pytest
import soundfile

from benchmarks.utterances import (
    PAUSES_MS,
    RATE_HZ,
    Samples,
    commands,
    continuous,
    paused,
    room_noise,
    trimmed,
)

DATA = Path(__file__).parents[2] / "benchmarks" / "data"


def loud_ms(samples: Samples) -> list[int]:
    """The 10 ms frames louder than -45 dB, in ms."""
    step = RATE_HZ // 100
    frames = samples[: len(samples) // step * step].reshape(-1, step) / 32768
    return [int(i) * 10 for i in np.flatnonzero((frames**2).mean(axis=1) > 10**-4.5)]


def longest_silence_ms(samples: Samples) -> int:
    return int(np.diff(loud_ms(samples)).max()) - 10


def test_every_pair_of_phrases_has_every_pause() -> None:
    with (DATA / "phrases.tsv").open(encoding="utf-8", newline="") as table:
        files = [row["file"] for row in csv.DictReader(table, delimiter="\t")]
    made = paused()
    assert len(made) == len(files) // 2 * len(PAUSES_MS) == len({one.name for one in made})
    assert {one.pause_ms for one in made} == set(PAUSES_MS)


def test_the_speech_ends_where_the_samples_end() -> None:
    for one in [*commands(), *paused()]:
        end_ms = one.seconds * 1000
        assert end_ms - 30 <= loud_ms(one.samples)[-1] + 10 <= end_ms, one.name


def test_a_pause_is_as_long_as_its_name_says() -> None:
    with_600_ms = [one for one in paused() if one.pause_ms == 600]
    for one in with_600_ms:
        assert 580 <= longest_silence_ms(one.samples) <= 630, one.name


def test_a_longer_pause_moves_the_end_by_the_difference() -> None:
    short, long = paused([200, 500])[:2]
    assert long.seconds - short.seconds == pytest.approx(0.3)


def test_silence_is_a_quiet_room() -> None:
    lead = commands()[0].samples[: RATE_HZ // 4]
    level_db = 10 * np.log10(np.mean((lead / 32768.0) ** 2))
    assert -62 < level_db < -58
    assert np.abs(room_noise(RATE_HZ)).max() < 32768 * 0.01


def test_the_same_files_give_the_same_samples() -> None:
    for one, other in zip(paused()[:4], paused()[:4], strict=True):
        assert np.array_equal(one.samples, other.samples)


def test_continuous_speech_has_the_wanted_length_and_no_pause() -> None:
    samples = continuous(5)
    assert len(samples) == 5 * RATE_HZ
    assert longest_silence_ms(samples) < min(PAUSES_MS)


def test_a_recording_is_cut_to_its_sound(tmp_path: Path) -> None:
    sound = np.full(RATE_HZ, 8000, np.int16)
    quiet = np.zeros(RATE_HZ // 2, np.int16)
    soundfile.write(tmp_path / "a.wav", np.concatenate([quiet, sound, quiet]), RATE_HZ)
    assert np.array_equal(trimmed(tmp_path / "a.wav"), sound)


def test_a_recording_without_sound_or_with_another_rate_is_named(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "none.wav", np.zeros(RATE_HZ, np.int16), RATE_HZ)
    soundfile.write(tmp_path / "slow.wav", np.full(8000, 8000, np.int16), 8000)
    with pytest.raises(ValueError, match=r"none\.wav: there is no sound"):
        trimmed(tmp_path / "none.wav")
    with pytest.raises(ValueError, match=r"slow\.wav: must be mono with 16000 Hz"):
        trimmed(tmp_path / "slow.wav")
