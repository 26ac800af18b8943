"""Without OpenCLIP everything else works, and what needs it says so in one line."""

import subprocess
import sys

CODE = """
import sys
sys.modules["open_clip"] = None  # as if it were not installed
from interplay.cli import main
sys.argv = ["interplay", "run", "clip_pretraining", "--results", sys.argv[1]]
main()
"""


def test_what_needs_it_says_so_in_one_line(root, tmp_path):
    done = subprocess.run([sys.executable, "-c", CODE, str(tmp_path)], cwd=root, capture_output=True, text=True)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert done.stderr.startswith("error: OpenCLIP is missing") and done.stderr.count("\n") == 1
