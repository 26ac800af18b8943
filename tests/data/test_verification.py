"""Data in place are verified before they are used, and read again only when they may have changed."""

from __future__ import annotations

import json
import os
import shutil

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file

from interplay.data import decoding, load
from interplay.data.fetching import verify
from interplay.data.ledger import Ledger, stamp
from interplay.errors import InterplayError


def images_of(folder):
    return folder / "fashion-mnist/train-images-idx3-ubyte"


def labels_of(folder):
    return folder / "fashion-mnist/train-labels-idx1-ubyte"


def flip(path, place=-1, keep_times=False):
    """Flip the lowest bit of a byte, in place."""
    before = path.stat()
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    if keep_times:
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def blacken(path):
    path.write_bytes(path.read_bytes()[:16] + bytes(path.stat().st_size - 16))


def count_hashing(monkeypatch):
    hashed = []
    original = verify.file_hashes

    def counting(path, kinds):
        hashed.append(path.name)
        return original(path, kinds)

    monkeypatch.setattr(verify, "file_hashes", counting)
    return hashed


@pytest.mark.parametrize("earlier", [False, True], ids=["at the first start", "after a good start"])
@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda root: flip(labels_of(root)), "train-labels-idx1-ubyte is altered: sha256 "),
        (lambda root: flip(labels_of(root), keep_times=True), "train-labels-idx1-ubyte is altered: sha256 "),
        (lambda root: blacken(images_of(root)), "train-images-idx3-ubyte is altered: sha256 "),
        (lambda root: images_of(root).write_bytes(images_of(root).read_bytes()[:-1]), "is truncated: 5,503 bytes"),
        (lambda root: images_of(root).write_bytes(images_of(root).read_bytes() + b"x"), "is too long: 5,505 bytes"),
        (lambda root: labels_of(root).unlink(), "train-labels-idx1-ubyte is missing"),
        (lambda root: shutil.rmtree(root / "fashion-mnist"), "Fashion-MNIST is not there"),
    ],
)
def test_damaged_data_stop_in_one_line_that_says_how_to_mend_it(fashion, tmp_path, earlier, damage, said):
    if earlier:
        load(fashion, "train", tmp_path)
    damage(tmp_path)
    for split in ("train", "test"):  # a set that is damaged anywhere is not the set
        with pytest.raises(InterplayError) as caught:
            load(fashion, split, tmp_path)
        message = str(caught.value)
        assert said in message
        assert "\n" not in message
        assert f"`interplay fetch fashion-mnist --root {tmp_path}`" in message


def test_what_was_verified_is_not_read_again(fashion, tmp_path, monkeypatch):
    first = load(fashion, "train", tmp_path)
    load(fashion, "test", tmp_path)
    hashed = count_hashing(monkeypatch)
    monkeypatch.setattr(decoding, "read_split", None)  # would fail if it were asked
    monkeypatch.setattr("interplay.data.content.Decoded.digest", None)
    again = load(fashion, "train", tmp_path)
    assert torch.equal(again.pixels, first.pixels)
    assert (again.digest, again.class_names) == (first.digest, first.class_names)
    assert hashed == []


def test_a_file_that_was_touched_is_read_again_and_no_other(fashion, tmp_path, monkeypatch):
    load(fashion, "train", tmp_path)
    hashed = count_hashing(monkeypatch)
    os.utime(labels_of(tmp_path))
    load(fashion, "train", tmp_path)
    assert hashed == ["train-labels-idx1-ubyte"]
    load(fashion, "train", tmp_path)
    assert len(hashed) == 1


def test_a_new_pin_is_not_met_by_an_old_verification(fashion, tmp_path, pin):
    load(fashion, "train", tmp_path)
    flip(labels_of(tmp_path))
    other = pin("fashion-mnist", tmp_path, splits=fashion.splits)
    assert load(other, "train", tmp_path).labels[-1] == 7  # was 6
    with pytest.raises(InterplayError, match="is altered"):
        load(fashion, "train", tmp_path)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff\xfe", b"[]", b'{"a": 1}', b'{"a": ["b", "c"]}', b'{"a": [1, [1.5, null]]}']
)
def test_a_damaged_ledger_costs_a_verification_and_no_more(fashion, tmp_path, monkeypatch, content):
    first = load(fashion, "train", tmp_path)
    (tmp_path / ".decoded/fashion-mnist.verified.json").write_bytes(content)
    hashed = count_hashing(monkeypatch)
    assert load(fashion, "train", tmp_path).digest == first.digest
    assert len(hashed) == 4
    load(fashion, "train", tmp_path)
    assert len(hashed) == 4


