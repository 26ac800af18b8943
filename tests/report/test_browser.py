"""The page in a real browser: keyboard, filters, accessibility, print, and nothing asked of the network."""

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
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from interplay.evidence.verdicts import read_verdicts, write_verdicts
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

    def press(self, key: str, modifiers: int = 0) -> None:
        text = {"text": key} if len(key) == 1 and not modifiers else {}
        codes = {"Tab": 9, "Escape": 27, "Enter": 13, "ArrowUp": 38, "ArrowDown": 40}
        code = {"windowsVirtualKeyCode": codes[key]} if key in codes else {}
        enter = {"text": "\r"} if key == "Enter" else {}
        self.send("Input.dispatchKeyEvent", type="keyDown", key=key, modifiers=modifiers, **text, **code, **enter)
        self.send("Input.dispatchKeyEvent", type="keyUp", key=key, modifiers=modifiers, **code)

    def wait_for(self, expression: str) -> None:
        end = time.monotonic() + PATIENCE
        while not self.run(expression):
            assert time.monotonic() < end, f"never came true: {expression}"

    def stop(self) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._write)
        os.close(self._read)


CONTROL = 2
SHIFT = 8
CLAIMS = 8
# Those that no filter hides; whether their group is open is another matter.
SHOWN = "[...document.querySelectorAll('.claim')].filter((one) => !one.closest('[hidden]')).map((one) => one.id)"
STATUS = "document.getElementById('shown').textContent"
OPEN_ALL = "document.querySelectorAll('details').forEach((details) => { details.open = true; })"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    started = Browser(tmp_path_factory.mktemp("profile"))
    yield started
    started.stop()


