"""Losses built on matrix information: MAX MI, MIN HD, CMA, VNE and Matrix-SSL."""

from interplay.objectives.interplay import EntropyDifferenceLoss, MutualInformationLoss

__all__ = ["EntropyDifferenceLoss", "MutualInformationLoss"]
