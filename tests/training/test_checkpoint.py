import errno
import os

import pytest
import torch

from interplay.errors import InterplayError
from interplay.records.seals import is_sealed
from interplay.training import Checkpoint

THIS, THAT = {"module interplay.information.entropy": "1"}, {"module interplay.information.entropy": "2"}


@pytest.fixture
def said():
    return []


@pytest.fixture
def open_checkpoint(tmp_path, said):
    """The checkpoint of one run, as code of some identity opens it."""

    def open_it(identity=THIS, **options):
        return Checkpoint(tmp_path / "seed0.checkpoint", identity, name="grokking/seed0", say=said.append, **options)

    return open_it


def test_what_is_saved_is_loaded(open_checkpoint, said):
    assert open_checkpoint().load() is None
    open_checkpoint().save({"a": torch.ones(2)})
    assert torch.equal(open_checkpoint().load()["a"], torch.ones(2))
    assert said == []


def test_a_checkpoint_of_something_else_is_not_taken_over_and_what_changed_is_told(open_checkpoint, said):
    open_checkpoint().save({"done": 5000})
    assert open_checkpoint(THAT).load() is None
    assert said == [
        "grokking/seed0: checkpoint of step 5000 is not taken over: module interplay.information.entropy changed; "
        "INTERPLAY_KEEP_CHECKPOINTS=1 takes it over"
    ]
    assert open_checkpoint(THAT).load() is None
    assert len(said) == 1  # it was set aside


def test_one_that_was_set_aside_can_be_kept_after_the_new_run_has_saved(open_checkpoint, said):
    open_checkpoint().save({"done": 5000})
    open_checkpoint(THAT).load()
    open_checkpoint(THAT).save({"done": 10})
    said.clear()
    kept = open_checkpoint(THAT, keep=True)
    assert kept.load()["done"] == 5000
    assert said[0].startswith("grokking/seed0: checkpoint of step 5000 is taken over although: module interplay.")
    kept.save({"done": 6000})
    again = open_checkpoint(THAT)  # it is this code's own by now, and still says what it was made by
    assert again.load()["done"] == 6000
    assert again.taken_over == ["module interplay.information.entropy changed"]


def test_a_kept_state_that_does_not_fit_is_one_line(open_checkpoint):
    open_checkpoint().save({"done": 5})
    kept = open_checkpoint(THAT, keep=True)
    kept.load()
    says = r"does not fit any more \(size mismatch\): module .*; run without"
    with pytest.raises(InterplayError, match=says), kept.restoring():
        raise RuntimeError("size mismatch\nfor weight")
    own = open_checkpoint(THAT)
    with pytest.raises(RuntimeError), own.restoring():
        raise RuntimeError("a mistake of ours")


@pytest.mark.parametrize("content", [b"", b"garbage", None])
def test_a_damaged_checkpoint_means_starting_anew_and_is_told(open_checkpoint, said, content):
    checkpoint = open_checkpoint()
    if content is None:
        checkpoint.save({"a": torch.ones(1000)})
        content = checkpoint.path.read_bytes()[:500]
    checkpoint.path.write_bytes(content)
    assert checkpoint.load() is None
    assert said[0].startswith(f"grokking/seed0: {checkpoint.path} cannot be read (")
    assert said[0].endswith("); set aside as seed0.checkpoint.unreadable, starting anew")
    assert "\n" not in said[0]
    assert not checkpoint.path.exists()
    assert checkpoint.path.with_name("seed0.checkpoint.unreadable").read_bytes() == content
    checkpoint.remove()
    assert list(checkpoint.path.parent.iterdir()) == []


NOT_NOW = {
    "rights": PermissionError(errno.EACCES, os.strerror(errno.EACCES)),
    "the disk": OSError(errno.EIO, os.strerror(errno.EIO)),
    "the server": OSError(errno.ESTALE, os.strerror(errno.ESTALE)),
    "memory": RuntimeError("[enforce fail at alloc_cpu.cpp:1] DefaultCPUAllocator: can't allocate memory: you tried"),
    "the card's memory": RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    "the card": RuntimeError("CUDA error: CUDA-capable device(s) is/are busy or unavailable\nCUDA kernel"),
}


@pytest.mark.parametrize("why", NOT_NOW)
def test_a_checkpoint_that_cannot_be_read_just_now_is_kept(open_checkpoint, said, monkeypatch, why):
    def refuse(*_given, **_named):
        raise NOT_NOW[why]

    checkpoint = open_checkpoint()
    checkpoint.save({"done": 7})
    with monkeypatch.context() as patched:
        patched.setattr(torch, "load", refuse)
        with pytest.raises(InterplayError, match=r"seed0.checkpoint cannot be read now \(.*\); it is kept") as caught:
            checkpoint.load()
    assert "\n" not in str(caught.value)
    assert said == []
    assert checkpoint.load() == {"done": 7}


def test_a_flipped_bit_of_a_checkpoint_is_no_weight(open_checkpoint, said):
    checkpoint = open_checkpoint()
    checkpoint.save({"a": torch.ones(1000)})
    if not is_sealed(checkpoint.path):
        pytest.skip("this file system keeps no extended attributes")
    content = bytearray(checkpoint.path.read_bytes())
    content[content.find(torch.ones(100).numpy().tobytes()) + 2] ^= 64
    checkpoint.path.write_bytes(content)
    assert checkpoint.load() is None
    aside = "set aside as seed0.checkpoint.unreadable, starting anew"
    assert said == [f"grokking/seed0: {checkpoint.path} cannot be read (it is damaged); {aside}"]


def test_a_checkpoint_of_an_older_version_is_told(open_checkpoint, said):
    torch.save({"identity": "0123456789abcdef", "state": {"done": 3}}, open_checkpoint().path)
    assert open_checkpoint().load() is None
    assert "checkpoint of step 3 is not taken over: it was saved by an older version" in said[0]


def test_a_save_on_a_full_disk_keeps_the_old_checkpoint_and_names_the_disk(open_checkpoint, monkeypatch):
    checkpoint = open_checkpoint()
    checkpoint.save({"a": torch.ones(1)})

    def full(_descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InterplayError, match=r"seed0.checkpoint: the disk of /.* is full"):
        checkpoint.save({"a": torch.zeros(1)})
    monkeypatch.undo()
    assert torch.equal(checkpoint.load()["a"], torch.ones(1))
    assert [path.name for path in checkpoint.path.parent.iterdir()] == ["seed0.checkpoint"]


def test_removing_leaves_nothing_of_the_run_behind(open_checkpoint, tmp_path):
    open_checkpoint().save({"done": 1})
    open_checkpoint(THAT).load()
    checkpoint = open_checkpoint(THAT)
    checkpoint.save({"done": 2})
    checkpoint.beside("readings").save({"a": 1})
    (tmp_path / ".seed0.checkpoint.x7").write_text("what a killed process left")
    (tmp_path / "seed01.checkpoint").write_text("another run's")
    checkpoint.remove()
    assert [path.name for path in tmp_path.iterdir()] == ["seed01.checkpoint"]


def test_one_beside_another_is_of_the_same_run(open_checkpoint, said):
    open_checkpoint().beside("readings").save({"a": 1})
    assert open_checkpoint().beside("readings").load() == {"a": 1}
    assert open_checkpoint(THAT).beside("readings").load() is None
    assert said[0].startswith("grokking/seed0, readings: checkpoint is not taken over: module")
