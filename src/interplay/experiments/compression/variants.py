"""What the named variants change (see `protocols.compression.Variant`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import torch

from interplay.protocols.compression import CompressionProtocol, Variant

NETWORK_EPOCHS, MINIMALITY_EPOCHS = 20, 50  # METHODS C: public code


@dataclass(frozen=True)
class Choices:
    """A protocol, and what no protocol says."""

    protocol: CompressionProtocol
    raw_pixels: bool = False
    dtype: torch.dtype = torch.float32
    relu_before_pool: bool = False
    head_pooling: Literal["max", "mean"] = "max"


def choices(protocol: CompressionProtocol, variant: Variant | None) -> Choices:
    """The text's protocol with one variant switched on; without any, None."""
    everything = variant == "public_code"
    return Choices(
        _with_fixed_epochs(protocol, everything) if everything or variant == "fixed_epochs" else protocol,
        raw_pixels=everything or variant == "raw_pixels",
        dtype=torch.bfloat16 if everything or variant == "bfloat16" else torch.float32,
        relu_before_pool=variant == "relu_before_pool",
        head_pooling="mean" if variant == "mean_pooling" else "max",
    )


def _with_fixed_epochs(protocol: CompressionProtocol, input_layer_once: bool) -> CompressionProtocol:
    """Epochs of the public code; a tier's that are fewer stay."""
    epochs = min(protocol.epochs, NETWORK_EPOCHS)
    changes: dict[str, Any] = {
        "sufficiency_epochs": min(protocol.information.sufficiency_epochs, NETWORK_EPOCHS),
        "minimality_epochs": min(protocol.information.minimality_epochs, MINIMALITY_EPOCHS),
        "stop_at_loss": None,
    }
    if input_layer_once:
        changes["input_layer_once"] = True
    information = protocol.information.model_copy(update=changes)
    return protocol.model_copy(update={"epochs": epochs, "stop_at_loss": None, "information": information})
