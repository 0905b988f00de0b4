"""What follows from the settings."""

import pytest

from wyoming_melotts.settings import MelottsSettings


@pytest.mark.parametrize(("threads", "speeches"), [(1, 1), (2, 1), (3, 1), (4, 2), (8, 4), (64, 4)])
def test_each_speech_has_two_cores_where_there_are_as_many(threads: int, speeches: int) -> None:
    settings = MelottsSettings.model_validate({"threads": threads})
    assert settings.parallel_speeches == speeches
