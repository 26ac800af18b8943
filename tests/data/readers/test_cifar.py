"""CIFAR from archives of the official format."""

from __future__ import annotations

import os
import pickle

import numpy as np
import pytest

from interplay.data import load
from interplay.errors import InterplayError


def test_batches_come_in_their_own_order_and_pixels_row_by_row(cifar10, cifar10_members, tmp_path):
    train = load(cifar10(cifar10_members()), "train", tmp_path)
    assert train.pixels.shape == (10, 3, 32, 32)
    assert train.pixels[:, 2, 31, 31].tolist() == list(range(2, 12))
    assert train.labels.tolist() == [*range(2, 10), 0, 1]
    first = train.pixels[0]
    assert first[0, 1].tolist() == [102] * 32
    assert first[0, 0].tolist() == first[1, 1].tolist() == [2] * 32
    assert train.class_names[3] == "class 3"


def test_the_test_split_is_another_batch(cifar10, cifar10_members, tmp_path):
    data = load(cifar10(cifar10_members()), "test", tmp_path)
    assert data.labels.tolist() == [0, 1, 2]
    assert data.image_shape == (3, 32, 32)


def test_cifar100_takes_the_fine_labels(tmp_path, pack, pin):
    images = np.random.default_rng(0).integers(0, 256, (4, 3072), dtype=np.uint8)
    batch = pickle.dumps({"data": images, "fine_labels": [3, 99, 0, 57], "coarse_labels": [1, 2, 3, 4]}, protocol=2)
    meta = pickle.dumps({"fine_label_names": [f"n{label}" for label in range(100)]}, protocol=2)
    members = {"meta": meta, "test": batch, "train": batch}
    pack(tmp_path / "cifar-100-python.tar.gz", {f"cifar-100-python/{name}": text for name, text in members.items()})
    found = load(pin("cifar100", tmp_path, splits={"train": 4, "test": 4}), "test", tmp_path)
    assert found.labels.tolist() == [3, 99, 0, 57]
    assert np.array_equal(found.pixels.numpy().reshape(4, -1), images)
    assert found.class_names[99] == "n99"


def test_pickles_of_python_2_are_read(tmp_path, cifar10, cifar10_members):
    """Protocol 2 as Python 2 wrote it: keys are `str` (SHORT_BINSTRING), arrays name `numpy.core.multiarray`."""
    members = cifar10_members()
    data = np.full((3, 3072), 9, np.uint8)
    array = pickle.dumps(data, protocol=2).replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
    body = array.removeprefix(b"\x80\x02").removesuffix(b".")
    members["cifar-10-batches-py/test_batch"] = b"\x80\x02}(U\x04data" + body + b"U\x06labels](K\x07K\x07K\x07eu."
    found = load(cifar10(members), "test", tmp_path)
    assert found.labels.tolist() == [7, 7, 7]
    assert found.pixels.min() == found.pixels.max() == 9


def evil(trace):
    class Evil:
        def __reduce__(self):
            return (trace.touch, ())

    return pickle.dumps({"data": Evil(), "labels": [0]}, protocol=2)


def test_no_pickle_is_opened_before_its_archive_was_verified(tmp_path, pack, cifar10, cifar10_members):
    """An archive in which one batch would run code, in the place of the pinned one."""
    info = cifar10(cifar10_members())
    members = cifar10_members() | {"cifar-10-batches-py/test_batch": evil(tmp_path / "ran")}
    pack(tmp_path / "cifar-10-python.tar.gz", members)
    with pytest.raises(InterplayError, match=r"cifar-10-python.tar.gz is (altered|truncated|too long)"):
        load(info, "test", tmp_path)
    assert not (tmp_path / "ran").exists()


