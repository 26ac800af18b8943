"""How torch computes: threads, deterministic kernels, the device; randomness is `interplay.data.randomness`."""

from __future__ import annotations

import os

import torch

from interplay.errors import InterplayError
from interplay.training.compute import Compute, keep_memory


def configure_torch(threads: int, compute: Compute | None = None) -> None:
    """Use `threads` CPU threads and compute as `compute` says (in single precision, deterministically, where None)."""
    torch.set_num_threads(threads)
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    (compute or Compute()).apply()
    keep_memory()


def pick_device(name: str) -> torch.device:
    """`auto` is CUDA where it works, else the CPU.

    Raises:
        InterplayError: `cuda` is asked for and not available, or the name is unknown.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if name not in {"cpu", "cuda"}:
        raise InterplayError(f"device: {name} is unknown; choose auto, cpu or cuda")
    if name == "cuda" and not torch.cuda.is_available():
        raise InterplayError("device: cuda is asked for, but torch sees no CUDA device; use --device cpu or auto")
    return torch.device(name)
