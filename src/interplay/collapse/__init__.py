"""Neural collapse: NC1 to NC4 of the last layer, and tr(Sigma_W Sigma_B^+) of every layer in streaming passes."""

from interplay.collapse.layers import LayerCollapse, LayerScatter
from interplay.collapse.neural_collapse import NeuralCollapse, neural_collapse
from interplay.collapse.one_pass import OnePassLayerCollapse

__all__ = [
    "LayerCollapse",
    "LayerScatter",
    "NeuralCollapse",
    "OnePassLayerCollapse",
    "neural_collapse",
]
