"""The recognizer as a replica."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from wyoming_funasr.home.keeper import HomeKeeper
from wyoming_funasr.home.source.source import home_source
from wyoming_funasr.loading import load_model, warm_up
from wyoming_funasr.models import Model, choose_model
from wyoming_funasr.pipeline import canary_request, recognizer_scheduler
from wyoming_funasr.recognition.recognizer import RecognitionRequest
from wyoming_funasr.recognition.types import Recognition
from wyoming_funasr.settings import FunasrSettings
from wyoming_serving import __version__
from wyoming_serving.models.hub import Hub
from wyoming_serving.ray.messages import Answer, Question, ReplicaFacts
from wyoming_serving.ray.replica import AnsweringReplica
from wyoming_serving.tracing.starting import start_tracing


def answered_settings(settings: FunasrSettings, model: Model) -> dict[str, str]:
    """Returns what fronts and replicas must agree on."""
    return {"model": model.name, "home": "known" if settings.knows_home else "none"}


class RecognizerReplica(AnsweringReplica[RecognitionRequest, Recognition]):
    """Loads a model as the settings say, and recognizes for any number of fronts."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        """Load the model; Ray Serve asks nothing of a replica before that is done.

        Raises:
            ServiceError: the model cannot be had, or does not run here.
        """
        settings = FunasrSettings(**given)
        start_tracing(settings.otlp_endpoint, "wyoming-funasr replica")
        model = choose_model(settings.default_model)
        loaded = load_model(model, settings, Hub.from_settings(settings))
        warm_up(loaded, settings)
        scheduler = recognizer_scheduler(loaded, settings)
        scheduler.start()
        self._model = model.name
        source = home_source(settings)
        self._home = HomeKeeper(source, settings.home_languages) if source is not None else None
        if self._home is not None:
            self._home.start({model.name: loaded.recognizer.tokens})
        facts = ReplicaFacts(
            __version__,
            answered_settings(settings, model),
            loaded.device.description,
            loaded.recognizer.fbank,
        )
        super().__init__(
            scheduler, partial(scheduler.submit, canary_request(loaded.frontend)), facts
        )

    async def answer(self, question: Question[RecognitionRequest]) -> Answer[Recognition]:
        """Recognize speech, with the home as it is known here."""
        job = question.job
        if job.home is not None and self._home is not None:
            job = replace(job, home=self._home.context(self._model, job.home.tag))
        return await super().answer(replace(question, job=job))
