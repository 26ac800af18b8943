import shutil
from copy import deepcopy
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils import prune

from interplay.data.images import Images, Splits
from interplay.errors import InterplayError
from interplay.experiments.networks import Trained
from interplay.experiments.pruning import (
    compare_networks,
    fine_tuning_task,
    prunable_modules,
    prune_by_magnitude,
)
from interplay.information import gram_matrix, hdr, mir
from interplay.models import WideResNet
from interplay.protocols.pruning import FineTuning
from interplay.protocols.supervised import SupervisedSettings
from interplay.training import evaluate
from interplay.training.supervised import SupervisedTask

SUPERVISED = {
    "architectures": {"cifar10": {"depth": 10, "width": 1}, "cifar100": {"depth": 10, "width": 1}},
    "seeds": [0],
    "variants": {"seeds": [0]},
    "children": {"seeds": [0]},
    "iterations": 8,
    "image_pooling": 1,
    "trajectory": {"points": 2, "information_sample": 64, "final_sample": 64, "batch_size": 64},
    "checkpoint_every": 3,
}
PRUNING = {
    "sparsities": [0, 0.8],
    "seeds": [0],
    "fine_tuning": {"iterations": 8, "learning_rate": 0.05},
    "joint_sample": 130,
}


def network(seed=0):
    torch.manual_seed(seed)
    return WideResNet(10, 1, 4, in_channels=1, norm_momentum=0.1)


def splits(samples=96):
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(samples) % 4
    images = torch.randn(samples, 1, 8, 8, generator=generator) + labels.view(-1, 1, 1, 1)
    data = Images(images, labels, 4)
    return Splits(data, data, {})


@pytest.fixture
def parent(small_setup):
    """A network with the protocol and the settings that its record would have."""

    def make(ema_decay):
        protocol = small_setup("supervised", **(SUPERVISED | {"ema_decay": ema_decay, "batch_size": 32}))
        plain = SupervisedSettings(temperature=1, label_smoothing=0, learning_rate=0.1)
        return Trained(network(), protocol.protocols["supervised"], plain, SimpleNamespace(seed=0))

    return make


def magnitudes(model):
    return {name: module.weight.detach().abs().flatten().numpy() for name, module in prunable_modules(model)}


@settings(max_examples=8)
@given(st.floats(0, 0.999), st.integers(0, 100))
def test_global_pruning_removes_the_smallest_of_all_magnitudes(sparsity, seed):
    model = network(seed)
    before = np.concatenate(list(magnitudes(model).values()))
    prune_by_magnitude(model, "global", sparsity)
    after = np.concatenate(list(magnitudes(model).values()))
    expected = before.copy()  # in which a weight may be 0 from the start
    expected[np.argsort(before, kind="stable")[: round(sparsity * before.size)]] = 0
    np.testing.assert_array_equal(after, expected)


def test_pruning_by_layer_removes_the_same_share_of_each():
    model = network()
    before = magnitudes(model)
    prune_by_magnitude(model, "layer", 0.7)
    assert len(before) == 1 + 3 * 2 + 3 - 1 + 1  # stem, blocks, shortcuts but the first (no change of shape), head
    for name, after in magnitudes(model).items():
        removed = np.argsort(before[name])[: round(0.7 * after.size)]
        np.testing.assert_array_equal(np.flatnonzero(after == 0), np.sort(removed))


@pytest.mark.parametrize("scope", ["global", "layer"])
def test_sparsity_zero_leaves_the_network_as_it_is(scope):
    model = network()
    before = deepcopy(model.state_dict())
    masks = prune_by_magnitude(model, scope, 0)
    assert list(model.state_dict()) == list(before)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all((mask == 1).all() for mask in masks.values())


