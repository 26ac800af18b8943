"""FixMatch against its implementation in `semilearn`."""

import torch
from torch.testing import assert_close

from interplay.experiments.semi_supervised.method import NoState
from interplay.experiments.semi_supervised.methods.fixmatch import METHOD
from interplay.protocols.semi_supervised.hyperparameters import FixMatch


def test_terms_and_gradients_are_those_of_the_reference(oracle, on_logits):
    known = oracle("fixmatch")
    given, expected = known.inputs, known.outputs
    leaves = {name: given[name].clone().requires_grad_() for name in ("labelled", "weak", "strong")}
    batch = {
        "labelled": {"weak": leaves["labelled"], "label": given["labels"]},
        "unlabelled": {"weak": leaves["weak"], "strong": leaves["strong"]},
    }
    settings = FixMatch(unlabelled_ratio=4, weight=given["lambda_u"], threshold=given["threshold"])
    step = on_logits.step(METHOD, settings, NoState(), batch)
    assert step.guesses.weights.tolist() == expected["mask"].tolist()
    assert step.guesses.labels.tolist() == expected["pseudo_label"].tolist()
    assert_close(step.readings["labelled_loss"].item(), expected["supervised_loss"], rtol=1e-9, atol=0)
    assert_close(step.readings["unlabelled_loss"].item(), expected["unlabelled_loss"], rtol=1e-9, atol=0)
    assert_close(step.readings["unlabelled_loss"].item(), expected["torchssl_unlabelled_loss"], rtol=1e-9, atol=0)
    assert_close(step.loss.item(), expected["total_loss"], rtol=1e-9, atol=0)
    gradients = torch.autograd.grad(step.loss, list(leaves.values()), materialize_grads=True)
    for name, gradient in zip(leaves, gradients, strict=True):
        assert_close(gradient, expected["gradient"][name], rtol=1e-9, atol=1e-12)
