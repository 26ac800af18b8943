"""The locks cover what the project needs, pin all of it by hash, and know nothing of the machine that made them."""

import errno
import os
import re
import sys
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ENTRY = re.compile(r"^(?P<name>[a-z0-9][a-z0-9._-]*)==(?P<version>\S+)(?: ;[^\\]*)? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}(?: \\)?$")
LOCKS = ("bootstrap", "requirements", "clusters")


def entries(text):
    """Name, version and number of hashes of every entry; any line that is neither that nor a comment is refused."""
    found = []
    for line in text.splitlines():
        if match := ENTRY.match(line):
            found.append([match["name"], match["version"], 0])
        elif HASH.match(line):
            found[-1][2] += 1
        else:
            assert line.lstrip().startswith("#"), line
    return found


@pytest.fixture(scope="module")
def locks(root):
    return {name: (root / f"envs/{name}.lock").read_text() for name in LOCKS}


@pytest.mark.parametrize("name", LOCKS)
def test_every_entry_of_a_lock_is_pinned_by_hash(locks, name):
    found = entries(locks[name])
    assert found
    assert [entry for entry in found if entry[2] == 0] == []


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_index_and_no_path_of_a_machine(locks, name):
    assert "://" not in locks[name]
    assert re.findall(r"(?:^|\s)(?:/|~|[A-Za-z]:\\)\S+", locks[name]) == []


def test_the_lock_covers_dependencies_and_extras(root, locks):
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    for lock in ("requirements", "clusters"):
        pinned = {}
        for name, version, _ in entries(locks[lock]):
            pinned.setdefault(name, []).append(version)
        own = {extra: lines for extra, lines in extras.items() if (extra == "clusters") == (lock == "clusters")}
        for line in (line for lines in (project["dependencies"], *own.values()) for line in lines):
            requirement = Requirement(line)
            versions = pinned.get(canonicalize_name(requirement.name), [])
            assert versions, f"{line} is not in envs/{lock}.lock; run make lock"
            assert all(requirement.specifier.contains(version) for version in versions), f"{line} against {versions}"


def test_the_lock_follows_the_pins_of_its_input(root, locks):
    pins = [line for line in (root / "envs/requirements.in").read_text().splitlines() if line and line[0] != "#"]
    found = {f"{name}=={version}" for name, version, _ in entries(locks["requirements"])}
    assert pins
    assert set(pins) <= found


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ("bootstrap", "setuptools"),  # the project itself is built with it, without the network
        ("clusters", "torch"),  # installed over the main lock, it must change nothing there
    ],
)
def test_what_installs_is_the_same_in_all_locks(locks, other, expected):
    first, second = ({name: version for name, version, _ in entries(locks[name])} for name in ("requirements", other))
    shared = first.keys() & second.keys()
    assert expected in shared
    assert {name: first[name] for name in shared} == {name: second[name] for name in shared}


@pytest.fixture
def install(load_script):
    return load_script("envs/install.py")


def test_a_step_of_the_set_up_is_done_once(install, tmp_path):
    done = []
    for _ in range(2):
        install._once(tmp_path / "stamp", "digest", lambda: done.append(1))
    assert len(done) == 1
    install._once(tmp_path / "stamp", "another digest", lambda: done.append(2))
    assert done == [1, 2]


@pytest.fixture
def steps(install, tmp_path, monkeypatch):
    """The steps of the set-up that are done with some words, in an environment that stays between calls."""
    monkeypatch.setattr(install, "VENV", tmp_path)

    def call(*words):
        done = []
        monkeypatch.setattr(install.sys, "argv", ["install.py", *words])
        monkeypatch.setattr(install, "install_packages", lambda: done.append("packages"))
        monkeypatch.setattr(install, "install_locked", lambda lock: done.append(lock.name))
        monkeypatch.setattr(install, "install_project", lambda: done.append("project"))
        install.main()
        return done

    return call


def test_what_only_some_need_is_installed_where_it_is_asked_for_and_once(steps):
    assert steps() == ["packages", "project"]
    assert steps("--extra", "clusters") == ["clusters.lock"]
    assert steps("--extra", "clusters") == steps() == []


def test_an_extra_without_a_lock_is_one_line(steps):
    with pytest.raises(SystemExit, match=r"^error: EXTRAS=rockets is unknown; there is clusters$"):
        steps("--extra", "rockets")


def test_an_interrupted_step_is_repeated(install, tmp_path):
    def interrupted():
        raise KeyboardInterrupt

    stamp = tmp_path / "stamp"
    stamp.write_text("old")
    with pytest.raises(KeyboardInterrupt):
        install._once(stamp, "new", interrupted)
    assert not stamp.exists()  # not even the old one: what it stood for may be gone


def test_the_environment_is_set_up_anew_where_the_checkout_was_moved(install, tmp_path, monkeypatch):
    file = tmp_path / "lock"
    file.write_text("content")
    here = install._digest(file)
    monkeypatch.setattr(install, "ROOT", tmp_path / "elsewhere")
    assert install._digest(file) != here


def test_another_python_is_refused_in_one_line(install, monkeypatch):
    monkeypatch.setattr(install.sys, "argv", ["install.py"])
    monkeypatch.setattr(install.sys, "version_info", (3, 9, 1))
    with pytest.raises(SystemExit, match=r"^error: Python 3\.9 is not supported; .*PYTHON="):
        install.main()


