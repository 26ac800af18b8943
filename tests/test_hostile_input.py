"""What no input may do: run, write outside of where results go, or end in anything but one clear line.

A table of texts, given to every entry point at which a person or a script can put text: arguments and options of the
commands as typer has them, options of the workflow's scripts as argparse has them, the variables of the Makefile and of
the environment. A new one is covered, or fails the test that counts them. Where any text is a right one, the tables
below say so. A text that would run makes the file `ran` where it runs.
"""

from __future__ import annotations

import ast
import csv
import io
import json
import lzma
import os
import re
import shlex
import shutil
import stat
import subprocess
import sys
import tarfile
import warnings
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pydantic import ValidationError
from typer.main import get_command

from interplay import cli
from interplay.data import unpacking
from interplay.data.fetching.deb import take_out
from interplay.data.fetching.http import SourceFailure
from interplay.data.ledger import Ledger
from interplay.errors import InterplayError
from interplay.figures.draw import csv_text
from interplay.markup import one_line
from interplay.protocols import claim_files
from interplay.protocols.setup import load_setup
from interplay.records import Record, read_record
from interplay.tables.table import Table
from interplay.training.card_locks import lock_folder

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
    return whole.startswith("error: ") and whole.isprintable()


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


# --- the command line ---------------------------------------------------------------------------------------------


# What each command is given besides the text, so that nothing else is wrong with it where that can be had.
BESIDE = {
    "run": ("theory",),
    "figure": ("metrics24/fig2",),
    "table": ("metrics24/table3",),
    "metrics": ("grokking",),
    "verdicts": ("--results=nowhere", "--tier=smoke"),
    "controls": ("--results=nowhere", "--runs=nowhere"),
    "report": (),
    "measure": ("nowhere.npz",),
    "fetch": ("cifar10", "--root=."),
    "doctor": ("--quick", "--results=nowhere"),
    "forecast": ("--results=nowhere",),
    "schema": (),
    "locate": ("note", "words", "--documents=nowhere"),
    "publish": (),
    "restore": (),
    "export": ("--output=nowhere.zip",),
}
# Any text is a right one here: it names a folder or a file, to be read if it is there or to be written.
ANY = {
    ("verdicts", "--results"),
    ("verdicts", "--output"),
    ("doctor", "--results"),
    ("doctor", "--data-root"),
    ("forecast", "--results"),
}
# A run would follow that is not refused; how a folder's name arrives there is tried through Snakemake, below.
WHOLE_RUNS = {("run", "--results"), ("run", "--data-root")}


def options() -> dict[str, Any]:
    """Every command and every argument and option of it that takes a value, as typer has them."""
    cli._register()
    commands = get_command(cli.app).commands
    values = ((name, value) for name, command in commands.items() for value in command.params)
    return {f"{name} {value.opts[0]}": (name, value) for name, value in values if not getattr(value, "is_flag", False)}


def words_with(entry: str, text: str) -> list[str]:
    """A command line on which `text` stands in the place of `entry`."""
    command, value = OPTIONS[entry]
    name, beside = value.opts[0], BESIDE[command]
    if value.param_type_name == "option":
        return [command, *(word for word in beside if not word.startswith(f"{name}=")), f"{name}={text}"]
    order = [other.name for _, other in OPTIONS.values() if _ == command and other.param_type_name == "argument"]
    words = [word for word in beside if word[:2] != "--"]
    words[order.index(value.name)] = text
    return [command, *(word for word in beside if word[:2] == "--"), "--", *words]


OPTIONS = options()


@pytest.fixture
def interplay(monkeypatch, capsys, tmp_path, config):
    """Calls the command line in this process, in an empty folder; gives the exit status and what was said."""
    (tmp_path / "config").symlink_to(config)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(claim_files, "load_claims", LOAD_CLAIMS)

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["interplay", *arguments])
        status = 0
        try:
            cli.main()
        except SystemExit as left:
            status = left.code
        said = capsys.readouterr()
        return status, said.out, said.err

    return call


