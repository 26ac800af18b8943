"""FreeMatch as `semilearn` 0.3.2 trains it, step by step on request. Needs that package, and nothing of ours.

    pip install semilearn==0.3.2
    python semilearn_freematch.py '{"depth": 28, "width": 2, ...}'    (the fields of `Sizes`)

Theirs are: constructor, split, datasets and transforms (Pillow), sampler, data loaders and their processes, network,
`train_step`, optimiser, schedule, averaged weights and all hooks, called as their `train` calls them. Ours are: random
bytes in place of CIFAR-10, the width and depth given, and that no step comes to a validation, a checkpoint or a line of
their log. On the CPU, for which they have no code, `Tensor.cuda` does nothing and their timer, made of CUDA events, is
left out.

A line `{"workers": 1, "warm_up": 1, "steps": 2}` on standard input is answered by one on standard output: seconds of
each of the steps, and how much of them went by waiting for images. Their loader of unlabelled images has twice as many
processes as `workers` says. Processes start anew with each line, so that none works while somebody else is timed.
"""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from importlib.metadata import version
from time import perf_counter
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import numpy as np
import torch
import torchvision

CLASSES = 10


@dataclass(frozen=True)
class Sizes:
    """What a step works on; `samples` unlabelled images, `labels` of them with labels."""

    depth: int
    width: int
    side: int
    batch_size: int
    ratio: int
    samples: int
    labels: int
    device: str
    threads: int


def stub(*names: str) -> None:
    """Lets `import name` succeed for packages that training on images never calls."""
    for name in names:
        module = MagicMock(name=name)
        module.__spec__ = ModuleSpec(name, None)
        sys.modules[name] = module


def random_cifar(sizes: Sizes) -> Any:
    """Takes the place of torchvision's CIFAR-10: bytes of its format, classes in turn."""

    def read(root: str, *, train: bool, download: bool) -> SimpleNamespace:
        shape = (sizes.samples, sizes.side, sizes.side, 3)
        pixels = np.random.default_rng(0).integers(256, size=shape, dtype=np.uint8)
        return SimpleNamespace(data=pixels, targets=[place % CLASSES for place in range(sizes.samples)])

    return read


def arguments_of(sizes: Sizes, folder: str, kind: Any) -> SimpleNamespace:
    """Their published settings of FreeMatch on CIFAR-10, on one device, with the sizes given."""
    steps = 2**20
    common = {
        "algorithm": "freematch", "amp": False, "batch_size": sizes.batch_size, "clip_grad": 0, "crop_ratio": 0.875,
        "data_dir": folder, "dataset": "cifar10", "distributed": False, "ema_m": 0.999, "epoch": 1024,
        "eval_batch_size": 256, "gpu": torch.device(sizes.device).index or 0, "imb_algorithm": None,
        "img_size": sizes.side, "include_lb_to_ulb": True, "layer_decay": 1.0, "lb_imb_ratio": 1.0, "lr": 0.03,
        "momentum": 0.9, "multiprocessing_distributed": False, "net": "wrn_28_2", "num_classes": CLASSES,
        "num_eval_iter": steps, "num_labels": sizes.labels, "num_log_iter": steps, "num_train_iter": steps,
        "num_warmup_iter": 0, "num_workers": 0, "optim": "SGD", "pretrain_path": "", "rank": 0, "resume": False,
        "save_dir": folder, "save_name": "freematch", "seed": 0, "train_sampler": "RandomSampler",
        "ulb_imb_ratio": 1.0, "ulb_loss_ratio": 1.0, "ulb_num_labels": None, "uratio": sizes.ratio, "use_aim": False,
        "use_cat": True, "use_pretrain": False, "use_wandb": False, "weight_decay": 5e-4, "world_size": 1,
    }  # fmt: skip
    own = {argument.name.removeprefix("--"): argument.default for argument in kind.get_argument()}
    return SimpleNamespace(**{**common, **own})


class Loop:
    """Their training loop, to be run for as many steps as wanted."""

    def __init__(self, sizes: Sizes, folder: str) -> None:
        from semilearn.algorithms.freematch import FreeMatch
        from semilearn.core.utils import send_model_cuda
        from semilearn.datasets import utils
        from semilearn.nets.wrn.wrn import WideResNet

        utils.base_dir = folder  # where they write which images have labels
        torchvision.datasets.CIFAR10 = random_cifar(sizes)
        on_cuda = sizes.device != "cpu"
        self.wait = torch.cuda.synchronize if on_cuda else (lambda: None)
        torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = True, True  # as their `train.py` has it
        if not on_cuda:
            torch.Tensor.cuda = lambda self, *_, **__: self  # type: ignore[method-assign, assignment]

        def network(num_classes: int, **_: Any) -> Any:
            return WideResNet(first_stride=1, num_classes=num_classes, depth=sizes.depth, widen_factor=sizes.width)

        self.algorithm = FreeMatch(arguments_of(sizes, folder, FreeMatch), network)
        if on_cuda:
            for name in ("model", "ema_model"):
                setattr(self.algorithm, name, send_model_cuda(self.algorithm.args, getattr(self.algorithm, name)))
        else:
            hooks = self.algorithm._hooks
            hooks.remove(self.algorithm.hooks_dict.pop("TimerHook"))
        self.algorithm.model.train()
        self.algorithm.epoch = 0
        self.algorithm.call_hook("before_run")
        self.algorithm.call_hook("before_train_epoch")

    def turn(self, workers: int, warm_up: int, steps: int) -> dict[str, list[float]]:
        """Seconds of each step, and those of them that waited for images, after steps that do not count."""
        self.algorithm.args.num_workers = workers
        self.algorithm.loader_dict = self.algorithm.set_data_loader()
        batches = zip(*(self.algorithm.loader_dict[name] for name in ("train_lb", "train_ulb")), strict=False)
        for _ in range(warm_up):
            self.step(batches)
        taken: dict[str, list[float]] = {"seconds": [], "waiting": []}
        for _ in range(steps):
            self.wait()
            started = perf_counter()
            taken["waiting"].append(self.step(batches))
            self.wait()
            taken["seconds"].append(perf_counter() - started)
        return taken

    def step(self, batches: Iterator[Any]) -> float:
        """A turn of the inner loop of their `train`; seconds until the images were there."""
        started = perf_counter()
        labelled, unlabelled = next(batches)
        waited = perf_counter() - started
        one = self.algorithm
        one.call_hook("before_train_step")
        one.out_dict, one.log_dict = one.train_step(**one.process_batch(**labelled, **unlabelled))
        one.call_hook("after_train_step")
        one.it += 1
        return waited


def main() -> None:
    """Build the loop, say what it is, answer."""
    answers, sys.stdout = sys.stdout, sys.stderr  # they print much
    sizes = Sizes(**json.loads(sys.argv[1]))
    torch.set_num_threads(sizes.threads)
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002 - theirs draws from it
    torch.manual_seed(0)
    stub("torchaudio", "torchaudio.transforms")
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        loop = Loop(sizes, folder)
        parameters = sum(value.numel() for value in loop.algorithm.model.parameters())
        about = {"semilearn": version("semilearn"), "torch": torch.__version__, "parameters": parameters}
        print(json.dumps(about), file=answers, flush=True)
        for line in sys.stdin:
            print(json.dumps(loop.turn(**json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    main()
