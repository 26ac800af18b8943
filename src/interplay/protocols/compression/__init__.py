"""Compression layer by layer (compression25 sec. 2.3 and 3): geometry and V-information of two CNNs."""

from interplay.protocols.compression.cost import cost
from interplay.protocols.compression.protocol import (
    POOLS,
    AdamW,
    Channels,
    Cnn,
    CompressionProtocol,
    CompressionSettings,
    Information,
    Network,
)
from interplay.protocols.compression.runs import unfold
from interplay.protocols.experiments import Experiment

__all__ = [
    "EXPERIMENT",
    "POOLS",
    "AdamW",
    "Channels",
    "Cnn",
    "CompressionProtocol",
    "CompressionSettings",
    "Information",
    "Network",
]

EXPERIMENT = Experiment(
    protocol=CompressionProtocol,
    unfold=unfold,
    cost=cost,
    lists_runs=("seeds", "information.seeds"),
)
