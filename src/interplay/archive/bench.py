"""A DVC repository for the moment, beside the results: all that is published or restored goes through it.

It holds nothing but the pin and a remote. DVC uploads, downloads and checks there; the checkout's own workspace and the
configuration of its DVC stay as they are, and what arrives is moved into place only when all of it was verified.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from interplay.dvc import Said, dvc_executable, repository, run_dvc
from interplay.errors import InterplayError
from interplay.records.disk import explain

REMOTE = "given"
_MIB = 2**20
_URL = re.compile(r"(\w[\w+.-]*://)(?:[^/\s'\"]*@)?([^\s'\"<>?#]*)(?:[?#][^\s'\"<>]*)?")


@dataclass(frozen=True)
class Bench:
    """The repository for the moment.

    Attributes:
        root: its folder; results lie below `root / "results"`.
        cache: where DVC keeps what it has brought or is to send: the checkout's own cache, where there is one.
        remote: what the remote is called in messages.
        executable: of DVC.
        secrets: what the remote's URL says besides scheme, host and path, which DVC may repeat.
    """

    root: Path
    cache: Path
    remote: str
    executable: str
    secrets: tuple[str, ...] = ()

    @property
    def results(self) -> Path:
        """Where the folder of a tier lies in it."""
        return self.root / "results"

    def dvc(self, *arguments: str) -> Said:
        """Run a command of DVC in it."""
        # DVC keeps its notes on a repository in a folder of the machine's; those on this one go with it.
        variables = {"DVC_SITE_CACHE_DIR": str(self.root / "site")}
        said = run_dvc([self.executable, *arguments], self.root, variables)
        complaints = said.complaints
        for secret in self.secrets:
            complaints = complaints.replace(secret, "***")
        return replace(said, complaints=_URL.sub(r"\1\2", complaints))  # as `_split` calls one

    def cached(self, md5: str) -> Path:
        """Where DVC keeps the content with that hash."""
        return self.cache / "files/md5" / md5[:2] / md5[2:]


@contextmanager
def bench(results: Path, remote: str | None) -> Iterator[Bench]:
    """A repository for the moment below `results`, with one remote; gone when the block ends.

    Args:
        results: folder of all results.
        remote: URL of a remote of DVC, a folder, or the name of one that the checkout's DVC knows; None is its default.

    Raises:
        InterplayError: DVC is not installed, the remote is unknown, the folder cannot be written.
    """
    executable = dvc_executable()
    if executable is None:
        raise InterplayError("DVC is not installed, which brings and sends results; `make setup` installs it")
    home = repository(results)
    called, settings = _settings(executable, home, remote)
    try:
        results.mkdir(parents=True, exist_ok=True)
        _sweep(results)
        root, lock = _claimed(results)
    except OSError as error:
        raise InterplayError(explain(error, results) or f"{results}: cannot be written ({error})") from error
    try:
        # A cache that may be written, so that what an interrupted restore brought is not brought again.
        own = home is not None and os.access(home / ".dvc", os.W_OK)
        cache = home / ".dvc/cache" if home is not None and own else root / "cache"
        made = Bench(root, cache, called, executable, _split(settings.get("url", ""))[1])
        _must(made.dvc("init", "-q", "--no-scm"), "DVC cannot make a repository")
        # `verify`: what arrives is held against its hash by DVC already, and thrown away where it is not right.
        # That goes for lists of folders (`.dir`) only as long as no remote is the default here and every command names
        # this one (`-r`): from a default DVC takes a list as it is, and a rewritten one makes it write anywhere.
        content = {
            "core": {"analytics": "false", "check_update": "false"},
            "cache": {"dir": str(cache), "type": "reflink,copy"},
            f"'remote \"{REMOTE}\"'": {**settings, "verify": "true"},
        }
        _write_config(root / ".dvc/config.local", content)
        yield made
    except OSError as error:
        raise InterplayError(explain(error) or f"{results}: {error}") from error
    finally:
        os.close(lock)
        _remove(root)


def _split(remote: str) -> tuple[str, tuple[str, ...]]:
    """A remote as it is called in messages, and what must not be: of a URL all but scheme, host and path.

    Names, passwords and tokens stand before the host, signatures in the query.
    """
    if "://" not in remote:
        return remote, ()
    try:
        parts = urlsplit(remote)
    except ValueError as error:
        raise InterplayError(f"the remote's URL cannot be read ({error}); write scheme://host/path") from error
    before, _, host = parts.netloc.rpartition("@")
    secrets = (before, before.partition(":")[2], parts.query, parts.fragment)
    return f"{parts.scheme}://{host}{parts.path}", tuple(secret for secret in secrets if secret)


def _must(said: Said, what: str) -> None:
    if said.error is not None:
        raise InterplayError(f"{what}: {said.error}")


def _settings(executable: str, home: Path | None, remote: str | None) -> tuple[str, dict[str, str]]:
    """What a remote is called in messages, and what DVC is to know of it.

    That is its URL, and for one that DVC knows by name all else that is configured.
    """
    if remote is not None and "://" in remote:
        return _split(_printable(remote))[0], {"url": remote}
    known = _configured(executable, home)
    name = remote or known.get("core.remote")
    if not name:
        raise InterplayError(
            "no remote; give one with REMOTE=<url, folder or name> (--remote), or `dvc remote add --default` sets one"
        )
    prefix = f"remote.{name}."
    if named := {key.removeprefix(prefix): value for key, value in known.items() if key.startswith(prefix)}:
        return remote or "the default remote", named
    if (folder := _folder(_printable(name))) is not None:
        return folder, {"url": folder}
    names = sorted({key.split(".")[1] for key in known if key.startswith("remote.")})
    listed = f"it knows {', '.join(names)}" if names else "it knows none"
    raise InterplayError(
        f"DVC knows no remote {name!r} ({listed}), and it is neither a URL (s3://bucket/path, ssh://host/path, ...) "
        "nor a folder that is there; write a new one as ./folder"
    )


def _folder(name: str) -> str | None:
    """The folder of that name in full, if it is there or is plainly told to be one; `host:/path` is none."""
    try:
        if name.startswith((os.sep, "./", "../", "~")) or Path(name).is_dir():
            return str(Path(name).expanduser().resolve())
    except (OSError, RuntimeError) as error:  # a name that is too long, or `~nobody`
        raise InterplayError(f"the remote {name!r}: no folder can be had by that name ({error})") from error
    return None


def _printable(remote: str) -> str:
    if not remote.isprintable():
        raise InterplayError("the remote holds characters that no URL has; write it anew")
    return remote


def _configured(executable: str, home: Path | None) -> dict[str, str]:
    """The configuration of the checkout's DVC, of all its levels, with paths made absolute, by `section.option`."""
    if home is None:
        return {}
    said = run_dvc([executable, "config", "--list"], home)
    _must(said, "DVC cannot read its configuration")
    pairs = (line.partition("=") for line in said.output.splitlines() if "=" in line)
    return {key.strip(): value.strip() for key, _, value in pairs}


