"""Fetching from a web server on this machine: good, truncated, altered, absent, silent, interrupted, twice at once."""

from __future__ import annotations

import errno
import gzip
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from interplay.data.fetching import fetch
from interplay.data.fetching import http as http_module
from interplay.data.fetching.verify import fault
from interplay.data.ledger import Ledger
from interplay.errors import InterplayError
from interplay.protocols.datasets import DATASETS

CONTENT = bytes(range(256)) * 40
FILES = {"a-images": b"images " * 500, "b-labels": b"labels"}
pytestmark = pytest.mark.usefixtures("no_dvc")


def http(name, url, **more):
    return {"kind": "http", "name": name, "url": url, **more}


def left_behind(root: Path) -> list[str]:
    """Everything in the data folder but the pins and the ledger of what was verified."""
    return sorted(path.name for path in root.iterdir() if path.suffix != ".dvc" and path.name != ".decoded")


@pytest.fixture
def lines():
    return []


def test_a_file_is_fetched_verified_and_told_about(server, write_root, lines):
    server.answers["/c.tar.gz"] = CONTENT
    root = write_root(single=[http("published", f"{server.url}/c.tar.gz")])
    seen = []
    place = fetch("cifar10", root, say=lines.append, progress=lambda done, total: seen.append((done, total)))
    assert place == root / "cifar-10-python.tar.gz"
    assert place.read_bytes() == CONTENT
    assert lines[1:] == [
        "cifar10: dvc: not installed",
        "cifar10: trying published",
        f"cifar10: verified, now at {place}",
        "cifar10: DVC is not installed, left to itself",
    ]
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert left_behind(root) == ["cifar-10-python.tar.gz"]


def test_what_is_there_and_right_is_not_fetched_again(server, write_root, lines):
    root = write_root(single=[http("published", f"{server.url}/c.tar.gz")])
    (root / "cifar-10-python.tar.gz").write_bytes(CONTENT)
    fetch("cifar10", root, say=lines.append)
    assert server.asked == []
    assert lines[0].endswith("is there, verified")


def failing(server, kind: str) -> tuple[object, str]:
    """What a bad server answers, and what is said of it."""
    return {
        "cut": (server.cut_off(CONTENT, 1000), "breaks off before the end"),
        "short": (CONTENT[:-1], r"is truncated: 10,239 bytes, pinned 10,240"),
        "altered": (b"X" + CONTENT[1:], r"is altered: sha256 [0-9a-f]{16}\.\.\., pinned [0-9a-f]{16}\.\.\."),
        "long": (CONTENT + b"X", "sends more than the 10,240 bytes that can be right"),
        "endless": (server.endless, "sends more than the 10,240 bytes that can be right"),
        "absent": (404, "answers with HTTP status 404"),
        "broken": (503, "answers with HTTP status 503"),
        "empty": (b"", "is truncated: 0 bytes"),
    }[kind]


@pytest.mark.parametrize("kind", ["cut", "short", "altered", "long", "endless", "absent", "broken", "empty"])
def test_a_bad_source_is_one_line_and_the_next_is_tried(server, write_root, lines, kind):
    answer, said = failing(server, kind)
    server.answers |= {"/bad": answer, "/good": CONTENT}
    root = write_root(single=[http("first", f"{server.url}/bad"), http("second", f"{server.url}/good")])
    fetch("cifar10", root, say=lines.append)
    about = [line for line in lines if line.startswith("cifar10: first: ")]
    assert len(about) == 1
    assert "\n" not in about[0]
    assert re.search(said, about[0])
    assert (root / "cifar-10-python.tar.gz").read_bytes() == CONTENT
    assert left_behind(root) == ["cifar-10-python.tar.gz"]


@pytest.mark.parametrize("kind", ["cut", "altered", "absent"])
def test_when_all_fail_there_is_one_last_line_and_nothing_is_left(server, write_root, lines, kind):
    server.answers["/bad"] = failing(server, kind)[0]
    root = write_root(single=[http("first", f"{server.url}/bad"), http("second", "http://127.0.0.1:9/x")])
    with pytest.raises(InterplayError, match=r"cifar10: no source delivered it \(tried dvc, first, second\)") as caught:
        fetch("cifar10", root, say=lines.append)
    assert "\n" not in str(caught.value)
    assert left_behind(root) == []
    assert any("second: http://127.0.0.1:9/x cannot be reached (Connection refused)" in line for line in lines)


