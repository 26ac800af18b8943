from math import log

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from interplay.errors import InterplayError
from interplay.information import (
    effective_rank,
    gram_matrix,
    hdr,
    matrix_entropy,
    mir,
    mutual_information,
    spectrum_entropy,
)

shapes = st.tuples(st.integers(2, 12), st.integers(1, 6), st.integers(0, 10_000))


def pair(samples, features, seed):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(samples, features, generator=generator, dtype=torch.float64) for _ in range(2)]


def test_entropy_of_known_spectra():
    assert float(matrix_entropy(torch.eye(6))) == pytest.approx(log(6))
    assert float(matrix_entropy(torch.ones(6, 6))) == pytest.approx(0, abs=1e-12)
    cosine = 0.6  # two samples: eigenvalues (1 +- cos) / 2
    p = np.array([0.8, 0.2])
    expected = -(p * np.log(p)).sum()
    assert float(matrix_entropy(torch.tensor([[1, cosine], [cosine, 1]]).double())) == pytest.approx(expected)


def test_entropy_is_zero_for_antipodal_and_rescaled_vectors_though_they_differ():
    z = torch.tensor([[1.0, 2.0], [-1.0, -2.0], [5.0, 10.0]])
    assert float(matrix_entropy(gram_matrix(z))) == pytest.approx(0, abs=1e-12)


def test_matrix_entropy_against_numpy(naive, make_clusters):
    features, labels, weights = make_clusters(5, 7, 60, 1.0)
    reference = naive(features, labels, weights)
    first, second = gram_matrix(features), gram_matrix(weights[labels])
    assert float(matrix_entropy(first)) == pytest.approx(reference.feature, abs=1e-10)
    assert float(mir(first, second)) == pytest.approx(reference.mir, abs=1e-10)
    assert float(hdr(first, second)) == pytest.approx(reference.hdr, abs=1e-10)


@pytest.mark.parametrize(("features", "expected"), [(128, 0.938), (512, 0.985)])
def test_the_chance_level_of_mir_at_batches_of_64(features, expected):
    """Independent features of 64 samples already share almost everything (docs/facts.md#chance-level-of-mir)."""
    values = []
    for seed in range(5):
        first, second = (gram_matrix(z) for z in pair(64, features, seed))
        values.append(float(mir(first, second)))
    assert np.mean(values) == pytest.approx(expected, abs=0.003)


def test_mir_of_a_full_matrix_with_itself_exceeds_the_value_at_collapse():
    assert float(mir(torch.eye(10), torch.eye(10))) == pytest.approx(1)


@settings(max_examples=40)
@given(shapes)
def test_ratios_are_in_the_unit_interval_and_information_is_bounded(shape):
    first, second = (gram_matrix(z) for z in pair(*shape))
    information = float(mutual_information(first, second))
    entropies = float(matrix_entropy(first)), float(matrix_entropy(second))
    assert -1e-10 <= information <= min(entropies) + 1e-10
    for ratio in (float(mir(first, second)), float(hdr(first, second))):
        assert np.isnan(ratio) or -1e-9 <= ratio <= 1 + 1e-9
    assert np.isnan(float(mir(first, second))) == (min(entropies) <= 1e-9)


@settings(max_examples=20)
@given(shapes, st.floats(1e-3, 1e3), st.randoms(use_true_random=False))
def test_order_and_length_of_samples_do_not_matter(shape, scale, random):
    z, w = pair(*shape)
    order = list(range(shape[0]))
    random.shuffle(order)
    before = mutual_information(gram_matrix(z), gram_matrix(w))
    after = mutual_information(gram_matrix(scale * z[order]), gram_matrix(w[order]))
    torch.testing.assert_close(before, after, atol=1e-10, rtol=0)


def test_samples_without_direction_are_left_out_of_everything():
    z, w = pair(9, 4, 0)
    z[2], w[5] = 0, 0
    kept = [0, 1, 3, 4, 6, 7, 8]
    first, second = gram_matrix(z), gram_matrix(w)
    small = gram_matrix(z[kept]), gram_matrix(w[kept])
    torch.testing.assert_close(mir(first, second), mir(*small))
    torch.testing.assert_close(mutual_information(first, second), mutual_information(*small))
    torch.testing.assert_close(matrix_entropy(first), matrix_entropy(gram_matrix(z[[0, 1, *range(3, 9)]])))


