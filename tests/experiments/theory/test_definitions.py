"""Our functions are what the documents define: the formulas as printed, evaluated literally, on random instances.

A definition is used and leaves nothing to verify, so none of these is a claim on a document. Where a definition asserts
something besides (two forms that agree, a form that contradicts the text), there is a check of theory.
"""

from __future__ import annotations

from math import log

import numpy as np
import pytest
import scipy.linalg
import torch

from interplay.experiments.theory import naive
from interplay.experiments.theory.definitions import tensor
from interplay.experiments.theory.frames import erank
from interplay.experiments.theory.instances import (
    classes_with_noise,
    definite,
    gram_of_random,
    normal,
    unit_rows,
)
from interplay.information import effective_rank, gram_matrix, hdr, matrix_entropy, mir, mutual_information
from interplay.objectives import CrossModalAlignmentLoss, MatrixSSLLoss, matrix_kl

SEEDS = range(20)


def close(value):
    return pytest.approx(value, rel=0, abs=1e-9)


@pytest.fixture(params=SEEDS)
def rng(request):
    return np.random.default_rng(request.param)


@pytest.fixture
def pair(rng):
    n = int(rng.integers(2, 9))
    return gram_of_random(rng, n), gram_of_random(rng, n)


def test_matrix_entropy(pair):
    """metrics24 III.1, interplay24 3.1."""
    ours = matrix_entropy(tensor(pair[0])).item()
    assert ours == close(naive.trace_entropy(pair[0])) and 0 <= ours <= log(len(pair[0])) + 1e-9


@pytest.mark.parametrize("n", [2, 10, 100])
def test_matrix_entropy_of_the_extremes(n):
    assert matrix_entropy(torch.eye(n, dtype=torch.float64)).item() == close(log(n))
    assert matrix_entropy(torch.ones(n, n, dtype=torch.float64)).item() == close(0)


def test_effective_rank(rng):
    """metrics24 III.2, matrixssl23 3.5: between 1 and the rank, at any scale and sign."""
    n, m, r = (int(k) for k in rng.integers(1, 8, size=3))
    A = normal(rng, n, r) @ normal(rng, r, m)
    ours = effective_rank(tensor(A)).item()
    assert ours == close(naive.effective_rank(A)) and ours == close(effective_rank(tensor(-3.5 * A)).item())
    assert 1 - 1e-9 <= ours <= np.linalg.matrix_rank(A) + 1e-9
    assert effective_rank(torch.eye(n)).item() == close(n)


def test_mutual_information(pair):
    """metrics24 III.3, interplay24 3.2: symmetric, and 0 against samples that are all alike."""
    first, second = pair
    expected = naive.entropy(first) + naive.entropy(second) - naive.entropy(first * second)
    assert mutual_information(tensor(first), tensor(second)).item() == close(expected)
    assert mutual_information(tensor(second), tensor(first)).item() == close(expected)
    alike = torch.ones(len(first), len(first), dtype=torch.float64)
    assert mutual_information(tensor(first), alike).item() == close(0)


def test_the_two_ratios(pair):
    """metrics24 III.4 and III.5, interplay24 3.3 and 3.4."""
    h1, h2 = (naive.entropy(each) for each in pair)
    information = h1 + h2 - naive.entropy(pair[0] * pair[1])
    assert mir(*map(tensor, pair)).item() == close(information / min(h1, h2))
    assert hdr(*map(tensor, pair)).item() == close(abs(h1 - h2) / max(h1, h2))


def test_the_gram_matrix(rng):
    """interplay24 4.1: cosines, one entry at a time."""
    z = normal(rng, int(rng.integers(2, 9)), int(rng.integers(2, 9))) * rng.uniform(0.3, 3)
    np.testing.assert_allclose(gram_matrix(tensor(z)).numpy(), naive.gram(z), atol=1e-9)


