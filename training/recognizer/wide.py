"""Sentences that are not commands: they make every sound and character heard in many neighbours."""

import random
from collections.abc import Iterator

from training.recognizer import lexicon, names, numbers
from training.recognizer.grammar import Grammar

_EN_PLAIN = [
    "I (think|believe|know|hope) the {w} is (very|quite|too|not) {w}", "the {w} {w} was near the {w}",
    "have you (seen|heard|read) the {w} about {w}", "{person} (bought|sold|lost|found) a {w} (in|at) the {w}",
    "we (will|should|could|must) {w} the {w} (before|after) the {w}", "there is a {w} (on|under|behind) the {w}",
    "my (brother|sister|friend|neighbor|boss) likes {w} and {w}", "{w} and {w} are not the same {w}",
    "why did {person} (leave|forget|want|choose) the {w}", "it was a {w} {w} for {person}",
    "please (bring|send|show|give) me the {w} {w}", "she said that {w} would be {w}",
    "(yesterday|today|last week|every morning) they {w} some {w}", "nobody knows how {w} the {w} is",
    "the {w} of the {w} is (over there|here|gone|ready)", "what does {w} mean", "spell {w}", "define {w}",
    "how do you (say|spell|pronounce) {w}", "is {w} better than {w}", "the {area} has a {w} and a {thing}",
    "{person} is in the {area} with {person}", "(search|look) for {w} {w}", "tell me about {w} {w}",
]  # fmt: skip
_EN_NUMBERS = [
    "{n}", "it costs {n}", "the answer is {n}", "my number is {n}", "we need {n}", "{n} and {n}", "about {n}",
    "the {w} is {n}", "is it {n} or {n}", "it was {n}", "{n} {w}", "channel {n}", "page {n}", "room {n}", "bus {n}",
    "what is {n} (plus|minus|times) {n}", "from {n} to {n}", "flight {n} leaves at {clock}", "meet me at {clock}",
]  # fmt: skip
_ZH_PLAIN = [
    "我(觉得|认为|听说){w}(很|不太|非常){w}", "{person}(昨天|今天|去年)(去|在){w}(买|看|找)了{w}", "你知道{w}(在哪里|是什么)吗",
    "{w}和{w}(不一样|都很重要|没有关系)", "请(把|帮我把){w}放在{w}(上面|旁边|里面)", "我们(明天|下周|以后)一起{w}吧",
    "{w}的{w}(好看|便宜|太贵|怎么样)", "为什么{person}(喜欢|不要|忘了){w}", "老师正在讲{w}的{w}", "这(个|是){w}{w}",
    "那(个|里){w}是{person}的", "(因为|虽然|如果){w}{w}", "{w}已经{w}了", "她(从来|一直|可能)没{w}", "什么是{w}{w}", "{w}怎么{w}",
    "(搜索|查一下|告诉我){w}{w}", "{area}里有{w}和{thing}", "{person}在{area}{w}", "{w}用英语怎么说",
]  # fmt: skip
_ZH_NUMBERS = [
    "{n}", "一共{n}", "我的号码是{n}", "答案是{n}", "大概{n}", "从{n}到{n}", "{w}是{n}", "是{n}还是{n}", "{n}{w}", "还有{n}",
    "{n}加{n}等于多少", "{n}减{n}", "我们{clock}见面", "{clock}出发", "他住在{n}", "第一个是{n}", "价格{n}", "频道{n}", "房间{n}",
]  # fmt: skip
_MIXED = [
    "我喜欢{m}", "这个{m}怎么用", "{m}在哪里", "今天的{e}很{w}", "他的{e}是{w}", "把{e}发给{person}", "我要一杯{e}", "{person}说{e}",
    "请打开{m}的{w}", "{w}的{m}", "{e}和{e}", "下载{m}", "用{m}播放{w}", "在{area}打开{m}", "{m}{n}", "我的{e}不见了", "连接{m}",
    "帮我查一下{e}", "{e}是什么意思", "{person}的{m}", "{w}模式叫{m}", "{e}怎么读", "关掉{m}", "去{e}的路", "{m}还有{w}",
]  # fmt: skip


class WideText:
    """An endless source of sentences by kind; words take turns, so that none is left out."""

    def __init__(self, language: str, rng: random.Random) -> None:
        words = lexicon.english_words() if language == "en" else lexicon.mandarin_words()
        self._language, self._rng = language, rng
        self._words = lexicon.in_turn(words, rng)
        self._foreign = lexicon.in_turn(lexicon.english_words()[:5000], rng)
        self._grammar = Grammar(self._fill)

    def words(self) -> Iterator[str]:
        """Random words in a row."""
        english = self._language == "en"
        while True:
            count = self._rng.randint(2, 6 if english else 5)
            yield (" " if english else "").join(next(self._words) for _ in range(count))

    def plain(self) -> Iterator[str]:
        """Whole sentences of random words."""
        yield from self._of(_EN_PLAIN if self._language == "en" else _ZH_PLAIN)

    def numbers(self) -> Iterator[str]:
        yield from self._of(_EN_NUMBERS if self._language == "en" else _ZH_NUMBERS)

    def mixed(self) -> Iterator[str]:
        """Mandarin with English words."""
        yield from self._of(_MIXED)

    def word(self) -> str:
        return next(self._words)

    def _of(self, templates: list[str]) -> Iterator[str]:
        while True:
            yield self._grammar.expand(self._rng.choice(templates), self._rng)

    def _fill(self, slot: str, rng: random.Random) -> str:
        english = self._language == "en"
        if slot == "w":
            return next(self._words)
        if slot == "e":
            return next(self._foreign)
        if slot == "m":
            return rng.choice(names.MIXED)
        if slot == "n":
            return (numbers.english_phrase if english else numbers.mandarin_phrase)(rng)
        if slot == "clock":
            return (numbers.english_clock if english else numbers.mandarin_clock)(rng)
        if slot == "person":
            return rng.choice(names.EN_PEOPLE if english else names.ZH_PEOPLE)
        if slot == "area":
            return (names.english_area if english else names.mandarin_area)(rng)
        return (names.english_thing if english else names.mandarin_thing)(rng)
