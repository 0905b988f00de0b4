"""Words that are easily confused, for the recognizer as for people, and mean the opposite."""

import re
from collections.abc import Iterator

_PAIRS = {
    "en": (
        ("on", "off"),
        ("open", "close"),
        ("lock", "unlock"),
        ("locked", "unlocked"),
        ("start", "stop"),
        ("up", "down"),
        ("front", "back"),
        ("left", "right"),
        ("upper", "lower"),
        ("upstairs", "downstairs"),
        ("increase", "decrease"),
        ("mute", "unmute"),
        ("arm", "disarm"),
        ("pause", "resume"),
        ("inside", "outside"),
        ("warmer", "cooler"),
        ("next", "previous"),
    ),
    "zh": (
        ("打开", "关闭"),
        ("打开", "关掉"),
        ("打开", "关上"),
        ("拉开", "拉上"),
        ("开", "关"),
        ("锁上", "解锁"),
        ("前", "后"),
        ("左", "右"),
        ("上", "下"),
        ("启动", "停止"),
        ("亮", "暗"),
        ("高", "低"),
        ("大", "小"),
        ("升", "降"),
        ("暂停", "继续"),
        ("主卧", "次卧"),
    ),
    "ja": (
        ("点け", "消し"),
        ("つけ", "消し"),
        ("オン", "オフ"),
        ("開け", "閉め"),
        ("上げ", "下げ"),
        ("明るく", "暗く"),
        ("前", "後"),
        ("左", "右"),
    ),
    "ko": (
        ("켜", "꺼"),
        ("열어", "닫아"),
        ("올려", "내려"),
        ("밝게", "어둡게"),
        ("앞", "뒤"),
        ("왼쪽", "오른쪽"),
    ),
}


def opposites(text: str, language: str) -> Iterator[str]:
    """The text with one of its words turned into the opposite."""
    family = "zh" if language[:2] in ("zh", "yu") else language[:2]
    for one, other in _PAIRS[family]:
        for word, turned in ((one, other), (other, one)):
            pattern = rf"\b{word}\b" if family == "en" else word
            found = re.search(pattern, text, re.IGNORECASE)
            if found:
                yield text[: found.start()] + turned + text[found.end() :]
