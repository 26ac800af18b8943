"""Second moments of unit features by group, gathered in a stream."""

from __future__ import annotations

import torch
from torch import Tensor


class GroupMoments:
    """sum_(group = g) z z^T and the number of samples of every group, in float64, on the device of the samples.

    Rows wait in a buffer until there are enough of them for each group's product to be worth a pass over its matrix:
    without it, batches of 64 would spend their time moving matrices, not multiplying.
    """

    def __init__(self, num_features: int, num_groups: int) -> None:
        self.num_features, self.num_groups = num_features, num_groups
        self._capacity = max(4096, 16 * num_groups)
        self._waiting: list[tuple[Tensor, Tensor]] = []
        self._waiting_rows = 0
        self._sums: Tensor | None = None
        self._counts = torch.zeros(num_groups, dtype=torch.int64)

    def add(self, rows: Tensor, groups: Tensor) -> None:
        """Take up rows `[n, d]`, float64 and not to be changed by the caller, with their groups `[n]`."""
        self._waiting.append((rows, groups))
        self._waiting_rows += len(rows)
        if self._waiting_rows >= self._capacity:
            self._flush()

    def merge(self, other: GroupMoments) -> None:
        """Add what another collector of the same shape has gathered; `other` keeps what it has."""
        sums, counts = other.totals()
        mine, _ = self.totals(sums.device)
        mine += sums.to(mine.device)
        self._counts += counts

    def totals(self, device: torch.device | str = "cpu") -> tuple[Tensor, Tensor]:
        """Sums `[G, d, d]`, not a copy, and counts `[G]` on the CPU; `device` matters only before the first sample."""
        self._flush()
        if self._sums is None:
            self._sums = self._empty(device)
        return self._sums, self._counts

    def _flush(self) -> None:
        if not self._waiting:
            return
        rows = torch.cat([rows for rows, _ in self._waiting])
        groups = torch.cat([groups for _, groups in self._waiting])
        self._waiting, self._waiting_rows = [], 0
        if self._sums is None:
            self._sums = self._empty(rows.device)
        rows = rows[groups.argsort(stable=True)].to(self._sums.device)
        counts = groups.bincount(minlength=self.num_groups).cpu()
        start = 0
        for group, count in enumerate(counts.tolist()):
            if count:
                part = rows[start : start + count]
                self._sums[group].addmm_(part.T, part)
                start += count
        self._counts += counts

    def _empty(self, device: torch.device | str) -> Tensor:
        shape = (self.num_groups, self.num_features, self.num_features)
        return torch.zeros(shape, dtype=torch.float64, device=device)
