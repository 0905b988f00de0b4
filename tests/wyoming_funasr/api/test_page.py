"""The page of the speech-to-text service, used in a browser by somebody who speaks."""

import json
import re
import wave
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.browser import Browser
from tests.support.http import free_port
from tests.support.page import (
    NAMELESS_CONTROLS,
    SCROLLED_SIDEWAYS,
    TOKEN,
    Pages,
    access_words,
    served,
    untranslated,
    window_for,
)
from tests.support.speech import DATA, RATE_HZ, read_pcm
from tests.wyoming_funasr.conftest import SettingsMaker
from wyoming_funasr.service import FunasrService
from wyoming_funasr.settings import FunasrSettings
from wyoming_serving.shown_settings import settings_in_force

RECORDING = DATA / "kitchen_light_off_en.wav"
HEARD = "Turn off the kitchen light."
PAUSE_SECONDS = 1.2
MARKUP = "<img src=x onerror=alert(1)>"
"""A name that would be a script if it were taken for HTML."""

HOME = f"""
areas:
  - name: kitchen
  - name: "{MARKUP}"
entities:
  - name: kitchen light
    domain: light
    area: kitchen
"""

RECORD = """
const [heard, done] = arguments;
navigator.mediaDevices.getUserMedia({audio: true}).then((stream) => {
  const recorder = new MediaRecorder(stream, {mimeType: "audio/webm;codecs=opus"});
  const socket = new WebSocket(new URL("v1/listen", location).href.replace("http", "ws"));
  recorder.ondataavailable = ({data}) => socket.send(data);
  socket.onopen = () => socket.send(JSON.stringify(
    {type: "start", partials: false, audio: {encoding: "webm"}}
  ));
  socket.onmessage = ({data}) => {
    const message = JSON.parse(data);
    if (message.type === "ready") recorder.start(100);
    if (message.type !== "error" && message.text !== heard) return;
    recorder.ondataavailable = null;
    stream.getTracks().forEach((track) => track.stop());
    socket.close();
    done(message);
  };
});
"""
"""Records the microphone until a text or an error comes."""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    folder = tmp_path_factory.mktemp("page")
    (folder / "home.yaml").write_text(HOME, encoding="utf-8")
    words = [
        "--uri", "tcp://127.0.0.1:0", "--device", "cpu", "--offline", "--model-dir", "demo",
        "--cache-dir", str(folder / "cache"), "--home", str(folder / "home.yaml"),
        *access_words(folder, free_port()),
    ]  # fmt: skip
    parser = ArgumentParser()
    FunasrSettings.add_arguments(parser)
    with served(FunasrService(FunasrSettings.load(parser.parse_args(words)))) as found:
        yield found


@pytest.fixture(scope="module")
def window(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Browser]:
    folder = tmp_path_factory.mktemp("chromium")
    with window_for(request, folder / "profile", spoken_again_and_again(folder)) as browser:
        yield browser


def spoken_again_and_again(folder: Path) -> Path:
    """The recording with a pause, which the browser's microphone repeats."""
    file = folder / "microphone.wav"
    with wave.open(str(file), "wb") as wav:
        wav.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
        wav.writeframes(read_pcm(RECORDING) + bytes(2 * int(PAUSE_SECONDS * RATE_HZ)))
    return file


@pytest.fixture
def browser(window: Browser, pages: Pages) -> Iterator[Browser]:
    """The page as it is in Home Assistant; in the end it must have complained of nothing."""
    window.open(pages.ingress_url)
    window.wait_for_text("#engine", "demo")
    yield window
    window.driver.execute_script("document.querySelector('#listen[aria-pressed=true]')?.click()")
    assert window.console() == []


def test_the_token_is_asked_for_and_kept(window: Browser, pages: Pages) -> None:
    window.open(pages.url)
    window.find("#token[open]")
    assert window.text("#settings") == ""
    window.type("#token input", "a-wrong-token-0123456789")
    window.click("#token button[value=enter]")
    window.wait(lambda: window.find_all("#token[open]"), "the dialog once more")
    window.type("#token input", TOKEN)
    window.click("#token button[value=enter]")
    window.wait_for_text("#settings", "endpoint_silence_ms")
    window.driver.refresh()
    window.wait_for_text("#settings", "endpoint_silence_ms")
    window.click("#listen")
    window.wait_for_text("#finals", HEARD)
    window.click("#listen")
    assert not window.find_all("#token[open]")


def test_without_the_token_the_page_says_so_and_asks_again_when_told(
    window: Browser, pages: Pages
) -> None:
    window.open(pages.url)
    window.find("#token[open]")
    window.click("#token button[value=cancel]")
    window.wait_for_text("#trouble", "A token is needed.")
    window.click("#token-button")
    window.find("#token[open]")
    window.type("#token input", TOKEN)
    window.click("#token button[value=enter]")
    window.wait_for_text("#settings", "endpoint_silence_ms")


