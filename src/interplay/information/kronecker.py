"""The joint matrix of features and head as a sum of Kronecker products: its size is that of the model, not of the data.

Sample i has a unit feature z_i and, through its label, the unit class weight w_(y_i). The Hadamard product of the two
Gram matrices, divided by N, is the Gram matrix of the vectors z_i (x) w_(y_i) / sqrt(N). Its non-zero spectrum is that
of their second moment

    A = sum_c S_c (x) a_c a_c^T,    S_c = 1/N sum_(y_i = c) z_i z_i^T,    a_c = coordinates of w_c in the head's span,

of size d r instead of N (d features, r the rank of the head).
"""

from __future__ import annotations

import torch
from torch import Tensor

# Directions that carry less than this share of the whole (traces sum to one) are rounding noise of float64 sums.
NEGLIGIBLE_MASS = 1e-15

_ENTRIES = 2**24  # of the moments that are decomposed at a time


class KroneckerSum:
    """The symmetric positive semi-definite operator A = sum_c S_c (x) a_c a_c^T.

    Args:
        moments: `[C, d, d]`, float64, the matrices S_c.
        directions: `[C, r]`, float64, the vectors a_c.
    """

    def __init__(self, moments: Tensor, directions: Tensor) -> None:
        self.moments, self.directions = moments, directions

    @property
    def size(self) -> int:
        """Number of rows of A, d r."""
        return self.moments.shape[1] * self.directions.shape[1]

    def __call__(self, vectors: Tensor) -> Tensor:
        """A v for a batch `[p, d r]` of vectors, without forming A; O(p C d (d + r))."""
        count, (classes, d, _) = len(vectors), self.moments.shape
        contracted = vectors.view(count * d, -1) @ self.directions.T
        # Contiguous, or bmm falls back on slow strided products.
        moved = torch.bmm(self.moments, contracted.view(count, d, classes).permute(2, 1, 0).contiguous())
        return (moved.permute(2, 1, 0).reshape(count * d, classes) @ self.directions).view(count, -1)

    def trace(self) -> float:
        """tr A = sum_c tr(S_c) |a_c|^2."""
        traces = self.moments.diagonal(dim1=1, dim2=2).sum(1)
        return float((traces * self.directions.square().sum(1)).sum())

    def trace_of_square(self) -> float:
        """tr A^2 = sum_(c, c') tr(S_c S_c') (a_c . a_c')^2, exactly, in O(C^2 d^2)."""
        flat = self.moments.flatten(1)
        return float(((flat @ flat.T) * (self.directions @ self.directions.T).square()).sum())

    def dense(self) -> Tensor:
        """A itself, `[d r, d r]`."""
        classes, d, _ = self.moments.shape
        r = self.directions.shape[1]
        outer = torch.einsum("ca,cb->cab", self.directions, self.directions).view(classes, r * r)
        entries = self.moments.view(classes, d * d).T @ outer
        return entries.view(d, d, r, r).transpose(1, 2).reshape(d * r, d * r)

    def compressed(self, limit: int) -> Tensor | None:
        """A matrix of the same non-zero spectrum, of size sum_c rank(S_c): small where classes are small or collapsed.

        None if it would be larger than `limit`.

        With S_c = F_c F_c^T the matrix is B^T B for B = [F_1 (x) a_1, ..., F_C (x) a_C]; its block (c, c') is
        F_c^T F_c' (a_c . a_c').
        """
        columns, classes, size = [], [], 0
        # A few classes at a time: their eigenvectors together take as much memory as all moments.
        at_once = max(1, _ENTRIES // self.moments.shape[1] ** 2)
        for start in range(0, len(self.moments), at_once):
            values, vectors = torch.linalg.eigh(self.moments[start : start + at_once])  # [c, d], [c, d, d]
            kept = values > NEGLIGIBLE_MASS
            size += int(kept.sum())
            if size > limit:
                return None
            columns.append((vectors * values.clamp(min=0).sqrt().unsqueeze(1)).transpose(1, 2)[kept])  # [ranks, d]
            numbers = torch.arange(start, start + len(values), device=values.device)
            classes.append(numbers.repeat_interleave(kept.sum(1)))
        of_class, all_columns = torch.cat(classes), torch.cat(columns)
        cosines = (self.directions @ self.directions.T)[of_class][:, of_class]
        products: Tensor = all_columns @ all_columns.T
        return products.mul_(cosines)

    def least_compressed_size(self) -> float:
        """A lower bound of the size of `compressed`, from rank(S) >= tr(S)^2 / tr(S^2); costs O(C d^2)."""
        traces = self.moments.diagonal(dim1=1, dim2=2).sum(1)
        squares = torch.linalg.vector_norm(self.moments, dim=(1, 2)).square()  # [C], without a copy of the moments
        return float((traces.square() / squares).nan_to_num(0.0).sum())
