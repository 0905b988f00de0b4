"""The recognizer as a replica."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from wyoming_funasr.loading import load_model, warm_up
from wyoming_funasr.models import choose_model
from wyoming_funasr.pipeline import canary_request, recognizer_scheduler
from wyoming_funasr.recognition.recognizer import RecognitionRequest
from wyoming_funasr.recognition.types import Recognition
from wyoming_funasr.settings import FunasrSettings
from wyoming_serving import __version__
from wyoming_serving.models.hub import Hub
from wyoming_serving.ray.messages import ReplicaFacts
from wyoming_serving.ray.replica import AnsweringReplica
from wyoming_serving.tracing.starting import start_tracing


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
        canary = canary_request(loaded.frontend)
        super().__init__(
            scheduler,
            partial(scheduler.submit, canary),
            ReplicaFacts(
                __version__,
                {"model": model.name},
                loaded.device.description,
                loaded.recognizer.fbank,
            ),
        )
