"""Which images move the running statistics of norms, in methods whose reference keeps unlabelled ones out of them."""

from copy import deepcopy
from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from interplay.experiments.semi_supervised.method import Problem, methods
from interplay.experiments.semi_supervised.methods.mixmatch import dealt, mixed
from interplay.models import WideResNet
from interplay.protocols.semi_supervised import SemiSupervisedProtocol
from interplay.protocols.setup import load_setup

B, SHAPE = 5, (3, 8, 8)


@pytest.fixture
def learner():
    torch.manual_seed(0)
    network = WideResNet(10, 1, 4, norm_momentum=0.1)
    network.add_module("second_head", nn.Linear(network.num_features, 4))
    return SimpleNamespace(network=network.train(), evaluated=deepcopy(network).requires_grad_(False).eval())


@pytest.fixture
def step(config, learner):
    """A step of a method on noise: what it made, and the batch that it was given."""
    protocol = load_setup(config, "paper").protocols["semi_supervised"]
    assert isinstance(protocol, SemiSupervisedProtocol)

    def run(name):
        method, settings = methods()[name], protocol.methods.of(name)
        problem = Problem(
            num_classes=4,
            labelled_batch=B,
            unlabelled_batch=B,
            unlabelled_samples=B,
            image_shape=SHAPE,
            steps=10,
            weight=0.0,
            device=torch.device("cpu"),
        )
        random = torch.Generator().manual_seed(0)
        batch = {
            "labelled": {"weak": torch.randn(B, *SHAPE, generator=random), "label": torch.arange(B) % 4},
            "unlabelled": {view: torch.randn(B, *SHAPE, generator=random) for view in method.views},
            "draws": {key: draw(random) for key, draw in method.draws(problem, settings).items()},
            "time": {"step": torch.tensor(5.0), "progress": torch.tensor(0.5)},
        }
        return method.loss(learner, batch, method.start(problem, settings), settings, problem), batch

    return run


def _after(network, images):
    """Buffers of a network that saw these images alone."""
    network = deepcopy(network)
    with torch.no_grad():
        network.features(images)
    return dict(network.named_buffers())


@pytest.mark.parametrize("name", ["pi_model", "pseudo_label", "vat", "mean_teacher"])
def test_labelled_images_alone_move_running_statistics(step, learner, name):
    before = deepcopy(learner.network)
    _, batch = step(name)
    _assert_same(learner.network, _after(before, batch["labelled"]["weak"]))


@pytest.mark.parametrize(
    ("name", "views"), [("mixmatch", ("weak", "second_weak")), ("remixmatch", ("strong", "second_strong", "weak"))]
)
def test_first_of_the_dealt_batches_alone_moves_running_statistics(step, learner, name, views):
    before = deepcopy(learner.network)
    _, batch = step(name)
    images = torch.cat([batch["labelled"]["weak"], *(batch["unlabelled"][view] for view in views)])
    images, _ = mixed(images, torch.zeros(len(images), 4), batch["draws"]["share"], batch["draws"]["partners"])
    _assert_same(learner.network, _after(before, dealt(images.split(B))[0]))


@pytest.mark.parametrize("name", ["pi_model", "pseudo_label", "vat", "mean_teacher", "mixmatch", "remixmatch"])
def test_every_parameter_that_the_method_trains_gets_a_gradient(step, learner, name):
    made, _ = step(name)
    made.loss.backward()
    without = {key for key, value in learner.network.named_parameters() if value.grad is None}
    dead = {key for key in without if "second_head" not in key}
    # The reference's blocks that change the width hand their raw input on: their first norm is dead.
    assert all(key.split(".")[-2] == "norm1" for key in dead)
    assert any("second_head" in key for key in without) == (name != "remixmatch")


def _assert_same(network, expected):
    found = dict(network.named_buffers())
    assert found.keys() == expected.keys()
    for name, value in found.items():
        assert_close(value, expected[name])
