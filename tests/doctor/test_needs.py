import pytest

from interplay.doctor.needs import needs_of, read_lock
from interplay.errors import InterplayError
from interplay.protocols.forecast import device_of, memory_mib
from interplay.protocols.plan import needed_jobs, plan_jobs
from interplay.protocols.setup import load_setup


@pytest.mark.parametrize("device", ["cpu", "auto", "cuda:1"])
@pytest.mark.parametrize(("tier", "data"), [("smoke", "offline"), ("review", "published")])
def test_jobs_and_their_memory_are_those_of_the_plan(config, tier, data, device):
    setup = load_setup(config, tier, data)
    jobs = plan_jobs(setup)
    needs = needs_of(setup, device, 2, whole=False)
    for cards, where in ((False, "cpu"), (True, device)):
        own = {f"{job.experiment}/{job.name}": memory_mib(job, where) for job in jobs}
        assert needs.memory_of_jobs(cards=cards) == own
    using = {f"{job.experiment}/{job.name}" for job in jobs if device_of(job, device) == "cuda"}
    assert set(needs.on_cards()) == using
    assert len(using) in {"cpu": [0], "auto": range(1, len(jobs)), "cuda:1": [len(jobs)]}[device]
    assert set(needs.datasets) == {name for job in jobs for name in job.datasets}


@pytest.mark.parametrize("selectors", [["theory/*"], ["connectivity/*"], ["cross_modal/few_shot/dtd/*"]])
def test_a_part_asks_for_what_the_plan_would_run(config, selectors):
    setup = load_setup(config)
    wanted = {f"{job.experiment}/{job.name}" for job in needed_jobs(plan_jobs(setup), selectors)}
    needs = needs_of(setup, "cpu", 2, selectors, whole=False)
    assert {one.job for one in needs.runs} == wanted
    assert 0 < len(wanted) < 61


@pytest.fixture
def left(config, tmp_path):
    """Names of the jobs that are left of the smoke tier once some of its files are there."""
    jobs = plan_jobs(load_setup(config))
    for name in (one for job in jobs for one in job.outputs):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()

    def of(*gone, selectors=None):
        for name in gone:
            (tmp_path / name).unlink()
        return needs_of(load_setup(config), "cpu", 2, selectors, whole=False, made=tmp_path)

    return of, jobs


def test_what_is_made_is_asked_for_no_more(left, config):
    of, _ = left
    done = of()
    assert (done.runs, done.share, done.assets, done.memory_of_jobs(cards=True)) == ((), 0.0, (), {})
    gone = of("records/theory/metrics24.json")
    assert {one.job for one in gone.runs} == {"theory/all"}
    assert 0 < gone.share < 0.05
    assert needs_of(load_setup(config), "cpu", 2, whole=False).share == 1


def test_whoever_reads_what_is_made_anew_is_left_and_so_is_whoever_makes_missing_weights(left):
    of, jobs = left
    (maker,) = (job for job in jobs if job.experiment == "clip_pretraining")
    (weights,) = (name for name in maker.outputs if name.startswith("models/"))
    readers = [job for job in jobs if weights in job.inputs]
    assert 1 < len(readers) < len(jobs) / 2
    assert of(weights).runs == ()  # nobody reads them any more
    again = {one.job for one in of(readers[0].outputs[0]).runs}
    assert again >= {f"{job.experiment}/{job.name}" for job in (maker, *readers)}
    assert {name.partition("/")[0] for name in again} == {"clip_pretraining", "cross_modal"}
    assert of(selectors=["theory/*"]).runs == ()


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
