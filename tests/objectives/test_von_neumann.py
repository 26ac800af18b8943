"""VNE against eigenvalues of the auto-correlation matrix."""

import numpy as np
import pytest
import torch

from interplay.information.entropy import matrix_entropy
from interplay.information.gram import gram_matrix
from interplay.objectives import VonNeumannEntropyLoss


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
