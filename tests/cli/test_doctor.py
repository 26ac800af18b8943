"""`interplay doctor` from end to end: exit status, lines, table."""

import subprocess
import sys

import pytest


@pytest.fixture
def doctor(root, tmp_path):
    def run(*arguments):
        command = [sys.executable, "-m", "interplay", "doctor", "--results", str(tmp_path / "results"), *arguments]
        return subprocess.run(command, cwd=root, capture_output=True, text=True)

    return run


def test_each_check_is_a_line_and_each_tier_a_row(doctor):
    done = doctor("--offline")
    lines, table, verdict = done.stdout.split("\n\n")
    assert {line.split()[0] for line in lines.splitlines()} <= {"ok", "note", "mend"}
    assert {row.split()[0] for row in table.splitlines()[1:]} == {"smoke", "review", "paper"}
    stopped = "mend  " in lines
    assert done.returncode == stopped
    assert verdict.startswith(
        "tier smoke, offline data, 474 runs left: " + ("to mend first" if stopped else "nothing to mend")
    )
    assert done.stderr == ""


def test_what_is_to_be_mended_is_exit_status_1(doctor):
    done = doctor("--quick", "--tier", "review", "--data", "offline", "--device", "cuda:99")
    wrong = [line for line in done.stdout.splitlines() if line.startswith("mend  ")]
    if wrong:  # no NVIDIA driver here
        assert done.returncode == 1
        assert "to mend first: " in done.stdout
    assert done.stdout.count("jobs") == 0  # no table


@pytest.mark.parametrize(
    ("arguments", "complaint"), [(["--tier", "tiny"], "choose one of"), (["--device", "tpu"], "device: tpu is unknown")]
)
def test_wrong_input_is_one_line_and_status_2(doctor, arguments, complaint):
    done = doctor(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert complaint in done.stderr
