import os
import subprocess

import pytest


@pytest.mark.parametrize("parts", ["e", "a b", "abcde", "a,b"])
def test_parts_that_there_are_not_are_refused_before_anything_is_started(root, tmp_path, parts):
    command = ["bash", root / "benchmarks/slurm_trial.sh", "shrunken", parts]
    done = subprocess.run(command, env=os.environ | {"TRIAL": str(tmp_path / "trial")}, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: PARTS are letters of abcd") and done.stderr.count("\n") == 1
    assert not (tmp_path / "trial").exists()
