"""What `DatasetInformation` costs, and how far its quadrature is from exact values. Prints figures, writes nothing.

    python benchmarks/dataset_information.py [--only PART ...] [--device cuda] [--threads 2]

Every part runs in a process of its own, so that its peak of memory is its own. Times are wall-clock seconds with CPU
seconds (all threads) in brackets: on a busy machine only the latter, and ratios of the two sides of one part, mean
anything. With `--device cuda` features lie on the card; times are wall-clock then, and memory is that of the card.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from interplay.errors import InterplayError
from interplay.information import (
    DatasetInformation,
    gram_matrix,
    matrix_entropy,
)
from interplay.information.dataset import InformationResult
from interplay.records.machine import bounded
from interplay.training import pick_device

DEVICE = torch.device("cpu")  # of the part that this process measures


def clusters(samples: int, features: int, classes: int, noise: float = 1.0, decay: float = 0.0) -> tuple[Tensor, ...]:
    """Features (float32) around class means, of a spectrum that decays as a power; labels; a head near the means."""
    generator = torch.Generator().manual_seed(0)
    scale = torch.arange(1, features + 1) ** -decay
    means = torch.randn(classes, features, generator=generator) * scale
    means -= means.mean(0)
    labels = torch.randint(classes, (samples,), generator=generator)
    rows = means[labels] + noise * torch.randn(samples, features, generator=generator) * scale
    head = means + 0.3 * torch.randn(classes, features, generator=generator) * scale
    return rows.to(DEVICE), labels.to(DEVICE), head.to(DEVICE)


class Stopwatch:
    """Wall-clock seconds, CPU seconds and additional peak memory of a block, which has finished on the device."""

    def __enter__(self) -> Stopwatch:
        _finish()
        self._floor = _memory_now()
        self._wall, self._cpu = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        _finish()
        self.wall, self.cpu = time.perf_counter() - self._wall, time.process_time() - self._cpu
        self.megabytes = max(0.0, _memory_peak() - self._floor)

    @property
    def cost(self) -> float:
        """What two sides of a part are compared by: CPU seconds, or wall-clock seconds of a card."""
        return self.cpu if DEVICE.type == "cpu" else self.wall

    def __str__(self) -> str:
        return f"{self.wall:.2f} s ({self.cpu:.2f} CPU), {self.megabytes:.0f} MB extra"


def _finish() -> None:
    if DEVICE.type == "cuda":
        torch.cuda.synchronize(DEVICE)


def _memory_now() -> float:
    """Megabytes in use now, resident or on the card; resets the peak where the system lets us."""
    if DEVICE.type == "cuda":
        torch.cuda.reset_peak_memory_stats(DEVICE)
        return torch.cuda.memory_allocated(DEVICE) / 1e6
    try:
        Path("/proc/self/clear_refs").write_text("5")
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6
    except OSError:
        return _memory_peak()


def _memory_peak() -> float:
    if DEVICE.type == "cuda":
        return torch.cuda.max_memory_allocated(DEVICE) / 1e6
    try:
        status = Path("/proc/self/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1e3
    except (OSError, IndexError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def collect(
    rows: Tensor, labels: Tensor, classes: int, batch: int | None = None, chance: bool = True
) -> DatasetInformation:
    collected = DatasetInformation(rows.shape[1], classes, chance=chance)
    for part, marks in zip(rows.split(batch or len(rows)), labels.split(batch or len(rows)), strict=True):
        collected.update(part, marks)
    return collected


def warm_up() -> None:
    rows, labels, head = clusters(500, 16, 4)
    collect(rows, labels, 4).compute(head)


def part_size() -> None:
    """The common case: N = 50,000, d = 128, C = 10; target 1 s on 2 cores, 500 MB."""
    rows, labels, head = clusters(50_000, 128, 10)
    for batch in (None, 512, 64):
        with Stopwatch() as watch:
            result = collect(rows, labels, 10, batch).compute(head)
        print(f"  in {'one piece' if batch is None else f'batches of {batch}'}, chance level included: {watch}")
    with Stopwatch() as watch:
        result = collect(rows, labels, 10, chance=False).compute(head)
    print(f"  in one piece, without chance level: {watch}")
    print(f"  MIR {result.mir:.5f}, {result.method}")


def part_linear() -> None:
    """Linear in N: d = 128, C = 10."""
    for samples in (10_000, 50_000, 100_000, 200_000):
        rows, labels, head = clusters(samples, 128, 10)
        collected = DatasetInformation(128, 10)
        with Stopwatch() as gather:
            collected.update(rows, labels)
            collected.merge(DatasetInformation(128, 10))  # empties the buffer, so that all gathering is counted here
        with Stopwatch() as solve:
            collected.compute(head)
        each = f"{gather.cost / samples * 1e6:.1f} us a sample"
        print(f"  N = {samples:>7}: gather {gather.wall:.2f} s ({gather.cpu:.2f} CPU, {each}), solve {solve}")


def part_naive() -> None:
    """Against the N x N definition at N = 4,000; target 30 times faster."""
    rows, labels, head = clusters(4_000, 128, 10)
    with Stopwatch() as full:
        collect(rows, labels, 10).compute(head)
    with Stopwatch() as ours:
        result = collect(rows, labels, 10, chance=False).compute(head)
    with Stopwatch() as naive:
        first, second = gram_matrix(rows), gram_matrix(head[labels])
        f, h, joint = (float(matrix_entropy(matrix)) for matrix in (first, second, first * second))
    reference = (f + h - joint) / min(f, h)
    print(f"  N x N: {naive}")
    print(f"  ours:  {ours}; with the chance level, which N x N lacks: {full}")
    print(f"  ratio {naive.cost / ours.cost:.0f}")
    print(f"  MIR {result.mir:.12f} and {reference:.12f}, difference {abs(result.mir - reference):.1e}")


SPECTRA = {
    "random": {"noise": 100.0},
    "half collapsed": {"noise": 1.0},
    "nearly collapsed": {"noise": 0.05},
    "half, power law": {"noise": 1.0, "decay": 0.7},
}


def part_quadrature() -> None:
    """Quadrature against exact values at d r = 4,096 (C = 32, d = 128); target 1e-3 of entropy and MIR."""
    for name, options in SPECTRA.items():
        rows, labels, head = clusters(20_000, 128, 32, **options)
        collected = collect(rows, labels, 32, chance=False)
        with Stopwatch() as slow:
            exact = collected.compute(head)
        with Stopwatch() as fast:
            found = collected.compute(head, exact_limit=1000)
        print(
            f"  {name}: joint entropy {exact.joint_entropy:.5f}, relative error "
            f"{_relative(found.joint_entropy, exact.joint_entropy):.1e} (standard error "
            f"{found.standard_error / exact.joint_entropy:.1e}); MIR {exact.mir:.5f}, relative error "
            f"{_relative(found.mir, exact.mir):.1e}; {slow.wall:.1f} s exact, {fast.wall:.1f} s {found.method}"
        )


def part_large() -> None:
    """C = 100, d = 512, N = 50,000: d r = 51,200; target 60 s on 2 cores, 1e-3 of entropy and MIR."""
    for name in ("half collapsed", "half, power law"):
        rows, labels, head = clusters(50_000, 512, 100, **SPECTRA[name])
        with Stopwatch() as gather:
            collected = collect(rows, labels, 100, batch=512)
        with Stopwatch() as solve:
            result = collected.compute(head)
        print(f"  {name}: gather {gather}; solve with chance level {solve}")
        print(f"    {_summary(result)}")


def _summary(result: InformationResult) -> str:
    joint = f"joint entropy {result.joint_entropy:.5f} +- {result.standard_error:.5f}"
    ratio = f"MIR {result.mir:.5f}, standard error {result.mir_standard_error / result.mir:.1e} of it"
    return f"{joint}; {ratio}; by chance {result.mir_chance:.5f}; {result.method}"


def _relative(value: float, exact: float) -> float:
    return abs(value - exact) / abs(exact)


PARTS: dict[str, Callable[[], None]] = {
    "size": part_size,
    "linear": part_linear,
    "naive": part_naive,
    "quadrature": part_quadrature,
    "large": part_large,
}


def main() -> None:
    global DEVICE
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=list(PARTS), nargs="+", default=list(PARTS))
    parser.add_argument("--device", default="cpu", help="auto, cpu, cuda or cuda:N")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    torch.set_num_threads(bounded(chosen.threads))
    if chosen.here:
        DEVICE = pick_device(chosen.device)
        warm_up()
        PARTS[chosen.only[0]]()
        return
    for name in chosen.only:
        print(f"{name} on {chosen.device}: {(PARTS[name].__doc__ or '').strip()}", flush=True)
        command = [sys.executable, __file__, "--here", "--only", name]
        subprocess.run([*command, "--device", chosen.device, "--threads", str(chosen.threads)], check=True)


if __name__ == "__main__":
    try:
        main()
    except InterplayError as error:
        sys.exit(f"error: {error}")
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)
