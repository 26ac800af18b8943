"""Losses built on matrix information: MAX MI, MIN HD, CMA, VNE and Matrix-SSL."""

from interplay.objectives.cross_modal import CrossModalAlignmentLoss
from interplay.objectives.interplay import EntropyDifferenceLoss, MutualInformationLoss
from interplay.objectives.matrix_divergence import (
    generalised_entropy,
    matrix_cross_entropy,
    matrix_kl,
    matrix_log,
    total_coding_rate_loss,
)
from interplay.objectives.matrix_ssl import MatrixSSLLoss
from interplay.objectives.von_neumann import VonNeumannEntropyLoss

__all__ = [
    "CrossModalAlignmentLoss",
    "EntropyDifferenceLoss",
    "MatrixSSLLoss",
    "MutualInformationLoss",
    "VonNeumannEntropyLoss",
    "generalised_entropy",
    "matrix_cross_entropy",
    "matrix_kl",
    "matrix_log",
    "total_coding_rate_loss",
]
