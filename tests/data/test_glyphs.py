"""glyphs100 and glyphs10: the same bytes everywhere, balanced, and neither trivial nor hopeless to learn."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from interplay.data import average_pool, glyphs, load, stream
from interplay.errors import InterplayError
from interplay.protocols.assets import DatasetInfo
from interplay.protocols.datasets import DATASETS

SPLITS = ("train", "test")
SETS = [(name, split) for name in ("glyphs100", "glyphs10") for split in SPLITS]


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def splits(root):
    return {split: load("glyphs100", split, root) for split in SPLITS}


@pytest.mark.parametrize(("name", "split"), SETS)
def test_the_content_is_the_pinned_one(root, name, split):
    """Fails when the recipe changes: then pin the new digest, and say so in the changelog of results."""
    data, info = load(name, split, root), DATASETS[name]
    assert data.digest == info.digests[split]
    assert len(data) == info.splits[split]
    assert data.image_shape == info.image_shape


@pytest.mark.parametrize(("name", "split"), SETS)
def test_classes_are_balanced_and_shuffled(root, name, split):
    labels, classes = load(name, split, root).labels, DATASETS[name].num_classes
    assert labels.bincount().tolist() == [len(labels) // classes] * classes
    assert len(labels[:500].unique()) > 0.9 * classes


def test_rendering_repeats_itself_to_the_byte(splits):
    again = glyphs.render("glyphs100", "test")
    assert np.array_equal(again.images, splits["test"].pixels.numpy())


def test_the_second_load_reads_what_the_first_has_kept(root, splits, monkeypatch):
    monkeypatch.setattr(glyphs, "render", None)  # would fail if it were asked
    assert load("glyphs100", "test", root).digest == splits["test"].digest


def test_other_outlines_stop_and_name_the_versions(root):
    content = DATASETS["glyphs100"].model_dump() | {"digests": {"train": "0" * 16, "test": "0" * 16}}
    with pytest.raises(InterplayError) as caught:
        load(DatasetInfo.model_validate(content), "test", root)
    import matplotlib

    assert str(caught.value) == (
        f"glyphs100 (test): its content has digest 648f104e2c2d20c3, pinned {'0' * 16}, with matplotlib "
        f"{matplotlib.__version__}; the pinned content comes with matplotlib 3.9 to 3.11, install such a version"
    )


def test_no_two_splits_share_an_image_or_of_a_hundred_glyphs_a_face(splits, root):
    ten = {split: load("glyphs10", split, root).pixels.numpy() for split in SPLITS}
    assert not {image.tobytes() for image in ten["train"]} & {image.tobytes() for image in ten["test"]}
    seen = {image.tobytes() for image in splits["train"].pixels.numpy()}
    assert len(seen) == len(splits["train"])
    assert not any(image.tobytes() in seen for image in splits["test"].pixels.numpy())
    train, test = (set(glyphs.RECIPES["glyphs100", split].faces) for split in SPLITS)
    assert not train & test


def test_a_hundred_different_characters():
    assert len(set(glyphs.CHARACTERS)) == len(glyphs.CHARACTERS) == 100


def test_ten_of_them():
    assert len(set(glyphs.LOOKALIKES)) == 10
    assert set(glyphs.LOOKALIKES) < set(glyphs.CHARACTERS)


def test_noise_is_centred_with_unit_variance():
    noise = stream.bell(np.random.PCG64(0), (200_000,))
    assert abs(noise.mean()) < 0.01
    assert abs(noise.std() - 1) < 0.01


def test_uniform_numbers_are_those_of_numpy():
    raw = stream.uniform(np.random.PCG64(3), (50,))
    assert np.array_equal(raw, np.random.Generator(np.random.PCG64(3)).random(50))


def test_the_smallest_learner_is_well_above_chance_and_well_below_perfect(splits):
    """Nearest class mean on pooled pixels: 1 % is chance."""
    pixels = {split: average_pool(data.pixels, 4).flatten(1).double() for split, data in splits.items()}
    means = torch.stack([pixels["train"][splits["train"].labels == label].mean(dim=0) for label in range(100)])
    found = torch.cdist(pixels["test"], means).argmin(dim=1)
    accuracy = (found == splits["test"].labels).double().mean().item()
    assert 0.05 < accuracy < 0.6
