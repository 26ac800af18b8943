"""Every loop that trains comes to the same numbers on the CPU and on CUDA, up to rounding.

How much rounding may do is measured, not guessed: the run is repeated on the CPU with every initial weight off by one
unit in its last place. A device that sums in another order rounds differently in each of the hundred or so operations
of a step and each of the few steps, some thousand times in all; independent errors add up like the root of that, so
that `ROUNDINGS` perturbations bound them.
"""

import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from interplay.training import Checkpoint

ROUNDINGS = 100  # sqrt(1000) = 32 perturbations, and three of their standard deviations
SUMS = 5e-4  # a float32 sum of a thousand terms is off by up to 1000 * 2^-24 = 6e-5; eight of them in a row

SUPERVISED = {
    "architectures": {"cifar10": {"depth": 10, "width": 1}, "cifar100": {"depth": 10, "width": 1}},
    "seeds": [0],
    "iterations": 6,
    "image_pooling": 1,
    "sweep": {"max_mi": [0.1, 1], "min_hd": [0.1, 1], "seeds": [0], "iterations": 6},
    "variants": {"temperatures": [3], "seeds": [0]},
    "children": {"learning_rates": {"cifar10": [0.1], "cifar100": []}, "seeds": [0]},
    "trajectory": {"points": 3, "information_sample": 128, "final_sample": 128, "batch_size": 64},
}
PRUNING = {"sparsities": [0.8], "seeds": [0], "fine_tuning": {"iterations": 4, "learning_rate": 0.05}}
GROKKING = {"modulus": 7, "steps": 8, "seeds": [0], "trajectory": {"points": 3, "sample": 16, "batch_size": 8}}
COMPRESSION = {
    "datasets": ["fashion-mnist"],
    "networks": {"f_plus": {"channels": [4, 8, 12], "image_pooling": 1}},
    "train_per_class": 12,
    "test_per_class": 12,
    "epochs": 2,
    "stop_at_loss": None,
    "batch_size": 40,
    "information": {"every": 2, "per_class": 11, "sufficiency_epochs": 2, "minimality_epochs": 2, "batch_size": 40},
    "random_labels": {"train_per_class": 6, "epochs": 2},
    "toy": {
        "network": "f_plus",
        "channels": [4, 8, 3],
        "train_per_class": 10,
        "batch_size": 15,
        "epochs": 2,
        "shown_per_class": 4,
    },
}
ESTIMATORS = {"batch_sizes": [8, 64], "draws": 3}
CONNECTIVITY = {"points": 5, "test_sample": 100, "norm_sample": 100}
TRAINED = (("supervised", "cifar10/plain/seed0"),)
CHILDREN = (*TRAINED, ("supervised", "cifar10/child-lr0.1-b/seed0"))
CASES = {
    "plain": ("supervised", "cifar10/plain/seed0", ()),
    "temperature": ("supervised", "cifar10/temperature-3/seed0", ()),
    "max_mi": ("supervised", "cifar10/sweep/max_mi-0.1/seed0", ()),
    "min_hd": ("supervised", "cifar10/sweep/min_hd-0.1/seed0", ()),
    "grokking": ("grokking", "*", ()),
    "pruning": ("pruning", "cifar10/global-0.8/seed0", TRAINED),
    "estimators": ("estimators", "cifar10/seed0", TRAINED),
    "connectivity": ("connectivity", "cifar10/lr0.1/seed0", CHILDREN),
    "geometry": ("compression", "fashion-mnist/f_plus/seed0", ()),
    "random_labels": ("compression", "fashion-mnist/f_plus/random_labels/seed0", ()),
    "toy": ("compression", "*/toy", ()),
    "decoders": ("compression", "fashion-mnist/f_plus/information/seed0", ()),
}


@pytest.fixture(scope="module")
def setup(small_setup):
    """All protocols shrunk to a few steps, on digits; f- needs larger images."""
    shrunk = {"supervised": SUPERVISED, "pruning": PRUNING, "grokking": GROKKING, "compression": COMPRESSION}
    shrunk |= {"estimators": ESTIMATORS, "connectivity": CONNECTIVITY}
    protocols = {name: small_setup(name, **changes).protocols[name] for name, changes in shrunk.items()}
    thesis = protocols["compression"]
    protocols["compression"] = thesis.model_copy(update={"networks": {"f_plus": thesis.networks["f_plus"]}})
    whole = small_setup("grokking")
    datasets = whole.mapping.datasets | {"fashion-mnist": whole.mapping.datasets["cifar10"]}
    mapping = whole.mapping.model_copy(update={"datasets": datasets})
    return replace(whole, mapping=mapping, protocols=whole.protocols | protocols)


