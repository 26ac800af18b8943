"""Runs a list of runs in one process, resumes what was interrupted, and writes their records."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

import torch
from safetensors.torch import save_file

from interplay.errors import InterplayError
from interplay.experiments.context import Context, Outcome
from interplay.protocols.experiments import AnyRun
from interplay.protocols.plan import model_path, record_path, run_digest
from interplay.protocols.setup import Setup
from interplay.records import Record, code_digest, collect_provenance, read_record, text_digest, write_record
from interplay.training import Checkpoint, configure_torch

Say = Callable[[str], None]


def run_all(
    setup: Setup,
    experiment: str,
    runs: Iterable[AnyRun],
    *,
    results: Path,
    data_root: Path,
    device: torch.device,
    threads: int,
    say: Say = print,
) -> list[Path]:
    """Do `runs` one after the other and write their records below `results`.

    Finished runs of an interrupted job are kept outside the workflow's outputs until the whole job is done, so that
    starting it again does only what is missing.

    Returns:
        the paths of the records.
    """
    configure_torch(threads)
    module = importlib.import_module(f"interplay.experiments.{experiment}")
    kept: list[Path] = []
    written = []
    for run in runs:
        earlier = _earlier(run, results)
        inputs = "".join(record.model_dump_json() for record in earlier)
        identity = text_digest(run_digest(setup, experiment, run) + str(device) + inputs)
        stem = results / "checkpoints" / experiment / run.name
        finished = stem.with_name(f"{stem.name}.{identity}.json")
        final, weights = results / record_path(experiment, run.name), results / model_path(experiment, run.name)
        kept_weights = finished.with_suffix(".safetensors")
        if finished.is_file() and (kept_weights.is_file() or not run.keeps_model):
            say(f"{experiment}/{run.name}: done in an earlier session, taken over")
            record = read_record(finished)
        else:
            say(f"{experiment}/{run.name}: starts")
            checkpoint = Checkpoint(stem.with_suffix(".checkpoint"), identity)
            context = Context(
                device=device,
                data_root=data_root,
                substitute=setup.mapping.of(experiment).datasets[run.dataset] if run.dataset else None,
                earlier=earlier,
                checkpoint=checkpoint,
                models=_models(run, results),
                report=_reporter(f"{experiment}/{run.name}", say),
            )
            record, outcome = _run_one(setup, experiment, run, module.run, context, threads)
            if run.keeps_model and outcome.model is not None:
                kept_weights.parent.mkdir(parents=True, exist_ok=True)
                temporary = kept_weights.with_suffix(".part")
                save_file({name: tensor.contiguous().cpu() for name, tensor in outcome.model.items()}, temporary)
                temporary.replace(kept_weights)
            write_record(record, finished)
            checkpoint.remove()
        kept += [finished, kept_weights]
        if run.keeps_model:
            weights.parent.mkdir(parents=True, exist_ok=True)
            weights.unlink(missing_ok=True)
            weights.hardlink_to(kept_weights)
        write_record(record, final)
        written.append(final)
        say(f"{experiment}/{run.name}: done in {record.provenance.wall_seconds:.1f} s")
    for path in kept:
        path.unlink(missing_ok=True)
    return written


def _run_one(
    setup: Setup, experiment: str, run: AnyRun, body: Callable[..., Outcome], context: Context, threads: int
) -> tuple[Record, Outcome]:
    datasets = setup.mapping.of(experiment).datasets
    started, clock = datetime.now(UTC), perf_counter()
    outcome = body(run.protocol, run, context)
    provenance = collect_provenance(
        code=code_digest(f"interplay.experiments.{experiment}"),
        device=device_name(context.device),
        threads=threads,
        data=outcome.data,
        started=started,
        wall_seconds=perf_counter() - clock,
        seconds=outcome.seconds,
        sessions=outcome.sessions,
    )
    record = Record(
        experiment=experiment,
        run=run.name,
        tier=setup.tier_name,
        data_mapping=setup.data_name,
        dataset=run.dataset,
        dataset_used=datasets[run.dataset].use if run.dataset in run.reads and run.dataset else None,
        datasets={name: datasets[name].use for name in run.reads},
        seed=run.seed,
        protocol=run.protocol.model_dump(mode="json"),
        settings={**run.settings.model_dump(mode="json"), **outcome.settings},
        variation=run.variation(setup.protocols[experiment]),
        overrides=setup.overrides_of(experiment, run),
        operations=run.cost.operations,
        metrics=outcome.metrics,
        trajectory=outcome.trajectory,
        findings=outcome.findings,
        tables=outcome.tables,
        provenance=provenance,
    )
    return record, outcome


def _earlier(run: AnyRun, results: Path) -> list[Record]:
    """Records that the run depends on."""
    records = []
    for name in (*run.needs, *run.models):
        path = results / "records" / f"{name}.json"
        if not path.is_file():
            raise InterplayError(f"{run.name} needs {path}, which does not exist; run {name} first")
        records.append(read_record(path))
    return records


def _models(run: AnyRun, results: Path) -> dict[str, Path]:
    """Weights that the run reads, by the name of the run that trained them."""
    paths = {name: results / "models" / f"{name}.safetensors" for name in run.models}
    for name, path in paths.items():
        if not path.is_file():
            raise InterplayError(f"{run.name} needs {path}, which does not exist; run {name} first")
    return paths


def device_name(device: torch.device) -> str:
    """`cpu`, or the name of the accelerator."""
    return f"cuda: {torch.cuda.get_device_name(device)}" if device.type == "cuda" else device.type


def _reporter(name: str, say: Say) -> Callable[[int, Mapping[str, Any]], None]:
    def report(step: int, readings: Mapping[str, Any]) -> None:
        shown = [key for key in readings if key.endswith("accuracy") or key in {"mir", "hdr", "test_mir", "test_hdr"}]
        say(f"{name}: step {step}: " + ", ".join(f"{key} {readings[key]:.4f}" for key in shown))

    return report
