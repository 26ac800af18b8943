"""Grokking: a transformer learns modular addition and generalises long after it has memorised the training pairs.

Source: metrics24 VI-C and Fig. 9, interplay24 5.5 and Fig. 7.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from interplay.experiments.context import Context, Result
from interplay.models import ModularTransformer
from interplay.protocols.grokking import Grokked, GrokkingProtocol, GrokkingRun
from interplay.training import (
    Batch,
    Compute,
    Descent,
    Learner,
    State,
    Step,
    Trainer,
    TrajectoryLog,
    adamw,
    generator,
    information_metrics,
    log_steps,
    parameter_groups,
    run_loop,
    warmup_factor,
)


def run(protocol: GrokkingProtocol, run: GrokkingRun, context: Context) -> Result:
    """Train on `train_fraction` of all p^2 pairs, full batch; read accuracy, loss, MIR and HDR on both splits.

    Metrics are the last readings and those of `milestones`.
    """
    addition = _Addition(protocol, run.seed, context.device, context.compute)
    observe_at = log_steps(protocol.trajectory.points, protocol.steps)
    every = protocol.checkpoint_every
    # Asked after every step, answered by the logged ones alone: a run ends at a step that is in its trajectory.
    stop = (lambda log: has_grokked(log, protocol.grokked)) if protocol.grokked.ends_run else None
    result = run_loop(addition.trainer, protocol.steps, observe_at, context.checkpoint, every, context.report, stop)
    columns = result.trajectory
    last = {name: values[-1] for name, values in columns.items() if name != "step"}
    return Result(
        metrics=last | milestones(columns, protocol.grokked),
        trajectory=columns,
        seconds={"training": result.training_seconds, "logging": result.logging_seconds},
        sessions=result.sessions,
        model=addition.model.state_dict(),
    )


def has_grokked(log: TrajectoryLog, grokked: Grokked) -> bool:
    """Whether the last `grokked.readings` rows of the log all have the test accuracy that counts as generalised."""
    rows = log.latest(grokked.readings)
    return len(rows) == grokked.readings and all(row["test_accuracy"] >= grokked.accuracy for row in rows)


def milestones(columns: Mapping[str, Sequence[float]], grokked: Grokked) -> dict[str, float]:
    """When the training pairs were fitted and when the test pairs followed.

    Args:
        columns: the trajectory, with `step`, `train_accuracy`, `test_accuracy` and, where such pairs exist,
            `test_accuracy_unmirrored`.
        grokked: what counts.

    Returns:
        `steps`: done in all. `grokked`: 1 or 0. `steps_to_train`: first logged step with `grokked.accuracy` on the
        training pairs; `test_accuracy_at_train`, `test_accuracy_unmirrored_at_train`: on the test pairs then, and on
        those whose mirror image b + a is not a training pair. `steps_to_test`: first of the `grokked.readings` logged
        steps in a row with that accuracy on the test pairs. What never came to pass is left out.
    """
    steps = columns["step"]
    trained = _first_in_a_row(columns["train_accuracy"], grokked.accuracy, 1)
    tested = _first_in_a_row(columns["test_accuracy"], grokked.accuracy, grokked.readings)
    found = {"steps": steps[-1], "grokked": float(tested is not None)}
    if trained is not None:
        found["steps_to_train"] = steps[trained]
        at_train = [name for name in columns if name.startswith("test_accuracy")]
        found |= {f"{name}_at_train": columns[name][trained] for name in at_train}
    if tested is not None:
        found["steps_to_test"] = steps[tested]
    return found


def _first_in_a_row(values: Sequence[float], least: float, count: int) -> int | None:
    """Where the first `count` values in a row that are all at least `least` begin."""
    starts = range(len(values) - count + 1)
    return next((start for start in starts if min(values[start : start + count]) >= least), None)


class _Addition:
    """All pairs of numbers below p, split at random, the model that learns them, and its trainer."""

    def __init__(
        self, protocol: GrokkingProtocol, seed: int, device: torch.device, compute: Compute | None = None
    ) -> None:
        self.protocol = protocol
        p, shape = protocol.modulus, protocol.transformer
        pairs = torch.cartesian_prod(torch.arange(p), torch.arange(p))
        order = torch.randperm(len(pairs), generator=generator(seed, "split"))
        pairs = pairs[order].to(device)
        size = round(protocol.train_fraction * len(pairs))
        self.splits = {"train": pairs[:size], "test": pairs[size:]}
        # A network that has memorised a + b and takes its inputs in any order knows b + a: no sign of having understood
        # addition, so test pairs whose mirror image is not a training pair are counted apart.
        shown = pairs.new_zeros((p, p), dtype=torch.bool)
        shown[pairs[:size, 0], pairs[:size, 1]] = True
        self.unmirrored = ~shown[pairs[size:, 1], pairs[size:, 0]]  # [test pairs]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(generator(seed, "initialisation").initial_seed() % 2**63)
            model = ModularTransformer(p, shape.width, shape.heads, shape.head_width, shape.mlp_width)
        self.model = model.to(device)
        settings = protocol.optimizer
        learner = Learner(
            self.model,
            adamw(
                parameter_groups(self.model, settings.weight_decay, decay_norm_and_bias=True),
                settings.learning_rate,
                betas=(settings.beta1, settings.beta2),
            ),
            lambda step: settings.learning_rate * warmup_factor(step, settings.warmup_steps),
        )
        self.trainer = Trainer(
            learner, {}, Descent(self._descended), steps=protocol.steps, observe=self._read, compute=compute
        )

    def _descended(self, learner: Learner[ModularTransformer], batch: Batch, state: State) -> Step:
        """The loss over the full training split."""
        pairs = self.splits["train"]
        return Step(self._loss(learner.network(pairs), self._answers(pairs)))

    @torch.no_grad()
    def _read(self, step: int) -> Mapping[str, float]:
        """Accuracy and loss over all pairs of each split; information on the first `sample` (they are shuffled)."""
        readings: dict[str, float] = {}
        trajectory, head = self.protocol.trajectory, self.model.head_weights
        for name, pairs in self.splits.items():
            answers = self._answers(pairs)
            features = self.model.features(pairs)
            logits = features @ self.model.unembedding.T
            right = (logits.argmax(1) == answers).double()
            readings[f"{name}_accuracy"] = float(right.mean())
            if name == "test" and self.unmirrored.any():
                readings["test_accuracy_unmirrored"] = float(right[self.unmirrored].mean())
            readings[f"{name}_loss"] = float(self._loss(logits, answers))
            chosen = slice(0, trajectory.sample)
            information = information_metrics(features[chosen], answers[chosen], head, trajectory.batch_size)
            readings |= {f"{name}_{key}": value for key, value in information.items()}
        return readings

    def _answers(self, pairs: Tensor) -> Tensor:
        return pairs.sum(1) % self.protocol.modulus

    def _loss(self, logits: Tensor, answers: Tensor) -> Tensor:
        precision = torch.float64 if self.protocol.loss_precision == "float64" else torch.float32
        return functional.cross_entropy(logits.to(precision), answers)
