"""What automations are told, through a real server and a real MQTT broker."""

import asyncio
import json
import logging
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client import generate_latest
from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioStart, AudioStop

from tests.support.mosquitto import Broker, mosquitto, needs_mosquitto, subscriber
from tests.support.processes import run_to_end
from tests.support.speech import DATA, RATE_HZ, read_pcm
from tests.support.waiting import until
from tests.support.wire import connect
from tests.wyoming_funasr.api.listener import serving
from tests.wyoming_funasr.conftest import ServiceMaker
from tests.wyoming_funasr.requests.test_utterance import chunks, silence
from wyoming_funasr.service import FunasrService
from wyoming_serving.errors import ErrorCode, ServiceError
from wyoming_serving.service import running

TEXT = "Turn off the light in the attic."
PCM = read_pcm(DATA / "attic_light_en.wav") + silence(1.0)
BASE = "wyoming-funasr/attic"
TRANSCRIPT, STATUS = f"{BASE}/transcript", f"{BASE}/status"
PUBLISHER = "wyoming_funasr.automations.publisher"


def words(port: int, *more: str) -> list[str]:
    """The settings of a service that tells a broker at a port."""
    return ["--model-dir", "demo", "--zeroconf-name", "attic",
            "--mqtt-host", "127.0.0.1", "--mqtt-port", str(port), *more]  # fmt: skip


async def say(port: int) -> Transcript:
    """Speak to the service once, as a Wyoming client."""
    async with connect(port) as wire:
        start = AudioStart(rate=RATE_HZ, width=2, channels=1)
        await wire.send(Transcribe(), start, *chunks(PCM), AudioStop())
        return Transcript.from_event(await wire.read_type("transcript"))


