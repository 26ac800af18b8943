"""Image files that are streamed: the same batches whatever the number of workers, unpacked and verified before."""

from __future__ import annotations

import errno
import io
import os
import shutil
import struct
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from zlib import crc32

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms import v2

from interplay.data import load, load_files, unpacking
from interplay.data.fetching import verify
from interplay.data.unpacked import open_files
from interplay.errors import InterplayError

BREEDS = ("Abyssinian", "beagle", "yorkshire_terrier")
TRANSFORM = v2.Compose(
    [v2.RandomResizedCrop(8), v2.RandomHorizontalFlip(), v2.ToImage(), v2.ToDtype(torch.float32, True)]
)
PLAIN = v2.Compose([v2.Resize((8, 8)), v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])
CPU = torch.device("cpu")


def png(index: int) -> bytes:
    """A red of its own per image, of a size of its own, and a green that rises over the image."""
    stream = io.BytesIO()
    pixels = np.zeros((14 - index, 10 + index, 3), np.uint8)
    pixels[:, :, 0] = 20 * index
    pixels[:, :, 1] = np.arange(pixels[:, :, 1].size).reshape(pixels.shape[:2])
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture
def pets(tmp_path, pack, pin):
    """Two small archives in the layout of Oxford-IIIT Pet, six images to train and three to test, and their entry."""
    folder = tmp_path / "oxford-iiit-pet"
    images, lists = {}, {"trainval": [], "test": []}
    for index in range(9):
        breed = BREEDS[index % 3]
        images[f"images/{breed}_{index}.jpg"] = png(index)  # torchvision opens by name, PIL by content
        lists["trainval" if index < 6 else "test"].append(f"{breed}_{index} {index % 3 + 1} 1 1")
    pack(folder / "images.tar.gz", images)
    pack(folder / "annotations.tar.gz", {f"annotations/{n}.txt": "\n".join(text).encode() for n, text in lists.items()})
    source = {"kind": "http", "name": "published", "url": "http://x/{file}"}
    return pin(
        "cifar10",
        tmp_path,
        name="pets",
        reader="interplay.data.readers.files:read_oxford_pets",
        num_classes=3,
        image_shape=None,
        splits={"train": 6, "test": 3},
        unpacked="oxford-iiit-pet",
        pinned={"path": "oxford-iiit-pet", "files": {}, "sources": [source]},
    )


def colours(images):
    """Which image each is, by its colour."""
    return (images[:, 0].mean(dim=(1, 2)) * 255 / 20).round().int().tolist()


def test_files_become_batches(pets, tmp_path):
    data = load_files(pets, "train", tmp_path, CPU, transform=PLAIN)
    assert data.class_names == ("abyssinian", "beagle", "yorkshire terrier")
    assert data.labels.tolist() == [0, 1, 2, 0, 1, 2]
    parts = list(data.batches(4))
    assert [tuple(images.shape) for images, _ in parts] == [(4, 3, 8, 8), (2, 3, 8, 8)]
    assert colours(torch.cat([images for images, _ in parts])) == list(range(6))
    assert torch.cat([labels for _, labels in parts]).tolist() == data.labels.tolist()
    ((images, labels),) = load_files(pets, "test", tmp_path, CPU, transform=PLAIN).batches(9)
    assert (colours(images), labels.tolist()) == ([6, 7, 8], [0, 1, 2])


def test_parts_of_it(pets, tmp_path):
    data = load_files(pets, "train", tmp_path, CPU, transform=PLAIN)
    part = data.subset(torch.tensor([5, 1, 3])).subset(torch.tensor([2, 0]))
    ((images, labels),) = part.batches(2)
    assert (colours(images), labels.tolist()) == ([3, 5], [0, 2])
    assert data.first_per_class(1).labels.tolist() == [0, 1, 2]
    assert len(data.sample(2)) == 2
    assert data.sample(None) is data
    ((images, _),) = data.batches([torch.tensor([4, 4, 0])])
    assert colours(images) == [4, 4, 0]


def test_what_is_drawn_depends_on_the_generator_and_not_on_the_workers(pets, tmp_path):
    def batches(workers, seed):
        data = load_files(pets, "train", tmp_path, CPU, transform=TRANSFORM, workers=workers)
        order = torch.tensor([[0, 0, 3], [5, 4, 3]])
        return [images for images, _ in data.batches(order, torch.Generator().manual_seed(seed))]

    alone = batches(0, 1)
    state = torch.get_rng_state()
    assert all(torch.equal(mine, theirs) for mine, theirs in zip(alone, batches(2, 1), strict=True))
    assert torch.equal(torch.get_rng_state(), state)  # the global generator is left alone
    assert not torch.equal(alone[0], batches(0, 2)[0])


@pytest.mark.parametrize(
    ("take", "message"),
    [
        (lambda data: data.sample(0), "pets/train: a sample of 0 images leaves nothing"),
        (lambda data: data.first_per_class(3), "pets/train: cannot take 3 samples of each class; the smallest has 2"),
        (lambda data: data.subset(torch.tensor([], dtype=torch.int64)), "pets/train: no images are left"),
        (lambda data: list(data.batches(0)), "batches of 0 images hold nothing"),
    ],
)
def test_nothing_at_all_is_one_clear_line(pets, tmp_path, take, message):
    with pytest.raises(InterplayError, match=message):
        take(load_files(pets, "train", tmp_path, CPU, transform=PLAIN))


