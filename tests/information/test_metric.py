import pytest
import torch
from torch import nn

from interplay.errors import InterplayError
from interplay.information import DatasetInformation, InformationMetric, batch_information


def test_metric_over_batches_is_the_data_set_level_value_and_forward_is_that_of_the_batch(naive, make_clusters):
    features, labels, weights = make_clusters(4, 6, 96, 1.0)
    head = nn.Linear(6, 4).double()
    head.weight.data.copy_(weights)
    metric = InformationMetric(head)
    for start in range(0, 96, 32):
        part = slice(start, start + 32)
        values = metric(features[part], labels[part])
        reference = naive(features[part], labels[part], weights)
        assert values["mir"] == pytest.approx(reference.mir)
        assert values["hdr"] == pytest.approx(reference.hdr)
    collected = DatasetInformation(6, 4)
    collected.update(features, labels)
    expected = collected.compute(weights)
    found = metric.compute()
    assert {name: getattr(expected, name) for name in found} == pytest.approx(found)
    assert all(type(value) is float for value in found.values())
    assert metric.result().method == "exact"


def test_the_head_is_looked_at_anew_and_may_be_given_late(make_clusters):
    features, labels, weights = make_clusters(4, 6, 96, 1.0)
    head = nn.Linear(6, 4)
    held, late = InformationMetric(head), InformationMetric(num_classes=4)
    for metric in (held, late):
        metric.update(features, labels)
    before = held.compute()["mir"]
    with torch.no_grad():
        head.weight.copy_(weights)
    assert held.compute()["mir"] != pytest.approx(before)
    assert late.compute(weights)["mir"] == pytest.approx(held.compute()["mir"], abs=1e-6)


def test_reset_and_merge(make_clusters):
    features, labels, weights = make_clusters(4, 6, 96, 1.0)
    first, second, empty = (InformationMetric(weights) for _ in range(3))
    first.update(torch.randn(10, 6), labels[:10])
    first.reset()
    first.update(features[:50], labels[:50])
    second.update(features[50:], labels[50:])
    merged = empty.merge(first).merge(second).merge(InformationMetric(weights)).compute()
    whole = InformationMetric(weights)
    whole.update(features, labels)
    assert merged["mir"] == pytest.approx(whole.compute()["mir"])
    assert merged["num_samples"] == 96


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: InformationMetric(), "give the head, or num_classes"),
        (lambda: InformationMetric(torch.ones(3)), "head: expected a matrix"),
        (lambda: InformationMetric(torch.ones(3, 2)).compute(), "call update first"),
        (lambda: InformationMetric(num_classes=3)(torch.ones(2, 2), torch.tensor([0, 1])), "no head"),
        (lambda: batch_information(torch.ones(2, 2), torch.tensor([0, 4]), torch.ones(3, 2)), "expected 0 to 2"),
    ],
)
def test_wrong_use_is_one_clear_line(call, message):
    with pytest.raises(InterplayError, match=message):
        call()