def test_matrix_divergence(rng):
    """matrixssl23 3.2: never negative, and the classical divergence on diagonals."""
    n = int(rng.integers(2, 6))
    P, Q = definite(rng, n), definite(rng, n)
    ours = matrix_kl(tensor(P), tensor(Q)).item()
    assert ours == close(naive.kl(P, Q)) and ours > 0
    p, q = rng.uniform(0.1, 2, 4), rng.uniform(0.1, 2, 4)
    classical = float((p * np.log(p / q) - p + q).sum())
    assert matrix_kl(tensor(np.diag(p)), tensor(np.diag(q))).item() == close(classical)


def test_a_singular_matrix_can_make_the_divergence_negative():
    """With log(0) := 0, as matrixssl23 has it."""
    assert matrix_kl(torch.eye(2), torch.diag(torch.tensor([1.0, 0.0]))).item() == close(-1)


def test_effective_rank_within_classes(rng):
    """matrixssl23 E.1: between 1 and the dimension."""
    features, labels = classes_with_noise(rng, 3, 8, 4, 0.5)
    ours = literal = 0.0
    for c in range(3):
        centred = features[labels == c] - features[labels == c].mean(0)
        ours += erank(centred.T @ centred / len(centred)) / 3
        literal += naive.effective_rank(np.asarray(sum(np.outer(row, row) for row in centred)) / len(centred)) / 3
    assert ours == close(literal) and 1 <= ours <= 4


def test_cross_modal_alignment(rng):
    """metrics24 Algorithm 1: classes with images, their entropy with the text over their number."""
    published = CrossModalAlignmentLoss("published")
    features, vectors = normal(rng, 12, 5), normal(rng, 6, 5)
    labels = rng.integers(0, 5, size=12)
    groups = [[vector] for vector in vectors]
    for row, label in zip(features, labels, strict=True):
        groups[label].insert(0, row)
    expected = sum(naive.entropy(naive.gram(np.array(g))) / len(g) for g in groups if len(g) > 1)
    assert published(tensor(features), torch.from_numpy(labels), tensor(vectors)).item() == close(expected)
    # One image, one text: the closed form h_b((1 + cos)/2) / 2.
    share = (1 + naive.gram(np.stack([features[0], vectors[0]]))[0, 1]) / 2
    alone = published(tensor(features[:1]), torch.zeros(1, dtype=torch.long), tensor(vectors)).item()
    assert alone == close(naive.shannon(np.array([share, 1 - share])) / 2)


def test_an_opposite_pair_counts_as_aligned_and_the_released_scale_is_another():
    published, released = CrossModalAlignmentLoss("published"), CrossModalAlignmentLoss("released")
    opposite = tensor(np.eye(1, 4)), torch.zeros(1, dtype=torch.long), tensor(-np.eye(1, 4))
    assert published(*opposite).item() == close(0)
    rng = np.random.default_rng(0)
    big = tensor(normal(rng, 32, 64)), torch.from_numpy(rng.integers(0, 100, size=32)), tensor(normal(rng, 100, 64))
    assert 8 < published(*big).item() < 11 and 0.95 < released(*big).item() <= 1


def test_matrix_ssl(rng):
    """matrixssl23 Algorithm 1: uniformity plus gamma times alignment of normalised embeddings, with a ridge."""
    first = normal(rng, 24, 4)
    z1, z2 = unit_rows(first), unit_rows(first + 0.5 * normal(rng, 24, 4))
    gamma, mu = rng.uniform(0, 2), rng.uniform(0.2, 1)
    eye = mu * np.eye(4)
    q = naive.covariance(z1, z2, 23) + eye
    uniformity = np.trace(-scipy.linalg.logm(q) / 4 + q).real
    alignment = naive.kl(naive.covariance(z1, z1, 23) + eye, naive.covariance(z2, z2, 23) + eye)
    loss = MatrixSSLLoss("published", gamma=gamma, mu=mu)
    assert loss(tensor(3 * z1), tensor(0.5 * z2)).item() == close(uniformity + gamma * alignment)
