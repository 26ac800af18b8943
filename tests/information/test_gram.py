import numpy as np
import pytest
import torch

from interplay.errors import InterplayError
from interplay.information import gram_matrix, normalise_rows


def test_gram_matrix_is_the_matrix_of_cosines():
    z = torch.randn(7, 4)
    expected = np.array([[float(torch.cosine_similarity(a, b, dim=0)) for a in z.double()] for b in z.double()])
    np.testing.assert_allclose(gram_matrix(z).numpy(), expected, atol=1e-12)


def test_gram_matrix_is_in_float64_so_that_equal_rows_have_rank_one():
    spectrum = torch.linalg.eigvalsh(gram_matrix(torch.randn(1, 50).expand(40, 50)))
    assert spectrum[-1] == pytest.approx(40)
    assert float(spectrum[:-1].abs().max()) < 1e-12


@pytest.mark.parametrize("scale", [1e-300, 1e-160, 1e160, 1e300])
def test_rows_of_extreme_length_are_normalised_too(scale):
    rows = torch.randn(5, 3, dtype=torch.float64)
    torch.testing.assert_close(normalise_rows(rows * scale), normalise_rows(rows))


def test_rows_of_zeros_stay_zero_and_have_a_zero_diagonal():
    z = torch.tensor([[0.0, 0.0], [3.0, 4.0]])
    assert gram_matrix(z).tolist() == [[0.0, 0.0], [0.0, pytest.approx(1.0)]]


def test_gradient_of_the_gram_matrix():
    z = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(gram_matrix, (z,))


@pytest.mark.parametrize(
    ("z", "message"),
    [
        (torch.zeros(3), "expected a matrix"),
        (torch.zeros(0, 3), "empty"),
        (torch.ones(2, 2, dtype=torch.int64), "expected real numbers"),
        (torch.tensor([[1.0, float("nan")]]), "1 of 2 values are NaN"),
        (torch.tensor([[float("inf"), 1.0]]), "NaN or infinite"),
        ([[1.0]], "expected a torch.Tensor, got list"),
    ],
)
def test_wrong_input_is_one_clear_line(z, message):
    with pytest.raises(InterplayError, match=message) as caught:
        gram_matrix(z)
    assert "\n" not in str(caught.value)
