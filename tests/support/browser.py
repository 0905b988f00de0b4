"""Chromium without a window, driven as a person would use it."""

import io
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

WAIT_SECONDS = 60.0
PICTURES = Path(__file__).parents[2] / "docs" / "images"
_COLORS = 96
"""Of a picture in the docs, which keeps it small."""


class Browser:
    """One window; waits for what it is asked for."""

    def __init__(self, driver: Any, *, writes_pictures: bool) -> None:
        self.driver = driver
        self._writes_pictures = writes_pictures

    def open(self, url: str) -> None:
        """Load a page anew, as if nobody had been there before."""
        self.driver.get(url)
        self.driver.execute_script("sessionStorage.clear(); localStorage.clear()")
        self.driver.get_log("browser")
        self.driver.get(url)

    def find(self, selector: str) -> Any:
        """The first element that matches, once there is one."""
        return self.wait(lambda: next(iter(self.find_all(selector)), None), selector)

    def find_all(self, selector: str) -> list[Any]:
        """The elements that match now."""
        found: list[Any] = self.driver.find_elements("css selector", selector)
        return found

    def text(self, selector: str) -> str:
        """The text of all elements that match, shown or not."""
        script = "return [...document.querySelectorAll(arguments[0])].map(e => e.textContent)"
        return " ".join(self.driver.execute_script(script, selector))

    def click(self, selector: str) -> None:
        """Press it, wherever on the page it is."""
        element = self.find(selector)
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()

    def type(self, selector: str, text: str) -> None:
        """Replace the text of a field."""
        field = self.find(selector)
        field.clear()
        field.send_keys(text)

    def choose(self, selector: str, value: str) -> None:
        """Choose an option by its value."""
        self.click(f"{selector} option[value='{value}']")

    def wait(self, condition: Callable[[], Any], what: str = "") -> Any:
        """Wait until something is so; fails with what the page says."""
        from selenium.common.exceptions import StaleElementReferenceException, TimeoutException
        from selenium.webdriver.support.wait import WebDriverWait

        waiting = WebDriverWait(
            self.driver, WAIT_SECONDS, 0.1, ignored_exceptions=[StaleElementReferenceException]
        )
        try:
            return waiting.until(lambda _: condition())
        except TimeoutException:
            said = self.text("body")[:2000]
            pytest.fail(f"waited for {what or 'it'}; the page says: {said}; {self.console()}")

    def wait_for_text(self, selector: str, text: str) -> None:
        """Wait until a text is there."""
        self.wait(lambda: text in self.text(selector), f"{text!r} in {selector}")

    def console(self) -> list[str]:
        """What the page complained of since the last time."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def phone(self) -> None:
        """Show the page as on a phone."""
        self._resize(390, 844)

    def desk(self) -> None:
        """Show the page as on a desk."""
        self._resize(1100, 900)

    @property
    def content_width(self) -> int:
        """Pixels of the page; more than the window has must be scrolled to."""
        width: int = self.driver.execute_script("return document.documentElement.scrollWidth")
        return width

    def _resize(self, width: int, height: int) -> None:
        self._devtools(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=False,
        )  # fmt: skip

    def prefer(self, scheme: str) -> None:
        """`light` or `dark`."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self._devtools("Emulation.setEmulatedMedia", features=features)

    def picture(self, name: str) -> None:
        """Write the top of the page to the docs, where that is asked for."""
        if not self._writes_pictures:
            return
        self.driver.execute_script("document.activeElement.blur(); scrollTo(0, 0)")
        from PIL import Image

        shown = Image.open(io.BytesIO(self.driver.get_screenshot_as_png())).convert("RGB")
        small = shown.quantize(_COLORS, dither=Image.Dither.NONE)
        small.save(PICTURES / f"{name}.png", optimize=True)

    def _devtools(self, command: str, **parameters: object) -> None:
        self.driver.execute_cdp_cmd(command, parameters)


@contextmanager
def chromium(
    folder: Path, *, microphone: Path | None = None, writes_pictures: bool = False
) -> Iterator[Browser]:
    """A browser that keeps its files in a folder and whose microphone plays a recording, again and
    again; it reaches this machine alone."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    driver_program = shutil.which("chromedriver")
    if program is None or driver_program is None:
        pytest.skip("no chromium and chromedriver (Debian: chromium-driver)")
    webdriver = pytest.importorskip("selenium.webdriver", reason="no selenium")
    options = webdriver.ChromeOptions()
    options.binary_location = program
    arguments = [
        "headless=new", "no-sandbox", "disable-dev-shm-usage", "disable-gpu", "lang=en-US",
        "disable-background-networking", "disable-component-update", "no-first-run",
        "host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "no-proxy-server",
        "autoplay-policy=no-user-gesture-required", "use-fake-ui-for-media-stream",
        "use-fake-device-for-media-stream", f"user-data-dir={folder}", "window-size=1100,900",
    ]  # fmt: skip
    if microphone is not None:
        arguments.append(f"use-file-for-fake-audio-capture={microphone}")
    for argument in arguments:
        options.add_argument(f"--{argument}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(driver_program)
    driver = webdriver.Chrome(options=options, service=service)
    driver.set_script_timeout(WAIT_SECONDS)
    try:
        yield Browser(driver, writes_pictures=writes_pictures)
    finally:
        driver.quit()
