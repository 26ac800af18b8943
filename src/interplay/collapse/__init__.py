"""Neural collapse: NC1 to NC4 of the last layer, tr(Sigma_W Sigma_B^+) of every layer, and all measures of a model."""

from interplay.collapse.arrays import Arrays, read_arrays
from interplay.collapse.batches import BatchEstimate
from interplay.collapse.layers import LayerCollapse, LayerScatter
from interplay.collapse.measure import Measurement, measure, measure_file
from interplay.collapse.neural_collapse import NeuralCollapse, neural_collapse
from interplay.collapse.one_pass import OnePassLayerCollapse

__all__ = [
    "Arrays",
    "BatchEstimate",
    "LayerCollapse",
    "LayerScatter",
    "Measurement",
    "NeuralCollapse",
    "OnePassLayerCollapse",
    "measure",
    "measure_file",
    "neural_collapse",
    "read_arrays",
]
