"""Entropies inside a step against float64 eigenvalues, and the gradient against finite differences."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from interplay.information.spectral import resolvent_entropies, unit_trace_entropies

BOTH = pytest.mark.parametrize("entropies", [resolvent_entropies, unit_trace_entropies])


def gram(samples, features, seed, decay=0.0):
    draw = torch.Generator().manual_seed(seed)
    z = torch.randn(samples, features, generator=draw, dtype=torch.float64)
    z = torch.nn.functional.normalize(z * torch.exp(-decay * torch.arange(features)), dim=1)
    return z @ z.T / samples


def naive(matrix):
    p = np.linalg.eigvalsh(matrix.numpy())
    p = p[p > 1e-14]
    return float(-(p * np.log(p)).sum())


@BOTH
@settings(max_examples=15)
@given(st.integers(2, 40), st.integers(1, 40), st.integers(0, 99), st.sampled_from([0.0, 0.3, 2.0]))
def test_the_entropy_is_that_of_the_eigenvalues(entropies, samples, features, seed, decay):
    matrix = gram(samples, features, seed, decay)
    assert float(entropies(matrix)) == pytest.approx(naive(matrix), abs=1e-7)


@BOTH
def test_a_stack_is_each_by_itself_and_zeros_have_no_entropy(entropies):
    stack = torch.stack([gram(12, 20, 0), gram(12, 3, 1), torch.zeros(12, 12, dtype=torch.float64)])
    found = entropies(stack)
    assert found.tolist() == pytest.approx([naive(matrix) for matrix in stack[:2]] + [0.0], abs=1e-7)


@pytest.mark.parametrize("features", [30, 4])
def test_both_ways_have_one_gradient(features):
    z = torch.randn(16, features, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).requires_grad_()
    gradients = []
    for entropies in (resolvent_entropies, unit_trace_entropies):
        unit = torch.nn.functional.normalize(z, dim=1)
        (gradient,) = torch.autograd.grad(entropies(unit @ unit.T / 16), z)
        gradients.append(gradient)
    torch.testing.assert_close(*gradients, rtol=1e-5, atol=1e-7)


def test_the_gradient_is_that_of_finite_differences():
    matrix = gram(6, 10, 0).requires_grad_()
    assert torch.autograd.gradcheck(lambda m: resolvent_entropies((m + m.T) / 2), (matrix,), atol=1e-5)


@BOTH
def test_the_gradient_at_collapse_is_finite(entropies):
    z = torch.ones(8, 3, dtype=torch.float64).requires_grad_()
    unit = torch.nn.functional.normalize(z, dim=1)
    entropies(unit @ unit.T / 8).backward()
    assert torch.isfinite(z.grad).all()
