"""Which answers are kept."""

from wyoming_melotts.normalization.remembering import LONGEST_WORD, remembered


def test_only_the_latest_short_words_are_kept() -> None:
    asked: list[str] = []

    @remembered(2)
    def shout(word: str, times: int) -> str:
        asked.append(word)
        return word.upper() * times

    long = "x" * (LONGEST_WORD + 1)
    for word in ("a", "b", "a", long, long, "a"):
        assert shout(word, 2) == word.upper() * 2
    assert asked == ["a", "b", long, long]
    shout("c", 2)
    shout("b", 2)
    assert asked == ["a", "b", long, long, "c", "b"]
