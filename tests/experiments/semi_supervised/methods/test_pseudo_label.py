"""Pseudo-Label against its implementations in `semilearn` and TorchSSL."""

import torch
from torch.testing import assert_close

from interplay.experiments.semi_supervised.method import NoState
from interplay.experiments.semi_supervised.methods.pseudo_label import METHOD
from interplay.protocols.semi_supervised.hyperparameters import PseudoLabel


def test_terms_and_gradients_are_those_of_the_reference(oracle, on_logits):
    known = oracle("pseudo_label")
    given, expected = known.inputs, known.outputs
    settings = PseudoLabel(unlabelled_ratio=4, weight=given["lambda_u"], warm_up=0.4, threshold=given["threshold"])
    for k, iteration in enumerate(given["iteration"]):
        leaves = {name: given[name].clone().requires_grad_() for name in ("labelled", "weak")}
        batch = {
            "labelled": {"weak": leaves["labelled"], "label": given["labels"]},
            "unlabelled": {"weak": leaves["weak"]},
            "time": {"progress": iteration / given["iterations"]},
        }
        step = on_logits.step(METHOD, settings, NoState(), batch)
        assert step.guesses.weights.tolist() == expected["mask"].tolist()
        assert_close(step.readings["labelled_loss"].item(), expected["supervised_loss"][k].item(), rtol=1e-9, atol=0)
        assert_close(step.readings["unlabelled_loss"].item(), expected["unlabelled_loss"][k].item(), rtol=1e-9, atol=0)
        assert_close(step.loss.item(), expected["total_loss"][k].item(), rtol=1e-6, atol=0)
    assert_close(step.readings["unlabelled_loss"].item(), expected["torchssl_unlabelled_loss"], rtol=1e-9, atol=0)
    gradients = torch.autograd.grad(step.loss, list(leaves.values()))
    for name, gradient in zip(leaves, gradients, strict=True):
        assert_close(gradient, expected["last_gradient"][name], rtol=1e-6, atol=1e-9)
    assert 0 < step.guesses.weights.sum() < len(step.guesses.weights)  # or the threshold were not tested


def test_a_sample_at_the_threshold_counts(on_logits):
    batch = {
        "labelled": {"weak": torch.zeros(1, 4), "label": torch.tensor([0])},
        "unlabelled": {"weak": torch.tensor([[3.0, 3.0, 3.0, 3.0], [0.0, 0.5, 0.0, 0.0]])},
        "time": {"progress": torch.tensor(0.0)},
    }
    settings = PseudoLabel(unlabelled_ratio=2, weight=1, warm_up=0.4, threshold=0.25)
    step = on_logits.step(METHOD, settings, NoState(), batch)
    assert step.guesses.weights.tolist() == [1, 1]
    assert_close(step.loss, step.readings["labelled_loss"])  # nothing of the unlabelled term at the start
