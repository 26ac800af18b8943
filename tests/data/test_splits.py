"""Stratified splits: disjoint, proportional, by seed."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from interplay.data import first_per_class, stratified_sample, stratified_split
from interplay.data.splits import divided_by_class
from interplay.errors import InterplayError

labellings = st.lists(st.integers(0, 6), min_size=2, max_size=200).map(lambda values: torch.tensor(values))


@settings(max_examples=60)
@given(labels=labellings, share=st.floats(0, 1), seed=st.integers(0, 5))
def test_a_sample_holds_every_class_in_its_proportion(labels, share, seed):
    count = max(1, round(share * len(labels)))
    chosen = stratified_sample(labels, count, seed)
    assert len(chosen) == count == len(set(chosen.tolist()))
    assert chosen.tolist() == sorted(chosen.tolist())
    for label in range(7):
        exact = (labels == label).sum().item() * count / len(labels)
        assert abs((labels[chosen] == label).sum().item() - exact) < 1


@settings(max_examples=40)
@given(labels=labellings, seed=st.integers(0, 5))
def test_a_split_is_a_partition(labels, seed):
    train, validation = stratified_split(labels, 0.5, seed)
    assert sorted([*train.tolist(), *validation.tolist()]) == list(range(len(labels)))
    assert len(validation) == round(0.5 * len(labels))


def test_the_seed_decides_and_repeats():
    labels = torch.arange(1000) % 10
    first, again, other = (stratified_sample(labels, 100, seed) for seed in (3, 3, 4))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert labels[first].bincount().tolist() == [10] * 10


def test_equal_remainders_favour_no_class():
    labels = torch.arange(40) % 4
    winners = {labels[stratified_sample(labels, 1, seed)].item() for seed in range(40)}
    assert winners == {0, 1, 2, 3}


@pytest.mark.parametrize("fraction", [0.0, 1.0, -0.1, float("nan"), 0.001])
def test_a_split_needs_two_parts(fraction):
    with pytest.raises(InterplayError, match="fraction"):
        stratified_split(torch.zeros(10, dtype=torch.int64), fraction, 0)


@pytest.mark.parametrize("count", [0, 11])
def test_a_sample_cannot_exceed_the_set(count):
    with pytest.raises(InterplayError, match=f"cannot choose {count} of 10"):
        stratified_sample(torch.zeros(10, dtype=torch.int64), count, 0)


@settings(max_examples=40)
@given(labels=labellings, count=st.integers(1, 4))
def test_the_first_of_each_class_in_their_order(labels, count):
    labels = torch.cat([labels, torch.arange(7).repeat(4)])
    naive = [i for i, label in enumerate(labels.tolist()) if labels[:i].tolist().count(label) < count]
    assert first_per_class(labels, count).tolist() == naive


def test_a_class_gives_no_more_than_it_has():
    with pytest.raises(InterplayError, match="cannot take 3 samples of each class; the smallest has 2"):
        first_per_class(torch.tensor([0, 0, 1, 1, 1]), 3)
    with pytest.raises(InterplayError, match="the smallest has 0"):
        first_per_class(torch.tensor([0, 2]), 1)


@settings(max_examples=60)
@given(labels=st.lists(st.integers(0, 6), max_size=100), seed=st.integers(0, 5))
def test_every_class_is_divided_by_itself(labels, seed):
    parts = divided_by_class(labels, (0.5, 0.2), seed)
    assert sorted(index for part in parts for index in part) == list(range(len(labels)))
    assert all(part == sorted(part) for part in parts)
    for label in set(labels):
        counts = [sum(labels[index] == label for index in part) for part in parts]
        own = labels.count(label)
        assert counts[:2] == [round(own / 2), round(own * 0.2)]


@pytest.mark.parametrize(
    ("of_each_class", "shares", "published"),
    [  # images of each class, and the sizes of the splits that the authors of CoOp published
        ([3000, 3000, 3000, 2500, 2500, 2000, 2500, 3000, 2500, 3000], (0.5, 0.2), [13_500, 5_400, 8_100]),  # EuroSAT
        ([120] * 47, (0.5, 0.2), [2_820, 1_128, 1_692]),  # DTD
        ([1000] * 101, (0.5, 0.2), [50_500, 20_200, 30_300]),  # Food-101
        ([50] * 397, (0.2,), [3_970, 15_880]),  # SUN397, its training images
    ],
)
def test_the_sizes_are_those_of_the_references(of_each_class, shares, published):
    labels = [label for label, count in enumerate(of_each_class) for _ in range(count)]
    assert [len(part) for part in divided_by_class(labels, shares)] == published


def test_the_draw_is_the_same_everywhere():
    """Keys of a generator that NumPy keeps the same: the published first outputs of PCG64, seed 0, ordered by hand."""
    keys = np.random.PCG64(0).random_raw(6).tolist()
    assert keys[0] == 11749869230777074271
    lowest = sorted(range(6), key=keys.__getitem__)[:3]
    assert divided_by_class([0] * 6, (0.5,)) == [sorted(lowest), sorted(set(range(6)) - set(lowest))]
    assert divided_by_class([0] * 6, (0.5,), seed=1) != divided_by_class([0] * 6, (0.5,))
