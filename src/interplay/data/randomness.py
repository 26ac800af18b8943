"""Reproducible randomness: every draw has a generator of its own, made from the seed, the purpose and the step.

No generator is carried from step to step, so a resumed run draws exactly what the uninterrupted one would have drawn.
"""

from __future__ import annotations

import hashlib

import torch


def generator(seed: int, *purpose: str | int, device: torch.device | str = "cpu") -> torch.Generator:
    """A generator determined by `seed` and `purpose`, for example `generator(0, "augment", step)`."""
    text = "/".join(str(part) for part in (seed, *purpose))
    state = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 1
    return torch.Generator(device=device).manual_seed(state)
