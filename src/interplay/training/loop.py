"""The loop: steps, observations at given steps, checkpoints, exact resume. It knows nothing of any experiment."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Protocol

from interplay.training.checkpoint import Checkpoint
from interplay.training.divergence import check_finite, observe_finite
from interplay.training.trajectory import TrajectoryLog


class Task(Protocol):
    """What is trained. All of its state is in `state_dict`; randomness comes from the step's number alone."""

    def train_step(self, step: int) -> None:
        """Do step number `step`, counted from 0."""

    def observe(self, step: int) -> Mapping[str, float]:
        """Readings after `step` steps; must not change the state."""

    def state_dict(self) -> dict[str, Any]:
        """Everything that later steps depend on."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` gave."""


@dataclass(frozen=True)
class LoopResult:
    """The trajectory, and where the time went (seconds, over all sessions of a resumed run)."""

    trajectory: dict[str, list[float]]
    training_seconds: float
    logging_seconds: float
    sessions: int


def run_loop(
    task: Task,
    steps: int,
    observe_at: Sequence[int],
    checkpoint: Checkpoint | None = None,
    checkpoint_every: int = 1000,
    report: Callable[[int, Mapping[str, float]], None] | None = None,
    stop: Callable[[TrajectoryLog], bool] | None = None,
) -> LoopResult:
    """Train `task` for `steps` steps, from its checkpoint where there is one; fewer where `stop` says so.

    A run that was killed and started again gives the same trajectory, bit for bit on the CPU, as one that was not.

    Args:
        task: what to train.
        steps: how many steps in all.
        observe_at: numbers of finished steps after which to take readings (0 is before the first).
        checkpoint: where to keep the state; None keeps none.
        checkpoint_every: steps between checkpoints.
        report: called with each row of readings as it is taken.
        stop: asked after each step and its readings, and given the log, whose last row may be of an earlier step. The
            answer must follow from the log and the task's state alone, which a checkpoint keeps, so that a resumed run
            stops where the uninterrupted one does.

    Raises:
        InterplayError: training diverged (a loss or a reading is not finite), or the disk takes no checkpoint.
    """
    log = TrajectoryLog()
    done, training, logging, sessions = 0, 0.0, 0.0, 1
    if checkpoint is not None and (saved := checkpoint.load()) is not None:
        with checkpoint.restoring():
            task.load_state_dict(saved["task"])
        log.load_state_dict(saved["log"])
        done, training, logging = saved["done"], saved["training"], saved["logging"]
        sessions = saved["sessions"] + 1
        checkpoint.say(f"{checkpoint.name}: goes on from step {done}")
    due = set(observe_at)
    logged = {int(row["step"]) for row in log.state_dict()}
    while True:
        if done in due and done not in logged:
            started = perf_counter()
            readings = observe_finite(task.observe, done, log.state_dict(), task.state_dict)
            log.append(done, readings)
            logging += perf_counter() - started
            if report is not None:
                report(done, readings)
        if done >= steps or (done > 0 and stop is not None and stop(log)):
            break
        started = perf_counter()
        task.train_step(done)
        training += perf_counter() - started
        done += 1
        if checkpoint is not None and done % checkpoint_every == 0 and done < steps:
            checkpoint.save(
                {
                    "task": task.state_dict(),
                    "log": log.state_dict(),
                    "done": done,
                    "training": training,
                    "logging": logging,
                    "sessions": sessions,
                }
            )
    if done not in due:  # nobody has looked at the end
        check_finite(task.state_dict(), done, log.state_dict())
    return LoopResult(log.columns(), training, logging, sessions)
