"""Entropies, mutual information, MIR and HDR over a whole data set, exactly, in one pass."""

from __future__ import annotations

from collections.abc import Sequence
from math import nan

import torch
from torch import Tensor

from interplay.errors import InterplayError
from interplay.information.chance import chance_moments, pseudo_groups
from interplay.information.checks import check_count, check_labels, check_matrix, check_vector, gathers
from interplay.information.gram import less, normalise_rows
from interplay.information.joint import Entropies, entropies_of_moments
from interplay.information.memory import check_fits
from interplay.information.moments import GroupMoments
from interplay.information.plan import EXACT_LIMIT, collecting_memory
from interplay.information.result import InformationResult, checked_head, ratio

_SQUARES = (1e-140, 1e140)  # between these squares, and sums of them, neither under- nor overflow
_CHUNK = 2**20  # entries of the rows that are normalised at a time


class DatasetInformation:
    """Collects features and labels in a stream and computes what the N x N Gram matrices would give, without them.

    Time is O(N d^2), memory O(C d^2) whatever N is: the joint Gram matrix of N samples has the non-zero spectrum of a
    matrix built from one second moment per class (`interplay.information.kronecker`). Collectors of parts of the data
    can be merged in any order; they can be pickled and sent between processes.

    Args:
        num_features: d.
        num_classes: C; classes without samples contribute nothing.
        mean: `[d]`, subtracted from the features before they are normalised. Neural collapse values hold for centred
            features. The mean has to be known beforehand, from a first pass: normalising cannot be undone later.
        chance: also gather what `mir_chance` needs, which doubles time and memory (`interplay.information.chance`).
        class_frequencies: `[C]`, relative; if the labels are known beforehand, makes `mir_chance` accurate for strongly
            uneven classes.
        unit_rows: False takes samples as they are, for features that were normalised in another way beforehand
            (`interplay.information.normalise_features`); their Gram matrix is divided by its mean diagonal.
        seed: of the pseudo-labels and of quadrature.

    Raises:
        InterplayError: from every method, on input that cannot be right, saying what is wrong.

    >>> _ = torch.manual_seed(0)
    >>> information = DatasetInformation(num_features=8, num_classes=3)
    >>> for _ in range(10):
    ...     information.update(torch.randn(32, 8), torch.randint(3, (32,)))
    >>> result = information.compute(torch.randn(3, 8))
    >>> result.num_samples, result.method, 0 <= result.mir <= 1
    (320, 'exact', True)

    Source: quantities of metrics24 Def. III.1 to III.5 on Gram matrices of Def. IV.1.
    """

    @gathers
    def __init__(
        self,
        num_features: int,
        num_classes: int,
        *,
        mean: Tensor | None = None,
        chance: bool = True,
        class_frequencies: Tensor | Sequence[float] | None = None,
        unit_rows: bool = True,
        seed: int = 0,
    ) -> None:
        self.num_features = check_count(num_features, "num_features")
        self.num_classes = check_count(num_classes, "num_classes")
        self.seed = check_count(seed, "seed", 0)
        if mean is not None:
            check_vector(mean, "mean", self.num_features)
        self._mean = None if mean is None else mean.detach().double().clone()
        self._frequencies = _checked_frequencies(class_frequencies, num_classes)
        self._chance = chance
        self._unit_rows = unit_rows
        self.reset()

    @gathers
    def reset(self) -> None:
        """Forget all samples."""
        self._moments = GroupMoments(self.num_features, self.num_classes)
        self._pseudo = GroupMoments(self.num_features, self.num_classes) if self._chance else None
        self._seen = 0
        self._zero = 0

    @gathers
    def update(self, features: Tensor, labels: Tensor) -> None:
        """Take up `features` `[n, d]` and integer `labels` `[n]` in 0..C-1; how a stream is cut does not matter.

        Raises:
            InterplayError: wrong input, or no room for the moments; nothing of the batch was taken up then.
        """
        check_matrix(features, "features")
        if features.shape[1] != self.num_features:
            raise InterplayError(f"features: expected {self.num_features} columns, got shape {list(features.shape)}")
        labels = check_labels(labels, self.num_classes, len(features)).to(features.device)
        for moments in (self._moments, self._pseudo):
            if moments is not None:
                moments.allocate(features.device)
        if not self._unit_rows:
            largest = float(features.detach().abs().max())
            if largest and not _SQUARES[0] < largest < _SQUARES[1]:
                raise InterplayError(
                    f"features: with unit_rows=False values near 1 are needed, got up to {largest:.3g}, whose squares "
                    "cannot be added; normalise them first (normalise_features)"
                )
        rows = max(1, _CHUNK // self.num_features)
        for start in range(0, len(features), rows):
            self._take(features[start : start + rows].detach().double(), labels[start : start + rows])

    def _take(self, rows: Tensor, labels: Tensor) -> None:
        rows = less(rows, self._mean)
        directed = (rows != 0).any(1)
        if not bool(directed.all()):
            self._zero += int((~directed).sum())
            rows, labels = rows[directed], labels[directed]
            if len(rows) == 0:
                return
        # The moments keep rows for a while, so they must be copies of what the caller may change.
        rows = normalise_rows(rows) if self._unit_rows else rows.clone()
        self._moments.add(rows, labels.to(torch.int64, copy=True))
        if self._pseudo is not None:
            stop = self._seen + len(rows)
            groups = pseudo_groups(self._seen, stop, self._frequencies, self.seed, rows.device)
            self._pseudo.add(rows, groups)
        self._seen += len(rows)

    @gathers
    def merge(self, other: DatasetInformation) -> DatasetInformation:
        """Take up all samples of another collector, which stays as it is; returns self.

        The other must have the same dimensions, mean, class frequencies and choice of `chance`.
        """
        if not isinstance(other, DatasetInformation):
            raise InterplayError(f"merge: expected a DatasetInformation, got {type(other).__name__}")
        for name, mine, theirs in (
            ("num_features", self.num_features, other.num_features),
            ("num_classes", self.num_classes, other.num_classes),
            ("chance", self._chance, other._chance),
            ("unit_rows", self._unit_rows, other._unit_rows),
        ):
            if mine != theirs:
                raise InterplayError(f"merge: {name} differs, {mine} here and {theirs} there")
        if not torch.equal(self._frequencies, other._frequencies):
            raise InterplayError("merge: class_frequencies differ")
        if not _same_mean(self._mean, other._mean):
            raise InterplayError("merge: the means subtracted from the features differ")
        self._moments.merge(other._moments)
        if self._pseudo is not None and other._pseudo is not None:
            self._pseudo.merge(other._pseudo)
        self._seen += other._seen
        self._zero += other._zero
        return self

    @gathers
    def compute(self, head_weights: Tensor, *, exact_limit: int = EXACT_LIMIT) -> InformationResult:
        """The quantities over all samples seen so far, for a head `[C, d']` (`nn.Linear.weight`); may be called often.

        Args:
            exact_limit: size of the largest matrix that is diagonalised. Beyond it the joint entropy is an estimate
                with a standard error (`interplay.information.quadrature`), typically good to a few 1e-4 of its value.
        """
        exact_limit = check_count(exact_limit, "exact_limit", 0)
        check_matrix(head_weights, "head_weights")
        if self._seen == 0:
            missing = f"; all {self._zero} samples so far are zero" if self._zero else "; call update first"
            raise InterplayError(f"DatasetInformation: nothing to compute from{missing}")
        sums, counts = self._moments.totals()
        weights = checked_head(head_weights, counts, sums.device)  # [C, d']
        needed = collecting_memory(
            self._seen, self.num_features, self.num_classes, weights.shape[1], chance=self._chance
        )
        check_fits(
            needed - 8 * sums.numel() * (1 + self._chance),  # beside what the moments take already
            f"entropies of {self.num_classes} classes of {self.num_features} features",
            "project the features to fewer dimensions first (PCA), or measure fewer classes",
            sums.device,
        )
        found = _entropies(sums, counts, weights, exact_limit, self.seed)
        smaller, larger = sorted((found.feature, found.head))
        information = found.feature + found.head - found.joint
        return InformationResult(
            feature_entropy=found.feature,
            head_entropy=found.head,
            joint_entropy=found.joint,
            mutual_information=information,
            mir=ratio(information, smaller),
            hdr=ratio(larger - smaller, larger),
            mir_chance=self._mir_by_chance(counts, weights, exact_limit),
            feature_effective_rank=found.feature_effective_rank,
            head_effective_rank=found.head_effective_rank,
            num_samples=self._seen,
            num_zero=self._zero,
            method=found.method,
            standard_error=found.standard_error,
        )

    def _mir_by_chance(self, class_counts: Tensor, weights: Tensor, exact_limit: int) -> float:
        if self._pseudo is None:
            return nan
        sums, group_counts = self._pseudo.totals()
        moments = chance_moments(sums, group_counts, class_counts)
        drawn = (moments.diagonal(dim1=1, dim2=2).sum(1) > 0).cpu()
        found = _entropies(moments, torch.where(drawn, class_counts, 0), weights, exact_limit, self.seed)
        return ratio(found.feature + found.head - found.joint, min(found.feature, found.head))


def _entropies(sums: Tensor, counts: Tensor, weights: Tensor, exact_limit: int, seed: int) -> Entropies:
    """From sums of z z^T over the samples of each class; every sample counts once in the head's entropy."""
    present = (counts > 0).nonzero().flatten().tolist()
    shares = counts.to(sums.device, sums.dtype)[present]
    return entropies_of_moments(sums, weights[present], shares / shares.sum(), exact_limit, seed, present=present)


def _same_mean(first: Tensor | None, second: Tensor | None) -> bool:
    if first is None or second is None:
        return first is second
    return torch.equal(first.cpu(), second.cpu())


def _checked_frequencies(frequencies: Tensor | Sequence[float] | None, num_classes: int) -> Tensor:
    if frequencies is None:
        return torch.ones(num_classes, dtype=torch.float64)
    try:
        values = torch.as_tensor(frequencies).detach().to("cpu", torch.float64).clone()
    except (TypeError, ValueError, RuntimeError, NotImplementedError):
        values = torch.empty(0)
    right = torch.isfinite(values) & (values >= 0)
    if values.shape != (num_classes,) or not bool(right.all()) or float(values.sum()) == 0.0:
        raise InterplayError(f"class_frequencies: expected {num_classes} numbers that are not negative, not all zero")
    return values
