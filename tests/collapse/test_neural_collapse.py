import dataclasses
from math import isnan, sqrt

import numpy as np
import pytest
import torch
from sklearn.neighbors import NearestCentroid

from interplay.collapse import neural_collapse
from interplay.errors import InterplayError


def collapsed(classes=5, dimension=8, per_class=6):
    """Features, labels and head at exact collapse, the features moved by a global mean."""
    frame = torch.eye(classes, dtype=torch.float64) - 1 / classes
    rotation = torch.linalg.qr(torch.randn(dimension, dimension, dtype=torch.float64)).Q
    means = torch.nn.functional.pad(frame, (0, dimension - classes)) @ rotation
    labels = torch.arange(classes).repeat(per_class)
    return (3 * means + 2.0)[labels], labels, 0.7 * means


def test_all_are_zero_at_collapse():
    features, labels, weights = collapsed()
    bias = -weights @ torch.full((8,), 2.0, dtype=torch.float64)  # takes the global mean back out
    found = neural_collapse(features, labels, weights, bias)
    assert dataclasses.astuple(found) == pytest.approx((0, 0, 0, 0, 0, 0, 5), abs=1e-7)


@pytest.mark.parametrize("shares", [[0.2] * 5, [0.6, 0.2, 0.1, 0.05, 0.05], [0.5, 0.5, 0, 0]])
@pytest.mark.parametrize("dimension", [3, 20])
def test_nc1_is_that_of_the_dense_definition(shares, dimension, by_definition, make_clusters):
    features, labels = make_clusters(shares, dimension, 300, 0.8)
    found = neural_collapse(features, labels)
    assert found.nc1 == pytest.approx(by_definition(features, labels), rel=1e-8)
    assert found.num_classes == len(labels.unique())
    assert found.nc1_per_class == found.nc1 / found.num_classes


def test_nc2_parts_against_pairs_of_means(make_clusters):
    features, labels = make_clusters([0.4, 0.3, 0.2, 0.1], 6, 200, 0.1)
    h, y = features.numpy(), labels.numpy()
    means = np.stack([h[y == c].mean(0) for c in range(4)]) - h.mean(0)
    norms = np.linalg.norm(means, axis=1)
    cosines = [means[i] @ means[j] / norms[i] / norms[j] for i in range(4) for j in range(4) if i != j]
    gram = means @ means.T
    simplex = (np.eye(4) - 0.25) / sqrt(3)
    found = neural_collapse(features, labels)
    assert found.nc2_equinorm == pytest.approx(norms.std() / norms.mean())
    assert found.nc2_equiangular == pytest.approx(np.abs(np.array(cosines) + 1 / 3).mean())
    assert found.nc2 == pytest.approx(np.linalg.norm(gram / np.linalg.norm(gram) - simplex))


def test_nc3_does_not_depend_on_scale_and_is_two_for_a_head_turned_round():
    features, labels, weights = collapsed()
    assert neural_collapse(features, labels, weights * 100).nc3 == pytest.approx(0, abs=1e-7)
    assert neural_collapse(features, labels, -weights).nc3 == pytest.approx(2)


@pytest.mark.parametrize("bias", [False, True])
def test_nc4_against_scikit_learn(bias, make_clusters):
    features, labels = make_clusters([0.25] * 4, 5, 400, 2.0)
    weights, offsets = torch.randn(4, 5).double(), 10 * torch.randn(4).double() * bias
    nearest = NearestCentroid().fit(features.numpy(), labels.numpy()).predict(features.numpy())
    chosen = (features.numpy() @ weights.numpy().T + offsets.numpy()).argmax(1)
    found = neural_collapse(features, labels, weights, offsets if bias else None)
    assert found.nc4 == pytest.approx((nearest != chosen).mean())
    assert 0 < found.nc4 < 1


def test_classes_without_samples_are_left_out(make_clusters):
    features, labels = make_clusters([0.3, 0.3, 0.4], 5, 200, 0.5)
    weights = torch.randn(3, 5).double()
    dense = neural_collapse(features, labels, weights)
    spread = torch.tensor([1, 4, 6])[labels]
    padded = torch.full((8, 5), -50.0, dtype=torch.float64)
    padded[[1, 4, 6]] = weights
    found = neural_collapse(features, spread, padded)
    for name in ("nc1", "nc2", "nc3", "num_classes"):
        assert getattr(found, name) == pytest.approx(getattr(dense, name))


def test_without_head_and_without_separation():
    found = neural_collapse(torch.ones(6, 4) * 0.1, torch.tensor([0, 1, 2] * 2))
    assert isnan(found.nc1) and isnan(found.nc3) and isnan(found.nc4)


def test_float32_features_give_the_float64_answer(by_definition, make_clusters):
    """The thesis code's eigenvalues in float32 need a cut, or they give .0497 for .0054; sums here are float64."""
    features, labels = make_clusters([0.1] * 10, 30, 500, 0.01)
    expected = by_definition(features, labels)
    assert neural_collapse(features.float(), labels).nc1 == pytest.approx(expected, rel=1e-3)


ONES, LABELS = torch.ones(4, 3), torch.tensor([0, 1, 1, 0])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((ONES[:, 0], LABELS), "features: expected a matrix"),
        ((ONES * torch.nan, LABELS), "NaN"),
        ((ONES, LABELS[:2]), "labels: expected shape"),
        ((ONES, LABELS.float()), "integers"),
        ((ONES, LABELS - 1), "from -1 to 0"),
        ((ONES, LABELS * 0), "at least 2 classes, found 1"),
        ((ONES, LABELS + 1, ONES[:2]), "expected 0 to 1, got values from 1 to 2"),
        ((ONES, LABELS, torch.ones(2, 5)), "head_weights: expected 3 columns"),
        ((ONES, LABELS, ONES[:2], torch.ones(3)), "head_bias: expected 2 finite values"),
    ],
)
def test_wrong_input_is_one_clear_line(arguments, message):
    with pytest.raises(InterplayError, match=message) as caught:
        neural_collapse(*arguments)
    assert "\n" not in str(caught.value)
