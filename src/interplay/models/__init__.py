"""Networks: Wide ResNets and the modular-addition transformer. Nothing in here trains."""

from interplay.models.modular_transformer import ModularTransformer
from interplay.models.wide_resnet import WideResNet

__all__ = ["ModularTransformer", "WideResNet"]
