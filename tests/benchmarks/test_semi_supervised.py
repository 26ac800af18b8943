"""The benchmark of semi-supervised training: its arithmetic, its steps, and its talk with the other loop."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from interplay.errors import InterplayError
from interplay.protocols.setup import load_setup
from interplay.training import Compute

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks/semi_supervised.py"
SMALL = ["--batch-size", "4", "--ratio", "2", "--depth", "10", "--width", "1", "--side", "8", "--samples", "40"]
CPU = torch.device("cpu")

# Stands in for the other loop: says what it is, and answers each request with seconds made of its numbers.
ECHO = """
import json, sys
sizes = json.loads(sys.argv[-1])
print(json.dumps({"semilearn": "0", "torch": "0", "parameters": sizes["depth"]}), flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    steps = asked["steps"]
    print(json.dumps({"seconds": [1.0 + asked["workers"]] * steps, "waiting": [0.25] * steps}), flush=True)
"""


@pytest.fixture(scope="module")
def benchmark():
    return SimpleNamespace(**runpy.run_path(str(SCRIPT)))


@pytest.fixture
def reference(benchmark, tmp_path, monkeypatch):
    """A reference that runs other code."""

    def start(code):
        script = tmp_path / "loop.py"
        script.write_text(code)
        monkeypatch.setitem(benchmark.Reference.__init__.__globals__, "REFERENCE", script)
        return benchmark.Reference(sys.executable, {"depth": 10})

    return start


@pytest.fixture(scope="module")
def loops(benchmark, config):
    options = benchmark.parser().parse_args(SMALL)
    protocol = benchmark.sized(load_setup(config, "paper").protocols["semi_supervised"], options)
    return benchmark.Loops.of(protocol, benchmark.random_images(40, 8, CPU), Compute())


def test_shares_are_of_the_same_turn(benchmark):
    """The machine is twice as slow in the second turn: shares do not see it, as they would by medians of seconds."""
    turns = benchmark.Turns()
    for slower in (1, 2, 1.5):
        for name, seconds in (("freematch", 10), ("update", 9), ("max_mi", 12.5)):
            turns.add(name, slower * seconds)
    assert turns.ratio("freematch", "freematch", less="update") == pytest.approx(0.1)
    assert turns.ratio("max_mi", "max_mi", less="freematch") == pytest.approx(0.2)
    assert turns.ratio("max_mi", "freematch") == pytest.approx(1.25)
    assert turns.line("update") == "13.5 s (9 s to 18 s)"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.000123, "0.123 ms"),
        (0.9994, "999 ms"),
        (1.0, "1 s"),
        (12.34, "12.3 s"),
        (3 * 3600, "3 h"),
        (149.2 * 86400, "149 days"),
    ],
)
def test_times_in_a_unit_that_suits_them(benchmark, seconds, words):
    assert benchmark.display(seconds) == words


def test_what_is_timed_are_steps_of_the_published_method_and_their_parts(loops):
    task = loops.tasks["freematch"]
    batch = {name: source.batch(0) for name, source in task.sources.items()}
    assert len(batch["labelled"]["weak"]) == 4 and len(batch["unlabelled"]["strong"]) == 8
    before = [value.clone() for value in task.learners["main"].network.parameters()]
    sources = dict(task.sources)
    for name in ("freematch", "update"):
        loops.steps[name]()
        after = [value.clone() for value in task.learners["main"].network.parameters()]
        assert any(not torch.equal(one, other) for one, other in zip(before, after, strict=True)), name
        before = after
    assert task.sources == sources  # a step on a batch at hand leaves the streams as they were
    views = {name for name in loops.parts if " view of " in name}
    assert views == {"weak view of labelled", "weak view of unlabelled", "strong view of unlabelled"}
    first, second = (loops.parts["strong view of unlabelled"]()["strong"] for _ in range(2))
    assert first.shape == (8, 3, 8, 8) and not torch.equal(first, second)
    for part in loops.parts.values():
        part()


def test_a_report_has_all_shares_and_judges_them(benchmark):
    turns = benchmark.Turns()
    seconds = {"freematch": 10.0, "update": 9.0, "batch": 1.0, "order": 0.1, "max_mi": 16.0, "min_hd": 10.5}
    seconds |= {"term of max_mi": 6.0, "term of min_hd": 0.5, "semilearn, x": 15.0, "semilearn, x, waiting": 3.0}
    for name, value in seconds.items():
        turns.add(name, value)
    text = "\n".join(benchmark.report(turns, "cpu", ["order"]))
    assert "batch, alone: 1 s (1 s to 1 s), 10.0% of the step (under 15%)" in text
    assert "term, as the difference: 37.5% of the step (NOT under 20%)" in text
    assert "term, as the difference: 4.8% of the step (under 20%)" in text
    assert "semilearn, x: 15 s (15 s to 15 s), 1.50 times ours; 20.0% of it waits for images" in text
    assert "FreeMatch: 121 days" in text and benchmark.WITHOUT_REFERENCE not in text
    text = "\n".join(benchmark.report(turns, "cuda", ["order"]))
    assert "10.0% of the step (NOT under 5%)" in text and "4.8% of the step (under 10%)" in text


def test_the_other_loop_is_asked_for_steps_and_told_when_to_end(benchmark, reference):
    loop = reference(ECHO)
    assert loop.about == {"semilearn": "0", "torch": "0", "parameters": 10}
    assert loop.turn(workers=2, warm_up=1, steps=4) == {"seconds": 3.0, "waiting": 0.25}
    loop.close()
    assert loop._process.returncode == 0


@pytest.mark.parametrize("code", ["import no_such_package", "import sys; sys.exit('no_such_package')"])
def test_a_loop_that_cannot_start_fails_in_one_line(reference, code):
    with pytest.raises(InterplayError, match=r"the loop of semilearn ended: .*no_such_package") as caught:
        reference(code)
    assert "\n" not in str(caught.value)


def test_without_another_loop_it_says_so(benchmark, tmp_path):
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *SMALL, "--turns", "1", "--threads", "1"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("semilearn") == 1 and benchmark.WITHOUT_REFERENCE in done.stdout
    assert "WRN-10-1, 4 labelled and 8 unlabelled images of 3x8x8" in done.stdout
    named = subprocess.run(
        [sys.executable, str(SCRIPT), *SMALL, "--reference", "/no/python"], capture_output=True, text=True
    )
    assert (
        named.returncode == 1
        and named.stderr == "error: --reference: /no/python cannot be started (No such file or directory)\n"
    )
