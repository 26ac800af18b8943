"""The RO-Crate of an archive: data, code, runs, verdicts and licences, described so that programs can read it.

Every run is a `CreateAction`, a verdict is a `ClaimReview`: what was found on a claim, in our words, by rules that were
written down; nothing more. Nobody is named as the agent of a run, since records name nobody.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from rocrate.model.contextentity import ContextEntity
from rocrate.model.entity import Entity
from rocrate.rocrate import ROCrate

from interplay import __version__
from interplay.evidence.verdicts import Verdict
from interplay.protocols.assets import Asset, HttpSource, Pinned
from interplay.protocols.datasets import DATASETS
from interplay.protocols.weights import WEIGHTS
from interplay.records import Record

VERSION = "1.2"  # of RO-Crate
KINDS = {
    "json": "application/json",
    "csv": "text/csv",
    "md": "text/markdown",
    "tex": "application/x-tex",
    "svg": "image/svg+xml",
    "pdf": "application/pdf",
    "png": "image/png",
    "html": "text/html",
    "yaml": "application/yaml",
}


def describe_crate(
    title: str,
    folder: str,
    files: Mapping[str, tuple[int, str]],
    records: Sequence[Record],
    verdicts: Sequence[Verdict],
) -> bytes:
    """The content of `ro-crate-metadata.json`.

    Args:
        title: of the archive.
        folder: of the results in the archive.
        files: size in bytes and SHA-256 of every file of the archive, by path.
        records: of all runs in it.
        verdicts: of all claims.
    """
    crate = ROCrate(version=VERSION)
    ends = sorted(_ended(record) for record in records)
    crate.name = title
    crate.description = (
        "Records of runs, and the figures, tables, verdicts and report made from them, with the protocols that were "
        "followed, the packages that were used and the pins of the data that were read."
    )
    crate.datePublished = ends[-1]  # of the last run: the same content gives the same bytes
    crate.root_dataset["version"] = __version__
    parts = {path: _file(crate, path, size, sha256) for path, (size, sha256) in files.items()}
    crate.license = parts["LICENSE"]
    code = {state: _code(crate, *state, records) for state in sorted({_state(record) for record in records})}
    data = _data(crate, records)
    runs = []
    for record in records:
        inputs = [
            data[name] for name in sorted({read.partition("/")[0] for read in record.provenance.data} & set(data))
        ]
        protocol = parts.get(f"config/experiments/{record.experiment}.yaml")
        started = record.provenance.started
        run = crate.add(
            ContextEntity(
                crate,
                f"#run/{record.name}",
                properties={
                    "@type": "CreateAction",
                    "name": record.name,
                    "startTime": started,
                    "endTime": _ended(record),
                    "description": f"{record.tier} tier, {record.data_mapping} data, on {record.provenance.device}",
                },
            )
        )
        run["instrument"] = code[_state(record)]
        run["object"] = inputs + ([protocol] if protocol is not None else [])
        run["result"] = [parts[f"{folder}/records/{record.name}.json"]]
        runs.append(run)
    crate.root_dataset["mentions"] = runs + _reviews(crate, folder, verdicts, parts)
    content = crate.metadata.generate()
    content["@graph"] = sorted(content["@graph"], key=lambda entity: str(entity["@id"]))
    return (json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _ended(record: Record) -> str:
    started = datetime.fromisoformat(record.provenance.started)
    return (started + timedelta(seconds=record.provenance.wall_seconds)).astimezone(UTC).isoformat(timespec="seconds")


def _file(crate: ROCrate, path: str, size: int, sha256: str) -> Entity:
    properties = {"name": path, "contentSize": str(size), "sha256": sha256}
    kind = KINDS.get(path.rpartition(".")[2])
    return crate.add_file(dest_path=path, properties=properties | ({"encodingFormat": kind} if kind else {}))


def _state(record: Record) -> tuple[str, bool]:
    """The commit that made a record, and whether there were uncommitted changes."""
    return record.provenance.git_commit, record.provenance.git_dirty


def _code(crate: ROCrate, commit: str, dirty: bool, records: Iterable[Record]) -> Entity:
    made = [one.provenance.packages.get("interplay") for one in records if _state(one) == (commit, dirty)]
    changed = " with uncommitted changes" if dirty else ""
    properties = {
        "@type": "SoftwareApplication",
        "name": "interplay",
        "version": ", ".join(sorted({version for version in made if version})) or commit,
        "identifier": f"{commit}{changed}",
        "description": f"The package interplay at commit {commit}{changed}.",
    }
    return crate.add(ContextEntity(crate, f"#code/{commit}{'-dirty' if dirty else ''}", properties=properties))


def _data(crate: ROCrate, records: Iterable[Record]) -> dict[str, Entity]:
    """Every data set and set of weights that was read, with its sources, licence and hashes, by name."""
    known: dict[str, Asset] = {**DATASETS, **WEIGHTS}
    read = {one.partition("/")[0] for record in records for one in record.provenance.data}
    found: dict[str, Entity] = {}
    for name in sorted(read & set(known)):
        info = known[name]
        licence = _named(crate, "CreativeWork", f"#licence/{name}", f"Licence of {info.title}: {info.licence}")
        forms: Iterable[Pinned | None] = WEIGHTS[name].forms if name in WEIGHTS else (DATASETS[name].pinned,)
        files = [_pinned(crate, name, file, form) for form in forms if form is not None for file in form.files]
        digests = {} if name in WEIGHTS else DATASETS[name].digests
        properties = {
            "@type": "Dataset",
            "name": info.title,
            "description": info.description,
            "creditText": info.citation,
            "identifier": [f"{split}: {digest}" for split, digest in sorted(digests.items())] or name,
        }
        entity = crate.add(ContextEntity(crate, f"#data/{name}", properties=properties))
        entity["license"] = licence
        entity["hasPart"] = files
        found[name] = entity
    return found


def _pinned(crate: ROCrate, name: str, file: str, form: Pinned) -> Entity:
    pin = form.files[file]
    urls = [source.url_of(file) for source in form.sources if isinstance(source, HttpSource)]
    properties = {"@type": "File", "name": file, "contentSize": str(pin.size), "sha256": pin.sha256, "contentUrl": urls}
    return crate.add(ContextEntity(crate, f"#data/{name}/{file}", properties=properties))


def _named(crate: ROCrate, kind: str, identifier: str, name: str) -> Entity:
    return crate.add(ContextEntity(crate, identifier, properties={"@type": kind, "name": name}))


def _reviews(crate: ROCrate, folder: str, verdicts: Sequence[Verdict], parts: Mapping[str, Entity]) -> list[Entity]:
    words = {one.verdict: f"#verdict/{one.verdict.replace(' ', '-')}" for one in verdicts}
    ratings = {
        word: crate.add(ContextEntity(crate, at, properties={"@type": "Rating", "name": word, "ratingValue": word}))
        for word, at in sorted(words.items())
    }
    found = []
    for verdict in verdicts:
        used = [f"{folder}/records/{record.name}.json" for record in verdict.rung.records]
        own = verdict.rung.level == folder.rpartition("/")[2]
        properties = {
            "@type": "ClaimReview",
            "name": verdict.id,
            "claimReviewed": verdict.statement,
            "reviewBody": verdict.rung.sentence,
        }
        review = crate.add(ContextEntity(crate, f"#claim/{verdict.id}", properties=properties))
        review["reviewRating"] = ratings[verdict.verdict]
        based = [parts[path] for path in used if own and path in parts]
        review["isBasedOn"] = based or [parts[f"{folder}/verdicts.json"]]
        found.append(review)
    return found
