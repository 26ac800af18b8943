import pytest

from interplay.doctor.needs import needs_of, read_lock
from interplay.errors import InterplayError
from interplay.protocols.forecast import memory_mib
from interplay.protocols.plan import needed_jobs, plan_jobs
from interplay.protocols.setup import load_setup


@pytest.mark.parametrize(("tier", "data"), [("smoke", "offline"), ("review", "published")])
def test_jobs_and_their_memory_are_those_of_the_plan(config, tier, data):
    setup = load_setup(config, tier, data)
    jobs = plan_jobs(setup)
    needs = needs_of(setup, "cpu", 2, whole=False)
    assert needs.memory_of_jobs(cuda=False) == {f"{job.experiment}/{job.name}": job.memory_mib for job in jobs}
    on_card = {f"{job.experiment}/{job.name}": memory_mib(job, "auto") for job in jobs}
    assert needs.memory_of_jobs(cuda=True) == on_card
    assert set(needs.datasets) == {name for job in jobs for name in job.datasets}


@pytest.mark.parametrize("selectors", [["theory/*"], ["connectivity/*"], ["cross_modal/few_shot/dtd/*"]])
def test_a_part_asks_for_what_the_plan_would_run(config, selectors):
    setup = load_setup(config)
    wanted = {f"{job.experiment}/{job.name}" for job in needed_jobs(plan_jobs(setup), selectors)}
    needs = needs_of(setup, "cpu", 2, selectors, whole=False)
    assert {one.job for one in needs.runs} == wanted
    assert 0 < len(wanted) < 61


def test_sets_made_of_the_same_files_are_one(of_tier):
    assert (
        of_tier("smoke", "permuted").assets
        == of_tier("smoke", "offline").assets
        == ("fashion-mnist", "noto-color-emoji")
    )


def test_jobs_at_once_are_bounded_by_threads(of_tier):
    assert (of_tier("smoke", cores=4).at_once, of_tier("review", cores=4).at_once) == (4, 1)
    assert of_tier("review", cores=32).at_once == 4


def test_a_lock_holds_what_this_machine_takes(tmp_path):
    lines = [
        "# by uv",
        "numpy==2.0 \\",
        "    --hash=sha256:00",
        "pywin==1 ; sys_platform == 'win32' \\",
        "torch==2.14.1",
    ]
    (tmp_path / "a.lock").write_text("\n".join(lines) + "\n")
    assert read_lock(tmp_path / "a.lock") == {"numpy": "2.0", "torch": "2.14.1"}
    assert read_lock(tmp_path / "none.lock") == {}
    (tmp_path / "a.lock").write_text("numpy==2.0 nonsense\n")
    with pytest.raises(InterplayError, match=r"a.lock: 'numpy==2.0 nonsense' is no requirement"):
        read_lock(tmp_path / "a.lock")


def test_the_lock_of_the_project_can_be_read(root):
    pinned = read_lock(root / "envs/requirements.lock")
    assert {"torch", "snakemake", "dvc"} <= set(pinned)
