"""An undisturbed run of the workflow: what it made and when; to undo a part of it, and to compare another with it."""

from __future__ import annotations

import json
import re
import shutil
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from interplay.records.integrity import damage

NOTES = ".snakemake/metadata"
OUT = "results/smoke"
FINISHED = re.compile(r"^\[ *\d+/\d+\] (\w+) ", re.MULTILINE)
# Of a record's provenance: when it was made, how long that took, in how many sittings.
OF_THE_TIME = ("started", "wall_seconds", "seconds", "peak_memory_mib", "sessions")
# In stamps, which drawings bear in their metadata, and in verdicts: digests of the times too.
OF_RECORDS = re.compile(rb'(records |"digest": ")[0-9a-f]{16}')
SUFFIXES = (".json", ".safetensors", ".csv", ".md", ".tex", ".svg", ".pdf", ".png")
# Pages and logs tell times; data, caches and notes are no results.
COMPARED = ("records", "models", "figures", "tables", "metrics", "verdicts.json")


@dataclass(frozen=True)
class Reference:
    """What an undisturbed run made.

    Attributes:
        folder: the checkout in which it was made.
        rules: in the order in which they were done.
        ends: seconds from the start to the end of each.
        outputs: by rule, what Snakemake noted of each output: file of the note, output.
        seconds: that it took in all.
    """

    folder: Path
    rules: list[str]
    ends: dict[str, float]
    outputs: dict[str, list[tuple[Path, Path]]]
    seconds: float

    @classmethod
    def of(cls, folder: Path, began: float, text: str) -> Reference:
        """Read it off what a run that `began` then left in `folder` and printed."""
        outputs: dict[str, list[tuple[Path, Path]]] = {}
        ends: dict[str, float] = {}
        for path in (folder / NOTES).rglob("*"):
            if path.is_file():
                note = json.loads(path.read_text())
                name = path.relative_to(folder / NOTES).as_posix().replace("/", "").replace("@", "")
                output = Path(urlsafe_b64decode(name).decode())
                outputs.setdefault(note["rule"], []).append((path.relative_to(folder), output))
                ends[note["rule"]] = max(ends.get(note["rule"], 0.0), note["endtime"] - began)
        rules = [rule for rule in rules_done(text) if rule in outputs]
        return cls(folder, rules, ends, outputs, max(ends.values()))


def rules_done(text: str) -> list[str]:
    """Rules that a run says it has finished, in order."""
    return [rule for rule in FINISHED.findall(text) if rule != "all"]


def undo(folder: Path, reference: Reference, cut: float) -> float:
    """In a copy of the reference, undo all jobs after the first `cut` of them, as if they had not been run yet.

    Returns:
        seconds that what is left to do took in the reference, the start included.
    """
    kept = round(cut * len(reference.rules))
    for rule in reference.rules[kept:]:
        for note, output in reference.outputs[rule]:
            (folder / note).unlink()
            path = folder / output
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    done = max((reference.ends[rule] for rule in reference.rules[:kept]), default=0.0)
    start = min(reference.ends.values()) / 2
    return reference.seconds - done + (start if kept else 0.0)


def differences(expected: Path, got: Path) -> list[str]:
    """How the results in two checkouts differ, but for times: a few words per file."""
    found = []
    for name in COMPARED:
        one, other = (_files(folder / OUT / name) for folder in (expected, got))
        if name != "models":  # one that is lost is made again once a run needs it
            found += [f"missing: {name}/{path}" for path in sorted(one.keys() - other.keys())]
        more = (path for path in sorted(other.keys() - one.keys()) if not str(path).endswith(".json.earlier"))
        found += [f"not in the undisturbed run: {name}/{path}" for path in more]  # but for what was set aside
        shared = sorted(one.keys() & other.keys())
        found += [f"differs: {name}/{path}" for path in shared if content(one[path]) != content(other[path])]
    report = got / OUT / "report/index.html"
    if not report.is_file() or not report.read_text(errors="replace").rstrip().endswith("</html>"):
        found.append("no whole report")
    pictures = (_files(folder / OUT / "report/figures").keys() for folder in (expected, got))
    if len({frozenset(names) for names in pictures}) > 1:
        found.append("the report's figures are not those of the undisturbed run")
    for path in _files(got / OUT / "report/figures").values():
        if not path.is_file() or (wrong := damage(path, thorough=True)):
            found.append(f"{path.relative_to(got)}: {wrong if path.is_file() else 'a folder'}")
    return found


def content(path: Path) -> Any:
    """What must be equal of a file: all but the times, and the digests of records that hold times."""
    if not path.is_file():
        return "a folder"
    whole = OF_RECORDS.sub(rb"\1", path.read_bytes())
    if path.suffix == ".png":
        return [OF_RECORDS.sub(rb"\1", chunk) for chunk in chunks_of(path.read_bytes())]
    if "records" not in path.parts:
        return whole
    try:
        return without_times(json.loads(whole))
    except (ValueError, TypeError, AttributeError, KeyError):
        return whole


def chunks_of(png: bytes) -> list[bytes]:
    """The chunks of a PNG, but for the checksums of its texts, which are of the stamp too."""
    found, place = [png[:8]], 8
    while place < len(png):
        end = place + 8 + int.from_bytes(png[place : place + 4], "big")
        found.append(png[place : end if png[place + 4 : place + 8] == b"tEXt" else end + 4])
        place = end + 4
    return found


def without_times(record: dict[str, Any]) -> str:
    """A record but for its times, as text, in which what is not a number equals itself."""
    rest = {**record, "provenance": {k: v for k, v in record["provenance"].items() if k not in OF_THE_TIME}}
    for part in ("settings", "trajectory"):
        rest[part] = {key: value for key, value in (rest.get(part) or {}).items() if "seconds" not in key}
    return json.dumps(rest, sort_keys=True)


def _files(folder: Path) -> dict[str, Path]:
    """Everything below a folder that is a file, or an empty folder that bears a file's name."""
    if folder.is_file():
        return {"": folder}
    found = (path for path in folder.rglob("*") if not path.name.startswith("."))
    ours = (path for path in found if path.is_file() or (path.suffix in SUFFIXES and not any(path.iterdir())))
    return {path.relative_to(folder).as_posix(): path for path in ours}
