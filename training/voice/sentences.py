"""What the demo voice learns to say, and what it is judged by: short sentences of a home.

A third are commands, a third a home's answers, a third plain sentences of common words. The plain
sentences that judge are written by hand, so that no pattern of them was in training.
"""

import heapq
import itertools
import math
import random
import re
from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

import jieba

from training.recognizer import commands
from training.voice.judged import JUDGED_ENGLISH, JUDGED_MANDARIN

_TRAIN_SEED, _TEST_SEED = 11, 12
_JUDGED_OF_A_KIND = 20

_EN_ANSWERS = [
    "Turned on the {room} {light}.", "Turned off the {device}.", "The {room} {light} is on now.",
    "The {room} {light} is off.", "I have turned off all the lights in the {room}.",
    "The {room} {cover} is open.", "The {cover} is closed.", "Opened the {room} {cover}.",
    "The temperature in the {room} is {degrees} degrees.", "It is {degrees} degrees outside.",
    "The humidity in the {room} is {percent} percent.", "Brightness set to {percent} percent.",
    "The {room} is set to {degrees} degrees.", "Your timer is set for {count} minutes.",
    "There are {count} minutes left on your timer.", "Your {count} minute timer is done.",
    "I have added {item} to your shopping list.", "{item} and {item} are on your list.",
    "I could not find a {device} in the {room}.", "Sorry, I am not aware of any {device}.",
    "The {light} is {color} now.", "It is {hour} o'clock.", "It is {hour} thirty in the morning.",
    "The battery of your phone is at {percent} percent.", "The front door is locked.",
    "Tomorrow will be {weather}, with {degrees} degrees.", "Today it is {weather}.",
    "The {scene} scene is running.", "The vacuum is cleaning the {room}.", "Good morning!",
    "The washing machine will be done in {count} minutes.", "Somebody is at the {cover}.",
    "The {device} used {count} units of power today.", "Nobody is home.", "You are welcome.",
    "The {room} window has been open for {count} minutes.", "Your alarm rings at {hour} o'clock.",
    "Should I turn off the {device} too?", "Which {light} do you mean?",
    "Goodbye, have a nice day!",
]  # fmt: skip
_EN_PLAIN = [
    "The {adjective} {noun} {past} the {adjective} {noun}.",
    "Our {noun} is as {adjective} as a {noun}.",
    "My {person} {past} a {noun} near the {place}.", "She {past} the {noun} and the {noun}.",
    "There is a {adjective} {noun} behind the {place}.", "Have you seen the {adjective} {noun}?",
    "We {past} {number} {adjective} {thing}.", "His {person} never {past} that {noun}.",
    "Please bring the {noun} to the {place}.", "{number} {thing} and {number} {thing}.",
    "Every {day} my {person} {past} some {thing}.", "I think the {noun} looks {adjective}.",
    "Why did your {person} leave the {place} on {day}?", "{noun}, {noun}, {noun}.",
    "They always {verb} the {thing} in {month}.", "You should {verb} the {noun} before {day}.",
    "It would be {adjective} to {verb} with your {person}.",
    "Do not {verb} the {adjective} {noun}!",
]  # fmt: skip
_ZH_ANSWERS = [
    "{room}的{light}已经打开了。", "已经关闭{room}的{device}。", "{room}{light}现在是开着的。",
    "好的，{device}已经关了。", "已经把{room}所有的灯都关了。", "{room}的{cover}已经关上了。",
    "{cover}是开着的。", "{room}现在的温度是{degrees}度。", "外面现在{degrees}度。",
    "{room}的湿度是百分之{percent}。", "亮度已经调到百分之{percent}。", "空调已经设为{degrees}度。",
    "{count}分钟的定时器已经设好了。", "定时器还剩{count}分钟。", "您的{count}分钟定时器到时间了。",
    "已经把{item}加到购物清单。", "购物清单里有{item}和{item}。",
    "对不起，我没有找到{room}的{device}。",
    "{light}已经变成{color}了。", "现在是上午{hour}点。", "现在是下午{hour}点半。",
    "手机的电量还有百分之{percent}。", "大门已经锁好了。", "明天{weather}，最高温度{degrees}度。",
    "今天{weather}。", "{scene}模式已经启动。", "扫地机器人正在打扫{room}。", "早上好，主人！",
    "洗衣机还要{count}分钟才能洗完。", "有人在门口。",
    "{device}今天用了{count}度电。", "家里没有人。",
    "{room}的窗户已经开了{count}分钟。", "明天早上{hour}点我会叫醒您。", "要不要把{device}也关掉？",
    "您说的是哪个{light}？", "不客气，祝您愉快！", "我没有听懂，请您再说一遍。",
]  # fmt: skip
_ZH_PLAIN = [
    "我觉得{word}和{word}都很重要。", "他昨天去{word}买了{word}。", "你知道{word}在哪里吗？",
    "{word}，{word}，{word}。", "请把{word}放在{word}旁边。", "我的朋友喜欢{word}，不喜欢{word}。",
    "这里有{word}，也有{word}。", "{word}比{word}更好。", "我们明年一起去看{word}吧。",
    "妈妈说{word}非常{word}。", "那个{word}是谁的？", "老师正在讲{word}的故事。", "{word}{word}。",
    "为什么没有{word}呢？", "她从来没见过这样的{word}！", "三个{word}，四个{word}。",
]  # fmt: skip
_ZH_WEATHER = ["晴天", "多云", "有小雨", "有大风", "下雪", "阴天", "有雷阵雨", "有雾"]
_MIXED = [
    "我已经打开了 {english}。", "{english} 现在是开着的。", "请把 {english} 打开。",
    "{room}正在播放 {english}。", "好的，已经关闭 {english}。", "没有找到 {english}，请检查一下。",
]  # fmt: skip
_MIXED_WORDS = [
    "Netflix", "WiFi", "TV", "music", "movie", "party", "good night", "LED", "Home Assistant",
    "the light", "my phone", "coffee", "radio", "camera", "window", "happy birthday", "jazz",
]  # fmt: skip
_COMMON_WORDS = 6000
_POOL = 6
_PHONE_WORTH = 10
"""A phone that was never taken counts as much as so many pairs."""


