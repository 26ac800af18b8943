"""Pi model against its implementations in `semilearn` and TorchSSL."""

import torch
from torch.testing import assert_close

from interplay.experiments.semi_supervised.method import NoState
from interplay.experiments.semi_supervised.methods.pi_model import METHOD
from interplay.protocols.semi_supervised.hyperparameters import PiModel

SETTINGS = PiModel(unlabelled_ratio=1, weight=10, warm_up=0.4)


def test_terms_and_gradients_are_those_of_the_reference(oracle, perceptron):
    known = oracle("pi_model")
    given, expected = known.inputs, known.outputs
    bench = perceptron(given["weights"])
    for k, iteration in enumerate(given["iteration"]):
        batch = {
            "labelled": {"weak": given["labelled"], "label": given["labels"]},
            "unlabelled": {"weak": given["trained_view"], "second_weak": given["target_view"]},
            "time": {"progress": iteration / given["iterations"]},
        }
        step = bench.step(METHOD, SETTINGS, NoState(), batch)
        assert_close(step.readings["labelled_loss"].item(), expected["supervised_loss"][k].item(), rtol=1e-9, atol=0)
        assert_close(step.readings["unlabelled_loss"].item(), expected["unlabelled_loss"][k].item(), rtol=1e-9, atol=0)
        assert_close(step.loss.item(), expected["total_loss"][k].item(), rtol=1e-6, atol=0)
    assert_close(step.readings["unlabelled_loss"].item(), expected["torchssl_unlabelled_loss"], rtol=1e-9, atol=0)
    step.loss.backward()
    for name, value in bench.network.named_parameters():
        assert_close(value.grad, expected["last_gradient"][name], rtol=1e-6, atol=1e-9)


def test_second_view_is_a_target_and_gets_no_gradient(on_logits):
    first, second = (torch.randn(3, 4, generator=torch.Generator().manual_seed(k)).requires_grad_() for k in (0, 1))
    batch = {
        "labelled": {"weak": torch.zeros(2, 4), "label": torch.tensor([0, 1])},
        "unlabelled": {"weak": first, "second_weak": second},
        "time": {"progress": torch.tensor(1.0)},
    }
    step = on_logits.step(METHOD, SETTINGS, NoState(), batch)
    to_first, to_second = torch.autograd.grad(step.loss, [first, second], allow_unused=True)
    assert to_first.abs().max() > 0 and to_second is None
    assert step.guesses.labels.tolist() == second.argmax(1).tolist()