def test_only_weights_of_convolutions_and_head_are_pruned():
    model = network()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.01)  # nothing is zero, biases and shifts are the smallest of all
    before = deepcopy(dict(model.named_parameters()))
    masks = prune_by_magnitude(model, "global", 0.9)
    assert set(masks) == {name for name, parameter in before.items() if parameter.ndim > 1}
    for name, parameter in model.named_parameters():
        assert torch.equal(parameter, before[name] * masks.get(name, 1.0))


@pytest.mark.parametrize("sparsity", [-0.1, 1, 1.5, float("nan")])
def test_an_impossible_sparsity_is_one_line(sparsity):
    with pytest.raises(InterplayError, match="sparsity: expected a share from 0 up to but not 1, got") as caught:
        prune_by_magnitude(network(), "global", sparsity)
    assert "\n" not in str(caught.value)


def test_an_unknown_scope_and_nothing_to_prune_are_one_line():
    with pytest.raises(InterplayError, match="scope: channel is unknown; choose global or layer"):
        prune_by_magnitude(network(), "channel", 0.5)
    with pytest.raises(InterplayError, match="BatchNorm1d: no convolution or linear layer to prune"):
        prune_by_magnitude(nn.BatchNorm1d(3), "global", 0.5)


def test_fine_tuning_equals_training_under_torchs_own_reparametrisation(parent):
    """Without averaging, which cannot copy a reparametrised network."""
    trained = parent(0.0)
    pruned = deepcopy(trained.network)
    masks = prune_by_magnitude(pruned, "global", 0.8)
    task = fine_tuning_task(trained, pruned, masks, FineTuning(iterations=6, learning_rate=0.05), splits(), flip=False)
    reparametrised = deepcopy(trained.network)
    weights = [(module, "weight") for _, module in prunable_modules(reparametrised)]
    prune.global_unstructured(weights, pruning_method=prune.L1Unstructured, amount=0.8)
    reference = SupervisedTask(
        task.protocol,
        reparametrised,
        task.train,
        task.held_out,
        held_out_name="test",
        objective="plain",
        weight=0.0,
        flip=False,
        seed=0,
        child="fine-tuning",
    )
    for step in range(6):
        task.train_step(step)
        reference.train_step(step)
    expected = dict(prunable_modules(reparametrised))
    for name, module in prunable_modules(task.network):
        torch.testing.assert_close(module.weight, expected[name].weight_orig * expected[name].weight_mask)
        assert not torch.equal(module.weight, dict(prunable_modules(trained.network))[name].weight)
    for one, two in zip(
        *(evaluate(model, task.held_out.images) for model in (task.network, reparametrised)), strict=True
    ):
        torch.testing.assert_close(one, two)


def test_averaged_weights_keep_exact_zeros_and_move_elsewhere(parent):
    trained = parent(0.9)
    pruned = deepcopy(trained.network)
    masks = prune_by_magnitude(pruned, "global", 0.8)
    start = deepcopy(pruned.state_dict())
    task = fine_tuning_task(trained, pruned, masks, FineTuning(iterations=5, learning_rate=0.05), splits(), flip=False)
    for step in range(5):
        task.train_step(step)
    assert task.network is not task.model
    for model in (task.network, task.model):
        for name, parameter in model.named_parameters():
            if name in masks:
                assert torch.equal(parameter == 0, masks[name] == 0)
                assert not torch.equal(parameter, start[name])
    assert task.learner.optimizer.param_groups[0]["lr"] < 0.05  # the parent's schedule, over the steps of fine-tuning


