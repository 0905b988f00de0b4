"""Other words for the same command: what people say, as Home Assistant's sentences have it.

Each rule keeps the meaning. They are tried where Home Assistant does not understand a text as it
is, and count only where it then does.
"""

import re
from collections.abc import Iterator

_MOST = 8

_Rules = tuple[tuple[re.Pattern[str], str], ...]


def _rules(*pairs: tuple[str, str]) -> _Rules:
    return tuple((re.compile(pattern, re.IGNORECASE), form) for pattern, form in pairs)


_POLITE = {
    "zh": _rules(
        (r"^(?:请|麻烦你?|帮我|替我|给我|帮忙|你|可以|能不能|能|小[智度爱艺])+", ""),
        (r"(?:一下|谢谢|吧|好吗|可以吗|行吗)$", ""),
        (r"(?<=[开关调])一下", ""),
    ),
    "en": _rules(
        (r"^(?:hey |ok |okay |now |just |please |can you |could you |would you |will you )+", ""),
        (r",? (?:please|now|for me|thanks|thank you)$", ""),
    ),
    "ja": _rules(
        (r"^(?:ねえ|ちょっと|すみません)[、 ]?", ""),
        (r"[、 ]?(?:お願いします|お願い)$", ""),
        (r"(?<=[てで])(?:下さい|ください|くれる|くれない|もらえる|ほしい|ちょうだい|ね|よ)$", ""),
    ),
    "ko": _rules(
        (r"^(?:저기|지금|좀) ", ""),
        (r" ?(?:주세요|주십시오|주시겠어요|줄래요?|줄 수 있어)$", "줘"),
        (r"(?<=[켜꺼열닫올내려해아어]) 줘$", "줘"),
    ),
}

_FORMS = {
    "zh": _rules(
        (r"^(打开|开启|关闭|关掉|关上|拉开|拉上|启动)(.+?)的(.+)$", r"\1\2\3"),
        (r"^(?:把|将)(.+?)的(.+?)(打开|开启|关闭|关掉|关上|拉开|拉上)$", r"把\1\2\3"),
        (r"^(?:关上|拉上|放下|合上|关好)(.+)$", r"关闭\1"),
        (r"^(?:拉开|升起|开开|启动|点亮)(.+)$", r"打开\1"),
        (r"^(?:把|将)(.+?)(?:关上|拉上|放下来?|合上|关好|关闭|都关了)$", r"把\1关掉"),
        (r"^(?:把|将)(.+?)(?:拉开|升起来?|开开|点亮|都打开)$", r"把\1打开"),
        (r"^(?:把|将)(.+?)(打开|开启|关闭|关掉|关了|锁上|解锁)$", r"\2\1"),
        (r"^(打开|开启|关闭|关掉)(.+)$", r"把\2\1"),
        (r"^(?:锁好|锁住|锁了)(.+)$", r"锁上\1"),
        (r"^(?:把|将)(.+?)锁[好住了]$", r"锁上\1"),
        (r"调成", "设置为"),
        (r"(?:调到|调成|调至|设成|变成|改成|改为|换成)", "设置为"),
        (
            r"^(?:把|将)?(.+?灯光?)(?:的亮度)?(?:调到|调成|调至|设为|设置为)(百分之.+|\d+ ?%)$",
            r"\1的亮度设置为\2",
        ),
        (r"^(?:激活|启动|执行|运行|切换到|进入|开启|打开)(.+?)(?:模式|场景|脚本)?$", r"打开\1"),
        (r"^(?:激活|执行|切换到|进入)(.+?)(?:模式|场景|脚本)?$", r"启动\1"),
        (r"^(?:定时|计时|倒计时)(.+)$", r"设置\1的计时器"),
        (
            r"^(?=.*(?:定时|计时))(?:设置?|定|设定|来)?(?:一?个)?(?:定时|计时|倒计时)?(.+?(?:秒|分|分钟|小时|钟头))的?"
            r"(?:定时器?|计时器?|倒计时)?$",
            r"设置一个\1的计时器",
        ),
        (r"^(?:设|定|设定|设置|来)(?:一)?个?(.+?)的?(?:定时器?|计时器|倒计时)$", r"\1计时"),
        (r"^(?:定时|计时|倒计时)(.+)$", r"\1计时器"),
        (r"^(.+?)(?:现在)?(?:是)?(?:几|多少)度$", r"\1的温度是多少"),
        (r"[那这一][盏台个扇只部间]", ""),
    ),
    "en": _rules(
        (r"^change (.+?) (?:light|lights|lamp)s? to (.+)$", r"set \1 to \2"),
        (r"^(?:make|turn|change) (.+?) (?:to )?(\S+)$", r"set \1 to \2"),
        (r"^(?:dim|brighten) (.+?) to (.+)$", r"set \1 brightness to \2"),
        (r"^set (.+?) brightness to (.+)$", r"set the brightness of \1 to \2"),
        (r"^turn (up|down) the volume (?:on|of|in) (.+)$", r"turn \2 volume \1"),
        (r"^(?:shut|lower) (.+)$", r"close \1"),
        (r"^(?:raise|lift) (.+)$", r"open \1"),
        (r"^(?:switch|power) (on|off) (.+)$", r"turn \1 \2"),
        (r"^(?:enable|start) (.+)$", r"turn on \1"),
        (r"^(?:disable|stop) (.+)$", r"turn off \1"),
        (r"^(?:start|enable|switch to) (.+?)(?: mode)?$", r"activate \1"),
        (r"^(?:is|are) (?:the )?(.+?) (?:running)$", r"is \1 on"),
        (
            r"^(?:count down|time|timer(?: for)?) (.+? (?:second|minute|hour)s?)$",
            r"set a timer for \1",
        ),
        (r"^send (.+?) (?:home|to (?:its )?(?:base|dock))$", r"return \1 to base"),
    ),
    "ja": _rules(
        (r"(?:明かり|あかり|灯り|電灯)", "照明"),
        (r"を?(?:つけ|付け)て$", "を点けて"),
        (r"を?(?:けし|切っ|止め)て$", "を消して"),
        (r"を?オン$", "をオンにして"),
        (r"を?オフ$", "をオフにして"),
        (r"(?<=[%度])にして$", "に設定して"),
        (r"(?<=パーセント)にして$", "に設定して"),
    ),
    "ko": _rules(
        (r"[을를](?= )", ""),
        (r"틀어(?=줘|$)", "켜"),
        (r"(불|조명|전등)[을를]? (?:모두|다|전부)", r"\1"),
        (r"(타이머) (?:설정해|맞춰|시작해)줘?$", r"\1"),
    ),
}


def variants(text: str, language: str) -> Iterator[str]:
    """Other forms of a text, the nearest first; at most `_MOST`."""
    family = "zh" if language[:2] in ("zh", "yu") else language[:2]
    bare = text.strip().rstrip("。.!！?？")
    seen = {bare}
    for rules in (_POLITE.get(family, ()),):
        for pattern, form in rules:
            bare = pattern.sub(form, bare).strip()
    forms = [bare]
    for pattern, form in _FORMS.get(family, ()):
        forms += [pattern.sub(form, one) for one in forms[:3] if pattern.search(one)]
    count = 0
    for one in forms:
        if one and one not in seen and count < _MOST:
            seen.add(one)
            count += 1
            yield one
