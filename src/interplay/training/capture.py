"""Steps as CUDA graphs, or with a compiled network; where that fails, as they are, with a word about why."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn

from interplay.training.compute import Compute
from interplay.training.streams import Batch

WARM_UP = 3  # steps before a capture: libraries choose kernels and take workspaces, optimisers make their buffers


class StepRunner:
    """Runs the body of a step, captured where `compute` asks for it.

    The steps of the warm-up are steps like any other, on a stream beside the main one as capturing demands. A capture
    executes nothing: it records the kernels of one step, which each later step launches together, on tensors that stay
    where they are; only the batch is copied into place.

    Args:
        body: all that a step does on the device. It may not wait for the device, and must leave its results in tensors
            that exist already after the warm-up.
        compute: as it applies on the device.
        device: of all tensors.
        networks: whose forward passes are compiled where `compute` asks for it.
        say: called with a line where a capture fails.
    """

    def __init__(
        self,
        body: Callable[[Batch], None],
        compute: Compute,
        device: torch.device,
        networks: Sequence[nn.Module],
        say: Callable[[str], None],
    ) -> None:
        self._body, self._device, self._say = body, device, say
        self.capture = compute.on(device).capture
        self._done = 0
        self._graph: torch.cuda.CUDAGraph | None = None
        self._inputs: dict[str, dict[str, Tensor]] = {}
        self._compiled: list[nn.Module] = []
        if self.capture == "compile":
            self._compiled = [network for network in networks if hasattr(network, "features")]
            for network in self._compiled:
                network.features = torch.compile(network.features)  # type: ignore[assignment, arg-type]

    @property
    def captured(self) -> bool:
        """Whether steps are launched as a recorded graph."""
        return self._graph is not None

    def __call__(self, batch: Batch) -> None:
        """Do a step."""
        if self.capture == "cuda_graph":
            self._graphed(batch)
        elif self.capture == "compile" and self._done == 0:
            self._first_compiled(batch)
        else:
            self._body(batch)
        self._done += 1

    def _graphed(self, batch: Batch) -> None:
        if self._done < WARM_UP:
            beside = torch.cuda.Stream(self._device)
            beside.wait_stream(torch.cuda.current_stream(self._device))
            with torch.cuda.stream(beside):
                self._body(batch)
            torch.cuda.current_stream(self._device).wait_stream(beside)
            return
        if self._graph is None:
            self._inputs = {name: {key: _kept(value) for key, value in of.items()} for name, of in batch.items()}
            graph = torch.cuda.CUDAGraph()
            try:
                with torch.cuda.graph(graph):
                    self._body(self._inputs)
            except RuntimeError as error:
                self._give_up("as a CUDA graph", error)
                self._body(batch)
                return
            self._graph = graph
        _copy(batch, self._inputs)
        self._graph.replay()

    def _first_compiled(self, batch: Batch) -> None:
        try:
            self._body(batch)
        except Exception as error:  # whatever the compiler trips over, the step can be done without it
            for network in self._compiled:
                del network.features  # the compiled one, set on the instance; that of its class is back
            self._give_up("compiled", error)
            self._body(batch)

    def _give_up(self, how: str, error: BaseException) -> None:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        self._say(f"training: the step does not run {how} ({reason}); it runs as it is, with the same results")
        self.capture = "none"


def _kept(value: Tensor) -> Tensor:
    """A copy, with the same strides where these leave no gaps."""
    return torch.empty_like(value).copy_(value)


def _copy(batch: Batch, inputs: Mapping[str, Mapping[str, Tensor]]) -> None:
    """All tensors of a batch into those of a captured step."""
    pairs = [(inputs[name][key], value) for name, of in batch.items() for key, value in of.items()]
    torch._foreach_copy_([into for into, _ in pairs], [value for _, value in pairs])
