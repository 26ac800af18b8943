"""What theory predicts at neural collapse."""

from __future__ import annotations

from math import log, nan
from typing import NamedTuple

from interplay.information.checks import check_count


class NeuralCollapseValues(NamedTuple):
    """Entropy (nats), MIR and HDR between features and head at exact neural collapse."""

    entropy: float
    mir: float
    hdr: float


def neural_collapse_values(num_classes: int) -> NeuralCollapseValues:
    """Entropy log(C-1), MIR 1/(C-1) + (C-2)log(C-2)/((C-1)log(C-1)) and HDR 0 of a balanced, centred, collapsed model.

    For C = 2 both entropies are 0 and the ratios 0/0: NaN. The MIR is .5 for C = 3 and tends to 1; it is not the upper
    limit of MIR, which is 1.

    Raises:
        InterplayError: fewer than two classes.

    Source: metrics24 Thm. IV.3, IV.4, Cor. IV.5; interplay24 Thm. 4.2, Cor. 4.3.
    """
    num_classes = check_count(num_classes, "num_classes", 2)
    if num_classes == 2:
        return NeuralCollapseValues(0.0, nan, nan)
    c = num_classes
    # (C-2) log(C-2) is 0 at C = 3 although log(1) needs no care there.
    ratio = 1 / (c - 1) + (c - 2) * log(c - 2) / ((c - 1) * log(c - 1))
    return NeuralCollapseValues(log(c - 1), ratio, 0.0)
