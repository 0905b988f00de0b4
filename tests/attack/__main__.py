"""Attack the services from the command line, and say what did not hold."""

import argparse
import asyncio
import logging
import sys
import time
from collections.abc import Callable

from tests.attack.run import LONGEST_HOLD_SECONDS, attack_service
from tests.attack.services import speech_to_text, text_to_speech
from tests.attack.streams import SPEECH_TO_TEXT, TEXT_TO_SPEECH, Target
from wyoming_serving.service import Service

_SHORT, _LONG = 2_000, 100_000


def main() -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.attack", description=__doc__)
    parser.add_argument(
        "--cases", type=int, default=_SHORT, help="conversations, for both together"
    )
    parser.add_argument("--long", action="store_true", help=f"{_LONG} conversations")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    logging.disable(logging.WARNING)
    attacks: list[tuple[Callable[[], Service], Target]] = [
        (speech_to_text, SPEECH_TO_TEXT),
        (text_to_speech, TEXT_TO_SPEECH),
    ]
    cases = (_LONG if given.long else given.cases) // len(attacks)
    status = 0
    for make, target in attacks:
        started = time.monotonic()
        outcome = asyncio.run(attack_service(make(), target, given.seed, cases))
        problems = outcome.problems()
        if outcome.longest_hold_seconds > LONGEST_HOLD_SECONDS:
            problems.append("the event loop was held too long")
        status |= bool(problems)
        print(f"{target.name}: {cases} conversations of seed {given.seed} in "
              f"{time.monotonic() - started:.0f} s; event loop held "
              f"{outcome.longest_hold_seconds * 1000:.0f} ms at most; answers:")  # fmt: skip
        for kind, count in outcome.answers.most_common():
            print(f"  {count:8} {kind}")
        for problem in problems:
            print(f"  PROBLEM {problem}")
    return status


if __name__ == "__main__":
    sys.exit(main())
