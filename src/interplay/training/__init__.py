"""The training loop and what it needs: schedules, checkpoints, determinism, the trajectory log."""

from interplay.training.checkpoint import Checkpoint
from interplay.training.determinism import configure_torch, generator
from interplay.training.devices import Card, pick_device, release_devices, visible_cards
from interplay.training.loop import LoopResult, Task, run_loop
from interplay.training.readings import information_readings
from interplay.training.schedule import cosine_factor, log_steps, warmup_factor
from interplay.training.trajectory import TrajectoryLog

__all__ = [
    "Card",
    "Checkpoint",
    "LoopResult",
    "Task",
    "TrajectoryLog",
    "configure_torch",
    "cosine_factor",
    "generator",
    "information_readings",
    "log_steps",
    "pick_device",
    "release_devices",
    "run_loop",
    "visible_cards",
    "warmup_factor",
]
