"""tr(Sigma_W Sigma_B^+) of many layers at once, streaming: two passes in O(C D) memory, or one in O(D^2)."""

from __future__ import annotations

from collections.abc import Mapping
from math import nan
from typing import Any

import torch
from torch import Tensor

from interplay.collapse.between import RELATIVE_CUT, whitener
from interplay.collapse.outputs import check_same_layers, flat_outputs, matching_labels
from interplay.collapse.units import Unit
from interplay.errors import InterplayError
from interplay.information.checks import check_count, check_number, gathers, owned
from interplay.information.memory import check_fits


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

    @gathers
    def __init__(self, num_classes: int, *, relative_cut: float = RELATIVE_CUT) -> None:
        self.num_classes = check_count(num_classes, "num_classes")
        self.relative_cut = check_number(relative_cut, "relative_cut", 0, 1)
        self.units: dict[str, Unit] = {}
        self._sums: dict[str, Tensor] = {}  # of each layer and class `[C, D]`, in the layer's unit
        self._counts = torch.zeros(self.num_classes, dtype=torch.int64)

    @gathers
    def update(self, layer_outputs: Mapping[str, Tensor], labels: Tensor) -> None:
        """Take up a batch: for every layer its output `[n, ...]`, flattened here, and the labels `[n]`.

        Raises:
            InterplayError: other layers or sizes than before, NaN or infinity, labels that are no class, or no room
                for the sums; nothing was taken up then.
        """
        self.take(*self.checked(layer_outputs, labels))

    def checked(self, layer_outputs: Mapping[str, Tensor], labels: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        """Flat outputs `[n, D]` and labels of a batch that can be taken up; nothing is."""
        outputs = flat_outputs(layer_outputs, {name: sums.shape[1] for name, sums in self._sums.items()})
        labels = matching_labels(labels, self.num_classes, outputs)
        for name, output in outputs.items():
            if name not in self._sums:
                check_fits(
                    8 * self.num_classes * output.shape[1],
                    f"means of {self.num_classes} classes of layer {name!r} with {output.shape[1]} values",
                    "measure fewer classes or a pooled output",
                    output.device,
                )
        return outputs, labels

    def take(self, outputs: Mapping[str, Tensor], labels: Tensor) -> dict[str, tuple[Tensor, float]]:
        """Take up what `checked` gave.

        Returns:
            the outputs `[n, D]` in the layers' units, and the factor by which coordinates of before must be multiplied:
            1 but where a batch was far larger than all before.
        """
        found = {}
        for name, output in outputs.items():
            if name not in self._sums:
                self.units[name] = Unit.of(output)
                shape = (self.num_classes, output.shape[1])
                self._sums[name] = torch.zeros(shape, dtype=torch.float64, device=output.device)
            self.units[name], factor = self.units[name].settled(output)
            sums = owned(self._sums[name])
            if factor != 1:
                sums *= factor
            rows = self.units[name].coordinates(output.to(sums.device))
            self._sums[name] = sums.index_add_(0, labels.to(rows.device), rows)
            found[name] = rows, factor
        self._counts = self._counts + labels.bincount(minlength=self.num_classes).cpu()
        return found

    @gathers
    def merge(self, other: LayerCollapse) -> LayerCollapse:
        """Take up what another first pass, over other samples of the same layers, has seen; returns self."""
        if not isinstance(other, LayerCollapse):
            raise InterplayError(f"merge: expected a LayerCollapse, got {type(other).__name__}")
        if self.num_classes != other.num_classes:
            raise InterplayError(f"merge: num_classes differs, {self.num_classes} and {other.num_classes}")
        check_same_layers(self._sums, other._sums)
        for name, theirs in other._sums.items():
            unit = other.units[name]
            if name not in self._sums:
                self.units[name], self._sums[name] = Unit(unit.origin.clone(), unit.exponent), theirs.clone()
                continue
            mine = self._sums[name] = owned(self._sums[name])
            if self.units[name].exponent is None:  # zeros so far, which any unit expresses: take theirs
                mine -= self._counts.to(mine).unsqueeze(1) * unit.origin.to(mine)
                self.units[name] = Unit(unit.origin.to(mine.device, copy=True), unit.exponent)
            self.units[name], factor = self.units[name].raised(unit.exponent)
            mine *= factor
            factor, shift = self.units[name].moved(unit)
            # A sum of n coordinates u becomes one of n coordinates f u + shift.
            mine += factor * theirs.to(mine.device) + other._counts.to(mine).unsqueeze(1) * shift
        self._counts = self._counts + other._counts
        return self

    def state_dict(self) -> dict[str, Any]:
        """What was gathered so far, for a checkpoint: `sums` and `counts` by class, and the units of the sums."""
        return {
            "sums": {name: sums.clone() for name, sums in self._sums.items()},
            "counts": self.counts,
            "origins": {name: unit.origin.clone() for name, unit in self.units.items()},
            "exponents": {name: unit.exponent for name, unit in self.units.items()},
        }

    @gathers
    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Replace what was gathered by what `state_dict` of a collector over as many classes gave."""
        sums = {name: values.clone() for name, values in state["sums"].items()}
        counts = state["counts"].cpu().clone()
        if counts.shape != (self.num_classes,):
            raise InterplayError(f"load_state_dict: {len(counts)} classes in the state, {self.num_classes} here")
        # A state of before sums had units is one of units that start at zero.
        self.units = {
            name: Unit(state["origins"][name].to(values.device, copy=True), state["exponents"][name])
            if "origins" in state
            else Unit(values.new_zeros(values.shape[1]), 0)
            for name, values in sums.items()
        }
        self._sums, self._counts = sums, counts

    @property
    def counts(self) -> Tensor:
        """Samples of every class, `[C]`."""
        return self._counts.clone()

    def class_means(self) -> dict[str, Tensor]:
        """Class means `[C, D]` of every layer, float64; zero for a class without samples."""
        seen = (self._counts > 0).unsqueeze(1)
        return {
            name: torch.where(seen.to(means.device), self.units[name].values(means), 0.0)
            for name, means in self.means_in_units().items()
        }

    def means_in_units(self) -> dict[str, Tensor]:
        """Class means `[C, D]` in the coordinates of `units`, in which they keep their digits."""
        return {name: sums / self._counts.clamp(min=1).to(sums).unsqueeze(1) for name, sums in self._sums.items()}

    def second_pass(self) -> LayerScatter:
        """The collector for the second pass over the same samples.

        Raises:
            InterplayError: no samples yet.
        """
        if not self._sums:
            raise InterplayError("LayerCollapse: no samples yet; go over the data with update, then take second_pass()")
        return LayerScatter(self.means_in_units(), self.counts, self.relative_cut, self.units)


class LayerScatter:
    """Second pass: the mean of |P (h_i - mu_(y_i))|^2 with Sigma_B^+ = P^T P. Made by `LayerCollapse.second_pass`."""

    @gathers
    def __init__(
        self, means: Mapping[str, Tensor], counts: Tensor, relative_cut: float, units: Mapping[str, Unit]
    ) -> None:
        self._means, self._units = dict(means), dict(units)
        self._expected = counts
        self._projections = {
            name: whitener(m, counts.to(m.device), relative_cut, origin=units[name].origin) for name, m in means.items()
        }
        self._sums = {name: torch.zeros((), dtype=torch.float64, device=m.device) for name, m in means.items()}
        self._counts = torch.zeros_like(counts)

    def separates(self, layer: str) -> bool:
        """Whether the class means of a layer are more than one point."""
        return self._projections[layer] is not None

    @gathers
    def update(self, layer_outputs: Mapping[str, Tensor], labels: Tensor) -> None:
        """Take up a batch, as `LayerCollapse.update`; order and batches may differ from the first pass."""
        outputs = flat_outputs(layer_outputs, {name: means.shape[1] for name, means in self._means.items()})
        labels = matching_labels(labels, len(self._expected), outputs)
        for name, output in outputs.items():
            means, projection = self._means[name], self._projections[name]
            if projection is not None:
                rows = self._units[name].coordinates(output.to(means.device))  # [n, D]
                deviation = rows.sub_(means[labels.to(means.device)])
                self._sums[name] = self._sums[name] + (deviation @ projection.T).square().sum()
        self._counts = self._counts + labels.bincount(minlength=len(self._expected)).cpu()

    @gathers
    def merge(self, other: LayerScatter) -> LayerScatter:
        """Take up another second pass made from the same (merged) first pass; returns self."""
        if not isinstance(other, LayerScatter):
            raise InterplayError(f"merge: expected a LayerScatter, got {type(other).__name__}")
        if not torch.equal(self._expected, other._expected):
            raise InterplayError("merge: the second passes come from different first passes")
        check_same_layers(self._sums, other._sums)
        for name, value in other._sums.items():
            self._sums[name] = self._sums[name] + value.to(self._sums[name].device)
        self._counts = self._counts + other._counts
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