def training_sentences(language: str, count: int) -> list[str]:
    """Different sentences, those with rare sounds first; `language` is en, zh or mixed."""
    seen = {_words(text) for test in ("en", "zh") for text in judged_sentences(test)}
    makers = {
        "en": (_command("en", _TRAIN_SEED), _pattern(_EN_ANSWERS), _pattern(_EN_PLAIN)),
        "zh": (_command("zh", _TRAIN_SEED), _pattern(_ZH_ANSWERS), _pattern(_ZH_PLAIN)),
        "mixed": (_pattern(_MIXED),),
    }[language]
    rng = random.Random(f"{language}{_TRAIN_SEED}")
    pool: dict[str, str] = {}
    size = count if language == "mixed" else _POOL * count
    while len(pool) < size:
        text = rng.choice(makers)(rng)
        if _words(text) not in seen:
            pool.setdefault(_words(text), text)
    return rare_first(pool.values(), count)


def judged_sentences(language: str) -> list[str]:
    """Sixty sentences that are not in training: commands, answers, plain ones."""
    command = _command(language, _TEST_SEED)
    answer = _pattern(_EN_ANSWERS if language == "en" else _ZH_ANSWERS)
    rng = random.Random(f"{language}{_TEST_SEED}")
    found: dict[str, None] = {}
    for make in (command, answer):
        goal = len(found) + _JUDGED_OF_A_KIND
        while len(found) < goal:
            text = make(rng)
            if text.count(" ") > 2 or (language == "zh" and len(text) > 6 and " " not in text):
                found.setdefault(text)
    return [*found, *(JUDGED_ENGLISH if language == "en" else JUDGED_MANDARIN)]


def rare_first(texts: Iterable[str], count: int, spoken: Iterable[str] = ()) -> list[str]:
    """The `count` sentences that a greedy search for rare sounds takes first.

    A sentence is worth the sum of 1 / (1 + times taken) over its phones and its pairs of
    neighbouring phones, for its length. Worths only fall, so an outdated one on the heap is an
    upper bound. `spoken` are sentences that are there already.
    """
    taken = Counter(unit for text in spoken for unit in _sounds(text))
    heap = [(-math.inf, text, sounds) for text in texts if (sounds := _sounds(text))]
    heapq.heapify(heap)
    ordered: list[str] = []
    while heap and len(ordered) < count:
        _, text, sounds = heapq.heappop(heap)
        rarities = ((_PHONE_WORTH if len(unit) == 1 else 1) / (1 + taken[unit]) for unit in sounds)
        worth = math.fsum(rarities) / (6 + len(sounds))
        if heap and -heap[0][0] > worth:
            heapq.heappush(heap, (-worth, text, sounds))
            continue
        taken.update(sounds)
        ordered.append(text)
    return ordered


def _sounds(text: str) -> list[tuple[str, ...]]:
    """The phones of a sentence with their tones, and the pairs of them, each once."""
    from training.voice.reading import read  # the front-end loads dictionaries

    phonemes = read(text)
    phones = [f"{phone}{tone}" for phone, tone in zip(phonemes.phones, phonemes.tones, strict=True)]
    return list(dict.fromkeys([*((phone,) for phone in phones), *itertools.pairwise(phones)]))


Maker = Callable[[random.Random], str]


def _command(language: str, seed: int) -> Maker:
    spoken = [one.text for one in commands.sentences(language, 1500, seed)]
    return lambda rng: rng.choice(spoken)


def _pattern(patterns: list[str]) -> Maker:
    def make(rng: random.Random) -> str:
        pattern = rng.choice(patterns)
        fill = _fill_mandarin if re.search("[\u3000-\u9fff]", pattern) else _fill_english
        text = re.sub(r"\{(\w+)\}", lambda slot: fill(slot[1], rng), pattern)
        return text[0].upper() + text[1:]

    return make


def _fill_english(slot: str, rng: random.Random) -> str:
    words = _english_words().get(slot)
    return rng.choice(words) if words else commands.fill_english(slot, rng)


def _fill_mandarin(slot: str, rng: random.Random) -> str:
    if slot == "word":
        return rng.choice(_common_mandarin_words())
    if slot in ("weather", "english"):
        return rng.choice(_ZH_WEATHER if slot == "weather" else _MIXED_WORDS)
    return commands.fill_mandarin(slot, rng)


@cache
def _english_words() -> dict[str, list[str]]:
    """Of `english_words.txt`, by slot."""
    lines = Path(__file__).with_name("english_words.txt").read_text("utf-8").splitlines()
    slots = (line.split(": ") for line in lines)
    return {slot: words.split(", ") for slot, words in slots}


@cache
def _common_mandarin_words() -> list[str]:
    """The most frequent words of two and three characters in jieba's dictionary."""
    lines = jieba.get_dict_file().read().decode("utf-8").splitlines()
    rows = (line.split(" ") for line in lines)
    rated = [(int(row[1]), row[0]) for row in rows if re.fullmatch("[\u4e00-\u9fff]{2,3}", row[0])]
    return [word for _, word in sorted(rated, reverse=True)[:_COMMON_WORDS]]


def _words(text: str) -> str:
    return re.sub(r"[\W_]", "", text.lower())
