"""Runs a list of runs in one process, resumes what was interrupted, and writes their records."""

from __future__ import annotations

import gc
import importlib
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import torch
from safetensors.torch import save_file

from interplay.data.weights import load_weights, read_tensors
from interplay.errors import InterplayError
from interplay.experiments.context import Context, Result, Weights
from interplay.experiments.recording import recorded
from interplay.protocols.experiments import AnyRun
from interplay.protocols.plan import code_of, differs_from_plan, model_path, record_path, run_values
from interplay.protocols.setup import Setup
from interplay.records import (
    Record,
    code_digest,
    collect_provenance,
    module_digests,
    read_record,
    text_digest,
    write_record,
)
from interplay.records.identity import first_of, keep_run, make_identity, taken_over
from interplay.records.integrity import damage
from interplay.records.store import check_writable, link_or_copy, replacing, set_aside
from interplay.training import Checkpoint, Compute, configure_torch

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
    keep_checkpoints: bool = False,
) -> list[Path]:
    """Do `runs` one after the other and write their records below `results`.

    Finished runs of an interrupted job are kept outside the workflow's outputs until the whole job is done, so that
    starting it again does only what is missing. Where code, protocol, inputs or device changed meanwhile, `say` tells
    what and the run starts anew; with `keep_checkpoints` it goes on all the same, and its record says so.

    Returns:
        the paths of the records.
    """
    check_writable(results)
    wanted = setup.tier.compute
    compute = Compute(wanted.precision, wanted.deterministic, wanted.capture)
    configure_torch(threads, compute.on(device))
    module = importlib.import_module(f"interplay.experiments.{experiment}")
    kept: list[Path] = []
    written = []
    runs = list(runs)
    others = sorted({name.partition("/")[0] for run in runs for name in (*run.needs, *run.models)})
    planned = {f"{other}/{one.name}": (other, one) for other in others for one in setup.unfold(other)}
    for run in runs:
        earlier = [_earlier(run, name, results, setup, *planned[name]) for name in (*run.needs, *run.models)]
        name = f"{experiment}/{run.name}"
        identity = make_identity(
            module_digests(*code_of(experiment, run.settings.model_dump())),
            run_values(setup, experiment, run),
            {record.name: text_digest(record.model_dump_json()) for record in earlier},
            device.type,
        )
        stem = results / "checkpoints" / experiment / run.name
        finished = stem.with_name(f"{stem.name}.finished.json")
        kept_weights = finished.with_suffix(".safetensors")
        final, weights = results / record_path(experiment, run.name), results / model_path(experiment, run.name)
        record = None
        if not run.keeps_model or _whole(kept_weights, name, say):
            record = taken_over(finished, identity, name=name, say=say, keep=keep_checkpoints)
        if record is None:
            gc.collect()  # networks and data sets of the run before hang together in circles, and would pile up
            say(f"{name}: starts")
            path = stem.with_name(f"{stem.name}.checkpoint")
            checkpoint = Checkpoint(path, identity, name=name, say=say, keep=keep_checkpoints)
            loaded: dict[str, str] = {}
            context = Context(
                device=device,
                data_root=data_root,
                substitute=setup.mapping.of(experiment).datasets[run.dataset] if run.dataset else None,
                earlier=earlier,
                checkpoint=checkpoint,
                models=_models(run, results),
                weights=_weights(setup, run, results, data_root, loaded),
                compute=compute,
                report=_reporter(name, say),
            )
            try:
                record, result = _run_one(setup, experiment, run, module.run, context, threads, loaded)
            except InterplayError as error:
                raise error if name in str(error) else InterplayError(f"{name}: {error}") from error
            finished.unlink(missing_ok=True)  # an older one must not pass for the record of the new weights
            if run.keeps_model and result.model is not None:
                with replacing(kept_weights) as temporary:
                    save_file({key: tensor.contiguous().cpu() for key, tensor in result.model.items()}, temporary)
            keep_run(finished, identity, record)
            checkpoint.remove()
        kept += [one for path in (finished, kept_weights) for one in (path, path.with_name(f"{path.name}.unreadable"))]
        if run.keeps_model:
            link_or_copy(kept_weights, weights)
        write_record(record, final)
        written.append(final)
        say(f"{name}: done in {record.provenance.wall_seconds:.1f} s")
    for path in kept:
        path.unlink(missing_ok=True)
    return written


