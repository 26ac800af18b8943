"""Matrix-SSL against naive numpy with scipy's logarithm, and what each form does to aligned views."""

import numpy as np
import pytest
import scipy.linalg
import torch

from interplay.errors import InterplayError
from interplay.objectives import MatrixSSLLoss
from interplay.objectives.matrix_ssl import cross_covariance


def views(seed, batch=40, d=6, noise=0.5):
    rng = np.random.default_rng(seed)
    first = rng.normal(size=(batch, d))
    return first, first + noise * rng.normal(size=(batch, d))


def unit(z):
    return z / np.linalg.norm(z, axis=1, keepdims=True)


def covariance(a, b, divisor):
    n = len(a)
    centring = np.eye(n) - np.ones((n, n)) / n
    return a.T @ centring @ b / divisor


def taylor4(q):
    x = q - np.eye(len(q))
    return x - x @ x / 2 + x @ x @ x / 3 - x @ x @ x @ x / 4


def test_cross_covariance_equals_numpys():
    first, second = views(0)
    expected = np.cov(first.T, second.T)[:6, 6:]
    np.testing.assert_allclose(cross_covariance(torch.tensor(first), torch.tensor(second)).numpy(), expected)


def test_released_form():
    first, second = views(1)
    p1, p2 = unit(first), unit(second)
    eye, b, gamma, mu, weight = np.eye(6), 40, 0.7, 0.9, 0.4
    expected = 0.0
    for p, z in ((p1, p2), (p2, p1)):
        uniformity = -np.trace(weight * eye @ taylor4(covariance(p, z, b) + mu * eye))
        alignment = -np.trace((covariance(p, p, b) + mu * eye) @ taylor4(covariance(z, z, b) + mu * eye))
        expected += (uniformity + gamma * alignment) / 2
    loss = MatrixSSLLoss("released", gamma=gamma, mu=mu, uniformity_weight=weight)
    assert loss(torch.tensor(first), torch.tensor(second)).item() == pytest.approx(expected, abs=1e-10)


def test_published_form():
    first, second = views(2)
    p, z = unit(first), unit(second)
    eye, mu, gamma = np.eye(6), 0.3, 0.7
    q = covariance(p, z, 39) + mu * eye
    uniformity = np.trace(-scipy.linalg.logm(q) / 6 + q).real
    P, Q = covariance(p, p, 39) + mu * eye, covariance(z, z, 39) + mu * eye
    alignment = np.trace(P @ scipy.linalg.logm(P) - P @ scipy.linalg.logm(Q) - P + Q)
    loss = MatrixSSLLoss("published", gamma=gamma, mu=mu)
    ours = loss(torch.tensor(first), torch.tensor(second)).item()
    assert ours == pytest.approx(uniformity + gamma * alignment, abs=1e-10)


def test_teacher_is_detached():
    first, second = (torch.tensor(view) for view in views(3))
    target = torch.randn(40, 6, dtype=torch.float64, requires_grad=True)
    online = first.requires_grad_()
    MatrixSSLLoss()(online, second, target, target).backward()
    assert target.grad is None and online.grad.abs().sum() > 0


@pytest.mark.parametrize("variant", ["published", "released"])
def test_gradient_agrees_with_finite_differences(variant):
    first, second = (torch.tensor(view) for view in views(4, batch=7, d=3))
    loss = MatrixSSLLoss(variant)
    targets = second.clone(), first.clone()
    first.requires_grad_()
    assert torch.autograd.gradcheck(lambda p: loss(p, second, *targets), (first,))


@pytest.mark.parametrize("variant", ["published", "released"])
@pytest.mark.parametrize("features", [torch.ones(16, 4), torch.zeros(16, 4), torch.randn(3, 8)])
def test_gradients_are_finite_on_degenerate_batches(variant, features):
    features = features.clone().requires_grad_()
    value = MatrixSSLLoss(variant)(features, features)
    value.backward()
    assert torch.isfinite(value) and torch.isfinite(features.grad).all()


def test_the_released_form_pulls_views_together_and_the_literal_one_pushes_them_apart():
    generator = torch.Generator().manual_seed(0)
    first = torch.randn(512, 16, generator=generator)
    other = torch.randn(512, 16, generator=generator)
    for variant, pulls in (("released", True), ("published", False)):
        loss = MatrixSSLLoss(variant, gamma=0.0)
        aligned, misaligned = loss(first, first).item(), loss(first, other).item()
        assert (aligned < misaligned - 0.5) if pulls else (aligned > misaligned + 0.5)


def test_wrong_input_is_refused_in_one_line():
    with pytest.raises(InterplayError, match="published, released"):
        MatrixSSLLoss("official")
    with pytest.raises(InterplayError, match="two views"):
        MatrixSSLLoss()(torch.randn(4, 3), torch.randn(5, 3))
    with pytest.raises(InterplayError, match="two views"):
        MatrixSSLLoss()(torch.randn(1, 3), torch.randn(1, 3))
