"""Dash against its implementation in `semilearn`, over fifty steps; its warm-up, which differs, against itself."""

from math import log

import pytest
import torch
from torch.nn import functional
from torch.testing import assert_close

from interplay.experiments.semi_supervised.method import Problem
from interplay.experiments.semi_supervised.methods.dash import METHOD, DashState, start
from interplay.protocols.semi_supervised.hyperparameters import Dash

STEPS = 1000
CLOSE = {"rtol": 1e-9, "atol": 1e-12}


def settings_of(given, **changes):
    shape = {"gamma": given["gamma"], "scale": given["C"], "least": given["rho_min"], "temperature": given["T"]}
    every = given["update_every"] / STEPS
    usual = {"unlabelled_ratio": 2, "weight": given["lambda_u"], "warm_up": 0.0, "interval": every}
    return Dash(**{**usual, **shape, **changes})


def step_of(given, bench, settings, state, k, at):
    """The step on the k-th images at a time, and the leaves of its images."""
    images = {"labelled": given["labelled"], "weak": given["weak"][k], "strong": given["strong"][k]}
    leaves = {name: value.clone().requires_grad_() for name, value in images.items()}
    batch = {
        "labelled": {"weak": leaves["labelled"], "label": given["labels"]},
        "unlabelled": {"weak": leaves["weak"], "strong": leaves["strong"]},
        "time": {"step": torch.tensor(float(at), dtype=torch.float64)},
    }
    return bench.step(METHOD, settings, state, batch, steps=STEPS), leaves


# Without a warm-up, and after one of fifty steps, whose end sets the clock of the bound back to 0.
@pytest.mark.parametrize("warm_up", [0, 50])
def test_bounds_masks_and_terms_are_those_of_the_reference(oracle, on_logits, warm_up):
    known = oracle("dash")
    given, expected = known.inputs, known.outputs
    settings = settings_of(given, warm_up=warm_up / STEPS)
    state = DashState(torch.tensor(given["rho_init"], dtype=torch.float64))
    for k, at in enumerate(given["iteration"].tolist()):
        step, leaves = step_of(given, on_logits, settings, state, k, warm_up + at)
        assert torch.equal(step.state.initial, state.initial)
        assert_close(step.readings["bound"], expected["rho"][k], **CLOSE)
        assert step.guesses.weights.tolist() == expected["mask"][k].tolist()
        assert step.guesses.labels.tolist() == given["weak"][k].argmax(1).tolist()
        assert_close(step.readings["unlabelled_loss"], expected["unlabelled_loss"][k], **CLOSE)
        assert_close(step.loss, expected["total_loss"][k], **CLOSE)
        name = {10: "gradient_step_10", 49: "last_gradient"}.get(k)
        if name is not None:
            gradients = torch.autograd.grad(step.loss, list(leaves.values()), materialize_grads=True)
            for leaf, gradient in zip(leaves, gradients, strict=True):
                assert_close(gradient, expected[name][leaf], **CLOSE)
    assert set(expected["hard"].tolist()) == {0, 1}


def test_the_warm_up_descends_labelled_images_alone_and_measures_the_loss_of_all_others(oracle, on_logits):
    given = oracle("dash").inputs
    state = DashState(torch.tensor(1.3, dtype=torch.float64))
    step, leaves = step_of(given, on_logits, settings_of(given, warm_up=0.1), state, 7, at=99)
    assert_close(step.loss, functional.cross_entropy(given["labelled"], given["labels"]), **CLOSE)
    assert not step.guesses.weights.any()
    gradients = torch.autograd.grad(step.loss, [leaves["weak"], leaves["strong"]], materialize_grads=True)
    assert not any(gradient.any() for gradient in gradients)
    targets = (given["weak"][7] / given["T"]).softmax(1)
    expected = -(targets * given["strong"][7].log_softmax(1)).sum(1).mean()
    assert_close(step.state.initial, expected, **CLOSE)
    assert not step.state.initial.requires_grad


def test_without_a_warm_up_the_bound_starts_at_the_loss_of_not_knowing(oracle):
    problem = Problem(10, 1, 1, 1, (1, 1, 1), 1, 0.0, torch.device("cpu"))
    assert start(problem, settings_of(oracle("dash").inputs)).initial.item() == pytest.approx(log(10))
