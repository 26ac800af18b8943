"""Steps of every method on a GPU: captured as they are, never waiting for the device, with the results of the CPU."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional
from torch.utils._python_dispatch import TorchDispatchMode

from interplay.experiments.semi_supervised.method import methods
from interplay.information.spectral import resolvent_entropies
from interplay.training import Compute

NAMES = sorted(methods())
STEPS = 12
READS_BACK = ("_local_scalar_dense", "nonzero", "linalg_eigh", "masked_select", "is_nonzero")


@pytest.fixture
def cuda():
    """The device, with convolutions of full precision and sums in a fixed order."""
    if not torch.cuda.is_available():
        pytest.skip("needs a CUDA device")
    Compute().apply()
    yield "cuda"
    torch.use_deterministic_algorithms(False)


class NothingReadBack(TorchDispatchMode):
    """Fails where an operation would make the host wait for a CUDA device, and so could not be captured."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = func.__name__
        assert not any(word in name for word in READS_BACK), name
        return func(*args, **(kwargs or {}))


def weights(task):
    return torch.cat([value.detach().flatten() for value in task.network.parameters()])


@pytest.mark.gpu
@pytest.mark.parametrize("method", NAMES)
def test_captured_steps_equal_uncaptured_ones(toy_task, cuda, method):
    said = []
    plain = toy_task(method, device=cuda)
    captured = toy_task(method, device=cuda, compute=Compute(capture="cuda_graph"))
    captured._run._say = said.append
    for step in range(STEPS):
        plain.train_step(step)
        captured.train_step(step)
    assert captured._run.captured and not said, said
    torch.testing.assert_close(weights(captured), weights(plain), rtol=1e-2, atol=1e-3)
    for name, value in plain.state.items():
        torch.testing.assert_close(captured.state[name], value, rtol=1e-2, atol=1e-2, msg=name)


@pytest.mark.gpu
@pytest.mark.parametrize("method", NAMES)
def test_no_step_waits_for_the_device(toy_task, cuda, method):
    task = toy_task(method, device=cuda)
    for step in range(2):  # kernels are chosen
        task.train_step(step)
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        for step in range(2, 6):
            task.train_step(step)
    finally:
        torch.cuda.set_sync_debug_mode("default")


@pytest.mark.gpu
@pytest.mark.parametrize("method", NAMES)
def test_cpu_and_gpu_take_the_same_first_step(toy_task, cuda, method):
    """On one batch: what CUDA draws itself differs."""
    tasks = [toy_task(method, device=device) for device in ("cpu", cuda)]
    batch = {name: source.batch(0) for name, source in tasks[0].sources.items()}
    for task in tasks:
        own = {name: {key: value.to(task.device) for key, value in of.items()} for name, of in batch.items()}
        task.sources = {name: Ready(of) for name, of in own.items()}
        task.train_step(0)
    torch.testing.assert_close(weights(tasks[1]).cpu(), weights(tasks[0]), rtol=1e-2, atol=1e-3)


class Ready:
    """A source whose batch is always the same."""

    def __init__(self, batch):
        self._batch = batch

    def batch(self, step):
        return self._batch


def one_hot(labels, classes):
    return (labels[..., None] == torch.arange(classes)).long()


@pytest.mark.parametrize("method", NAMES)
def test_no_operation_of_a_step_reads_a_value_back(toy_task, method, monkeypatch):
    """Without a GPU: by the ways that entropies and `one_hot` take on CUDA, the latter without a look at its labels.

    Batches are built outside of what is captured.
    """
    monkeypatch.setattr("interplay.objectives.interplay.unit_trace_entropies", resolvent_entropies)
    monkeypatch.setattr(
        functional, "one_hot", lambda labels, classes: (labels[..., None] == torch.arange(classes)).long()
    )
    task = toy_task(method)
    task.train_step(0)
    batch = {"time": task._time, **{name: source.batch(1) for name, source in task.sources.items()}}
    with NothingReadBack():
        task._run(batch)
    with pytest.raises(AssertionError, match="_local_scalar_dense"), NothingReadBack():
        float(task.running["loss"])
