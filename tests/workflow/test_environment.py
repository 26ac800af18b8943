"""The locks cover what the project needs, pin all of it by hash, and know nothing of the machine that made them."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ENTRY = re.compile(r"^(?P<name>[a-z0-9][a-z0-9._-]*)==(?P<version>\S+)(?: ;[^\\]*)? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}(?: \\)?$")
LOCKS = ("bootstrap", "requirements")


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
    needed = [
        *project["dependencies"],
        *(line for extra in project["optional-dependencies"].values() for line in extra),
    ]
    pinned = {}
    for name, version, _ in entries(locks["requirements"]):
        pinned.setdefault(name, []).append(version)
    for line in needed:
        requirement = Requirement(line)
        versions = pinned.get(canonicalize_name(requirement.name), [])
        assert versions, f"{line} is not in the lock; run make lock"
        assert all(requirement.specifier.contains(version) for version in versions), f"{line} against {versions}"


def test_the_lock_follows_the_pins_of_its_input(root, locks):
    pins = [line for line in (root / "envs/requirements.in").read_text().splitlines() if line and line[0] != "#"]
    found = {f"{name}=={version}" for name, version, _ in entries(locks["requirements"])}
    assert pins
    assert set(pins) <= found


def test_what_installs_is_the_same_in_both_locks(locks):
    first, second = ({name: version for name, version, _ in entries(locks[name])} for name in LOCKS)
    shared = first.keys() & second.keys()
    assert "setuptools" in shared  # the project itself is built with it, without the network
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
