import json
import shutil
from dataclasses import replace
from math import isnan

import pytest
import torch
from safetensors.torch import load_file

from interplay.data.images import load_splits
from interplay.errors import InterplayError
from interplay.experiments import connectivity
from interplay.experiments.connectivity import check_siblings, recompute_statistics, relative_distance
from interplay.experiments.paths import path_metrics
from interplay.models import WideResNet
from interplay.training import evaluate

RATES = (0.1, 0.001)  # that of the plain runs, and a small one
NETWORKS = {
    "architectures": {"cifar10": {"depth": 10, "width": 1}, "cifar100": {"depth": 10, "width": 1}},
    "seeds": [0, 1],
    "iterations": 30,
    "image_pooling": 1,
    "variants": {"seeds": [0]},
    "children": {"learning_rates": {"cifar10": list(RATES), "cifar100": []}, "seeds": [0, 1]},
    "trajectory": {"points": 2, "information_sample": 64, "final_sample": 64, "batch_size": 64},
}


@pytest.fixture(scope="module")
def trained(small_setup, do_in, tmp_path_factory):
    """Setup and results after two pairs of children have been trained, and the records of the paths between them."""
    results = tmp_path_factory.mktemp("results")
    setup = small_setup("supervised", **NETWORKS)
    measuring = small_setup("connectivity", points=5, test_sample=200, norm_sample=300)
    setup = replace(setup, protocols=setup.protocols | {"connectivity": measuring.protocols["connectivity"]})
    for pattern in ("cifar10/plain/*", "cifar10/child-lr*/seed0"):
        do_in(setup, "supervised", pattern, results)
    records = do_in(setup, "connectivity", "cifar10/lr*/seed0", results)
    return setup, results, {record.settings["learning_rate"]: record for record in records}


def rows(record, statistics):
    return [row for row in record.tables["path"] if row["statistics"] == statistics]


def test_the_record_holds_a_path_for_each_kind_of_statistics(trained):
    _, _, records = trained
    for record in records.values():
        assert len(record.tables["path"]) == 10
        for statistics, suffix in (("interpolated", ""), ("recomputed", "_recomputed")):
            path = rows(record, statistics)
            assert [row["weight"] for row in path] == [0, 0.25, 0.5, 0.75, 1]
            columns = {name: [row[name] for row in path] for name in path[0] if name != "statistics"}
            for name, value in path_metrics(columns, 10).items():
                assert record.metrics[name + suffix] == value
        assert record.settings["num_classes"] == 10
        assert record.settings["test_sample"] == 200
        assert set(record.provenance.data) == {"digits/train", "digits/test"}
        assert set(record.provenance.seconds) == {"evaluation"}
        assert "supervised.iterations: 1048576 -> 1000" in record.overrides


def test_the_ends_are_the_children(trained, tmp_path):
    """Accuracy and loss of each child by its own forward pass, from the weights on disk."""
    _, results, records = trained
    splits = load_splits("digits", tmp_path, torch.device("cpu"), pooling=1)
    test = splits.held_out.sample(200)
    for rate, record in records.items():
        first = "plain" if rate == RATES[0] else f"child-lr{rate:g}-a"
        ends = (rows(record, "interpolated")[0], rows(record, "interpolated")[-1])
        for row, name in zip(ends, (first, f"child-lr{rate:g}-b"), strict=True):
            network = WideResNet(10, 1, 10, in_channels=1)
            network.load_state_dict(load_file(results / f"models/supervised/cifar10/{name}/seed0.safetensors"))
            with torch.no_grad():
                logits = network.eval()(test.images)
            assert row["accuracy"] == pytest.approx(float((logits.argmax(1) == test.labels).double().mean()))
            assert row["loss"] == pytest.approx(float(torch.nn.functional.cross_entropy(logits, test.labels)), rel=1e-5)


def test_a_small_rate_keeps_the_children_together(trained):
    _, _, records = trained
    near, far = (records[rate].metrics for rate in (0.001, 0.1))
    assert 0 < near["distance"] < far["distance"] / 5
    assert near["accuracy_barrier"] < 0.02
    assert near["loss_barrier"] < far["loss_barrier"]
    assert isnan(near["barrier_explained"]) or near["accuracy_barrier"] >= 0.01


def test_networks_that_start_apart_lie_further_apart_than_children(trained, do_in):
    setup, results, records = trained
    (strangers,) = do_in(setup, "connectivity", "other-initialisation/cifar10/lr0.1/seed0", results)
    assert strangers.settings["initialisation"] == "different"
    assert strangers.metrics["distance"] > 1.5 * records[0.1].metrics["distance"]
    assert strangers.metrics["accuracy_barrier"] > records[0.1].metrics["accuracy_barrier"] - 0.05


