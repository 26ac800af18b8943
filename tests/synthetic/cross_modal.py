"""Synthetic records of cross-modal fine-tuning, named and filled as the protocol and the runs have them."""

import numpy as np

CLASSES = {  # of the published data sets
    "eurosat": 10,
    "oxford-pets": 37,
    "dtd": 47,
    "caltech101": 100,
    "fgvc-aircraft": 100,
    "food101": 101,
    "ucf101": 101,
    "flowers102": 102,
    "stanford-cars": 196,
    "sun397": 397,
    "imagenet": 1000,
}
WEIGHTS = tuple(index / 10 for index in range(11))
GAINS = {"coop": 0.0, "cocoop": 0.0, "vne": -0.01, "cma_released": 0.02, "cma_published": 0.005}
VARIANTS = ("published", "released")


def runs(make_record, *, datasets=tuple(CLASSES), seeds=(1, 2, 3), shots=(1, 2, 4, 8, 16), weights=WEIGHTS, used=None):
    """Zero-shot, few-shot and base-to-new runs: CMA as released is best by two points, VNE worst by one.

    The best weight falls with the number of classes. `used` maps data sets to those that were read.
    """
    records = []
    for place, dataset in enumerate(datasets):
        fields = {
            "experiment": "cross_modal",
            "dataset": dataset,
            "dataset_used": (used or {}).get(dataset, dataset),
        }
        zero = 0.4 + 0.03 * place
        classes = CLASSES[dataset]
        for seed in seeds:
            rng = np.random.default_rng([seed, place])
            records += [_few_shot(make_record, fields, classes, zero, seed, k, rng) for k in shots]
            records.append(_base_to_new(make_record, fields, classes, zero, seed, weights, rng))
    return records


def _few_shot(make_record, fields, classes, zero, seed, shots, rng):
    luck = 0.01 * rng.normal()
    metrics = {"zero_shot_accuracy": zero, "num_classes": float(classes)}
    for name in ("coop", "vne", "cma_published", "cma_released"):
        accuracy = zero + 0.04 * (np.log2(shots) - 1) + GAINS[name] + luck + 0.003 * rng.normal()
        metrics |= {
            f"accuracy_{name}": float(accuracy),
            f"train_accuracy_{name}": 0.9,
            f"class_similarity_{name}": float(0.25 + GAINS[name] + 0.002 * rng.normal()),
            f"overall_similarity_{name}": float(0.15 + GAINS[name] + 0.002 * rng.normal()),
            f"text_similarity_{name}": float(0.6 + 0.1 * (name == "vne") + 0.002 * rng.normal()),
        }
    drawn = fields["dataset"] == "eurosat" and shots == 16 and seed == 1
    return make_record(
        run=f"few_shot/{fields['dataset']}/shots{shots}/seed{seed}",
        seed=seed,
        settings={"kind": "few_shot", "network": "rn50", "shots": shots, "num_classes": classes},
        metrics=metrics,
        tables={"pipeline": _pipeline(rng)} if drawn else {},
        **fields,
    )


def _pipeline(rng):
    rows = []
    for name, spread in (("coop", 0.3), ("vne", 0.25), ("cma_published", 0.2), ("cma_released", 0.1)):
        for group in range(8):
            centre = np.array([np.cos(group), np.sin(group)])
            size = 2 + group % 3
            for place in range(size):
                first, second = centre + spread * rng.normal(size=2)
                rows.append(
                    {
                        "member": name,
                        "group": f"annual crop land {group}",
                        "modality": "image" if place else "text",
                        "first": float(first),
                        "second": float(second),
                        "entropy": spread * np.log(size),
                        "size": size,
                    }
                )
    return rows


def _base_to_new(make_record, fields, classes, zero, seed, weights, rng):
    luck = 0.01 * rng.normal()
    metrics = {
        "zero_shot_base_accuracy": zero + 0.05,
        "zero_shot_new_accuracy": zero + 0.06,
        "num_classes": float(classes),
    }
    plain = zero + 0.04 + luck
    for name in ("cocoop", "vne", "cma_published", "cma_released"):
        base, new = zero + 0.15 + luck + 0.003 * rng.normal(), plain + GAINS[name] + 0.003 * rng.normal()
        metrics |= {
            f"base_accuracy_{name}": float(base),
            f"new_accuracy_{name}": float(plain if name == "cocoop" else new),
            f"harmonic_mean_{name}": float(2 * base * new / (base + new)),
            f"class_similarity_{name}": float(0.25 + GAINS[name] + 0.002 * rng.normal()),
            f"overall_similarity_{name}": float(0.15 + GAINS[name] + 0.002 * rng.normal()),
            f"text_similarity_{name}": 0.6,
        }
    table = []
    for variant in VARIANTS:
        top = 1.2 - 0.35 * np.log10(classes) + (0.05 if variant == "published" else 0.0)
        own = {
            weight: float(plain + 0.05 * (1 - ((weight - top) / 0.4) ** 2 + ((0 - top) / 0.4) ** 2 - 1))
            if weight
            else float(plain)
            for weight in weights
        }
        own = {weight: value + (0.002 * rng.normal() if weight else 0.0) for weight, value in own.items()}
        best = max(own.values())
        metrics |= {f"new_accuracy_{variant}_{weight:g}": value for weight, value in own.items()}
        metrics[f"best_weight_{variant}"] = float(np.mean([w for w, value in own.items() if value == best]))
        metrics[f"gain_of_best_{variant}"] = best - own[0]
        table += [
            {"variant": variant, "weight": w, "base_accuracy": 0.8, "new_accuracy": value, "harmonic_mean": 0.7}
            for w, value in own.items()
        ]
    return make_record(
        run=f"base_to_new/{fields['dataset']}/seed{seed}",
        seed=seed,
        settings={"kind": "base_to_new", "network": "vit-b16", "shots": 16, "num_classes": classes},
        metrics=metrics,
        tables={"sweep": table},
        **fields,
    )
