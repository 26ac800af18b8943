"""Set up `.venv`: the packages of the locks, each checked against its hash, and this project in editable mode.

Run by `make` with the Python that the environment is to have; standard library only. A digest of the locks, written
last, says what `.venv` holds: where it is right nothing is done, and an interrupted set-up starts over.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import errno
import fcntl
import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin/python"
BOOTSTRAP, REQUIREMENTS = ROOT / "envs/bootstrap.lock", ROOT / "envs/requirements.lock"
EXTRAS = {"clusters": ROOT / "envs/clusters.lock"}  # what only some need, installed over the others
OLDEST, NEWEST = (3, 11), (3, 13)

# Of pip's settings those that say from where and how to fetch; the others say what to install where.
_FETCHING = """
    index-url extra-index-url find-links no-index trusted-host proxy cert client-cert cache-dir no-cache-dir timeout
    default-timeout retries config-file keyring-provider root-user-action use-feature use-deprecated
"""
# Other environments and other Pythons, where settings of uv and Python lead; and what switches bytecode off, without
# which every job would compile all that it imports, 10 s each.
_REDIRECTING = """
    PYTHONHOME PYTHONPATH PYTHONUSERBASE PYTHONDONTWRITEBYTECODE PYTHONNOUSERSITE VIRTUAL_ENV CONDA_PREFIX UV_PYTHON
    UV_SYSTEM_PYTHON UV_BREAK_SYSTEM_PACKAGES UV_PYTHON_PREFERENCE UV_PROJECT_ENVIRONMENT UV_PROJECT
    UV_WORKING_DIRECTORY UV_CONSTRAINT UV_OVERRIDE UV_EXCLUDE UV_BUILD_CONSTRAINT UV_EXCLUDE_NEWER UV_RESOLUTION
    UV_PRERELEASE UV_NO_BINARY UV_NO_BUILD UV_TORCH_BACKEND UV_NO_VERIFY_HASHES
