"""What no input may do: run, write outside of where results go, or end in anything but one clear line.

A table of texts, each given to every entry point at which a person or a file can put text: the command line, `make`,
`workflow/reproduce.py`, the workflow's rules. A text that would run makes the file `ran` where it runs.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from interplay import cli

RAN = "ran"
TEXTS = {
    "shell": f"$(touch {RAN})",
    "backticks": f"`touch {RAN}`",
    "make": f"$(shell touch {RAN})",
    "make twice": f"$$(shell touch {RAN})$$$$(touch {RAN})",
    "double quote": f'"; touch {RAN}; "',
    "single quote": f"'; touch {RAN}; '",
    "python": f"'+__import__('os').mkdir('{RAN}')+'",
    "semicolon": f"x; touch {RAN}",
    "new line": f"x\ntouch {RAN}\n",
    "carriage return": f"x\rtouch {RAN}\r",
    "above": "../../outside",
    "elsewhere": "/none/such/outside",
    "globs": "*?[a-z]",
    "braces": "{x} {} {0.__class__}",
    "dash": "--help",
    "tag": "<script>alert(1)</script>",
    "template": "{{ 7 * 7 }}",
    "right to left": "\u202etxt.exe",
    "terminal": "\x1b[31mred\x1b]0;title\x07",
    "not UTF-8": "\udcff\udcfe",
    "lone space": " ",
    "comment": "# $x %s %n",
    "endless": "x" * 5000,
}
NAMES = pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)


def one_clear_line(said: str) -> bool:
    """Whether `said` is one line that a terminal shows as it is: an error, and no traceback."""
    whole = said.removesuffix("\n")
    return whole.startswith("error: ") and whole.replace("\ufffd", "?").isprintable()


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


# --- the command line ---------------------------------------------------------------------------------------------


# Each entry: what stands before the text on the command line. The text is no name of anything.
COMMANDS = [
    (),
    ("run",),
    ("run", "theory", "--run"),
    ("run", "theory", "--tier"),
    ("run", "theory", "--data"),
    ("run", "theory", "--set"),
    ("run", "theory", "--device"),
    ("run", "theory", "--threads"),
    ("run", "theory", "--config"),
    ("figure",),
    ("figure", "metrics24/fig2", "--config"),
    ("figure", "metrics24/fig2", "--results"),
    ("table",),
    ("table", "metrics24/table3", "--results"),
    ("metrics",),
    ("metrics", "grokking", "--results"),
    ("verdicts", "--results", "nowhere", "--claim"),
    ("verdicts", "--results", "nowhere", "--config"),
    ("verdicts", "--results", "nowhere", "--tier"),
    ("verdicts", "--results", "nowhere", "--data"),
    ("controls", "--runs", "nowhere", "--results"),
    ("report", "--results"),
    ("measure",),
    ("measure", "nowhere.npz", "--seed"),
    ("fetch",),
    ("fetch", "digits", "--root"),
    ("fetch", "cifar10", "--root", ".", "--source"),
    ("forecast", "--claim"),
    ("forecast", "--tier"),
    ("forecast", "--set"),
    ("forecast", "--device"),
    ("locate",),
    ("locate", "note", "words", "--documents"),
]


@pytest.fixture
def interplay(monkeypatch, capsys, tmp_path, config):
    """Calls the command line in this process, in an empty folder; gives the exit status and what was said."""
    (tmp_path / "config").symlink_to(config)
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["interplay", *arguments])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        said = capsys.readouterr()
        return caught.value.code, said.out, said.err

    return call


@pytest.mark.parametrize("before", COMMANDS, ids=" ".join)
def test_text_on_the_command_line_is_refused_in_one_line(interplay, tmp_path, before):
    for name, text in TEXTS.items():
        words = (*before[:-1], f"{before[-1]}={text}") if before and before[-1][:2] == "--" else (*before, "--", text)
        status, out, err = interplay(*words)
        assert (name, status) == (name, 2), out + err
        assert one_clear_line(err), (name, err)
        assert files(tmp_path) == {"config"}, name


# --- make -----------------------------------------------------------------------------------------------------------

GIVEN = ("TIER", "DATA", "CORES", "SET", "DEVICE", "ID", "ENGINE", "RESULTS", "UPGRADE", "BUILD_FLAGS", "OTHER")
TELLS = """#!/bin/sh
for word; do printf '%s\\0' "$word" >> told; done
"""
needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


@pytest.fixture
def make(tmp_path, root):
    """Calls `make` on our Makefile in a folder where all programs only write down the words that they are given."""
    shutil.copy(root / "Makefile", tmp_path)
    programs = tmp_path / ".venv/bin"
    programs.mkdir(parents=True)
    names = ("python", "dvc", "git", "interplay", "lint-imports", "mypy", "pytest", "ruff", "snakemake")
    for path in (*(programs / name for name in names), tmp_path / "envs/lock.sh"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(TELLS)
        path.chmod(0o755)
    (tmp_path / "told").touch()
    environment = {key: value for key, value in os.environ.items() if "MAKE" not in key and key not in GIVEN}

    def call(*words, **variables):
        (tmp_path / "told").write_text("")
        done = subprocess.run(
            ["make", "-C", str(tmp_path), "--no-print-directory", *words],
            env=environment | {"PYTHON": "true"} | variables,
            capture_output=True,
        )
        return done, (tmp_path / "told").read_bytes().decode(errors="surrogateescape").split("\0")[:-1]

    return call


def targets(root: Path) -> list[str]:
    text = (root / "Makefile").read_text().replace("\\\n", "")
    return re.search(r"^\.PHONY: (.*)$", text, flags=re.MULTILINE)[1].split()


@needs_make
@NAMES
def test_what_is_given_to_make_is_text(make, root, tmp_path, text):
    """On the command line and in the environment, for every target."""
    known = files(tmp_path)
    everything = sorted(targets(root), key=lambda name: "clean" in name)  # what the others need is removed last
    given = {name: text for name in GIVEN if name != "RESULTS"}
    for words, variables in (([f"{name}={value}" for name, value in given.items()], {}), ([], given)):
        make("--keep-going", *everything, *words, **variables)
        assert not list(tmp_path.rglob(RAN))
        assert files(tmp_path) - known <= {"results"}


@needs_make
@NAMES
def test_a_folder_that_is_given_to_make_is_one_folder(make, tmp_path, text):
    if text not in (TEXTS["above"], TEXTS["elsewhere"]):  # which name another folder, as they may
        make("smoke-in-container", f"RESULTS={text}")
        assert not list(tmp_path.rglob(RAN))


@needs_make
@NAMES
def test_what_is_given_to_make_arrives_as_it_is(make, text):
    words = {"figure": ("--tier", "--figure", "--set"), "claim": ("--data", "--claim"), "controls": ("--device",)}
    for target, options in words.items():
        given = [f"{name}={text}" for name in ("TIER", "ID", "SET", "DATA", "DEVICE")]
        done, told = make(target, *given)
        assert done.returncode == 0, done.stderr
        assert {f"{option}={text.lstrip()}" for option in options} <= set(told)


@needs_make
@NAMES
def test_no_results_but_those_of_a_tier_are_cleaned(make, tmp_path, text):
    for kept in ("results/reference", "outside", "results/x"):
        (tmp_path / kept).mkdir(parents=True)
    known = files(tmp_path)
    done, _ = make("clean-results", f"TIER={text}")
    assert done.returncode != 0
    assert b"error: unknown TIER" in done.stderr
    assert files(tmp_path) == known


@needs_make
@pytest.mark.parametrize("how", ["line", "environment"])
def test_a_python_that_is_given_is_one_word(make, tmp_path, how):
    words, variables = (["PYTHON=" + TEXTS["make"]], {}) if how == "line" else ([], {"PYTHON": TEXTS["semicolon"]})
    done, told = make("figure", *words, **variables)
    assert (done.returncode != 0, told) == (True, [])
    assert not (tmp_path / RAN).exists()


def test_no_recipe_pastes_what_is_given(root):
    """Whoever adds a variable that a user gives: name it in GIVEN, and read it from the environment, "$$NAME"."""
    text = (root / "Makefile").read_text().replace("\\\n", "")
    given = re.search(r"^GIVEN = (.*)$", text, flags=re.MULTILINE)[1].split()
    optional = set(re.findall(r"^(\w+) \?=", text, flags=re.MULTILINE))
    assert optional <= {*given, "PYTHON"}
    recipes = [line for line in text.splitlines() if line.startswith("\t") or line.startswith("REPRODUCE")]
    used = {name for line in recipes for name in re.findall(r"\$\$\{?([A-Z][A-Z_]+)", line)}
    assert used <= {*given, "FIRST_PYTHON"}
    assert [line for line in recipes if re.search(rf"(?<!\$)\$[({{]({'|'.join(given)}|PYTHON)\b", line)] == []
