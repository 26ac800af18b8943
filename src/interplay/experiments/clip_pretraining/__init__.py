"""A small CLIP, of OpenCLIP's own classes, trained contrastively on pictures with captions.

It takes the place of the published weights where these are out of reach (metrics24 VII builds on them). Its tensors are
laid out as OpenAI's are, so that whoever reads them knows no difference.
"""

from __future__ import annotations

from interplay.data import load
from interplay.data.clip_images import as_clip_takes
from interplay.experiments.clip_pretraining.pretraining import Pretraining
from interplay.experiments.context import Context, Result
from interplay.protocols.clip_pretraining import ClipPretrainingProtocol, ClipPretrainingRun
from interplay.training import even_steps, run_loop


def run(protocol: ClipPretrainingProtocol, run: ClipPretrainingRun, context: Context) -> Result:
    """Train on pictures and captions; read loss and retrieval on held-out pictures. Metrics are the last readings."""
    assert context.substitute is not None
    size = protocol.image_encoder.image_size
    train, test = (
        as_clip_takes(load(context.substitute.use, split, context.data_root), size) for split in ("train", "test")
    )
    pretraining = Pretraining(protocol, run.seed, train, test, context.device, context.compute)
    result = run_loop(
        pretraining.trainer,
        protocol.steps,
        even_steps(protocol.trajectory.points, protocol.steps),
        context.checkpoint,
        protocol.checkpoint_every,
        context.report,
    )
    columns = result.trajectory
    return Result(
        metrics={name: values[-1] for name, values in columns.items() if name != "step"},
        trajectory=columns,
        settings={
            "captions": len(train.class_names),
            "words": len(pretraining.captions.vocabulary),
            "test_sample": len(pretraining.held_out),
        },
        seconds={"training": result.training_seconds, "logging": result.logging_seconds},
        data={train.name: train.digest, test.name: test.digest},
        model=pretraining.tensors(),
        sessions=result.sessions,
    )
