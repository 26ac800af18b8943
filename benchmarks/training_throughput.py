"""Training throughput of the published networks: images per second, and what MAX MI and the logging cost, as ratios.

python benchmarks/training_throughput.py --device cuda
"""

from __future__ import annotations

import argparse
from time import perf_counter

import torch

from interplay.data.images import Images
from interplay.experiments.supervised.task import SupervisedTask, build_model
from interplay.protocols.setup import load_setup
from interplay.protocols.supervised import Objective, SupervisedProtocol
from interplay.training import pick_device


def seconds_per_step(task: SupervisedTask, steps: int, device: torch.device) -> float:
    """Mean over `steps` steps after a warm-up of a fifth of them."""
    for step in range(steps // 5):
        task.train_step(step)
    _wait(device)
    started = perf_counter()
    for step in range(steps):
        task.train_step(step)
    _wait(device)
    return (perf_counter() - started) / steps


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def build(protocol: SupervisedProtocol, dataset: str, objective: Objective, device: torch.device) -> SupervisedTask:
    """The task of the published protocol on random images of the published size."""
    classes = 100 if dataset == "cifar100" else 10
    images = torch.randn(4096, 3, 32, 32, device=device)
    train = Images(images, torch.randint(classes, (4096,), device=device), classes)
    return SupervisedTask(
        protocol,
        build_model(protocol, dataset, train, 0),
        train,
        train.sample(1024),
        held_out_name="test",
        objective=objective,
        weight=0.1,
        flip=True,
        seed=0,
    )


def main() -> None:
    """Print one line per network and objective."""
    from pathlib import Path

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--datasets", nargs="+", default=["cifar10", "cifar100"])
    arguments = parser.parse_args()
    device = pick_device(arguments.device)
    protocol = load_setup(Path("config"), "paper").protocols["supervised"]
    assert isinstance(protocol, SupervisedProtocol)
    for dataset in arguments.datasets:
        shape = protocol.architectures[dataset]
        plain = seconds_per_step(build(protocol, dataset, "plain", device), arguments.steps, device)
        print(f"WRN-{shape.depth}-{shape.width} plain: {protocol.batch_size / plain:,.0f} images/s")
        for objective in ("max_mi", "min_hd"):
            other = seconds_per_step(build(protocol, dataset, objective, device), arguments.steps, device)
            print(f"WRN-{shape.depth}-{shape.width} {objective}: {other / plain:.2f} times the plain step")


if __name__ == "__main__":
    main()
