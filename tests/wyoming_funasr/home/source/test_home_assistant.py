"""Following a Home Assistant that answers, changes, misbehaves and goes away."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.support.home_assistant import TOKEN, home_assistant
from tests.support.home_assistant import HomeAssistant as StandIn
from tests.support.waiting import until
from wyoming_funasr.home.description import Area, Entity, Floor, Home
from wyoming_funasr.home.source.access import Access, websocket_url
from wyoming_funasr.home.source.errors import HomeAssistantError
from wyoming_funasr.home.source.home_assistant import HomeAssistant, Pace, read_once

QUICK = Pace(
    settle=0.01, starting=0.01, first_pause=0.01, longest_pause=0.02,
    refused_pause=0.01, longest_refused_pause=0.02,
)  # fmt: skip


@pytest.fixture
async def server() -> AsyncIterator[StandIn]:
    """A Home Assistant with one lamp in one room."""
    async with home_assistant() as server:
        server.home.floors = [{"floor_id": "up", "name": "Upstairs", "aliases": []}]
        server.home.areas = [{"area_id": "den", "name": "Den", "aliases": [], "floor_id": "up"}]
        server.home.add_entity("light.lamp", "Lamp", area_id="den")
        server.home.exposed["light.other"] = {"cloud.alexa": True}
        server.home.sentences = ["play [some] music"]
        yield server


def access(server: StandIn, token: str = TOKEN) -> Access:
    return Access(websocket_url(server.url), token)


def lamp_called(*names: str, area: str | None = "Den") -> Home:
    """The fixture's home with its lamp under these names."""
    return Home(
        floors=(Floor("Upstairs"),),
        areas=(Area("Den", (), "Upstairs"),),
        entities=(Entity(names[0], "light", names[1:], area),),
        sentences=("play [some] music",),
    )


class Listener:
    """Keeps the homes that are told."""

    def __init__(self) -> None:
        self.homes: list[Home] = []

    async def hear(self, home: Home) -> None:
        self.homes.append(home)

    async def until_told(self, home: Home) -> None:
        await until(lambda: bool(self.homes) and self.homes[-1] == home)


@asynccontextmanager
async def following(
    server: StandIn, pace: Pace = QUICK, wait_seconds: float = 20.0, token: str = TOKEN
) -> AsyncIterator[Listener]:
    listener = Listener()
    follower = HomeAssistant(access(server, token), wait_seconds, listener.hear, pace)
    task = asyncio.create_task(follower.follow())
    try:
        yield listener
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_only_what_is_exposed_to_assist_is_read(server: StandIn) -> None:
    assert await read_once(access(server), 20.0) == lamp_called("Lamp")


async def test_changes_are_followed(server: StandIn) -> None:
    async with following(server) as listener:
        await listener.until_told(lamp_called("Lamp"))

        server.home.entities["light.lamp"]["aliases"] = [None, "灯"]
        await server.fire("entity_registry_updated")
        await listener.until_told(lamp_called("Lamp", "灯"))

        await server.rename_state("light.lamp", "Reading Lamp")
        await listener.until_told(lamp_called("Reading Lamp", "灯"))

        server.home.areas[0]["name"] = "Study"
        await server.fire("area_registry_updated")
        await until(lambda: listener.homes[-1].areas == (Area("Study", (), "Upstairs"),))
        assert listener.homes[-1].entities[0].area == "Study"

        server.home.floors[0]["name"] = "Above"
        await server.fire("floor_registry_updated")
        await until(lambda: listener.homes[-1].floors == (Floor("Above"),))

        server.home.add_entity("cover.blind", "Blind")
        await server.fire("entity_registry_updated")
        await until(lambda: len(listener.homes[-1].entities) == 2)

        await server.remove_state("light.lamp")
        await until(lambda: listener.homes[-1].entities == (Entity("Blind", "cover"),))

        del server.home.exposed["cover.blind"]
        await server.fire("entity_registry_updated")
        await until(lambda: listener.homes[-1].entities == ())


async def test_a_change_that_no_event_tells_is_found(server: StandIn) -> None:
    async with following(server, Pace(settle=0.01, reread=0.01)) as listener:
        await listener.until_told(lamp_called("Lamp"))
        server.home.sentences = ["good night"]
        await until(lambda: listener.homes[-1].sentences == ("good night",))


async def test_a_home_that_stays_the_same_is_told_once(server: StandIn) -> None:
    async with following(server) as listener:
        await listener.until_told(lamp_called("Lamp"))
        for reads in range(2, 5):
            await server.fire("device_registry_updated")
            await until(lambda reads=reads: server.reads() >= reads)  # type: ignore[misc]
        assert len(listener.homes) == 1


async def test_states_that_change_but_not_in_name_ask_for_nothing(server: StandIn) -> None:
    async with following(server) as listener:
        await listener.until_told(lamp_called("Lamp"))
        reads = server.reads()
        await server.send_states("light.lamp", {"c": {"light.lamp": {"+": {"s": "on"}}}})
        await server.send_states(
            "light.lamp", {"a": {"light.lamp": {"a": {"friendly_name": "Lamp"}}}}
        )
        await server.rename_state("light.lamp", "Lantern")
        await listener.until_told(lamp_called("Lantern"))
        assert server.reads() == reads + 1


async def test_nothing_is_read_while_home_assistant_starts(server: StandIn) -> None:
    server.state = "STARTING"
    async with following(server) as listener:
        await until(lambda: server.commands.count("get_config") > 2)
        assert (server.reads(), listener.homes) == (0, [])
        server.state = "RUNNING"
        await listener.until_told(lamp_called("Lamp"))


