"""Models from both hubs, with the hubs' own libraries, over HTTP, from a stand-in."""

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import modelscope_hub  # noqa: F401  slow, and not part of any one test
import pytest
from huggingface_hub import constants as hf_constants

from tests.support.model_hub import ModelHub, model_hub
from wyoming_serving.errors import ModelMissing
from wyoming_serving.models import download_watch
from wyoming_serving.models.download_watch import watched_download
from wyoming_serving.models.hub import Hub, HubName, ModelSource, missing_files

WEIGHTS = bytes(range(256)) * 400
FILES = {"config.yaml": b"model: SenseVoiceSmall\n", "model.pt": WEIGHTS, "sub/notes.txt": b"hi"}
SOURCE = ModelSource("iic/tiny", "someone/tiny", ("config.yaml", "model.pt"))
COMMAND = "wyoming-funasr download tiny"


@pytest.fixture(scope="module")
def one_server() -> Iterator[ModelHub]:
    with model_hub() as hub:
        yield hub


@pytest.fixture(autouse=True)
def server(one_server: ModelHub, monkeypatch: pytest.MonkeyPatch) -> ModelHub:
    """A hub with one model, to which both libraries go, without pauses between their attempts.

    It is one for all tests since modelscope keeps the address that it read first.
    """
    one_server.models = {"iic/tiny": dict(FILES), "someone/tiny": dict(FILES)}
    one_server.mend()
    one_server.requests.clear()
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", one_server.url)
    template = hf_constants.HUGGINGFACE_CO_URL_TEMPLATE.removeprefix(hf_constants.ENDPOINT)
    monkeypatch.setattr(hf_constants, "HUGGINGFACE_CO_URL_TEMPLATE", one_server.url + template)
    monkeypatch.setattr(hf_constants, "ENDPOINT", one_server.url)
    monkeypatch.setattr("modelscope_hub._download.DOWNLOAD_RETRY_TIMES", 0)
    monkeypatch.setattr("modelscope_hub._legacy_api.REPO_TREE_PAGE_MAX_ATTEMPTS", 1)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    return one_server


@pytest.fixture(params=["modelscope", "hf"])
def hub_name(request: pytest.FixtureRequest) -> HubName:
    name: HubName = request.param
    return name


def files_below(folder: Path) -> dict[str, bytes]:
    """A model folder's files, without the libraries' own hidden notes."""
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file() and not any(p.startswith(".") for p in file.relative_to(folder).parts)
    }


def test_a_model_is_downloaded_whole(hub_name: HubName, tmp_path: Path) -> None:
    hub = Hub(hub_name, tmp_path / "cache", offline=False, stall_seconds=60)
    assert hub.cached(SOURCE) is None
    folder = hub.find(SOURCE, COMMAND)
    assert files_below(folder) == FILES
    assert hub.cached(SOURCE) == folder
    assert [entry.name for entry in (tmp_path / "cache").iterdir()] == [folder.name]


def test_what_is_in_the_cache_needs_no_network(
    hub_name: HubName, tmp_path: Path, server: ModelHub
) -> None:
    folder = Hub(hub_name, tmp_path, offline=False, stall_seconds=60).find(SOURCE, COMMAND)
    server.requests.clear()
    assert Hub(hub_name, tmp_path, offline=False, stall_seconds=60).find(SOURCE, COMMAND) == folder
    assert Hub(hub_name, tmp_path, offline=True, stall_seconds=60).find(SOURCE, COMMAND) == folder
    assert server.requests == []


def test_a_model_from_the_other_hub_counts_too(tmp_path: Path) -> None:
    folder = Hub("hf", tmp_path, offline=False, stall_seconds=60).find(SOURCE, COMMAND)
    assert (
        Hub("modelscope", tmp_path, offline=True, stall_seconds=60).find(SOURCE, COMMAND) == folder
    )


def test_only_wanted_files_are_fetched(hub_name: HubName, tmp_path: Path) -> None:
    source = ModelSource(SOURCE.modelscope, SOURCE.hf, ("config.yaml",), ("*.yaml", "sub/*"))
    folder = Hub(hub_name, tmp_path, offline=False, stall_seconds=60).find(source, COMMAND)
    assert set(files_below(folder)) == {"config.yaml", "sub/notes.txt"}


def test_offline_asks_nobody_and_names_the_command(
    hub_name: HubName, tmp_path: Path, server: ModelHub
) -> None:
    with pytest.raises(ModelMissing, match=f"offline; run `{COMMAND}`"):
        Hub(hub_name, tmp_path, offline=True, stall_seconds=60).find(SOURCE, COMMAND)
    assert server.requests == []


def test_a_model_that_the_hub_does_not_have(hub_name: HubName, tmp_path: Path) -> None:
    unknown = ModelSource("iic/unknown", "someone/unknown")
    hub = Hub(hub_name, tmp_path, offline=False, stall_seconds=60)
    with pytest.raises(ModelMissing, match=r"unknown could not be downloaded.*404") as caught:
        hub.find(unknown, COMMAND)
    assert f"`{COMMAND}`" in caught.value.text
    assert hub.cached(unknown) is None


