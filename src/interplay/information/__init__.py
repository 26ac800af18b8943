"""Matrix information: Gram matrices, entropies, mutual information, MIR and HDR, for batches and whole data sets."""

from interplay.information.batch import batch_information
from interplay.information.checks import check_labels, check_matrix
from interplay.information.closed_forms import NeuralCollapseValues, neural_collapse_values
from interplay.information.dataset import DatasetInformation, InformationResult
from interplay.information.entropy import (
    effective_rank,
    hdr,
    matrix_entropy,
    mir,
    mutual_information,
    spectrum_entropy,
)
from interplay.information.gram import gram_matrix, normalise_rows
from interplay.information.metric import InformationMetric

__all__ = [
    "DatasetInformation",
    "InformationMetric",
    "InformationResult",
    "NeuralCollapseValues",
    "batch_information",
    "check_labels",
    "check_matrix",
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