# A Python whose pip records its environment and what it was told, and lists what the configuration files hold.
PYTHON = """#!/bin/sh
if [ "$3" = config ]; then cat {config}; exit; fi
env > {folder}/environment; echo "$@" > {folder}/arguments
"""


@pytest.fixture
def installed_with(install, tmp_path, monkeypatch):
    """The environment that pip is called in where the project is installed under some variables and settings."""

    def call(config="", **variables):
        (tmp_path / "config").write_text(config)
        python = tmp_path / "python"
        python.write_text(PYTHON.format(config=tmp_path / "config", folder=tmp_path))
        python.chmod(0o755)
        monkeypatch.setattr(install, "PYTHON", python)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        install.install_project()
        return dict(line.split("=", 1) for line in (tmp_path / "environment").read_text().splitlines() if "=" in line)

    return call


REDIRECTING = {
    "PIP_USER": "1",
    "PIP_TARGET": "/elsewhere",
    "PIP_PREFIX": "/elsewhere",
    "PIP_ROOT": "/elsewhere",
    "PIP_REQUIRE_VIRTUALENV": "1",
    "PIP_PYTHON": "/usr/bin/python3",
    "PIP_CONSTRAINT": "/none/such",
    "PIP_DRY_RUN": "1",
    "PYTHONHOME": "/elsewhere",
    "PYTHONPATH": "/elsewhere",
    "PYTHONUSERBASE": "/elsewhere",
    "PYTHONNOUSERSITE": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "VIRTUAL_ENV": "/elsewhere",
    "CONDA_PREFIX": "/elsewhere",
    "UV_SYSTEM_PYTHON": "1",
    "UV_PYTHON": "/usr/bin/python3",
    "UV_TORCH_BACKEND": "cpu",
}
FETCHING = {
    "PIP_INDEX_URL": "https://mirror/simple",
    "PIP_EXTRA_INDEX_URL": "https://other/simple",
    "PIP_PROXY": "http://proxy:3128",
    "HTTPS_PROXY": "http://proxy:3128",
    "PIP_CERT": "/etc/ca.crt",
    "PIP_TRUSTED_HOST": "mirror",
    "UV_DEFAULT_INDEX": "https://mirror/simple",
    "SSL_CERT_FILE": "/etc/ca.crt",
}


def test_what_leads_an_installer_elsewhere_is_kept_from_it_and_where_to_fetch_is_not(installed_with):
    seen = installed_with(**REDIRECTING, **FETCHING)
    assert seen.keys() & REDIRECTING.keys() == set()
    assert {name: seen.get(name) for name in FETCHING} == FETCHING


def test_of_pips_configuration_files_only_where_to_fetch_is_kept(installed_with):
    config = (
        "global.index-url='https://file/simple'\nglobal.user='true'\nglobal.find-links='/wheels\\n/more'\n"
        "install.target='/elsewhere'\ninstall.trusted-host='file'\n:env:.proxy='http://ignored'\nfreeze.timeout='1'\n"
    )
    seen = installed_with(config, PIP_CONFIG_FILE="/some/pip.conf")
    assert seen["PIP_CONFIG_FILE"] == "/dev/null"
    assert seen["PIP_INDEX_URL"] == "https://file/simple"
    assert seen["PIP_TRUSTED_HOST"] == "file"
    assert not {"PIP_USER", "PIP_TARGET", "PIP_TIMEOUT", "PIP_PROXY"} & seen.keys()
    assert installed_with(config, PIP_INDEX_URL="https://variable/simple")["PIP_INDEX_URL"] == "https://variable/simple"


def test_pip_itself_says_its_configuration_in_these_words(install, tmp_path, monkeypatch):
    """The words of `pip config list` are read, which are those of the pip in the lock."""
    (tmp_path / "pip.conf").write_text("[global]\nindex-url = https://file/simple\n[install]\nuser = true\n")
    monkeypatch.setattr(install, "PYTHON", sys.executable)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    monkeypatch.delenv("PIP_INDEX_URL", raising=False)
    environment = install._pip_environment()
    assert environment["PIP_INDEX_URL"] == "https://file/simple"
    assert "PIP_USER" not in environment


def test_a_checkout_that_cannot_be_written_is_one_line(install, tmp_path, monkeypatch):
    def refuse(*_arguments, **_options):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(install.sys, "argv", ["install.py"])
    monkeypatch.setattr(install, "ROOT", tmp_path)
    monkeypatch.setattr(install.Path, "mkdir", refuse)
    with pytest.raises(SystemExit, match=rf"^error: {tmp_path} cannot be written \(Read-only .*; copy the checkout"):
        install.main()


def test_a_second_set_up_says_that_it_waits_and_one_without_locks_goes_on(install, tmp_path, monkeypatch, capsys):
    asked = []

    def flock(_stream, how):
        asked.append(how)
        if how & install.fcntl.LOCK_NB:
            raise BlockingIOError

    monkeypatch.setattr(install.fcntl, "flock", flock)
    with (tmp_path / "setup.lock").open("w") as lock:
        install._hold(lock)
        assert asked == [install.fcntl.LOCK_EX | install.fcntl.LOCK_NB, install.fcntl.LOCK_EX]
        assert capsys.readouterr().err == "another set-up is under way in this checkout, waiting for it\n"

        def none(_stream, _how):
            raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

        monkeypatch.setattr(install.fcntl, "flock", none)
        install._hold(lock)
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith(f"{lock.name}: this file system has no locks (No locks available)")
