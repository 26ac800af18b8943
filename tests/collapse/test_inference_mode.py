"""Lightning validates inside `torch.inference_mode()`: what a collector holds must be of use outside, and back."""

from __future__ import annotations

import copy
from contextlib import nullcontext

import pytest
import torch

from interplay.collapse import LayerCollapse, OnePassLayerCollapse
from interplay.collapse.neural_collapse import FEATURES, NeuralCollapsePass
from interplay.information import DatasetInformation, InformationMetric
from interplay.information.few_samples import FewSamplesInformation

WEIGHTS = torch.randn(3, 5, generator=torch.Generator().manual_seed(0))
Z = torch.randn(60, 5, generator=torch.Generator().manual_seed(1))
LABELS = torch.arange(60) % 3


def dataset(make, **options):
    """Make, update, update, merge and read, each in a mode of its own; the mean may be made in inference mode too."""

    def flow(modes):
        with modes[0]():
            mean = Z.mean(0) if options.get("centred") else None
            first, second = make(mean), make(mean)
        with modes[1]():
            first.update(Z[:20] * 1.0, LABELS[:20] * 1)
        with modes[2]():
            first.update(Z[20:40] * 1.0, LABELS[20:40] * 1)
            second.update(Z[40:] * 1.0, LABELS[40:] * 1)
        with modes[3]():
            if hasattr(first, "merge"):
                copy.deepcopy(first).merge(second)
                first.merge(second)
            else:
                first.update(Z[40:], LABELS[40:])
        with modes[4]():
            found = first.compute(WEIGHTS * 1.0)
        first.update(Z[:5], LABELS[:5])
        return found["mir"] if isinstance(found, dict) else found.mir

    return flow


def two_passes(modes):
    with modes[0]():
        first, other = LayerCollapse(3), LayerCollapse(3)
    with modes[1]():
        first.update({"h": Z[:30] * 1.0}, LABELS[:30] * 1)
    with modes[2]():
        other.update({"h": Z[30:] * 1.0}, LABELS[30:] * 1)
    with modes[3]():
        first.merge(other)
        resumed = LayerCollapse(3)
        resumed.load_state_dict(first.state_dict())
    with modes[4]():
        second, third = resumed.second_pass(), resumed.second_pass()
        second.update({"h": Z[:30] * 1.0}, LABELS[:30] * 1)
    third.update({"h": Z[30:]}, LABELS[30:])
    second.merge(third)
    resumed.update({"h": Z}, LABELS)
    return second.compute()["h"]


def one_pass(modes):
    with modes[0]():
        collector = OnePassLayerCollapse(3)
    for place, part in enumerate((slice(0, 20), slice(20, 40), slice(40, 60))):
        with modes[1 + place]():
            collector.update({"h": Z[part] * 1.0}, LABELS[part] * 1)
    with modes[4]():
        found = collector.compute()["h"]
    collector.update({"h": Z}, LABELS)
    return found


def signs(modes):
    with modes[0]():
        first = LayerCollapse(3)
    with modes[1]():
        first.update({FEATURES: Z * 1.0}, LABELS * 1)
    with modes[2]():
        second = NeuralCollapsePass(first, WEIGHTS * 1.0, None)
    for place, part in enumerate((slice(0, 20), slice(20, 60))):
        with modes[3 + place]():
            second.update(Z[part] * 1.0, LABELS[part] * 1)
    return second.compute().nc1


FLOWS = {
    "DatasetInformation": dataset(lambda mean: DatasetInformation(5, 3, mean=mean), centred=True),
    "DatasetInformation, bare": dataset(lambda mean: DatasetInformation(5, 3, unit_rows=False, chance=False)),
    "FewSamplesInformation": dataset(lambda mean: FewSamplesInformation(5, 3, mean=mean), centred=True),
    "InformationMetric": dataset(lambda mean: InformationMetric(num_classes=3, mean=mean), centred=True),
    "LayerCollapse": two_passes,
    "OnePassLayerCollapse": one_pass,
    "NeuralCollapsePass": signs,
}
MODES = ["iiiii", "oiooo", "ioiio", "oiioi", "ooiii", "iooio", "oiiio"]


@pytest.mark.parametrize("name", FLOWS)
@pytest.mark.parametrize("modes", MODES)
def test_any_order_of_modes_gives_the_same(name, modes):
    expected = FLOWS[name]([nullcontext] * 5)
    found = FLOWS[name]([torch.inference_mode if mode == "i" else nullcontext for mode in modes])
    assert found == pytest.approx(expected, rel=1e-12)


def test_features_with_gradients_and_a_head_under_training_leave_no_graph():
    z = Z.clone().requires_grad_()
    head = torch.nn.Linear(5, 3)
    metric = InformationMetric(head)
    metric(z, LABELS)
    metric.compute()
    collapse = LayerCollapse(3)
    collapse.update({"h": z}, LABELS)
    assert not collapse.class_means()["h"].requires_grad
    assert z.grad is None and head.weight.grad is None
