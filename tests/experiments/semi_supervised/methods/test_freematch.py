"""FreeMatch against its implementations in `semilearn` and TorchSSL, over fifty steps."""

import pytest
import torch
from torch.testing import assert_close

from interplay.experiments.semi_supervised.methods.freematch import METHOD, FreeMatchState
from interplay.protocols.semi_supervised.hyperparameters import FreeMatch

EVEN = torch.full((4,), 0.25, dtype=torch.float64)


def run(given, bench, momentum):
    """Fifty steps: each step, and the leaves of its images."""
    settings = FreeMatch(
        unlabelled_ratio=2, weight=given["lambda_u"], fairness_weight=given["lambda_f"], momentum=momentum
    )
    state = FreeMatchState(EVEN.mean(), EVEN, EVEN)
    steps = []
    for weak, strong in zip(given["weak"], given["strong"], strict=True):
        images = {"labelled": given["labelled"], "weak": weak, "strong": strong}
        leaves = {name: value.clone().requires_grad_() for name, value in images.items()}
        batch = {
            "labelled": {"weak": leaves["labelled"], "label": given["labels"]},
            "unlabelled": {"weak": leaves["weak"], "strong": leaves["strong"]},
        }
        step = bench.step(METHOD, settings, state, batch)
        state = step.state
        steps.append((step, leaves))
    return steps


@pytest.mark.parametrize("momentum", [0.999, 0.9])
def test_averages_masks_and_terms_are_those_of_the_reference(oracle, on_logits, momentum):
    known = oracle("freematch")
    expected = known.outputs[f"decay_{momentum}"]
    steps = run(known.inputs, on_logits, momentum)
    for k, (step, _) in enumerate(steps):
        assert_close(step.state.threshold, expected["time_p"][k], rtol=1e-9, atol=0)
        assert_close(step.state.prediction, expected["p_model"][k], rtol=1e-9, atol=0)
        assert_close(step.state.histogram, expected["label_hist"][k], rtol=1e-9, atol=0)
        assert step.guesses.weights.tolist() == expected["mask"][k].tolist()
        assert step.guesses.labels.tolist() == expected["pseudo_label"][k].tolist()
        for ours, theirs in {"labelled_loss": "supervised_loss", "unlabelled_loss": "unlabelled_loss"}.items():
            assert_close(step.readings[ours], expected[theirs][k], rtol=1e-9, atol=1e-12)
        assert_close(step.loss.detach(), expected["total_loss"][k], rtol=1e-9, atol=0)
        if k != known.inputs["flat_step"]:
            assert_close(step.readings["fairness_loss"].item(), expected["fairness_loss"][k], rtol=1e-9, atol=0)
    step, leaves = steps[-1]
    gradients = torch.autograd.grad(step.loss, list(leaves.values()), materialize_grads=True)
    for name, gradient in zip(leaves, gradients, strict=True):
        assert_close(gradient, expected["last_gradient"][name], rtol=1e-9, atol=1e-12)


def test_both_references_agree_where_both_give_a_number(oracle):
    known = oracle("freematch")
    one, other = known.outputs["decay_0.999"], known.outputs["torchssl_decay_0.999"]
    assert torch.equal(one["mask"], other["mask"])
    assert_close(one["unlabelled_loss"], other["unlabelled_loss"], rtol=1e-9, atol=0)
    assert one["fairness_loss"] == other["fairness_loss"]


def test_a_step_at_which_nothing_passes_adds_nothing(oracle, on_logits):
    known = oracle("freematch")
    flat = known.inputs["flat_step"]
    assert known.outputs["torchssl_decay_0.999"]["fairness_loss"][flat] is None  # not a number
    step, leaves = run(known.inputs, on_logits, 0.999)[flat]
    assert step.guesses.weights.sum() == 0
    assert step.readings["fairness_loss"] == 0
    gradients = torch.autograd.grad(step.loss, [leaves["weak"], leaves["strong"]], materialize_grads=True)
    assert all(torch.equal(gradient, torch.zeros_like(gradient)) for gradient in gradients)
