"""VAT against its implementations in `semilearn` and TorchSSL, and against what a linear softmax has in closed form."""

from copy import deepcopy

import torch
from torch import nn
from torch.testing import assert_close

from interplay.experiments.semi_supervised.method import NoState
from interplay.experiments.semi_supervised.methods.vat import METHOD, divergence, unit, worst_direction
from interplay.models import WideResNet
from interplay.protocols.semi_supervised.hyperparameters import VAT


def settings(**changes):
    given = {"weight": 0.3, "warm_up": 0.4, "epsilon": 6, "probe": 1e-6, "entropy_weight": 0.06}
    return VAT(unlabelled_ratio=1, **{**given, **changes})


def test_terms_direction_and_gradients_are_those_of_the_reference(oracle, perceptron):
    known = oracle("vat")
    given, expected = known.inputs, known.outputs
    bench = perceptron(given["weights"])
    for k, iteration in enumerate(given["iteration"]):
        batch = {
            "labelled": {"weak": given["labelled"], "label": given["labels"]},
            "unlabelled": {"weak": given["unlabelled"]},
            "draws": {"noise": given["drawn_direction"]},
            "time": {"progress": iteration / given["iterations"]},
        }
        step = bench.step(METHOD, settings(probe=given["xi"]), NoState(), batch)
        # The finite difference cancels ten of sixteen digits, of the direction and of what follows from it.
        assert_close(step.readings["labelled_loss"].item(), expected["supervised_loss"][k].item(), rtol=1e-9, atol=0)
        assert_close(step.readings["unlabelled_loss"].item(), expected["unlabelled_loss"][k].item(), rtol=1e-6, atol=0)
        assert_close(step.readings["entropy"].item(), expected["entropy"][k].item(), rtol=1e-9, atol=0)
        assert_close(step.loss.item(), expected["total_loss"][k].item(), rtol=1e-6, atol=0)
    assert_close(step.readings["unlabelled_loss"].item(), expected["torchssl_unlabelled_loss"], rtol=1e-6, atol=0)
    target = bench.network(given["unlabelled"]).softmax(1).detach()
    found = worst_direction(bench.network, given["unlabelled"], target, given["drawn_direction"], given["xi"])
    assert_close(given["epsilon"] * found, expected["perturbation"], rtol=0, atol=1e-5)
    step.loss.backward()
    for name, value in bench.network.named_parameters():
        assert_close(value.grad, expected["last_gradient"][name], rtol=1e-5, atol=1e-6)


class LinearSoftmax(nn.Module):
    """Logits W x of flattened images."""

    def __init__(self, weight):
        super().__init__()
        self.head = nn.Linear(weight.shape[1], weight.shape[0], bias=False, dtype=weight.dtype)
        self.head.weight.data = weight

    def features(self, images):
        return images.flatten(1)


def test_direction_is_the_hessian_of_the_divergence_times_noise_for_a_linear_softmax():
    random = torch.Generator().manual_seed(0)
    weight, images, noise = (
        torch.randn(*shape, dtype=torch.float64, generator=random) for shape in ((4, 6), (5, 1, 2, 3), (5, 1, 2, 3))
    )
    network = LinearSoftmax(weight)
    p = (images.flatten(1) @ weight.T).softmax(1)
    fisher = torch.diag_embed(p) - p[:, :, None] * p[:, None, :]
    hessian = weight.T @ fisher @ weight  # of KL(p || softmax(W (x + r))) in r at r = 0
    expected = unit((hessian @ noise.flatten(1)[:, :, None]).reshape(images.shape))
    assert_close(worst_direction(network, images, p, noise, 1e-5), expected, rtol=0, atol=1e-4)


def test_divergence_is_that_of_the_definition():
    p = torch.tensor([[0.2, 0.8], [0.5, 0.5]], dtype=torch.float64)
    q = torch.tensor([[0.6, 0.4], [0.5, 0.5]], dtype=torch.float64)
    expected = (0.2 * torch.tensor(0.2 / 0.6).log() + 0.8 * torch.tensor(0.8 / 0.4).log()) / 2
    assert_close(divergence(p, q.log() + 3).item(), expected.item(), rtol=1e-6, atol=0)


def test_published_probe_loses_the_direction_in_single_precision():
    torch.manual_seed(0)
    network = WideResNet(10, 1, 4)
    images, noise = torch.randn(2, 8, 3, 8, 8)
    exact, likeness = _direction(deepcopy(network).double(), images.double(), noise.double(), 1e-6), {}
    for probe in (1e-6, 1e-3):
        found = _direction(network, images, noise, probe).double()
        likeness[probe] = float((found * exact).sum((1, 2, 3)).mean())
    assert likeness[1e-6] < 0.9 and likeness[1e-3] > 0.99  # a cosine


def _direction(network, images, noise, probe):
    return worst_direction(network, images, network(images).softmax(1).detach(), noise, probe)
