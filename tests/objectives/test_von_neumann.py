"""VNE against eigenvalues of the auto-correlation matrix."""

import numpy as np
import pytest
import torch

from interplay.information.entropy import matrix_entropy
from interplay.information.gram import gram_matrix
from interplay.objectives import VonNeumannEntropyLoss
from interplay.objectives.von_neumann import von_neumann_entropies


def test_equals_the_entropy_of_the_autocorrelation_and_of_the_gram_matrix():
    z = torch.randn(20, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    unit = (z / z.norm(dim=1, keepdim=True)).numpy()
    p = np.linalg.eigvalsh(unit.T @ unit / 20)
    assert VonNeumannEntropyLoss()(z).item() == pytest.approx(float(-(p * np.log(p)).sum()), abs=1e-10)
    assert VonNeumannEntropyLoss()(z).item() == pytest.approx(matrix_entropy(gram_matrix(z)).item(), abs=1e-10)
    assert VonNeumannEntropyLoss(weight=-2.0)(z).item() == pytest.approx(-2 * VonNeumannEntropyLoss()(z).item())


def test_gradient_agrees_with_finite_differences():
    z = torch.randn(5, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(VonNeumannEntropyLoss(), (z,))


@pytest.mark.parametrize("features", [torch.ones(16, 4), torch.zeros(16, 4), torch.eye(16), torch.randn(1, 4)])
def test_gradients_are_finite_on_degenerate_batches(features):
    features = features.clone().requires_grad_()
    value = VonNeumannEntropyLoss()(features)
    value.backward()
    assert torch.isfinite(value) and torch.isfinite(features.grad).all()


@pytest.mark.parametrize("shape", [(2, 3, 6, 20), (2, 3, 20, 6)])
def test_batches_decomposed_together_have_the_entropy_of_each(shape):
    z = torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    z[0, 1, 4] = 0  # has no direction
    entropies, counts = von_neumann_entropies(z)
    expected = [[VonNeumannEntropyLoss()(batch) for batch in row] for row in z]
    np.testing.assert_allclose(entropies, expected, rtol=1e-12)
    assert counts.flatten().tolist() == [shape[2] - (number == 1) for number in range(6)]


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_gradients_of_batches_together_are_right_and_finite(value):
    z = torch.randn(3, 5, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0), requires_grad=True)
    assert torch.autograd.gradcheck(lambda z: von_neumann_entropies(z)[0], (z,))
    collapsed = torch.full((2, 16, 4), value, requires_grad=True)
    entropies, _ = von_neumann_entropies(collapsed)
    entropies.sum().backward()
    assert entropies.abs().max() < 1e-9 and torch.isfinite(collapsed.grad).all()
