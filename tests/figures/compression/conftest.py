"""Synthetic records of the thesis' experiment with plausible courses: two networks, two data sets, two seeds."""

import numpy as np
import pytest

NETWORKS = ("f_plus", "f_minus")
DATASETS = {"cifar10": "glyphs10", "fashion-mnist": "fashion-mnist"}
LAYERS = (1, 2, 3)
EPOCHS = 20


def courses(epochs, network, dataset, seed):
    """Accuracy, loss and collapse that look like those of a small CNN."""
    rng = np.random.default_rng(seed)
    t = np.arange(epochs + 1)
    hard = (dataset == "cifar10") + 0.5 * (network == "f_minus")
    train_loss = 2.3 * np.exp(-t / (3 + 2 * hard)) + 0.01
    test_loss = train_loss + (0.3 + 0.4 * hard) * (1 - np.exp(-t / 8)) + 0.02 * hard * t - 0.02
    columns = {
        "step": t,
        "train_loss": train_loss,
        "test_loss": test_loss,
        "train_accuracy": 1 - 0.9 * np.exp(-t / (2 + 2 * hard)),
        "test_accuracy": 0.95 - 0.15 * hard - 0.8 * np.exp(-t / (2 + hard)),
    }
    for layer in LAYERS:
        train = 30 * np.exp(-(0.2 + 1.2 * layer * (1 - np.exp(-t / 4)))) * (1 + 0.02 * rng.normal(size=len(t)))
        columns[f"collapse_train_l{layer}"] = train
        columns[f"collapse_test_l{layer}"] = train * (1.02 + 0.05 * layer * (1 - np.exp(-t / 6)))
        columns[f"collapse_train_drifting_l{layer}"] = train * (1 + 0.2 * np.exp(-t / 5) * layer)
        columns[f"collapse_train_drifting_l{layer}"][0] = np.nan
    for name in ("train_loss", "train_accuracy"):  # means over an epoch's batches: there are none before training
        columns[name][0] = np.nan
    return columns


def information(epochs, network, dataset, seed, classes=10):
    """V-information that saturates below and grows above; as defined at every second epoch only."""
    t = np.arange(epochs + 1)
    most = np.log2(classes)
    columns = {"step": t}
    for split, factor in (("train", 1.0), ("test", 0.85)):
        for layer in (0, *LAYERS):
            grown = most * (1 - np.exp(-(t + 2) / (1 + 3 * layer)))
            columns[f"sufficiency_{split}_l{layer}"] = np.minimum(grown * (factor if layer == 3 else 1), most)
            coded = most * np.array([0.99, 0.97, 0.6, 0.1])[layer] * (1 + 0.02 * np.sin(t))
            columns[f"minimality_{split}_l{layer}"] = np.minimum(coded, most)
            columns[f"minimality_given_label_{split}_l{layer}"] = np.where(t % 2, np.nan, np.minimum(0.9 * coded, most))
    columns["seconds_gradient_steps"] = np.where(t, 4.0, 0.0)
    columns["seconds_test_pass"] = np.full(len(t), 2.0)
    columns["seconds_sufficiency_and_minimality"] = np.where(t % 2, np.nan, 80.0)
    return columns


def collapse_3d(samples=40):
    """Samples, class means and weights of three classes: a loose cloud first, a regular triangle then."""
    rng = np.random.default_rng(0)
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    corners = np.array([[np.cos(a), np.sin(a), 0.0] for a in (0.0, 2 * np.pi / 3, 4 * np.pi / 3)]) @ turn
    rows = []
    for state, scale, noise, error in (("start", 0.2, 0.3, 1.0), ("end", 5.0, 0.4, 0.05)):
        for label in range(3):
            means = scale * corners[label] + 1
            points = [("sample", means + noise * rng.normal(size=3)) for _ in range(samples)]
            points += [("class_mean", means), ("weight", corners[label] + error * rng.normal(size=3))]
            rows += [
                {"state": state, "kind": kind, "label": label, **dict(zip("xyz", map(float, point), strict=True))}
                for kind, point in points
            ]
    return rows


def as_lists(columns):
    return {name: np.asarray(values, dtype=float).tolist() for name, values in columns.items()}


def operations(network, image):
    """Those of f+ and f-, as a run records them; parameters are made up."""
    channels, height, width = image
    share, pool, kernel = (1, 2, 3) if network == "f_plus" else (4, 3, 5)
    rows = [("input", 0, 0, height, width, channels)]
    for layer, wide in zip(LAYERS, (64, 128, 256), strict=True):
        if network == "f_plus":
            rows.append(("residual", layer, kernel, height, width, channels))
        channels = wide // share
        rows.append(("convolution", layer, kernel, height, width, channels))
        height, width = height // pool, width // pool
        rows.append(("pooling", layer, pool, height, width, channels))
    if height > 1:
        rows.append(("pooling", 4, height, 1, 1, channels))
    rows.append(("linear", 4, 0, 1, 1, 10))
    names = ("operation", "layer", "kernel", "height", "width", "channels")
    return [dict(zip(names, row, strict=True)) | {"parameters": 100 * row[2]} for row in rows]


TRAJECTORIES = {"": courses, "random_labels": courses, "information": information}
PROTOCOL = {"stop_at_loss": 0.02, "train_per_class": 100, "information": {"per_class": 125}}


@pytest.fixture
def run_of(make_record):
    """A record of one scenario; `part` is '' for geometry, or one of the others."""

    def make(network="f_plus", dataset="cifar10", seed=0, part="", epochs=EPOCHS, **changes):
        image = (3, 32, 32) if dataset == "cifar10" else (1, 28, 28)
        rows = operations(network, image)
        tables = {"collapse_3d": collapse_3d()} if part == "toy" else {"operations": rows}
        content = {
            "experiment": "compression",
            "run": "/".join([dataset, network, *([part] if part else []), f"seed{seed}"]),
            "dataset": dataset,
            "dataset_used": None if part == "architecture" else DATASETS[dataset],
            "seed": seed,
            "protocol": PROTOCOL,
            "settings": {"network": network, "part": part or "geometry", "variant": None, "num_classes": 10},
            "overrides": ["train_per_class: 1000 -> 100"],
            "trajectory": as_lists(TRAJECTORIES[part](epochs, network, dataset, seed)) if part in TRAJECTORIES else {},
            "tables": tables,
        }
        if part == "architecture":
            content["run"] = f"{dataset}/{network}/architecture"
        return make_record(**(content | changes))

    return make


@pytest.fixture
def scenarios(run_of):
    """Records of all four scenarios with two seeds, of one part; every seed ends two epochs before the last one."""

    def make(part="", networks=NETWORKS, seeds=2, **changes):
        return [
            run_of(network, dataset, seed, part, EPOCHS - 2 * seed, **changes)
            for network in networks
            for dataset in DATASETS
            for seed in range(1 if part == "architecture" else seeds)
        ]

    return make
