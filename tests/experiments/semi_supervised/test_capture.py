"""No method asks the device for a value: a step on tensors without any works, so that it can be captured as a graph."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch._subclasses.fake_tensor import DataDependentOutputException, DynamicOutputShapeException, FakeTensorMode

from interplay.experiments.semi_supervised.method import Problem, methods
from interplay.models import WideResNet
from interplay.protocols.semi_supervised import SemiSupervisedProtocol
from interplay.protocols.setup import load_setup

B, RATIO, SHAPE = 3, 2, (3, 8, 8)
PROBLEM = Problem(
    num_classes=4,
    labelled_batch=B,
    unlabelled_batch=RATIO * B,
    unlabelled_samples=50,
    image_shape=SHAPE,
    steps=10,
    weight=0.1,
    device=torch.device("cpu"),
)


@pytest.fixture(scope="module")
def protocol(config):
    found = load_setup(config, "paper").protocols["semi_supervised"]
    assert isinstance(found, SemiSupervisedProtocol)
    return found


def _network(second_head):
    network = WideResNet(10, 1, PROBLEM.num_classes)
    if second_head:
        network.add_module("second_head", nn.Linear(network.num_features, second_head))
    return network


@pytest.mark.parametrize("name", sorted(name for name, method in methods().items() if method.loss is not None))
def test_step_needs_no_value_from_the_device(protocol, name):
    method, settings = methods()[name], protocol.methods.of(name)
    random = torch.Generator().manual_seed(0)
    draws = {key: draw(random) for key, draw in method.draws(PROBLEM, settings).items()}
    with FakeTensorMode(allow_non_fake_inputs=True) as mode:
        learner = SimpleNamespace(network=_network(method.second_head), evaluated=_network(method.second_head))
        batch = {
            "labelled": {"weak": torch.randn(B, *SHAPE), "label": torch.randint(4, (B,))},
            "unlabelled": {view: torch.randn(RATIO * B, *SHAPE) for view in method.views}
            | {"index": torch.randint(50, (RATIO * B,))},
            "draws": {key: mode.from_tensor(value) for key, value in draws.items()},
            "time": {key: torch.zeros((), dtype=torch.float64) for key in ("step", "progress")},
        }
        step = method.loss(learner, batch, method.start(PROBLEM, settings), settings, PROBLEM)
        step.loss.backward()
    assert step.loss.shape == ()
    assert any(value.grad is not None for value in learner.network.parameters())


def test_a_step_that_asks_would_be_caught():
    with FakeTensorMode():
        mask = torch.randn(5) > 0
        with pytest.raises(DataDependentOutputException):
            bool(mask.any())
        with pytest.raises(DynamicOutputShapeException):
            torch.randn(5)[mask]
