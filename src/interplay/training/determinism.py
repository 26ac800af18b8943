"""How torch computes: threads, deterministic kernels, the device; randomness is `interplay.data.randomness`."""

from __future__ import annotations

import os

import torch


def configure_torch(threads: int) -> None:
    """Use `threads` CPU threads and deterministic kernels wherever there are some."""
    torch.set_num_threads(threads)
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.backends.cudnn.benchmark = False
