"""Reading the pickles of CIFAR without trusting them: dictionaries, lists, bytes and plain arrays, nothing else."""

from __future__ import annotations

import codecs
import pickle
from typing import IO, Any

import numpy as np
from numpy._core import multiarray

from interplay.errors import InterplayError

# The names under which Python 2, and NumPy before and since 2.0, pickled an array of bytes.
_ALLOWED = {
    ("numpy.core.multiarray", "_reconstruct"): multiarray._reconstruct,
    ("numpy._core.multiarray", "_reconstruct"): multiarray._reconstruct,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("_codecs", "encode"): codecs.encode,
}


class _PlainUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}")
        return _ALLOWED[module, name]


def read_pickle(stream: IO[bytes], where: str) -> dict[bytes, Any]:
    """Read one pickled dictionary with byte keys, as Python 2 wrote it.

    Raises:
        InterplayError: it is no such pickle, or asks for anything but plain data.
    """
    try:
        content = _PlainUnpickler(stream, encoding="bytes").load()
    except (pickle.UnpicklingError, ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise InterplayError(f"{where}: not a plain pickle ({error}); delete the archive and fetch it again") from error
    if not isinstance(content, dict):
        raise InterplayError(f"{where}: a {type(content).__name__} where a dictionary belongs; fetch the archive again")
    return content