def count(service: FunasrService, outcome: str) -> float:
    """How many messages ended so."""
    line = f'funasr_mqtt_messages_total{{outcome="{outcome}"}} '
    shown = generate_latest(service.metrics).decode()
    return float(next(one for one in shown.splitlines() if one.startswith(line))[len(line) :])


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the log warns of, about anything but the demo model."""
    return [
        record.getMessage()
        for record in caplog.records
        if record.levelno >= logging.WARNING and "demo model" not in record.getMessage()
    ]


@asynccontextmanager
async def silent_broker() -> AsyncIterator[int]:
    """The port of what takes connections and never says anything."""
    gone = asyncio.Event()

    async def ignore(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await gone.wait()
        writer.close()

    server = await asyncio.start_server(ignore, "127.0.0.1", 0)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        gone.set()
        server.close()


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Broker]:
    async with mosquitto(tmp_path) as broker:
        yield broker


@needs_mosquitto
async def test_automations_learn_how_it_sounded_and_not_what_was_said(
    make_service: ServiceMaker, broker: Broker
) -> None:
    async with subscriber(broker) as heard:
        service = make_service(*words(broker.port))
        began = datetime.now(UTC)
        async with running(service) as port:
            transcript = await say(port)
            event = await heard.event(TRANSCRIPT)
            await until(lambda: count(service, "published") == 1)
        assert await heard.on(STATUS) == "offline"
    assert transcript.text == TEXT
    assert transcript.context is not None
    assert event["event_type"] == event["event"] == "speech"
    assert event["emotion"] == "neutral"
    assert event["emotion_scores"]["neutral"] > 0.9
    assert event["language"] == "en"
    assert event["client"] == "127.0.0.1"
    assert event["request"] == "transcribe"
    assert event["confidence"] == transcript.context["confidence"]
    assert event["ended_by"] == transcript.context["ended_by"]
    assert began < datetime.fromisoformat(event["time"]) < datetime.now(UTC)
    assert not {"text", "alternatives", "intent", "words"} & event.keys()
    assert "attic" not in json.dumps(event)


@needs_mosquitto
async def test_texts_are_published_where_they_are_asked_for(
    make_service: ServiceMaker, broker: Broker
) -> None:
    async with (
        subscriber(broker) as heard,
        running(make_service(*words(broker.port, "--mqtt-texts"))) as port,
    ):
        await say(port)
        event = await heard.event(TRANSCRIPT)
    assert event["text"] == TEXT
    assert event["alternatives"] == []
    assert event["intent"] is None


@needs_mosquitto
async def test_home_assistant_finds_the_service_by_itself(
    make_service: ServiceMaker, broker: Broker
) -> None:
    async with running(make_service(*words(broker.port))), subscriber(broker) as late:
        found: dict[str, str] = {}
        while {STATUS, "homeassistant/event/wyoming-funasr-attic/config"} - found.keys():
            topic, payload, retained = await late.next()
            found[topic] = payload
            assert retained or topic == STATUS, topic
    assert found[STATUS] == "online"
    config = json.loads(found["homeassistant/event/wyoming-funasr-attic/config"])
    assert config["state_topic"] == TRANSCRIPT
    assert config["availability_topic"] == STATUS
    assert {"speech", "cough", "laughter", "nothing"} <= set(config["event_types"])


@needs_mosquitto
async def test_each_utterance_of_a_listening_session_is_told(
    make_service: ServiceMaker, broker: Broker
) -> None:
    async with (
        subscriber(broker) as heard,
        serving(make_service, *words(broker.port)) as server,
        server.connect() as client,
    ):
        await client.start(language="en")
        for _ in range(2):
            await client.audio(PCM)
            final = await client.final()
            event = await heard.event(TRANSCRIPT)
            assert event["request"] == "listen"
            assert event["client"] == "127.0.0.1"
            assert event["confidence"] == final["confidence"]
            assert event["ended_by"] == "silence"


@needs_mosquitto
async def test_a_broker_that_was_gone_gets_what_is_still_fresh(
    make_service: ServiceMaker, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    service = make_service(*words(broker.port))
    async with running(service) as port:
        async with subscriber(broker) as heard:
            await say(port)
            await heard.event(TRANSCRIPT)
            await until(lambda: count(service, "published") == 1)
        await broker.kill()
        await until(lambda: len(warnings(caplog)) > 0)
        assert (await say(port)).text == TEXT
        await broker.start()
        async with subscriber(broker) as heard:
            event = await heard.event(TRANSCRIPT)
            await until(lambda: count(service, "published") == 2)
        assert event["emotion"] == "neutral"
        assert count(service, "dropped") == 0
    told = warnings(caplog)
    assert "the connection was lost" in told[0]
    assert len(told) <= 2  # and once that nothing listens, should it have come back later


@needs_mosquitto
async def test_what_is_no_longer_fresh_is_dropped(
    make_service: ServiceMaker,
    broker: Broker,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(f"{PUBLISHER}.FRESH_SECONDS", 0.0)
    await broker.kill()
    service = make_service(*words(broker.port))
    async with running(service) as port:
        await say(port)
        await broker.start()
        await until(lambda: count(service, "dropped") == 1)
        assert count(service, "published") == 0
    assert len(warnings(caplog)) == 1


@needs_mosquitto
async def test_a_wrong_password_is_one_line(
    make_service: ServiceMaker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    password = tmp_path / "password"
    password.write_text("wrong-secret\n")
    async with mosquitto(tmp_path, {"speech": "right-secret"}) as broker:
        service = make_service(
            *words(broker.port, "--mqtt-username", "speech", "--mqtt-password-file", str(password))
        )
        async with running(service) as port:
            await until(lambda: len(warnings(caplog)) > 0)
            assert (await say(port)).text == TEXT
            password.write_text("right-secret\n")
            await until(lambda: count(service, "published") == 1)
    assert len(warnings(caplog)) == 1
    assert f"MQTT at 127.0.0.1:{broker.port}: Not authorized" in warnings(caplog)[0]
    assert "secret" not in caplog.text


@needs_mosquitto
@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the program openssl")
async def test_with_tls_the_broker_must_be_the_one_that_is_trusted(
    make_service: ServiceMaker,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    certificate = tmp_path / "broker.pem"
    status, output = await run_to_end(
        "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=broker",
        "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", certificate, "-out", tmp_path / "crt",
    )  # fmt: skip
    assert status == 0, output
    certificate.write_text(certificate.read_text() + (tmp_path / "crt").read_text())
    async with mosquitto(tmp_path, certificate=certificate) as broker:
        service = make_service(*words(broker.port, "--mqtt-tls"))
        async with running(service) as port:
            await until(lambda: len(warnings(caplog)) > 0)
            assert "certificate verify failed" in warnings(caplog)[0]
            monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
            await say(port)
            await until(lambda: count(service, "published") == 1)
    assert len(warnings(caplog)) == 1


async def test_a_broker_that_says_nothing_delays_nobody(
    make_service: ServiceMaker,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("aiomqtt", reason="needs aiomqtt: pip install '.[mqtt]'")
    monkeypatch.setattr(f"{PUBLISHER}.MOST_WAITING", 1)
    async with silent_broker() as silent:
        service = make_service(*words(silent, "--mqtt-wait-seconds", "0.1"))
        async with running(service) as port:
            for _ in range(3):
                assert (await say(port)).text == TEXT
            assert count(service, "dropped") == 2
            await until(lambda: len(warnings(caplog)) > 0)
        assert count(service, "dropped") == 3
    assert warnings(caplog) == [
        f"MQTT at 127.0.0.1:{silent}: it does not answer; "
        "transcripts are answered all the same, and it is tried again"
    ]


async def test_a_package_that_is_not_installed_ends_the_start(
    make_service: ServiceMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("publisher", "broker"):
        monkeypatch.delitem(sys.modules, f"wyoming_funasr.automations.{module}", raising=False)
    monkeypatch.setitem(sys.modules, "aiomqtt", None)
    with pytest.raises(ServiceError, match=r"aiomqtt is not installed.*\[mqtt\]") as caught:
        async with running(make_service(*words(1))):
            pass
    assert caught.value.code is ErrorCode.EXTRA_MISSING
