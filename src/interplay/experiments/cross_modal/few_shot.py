"""CoOp on a few images of each class, alone and with CMA or VNE: all members in one training (metrics24 Fig. 11)."""

from __future__ import annotations

from time import perf_counter

from interplay.experiments.context import Context, Result
from interplay.experiments.cross_modal.features import read_features, training_source
from interplay.experiments.cross_modal.pipeline import pipeline_table
from interplay.experiments.cross_modal.prompts import SharedContext
from interplay.experiments.cross_modal.readings import read_shared
from interplay.experiments.cross_modal.sampling import draw_shots
from interplay.experiments.cross_modal.training import PromptTask, seconds_of_terms, train
from interplay.models.dual_encoder import load_clip
from interplay.protocols.cross_modal import CrossModalProtocol, CrossModalRun
from interplay.training import even_steps


def run_few_shot(protocol: CrossModalProtocol, run: CrossModalRun, context: Context) -> Result:
    """Train one context for each member on the same images in the same order, and read them on the test images."""
    settings, shots = protocol.few_shot, run.settings.shots
    assert run.dataset is not None and shots is not None and context.substitute is not None
    features = read_features(context, run.models[0])
    names, device = features.class_names, context.device
    clip = load_clip(context.weights[run.weights[0]](), device)
    objectives = protocol.objectives("few_shot", run.dataset, shots)
    chosen = draw_shots(context.substitute.use, features.train_labels, shots, run.seed, names)
    source, digests = training_source(
        protocol, context, clip, features, chosen, batch_size=settings.batch_size, seed=run.seed
    )
    prompts = SharedContext(
        clip, names, members=len(objectives), tokens=settings.context_tokens, std=settings.init_std, seed=run.seed
    )

    def accuracies() -> dict[str, float]:
        found = read_shared(features.test_features, features.test_labels, prompts.class_vectors())
        return {f"accuracy_{name}": float(found.accuracy[member]) for member, name in enumerate(objectives)}

    task = PromptTask(
        protocol,
        prompts,
        source,
        objectives,
        scale=clip.logit_scale,
        steps=protocol.steps("few_shot", run.dataset, shots, len(names)),
        epochs=protocol.epochs("few_shot", run.dataset, shots),
        context=context,
        read=accuracies,
    )
    points = min(protocol.trajectory.points, task.steps)
    result = train(task, protocol, even_steps(points, task.steps), context)

    clock = perf_counter()
    vectors = prompts.class_vectors().detach()
    test = read_shared(features.test_features, features.test_labels, vectors)
    seen = read_shared(features.of(chosen), features.train_labels[chosen.to(device)], vectors)
    metrics = {
        "zero_shot_accuracy": features.record.metrics["zero_shot_accuracy"],
        "num_classes": float(len(names)),
    }
    for member, name in enumerate(objectives):
        metrics |= test.of(member, name) | {f"train_accuracy_{name}": float(seen.accuracy[member])}
    tables = {}
    if _is_drawn(protocol, run):
        batch = source.batch(task.steps - 1)
        tables["pipeline"] = pipeline_table(batch["feature"], batch["label"], vectors, list(objectives), names)
    evaluation = perf_counter() - clock
    term = seconds_of_terms(task) * task.steps
    return Result(
        metrics=metrics,
        trajectory=result.trajectory,
        tables=tables,
        settings={
            "num_classes": len(names),
            "steps": task.steps,
            "cma_weight": max(one.weight for one in objectives.values()),
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


def _is_drawn(protocol: CrossModalProtocol, run: CrossModalRun) -> bool:
    """One run of the data set with the fewest classes keeps a batch for the diagram (metrics24 Fig. 10)."""
    few = protocol.few_shot
    return (run.dataset, run.settings.shots, run.seed) == (protocol.datasets[0], max(few.shots), few.seeds[0])