LOAD_CLAIMS = cache(claim_files.load_claims)  # a second each time
# No shell is near: texts that differ in nothing else are left out. `dash` asks for help, and `globs` name runs.
SPOKEN = ("shell", "new line", "above", "braces", "right to left", "terminal", "not UTF-8", "endless")


def test_every_command_is_put_to_hostile_texts():
    """Whoever adds a command: say in BESIDE what it needs besides."""
    assert set(BESIDE) == {command for command, _ in OPTIONS.values()}
    assert {f"{command} {name}" for command, name in (*ANY, *WHOLE_RUNS)} <= set(OPTIONS)


@pytest.mark.parametrize("entry", ["", *(name for name in OPTIONS if tuple(name.split()) not in ANY | WHOLE_RUNS)])
def test_text_on_the_command_line_is_refused_in_one_line(interplay, tmp_path, entry):
    for name in SPOKEN:
        status, out, err = interplay(*(words_with(entry, TEXTS[name]) if entry else ["--", TEXTS[name]]))
        assert (name, status) == (name, 2), out + err
        assert one_clear_line(err), (name, err)
        assert files(tmp_path) == {"config"}, name


@pytest.mark.parametrize("entry", [" ".join(pair) for pair in sorted(ANY)])
def test_text_that_names_a_place_leads_nowhere_else(interplay, tmp_path, entry):
    for name in ("terminal", "new line", "not UTF-8", "endless"):
        text = TEXTS[name]
        status, out, err = interplay(*words_with(entry, text))
        assert all(line.isprintable() for line in (out + err).splitlines()), name
        assert one_clear_line(err) if status == 2 else status in (0, 1), err
        assert {path.split("/")[0] for path in files(tmp_path)} <= {"config", text}, name


def test_json_in_a_folder_that_is_no_configuration_stays(interplay, tmp_path):
    (tmp_path / "other/schemas").mkdir(parents=True)
    (tmp_path / "other/schemas/mine.json").write_text("{}")
    status, out, err = interplay("schema", "--config=other")
    assert (status, out) == (2, "")
    assert "no configuration" in err
    assert files(tmp_path / "other") == {"schemas", "schemas/mine.json"}


@pytest.mark.parametrize("name", SPOKEN)
def test_text_in_the_environment_is_refused_in_one_line(interplay, tmp_path, monkeypatch, name):
    for variable, words in (
        ("INTERPLAY_DOCUMENTS", ("locate", "note", "words")),
        ("INTERPLAY_KEEP_CHECKPOINTS", ("run", "theory")),
    ):
        with monkeypatch.context() as given:
            given.setenv(variable, TEXTS[name])
            status, out, err = interplay(*words)
        assert (variable, status) == (variable, 2), out + err
        assert one_clear_line(err), err
        assert files(tmp_path) == {"config"}


