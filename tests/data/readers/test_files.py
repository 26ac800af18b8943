"""Sets of image files in their own layouts, through `load_files`, with and without a published split file."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.io import savemat
from torchvision.transforms import v2

from interplay.data import load_files
from interplay.data.fetching import fetch
from interplay.data.split_files import split_path
from interplay.errors import InterplayError
from interplay.protocols.assets import DatasetInfo
from interplay.protocols.datasets import DATASETS

Members = dict[str, bytes]
DRAWN, PUBLISHED = range(10), (range(5), range(5, 8))  # images of each class: all, or to train with and to test on


def photo(label: int, index: int) -> bytes:
    """An image that says by its colours which one it is, losslessly; PIL does not mind its name."""
    stream = io.BytesIO()
    Image.new("RGB", (16, 16), (20 * label, 20 * index, 7)).save(stream, "PNG")
    return stream.getvalue()


def tar(members: Members) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return stream.getvalue()


def zipped(members: Members) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def matlab(**content: object) -> bytes:
    stream = io.BytesIO()
    savemat(stream, content)
    return stream.getvalue()


def text(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


@dataclass(frozen=True)
class Small:
    """A set of three classes: their names, its files below the data folder, and where an image lies in its own folder.

    `where` gives the path from which a split file names an image, by label and index.
    """

    class_names: tuple[str, ...]
    files: Callable[[], Members]
    where: Callable[[int, int], str]
    drawn: bool = True


def images(where: Callable[[int, int], str], below: str, indices: Iterable[int] = DRAWN) -> Members:
    return {f"{below}{where(label, index)}": photo(label, index) for label in range(3) for index in indices}


def by_folder(folders: tuple[str, ...]) -> Callable[[int, int], str]:
    return lambda label, index: f"{folders[label]}/image_{index:04d}.jpg"


CALTECH = by_folder(("Faces", "airplanes", "sea_horse"))


def caltech101() -> Members:
    others = {
        f"101_ObjectCategories/{name}/image_0001.jpg": photo(9, 9) for name in ("BACKGROUND_Google", "Faces_easy")
    }
    inner = tar(images(CALTECH, "101_ObjectCategories/") | others)
    return {"caltech-101.zip": zipped({"caltech-101/101_ObjectCategories.tar.gz": inner})}


BREEDS = ("Abyssinian", "beagle", "yorkshire_terrier")


def pet(label: int, index: int) -> str:
    return f"{BREEDS[label]}_{index}.jpg"


def oxford_pets() -> Members:
    lists = {
        f"annotations/{name}.txt": text(f"{pet(c, i)[:-4]} {c + 1} 1 1" for i in part for c in range(3))
        for name, part in zip(("trainval", "test"), PUBLISHED, strict=True)
    }
    return {
        "oxford-pets/images.tar.gz": tar(images(pet, "images/", range(8))),
        "oxford-pets/annotations.tar.gz": tar(lists),
    }


def car(label: int, index: int) -> str:
    return f"cars_{'train' if index in PUBLISHED[0] else 'test'}/{10 * label + index:05d}.jpg"


def stanford_cars() -> Members:
    def annotations(part: range) -> bytes:
        rows = [(car(c, i).partition("/")[2], c + 1) for i in part for c in range(3)]
        return matlab(annotations=np.array(rows, dtype=[("fname", object), ("class", object)]))

    names = np.array(["AM General Hummer SUV 2000", "Acura RL Sedan 2012", "BMW M3 Coupe 2012"], dtype=object)
    base = "stanford_cars/"
    return images(car, base, range(8)) | {
        f"{base}devkit/cars_train_annos.mat": annotations(PUBLISHED[0]),
        f"{base}cars_test_annos_withlabels.mat": annotations(PUBLISHED[1]),
        f"{base}devkit/cars_meta.mat": matlab(class_names=names),
    }


def flower(label: int, index: int) -> str:
    return f"image_{3 * index + label + 1:05d}.jpg"


def flowers102() -> Members:
    labels = np.array([label + 1 for _ in DRAWN for label in range(3)], dtype=np.uint8)
    return {
        "flowers102/102flowers.tgz": tar(images(flower, "jpg/")),
        "flowers102/imagelabels.mat": matlab(labels=labels),
    }


FOOD = by_folder(("apple_pie", "beef_tartare", "waffles"))
VARIANTS = ("707-320", "A300B4", "DC-9-30")


def aircraft(label: int, index: int) -> str:
    return f"{10 * label + index:07d}.jpg"


def fgvc_aircraft() -> Members:
    parts = {"train": range(3), "val": range(3, 5), "test": range(5, 8)}
    base = "fgvc-aircraft-2013b/data/"
    lists = {
        f"{base}images_variant_{name}.txt": text(f"{aircraft(c, i)[:-4]} {VARIANTS[c]}" for i in part for c in range(3))
        for name, part in parts.items()
    }
    lists[f"{base}variants.txt"] = text(VARIANTS)
    return {"fgvc-aircraft-2013b.tar.gz": tar(images(aircraft, f"{base}images/", range(8)) | lists)}


SCENES = ("a/abbey", "a/apse/indoor", "b/baseball_field")


def scene(label: int, index: int) -> str:
    return f"{SCENES[label]}/sun_{index}.jpg"


def sun397() -> Members:
    lists = {
        f"{name}_01.txt": text(f"/{scene(c, i)}" for c in range(3) for i in part)
        for name, part in zip(("Training", "Testing"), PUBLISHED, strict=True)
    }
    classes = {"SUN397/ClassName.txt": text(f"/{name}" for name in SCENES)}
    return {
        "sun397/SUN397.tar.gz": tar(images(scene, "SUN397/", range(8)) | classes),
        "sun397/Partitions.zip": zipped(lists),
    }


DTD = by_folder(("banded", "dotted", "zigzagged"))
HIDDEN = {"dtd/images/banded/._image_0001.jpg": b"x", "dtd/images/.cache/a.jpg": photo(9, 9)}
EUROSAT = by_folder(("AnnualCrop", "Highway", "SeaLake"))
ACTIONS = ("ApplyEyeMakeup", "HandstandPushups", "YoYo")


def frame(label: int, index: int) -> str:
    return f"{('Apply_Eye_Makeup', 'Handstand_Pushups', 'Yo_Yo')[label]}/v_{ACTIONS[label]}_g01_c{index:02d}.jpg"


def ucf101() -> Members:
    def video(label: int, index: int) -> str:
        return f"{ACTIONS[label]}/{frame(label, index).partition('/')[2][:-4]}.avi"

    lists = "ucf101/ucfTrainTestlist/"
    return images(frame, "ucf101/UCF-101-midframes/", range(8)) | {
        f"{lists}classInd.txt": text(f"{c + 1} {name}" for c, name in enumerate(ACTIONS)),
        f"{lists}trainlist01.txt": text(f"{video(c, i)} {c + 1}" for i in PUBLISHED[0] for c in range(3)),
        f"{lists}testlist01.txt": text(video(c, i) for i in PUBLISHED[1] for c in range(3)),
    }


SYNSETS = by_folder(("n01440764", "n01443537", "n01484850"))


def imagenet() -> Members:
    names = text(("n01440764 tench", "n01443537 goldfish", "n01484850 great white shark"))
    parts = zip(("train", "val"), PUBLISHED, strict=True)
    found = [images(SYNSETS, f"imagenet/{part}/", indices) for part, indices in parts]
    return found[0] | found[1] | {"imagenet/classnames.txt": names}


SMALL = {
    "caltech101": Small(("face", "airplane", "sea horse"), caltech101, CALTECH),
    "oxford-pets": Small(("abyssinian", "beagle", "yorkshire terrier"), oxford_pets, pet, drawn=False),
    "stanford-cars": Small(
        ("2000 AM General Hummer SUV", "2012 Acura RL Sedan", "2012 BMW M3 Coupe"), stanford_cars, car, drawn=False
    ),
    "flowers102": Small(("pink primrose", "hard-leaved pocket orchid", "canterbury bells"), flowers102, flower),
    "food101": Small(
        ("apple pie", "beef tartare", "waffles"),
        lambda: {"food-101.tar.gz": tar(images(FOOD, "food-101/images/"))},
        FOOD,
    ),
    "fgvc-aircraft": Small(VARIANTS, fgvc_aircraft, aircraft, drawn=False),
    "sun397": Small(("abbey", "indoor apse", "baseball field"), sun397, scene, drawn=False),
    "dtd": Small(
        ("banded", "dotted", "zigzagged"),
        lambda: {"dtd-r1.0.1.tar.gz": tar(images(DTD, "dtd/images/") | HIDDEN)},
        DTD,
    ),
    "eurosat": Small(
        ("Annual Crop Land", "Highway or Road", "Sea or Lake"),
        lambda: {"EuroSAT.zip": zipped(images(EUROSAT, "2750/"))},
        EUROSAT,
    ),
    "ucf101": Small(("Apply Eye Makeup", "Handstand Pushups", "Yo Yo"), ucf101, frame, drawn=False),
    "imagenet": Small(("tench", "goldfish", "great white shark"), imagenet, SYNSETS, drawn=False),
}


def write(root: Path, files: Members) -> None:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)


@pytest.fixture
def small(tmp_path, pin, monkeypatch) -> Callable[..., DatasetInfo]:
    """Put a small set, or the given files instead, in its place in the data folder `tmp_path`; its entry."""
    from torchvision.datasets import Flowers102

    monkeypatch.setattr(Flowers102, "classes", Flowers102.classes[:3])

    def make(name: str, splits: dict[str, int], files: Members | None = None) -> DatasetInfo:
        write(tmp_path, SMALL[name].files() if files is None else files)
        return pin(name, tmp_path, splits=splits, num_classes=3)

    return make


CPU = torch.device("cpu")
PLAIN = v2.ToImage()
SPLIT_FILES = [name for name in SMALL if DATASETS[name].split_file is not None]
PLACED = [name for name in SMALL if DATASETS[name].placed is not None]
GIVEN = {"train": range(5, 7), "val": range(7, 8), "test": range(2)}  # what the split files below say


def sizes(name):
    """Images of each split of a small set of three classes, by the rule of its reader."""
    if SMALL[name].drawn:
        return {"train": 15, "val": 6, "test": 9}
    return {
        "fgvc-aircraft": {"train": 9, "val": 6, "test": 9},
        "imagenet": {"train": 15, "test": 9},
    }.get(name, {"train": 12, "val": 3, "test": 9})


def seen(data):
    """Label, and what the pixels say of label and index, of every image."""
    found = []
    for images, labels in data.batches(4):
        colours = (images[:, :2, 8, 8] // 20).tolist()
        found += [(label, *colour) for label, colour in zip(labels.tolist(), colours, strict=True)]
    return found


@pytest.mark.parametrize("name", SMALL)
def test_the_images_of_each_split_are_those_of_the_layout(small, tmp_path, name):
    info = small(name, sizes(name))
    held = {}
    for split in info.splits:
        data = load_files(info, split, tmp_path, CPU, transform=PLAIN)
        assert data.class_names == SMALL[name].class_names
        assert all(label == shown for label, shown, _ in seen(data))
        held[split] = {(label, index) for label, _, index in seen(data)}
        assert len(held[split]) == len(data) == info.splits[split]
    everything = {(label, index) for label in range(3) for index in range(10 if SMALL[name].drawn else 8)}
    assert set.union(*held.values()) == everything  # no image twice, since the sizes add up
    if not SMALL[name].drawn:
        assert held["test"] == {(label, index) for label in range(3) for index in PUBLISHED[1]}


def lists(name, **changes):
    """A split file as CoOp writes it, underscores in the names of classes."""
    one = SMALL[name]
    content = {
        split: [
            [one.where(label, index), label, one.class_names[label].replace(" ", "_")]
            for label in range(3)
            for index in indices
        ]
        for split, indices in GIVEN.items()
    }
    return content | changes


def put(info, root, content):
    place = split_path(info, root)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(content if isinstance(content, str) else json.dumps(content))
    return place


@pytest.mark.parametrize("name", SPLIT_FILES)
def test_a_split_file_beside_the_data_decides(small, tmp_path, name):
    info = small(name, {split: 3 * len(indices) for split, indices in GIVEN.items()})
    put(info, tmp_path, lists(name))
    for split, indices in GIVEN.items():
        data = load_files(info, split, tmp_path, CPU, transform=PLAIN)
        assert data.class_names == SMALL[name].class_names
        assert seen(data) == [(label, label, index) for label in range(3) for index in indices]


def test_a_split_file_is_in_the_digest(small, tmp_path):
    info = small("eurosat", {"train": 15, "val": 6, "test": 9})
    alone = load_files(info, "test", tmp_path, CPU, transform=PLAIN).digest
    assert load_files(info, "test", tmp_path, CPU, transform=PLAIN).digest == alone
    given = info.model_copy(update={"splits": {"train": 6, "val": 3, "test": 6}})
    put(info, tmp_path, lists("eurosat"))
    assert load_files(given, "test", tmp_path, CPU, transform=PLAIN).digest != alone


CROP = ["AnnualCrop/image_0000.jpg", 0, "Annual Crop Land"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            lists("eurosat", val=[["../../x.jpg", 0, "Annual Crop Land"]]),
            r"\.\./\.\./x.jpg leaves the folder of images",
        ),
        (lists("eurosat", val=[["/etc/passwd", 0, "Annual Crop Land"]]), "/etc/passwd leaves the folder of images"),
        (lists("eurosat", val=[["..\\x.jpg", 0, "Annual Crop Land"]]), "x.jpg leaves the folder of images"),
        (lists("eurosat", val=[["SeaLake/x.jpg", 2, "Sea or Lake"]]), "SeaLake/x.jpg is not in .*/2750"),
        (lists("eurosat", val=[["SeaLake/x.jpg", 3, "Desert"]]), r"the class 'Desert' of .* is unknown \(label 3\)"),
        (lists("eurosat", val=[["SeaLake/x.jpg", 1, "Sea or Lake"]]), "has label 1, in the data set 2"),
        (lists("eurosat", val=[["SeaLake/x.jpg", -1, "Sea or Lake"]]), "has label -1, in the data set 2"),
        (lists("eurosat", val=[CROP]), "image_0000.jpg is in val and in test"),
        (lists("eurosat", val=[CROP, CROP], test=[]), "image_0000.jpg is in val and in val"),
        (lists("eurosat", val=[["SeaLake/x.jpg", "2", "Sea or Lake"]]), r"is no split file.*val.0.1: .*valid integer"),
        (lists("eurosat", val=[["SeaLake/x.jpg", 2]]), "is no split file.*val.0"),
        ({"train": [], "val": []}, "has no split test"),
        ([], "is no split file.*the whole"),
        ("{", "is no split file.*Expecting property name"),
    ],
)
def test_a_split_file_that_does_not_fit_is_one_clear_line(small, tmp_path, content, message):
    info = small("eurosat", {"train": 6, "val": 3, "test": 6})
    place = put(info, tmp_path, content)
    with pytest.raises(InterplayError, match=message) as caught:
        load_files(info, "val", tmp_path, CPU, transform=PLAIN)
    assert str(caught.value).startswith(f"{place}: ")
    assert "\n" not in str(caught.value)


def something_else(name):
    """Files in the places of a set's own, which hold nothing of it."""
    info = DATASETS[name]
    if info.placed is not None:
        return {f"{info.placed.path}/notes.txt": b"x"}
    base = f"{info.pinned.path}/" if info.pinned.is_folder else ""
    member = {"notes.txt": b"x"}
    return {
        f"{base}{file}": zipped(member) if file.endswith(".zip") else b"x" if file.endswith(".mat") else tar(member)
        for file in info.pinned.files
    }


