"""tr(Sigma_W Sigma_B^+) of many layers at once, streaming: two passes in O(C D) memory, or one in O(D^2)."""

from __future__ import annotations

from collections.abc import Mapping
from math import nan
from typing import Any

import torch
from torch import Tensor

from interplay.collapse.between import RELATIVE_CUT, whitener
from interplay.errors import InterplayError
from interplay.information import check_labels, check_matrix


class LayerCollapse:
    """First of two passes: gathers the class means of every layer. The second pass gathers the scatter around them.

    For N samples, each costing E to evaluate and giving D values, both passes take O(N (E + C D)) time and O(C D)
    memory; no covariance matrix is formed. Sums are float64 whatever the outputs are. Classes may be uneven; classes
    without samples contribute nothing. The model must not change between the passes (evaluation mode, no weight
    update): means gathered while weights still move bias the result.

    Args:
        num_classes: C.
        relative_cut: eigenvalues of Sigma_B below this share of the largest count as zero.

    >>> _ = torch.manual_seed(0)
    >>> batches = [({"layer1": torch.randn(20, 3, 4, 4)}, torch.randint(3, (20,))) for _ in range(5)]
    >>> first = LayerCollapse(num_classes=3)
    >>> for outputs, labels in batches:
    ...     first.update(outputs, labels)
    >>> second = first.second_pass()
    >>> for outputs, labels in batches:
    ...     second.update(outputs, labels)
    >>> list(second.compute())
    ['layer1']

    Source: compression25 sec. 2.1, Alg. 1, Theorem 4, with the scale of Alg. 1 mended for even and uneven classes.
    """

    def __init__(self, num_classes: int, *, relative_cut: float = RELATIVE_CUT) -> None:
        if num_classes < 1:
            raise InterplayError(f"num_classes: at least 1 needed, got {num_classes}")
        self.num_classes, self.relative_cut = num_classes, relative_cut
        self._sums: dict[str, Tensor] = {}
        self._counts = torch.zeros(num_classes, dtype=torch.int64)

    def update(self, layer_outputs: Mapping[str, Tensor], labels: Tensor) -> None:
        """Take up a batch: for every layer its output `[n, ...]`, flattened here, and the labels `[n]`.

        Raises:
            InterplayError: other layers or sizes than before, NaN or infinity, labels that are no class.
        """
        outputs = flat_outputs(layer_outputs, {name: sums.shape[1] for name, sums in self._sums.items()})
        labels = _checked(labels, self.num_classes, outputs)
        for name, output in outputs.items():
            if name not in self._sums:
                shape = (self.num_classes, output.shape[1])
                self._sums[name] = torch.zeros(shape, dtype=torch.float64, device=output.device)
            self._sums[name].index_add_(0, labels.to(output.device), output.double())
        self._counts += labels.bincount(minlength=self.num_classes).cpu()

    def merge(self, other: LayerCollapse) -> LayerCollapse:
        """Take up what another first pass, over other samples of the same layers, has seen; returns self."""
        if self.num_classes != other.num_classes:
            raise InterplayError(f"merge: num_classes differs, {self.num_classes} and {other.num_classes}")
        self._counts += other._counts
        merge_sums(self._sums, other._sums)
        return self

    def state_dict(self) -> dict[str, Any]:
        """What was gathered so far, for a checkpoint."""
        return {"sums": {name: sums.clone() for name, sums in self._sums.items()}, "counts": self.counts}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Replace what was gathered by what `state_dict` of a collector over as many classes gave."""
        self._sums = {name: sums.clone() for name, sums in state["sums"].items()}
        self._counts = state["counts"].cpu().clone()

    @property
    def counts(self) -> Tensor:
        """Samples of every class, `[C]`."""
        return self._counts.clone()

    def class_means(self) -> dict[str, Tensor]:
        """Class means `[C, D]` of every layer, float64; zero for a class without samples."""
        return {name: sums / self._counts.clamp(min=1).to(sums).unsqueeze(1) for name, sums in self._sums.items()}

    def second_pass(self) -> LayerScatter:
        """The collector for the second pass over the same samples.

        Raises:
            InterplayError: no samples yet.
        """
        if not self._sums:
            raise InterplayError("LayerCollapse: no samples yet; go over the data with update, then take second_pass()")
        return LayerScatter(self.class_means(), self.counts, self.relative_cut)


class LayerScatter:
    """Second pass: the mean of |P (h_i - mu_(y_i))|^2 with Sigma_B^+ = P^T P. Made by `LayerCollapse.second_pass`."""

    def __init__(self, means: Mapping[str, Tensor], counts: Tensor, relative_cut: float) -> None:
        self._means = dict(means)
        self._expected = counts
        self._projections = {name: whitener(m, counts.to(m.device), relative_cut) for name, m in means.items()}
        self._sums = {name: torch.zeros((), dtype=torch.float64, device=m.device) for name, m in means.items()}
        self._counts = torch.zeros_like(counts)

    def update(self, layer_outputs: Mapping[str, Tensor], labels: Tensor) -> None:
        """Take up a batch, as `LayerCollapse.update`; order and batches may differ from the first pass."""
        outputs = flat_outputs(layer_outputs, {name: means.shape[1] for name, means in self._means.items()})
        labels = _checked(labels, len(self._expected), outputs)
        for name, output in outputs.items():
            means, projection = self._means[name], self._projections[name]
            if projection is not None:
                deviation = output.to(means) - means[labels.to(means.device)]
                self._sums[name] += (deviation @ projection.T).square().sum()
        self._counts += labels.bincount(minlength=len(self._expected)).cpu()

    def merge(self, other: LayerScatter) -> LayerScatter:
        """Take up another second pass made from the same (merged) first pass; returns self."""
        if not torch.equal(self._expected, other._expected):
            raise InterplayError("merge: the second passes come from different first passes")
        merge_sums(self._sums, other._sums)
        self._counts += other._counts
        return self

    def compute(self) -> dict[str, float]:
        """tr(Sigma_W Sigma_B^+) of every layer; NaN where all class means are one point.

        Raises:
            InterplayError: the second pass did not see as many samples of every class as the first.
        """
        if not torch.equal(self._counts, self._expected):
            seen, expected = int(self._counts.sum()), int(self._expected.sum())
            raise InterplayError(
                f"LayerCollapse: the passes saw different samples (first {expected}, second {seen}, or other classes); "
                "go over the same data twice"
            )
        total = int(self._counts.sum())
        return {
            name: nan if self._projections[name] is None else float(value) / total for name, value in self._sums.items()
        }


def flat_outputs(layer_outputs: Mapping[str, Tensor], known: Mapping[str, int]) -> dict[str, Tensor]:
    """Outputs `[n, ...]` as detached matrices `[n, D]`, if they are the layers and sizes `known` (when any are)."""
    if not layer_outputs:
        raise InterplayError("layer_outputs: no layer given")
    if known and set(known) != set(layer_outputs):
        odd = sorted(set(known) ^ set(layer_outputs))
        raise InterplayError(f"layer_outputs: not the same layers as before, differing in {', '.join(odd)}")
    flat: dict[str, Tensor] = {}
    for name, output in layer_outputs.items():
        if not isinstance(output, Tensor) or output.ndim < 2:
            raise InterplayError(f"layer_outputs[{name!r}]: expected a tensor [samples, ...]")
        flat[name] = output.detach().flatten(1)
        check_matrix(flat[name], f"layer_outputs[{name!r}]")
        if name in known and known[name] != flat[name].shape[1]:
            raise InterplayError(
                f"layer_outputs[{name!r}]: expected {known[name]} values a sample as before, got {flat[name].shape[1]}"
            )
    return flat


def merge_sums(mine: dict[str, Tensor], theirs: Mapping[str, Tensor]) -> None:
    """Add the layers' sums of another collector in place; layers and shapes must agree where both have any."""
    if mine and theirs and {n: t.shape for n, t in mine.items()} != {n: t.shape for n, t in theirs.items()}:
        raise InterplayError("merge: the collectors hold different layers")
    for name, value in theirs.items():
        if name in mine:
            mine[name] += value.to(mine[name].device)
        else:
            mine[name] = value.clone()


def _checked(labels: Tensor, num_classes: int, outputs: Mapping[str, Tensor]) -> Tensor:
    """The labels as int64, if they fit every layer's output."""
    for name, output in outputs.items():
        if len(output) != len(labels):
            raise InterplayError(f"layer_outputs[{name!r}]: {len(output)} samples for {len(labels)} labels")
    return check_labels(labels, num_classes, len(labels)).long()
