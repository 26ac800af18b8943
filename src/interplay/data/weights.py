"""Weights of trained networks: verified like data, and read without running anything that their file may hold.

A safetensors file holds tensors and nothing else. A file of `torch.save` is read by `torch.load(weights_only=True)`. A
TorchScript archive holds a program beside its tensors: `torch.jit.load` would run it, so the tensors alone are read
(`interplay.data.torchscript`). Any other pickle is refused.
"""

from __future__ import annotations

import pickle
import struct
import warnings
import zipfile
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from interplay.data.fetching.verify import require
from interplay.data.ledger import Ledger
from interplay.data.torchscript import is_torchscript, read_torchscript
from interplay.data.unpacking import check_amount
from interplay.errors import InterplayError
from interplay.protocols.assets import Pinned, WeightsInfo
from interplay.protocols.weights import weights_info

# What bytes at random make of an unpickler, and of whoever looks into an archive.
_DAMAGE = (ValueError, TypeError, EOFError, AssertionError, struct.error, zipfile.BadZipFile)


def load_weights(name: str | WeightsInfo, root: Path) -> tuple[dict[str, Tensor], str]:
    """The tensors of a set of weights of the catalogue, by name, on the CPU, in the precision they are stored in.

    Of several files that hold them the first that is in place and right serves. It is compared with its pin before it
    is opened, once for as long as nobody touches it.

    Returns:
        The tensors, and the first 16 hexadecimal digits of the SHA-256 of the file they come from.

    Raises:
        InterplayError: no such weights; not fetched; altered; or a file that would run code.
    """
    info = weights_info(name) if isinstance(name, str) else name
    ledger = Ledger(root, info.name)
    try:
        form = _first_verified(info, root, ledger)
    finally:
        ledger.save()
    (pin,) = form.files.values()
    return read_tensors(root / form.path), pin.sha256[:16]


def _first_verified(info: WeightsInfo, root: Path, ledger: Ledger) -> Pinned:
    """The first form in place that is what it should be: a damaged one is passed over where another is right."""
    problems = []
    for form in [form for form in info.forms if (root / form.path).exists()] or info.forms[:1]:
        try:
            require(info.name, info.title, form, root, ledger)
        except InterplayError as error:
            problems.append(error)
        else:
            return form
    raise problems[0]


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors in a file, by name, whatever of the three formats it has.

    Raises:
        InterplayError: the file cannot be read, holds anything but tensors, or would run code.
    """
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        _check_unfolded(path)
        if is_torchscript(path):
            return read_torchscript(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about the protocol of a file that is about to be refused
            content = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, AttributeError) as error:
        raise InterplayError(
            f"{path}: holds more than tensors and would run code if it were opened; convert it to safetensors"
        ) from error
    except (SafetensorError, OSError, RuntimeError, LookupError, ArithmeticError, *_DAMAGE) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InterplayError(f"{path}: no file of weights ({reason})") from error
    if isinstance(content, dict) and isinstance(content.get("state_dict"), dict):
        content = content["state_dict"]
    if not isinstance(content, dict) or not all(isinstance(value, Tensor) for value in content.values()):
        raise InterplayError(f"{path}: not a mapping of names to tensors; convert it to safetensors")
    return {str(key): value for key, value in content.items()}


def _check_unfolded(path: Path) -> None:
    """Stop at an archive that unfolds into many times what it is: torch packs no tensors."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            sizes = [member.file_size for member in archive.infolist()]
        check_amount(len(sizes), sum(sizes), path.stat().st_size)