def test_a_silent_server_is_given_up(server, write_root, lines, monkeypatch):
    monkeypatch.setattr("interplay.data.fetching.http.READ_SECONDS", 0.3)
    server.answers["/slow"] = server.slow(CONTENT, 3)
    root = write_root(single=[http("first", f"{server.url}/slow")])
    with pytest.raises(InterplayError, match="no source delivered"):
        fetch("cifar10", root, say=lines.append)
    assert any("sends nothing for 0.3 s" in line or "cannot be reached" in line for line in lines)
    assert left_behind(root) == []


def test_an_unreachable_host_is_given_up(write_root, lines, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setattr("interplay.data.fetching.http.CONNECT_SECONDS", 0.3)
    with ExitStack() as stack:
        deaf = stack.enter_context(socket.socket())  # never accepts, and its queue is full
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        for _ in range(8):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(deaf.getsockname())
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}/x"
        sources = [http("deaf", url), http("nameless", "http://no.such.host.invalid/x")]
        with pytest.raises(InterplayError, match="no source delivered"):
            fetch("cifar10", write_root(single=sources), say=lines.append)
    assert f"cifar10: deaf: {url} cannot be reached within 0.3 s" in lines
    assert any("nameless: http://no.such.host.invalid/x cannot be reached" in line for line in lines)


def test_the_source_can_be_chosen(server, write_root, lines):
    server.answers |= {"/one": CONTENT, "/two": CONTENT}
    root = write_root(single=[http("one", f"{server.url}/one"), http("two", f"{server.url}/two")])
    fetch("cifar10", root, say=lines.append, source="two")
    assert server.asked == ["/two"]
    with pytest.raises(InterplayError, match="has no source 'three'; it has: dvc, one, two"):
        fetch("cifar10", root, say=lines.append, source="three")


@pytest.mark.usefixtures("serve_folder")
class TestFolder:
    """A set that is a folder of files, each gzipped at the source."""

    def source(self, server):
        return [http("published", f"{server.url}/set/{{file}}.gz", gzip=True)]

    def test_is_fetched_and_unpacked(self, server, write_root, lines):
        place = fetch("fashion-mnist", write_root(folder=self.source(server)), say=lines.append)
        assert {path.name: path.read_bytes() for path in place.iterdir()} == FILES

    def test_is_taken_as_it_is_from_a_server_that_unpacks_on_the_way(self, server, write_root, lines):
        for name, content in FILES.items():
            server.answers[f"/set/{name}.gz"] = content
        place = fetch("fashion-mnist", write_root(folder=self.source(server)), say=lines.append)
        assert {path.name: path.read_bytes() for path in place.iterdir()} == FILES

    @pytest.mark.parametrize(
        ("packed", "said"),
        [
            (gzip.compress(FILES["b-labels"])[:-4], "no whole gzip file"),
            (gzip.compress(bytes(10_000_000)), "sends more than the 6 bytes"),
            (gzip.compress(b"lABELS"), "b-labels is altered"),
            (gzip.compress(b"label"), "b-labels is truncated: 5 bytes, pinned 6"),
        ],
        ids=["cut off", "too large", "altered", "truncated"],
    )
    def test_with_one_bad_file_is_not_seen_at_all(self, server, write_root, lines, packed, said):
        server.answers["/set/b-labels.gz"] = packed
        root = write_root(folder=self.source(server))
        with pytest.raises(InterplayError, match="no source delivered"):
            fetch("fashion-mnist", root, say=lines.append)
        assert any(said in line for line in lines)
        assert left_behind(root) == []

    def test_that_is_damaged_is_mended_and_foreign_files_stay(self, server, write_root, lines):
        root = write_root(folder=self.source(server))
        place = root / "fashion-mnist"
        place.mkdir()
        (place / "a-images").write_bytes(FILES["a-images"][:-3])
        (place / "notes.txt").write_text("mine")
        fetch("fashion-mnist", root, say=lines.append)
        assert "a-images is truncated: 3,497 bytes, pinned 3,500; fetching it again" in lines[0]
        assert {path.name: path.read_bytes() for path in place.iterdir()} == FILES | {"notes.txt": b"mine"}

    def test_that_is_damaged_stays_when_nothing_better_is_to_be_had(self, server, write_root, lines):
        server.answers.clear()
        root = write_root(folder=self.source(server))
        (root / "fashion-mnist").mkdir()
        (root / "fashion-mnist/a-images").write_bytes(b"old")
        with pytest.raises(InterplayError, match="no source delivered"):
            fetch("fashion-mnist", root, say=lines.append)
        assert (root / "fashion-mnist/a-images").read_bytes() == b"old"
        assert left_behind(root) == ["fashion-mnist"]


