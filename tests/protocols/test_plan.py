import pytest

from interplay.errors import InterplayError
from interplay.protocols.plan import matching_records, plan_jobs, select_runs
from interplay.protocols.setup import load_setup


@pytest.fixture(scope="module")
def smoke(config):
    return load_setup(config, "smoke")


@pytest.fixture(scope="module")
def paper(config):
    return load_setup(config, "paper")


def test_both_tiers_unfold_into_the_runs_of_their_protocols(smoke, paper):
    for setup in (smoke, paper):
        protocol = setup.protocols["supervised"]
        runs = select_runs(setup, "supervised", "*")
        final = [run for run in runs if run.settings["split"] == "test"]
        assert len(final) == len(protocol.architectures) * len(protocol.objectives) * len(protocol.seeds)
        sweep = [run for run in runs if run.settings["split"] == "validation"]
        candidates = 1 + len(protocol.sweep.max_mi) + len(protocol.sweep.min_hd)
        assert len(sweep) == len(protocol.architectures) * candidates * len(protocol.sweep.seeds)


def test_smoke_bundles_families_and_paper_does_not(smoke, paper):
    assert max(len(job.runs) for job in plan_jobs(smoke)) > 1
    assert {len(job.runs) for job in plan_jobs(paper)} == {1}


def test_every_need_is_the_output_of_another_job_and_there_is_no_cycle(smoke, paper):
    for setup in (smoke, paper):
        jobs = plan_jobs(setup)
        made = {path: job.slug for job in jobs for path in job.outputs}
        assert len(made) == sum(len(job.outputs) for job in jobs), "two jobs write the same file"
        done = set()
        waiting = list(jobs)
        while waiting:
            ready = [job for job in waiting if all(made[path] in done for path in job.inputs)]
            assert ready, "a cycle"
            done |= {job.slug for job in ready}
            waiting = [job for job in waiting if job not in ready]


def test_rule_names_are_unique_and_valid(smoke, paper):
    for setup in (smoke, paper):
        slugs = [job.slug for job in plan_jobs(setup)]
        assert len(set(slugs)) == len(slugs)
        assert all(slug.isidentifier() for slug in slugs)


def test_a_final_run_waits_for_the_sweep_of_its_own_objective_only(smoke):
    run = select_runs(smoke, "supervised", "cifar10/max_mi/seed0")[0]
    assert run.needs
    assert all(name.startswith("supervised/cifar10/sweep/max_mi-") for name in run.needs)
    assert select_runs(smoke, "supervised", "cifar10/plain/seed0")[0].needs == ()


def test_selection_by_run_family_and_glob(smoke):
    assert len(select_runs(smoke, "supervised", "cifar10/plain/seed0")) == 1
    assert len(select_runs(smoke, "supervised", "cifar10/plain")) == 3
    assert len(select_runs(smoke, "supervised", "*/plain/*")) == 6
    with pytest.raises(InterplayError, match="no run matches"):
        select_runs(smoke, "supervised", "cifar11/*")
    with pytest.raises(InterplayError, match="experiment 'supervized' is unknown"):
        select_runs(smoke, "supervized", "*")


def test_a_change_of_one_protocol_leaves_other_jobs_alone(smoke):
    from dataclasses import replace

    protocols = dict(smoke.protocols)
    protocols["grokking"] = protocols["grokking"].model_copy(update={"steps": 10})
    before = {job.slug: job.digest for job in plan_jobs(smoke)}
    after = {job.slug: job.digest for job in plan_jobs(replace(smoke, protocols=protocols))}
    changed = {slug for slug in before if before[slug] != after[slug]}
    assert changed == {slug for slug in before if slug.startswith("run_grokking")} != set()


def test_records_for_a_claim_are_those_that_its_globs_name(smoke):
    jobs = plan_jobs(smoke)
    paths = matching_records(jobs, ["supervised/cifar10/plain/*", "grokking/*/seed0"])
    assert paths == [
        *(f"records/supervised/cifar10/plain/seed{k}.json" for k in range(3)),
        "records/grokking/modular-addition/seed0.json",
    ]