def _write_config(path: Path, content: Mapping[str, Mapping[str, str]]) -> None:
    lines = []
    for section, values in content.items():
        lines += [f"[{section}]", *(f"    {key} = {_quoted(key, value)}" for key, value in values.items())]
    path.touch(mode=0o600)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _quoted(key: str, value: str) -> str:
    """A value as DVC's configuration takes it, whatever it holds; `%(` would be filled in."""
    for quote in ('"', "'"):
        if quote not in value and "%(" not in value:
            return f"{quote}{value}{quote}"
    raise InterplayError(f"the remote's {key} holds both kinds of quotes or `%(`; DVC's configuration takes neither")


def _sweep(results: Path) -> None:
    """Remove what a killed command left: a bench whose lock nobody holds."""
    for left in results.glob(".dvc-bench-*"):
        try:
            descriptor = os.open(left, os.O_RDONLY)
        except OSError:  # gone meanwhile, or of another user
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _remove(left)
        except BlockingIOError:
            continue
        finally:
            os.close(descriptor)


def _claimed(results: Path) -> tuple[Path, int]:
    """A new folder, and the lock on it that keeps it from being swept; one that was swept before that is given up."""
    while True:
        root = Path(tempfile.mkdtemp(prefix=".dvc-bench-", dir=results)).resolve()
        try:
            lock = os.open(root, os.O_RDONLY)
        except FileNotFoundError:
            continue
        fcntl.flock(lock, fcntl.LOCK_EX)
        if root.is_dir():
            return root, lock
        os.close(lock)


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def size_of(count: int) -> str:
    """Bytes in words: `44.1 MiB`."""
    return f"{count / _MIB:.1f} MiB" if count >= _MIB // 10 else f"{count / 2**10:.1f} kiB"
