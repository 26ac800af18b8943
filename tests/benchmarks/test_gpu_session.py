"""Every line of the script for a GPU is run here up to the point where its arguments are accepted."""

import os
import re
import shutil
import subprocess
import sys

import pytest

SCRIPT = "benchmarks/gpu_session.sh"
pytestmark = pytest.mark.skipif(shutil.which("timeout") is None, reason="needs the timeout of coreutils")


@pytest.fixture
def session(root, tmp_path):
    """Runs the script, or a changed one, with a `python` that only parses; its output and what was accepted."""
    log, python = tmp_path / "accepted", tmp_path / "bin/python"
    python.parent.mkdir()
    python.write_text(f'#!/bin/sh\nexec {sys.executable} {root}/tests/benchmarks/parse_only.py {log} "$@"\n')
    python.chmod(0o755)

    def run(*arguments, script=root / SCRIPT, **variables):
        environment = os.environ | {"PATH": f"{python.parent}:{os.environ['PATH']}", "OUT": str(tmp_path / "out")}
        done = subprocess.run(["bash", script, *arguments], env=environment | variables, capture_output=True, text=True)
        return done, log.read_text().splitlines() if log.exists() else []

    return run


@pytest.fixture
def changed(root, tmp_path):
    """The script with one thing replaced, among links to all that the real one finds; the checkout may be read-only."""

    def make(old, new):
        text = (root / SCRIPT).read_text()
        assert old in text
        copy = tmp_path / "checkout" / SCRIPT
        copy.parent.mkdir(parents=True)
        for path in (*root.glob("[!.]*"), *(root / SCRIPT).parent.iterdir()):
            link = tmp_path / "checkout" / path.relative_to(root)
            if not link.exists():
                link.symlink_to(path)
        copy.unlink()
        copy.write_text(text.replace(old, new))
        return copy

    return make


@pytest.mark.slow
def test_a_session_runs_five_parts_and_sums_them_up(session, tmp_path):
    done, accepted = session("session")
    assert done.returncode == 0, done.stdout + done.stderr
    assert [re.search(r"pytest|[a-z_]+\.py", line)[0] for line in accepted] == [
        "pytest",
        "training_throughput.py",
        "side_by_side_decoders.py",
        "side_by_side_decoders.py",
        "dataset_information.py",
    ]
    assert all("--device cuda" in line for line in accepted[1:])
    names = ["tests", "training_throughput", "decoders", "reading", "dataset_information"]
    summary = (tmp_path / "out/summary.txt").read_text()
    assert re.findall(r"^(\w+): done after \d+ s$", summary, flags=re.MULTILINE) == names
    # A device brings home eight files, none deeper than two folders.
    assert {path.name for path in (tmp_path / "out").iterdir()} == {f"{name}.txt" for name in [*names, "summary"]}


def test_a_session_takes_seven_minutes_at_most(root):
    script = (root / SCRIPT).read_text()
    part = script[script.index("\nsession)") : script.index("\ntests)")]
    seconds = [int(number) for number in re.findall(r"^ +\w+(?: [a-z]+)? (\d+)", part, flags=re.MULTILINE)]
    assert len(seconds) == 5
    assert sum(seconds) + 5 * len(seconds) < 7 * 60  # five more until a part that does not end is killed


