"""Shots are equally many of each class, the same every time, and those of few are among those of many."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from interplay.errors import InterplayError
from interplay.experiments.cross_modal.sampling import draw_shots

counts = st.lists(st.integers(1, 9), min_size=1, max_size=6)


def labels_of(sizes, seed=0):
    """Labels of classes of these sizes, in a random order."""
    labels = torch.repeat_interleave(torch.arange(len(sizes)), torch.tensor(sizes))
    return labels[torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))]


def names(sizes):
    return [f"class {label}" for label in range(len(sizes))]


@settings(max_examples=50)
@given(sizes=counts, seed=st.integers(0, 2**63 - 1), order=st.integers(0, 99))
def test_balanced_deterministic_without_repetition_and_nested(sizes, seed, order):
    labels = labels_of(sizes, order)
    drawn = {shots: draw_shots("pets", labels, shots, seed, names(sizes)) for shots in range(1, min(sizes) + 1)}
    for shots, chosen in drawn.items():
        assert torch.equal(chosen, draw_shots("pets", labels, shots, seed, names(sizes)))
        assert len(chosen.unique()) == len(chosen) == shots * len(sizes)
        assert labels[chosen].bincount().tolist() == [shots] * len(sizes)
        assert set(chosen.tolist()) <= set(drawn[min(sizes)].tolist())


@settings(max_examples=50)
@given(sizes=counts, seed=st.integers(0, 99), more=st.integers(1, 9))
def test_a_class_is_drawn_without_regard_to_those_after_it(sizes, seed, more):
    """Base classes have the same shots whether the others are drawn or not."""
    labels, shots = torch.repeat_interleave(torch.arange(len(sizes)), torch.tensor(sizes)), min(sizes)
    longer = torch.cat([labels, torch.full((max(more, shots),), len(sizes))])
    whole = draw_shots("pets", longer, shots, seed, [*names(sizes), "another"])
    assert torch.equal(whole[longer[whole] < len(sizes)], draw_shots("pets", labels, shots, seed, names(sizes)))


def test_all_images_of_a_class_are_drawn_alike():
    labels = labels_of([8] * 5)
    counts = torch.zeros(len(labels))
    for seed in range(400):
        counts[draw_shots("pets", labels, 2, seed, names([8] * 5))] += 1
    assert counts.mean() == 100 and counts.min() > 60 and counts.max() < 140  # 4.6 standard deviations


@pytest.mark.parametrize("shots", [0, 4])
def test_a_class_with_too_few_images_is_named(shots):
    with pytest.raises(
        InterplayError, match=r"pets has 3 training images of 'class 1' where . are asked for"
    ) as caught:
        draw_shots("pets", labels_of([5, 3, 4]), shots, 0, names([5, 3, 4]))
    assert "\n" not in str(caught.value)


def test_a_class_without_any_image_is_named():
    with pytest.raises(InterplayError, match="0 training images of 'class 2'"):
        draw_shots("pets", labels_of([5, 3]), 1, 0, names([5, 3, 1]))
