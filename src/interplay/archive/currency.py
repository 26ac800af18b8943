"""Whether what was made still is what the plan would make now, and what it rests on that has changed since.

A fresh checkout has none of the notes that Snakemake keeps about the files that it made, and without them takes any
file for up to date. So what is published or restored is held against the plan here, record by record.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from interplay.protocols.catalogue import load_catalogue
from interplay.protocols.datasets import DATASETS
from interplay.protocols.experiments import AnyRun, experiments
from interplay.protocols.plan import Job, code_of, differs_from_plan
from interplay.protocols.setup import Setup
from interplay.protocols.sourced import differences, read_yaml
from interplay.protocols.weights import WEIGHTS
from interplay.records import Record, code_digest, module_digests, text_digest, visible_files
from interplay.records.identity import changes
from interplay.records.selection import folders_beside, record_files
from interplay.report.artifact_data import origins

TEMPLATES = Path(__file__).resolve().parents[1] / "report/templates"
# What figures, tables, verdicts and report are made from, besides the records, below the folder of configuration.
CONFIGURED = ("catalogue", "claims", "published", "documents.yaml", "coverage.yaml", "experiments", "tiers", "data")
# The modules that the rules of verdicts, headline metrics and the report name; exhibits name their own.
JUDGING = ("interplay.evidence", "interplay.evidence.verdicts", "interplay.evidence.headlines", "interplay.report")
AS_IS = "as published"


def changed_since(record: Record, setup: Setup, experiment: str, run: AnyRun, modules: Mapping[str, str]) -> list[str]:
    """What the plan has otherwise now than the record that was made of a run, one short line each; nothing if none.

    Args:
        record: of the run. Which kernels summed in which order, and whether a step was captured, it does not keep.
        setup: the plan is of.
        experiment: of the run.
        run: as planned now.
        modules: digests of the modules of the experiment's runs at the time, where known: names what changed.
    """
    lines = differs_from_plan(record, setup, experiment, run)
    for what, was, now in (
        ("tier", record.tier, setup.tier_name),
        ("data mapping", record.data_mapping, setup.data_name),
        ("seed", record.seed, run.seed),
    ):
        lines += [] if was == now else [f"{what}: {was} -> {now}"]
    planned = {key: value for key, value in run.settings.model_dump(mode="json").items() if value is not None}
    lines += differences({"settings": {key: record.settings.get(key) for key in planned}}, {"settings": planned})
    # A CPU computes in single precision whatever the tier says.
    precision = None if record.provenance.device.startswith("cuda") else "fp32"
    old, new = _conditions(record.overrides), _conditions(setup.conditions_of(experiment, run, precision))
    keys = [key for key in sorted({*old, *new}) if old.get(key) != new.get(key)]
    lines += [f"{key}: {old.get(key, AS_IS)} -> {new.get(key, AS_IS)}" for key in keys]
    for read, digest in record.provenance.data.items():
        pinned = _pins(read)
        if pinned and digest not in pinned:
            lines.append(f"data {read}: {digest} -> {' or '.join(pinned)}")
    code = code_of(experiment, run.settings.model_dump())
    if record.provenance.code_digest != code_digest(*code):
        current = module_digests(*code)
        known = {name: digest for name, digest in modules.items() if name in current}  # others are other runs' perhaps
        named = changes(_named(known), _named(current)) if known else []
        lines += named or [f"code of {code[0]} changed"]
    return list(dict.fromkeys(lines))


def _conditions(overrides: Iterable[str]) -> dict[str, str]:
    """What stands in no protocol, of a record's overrides: what was taken by its key, `weights.clip-rn50-openai`.

    The others are told by the protocol that the run followed; they name lists of seeds too, which decide no run.
    """
    pairs = (line.partition(": ") for line in overrides if line.startswith(("data.", "weights.", "compute.")))
    return {key: change.rpartition("-> ")[2] for key, _, change in pairs}


def decided_by(setup: Setup, job: Job) -> dict[str, str]:
    """Digests of what decides a job's results, as the plan has them now, by name; `plan` is all of it together."""
    contents = {f"input {name}": DATASETS[name].content for name in job.datasets}
    contents |= {f"input {name}": WEIGHTS[name].content for name in job.weights}
    compute = setup.tier.compute
    kept = {"precision": compute.precision, "deterministic": str(compute.deterministic), "capture": compute.capture}
    return {"plan": job.digest, **contents, **{f"compute.{key}": value for key, value in kept.items()}}


def judged_by(config: Path, folder: Path, records: Mapping[str, str]) -> dict[str, str]:
    """Digests of all that figures, tables, metrics, verdicts and report are made from, by name.

    Args:
        config: folder of the configuration.
        folder: of the results, of which those beside it count too, as they do for verdicts.
        records: SHA-256 of the records, by their path.
    """
    exhibits = load_catalogue(config).exhibits
    planned = [
        f"interplay.protocols.{name}" for name in experiments()
    ]  # tells how large a run is beside the published one
    modules = module_digests(*JUDGING, *planned, *(name for exhibit in exhibits for name in exhibit.code))
    inputs = {str(TEMPLATES.name): _digest_of(TEMPLATES)}
    inputs |= {f"config/{name}": _digest_of(config / name) for name in CONFIGURED}
    inputs |= {"data sets and weights": text_digest(json.dumps(origins(), sort_keys=True))}
    inputs |= {"results of other tiers": _digest_of_others(folder)}
    inputs |= {"records": text_digest("".join(f"{path}:{digest}\n" for path, digest in sorted(records.items())))}
    return {**_named(modules), **{f"input {name}": digest for name, digest in inputs.items()}}


def _named(modules: Mapping[str, str]) -> dict[str, str]:
    return {f"module {name}": digest for name, digest in modules.items()}


def _pins(read: str) -> list[str]:
    """What a split `<data set>/<split>` may decode to, or a set of weights be; nothing where that is not pinned."""
    name, _, split = read.partition("/")
    if name in WEIGHTS:
        return [pin.sha256[:16] for form in WEIGHTS[name].forms for pin in form.files.values()]
    if name in DATASETS and split in DATASETS[name].digests:
        return [DATASETS[name].digests[split]]
    return []


def _digest_of(path: Path) -> str:
    """Digest of a file, or of all files of a folder, by name and content; of YAML what it says, not how it looks."""
    files: Iterable[Path] = visible_files(path, "**/*") if path.is_dir() else [path] if path.is_file() else []
    return text_digest("".join(f"{one.relative_to(path.parent)}:{text_digest(_content(one))}\n" for one in files))


def _content(path: Path) -> bytes:
    return json.dumps(read_yaml(path), sort_keys=True).encode() if path.suffix == ".yaml" else path.read_bytes()


def _digest_of_others(folder: Path) -> str:
    """Digest of the records of all other results of the same root, on which claims are judged too."""
    root = folder.resolve().parent
    found = [path for other in folders_beside(folder) for path in record_files(other)]
    listed = (f"{path.relative_to(root)}:{text_digest(path.read_bytes())}\n" for path in sorted(found))
    return text_digest("".join(listed))