@pytest.mark.parametrize("name", ["terminal", "new line", "not UTF-8", "endless"])
def test_locks_of_a_gpu_lie_where_told(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("INTERPLAY_GPU_LOCKS", TEXTS[name])
    try:
        assert lock_folder() == Path(TEXTS[name])
    except InterplayError as error:
        assert one_line(str(error)).isprintable()
    assert {path.split("/")[0] for path in files(tmp_path)} <= {TEXTS[name]}


def test_every_variable_of_the_environment_is_put_to_hostile_texts(root):
    """INTERPLAY_GIT_COMMIT is below, at what records keep; INTERPLAY_REPRODUCE is the mark that the workflow sets."""
    text = "".join(path.read_text() for room in ("src", "workflow") for path in (root / room).rglob("*.py"))
    known = {"DOCUMENTS", "KEEP_CHECKPOINTS", "GPU_LOCKS", "GIT_COMMIT", "REPRODUCE"}
    assert set(re.findall(r"\bINTERPLAY_([A-Z_]+)", text)) == known


# --- make -----------------------------------------------------------------------------------------------------------

TELLS = """#!/bin/sh
for word; do printf '%s\\0' "$word" >> told; done
"""
MAKEFILE = Path(__file__).resolve().parents[1].joinpath("Makefile").read_text().replace("\\\n", "")
GIVEN = re.search(r"^GIVEN = (.*)$", MAKEFILE, flags=re.MULTILINE)[1].split()
# Where each arrives, as one word: by a target, and how it stands there.
ARRIVES = {
    "TIER": ("figure", "--tier={}"),
    "ID": ("figure", "--figure={}"),
    "SET": ("figure", "--set={}"),
    "DATA": ("claim", "--data={}"),
    "CORES": ("claim", "--cores={}"),
    "DEVICE": ("controls", "--device={}"),
    "PROFILE": ("reproduce", "--profile={}"),
    "REMOTE": ("publish", "--remote={}"),
    "LEVEL": ("restore", "--level={}"),
    "FORCE": ("restore", "--force={}"),
    "OUTPUT": ("export", "--output={}"),
    "EXTRAS": ("setup", "--extra={}"),
    "BASE": ("container", "--build-arg=BASE={}"),
    "CA": ("container", "--secret=id=ca,src={}"),
    "PIP_CONF": ("container", "--secret=id=pip,src={}"),
    "SOURCE": ("container", "SOURCE={}"),
}
NOT_ONE_WORD = {
    "ENGINE": "is a program to be run",
    "RESULTS": "is a folder, with a test of its own",
    **dict.fromkeys(("UPGRADE", "BUILD_FLAGS", "FLAGS"), "are several words for a program, which the shell splits"),
}
needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


@pytest.fixture
def make(tmp_path, root):
    """Calls `make` on our Makefile in a folder where all programs only write down the words that they are given."""
    shutil.copy(root / "Makefile", tmp_path)
    programs = tmp_path / ".venv/bin"
    programs.mkdir(parents=True)
    names = (
        "python",
        "cyclonedx-py",
        "docker",
        "dvc",
        "git",
        "interplay",
        "lint-imports",
        "mypy",
        "pytest",
        "ruff",
        "snakemake",
    )
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


def targets() -> list[str]:
    return re.search(r"^\.PHONY: (.*)$", MAKEFILE, flags=re.MULTILINE)[1].split()


@needs_make
@NAMES
def test_what_is_given_to_make_is_text(make, tmp_path, text):
    """On the command line and in the environment, for every target."""
    known = files(tmp_path)
    everything = sorted(targets(), key=lambda name: "clean" in name)  # what the others need is removed last
    given = {name: text for name in GIVEN if name not in ("RESULTS", "OUTPUT")}
    for words, variables in (([f"{name}={value}" for name, value in given.items()], {}), ([], given)):
        make("--keep-going", *everything, *words, **variables)
        assert not list(tmp_path.rglob(RAN))
        assert files(tmp_path) - known <= {"results", "sbom.cdx.json"}


@needs_make
@NAMES
def test_a_folder_that_is_given_to_make_is_one_folder(make, tmp_path, text):
    if text not in (TEXTS["above"], TEXTS["elsewhere"]):  # which name another folder, as they may
        make("smoke-in-container", f"RESULTS={text}")
        assert not list(tmp_path.rglob(RAN))


@needs_make
@NAMES
def test_what_is_given_to_make_arrives_as_it_is(make, text):
    given = [f"{name}={text}" for name in ARRIVES]
    for target in dict.fromkeys(target for target, _ in ARRIVES.values()):
        done, told = make(target, *given, "ENGINE=docker", "PYTHON=.venv/bin/python")
        assert done.returncode == 0, done.stderr
        if text.lstrip() or target not in ("export", "setup", "container"):  # which have something in its place
            assert {how.format(text.lstrip()) for where, how in ARRIVES.values() if where == target} <= set(told)
    if text.lstrip():
        assert f"--output-file={text.lstrip()}" in make("sbom", f"OUTPUT={text}")[1]


def test_every_variable_of_make_is_put_to_hostile_texts():
    """Whoever adds one: say in ARRIVES how it arrives."""
    assert not set(ARRIVES) & set(NOT_ONE_WORD)
    assert sorted(GIVEN) == sorted([*ARRIVES, *NOT_ONE_WORD])


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


def test_no_recipe_pastes_what_is_given():
    """Whoever adds a variable that a user gives: name it in GIVEN, and read it from the environment, "$$NAME"."""
    optional = set(re.findall(r"^(\w+) \?=", MAKEFILE, flags=re.MULTILINE))
    assert optional <= {*GIVEN, "PYTHON"}
    recipes = [line for line in MAKEFILE.splitlines() if line.startswith(("\t", "REPRODUCE", "ARCHIVE", "BUILD"))]
    used = {name for line in recipes for name in re.findall(r"\$\$\{?([A-Z][A-Z_]+)", line)}
    assert used <= {*GIVEN, "FIRST_PYTHON"}
    assert [line for line in recipes if re.search(rf"(?<!\$)\$[({{]({'|'.join(GIVEN)}|PYTHON)\b", line)] == []


# --- the workflow ---------------------------------------------------------------------------------------------------

SAYS = """
import argparse, contextlib, importlib, io, json, sys
sys.path.insert(0, "workflow")
import supervision
def refuse(*_, **__): raise AssertionError("it would run")
supervision.die_with_parent = lambda: None
supervision.sole_workflow = lambda _: contextlib.nullcontext()
texts, found = json.load(open(sys.argv[1])), []
class Parsed(Exception): pass
def parsed(parser): raise Parsed(parser)
scripts = {"reproduce": [[]], "plan": [[]], "controls": [[]], "archive": [["publish"], ["restore"], ["export"]]}
for name, before in ((name, before) for name, ways in scripts.items() for before in ways):
    script = importlib.import_module(name)
    script.run_snakemake = script.snakemake_arguments = script._snakemake = refuse
    script.publish = script.restore = script.export = refuse
    script.alone = lambda _: contextlib.nullcontext()
    real, argparse.ArgumentParser.parse_args = argparse.ArgumentParser.parse_args, parsed
    try: script.main()
    except Parsed as caught: actions = caught.args[0]._actions
    argparse.ArgumentParser.parse_args = real
    options = [action.option_strings[0] for action in actions if action.option_strings and action.nargs != 0]
    for option in options:
        for text in texts:
            sys.argv[1:] = words = [*before, f"{option}={text}"]
            out, err = io.StringIO(), io.StringIO()
            try:
                with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err): status = script.main()
            except AssertionError: status = "would run"
            found.append([name, option, words, status, out.getvalue(), err.getvalue()])
json.dump(found, sys.stdout)
"""
# What the rest of `archive.py` is given, which this test refuses it: any text is a right one, or is not looked at.
ANY_IN_WORKFLOW = {f"{what} {name}" for what in ("publish", "restore", "export") for name in ("--remote", "--output")}
ANY_IN_WORKFLOW |= {"publish --force", "publish --level", "export --level"}


def test_what_reaches_the_workflow_is_refused_in_one_line(root, tmp_path):
    (tmp_path / "texts.json").write_text(
        json.dumps([TEXTS[name] for name in ("shell", "above", "terminal", "not UTF-8", "endless")])
    )
    done = subprocess.run(
        [sys.executable, "-c", SAYS, str(tmp_path / "texts.json")], cwd=root, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert {name for name, *_ in found} == {"reproduce", "plan", "controls", "archive"}
    assert {option for name, option, *_ in found if name == "reproduce"} >= {"--profile", "--tier", "--claim"}
    for _, option, words, status, out, err in found:
        if status == "would run" and f"{words[0]} {option}" in ANY_IN_WORKFLOW:
            continue
        assert (status, out) == (2, ""), words
        assert one_clear_line(err), words


def test_every_script_of_the_workflow_that_takes_options_is_put_to_hostile_texts(root):
    taking = {path.stem for path in (root / "workflow").glob("*.py") if "__main__" in path.read_text()}
    assert taking == {
        "reproduce",
        "plan",
        "controls",
        "archive",
        "due",
    }  # the last is asked by others, on standard input


@pytest.mark.slow
def test_rules_hand_folders_and_overrides_on_as_they_are(root, tmp_path):
    """Through Snakemake itself, with a program in the place of `interplay` that writes down what it is told."""
    folder = f"a $(touch {RAN}) `touch {RAN}`'; touch {RAN}; ' *"
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/interplay").write_text(
        "#!/bin/sh\n" + f'printf "%s\\0" "$@" >> {shlex.quote(str(tmp_path))}/told\n'
    )
    (tmp_path / "bin/interplay").chmod(0o755)
    chosen = ["theory.draws=20", "pruning={scopes: [global]}"]
    path = os.pathsep.join([str(tmp_path / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]])
    words = ["run_theory_all", "--profile", str(root / "profiles/default"), "--cores", "1", "--nolock"]
    words += ["--snakefile", str(root / "Snakefile"), "--directory", str(tmp_path / "work")]
    words += ["--config", f"results={folder}", f"config={root / 'config'}", f"set={json.dumps(chosen[:1])}"]
    environment = os.environ | {"PATH": path}
    done = subprocess.run([sys.executable, "-m", "snakemake", *words], env=environment, capture_output=True, text=True)
    told = (tmp_path / "told").read_text().split("\0")
    assert done.returncode != 0  # there is no record
    assert told[told.index("--results") + 1] == folder
    assert f"--set={chosen[0]}" in told
    assert not list(tmp_path.rglob(RAN))


def test_a_run_is_called_by_no_path_that_leads_out(config):
    for text in ("../../x", "/x", f"$(touch {RAN})", "a//b", "", "a\nb", "{x}", "-r"):
        with pytest.raises(InterplayError, match="cannot be the name of a run"):
            load_setup(config, "paper", None, [f"theory.documents={json.dumps([text])}"])


# --- what is written ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A0", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_of_csv_is_a_formula(text):
    table = Table((text, "number"), ({text: text, "number": -1.5},), "caption")
    head, row = list(csv.reader(io.StringIO(table.csv("origin").partition("\n")[2])))
    assert head[0] == row[0] == f"'{text}".replace("\r", "\n")
    assert row[1] == "-1.5"


@pytest.mark.parametrize("name", ["x,=cmd|' /C calc'!A0", 'x,"=1+1"', "x; +1", "x,\t@SUM(A1)"])
def test_no_comment_of_csv_is_a_formula(name):
    for sign in ",;":
        first = Table(("a",), ({"a": 1},), name).csv(f"origin{name}").splitlines()[0]
        cells = next(csv.reader([first], delimiter=sign))
        assert not [cell for cell in cells if cell.lstrip().startswith(("=", "+", "-", "@"))]


def test_the_stamp_of_a_figure_is_no_formula(make_record):
    class Stamped:
        ids = ("=1+1",)
        origin = staticmethod(lambda _: "x,=1+1\r=1")

    cells = list(csv.reader(io.StringIO(csv_text(pd.DataFrame({"=1+1": ["=1+1"]}), Stamped(), ()))))
    assert [cell for row in cells for cell in row] == ["'=1+1", "stamp", "'=1+1", "'=1+1 [x,=1+1 =1]"]


@pytest.mark.parametrize("text", ["x,=1+1", "[x](https://x)", "-x", "<b>", "a b", ""])
def test_a_record_has_the_names_of_tiers_and_data(make_record, text):
    content = json.loads(make_record().model_dump_json())
    for field in ("tier", "data_mapping"):
        with pytest.raises(ValidationError, match=field):
            Record.model_validate(content | {field: text})


def test_the_origin_of_a_table_is_text():
    text = Table(("a",), ({"a": 1},), "caption").markdown("[x](https://x) <script>alert(1)</script> *b*")
    assert text.splitlines()[-1].endswith(r"[\[x\](https://x) \<script\>alert(1)\</script\> \*b\*]")


def test_no_record_keeps_what_the_environment_holds(make_record, monkeypatch):
    for name in ("AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "HTTPS_PROXY", "PIP_INDEX_URL", "INTERPLAY_DOCUMENTS"):
        monkeypatch.setenv(name, "https://user:verysecret@host/")
    monkeypatch.setenv("INTERPLAY_GIT_COMMIT", "https://user:verysecret@host/")
    assert "verysecret" not in make_record().model_dump_json()


@pytest.mark.parametrize("content", [b"[" * 100_000, b'{"a": ' * 100_000, b"9" * 5_000, b"\xff", b"null", b""])
def test_json_that_is_none_of_ours_is_one_line(tmp_path, content):
    (tmp_path / "record.json").write_bytes(content)
    with pytest.raises(InterplayError) as caught:
        read_record(tmp_path / "record.json")
    assert "\n" not in str(caught.value)
    (tmp_path / ".decoded").mkdir()
    (tmp_path / ".decoded/x.verified.json").write_bytes(content)
    assert Ledger(tmp_path, "x").said(tmp_path / "record.json") is None


def printing(path: Path) -> list[str]:
    """The calls in a module that print without `interplay.markup`."""
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    raw = ("print", "typer.echo", "typer.secho", "click.echo", "sys.stdout.write", "sys.stderr.write", "console.print")
    return [ast.unparse(call) for call in calls if ast.unparse(call.func) in raw]


def test_the_command_line_and_the_workflow_print_nothing_raw(root):
    modules = [*(root / "src/interplay/cli").glob("*.py"), *(root / "workflow").glob("*.py")]
    assert len(modules) > 20
    found = {path.name: calls for path in modules if (calls := printing(path))}
    assert found == {"fetch.py": ["console.print(visible(line), emoji=False)"]}  # above a bar, which rich draws


def test_a_folder_s_name_does_not_reach_the_terminal(interplay, tmp_path):
    name = "a\x1b]0;title\x07\nerror: b\U000e0041"
    (tmp_path / name).mkdir()
    words = ("--results", name, "--output", "-", "--tier", "smoke", "--data", "offline")
    status, out, err = interplay("verdicts", *words)
    assert (status, err) == (0, "")
    assert all(line.isprintable() for line in out.splitlines())
    assert out.startswith(r"Verdicts on a\u001b]0;title\u0007\u000aerror: b\U000e0041")


# --- archives -------------------------------------------------------------------------------------------------------


def member(name, content=b"x", kind=tarfile.REGTYPE, link="", mode=0o644, **headers):
    entry = tarfile.TarInfo(name)
    entry.size, entry.type, entry.linkname, entry.mode = len(content), kind, link, mode
    entry.pax_headers = headers
    return entry, content


def tar(*members, mode="w:gz", form=tarfile.PAX_FORMAT):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=mode, format=form) as archive:
        for entry, content in members:
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


LARGE = bytes(100_000)  # beyond the limits that the tests set


def raw_tar(*headers, content=b""):
    """Headers as they are; `tarfile` writes no wrong ones."""
    return b"".join(header.tobuf(tarfile.GNU_FORMAT) for header in headers) + content + bytes(1024)


def header(name, kind, size):
    entry = tarfile.TarInfo(name)
    entry.type, entry.size = kind, size
    return entry


def beyond_path_max():
    """The known archive of CVE-2025-4517: beyond PATH_MAX `realpath` gives up and looks no further."""
    folder, parts, at = "d" * 247, [], ""
    for letter in "abcdefghijklmnop":
        parts += [member(at + folder, b"", tarfile.DIRTYPE), member(at + letter, b"", tarfile.SYMTYPE, folder)]
        at += f"{folder}/"
    path = "/".join("abcdefghijklmnop") + "/" + "l" * 254
    parts.append(member(path, b"", tarfile.SYMTYPE, "../" * 16))
    parts.append(member("escape", b"", tarfile.SYMTYPE, f"{path}/../.."))
    parts.append(member("escape/outside"))
    return tar(*parts)


def zipped(*names, content=b"x"):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about a name that is there twice
        for name in names:
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


ARCHIVES = {
    "tar above": tar(member("../outside")),
    "tar above by a folder": tar(member("a/../../outside")),
    "tar elsewhere": tar(member("/outside")),
    "tar long": tar(member("a/" * 501 + "a")),
    "tar with an escape sequence": tar(member("a\x1b]0;title\x07")),
    "tar twice": tar(member("a"), member("./a")),
    "tar below zero": tar(member("a", size="-512")),
    "tar far below zero": tar(member("b", b"", tarfile.DIRTYPE, size=str(-(10**9))), member("a", LARGE)),
    "tar below zero, raw": raw_tar(header("a", tarfile.REGTYPE, -512)),
    "tar name below zero": raw_tar(header("a", tarfile.XHDTYPE, -512), content=LARGE),
    "tar with holes": tar(member("a", b"", **{"GNU.sparse.size": str(10**12), "GNU.sparse.map": "0,0"})),
    "tar with an endless map of holes": tar(
        member("a", b"40000\n" + b"1\n" * 80_000, **{"GNU.sparse.major": "1", "GNU.sparse.minor": "0"})
    ),
    "tar with holes of old": raw_tar(header("a", tarfile.GNUTYPE_SPARSE, 0)),
    "tar with a chain of headers": raw_tar(*(header("a", tarfile.XHDTYPE, 0) for _ in range(2_000))),
    "tar of the end of time": tar(member("a", mtime="inf")),
    "tar of long after": tar(member("a", mtime="1e30")),
    "tar of 2^80": tar(member("a", mtime=str(2**80))),
    "tar device": tar(member("a", b"", tarfile.CHRTYPE)),
    "tar pipe": tar(member("a", b"", tarfile.FIFOTYPE)),
    "tar bomb": tar(member("a", LARGE)),
    "tar bomb of many": tar(*(member(f"a{number}", b"") for number in range(300))),
    "tar bomb by xz": tar(member("a", LARGE), mode="w:xz"),
    "tar bomb in a name": tar(member("a" * 70_000)),
    "tar bomb in a name of GNU": tar(member("a" * 70_000), form=tarfile.GNU_FORMAT),
    "zip above": zipped("../outside"),
    "zip elsewhere": zipped("/outside"),
    "zip long": zipped("a/" * 501 + "a"),
    "zip with an escape sequence": zipped("a\x1b]0;title\x07"),
    "zip with a zero byte": zipped("abcd").replace(b"abcd", b"ab\0d"),
    "zip twice": zipped("a", "a"),
    "zip encrypted": zipped("abcd").replace(b"PK\1\2\x14\3\x14\0\0", b"PK\1\2\x14\3\x14\0\1"),
    "zip bomb": zipped("a", content=LARGE),
    "zip bomb of many": zipped(*(f"a{number}" for number in range(300)), content=b""),
    "zip that lies of its size": zipped("a", content=LARGE).replace((100_000).to_bytes(4, "little"), b"\1\0\0\0"),
    "no archive": b"<html>",
    "nothing": b"",
}


@pytest.fixture
def small_limits(monkeypatch):
    for name, limit in (("LEAST_BYTES", 50_000), ("MOST_MEMBERS", 200), ("MOST_HEADER", 50_000)):
        monkeypatch.setattr(unpacking, name, limit)


@pytest.mark.usefixtures("small_limits")
@pytest.mark.parametrize("content", ARCHIVES.values(), ids=ARCHIVES)
def test_an_archive_lands_nowhere_else_and_is_no_bomb(tmp_path, content):
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "archive").write_bytes(content)
    with pytest.raises(InterplayError, match="archive: cannot be unpacked") as caught:
        unpacking.unpack(tmp_path / "archive", tmp_path / "room/folder")
    assert "\n" not in str(caught.value)
    assert {path.name for path in tmp_path.iterdir()} == {"secret", "archive", "room"}
    assert [path.name for path in (tmp_path / "room").iterdir()] == ["folder"]
    written = [path for path in (tmp_path / "room/folder").rglob("*") if path.is_file() and not path.is_symlink()]
    assert sum(path.stat().st_size for path in written) <= 50_000


