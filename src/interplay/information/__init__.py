"""Matrix information: Gram matrices, entropies, mutual information, MIR and HDR, for batches and whole data sets."""

from interplay.information.batch import batch_information, class_vectors, mean_readings, paired_information
from interplay.information.checks import check_labels, check_matrix
from interplay.information.closed_forms import NeuralCollapseValues, neural_collapse_values
from interplay.information.dataset import DatasetInformation
from interplay.information.entropy import (
    effective_rank,
    hdr,
    matrix_entropy,
    mir,
    mutual_information,
    spectrum_entropy,
)
from interplay.information.exact import exact_information
from interplay.information.gram import FEATURE_NORMS, FeatureNorm, gram_matrix, normalise_features, normalise_rows
from interplay.information.metric import InformationMetric
from interplay.information.result import InformationResult

__all__ = [
    "FEATURE_NORMS",
    "DatasetInformation",
    "FeatureNorm",
    "InformationMetric",
    "InformationResult",
    "NeuralCollapseValues",
    "batch_information",
    "check_labels",
    "check_matrix",
    "class_vectors",
    "effective_rank",
    "exact_information",
    "gram_matrix",
    "hdr",
    "matrix_entropy",
    "mean_readings",
    "mir",
    "mutual_information",
    "neural_collapse_values",
    "normalise_features",
    "normalise_rows",
    "paired_information",
    "spectrum_entropy",
]
