"""Packing a tier into one archive that can be deposited: the same content gives the same bytes."""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections.abc import Iterable
from pathlib import Path

from interplay.archive.contents import RECORDS, VERDICTS, Say, made_files
from interplay.archive.crate import describe_crate
from interplay.archive.manifest import pin_path
from interplay.archive.publish import check_made, check_whole, finished_jobs, reproduce
from interplay.errors import InterplayError
from interplay.evidence import read_verdicts
from interplay.protocols.frozen_claims import NAME as FROZEN_CLAIMS
from interplay.protocols.setup import Setup
from interplay.records import Record, select_records, visible_files
from interplay.records.disk import explain
from interplay.records.store import replacing

METADATA = "ro-crate-metadata.json"
EARLIEST = (1980, 1, 1, 0, 0, 0)  # which an archive can name; when its files were written is nobody's concern
# Beside the results, from the root of the checkout.
CHECKOUT = ("LICENSE", "CITATION.cff", "README.md", "dvc.yaml", "envs/*.lock", "data/*.dvc", "config/**/*.yaml")
NEEDED = ("LICENSE", "CITATION.cff")


def export(setup: Setup, results: Path, output: Path, *, force: bool = False, say: Say = print) -> None:
    """Pack the results of a setup, and what they rest on, into the archive `output`, with an RO-Crate about it.

    Args:
        setup: tier, data mapping and overrides whose results they are.
        results: folder of all results.
        output: the archive, a .zip.
        force: replace an archive that is there.
        say: told what was packed.

    Raises:
        InterplayError: results are missing or damaged, were made otherwise than is planned now, or name a place on this
            machine; the archive is there already.
    """
    try:
        there = output.exists()
    except OSError as error:
        raise InterplayError(explain(error, output) or f"{output}: {error}") from error
    if there and not force:
        raise InterplayError(f"{output}: is there already; give another OUTPUT, or FORCE=1 (--force) replaces it")
    if output.suffix != ".zip":
        raise InterplayError(f"{output}: is to be a .zip")
    folder, checkout = results / setup.folder, setup.config.resolve().parent
    inside = f"results/{setup.folder}"
    records = _records(folder, setup)
    # A record's name is its place on the disk, whatever it says of itself (`select_records`).
    paths = [*(f"{RECORDS}/{record.name}.json" for record in records), *made_files(folder), *_frozen(folder)]
    check_whole(setup, folder, paths)
    files = {f"{inside}/{path}": _read(folder / path) for path in paths}
    files |= {name: _read(path) for name, path in _of_checkout(checkout, setup.config.resolve())}
    pin = pin_path(folder)
    files |= {f"results/{pin.name}": _read(pin)} if pin.is_file() else {}
    _name_no_machine(files, checkout)
    title = f"interplay: results of the {setup.tier_name} tier on {setup.data_name} data"
    described = {path: (len(content), hashlib.sha256(content).hexdigest()) for path, content in files.items()}
    verdicts = read_verdicts(folder / VERDICTS)
    files[METADATA] = describe_crate(title, inside, dict(sorted(described.items())), records, verdicts)
    with (
        replacing(output) as temporary,
        zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed,
    ):
        for path in (METADATA, *sorted(set(files) - {METADATA})):
            entry = zipfile.ZipInfo(path, EARLIEST)
            entry.external_attr, entry.compress_type, entry.create_system = 0o644 << 16, zipfile.ZIP_DEFLATED, 3
            packed.writestr(entry, files[path])
    say(f"{output}: {len(files)} files, {len(records)} runs, {len(verdicts)} verdicts, {output.stat().st_size:,} bytes")


def _records(folder: Path, setup: Setup) -> list[Record]:
    records = select_records(folder, ["*"])
    if not records:
        raise InterplayError(
            f"{folder / RECORDS}: no records to pack; {reproduce(setup)} makes them, or `make restore` brings them"
        )
    check_made(setup, folder)
    finished_jobs(setup, folder, parts=(RECORDS,))
    return records


def _frozen(folder: Path) -> list[str]:
    return [FROZEN_CLAIMS] if (folder / FROZEN_CLAIMS).is_file() else []


def _of_checkout(checkout: Path, config: Path) -> Iterable[tuple[str, Path]]:
    for name in NEEDED:
        if not (checkout / name).is_file():
            raise InterplayError(
                f"{checkout / name}: missing; an archive needs it (restore it: git checkout -- {name})"
            )
    for pattern in CHECKOUT:
        folder, _, below = pattern.rpartition("/")
        if pattern.startswith("config/"):
            found = visible_files(config, "**/*.yaml")
            yield from ((f"config/{path.relative_to(config).as_posix()}", path) for path in found)
        else:
            found = visible_files(checkout / folder, below) if (checkout / folder).is_dir() else []
            yield from ((path.relative_to(checkout).as_posix(), path) for path in found)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InterplayError(f"{path}: cannot be read ({error.strerror or error})") from error


def _name_no_machine(files: dict[str, bytes], checkout: Path) -> None:
    """Refuse what says where on this machine the checkout or the home of its user lies."""
    places = {
        str(place): re.compile(rb"(?<![\w.-])" + re.escape(str(place)).encode() + rb"(?![\w-]|\.\w)")
        for place in (checkout, Path.home().resolve())
        if place != Path(place.anchor)
    }
    for path, content in files.items():
        for place, named in places.items():
            if named.search(content):
                raise InterplayError(f"{path}: names {place}, a place on this machine; make it again from the root")