def zipped_link():
    entry = zipfile.ZipInfo("a")
    entry.create_system, entry.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(entry, "/etc/passwd")
        archive.writestr("kept", b"x")
    return packed.getvalue()


LINKS = {
    "out": tar(member("a", b"", tarfile.SYMTYPE, "/etc/passwd"), member("kept")),
    "up": tar(member("a", b"", tarfile.SYMTYPE, ".."), member("kept")),
    "within": tar(member("kept"), member("a", b"", tarfile.SYMTYPE, "kept")),
    "hard, out": tar(member("a", b"", tarfile.LNKTYPE, "../../secret"), member("kept")),
    "hard, to nothing": tar(member("a", b"", tarfile.LNKTYPE, "nothing"), member("kept")),
    "in a zip": zipped_link(),
}


@pytest.mark.parametrize("content", LINKS.values(), ids=LINKS)
def test_no_link_is_unpacked(tmp_path, content):
    (tmp_path / "archive").write_bytes(content)
    unpacking.unpack(tmp_path / "archive", tmp_path / "room/folder")
    assert files(tmp_path / "room") == {"folder", "folder/kept"}


def test_a_path_beyond_path_max_leads_nowhere(tmp_path):
    (tmp_path / "archive").write_bytes(beyond_path_max())
    try:
        unpacking.unpack(tmp_path / "archive", tmp_path / "a/b/folder")
    except InterplayError as error:
        assert "\n" not in str(error)
    assert not [path for path in tmp_path.rglob("outside") if "escape" not in path.parts]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "archive"]
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["b"]


