"""Tone sandhi of Mandarin: how the tones of a word's syllables change in context.

The rules are those of PaddleSpeech's front-end, which upstream MeloTTS uses: 不 and 一 take the
tone that the next syllable asks for, the first of two third tones becomes a second, and certain
endings and words (``neutral_tone_words.txt``) lose their tone, written 5. A word's finals are
pypinyin's, with the tone as last digit.
"""

from collections.abc import Callable, Sequence
from importlib import resources
from typing import Any

from pypinyin import Style, lazy_pinyin

from wyoming_melotts.frontends.segmentation import Word, split_in_two

_NEUTRAL_TONE_WORDS = frozenset(
    resources.files(__package__).joinpath("neutral_tone_words.txt").read_text("utf-8").split()
)
# The endings that are neutral elsewhere (子, a doubled syllable) keep their tone in these.
_FULL_TONE_WORDS = frozenset(
    ["男子", "女子", "分子", "原子", "量子", "莲子", "石子", "瓜子", "电子", "人人", "虎虎"]
)
_PUNCTUATION = "：，；。？！“”‘’':,;.?!\""
_PARTICLES = "吧呢啊呐噻嘛吖嗨呐哦哒额滴哩哟喽啰耶喔诶"
_STRUCTURAL_PARTICLES = "的地得"
_DIRECTIONS = "上下进出回过起开"
_BEFORE_MEASURE_GE = "几有两半多各整每做是"


def finals_of(text: str) -> list[str]:
    """The finals with tone (``ian4``), one a character; other characters stand for themselves."""
    return _one_a_character(text, Style.FINALS_TONE3)


def initials_of(text: str) -> list[str]:
    """The initials, one a character, empty where a syllable has none."""
    return _one_a_character(text, Style.INITIALS)


def _one_a_character(text: str, style: Style) -> list[str]:
    # pypinyin takes a list for a run of other characters, but its types do not say so.
    one_by_one: Any = list
    return list(lazy_pinyin(text, style, errors=one_by_one, neutral_tone_with_five=True))


def merge_words(words: Sequence[Word]) -> list[Word]:
    """jieba's words, joined where sandhi goes beyond a word."""
    merged = _merge_reduplication(_merge_yi(_merge_bu(words)))
    merged = _merge_third_tones(merged, _all_third)
    merged = _merge_third_tones(merged, _meet_in_third)
    return _merge_er(merged)


def apply_sandhi(word: Word, finals: Sequence[str]) -> list[str]:
    """The finals as they are spoken."""
    changed = list(finals)
    _bu_sandhi(word.text, changed)
    _yi_sandhi(word.text, changed)
    _neutral_sandhi(word, changed)
    _third_tone_sandhi(word.text, changed)
    return changed


def _tone(final: str) -> str:
    return final[-1:]


def _set_tone(finals: list[str], index: int, tone: str) -> None:
    finals[index] = finals[index][:-1] + tone


def _third(finals: Sequence[str]) -> bool:
    return all(_tone(final) == "3" for final in finals)


def _bu_sandhi(text: str, finals: list[str]) -> None:
    if len(text) == 3 and text[1] == "不":  # 看不懂
        _set_tone(finals, 1, "5")
        return
    for index, char in enumerate(text[:-1]):
        if char == "不" and _tone(finals[index + 1]) == "4":  # 不怕
            _set_tone(finals, index, "2")


def _yi_sandhi(text: str, finals: list[str]) -> None:
    if "一" not in text or all(char == "一" or char.isnumeric() for char in text):  # 一零零
        return
    if len(text) == 3 and text[1] == "一" and text[0] == text[2]:  # 看一看
        _set_tone(finals, 1, "5")
    elif text.startswith("第一"):
        _set_tone(finals, 1, "1")
    else:
        for index, char in enumerate(text[:-1]):
            if char != "一":
                continue
            if _tone(finals[index + 1]) == "4":  # 一段
                _set_tone(finals, index, "2")
            elif text[index + 1] not in _PUNCTUATION:  # 一天
                _set_tone(finals, index, "4")


def _neutral_sandhi(word: Word, finals: list[str]) -> None:
    text, pos = word
    if pos[:1] in ("n", "v", "a") and text not in _FULL_TONE_WORDS:  # 奶奶, 试试
        for index in range(1, len(text)):
            if text[index] == text[index - 1]:
                _set_tone(finals, index, "5")
    ge = text.find("个")
    if _has_neutral_ending(text, pos):
        _set_tone(finals, -1, "5")
    elif text == "个" or (ge >= 1 and _counts(text[ge - 1])):
        _set_tone(finals, ge, "5")
    elif _is_neutral_word(text):
        _set_tone(finals, -1, "5")
    first, second = split_in_two(text)
    if _is_neutral_word(first):
        _set_tone(finals, len(first) - 1, "5")
    if _is_neutral_word(second):
        _set_tone(finals, -1, "5")


