"""A front: takes texts and sends audio, which replicas compute."""

from wyoming_melotts.pipeline import RemoteSpeech, speaker_limits
from wyoming_melotts.ray.application import NAME
from wyoming_melotts.ray.messages import SentenceJob, SpokenPart
from wyoming_melotts.ray.replica import heard_settings
from wyoming_melotts.ray.speech import RaySpeech
from wyoming_melotts.settings import MelottsSettings
from wyoming_melotts.voices import Voice
from wyoming_serving.ray.front import Joined, join
from wyoming_serving.ray.streams import RayStreams


async def connect(settings: MelottsSettings, default: Voice) -> RemoteSpeech:
    """Wait for the replicas.

    Raises:
        ServiceError: there is no cluster or no application, or its replicas fail, are of another
            version, or speak otherwise.
    """
    joined: Joined[SentenceJob, SpokenPart]
    joined = await join(settings, NAME, heard_settings(settings, default))
    streams: RayStreams[SentenceJob, SpokenPart] = RayStreams(
        joined.replicas.stream,
        speaker_limits(settings, on_gpu=settings.ray_replica_gpus > 0),
        "speaker",
        first_seconds=settings.load_wait_seconds,
    )
    speech = RaySpeech(streams, settings.seed, settings.sample_rate_hz)
    return RemoteSpeech(speech, streams, joined.device, joined.leave)
