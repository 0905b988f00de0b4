"""Whether a text is a whole command, as far as that can be told."""

import re
from typing import Protocol

from wyoming_funasr.home.completeness import template_judge
from wyoming_funasr.home.context import template_language
from wyoming_funasr.home.writing import language_by_script
from wyoming_funasr.recognition.home import Completeness
from wyoming_funasr.recognition.types import Recognition


class CompletenessJudge(Protocol):
    """Judges what was heard of an utterance when its speaker pauses."""

    def __call__(self, heard: Recognition) -> Completeness:
        """Judge a text that is not empty; called on the event loop, so it must be quick."""


_UNFINISHED = re.compile(
    r"""[,，、;；:：]$                                   # the model itself expects more
    |\b(?:a|an|the|my|our|your|and|or|but|to|of|at|with|from|by|than|is|are|set|turn
        |can\ you|could\ you|will\ you)[.?!]?$
    |^(?:please\ )?(?:set|change)\b(?!.*\b(?:to|for|at|by|on|off|up|down)\b|.*\d)   # to what?
    |(?:的|把|和|跟|与|或|给|将|被|请|帮我|给我|然后|如果|因为|到|在)[。？！]?$
    |(?:把|将)(?:空调|[^开关调设打变换升降放停锁启拉加减提改播])*$   # do what with it?
    |(?:を|に|の|と|から|で|が|は|そして)[。？！]?$
    |(?:그리고|하고|[을를의에와과])[.?!]?$
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""It errs on the side of waiting: a text wrongly taken for unfinished costs half a second."""


def judge_by_ending(text: str) -> Completeness:
    """Unfinished where a text breaks off and no command ends: at a comma, an article, 把, を."""
    breaks_off = _UNFINISHED.search(text.strip())
    return Completeness.UNFINISHED if breaks_off else Completeness.UNKNOWN


def judge_by_sentences(heard: Recognition, tag: str | None = None) -> Completeness:
    """Judge by Home Assistant's sentences with any words for names, and by how the text ends.

    `tag` is the language that the client asked for.
    """
    if judge_by_ending(heard.text) is Completeness.UNFINISHED:
        return Completeness.UNFINISHED
    language = template_language(tag, heard.language or language_by_script(heard.text))
    judge = template_judge(language) if language else None
    return judge.judge(heard.text) if judge else Completeness.UNKNOWN
