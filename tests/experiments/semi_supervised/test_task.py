"""What the trainer does for all methods alike."""

from __future__ import annotations

from dataclasses import replace
from math import isnan

import pytest
import torch

from interplay.data import UNLABELLED
from interplay.experiments.semi_supervised import passes
from interplay.experiments.semi_supervised.method import Guesses, Method, MethodStep, methods
from interplay.experiments.semi_supervised.task import MEMORY, SemiSupervisedTask
from interplay.models import WideResNet
from interplay.training import run_loop


@pytest.mark.parametrize("method", sorted(methods()))
def test_no_method_sees_the_labels_of_unlabelled_images(toy_protocol, toy_data, method):
    protocol, data = toy_protocol(iterations=4), toy_data(0)

    def train(unlabelled):
        task = SemiSupervisedTask(
            protocol,
            methods()[method],
            protocol.methods.of(method),
            weight=0.1 if method in ("max_mi", "min_hd") else 0.0,
            dataset="stl10",
            labelled=data.labelled,
            unlabelled=unlabelled,
            held_out=data.held_out,
            held_out_name="test",
            flip=False,
            seed=0,
        )
        columns = run_loop(task, 4, [4]).trajectory
        return columns, task.network.state_dict()

    hidden = replace(data.unlabelled, labels=torch.full_like(data.unlabelled.labels, UNLABELLED))
    told, weights = train(data.unlabelled)
    untold, same_weights = train(hidden)
    assert all(torch.equal(weights[name], same_weights[name]) for name in weights)
    assert told["test_loss"] == untold["test_loss"]
    assert "unlabelled_accuracy" in told and "unlabelled_accuracy" not in untold
    if methods()[method].views:
        assert isnan(untold["pseudo_label_accuracy"][-1])


def test_methods_start_from_equal_weights_and_see_equal_labelled_batches(toy_task):
    first, second = toy_task("labelled_only"), toy_task("freematch")
    for name, value in first.network.state_dict().items():
        assert torch.equal(value, second.network.state_dict()[name])
    for step in (0, 7):
        one, other = (task.sources["labelled"].batch(step) for task in (first, second))
        assert torch.equal(one["weak"], other["weak"]) and torch.equal(one["label"], other["label"])


def test_rates_of_guesses_are_moving_averages_over_the_unlabelled_images(toy_task):
    """A method that guesses the class of its index modulo 10 and counts every other image, against sums by hand."""
    seen = []

    def loss(learner, batch, state, settings, problem):
        index = batch["unlabelled"]["index"]
        outputs = passes.together(learner.network, batch["labelled"]["weak"])[0]
        weights = (index % 2).float()
        seen.append((index, weights))
        return MethodStep(
            passes.labelled_loss(outputs, batch["labelled"]["label"]), state, Guesses(index % 10, weights)
        )

    task = toy_task("fixmatch", instead=Method(loss=loss), iterations=3)
    labels = task.update.hidden
    columns = run_loop(task, 3, [0, 3]).trajectory
    decay = [MEMORY ** (2 - step) for step in range(3)]
    used = sum(weight * kept.mean().item() for weight, (_, kept) in zip(decay, seen, strict=True))
    right = sum(
        weight * (kept * (labels[index] == index % 10)).mean().item()
        for weight, (index, kept) in zip(decay, seen, strict=True)
    )
    assert columns["mask_rate"][1] == pytest.approx(used / sum(decay), rel=1e-6)
    assert columns["pseudo_label_accuracy"][1] == pytest.approx(right / used, rel=1e-6)
    assert isnan(columns["mask_rate"][0]) and isnan(columns["pseudo_label_accuracy"][0])


def test_unlabelled_batches_hold_labelled_images_too(toy_task):
    task = toy_task("fixmatch")
    labelled = {tuple(image.flatten().tolist()) for image in task.sources["labelled"].images.pixels}
    unlabelled = {tuple(image.flatten().tolist()) for image in task.sources["unlabelled"].images.pixels}
    assert labelled < unlabelled


def test_statistics_kept_normalises_by_the_batch_and_changes_no_buffer():
    torch.manual_seed(0)
    network = WideResNet(10, 1, 4, in_channels=1).train()
    images = torch.randn(6, 1, 8, 8) * 3 + 1
    before = {name: value.clone() for name, value in network.state_dict().items()}
    with passes.statistics_kept(network):
        kept = network(images)
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
    assert torch.equal(kept, network(images))  # the batch's own statistics, as without it
    assert any(not torch.equal(before[name], value) for name, value in network.state_dict().items())


def test_several_views_pass_as_one_batch():
    torch.manual_seed(0)
    network = WideResNet(10, 1, 4, in_channels=1).train()
    first, second = torch.randn(3, 1, 8, 8), torch.randn(5, 1, 8, 8) + 2
    one, other = passes.together(network, first, second)
    whole = network(torch.cat([first, second]))
    torch.testing.assert_close(torch.cat([one.logits, other.logits]), whole)
    assert one.features.shape == (3, network.num_features)


def test_warm_up_is_linear_and_then_one():
    progress = torch.tensor([0.0, 0.1, 0.2, 0.4, 0.9], dtype=torch.float64)
    torch.testing.assert_close(passes.warm_up(progress, 0.4), torch.tensor([0.0, 0.25, 0.5, 1.0, 1.0]))
    assert passes.warm_up(progress, 0.0) == 1.0