@pytest.mark.parametrize("name", SMALL)
def test_what_is_not_the_data_set_is_one_clear_line(small, tmp_path, name):
    info = small(name, sizes(name), something_else(name))
    with pytest.raises(InterplayError) as caught:
        load_files(info, "train", tmp_path, CPU, transform=PLAIN)
    assert "\n" not in str(caught.value)
    if info.placed is not None:
        assert str(caught.value).endswith(info.placed.how)


def without(name, missing):
    return {file: content for file, content in SMALL[name].files().items() if not file.endswith(missing)}


@pytest.mark.parametrize(
    ("name", "files", "message"),
    [
        ("oxford-pets", {"oxford-pets/annotations.tar.gz": tar({"annotations/list.txt": b""})}, "trainval.txt"),
        ("sun397", {"sun397/Partitions.zip": zipped({"Testing_01.txt": b""})}, "Training_01.txt"),
        ("sun397", {"sun397/Partitions.zip": zipped({"Training_01.txt": text(["/z/zoo/sun_1.jpg"])})}, "'/z/zoo/sun_1"),
        ("flowers102", {"flowers102/imagelabels.mat": b"\0" * 200}, "[Mm]at"),
        ("eurosat", {"EuroSAT.zip": zipped({"2750/Desert/a.jpg": photo(0, 0)})}, "does not have: Desert"),
        ("stanford-cars", {"stanford_cars/devkit/cars_train_annos.mat": b"\0" * 200}, "[Mm]at"),
        (
            "ucf101",
            {"ucf101/ucfTrainTestlist/trainlist01.txt": text(["Zumba/v_1.avi 4"])},
            "'Zumba/v_1.avi 4' is of a class",
        ),
        ("imagenet", {"imagenet/classnames.txt": text(["n01440764 tench"])}, "names no class n01443537"),
    ],
)
def test_annotations_that_are_missing_or_wrong_are_one_clear_line(small, tmp_path, name, files, message):
    info = small(name, sizes(name), SMALL[name].files() | files)
    with pytest.raises(
        InterplayError, match=rf"{name} \(train\): torchvision .* cannot read it: .*{message}"
    ) as caught:
        load_files(info, "train", tmp_path, CPU, transform=PLAIN)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("stanford-cars", "cars_meta.mat"),
        ("ucf101", "classInd.txt"),
        ("ucf101", "trainlist01.txt"),
        ("imagenet", "classnames.txt"),
    ],
)
def test_a_placed_set_without_its_annotations_says_how_to_mend_it(small, tmp_path, name, missing):
    info = small(name, sizes(name), without(name, missing))
    with pytest.raises(InterplayError, match=rf"{missing}.*; .*there"):
        load_files(info, "train", tmp_path, CPU, transform=PLAIN)


