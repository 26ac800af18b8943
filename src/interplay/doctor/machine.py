"""What the doctor sees of a machine, as plain values: checks are tested with machines that nobody has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from interplay.records.machine import Memory


@dataclass(frozen=True, kw_only=True)
class Folder:
    """A folder that is written to, or the nearest one above it that is there.

    Attributes:
        path: the folder that was asked about.
        refused: why no file can be written there; None where one can.
        mount: root of its file system, and `kind` what that is (`ext4`, `nfs4`).
        free: bytes that this user may still write.
        free_files: how many more files, None where the file system does not say.
        locks: whether a second lock on a locked file is refused; None where no file can be written.
        replaces: whether a file can be put in the place of another at once.
        ahead: seconds by which the file system's clock is ahead of this process's.
    """

    path: Path
    refused: str | None
    mount: Path
    kind: str
    free: int
    free_files: int | None = None
    locks: bool | None = True
    replaces: bool | None = True
    ahead: float = 0.0


AssetState = Literal["verified", "there", "damaged", "missing"]


@dataclass(frozen=True, kw_only=True)
class Asset:
    """A data set or weights as they lie in the data folder.

    Attributes:
        state: `there` is of the right size, and was not read.
        fault: what is wrong with one that is damaged.
        size: bytes of its files; of a placed one 0.
        by_hand: how users put it in place; empty where it can be fetched.
        unpacked: bytes that its decoded or unpacked copy takes and does not take yet.
        sources: what answered when its sources were asked; None where they were not.
    """

    name: str
    state: AssetState
    fault: str = ""
    size: int = 0
    by_hand: str = ""
    unpacked: int = 0
    sources: str | None = None


@dataclass(frozen=True, kw_only=True)
class Card:
    """A GPU as its driver describes it; memory in MiB."""

    index: int
    name: str
    memory_mib: int
    free_mib: int
    capability: tuple[int, int]
    driver: str


@dataclass(frozen=True, kw_only=True)
class Tool:
    """A program that is installed, and what it answers: a version, or in `silent` why nothing."""

    name: str
    version: str = ""
    silent: str = ""


@dataclass(frozen=True, kw_only=True)
class Machine:
    """Everything that the checks may ask about.

    Attributes:
        now: seconds since 1970 by this process's clock.
        python: version of the interpreter.
        installed: versions of the installed distributions by name, as the lock spells names.
        own_environment: whether this is the `.venv` of the checkout, and `set_up` whether its set-up was finished from
            the locks that lie there now.
        cores: that this process may use, of `all_cores`, and `quota` the CPU time that cgroups allow, in cores.
        folders: results, data, .cache and .snakemake, by these names.
        results_bytes: of what the tier has made already.
        assets: data sets and weights that are read.
        dvc: whether DVC keeps a copy of what is fetched, in the checkout.
        newest_result: path and time of the newest record, and `newest_commit` the time of the commit.
        encoding: of text files and of file names.
        open_files: that this process may have.
        driver: whether NVIDIA's driver is installed.
        cards: its GPUs, of which `visible` says how many torch sees (None: not asked); `cards_problem` why not.
        engines, clients: containers and clusters.
    """

    now: float
    python: tuple[int, int, int]
    installed: Mapping[str, str]
    own_environment: bool = True
    set_up: bool = True
    cores: int
    all_cores: int
    quota: float | None = None
    memory: Memory
    folders: Mapping[str, Folder]
    results_bytes: int = 0
    assets: tuple[Asset, ...] = ()
    dvc: bool = False
    newest_result: tuple[str, float] | None = None
    newest_commit: float | None = None
    encoding: tuple[str, str] = ("utf-8", "utf-8")
    open_files: int = 1024
    driver: bool = False
    cards: tuple[Card, ...] = ()
    visible: int | None = None
    cards_problem: str = ""
    engines: tuple[Tool, ...] = ()
    clients: tuple[Tool, ...] = field(default=())
