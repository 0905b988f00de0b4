"""What is known of the home, from a file, Home Assistant and what was kept of it."""

import asyncio
import logging
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.support.home_assistant import TOKEN, home_assistant
from tests.support.waiting import until
from tests.wyoming_funasr.conftest import SettingsMaker
from wyoming_funasr.home.description import Area, Entity, Floor, Home, parse_home, read_home
from wyoming_funasr.home.source.access import Access, websocket_url
from wyoming_funasr.home.source.kept import home_yaml, keep
from wyoming_funasr.home.source.source import KEPT, HomeSource, home_source, joined

NOWHERE = Access("ws://127.0.0.1:1/api/websocket", TOKEN)
LAMP = Home(entities=(Entity("Lamp", "light"),))
FULL = Home(
    floors=(Floor("Upstairs", ("二楼",)), Floor("Cellar")),
    areas=(Area("Den", ("茶室", "Study"), "Upstairs"), Area("yes")),
    entities=(
        Entity("Lamp", "light", ("灯",), "Den"),
        Entity("Lamp", "switch"),
        Entity("😀 'quoted': #12", "scene"),
        Entity("12", "light"),
        Entity("null", "light"),
        Entity("长" * 200, "light"),
    ),
    lists=(("station", ("jazz", "新闻")),),
    sentences=("play [some] {station}", "打开{name}"),
)


@asynccontextmanager
async def started(
    file: Path | None, access: Access | None, kept: Path
) -> AsyncIterator[HomeSource]:
    source = HomeSource(file, access, kept, 20.0)
    source.start()
    try:
        yield source
    finally:
        await source.close()


def written(file: Path, home: Home) -> Path:
    file.write_text(home_yaml(home), encoding="utf-8")
    return file


@pytest.mark.parametrize("home", [FULL, LAMP, Home()])
def test_what_is_written_is_read_as_it_was(home: Home) -> None:
    assert parse_home(home_yaml(home), "home.yaml") == home


def test_what_is_kept_is_its_owner_s_alone(tmp_path: Path) -> None:
    file = tmp_path / "cache" / KEPT
    for home in (LAMP, FULL):
        keep(home, file)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert read_home(file) == home
    assert [one.name for one in file.parent.iterdir()] == [KEPT]


def test_two_homes_joined() -> None:
    first = Home(
        floors=(Floor("Upstairs", ("Above",)),),
        areas=(Area("Den", ("Study",)),),
        entities=(Entity("Lamp", "light"),),
        lists=(("station", ("jazz",)),),
        sentences=("a", "b"),
    )
    second = Home(
        floors=(Floor("Upstairs", ("二楼", "Above")), Floor("Cellar")),
        areas=(Area("Den", ("茶室",), "Upstairs"), Area("Hall")),
        entities=(Entity("Lamp", "light"), Entity("Fan", "fan")),
        sentences=("b", "c"),
    )
    assert joined(first, second) == Home(
        floors=(Floor("Upstairs", ("Above", "二楼")), Floor("Cellar")),
        areas=(Area("Den", ("Study", "茶室"), "Upstairs"), Area("Hall")),
        entities=(Entity("Lamp", "light"), Entity("Fan", "fan")),
        lists=(("station", ("jazz",)),),
        sentences=("a", "b", "c"),
    )
    assert joined(first, Home()) == first
    assert joined(Home(), second) == second


async def test_a_file_alone(tmp_path: Path) -> None:
    async with started(written(tmp_path / "home.yaml", FULL), None, tmp_path / KEPT) as source:
        assert await anext(aiter(source.changes())) == FULL
        assert source.current() == FULL
    assert not (tmp_path / KEPT).exists()


async def test_a_file_with_an_error_is_one_log_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "home.yaml"
    file.write_text("areas:\n- nam: Den\n")
    async with started(file, None, tmp_path / KEPT) as source:
        await until(lambda: bool(caplog.records))
        assert source.current() is None
    assert [one.getMessage() for one in caplog.records] == [
        f"the home is not known from its file: {file}, line 2: 'nam' is unknown in an area; "
        "allowed: name, aliases, floor"
    ]


async def test_what_was_kept_is_known_without_home_assistant(tmp_path: Path) -> None:
    keep(LAMP, tmp_path / KEPT)
    async with started(None, NOWHERE, tmp_path / KEPT) as source:
        assert await anext(aiter(source.changes())) == LAMP


async def test_a_kept_file_that_is_broken_is_not_used(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / KEPT).write_text("entities: [")
    async with started(None, NOWHERE, tmp_path / KEPT) as source:
        await until(lambda: "what was kept of the home is not used" in caplog.text)
        assert source.current() is None


async def test_what_home_assistant_tells_is_joined_and_kept(tmp_path: Path) -> None:
    file = written(tmp_path / "home.yaml", Home(sentences=("good night",)))
    async with home_assistant() as server:
        server.home.add_entity("light.lamp", "Lamp")
        access = Access(websocket_url(server.url), TOKEN)
        async with started(file, access, tmp_path / KEPT) as source:
            changes = aiter(source.changes())
            await until(lambda: (tmp_path / KEPT).exists())
            assert await anext(changes) == Home(LAMP.floors, (), LAMP.entities, (), ("good night",))
            assert read_home(tmp_path / KEPT) == LAMP

            await server.rename_state("light.lamp", "Lantern")
            assert (await anext(changes)).entities == (Entity("Lantern", "light"),)


async def test_a_home_that_cannot_be_kept_is_known_nevertheless(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    async with home_assistant() as server:
        server.home.add_entity("light.lamp", "Lamp")
        access = Access(websocket_url(server.url), TOKEN)
        async with started(None, access, tmp_path / "file" / KEPT) as source:
            await until(lambda: "cannot be kept" in caplog.text)
            assert source.current() == LAMP
    lines = [one for one in caplog.records if one.levelno >= logging.WARNING]
    assert len(lines) == 1


async def test_closing_ends_at_once_also_while_home_assistant_stalls(tmp_path: Path) -> None:
    async with home_assistant() as server:
        server.stalls.add("get_config")
        access = Access(websocket_url(server.url), TOKEN)
        async with asyncio.timeout(10), started(None, access, tmp_path / KEPT):
            await until(lambda: "get_config" in server.commands)


def test_the_source_that_the_settings_name(
    monkeypatch: pytest.MonkeyPatch, make_settings: SettingsMaker
) -> None:
    monkeypatch.delenv("SUPERVISOR_TOKEN", raising=False)
    assert home_source(make_settings()) is None
    assert home_source(make_settings("--home", "home.yaml")) is not None
    monkeypatch.setenv("SUPERVISOR_TOKEN", "given")
    assert home_source(make_settings()) is not None