@pytest.mark.parametrize(
    ("arguments", "count"),
    [
        (["speed"], 2),
        (["decoders"], 1),
        (["semi_supervised"], 4),
        (["cross_modal"], 5),
        (["run", "review", "grokking"], 1),
        (["run", "paper", "compression", "fashion-mnist/information"], 1),
    ],
)
def test_every_part_is_accepted(session, arguments, count):
    done, accepted = session(*arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(accepted) == count


def test_semi_supervised_fits_a_call_and_is_compared_where_a_reference_is_named(session, root, tmp_path):
    done, accepted = session("semi_supervised", REFERENCE="/some/python")
    assert done.returncode == 0, done.stdout + done.stderr
    assert ["--reference /some/python" in line for line in accepted] == [False, True, False, False]
    assert accepted[-1].endswith("--run */seed0 --results " + str(tmp_path / "out") + " --device cuda")
    script = (root / SCRIPT).read_text()
    part = script[script.index("\nsemi_supervised)") : script.index("\ncross_modal)\n")]
    seconds = [int(number) for number in re.findall(r"(?:_tests|freematch) (\d+)", part)]
    assert len(seconds) == 3 and sum(seconds) < 540 - 120  # some of the call is left for runs


def test_a_tier_runs_all_that_wants_a_gpu_and_networks_before_what_measures_them(session):
    done, accepted = session("run", "review")
    assert done.returncode == 0, done.stdout + done.stderr
    order = [line.split()[3] for line in accepted]
    assert {"supervised", "grokking", "compression", "pruning"} <= set(order)
    assert order.index("supervised") < order.index("pruning")


@pytest.mark.parametrize(
    ("old", "new", "arguments"),
    [
        ("dataset_information.py --device cuda", "dataset_information.py --devise cuda", ["speed"]),
        ("--published --device", "--publishes --device", ["decoders"]),
        ("--device cuda ||", "--chip cuda ||", ["run", "review", "grokking"]),
    ],
)
def test_an_option_that_a_command_lacks_fails(session, changed, old, new, arguments):
    done, _ = session(*arguments, script=changed(old, new))
    assert done.returncode == 1


def test_a_part_that_fails_stops_nothing_and_shows(session, changed, tmp_path):
    broken = changed("benchmarks/training_throughput.py --device", "benchmarks/training_throughput.py --devise")
    done, accepted = session("speed", script=broken)
    assert done.returncode == 1
    assert "training_throughput: failed with 2" in (tmp_path / "out/summary.txt").read_text()
    assert "dataset_information.py" in accepted[-1]


@pytest.mark.parametrize(
    "arguments", [["run", "review", "grocking"], ["run", "review", "grokking", "nothing"], ["run"]]
)
def test_what_there_is_not_fails_in_one_line(session, arguments):
    done, accepted = session("run", *arguments)
    assert done.returncode == 1 and not accepted
    assert "Traceback" not in done.stderr


def test_tests_that_are_all_skipped_show_nothing(session, changed, tmp_path):
    tests = '"$python" -m pytest -m gpu -rs -v --tb=short --durations=15 --continue-on-collection-errors tests'
    done, _ = session("tests", script=changed(tests, 'echo "=== 30 skipped, 7 deselected in 1.0s ==="'))
    assert done.returncode == 1
    assert "tests: failed with 5" in (tmp_path / "out/summary.txt").read_text()


def test_some_skipped_tests_are_no_failure(session, changed, tmp_path):
    tests = '"$python" -m pytest -m gpu -rs -v --tb=short --durations=15 --continue-on-collection-errors tests'
    done, _ = session("tests", script=changed(tests, 'echo "=== 3 passed, 30 skipped in 1.0s ==="'))
    assert done.returncode == 0
    assert "tests: done" in (tmp_path / "out/summary.txt").read_text()


def test_a_tier_without_runs_for_a_gpu_is_one_line(session, changed):
    done, accepted = session("run", "review", script=changed("if job.accelerator", "if not job.name"))
    assert done.returncode == 1 and not accepted
    assert done.stderr.endswith("error: tier review has no run that gains from a GPU\n")


def test_the_call_ends_in_time_and_being_cut_off_is_no_failure(session):
    done, accepted = session("run", "review", LIMIT="5")
    assert done.returncode == 0 and not accepted
    assert "no time left for supervised; call again to go on" in done.stdout


def test_without_a_part_it_says_what_there_is(session, root):
    done, _ = session()
    assert done.returncode == 2
    listed = set(re.findall(r"gpu_session.sh (\w+)", done.stdout))
    known = re.search(r"^(session[a-z_ |]+)\)$", (root / SCRIPT).read_text(), flags=re.MULTILINE)[1]
    assert listed == set(known.split(" | "))


def test_a_missing_package_is_one_line(session, changed):
    done, accepted = session("decoders", script=changed('Requirement("hypothesis")', 'Requirement("no-such-thing>=1")'))
    assert done.returncode == 1 and not accepted
    assert done.stderr.strip().startswith("error: missing here: no-such-thing>=1; install them")