def test_comparisons_are_the_definitions_on_gram_matrices():
    before, pruned, tuned = network(0), network(0), network(1)
    prune_by_magnitude(pruned, "global", 0.9)
    sample = splits().held_out
    found = compare_networks({"_before": before, "_pruned": pruned, "": tuned}, sample, 20, seed=0)
    networks = {"before": before, "pruned": pruned, "tuned": tuned}
    features = {name: evaluate(model, sample.images)[0] for name, model in networks.items()}
    gram = {name: gram_matrix(z) for name, z in features.items()}
    heads = {name: gram_matrix(model.head.weight[sample.labels].detach()) for name, model in networks.items()}
    for ratio, of in (("mir", mir), ("hdr", hdr)):
        expected = {
            f"{ratio}_features_pruned": of(gram["before"], gram["pruned"]),
            f"{ratio}_features": of(gram["before"], gram["tuned"]),
            f"{ratio}_head_before": of(gram["before"], heads["before"]),
            f"{ratio}_head_pruned": of(gram["pruned"], heads["pruned"]),
            f"{ratio}_head": of(gram["tuned"], heads["tuned"]),
        }
        expected[f"{ratio}_head_change"] = expected[f"{ratio}_head"] - expected[f"{ratio}_head_before"]
        parts = [slice(start, start + 20) for start in range(0, 80, 20)]  # of 96 images
        pairs = [(gram_matrix(features["before"][part]), gram_matrix(features["tuned"][part])) for part in parts]
        expected[f"{ratio}_features_batch"] = sum(of(*pair) for pair in pairs) / 4
        for name, value in expected.items():
            assert found[name] == pytest.approx(float(value), abs=1e-7), name
    order = torch.randperm(96, generator=torch.Generator().manual_seed(9))
    assert found["mir_features_chance"] == pytest.approx(
        float(mir(gram["before"], gram_matrix(features["tuned"][order]))), abs=0.02
    )
    assert "hdr_features_chance" not in found  # a permutation changes no entropy


@pytest.mark.each_device
def test_a_run_its_masks_and_a_resumed_one(small_setup, do, same, tmp_path, monkeypatch):
    setup = small_setup("supervised", **SUPERVISED)
    pruning = small_setup("pruning", **PRUNING).protocols["pruning"]
    setup = replace(setup, protocols=setup.protocols | {"pruning": pruning})
    (trained,) = do(setup, "supervised", "cifar10/plain/seed0", tmp_path / "whole")
    shutil.copytree(tmp_path / "whole", tmp_path / "cut")
    record, sparse = do(setup, "pruning", "cifar10/global-*/seed0", tmp_path / "whole")

    metrics = record.metrics  # of sparsity 0
    assert (metrics["sparsity_reached"], metrics["weights_left"]) == (0, 77072)
    assert metrics["test_accuracy_before"] == pytest.approx(trained.metrics["test_accuracy"])
    for name in ("test_accuracy", "test_loss", "mir_head", "hdr_head"):
        assert metrics[f"{name}_pruned"] == metrics[f"{name}_before"] != metrics[name]
    assert metrics["hdr_features_pruned"] == pytest.approx(0, abs=1e-9)

    assert sparse.settings == {"scope": "global", "sparsity": 0.8, "num_classes": 10, "joint_sample": 130}
    assert sparse.metrics["sparsity_reached"] == pytest.approx(0.8, abs=1e-4)
    assert sparse.metrics["accuracy_lost"] == pytest.approx(
        sparse.metrics["test_accuracy_before"] - sparse.metrics["test_accuracy"]
    )
    assert sparse.metrics["mir_features_chance_batch"] < sparse.metrics["mir_features_batch"] < 1
    assert set(sparse.provenance.seconds) == {"training", "evaluation"}
    assert sparse.provenance.data == trained.provenance.data

    step = SupervisedTask.train_step

    def killed(self, number):
        if number == 7:
            raise KeyboardInterrupt
        step(self, number)

    monkeypatch.setattr(SupervisedTask, "train_step", killed)
    with pytest.raises(KeyboardInterrupt):
        do(setup, "pruning", "cifar10/global-0.8/seed0", tmp_path / "cut")
    monkeypatch.undo()
    (resumed,) = do(setup, "pruning", "cifar10/global-0.8/seed0", tmp_path / "cut")
    assert resumed.provenance.sessions == 2
    assert same(resumed.metrics, sparse.metrics)