def _has_neutral_ending(text: str, pos: str) -> bool:
    last = text[-1]
    if last in _PARTICLES or last in _STRUCTURAL_PARTICLES:
        return True
    if len(text) == 1:
        return False
    if last in "们子" and pos in ("r", "n") and text not in _FULL_TONE_WORDS:
        return True
    if last in "上下里" and pos in ("s", "l", "f"):  # 桌上
        return True
    return last in "来去" and text[-2] in _DIRECTIONS  # 上来


def _counts(char: str) -> bool:
    return char.isnumeric() or char in _BEFORE_MEASURE_GE


def _is_neutral_word(text: str) -> bool:
    return text in _NEUTRAL_TONE_WORDS or text[-2:] in _NEUTRAL_TONE_WORDS


def _third_tone_sandhi(text: str, finals: list[str]) -> None:
    if len(text) == 2 and _third(finals):
        _set_tone(finals, 0, "2")
    elif len(text) == 3:
        _third_tone_sandhi_of_three(len(split_in_two(text)[0]), finals)
    elif len(text) == 4:
        for start in (0, 2):
            if _third(finals[start : start + 2]):
                _set_tone(finals, start, "2")


def _third_tone_sandhi_of_three(boundary: int, finals: list[str]) -> None:
    """Three syllables whose first ``boundary`` ones belong together."""
    if _third(finals):
        if boundary == 2:  # 蒙古包
            _set_tone(finals, 0, "2")
        if boundary in (1, 2):  # 纸老虎
            _set_tone(finals, 1, "2")
        return
    if boundary == 2 and _third(finals[:2]):  # 所有人
        _set_tone(finals, 0, "2")
    elif boundary == 1 and _third(finals[1:]):
        _set_tone(finals, 1, "2")
    elif _third(finals[boundary - 1 : boundary + 1]) and not _third(finals[boundary:]):  # 好喜欢
        _set_tone(finals, boundary - 1, "2")


def _merge_bu(words: Sequence[Word]) -> list[Word]:
    """不 goes to the word after it."""
    merged: list[Word] = []
    bu = ""
    for text, pos in words:
        text = bu + text
        bu = "不" if text == "不" else ""
        if not bu:
            merged.append(Word(text, pos))
    return [*merged, Word("不", "d")] if bu else merged


def _merge_yi(words: list[Word]) -> list[Word]:
    """看 一 看 becomes one word, then any 一 goes to the word after it."""
    merged: list[Word] = []
    for index, word in enumerate(words):
        if _is_between_twins(words, index) and words[index - 1].pos == "v":
            if len(merged) < index:
                return words  # upstream fails on a second one and then merges nothing
            twin = merged.pop()
            merged.append(Word(twin.text + "一" + twin.text, twin.pos))
        elif not (_is_between_twins(words, index - 1) and word.pos == "v"):
            merged.append(word)
    joined: list[Word] = []
    for word in merged:
        if joined and joined[-1].text == "一":
            joined[-1] = Word("一" + word.text, joined[-1].pos)
        else:
            joined.append(word)
    return joined


def _is_between_twins(words: Sequence[Word], index: int) -> bool:
    return (
        0 < index < len(words) - 1
        and words[index].text == "一"
        and words[index - 1].text == words[index + 1].text
    )


def _merge_reduplication(words: Sequence[Word]) -> list[Word]:
    merged: list[Word] = []
    for word in words:
        if merged and word.text == merged[-1].text:
            merged[-1] = Word(word.text * 2, merged[-1].pos)
        else:
            merged.append(word)
    return merged


def _all_third(before: Sequence[str], after: Sequence[str]) -> bool:
    return _third(before) and _third(after)


def _meet_in_third(before: Sequence[str], after: Sequence[str]) -> bool:
    return _tone(before[-1]) == "3" and _tone(after[0]) == "3"


def _merge_third_tones(
    words: Sequence[Word], belong_together: Callable[[Sequence[str], Sequence[str]], bool]
) -> list[Word]:
    """Two words of at most three syllables that third tones join; a doubled one stays alone."""
    finals = [finals_of(word.text) for word in words]
    merged: list[Word] = []
    last_was_joined = False
    for index, word in enumerate(words):
        before = words[index - 1].text if index else ""
        join = bool(before) and not last_was_joined
        join = join and belong_together(finals[index - 1], finals[index])
        join = join and not (len(before) == 2 and before[0] == before[1])
        join = join and len(before) + len(word.text) <= 3
        if join:
            merged[-1] = Word(before + word.text, merged[-1].pos)
        else:
            merged.append(word)
        last_was_joined = join
    return merged


def _merge_er(words: Sequence[Word]) -> list[Word]:
    """儿 goes to the word before it."""
    merged: list[Word] = []
    for word in words:
        if word.text == "儿" and merged:
            merged[-1] = Word(merged[-1].text + "儿", merged[-1].pos)
        else:
            merged.append(word)
    return merged
