"""A replica whose engine does as its jobs say."""

import os
import time
from collections.abc import AsyncGenerator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from wyoming_serving.errors import ErrorCode, ServiceError
from wyoming_serving.ray.messages import Answer, Question, ReplicaFacts
from wyoming_serving.ray.replica import AnsweringReplica
from wyoming_serving.scheduler import BatchLimits, Scheduler, each

JOB_SECONDS = 1.0
SLOW_SECONDS = 0.03


def shout(job: str) -> str:
    """Answer in capitals."""
    if job == "hang":
        time.sleep(3600)
    if job == "die":
        os._exit(1)
    if job == "fail":
        raise ValueError("this job is none")
    if job == "refuse":
        raise ServiceError(ErrorCode.AUDIO_INVALID, "nothing was said")
    time.sleep(float(job.partition(" for ")[2] or SLOW_SECONDS))
    return job.upper()


class Shouter(AnsweringReplica[str, str]):
    """`given` are limits, or a `failure` that keeps it from being made."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        if "failure" in given:
            raise ServiceError(ErrorCode.MODEL_MISSING, given["failure"])
        limits = BatchLimits(max_jobs=1, job_seconds=JOB_SECONDS, **given)
        scheduler = Scheduler(each(shout), limits, name="shouter")
        scheduler.start()
        facts = ReplicaFacts("1", {}, str(os.getpid()))
        super().__init__(scheduler, partial(scheduler.submit, "canary"), facts)

    async def stream(self, question: Question[str]) -> AsyncGenerator[Answer[str], None]:
        """Answer word by word, as far as that goes."""
        for word in question.job.split():
            answer = await self.answer(replace(question, job=word))
            yield answer
            if answer.failure is not None:
                return
