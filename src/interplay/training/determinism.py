"""Reproducible randomness: every draw has a generator of its own, made from the seed, the purpose and the step.

No generator is carried from step to step, so a resumed run draws exactly what the uninterrupted one would have drawn.
"""

from __future__ import annotations

import hashlib
import os

import torch


def generator(seed: int, *purpose: str | int, device: torch.device | str = "cpu") -> torch.Generator:
    """A generator determined by `seed` and `purpose`, for example `generator(0, "augment", step)`."""
    text = "/".join(str(part) for part in (seed, *purpose))
    state = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 1
    return torch.Generator(device=device).manual_seed(state)


def configure_torch(threads: int) -> None:
    """Use `threads` CPU threads and deterministic kernels wherever there are some."""
    torch.set_num_threads(threads)
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.backends.cudnn.benchmark = False
