"""One semi-supervised run, from its protocol to its result."""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter
from typing import Any

from interplay.collapse import neural_collapse
from interplay.data.semi_supervised import load_semi_supervised
from interplay.experiments.context import Context, Result
from interplay.experiments.semi_supervised.method import methods
from interplay.experiments.semi_supervised.task import SemiSupervisedTask
from interplay.experiments.weight_selection import select_weight
from interplay.protocols.semi_supervised import SemiSupervisedProtocol, SemiSupervisedRun
from interplay.training import evaluate, even_steps, information_metrics, run_loop


def run(protocol: SemiSupervisedProtocol, run: SemiSupervisedRun, context: Context) -> Result:
    """Train one method and read its trajectory.

    A run of the sweep holds out a validation split of the training data, which is then neither labelled nor unlabelled
    data. Any other run reads the test set; the weight of MAX MI and MIN HD comes from the records of the sweep.
    """
    assert run.dataset is not None and context.substitute is not None
    sweeping = run.settings.split == "validation"
    tables: dict[str, list[dict[str, Any]]] = {}
    weight = run.settings.weight
    if weight is None:
        own = [record for record in context.earlier if record.settings["method"] == run.settings.method]
        weight, tables["sweep"] = select_weight(own)

    splits = load_semi_supervised(
        context.substitute.use,
        context.data_root,
        context.device,
        pooling=protocol.image_pooling,
        num_labels=run.settings.labels,
        seed=run.seed,
        train_sample=protocol.train_sample,
        validation_fraction=protocol.sweep.validation_fraction if sweeping else None,
    )
    name = "validation" if sweeping else "test"
    held_out = splits.held_out if sweeping else splits.held_out.sample(protocol.test_sample)
    flip = context.substitute.horizontal_flip
    task = SemiSupervisedTask(
        protocol,
        methods()[run.settings.method],
        protocol.methods.of(run.settings.method),
        weight=weight,
        dataset=run.dataset,
        labelled=splits.labelled,
        unlabelled=splits.unlabelled,
        held_out=held_out,
        held_out_name=name,
        flip=protocol.views.horizontal_flip if flip is None else flip,
        seed=run.seed,
        compute=context.compute,
    )
    # A candidate of the sweep is judged once, at its end.
    observe_at = [protocol.iterations] if sweeping else even_steps(protocol.trajectory.points, protocol.iterations)
    result = run_loop(
        task, protocol.iterations, observe_at, context.checkpoint, protocol.checkpoint_every, context.report
    )
    clock = perf_counter()
    found = Result(
        metrics=_final_metrics(task, result.trajectory),
        trajectory=result.trajectory,
        tables=tables,
        settings={
            "weight": weight,
            "num_classes": splits.labelled.num_classes,
            "num_features": task.network.num_features,
            "unlabelled_samples": len(splits.unlabelled),
            "labelled_rule": splits.labelled_split.rule,
        },
        data=splits.digests,
        sessions=result.sessions,
    )
    evaluation = perf_counter() - clock
    seconds = {"training": result.training_seconds, "logging": result.logging_seconds, "evaluation": evaluation}
    return replace(found, seconds=seconds)


def _final_metrics(task: SemiSupervisedTask, columns: dict[str, list[float]]) -> dict[str, float]:
    """Readings of the averaged network at the end, and the best error along the trajectory.

    `best_<split>_error` is the lowest over all readings, end included: what the public code reports. `<split>_error` is
    the last one. Both are shares of the held-out images that are misclassified.
    """
    name = task.held_out_name
    last = {f"{name}_accuracy", f"{name}_error", f"{name}_loss", "unlabelled_accuracy", "mask_rate"}
    last |= {"pseudo_label_accuracy"} if task.unlabelled_sample is not None else set()
    metrics = {key: column[-1] for key, column in columns.items() if key in last}
    metrics[f"best_{name}_error"] = min(columns[f"{name}_error"])

    head, sample = task.network.head, task.information_sample
    features, _ = evaluate(task.network, sample.images)
    batch_size = task.protocol.trajectory.batch_size
    metrics |= information_metrics(features, sample.labels, head.weight, batch_size, chance=True)
    collapse = neural_collapse(features, sample.labels, head.weight, head_bias=head.bias)
    return metrics | {key: float(getattr(collapse, key)) for key in ("nc1", "nc2", "nc3", "nc4")}
