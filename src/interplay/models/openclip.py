"""OpenCLIP, which only the cross-modal experiments need; without it one line says how it is brought."""

from interplay.errors import InterplayError

try:
    import open_clip
except ModuleNotFoundError as error:
    raise InterplayError("OpenCLIP is missing; install open_clip_torch, or this package with its extra clip") from error

__all__ = ["open_clip"]
