"""Results of every experiment in small, made without training, and remotes of DVC to send them to."""

from __future__ import annotations

import functools
import hashlib
import http.server
import re
import shutil
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import shrunken
from checkouts import whole

from interplay.archive.contents import planned_made
from interplay.archive.publish import publish
from interplay.dvc import dvc_executable
from interplay.protocols.plan import model_path, plan_jobs, record_path
from interplay.protocols.setup import load_setup
from interplay.records import write_record

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def small_config(tmp_path_factory):
    """The configuration, every experiment of the smoke tier in the form in which the workflow is tested."""
    folder = tmp_path_factory.mktemp("configuration") / "config"
    shutil.copytree(ROOT / "config", folder)
    shrunken.shrink(folder, shrunken.EXHIBITS)
    return folder


@pytest.fixture(scope="session")
def setup(small_config):
    return load_setup(small_config, "smoke")


@pytest.fixture(scope="session")
def pristine(setup, tmp_path_factory, planned_record):
    """A folder of results: a record of every run, a file for every network, and stand-ins for what is made of them."""
    results = tmp_path_factory.mktemp("pristine") / "results"
    folder = results / setup.folder
    for job in plan_jobs(setup):
        for run in job.runs:
            write_record(planned_record(setup, job.experiment, run), folder / record_path(job.experiment, run.name))
            if run.keeps_model:
                write(folder / model_path(job.experiment, run.name), f"weights of {run.name}")
    for path in (*planned_made(setup.config), "report/figures/note/q1.svg"):
        write(folder / path, f"made: {path}\n")
    write(folder / "logs/run/theory.log", "not published\n")
    return results


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(whole(path, text))


@pytest.fixture
def finished(pristine, tmp_path):
    """A checkout of its own with finished results."""
    return copied(pristine, tmp_path / "author")


@pytest.fixture
def fresh(tmp_path):
    """A checkout of someone else's, with no results."""
    return checkout(tmp_path / "reviewer")


@pytest.fixture(scope="session")
def published(pristine, setup, tmp_path_factory):
    """Results that were published to a folder: the checkout's results, and the folder."""
    base = tmp_path_factory.mktemp("published")
    results = copied(pristine, base / "author")
    publish(setup, results, remote=str(base / "remote") + "/", say=lambda line: None)
    return results, base / "remote"


@pytest.fixture
def remote(published, tmp_path):
    """A copy of the remote that a test may damage."""
    shutil.copytree(published[1], tmp_path / "remote")
    for path in (tmp_path / "remote").rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return tmp_path / "remote"


@pytest.fixture
def reviewer(published, fresh):
    """Someone else's checkout, with the committed pin."""
    shutil.copy(published[0] / "smoke.dvc", fresh)
    return fresh


def checkout(folder: Path) -> Path:
    results = folder / "results"
    results.mkdir(parents=True)
    if dvc_executable() is None:
        pytest.skip("DVC is not installed; it belongs to the extra `workflow`")
    shutil.copytree(ROOT / ".dvc", folder / ".dvc", ignore=shutil.ignore_patterns("cache", "tmp", "config.local"))
    with (folder / ".dvc/config").open("a") as config:
        config.write("    no_scm = true\n")
    return results


def copied(pristine: Path, folder: Path) -> Path:
    results = checkout(folder)
    # Without their seals: tests edit what is here.
    shutil.copytree(pristine, results, dirs_exist_ok=True, copy_function=shutil.copyfile)
    return results


@pytest.fixture(scope="session")
def dvc():
    """`dvc(folder, ...)` runs DVC there and gives what it says."""

    def run(folder: Path, *arguments: str) -> str:
        command = [dvc_executable(), *arguments]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    return run


@pytest.fixture(scope="session")
def contents():
    """`contents(folder)` gives every file below a folder by its path, without what is hidden."""

    def read(folder: Path) -> dict[str, bytes]:
        found = (path for path in sorted(folder.rglob("*")) if path.is_file())
        named = {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}
        return {name: content for name, content in named.items() if not re.search(r"(^|/)\.", name)}

    return read


@pytest.fixture(scope="session")
def stored():
    """`stored(remote, content)` is where a remote keeps some content."""

    def place(remote: Path, content: bytes) -> Path:
        md5 = hashlib.md5(content).hexdigest()
        return remote / "files/md5" / md5[:2] / md5[2:]

    return place


@pytest.fixture
def served():
    """`served(folder)` serves a folder over HTTP, read-only, and gives its URL.

    `answer(handler)` answers a GET in its place, where it returns True.
    """
    servers = []

    def serve(folder: Path, answer: Callable[[Any], bool] = lambda handler: False) -> str:
        class Quiet(http.server.SimpleHTTPRequestHandler):
            def log_message(self, *arguments):
                pass

            def do_GET(self):
                answer(self) or super().do_GET()

        handler = functools.partial(Quiet, directory=str(folder))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()