def _whole(kept_weights: Path, name: str, say: Say) -> bool:
    """Whether the weights of a finished run are there, as they were written."""
    if not kept_weights.is_file():
        return False
    if wrong := damage(kept_weights, thorough=True):
        aside = set_aside(kept_weights)
        say(f"{name}: {kept_weights} cannot be taken over: {wrong}; set aside as {aside.name}, starting anew")
    return not wrong


def _run_one(
    setup: Setup,
    experiment: str,
    run: AnyRun,
    body: Callable[..., Result],
    context: Context,
    threads: int,
    loaded: Mapping[str, str],
) -> tuple[Record, Result]:
    started, clock = datetime.now(UTC), perf_counter()
    result = body(run.protocol, run, context)
    provenance = collect_provenance(
        code=code_digest(*code_of(experiment, run.settings.model_dump())),
        device=device_name(context.device),
        threads=threads,
        data={**result.data, **loaded},
        started=started,
        wall_seconds=perf_counter() - clock,
        seconds=result.seconds,
        sessions=result.sessions,
        taken_over=context.checkpoint.taken_over,
    )
    record = recorded(
        setup,
        experiment,
        run,
        result,
        datasets=setup.mapping.of(experiment).datasets,
        overrides=setup.overrides_of(experiment, run, context.compute.on(context.device).precision),
        provenance=provenance,
    )
    return record, result


def _earlier(run: AnyRun, name: str, results: Path, setup: Setup, experiment: str, planned: AnyRun) -> Record:
    """The record `name` that the run depends on, of the run that the plan has there."""
    path = results / "records" / f"{name}.json"
    if not path.is_file():
        raise InterplayError(f"{run.name} needs {path}, which does not exist; run {name} first")
    record = read_record(path)
    if record.name != name:
        raise InterplayError(f"{path}: the record of {record.name}, a copy perhaps; run {name} again")
    # Its overrides count as this run's too, and are those of the plan.
    changed = differs_from_plan(record, setup, experiment, planned)
    if changed:
        raise InterplayError(f"{path}: made otherwise than is planned now ({first_of(changed)}); run {name} again")
    return record


def _models(run: AnyRun, results: Path) -> dict[str, Path]:
    """Weights that the run reads, by the name of the run that trained them."""
    paths = {name: results / "models" / f"{name}.safetensors" for name in run.models}
    for name, path in paths.items():
        if not path.is_file():
            raise InterplayError(f"{run.name} needs {path}, which does not exist; run {name} first")
        if wrong := damage(path, thorough=True):
            raise InterplayError(f"{path}: {wrong}; delete it and run {name} again")
    return paths


def _weights(
    setup: Setup, run: AnyRun, results: Path, data_root: Path, loaded: dict[str, str]
) -> dict[str, Callable[[], Weights]]:
    """How to load the published weights that the run reads: from the catalogue, or from a run that stands in.

    The digest of what is loaded from the catalogue goes into `loaded`, by name; a run that stands in has its record.
    """
    loaders: dict[str, Callable[[], Weights]] = {}
    for name in run.weights:
        substitute = setup.mapping.weights[name]
        if substitute.run is None:
            loaders[name] = partial(_of_catalogue, substitute.use, data_root, loaded)
        else:
            loaders[name] = partial(_left_by, results / model_path(*substitute.run))
    return loaders


def _of_catalogue(name: str, data_root: Path, loaded: dict[str, str]) -> Weights:
    tensors, digest = load_weights(name, data_root)
    loaded[name] = digest
    return tensors, digest


def _left_by(path: Path) -> Weights:
    return read_tensors(path), text_digest(path.read_bytes())


def device_name(device: torch.device) -> str:
    """`cpu`, or the name of the accelerator."""
    return f"cuda: {torch.cuda.get_device_name(device)}" if device.type == "cuda" else device.type


def _reporter(name: str, say: Say) -> Callable[[int, Mapping[str, Any]], None]:
    def report(step: int, readings: Mapping[str, Any]) -> None:
        known = {"mir", "hdr", "test_mir", "test_hdr"}
        shown = [key for key in readings if "accuracy" in key.split("_") or key in known]
        say(f"{name}: step {step}: " + ", ".join(f"{key} {readings[key]:.4f}" for key in shown))

    return report
