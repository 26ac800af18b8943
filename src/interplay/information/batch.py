"""Batch estimates of entropies, MIR and HDR, in place of the data set's, as the documents compute them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from interplay.errors import InterplayError
from interplay.information.checks import check_count, check_labels, check_matrix, check_tensor
from interplay.information.entropy import NO_ENTROPY, spectrum_entropy
from interplay.information.gram import FEATURE_NORMS, FeatureNorm, check_norm, normalise_features
from interplay.information.memory import check_fits

NAMES = ("feature_entropy", "head_entropy", "mutual_information", "mir", "hdr")

_ENTRIES = 2**22  # of the Gram matrices that are held at a time


@torch.no_grad()
def batch_information(
    features: Tensor,
    labels: Tensor,
    head_weights: Tensor,
    batch_size: int | None = None,
    *,
    normalise: FeatureNorm = "l2",
) -> dict[str, float]:
    """Entropies, MI (nats), MIR and HDR from n x n Gram matrices, mean over consecutive batches.

    Args:
        features: `[N, d]`; labels: `[N]`, integers; head_weights: `[C, d']`.
        batch_size: n; None takes all samples as one batch. A last, smaller batch is left out where there is a full one.
        normalise: how features are normalised within a batch; the documents take `l2`.

    Returns:
        one number by each of `NAMES`; a batch in which a ratio is undefined (all samples alike) does not count for it,
        and neither do samples without direction. NaN where nothing is left.

    Source: metrics24 sec. V and VI (batches of 64). The entropy cannot exceed log n, and MIR is near 1 by chance.
    """
    check_matrix(features, "features")
    vectors = class_vectors(head_weights, labels, len(features))
    (readings,) = paired_information(features, vectors, batch_size, [normalise])
    return mean_readings(readings)


@torch.no_grad()
def paired_information(
    first: Tensor, second: Tensor, batch_size: int | None = None, normalise: Sequence[FeatureNorm] = ("l2",)
) -> Tensor:
    """The readings of `batch_information` batch by batch, between two representations of the same samples.

    Args:
        first: `[N, d]`; second: `[N, d']`, normalised to unit length (the features of another network, or class
            vectors W_y: see `class_vectors`).
        batch_size: n, of consecutive batches.
        normalise: of `first`, one or several; what they share is computed once.

    Returns:
        `[normalisations, batches, 5]`, float64, on the CPU, in the order of `NAMES`: `first` takes the place of the
        features, `second` that of the head. NaN where undefined.
    """
    check_matrix(first, "features")
    check_matrix(second, "second")
    if len(first) != len(second):
        raise InterplayError(f"features and second: must be of the same samples, got {len(first)} and {len(second)}")
    if not isinstance(normalise, list | tuple) or not normalise:
        raise InterplayError(f"normalise: expected a list of {', '.join(FEATURE_NORMS)}, got {normalise!r}")
    for each in normalise:
        check_norm(each)
    size = len(first) if batch_size is None else min(check_count(batch_size, "batch_size"), len(first))
    count = len(first) // size
    at_once = max(1, _ENTRIES // (len(normalise) * size**2))
    # The joint matrices, a second factor and the decomposition's copy, [n, n] each, of all batches that are held.
    check_fits(
        8 * min(at_once, count) * size**2 * (2 * len(normalise) + 2),
        f"Gram matrices of {size} samples",
        "take smaller batches, or DatasetInformation, which needs no such matrix",
        first.device,
    )
    one, two = (z[: count * size].detach().double().view(count, size, -1) for z in (first, second.to(first.device)))
    parts = zip(one.split(at_once), two.split(at_once), strict=True)
    return torch.cat([_readings(*part, normalise) for part in parts], 1).cpu()


def class_vectors(head_weights: Tensor, labels: Tensor, num_samples: int) -> Tensor:
    """The class vectors W_y `[num_samples, r]` of samples, in coordinates of the head's span, r <= min(C, d').

    The Gram matrix is that of the class vectors themselves; with r columns at most, its spectrum costs less.

    Raises:
        InterplayError: a head that is no matrix, or labels that do not fit it or the number of samples.
    """
    check_matrix(head_weights, "head_weights")
    labels = check_labels(labels, len(head_weights), num_samples).to(head_weights.device)
    weights = head_weights.detach().double()  # [C, d']
    if len(weights) < weights.shape[1]:
        # W = L Q: the rows of L [C, C] have the products of those of W. Rows are brought to one scale for it, because
        # a decomposition is right to rounding of the largest row, which for a much smaller one is noise.
        scale = weights.abs().amax(1, keepdim=True)
        scale = torch.where(scale > 0, scale, 1.0)
        weights = torch.linalg.qr((weights / scale).T, mode="r").R.T * scale
    return weights[labels]


def mean_readings(readings: Tensor) -> dict[str, float]:
    """Means by `NAMES` of readings `[batches, 5]`, over the batches where each is defined."""
    check_tensor(readings, "readings")
    if readings.ndim != 2 or readings.shape[1] != len(NAMES):
        raise InterplayError(f"readings: expected shape [batches, {len(NAMES)}], got {list(readings.shape)}")
    return dict(zip(NAMES, readings.nanmean(0).tolist(), strict=True))


def _readings(first: Tensor, second: Tensor, normalise: Sequence[FeatureNorm]) -> Tensor:
    """`[normalisations, batches, 5]` of `[batches, n, d]` and `[batches, n, d']`."""
    one = torch.stack([normalise_features(first, each) for each in normalise])  # [norms, batches, n, d]
    two = normalise_features(second)  # [batches, n, d']
    kept = (one != 0).any(-1) & (two != 0).any(-1)  # [norms, batches, n]: a sample counts in both or in none
    if not bool(kept.all()):
        one, two = one * kept[..., None], two * kept[..., None]
    of_first, of_second = gram_entropy(one), gram_entropy(two)  # [norms, batches], [batches] or the same
    joint = _entropy((one @ one.mT).mul_(two @ two.mT))  # of the Hadamard products [norms, batches, n, n]
    of_second = of_second.expand_as(of_first)
    information = of_first + of_second - joint
    smaller, larger = torch.minimum(of_first, of_second), torch.maximum(of_first, of_second)
    ratios = [_ratio(information, smaller), _ratio((of_first - of_second).abs(), larger)]
    return torch.stack([of_first, of_second, information, *ratios], -1)


def gram_entropy(rows: Tensor) -> Tensor:
    """Entropies `[...]` of Gram matrices of rows `[..., n, d]`, from the smaller of two matrices of one spectrum."""
    samples, columns = rows.shape[-2:]
    return _entropy(rows @ rows.mT if samples <= columns else rows.mT @ rows)


def _entropy(matrices: Tensor) -> Tensor:
    """Entropies of positive semi-definite matrices divided by their traces; NaN where the trace is 0."""
    traces = matrices.diagonal(dim1=-2, dim2=-1).sum(-1)
    spectra = torch.linalg.eigvalsh(matrices / torch.where(traces > 0, traces, 1.0)[..., None, None])
    return torch.where(traces > 0, spectrum_entropy(spectra), torch.nan)


def _ratio(numerator: Tensor, denominator: Tensor) -> Tensor:
    defined = denominator > NO_ENTROPY  # false for NaN
    return torch.where(defined, numerator / torch.where(defined, denominator, 1.0), torch.nan)