async def test_a_lost_connection_is_made_again(server: StandIn) -> None:
    async with following(server) as listener:
        await listener.until_told(lamp_called("Lamp"))
        server.home.areas[0]["aliases"] = ["茶室"]
        await server.drop()
        await until(lambda: listener.homes[-1].areas[0].aliases == ("茶室",))


def misbehave(server: StandIn, how: str) -> None:
    """Let a server go wrong in one way."""
    match how:
        case "refuses":
            server.token = "another"
        case "no administrator":
            server.errors["homeassistant/expose_entity/list"] = "unauthorized"
        case "status 502":
            server.http_status = 502
        case "stalls":
            server.stalls.add("config/area_registry/list")
        case "stalls at once":
            server.stalls.add("auth")
        case "closes":
            server.closes.add("config/device_registry/list")
        case "is broken":
            server.errors["config/area_registry/list"] = "home_assistant_error"
        case "no JSON":
            server.sends["get_config"] = '{"id": 1'
        case "a list":
            server.sends["get_config"] = "[1, 2]"
        case "bytes":
            server.sends["get_config"] = b"\xff\xfe"
        case "deep":
            server.sends["get_config"] = "[" * 100_000
        case "another protocol":
            server.sends["auth"] = '{"type": "hello"}'
        case "no exposed":
            server.home.exposed = [1]


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("refuses", "it refuses the token"),
        ("no administrator", "the token's user must be an administrator"),
        ("status 502", "it answers with HTTP status 502, not with its WebSocket API"),
        ("stalls", "no answer to config/area_registry/list in 1 s"),
        ("stalls at once", "no answer to the token in 1 s"),
        ("closes", "it closed the connection"),
        ("is broken", "it answers config/area_registry/list with 'home_assistant_error'"),
        ("no JSON", "it sent what is no message of its WebSocket API"),
        ("a list", "it sent what is no message of its WebSocket API"),
        ("bytes", "it sent what is no message of its WebSocket API"),
        ("deep", "it sent what is no message of its WebSocket API"),
        ("another protocol", "it sent what is no message of its WebSocket API"),
        ("no exposed", "its list of exposed entities has no known form"),
    ],
)
async def test_trouble_is_one_log_line_and_is_tried_again(
    server: StandIn, how: str, says: str, caplog: pytest.LogCaptureFixture
) -> None:
    misbehave(server, how)
    async with following(server, wait_seconds=1.0 if "stalls" in how else 20.0) as listener:
        await until(lambda: server.connections >= 3)
        assert listener.homes == []
    lines = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert [record.getMessage() for record in lines] == [
        f"Home Assistant at {access(server).host}: {says}; what is known of the home stays, and "
        "it is tried again"
    ]
    assert TOKEN not in caplog.text


async def test_an_unreachable_home_assistant_is_one_log_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with home_assistant() as server:
        pass
    async with following(server):
        await until(lambda: "Cannot connect" in caplog.text)
    assert len([one for one in caplog.records if one.levelno >= logging.WARNING]) == 1


async def test_trouble_ends_without_a_restart(server: StandIn) -> None:
    server.stalls.add("config/area_registry/list")
    async with following(server, wait_seconds=1.0) as listener:
        await until(lambda: server.connections >= 2)
        server.stalls.clear()
        await listener.until_told(lamp_called("Lamp"))


async def test_commands_that_an_older_version_lacks_are_done_without(server: StandIn) -> None:
    for command in ("config/floor_registry/list", "conversation/sentences/list"):
        server.errors[command] = "unknown_command"
    home = await read_once(access(server), 20.0)
    assert (home.floors, home.areas, home.sentences) == ((), (Area("Den"),), ())
    assert home.entities == (Entity("Lamp", "light", (), "Den"),)


async def test_messages_of_another_kind_are_passed_over(server: StandIn) -> None:
    async with following(server) as listener:
        await listener.until_told(lamp_called("Lamp"))
        for text in ('{"type": "pong"}', '{"id": {}, "type": "event"}', '{"id": 99}'):
            await server.send_text(text)
        for event in (None, {"a": 3, "c": [], "r": "x"}, {"c": {"light.lamp": 4}}):
            await server.send_states("light.lamp", event)
        await server.rename_state("light.lamp", "Lantern")
        await listener.until_told(lamp_called("Lantern"))
        assert server.connections == 1


async def test_five_thousand_entities_with_odd_names(server: StandIn) -> None:
    for number in range(5_000):
        server.home.add_entity(f"light.n{number}", f"😀 {number} {'长' * 200}", area_id="den")
    home = await read_once(access(server), 60.0)
    assert len(home.entities) == 5_001
    assert len({one.name for one in home.entities}) == 5_001
    assert server.commands.count("subscribe_entities") == 26


async def test_reading_once_says_why_it_does_not_work(server: StandIn) -> None:
    with pytest.raises(HomeAssistantError, match="it refuses the token"):
        await read_once(access(server, "wrong"), 20.0)


@pytest.mark.parametrize("refused", [False, True])
def test_pauses_grow_up_to_a_limit(refused: bool) -> None:
    pace = Pace()
    first, longest = (60.0, 3_600.0) if refused else (1.0, 300.0)
    for failures in (1, 2, 3, 50, 5_000):
        expected = min(longest, first * 2.0 ** min(failures - 1, 20))
        for _ in range(50):
            pause = pace.pause(failures, refused=refused)
            assert 0.75 * expected <= pause <= 1.25 * expected
