"""What becomes of marks without files, and of what killed processes left below the data folder."""

import os
import time
from pathlib import Path

import pytest

from interplay.protocols.plan import plan_jobs
from interplay.protocols.setup import load_setup
from interplay.protocols.weights import WEIGHTS, fetched_mark


@pytest.fixture
def setup(root):
    return load_setup(root / "config")


@pytest.fixture
def data_files(load_script):
    return load_script("workflow/data_files.py")


def test_what_is_lost_is_what_finished_jobs_have_read(data_files, setup, tmp_path):
    one, other = (job for job in plan_jobs(setup, ["supervised"]) if job.name in ("cifar10/plain", "cifar100/plain"))
    out, data = tmp_path / "results", tmp_path / "data"
    assert data_files.lost([one, other], out, data) == [], "nothing is made, so nothing was read"
    *most, last = (out / path for path in one.outputs if path.startswith("records/"))
    for path in most:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert data_files.lost([one, other], out, data) == [], "an unfinished job is done again"
    last.parent.mkdir(parents=True, exist_ok=True)
    last.touch()
    gone = data_files.lost([one, other], out, data)
    assert gone == data_files.files_read(one, data) != []
    assert data_files.lacking([one, other], gone, [other.slug], data) == []
    assert data_files.lacking([one, other], gone, [one.slug], data) == gone
    for path in map(Path, gone):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert data_files.lost([one, other], out, data) == []


def test_a_mark_goes_with_the_last_file_of_its_weights(data_files, tmp_path):
    name, info = next((name, info) for name, info in WEIGHTS.items() if len(info.forms) > 1)
    mark, form = tmp_path / fetched_mark(name), tmp_path / info.forms[-1].path
    for path in (mark, form):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    data_files.drop_marks(tmp_path)
    assert mark.exists()
    form.unlink()
    assert data_files.empty_marks(tmp_path) == [str(mark)]
    data_files.drop_marks(tmp_path)
    assert not mark.exists()


def test_what_nobody_writes_any_more_is_removed_and_nothing_else(data_files, tmp_path):
    kept = tmp_path / ".decoded"
    half, whole, unpacked = (
        kept / ".cifar10-train.safetensors.x7_k2pqz",
        kept / "cifar10-train.safetensors",
        ".unpacked-a",
    )
    (kept / unpacked / "inner").mkdir(parents=True)
    for path in (half, whole, kept / ".mine", kept / ".notes.markdown", kept / unpacked / "inner/batch"):
        path.touch()
    before = sorted(kept.rglob("*"))
    data_files.sweep(tmp_path)
    assert sorted(kept.rglob("*")) == before
    long_ago = time.time() - 2 * data_files.UNPACKED_SECONDS
    for path in (*kept.rglob("*"), kept):
        os.utime(path, (long_ago, long_ago))
    (kept / unpacked / "inner/batch").touch()  # somebody is at work there
    data_files.sweep(tmp_path)
    assert sorted(path.name for path in kept.iterdir()) == [
        ".mine",
        ".notes.markdown",
        unpacked,
        "cifar10-train.safetensors",
    ]
    os.utime(kept / unpacked / "inner/batch", (long_ago, long_ago))
    data_files.sweep(tmp_path)
    assert sorted(path.name for path in kept.iterdir()) == [".mine", ".notes.markdown", "cifar10-train.safetensors"]
