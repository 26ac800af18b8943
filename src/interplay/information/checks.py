"""Checks of what comes from outside: what is wrong is said in one line, which names the argument and how to mend it."""

from __future__ import annotations

import operator
from collections.abc import Callable
from math import inf, isfinite
from typing import Any, ParamSpec, TypeVar

import torch
from torch import Tensor, nn

from interplay.errors import InterplayError

_P = ParamSpec("_P")
_R = TypeVar("_R")

# Types that can be added and multiplied; the narrower ones (float8, float4) only store numbers.
_ARITHMETIC = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


def gathers(method: Callable[_P, _R]) -> Callable[_P, _R]:
    """Run a method of a collector outside inference mode and without gradients.

    What is made under `torch.inference_mode()` (in which Lightning validates) may never be changed in place outside
    it, so that a collector that had seen one batch inside could take up no further one.
    """
    wrapped: Callable[_P, _R] = torch.inference_mode(False)(torch.no_grad()(method))
    return wrapped


def owned(tensor: Tensor) -> Tensor:
    """The tensor, or a copy of it that may be changed here: what was copied or unpickled in inference mode may not."""
    return tensor.clone() if tensor.is_inference() else tensor


def check_tensor(z: Any, name: str, *, empty: bool = False) -> None:
    """Raise an InterplayError unless `z` is a dense tensor of real numbers; looks at none of its values.

    Nothing is computed, so that a training loop on a GPU does not wait. It must have values unless `empty`.
    """
    _check_dense(z, name)
    if z.is_complex():
        raise InterplayError(f"{name}: expected real numbers, got {z.dtype}; pass .real or .abs()")
    if not z.is_floating_point():
        raise InterplayError(f"{name}: expected real numbers, got {z.dtype}; convert with .float()")
    if z.dtype not in _ARITHMETIC:
        raise InterplayError(f"{name}: {z.dtype} only stores numbers; convert with .float()")
    if 0 in z.shape and not empty:
        raise InterplayError(f"{name}: empty, shape {list(z.shape)}")


def check_matrix(z: Any, name: str) -> None:
    """Raise an InterplayError that says what is wrong unless `z` is a finite, real, non-empty matrix."""
    _check_dense(z, name)
    if z.ndim != 2:
        raise InterplayError(f"{name}: expected a matrix [samples, features], got shape {list(z.shape)}")
    check_tensor(z, name)
    check_finite(z, name)


def check_finite(z: Tensor, name: str) -> None:
    """Raise an InterplayError that counts the values of `z` that are NaN or infinite, if there are any."""
    finite = torch.isfinite(z)
    if not bool(finite.all()):
        raise InterplayError(f"{name}: {int((~finite).sum())} of {z.numel()} values are NaN or infinite")


def check_vector(z: Any, name: str, length: int) -> None:
    """Raise an InterplayError unless `z` is a tensor of `length` finite real numbers."""
    _check_dense(z, name)
    if z.shape != (length,) or not z.is_floating_point() or not bool(torch.isfinite(z).all()):
        raise InterplayError(f"{name}: expected {length} finite values, got shape {list(z.shape)} of {z.dtype}")


def check_labels(labels: Any, num_classes: int | None = None, num_samples: int | None = None) -> Tensor:
    """The labels as int64, unless they are not `num_samples` integers in 0..num_classes-1; None takes any number.

    Integers of any width are taken, unsigned ones too. Floating-point numbers and truth values are not, even if they
    are whole: where classes are expected they are rather a target or a mask that was given by mistake.

    Raises:
        InterplayError: says which of these is wrong.
    """
    _check_dense(labels, "labels")
    if labels.ndim != 1 or num_samples not in (None, len(labels)):
        wanted = "samples" if num_samples is None else num_samples
        raise InterplayError(f"labels: expected shape [{wanted}], one per sample, got {list(labels.shape)}")
    if labels.is_floating_point() or labels.is_complex() or labels.dtype == torch.bool:
        raise InterplayError(f"labels: expected integers, got {labels.dtype}; convert with .long()")
    if len(labels) == 0:
        raise InterplayError("labels: empty, shape [0]")
    # torch has next to no operations on uint16, uint32 and uint64. A uint64 beyond int64 comes out negative.
    whole: Tensor = labels.to(torch.int64)
    low, high = int(whole.min()), int(whole.max())
    if labels.dtype == torch.uint64 and low < 0:
        raise InterplayError("labels: values of torch.uint64 beyond 2^63 - 1, the largest number that can be a label")
    if low < 0 or (num_classes is not None and high >= num_classes):
        wanted = "0 or more" if num_classes is None else f"0 to {num_classes - 1}"
        raise InterplayError(f"labels: expected {wanted}, got values from {low} to {high}")
    return whole


def check_count(value: Any, name: str, least: int = 1) -> int:
    """`value` as an int, unless it is not a whole number (of Python or numpy) of at least `least`."""
    try:
        if isinstance(value, bool | Tensor):
            raise TypeError
        number = operator.index(value)
    except TypeError:
        raise InterplayError(f"{name}: expected a whole number, got {_said(value)}") from None
    if number < least:
        raise InterplayError(f"{name}: at least {least} needed, got {number}")
    return number


def check_number(value: Any, name: str, low: float = -inf, below: float = inf, *, above: bool = False) -> float:
    """`value` as a float, unless it is no finite number with `low` <= value < `below` (`above`: `low` < value)."""
    wanted = "a finite number"
    if low > -inf or below < inf:
        wanted += f" of {'more than' if above else 'at least'} {low:g}"
        wanted += f" and below {below:g}" if below < inf else ""
    try:
        number = None if isinstance(value, bool | str | bytes | Tensor) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = None
    if number is None or not isfinite(number) or not low <= number < below or (above and number == low):
        raise InterplayError(f"{name}: expected {wanted}, got {_said(value)}")
    return number


def _check_dense(z: Any, name: str) -> None:
    if not isinstance(z, Tensor):
        raise InterplayError(f"{name}: expected a torch.Tensor, got {type(z).__name__}{_remedy(z)}")
    if z.is_nested:
        raise InterplayError(f"{name}: expected one dense tensor, got a nested one; convert with .to_padded_tensor(0)")
    if z.layout != torch.strided:
        raise InterplayError(f"{name}: expected a dense tensor, got {z.layout}; convert with .to_dense()")
    if z.is_quantized:
        raise InterplayError(f"{name}: expected real numbers, got {z.dtype}; convert with .dequantize()")
    if z.is_meta:
        raise InterplayError(f"{name}: a tensor on the meta device has no values; move it to a device with data")


def _remedy(value: Any) -> str:
    if isinstance(value, nn.Module):
        return "; pass the weight of its last linear layer (layer.weight)"
    if isinstance(value, list | tuple):
        return "; convert it with torch.tensor"
    return "; convert it with torch.from_numpy" if type(value).__module__ == "numpy" else ""


def _said(value: Any) -> str:
    return repr(value) if isinstance(value, bool | int | float | str) else type(value).__name__
