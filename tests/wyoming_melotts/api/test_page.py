"""The page of the text-to-speech service, used in a browser by somebody who listens."""

from argparse import ArgumentParser
from collections.abc import Iterator

import pytest
from huggingface_hub import constants as hf_constants

from tests.support.browser import Browser
from tests.support.http import free_port
from tests.support.model_hub import ModelHub, model_hub
from tests.support.page import (
    NAMELESS_CONTROLS,
    SCROLLED_SIDEWAYS,
    Pages,
    access_words,
    served,
    untranslated,
    window_for,
)
from tests.wyoming_melotts.tiny_voice import make_voice
from wyoming_melotts.service import MelottsService
from wyoming_melotts.settings import MelottsSettings

TEXT = "The kitchen has 21 °C. <b>Enjoy</b> your meal."


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelHub]:
    """A hub with one voice; Hugging Face, since modelscope keeps the address that it read first."""
    voice = make_voice(tmp_path_factory.mktemp("published") / "ZH", {"ZH": 0})
    with model_hub() as found, pytest.MonkeyPatch.context() as patch:
        found.models["myshell-ai/MeloTTS-Chinese"] = {
            file.name: file.read_bytes() for file in voice.iterdir()
        }
        for variable in ("MODELSCOPE_ENDPOINT", "HF_ENDPOINT"):
            patch.setenv(variable, found.url)
        template = hf_constants.HUGGINGFACE_CO_URL_TEMPLATE.removeprefix(hf_constants.ENDPOINT)
        patch.setattr(hf_constants, "HUGGINGFACE_CO_URL_TEMPLATE", found.url + template)
        patch.setattr(hf_constants, "ENDPOINT", found.url)
        yield found


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory, hub: ModelHub) -> Iterator[Pages]:
    folder = tmp_path_factory.mktemp("page")
    words = [
        "--uri", "tcp://127.0.0.1:0", "--no-zeroconf", "--device", "cpu", "--voice", "demo",
        "--cache-dir", str(folder / "cache"),
        *access_words(folder, free_port()),
    ]  # fmt: skip
    parser = ArgumentParser()
    MelottsSettings.add_arguments(parser)
    with served(MelottsService(MelottsSettings.load(parser.parse_args(words)))) as found:
        yield found


