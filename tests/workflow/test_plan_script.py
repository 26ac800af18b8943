"""What `make plan` counts: the cost of due jobs, and how long they take together."""

import sys
from types import SimpleNamespace

import pytest

from interplay.protocols.setup import load_setup
from interplay.protocols.weights import WEIGHTS, fetched_mark


@pytest.fixture(scope="module")
def script(root, load_script):
    sys.path.insert(0, str(root / "workflow"))
    yield load_script("workflow/plan.py")
    sys.path.remove(str(root / "workflow"))


@pytest.fixture
def cost(script):
    def make(rule, seconds, waits_for=(), threads=1, memory=100, gpu=0, priority=1):
        due = script.Due(rule, ("missing: x",), tuple(waits_for), seconds, threads, memory, gpu, priority)
        return script.Cost(due, "cuda" if gpu else "cpu", seconds, memory)

    return make


def test_jobs_fill_the_cores_and_wait_for_what_they_read(script, cost):
    jobs = [cost("a", 10.0), cost("b", 20.0), cost("c", 5.0), cost("d", 1.0, waits_for=["a", "b"])]
    assert script.schedule(jobs, 2, 10_000) == script.Schedule(21.0, 200)
    assert script.schedule(jobs, 1, 10_000) == script.Schedule(36.0, 100)


def test_one_job_at_a_time_has_the_card_and_what_has_threads_takes_cores(script, cost):
    assert script.schedule([cost("a", 10.0, gpu=1), cost("b", 10.0, gpu=1)], 2, 10_000).seconds == 20.0
    assert script.schedule([cost("a", 10.0, threads=2), cost("b", 10.0)], 2, 10_000).seconds == 20.0
    assert script.schedule([cost("a", 10.0, threads=8)], 2, 10_000).seconds == 10.0


def test_what_is_awaited_goes_first_and_what_is_not_due_is_not_waited_for(script, cost):
    jobs = [cost("a", 10.0), cost("b", 10.0, priority=2), cost("c", 10.0, waits_for=["b", "done before"])]
    assert script.schedule(jobs, 1, 10_000).seconds == 30.0
    jobs = [cost("late", 10.0), cost("first", 4.0, priority=2), cost("then", 6.0, waits_for=["first"])]
    assert script.schedule(jobs, 2, 10_000).seconds == 10.0


def test_jobs_that_do_not_fit_beside_each_other_wait_and_one_that_is_larger_than_the_memory_runs_alone(script, cost):
    jobs = [cost("a", 10.0, memory=600), cost("b", 10.0, memory=600), cost("c", 10.0, memory=400)]
    assert script.schedule(jobs, 3, 2000) == script.Schedule(10.0, 1600)
    assert script.schedule(jobs, 3, 1000) == script.Schedule(20.0, 1000)
    assert script.schedule([*jobs, cost("d", 10.0, memory=5000)], 4, 1000) == script.Schedule(30.0, 5000)


def test_an_unknown_cost_takes_no_time_and_keeps_its_place(script, cost):
    assert script.schedule([cost("a", None), cost("b", 3.0, waits_for=["a"])], 1, 10_000).seconds == 3.0


def test_what_a_figure_takes_is_what_it_or_its_like_took_here(script, tmp_path):
    def due(rule, seconds):
        return script.Due(rule, (), (), seconds, 1, 100, 0, 1)

    plan = script.Plan(
        (due("figure_a", 4.0), due("figure_b", 6.0), due("figure_c", None), due("table_a", None)), (), ()
    )
    assert [one.seconds for one in script.costs(plan, {}, "cpu", tmp_path)] == [4.0, 6.0, 5.0, None]


def test_data_are_looked_for_where_the_profile_has_them_and_marks_without_files_count_as_gone(
    script, tmp_path, monkeypatch, root
):
    name = next(name for name, info in WEIGHTS.items() if info.forms)
    mark = tmp_path / fetched_mark(name)
    mark.parent.mkdir(parents=True)
    mark.touch()
    asked = []
    monkeypatch.setattr(script, "read_plan", lambda *given: asked.append(given) or script.Plan((), (), ()))
    standing = script.Standing(tmp_path / "results", (), (), frozenset())
    profile = script.Profile(root / "profiles/slurm", "slurm", (f"data_root={tmp_path}",))
    script.foretell(load_setup(root / "config"), "cpu", 1, [], standing, ["models/a.safetensors"], profile)
    ((arguments, there, gone),) = asked
    assert f"data_root={tmp_path}" in arguments
    assert (there, gone) == ([], ["models/a.safetensors", str(mark)])


@pytest.mark.parametrize(
    ("name", "kind", "stem", "suffixes"),
    [
        ("metrics24/fig9", "figure", "figures/metrics24/fig9", {"svg", "pdf", "png", "csv"}),
        ("metrics24/fig7.barriers", "table", "tables/metrics24/fig7.barriers", {"csv", "md", "tex"}),
        ("grokking_train_fits", "claim", "claims/grokking_train_fits", {"json"}),
    ],
)
def test_a_name_means_all_that_is_made_of_it_and_what_the_command_for_it_makes(
    script, root, tmp_path, monkeypatch, name, kind, stem, suffixes
):
    monkeypatch.chdir(root)
    assert set(script.targets_of(name, tmp_path)) == {tmp_path / f"{stem}.{suffix}" for suffix in suffixes}
    asked = SimpleNamespace(**{"claim": None, "figure": None, "table": None, kind: name})
    assert sys.modules["reproduce"]._targets(asked, tmp_path)[0] == script.targets_of(name, tmp_path)
    assert script.targets_of("", tmp_path) == []


@pytest.mark.parametrize(
    ("name", "near"), [("metrics24/fig99", "metrics24/fig9"), ("grokking_trian_fits", "train_fits")]
)
def test_of_an_unknown_name_near_ones_are_said(script, root, tmp_path, monkeypatch, name, near):
    monkeypatch.chdir(root)
    with pytest.raises(script.InterplayError, match=rf"no figure, table or claim '{name}'; did you mean .*{near}"):
        script.targets_of(name, tmp_path)