@pytest.fixture(scope="module")
def folder(sample: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report alone, as it comes out of a zip."""
    root = tmp_path_factory.mktemp("page")
    shutil.copytree(sample[0].parent, root / "results")
    page, _ = write_report(root / "results/smoke", sample[1])
    archive = shutil.make_archive(str(root / "report"), "zip", page.parent)
    shutil.unpack_archive(archive, root / "unpacked")
    return root / "unpacked"


@pytest.fixture(scope="module")
def url(folder: Path) -> str:
    return (folder / "index.html").as_uri()


def requested(browser: Browser) -> list[str]:
    """Addresses asked for, but not those that carry their content."""
    asked = [e["params"]["request"]["url"] for e in browser.events if e.get("method") == "Network.requestWillBeSent"]
    return [address for address in asked if not address.startswith("data:")]


def test_it_asks_for_nothing_but_files_of_its_folder_and_for_figures_when_they_are_seen(browser, url, folder):
    browser.open(url)
    assert all(address.startswith(folder.as_uri()) for address in requested(browser))
    assert not [address for address in requested(browser) if address.endswith(".svg")]
    assert not [event for event in browser.events if event.get("method") == "Runtime.exceptionThrown"]
    browser.run("document.getElementById('section-metrics24-v-a').open = true")
    figure = "document.querySelector('#exhibit-metrics24\\\\/fig2 img')"
    browser.run(f"{figure}.scrollIntoView()")
    browser.wait_for(f"{figure}.complete && {figure}.naturalWidth > 100")
    browser.run("document.querySelectorAll('img').forEach((one) => { one.loading = 'eager'; })")
    browser.run(OPEN_ALL)
    browser.wait_for("[...document.images].every((one) => one.complete && one.naturalWidth > 100)")
    assert all(address.startswith(folder.as_uri()) for address in requested(browser))


@pytest.mark.parametrize("width", [1600, 900, 360])
@pytest.mark.parametrize("opened", [False, True])
def test_it_never_scrolls_sideways(browser, url, width, opened):
    browser.open(url, width=width)
    if opened:
        browser.run(OPEN_ALL)
    assert browser.run("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize(("width", "opened"), [(1600, True), (900, False), (360, True)])
def test_axe_finds_nothing(browser, url, dark, width, opened):
    """Every rule of WCAG 2.2 A and AA that axe knows, and its best practices."""
    browser.open(url, width=width, dark=dark)
    if opened:
        browser.run(OPEN_ALL)
    browser.run((files("axe_core_python") / "axe.min.js").read_text(encoding="utf-8"))
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found = browser.run(f"axe.run(document, {{runOnly: {json.dumps(tags)}}})")
    assert len(found["passes"]) > 20  # it did look
    assert [(one["id"], [node["html"] for node in one["nodes"]][:3]) for one in found["violations"]] == []


def test_the_first_screen_holds_the_counts_and_the_first_main_claims(browser, url):
    browser.open(url, width=1600)
    bottom = "document.querySelector('{}').getBoundingClientRect().bottom"
    assert browser.run(bottom.format(".tally")) < 500
    assert browser.run(bottom.format(".headlines tbody tr")) < 900


def test_control_k_focuses_the_search_and_words_filter(browser, url):
    browser.open(url)
    assert len(browser.run(SHOWN)) == CLAIMS
    browser.press("k", CONTROL)
    assert browser.run("document.activeElement.id") == "search"
    for letter in "entropy rises":
        browser.press(letter)
    assert browser.run(SHOWN) == ["claim-features_entropy_rises"]
    assert browser.run("document.getElementById('claim-features_entropy_rises').checkVisibility()")
    assert browser.run(STATUS) == f"1 of {CLAIMS} claims shown: text “entropy rises”."
    assert browser.run("document.querySelectorAll('#claims .document:not([hidden])').length") == 1
    browser.press("Escape")
    browser.wait_for(f"{SHOWN}.length === {CLAIMS}")
    assert browser.run("document.activeElement.id") == "search"
    assert browser.run("document.querySelectorAll('.part[open]').length") == 0


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("?verdict=false", ["theorem_4_4"]),
        ("?verdict=any%20undecided", ["max_mi_wins", "note_q1_sample"]),
        ("?basis=printed%20table", ["printed_ordering"]),
        ("?basis=questions", ["note_q1_sample"]),
        ("?read=Fashion-MNIST&document=metrics24", ["features_entropy_rises", "max_mi_wins"]),
        ("?read=mathematics", ["theorem_4_4"]),
        ("?weight=supporting", ["max_mi_wins"]),
        ("?document=interplay24&verdict=any%20holds", []),
    ],
)
def test_an_address_can_carry_a_filter(browser, url, query, shown):
    browser.open(f"{url}{query}#claims")
    assert browser.run(SHOWN) == [f"claim-{name}" for name in shown]
    assert browser.run(STATUS).startswith(f"{len(shown)} of {CLAIMS} claims shown")


def test_a_claim_of_two_documents_is_found_under_both(browser, url):
    for document in ("metrics24", "interplay24"):
        browser.open(f"{url}?document={document}#claims")
        assert "claim-grokking_delay" in browser.run(SHOWN)
    link = "document.querySelector('.linked [data-claim=claim-grokking_delay] a')"
    browser.open(f"{url}?document=metrics24&verdict=does%20not%20hold%20at%20reduced%20protocol#claims")
    assert browser.run(f"{link}.checkVisibility()")
    browser.run(f"{link}.click()")
    browser.wait_for("document.querySelector('#claim-grokking_delay .body').checkVisibility()")


def test_counts_lead_to_their_claims(browser, url):
    browser.open(url)
    browser.run("document.querySelector('.tally a[href*=\"document=interplay24&basis=reduced\"]').click()")
    assert browser.run(SHOWN) == ["claim-grokking_delay"]
    assert browser.run("new URL(location).searchParams.get('basis')") == "reduced protocol"
    browser.run("document.querySelector('button[type=reset]').click()")
    browser.wait_for(f"{SHOWN}.length === {CLAIMS}")
    assert browser.run("location.search") == ""


def test_every_count_is_the_number_of_claims_that_it_leads_to(browser, url):
    browser.open(url)
    counts = browser.run(
        "[...document.querySelectorAll('.tally a.chip')].map((one) => { one.click(); "
        f"return [one.href, parseInt(one.textContent), {SHOWN}.length]; }})"
    )
    assert len(counts) == 16
    assert [(address, said, found) for address, said, found in counts if said != found] == []


def test_a_link_to_a_claim_opens_it_even_where_a_filter_hides_it(browser, url):
    browser.open(f"{url}?basis=questions#claim-theorem_4_4")
    assert "claim-theorem_4_4" in browser.run(SHOWN)
    assert browser.run("document.querySelector('#claim-theorem_4_4 .body').checkVisibility()")


@pytest.mark.parametrize("width", [1600, 900, 360])
def test_a_link_to_a_document_is_not_covered_by_the_filters(browser, url, width):
    browser.open(f"{url}#document-metrics24", width=width)
    top = browser.run("document.getElementById('title-metrics24').getBoundingClientRect().top")
    bar = "document.getElementById('filters')"
    bottom = browser.run(f"getComputedStyle({bar}).position === 'sticky' ? {bar}.getBoundingClientRect().bottom : 0")
    assert bottom <= top < 900


def test_a_main_claim_leads_to_its_claim_and_its_figure(browser, url):
    browser.open(url)
    row = "document.querySelector('.headlines tbody tr')"
    browser.run(f"{row}.querySelector('a.says').click()")
    browser.wait_for("document.querySelector('#claim-features_entropy_rises .body').checkVisibility()")
    browser.open(url)
    browser.run(f"{row}.querySelector('.shown-in a').click()")
    browser.wait_for("document.getElementById('exhibit-metrics24/fig2').checkVisibility()")


def test_a_link_to_a_run_opens_the_table_that_holds_it(browser, url):
    browser.open(url)
    browser.run("document.querySelector('#claim-features_entropy_rises .records a').click()")
    row = "document.getElementById('run-reference/supervised-review-offline/supervised/cifar10/plain/seed0')"
    browser.wait_for(f"{row}.checkVisibility()")
    assert browser.run(f"{row}.closest('details').open")


@pytest.mark.parametrize("clipboard", ["granted", "refused", "absent"])
def test_a_command_is_copied_with_or_without_a_clipboard(browser, url, clipboard):
    browser.open(f"{url}#claim-theorem_4_4")
    browser.run("window.copied = []")
    write = {
        "granted": "{writeText: async (text) => { copied.push(text); }}",
        "refused": "{writeText: async () => { throw new Error('refused'); }}",
        "absent": "undefined",
    }[clipboard]
    browser.run(f"Object.defineProperty(navigator, 'clipboard', {{value: {write}, configurable: true}})")
    browser.run("document.execCommand = () => { copied.push(String(getSelection())); return true; }")
    browser.run("document.querySelector('#claim-theorem_4_4 .copy').focus()")
    browser.press("Enter")
    browser.wait_for("copied.length === 1")
    assert browser.run("copied[0]") == "make claim ID=theorem_4_4"
    browser.wait_for("document.querySelector('#claim-theorem_4_4 .copy').textContent === 'Copied'")


def test_the_keyboard_reaches_everything_in_reading_order(browser, url):
    browser.open(url)
    browser.press("Tab")
    assert browser.run("document.activeElement.className") == "skip"
    assert browser.run("document.activeElement.getBoundingClientRect().left") >= 0
    assert browser.run("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    browser.press("Enter")
    browser.wait_for("document.activeElement.id === 'main'")
    browser.run("document.querySelectorAll('.part').forEach((one) => { one.open = true; })")
    tops, seen = [], []
    while True:
        browser.press("Tab")
        if browser.run("document.activeElement.matches('body, .skip')"):
            break  # past the end, and round again
        # Cells of a row stand side by side, and the filters stick to the top of the window.
        if browser.run("document.activeElement.closest('.headlines, .filters') === null"):
            tops.append(browser.run("document.activeElement.getBoundingClientRect().top + scrollY"))
        seen.append(browser.run("document.activeElement.closest('.claim')?.id ?? document.activeElement.id"))
    assert "search" in seen
    assert [name for name in dict.fromkeys(seen) if name.startswith("claim-")] == browser.run(SHOWN)
    assert [(earlier, later) for earlier, later in pairwise(tops) if later < earlier - 60] == []


def test_arrows_go_from_claim_to_claim(browser, url):
    browser.open(f"{url}?document=metrics24#claims")
    browser.run("document.querySelector('#section-metrics24-v-a > summary').focus()")
    seen = []
    for _ in range(3):
        browser.press("ArrowDown")
        seen.append(
            browser.run("document.activeElement.closest('.claim')?.id ?? document.activeElement.closest('.part').id")
        )
    assert seen == ["claim-features_entropy_rises", "section-metrics24-vi-b", "claim-barrier_is_high"]
    browser.press("ArrowUp")
    assert browser.run("document.activeElement.parentElement.id") == "section-metrics24-vi-b"


@pytest.mark.parametrize("width", [1366, 900])
def test_going_backwards_never_hides_the_focus_behind_the_filters(browser, url, width):
    browser.open(url, width=width)
    browser.run("document.documentElement.style.scrollBehavior = 'auto'")
    browser.run("document.querySelectorAll('.part').forEach((one) => { one.open = true; })")
    browser.run("document.querySelector('#claim-linear_evaluation summary').focus()")
    for _ in range(8):
        browser.send("Input.dispatchKeyEvent", type="keyDown", key="Tab", windowsVirtualKeyCode=9, modifiers=SHIFT)
        box = "document.activeElement.getBoundingClientRect()"
        assert browser.run("document.activeElement.closest('.part') !== null")
        assert browser.run(f"{box}.top >= document.getElementById('filters').getBoundingClientRect().bottom")


def test_enter_opens_a_group_and_a_claim(browser, url):
    browser.open(url)
    browser.run("document.querySelector('#section-matrixssl23-4 > summary').focus()")
    browser.press("Enter")
    browser.run("document.querySelector('#claim-theorem_4_4 summary').focus()")
    browser.press("Enter")
    assert browser.run("document.querySelector('#claim-theorem_4_4 .ladder').checkVisibility()")


def test_without_script_everything_is_there_and_opens(browser, url):
    browser.open(f"{url}?verdict=deviates#claims", script=False)
    assert len(browser.run(SHOWN)) == CLAIMS
    assert not browser.run("document.getElementById('filters').checkVisibility()")
    assert browser.run("document.querySelectorAll('.copy').length") == 0
    browser.run(OPEN_ALL)
    hidden = "[...document.querySelectorAll('.claim .body')].filter((one) => !one.checkVisibility()).length"
    assert browser.run(hidden) == 0


@pytest.mark.parametrize("script", [True, False])
def test_print_opens_the_details_and_leaves_the_controls_out(browser, url, script):
    browser.open(url, script=script)
    pdf = base64.b64decode(browser.send("Page.printToPDF", printBackground=True)["data"])
    assert pdf.startswith(b"%PDF")
    assert 5 <= pdf.count(b"/Type /Page\n") <= 16
    browser.send("Emulation.setEmulatedMedia", media="print")
    visible = "[...document.querySelectorAll('{}')].map((one) => one.checkVisibility())"
    assert set(browser.run(visible.format(".claim .command, .records, .making .command, .runs tr, pre"))) == {True}
    assert set(browser.run(visible.format(".filters, .contents, .numbers > summary"))) == {False}


def test_printing_a_selection_says_that_it_is_one(browser, url):
    browser.open(f"{url}?verdict=false")
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


def test_a_page_of_500_claims_opens_and_searches_and_says_how_fast(browser, sample, tmp_path, capsys):
    """Times and size are printed and not asserted: they are the machine's and the claims', too."""
    results = tmp_path / "results/smoke"
    shutil.copytree(sample[0].parent, results.parent)
    verdicts = read_verdicts(results / "verdicts.json")
    many = [
        verdict.model_copy(update={"id": f"{verdict.id}_{number}", "statement": f"{number}: {verdict.statement}"})
        for number in range(500 // len(verdicts) + 1)
        for verdict in verdicts
    ]
    write_verdicts(many, results / "verdicts.json")
    page, _ = write_report(results, sample[1])
    browser.open(page.as_uri())
    opened = browser.run("performance.getEntriesByType('navigation')[0].loadEventEnd")
    searched, status = browser.run(
        "(async () => { const field = document.getElementById('search'), start = performance.now(); "
        "field.value = 'rises 13:'; field.dispatchEvent(new Event('input', {bubbles: true})); "
        "await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))); "
        "return [performance.now() - start, document.getElementById('shown').textContent]; })()"
    )
    assert status == f"1 of {len(many)} claims shown: text “rises 13:”."
    with capsys.disabled():
        print(f"\n{len(many)} claims, {page.stat().st_size / 1e6:.1f} MB: opened in {opened:.0f} ms, ", end="")
        print(f"searched in {searched:.0f} ms")
