"""What layer-wise tr(Sigma_W Sigma_B^+) costs in two passes, in one, and by the dense definition. Prints figures.

    python benchmarks/layer_collapse.py [--threads 2]

Times are wall-clock seconds with CPU seconds in brackets. Outputs are made anew for every pass, as by a network; that
is not counted.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator

import torch
from torch import Tensor

from interplay.collapse import LayerCollapse, OnePassLayerCollapse
from interplay.records.machine import bounded


def batches(samples: int, dimension: int, classes: int, size: int = 500) -> Iterator[tuple[dict[str, Tensor], Tensor]]:
    generator = torch.Generator().manual_seed(0)
    means = torch.randn(classes, dimension, generator=generator)
    for _ in range(0, samples, size):
        labels = torch.randint(classes, (size,), generator=generator)
        yield {"layer": means[labels] + torch.randn(size, dimension, generator=generator)}, labels


class Timer:
    """Adds up the time spent inside, not that of making the data."""

    def __init__(self) -> None:
        self.wall = self.cpu = 0.0

    def __enter__(self) -> None:
        self._start = time.perf_counter(), time.process_time()

    def __exit__(self, *_: object) -> None:
        self.wall += time.perf_counter() - self._start[0]
        self.cpu += time.process_time() - self._start[1]

    def __str__(self) -> str:
        return f"{self.wall:.2f} s ({self.cpu:.2f} CPU)"


def two_passes(samples: int, dimension: int, classes: int) -> tuple[Timer, float]:
    timer = Timer()
    first = LayerCollapse(classes)
    for batch in batches(samples, dimension, classes):
        with timer:
            first.update(*batch)
    with timer:
        second = first.second_pass()
    for batch in batches(samples, dimension, classes):
        with timer:
            second.update(*batch)
    with timer:
        value = second.compute()["layer"]
    return timer, value


def one_pass(samples: int, dimension: int, classes: int) -> tuple[Timer, float]:
    timer = Timer()
    collector = OnePassLayerCollapse(classes)
    for batch in batches(samples, dimension, classes):
        with timer:
            collector.update(*batch)
    with timer:
        value = collector.compute()["layer"]
    return timer, value


def dense(samples: int, dimension: int, classes: int) -> tuple[Timer, float]:
    parts = list(batches(samples, dimension, classes))
    h = torch.cat([outputs["layer"] for outputs, _ in parts]).double()
    labels = torch.cat([marks for _, marks in parts])
    timer = Timer()
    with timer:
        counts = labels.bincount(minlength=classes).double()
        means = h.new_zeros(classes, dimension).index_add_(0, labels, h) / counts.unsqueeze(1)
        deviation = h - means[labels]
        centred = means - h.mean(0)
        between = (centred.T * counts / samples) @ centred
        value = float(((deviation.T @ deviation / samples) @ torch.linalg.pinv(between, 1e-10, hermitian=True)).trace())
    return timer, value


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    torch.set_num_threads(bounded(parser.parse_args().threads))
    two_passes(500, 64, 10)
    print("Against the dense definition, N = 5,000, C = 10:")
    for dimension in (256, 1024, 2048):
        found = {f.__name__: f(5_000, dimension, 10) for f in (two_passes, one_pass, dense)}
        spread = max(v for _, v in found.values()) - min(v for _, v in found.values())
        times = ", ".join(f"{name} {timer}" for name, (timer, _) in found.items())
        print(f"  D = {dimension}: {times}; value {found['dense'][1]:.6f}, spread {spread:.1e}")
    print("Linear in N and D (first layer of the thesis: D = 16,384), C = 10, two passes:")
    for samples, dimension in ((2_000, 4_096), (2_000, 16_384), (10_000, 16_384)):
        print(f"  N = {samples}, D = {dimension}: {two_passes(samples, dimension, 10)[0]}")


if __name__ == "__main__":
    main()
