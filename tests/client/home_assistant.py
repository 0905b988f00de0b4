"""Home Assistant's own code, asked to use running servers; nothing of it is replaced.

    python home_assistant.py '{"language": "en", "light": "living room light",
        "entries": [{"source": "user", "host": "127.0.0.1", "port": 10300}],
        "recordings": ["living_room_light_en.wav"]}'

runs in the environment of `install_home_assistant.sh` and imports nothing of this project. It
starts Home Assistant in a temporary folder with one light, sets up the Wyoming integration in each
way that `entries` tells (typed in by a `user`, told by the Supervisor, found on the network by its
`name`), and gives each recording to an Assist pipeline of the entries' engines. It prints one JSON
object: what became of the entries and what each command did.
"""

import asyncio
import json
import sys
import tempfile
import wave
from collections.abc import AsyncIterator, Iterable
from dataclasses import asdict, dataclass, field
from ipaddress import ip_address
from typing import Any

import imageio_ffmpeg
from homeassistant import bootstrap, config_entries, core_config, loader
from homeassistant.components import assist_pipeline, stt, tts
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import Context, CoreState, HomeAssistant
from homeassistant.helpers import entity_registry
from homeassistant.helpers.service_info.hassio import HassioServiceInfo
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo
from homeassistant.setup import async_setup_component
from homeassistant.util import language as language_util
from zeroconf import ServiceStateChange
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

SERVICE_TYPE = "_wyoming._tcp.local."
WAIT_SECONDS = 60.0
SILENCE_SECONDS = 2.5
"""After a recording, as in a room: Home Assistant listens until it hears the end of a command."""
_SWITCH = "input_boolean.light"


@dataclass
class Outcome:
    """What one command did."""

    events: list[str] = field(default_factory=list)
    transcript: str | None = None
    answer: str | None = None
    error: str | None = None
    light: str = ""
    spoken_bytes: int = 0


async def start(folder: str, language: str, light: str) -> HomeAssistant:
    """Start Home Assistant with a light of that name and what an Assist pipeline needs."""
    config = {
        "http": {"server_host": ["127.0.0.1"]},  # set up, never started
        "ffmpeg": {"ffmpeg_bin": imageio_ffmpeg.get_ffmpeg_exe()},
        "input_boolean": {"light": None},
        "template": [{"light": [_template_light(light)]}],
    }
    components = ("homeassistant", *config, "intent", "conversation", "assist_pipeline")
    return await boot(folder, language, config, components)


async def boot(
    folder: str, language: str, config: dict[str, Any], components: Iterable[str]
) -> HomeAssistant:
    """Start Home Assistant with these components, in their order."""
    hass = HomeAssistant(folder)
    hass.config.skip_pip = True
    loader.async_setup(hass)
    hass.config_entries = config_entries.ConfigEntries(hass, config)
    await loader.async_get_custom_components(hass)
    await bootstrap.async_load_base_functionality(hass)
    place = {"name": "Test", "language": language, "country": "US", "time_zone": "UTC"}
    await core_config.async_process_ha_core_config(hass, place)
    hass.set_state(CoreState.running)
    for component in components:
        if not await async_setup_component(hass, component, config):
            raise RuntimeError(f"Home Assistant's {component} did not start")
    await hass.async_block_till_done()
    return hass


def _template_light(name: str) -> dict[str, Any]:
    def call(action: str) -> list[dict[str, Any]]:
        return [{"action": f"input_boolean.{action}", "target": {"entity_id": _SWITCH}}]

    return {
        "name": name,
        "unique_id": "light",
        "state": f"{{{{ is_state('{_SWITCH}', 'on') }}}}",
        "turn_on": call("turn_on"),
        "turn_off": call("turn_off"),
    }


async def add_entry(hass: HomeAssistant, told: dict[str, Any]) -> ConfigEntry:
    """Set up the integration as a user, the Supervisor or zeroconf would."""
    source, flow = told["source"], hass.config_entries.flow
    typed: dict[str, Any] = {}
    data: Any = None
    if source == "user":
        typed = {"host": told["host"], "port": told["port"]}
    elif source == "hassio":
        data = HassioServiceInfo(config=told["config"], name="Test", slug="test", uuid="1")
    else:
        data = await announced(told["name"])
    result = await flow.async_init("wyoming", context={"source": source}, data=data)
    if result["type"] == "form":
        result = await flow.async_configure(result["flow_id"], typed)
    if result["type"] != "create_entry":
        raise RuntimeError(f"the {source} flow made no entry: {result}")
    await hass.async_block_till_done()
    entry: ConfigEntry = result["result"]
    return entry


async def announced(name: str) -> ZeroconfServiceInfo:
    """The service that is announced under a name, as Home Assistant's own zeroconf reads it."""
    wanted = f"{name}.{SERVICE_TYPE}"
    seen = asyncio.Event()

    def on_change(name: str, state_change: ServiceStateChange, **_: object) -> None:
        if name == wanted and state_change is not ServiceStateChange.Removed:
            seen.set()

    zeroconf = AsyncZeroconf()
    browser = AsyncServiceBrowser(zeroconf.zeroconf, SERVICE_TYPE, handlers=[on_change])
    try:
        await asyncio.wait_for(seen.wait(), WAIT_SECONDS)
        info = AsyncServiceInfo(SERVICE_TYPE, wanted)
        await info.async_request(zeroconf.zeroconf, 5000)
    finally:
        await browser.async_cancel()
        await zeroconf.async_close()
    addresses = [ip_address(address) for address in info.parsed_addresses()]
    return ZeroconfServiceInfo(
        ip_address=addresses[0], ip_addresses=addresses, port=info.port, hostname=info.server or "",
        type=SERVICE_TYPE, name=wanted, properties={},
    )  # fmt: skip


