"""The quantities over a data set as a metric for a PyTorch loop, in the manner of torchmetrics but without it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from interplay.errors import InterplayError
from interplay.information.batch import batch_information
from interplay.information.checks import check_count, check_labels, check_matrix, gathers
from interplay.information.dataset import DatasetInformation
from interplay.information.result import InformationResult


class InformationMetric:
    """MIR, HDR and entropies between features and head: `update` with batches, `compute` over all, `reset` per epoch.

    Calling the metric updates it and returns the values of that batch alone, which is the estimate that the papers use.

    Args:
        head: the classifier, an `nn.Linear` or its weight `[C, d]`; looked at anew at every call, so it may be under
            training. Without one, pass it to `compute` and give `num_classes`.
        num_features: d; taken from `head`, or from the first batch, if not given.
        mean, chance, class_frequencies, seed: as of `DatasetInformation`.

    Raises:
        InterplayError: no way to know the number of classes, no head at `compute`, or wrong input to `update`.

    >>> _ = torch.manual_seed(0)
    >>> head = nn.Linear(8, 3)
    >>> metric = InformationMetric(head)
    >>> batch = metric(torch.randn(64, 8), torch.randint(3, (64,)))
    >>> sorted(metric.compute())[:3]
    ['feature_effective_rank', 'feature_entropy', 'hdr']
    """

    def __init__(
        self,
        head: nn.Linear | Tensor | None = None,
        *,
        num_classes: int | None = None,
        num_features: int | None = None,
        mean: Tensor | None = None,
        chance: bool = True,
        class_frequencies: Tensor | Sequence[float] | None = None,
        seed: int = 0,
    ) -> None:
        self._head = head
        if head is not None:
            weight = _weight(head)
            num_classes = len(weight) if num_classes is None else num_classes
            if num_classes != len(weight):
                raise InterplayError(f"num_classes: the head has {len(weight)}, got {num_classes}")
        if num_classes is None:
            raise InterplayError("InformationMetric: give the head, or num_classes")
        self.num_classes = check_count(num_classes, "num_classes")
        self.num_features = None if num_features is None else check_count(num_features, "num_features")
        self._mean, self._chance, self._frequencies, self._seed = mean, chance, class_frequencies, seed
        self._collected: DatasetInformation | None = None
        # Says now, not at the first batch, what is wrong with the arguments; takes no memory.
        self._collector(self.num_features or (mean.numel() if isinstance(mean, Tensor) else 1))

    def reset(self) -> None:
        """Forget all samples."""
        self._collected = None

    @gathers
    def update(self, features: Tensor, labels: Tensor) -> None:
        """Take up a batch: `features` `[n, d]`, integer `labels` `[n]`; one that is refused leaves no trace."""
        collected = self._collected
        if collected is None:
            check_matrix(features, "features")
            collected = self._collector(self.num_features or features.shape[1])
        collected.update(features, labels)
        self._collected = collected  # only now: a refused first batch must not decide on the number of features

    def result(self, head: nn.Linear | Tensor | None = None) -> InformationResult:
        """All values over the samples since the last `reset`, as the record that `DatasetInformation.compute` gives."""
        if self._collected is None:
            raise InterplayError("InformationMetric: nothing to compute from; call update first")
        return self._collected.compute(self._weights(head))

    def compute(self, head: nn.Linear | Tensor | None = None) -> dict[str, float]:
        """The numbers of `result` by name; NaN where a ratio is undefined."""
        found = self.result(head)
        return {
            "feature_entropy": found.feature_entropy,
            "head_entropy": found.head_entropy,
            "joint_entropy": found.joint_entropy,
            "mutual_information": found.mutual_information,
            "mir": found.mir,
            "hdr": found.hdr,
            "mir_chance": found.mir_chance,
            "feature_effective_rank": found.feature_effective_rank,
            "num_samples": float(found.num_samples),
            "standard_error": found.standard_error,
        }

    def forward(self, features: Tensor, labels: Tensor, head: nn.Linear | Tensor | None = None) -> dict[str, float]:
        """`update`, then the values of this batch alone from its Gram matrices (metrics24 Def. III.1 to III.5)."""
        # First what can refuse the batch, or the head, without having taken it up.
        check_matrix(features, "features")
        check_labels(labels, self.num_classes, len(features))
        values = batch_information(features, labels, self._weights(head))
        self.update(features, labels)
        return values

    __call__ = forward

    def merge(self, other: InformationMetric) -> InformationMetric:
        """Take up what another metric, of another process for instance, has seen; returns self."""
        if not isinstance(other, InformationMetric):
            raise InterplayError(f"merge: expected an InformationMetric, got {type(other).__name__}")
        if other._collected is not None:
            mine = self._collected
            if mine is None:
                mine = self._collector(self.num_features or other._collected.num_features)
            self._collected = mine.merge(other._collected)
        return self

    def _collector(self, num_features: int) -> DatasetInformation:
        return DatasetInformation(
            num_features,
            self.num_classes,
            mean=self._mean,
            chance=self._chance,
            class_frequencies=self._frequencies,
            seed=self._seed,
        )

    def _weights(self, head: nn.Linear | Tensor | None) -> Tensor:
        chosen = self._head if head is None else head
        if chosen is None:
            raise InterplayError("InformationMetric: no head; give it to the metric or to this call")
        return _weight(chosen)


def _weight(head: nn.Linear | Tensor) -> Tensor:
    weight: Any = head if isinstance(head, Tensor) else getattr(head, "weight", head)
    check_matrix(weight, "head")
    detached: Tensor = weight.detach()
    return detached
