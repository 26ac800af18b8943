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


def refused_updates(collector, *batches):
    for batch in batches:
        with pytest.raises(InterplayError):
            collector.update(*batch)


def test_a_refused_first_batch_leaves_the_metric_as_it_was():
    metric, fresh = InformationMetric(torch.ones(3, 6) + torch.eye(3, 6)), InformationMetric(num_classes=3)
    z, labels = torch.randn(9, 6), torch.arange(9) % 3
    for each in (metric, fresh):
        # Of four features: it decided that all others have four, too.
        refused_updates(each, (torch.randn(9, 4), labels + 5), (torch.randn(9, 4) * torch.nan, labels), (z[:0], labels))
    with pytest.raises(InterplayError, match="no head"):
        fresh(z, labels)
    with pytest.raises(InterplayError, match="expected 0 to 2"):
        metric(z[:, :4], labels + 1)
    for each in (metric, fresh):
        with pytest.raises(InterplayError, match="call update first"):
            each.compute(torch.ones(3, 6) + torch.eye(3, 6))
        each.update(z, labels)
        assert each.compute(torch.ones(3, 6) + torch.eye(3, 6))["num_samples"] == 9


def test_a_refused_later_batch_or_merge_leaves_it_too():
    weights = torch.randn(3, 6)
    metric, other = InformationMetric(weights), InformationMetric(weights, chance=False)
    z, labels = torch.randn(9, 6), torch.arange(9) % 3
    metric.update(z, labels)
    other.update(z, labels)
    before = metric.compute()
    refused_updates(metric, (z[:, :4], labels), (z, labels[:4]), (z, labels.float()), (z.to_sparse(), labels))
    for wrong in (other, InformationMetric(num_classes=4), None):
        if isinstance(wrong, InformationMetric) and wrong.num_classes == 4:
            wrong.update(z, labels)
        with pytest.raises(InterplayError, match="merge: "):
            metric.merge(wrong)
    assert metric.compute() == before


@pytest.mark.parametrize(
    "arguments",
    [
        {"num_classes": 0},
        {"num_classes": 3.0},
        {"num_classes": 3, "num_features": 0},
        {"num_classes": 3, "mean": [0.0]},
        {"num_classes": 3, "class_frequencies": "abc"},
        {"num_classes": 3, "class_frequencies": [1, -1, 1]},
        {"num_classes": 3, "seed": "x"},
        {"head": nn.Sequential(nn.Linear(2, 2))},
        {"head": nn.Linear(4, 3), "num_classes": 4},
        {"head": [[1.0]]},
    ],
)
def test_wrong_arguments_are_said_at_once(arguments):
    with pytest.raises(InterplayError):
        InformationMetric(**arguments)
