"""From cross-entropies in nats to V-information in bits."""

from __future__ import annotations

from math import log

import torch
from torch import Tensor

from interplay.information import check_labels


def label_entropy(labels: Tensor) -> float:
    """Empirical entropy of `labels`, in nats. Relabellings of balanced classes need not be balanced themselves.

    >>> label_entropy(torch.tensor([0, 0, 3, 3])) / log(2)
    1.0
    """
    _, counts = check_labels(labels).unique(return_counts=True)  # [values that occur]
    shares = counts.double() / len(labels)
    return float(torch.special.entr(shares).sum())


def v_information(cross_entropy: float, entropy: float) -> float:
    """I_V(h -> y) in bits, of a decoder's cross-entropy and the entropy of its labels, both in nats.

    Below zero where the decoder does worse than guessing by frequency, that is where its training has not converged.

    Source: compression25 sec. 1.3.
    """
    return (entropy - cross_entropy) / log(2)
