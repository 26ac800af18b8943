import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from interplay.errors import InterplayError
from interplay.information import (
    FEATURE_NORMS,
    batch_information,
    class_vectors,
    gram_matrix,
    hdr,
    matrix_entropy,
    mir,
    mutual_information,
    paired_information,
)

# The Gram matrix of batch-normalised features has a diagonal of one on average only: samples count by their lengths.
BY_LENGTH = {"normalise": "trace"}


def data(samples=40, features=12, classes=4, seed=0):
    generator = torch.Generator().manual_seed(seed)
    z = torch.randn(samples, features, generator=generator)
    return (
        z,
        torch.randint(classes, (samples,), generator=generator),
        torch.randn(classes, features, generator=generator),
    )


@settings(max_examples=20)
@given(
    st.integers(2, 60),
    st.integers(1, 70),
    st.sampled_from([(12, 4), (3, 2), (5, 9)]),
    st.sampled_from(FEATURE_NORMS),
    st.integers(0, 1000),
)
def test_means_over_consecutive_full_batches_of_the_definitions(samples, size, shape, norm, seed):
    z, labels, head = data(samples, *shape, seed=seed)
    size = min(size, samples)
    expected = {"feature_entropy": [], "head_entropy": [], "mutual_information": [], "mir": [], "hdr": []}
    for start in range(0, samples - size + 1, size):
        first, second = gram_matrix(z[start : start + size], norm), gram_matrix(head[labels[start : start + size]])
        if norm == "batch" and size == 1:
            return  # one sample has no spread, and its entropy is undefined
        expected["feature_entropy"].append(matrix_entropy(first, **BY_LENGTH))
        expected["head_entropy"].append(matrix_entropy(second, **BY_LENGTH))
        expected["mutual_information"].append(mutual_information(first, second, **BY_LENGTH))
        expected["mir"].append(mir(first, second, **BY_LENGTH))
        expected["hdr"].append(hdr(first, second, **BY_LENGTH))
    found = batch_information(z, labels, head, size, normalise=norm)
    for name, values in expected.items():
        mean = float(torch.stack(values).nanmean())
        assert found[name] == pytest.approx(mean, abs=1e-9, nan_ok=True)


def test_samples_without_direction_and_undefined_batches_do_not_count():
    z, labels, head = data()
    padded = torch.cat([z, torch.zeros(3, z.shape[1])])
    more = torch.cat([labels, torch.zeros(3, dtype=torch.int64)])
    assert batch_information(padded, more, head) == pytest.approx(batch_information(z, labels, head))
    alike = torch.cat([z, torch.ones(40, z.shape[1])])
    twice = batch_information(alike, torch.cat([labels, torch.zeros(40, dtype=torch.int64)]), head, 40)
    assert twice["mir"] == pytest.approx(batch_information(z, labels, head)["mir"])
    assert all(
        math.isnan(value) for value in batch_information(torch.zeros(4, 3), torch.zeros(4).long(), head[:, :3]).values()
    )


def test_pairs_of_representations_and_several_normalisations_at_once():
    first, _, _ = data(30, 12, seed=1)
    second, _, _ = data(30, 7, seed=2)
    readings = paired_information(first, second, 10, FEATURE_NORMS)
    assert readings.shape == (3, 3, 5)
    for row, norm in zip(readings, FEATURE_NORMS, strict=True):
        for batch, part in zip(row, (slice(0, 10), slice(10, 20), slice(20, 30)), strict=True):
            grams = gram_matrix(first[part], norm), gram_matrix(second[part])
            expected = [matrix_entropy(gram, **BY_LENGTH) for gram in grams]
            expected += [quantity(*grams, **BY_LENGTH) for quantity in (mutual_information, mir, hdr)]
            assert batch.tolist() == pytest.approx([float(value) for value in expected], abs=1e-9)


def test_many_batches_are_read_in_parts(monkeypatch):
    z, labels, head = data(40)
    vectors = class_vectors(head, labels, 40)
    whole = paired_information(z, vectors, 4, FEATURE_NORMS)
    monkeypatch.setattr("interplay.information.batch._ENTRIES", 100)
    torch.testing.assert_close(paired_information(z, vectors, 4, FEATURE_NORMS), whole)


@pytest.mark.parametrize("shape", [(3, 8), (8, 3)])
def test_class_vectors_keep_their_gram_matrix_in_few_coordinates(shape):
    head, labels = torch.randn(*shape), torch.arange(12) % shape[0]
    vectors = class_vectors(head, labels, 12)
    assert vectors.shape == (12, 3)
    torch.testing.assert_close(vectors @ vectors.T, head[labels].double() @ head[labels].double().T)
    with_zero = class_vectors(torch.cat([head[:-1], torch.zeros(1, shape[1])]), labels, 12)
    assert ((with_zero == 0).all(1) == (labels == shape[0] - 1)).all()


def test_mir_of_batch_normalised_features_can_leave_the_unit_interval():
    """Lengths that depend on the class: the joint entropy weighs samples by them, that of the head does not."""
    z = torch.tensor([[3.0], [-2.6], [-0.1], [-0.1], [-0.1], [-0.1]])
    head, labels = torch.eye(2), torch.tensor([0, 1, 1, 1, 1, 1])
    grams = gram_matrix(z, "batch"), gram_matrix(head[labels])
    assert float(mutual_information(*grams, **BY_LENGTH)) < 0
    assert batch_information(z, labels, head, normalise="batch")["mutual_information"] < 0


def test_bad_input_is_one_line():
    z, labels, head = data()
    with pytest.raises(InterplayError, match="batch_size: at least 1"):
        batch_information(z, labels, head, 0)
    with pytest.raises(InterplayError):
        batch_information(z, labels + 10, head)
    with pytest.raises(InterplayError, match="normalise: none is unknown"):
        batch_information(z, labels, head, normalise="none")
    with pytest.raises(InterplayError, match="of the same samples, got 40 and 39"):
        paired_information(z, z[:-1])
