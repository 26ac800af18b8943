"""Pictures with captions and the tasks on them: pinned, ordered, and each unlike what pretraining shows."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch

from interplay.data import average_pool, captions, load, tasks
from interplay.data.captioned import read_captioned_pictures
from interplay.data.readers.emoji import name_of
from interplay.errors import InterplayError
from interplay.protocols.datasets import DATASETS, files_of
from interplay.protocols.mappings import DataMapping
from interplay.protocols.sourced import read_yaml

SPLITS = ("train", "test")
FAMILY = [name for name, info in DATASETS.items() if info.image_shape == (3, 32, 32) and info.origin == "rendered"]
TASKS = [name for name in FAMILY if DATASETS[name].prompt and not DATASETS[name].permuted_from]
FROM_FONTS = [name for name in TASKS if not DATASETS[name].drawn_from]
EMOJI = {
    "inked-animals": tasks.ANIMALS,
    "textured-objects": tasks.OBJECTS,
    "recoloured-food": tasks.FOOD,
    "turned-travel": tasks.TRAVEL,
    "halftone-nature": tasks.NATURE,
    "picture-pairs": "".join(tasks.PAIRED),
    "barred-pictures": tasks.EVERYTHING,
}


@pytest.fixture(scope="module")
def read(root):
    """Load a split; skipped where what it is made of has not been fetched."""

    def split_of(name, split):
        if missing := [path for path in files_of(DATASETS[name]) if not (root / "data" / path).exists()]:
            pytest.skip(f"{', '.join(missing)} not fetched; `interplay fetch {name}`")
        return load(name, split, root / "data")

    return split_of


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("name", FAMILY)
def test_the_content_is_the_pinned_one(read, name, split):
    """Fails when the recipe changes: then pin the new digest, and say so in the changelog of results."""
    data, info = read(name, split), DATASETS[name]
    assert (data.digest, len(data), len(data.class_names)) == (
        info.digests[split],
        info.splits[split],
        info.num_classes,
    )


@pytest.mark.parametrize("name", TASKS)
def test_classes_are_balanced_and_shuffled_and_splits_share_no_image(read, name):
    train, test = (read(name, split) for split in SPLITS)
    assert set(train.labels.bincount().tolist()) == {tasks.TRAIN} and tasks.TRAIN >= 20
    assert len(set(test.labels.bincount().tolist())) == 1 and 10 <= len(test) // len(test.class_names) <= 20
    assert len(train.labels[:200].unique()) > 0.5 * min(200, len(train.class_names))
    assert not {image.tobytes() for image in train.pixels.numpy()} & {image.tobytes() for image in test.pixels.numpy()}
    assert train.class_names == test.class_names and len(set(train.class_names)) == len(train.class_names)


@pytest.mark.parametrize("name", FROM_FONTS)
def test_rendering_repeats_itself_to_the_byte(name):
    task = getattr(tasks, name.replace("-", "_"))
    assert task(None, "test").digest == task(None, "test").digest == DATASETS[name].digests["test"]


def test_the_tasks_are_ordered_by_their_classes_like_the_published_sets(config):
    mapping = DataMapping.model_validate(read_yaml(config / "data/offline.yaml"))
    places = {name: one.use for name, one in mapping.datasets.items() if one.use in TASKS}
    assert sorted(places.values()) == sorted(TASKS) and len(places) == 11
    published = sorted(places, key=lambda name: DATASETS[name].num_classes)
    counts = [DATASETS[places[name]].num_classes for name in published]
    assert counts == sorted(counts) and counts[0] == 10 and counts[-1] >= 200
    other = DataMapping.model_validate(read_yaml(config / "data/permuted.yaml"))
    assert {name: one.use for name, one in other.datasets.items() if name in places} == {
        name: f"{used}-permuted" for name, used in places.items()
    }


def test_pretraining_has_every_word_of_every_class(read):
    seen = set(re.findall(r"[^ ,]+", " ".join(read("captioned-pictures", "test").class_names)))
    names = [read(name, "test").class_names for name in TASKS]
    words = {word for classes in names for one in classes for word in one.split()}
    assert words <= seen
    assert all(len(one.split()) <= 3 for classes in names for one in classes)


def test_captions_are_those_of_both_splits_and_none_is_there_twice(read):
    train, test = (read("captioned-pictures", split) for split in SPLITS)
    assert train.class_names == test.class_names and len(set(train.class_names)) == len(train.class_names)
    assert len(train.labels.unique()) == len(train.class_names)
    assert not {image.tobytes() for image in train.pixels.numpy()} & {image.tobytes() for image in test.pixels.numpy()}


def test_no_face_is_seen_in_pretraining_and_in_a_task():
    seen, unseen = ({face.file for face in faces} for faces in (captions.SEEN_FACES, captions.UNSEEN_FACES))
    assert not seen & unseen
    assert len(unseen) == 8
    looks = [(face.weight, face.slant) for face in captions.UNSEEN_FACES]
    assert looks[:4] == looks[4:] and len(set(looks)) == 4  # `letter_styles` relies on it


def test_every_task_of_emoji_is_rendered_in_a_way_of_its_own():
    """Whatever pretraining does not do: one ink, other colours, a texture, a turn, bars, an emoji beside it."""
    made = {name: getattr(tasks, name.replace("-", "_")) for name in EMOJI}
    assert all(
        task.ink or task.textured or task.turned or task.barred or name in ("recoloured-food", "picture-pairs")
        for name, task in made.items()
    )
    for name in TASKS:
        assert DATASETS[name].reader == f"interplay.data.tasks:{name.replace('-', '_')}"
    seeds = [getattr(tasks, name.replace("-", "_")).seed for name in TASKS]
    assert len({seed + step for seed in seeds for step in (0, 1)} | {200, 201}) == 2 * len(TASKS) + 2


@pytest.mark.parametrize("characters", EMOJI.values(), ids=EMOJI)
def test_no_emoji_is_in_two_classes_and_all_are_in_the_font(read, characters):
    emoji = read("noto-color-emoji", "all")
    assert len(set(characters)) == len(characters)
    assert set(characters) <= set(emoji.class_names)


def test_what_is_side_by_side_in_tasks_never_is_in_pretraining(read):
    """A letter and a digit, an animal and a thing there; here an emoji and a glyph, or two of a kind."""
    captioned = read("captioned-pictures", "train")
    pairs = {name.removesuffix(", two pictures") for name in captioned.class_names if name.endswith("two pictures")}
    assert len(pairs) > 1400
    kinds = {name_of(one): captions.kind_of(one) for one in read("noto-color-emoji", "all").class_names}
    characters = captions.LATIN + captions.GREEK + "0123456789"
    kinds |= {captions.character_name(one): captions.character_kind(one) for one in characters}
    glyph_kinds = {captions.character_kind(one) for one in "a7β"}
    met = {tuple(map(kinds.get, pair.split(" and "))) for pair in pairs if pair.count(" and ") == 1}
    assert not any(
        {one, other} == {"latin letter", "digit"} or (one != other and not {one, other} & glyph_kinds)
        for one, other in met
        if one and other
    )
    assert {("digit", "digit"), ("latin letter", "animal"), ("food", "latin letter")} <= met
    assert not pairs & set(read("picture-pairs", "test").class_names)


def test_garments_of_tasks_are_not_those_of_pretraining(read, monkeypatch):
    """Training images of Fashion-MNIST for the one, test images for the other, of which no two splits share one."""
    read("garment-negatives", "train")
    asked = []

    def decode(info, split, root):
        asked.append((info.name, split))
        raise InterplayError("enough")

    monkeypatch.setattr(tasks, "decode", decode)
    with pytest.raises(InterplayError, match="enough"):
        tasks.garment_negatives("data", "train")
    assert asked == [("fashion-mnist", "test")]


@pytest.mark.parametrize("name", ["captioned-pictures", "inked-animals", "picture-pairs"])
def test_a_missing_font_is_one_clear_line(tmp_path, name):
    with pytest.raises(InterplayError) as caught:
        load(name, "test", tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}/NotoColorEmoji.ttf: Noto Color Emoji is not there; "
        f"`interplay fetch noto-color-emoji --root {tmp_path}` brings it"
    )


@pytest.mark.parametrize("name", TASKS)
def test_the_smallest_learner_is_above_chance(read, name):
    """Nearest mean of a class's training images, on pooled greys: the pictures show their classes."""
    pixels, labels = {}, {}
    for split in SPLITS:
        data = read(name, split)
        grey = data.pixels.double().mean(dim=1, keepdim=True)
        grey = (grey - grey[:, :, :1, :1]).abs()  # apart from paper, whichever is the lighter
        pixels[split], labels[split] = average_pool(grey, 2).flatten(1), data.labels
    classes = DATASETS[name].num_classes
    means = torch.stack([pixels["train"][labels["train"] == label].mean(dim=0) for label in range(classes)])
    found = torch.cdist(pixels["test"], means).argmin(dim=1)
    assert (found == labels["test"]).double().mean() > 2 / classes


def test_kinds_of_emoji_are_words_that_fit():
    known = {
        "🐱": "animal",
        "🍕": "food",
        "🌹": "plant",
        "😀": "face",
        "🚀": "transport",
        "🏠": "place",
        "👓": "clothing",
    }
    assert {one: captions.kind_of(one) for one in known} == known
    assert captions.emoji_caption("🐱") == "cat face, animal, emoji"


def test_things_are_called_by_what_they_show():
    assert [one for one in "🐱✂⏰🍔⛔🕐🔴♥💙" if captions.is_thing(one)] == list("🐱✂⏰🍔")


def test_characters_are_called_as_one_says():
    names = {"G": "capital g", "g": "small g", "7": "seven", "β": "beta", "ο": "omicron"}
    assert {one: captions.character_name(one) for one in names} == names
    face = captions.SEEN_FACES[3]
    assert captions.glyph_caption("7", face) == "seven, digit, sans serif, bold, italic"


def test_readers_of_sets_that_are_made_of_others_read_the_data_folder(read, root):
    read("captioned-pictures", "test")
    again = read_captioned_pictures(root / "data", "test")
    assert np.array_equal(again.images, read("captioned-pictures", "test").pixels.numpy())
