"""Networks: Wide ResNets and the modular-addition transformer, and the segment between two. Nothing in here trains."""

from interplay.models.interpolation import interpolate
from interplay.models.modular_transformer import ModularTransformer
from interplay.models.wide_resnet import WideResNet

__all__ = ["ModularTransformer", "WideResNet", "interpolate"]