def test_the_points_between_are_weighted_sums(trained):
    """Halfway, by the written-out mean of both state dicts."""
    _, results, records = trained
    states = [
        load_file(results / f"models/supervised/cifar10/{name}/seed0.safetensors")
        for name in ("plain", "child-lr0.1-b")
    ]
    network = WideResNet(10, 1, 10, in_channels=1)
    network.load_state_dict({name: (states[0][name] + states[1][name]) / 2 for name in states[0]})
    splits = load_splits("digits", results / "no-data", torch.device("cpu"), pooling=1)
    test = splits.held_out.sample(200)
    _, logits = evaluate(network, test.images)
    halfway = rows(records[0.1], "interpolated")[2]
    assert halfway["accuracy"] == pytest.approx(float((logits.argmax(1) == test.labels).double().mean()))


class TestRecomputedStatistics:
    @pytest.fixture
    def network(self):
        torch.manual_seed(0)
        return WideResNet(10, 1, 4, norm_momentum=0.01).eval()

    def test_the_first_norm_layer_has_naive_mean_and_variance_of_its_input(self, network):
        images = 3 * torch.randn(40, 3, 8, 8) + 1
        recompute_statistics(network, images)
        with torch.no_grad():
            entering = network.stem(images).double().transpose(0, 1).flatten(1)  # [channels, all values]
        norm = network.blocks[0].norm1
        count = entering.shape[1]
        mean = entering.sum(1) / count
        variance = (entering - mean[:, None]).square().sum(1) / (count - 1)
        torch.testing.assert_close(norm.running_mean.double(), mean, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(norm.running_var.double(), variance, rtol=1e-4, atol=1e-5)

    def test_batches_count_equally_however_large_the_momentum(self, network, monkeypatch):
        """Cumulative averages over three batches, not the moving average of training, which weights the last most."""
        monkeypatch.setattr(connectivity, "NORM_BATCH", 10)
        images = torch.randn(30, 3, 8, 8) * torch.linspace(0.1, 5, 30)[:, None, None, None]
        with torch.no_grad():
            batches = [network.stem(part).transpose(0, 1).flatten(1) for part in images.split(10)]
        recompute_statistics(network, images)
        norm = network.blocks[0].norm1
        expected = torch.stack([part.var(1) for part in batches]).mean(0)
        torch.testing.assert_close(norm.running_var, expected, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(norm.running_mean, torch.stack([part.mean(1) for part in batches]).mean(0))
        assert int(norm.num_batches_tracked) == 3

    def test_momentum_mode_and_parameters_stay_as_they_were(self, network):
        before = {name: parameter.clone() for name, parameter in network.named_parameters()}
        recompute_statistics(network, torch.randn(20, 3, 8, 8))
        norms = [module for module in network.modules() if isinstance(module, torch.nn.BatchNorm2d)]
        assert {norm.momentum for norm in norms} == {0.01}
        assert not any(module.training for module in network.modules())
        assert all(torch.equal(before[name], parameter) for name, parameter in network.named_parameters())

    def test_what_was_there_before_is_forgotten(self, network):
        images = torch.randn(20, 3, 8, 8)
        recompute_statistics(network, images)
        first = network.norm.running_var.clone()
        network.norm.running_var.fill_(100)
        recompute_statistics(network, images)
        assert torch.equal(network.norm.running_var, first)


def test_distance_counts_parameters_only():
    first, second = WideResNet(10, 1, 4), WideResNet(10, 1, 4)
    second.load_state_dict(first.state_dict())
    assert relative_distance(first, second) == 0
    second.norm.running_mean.fill_(9)
    assert relative_distance(first, second) == 0
    with torch.no_grad():
        for parameter in second.parameters():
            parameter.mul_(3)
    assert relative_distance(first, second) == pytest.approx(1.0)  # |h - 3h| / 2|h|


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda r: r | {"seed": 1}, "seed 1 in place of 0"),
        (lambda r: r | {"dataset_used": "digits"}, "data set digits in place of fashion-mnist"),
        (lambda r: r | {"protocol": {"architectures": {"cifar10": {"depth": 16}}}}, "architecture .*16.* in place of"),
    ],
)
def test_networks_that_are_no_siblings_are_refused(make_record, change, says):
    content = {"protocol": {"architectures": {"cifar10": {"depth": 10}}}}
    first = make_record(**content)
    check_siblings([first, make_record(run="cifar10/child-lr0.1-b/seed0", **content)])
    with pytest.raises(InterplayError, match=says) as caught:
        check_siblings([first, make_record(run="cifar10/child-lr0.1-b/seed0", **change(content))])
    assert "\n" not in str(caught.value)
    assert "supervised/cifar10/child-lr0.1-b/seed0 does not share the initialisation" in str(caught.value)


def test_siblings_are_checked_before_weights_are_read(trained, do_in, tmp_path, monkeypatch):
    setup, finished, _ = trained
    results = shutil.copytree(finished, tmp_path / "results")
    path = results / "records/supervised/cifar10/child-lr0.1-b/seed0.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"seed": 5}))
    monkeypatch.setattr(connectivity, "load_trained", lambda *arguments: pytest.fail("weights were read"))
    with pytest.raises(InterplayError, match="seed 5 in place of 0"):
        do_in(setup, "connectivity", "cifar10/lr0.1/seed0", results)