def test_where_nothing_can_be_written_everything_is_verified_each_time(fashion, tmp_path, monkeypatch):
    (tmp_path / ".decoded").write_text("a file where the folder would be")
    hashed = count_hashing(monkeypatch)
    for _ in range(2):
        assert load(fashion, "test", tmp_path).labels.tolist() == [0, 1, 2]
    assert len(hashed) == 2 * 8  # before anything, and again before files are decoded
    flip(labels_of(tmp_path))
    with pytest.raises(InterplayError, match="is altered"):
        load(fashion, "test", tmp_path)


def test_a_ledger_that_cannot_be_replaced_stops_nobody(fashion, tmp_path, monkeypatch):
    ledger = tmp_path / ".decoded/fashion-mnist.verified.json"
    ledger.mkdir(parents=True)
    hashed = count_hashing(monkeypatch)
    for _ in range(2):
        assert load(fashion, "test", tmp_path).labels.tolist() == [0, 1, 2]
    assert len(hashed) == 8 + 4  # the decoded copy is kept all the same
    assert list(ledger.parent.glob(".*")) == []


def test_what_two_processes_note_is_not_lost(tmp_path):
    for name in "ab":
        (tmp_path / name).write_text(name)
    first, second = Ledger(tmp_path, "set"), Ledger(tmp_path, "set")
    first.note(tmp_path / "a", "A", stamp(tmp_path / "a"))
    second.note(tmp_path / "b", "B", stamp(tmp_path / "b"))
    assert second.said(tmp_path / "b") == "B"
    first.save()
    second.save()
    for ledger in (second, Ledger(tmp_path, "set")):
        assert (ledger.said(tmp_path / "a"), ledger.said(tmp_path / "b")) == ("A", "B")


def kept_of(root):
    return root / ".decoded/fashion-mnist-train.safetensors"


def rewrite(path, change, metadata=None):
    """Write the kept arrays anew after a change, under the metadata they had or others."""
    from safetensors import safe_open

    with safe_open(path, framework="np") as stored:
        metadata = stored.metadata() | (metadata or {})
    arrays = load_file(path)
    change(arrays)
    save_file(arrays, path, metadata)


def other_pixel(arrays):
    arrays["images"][0, 0, 0, 0] ^= 255


DAMAGE = {
    "truncated": lambda path: path.write_bytes(path.read_bytes()[:-5]),
    "half": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "empty": lambda path: path.write_bytes(b""),
    "not at all": lambda path: path.write_bytes(b"PK\x03\x04" * 100),
    "a bit": lambda path: flip(path),
    "a bit, times restored": lambda path: flip(path, keep_times=True),
    "wrong content under the right key": lambda path: rewrite(path, other_pixel),
    "labels": lambda path: rewrite(path, lambda arrays: arrays["labels"].__setitem__(0, 3)),
    "floats": lambda path: rewrite(path, lambda arrays: arrays.update(images=arrays["images"].astype(np.float32))),
    "no labels": lambda path: rewrite(path, lambda arrays: arrays.pop("labels")),
    "names": lambda path: rewrite(path, lambda arrays: None, {"class_names": "["}),
    "another key": lambda path: rewrite(path, other_pixel, {"key": "of another version"}),
}


