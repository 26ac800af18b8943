import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from interplay.errors import InterplayError
from interplay.information import FEATURE_NORMS, gram_matrix, matrix_entropy, normalise_features, normalise_rows


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


def test_batch_normalised_gram_is_that_of_standardised_features_with_trace_n():
    z = torch.randn(50, 6, dtype=torch.float64) * torch.tensor([1, 5, 0.1, 1, 1, 30]) + 4
    standard = torch.nn.functional.batch_norm(z, None, None, training=True, eps=1e-14)
    expected = standard @ standard.T
    gram = gram_matrix(z, "batch")
    torch.testing.assert_close(gram, expected * 50 / expected.trace(), rtol=1e-9, atol=1e-9)
    assert float(gram.trace()) == pytest.approx(50)
    assert float(gram.diagonal().std()) > 0.1  # ones on average only


def test_layer_normalised_gram_is_the_l2_gram_of_sample_centred_features():
    z = torch.randn(40, 9, dtype=torch.float64) + torch.rand(40, 1, dtype=torch.float64) * 7
    normed = torch.nn.functional.layer_norm(z, (9,), eps=1e-14)
    torch.testing.assert_close(gram_matrix(z, "layer"), gram_matrix(z - z.mean(1, keepdim=True)))
    torch.testing.assert_close(gram_matrix(z, "layer"), gram_matrix(normed))


@settings(max_examples=30)
@given(st.integers(2, 20), st.integers(2, 12), st.sampled_from(FEATURE_NORMS), st.integers(0, 1000))
def test_every_normalisation_has_a_mean_diagonal_of_one_and_an_entropy_of_at_most_log_n(samples, columns, norm, seed):
    z = torch.randn(samples, columns, generator=torch.Generator().manual_seed(seed))
    gram = gram_matrix(z, norm)
    assert float(gram.diagonal().mean()) == pytest.approx(1)
    assert -1e-9 <= float(matrix_entropy(gram, normalise="trace")) <= np.log(samples) + 1e-9
    # Neither the scale of all features nor, under batch normalisation, that of each, matters.
    scale = torch.rand(columns, generator=torch.Generator().manual_seed(seed + 1)) + 0.1 if norm == "batch" else 1e3
    torch.testing.assert_close(gram_matrix(z.double() * scale, norm), gram, rtol=1e-6, atol=1e-6)


def test_what_has_no_spread_has_no_direction_under_batch_and_layer_normalisation():
    z = torch.randn(6, 4, dtype=torch.float64)
    constant_feature, constant_sample = z.clone(), z.clone()
    constant_feature[:, 2], constant_sample[3] = 0.1, 0.1
    without = gram_matrix(z[:, [0, 1, 3]], "batch")
    torch.testing.assert_close(gram_matrix(constant_feature, "batch"), without)
    assert (gram_matrix(constant_sample, "layer")[3] == 0).all()
    assert (normalise_features(torch.full((5, 3), 0.1, dtype=torch.float64), "batch") == 0).all()


def test_an_unknown_normalisation_is_one_line():
    with pytest.raises(InterplayError, match="normalise: group is unknown; choose one of l2, batch, layer"):
        gram_matrix(torch.randn(3, 2), "group")
