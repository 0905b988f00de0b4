"""When a pause is the end."""

import re

_UNFINISHED = re.compile(
    r"""[,，、;；:：]$                                   # the model itself expects more
    |\b(?:a|an|the|my|our|your|and|or|but|to|of|at|with|from|by|than|is|are|set|turn
        |can\ you|could\ you|will\ you)[.?!]?$
    |(?:的|把|和|跟|与|或|给|将|被|请|帮我|给我|然后|如果|因为|到|在)[。？！]?$
    |(?:を|に|の|と|から|で|が|は|そして)[。？！]?$
    |(?:그리고|하고|[을를의와과])[.?!]?$
    """,
    re.IGNORECASE | re.VERBOSE,
)


def is_unfinished(text: str) -> bool:
    """Whether a text breaks off where no command ends: behind a comma, an article, 把, を."""
    return bool(_UNFINISHED.search(text.strip()))
