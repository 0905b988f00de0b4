"""A service whose engine does as a test says: answer, fail, hang, or fail like a GPU."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from wyoming.event import Event
from wyoming.info import AsrProgram, Attribution, Info
from wyoming.ping import Ping

from wyoming_serving.job_queue import JobTiming
from wyoming_serving.reports import RequestReport, Stage
from wyoming_serving.scheduler import BatchLimits, Scheduler
from wyoming_serving.service import Service
from wyoming_serving.session import Client
from wyoming_serving.settings import Settings
from wyoming_serving.status import EngineDescription
from wyoming_serving.supervision import Reduction


@dataclass
class Engine:
    """Answers texts in capitals."""

    device: str = "CPU"
    healthy: threading.Event = field(default_factory=threading.Event)
    """Cleared, batches do not return."""
    failure: Exception | None = None
    batches: list[list[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.healthy.set()

    def run(self, jobs: Sequence[str]) -> list[str | Exception]:
        self.batches.append(list(jobs))
        self.healthy.wait(60)
        if self.failure is not None:
            raise self.failure
        return [job.upper() for job in jobs]


class EngineHandler:
    in_request = False

    def __init__(self, service: "EngineService", client: Client) -> None:
        self._service = service
        self._client = client

    async def handle(self, event: Event) -> None:
        report = RequestReport("shout", language="en")
        await self._client.answer(self._shout(str(event.data["text"]), report), report)

    async def _shout(self, text: str, report: RequestReport) -> None:
        await self._service.wait_ready()
        report.text, report.characters = text, len(text)
        timing = JobTiming()
        answer = await self._service.scheduler.submit(text, timing=timing)
        report.add(Stage.QUEUE, timing.queue_seconds)
        await self._client.send(Ping(text=answer))


class EngineService(Service):
    name = "engine"

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.engine = Engine()
        self.replacements: dict[Reduction, Engine | Exception] = {}
        """What `rebuild` finds; nothing else can be rebuilt."""

    async def load(self) -> None:
        limits = BatchLimits(job_seconds=self.settings.job_seconds)
        self.scheduler: Scheduler[str, str] = Scheduler(self.engine.run, limits, name="device")
        self.scheduler.start()
        self.engine_loaded(
            [EngineDescription("shouter", self.engine.device)], {self.scheduler: self._canary}
        )

    async def rebuild(self, reduction: Reduction) -> None:
        engine = self.replacements[reduction]
        if isinstance(engine, Exception):
            raise engine
        self.engine = engine
        self.scheduler.replace(engine.run, self.scheduler.limits)
        self.describe_engines([EngineDescription("shouter", engine.device)])

    def info(self) -> Info:
        author = Attribution("tests", "https://example.com")
        return Info(asr=[AsrProgram("shouter", author, True, "Shouts", None, models=[])])

    def handler(self, client: Client) -> EngineHandler:
        return EngineHandler(self, client)

    async def close(self) -> None:
        self.engine.healthy.set()
        await self.scheduler.close()

    async def _canary(self) -> str:
        return await self.scheduler.submit("canary")


def shout(text: str) -> Event:
    return Event("shout", {"text": text})
