"""Matrix information: Gram matrices, entropies, mutual information, MIR and HDR, for batches and whole data sets."""

from interplay.information.closed_forms import NeuralCollapseValues, neural_collapse_values
from interplay.information.entropy import (
    effective_rank,
    hdr,
    matrix_entropy,
    mir,
    mutual_information,
    spectrum_entropy,
)
from interplay.information.gram import gram_matrix, normalise_rows

__all__ = [
    "NeuralCollapseValues",
    "effective_rank",
    "gram_matrix",
    "hdr",
    "matrix_entropy",
    "mir",
    "mutual_information",
    "neural_collapse_values",
    "normalise_rows",
    "spectrum_entropy",
]
