"""Matrix divergences against scipy's matrix logarithm, classical divergences, and finite differences."""

import numpy as np
import pytest
import scipy.linalg
import torch

from interplay.errors import InterplayError
from interplay.objectives import (
    generalised_entropy,
    matrix_cross_entropy,
    matrix_kl,
    matrix_log,
    total_coding_rate_loss,
)
from interplay.objectives.matrix_divergence import taylor_log


def definite(seed, n=5):
    factor = np.random.default_rng(seed).normal(size=(n, 2 * n))
    return torch.tensor(factor @ factor.T / (2 * n))


@pytest.mark.parametrize("seed", range(4))
def test_quantities_equal_those_from_scipys_logarithm(seed):
    P, Q = definite(seed), definite(seed + 100)
    p, q = P.numpy(), Q.numpy()
    log_p, log_q = scipy.linalg.logm(p), scipy.linalg.logm(q)
    np.testing.assert_allclose(matrix_log(Q).numpy(), log_q, atol=1e-10)
    assert generalised_entropy(P).item() == pytest.approx(np.trace(-p @ log_p + p), abs=1e-10)
    assert matrix_cross_entropy(P, Q).item() == pytest.approx(np.trace(-p @ log_q + q), abs=1e-10)
    assert matrix_kl(P, Q).item() == pytest.approx(np.trace(p @ log_p - p @ log_q - p + q), abs=1e-10)
    assert matrix_kl(P, Q).item() > 0.01
    assert matrix_kl(P, P).item() == pytest.approx(0, abs=1e-10)


def test_diagonal_matrices_give_the_classical_divergence():
    p, q = torch.tensor([0.2, 0.5, 0.3]), torch.tensor([0.4, 0.4, 0.2])
    expected = float((p * (p / q).log()).sum())
    assert matrix_kl(p.diag(), q.diag()).item() == pytest.approx(expected, abs=1e-7)


def test_zero_eigenvalues_have_log_zero():
    A = torch.tensor([[1.0, 1.0], [1.0, 1.0]])  # eigenvalues 2 and 0
    assert generalised_entropy(A).item() == pytest.approx(2 - 2 * np.log(2), abs=1e-12)


@pytest.mark.parametrize(
    "spectrum", [[0.5, 0.5, 0.5], [0.5, 0.5 + 1e-9, 2.0], [0.0, 0.0, 1.0], [1e-6, 1.0, 1.0 + 1e-5]]
)
def test_gradient_of_the_logarithm_survives_close_and_zero_eigenvalues(spectrum):
    basis, _ = torch.linalg.qr(torch.randn(3, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0)))
    A = ((basis * torch.tensor(spectrum, dtype=torch.float64)) @ basis.T).requires_grad_()
    weight = definite(7, 3)
    (matrix_log(A) * weight).sum().backward()
    assert torch.isfinite(A.grad).all()
    if min(spectrum) > 0:
        step = torch.tensor([[0.3, 0.1, 0.0], [0.1, -0.2, 0.4], [0.0, 0.4, 0.1]], dtype=torch.float64)
        small = 1e-3 * min(spectrum)
        with torch.no_grad():
            moved = [(matrix_log(A + sign * small * step) * weight).sum().item() for sign in (1, -1)]
        slope = (moved[0] - moved[1]) / (2 * small)
        assert (A.grad * step).sum().item() == pytest.approx(slope, rel=1e-4)


def test_kl_passes_gradcheck_in_both_arguments():
    P, Q = definite(1, 3).requires_grad_(), definite(2, 3).requires_grad_()
    assert torch.autograd.gradcheck(lambda p, q: matrix_kl((p + p.T) / 2, (q + q.T) / 2), (P, Q))


def test_taylor_logarithm_converges_to_the_logarithm_near_the_identity():
    Q = torch.eye(4, dtype=torch.float64) + 0.1 * torch.randn(
        4, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0)
    )
    exact = scipy.linalg.logm(Q.numpy())
    errors = [float(np.abs(taylor_log(Q, order).numpy() - exact).max()) for order in (1, 2, 4, 12)]
    assert errors[0] > errors[1] > errors[2] > errors[3] and errors[3] < 1e-5
    assert torch.equal(taylor_log(Q, 1), Q - torch.eye(4))


def test_total_coding_rate_equals_the_determinant():
    z = torch.randn(12, 5, dtype=torch.float64)
    expected = -0.5 * np.log(np.linalg.det(np.eye(5) + 5 / (12 * 0.25) * (z.T @ z).numpy()))
    assert total_coding_rate_loss(z, 0.5).item() == pytest.approx(expected, abs=1e-10)


def test_wrong_input_is_refused_in_one_line():
    eye = torch.eye(3)
    for call, message in [
        (lambda: matrix_log(-eye), "negative eigenvalue -1"),
        (lambda: matrix_log(torch.ones(2, 3)), "square"),
        (lambda: matrix_kl(eye, torch.eye(2)), "one shape"),
        (lambda: total_coding_rate_loss(eye, 0.0), "epsilon"),
        (lambda: taylor_log(eye, 0), "order"),
    ]:
        with pytest.raises(InterplayError, match=message):
            call()