"""
KEPT, REDIRECTING = frozenset(_FETCHING.split()), frozenset(_REDIRECTING.split())


def main() -> None:
    parser = argparse.ArgumentParser(description="Set up .venv from the locks, unless it is set up already.")
    parser.add_argument("--packages-only", action="store_true", help="leave the project itself out")
    parser.add_argument("--extra", action="append", default=[], help=f"add one of {', '.join(EXTRAS)}")
    arguments = parser.parse_args()
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        _fail(f"Python {_dotted(sys.version_info[:2])} is not supported; give one with make PYTHON=/path/to/python3.11")
    if unknown := [extra for extra in arguments.extra if extra not in EXTRAS]:
        _fail(f"EXTRAS={unknown[0]} is unknown; there is {', '.join(EXTRAS)}")
    try:
        (ROOT / ".cache").mkdir(exist_ok=True)
        lock = (ROOT / ".cache/setup.lock").open("w")
    except OSError as error:
        _fail(f"{ROOT} cannot be written ({error.strerror}); copy the checkout to where you may write (cp -r)")
    with lock:
        _hold(lock)
        _once(VENV / ".packages", _digest(BOOTSTRAP, REQUIREMENTS), install_packages)
        for extra in arguments.extra:
            locks = (BOOTSTRAP, REQUIREMENTS, EXTRAS[extra])
            _once(VENV / f".{extra}", _digest(*locks), lambda lock=locks[-1]: install_locked(lock))
        if not arguments.packages_only:
            _once(VENV / ".project", _digest(ROOT / "pyproject.toml", BOOTSTRAP, REQUIREMENTS), install_project)


def _hold(lock) -> None:  # noqa: ANN001
    """A second set-up waits, and then finds nothing to do; where there are no locks, nothing is waited for."""
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("another set-up is under way in this checkout, waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
    except OSError as error:
        _say(f"{lock.name}: this file system has no locks ({error.strerror}); run one set-up at a time")


def install_packages() -> None:
    """Make an empty environment and fill it from the locks."""
    _say(f"setting up .venv with Python {_dotted(sys.version_info[:3])}: 3 GB to download and 6 GB of disk, once")
    try:
        venv.create(VENV, clear=True, with_pip=True)
    except (OSError, subprocess.CalledProcessError) as error:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            _fail(f"the disk of {VENV} is full; the environment needs 6 GB. Free some and run make again")
        _fail(f"{sys.executable} cannot make a virtual environment ({error}); on Debian install python3-venv")
    pip, settings = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"], _pip_environment()
    if _run(*pip, "--require-hashes", "--no-deps", "-r", BOOTSTRAP, environment=settings):
        _fail("pip cannot install envs/bootstrap.lock (see above); mend that and run make again")
    install_locked(REQUIREMENTS)


def install_locked(lock: Path) -> None:
    """Install what a lock names into the environment, each package checked against its hash."""
    name, checked = lock.relative_to(ROOT), ["--require-hashes", "--no-build-isolation", "-r", lock]
    quiet = [] if sys.stderr.isatty() else ["--quiet"]
    if _run(PYTHON, "-m", "uv", "pip", "install", *quiet, "--python", PYTHON, "--compile-bytecode", *checked):
        # uv knows nothing of the mirrors and certificates that pip may be configured with on this machine.
        _say(f"uv cannot install {name} (see above); pip tries the same with this machine's settings")
        pip = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        if _run(*pip, *checked, environment=_pip_environment()):
            _fail(f"{name} is not installed (see above); mend that and run make again")


def install_project() -> None:
    """Install this checkout in editable mode, with no network and nothing but its own metadata."""
    command = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    alone = ["--no-index", "--no-deps", "--no-build-isolation", "--editable", ROOT]
    if _run(*command, *alone, environment=_pip_environment()):
        _fail("the project itself is not installed (see above)")


def _once(stamp: Path, digest: str, install) -> None:  # noqa: ANN001
    if stamp.is_file() and stamp.read_text() == digest:
        return
    stamp.unlink(missing_ok=True)
    install()
    stamp.write_text(digest)


def _digest(*files: Path) -> str:
    """Digest of the files and of where the checkout lies: an environment does not survive being moved."""
    contents = b"".join(file.read_bytes() for file in files)
    return hashlib.sha256(str(ROOT).encode() + contents).hexdigest()


def _run(*command: str | Path, environment: dict[str, str] | None = None) -> int:
    return subprocess.run([str(part) for part in command], env=environment or _environment(), check=False).returncode


def _environment() -> dict[str, str]:
    """This process's environment without what would lead an installer to another place than `.venv`."""
    return {
        name: value
        for name, value in os.environ.items()
        if name not in REDIRECTING and (not name.startswith("PIP_") or _option(name) in KEPT)
    }


def _pip_environment() -> dict[str, str]:
    """As `_environment`, with pip's configuration files reduced to indices, proxies and certificates.

    A file may say `user = true` or `target = ...`, which nothing in the environment can take back: what is wanted of
    the files becomes variables, and pip reads none of them.
    """
    environment = _environment()
    listed = subprocess.run(
        [str(PYTHON), "-m", "pip", "config", "list"], env=environment, check=False, capture_output=True, text=True
    ).stdout
    for line in listed.splitlines():  # global.index-url='https://...', the general sections before those of a command
        key, _, value = line.partition("=")
        section, _, option = key.partition(".")
        if section in ("global", "install") and option in KEPT:
            with contextlib.suppress(ValueError, SyntaxError):
                environment[f"PIP_{option.upper().replace('-', '_')}"] = str(ast.literal_eval(value))
    # The variables that were there already come after all files, as pip has it.
    return {**environment, **_environment(), "PIP_CONFIG_FILE": os.devnull}


def _option(name: str) -> str:
    return name.removeprefix("PIP_").lower().replace("_", "-")


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _fail(line: str) -> None:
    sys.exit(f"error: {line}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("interrupted; run make again to go on")
