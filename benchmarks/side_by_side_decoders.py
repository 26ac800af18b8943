"""Training the decoders of V-information side by side against one by one: seconds, ratio, memory. Prints figures.

    python benchmarks/side_by_side_decoders.py [--network f_plus] [--device cuda] [--published] [--ways WAY ...]

One epoch of the main network asks for 16 trainings: sufficiency and minimality of four layers on train and test, the
minimality networks with a decoder for each relabelling. One by one each passes the encoder by itself; side by side all
share that pass, and are either separate networks or folded into one per layer; which one is chosen depends on layer
and device. On a shared machine only the ratio of CPU seconds means anything. With --given-label, minimality as
defined too: ten times the decoders on a tenth of the samples each; with --only-given-label, that alone. All ways must
come to the same losses. The last figure of a line is what a whole reading of as many epochs as published would take.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from math import nan
from multiprocessing import get_context
from pathlib import Path

import torch

from interplay.collapse.v_information import DecoderLosses, DecoderSettings, Key, Samples, relabel, train_decoders
from interplay.errors import InterplayError
from interplay.models import CnnShape, CompressionCNN
from interplay.records.machine import bounded
from interplay.training import generator, pick_device

LAYERS = (0, 1, 2, 3)
PUBLISHED_EPOCHS = 50  # of decoders, at most; compression25 sec. 2.3
Results = dict[Key, DecoderLosses]


def draw(*purpose: str | int) -> torch.Generator:
    return generator(0, *purpose)


def make_samples(count: int, image: tuple[int, int, int], device: torch.device, *, given_label: bool) -> list[Samples]:
    """Random images whose class shifts their mean, so that there is something to learn."""
    labels = torch.arange(10, device=device).repeat_interleave(count // 10)
    digits = {f"digit {i}": column for i, column in enumerate(relabel(labels, 10).unbind(1))}
    rows = torch.arange(len(labels), device=device).view(10 if given_label else 1, -1)
    sets = []
    for name in ("train", "test"):
        images = (
            torch.rand(len(labels), *image, generator=draw("images", name)).to(device) + labels.view(-1, 1, 1, 1) / 20
        )
        sets.append(Samples(name, images, digits if given_label else {"y": labels} | digits, rows))
    return sets


def one_by_one(network: CompressionCNN, sets: list[Samples], settings: DecoderSettings) -> Results:
    """A training for each layer, set, part and network; the decoders of the minimality network belong together."""
    found: Results = {}
    for layer in LAYERS:
        for one in sets:
            for part in range(len(one.parts)):
                for names in (["y"], [question for question in one.labels if question != "y"]):
                    keys = {Key(layer, one.name, part, name) for name in names if name in one.labels}
                    if keys:
                        found |= train_decoders(network, [one], [layer], settings, draw, folded=False, only=keys)
    return found


def side_by_side(
    network: CompressionCNN, sets: list[Samples], settings: DecoderSettings, *, folded: bool | None
) -> Results:
    return train_decoders(network, sets, LAYERS, settings, draw, folded=folded)


WAYS: dict[str, Callable[[CompressionCNN, list[Samples], DecoderSettings], Results]] = {
    "one by one": one_by_one,
    "side by side, separate": partial(side_by_side, folded=False),
    "side by side, folded": partial(side_by_side, folded=True),
    "side by side, as chosen": partial(side_by_side, folded=None),
}


def measure(
    way: str, name: str, given_label: bool, options: argparse.Namespace
) -> tuple[float, float, float, dict[Key, float]]:
    """Seconds, CPU seconds, MiB that the training takes beside network and images, and losses."""
    torch.set_num_threads(bounded(options.threads))
    device, image = pick_device(options.device), tuple(options.image)
    torch.manual_seed(0)
    network = CompressionCNN(CnnShape(name, image, channels=tuple(options.channels))).to(device)
    sets = make_samples(options.samples, image, device, given_label=given_label)
    before = resident(device)
    WAYS[way](network, sets, DecoderSettings(1, options.batch_size))  # kernels are chosen, caches filled
    started, cpu = time.perf_counter(), time.process_time()
    found = WAYS[way](network, sets, DecoderSettings(options.epochs, options.batch_size))
    seconds = time.perf_counter() - started  # losses were read, so the device has finished
    cpu = time.process_time() - cpu
    return seconds, cpu, (peak(device) - before) / 2**20, {key: reading.last_epoch for key, reading in found.items()}


def resident(device: torch.device) -> float:
    """Bytes in use now: of the allocator on CUDA, else of this process."""
    if device.type == "cuda":
        return float(torch.cuda.memory_allocated(device))
    return float(status_field("VmRSS"))


def peak(device: torch.device) -> float:
    """The most bytes that were in use."""
    return float(torch.cuda.max_memory_allocated(device)) if device.type == "cuda" else status_field("VmHWM")


def status_field(field: str) -> float:
    """A field of /proc/self/status in bytes; NaN where the system has none."""
    status = Path("/proc/self/status")
    return float(status.read_text().split(f"{field}:")[1].split()[0]) * 1024 if status.exists() else nan


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--network", choices=("f_plus", "f_minus"), nargs="+", default=["f_minus", "f_plus"])
    parser.add_argument("--samples", type=int, default=400, help="of each of train and test, a multiple of 10")
    parser.add_argument("--batch-size", type=int, default=200)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--channels", type=int, nargs=3, default=(16, 32, 64))
    parser.add_argument("--image", type=int, nargs=3, default=(1, 28, 28))
    parser.add_argument("--published", action="store_true", help="10,000 samples, batches of 400, 64-128-256 channels")
    parser.add_argument("--given-label", action="store_true")
    parser.add_argument("--only-given-label", action="store_true")
    parser.add_argument("--ways", choices=list(WAYS), nargs="+", default=list(WAYS), help="the first is compared with")
    parser.add_argument("--device", default="cpu", help="auto, cpu, cuda or cuda:N")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    if options.published:
        options.samples, options.batch_size, options.channels = 10_000, 400, (64, 128, 256)
    print(
        f"{options.samples} samples each of train and test, batches of {options.batch_size}, {options.epochs} epochs, "
        f"channels {'-'.join(map(str, options.channels))}, {options.device}, {options.threads} threads"
    )
    for name in options.network:
        for given_label in [True] if options.only_given_label else [False] + [True] * options.given_label:
            print(f"{name}, {'minimality given the label' if given_label else 'the 16 trainings'}:")
            reference: tuple[float, float, dict[Key, float]] | None = None
            for way in options.ways:
                with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
                    seconds, cpu, megabytes, losses = process.submit(measure, way, name, given_label, options).result()
                reference = reference or (seconds, cpu, losses)
                gap = max(abs(losses[key] - loss) for key, loss in reference[2].items())
                print(
                    f"  {way}: {seconds:.2f} s ({cpu:.2f} CPU), ratio {reference[0] / seconds:.2f} "
                    f"({reference[1] / cpu:.2f} CPU), {megabytes:.0f} MiB at the peak, {len(losses)} decoders, losses "
                    f"differ by at most {gap:.1e} nats; {seconds / options.epochs * PUBLISHED_EPOCHS:.0f} s a reading",
                    flush=True,
                )


if __name__ == "__main__":
    try:
        main()
    except InterplayError as error:
        sys.exit(f"error: {error}")
