"""A replica whose engine does as its jobs say."""

import os
import time
from collections.abc import AsyncGenerator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from wyoming_serving.errors import ErrorCode, ServiceError
from wyoming_serving.ray.messages import Answer, Question, ReplicaFacts
from wyoming_serving.ray.replica import AnsweringReplica
from wyoming_serving.scheduler import BatchLimits, Scheduler, each

_AT = "@"
_LOOK_SECONDS = 0.01


class Gate:
    """A folder before which jobs wait, each replica with one of them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def before(self, job: str) -> str:
        """A job that waits here before it is done."""
        return f"{job}{_AT}{self._folder}"

    def waiting(self) -> list[int]:
        """The processes of the replicas that came here, in no order."""
        return [int(one.name) for one in self._folder.iterdir() if one.name.isdigit()]

    def open(self) -> None:
        """Let all go on."""
        (self._folder / "open").touch()

    def pass_through(self) -> None:
        """Wait here, in a replica."""
        (self._folder / str(os.getpid())).touch()
        while not (self._folder / "open").exists():
            time.sleep(_LOOK_SECONDS)


def shout(job: str) -> str:
    """Answer in capitals."""
    word, _, folder = job.partition(_AT)
    if folder:
        Gate(Path(folder)).pass_through()
    if word == "die":
        os._exit(1)
    if word == "fail":
        raise ValueError("this job is none")
    if word == "refuse":
        raise ServiceError(ErrorCode.AUDIO_INVALID, "nothing was said")
    time.sleep(_LOOK_SECONDS)
    return word.upper()


class Shouter(AnsweringReplica[str, str]):
    """`given` are limits, or a `failure` that keeps it from being made."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        if "failure" in given:
            raise ServiceError(ErrorCode.MODEL_MISSING, given["failure"])
        scheduler = Scheduler(each(shout), BatchLimits(max_jobs=1, **given), name="shouter")
        scheduler.start()
        super().__init__(
            scheduler, partial(scheduler.submit, "canary"), ReplicaFacts("1", {}, "CPU")
        )
        self._streams = 0

    async def facts(self) -> ReplicaFacts:
        """What is known of it, with the number of its streams."""
        return replace(await super().facts(), engine=self._streams)

    async def stream(self, question: Question[str]) -> AsyncGenerator[Answer[str], None]:
        """Answer word by word, as far as that goes."""
        self._streams += 1
        try:
            for word in question.job.split():
                answer = await self.answer(replace(question, job=word))
                yield answer
                if answer.failure is not None:
                    return
        finally:
            self._streams -= 1
