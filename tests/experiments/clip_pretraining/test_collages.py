"""Collages show two pictures side by side, of which one has the attribute, and are called by both names in order."""

from __future__ import annotations

import pytest
import torch

from interplay.data import Images
from interplay.errors import InterplayError
from interplay.experiments.clip_pretraining.collages import with_collages
from interplay.protocols.clip_pretraining import Collages

NAMES = ("cat face, animal, emoji", "rocket, transport, emoji", "capital b, latin letter", "zero, digit")


@pytest.fixture
def images():
    """Every class is of one shade."""
    labels = torch.arange(4).repeat(5)
    pixels = (40 * (labels + 1)).to(torch.uint8)[:, None, None, None].expand(-1, 3, 8, 8)
    return Images(pixels, labels, 4, class_names=NAMES)


def made(images, count=200, attribute="emoji", seed=0):
    return with_collages(images, Collages(count=count, attribute=attribute), seed)


def test_each_is_called_by_what_it_shows(images):
    found = made(images)
    assert len(found) == 220 and found.num_classes == 204
    assert torch.equal(found.pixels[:20], images.pixels)
    shades = {name.partition(",")[0]: 40 * (place + 1) for place, name in enumerate(NAMES)}
    for pixels, label in zip(found.pixels[20:], found.labels[20:].tolist(), strict=True):
        left, right = found.class_names[label].split(" and ")
        assert set(pixels[:, :, :4].flatten().tolist()) == {shades[left]}
        assert set(pixels[:, :, 4:].flatten().tolist()) == {shades[right]}


def test_one_of_both_has_the_attribute_on_either_side(images):
    emoji = [
        tuple(name in ("cat face", "rocket") for name in pair.split(" and ")) for pair in made(images).class_names[4:]
    ]
    assert set(emoji) == {(True, False), (False, True)}


def test_pictures_are_halved(images):
    board = (torch.arange(8)[:, None] + torch.arange(8)) % 2 * 200
    one = Images(board.to(torch.uint8).expand(2, 3, 8, 8), torch.tensor([0, 1]), 2, class_names=("a, emoji", "b"))
    assert set(made(one, 3).pixels[2:].flatten().tolist()) == {100}


def test_they_follow_from_the_seed(images):
    assert torch.equal(made(images).pixels, made(images).pixels)
    assert made(images).class_names != made(images, seed=1).class_names
    assert made(images, 0) is images


def test_an_attribute_that_tells_nothing_apart_is_refused(images):
    with pytest.raises(InterplayError, match=r"collages.attribute: 'garment' is of none of images, or of all"):
        made(images, attribute="garment")