def test_a_folder_of_no_class_of_its_own_changes_the_count(small, tmp_path):
    files = {"food-101.tar.gz": tar({f"food-101/images/{dish}/1.jpg": photo(0, 0) for dish in "abcd"})}
    info = small("food101", {"train": 15, "val": 6, "test": 9}, files)
    with pytest.raises(InterplayError, match=r"food101 \(test\): 4 images of 4 classes where the catalogue has 9 of 3"):
        load_files(info, "test", tmp_path, CPU, transform=PLAIN)


@pytest.mark.parametrize("name", PLACED)
def test_what_cannot_be_fetched_says_where_to_get_it(small, tmp_path, name):
    info = DATASETS[name]
    for use in (lambda: load_files(name, "train", tmp_path, CPU, transform=PLAIN), lambda: fetch(name, tmp_path)):
        with pytest.raises(InterplayError) as caught:
            use()
        assert str(caught.value) == f"{tmp_path / info.placed.path}: {info.title} is not there; {info.placed.how}"


def test_fetching_what_was_placed_counts_it(small, tmp_path):
    said = []
    assert fetch(small("imagenet", sizes("imagenet")), tmp_path, say=said.append) is None
    assert said == [f"imagenet: {tmp_path / 'imagenet'} is there (train 15, test 9)"]


@pytest.mark.parametrize("damage", [b"no image", None])
def test_an_image_that_cannot_be_decoded_or_is_gone_is_one_clear_line(small, tmp_path, damage):
    info = small("ucf101", sizes("ucf101"))
    before = load_files(info, "test", tmp_path, CPU, transform=PLAIN)
    victim = tmp_path / "ucf101/UCF-101-midframes" / SMALL["ucf101"].where(1, 6)
    victim.unlink() if damage is None else victim.write_bytes(damage)
    data = load_files(info, "test", tmp_path, CPU, transform=PLAIN)
    assert data.digest != before.digest  # nothing pins what was placed, so the names and sizes stand in the record
    assert load_files(info, "train", tmp_path, CPU, transform=PLAIN).digest != data.digest
    with pytest.raises(InterplayError, match=rf"^ucf101/test: image 4 cannot be decoded .*{victim.name}") as caught:
        seen(data)
    assert "\n" not in str(caught.value)
