"""The speed of a training step against a plain loop of the kind that public semi-supervised code has, as ratios.

    python benchmarks/training_throughput.py                  CPU: the smoke tier's network, size of images and batch
    python benchmarks/training_throughput.py --device cuda    GPU: the published WRN-28-2, 64 images of 32x32 a step

Both loops train one network on the same bytes in the same process, in turn; medians count. The plain loop, written for
this comparison: torch's DataLoader with workers, torchvision's transforms image by image on the CPU, NCHW, single
precision, `loss.item()` at every step, averaged weights by a Python loop over tensors. Also printed: what MAX MI, MIN
HD and the logging of a whole run cost, and on CUDA all of it as it is, as a CUDA graph, and compiled.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from statistics import median
from time import perf_counter

import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset, RandomSampler
from torchvision import transforms

from interplay.data.images import Images
from interplay.data.normalise import Normalisation
from interplay.protocols.runs import Capture
from interplay.protocols.setup import load_setup
from interplay.protocols.supervised import Objective, SupervisedProtocol
from interplay.training import (
    Compute,
    build_network,
    configure_torch,
    cosine_factor,
    log_steps,
    parameter_groups,
    pick_device,
)
from interplay.training.supervised import SupervisedTask

CLASSES, SAMPLES = 10, 4096
MEAN, DEVIATION = 0.5, 0.25


class PilImages(Dataset[tuple[Tensor, int]]):
    """Images as PIL objects, transformed one by one."""

    def __init__(self, pixels: Tensor, labels: Tensor, transform: Callable[[Image.Image], Tensor]) -> None:
        self.arrays = [image.permute(1, 2, 0).squeeze(2).numpy() for image in pixels]
        self.labels, self.transform = labels.tolist(), transform

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self.transform(Image.fromarray(self.arrays[index])), self.labels[index]


class PlainLoop:
    """Training as public code writes it."""

    def __init__(
        self, protocol: SupervisedProtocol, pixels: Tensor, labels: Tensor, device: torch.device, workers: int
    ) -> None:
        size, padding = pixels.shape[-1], protocol.augmentation.crop_padding
        crop = [transforms.RandomCrop(size, padding=padding, padding_mode="reflect")] if padding else []
        transform = transforms.Compose(
            [
                transforms.RandomHorizontalFlip(),
                *crop,
                transforms.ToTensor(),
                transforms.Normalize([MEAN] * pixels.shape[1], [DEVIATION] * pixels.shape[1]),
            ]
        )
        data = PilImages(pixels, labels, transform)
        sampler = RandomSampler(data, replacement=True, num_samples=10**7)
        self.batches: Iterator[list[Tensor]] = iter(
            DataLoader(
                data, protocol.batch_size, sampler=sampler, num_workers=workers, pin_memory=device.type == "cuda"
            )
        )
        self.protocol, self.device = protocol, device
        self.network = network(protocol, pixels.shape[1]).to(device)
        self.averaged = deepcopy(self.network)
        settings = protocol.optimizer
        groups = parameter_groups(self.network, settings.weight_decay, decay_norm_and_bias=settings.decay_norm_and_bias)
        self.optimizer = torch.optim.SGD(
            groups, lr=settings.learning_rate, momentum=settings.momentum, nesterov=settings.nesterov
        )
        factor = lambda step: cosine_factor(step, protocol.iterations, settings.cosine_span)  # noqa: E731
        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimizer, factor)
        self.loss = 0.0

    def step(self) -> None:
        """One step, by whatever kernels torch takes by itself."""
        torch.set_deterministic_debug_mode("default")
        images, labels = (part.to(self.device) for part in next(self.batches))
        self.network.train()
        loss = functional.cross_entropy(self.network(images), labels)
        self.network.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.schedule.step()
        decay = self.protocol.ema_decay
        with torch.no_grad():
            for averaged, present in zip(self.averaged.parameters(), self.network.parameters(), strict=True):
                averaged.copy_(decay * averaged + (1 - decay) * present)
            for averaged, present in zip(self.averaged.buffers(), self.network.buffers(), strict=True):
                averaged.copy_(present)
        self.loss = loss.item()


class OurLoop:
    """Training as the experiments do it."""

    def __init__(
        self, protocol: SupervisedProtocol, images: Images, sample: int, objective: Objective, compute: Compute
    ) -> None:
        self.task = SupervisedTask(
            protocol,
            network(protocol, images.image_shape[0]),
            images,
            images,
            sample=images.sample(sample),
            held_out_name="test",
            objective=objective,
            weight=0.1,
            flip=True,
            seed=0,
            compute=compute,
        )
        self.done = 0

    def step(self) -> None:
        """One step, by kernels of a fixed order of summation, as runs are made."""
        torch.set_deterministic_debug_mode("warn")
        self.task.train_step(self.done)
        self.done += 1

    def read(self) -> None:
        """What is logged at one point of the trajectory."""
        self.task.observe(self.done)


def network(protocol: SupervisedProtocol, channels: int) -> nn.Module:
    """The network of CIFAR-10, or of what stands for it."""
    return build_network(protocol, "cifar10", in_channels=channels, num_classes=CLASSES, seed=0)


def seconds_of(loops: dict[str, Callable[[], None]], steps: int, rounds: int, device: torch.device) -> dict[str, float]:
    """Median seconds of a step of each loop: a warm-up, then `rounds` turns of `steps` steps each."""

    def time(step: Callable[[], None]) -> float:
        wait(device)
        started = perf_counter()
        for _ in range(steps):
            step()
        wait(device)
        return (perf_counter() - started) / steps

    for step in loops.values():
        for _ in range(6):  # a CUDA graph is recorded at the fourth
            step()
    taken: dict[str, list[float]] = {name: [] for name in loops}
    for _ in range(rounds):
        for name, step in loops.items():
            taken[name].append(time(step))
    return {name: median(values) for name, values in taken.items()}


def wait(device: torch.device) -> None:
    """Until the device has done all that it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--tier", default=None, help="whose settings; smoke on the CPU, paper on a GPU")
    parser.add_argument("--precision", default="fp32", choices=["fp32", "tf32", "bf16"], help="of our loop, on a GPU")
    parser.add_argument("--modes", nargs="+", default=None, help="none, cuda_graph, compile; all of them on a GPU")
    parser.add_argument("--steps", type=int, default=20, help="of a turn")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--workers", type=int, default=1, help="of the plain loop's DataLoader")
    arguments = parser.parse_args()
    device = pick_device(arguments.device)
    on_cuda = device.type == "cuda"
    setup = load_setup(Path("config"), arguments.tier or ("paper" if on_cuda else "smoke"))
    protocol = setup.protocols["supervised"]
    assert isinstance(protocol, SupervisedProtocol)
    shape = protocol.architectures["cifar10"]
    channels, size = (3, 32) if protocol.image_pooling == 1 else (1, 28 // protocol.image_pooling)
    draw = torch.Generator().manual_seed(0)
    pixels = torch.randint(256, (SAMPLES, channels, size, size), generator=draw, dtype=torch.uint8)
    labels = torch.randint(CLASSES, (SAMPLES,), generator=draw)
    normalise = Normalisation((MEAN,) * channels, (DEVIATION,) * channels)
    images = Images(pixels, labels, CLASSES, normalise).to(device)
    name = torch.cuda.get_device_name(device) if on_cuda else "CPU, one thread"
    what = f"WRN-{shape.depth}-{shape.width}, {protocol.batch_size} images of {channels}x{size}x{size}"
    print(f"{name}: {what}, settings of {setup.tier_name}", flush=True)

    modes: list[Capture] = arguments.modes or (["none", "cuda_graph", "compile"] if on_cuda else ["none"])
    for mode in modes:
        compute = Compute(arguments.precision if on_cuda else "fp32", capture=mode)
        configure_torch(setup.tier.threads, compute)
        reference = PlainLoop(protocol, pixels, labels, device, arguments.workers)
        compare(protocol, images, reference, compute, arguments.steps, arguments.rounds)


def compare(
    protocol: SupervisedProtocol, images: Images, reference: PlainLoop, compute: Compute, steps: int, rounds: int
) -> None:
    """Print what one way of computing gives."""
    sample, device = protocol.trajectory.information_sample or 1000, images.device
    objectives: tuple[Objective, ...] = ("plain",) if compute.capture == "compile" else ("plain", "max_mi", "min_hd")
    ours = {objective: OurLoop(protocol, images, sample, objective, compute) for objective in objectives}
    loops = {"reference": reference.step, **{objective: loop.step for objective, loop in ours.items()}}
    seconds = seconds_of(loops, steps, rounds, device)
    plain, label = seconds["plain"], f"{compute.precision}, {compute.capture}"
    ratio = seconds["reference"] / plain
    print(f"{label}: {protocol.batch_size / plain:,.0f} images/s; the plain loop takes {ratio:.2f} times as long")
    print(f"{label}: {1e3 * plain:.2f} ms a step against {1e3 * seconds['reference']:.2f} ms", flush=True)
    for objective in objectives[1:]:
        print(f"{label}: {objective} takes {seconds[objective] / plain:.2f} times the plain step", flush=True)
    if compute.capture == "none":
        readings = seconds_of({"log": lambda: ours["plain"].read()}, 1, 5, device)["log"]
        points = len(log_steps(protocol.trajectory.points, protocol.iterations))
        share = points * readings / (protocol.iterations * plain)
        print(f"logging: {points} readings of {SAMPLES} images, {sample} for information: {share:.2%} of training")


if __name__ == "__main__":
    main()
