"""Set up `.venv`: the packages of the locks, each checked against its hash, and this project in editable mode.

Run by `make` with the Python that the environment is to have; standard library only. A digest of the locks, written
last, says what `.venv` holds: where it is right nothing is done, and an interrupted set-up starts over.
"""

from __future__ import annotations

import argparse
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
OLDEST, NEWEST = (3, 11), (3, 13)


def main() -> None:
    parser = argparse.ArgumentParser(description="Set up .venv from the locks, unless it is set up already.")
    parser.add_argument("--packages-only", action="store_true", help="leave the project itself out")
    packages_only = parser.parse_args().packages_only
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        _fail(f"Python {_dotted(sys.version_info[:2])} is not supported; give one with make PYTHON=/path/to/python3.11")
    (ROOT / ".cache").mkdir(exist_ok=True)
    with (ROOT / ".cache/setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # a second set-up waits, and then finds nothing to do
        _once(VENV / ".packages", _digest(BOOTSTRAP, REQUIREMENTS), install_packages)
        if not packages_only:
            _once(VENV / ".project", _digest(ROOT / "pyproject.toml", BOOTSTRAP, REQUIREMENTS), install_project)


def install_packages() -> None:
    """Make an empty environment and fill it from the locks."""
    _say(f"setting up .venv with Python {_dotted(sys.version_info[:3])}: 3 GB to download and 6 GB of disk, once")
    try:
        venv.create(VENV, clear=True, with_pip=True)
    except (OSError, subprocess.CalledProcessError) as error:
        _fail(f"{sys.executable} cannot make a virtual environment ({error}); on Debian install python3-venv")
    pip = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    checked = ["--require-hashes", "--no-build-isolation", "-r", REQUIREMENTS]
    if _run(*pip, "--require-hashes", "--no-deps", "-r", BOOTSTRAP):
        _fail("pip cannot install envs/bootstrap.lock (see above); mend that and run make again")
    quiet = [] if sys.stderr.isatty() else ["--quiet"]
    if _run(PYTHON, "-m", "uv", "pip", "install", *quiet, "--python", PYTHON, "--compile-bytecode", *checked):
        # uv knows nothing of the mirrors and certificates that pip may be configured with on this machine.
        _say("uv cannot install envs/requirements.lock (see above); pip tries the same with this machine's settings")
        if _run(*pip, *checked):
            _fail("envs/requirements.lock is not installed (see above); mend that and run make again")


def install_project() -> None:
    """Install this checkout in editable mode, with no network and nothing but its own metadata."""
    command = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if _run(*command, "--no-index", "--no-deps", "--no-build-isolation", "--editable", ROOT):
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


def _run(*command: str | Path) -> int:
    # Some machines switch bytecode off; then every job would compile all it imports, 10 s each.
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return subprocess.run([str(part) for part in command], env=environment, check=False).returncode


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