def test_what_is_unpacked_is_no_program_of_another_user(tmp_path):
    (tmp_path / "archive").write_bytes(tar(member("a", mode=0o6777), member("./b/c")))
    unpacking.unpack(tmp_path / "archive", tmp_path / "folder")
    assert files(tmp_path / "folder") == {"a", "b", "b/c"}
    assert (tmp_path / "folder/a").stat().st_mode & 0o7022 == 0


def ar(size, content):
    return b"!<arch>\n" + f"{'data.tar.xz':<16}{0:<12}{0:<6}{0:<6}{644:<8}{size:<10}`\n".encode() + content


DEBS = {
    "a size below zero": ar(-60, b""),
    "a member below zero": ar(10**9, tar(member("file", size="-512"), mode="w:xz")),
    "a bomb behind a member below zero": ar(
        10**9, tar(member("b", b"", tarfile.DIRTYPE, size=str(-(10**9))), member("a", LARGE), mode="w:xz")
    ),
    "a size beyond the file": ar(10**9, b""),
    "a bomb": ar(10**9, tar(member("a", LARGE), member("file"), mode="w:xz")),
    "a bomb in a name": ar(10**9, tar(member("a" * 70_000), member("file"), mode="w:xz")),
    "a link": ar(10**9, tar(member("file", b"", tarfile.SYMTYPE, "/etc/passwd"), mode="w:xz")),
    "a device": ar(10**9, tar(member("file", b"", tarfile.CHRTYPE), mode="w:xz")),
    "too large a file": ar(10**9, tar(member("file", bytes(2_000)), mode="w:xz")),
    "no tar": ar(10**9, lzma.compress(b"x" * 2_000)),
}


@pytest.mark.usefixtures("small_limits")
@pytest.mark.parametrize("content", DEBS.values(), ids=DEBS)
def test_a_package_is_no_bomb(tmp_path, content, monkeypatch):
    monkeypatch.setattr(unpacking, "GROWTH", 0)  # the size that it claims to have is its own word
    (tmp_path / "x.deb").write_bytes(content)
    with pytest.raises(SourceFailure) as caught:
        take_out(tmp_path / "x.deb", "file", tmp_path / "target", 1_000)
    assert "\n" not in str(caught.value)
    assert files(tmp_path) == {"x.deb"}
