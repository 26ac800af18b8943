"""Small synthetic records of every experiment that the figures draw: two data sets, two seeds, plausible shapes."""

import shutil

import numpy as np
import pytest
from matplotlib import pyplot as plt

from interplay.records import write_record

STEPS = [0.0, 1.0, 10.0, 100.0, 500.0, 1000.0]
SERIES = ("accuracy", "mir", "hdr", "mir_batch", "hdr_batch", "feature_entropy", "feature_entropy_batch")
NORMALISED = [f"{name}_batch_{kind}_norm" for name in ("mir", "hdr") for kind in ("batch", "layer")]
DATASETS = (("cifar10", "fashion-mnist", 10), ("cifar100", "glyphs100", 100))
BATCH = {"trajectory": {"batch_size": 64}}
VARIANTS = (  # name, smoothing, temperature, learning rate
    ("plain", 0.0, 1.0, 0.1),
    ("smoothing-0.1", 0.1, 1.0, 0.1),
    ("smoothing-0.4", 0.4, 1.0, 0.1),
    ("temperature-3", 0.0, 3.0, 0.1),
    ("child-lr0.01-a", 0.0, 1.0, 0.01),
)
RATES = {"cifar10": (0.1, 0.01, 0.001), "cifar100": (0.1,)}
WEIGHTS = [index / 10 for index in range(11)]
SPARSITIES = (0.5, 0.9, 0.95)
BATCH_SIZES = (8, 16, 32, 64, 128, 256)


