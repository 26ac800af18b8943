"""tr(Sigma_W Sigma_B^+) of layers small enough for a D x D matrix, in one pass."""

from __future__ import annotations

from collections.abc import Mapping
from math import nan

import torch
from torch import Tensor

from interplay.collapse.between import RELATIVE_CUT, whitener
from interplay.collapse.layers import LayerCollapse
from interplay.errors import InterplayError
from interplay.information.checks import gathers, owned
from interplay.information.memory import check_fits


class OnePassLayerCollapse:
    """As `LayerCollapse` in a single pass: O(N (E + D^2)) time and O(D^2) memory, for layers of small D.

    Sigma_W = G/N - mean mean^T - Sigma_B, with G the sum of h h^T. A difference of large numbers loses what a collapsed
    layer has left, so outputs are first moved by the mean of the first batch, which changes no covariance.

    Source: compression25 Eq. 2.1 (right as printed; its proof in B.2 omits 1/N).
    """

    def __init__(self, num_classes: int, *, relative_cut: float = RELATIVE_CUT) -> None:
        self._first = LayerCollapse(num_classes, relative_cut=relative_cut)
        self._squares: dict[str, Tensor] = {}

    @gathers
    def update(self, layer_outputs: Mapping[str, Tensor], labels: Tensor) -> None:
        """Take up a batch: for every layer its output `[n, ...]`, flattened here, and the labels `[n]`.

        Raises:
            InterplayError: as `LayerCollapse.update`, or no room for D x D sums; nothing was taken up then.
        """
        outputs, labels = self._first.checked(layer_outputs, labels)
        for name, output in outputs.items():
            if name not in self._squares:
                size = output.shape[1]
                check_fits(
                    3 * 8 * size**2,
                    f"covariances of {size} values of layer {name!r}",
                    "take LayerCollapse, whose two passes need none",
                    output.device,
                )
        for name, (rows, factor) in self._first.take(outputs, labels).items():  # [n, D], in the layer's coordinates
            if name not in self._squares:
                self._squares[name] = rows.new_zeros(rows.shape[1], rows.shape[1])
            self._squares[name] = owned(self._squares[name]).addmm_(rows.T, rows, beta=factor**2)

    @torch.no_grad()
    def compute(self) -> dict[str, float]:
        """tr(Sigma_W Sigma_B^+) of every layer; NaN where all class means are one point.

        Raises:
            InterplayError: no samples yet.
        """
        if not self._squares:
            raise InterplayError("OnePassLayerCollapse: no samples yet; call update first")
        return {name: self._one(name, means) for name, means in self._first.means_in_units().items()}

    def _one(self, name: str, means: Tensor) -> float:
        counts = self._first.counts.to(means.device)
        projection = whitener(means, counts, self._first.relative_cut, origin=self._first.units[name].origin)
        if projection is None:
            return nan
        # P Sigma_W P^T = P (G/N - sum_c n_c/N mu_c mu_c^T) P^T, which is Eq. 2.1 with Sigma_B written out.
        total = projection @ self._squares[name] @ projection.T / counts.sum()  # [R, R]
        shares = (counts.to(means) / counts.sum()).unsqueeze(1)
        between = (means @ projection.T).square() * shares  # [C, R]
        return float((total.trace() - between.sum()).clamp(min=0))
