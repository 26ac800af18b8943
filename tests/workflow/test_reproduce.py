"""`workflow/reproduce.py` answers wrong input with one line, before anything runs."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--tier", "tiny"], "choose one of paper, review, smoke"),
        (["--data", "elsewhere"], "choose one of offline, published"),
        (["--tier", "smoke", "--data", "published"], "tier smoke runs on offline data only"),
        (["--cores", "0"], "CORES=0"),
        (["--cores", "all"], "CORES=all"),
        (["--figure", ""], "give ID=, one of "),
        (["--table", "metrics24/fig1"], "there is no table"),
        (["--claim", "nonsense"], "no claim 'nonsense'"),
    ],
)
def test_wrong_input_is_one_line_and_status_2(root, arguments, complaint):
    done = subprocess.run(
        [sys.executable, "workflow/reproduce.py", *arguments], cwd=root, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("error: ")
    assert complaint in done.stderr