def supervised_runs(make_record, dataset, used, classes, seed, rng):
    """Five configurations: plain, two levels of smoothing, a temperature, a lower learning rate."""
    grams = [
        {"row": i, "column": j, "label": i // 3, "features": float(i == j), "head": float(i // 3 == j // 3)}
        for i in range(9)
        for j in range(9)
    ]
    for number, (variant, smoothing, temperature, rate) in enumerate(VARIANTS):
        columns = {f"test_{name}": sorted(rng.random(len(STEPS))) for name in SERIES}
        columns |= {name: sorted(rng.random(len(STEPS))) for name in (*SERIES, *NORMALISED)}
        columns |= {
            "step": STEPS,
            "head_weights_entropy": [2.0] * len(STEPS),
            "stopping_loss": [2.3, 2.2, 1.5, 0.9, 0.8, 0.85],
            "stopping_mir": [0.3, 0.31, 0.4, 0.6, 0.65, 0.64],
            "stopping_hdr": [0.8, 0.7, 0.4, 0.1, 0.05, 0.06],
            "stopped_accuracy": [0.1, 0.15, 0.4, 0.8, 0.86, 0.88 + 0.01 * seed],
            "nc1": [50.0, 40.0, 20.0, 8.0, 6.0, 5.5],
        }
        yield make_record(
            run=f"{dataset}/{variant}/seed{seed}",
            dataset=dataset,
            dataset_used=used,
            seed=seed,
            settings={
                "objective": "plain",
                "num_classes": classes,
                "label_smoothing": smoothing,
                "temperature": temperature,
                "learning_rate": rate,
                "child": "a",
            },
            protocol=BATCH,
            trajectory=columns,
            metrics={
                "test_accuracy": 0.87 - 0.02 * number + 0.01 * seed,
                "mir": 0.60 + 0.1 * smoothing,
                "mir_batch": 0.66 + 0.1 * smoothing,
                "hdr": 0.04 + 0.02 * seed,
                "hdr_batch": 0.035 + 0.02 * seed,
                "nc1": 5.5 + seed + 2 * number,
            },
            tables={"gram_example": grams},
        )


def temperature_runs(make_record, dataset, used, classes, seed, rng):
    """Three temperatures, an embedding for two of them."""
    for temperature in (1.0, 3.0, 10.0):
        entropy = np.log(classes - 1) * (0.95 - 0.1 * np.log10(temperature))
        labels = rng.permutation(np.arange(5 * classes) % classes)
        centres = rng.normal(size=(classes, 2)) * 30
        points = (centres[labels] + rng.normal(size=(len(labels), 2)) * 6 / temperature).tolist()
        rows = [{"x": x, "y": y, "label": label} for (x, y), label in zip(points, labels.tolist(), strict=True)]
        yield make_record(
            experiment="temperature",
            run=f"{dataset}/t{temperature:g}/seed{seed}",
            dataset=dataset,
            dataset_used=used,
            seed=seed,
            settings={"temperature": temperature, "num_classes": classes, "clustering_sample": 2000, "batch_size": 64},
            protocol={"clustering_sample": 2000},
            metrics={
                "test_accuracy": 0.87 + 0.01 * seed,
                "feature_entropy": entropy + 0.02 * seed,
                "feature_entropy_batch": min(entropy, np.log(64)) - 0.1,
                "silhouette": 0.15 + 0.1 * np.log10(temperature) + 0.01 * seed,
                "davies_bouldin": 2.0 - 0.4 * np.log10(temperature) + 0.05 * seed,
            },
            tables={"tsne": rows} if temperature != 3 and seed == 0 else {},
        )


def connectivity_runs(make_record, dataset, used, classes, seed, rng):
    """A barrier at the highest rate that recomputed statistics halve; none at the lowest. Networks that start apart."""
    for rate in RATES[dataset]:
        for start in ("same", "different")[: 2 - seed]:  # the controls join neighbouring seeds, so they are one fewer
            depth = {0.1: 0.7, 0.01: 0.3, 0.001: 0.0}[rate] if start == "same" else 0.8
            yield connectivity_run(make_record, dataset, used, classes, seed, rate, start, depth)


def connectivity_run(make_record, dataset, used, classes, seed, rate, start, depth):
    """One pair of networks."""
    folder = "" if start == "same" else "other-initialisation/"
    rows = []
    for weight in WEIGHTS:
        for statistics, share in (("interpolated", 1.0), ("recomputed", 0.5)):
            dip = share * depth * (1 - (2 * weight - 1) ** 4)
            rows.append(
                {
                    "weight": weight,
                    "statistics": statistics,
                    "accuracy": 0.87 - dip + 0.01 * seed,
                    "loss": 0.4 + 3 * dip,
                    "mir": 0.6 - 0.3 * dip,
                    "mir_batch": 0.66 - 0.3 * dip,
                    "hdr": 0.05 + 0.5 * dip,
                    "hdr_batch": 0.04 + 0.5 * dip,
                    "feature_entropy": 2.0,
                    "feature_entropy_batch": 1.9,
                }
            )
    return make_record(
        experiment="connectivity",
        run=f"{folder}{dataset}/lr{rate:g}/seed{seed}",
        dataset=dataset,
        dataset_used=used,
        seed=seed,
        settings={"learning_rate": rate, "initialisation": start, "num_classes": classes, "test_sample": 1000},
        protocol={"batch_size": 64},
        metrics={
            "accuracy_barrier": depth + 0.02 * seed,
            "accuracy_barrier_recomputed": depth / 2,
            "loss_barrier": 3 * depth,
            "loss_barrier_recomputed": 1.5 * depth,
            "barrier_explained": 0.5 if depth else float("nan"),
            "distance": 1.2,
        },
        tables={"path": rows},
    )


def pruning_runs(make_record, dataset, used, classes, seed, rng):
    """Accuracy that falls by pruning and comes back by fine-tuning."""
    for sparsity in SPARSITIES:
        metrics = {
            "test_accuracy_before": 0.87 + 0.01 * seed,
            "test_accuracy_pruned": 0.87 - 0.8 * sparsity**4,
            "test_accuracy": 0.87 - 0.1 * sparsity**4 + 0.01 * seed,
        }
        for suffix in ("", "_batch"):
            metrics |= {
                f"mir_features_pruned{suffix}": 0.9 - 0.5 * sparsity**2,
                f"mir_features{suffix}": 0.9 - 0.2 * sparsity**2,
                f"mir_features_chance{suffix}": 0.2,
                f"hdr_features_pruned{suffix}": 0.3 * sparsity,
                f"hdr_features{suffix}": 0.1 * sparsity + 0.01 * seed,
                f"mir_head_before{suffix}": 0.6,
                f"hdr_head_before{suffix}": 0.05,
                f"mir_head_pruned{suffix}": 0.6 - 0.2 * sparsity**4,
                f"hdr_head_pruned{suffix}": 0.05 + 0.2 * sparsity**4,
                f"mir_head{suffix}": 0.58,
                f"hdr_head{suffix}": 0.06,
            }
        yield make_record(
            experiment="pruning",
            run=f"{dataset}/global-{sparsity:g}/seed{seed}",
            dataset=dataset,
            dataset_used=used,
            seed=seed,
            settings={"scope": "global", "sparsity": sparsity, "num_classes": classes, "joint_sample": 500},
            protocol={"batch_size": 64},
            metrics=metrics,
        )


def estimators_runs(make_record, dataset, used, classes, seed, rng):
    """Estimates that approach their exact values from the side on which batches lie."""
    exact = {"feature_entropy": 0.9 * np.log(classes), "mir": 0.6, "hdr": 0.05}
    rows, metrics = [], {}
    for quantity, value in exact.items():
        chance = {"feature_entropy": float("nan"), "mir": 0.05, "hdr": 0.05}[quantity]
        bias = -1.0 if quantity == "feature_entropy" else 1.0
        for size in BATCH_SIZES:
            rows.append(
                {
                    "quantity": quantity,
                    "batch_size": size,
                    "mean": value + bias * value * 4 / size,
                    "std": 0.3 * value / size**0.5,
                    "rmse": value * 4 / size,
                    "chance": chance + 0.3 * 8 / size,
                    "chance_std": 0.1 / size**0.5,
                    "exact": value,
                    "exact_chance": chance,
                }
            )
            metrics |= {
                f"{quantity}_bias_{size}": bias * value * 4 / size,
                f"{quantity}_std_{size}": 0.3 * value / size**0.5,
                f"{quantity}_rmse_{size}": value * 4 / size,
            }
        metrics[f"{quantity}_exact"] = value
        metrics[f"reliable_batch_{quantity}"] = {"feature_entropy": 64.0, "mir": 128.0, "hdr": float("nan")}[quantity]
    normalisations = [
        {"normalisation": kind, "state": state, "mir": mir + shift, "hdr": hdr + shift}
        for kind, shift in (("l2", 0.0), ("batch", 0.05), ("layer", 0.1))
        for state, mir, hdr in (("start", 0.3, 0.8), ("end", 0.6, 0.05))
    ]
    yield make_record(
        experiment="estimators",
        run=f"{dataset}/seed{seed}",
        dataset=dataset,
        dataset_used=used,
        seed=seed,
        settings={"num_classes": classes, "sample": 2000},
        protocol={"batch_sizes": list(BATCH_SIZES), "tolerance": 0.1},
        metrics=metrics,
        tables={"batches": rows, "normalisations": normalisations},
    )


LEARNERS = {  # method of semi-supervised learning: final error, MIR, HDR
    "labelled_only": (0.5, 0.4, 0.2),
    "fixmatch": (0.45, 0.45, 0.15),
    "freematch": (0.40, 0.45, 0.15),
    "max_mi": (0.38, 0.55, 0.14),
    "min_hd": (0.39, 0.46, 0.05),
    "freematch-decay0.001": (0.41, 0.45, 0.15),
}


def semi_supervised_runs(make_record, dataset, used, classes, seed, rng):
    """Five methods and a variant at one number of labels, and a candidate of the sweep, which reads no test images."""
    labels, points = 4 * classes, np.linspace(0, 1, len(STEPS))
    for folder, (error, mir, hdr) in LEARNERS.items():
        columns = {
            "test_error": (0.9 - (0.9 - error - 0.01 * seed) * points).tolist(),
            "mir": (0.3 + (mir - 0.3) * points).tolist(),
            "hdr": (0.8 - (0.8 - hdr) * points).tolist(),
        }
        if folder != "labelled_only":
            columns |= {name: [np.nan, *points[1:]] for name in ("mask_rate", "pseudo_label_accuracy")}
        yield make_record(
            experiment="semi_supervised",
            run=f"{dataset}/{labels}/{folder}/seed{seed}",
            dataset=dataset,
            dataset_used=used,
            seed=seed,
            settings={"method": folder.partition("-")[0], "labels": labels, "split": "test", "num_classes": classes},
            protocol=BATCH,
            trajectory=columns | {"step": STEPS},
        )
    yield make_record(
        experiment="semi_supervised",
        run=f"{dataset}/sweep/max_mi-0.1/seed{seed}",
        dataset=dataset,
        dataset_used=used,
        seed=seed,
        settings={"method": "max_mi", "labels": labels, "split": "validation", "num_classes": classes},
    )


def grokking_runs(make_record, seed, rng):
    """Train and test columns."""
    columns = {f"{split}_{name}": sorted(rng.random(len(STEPS))) for split in ("train", "test") for name in SERIES}
    yield make_record(
        experiment="grokking",
        run=f"modular-addition/seed{seed}",
        dataset=None,
        dataset_used=None,
        seed=seed,
        protocol={"modulus": 31, "train_fraction": 0.7} | BATCH,
        trajectory=columns | {"step": STEPS},
    )


def clip_pretraining_runs(make_record, seed, rng):
    """Readings on held-out pictures."""
    columns = {name: sorted(rng.random(len(STEPS))) for name in CLIP_SERIES}
    yield make_record(
        experiment="clip_pretraining",
        run=f"small/seed{seed}",
        dataset="captioned-pictures",
        dataset_used="captioned-pictures",
        seed=seed,
        settings={"captions": 2607, "words": 1617, "test_sample": 500},
        trajectory=columns | {"step": STEPS},
    )


CLIP_SERIES = ("train_loss", "test_loss", "test_retrieval_accuracy", "test_picture_retrieval_accuracy", "logit_scale")
MAKERS = (
    supervised_runs,
    temperature_runs,
    connectivity_runs,
    pruning_runs,
    estimators_runs,
    semi_supervised_runs,
)


CROSS_MODAL = ("eurosat", "oxford-pets", "dtd", "caltech101", "fgvc-aircraft", "food101")
CROSS_MODAL += ("ucf101", "flowers102", "stanford-cars", "sun397", "imagenet")


def write_all(make_record, cross_modal_runs, folder):
    """Write the records of every experiment below `folder`."""
    used = dict.fromkeys(CROSS_MODAL, "glyphs100")
    for record in cross_modal_runs(make_record, seeds=(1, 2), shots=(1, 4, 16), used=used):
        write_record(record, folder / "records" / record.experiment / f"{record.run}.json")
    rng = np.random.default_rng(0)
    for seed in (0, 1):
        records = [*grokking_runs(make_record, seed, rng), *clip_pretraining_runs(make_record, seed, rng)]
        for dataset, used, classes in DATASETS:
            for make in MAKERS:
                records += make(make_record, dataset, used, classes, seed, rng)
        for record in records:
            write_record(record, folder / "records" / record.experiment / f"{record.run}.json")


@pytest.fixture(autouse=True)
def closed():
    """No figure outlives its test."""
    yield
    plt.close("all")


@pytest.fixture(scope="session")
def written_once(tmp_path_factory):
    """Where the records are kept from one test to the next."""
    return tmp_path_factory.mktemp("figures")


@pytest.fixture
def results(tmp_path, written_once, make_record, cross_modal_runs):
    """Records of every experiment that the figures draw, with two data sets and two seeds; a copy for each test."""
    if not (written_once / "records").is_dir():
        write_all(make_record, cross_modal_runs, written_once)
    shutil.copytree(written_once, tmp_path, dirs_exist_ok=True)
    return tmp_path
