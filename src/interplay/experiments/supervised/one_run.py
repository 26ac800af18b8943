"""One supervised run, from its protocol to its result."""

from __future__ import annotations

from dataclasses import replace
from math import nan
from time import perf_counter
from typing import Any

import torch

from interplay.collapse import neural_collapse
from interplay.data.images import Images, load_splits
from interplay.experiments.context import Context, Result
from interplay.experiments.weight_selection import select_weight
from interplay.information import gram_matrix, neural_collapse_values
from interplay.protocols.supervised import SupervisedProtocol
from interplay.protocols.supervised.runs import SupervisedRun
from interplay.training import SupervisedTask, build_network, evaluate, information_metrics, log_steps, run_loop


def run(protocol: SupervisedProtocol, run: SupervisedRun, context: Context) -> Result:
    """Train one network and read its trajectory.

    A run of the sweep trains on the training data less a validation split and reads accuracy on that split. Any other
    run trains on all training data and reads the test set; the weight of its objective comes from the records of the
    sweep.
    """
    assert run.dataset is not None and context.substitute is not None
    sweeping = run.settings.split == "validation"
    settings: dict[str, Any] = {}
    tables: dict[str, list[dict[str, Any]]] = {}
    weight = run.settings.weight
    if weight is None:
        weight, tables["sweep"] = select_weight(context.earlier)
    settings["weight"] = weight or 0.0

    splits = load_splits(
        context.substitute.use,
        context.data_root,
        context.device,
        pooling=protocol.image_pooling,
        train_sample=protocol.train_sample,
        validation_fraction=protocol.sweep.validation_fraction if sweeping else None,
    )
    settings["num_classes"] = splits.train.num_classes
    held_out = splits.held_out if sweeping else splits.held_out.sample(protocol.test_sample)
    flip = context.substitute.horizontal_flip
    task = SupervisedTask(
        protocol,
        build_network(
            protocol,
            run.dataset,
            in_channels=splits.train.image_shape[0],
            num_classes=splits.train.num_classes,
            seed=run.seed,
        ),
        splits.train,
        held_out,
        sample=held_out.sample(protocol.trajectory.information_sample),
        held_out_name="validation" if sweeping else "test",
        objective=run.settings.objective,
        weight=settings["weight"],
        temperature=protocol.temperature,
        label_smoothing=protocol.label_smoothing,
        child=run.settings.child,
        flip=protocol.augmentation.horizontal_flip if flip is None else flip,
        seed=run.seed,
        compute=context.compute,
    )
    # A candidate of the sweep is judged once, at its end.
    observe_at = [protocol.iterations] if sweeping else log_steps(protocol.trajectory.points, protocol.iterations)
    result = run_loop(
        task, protocol.iterations, observe_at, context.checkpoint, protocol.checkpoint_every, context.report
    )
    clock = perf_counter()
    tables["gram_example"] = gram_example(task, held_out)
    settings["num_features"] = task.network.head.in_features
    found = Result(
        metrics=_final_metrics(task, result.trajectory),
        trajectory=result.trajectory,
        tables=tables,
        settings=settings,
        data=splits.digests,
        sessions=result.sessions,
        model=dict(task.network.state_dict()) if run.keeps_model else None,
    )
    evaluation = perf_counter() - clock
    seconds = {"training": result.training_seconds, "logging": result.logging_seconds, "evaluation": evaluation}
    return replace(found, seconds=seconds)


def _final_metrics(task: SupervisedTask, columns: dict[str, list[float]]) -> dict[str, float]:
    """Accuracy and loss over the held-out set as last read; information, its chance level and NC1-NC4 over a sample.

    `best_<split>_accuracy` is the best along the trajectory, end included, always over the same images: what the
    reference code reports. Shares of the value at neural collapse let data sets of different C be judged by one bound.
    """
    name, held_out, head = task.held_out_name, task.held_out, task.network.head
    metrics = {key: columns[key][-1] for key in (f"{name}_accuracy", f"{name}_loss")}
    metrics[f"best_{name}_accuracy"] = max(columns[f"{name}_accuracy"])

    trajectory = task.protocol.trajectory
    sample = held_out.sample(trajectory.final_sample)
    features, _ = evaluate(task.network, sample.images)
    metrics |= information_metrics(features, sample.labels, head.weight, trajectory.batch_size, chance=True)
    collapse = neural_collapse(features, sample.labels, head.weight, head_bias=head.bias)
    metrics |= {key: float(getattr(collapse, key)) for key in ("nc1", "nc2", "nc3", "nc4")}

    theory = neural_collapse_values(held_out.num_classes)
    for key in ("feature_entropy", "head_weights_entropy"):
        metrics[f"{key}_share_at_start"] = columns[key][0] / theory.entropy if columns["step"][0] == 0 else nan
        metrics[f"{key}_share"] = metrics[key] / theory.entropy
    return metrics | {"mir_share": metrics["mir"] / theory.mir}


def gram_example(task: SupervisedTask, held_out: Images, classes: int = 3, each: int = 3) -> list[dict[str, Any]]:
    """Gram matrices of features and of class vectors of a few samples, entry by entry, for a figure (metrics24 Fig. 1).

    The first `each` held-out samples of the first `classes` classes, ordered by class.
    """
    chosen = torch.cat([(held_out.labels == label).nonzero()[:each, 0] for label in range(classes)])
    labels = held_out.labels[chosen]
    features, _ = evaluate(task.network, held_out.images[chosen])
    with torch.no_grad():
        of_features, of_head = gram_matrix(features), gram_matrix(task.network.head.weight[labels])
    pairs = torch.cartesian_prod(torch.arange(len(chosen)), torch.arange(len(chosen))).tolist()
    return [
        {
            "row": row,
            "column": column,
            "label": int(labels[row]),
            "features": float(of_features[row, column]),
            "head": float(of_head[row, column]),
        }
        for row, column in pairs
    ]