def test_archives_are_verified_and_unpacked_once(pets, tmp_path, monkeypatch):
    first = load_files(pets, "train", tmp_path, CPU, transform=PLAIN)
    with monkeypatch.context() as patch:
        patch.setattr(verify, "file_hashes", None)  # would fail if they were asked
        patch.setattr("interplay.data.unpacked.unpack", None)
        again = load_files(pets, "test", tmp_path, CPU, transform=PLAIN)
    assert again.digest != first.digest
    archive = tmp_path / "oxford-iiit-pet/images.tar.gz"
    archive.write_bytes(archive.read_bytes()[:-1])
    with pytest.raises(InterplayError, match=r"images.tar.gz is truncated.*`interplay fetch pets"):
        load_files(pets, "train", tmp_path, CPU, transform=PLAIN)


def test_however_the_data_folder_is_named(pets, tmp_path, monkeypatch):
    load_files(pets, "train", tmp_path, CPU, transform=PLAIN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("interplay.data.unpacked.unpack", None)  # would fail if it were asked
    load_files(pets, "train", Path(), CPU, transform=PLAIN)


def test_two_that_want_it_at_once_unpack_it_once(pets, tmp_path, monkeypatch):
    unpacked, unpack = [], unpacking.unpack

    def slowly(archive, folder):
        unpacked.append(archive.name)
        time.sleep(0.2)
        unpack(archive, folder)

    monkeypatch.setattr("interplay.data.unpacked.unpack", slowly)
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda split: open_files(pets, split, tmp_path), ["train", "test", "train"]))
    assert sorted(unpacked) == ["annotations.tar.gz", "images.tar.gz"]
    assert [len(files.labels) for files, _ in found] == [6, 3, 6]
    assert found[0][1] == found[2][1]
    monkeypatch.setattr("interplay.data.unpacked.unpack", None)
    open_files(pets, "test", tmp_path)  # what one noted the others have not written over


def test_a_full_disk_is_named_and_what_a_killed_process_left_is_removed(pets, tmp_path, monkeypatch):
    left = tmp_path / ".decoded/.unpacking-pets-1"
    left.mkdir(parents=True)

    def full(archive, folder):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("interplay.data.unpacked.unpack", full)
    with pytest.raises(InterplayError, match=r"\.decoded/pets: the disk of .* is full: .* free; free some"):
        load_files(pets, "train", tmp_path, CPU, transform=PLAIN)
    assert not list(tmp_path.glob(".decoded/.unpacking-*"))


@pytest.mark.parametrize("damage", ["altered", "altered, times restored", "removed", "added", "all"])
def test_unpacked_files_that_were_touched_are_unpacked_anew(pets, tmp_path, damage):
    load_files(pets, "train", tmp_path, CPU, transform=PLAIN)
    folder = tmp_path / ".decoded/pets"
    victim = folder / "oxford-iiit-pet/images/Abyssinian_0.jpg"
    match damage:
        case "altered":
            victim.write_bytes(png(8))
        case "altered, times restored":
            before = victim.stat()
            victim.write_bytes(victim.read_bytes()[:-1] + b"x")
            os.utime(victim, ns=(before.st_atime_ns, before.st_mtime_ns))
        case "removed":
            victim.unlink()
        case "added":
            (folder / "oxford-iiit-pet/images/Abyssinian_10.jpg").write_bytes(png(1))
        case "all":
            shutil.rmtree(folder)
    ((images, _),) = load_files(pets, "train", tmp_path, CPU, transform=PLAIN).batches(6)
    assert colours(images) == list(range(6))
    assert not (folder / "oxford-iiit-pet/images/Abyssinian_10.jpg").exists()
    assert not list(tmp_path.glob(".decoded/.unpacking-*"))


def claiming(width: int, height: int) -> bytes:
    """A PNG without pixels whose header tells of so many."""
    parts = ((b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)), (b"IDAT", b""), (b"IEND", b""))
    chunks = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc32(kind + data)) for kind, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@pytest.mark.parametrize("content", [b"no image", claiming(20_000, 20_000)], ids=["none", "bomb"])
@pytest.mark.parametrize("workers", [0, 1])
def test_a_file_that_cannot_be_decoded_is_one_clear_line(pets, tmp_path, workers, content):
    data = load_files(pets, "train", tmp_path, CPU, transform=PLAIN, workers=workers)
    (tmp_path / ".decoded/pets/oxford-iiit-pet/images/beagle_4.jpg").write_bytes(content)
    with pytest.raises(InterplayError, match=r"^pets/train: image 4 cannot be decoded") as caught:
        list(data.batches(6))
    assert "\n" not in str(caught.value)


def test_each_kind_is_read_by_its_own_function(pets, tmp_path, fashion):
    with pytest.raises(InterplayError, match="pets: its images vary in size and are streamed; read it with load_files"):
        load(pets, "train", tmp_path)
    with pytest.raises(InterplayError, match="fashion-mnist: its images fit into memory; read it with load"):
        load_files(fashion, "train", tmp_path, CPU, transform=PLAIN)


def test_an_entry_with_another_number_of_images_is_one_clear_line(pets, tmp_path):
    content = pets.model_dump() | {"splits": {"train": 7, "test": 3}}
    with pytest.raises(InterplayError, match=r"pets \(train\): 6 images of 3 classes where the catalogue has 7 of 3"):
        load_files(type(pets).model_validate(content), "train", tmp_path, CPU, transform=PLAIN)