def test_two_at_once_download_once(server, write_root):
    server.answers["/c"] = server.slow(CONTENT, 0.5)
    root = write_root(single=[http("published", f"{server.url}/c")])
    said: list[list[str]] = [[], []]
    threads = [threading.Thread(target=fetch, args=("cifar10", root), kwargs={"say": part.append}) for part in said]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert server.asked == ["/c"]
    assert any("another fetch is under way" in line for part in said for line in part)
    assert left_behind(root) == ["cifar-10-python.tar.gz"]


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_fetch_leaves_nothing_to_the_next(server, write_root, lines, sent):
    server.answers["/c"] = server.slow(CONTENT, 30)
    root = write_root(single=[http("published", f"{server.url}/c")])
    entry = DATASETS["cifar10"].model_dump_json()
    code = (
        "from pathlib import Path; from interplay.data.fetching import fetch; "
        "from interplay.protocols.assets import DatasetInfo; "
        f"fetch(DatasetInfo.model_validate_json({entry!r}), Path({str(root)!r}))"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not list(root.glob(".fetch-cifar10-*/*.part")) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert list(root.glob(".fetch-cifar10-*/*.part"))
    os.kill(process.pid, sent)
    assert process.wait(timeout=30) != 0
    if sent == signal.SIGINT:
        assert left_behind(root) == []
    assert not (root / "cifar-10-python.tar.gz").exists()
    server.answers["/c"] = CONTENT
    fetch("cifar10", root, say=lines.append)
    assert left_behind(root) == ["cifar-10-python.tar.gz"]


def test_a_folder_that_cannot_be_written_is_one_clear_line(write_root, lines, monkeypatch):
    root = write_root()

    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied", str(root))

    monkeypatch.setattr("tempfile.TemporaryDirectory", refuse)
    with pytest.raises(InterplayError, match=r"cifar10: .*data: permission denied; mend the rights of that folder"):
        fetch("cifar10", root, say=lines.append)


@pytest.mark.parametrize("where", ["downloading", "unpacking"])
def test_a_full_disk_is_named_and_no_other_source_is_tried(server, write_root, lines, monkeypatch, where):
    """Full while what arrived was unpacked, it was taken for a damaged stream, and the next source was asked."""
    server.answers["/c.gz"] = gzip.compress(CONTENT)
    root = write_root(single=[http(name, f"{server.url}/c.gz", gzip=True) for name in ("first", "second")])
    written = http_module._Sink.write

    def refuse(sink, block):
        if where == "downloading" or Path(sink._stream.name).suffix != ".part":
            raise OSError(errno.ENOSPC, "No space left on device")
        return written(sink, block)

    monkeypatch.setattr(http_module._Sink, "write", refuse)
    with pytest.raises(InterplayError, match=r"cifar10: .*data: the disk of .* is full: .* free; free some"):
        fetch("cifar10", root, say=lines.append)
    assert not any("second" in line for line in lines)
    assert left_behind(root) == []


def test_what_changes_while_it_is_verified_is_not_remembered_as_right(server, write_root, lines, monkeypatch):
    root = write_root(single=[http("published", f"{server.url}/c.tar.gz")])
    place = root / "cifar-10-python.tar.gz"
    place.write_bytes(CONTENT)
    module = sys.modules["interplay.data.fetching.fetch"]

    def meddled(pinned, base):
        found = fault(pinned, base)
        place.write_bytes(b"X" + CONTENT[1:])
        return found

    monkeypatch.setattr(module, "fault", meddled)
    fetch("cifar10", root, say=lines.append)
    assert Ledger(root, "cifar10").said(place) is None


def test_sets_that_need_no_file_say_so(tmp_path, lines):
    assert fetch("digits", tmp_path, say=lines.append) is None
    fetch("glyphs100", tmp_path, say=lines.append)
    assert lines == ["digits: comes with scikit-learn, nothing to fetch, verified", "glyphs100: rendered, verified"]


def test_an_unknown_set_is_one_clear_line(tmp_path):
    with pytest.raises(InterplayError, match="unknown data set 'mnist'"):
        fetch("mnist", tmp_path)
