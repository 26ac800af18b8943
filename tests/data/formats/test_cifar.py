"""CIFAR from archives of the official format."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from interplay.data import load
from interplay.data.formats.cifar import read_cifar10, read_cifar100
from interplay.errors import InterplayError


@pytest.fixture
def archive(tmp_path, pack, cifar10_members):
    return pack(tmp_path / "cifar-10-python.tar.gz", cifar10_members())


def test_batches_come_in_their_own_order_and_pixels_row_by_row(archive):
    train = read_cifar10(archive, "train")
    assert train.images.shape == (10, 3, 32, 32)
    assert train.images.dtype == np.uint8
    assert train.images[:, 2, 31, 31].tolist() == list(range(2, 12))
    assert train.labels.tolist() == [*range(2, 10), 0, 1]
    first = train.images[0]
    assert first[0, 1].tolist() == [102] * 32
    assert first[0, 0].tolist() == first[1, 1].tolist() == [2] * 32
    assert train.class_names[3] == "class 3"


def test_the_test_split_is_another_batch(archive, tmp_path):
    data = load("cifar10", "test", tmp_path)
    assert data.labels.tolist() == [0, 1, 2]
    assert data.image_shape == (3, 32, 32)


def test_a_decoded_copy_serves_the_next_time_until_the_archive_changes(archive, pack, cifar10_members, monkeypatch):
    first = read_cifar10(archive, "test")
    with monkeypatch.context() as patch:
        patch.setattr("interplay.data.formats.cifar.read_members", None)  # would fail if it were asked
        again = read_cifar10(archive, "test")
    assert np.array_equal(first.images, again.images)
    assert first.class_names == again.class_names
    members = cifar10_members()
    members["cifar-10-batches-py/test_batch"] = members["cifar-10-batches-py/data_batch_1"]
    pack(archive, members)
    assert read_cifar10(archive, "test").labels.tolist() == [2, 3]


def test_cifar100_takes_the_fine_labels(tmp_path, pack):
    images = np.random.default_rng(0).integers(0, 256, (4, 3072), dtype=np.uint8)
    batch = {b"data": images, b"fine_labels": [3, 99, 0, 57], b"coarse_labels": [1, 2, 3, 4]}
    meta = {b"fine_label_names": [b"n%d" % label for label in range(100)], b"coarse_label_names": []}
    path = pack(
        tmp_path / "cifar-100-python.tar.gz",
        {
            "cifar-100-python/meta": pickle.dumps(meta, protocol=2),
            "cifar-100-python/test": pickle.dumps(batch, protocol=2),
            "cifar-100-python/train": pickle.dumps(batch, protocol=2),
        },
    )
    found = read_cifar100(path, "test")
    assert found.labels.tolist() == [3, 99, 0, 57]
    assert np.array_equal(found.images.reshape(4, -1), images)
    assert len(load("cifar100", "train", tmp_path).class_names) == 100


def test_pickles_of_python_2_are_read(tmp_path, pack, cifar10_members):
    """Protocol 2 as Python 2 wrote it: keys are `str` (SHORT_BINSTRING), arrays name `numpy.core.multiarray`."""
    members = cifar10_members()
    data = np.full((1, 3072), 9, np.uint8)
    array = pickle.dumps(data, protocol=2).replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
    body = array.removeprefix(b"\x80\x02").removesuffix(b".")
    text = b"\x80\x02}(U\x04data" + body + b"U\x06labels](K\x07eu."
    members["cifar-10-batches-py/test_batch"] = text
    found = read_cifar10(pack(tmp_path / "c.tar.gz", members), "test")
    assert found.labels.tolist() == [7]
    assert found.images.min() == found.images.max() == 9


def test_a_pickle_that_would_run_code_is_refused(tmp_path, pack, cifar10_members):
    class Evil:
        def __reduce__(self):
            return (tmp_path.joinpath("ran").touch, ())

    members = cifar10_members()
    members["cifar-10-batches-py/test_batch"] = pickle.dumps({b"data": Evil(), b"labels": [0]}, protocol=2)
    with pytest.raises(InterplayError, match="not a plain pickle"):
        read_cifar10(pack(tmp_path / "c.tar.gz", members), "test")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("keep", [0, 10, 200, 0.5, 0.98])
def test_a_truncated_archive_is_one_clear_line(archive, keep):
    whole = archive.read_bytes()
    archive.write_bytes(whole[: int(keep * len(whole)) if keep < 1 else int(keep)])
    with pytest.raises(InterplayError, match=r"truncated or corrupt|lacks") as caught:
        read_cifar10(archive, "train")
    assert "\n" not in str(caught.value)
    assert not list(archive.parent.glob(".decoded/*"))


def test_missing_members_are_named(tmp_path, pack, cifar10_members):
    members = cifar10_members()
    del members["cifar-10-batches-py/data_batch_3"]
    with pytest.raises(InterplayError, match="lacks cifar-10-batches-py/data_batch_3"):
        read_cifar10(pack(tmp_path / "c.tar.gz", members), "train")


@pytest.mark.parametrize(
    "content",
    [
        [1, 2],
        {b"labels": [1]},
        {b"data": np.zeros((1, 99), np.uint8), b"labels": [1]},
        {b"data": np.zeros((1, 3072), np.float32), b"labels": [1]},
        {b"data": np.zeros((1, 3072), np.uint8), b"labels": [b"x"]},
    ],
)
def test_content_unlike_cifar_is_one_clear_line(tmp_path, pack, cifar10_members, content):
    members = cifar10_members()
    members["cifar-10-batches-py/test_batch"] = pickle.dumps(content, protocol=2)
    with pytest.raises(InterplayError, match=r"c\.tar\.gz.*again"):
        read_cifar10(pack(tmp_path / "c.tar.gz", members), "test")
