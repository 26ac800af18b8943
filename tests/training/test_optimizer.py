import subprocess
import sys

import pytest
import torch
from torch import nn

from interplay.errors import InterplayError
from interplay.training import Compute, adamw, load_optimizer, parameter_groups, set_learning_rate, sgd
from interplay.training.compute import keep_memory


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.Flatten(), nn.Linear(3, 2))


def test_only_weights_decay_unless_all_do():
    groups = parameter_groups(network(), 0.5, decay_norm_and_bias=False)
    assert [[p.ndim for p in group["params"]] for group in groups] == [[4, 2], [1, 1, 1, 1]]
    assert [group["weight_decay"] for group in groups] == [0.5, 0.0]
    (group,) = parameter_groups(network(), 0.5, decay_norm_and_bias=True)
    assert (len(group["params"]), group["weight_decay"]) == (6, 0.5)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_sgd_is_torchs_own_one_tensor_after_the_other(momentum):
    ours, theirs = network(), network()
    one = sgd(parameter_groups(ours, 0.1, decay_norm_and_bias=True), 0.1, momentum=momentum, nesterov=True)
    two = torch.optim.SGD(
        theirs.parameters(), lr=0.1, momentum=momentum, nesterov=momentum > 0, weight_decay=0.1, foreach=False
    )
    for step in range(4):
        for model, optimizer in ((ours, one), (theirs, two)):
            set_learning_rate(optimizer, 0.1 / (step + 1))
            optimizer.zero_grad()
            model(torch.ones(2, 2, 3, 3) + step).square().sum().backward()
            optimizer.step()
    assert all(torch.equal(p, q) for p, q in zip(ours.parameters(), theirs.parameters(), strict=True))


def test_parameters_without_gradient_stay_as_they_are():
    model = network()
    dead = model[1].weight
    before = dead.detach().clone()
    for optimizer in (
        sgd(parameter_groups(model, 0.1, decay_norm_and_bias=True), 0.1, momentum=0.9, nesterov=True),
        adamw(parameter_groups(model, 0.1, decay_norm_and_bias=True), 0.1),
    ):
        model[3].weight.sum().backward()
        optimizer.step()
    assert torch.equal(dead, before)


def test_unknown_ways_to_compute_are_one_line():
    with pytest.raises(InterplayError, match=r"compute\.precision: fp8 is unknown; choose fp32, tf32, bf16"):
        Compute("fp8")
    with pytest.raises(InterplayError, match=r"compute\.capture: magic is unknown"):
        Compute(capture="magic")


def test_switches_are_set_as_asked_for():
    before = torch.are_deterministic_algorithms_enabled()
    try:
        Compute("tf32", deterministic=False).apply()
        assert torch.backends.cudnn.allow_tf32 and not torch.are_deterministic_algorithms_enabled()
        Compute().apply()
        assert not torch.backends.cudnn.allow_tf32 and torch.are_deterministic_algorithms_enabled()
        assert not torch.utils.deterministic.fill_uninitialized_memory
    finally:
        torch.use_deterministic_algorithms(before)
    keep_memory()  # whatever the C library


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_training_on_a_cpu_does_not_import_the_compiler(optimizer):
    """Importing it takes as long as everything else that a process needs to start."""
    program = f"""
import sys, torch
from interplay.training import Compute, adamw, configure_torch, parameter_groups, sgd
configure_torch(1, Compute())
network = torch.nn.Linear(3, 2)
groups = parameter_groups(network, 0.1, decay_norm_and_bias=False)
optimizer = adamw(groups, 0.1) if {optimizer!r} == "adamw" else sgd(groups, 0.1, momentum=0.9, nesterov=True)
network(torch.ones(4, 3)).sum().backward()
optimizer.step(); optimizer.zero_grad(); optimizer.load_state_dict(optimizer.state_dict())
print("torch._dynamo" in sys.modules, torch.are_deterministic_algorithms_enabled())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


def test_adamw_is_torchs_own():
    ours, theirs = network(), network()
    one = adamw(parameter_groups(ours, 0.3, decay_norm_and_bias=True), 0.01, betas=(0.8, 0.9))
    two = torch.optim.AdamW(theirs.parameters(), lr=0.01, betas=(0.8, 0.9), weight_decay=0.3)
    for step in range(4):
        for model, optimizer in ((ours, one), (theirs, two)):
            set_learning_rate(optimizer, 0.01 / (step + 1))
            optimizer.zero_grad()
            model(torch.ones(2, 2, 3, 3) + step).square().sum().backward()
            optimizer.step()
    assert all(torch.equal(p, q) for p, q in zip(ours.parameters(), theirs.parameters(), strict=True))


@pytest.mark.parametrize("kind", ["sgd", "adamw"])
def test_what_is_restored_is_what_was_gathered_and_no_setting(kind):
    """A checkpoint that is kept on purpose may have been made at another weight decay than the record will state."""

    def make(decay, rate):
        model = network()
        groups = parameter_groups(model, decay, decay_norm_and_bias=False)
        return model, adamw(groups, rate) if kind == "adamw" else sgd(groups, rate, momentum=0.9, nesterov=True)

    (model, optimizer), (other, restored) = make(0.5, 0.1), make(0.25, 0.2)
    model(torch.ones(2, 2, 3, 3)).square().sum().backward()
    optimizer.step()
    load_optimizer(restored, optimizer.state_dict())
    assert [(group["weight_decay"], group["lr"]) for group in restored.param_groups] == [(0.25, 0.2), (0.0, 0.2)]
    gathered = "exp_avg" if kind == "adamw" else "momentum_buffer"
    for one, two in zip(model.parameters(), other.parameters(), strict=True):
        assert torch.equal(optimizer.state[one][gathered], restored.state[two][gathered])


def test_a_state_of_other_groups_is_refused():
    model = network()
    state = sgd(parameter_groups(model, 0.5, decay_norm_and_bias=True), 0.1, momentum=0.9, nesterov=True).state_dict()
    other = sgd(parameter_groups(model, 0.5, decay_norm_and_bias=False), 0.1, momentum=0.9, nesterov=True)
    with pytest.raises(ValueError, match="other groups"):
        load_optimizer(other, state)


def test_a_rate_on_the_device_stays_there_whatever_the_state_was_made_on():
    """A captured step reads it there; as a number, as a CPU has it, it would stay what it was at the capture."""
    model = network()
    state = sgd(parameter_groups(model, 0.5, decay_norm_and_bias=True), 0.1, momentum=0.9, nesterov=True).state_dict()
    captured = torch.optim.SGD(model.parameters(), lr=torch.tensor(0.2), momentum=0.9, fused=True)
    load_optimizer(captured, state)
    (group,) = captured.param_groups
    assert isinstance(group["lr"], torch.Tensor) and group["fused"]
    set_learning_rate(captured, 0.05)
    assert group["lr"].item() == pytest.approx(0.05)