def entities(hass: HomeAssistant, entry: ConfigEntry) -> list[str]:
    """The speech entities of an entry."""
    registry = entity_registry.async_get(hass)
    found = entity_registry.async_entries_for_config_entry(registry, entry.entry_id)
    return sorted(item.entity_id for item in found if item.domain in ("stt", "tts"))


async def make_pipeline(hass: HomeAssistant, engines: dict[str, str], voice: str | None) -> str:
    """Give the default pipeline the entities `stt` and `tts`, one of which may be missing."""
    changes: dict[str, str | None] = {}
    for kind in ("stt", "tts"):
        engine = engines.get(kind)
        changes |= {f"{kind}_engine": engine, f"{kind}_language": None}
        if engine:
            find = {"stt": stt.async_get_speech_to_text_entity, "tts": tts.get_engine_instance}
            known = find[kind](hass, engine).supported_languages
            changes[f"{kind}_language"] = language_util.matches(hass.config.language, known)[0]
    changes["tts_voice"] = voice if "tts" in engines else None
    pipeline = assist_pipeline.async_get_pipeline(hass)
    await assist_pipeline.async_update_pipeline(hass, pipeline, **changes)
    return str(pipeline.id)


async def hear(hass: HomeAssistant, pipeline: str, recording: str, speaks: bool) -> Outcome:
    """Give a recording to the pipeline, as fast as it is taken, with silence behind it."""
    outcome, token = Outcome(), ""

    def on_event(event: assist_pipeline.PipelineEvent) -> None:
        nonlocal token
        data = event.data or {}
        outcome.events.append(str(event.type))
        if event.type == "run-start":
            token = data.get("tts_output", {}).get("token", "")
        elif event.type == "stt-end":
            outcome.transcript = data["stt_output"]["text"]
        elif event.type == "intent-end":
            speech = data["intent_output"]["response"]["speech"]
            outcome.answer = speech.get("plain", {}).get("speech")
        elif event.type == "error":
            outcome.error = data["message"]

    settings = assist_pipeline.async_get_pipeline(hass, pipeline)
    stages = assist_pipeline.PipelineStage
    async with asyncio.timeout(WAIT_SECONDS):
        await assist_pipeline.async_pipeline_from_audio_stream(
            hass,
            context=Context(),
            event_callback=on_event,
            stt_metadata=stt.SpeechMetadata(
                language=settings.stt_language,
                format=stt.AudioFormats.WAV,
                codec=stt.AudioCodecs.PCM,
                bit_rate=stt.AudioBitRates.BITRATE_16,
                sample_rate=stt.AudioSampleRates.SAMPLERATE_16000,
                channel=stt.AudioChannels.CHANNEL_MONO,
            ),
            stt_stream=chunks(recording),
            pipeline_id=pipeline,
            tts_audio_output={tts.ATTR_PREFERRED_FORMAT: "wav"},
            end_stage=stages.TTS if speaks else stages.INTENT,
        )
        if speaks and (stream := tts.async_get_stream(hass, token)):
            outcome.spoken_bytes = sum([len(part) async for part in stream.async_stream_result()])
    await hass.async_block_till_done()
    outcome.light = light_state(hass)
    return outcome


async def chunks(recording: str) -> AsyncIterator[bytes]:
    """A recording of 16 kHz, 16 bit and one channel, and silence, 10 ms a chunk."""
    with wave.open(recording, "rb") as wav:
        pcm = wav.readframes(wav.getnframes())
    pcm += bytes(int(16_000 * SILENCE_SECONDS) * 2)
    for start_byte in range(0, len(pcm), 320):
        yield pcm[start_byte : start_byte + 320]
        await asyncio.sleep(0)


def light_state(hass: HomeAssistant) -> str:
    """Whether the light is `on` or `off`."""
    found = entity_registry.async_get(hass).async_get_entity_id("light", "template", "light")
    state = hass.states.get(found) if found else None
    return state.state if state else "missing"


async def run(request: dict[str, Any], folder: str) -> dict[str, Any]:
    """Do what the request asks; returns the answer to print."""
    hass = await start(folder, request["language"], request["light"])
    try:
        answer: dict[str, Any] = {"entries": [], "commands": []}
        engines: dict[str, str] = {}
        for told in request["entries"]:
            entry = await add_entry(hass, told)
            mine = entities(hass, entry)
            answer["entries"].append(
                {"source": told["source"], "state": entry.state.value, "data": dict(entry.data),
                 "entities": mine}
            )  # fmt: skip
            engines |= {entity.partition(".")[0]: entity for entity in mine}
            if told.get("remove"):
                await hass.config_entries.async_remove(entry.entry_id)
        if request.get("recordings"):
            pipeline = await make_pipeline(hass, engines, request.get("voice"))
            for recording in request["recordings"]:
                outcome = await hear(hass, pipeline, recording, "tts" in engines)
                answer["commands"].append(asdict(outcome))
        return answer
    finally:
        await hass.async_stop(force=True)


def main() -> None:
    """Answer the request of the command line."""
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(asyncio.run(run(json.loads(sys.argv[1]), folder)), ensure_ascii=False))


if __name__ == "__main__":
    main()
