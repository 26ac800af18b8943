"""Networks: Wide ResNets, the CNNs f+ and f-, the transformer of modular addition; the segment between two networks."""

from interplay.models.compression_cnn import CnnShape, CompressionCNN, Decoder
from interplay.models.interpolation import interpolate
from interplay.models.modular_transformer import ModularTransformer
from interplay.models.wide_resnet import WideResNet

__all__ = ["CnnShape", "CompressionCNN", "Decoder", "ModularTransformer", "WideResNet", "interpolate"]
