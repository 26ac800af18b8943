"""The pins and the table of sources: those of the repository, and broken ones."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import yaml

from interplay.data import CATALOGUE
from interplay.data.fetching.pins import FilePin, directory_md5, read_pin
from interplay.errors import InterplayError

FETCHED = [name for name, info in CATALOGUE.items() if info.fetched]
# Hashes published with the sets (METHODS.md G; of Fashion-MNIST, the unpacked files).
KNOWN = {
    "cifar10": ("c58f30108f718f92721af3b95e74349a", 170_498_071),
    "cifar100": ("eb9058c3a382ffc7106e4002c42a8d85", 169_001_437),
    "stl10": ("91f7769df0f17e558f3565bffb0c7dfb", 2_640_397_119),
    "train-images-idx3-ubyte": ("f4a8712d7a061bf5bd6d2ca38dc4d50a", 16 + 60_000 * 784),
    "train-labels-idx1-ubyte": ("9018921c3c673c538a1fc5bad174d6f9", 8 + 60_000),
    "t10k-images-idx3-ubyte": ("8181f5470baa50b63fa0f6fddb340f0a", 16 + 10_000 * 784),
    "t10k-labels-idx1-ubyte": ("15d484375f8d13e6eb1aabb0c3f46965", 8 + 10_000),
}


@pytest.mark.parametrize("name", FETCHED)
def test_pins_agree_with_the_catalogue_and_with_what_is_known(root, name):
    pinned = read_pin(name, root / "data")
    assert pinned.path == CATALOGUE[name].path
    for file, pin in pinned.files.items():
        assert (pin.md5, pin.size) == KNOWN[file if pinned.is_folder else name]
    assert pinned.sources[0].name == "published"


def test_there_is_a_pin_and_a_row_for_each_and_for_no_other(root):
    assert {path.stem for path in (root / "data").glob("*.dvc")} == set(FETCHED)
    assert set(yaml.safe_load((root / "data/sources.yaml").read_text())["datasets"]) == set(FETCHED)


@pytest.mark.parametrize("name", FETCHED)
def test_what_is_pinned_is_ignored_by_git(root, name):
    assert f"/{CATALOGUE[name].path}" in (root / "data/.gitignore").read_text().splitlines()


def test_the_hash_of_a_folder_is_that_of_dvc():
    """Made by `dvc add` (3.67) of a folder with these two files."""
    files = {name: FilePin(md5=hashlib.md5(text).hexdigest(), size=len(text)) for name, text in DVC_EXAMPLE.items()}
    assert directory_md5(files) == DVC_EXAMPLE_MD5


DVC_EXAMPLE = {"b.txt": b"second\n", "a.txt": b"first\n"}
DVC_EXAMPLE_MD5 = "4ef7a536b17ea1e017f9592bd1a1685a.dir"


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("sources.yaml", "size: 6", "size: 7", r"sources.yaml: the files of fashion-mnist do not add up"),
        ("sources.yaml", "fashion-mnist:", "other:", "no row for fashion-mnist"),
        ("sources.yaml", "kind: http", "kind: ftp", r"sources.yaml: datasets.cifar10.sources.0: "),
        ("sources.yaml", "url: http:", "url: file:", r"sources.yaml: datasets.cifar10.sources.0.http.url: "),
        ("sources.yaml", "name: nowhere", "nmae: nowhere", r"sources.yaml: datasets.cifar10"),
        ("sources.yaml", "datasets:", "datasets: [", "not valid YAML"),
        ("fashion-mnist.dvc", "md5: ", "md5: x", r"fashion-mnist.dvc: outs.0.md5: "),
        ("fashion-mnist.dvc", "outs:", "outs: []\nx:", r"fashion-mnist.dvc: outs: "),
    ],
)
def test_a_mistake_is_one_clear_line(write_root, file, old, new, message):
    root = write_root()
    edit(root / file, old, new)
    with pytest.raises(InterplayError, match=message) as caught:
        read_pin("fashion-mnist", root)
    assert "\n" not in str(caught.value)


def test_sources_of_one_name_are_refused(write_root):
    twice = [{"kind": "http", "name": "a", "url": "http://x/"}] * 2
    with pytest.raises(InterplayError, match="two sources have the same name: a, a"):
        read_pin("cifar10", write_root(single=twice))


def test_a_folder_that_is_no_data_folder_is_told_so(tmp_path):
    with pytest.raises(InterplayError, match=r"cifar10.dvc: cannot be read .*--root must name the data folder"):
        read_pin("cifar10", tmp_path)