@pytest.fixture(scope="module")
def window(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Browser]:
    with window_for(request, tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


@pytest.fixture
def browser(window: Browser, pages: Pages) -> Iterator[Browser]:
    """The page as it is in Home Assistant; in the end it must have complained of nothing."""
    window.open(pages.ingress_url)
    window.wait_for_text("#engine", "demo")
    yield window
    assert window.console() == []


LOUDEST = """
    window.loudest = 0;
    const meter = document.querySelector("#loudness");
    const look = () => {
        window.loudest = Math.max(window.loudest, meter.value);
        requestAnimationFrame(look);
    };
    look();
"""


def test_a_text_is_heard_with_its_words_and_phones(browser: Browser) -> None:
    browser.driver.execute_script(LOUDEST)
    browser.type("#text", TEXT)
    browser.click("#say")
    browser.wait_for_text("#speak-note", "real-time factor")
    browser.wait(lambda: browser.driver.execute_script("return window.loudest") > 0.02, "a sound")
    browser.wait(lambda: browser.find("#say").is_enabled(), "the end")
    words = browser.text("#sentences .words")
    assert "twenty" in words and "one" in words
    assert "t w eh" in browser.text("#sentences rt")
    assert "<b>Enjoy</b>" in browser.text("#sentences")
    assert browser.find_all("#sentences b") == []
    browser.wait_for_text("#requests", "The kitchen has 21")
    browser.wait_for_text("#histogram", "Median")


def test_what_is_written_is_read_without_being_spoken(browser: Browser) -> None:
    before = browser.text("#requests")
    browser.type("#text", "It has 21 °C.")
    browser.wait_for_text("#sentences .words", "twenty")
    assert "t w eh" in browser.text("#sentences rt")
    browser.type("#text", "Now <b>35</b>.")
    browser.wait_for_text("#sentences .words", "thirty")
    assert "twenty" not in browser.text("#sentences")
    assert browser.find_all("#sentences b") == []
    browser.type("#text", "word " * 201)
    browser.wait_for_text("#reading-note", "The first 1,000 characters are shown.")
    browser.type("#text", "x")
    browser.wait(lambda: browser.text("#reading-note") == "", "no note")
    assert browser.text("#requests") == before, "nothing was spoken"


def test_the_reading_is_reached_by_keyboard_and_has_a_name(browser: Browser) -> None:
    browser.type("#text", "One, two, three.")
    browser.wait_for_text("#sentences .words", "three")
    browser.find("#text").send_keys("\t" * 4)  # past voice, speed and "Speak"
    focused = """
        const region = document.querySelector("#sentences").parentElement;
        const title = document.getElementById(region.getAttribute("aria-labelledby"));
        return document.activeElement === region && title.textContent;
    """
    assert browser.driver.execute_script(focused) == "How it is read"


def test_speaking_shows_what_is_spoken_not_an_earlier_reading(browser: Browser) -> None:
    browser.type("#text", "It has 21 °C.")
    browser.click("#say")  # before the reading is asked for
    browser.wait_for_text("#speak-note", "real-time factor")
    browser.wait(lambda: browser.find("#say").is_enabled(), "the end")
    assert len(browser.find_all("#sentences li")) == 1
    browser.choose("#voice", "demo")
    browser.wait_for_text("#sentences small", "demo")


def test_speaking_can_be_stopped(browser: Browser) -> None:
    browser.type("#text", "This is a sentence of many words that goes on and on. " * 12)
    browser.click("#say")
    browser.wait_for_text("#speak-note", "real-time factor")
    browser.click("#stop")
    browser.wait(lambda: browser.find("#say").is_enabled(), "the end")
    assert browser.find("#loudness").get_attribute("value") == "0"


def test_a_voice_and_a_speed_may_be_chosen(browser: Browser) -> None:
    browser.wait_for_text("#voice", "demo")
    browser.choose("#voice", "demo")
    browser.type("#speed", "2")
    browser.type("#text", "Hello.")
    browser.click("#say")
    browser.wait_for_text("#speak-note", "real-time factor")
    browser.wait_for_text("#sentences small", "demo")


def test_it_is_shown_in_light_and_dark(browser: Browser) -> None:
    browser.type("#text", "The living room has 21.5 °C, and 3 lights are on.")
    browser.click("#say")
    browser.wait_for_text("#speak-note", "real-time factor")
    grounds = []
    for scheme in ("light", "dark"):
        browser.prefer(scheme)
        browser.picture(f"page-speak-{scheme}")
        grounds.append(browser.find("body").value_of_css_property("background-color"))
    browser.prefer("light")
    assert grounds[0] != grounds[1]


def test_a_voice_is_downloaded_and_deleted(browser: Browser, hub: ModelHub) -> None:
    hub.silent.set()
    browser.click("#download-ZH")
    browser.wait_for_text("#voices", "downloading")
    assert not browser.find("#download-ZH").is_enabled()
    hub.mend()
    browser.find("#delete-ZH")
    browser.click("#delete-ZH")
    browser.click("#delete button[value=cancel]")
    browser.click("#delete-ZH")
    browser.wait_for_text("#delete-name", "ZH")
    browser.click("#delete button[value=delete]")
    browser.find("#download-ZH")


def test_a_download_that_fails_says_why(browser: Browser) -> None:
    browser.click("#download-KR")
    browser.wait_for_text("#voices", "could not be downloaded")
    assert browser.find("#download-KR").is_enabled()


def test_it_speaks_chinese(browser: Browser) -> None:
    browser.choose("#language", "zh")
    browser.wait_for_text("h1", "语音合成")
    browser.type("#text", "厨房现在21度。")
    browser.click("#say")
    browser.wait_for_text("#speak-note", "实时率")
    browser.phone()
    browser.picture("page-speak-phone-zh")
    width = browser.content_width
    browser.desk()
    assert width <= 390, "a phone would have to scroll sideways"


def test_a_phone_shows_all_without_scrolling_sideways(browser: Browser) -> None:
    browser.phone()
    browser.wait_for_text("#settings", "max_queue")
    browser.type("#text", "It has 21 °C, and the light in the kitchen is on.")
    browser.wait_for_text("#sentences .words", "kitchen")
    found = browser.driver.execute_script(SCROLLED_SIDEWAYS)
    browser.desk()
    assert found == []


def test_all_of_it_is_translated() -> None:
    assert untranslated(MelottsService.page_shelf) == set()


def test_every_control_has_a_name(browser: Browser) -> None:
    browser.wait_for_text("#settings", "max_queue")
    assert browser.driver.execute_script(NAMELESS_CONTROLS) == []