@pytest.mark.parametrize("ledger", [True, False], ids=["remembered", "forgotten"])
@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_copy_is_made_anew(fashion, tmp_path, damage, ledger):
    first = load(fashion, "train", tmp_path)
    pixels, labels = first.pixels.clone(), first.labels.clone()  # those of `first` are mapped to the file
    size = kept_of(tmp_path).stat().st_size
    damage(kept_of(tmp_path))
    if not ledger:
        (tmp_path / ".decoded/fashion-mnist.verified.json").unlink()
    again = load(fashion, "train", tmp_path)
    assert torch.equal(again.pixels, pixels)
    assert torch.equal(again.labels, labels)
    assert again.digest == first.digest
    kept = load_file(kept_of(tmp_path))
    assert np.array_equal(kept["images"], pixels.numpy()) and np.array_equal(kept["labels"], labels.numpy())
    assert kept_of(tmp_path).stat().st_size == size
    assert list(tmp_path.glob(".decoded/.*")) == []


def test_writing_to_what_was_loaded_does_not_reach_the_kept_copy(fashion, tmp_path):
    load(fashion, "train", tmp_path)
    before = kept_of(tmp_path).read_bytes()
    mapped = load(fashion, "train", tmp_path)
    mapped.pixels.zero_()
    assert kept_of(tmp_path).read_bytes() == before
    assert load(fashion, "train", tmp_path).pixels.any()


def test_content_that_agrees_with_itself_but_not_with_the_pin_is_made_anew(fashion, tmp_path, pin):
    """Pixels changed and the digest beside them computed anew, as another program could leave it."""
    digests = {split: load(fashion, split, tmp_path).digest for split in ("train", "test")}
    pinned = pin("fashion-mnist", tmp_path, splits=fashion.splits, digests=digests)
    rewrite(kept_of(tmp_path), other_pixel)
    damaged = load_file(kept_of(tmp_path))
    digest = decoding.Decoded(damaged["images"], damaged["labels"], ()).digest
    rewrite(kept_of(tmp_path), lambda arrays: None, {"digest": digest})
    assert load(pinned, "train", tmp_path).digest == digests["train"] != digest


def test_a_reader_that_reads_otherwise_is_told(fashion, tmp_path, pin, monkeypatch):
    """The files are right, but what becomes of them is not what was pinned: another version of the library."""
    digests = {split: load(fashion, split, tmp_path).digest for split in ("train", "test")}
    shutil.rmtree(tmp_path / ".decoded")
    pinned = pin("fashion-mnist", tmp_path, splits=fashion.splits, digests=digests)
    read = decoding.read_split

    def mirrored(info, split, place):
        decoded = read(info, split, place)
        return decoded._replace(images=decoded.images[..., ::-1].copy())

    monkeypatch.setattr(decoding, "read_split", mirrored)
    with pytest.raises(InterplayError, match=r"fashion-mnist \(train\): its content has digest .* with torchvision 0"):
        load(pinned, "train", tmp_path)
    assert not kept_of(tmp_path).exists()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"splits": {"train": 8, "test": 3}}, r"images \[7, 1, 28, 28\] of 10 classes where the catalogue has \[8, 1"),
        ({"image_shape": (1, 28, 27)}, r"where the catalogue has \[7, 1, 28, 27\] of 10"),
        ({"num_classes": 9}, "of 10 classes where the catalogue has .* of 9"),
        ({"reader": "interplay.data.readers.idx:read_it"}, "its reader .* cannot be imported"),
    ],
)
def test_an_entry_that_describes_something_else_is_one_clear_line(fashion, tmp_path, pin, changes, said):
    content = {"splits": fashion.splits} | changes
    with pytest.raises(InterplayError, match=said):
        load(pin("fashion-mnist", tmp_path, **content), "train", tmp_path)


@pytest.mark.parametrize(("name", "split"), [("cifar10", "unlabelled"), ("digits", "val")])
def test_an_unknown_split_is_told_the_others(tmp_path, name, split):
    with pytest.raises(InterplayError, match=f"{name} has no split '{split}'; it has: train, test"):
        load(name, split, tmp_path)


def test_the_ledger_says_what_was_verified(fashion, tmp_path):
    load(fashion, "train", tmp_path)
    notes = json.loads((tmp_path / ".decoded/fashion-mnist.verified.json").read_text())
    assert notes["fashion-mnist/train-labels-idx1-ubyte"][0] == fashion.pinned.files["train-labels-idx1-ubyte"].sha256
