"""One supervised run, from its protocol to its outcome."""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter
from typing import Any

from interplay.collapse import neural_collapse
from interplay.experiments.context import Context, Outcome
from interplay.experiments.supervised.images import Splits, load_splits
from interplay.experiments.supervised.selection import select_weight
from interplay.experiments.supervised.task import SupervisedTask, accuracy_and_loss, build_model
from interplay.protocols.experiments import Run
from interplay.protocols.supervised import SupervisedProtocol
from interplay.training import information_readings, log_steps, run_loop


def run(protocol: SupervisedProtocol, run: Run, context: Context) -> Outcome:
    """Train one network and read its trajectory.

    A run of the sweep trains on the training data less a validation split, for the sweep's number of iterations, and
    reads accuracy on that split. Any other run trains on all training data and reads the test set; the weight of its
    objective comes from the records of the sweep.
    """
    assert run.dataset is not None and run.dataset_used is not None and context.substitute is not None
    sweeping = run.settings["split"] == "validation"
    if sweeping:
        iterations = min(protocol.sweep.iterations, protocol.iterations)
        protocol = protocol.model_copy(update={"iterations": iterations})
    settings: dict[str, Any] = {}
    tables: dict[str, list[dict[str, Any]]] = {}
    weight = run.settings["weight"]
    if weight is None and run.settings["objective"] != "plain":
        weight, tables["sweep"] = select_weight(context.earlier)
    settings["weight"] = weight or 0.0

    splits = load_splits(
        run.dataset_used,
        context.data_root,
        context.device,
        pooling=protocol.image_pooling,
        train_sample=protocol.train_sample,
        validation_fraction=protocol.sweep.validation_fraction if sweeping else None,
    )
    settings["num_classes"] = splits.train.num_classes
    flip = context.substitute.horizontal_flip
    task = SupervisedTask(
        protocol,
        build_model(protocol, run.dataset, splits.train, run.seed),
        splits.train,
        splits.held_out.sample(protocol.trajectory.test_sample),
        held_out_name="validation" if sweeping else "test",
        objective=run.settings["objective"],
        weight=settings["weight"],
        flip=protocol.augmentation.horizontal_flip if flip is None else flip,
        seed=run.seed,
    )
    # A candidate of the sweep is judged once, at its end.
    observe_at = [protocol.iterations] if sweeping else log_steps(protocol.trajectory.points, protocol.iterations)
    result = run_loop(
        task, protocol.iterations, observe_at, context.checkpoint, protocol.checkpoint_every, context.report
    )
    clock = perf_counter()
    outcome = Outcome(
        metrics=_final_metrics(task, splits, result.trajectory),
        trajectory=result.trajectory,
        tables=tables,
        settings=settings,
        data=splits.digests,
        sessions=result.sessions,
        model=dict(task.network.state_dict()) if run.keeps_model else None,
    )
    evaluation = perf_counter() - clock
    seconds = {"training": result.training_seconds, "logging": result.logging_seconds, "evaluation": evaluation}
    return replace(outcome, seconds=seconds)


def _final_metrics(task: SupervisedTask, splits: Splits, columns: dict[str, list[float]]) -> dict[str, float]:
    """Accuracy, loss, information with its chance level and NC1-NC4 over the whole held-out set at the end.

    `best_<split>_accuracy` is the best along the trajectory, end included: what the reference code reports.
    """
    name, held_out, head = task.held_out_name, splits.held_out, task.network.head
    features, logits = task.evaluate(held_out.images)
    metrics = accuracy_and_loss(logits, held_out.labels, name)
    metrics[f"best_{name}_accuracy"] = max([metrics[f"{name}_accuracy"], *columns[f"{name}_accuracy"][:-1]])
    batch_size = task.protocol.trajectory.batch_size
    metrics |= information_readings(features, held_out.labels, head.weight, batch_size, chance=True)
    collapse = neural_collapse(features, held_out.labels, head.weight)
    return metrics | {key: float(getattr(collapse, key)) for key in ("nc1", "nc2", "nc3", "nc4")}
