"""Sets of image files, read by `torchvision.datasets` as far as it knows their layouts; nothing is decoded here.

Each reader takes the folder into which the set's archives were unpacked, or which a user put in place, and never
downloads. Class names come as CLIP is prompted with them: those of the public code of CoOp, spaces for underscores.

Where the reference experiments use the published split they divide its training part, and so do these readers: a fifth
of each class is `val`. Where the references drew a split of their own (Caltech101, Flowers102, Food101, DTD, EuroSAT),
these draw one of the same sizes: of each class half is `train`, a fifth `val`, the rest `test`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from interplay.data.listed import Files, listed
from interplay.data.splits import divided_by_class

_TRAIN, _VAL = 0.5, 0.2
_EUROSAT = {
    "AnnualCrop": "Annual Crop Land",
    "Forest": "Forest",
    "HerbaceousVegetation": "Herbaceous Vegetation Land",
    "Highway": "Highway or Road",
    "Industrial": "Industrial Buildings",
    "Pasture": "Pasture Land",
    "PermanentCrop": "Permanent Crop Land",
    "Residential": "Residential Buildings",
    "River": "River",
    "SeaLake": "Sea or Lake",
}
_CALTECH = {"airplanes": "airplane", "Faces": "face", "Leopards": "leopard", "Motorbikes": "motorbike"}
_NO_CLASSES = ("BACKGROUND_Google", "Faces_easy")


def read_caltech101(folder: Path, split: str) -> Files:
    """Caltech-101 without the background and the second folder of faces: 100 classes."""
    files = _by_folder(folder / "caltech-101/101_ObjectCategories", _NO_CLASSES)
    return _drawn(_renamed(files, [_CALTECH.get(name, name) for name in files.class_names]), split)


def read_oxford_pets(folder: Path, split: str) -> Files:
    """Oxford-IIIT Pet: its two archives unpacked into `oxford-iiit-pet`."""
    from torchvision.datasets import OxfordIIITPet

    def published(part: str) -> Files:
        data = OxfordIIITPet(folder, split="trainval" if part == "train" else part, download=False)
        return listed(data._images, data._labels, [name.lower() for name in data.classes])

    return _with_validation(published, split)


def read_stanford_cars(folder: Path, split: str) -> Files:
    """Stanford Cars in the layout of `torchvision.datasets.StanfordCars`; the year comes first in a class name."""
    from torchvision.datasets import StanfordCars

    def published(part: str) -> Files:
        data = _from_matlab(lambda: StanfordCars(folder.parent, split=part, download=False))
        names = [" ".join([words[-1], *words[:-1]]) for words in (name.split(" ") for name in data.classes)]
        return listed([path for path, _ in data._samples], [label for _, label in data._samples], names)

    return _with_validation(published, split)


def read_flowers102(folder: Path, split: str) -> Files:
    """Oxford Flowers-102: its archive and its labels in `flowers-102`; the published split has 10 images of a class."""
    from scipy.io import loadmat
    from torchvision.datasets import Flowers102

    base = folder / "flowers-102"
    labels = _from_matlab(lambda: loadmat(base / "imagelabels.mat", squeeze_me=True))["labels"]
    paths = [base / f"jpg/image_{number:05d}.jpg" for number in range(1, len(labels) + 1)]
    names = [name.rstrip("?") for name in Flowers102.classes]
    return _drawn(listed(paths, [label - 1 for label in labels.tolist()], names), split)


def read_food101(folder: Path, split: str) -> Files:
    """Food-101, all its images: the published split leaves no images to validate on."""
    return _drawn(_by_folder(folder / "food-101/images"), split)


def read_fgvc_aircraft(folder: Path, split: str) -> Files:
    """FGVC-Aircraft by variant, in its published split."""
    from torchvision.datasets import FGVCAircraft

    data = FGVCAircraft(folder, split=split, download=False)
    return listed(data._image_files, data._labels, data.classes)


def read_sun397(folder: Path, split: str) -> Files:
    """SUN397, the first of its published partitions, whose lists lie beside its folder."""
    classes = _lines(folder / "SUN397/ClassName.txt")  # /a/abbey, /a/apse/indoor, ...
    label_of = {name: label for label, name in enumerate(classes)}
    names = [" ".join(reversed(name.split("/")[2:])).replace("_", " ") for name in classes]

    def published(part: str) -> Files:
        lines = _lines(folder / f"{'Training' if part == 'train' else 'Testing'}_01.txt")
        labels = [_label(label_of, line.rpartition("/")[0], line) for line in lines]
        return listed([folder / f"SUN397{line}" for line in lines], labels, names)

    return _with_validation(published, split)


def read_dtd(folder: Path, split: str) -> Files:
    """Describable Textures, all its images; the archive unpacked into `dtd`."""
    return _drawn(_by_folder(folder / "dtd/dtd/images"), split)


def read_eurosat(folder: Path, split: str) -> Files:
    """EuroSAT in RGB."""
    files = _by_folder(folder / "2750")
    if unknown := [name for name in files.class_names if name not in _EUROSAT]:
        raise ValueError(f"{folder / '2750'} holds classes that EuroSAT does not have: {', '.join(unknown)}")
    return _drawn(_renamed(files, [_EUROSAT[name] for name in files.class_names]), split)


def read_ucf101(folder: Path, split: str) -> Files:
    """Middle frames of the videos of UCF101, the first of its published splits, with its lists beside them."""
    lists = folder / "ucfTrainTestlist"
    actions = [line.split()[-1] for line in _lines(lists / "classInd.txt")]
    label_of = {action: label for label, action in enumerate(actions)}
    words = {action: re.findall("[A-Z][^A-Z]*", action) for action in actions}

    def published(part: str) -> Files:
        paths, labels = [], []
        for line in _lines(lists / f"{part}list01.txt"):
            action, _, video = line.split()[0].partition("/")
            labels.append(_label(label_of, action, line))
            paths.append(folder / "UCF-101-midframes" / "_".join(words[action]) / f"{Path(video).stem}.jpg")
        return listed(paths, labels, [" ".join(words[action]) for action in actions])

    return _with_validation(published, split)


def read_imagenet(folder: Path, split: str) -> Files:
    """ImageNet by folders; the published validation images are `test`. Names come from `classnames.txt`."""
    lines = (line.partition(" ") for line in _lines(folder / "classnames.txt"))
    name_of = {number: name for number, _, name in lines}
    files = _by_folder(folder / ("train" if split == "train" else "val"))
    if unnamed := [number for number in files.class_names if number not in name_of]:
        raise ValueError(f"{folder / 'classnames.txt'} names no class {unnamed[0]}")
    return _renamed(files, [name_of[number] for number in files.class_names])


def _by_folder(folder: Path, ignored: Sequence[str] = ()) -> Files:
    """Images in one folder for each class, in the order of their names; hidden files are none."""
    from torchvision.datasets import ImageFolder
    from torchvision.datasets.folder import is_image_file

    class Folders(ImageFolder):  # type: ignore[misc]  # torchvision has no types
        """Without the folders that are no classes."""

        def find_classes(self, directory: str) -> tuple[list[str], dict[str, int]]:
            names = [name for name in super().find_classes(directory)[0] if name not in ignored and name[0] != "."]
            return names, {name: label for label, name in enumerate(names)}

    data = Folders(folder, is_valid_file=lambda path: is_image_file(path) and Path(path).name[0] != ".")
    return _renamed(listed([path for path, _ in data.samples], data.targets, data.classes), data.classes)


def _renamed(files: Files, names: Sequence[str]) -> Files:
    return files._replace(class_names=tuple(name.replace("_", " ") for name in names))


def _drawn(files: Files, split: str) -> Files:
    parts = divided_by_class(files.labels, (_TRAIN, _VAL))
    return _part(files, parts[("train", "val", "test").index(split)])


def _with_validation(published: Callable[[str], Files], split: str) -> Files:
    """`test` as published; of the other part a fifth of each class is `val`."""
    if split == "test":
        return published("test")
    files = published("train")
    validating, training = divided_by_class(files.labels, (_VAL,))
    return _part(files, training if split == "train" else validating)


def _part(files: Files, chosen: Sequence[int]) -> Files:
    paths = files.source.paths
    return listed([paths[index] for index in chosen], [files.labels[index] for index in chosen], files.class_names)


def _lines(path: Path) -> list[str]:
    return [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def _label(label_of: dict[str, int], name: str, line: str) -> int:
    if name not in label_of:
        raise ValueError(f"{line!r} is of a class that the list of classes does not have")
    return label_of[name]


def _from_matlab(read: Callable[[], Any]) -> Any:
    from scipy.io.matlab import MatReadError

    try:
        return read()
    except MatReadError as error:
        raise ValueError(str(error)) from error
