"""No method asks the device for a value, so that steps can be captured: on tensors of shapes without values."""

from types import SimpleNamespace

import pytest
import torch
from torch._subclasses.fake_tensor import DataDependentOutputException, DynamicOutputShapeException, FakeTensorMode

from interplay.experiments.semi_supervised.method import Problem, methods
from interplay.models import WideResNet

LABELLED, UNLABELLED, CLASSES, SAMPLES = 4, 8, 10, 30
WITHOUT_VALUES = (DataDependentOutputException, DynamicOutputShapeException)


def images(count):
    return torch.rand(count, 3, 8, 8)


@pytest.mark.parametrize("name", sorted(methods()))
def test_a_step_needs_no_value(toy_protocol, name):
    method, settings = methods()[name], toy_protocol().methods.of(name)
    problem = Problem(CLASSES, LABELLED, UNLABELLED, SAMPLES, (3, 8, 8), 100, 0.1, torch.device("cpu"))
    with FakeTensorMode():
        learners = {}
        for of in method.networks:
            network = WideResNet(10, 1, CLASSES).train()
            if method.second_head:
                network.add_module("second_head", torch.nn.Linear(network.num_features, method.second_head))
            learners[of] = SimpleNamespace(network=network, evaluated=network, descend=lambda loss: loss.backward())
        batch = {
            "labelled": {"weak": images(LABELLED), "label": torch.zeros(LABELLED, dtype=torch.long)},
            "unlabelled": {view: images(UNLABELLED) for view in method.views},
            "draws": {key: draw(None) for key, draw in method.draws(problem, settings).items()},
            "time": {key: torch.zeros((), dtype=torch.float64) for key in ("step", "progress")},
        }
        batch["unlabelled"]["index"] = torch.zeros(UNLABELLED, dtype=torch.long)
        state = method.start(problem, settings)
        if method.update is not None:
            step = method.update(learners, batch, state, settings, problem)
        else:
            step = method.loss(learners["main"], batch, state, settings, problem)
            step.loss.backward()
        assert step.loss.shape == ()
        assert {key: value.shape for key, value in step.state.tensors().items()} == {
            key: value.shape for key, value in state.tensors().items()
        }


@pytest.mark.parametrize("ask", [lambda x: x.sum().item(), lambda x: x[x > 0], lambda x: 1 if x.sum() > 0 else 0])
def test_what_needs_a_value_is_refused_there(ask):
    with FakeTensorMode(), pytest.raises(WITHOUT_VALUES):
        ask(torch.ones(3))
