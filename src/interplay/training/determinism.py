"""Reproducible randomness: every draw has a generator of its own, made from the seed, the purpose and the step.

No generator is carried from step to step, so a resumed run draws exactly what the uninterrupted one would have drawn.
"""

from __future__ import annotations

import hashlib
import os

import torch

from interplay.errors import InterplayError
from interplay.training.compute import Compute, keep_memory


def generator(seed: int, *purpose: str | int, device: torch.device | str = "cpu") -> torch.Generator:
    """A generator determined by `seed` and `purpose`, for example `generator(0, "augment", step)`."""
    text = "/".join(str(part) for part in (seed, *purpose))
    state = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 1
    return torch.Generator(device=device).manual_seed(state)


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
