"""UDA against TorchSSL, and `semilearn`'s own hooks with the temperature that its step forgets."""

import torch
from torch.testing import assert_close

from interplay.experiments.semi_supervised.method import NoState
from interplay.experiments.semi_supervised.methods.uda import METHOD
from interplay.protocols.semi_supervised.hyperparameters import UDA

WEIGHT = 0.7


def test_terms_and_gradients_are_those_of_the_references(oracle, on_logits):
    known = oracle("uda")
    given, expected = known.inputs, known.outputs
    leaves = {name: given[name].clone().requires_grad_() for name in ("labelled", "weak", "strong")}
    batch = {
        "labelled": {"weak": leaves["labelled"], "label": given["labels"]},
        "unlabelled": {"weak": leaves["weak"], "strong": leaves["strong"]},
    }
    settings = UDA(unlabelled_ratio=4, weight=WEIGHT, threshold=given["threshold"], temperature=given["T"])
    step = on_logits.step(METHOD, settings, NoState(), batch)

    assert 0 < expected["mask"].sum() < len(expected["mask"])
    assert step.guesses.weights.tolist() == expected["mask"].tolist()
    assert step.guesses.labels.tolist() == given["weak"].argmax(1).tolist()
    close = {"rtol": 1e-9, "atol": 1e-12}
    assert_close(step.readings["labelled_loss"].item(), expected["none"]["supervised_loss"][0].item(), **close)
    assert_close(step.readings["unlabelled_loss"].item(), expected["unlabelled_loss"], **close)
    assert_close(step.readings["unlabelled_loss"].item(), expected["torchssl_unlabelled_loss"], **close)
    assert_close(step.loss, step.readings["labelled_loss"] + WEIGHT * step.readings["unlabelled_loss"], **close)
    weak, strong = torch.autograd.grad(step.loss, [leaves["weak"], leaves["strong"]], materialize_grads=True)
    assert_close(strong, WEIGHT * expected["gradient"]["strong"], **close)
    assert not weak.any()


def test_the_temperature_counts(oracle, on_logits):
    known = oracle("uda")
    given = known.inputs
    batch = {
        "labelled": {"weak": given["labelled"], "label": given["labels"]},
        "unlabelled": {"weak": given["weak"], "strong": given["strong"]},
    }
    settings = UDA(unlabelled_ratio=4, weight=1, threshold=given["threshold"], temperature=1)
    step = on_logits.step(METHOD, settings, NoState(), batch)
    unsharpened = known.outputs["semilearn_unsharpened_unlabelled_loss"]
    assert_close(step.readings["unlabelled_loss"].item(), unsharpened, rtol=1e-9, atol=0)
    assert abs(unsharpened - known.outputs["unlabelled_loss"]) > 0.01
