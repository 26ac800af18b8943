"""A Debian package as a source: downloaded and unpacked without root and without installing anything."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from interplay.data.fetching.deb import copy_member
from interplay.data.fetching.http import CONNECT_SECONDS, SourceFailure, settle
from interplay.data.unpacking import DAMAGE, open_tar
from interplay.programs import ask
from interplay.protocols.assets import AptSource, Pinned

_UPDATE_SECONDS = 300
_DOWNLOAD_SECONDS = 1800


def fetch_apt(source: AptSource, pinned: Pinned, staging: Path) -> None:
    """Take every file of a set out of the package to its place below `staging`.

    First with the package lists that the machine has; where those are empty, with lists of its own, kept in a folder
    beside `staging` that the caller removes.

    Raises:
        SourceFailure: this is no Debian-like system, the package cannot be had, or it lacks a file.
    """
    for tool in ("apt-get", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise SourceFailure(f"needs a Debian-like system ({tool} is not there)")
    work = (staging.parent / "apt").resolve()  # the commands run in it
    private = _private_state(work)
    _, failed = ask(["apt-get", *private, "download", source.package], _DOWNLOAD_SECONDS, work)
    if failed:
        lists = work / "lists"
        (lists / "partial").mkdir(parents=True)
        private += ["-o", f"Dir::State::Lists={lists}"]
        # A foreign repository that does not answer makes `update` fail; the package may be known all the same.
        ask(["apt-get", *private, "update"], _UPDATE_SECONDS, work)
        _, failed = ask(["apt-get", *private, "download", source.package], _DOWNLOAD_SECONDS, work)
    packages = sorted(work.glob("*.deb"))
    if failed or not packages:
        why = failed.removeprefix("E: ") or "nothing arrived"
        raise SourceFailure(f"package {source.package} cannot be downloaded ({why})")
    for name, pin in pinned.files.items():
        target = pinned.locate(name, staging)
        target.parent.mkdir(parents=True, exist_ok=True)
        inside = source.path.replace("{file}", name)
        arrived = work / "arrived"
        # gzip makes random bytes a little longer, and its header holds a name.
        _take_out(packages[0], inside, arrived, 2 * pin.size + 1000 if source.gzip else pin.size)
        settle(arrived, target, name, pin, unpack=source.gzip)


def _take_out(package: Path, path: str, target: Path, limit: int) -> None:
    """As `deb.take_out`, through `dpkg-deb`, which knows every way of packing; nothing is unpacked but this file."""
    command = ["dpkg-deb", "--fsys-tarfile", str(package)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as running:
        try:
            with open_tar(stream=running.stdout) as archive:
                copy_member(archive, package.stat().st_size, path, target, limit)
        except DAMAGE as error:
            raise SourceFailure(f"package {package.name} cannot be unpacked ({error})") from error
        finally:
            running.kill()  # what follows the file is not wanted


def _private_state(work: Path) -> list[str]:
    """Options that make `apt-get` write nowhere but into `work`, and give up on silent servers."""
    cache = work / "cache"
    (cache / "archives" / "partial").mkdir(parents=True)
    options = {
        "Dir::Cache": str(cache),
        "Debug::NoLocking": "1",
        "APT::Sandbox::User": "root",  # the user that apt-get would change to cannot write into a private folder
        "Acquire::http::Timeout": f"{CONNECT_SECONDS:g}",
        "Acquire::https::Timeout": f"{CONNECT_SECONDS:g}",
        "Acquire::Retries": "1",
    }
    return ["-q", *(part for key, value in options.items() for part in ("-o", f"{key}={value}"))]
