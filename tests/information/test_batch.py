import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from interplay.errors import InterplayError
from interplay.information import batch_information, gram_matrix, hdr, matrix_entropy, mir, mutual_information


def data(samples=40, features=12, classes=4, seed=0):
    generator = torch.Generator().manual_seed(seed)
    z = torch.randn(samples, features, generator=generator)
    return (
        z,
        torch.randint(classes, (samples,), generator=generator),
        torch.randn(classes, features, generator=generator),
    )


@settings(deadline=None, max_examples=20)
@given(st.integers(2, 60), st.integers(1, 70), st.integers(0, 1000))
def test_means_over_consecutive_full_batches_of_the_definitions(samples, size, seed):
    z, labels, head = data(samples, seed=seed)
    size = min(size, samples)
    expected = {"feature_entropy": [], "head_entropy": [], "mutual_information": [], "mir": [], "hdr": []}
    for start in range(0, samples - size + 1, size):
        first, second = gram_matrix(z[start : start + size]), gram_matrix(head[labels[start : start + size]])
        expected["feature_entropy"].append(matrix_entropy(first))
        expected["head_entropy"].append(matrix_entropy(second))
        expected["mutual_information"].append(mutual_information(first, second))
        expected["mir"].append(mir(first, second))
        expected["hdr"].append(hdr(first, second))
    found = batch_information(z, labels, head, size)
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


def test_bad_input_is_one_line():
    z, labels, head = data()
    with pytest.raises(InterplayError, match="batch_size: at least 1"):
        batch_information(z, labels, head, 0)
    with pytest.raises(InterplayError):
        batch_information(z, labels + 10, head)
