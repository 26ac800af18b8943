"""The commands of the workflow end in one line, whatever the system refuses, and in none where nobody reads on."""

import errno
import subprocess
import sys
from contextlib import contextmanager

import pytest

from interplay.errors import InterplayError


@pytest.fixture
def entry(load_script):
    return load_script("workflow/entry.py")


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (InterplayError("TIER=x: there is none"), 2, "error: TIER=x: there is none"),
        (OSError(errno.ENOSPC, "full", "/proc/x"), 2, "error: /proc/x: the disk of /proc is full"),
        (PermissionError(errno.EACCES, "no", "results/a"), 2, "error: results/a: permission denied; mend the rights"),
        (KeyboardInterrupt(), 130, "interrupted; finished work is kept, run the same command again"),
    ],
)
def test_what_goes_wrong_is_one_line_and_a_status(entry, capsys, error, status, said):
    def main():
        raise error

    assert entry.ends_in_one_line(main)() == status
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(said)


def test_another_workflow_at_work_is_told(entry, capsys):
    def main():
        raise entry.BusyError("process 7")

    assert entry.ends_in_one_line(main)() == 1
    assert capsys.readouterr().err == (
        "error: another workflow is at work in this checkout (process 7); wait for it or stop it\n"
    )


def test_a_defect_of_the_command_itself_is_not_hidden(entry):
    def main():
        raise OSError("no number")

    with pytest.raises(OSError, match="no number"):
        entry.ends_in_one_line(main)()
    assert entry.ends_in_one_line(lambda: 3)() == 3


def test_who_has_seen_enough_of_what_is_printed_gets_no_traceback(root):
    code = (
        "import sys; sys.path.insert(0, 'workflow')\nfrom entry import ends_in_one_line\n"
        "@ends_in_one_line\ndef main():\n    for number in range(100_000): print(number)\n    return 0\n"
        "sys.exit(main())"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout.readline() == "0\n"
        child.stdout.close()
        assert child.stderr.read() == ""
    assert child.returncode == 141


@pytest.mark.parametrize("name", ["reproduce", "plan", "controls", "archive"])
def test_every_command_ends_so(load_script, name):
    assert load_script(f"workflow/{name}.py").main.__wrapped__.__name__ == "main"


@pytest.mark.parametrize("given", [["--data", "offline"], ["--set", "theory.draws=3"]])
def test_controls_do_not_pass_over_what_they_cannot_take(root, given):
    command = [sys.executable, "workflow/controls.py", *given]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(
        "error: controls are of a tier as it is configured, with data of their own: leave out"
    )


def test_controls_carry_the_mark_and_are_put_to_claims_under_the_lock(load_script, monkeypatch, capsys):
    controls = load_script("workflow/controls.py")
    held, called = [], []

    @contextmanager
    def alone(_lock, _profile):
        held.append(True)
        yield
        held.clear()

    monkeypatch.setattr(controls, "alone", alone)
    monkeypatch.setattr(controls, "die_with_parent", lambda: None)
    monkeypatch.setattr(controls, "run_snakemake", lambda *_given, **_named: 0)
    monkeypatch.setattr(controls, "run_marked", lambda words, *_: called.append((words[3], bool(held))) or 130)
    monkeypatch.setattr(sys, "argv", ["controls.py"])
    assert controls.main() == 130
    assert called == [("controls", True)]
    assert capsys.readouterr().err.startswith("interrupted; finished work is kept")
