import pytest
import torch

from interplay.information import (
    FEATURE_NORMS,
    batch_information,
    exact_information,
    gram_matrix,
    hdr,
    matrix_entropy,
    mir,
)


@pytest.mark.parametrize("norm", FEATURE_NORMS)
@pytest.mark.parametrize("samples", [25, 200], ids=["N x N", "moments"])
def test_either_way_gives_the_definitions(samples, norm, make_clusters):
    features, labels, weights = make_clusters(5, 8, samples, 1.0)
    found = exact_information(features + 1.0, labels, weights, normalise=norm)
    first, second = gram_matrix(features + 1.0, norm), gram_matrix(weights[labels])
    by_length = {"normalise": "trace"}  # the diagonal is one on average only after batch normalisation
    assert found["feature_entropy"] == pytest.approx(float(matrix_entropy(first, **by_length)), abs=1e-9)
    assert found["head_entropy"] == pytest.approx(float(matrix_entropy(second, **by_length)), abs=1e-9)
    assert found["mir"] == pytest.approx(float(mir(first, second, **by_length)), abs=1e-9)
    assert found["hdr"] == pytest.approx(float(hdr(first, second, **by_length)), abs=1e-9)
    assert found == pytest.approx(batch_information(features + 1.0, labels, weights, normalise=norm), abs=1e-9)


def test_what_the_caller_holds_is_left_alone(make_clusters):
    features, labels, weights = make_clusters(3, 4, 90, 1.0)
    before = features.clone()
    for norm in FEATURE_NORMS:
        exact_information(features, labels, weights, normalise=norm)
    assert torch.equal(features, before)
