"""How torch computes: threads, deterministic kernels, the device; randomness is `interplay.data.randomness`."""

from __future__ import annotations

import os

import torch

from interplay.training.compute import Compute, keep_memory


def configure_torch(threads: int, compute: Compute | None = None) -> None:
    """Use `threads` CPU threads and compute as `compute` says (in single precision, deterministically, where None)."""
    torch.set_num_threads(threads)
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    (compute or Compute()).apply()
    keep_memory()
