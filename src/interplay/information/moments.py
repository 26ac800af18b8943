"""Second moments of unit features by group, gathered in a stream."""

from __future__ import annotations

import torch
from torch import Tensor

from interplay.information.checks import owned
from interplay.information.memory import check_fits

# Entries of the rows that may wait, 128 MB of them.
_WAITING = 2**24


class GroupMoments:
    """sum_(group = g) z z^T and the number of samples of every group, in float64, on the device of the samples.

    Rows wait in a buffer until there are enough of them for each group's product to be worth a pass over its matrix:
    without it, batches of 64 would spend their time moving matrices, not multiplying.
    """

    def __init__(self, num_features: int, num_groups: int) -> None:
        self.num_features, self.num_groups = num_features, num_groups
        self._capacity = waiting_rows(num_features, num_groups)
        self._waiting: list[tuple[Tensor, Tensor]] = []
        self._waiting_rows = 0
        self._sums: Tensor | None = None
        self._counts = torch.zeros(num_groups, dtype=torch.int64)

    def add(self, rows: Tensor, groups: Tensor) -> None:
        """Take up rows `[n, d]`, float64 and not to be changed by the caller, with their groups `[n]`."""
        self.allocate(rows.device)  # at once: where there is no room, nothing has been taken up yet
        self._waiting.append((rows, groups))
        self._waiting_rows += len(rows)
        if self._waiting_rows >= self._capacity:
            self._flush()

    def merge(self, other: GroupMoments) -> None:
        """Add what another collector of the same shape has gathered; `other` keeps what it has."""
        sums, counts = other.totals()
        mine, _ = self.totals(sums.device)
        mine += sums.to(mine.device)
        self._counts = self._counts + counts

    def totals(self, device: torch.device | str = "cpu") -> tuple[Tensor, Tensor]:
        """Sums `[G, d, d]`, not a copy, and counts `[G]` on the CPU; `device` matters only before the first sample."""
        self._flush()
        return self.allocate(device), self._counts

    def _flush(self) -> None:
        if not self._waiting:
            return
        rows = torch.cat([rows for rows, _ in self._waiting])  # [n, d]
        groups = torch.cat([groups for _, groups in self._waiting])  # [n]
        self._waiting, self._waiting_rows = [], 0
        sums, counts = self.allocate(rows.device), groups.bincount(minlength=self.num_groups).cpu()
        rows = rows[groups.argsort(stable=True)].to(sums.device)
        start = 0
        for group, count in enumerate(counts.tolist()):
            if count:
                part = rows[start : start + count]  # [n_g, d]
                sums[group].addmm_(part.T, part)
                start += count
        self._counts = self._counts + counts

    def allocate(self, device: torch.device | str) -> Tensor:
        """The sums `[G, d, d]`; made here, if there are none yet.

        Raises:
            InterplayError: there is no room for them.
        """
        if self._sums is None:
            shape = (self.num_groups, self.num_features, self.num_features)
            check_fits(
                8 * self.num_groups * self.num_features**2,
                f"moments of {self.num_groups} classes of {self.num_features} features",
                "project the features to fewer dimensions first (PCA), or measure fewer classes",
                device,
            )
            self._sums = torch.zeros(shape, dtype=torch.float64, device=device)
        self._sums = owned(self._sums)
        return self._sums


def waiting_rows(num_features: int, num_groups: int) -> int:
    """How many rows may wait before they are added up."""
    return max(1, min(max(4096, 16 * num_groups), _WAITING // num_features))
