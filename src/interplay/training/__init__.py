"""The trainer and what it is made of: streams of batches, optimisers, averages, captured steps, checkpoints."""

from interplay.data.randomness import generator
from interplay.training.averaging import WeightAverage
from interplay.training.checkpoint import Checkpoint
from interplay.training.compute import Compute, configure_torch
from interplay.training.devices import Card, pick_device, release_devices, visible_cards
from interplay.training.evaluation import accuracy_and_loss, evaluate
from interplay.training.information_metrics import information_metrics, stopping_metrics
from interplay.training.learner import Learner, on_device
from interplay.training.loop import LoopResult, Task, run_loop
from interplay.training.optimizer import adamw, load_optimizer, parameter_groups, set_learning_rate, sgd
from interplay.training.schedule import cosine_factor, even_steps, log_steps, warmup_factor
from interplay.training.streams import Batch, Draws, EpochOrder, FileStream, Source, Stream
from interplay.training.supervised import SupervisedTask, build_network, wide_resnet
from interplay.training.trainer import Descent, State, Step, Trainer
from interplay.training.trajectory import TrajectoryLog

__all__ = [
    "Batch",
    "Card",
    "Checkpoint",
    "Compute",
    "Descent",
    "Draws",
    "EpochOrder",
    "FileStream",
    "Learner",
    "LoopResult",
    "Source",
    "State",
    "Step",
    "Stream",
    "SupervisedTask",
    "Task",
    "Trainer",
    "TrajectoryLog",
    "WeightAverage",
    "accuracy_and_loss",
    "adamw",
    "build_network",
    "configure_torch",
    "cosine_factor",
    "evaluate",
    "even_steps",
    "generator",
    "information_metrics",
    "load_optimizer",
    "log_steps",
    "on_device",
    "parameter_groups",
    "pick_device",
    "release_devices",
    "run_loop",
    "set_learning_rate",
    "sgd",
    "stopping_metrics",
    "visible_cards",
    "warmup_factor",
    "wide_resnet",
]
