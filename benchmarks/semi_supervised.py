"""A step of FreeMatch as published, its parts, MAX MI and MIN HD, and the loop of `semilearn`: shares and ratios.

    python benchmarks/semi_supervised.py                                   64 + 7 x 64 images of 32x32, WRN-28-2
    python benchmarks/semi_supervised.py --device cuda --precision tf32 --capture cuda_graph
    python benchmarks/semi_supervised.py --batch-size 8 --ratio 2 --depth 10 --width 1 --side 16       in seconds
    python benchmarks/semi_supervised.py --reference PYTHON    an environment that has semilearn==0.3.2

All are timed in one run, a few steps of each in turn; shares and ratios are medians of those within a turn. The images
are random bytes in the format of CIFAR-10. What of `semilearn` runs, and what does not, stands in
`reference_loops/semilearn_freematch.py`, which is started with PYTHON as a process of its own and waits while ours are
timed. On a CPU a step takes many seconds.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Self
from unittest.mock import patch

import torch
from torch import Tensor
from turns import Turns, display, seconds_of

from interplay.data.images import Images
from interplay.data.normalise import Normalisation
from interplay.errors import InterplayError
from interplay.experiments.semi_supervised.method import methods
from interplay.experiments.semi_supervised.task import SemiSupervisedTask
from interplay.information.spectral import resolvent_entropies
from interplay.objectives import EntropyDifferenceLoss, MutualInformationLoss
from interplay.protocols.semi_supervised import SemiSupervisedProtocol
from interplay.protocols.setup import load_setup
from interplay.records.machine import usable_cores
from interplay.training import Compute, configure_torch, generator, pick_device
from interplay.training.capture import WARM_UP
from interplay.training.streams import Stream

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = Path(__file__).with_name("reference_loops") / "semilearn_freematch.py"
CLASSES, LABELS, WEIGHT = 10, 40, 0.1
COMPARED = {"freematch": "FreeMatch", "max_mi": "MAX MI", "min_hd": "MIN HD"}
PUBLISHED_STEPS = 2**20
# Shares of a step that building its batch, and the term of MAX MI or MIN HD, should stay below.
AIMS = {"cuda": (0.05, 0.10), "cpu": (0.15, 0.20)}
PARTS = 5  # what takes a small part of a step is done so often at least in a turn
PRODUCTS = "term of max_mi by products alone"
WITHOUT_REFERENCE = "semilearn: left out; name the Python of an environment that has it by --reference"


@dataclass(frozen=True)
class Loops:
    """Ours by name: whole steps, one without the making of its batch, and parts of them."""

    steps: Mapping[str, Callable[[], None]]
    parts: Mapping[str, Callable[[], object]]
    tasks: Mapping[str, SemiSupervisedTask]

    @classmethod
    def of(cls, protocol: SemiSupervisedProtocol, images: Images, compute: Compute) -> Self:
        tasks = {name: build(protocol, images, name, compute) for name in COMPARED}
        steps = {name: stepping(task) for name, task in tasks.items()}
        free, on_cuda = tasks["freematch"], images.device.type == "cuda"
        ready = {name: Ready(source.batch(0)) for name, source in free.sources.items()}
        numbers = iter(range(10**9))
        return cls(
            steps={**steps, "update": stepping(free, ready)},
            parts={
                "batch": lambda: batch_of(free.sources, next(numbers)),
                **{name: part(numbers) for name, part in batch_parts(free.sources).items()},
                "term of max_mi": term(MutualInformationLoss(WEIGHT), protocol, free),
                "term of min_hd": term(EntropyDifferenceLoss(WEIGHT), protocol, free),
                **({PRODUCTS: by_products(term(MutualInformationLoss(WEIGHT), protocol, free))} if on_cuda else {}),
            },
            tasks=tasks,
        )


@dataclass(frozen=True)
class Ready:
    """A source that gives the same batch at every step."""

    tensors: Mapping[str, Tensor]

    def batch(self, step: int) -> Mapping[str, Tensor]:
        return self.tensors


def build(protocol: SemiSupervisedProtocol, images: Images, method: str, compute: Compute) -> SemiSupervisedTask:
    """The training of a method as runs are made, on random images."""
    return SemiSupervisedTask(
        protocol,
        methods()[method],
        protocol.methods.of(method),
        weight=0.0 if method == "freematch" else WEIGHT,
        dataset="cifar10",
        labelled=images.first_per_class(LABELS // CLASSES),
        unlabelled=images,
        held_out=images.sample(100),
        held_out_name="test",
        flip=True,
        seed=0,
        compute=compute,
    )


def stepping(task: SemiSupervisedTask, sources: Mapping[str, Any] | None = None) -> Callable[[], None]:
    """Steps of a task, one after the other; on a batch from other sources where some are given."""
    numbers, own = iter(range(10**9)), task.sources

    def step() -> None:
        task.sources = own if sources is None else dict(sources)
        task.train_step(next(numbers))
        task.sources = own

    return step


def batch_of(sources: Mapping[str, Any], step: int) -> dict[str, Any]:
    return {name: source.batch(step) for name, source in sources.items()}


def batch_parts(sources: Mapping[str, Any]) -> dict[str, Callable[[Iterator[int]], Callable[[], object]]]:
    """What a batch is made of: the order of the images, and each view, its picking and normalising included."""
    streams = {
        f"{view} view of {name}": Stream(stream.images, stream.order, {view: stream.views[view]}, 0, "benchmark", name)
        for name, stream in sources.items()
        for view in stream.views
    }
    parts: dict[str, Callable[[Iterator[int]], Callable[[], object]]] = {
        "order": lambda numbers: lambda: [stream.order(step) for step in [next(numbers)] for stream in sources.values()]
    }
    return parts | {name: partial(drawing, stream) for name, stream in streams.items()}


def drawing(stream: Stream, numbers: Iterator[int]) -> Callable[[], object]:
    """Batches of a stream, one after the other."""
    return lambda: stream.batch(next(numbers))


def term(
    objective: MutualInformationLoss | EntropyDifferenceLoss, protocol: SemiSupervisedProtocol, task: SemiSupervisedTask
) -> Callable[[], None]:
    """The term with its backward pass, of features like those of the step; all images pass the threshold."""
    head = task.learners["main"].network.head.weight
    samples = protocol.methods.freematch.unlabelled_ratio * protocol.batch_size
    draw = generator(0, "features")
    features = torch.rand(samples, head.shape[1], generator=draw).to(head.device).requires_grad_()
    labels = torch.randint(CLASSES, (samples,), generator=draw).to(head.device)
    vectors, kept = head.detach().clone().requires_grad_(), torch.ones(samples, device=head.device)

    def evaluate() -> None:
        features.grad = vectors.grad = None
        objective.of_labels(features, labels, vectors, kept=kept).backward()

    return evaluate


def by_products(evaluate: Callable[[], None]) -> Callable[[], None]:
    """The same without eigenvalues, which could be captured: on CUDA large matrices are decomposed."""

    def patched() -> None:
        with patch("interplay.objectives.interplay.unit_trace_entropies", resolvent_entropies):
            evaluate()

    return patched


class Reference:
    """The loop of `semilearn` in a process of its own, which computes only when it is asked."""

    def __init__(self, python: str, sizes: Mapping[str, Any]) -> None:
        self._said = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed by `close`
        command = [python, str(REFERENCE), json.dumps(dict(sizes))]
        try:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._said, text=True
            )
        except OSError as error:
            raise InterplayError(f"--reference: {python} cannot be started ({error.strerror})") from error
        self.about = self._answer()

    def turn(self, workers: int, warm_up: int, steps: int) -> dict[str, float]:
        """Seconds of a step, and those of it that waited for images."""
        assert self._process.stdin is not None
        request = {"workers": workers, "warm_up": warm_up, "steps": steps}
        print(json.dumps(request), file=self._process.stdin, flush=True)
        return {name: sum(values) / steps for name, values in self._answer().items()}

    def close(self) -> None:
        """End it."""
        self._process.communicate()
        self._said.close()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        if line := self._process.stdout.readline():
            answer: dict[str, Any] = json.loads(line)
            return answer
        self._process.wait()
        self._said.seek(0)
        last = (self._said.read().strip().splitlines() or ["it said nothing"])[-1]
        raise InterplayError(f"--reference: the loop of semilearn ended: {last}")


def measure(
    loops: Loops, reference: Reference | None, workers: list[int], options: argparse.Namespace, device: torch.device
) -> Turns:
    """Everything in turn, as often as asked for."""
    turns = Turns()
    warm_up = WARM_UP + 2 if device.type == "cuda" else 1  # a CUDA graph is recorded after `WARM_UP` steps
    for own in (*loops.steps.values(), *loops.parts.values()):
        for _ in range(warm_up):
            own()
    for number in range(options.turns):
        for name, step in loops.steps.items():
            turns.add(name, seconds_of(step, options.steps, device))
        for name, part in loops.parts.items():
            turns.add(name, seconds_of(part, max(PARTS, options.steps), device))
        for count in workers if reference is not None else []:
            assert reference is not None
            taken = reference.turn(count, warm_up if number == 0 else 1, options.steps)
            turns.add(reference_name(count), taken["seconds"])
            turns.add(f"{reference_name(count)}, waiting", taken["waiting"])
    return turns


def reference_name(workers: int) -> str:
    processes = f"{workers} + {2 * workers} processes that load" if workers else "no process that loads"
    return f"semilearn, {processes}"


def report(turns: Turns, device: str, parts: list[str]) -> list[str]:
    """What was found, in lines."""
    of_batch, of_term = AIMS[device]
    lines = [
        f"step of FreeMatch: {turns.line('freematch')}",
        f"  update, its batch at hand: {turns.line('update')}",
        f"  batch, alone: {turns.line('batch')}, {judged(turns.ratio('batch', 'freematch'), of_batch)}",
        f"  batch, as the difference: {judged(turns.ratio('freematch', 'freematch', less='update'), of_batch)}",
    ]
    lines += [f"    {name}: {turns.line(name)}, {turns.ratio(name, 'batch'):.0%} of the batch" for name in parts]
    for name in ("max_mi", "min_hd"):
        more, alone = turns.ratio(name, name, less="freematch"), turns.ratio(f"term of {name}", name)
        lines += [
            f"step with {COMPARED[name]}: {turns.line(name)}, {turns.ratio(name, 'freematch'):.2f} times FreeMatch's",
            f"  term, as the difference: {judged(more, of_term)}",
            f"  term, alone with its backward pass: {turns.line(f'term of {name}')}, {judged(alone, of_term)}",
        ]
    if PRODUCTS in turns.seconds:
        lines.append(f"{PRODUCTS}: {turns.line(PRODUCTS)}")
    theirs = [name for name in turns.seconds if name.startswith("semilearn") and not name.endswith("waiting")]
    for name in theirs:
        waiting = turns.ratio(f"{name}, waiting", name)
        ratio = turns.ratio(name, "freematch")
        lines.append(f"{name}: {turns.line(name)}, {ratio:.2f} times ours; {waiting:.1%} of it waits for images")
    if not theirs:
        lines.append(WITHOUT_REFERENCE)
    names = COMPARED | {name: name for name in theirs}
    lines.append("2^20 steps, extrapolated from these medians, no network read in between:")
    return lines + [f"  {title}: {display(PUBLISHED_STEPS * turns.median(name))}" for name, title in names.items()]


def judged(share: float, aim: float) -> str:
    return f"{share:.1%} of the step ({'under' if share < aim else 'NOT under'} {aim:.0%})"


def sized(protocol: SemiSupervisedProtocol, options: argparse.Namespace) -> SemiSupervisedProtocol:
    """The published protocol at the sizes asked for."""
    ratio = {"unlabelled_ratio": options.ratio}
    return protocol.vary(
        {
            "architectures": {"cifar10": {"depth": options.depth, "width": options.width}},
            "batch_size": options.batch_size,
            "views": {"crop_padding": options.side // 8},
            "methods": dict.fromkeys(COMPARED, ratio),
        }
    )


def random_images(samples: int, side: int, device: torch.device) -> Images:
    """Bytes of CIFAR-10's format, classes in turn."""
    pixels = torch.randint(256, (samples, 3, side, side), generator=generator(0, "pixels"), dtype=torch.uint8)
    normalise = Normalisation((0.5,) * 3, (0.25,) * 3)
    return Images(pixels, torch.arange(samples) % CLASSES, CLASSES, normalise).to(device)


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    found.add_argument("--device", default="cpu", help="cpu, cuda or cuda:N")
    found.add_argument("--threads", type=int, default=usable_cores(), help="of each loop; all cores unless given")
    found.add_argument("--precision", default="fp32", choices=["fp32", "tf32", "bf16"], help="of our loop, on a GPU")
    found.add_argument("--capture", default="none", choices=["none", "cuda_graph"], help="of our steps, on a GPU")
    found.add_argument("--steps", type=int, default=None, help="of a turn; 1 on the CPU, 20 on a GPU")
    found.add_argument("--turns", type=int, default=None, help="3 on the CPU, 7 on a GPU")
    found.add_argument("--reference", default=None, metavar="PYTHON", help="of an environment with semilearn 0.3.2")
    found.add_argument(
        "--workers",
        type=int,
        nargs="+",
        default=[max(1, usable_cores() // 2), 0],
        help="processes of semilearn that load labelled images; twice as many load unlabelled ones, in all the cores",
    )
    found.add_argument("--batch-size", type=int, default=64, help="labelled images a step")
    found.add_argument("--ratio", type=int, default=7, help="unlabelled images for each of them")
    found.add_argument("--depth", type=int, default=28)
    found.add_argument("--width", type=int, default=2)
    found.add_argument("--side", type=int, default=32, help="of the images, in pixels")
    found.add_argument("--samples", type=int, default=10_000, help="unlabelled images")
    return found


def main() -> None:
    """Measure and print."""
    options = parser().parse_args()
    device = pick_device(options.device)
    on_cuda = device.type == "cuda"
    options.steps = options.steps or (20 if on_cuda else 1)
    options.turns = options.turns or (7 if on_cuda else 3)
    compute = Compute(options.precision, capture=options.capture).on(device)
    configure_torch(options.threads, compute)
    published = load_setup(ROOT / "config", "paper").protocols["semi_supervised"]
    assert isinstance(published, SemiSupervisedProtocol)
    protocol = sized(published, options)
    unlabelled = options.ratio * options.batch_size
    print(
        f"{torch.cuda.get_device_name(device) if on_cuda else 'CPU'}, {options.threads} threads, {compute.precision}, "
        f"capture {compute.capture}: WRN-{options.depth}-{options.width}, {options.batch_size} labelled and "
        f"{unlabelled} unlabelled images of 3x{options.side}x{options.side} a step, these in two views\n"
        f"medians (lowest to highest) of {options.turns} turns of {options.steps} steps",
        flush=True,
    )
    reference = None
    if options.reference is not None:
        own = {name: getattr(options, name) for name in ("depth", "width", "side", "batch_size", "ratio", "samples")}
        reference = Reference(
            options.reference, {**own, "labels": LABELS, "device": str(device), "threads": options.threads}
        )
        print(", ".join(f"{name} {value}" for name, value in reference.about.items()), flush=True)
    loops = Loops.of(protocol, random_images(options.samples, options.side, device), compute)
    turns = measure(loops, reference, options.workers, options, device)
    for name, task in loops.tasks.items():
        if compute.capture != "none":
            print(f"{name}: steps {'are' if task._run.captured else 'could NOT be'} captured")
    parts = [name for name in loops.parts if name == "order" or " view of " in name]
    print(*report(turns, device.type, parts), sep="\n")
    if reference is not None:
        reference.close()


if __name__ == "__main__":
    try:
        main()
    except InterplayError as error:
        sys.exit(f"error: {error}")
