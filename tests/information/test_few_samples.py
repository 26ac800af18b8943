"""The collector for few samples of many features: the same numbers as the one that gathers moments."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from interplay.errors import InterplayError
from interplay.information import DatasetInformation
from interplay.information.few_samples import FewSamplesInformation


@pytest.mark.parametrize("scale", [1.0, 1e-300, 1e307])
@pytest.mark.parametrize("centred", [False, True])
def test_it_agrees_with_the_collector_of_moments(scale, centred):
    generator = torch.Generator().manual_seed(0)
    z = torch.randn(40, 7, generator=generator, dtype=torch.float64) + 1
    z[3] = 0
    z = z / z.abs().max() * 17 * scale if scale > 1 else z * scale  # near the largest number there is
    labels, head = torch.arange(40) % 3, torch.randn(3, 5, generator=generator, dtype=torch.float64)
    # Less this mean the largest samples are beyond all numbers.
    mean = (torch.full((7,), -1.7e308, dtype=torch.float64) if scale > 1 else z.mean(0)) if centred else None
    found = []
    for kind in (DatasetInformation, FewSamplesInformation):
        collector = kind(7, 3, mean=mean, chance=False)
        for part in range(0, 40, 15):
            collector.update(z[part : part + 15], labels[part : part + 15])
        values = dataclasses.asdict(collector.compute(head))
        assert values.pop("method") == "exact"
        found.append(values)
    assert found[1] == pytest.approx(found[0], rel=1e-9, abs=1e-9, nan_ok=True)
    assert found[0]["num_zero"] == (0 if centred else 1)


@pytest.mark.parametrize("kind", [DatasetInformation, FewSamplesInformation])
def test_what_cannot_be_right_is_one_line(kind):
    for mean, said in (
        (torch.zeros(3), r"mean: expected 4 finite values, got shape \[3\]"),
        ([0.0] * 4, "mean: expected a torch.Tensor, got list"),
        (torch.full((4,), torch.inf), "mean: expected 4 finite values"),
    ):
        with pytest.raises(InterplayError, match=said):
            kind(4, 2, mean=mean)
    collector = kind(4, 2)
    with pytest.raises(InterplayError, match=f"{kind.__name__}: nothing to compute from; call update first"):
        collector.compute(torch.eye(2))
    collector.update(torch.zeros(2, 4), torch.tensor([0, 1]))
    with pytest.raises(
        InterplayError, match=f"{kind.__name__}: nothing to compute from; all 2 samples so far are zero"
    ):
        collector.compute(torch.eye(2))
