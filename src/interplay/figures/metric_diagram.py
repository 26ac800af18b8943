"""metrics24 Fig. 1: how matrix entropy, MIR and HDR are computed, on real samples of a trained network."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from interplay.figures import style
from interplay.figures.frames import table_frame
from interplay.protocols.datasets import dataset_label
from interplay.records import Record

Matrix = NDArray[np.float64]


def tidy(records: Sequence[Record]) -> pd.DataFrame:
    """A row for each pair of samples: their classes, cosine similarity of features and of their class vectors.

    `product` is that of the two similarities, an entry of the Hadamard product.

    Raises:
        InterplayError: the record has no table gram_example.
    """
    frame = table_frame(records[0], "gram_example", ("row", "column", "label", "features", "head"))
    return frame.assign(product=frame["features"] * frame["head"])


def draw(records: Sequence[Record]) -> Figure:
    """Above the Gram matrices of features and class vectors and their Hadamard product; below spectra and formulas."""
    record, frame = records[0], tidy(records)
    matrices = [
        frame.pivot(index="row", columns="column", values=name).to_numpy() for name in ("features", "head", "product")
    ]
    size = len(matrices[0])
    entropies = [_entropy(_spectrum(matrix)) for matrix in matrices]
    names = [r"$K_1 = G(f)$", r"$K_2 = G(V)$", r"$K_1 \odot K_2$"]
    what = [f"features of {size} samples", "class vectors of their labels", "Hadamard product"]
    colours = [style.BLUE, style.RED, style.PURPLE]

    figure, axes = plt.subplots(2, 3, figsize=(style.PAGE, 4.3), height_ratios=(1.55, 1))
    for column, (matrix, entropy) in enumerate(zip(matrices, entropies, strict=True)):
        image = _gram(axes[0, column], matrix, f"{names[column]}\n{what[column]}")
        _bars(axes[1, column], _spectrum(matrix), colours[column], f"{names[column]}: H = {entropy:.3f} nats")
    figure.colorbar(image, ax=axes[0, :], shrink=0.85, label="cosine similarity")
    first, second, joint = entropies
    information = first + second - joint
    figure.suptitle(
        f"{dataset_label(record)}, three samples of three classes\n"
        f"MIR = (H(K1) + H(K2) - H(K1∘K2)) / min = {information:.3f} / {min(first, second):.3f}"
        f" = {information / min(first, second):.3f}        "
        f"HDR = |H(K1) - H(K2)| / max = {abs(first - second):.3f} / {max(first, second):.3f}"
        f" = {abs(first - second) / max(first, second):.3f}",
        fontsize=7.5,
    )
    return figure


def _spectrum(matrix: Matrix) -> Matrix:
    """Eigenvalues of K / n, the largest first."""
    eigenvalues: Matrix = np.linalg.eigvalsh(matrix / len(matrix))[::-1].clip(min=0)
    return eigenvalues


def _entropy(spectrum: Matrix) -> float:
    positive = spectrum[spectrum > 1e-12]
    return float(-(positive * np.log(positive)).sum())


def _gram(axes: Axes, matrix: Matrix, title: str) -> plt.cm.ScalarMappable:
    sns.heatmap(matrix, ax=axes, cmap="RdBu_r", vmin=-1, vmax=1, square=True, cbar=False)
    axes.set_title(title)
    for line in (3, 6):
        axes.axhline(line, color="white", linewidth=1)
        axes.axvline(line, color="white", linewidth=1)
    axes.set_xticks([])
    axes.set_yticks([1.5, 4.5, 7.5], ["class 0", "class 1", "class 2"], rotation=90, va="center")
    image: plt.cm.ScalarMappable = axes.collections[0]
    return image


def _bars(axes: Axes, spectrum: Matrix, colour: str, title: str) -> None:
    sns.barplot(x=range(1, len(spectrum) + 1), y=spectrum, color=colour, width=0.7, native_scale=True, ax=axes)
    axes.set_title(title)
    axes.set_xlabel("eigenvalue of K/n, by size")
    axes.set_ylim(0, 1)
    axes.set_xticks(range(1, len(spectrum) + 1))
