"""SoftMatch against TorchSSL over fifty steps, and against a naive version where TorchSSL has no option."""

from dataclasses import replace

import pytest
import torch
from torch.testing import assert_close

from interplay.experiments.semi_supervised.method import Problem
from interplay.experiments.semi_supervised.methods.softmatch import METHOD, SoftMatchState, start, weights
from interplay.protocols.semi_supervised.hyperparameters import SoftMatch

EVEN = torch.full((4,), 0.25, dtype=torch.float64)
START = SoftMatchState(EVEN, EVEN, torch.tensor(0.25, dtype=torch.float64), torch.tensor(1.0, dtype=torch.float64))
CLOSE = {"rtol": 1e-9, "atol": 1e-12}


def settings_of(**changes):
    usual = {"unlabelled_ratio": 2, "weight": 1, "sigmas": 2, "momentum": 0.9, "alignment": "labelled"}
    return SoftMatch(**{**usual, **changes})


def run(given, bench, settings):
    """Fifty steps: each step, and the leaves of its images."""
    state, steps = START, []
    for weak, strong in zip(given["weak"], given["strong"], strict=True):
        images = {"labelled": given["labelled"], "weak": weak, "strong": strong}
        leaves = {name: value.clone().requires_grad_() for name, value in images.items()}
        batch = {
            "labelled": {"weak": leaves["labelled"], "label": given["labels"]},
            "unlabelled": {"weak": leaves["weak"], "strong": leaves["strong"]},
        }
        steps.append((bench.step(METHOD, settings, state, batch), leaves))
        state = steps[-1][0].state
    return steps


def test_averages_weights_and_loss_are_those_of_torchssl(oracle, on_logits):
    known = oracle("softmatch")
    expected = known.outputs["torchssl_labelled_decay_0.9"]
    for k, (step, _) in enumerate(run(known.inputs, on_logits, settings_of())):
        assert_close(step.state.mean, expected["mu"][k], **CLOSE)
        assert_close(step.state.variance, expected["var"][k], **CLOSE)
        assert_close(step.guesses.weights, expected["weight"][k], **CLOSE)
        assert step.guesses.labels.tolist() == known.inputs["weak"][k].argmax(1).tolist()
        theirs = expected["unlabelled_loss"][k]  # whose weights are rounded to single precision before they are used
        assert_close(step.readings["unlabelled_loss"], theirs, rtol=1e-7, atol=0)
    assert expected["weight"].min() < 0.8  # or the weights would hardly be seen


@pytest.mark.parametrize("target", ["labelled", "uniform"])
def test_target_and_losses_on_labelled_images_are_those_of_semilearn(oracle, on_logits, target):
    """Which reads mean and variance after alignment, so that its weights are its own."""
    known = oracle("softmatch")
    expected = known.outputs[f"{target}_decay_0.9"]
    for k, (step, _) in enumerate(run(known.inputs, on_logits, settings_of(alignment=target))):
        assert_close(step.readings["labelled_loss"], expected["supervised_loss"][k], **CLOSE)
        if target == "labelled":
            assert_close(step.state.labelled, expected["p_target"][k], **CLOSE)


@pytest.mark.parametrize("alignment", ["labelled", "uniform", "none"])
def test_weights_agree_with_a_naive_version(oracle, on_logits, alignment):
    given = oracle("softmatch").inputs
    settings = settings_of(alignment=alignment, sigmas=1.5, weight=0.3)
    of_labelled, of_unlabelled, mean, variance = [0.25] * 4, [0.25] * 4, 0.25, 1.0

    def average(old, new):
        return 0.9 * old + 0.1 * new

    steps = run(given, on_logits, settings)
    for (step, _), weak, strong in zip(steps, given["weak"], given["strong"], strict=True):
        known, rows = given["labelled"].softmax(1).tolist(), weak.softmax(1).tolist()
        top = [max(row) for row in rows]
        of_labelled = [average(old, sum(row[c] for row in known) / 4) for c, old in enumerate(of_labelled)]
        of_unlabelled = [average(old, sum(row[c] for row in rows) / 8) for c, old in enumerate(of_unlabelled)]
        centre = sum(top) / 8
        mean = average(mean, centre)
        variance = average(variance, sum((value - centre) ** 2 for value in top) / 7)
        target = {"labelled": of_labelled, "uniform": [0.25] * 4, "none": of_unlabelled}[alignment]
        expected = []
        for row in rows:
            moved = [p * want / have for p, want, have in zip(row, target, of_unlabelled, strict=True)]
            below = min(0.0, max(moved) / sum(moved) - mean)
            expected.append(-(below**2) * 1.5**2 / (2 * variance))
        expected = torch.tensor(expected, dtype=torch.float64).exp()
        assert_close(step.guesses.weights, expected, **CLOSE)
        unlabelled = (expected * torch.nn.functional.cross_entropy(strong, weak.argmax(1), reduction="none")).mean()
        assert_close(step.loss, step.readings["labelled_loss"] + 0.3 * unlabelled, **CLOSE)
    step, leaves = steps[-1]
    by_weak, by_strong = torch.autograd.grad(step.loss, [leaves["weak"], leaves["strong"]], materialize_grads=True)
    assert by_strong.any() and not by_weak.any()


def test_half_a_standard_deviation_below_the_mean_with_two_sigmas():
    state = replace(START, mean=torch.tensor(0.8).double(), variance=torch.tensor(0.04).double())
    found = weights(torch.tensor([0.7, 0.8, 0.9], dtype=torch.float64), state, sigmas=2)
    assert_close(found, torch.tensor([-0.5, 0, 0], dtype=torch.float64).exp())


def test_starts_at_even_averages_and_a_variance_of_one():
    problem = Problem(4, 1, 1, 1, (1, 1, 1), 1, 0.0, torch.device("cpu"))
    state = start(problem, settings_of())
    assert_close({name: value.double() for name, value in state.tensors().items()}, START.tensors())