@pytest.fixture(scope="module")
def reference(setup, do_in, tmp_path_factory):
    """What a case comes to on the CPU, and how far it moves when its weights are perturbed; each computed once."""
    found = {}

    def perturb(optimizer, group):
        draw = torch.Generator().manual_seed(0)
        parameters = list(group["params"])
        for parameter in parameters:
            sign = torch.randint(0, 2, parameter.shape, generator=draw) * 2.0 - 1
            parameter.data.mul_(1 + torch.finfo(parameter.dtype).eps * sign.to(parameter))
        add_parameters(optimizer, group | {"params": parameters})

    add_parameters = torch.optim.Optimizer.add_param_group

    def give(case):
        if case not in found:
            experiment, pattern, before = CASES[case]
            results = tmp_path_factory.mktemp(case)
            for name in before:
                do_in(setup, *name, results)
            copies = [shutil.copytree(results, tmp_path_factory.mktemp("copy") / name) for name in ("moved", "device")]
            (plain,) = do_in(setup, experiment, pattern, results)
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(torch.optim.Optimizer, "add_param_group", perturb)
                (moved,) = do_in(setup, experiment, pattern, copies[0])
            found[case] = (columns_of(plain), columns_of(moved), copies[1])
        return found[case]

    return give


def columns_of(record):
    """Metrics and trajectory as arrays, without the times."""
    columns = record.trajectory | {f"final {name}": [value] for name, value in record.metrics.items()}
    return {name: np.array(values) for name, values in columns.items() if not name.startswith("seconds")}


def tolerances(plain, moved):
    """The most that each column may differ by."""
    allowed = {}
    for name, values in plain.items():
        largest = np.nanmax(np.abs(values), initial=0)
        allowed[name] = ROUNDINGS * np.nanmax(np.abs(moved[name] - values), initial=0) + SUMS * max(1, largest)
        if "accuracy" in name or "lost" in name:
            allowed[name] += 2 / 60  # two images of the fewest that are counted
    return allowed


@pytest.mark.each_device
@pytest.mark.parametrize("case", CASES)
def test_the_cpu_and_the_device_agree(case, setup, do_in, reference, device):
    experiment, pattern, _ = CASES[case]
    plain, moved, results = reference(case)
    allowed = tolerances(plain, moved)
    (record,) = do_in(setup, experiment, pattern, results, device)
    found = columns_of(record)
    assert found.keys() == plain.keys()
    if device.type == "cpu":  # a run repeats itself exactly, and the tolerance is none that everything meets
        assert all(np.array_equal(found[name], plain[name], equal_nan=True) for name in plain)
        relative = [allowed[name] / max(1, np.nanmax(np.abs(values), initial=0)) for name, values in plain.items()]
        assert np.median(relative) < 0.002
        return
    assert record.provenance.device.startswith("cuda: ")
    assert all(np.array_equal(np.isnan(found[name]), np.isnan(values)) for name, values in plain.items())
    apart = {name: float(np.nanmax(np.abs(found[name] - values), initial=0)) for name, values in plain.items()}
    assert not {name: (gap, allowed[name]) for name, gap in apart.items() if gap > allowed[name]}


def test_a_run_goes_on_where_another_card_left_it(setup, do_in, tmp_path, monkeypatch):
    """A lock gives another card after an interruption; `cpu` and `cpu:0` stand for two cards of one machine."""
    save = Checkpoint.save

    def killed(self, state):
        save(self, state)
        raise KeyboardInterrupt

    monkeypatch.setattr(Checkpoint, "save", killed)
    with pytest.raises(KeyboardInterrupt):
        do_in(setup, "compression", "*/random_labels/seed0", tmp_path, "cpu")
    monkeypatch.undo()
    (record,) = do_in(setup, "compression", "*/random_labels/seed0", tmp_path, "cpu:0")
    assert record.provenance.sessions == 2
