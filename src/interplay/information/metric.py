"""The quantities over a data set as a metric for a PyTorch loop, in the manner of torchmetrics but without it."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from interplay.errors import InterplayError
from interplay.information.batch import batch_information
from interplay.information.checks import check_matrix
from interplay.information.dataset import DatasetInformation, InformationResult


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
            check_matrix(_weight(head), "head")
            num_classes = num_classes or len(_weight(head))
        if num_classes is None:
            raise InterplayError("InformationMetric: give the head, or num_classes")
        self.num_classes, self.num_features = num_classes, num_features
        self._mean, self._chance, self._frequencies, self._seed = mean, chance, class_frequencies, seed
        self._collected: DatasetInformation | None = None

    def reset(self) -> None:
        """Forget all samples."""
        self._collected = None

    def update(self, features: Tensor, labels: Tensor) -> None:
        """Take up a batch: `features` `[n, d]`, integer `labels` `[n]`."""
        if self._collected is None:
            check_matrix(features, "features")
            self._collected = DatasetInformation(
                self.num_features or features.shape[1],
                self.num_classes,
                mean=self._mean,
                chance=self._chance,
                class_frequencies=self._frequencies,
                seed=self._seed,
            )
        self._collected.update(features, labels)

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
        self.update(features, labels)
        return batch_information(features, labels, self._weights(head))

    __call__ = forward

    def merge(self, other: InformationMetric) -> InformationMetric:
        """Take up what another metric, of another process for instance, has seen; returns self."""
        if other._collected is not None:
            if self._collected is None:
                self._collected = DatasetInformation(
                    other._collected.num_features,
                    self.num_classes,
                    mean=self._mean,
                    chance=self._chance,
                    class_frequencies=self._frequencies,
                    seed=self._seed,
                )
            self._collected.merge(other._collected)
        return self

    def _weights(self, head: nn.Linear | Tensor | None) -> Tensor:
        chosen = self._head if head is None else head
        if chosen is None:
            raise InterplayError("InformationMetric: no head; give it to the metric or to this call")
        return _weight(chosen)


def _weight(head: nn.Linear | Tensor) -> Tensor:
    return (head if isinstance(head, Tensor) else head.weight).detach()
