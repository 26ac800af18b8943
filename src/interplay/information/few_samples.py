"""Exact values over few samples of many features, from their Gram matrices: what `DatasetInformation` is too large for.

Moments of C classes of d features take C d^2 numbers: 20 GB for one class of 256 x 14 x 14 maps, however few there are.
"""

from __future__ import annotations

from math import nan

import torch
from torch import Tensor

from interplay.errors import InterplayError
from interplay.information.checks import check_count, check_labels, check_matrix, check_vector, gathers
from interplay.information.entropy import spectrum_entropy
from interplay.information.gram import less, normalise_rows
from interplay.information.memory import check_fits
from interplay.information.result import InformationResult, checked_head, ratio


class FewSamplesInformation:
    """As `DatasetInformation`, holding the samples: O(N d + N^2) memory and O(N^2 d + N^3) time, always exact.

    Its `mir_chance` pairs the features with the labels in an order drawn by `seed`.

    Args:
        num_features, num_classes, mean, chance, seed: as of `DatasetInformation`.
    """

    @gathers
    def __init__(
        self, num_features: int, num_classes: int, *, mean: Tensor | None = None, chance: bool = True, seed: int = 0
    ) -> None:
        self.num_features = check_count(num_features, "num_features")
        self.num_classes = check_count(num_classes, "num_classes")
        self.seed = check_count(seed, "seed", 0)
        if mean is not None:
            check_vector(mean, "mean", self.num_features)
        self._mean = None if mean is None else mean.detach().double().clone()
        self._chance = chance
        self._rows: list[Tensor] = []
        self._labels: list[Tensor] = []
        self._seen = self._zero = 0

    @gathers
    def update(self, features: Tensor, labels: Tensor) -> None:
        """Take up `features` `[n, d]` and integer `labels` `[n]` in 0..C-1."""
        check_matrix(features, "features")
        if features.shape[1] != self.num_features:
            raise InterplayError(f"features: expected {self.num_features} columns, got shape {list(features.shape)}")
        labels = check_labels(labels, self.num_classes, len(features)).to(features.device)
        rows = less(features.detach().double(), self._mean)
        directed = (rows != 0).any(1)
        self._zero += int((~directed).sum())
        self._seen += int(directed.sum())
        if bool(directed.any()):
            self._rows.append(normalise_rows(rows[directed]))
            self._labels.append(labels[directed])

    @gathers
    def compute(self, head_weights: Tensor) -> InformationResult:
        """The quantities over all samples seen so far, for a head `[C, d']`."""
        if self._seen == 0:
            missing = f"all {self._zero} samples so far are zero" if self._zero else "call update first"
            raise InterplayError(f"FewSamplesInformation: nothing to compute from; {missing}")
        rows, labels = torch.cat(self._rows), torch.cat(self._labels)  # [N, d], [N]
        weights = checked_head(head_weights, labels.bincount(minlength=self.num_classes).cpu(), rows.device)
        check_fits(
            8 * 5 * len(rows) ** 2, f"Gram matrices of {len(rows)} samples", "measure fewer samples", rows.device
        )
        gram, cosines = rows @ rows.T, weights @ weights.T  # [N, N], [C, C]
        of_features = _spectrum(gram)
        of_head = _spectrum(cosines[labels][:, labels])
        feature, head = _entropy(of_features), _entropy(of_head)
        joint = _entropy(_spectrum(gram * cosines[labels][:, labels]))
        smaller, larger = sorted((feature, head))
        by_chance = nan
        if self._chance:
            generator = torch.Generator().manual_seed(self.seed)
            moved = labels[torch.randperm(len(labels), generator=generator).to(labels.device)]
            by_chance = ratio(feature + head - _entropy(_spectrum(gram.mul_(cosines[moved][:, moved]))), smaller)
        information = feature + head - joint
        return InformationResult(
            feature_entropy=feature,
            head_entropy=head,
            joint_entropy=joint,
            mutual_information=information,
            mir=ratio(information, smaller),
            hdr=ratio(larger - smaller, larger),
            mir_chance=by_chance,
            feature_effective_rank=_effective_rank(of_features),
            head_effective_rank=_effective_rank(of_head),
            num_samples=self._seen,
            num_zero=self._zero,
            method="exact",
            standard_error=0.0,
        )


def _spectrum(gram: Tensor) -> Tensor:
    """Eigenvalues `[N]` of a Gram matrix of N unit vectors, divided by N."""
    spectrum: Tensor = torch.linalg.eigvalsh(gram / len(gram)).clamp(min=0)
    return spectrum


def _entropy(spectrum: Tensor) -> float:
    return max(0.0, float(spectrum_entropy(spectrum)))


def _effective_rank(spectrum: Tensor) -> float:
    # Of N eigenvalues those beyond the rank are rounding, 1e-16, whose roots would count as 1e-8 each.
    singular = torch.where(spectrum > len(spectrum) * torch.finfo(spectrum.dtype).eps, spectrum, 0.0).sqrt()
    return float(spectrum_entropy(singular / singular.sum()).exp())
