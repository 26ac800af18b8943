"""Weights of trained networks, one module each, which exports a `WEIGHTS`. No torch in here."""

from interplay.protocols.assets import WeightsInfo
from interplay.protocols.registry import Registry

WEIGHTS: Registry[WeightsInfo] = Registry(__name__, "WEIGHTS", WeightsInfo, "set of weights")
weights_info = WEIGHTS.info


def fetched_mark(name: str) -> str:
    """Path below the data folder of what marks that weights were brought, in whichever of their forms."""
    return f".decoded/{name}.fetched"