def test_what_is_said_appears_with_its_timeline(browser: Browser) -> None:
    browser.wait_for_text("#home", "zh, en")
    browser.click("#listen")
    browser.wait_for_text("#finals", HEARD)
    assert browser.find("#listen").get_attribute("aria-pressed") == "true"
    browser.wait(lambda: browser.find("#loudness").get_attribute("value") != "0", "a sound")
    browser.wait_for_text("#timeline", "The text was there")
    said = browser.text("#timeline")
    assert "Speech began" in said and "The end was judged" in said
    browser.wait_for_text("#requests", HEARD)
    browser.picture("page-listen-light")
    browser.prefer("dark")
    browser.picture("page-listen-dark")
    browser.prefer("light")
    before = browser.text("#histogram")
    assert "Median" in before
    browser.choose("#stage", "queue")
    browser.wait(lambda: browser.text("#histogram") != before, "another histogram")
    browser.wait_for_text("#home", "kitchen ×")
    browser.click("#listen")
    browser.wait(lambda: browser.find("#listen").get_attribute("aria-pressed") == "false")


def test_a_partial_text_has_a_stable_part(browser: Browser) -> None:
    seen = """
        window.partials = [];
        new MutationObserver(() => window.partials.push(
            document.querySelector("#partial").textContent
        )).observe(document.querySelector("#partial"), {subtree: true, childList: true});
    """
    browser.driver.execute_script(seen)
    browser.find("#listen").send_keys("\n")
    browser.wait_for_text("#finals", HEARD)
    partials = browser.driver.execute_script("return window.partials")
    assert any(text and HEARD.startswith(text.rstrip(".")) for text in partials), partials


def test_what_a_browser_records_is_heard_as_it_comes(browser: Browser) -> None:
    """As any page may send it: in WebM, which Chromium's recorder writes."""
    said = browser.driver.execute_async_script(RECORD, HEARD)
    assert said["text"] == HEARD, said


def test_a_recording_is_written_down(browser: Browser) -> None:
    browser.find("#file").send_keys(str(DATA / "bedroom_light_off_zh.wav"))
    browser.wait_for_text("#file-name", "bedroom_light_off_zh.wav")
    browser.click("#upload-begin")
    browser.wait_for_text("#upload-note", "Done")
    assert re.search("[\u4e00-\u9fff]{3}", browser.text("#upload-text"))


def test_an_upload_can_be_cancelled(browser: Browser) -> None:
    browser.find("#file").send_keys(str(RECORDING))
    browser.driver.execute_script(
        "for (const id of ['upload-begin', 'upload-cancel']) document.getElementById(id).click()"
    )
    browser.wait_for_text("#upload-note", "Cancelled.")
    assert not browser.find("#upload-cancel").is_enabled()


def test_a_file_that_is_no_recording_is_refused_in_words(browser: Browser) -> None:
    browser.find("#file").send_keys(str(Path(__file__)))
    browser.click("#upload-begin")
    browser.wait(lambda: "Done" not in browser.text("#upload-note") != "One moment.")
    assert browser.find("#upload-begin").is_enabled()
    assert any("400" in line for line in browser.console())  # the browser's own complaint


def test_names_are_text_whatever_they_hold(browser: Browser) -> None:
    browser.wait_for_text("#home", MARKUP)
    assert browser.find_all("#home img") == []


def test_settings_are_searched_and_shown_where_they_help(browser: Browser) -> None:
    browser.wait_for_text("#settings", "max_queue")
    browser.type("#settings-search", "silence")
    assert "endpoint_silence_ms" in browser.text("#settings")
    assert "max_queue" not in browser.text("#settings")
    browser.find("#settings-search").clear()
    browser.find("#settings-search").send_keys(" \b")
    browser.click("#settings-changed")
    browser.wait(lambda: "max_queue" not in browser.text("#settings"), "fewer settings")
    assert "http_token_file" in browser.text("#settings")
    assert "endpoint_silence_ms = 500" in browser.text("[data-setting=endpoint_silence_ms]")


def test_it_speaks_chinese(browser: Browser) -> None:
    browser.choose("#language", "zh")
    browser.wait_for_text("h1", "语音识别")
    assert browser.driver.execute_script("return document.documentElement.lang") == "zh"
    browser.click("#listen")
    browser.wait_for_text("#finals", HEARD)
    browser.phone()
    browser.picture("page-listen-phone-zh")
    width = browser.content_width
    browser.desk()
    assert width <= 390, "a phone would have to scroll sideways"


def test_no_secret_is_among_the_settings_in_force(make_settings: SettingsMaker) -> None:
    words = ("--home-assistant-url", "http://ha:8123", "--home-assistant-token", "long-lived-token")
    shown = settings_in_force(make_settings(*words))
    assert "long-lived-token" not in json.dumps(shown)
    assert {one["name"]: one["value"] for one in shown}["home_assistant_token"] == "***"
    unset = {one["name"]: one["value"] for one in settings_in_force(make_settings())}
    assert unset["home_assistant_token"] is None


def test_a_phone_shows_all_without_scrolling_sideways(browser: Browser) -> None:
    browser.phone()
    browser.wait_for_text("#settings", "max_queue")
    found = browser.driver.execute_script(SCROLLED_SIDEWAYS)
    browser.desk()
    assert found == []


def test_all_of_it_is_translated() -> None:
    assert untranslated(FunasrService.page_shelf) == set()


def test_every_control_has_a_name(browser: Browser) -> None:
    browser.wait_for_text("#settings", "max_queue")
    assert browser.driver.execute_script(NAMELESS_CONTROLS) == []
