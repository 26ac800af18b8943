"""What becomes of marks without files, and of what killed processes left below the data folder."""

import os
import time

import pytest

from interplay.protocols.weights import WEIGHTS, fetched_mark


@pytest.fixture
def data_files(load_script):
    return load_script("workflow/data_files.py")


def test_a_mark_goes_with_the_last_file_of_its_weights(data_files, tmp_path):
    name, info = next((name, info) for name, info in WEIGHTS.items() if len(info.forms) > 1)
    mark, form = tmp_path / fetched_mark(name), tmp_path / info.forms[-1].path
    for path in (mark, form):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    data_files.drop_marks(tmp_path)
    assert mark.exists()
    form.unlink()
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
    for path in (half, whole, kept / ".mine", kept / unpacked / "inner/batch"):
        path.touch()
    before = sorted(kept.rglob("*"))
    data_files.sweep(tmp_path)
    assert sorted(kept.rglob("*")) == before
    long_ago = time.time() - 2 * data_files.UNPACKED_SECONDS
    for path in (*kept.rglob("*"), kept):
        os.utime(path, (long_ago, long_ago))
    (kept / unpacked / "inner/batch").touch()  # somebody is at work there
    data_files.sweep(tmp_path)
    assert sorted(path.name for path in kept.iterdir()) == [".mine", unpacked, "cifar10-train.safetensors"]
    os.utime(kept / unpacked / "inner/batch", (long_ago, long_ago))
    data_files.sweep(tmp_path)
    assert sorted(path.name for path in kept.iterdir()) == [".mine", "cifar10-train.safetensors"]
