"""CoCoOp on the first half of the classes, read on both, over weights of the term (metrics24 Fig. 12, Table I)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean
from time import perf_counter
from typing import Any

from interplay.errors import InterplayError
from interplay.experiments.context import Context, Result
from interplay.experiments.cross_modal.features import Features, read_features, training_source
from interplay.experiments.cross_modal.prompts import ConditionalContext
from interplay.experiments.cross_modal.readings import Readings, joined_images, read_conditional
from interplay.experiments.cross_modal.sampling import draw_shots
from interplay.experiments.cross_modal.training import PromptTask, seconds_of_terms, train
from interplay.models.dual_encoder import load_clip
from interplay.protocols.cross_modal import CrossModalProtocol, CrossModalRun, Objective
from interplay.protocols.cross_modal.protocol import Sweep, base_classes

PLAIN = Objective(term="none", weight=0)


def run_base_to_new(protocol: CrossModalProtocol, run: CrossModalRun, context: Context) -> Result:
    """Train a context and a meta-net for each member and each weight of the sweep on the base classes.

    Members that descend the same objective are one training: they start from the same values and see the same images.
    """
    settings, shots = protocol.base_to_new, run.settings.shots
    assert run.dataset is not None and shots is not None and context.substitute is not None
    features = read_features(context, run.models[0])
    names, base = features.class_names, base_classes(len(features.class_names))
    if base == len(names):
        raise InterplayError(f"{run.dataset}: one class has no second half; take a data set of more")
    clip = load_clip(context.weights[run.weights[0]](), context.device)
    members = protocol.objectives("base_to_new", run.dataset, shots)
    trained = distinct([*members.values(), *swept(settings.sweep).values()])
    drawn = draw_shots(context.substitute.use, features.train_labels, shots, run.seed, names)
    chosen = drawn[features.train_labels.cpu()[drawn] < base]
    source, digests = training_source(
        protocol, context, clip, features, chosen, batch_size=settings.batch_size, seed=run.seed
    )
    prompts = ConditionalContext(
        clip,
        names[:base],
        members=len(trained),
        context=settings.context,
        reduction=settings.reduction,
        seed=run.seed,
    )
    task = PromptTask(
        protocol,
        prompts,
        source,
        trained,
        scale=clip.logit_scale,
        steps=protocol.steps("base_to_new", run.dataset, shots, base),
        epochs=protocol.epochs("base_to_new", run.dataset, shots),
        context=context,
    )
    result = train(task, protocol, [task.steps], context)

    clock = perf_counter()
    on_base = _read(protocol, features, prompts, len(trained), 0, base)
    on_new = _read(protocol, features, prompts.for_classes(names[base:]), len(trained), base, len(names))
    found = {name: _accuracies(on_base, on_new, place) for place, name in enumerate(trained)}
    similarities = joined_images(on_base, on_new)
    metrics = {
        "zero_shot_base_accuracy": features.record.metrics["zero_shot_base_accuracy"],
        "zero_shot_new_accuracy": features.record.metrics["zero_shot_new_accuracy"],
        "num_classes": float(len(names)),
    }
    for name, objective in members.items():
        place = list(trained).index(_key(objective))
        metrics |= {f"{kind}_{name}": value for kind, value in found[_key(objective)].items()}
        metrics |= {key: value for key, value in similarities.of(place, name).items() if not key.startswith("accuracy")}
    table = _sweep_table(settings.sweep, found)
    metrics |= _sweep_metrics(table, found[_key(PLAIN)]["new_accuracy"] if table else 0.0)
    evaluation = perf_counter() - clock
    term = seconds_of_terms(task) * task.steps
    return Result(
        metrics=metrics,
        tables={"sweep": table},
        settings={
            "num_classes": len(names),
            "steps": task.steps,
            "cma_weight": max(one.weight for one in members.values()),
            "trainings": len(trained),
        },
        data=digests,
        seconds={
            "training": max(0.0, result.training_seconds - term),
            "term": term,
            "logging": result.logging_seconds,
            "evaluation": evaluation,
        },
        sessions=result.sessions,
    )


def swept(sweep: Sweep) -> dict[tuple[str, float], Objective]:
    """The objective of each variant and weight."""
    return {
        (variant, weight): Objective.model_validate({"term": f"cma_{variant}", "weight": weight}) if weight else PLAIN
        for variant in sweep.variants
        for weight in sweep.weights
    }


def distinct(objectives: Sequence[Objective]) -> dict[str, Objective]:
    """Objectives by a name of their own, each once; cross-entropy alone, with which others compare, comes first."""
    return {_key(one): one for one in (PLAIN, *objectives)}


def _key(objective: Objective) -> str:
    """A term of weight 0 is none."""
    return f"{objective.term}_{objective.weight:g}" if objective.weight else "none"


def _read(
    protocol: CrossModalProtocol, features: Features, prompts: ConditionalContext, members: int, first: int, end: int
) -> tuple[Readings, int]:
    """Readings on the test images of the classes `first` to `end` - 1, among these, and how many images they are."""
    own = (features.test_labels >= first) & (features.test_labels < end)
    readings = read_conditional(
        features.test_features[own],
        features.test_labels[own] - first,
        prompts.class_vectors,
        members=members,
        num_classes=end - first,
        prompts_at_once=protocol.prompts_at_once,
    )
    return readings, int(own.sum())


def _accuracies(on_base: tuple[Readings, int], on_new: tuple[Readings, int], member: int) -> dict[str, float]:
    base, new = float(on_base[0].accuracy[member]), float(on_new[0].accuracy[member])
    mean = 2 * base * new / (base + new) if base + new else 0.0
    return {"base_accuracy": base, "new_accuracy": new, "harmonic_mean": mean}


def _sweep_table(sweep: Sweep, found: Mapping[str, Mapping[str, float]]) -> list[dict[str, Any]]:
    return [
        {"variant": variant, "weight": weight, **found[_key(objective)]}
        for (variant, weight), objective in swept(sweep).items()
    ]


def _sweep_metrics(table: Sequence[Mapping[str, Any]], plain: float) -> dict[str, float]:
    """New accuracy at each weight, the best weight (the mean of those that tie) and what it gains over CoCoOp."""
    metrics = {f"new_accuracy_{row['variant']}_{row['weight']:g}": row["new_accuracy"] for row in table}
    for variant in dict.fromkeys(row["variant"] for row in table):
        own = {row["weight"]: row["new_accuracy"] for row in table if row["variant"] == variant}
        best = max(own.values())
        metrics[f"best_weight_{variant}"] = fmean(weight for weight, value in own.items() if value == best)
        metrics[f"gain_of_best_{variant}"] = best - plain
    return metrics
