"""The page in a real browser: keyboard, filters, print, and nothing asked of the network."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from interplay.report import write_report

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage"),
)
PATIENCE = 60.0  # seconds; a browser that says nothing for so long is broken

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no chromium or google-chrome is installed")


class Browser:
    """Chromium on a pipe: JSON messages that end with a zero byte, no web socket and no further dependency."""

    def __init__(self, profile: Path) -> None:
        read_commands, self._write = os.pipe()
        self._read, write_answers = os.pipe()
        # Chromium listens on descriptor 3 and answers on 4; lift ours out of the way before they are put there.
        high = [fcntl.fcntl(end, fcntl.F_DUPFD, 20) for end in (read_commands, write_answers)]

        def wire() -> None:
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)

        command = [str(BROWSER), *FLAGS, f"--user-data-dir={profile}", "--remote-debugging-pipe", "about:blank"]
        self._process = subprocess.Popen(
            command,
            preexec_fn=wire,
            close_fds=False,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for end in (read_commands, write_answers, *high):
            os.close(end)
        self._buffer, self._last, self._session = b"", 0, ""
        self.events: list[dict[str, Any]] = []

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._last += 1
        message: dict[str, Any] = {"id": self._last, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._last:
                assert "error" not in answer, (method, answer["error"])
                return answer["result"]
            self.events.append(answer)

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._read], [], [], PATIENCE)
            chunk = os.read(self._read, 1 << 20) if ready else b""
            assert chunk, "the browser fell silent"
            self._buffer += chunk
        message, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(message)

    def open(self, url: str, *, width: int = 1366, dark: bool = False, script: bool = True) -> None:
        """A fresh tab; returns once the page is loaded."""
        self._session = ""
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.events.clear()
        for domain in ("Page", "Network", "Runtime"):
            self.send(f"{domain}.enable")
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.send("Emulation.setEmulatedMedia", features=scheme)
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        self.send("Emulation.setDeviceMetricsOverride", **size)
        self.send("Emulation.setScriptExecutionDisabled", value=not script)
        self.send("Page.navigate", url=url)
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self._receive())

    def run(self, expression: str) -> Any:
        answer = self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def press(self, key: str) -> None:
        text = {"text": key} if len(key) == 1 else {}
        codes = {"Tab": 9, "Escape": 27, "Enter": 13}
        code = {"windowsVirtualKeyCode": codes[key]} if key in codes else {}
        enter = {"text": "\r"} if key == "Enter" else {}
        self.send("Input.dispatchKeyEvent", type="keyDown", key=key, **text, **code, **enter)
        self.send("Input.dispatchKeyEvent", type="keyUp", key=key, **code)

    def wait_for(self, expression: str) -> None:
        end = time.monotonic() + PATIENCE
        while not self.run(expression):
            assert time.monotonic() < end, f"never came true: {expression}"

    def stop(self) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._write)
        os.close(self._read)


SHOWN = "[...document.querySelectorAll('.claim')].filter((claim) => claim.checkVisibility()).map((claim) => claim.id)"
STATUS = "document.getElementById('shown').textContent"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    started = Browser(tmp_path_factory.mktemp("profile"))
    yield started
    started.stop()


@pytest.fixture(scope="module")
def url(sample: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("page") / "smoke"
    shutil.copytree(sample[0], folder)
    return write_report(folder, sample[1])[0].as_uri()


def test_it_loads_alone_without_errors(browser, url):
    browser.open(url)
    asked = [e["params"]["request"]["url"] for e in browser.events if e.get("method") == "Network.requestWillBeSent"]
    assert [address for address in asked if not address.startswith("data:")] == [url]
    assert not [event for event in browser.events if event.get("method") == "Runtime.exceptionThrown"]
    assert browser.run("[...document.images].every((image) => image.complete && image.naturalWidth > 100)")
    assert browser.run("document.images.length") == 2


@pytest.mark.parametrize("width", [1366, 820, 390])
def test_it_never_scrolls_sideways(browser, url, width):
    browser.open(url, width=width)
    browser.run("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
    assert browser.run("document.documentElement.scrollWidth") <= width


def test_slash_focuses_the_search_and_words_filter(browser, url):
    browser.open(url)
    assert len(browser.run(SHOWN)) == 6
    browser.press("/")
    assert browser.run("document.activeElement.id") == "search"
    for letter in "entropy rises":
        browser.press(letter)
    assert browser.run(SHOWN) == ["claim-features_entropy_rises"]
    assert browser.run(STATUS) == "1 of 6 claims shown: text “entropy rises”."
    assert browser.run("document.querySelectorAll('#claims .document:not([hidden])').length") == 1
    browser.press("Escape")
    browser.wait_for(f"{SHOWN}.length === 6")
    assert browser.run("document.activeElement.id") == "search"


def test_a_slash_typed_into_the_search_stays_a_slash(browser, url):
    browser.open(url)
    browser.press("/")
    browser.press("/")
    assert browser.run("document.getElementById('search').value") == "/"


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("?verdict=deviates", ["claim-grokking_delay"]),
        ("?document=matrixssl23&verdict=wrong%20in%20the%20source", ["claim-theorem_4_4"]),
        ("?kind=value", ["claim-linear_evaluation"]),
        ("?document=metrics24&verdict=deviates", []),
    ],
)
def test_an_address_can_carry_a_filter(browser, url, query, shown):
    browser.open(f"{url}{query}#claims")
    assert browser.run(SHOWN) == shown
    assert browser.run(STATUS).startswith(f"{len(shown)} of 6 claims shown")


def test_numbers_in_the_summary_lead_to_their_claims(browser, url):
    browser.open(url)
    browser.run("document.querySelector('a[href*=\"document=interplay24&verdict=deviates\"]').click()")
    assert browser.run(SHOWN) == ["claim-grokking_delay"]
    assert browser.run("new URL(location).searchParams.get('verdict')") == "deviates"
    browser.run("document.querySelector('button[type=reset]').click()")
    browser.wait_for(f"{SHOWN}.length === 6")
    assert browser.run("location.search") == ""


def test_a_link_to_a_claim_opens_it_even_where_a_filter_hides_it(browser, url):
    browser.open(f"{url}?verdict=deviates#claim-theorem_4_4")
    assert "claim-theorem_4_4" in browser.run(SHOWN)
    assert browser.run("document.querySelector('#claim-theorem_4_4 details').open")


def test_a_link_to_a_run_opens_the_table_that_holds_it(browser, url):
    browser.open(url)
    browser.run("document.querySelector('#claim-grokking_delay .records a').click()")
    row = "document.getElementById('run-grokking/modular-addition/seed0')"
    browser.wait_for(f"{row}.checkVisibility()")
    assert browser.run(f"{row}.closest('details').open")


def test_the_keyboard_reaches_everything_in_reading_order(browser, url):
    browser.open(url)
    browser.press("Tab")
    assert browser.run("document.activeElement.className") == "skip"
    assert browser.run("document.activeElement.getBoundingClientRect().left") >= 0
    assert browser.run("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    browser.press("Enter")
    browser.wait_for("document.activeElement.id === 'main'")
    tops, seen = [], []
    while True:
        browser.press("Tab")
        if browser.run("document.activeElement.matches('body, .skip')"):
            break  # past the end, and round again
        # Figures stand side by side, and the filters stick to the top of the window.
        if browser.run("document.activeElement.closest('.gallery, .filters') === null"):
            tops.append(browser.run("document.activeElement.getBoundingClientRect().top + scrollY"))
        seen.append(browser.run("document.activeElement.closest('.claim')?.id ?? document.activeElement.id"))
    assert "search" in seen
    assert [name for name in dict.fromkeys(seen) if name.startswith("claim-")] == browser.run(SHOWN)
    assert [(earlier, later) for earlier, later in pairwise(tops) if later < earlier - 60] == []


def test_going_backwards_never_hides_the_focus_behind_the_filters(browser, url):
    browser.open(url)
    browser.run("document.documentElement.style.scrollBehavior = 'auto'")
    browser.run("document.querySelector('#claim-linear_evaluation summary').focus()")
    for _ in range(8):
        browser.send("Input.dispatchKeyEvent", type="keyDown", key="Tab", windowsVirtualKeyCode=9, modifiers=8)
        box = "document.activeElement.getBoundingClientRect()"
        assert browser.run("document.activeElement.closest('.claim') !== null")
        assert browser.run(f"{box}.top >= document.getElementById('filters').getBoundingClientRect().bottom")


def test_enter_opens_the_details_of_a_claim(browser, url):
    browser.open(url)
    browser.run("document.querySelector('#claim-theorem_4_4 summary').focus()")
    browser.press("Enter")
    assert browser.run("document.querySelector('#claim-theorem_4_4 .evidence').checkVisibility()")


def test_without_script_everything_is_shown(browser, url):
    browser.open(f"{url}?verdict=deviates#claims", script=False)
    assert len(browser.run(SHOWN)) == 6
    assert not browser.run("document.getElementById('filters').checkVisibility()")


@pytest.mark.parametrize("script", [True, False])
def test_print_opens_the_details_and_leaves_the_controls_out(browser, url, script, tmp_path):
    browser.open(url, script=script)
    pdf = base64.b64decode(browser.send("Page.printToPDF", printBackground=True)["data"])
    assert pdf.startswith(b"%PDF")
    assert 4 <= pdf.count(b"/Type /Page\n") <= 12
    browser.send("Emulation.setEmulatedMedia", media="print")
    visible = "[...document.querySelectorAll('{}')].map((one) => one.checkVisibility())"
    assert set(browser.run(visible.format(".claim .command, .records, .source .command, .runs tr, pre"))) == {True}
    assert set(browser.run(visible.format(".filters, .contents, .claim summary"))) == {False}


def test_printing_a_selection_says_that_it_is_one(browser, url):
    browser.open(f"{url}?verdict=deviates")
    browser.send("Emulation.setEmulatedMedia", media="print")
    assert browser.run("document.getElementById('shown').checkVisibility()")
    browser.open(url)
    browser.send("Emulation.setEmulatedMedia", media="print")
    assert not browser.run("document.getElementById('shown').checkVisibility()")


def test_the_dark_scheme_is_dark_and_prints_light(browser, url):
    ground = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)"
    browser.open(url, dark=True)
    assert max(browser.run(ground)) < 60
    browser.send(
        "Emulation.setEmulatedMedia", media="print", features=[{"name": "prefers-color-scheme", "value": "dark"}]
    )
    assert min(browser.run(ground)) == 255
