"""How a run computes: precision, determinism, threads, and whether its step is captured."""

from __future__ import annotations

import ctypes
import os
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import get_args

import torch

from interplay.errors import InterplayError
from interplay.protocols.runs import Capture, Precision


@dataclass(frozen=True)
class Compute:
    """How the arithmetic of training is done. It changes speed and rounding, never what is computed.

    Attributes:
        precision: of convolutions and products: `fp32`; `tf32`, a mantissa of 10 bits inside of them; or `bf16`,
            autocast to bfloat16. Only CUDA devices have the last two.
        deterministic: kernels of a fixed order of summation wherever there are some.
        capture: `cuda_graph` records the step once and replays it, `compile` compiles the network; both on CUDA only.

    Raises:
        InterplayError: an unknown precision or way to capture.
    """

    precision: Precision = "fp32"
    deterministic: bool = True
    capture: Capture = "none"

    def __post_init__(self) -> None:
        for name, value, known in (
            ("precision", self.precision, get_args(Precision)),
            ("capture", self.capture, get_args(Capture)),
        ):
            if value not in known:
                raise InterplayError(f"compute.{name}: {value} is unknown; choose {', '.join(known)}")

    def on(self, device: torch.device) -> Compute:
        """What of it applies on a device: on the CPU, single precision and no capture."""
        return self if device.type == "cuda" else replace(self, precision="fp32", capture="none")

    def autocast(self, device: torch.device) -> AbstractContextManager[object]:
        """Where forward passes of training run."""
        if self.on(device).precision != "bf16":
            return nullcontext()
        # A graph that is replayed must cast the weights anew each time, not take over the copies of its capture.
        return torch.autocast(device.type, torch.bfloat16, cache_enabled=self.capture != "cuda_graph")

    def apply(self) -> None:
        """Set torch's switches, for the whole process."""
        # Not by `use_deterministic_algorithms`, which imports torch's compiler first: two seconds of each process.
        torch.set_deterministic_debug_mode("warn" if self.deterministic else "default")
        # Deterministic mode fills new memory with NaN to uncover reads of it: 3 to 5 % of a small step.
        torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
        torch.backends.cudnn.benchmark = not self.deterministic
        torch.backends.cudnn.allow_tf32 = self.precision != "fp32"
        torch.set_float32_matmul_precision("highest" if self.precision == "fp32" else "high")


def configure_torch(threads: int, compute: Compute | None = None) -> None:
    """Use `threads` CPU threads and compute as `compute` says (in single precision, deterministically, where None)."""
    torch.set_num_threads(threads)
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    (compute or Compute()).apply()
    keep_memory()


_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # mallopt's names for them
_KEPT_BYTES = 2**30


def keep_memory() -> None:
    """Let the C library keep the memory that a step frees for the next one, where it is glibc's.

    Left to itself it sometimes hands every activation back to the system and faults it in again page by page, as the
    layout of the heap happens to be: the same step then takes three times as long.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):  # another C library
        return
    mallopt(_TRIM_THRESHOLD, _KEPT_BYTES)
    mallopt(_MMAP_THRESHOLD, _KEPT_BYTES)
