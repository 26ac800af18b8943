"""Builds the algorithms of `semilearn` without its data, reads TorchSSL's functions, and writes what they gave."""

import importlib
import importlib.machinery
import json
import platform
import subprocess
import sys
import warnings
from importlib.metadata import version
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import numpy as np
import torch
from torch import Tensor, nn

warnings.filterwarnings("ignore")
torch.set_default_dtype(torch.float64)
torch.Tensor.cuda = lambda self, *_, **__: self  # the reference moves tensors to a device without asking for one


def stub(*names: str) -> None:
    """Lets `import name` succeed for packages that the functions in question never call."""
    for name in names:
        module = MagicMock(name=name)
        module.__spec__ = importlib.machinery.ModuleSpec(name, None)
        sys.modules[name] = module


stub("torchaudio", "torchaudio.transforms", "pandas")


class Identity(nn.Module):
    """The images are the logits, so that a training step of the reference runs on logits that we choose."""

    num_features = 0

    def forward(self, x: Tensor, **_: Any) -> dict[str, Tensor]:
        return {"logits": x, "feat": x}


class Perceptron(nn.Module):
    """tanh features of flattened images and a linear head; the switches are those of the reference's networks."""

    def __init__(self, inputs: int, num_features: int, num_classes: int) -> None:
        super().__init__()
        self.num_features = num_features
        self.body = nn.Linear(inputs, num_features)
        self.head = nn.Linear(num_features, num_classes)

    def forward(self, x: Tensor, only_fc: bool = False, only_feat: bool = False, **_: Any) -> Any:
        if only_fc:
            return self.head(x)
        features = torch.tanh(self.body(x.flatten(1)))
        return features if only_feat else {"logits": self.head(features), "feat": features}


def build(kind: type, network: nn.Module, targets: tuple[int, ...] = (), **arguments: Any) -> Any:
    """An algorithm of `semilearn` by its own constructor, with its own defaults; only data and optimiser are left out.

    Args:
        kind: its class.
        network: what it trains.
        targets: labels of the labelled set.
        arguments: that differ from the defaults, or that have none.
    """
    common = {
        "algorithm": kind.__name__.lower(), "amp": False, "clip_grad": 0, "distributed": False, "ema_m": 0.999,
        "epoch": 1, "gpu": None, "num_classes": 4, "num_eval_iter": 1, "num_log_iter": 1, "num_train_iter": 1000,
        "pretrain_path": "", "rank": 0, "resume": False, "save_dir": "", "save_name": "", "ulb_loss_ratio": 1.0,
        "use_aim": False, "use_cat": True, "use_pretrain": False, "use_wandb": False, "world_size": 1,
    }  # fmt: skip
    own = {argument.name.removeprefix("--"): argument.default for argument in kind.get_argument()}
    without_data = type(
        kind.__name__,
        (kind,),
        {
            "set_dataset": lambda self: {"train_lb": SimpleNamespace(targets=targets)},
            "set_data_loader": lambda self: None,
            "set_optimizer": lambda self: (None, None),
            "set_ema_model": lambda self: None,
        },
    )
    algorithm = without_data(SimpleNamespace(**{**common, **own, **arguments}), lambda **_: network)
    algorithm.used = {**own, **arguments}
    return algorithm


def gradients(loss: Tensor, **leaves: Tensor) -> dict[str, Tensor]:
    """The gradient of a loss for each leaf, zero where it does not depend on it."""
    found = torch.autograd.grad(loss, list(leaves.values()), allow_unused=True, retain_graph=True)
    pairs = zip(leaves.items(), found, strict=True)
    return {name: torch.zeros_like(leaf) if value is None else value for (name, leaf), value in pairs}


def losses(log: dict[str, float]) -> dict[str, float]:
    """The losses that a training step logs, under our names."""
    names = {"sup_loss": "supervised_loss", "unsup_loss": "unlabelled_loss", "total_loss": "total_loss"}
    return {ours: log[f"train/{theirs}"] for theirs, ours in names.items()}


def stack(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    """A list of readings, one a step, to one list a reading."""
    return {name: [row[name] for row in rows] for name in rows[0]}


class TorchSSL:
    """A checkout of TorchSSL."""

    def __init__(self, folder: Path) -> None:
        sys.path.insert(0, str(folder))

    def load(self, name: str) -> ModuleType:
        """A module of it by its dotted name."""
        return importlib.import_module(name)


def plain(value: Any) -> Any:
    """Numbers and lists for JSON: floats with twelve digits, what is not a number as null."""
    if isinstance(value, dict):
        return {name: plain(entry) for name, entry in value.items()}
    if isinstance(value, torch.Tensor | np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    if isinstance(value, float):
        return None if value != value else float(f"{value:.12g}")
    return value


def write(folder: Path, name: str, torchssl: str, case: dict[str, Any]) -> None:
    """Writes `<name>.json`: provenance, inputs and outputs."""
    provenance = {
        "semilearn": version("semilearn"),
        "torchssl": torchssl,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "dtype": "float64",
        "command": "python make.py TORCHSSL",
    }
    text = json.dumps({"provenance": provenance, **plain(case)}, separators=(",", ":"), allow_nan=False)
    (folder / f"{name}.json").write_text(text + "\n")


def commit_of(folder: Path) -> str:
    """The commit that a checkout stands at."""
    command = ["git", "-C", str(folder), "rev-parse", "HEAD"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
