import numpy as np
import pytest
import torch

from interplay.information import DatasetInformation
from interplay.information.chance import groups_for_classes, pseudo_groups

CPU = torch.device("cpu")


def permuted(naive, features, labels, weights, repeats=8):
    """MIR after permuting the labels: mean and standard deviation."""
    orders = (torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed)) for seed in range(repeats))
    values = [naive(features, labels[order], weights).mir for order in orders]
    return np.mean(values), np.std(values, ddof=1)


def streamed(features, labels, weights, **options):
    values = []
    for seed in range(8):
        collected = DatasetInformation(features.shape[1], len(weights), seed=seed, **options)
        collected.update(features, labels)
        values.append(collected.compute(weights).mir_chance)
    return np.mean(values), np.std(values, ddof=1)


@pytest.mark.parametrize("noise", [0.2, 1.0, 5.0])
@pytest.mark.parametrize("arranged", ["unsorted", "sorted", "periodic"])
def test_agrees_with_permuted_labels_whatever_the_order_of_the_stream(noise, arranged, naive, make_clusters):
    features, labels, weights = make_clusters(6, 12, 300, noise)
    if arranged != "unsorted":
        if arranged == "periodic":
            key = torch.zeros(300)
            for c in range(6):
                chosen = labels == c
                key[chosen] = torch.arange(int(chosen.sum())) + c / 6
            order = key.argsort()
        else:
            order = labels.argsort(stable=True)
        features, labels = features[order], labels[order]
    expected, spread = permuted(naive, features, labels, weights)
    found, deviation = streamed(features, labels, weights)
    assert found == pytest.approx(expected, abs=4 * np.hypot(spread, deviation) / 8**0.5 + 0.03 * expected)


def test_known_frequencies_make_it_right_for_uneven_classes(naive, make_clusters):
    features, _, weights = make_clusters(5, 20, 400, 4.0)
    shares = torch.tensor([0.6, 0.25, 0.1, 0.03, 0.02])
    labels = torch.multinomial(shares, 400, replacement=True, generator=torch.Generator().manual_seed(0))
    expected, spread = permuted(naive, features, labels, weights)
    found, deviation = streamed(features, labels, weights, class_frequencies=labels.bincount(minlength=5))
    assert found == pytest.approx(expected, abs=4 * np.hypot(spread, deviation) / 8**0.5 + 0.03 * expected)


def test_classes_without_samples_do_not_cost_samples(naive, make_clusters):
    """3 of 30 classes occur: each takes 10 groups, so that the baseline is that of 100 samples a class, not of 10."""
    features, labels, weights = make_clusters(3, 12, 300, 3.0)
    padded = torch.cat([weights, torch.randn(27, 12).double()])
    expected, spread = permuted(naive, features, labels, weights)
    found, deviation = streamed(features, labels, padded)
    assert found == pytest.approx(expected, abs=4 * np.hypot(spread, deviation) / 8**0.5 + 0.03 * expected)


def test_without_chance_there_is_none(make_clusters):
    features, labels, weights = make_clusters(3, 4, 30, 1.0)
    collected = DatasetInformation(4, 3, chance=False)
    collected.update(features, labels)
    assert np.isnan(collected.compute(weights).mir_chance)


def test_groups_are_drawn_with_their_frequencies_by_position_and_seed():
    shares = torch.tensor([0.5, 0.3, 0.2, 0.0])
    groups = pseudo_groups(0, 20_000, shares, 1, CPU)
    torch.testing.assert_close(groups.bincount(minlength=4) / 20_000, shares, atol=0.015, rtol=0)
    torch.testing.assert_close(pseudo_groups(500, 900, shares, 1, CPU), groups[500:900])
    agreement = (pseudo_groups(0, 20_000, shares, 2, CPU) == groups).double().mean()
    assert float(agreement) == pytest.approx(0.38, abs=0.02)  # .5^2 + .3^2 + .2^2: independent
    successive = (groups[1:] == groups[:-1]).double().mean()
    assert float(successive) == pytest.approx(0.38, abs=0.02)


def test_every_class_has_a_group_and_large_classes_have_more():
    assigned = groups_for_classes(torch.tensor([10, 10, 10, 10, 10, 10]), torch.tensor([40, 0, 12, 8, 0, 0]))
    assert assigned.bincount(minlength=6).tolist() == [4, 0, 1, 1, 0, 0]