def test_a_model_without_a_name_on_this_hub(tmp_path: Path, server: ModelHub) -> None:
    with pytest.raises(ModelMissing, match="someone/tiny is not on modelscope"):
        Hub("modelscope", tmp_path, offline=False, stall_seconds=60).find(
            ModelSource(None, SOURCE.hf), COMMAND
        )
    assert server.requests == []


def test_a_broken_hub_then_a_mended_one(
    hub_name: HubName, tmp_path: Path, server: ModelHub
) -> None:
    hub = Hub(hub_name, tmp_path, offline=False, stall_seconds=60)
    server.broken = True
    with pytest.raises(ModelMissing, match=f"run `{COMMAND}` to try again"):
        hub.find(SOURCE, COMMAND)
    assert hub.cached(SOURCE) is None
    server.mend()
    assert files_below(hub.find(SOURCE, COMMAND)) == FILES


def test_an_interrupted_transfer_leaves_no_model_and_keeps_whole_files(
    hub_name: HubName, tmp_path: Path, server: ModelHub
) -> None:
    hub = Hub(hub_name, tmp_path, offline=False, stall_seconds=60)
    server.cut_after_bytes = 1000
    with pytest.raises(ModelMissing, match=f"run `{COMMAND}` to try again"):
        hub.find(SOURCE, COMMAND)
    assert hub.cached(SOURCE) is None
    server.mend()
    server.requests.clear()
    assert files_below(hub.find(SOURCE, COMMAND)) == FILES
    fetched = [line for line in server.requests if line.startswith("GET")]
    assert any("model.pt" in line for line in fetched)
    assert not any("config.yaml" in line for line in fetched)


def test_a_download_without_the_needed_files_is_refused(
    hub_name: HubName, tmp_path: Path, server: ModelHub
) -> None:
    for files in server.models.values():
        del files["model.pt"]
    hub = Hub(hub_name, tmp_path, offline=False, stall_seconds=60)
    with pytest.raises(ModelMissing, match=r"tiny on \w+ lacks model.pt"):
        hub.find(SOURCE, COMMAND)
    assert hub.cached(SOURCE) is None


def test_a_cache_that_cannot_be_written_is_named(hub_name: HubName, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    hub = Hub(hub_name, tmp_path / "file" / "cache", offline=False, stall_seconds=60)
    with pytest.raises(ModelMissing, match=r"file/cache cannot be written \(.*--cache-dir"):
        hub.find(SOURCE, COMMAND)


def test_a_file_that_is_not_what_was_published_is_refused_and_fetched_again(
    hub_name: HubName, tmp_path: Path, server: ModelHub
) -> None:
    sums = {"model.pt": hashlib.sha256(WEIGHTS).hexdigest()}
    source = replace(SOURCE, sums=sums)
    hub = Hub(hub_name, tmp_path, offline=False, stall_seconds=60)
    for files in server.models.values():
        files["model.pt"] = WEIGHTS[::-1]
    with pytest.raises(
        ModelMissing, match=rf"model\.pt of .* is not what was published.*{COMMAND}"
    ):
        hub.find(source, COMMAND)
    assert hub.cached(source) is None
    for files in server.models.values():
        files["model.pt"] = WEIGHTS
    assert files_below(hub.find(source, COMMAND)) == FILES


def test_one_of_two_files_is_enough(tmp_path: Path) -> None:
    (tmp_path / "b").touch()
    assert missing_files(tmp_path, ("a|b", "b")) == []
    assert missing_files(tmp_path, ("a|c", "b")) == ["a or c"]


def test_a_hub_that_never_answers_is_given_up(
    server: ModelHub, hub_name: HubName, tmp_path: Path
) -> None:
    server.silent.set()
    hub = Hub(hub_name, tmp_path, offline=False, stall_seconds=0.5)
    with pytest.raises(ModelMissing, match=r"nothing has arrived for 0\.5 s"):
        hub.find(SOURCE, COMMAND)
    server.mend()
    assert hub.cached(SOURCE) is None


def test_a_slow_download_is_not_given_up_and_its_progress_is_logged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    monkeypatch.setattr(download_watch, "_LOG_SECONDS", 0.3)

    def fetch() -> None:
        with (tmp_path / "model.pt").open("wb", buffering=0) as file:
            for _ in range(10):
                file.write(bytes(1_000_000))
                threading.Event().wait(0.1)

    watched_download(fetch, tmp_path, stall_seconds=0.8)
    assert "downloading: model.pt, " in caplog.text


def test_a_model_is_measured_and_deleted(tmp_path: Path, hub_name: HubName) -> None:
    hub = Hub(hub_name, tmp_path, offline=False, stall_seconds=60)
    assert hub.held_bytes(SOURCE) == 0
    hub.remove(SOURCE)  # there is none: nothing to do
    folder = hub.find(SOURCE, COMMAND)
    assert hub.held_bytes(SOURCE) >= len(WEIGHTS)
    begun = tmp_path / f"{folder.name}.partial"
    begun.mkdir()
    (begun / "model.pt").write_bytes(bytes(10_000_000))
    assert hub.held_bytes(SOURCE) >= 10_000_000 + len(WEIGHTS)
    hub.remove(SOURCE)
    assert hub.cached(SOURCE) is None
    assert [path.name for path in tmp_path.iterdir()] == [begun.name], "a download goes on"
