"""Answers for words, kept: most words come again, and some answers take milliseconds."""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Concatenate, ParamSpec, TypeVar

LONGEST_WORD = 40
"""Characters. A longer one is no word of a language and is not kept: whoever sends thousands of
them would take a thousand times the memory of real words."""

Rest = ParamSpec("Rest")
Answer = TypeVar("Answer")
OfWord = Callable[Concatenate[str, Rest], Answer]


def remembered(entries: int) -> Callable[[OfWord[Rest, Answer]], OfWord[Rest, Answer]]:
    """Decorates a function of a word, whose latest answers are kept: so many, and of short words
    alone."""

    def decorate(function: OfWord[Rest, Answer]) -> OfWord[Rest, Answer]:
        kept = lru_cache(entries)(function)

        @wraps(function)
        def answer(word: str, /, *rest: Rest.args, **named: Rest.kwargs) -> Answer:
            ask: OfWord[Rest, Answer] = kept if len(word) <= LONGEST_WORD else function
            return ask(word, *rest, **named)

        return answer

    return decorate
