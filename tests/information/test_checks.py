from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch

from interplay.collapse import LayerCollapse, neural_collapse
from interplay.errors import InterplayError
from interplay.information import DatasetInformation, InformationMetric, batch_information, check_labels, check_matrix
from interplay.information.checks import check_count, check_number


def nested(*rows):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch says that these are a prototype
        return torch.nested.nested_tensor(list(rows))


INTEGERS = [
    *(torch.uint8, torch.uint16, torch.uint32, torch.uint64),
    *(torch.int8, torch.int16, torch.int32, torch.int64),
]


@pytest.mark.parametrize("dtype", INTEGERS)
def test_labels_of_every_integer_type_are_taken_everywhere(dtype):
    z, labels, weights = torch.randn(30, 5), torch.arange(30) % 3, torch.randn(3, 5)
    narrow = labels.to(dtype)
    assert torch.equal(check_labels(narrow, 3, 30), labels)
    assert check_labels(narrow, 3, 30).dtype == torch.int64
    assert neural_collapse(z, narrow, weights) == neural_collapse(z, labels, weights)
    assert batch_information(z, narrow, weights) == batch_information(z, labels, weights)
    found, expected = DatasetInformation(5, 3), DatasetInformation(5, 3)
    found.update(z, narrow)
    expected.update(z, labels)
    assert found.compute(weights) == expected.compute(weights)
    InformationMetric(weights)(z, narrow)
    collapse = LayerCollapse(3)
    collapse.update({"h": z}, narrow)
    assert collapse.counts.tolist() == [10, 10, 10]


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (torch.tensor([0, 2**64 - 1], dtype=torch.uint64), r"beyond 2\^63 - 1"),
        (torch.tensor([0, 2**32 - 1], dtype=torch.uint32), "expected 0 to 2, got values from 0 to 4294967295"),
        (torch.tensor([-1, 0], dtype=torch.int8), "got values from -1 to 0"),
        (torch.tensor([0.0, 1.0]), r"expected integers, got torch.float32; convert with .long\(\)"),
        (torch.tensor([True, False]), "expected integers, got torch.bool"),
        (torch.tensor([0, 1, 1]), r"expected shape \[2\], one per sample, got \[3\]"),
        (torch.tensor([0, 1]).to_sparse(), "expected a dense tensor"),
        (torch.empty(2, dtype=torch.int64, device="meta"), "meta device has no values"),
        (np.array([0, 1]), "got ndarray; convert it with torch.from_numpy"),
        ([0, 1], "got list; convert it with torch.tensor"),
    ],
)
def test_labels_that_are_none(labels, message):
    with pytest.raises(InterplayError, match=f"^labels: .*{message}"):
        check_labels(labels, 3, 2)
    with pytest.raises(InterplayError, match="labels: empty"):
        check_labels(torch.zeros(0, dtype=torch.int64), 3, 0)


Z = torch.ones(2, 2)


@pytest.mark.parametrize(
    ("z", "message"),
    [
        (Z.to(torch.float8_e4m3fn), r"float8_e4m3fn only stores numbers; convert with .float\(\)"),
        (Z.to_sparse(), r"expected a dense tensor, got torch.sparse_coo; convert with .to_dense\(\)"),
        (Z.to_sparse_csr(), "expected a dense tensor"),
        (torch.quantize_per_tensor(Z, 0.1, 0, torch.quint8), r"convert with .dequantize\(\)"),
        (Z.to(torch.complex64), "expected real numbers, got torch.complex64"),
        (Z.to("meta"), "meta device"),
        (nested(Z[0], Z[1]), r"got a nested one; convert with .to_padded_tensor\(0\)"),
        (Z[:0], r"empty, shape \[0, 2\]"),
        (Z[:, :0], r"empty, shape \[2, 0\]"),
        (Z.int(), "expected real numbers, got torch.int32"),
        (Z.numpy(), "got ndarray; convert it with torch.from_numpy"),
        (Z.tolist(), "got list"),
        (torch.nn.Sequential(torch.nn.Linear(2, 2)), "got Sequential; pass the weight of its last linear layer"),
        (None, "expected a torch.Tensor, got NoneType"),
    ],
)
def test_matrices_that_are_none(z, message):
    with pytest.raises(InterplayError, match=f"^z: .*{message}"):
        check_matrix(z, "z")


def test_numbers():
    assert check_count(np.int64(3), "n") == 3 and check_number(np.float32(0.5), "x", 0, 1) == 0.5
    for wrong in (0, True, 1.0, "1", None, torch.tensor(1)):
        with pytest.raises(InterplayError, match=r"^n: "):
            check_count(wrong, "n")
    for wrong in (1, 2, -0.1, float("nan"), float("inf"), "0.5", None, True, 1j):
        with pytest.raises(InterplayError, match=r"^x: expected a finite number of at least 0 and below 1"):
            check_number(wrong, "x", 0, 1)
    with pytest.raises(InterplayError, match="more than 0"):
        check_number(0, "x", 0, above=True)


@pytest.mark.parametrize("cut", [2, 1, -1e-9, float("nan"), "all"])
def test_a_relative_cut_that_would_cut_everything(cut):
    """2 reported exact collapse."""
    z, labels = torch.randn(12, 3), torch.arange(12) % 3
    for call in (lambda: LayerCollapse(3, relative_cut=cut), lambda: neural_collapse(z, labels, relative_cut=cut)):
        with pytest.raises(InterplayError, match=r"^relative_cut: expected a finite number of at least 0 and below 1"):
            call()
