"""What due jobs cost, and how long they take together."""

import pytest


@pytest.fixture(scope="module")
def costs(load_script):
    return load_script("workflow/costs.py")


@pytest.fixture
def cost(costs):
    def make(rule, seconds, waits_for=(), threads=1, memory=100, gpu=0, priority=1):
        due = costs.Due(rule, ("missing: x",), tuple(waits_for), seconds, threads, memory, gpu, priority)
        return costs.Cost(due, "cuda" if gpu else "cpu", seconds, memory)

    return make


def test_jobs_fill_the_cores_and_wait_for_what_they_read(costs, cost):
    jobs = [cost("a", 10.0), cost("b", 20.0), cost("c", 5.0), cost("d", 1.0, waits_for=["a", "b"])]
    assert costs.schedule(jobs, 2, 10_000) == costs.Schedule(21.0, 200)
    assert costs.schedule(jobs, 1, 10_000) == costs.Schedule(36.0, 100)


def test_one_job_at_a_time_has_the_card_and_what_has_threads_takes_cores(costs, cost):
    assert costs.schedule([cost("a", 10.0, gpu=1), cost("b", 10.0, gpu=1)], 2, 10_000).seconds == 20.0
    assert costs.schedule([cost("a", 10.0, threads=2), cost("b", 10.0)], 2, 10_000).seconds == 20.0
    assert costs.schedule([cost("a", 10.0, threads=8)], 2, 10_000).seconds == 10.0


def test_what_is_awaited_goes_first_and_what_is_not_due_is_not_waited_for(costs, cost):
    jobs = [cost("a", 10.0), cost("b", 10.0, priority=2), cost("c", 10.0, waits_for=["b", "done before"])]
    assert costs.schedule(jobs, 1, 10_000).seconds == 30.0
    jobs = [cost("late", 10.0), cost("first", 4.0, priority=2), cost("then", 6.0, waits_for=["first"])]
    assert costs.schedule(jobs, 2, 10_000).seconds == 10.0


def test_jobs_that_do_not_fit_beside_each_other_wait_and_one_that_is_larger_than_the_memory_runs_alone(costs, cost):
    jobs = [cost("a", 10.0, memory=600), cost("b", 10.0, memory=600), cost("c", 10.0, memory=400)]
    assert costs.schedule(jobs, 3, 2000) == costs.Schedule(10.0, 1600)
    assert costs.schedule(jobs, 3, 1000) == costs.Schedule(20.0, 1000)
    assert costs.schedule([*jobs, cost("d", 10.0, memory=5000)], 4, 1000) == costs.Schedule(30.0, 5000)


def test_an_unknown_cost_takes_no_time_and_keeps_its_place(costs, cost):
    assert costs.schedule([cost("a", None), cost("b", 3.0, waits_for=["a"])], 1, 10_000).seconds == 3.0


def test_what_a_figure_takes_is_what_it_or_its_like_took_here(costs, tmp_path):
    def due(rule, seconds):
        return costs.Due(rule, (), (), seconds, 1, 100, 0, 1)

    plan = costs.Plan((due("figure_a", 4.0), due("figure_b", 6.0), due("figure_c", None), due("table_a", None)), (), ())
    assert [one.seconds for one in costs.costs(plan, {}, "cpu", tmp_path)] == [4.0, 6.0, 5.0, None]
