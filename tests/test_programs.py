import sys

from interplay.programs import ask


def test_a_program_that_hangs_is_not_waited_for():
    said, silent = ask([sys.executable, "-c", "import time; time.sleep(60)"], seconds=0.2)
    assert (said, silent) == ("", "no answer within 0.2 s")


def test_a_program_that_cannot_run_is_no_error(tmp_path):
    (tmp_path / "odd").write_text("")
    said, silent = ask([str(tmp_path / "odd")], 1.0)
    assert (said, silent) == ("", "permission denied")


def test_the_last_line_of_a_failure_is_said_and_the_folder_is_the_one_given(tmp_path):
    code = "import os, sys; print('before'); print(os.getcwd(), file=sys.stderr); sys.exit(3)"
    assert ask([sys.executable, "-c", code], 60.0, tmp_path) == ("", str(tmp_path.resolve()))