def test_ratios_of_zero_entropies_are_nan_in_float32_too():
    same = gram_matrix(torch.randn(1, 8).expand(20, 8))
    other = gram_matrix(torch.randn(20, 8))
    assert torch.isnan(mir(same, other))
    assert torch.isnan(hdr(same, same))
    assert float(hdr(same, other)) == pytest.approx(1)
    assert torch.isnan(mir(torch.ones(1, 1), torch.ones(1, 1)))


def test_effective_rank_counts_equal_directions_and_agrees_with_the_definition():
    assert float(effective_rank(torch.eye(5) * 3)) == pytest.approx(5)
    assert float(effective_rank(torch.outer(torch.randn(4), torch.randn(6)))) == pytest.approx(1, abs=1e-5)
    a = np.random.default_rng(0).normal(size=(8, 5))
    p = np.linalg.svd(a, compute_uv=False)
    p /= p.sum()
    assert float(effective_rank(torch.tensor(a))) == pytest.approx(np.exp(-(p * np.log(p)).sum()))


# -- gradients ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("quantity", [mutual_information, mir, hdr])
def test_gradients_in_general_position(quantity):
    z, w = (x.requires_grad_() for x in pair(5, 7, 3))
    assert torch.autograd.gradcheck(lambda z, w: quantity(gram_matrix(z), gram_matrix(w)), (z, w))


def test_gradient_of_the_effective_rank():
    a = pair(5, 3, 0)[0].requires_grad_()
    assert torch.autograd.gradcheck(effective_rank, (a,))


def test_gradient_where_zero_eigenvalues_stay_zero():
    """More samples than features: 6 of 9 eigenvalues are 0 whatever the features do, and weigh nothing."""
    z = pair(9, 3, 0)[0].requires_grad_()
    assert torch.autograd.gradcheck(lambda z: matrix_entropy(gram_matrix(z)), (z,))


def test_gradient_at_repeated_eigenvalues():
    """Orthonormal samples: all eigenvalues equal, the maximum of the entropy, where the gradient is 0."""
    z = torch.eye(4, dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(lambda z: matrix_entropy(gram_matrix(z)), (z,))
    # Repeated but not all equal: two samples twice, orthogonal to a third, in a space that keeps the zero a zero.
    z = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 2.0], [0.0, 2.0]], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda z: matrix_entropy(gram_matrix(z)), (z,))


def test_gradient_of_a_spectral_function_of_a_matrix_with_repeated_eigenvalues():
    """dH/dK = -(log(K/n) + I)/n, known in closed form; here K/n has the eigenvalues .4, .4, .2."""
    rotation = torch.linalg.qr(pair(3, 3, 1)[0]).Q
    spectrum = torch.tensor([0.4, 0.4, 0.2], dtype=torch.float64)
    matrix = (3 * rotation @ spectrum.diag() @ rotation.T).requires_grad_()
    spectrum_entropy(torch.linalg.eigvalsh(matrix / 3)).backward()
    expected = -rotation @ (spectrum.log() + 1).diag() @ rotation.T / 3
    # Only the symmetric part of a gradient with respect to a symmetric matrix is determined.
    torch.testing.assert_close((matrix.grad + matrix.grad.T) / 2, expected)


@pytest.mark.parametrize("quantity", [mutual_information, mir, hdr])
def test_gradient_is_finite_on_a_collapsed_batch_and_zero_where_nothing_can_be_said(quantity):
    z = torch.ones(6, 4, dtype=torch.float64, requires_grad=True)
    w = pair(6, 4, 0)[1].requires_grad_()
    quantity(gram_matrix(z), gram_matrix(w)).nan_to_num().backward()
    assert torch.isfinite(z.grad).all()
    assert torch.isfinite(w.grad).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: matrix_entropy(torch.ones(2, 3)), "square"),
        (lambda: matrix_entropy(torch.zeros(2, 2)), "diagonal is zero"),
        (lambda: mir(torch.eye(2), torch.eye(3)), "same samples"),
        (lambda: mir(torch.eye(2), torch.ones(2, 3)), "K2: expected a square"),
        (lambda: mutual_information(torch.eye(2), torch.full((2, 2), float("nan"))), "K2: 4 of 4"),
        (lambda: mutual_information(torch.diag(torch.tensor([1.0, 0])), torch.diag(torch.tensor([0, 1.0]))), "in both"),
        (lambda: effective_rank(torch.zeros(2, 2)), "all values are zero"),
    ],
)
def test_wrong_input_is_one_clear_line(call, message):
    with pytest.raises(InterplayError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)