class Asks:
    """Pickled, a call of what is not there to be called."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize(
    "asked",
    [
        lambda trace: Asks(trace.touch),
        lambda trace: Asks(os.mkdir, str(trace)),
        lambda trace: Asks(eval, f"open({str(trace)!r}, 'w')"),
        lambda trace: Asks(np.frombuffer, b"abc"),
        lambda trace: Asks(getattr, "", "join"),
        lambda trace: np.array([Asks(trace.touch)], dtype=object),
        lambda trace: np.zeros((2, 3072)),
        lambda trace: np.asfortranarray(np.zeros((2, 3072), np.uint8)),
    ],
)
def test_a_pickle_runs_nothing_even_where_its_archive_is_the_pinned_one(tmp_path, cifar10, cifar10_members, asked):
    content = pickle.dumps({"data": asked(tmp_path / "ran"), "labels": [0, 1, 2]}, protocol=2)
    info = cifar10(cifar10_members() | {"cifar-10-batches-py/test_batch": content})
    with pytest.raises(
        InterplayError, match=r"cifar10 \(test\): .* cannot read it: (it asks for|an array of)"
    ) as caught:
        load(info, "test", tmp_path)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "asked",
    [
        b"cnumpy.core.multiarray\n_reconstruct\n",
        b"cnumpy\nndarray\n",
        b"cnumpy\ndtype\n",
        b"c_codecs\nencode\n",
    ],
)
@pytest.mark.parametrize("name", ["__setstate__", "__new__", "__init__", "__defaults__", "array"])
def test_a_pickle_that_sets_attributes_of_a_class_changes_nothing_for_the_next(
    tmp_path, cifar10, cifar10_members, asked, name
):
    state = b"N}X" + len(name).to_bytes(4, "little") + name.encode() + b"c_codecs\nencode\ns\x86"
    members = cifar10_members()
    evil = b"\x80\2" + asked + state + b"b0" + members["cifar-10-batches-py/test_batch"][2:]
    with pytest.raises(InterplayError, match=r"cifar10 \(test\): .* cannot read it: ") as caught:
        load(cifar10(members | {"cifar-10-batches-py/test_batch": evil}), "test", tmp_path)
    assert "\n" not in str(caught.value)
    assert load(cifar10(members), "test", tmp_path).labels.tolist() == [0, 1, 2]


def test_a_bit_that_the_packing_would_not_notice_stops(tmp_path, cifar10, cifar10_members):
    info = cifar10(cifar10_members())
    archive = tmp_path / "cifar-10-python.tar.gz"
    whole = archive.read_bytes()
    for place in range(0, len(whole), len(whole) // 40):
        archive.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        with pytest.raises(InterplayError, match="is altered: sha256") as caught:
            load(info, "train", tmp_path)
        assert "\n" not in str(caught.value)
        assert f"`interplay fetch cifar10 --root {tmp_path}`" in str(caught.value)
    assert not list(tmp_path.glob(".decoded/*.safetensors"))


@pytest.mark.parametrize(
    "content",
    [
        [1, 2],
        {"labels": [1]},
        {"data": np.zeros((1, 99), np.uint8), "labels": [1]},
        {"data": np.zeros((3, 3072), np.uint8), "labels": ["x"]},
        {"data": np.zeros((2, 3072), np.uint8), "labels": [1, 1]},
    ],
)
def test_content_unlike_cifar_is_one_clear_line(tmp_path, cifar10, cifar10_members, content):
    members = cifar10_members() | {"cifar-10-batches-py/test_batch": pickle.dumps(content, protocol=2)}
    with pytest.raises(InterplayError, match=r"cifar10 \(test\): ") as caught:
        load(cifar10(members), "test", tmp_path)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.glob(".decoded/.unpacked-*"))


def test_a_member_that_would_land_elsewhere_is_refused(tmp_path, cifar10, cifar10_members):
    info = cifar10(cifar10_members() | {"../outside": b"x"})
    with pytest.raises(InterplayError, match="cannot be unpacked"):
        load(info, "test", tmp_path)
    assert not (tmp_path / ".decoded/outside").exists()


def test_a_missing_batch_is_one_clear_line(tmp_path, cifar10, cifar10_members):
    members = cifar10_members()
    del members["cifar-10-batches-py/data_batch_3"]
    with pytest.raises(
        InterplayError, match=r"cifar10 \(train\): numpy .* cannot read it: the archive holds no .*data_batch_3"
    ):
        load(cifar10(members), "train", tmp_path)
