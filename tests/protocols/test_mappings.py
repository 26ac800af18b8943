"""Data mappings are held to the catalogue when they are read."""

from __future__ import annotations

import pytest

from interplay.errors import InterplayError
from interplay.protocols.assets import DatasetInfo
from interplay.protocols.datasets import DATASETS
from interplay.protocols.mappings import DataMapping, Substitute
from interplay.protocols.sourced import read_yaml, validate


def mapping(**content):
    return validate(DataMapping, {"description": "x", "datasets": {}} | content, "mapping.yaml")


def test_classes_and_size_come_from_the_catalogue():
    for name, info in DATASETS.items():
        substitute = Substitute(use=name)
        assert substitute.num_classes == info.num_classes
        if info.image_shape is not None:
            assert substitute.image == info.image_shape


def test_what_is_stated_and_right_is_taken():
    stated = Substitute(use="digits", num_classes=10, image=(1, 8, 8))
    assert stated == Substitute(use="digits")


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ({"num_classes": 5}, "num_classes: 5 is stated, but digits has 10; leave num_classes out"),
        ({"num_classes": 100}, "num_classes: 100 is stated, but digits has 10"),
        ({"num_classes": "10"}, "num_classes: 10 is stated"),
        ({"image": [3, 8, 8]}, r"image: \[3, 8, 8\] is stated, but digits has \[1, 8, 8\]"),
        ({"image": 8}, r"image: 8 is stated"),
        ({"use": "digit"}, "use: unknown data set 'digit'; did you mean 'digits'"),
        ({"use": "mnist"}, "use: unknown data set 'mnist'; "),
        ({"use": 3}, "valid string"),
        ({"flip": True}, "Extra inputs are not permitted"),
    ],
)
def test_what_is_wrong_stops_when_the_mapping_is_read(stated, message):
    with pytest.raises(InterplayError, match=f"mapping.yaml: datasets.cifar10.*{message}") as caught:
        mapping(datasets={"cifar10": {"use": "digits"} | stated})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        {"datasets": {"cifr10": {"use": "digits"}}},
        {"experiments": {"compression": {"cifr10": {"use": "digits"}}}},
    ],
)
def test_a_published_set_that_there_is_not_stops_too(content):
    with pytest.raises(InterplayError, match=r"a key stands for what was published: .*did you mean 'cifar10'"):
        mapping(**content)


def test_an_experiment_may_have_its_own():
    both = mapping(
        datasets={"cifar10": {"use": "digits"}, "stl10": {"use": "digits"}},
        experiments={"compression": {"cifar10": {"use": "glyphs10"}}},
    )
    assert {name: part.use for name, part in both.of("compression").datasets.items()} == {
        "cifar10": "glyphs10",
        "stl10": "digits",
    }
    assert both.of("supervised").datasets["cifar10"].use == "digits"


def test_weights_come_from_the_catalogue_or_a_run():
    found = mapping(weights={"clip-rn50-openai": {"use": "run:clip/glyphs/seed0"}}).weights
    assert found["clip-rn50-openai"].run == ("clip", "glyphs/seed0")
    assert mapping(weights={"clip-rn50-openai": {"use": "clip-rn50-openai"}}).weights["clip-rn50-openai"].run is None


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({"clip-rn50-openai": {"use": "clip-rn50"}}, "did you mean 'clip-rn50-openai'.*or a run of this package"),
        ({"clip-rn50-openai": {"use": "run:clip"}}, "'run:clip' names no run; write run:<experiment>/<run>"),
        ({"clip-rn50-openai": {"use": ""}}, "at least 1 character"),
        ({"clip": {"use": "clip-rn50-openai"}}, "unknown set of weights 'clip'; known: clip-rn50-openai"),
    ],
)
def test_weights_that_there_are_not_stop(weights, message):
    with pytest.raises(InterplayError, match=message):
        mapping(weights=weights)


def test_images_of_various_sizes_have_no_size_to_plan_with(monkeypatch):
    content = DATASETS["cifar10"].model_dump() | {"image_shape": None}
    monkeypatch.setitem(DATASETS._entries, "cifar10", DatasetInfo.model_validate(content))
    with pytest.raises(InterplayError, match="cifar10: its images vary in size"):
        _ = Substitute(use="cifar10").image


def test_the_dump_changes_with_the_content_that_would_be_read(monkeypatch):
    before = mapping(datasets={"cifar10": {"use": "digits"}}).model_dump_json()
    content = DATASETS["digits"].model_dump() | {"digests": {"train": "0" * 16, "test": "0" * 16}}
    monkeypatch.setitem(DATASETS._entries, "digits", DatasetInfo.model_validate(content))
    assert mapping(datasets={"cifar10": {"use": "digits"}}).model_dump_json() != before


def test_a_dump_can_be_read_again(config):
    for path in (config / "data").glob("*.yaml"):
        read = validate(DataMapping, read_yaml(path), path)
        assert DataMapping.model_validate_json(read.model_dump_json()) == read
