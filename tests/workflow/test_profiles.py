"""Profiles for clusters: what jobs ask for follows from the plan, and nothing else differs from one machine."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from interplay.errors import InterplayError
from interplay.protocols.forecast import device_of, memory_mib, runtime_minutes, tries_when_cut_off
from interplay.protocols.plan import plan_jobs
from interplay.protocols.setup import load_setup

CLUSTERS = ("slurm", "kubernetes")
PROFILES = ("default", *CLUSTERS)


def settings(root, name):
    return yaml.safe_load((root / f"profiles/{name}/config.yaml").read_text())


def plugin(name):
    if name != "default" and importlib.util.find_spec(f"snakemake_executor_plugin_{name}") is None:
        pytest.skip(f"the executor plugin {name} is not installed (make setup EXTRAS=clusters)")


@pytest.fixture
def clusters(root, monkeypatch):
    monkeypatch.syspath_prepend(str(root / "workflow"))
    monkeypatch.chdir(root)
    import clusters

    return clusters


def test_what_decides_on_reruns_is_the_same_in_all_profiles(root):
    here = settings(root, "default")
    for name in CLUSTERS:
        there = settings(root, name)
        for key in ("rerun-triggers", "rerun-incomplete", "keep-going"):
            assert there[key] == here[key], (name, key)
        assert there["retries"] >= 1


def test_an_example_of_partitions_takes_what_the_profile_lets_jobs_ask_for(root):
    limits = yaml.safe_load((root / "profiles/slurm/partitions.yaml").read_text())["partitions"]
    longest = int(dict(one.split("=") for one in settings(root, "slurm")["config"])["longest"])
    assert all(one["max_runtime"] >= longest for one in limits.values())
    assert {bool(one["max_gpu"]) for one in limits.values()} == {True, False}


@pytest.fixture(scope="module")
def planned(root, tmp_path_factory):
    """The rules of the review tier that a dry run plans under a profile, with what they ask for, and its groups."""
    plans = {}

    def plan(name):
        plugin(name)
        if name not in plans:
            command = [sys.executable, "-m", "snakemake", "--profile", f"profiles/{name}", "--workflow-profile", "none"]
            command += ["--dry-run", "--nolock", *([] if name != "default" else ["--cores", "2"])]
            results = tmp_path_factory.mktemp(name)
            entries = settings(root, name).get("config", [])
            command += ["--config", *entries, "tier=review", "data=offline", f"results={results}"]
            environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
            done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr
            plans[name] = done.stdout + done.stderr
        rules = re.findall(r"^ *(?:local)?rule (\w+):\n((?: +.*\n)+)", plans[name], flags=re.MULTILINE)
        groups = re.split(r"Group job ", plans[name])[1:]
        return {rule: dict(re.findall(r"(\w+)=(\d+)", body)) for rule, body in rules}, groups

    return plan


@pytest.mark.slow
@pytest.mark.parametrize("name", CLUSTERS)
def test_a_profile_plans_the_same_jobs_as_one_machine(planned, name):
    here, there = planned("default")[0], planned(name)[0]
    assert len(here) > 300
    assert here.keys() == there.keys()


@pytest.mark.slow
@pytest.mark.parametrize("name", CLUSTERS)
def test_jobs_ask_for_what_the_cost_model_says_and_no_longer_than_allowed(planned, root, name):
    """Of those who trained networks in it some take longer than a day, which is asked for in pieces."""
    setup = load_setup(root / "config", "review", "offline")
    rules, _ = planned(name)
    longest = int(dict(one.split("=") for one in settings(root, name).get("config", [])).get("longest", 10**9))
    cut = 0
    for job in plan_jobs(setup):
        asked = {key: int(value) for key, value in rules[job.slug].items()}
        minutes = runtime_minutes(job, "auto")
        assert asked["gpu"] == (device_of(job, "auto") == "cuda")
        assert asked["mem_mb"] == memory_mib(job, "auto")
        assert asked["runtime"] == min(minutes, longest)
        cut += minutes > longest
    assert bool(cut) == (name == "slurm")
    for rule, asked in rules.items():
        assert rule == "all" or {"mem_mb", "runtime"} <= asked.keys(), rule


@pytest.mark.slow
def test_small_jobs_are_put_together_and_none_with_a_card_among_them(planned, root):
    rules, groups = planned("slurm")
    at_most = int(dict(one.split("=") for one in settings(root, "slurm")["group-components"])["exhibits"])
    together = [re.findall(r"^ +rule (\w+):", group, flags=re.MULTILINE) for group in groups]
    grouped = [rule for group in together for rule in group]
    assert max(map(len, together)) <= at_most
    assert len(groups) < len(grouped) / 4
    small = {rule for rule in rules if rule.startswith(("figure_", "table_", "metrics_"))}
    assert set(grouped) == small
    assert all(int(rules[rule].get("gpu", 0)) == 0 for rule in grouped)


def test_a_job_that_is_cut_off_is_submitted_until_its_minutes_are_over_but_not_for_ever():
    assert [tries_when_cut_off(minutes, 60) for minutes in (10, 60, 61, 120, 121)] == [0, 0, 1, 1, 2]
    assert tries_when_cut_off(10**6, 60) == 20


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "PROFILE=.*there are profiles/default, profiles/kubernetes, profiles/slurm"),
        ("a: [", "config.yaml: while parsing"),
        ("- executor", "expected settings"),
        ("config: {longest: 3}", "config: expected a list of name=value"),
        ("executor: pigeons", "the executor plugin pigeons is not installed"),
    ],
)
def test_a_wrong_profile_is_one_line(clusters, tmp_path, content, complaint):
    if content is not None:
        (tmp_path / "config.yaml").write_text(content)
    with pytest.raises(InterplayError, match=complaint) as raised:
        clusters.load_profile(tmp_path)
    assert "\n" not in str(raised.value)


def test_a_profile_of_one_machine_is_one(clusters):
    assert clusters.load_profile(Path("profiles/default")).here


QUEUE = """#!/bin/sh
case $0 in
*squeue) cat {folder}/queue ;;
*scancel) echo "$@" >>{folder}/ended; for job; do sed -i "/^$job /d" {folder}/queue; done ;;
esac
"""


@pytest.fixture
def queue(tmp_path, monkeypatch):
    """A queue that `squeue` shows and `scancel` takes from."""
    for name in ("squeue", "scancel"):
        (tmp_path / name).write_text(QUEUE.format(folder=tmp_path))
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return tmp_path / "queue"


def test_jobs_of_this_checkout_are_ended_and_no_others(clusters, queue, tmp_path):
    lock = tmp_path / "one.lock"
    mine, others = clusters.job_prefix(lock), clusters.job_prefix(tmp_path / "other.lock")
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,50}", mine)
    profile = clusters.Profile(Path("profiles/slurm"), "slurm", ())
    queue.write_text("")
    with pytest.raises(KeyboardInterrupt), clusters.none_left_behind(profile, lock):
        queue.write_text(f"1 {mine}_a\n2 {others}_b\n3 {mine}_a\n4 somebody\n")
        raise KeyboardInterrupt
    assert queue.read_text() == f"2 {others}_b\n4 somebody\n"


def test_jobs_of_a_killed_workflow_are_ended_by_the_next_whatever_its_profile(clusters, queue, tmp_path):
    lock = tmp_path / "one.lock"
    queue.write_text(f"1 {clusters.job_prefix(lock)}_a\n2 somebody\n")
    here = clusters.Profile(Path("profiles/default"), "local", ())
    with clusters.none_left_behind(here, lock):
        assert (
            len(queue.read_text().splitlines()) == 2
        )  # none was submitted from here, so the queue is none of its business
    lock.with_suffix(".submitted").touch()
    with clusters.none_left_behind(here, lock):
        assert queue.read_text() == "2 somebody\n"
    assert not lock.with_suffix(".submitted").exists()


def test_jobs_that_cannot_be_seen_are_said_in_one_line(clusters, queue, tmp_path):
    (tmp_path / "squeue").write_text("#!/bin/sh\necho 'slurm_load_jobs error: no controller' >&2\nexit 1\n")
    with pytest.raises(
        InterplayError, match="squeue: slurm_load_jobs error: no controller; jobs of an earlier workflow"
    ):
        clusters.cancel_jobs("interplay-x")


@pytest.fixture
def command(clusters, monkeypatch):
    """The words that Snakemake is called with under a profile."""
    sys.modules.pop("reproduce", None)
    import reproduce

    def call(profile, cores):
        called = []
        monkeypatch.setattr(reproduce, "run_marked", lambda words, *_rest: called.append(words) or 0)
        reproduce.run_snakemake(load_setup(Path("config"), "smoke"), "auto", cores, [], profile=profile)
        return called[0]

    return call


def test_on_a_cluster_jobs_bear_the_checkouts_name_and_no_number_of_cores_of_this_machine(clusters, command):
    words = command(clusters.Profile(Path("profiles/slurm"), "slurm", ("longest=60",)), None)
    assert words[words.index("--profile") + 1] == "profiles/slurm"
    assert words[words.index("--workflow-profile") + 1] == "none"  # else profiles/default would have the last word
    assert words[words.index("--slurm-jobname-prefix") + 1].startswith("interplay-")
    assert "--cores" not in words
    assert {"longest=60", "tier=smoke", "device=auto"} <= set(words)
    assert "--cores" in command(clusters.Profile(Path("profiles/default"), "local", ()), 2)


@pytest.mark.slow
def test_the_trial_on_a_slurm_of_one_node(root):
    done = subprocess.run(
        ["benchmarks/slurm_trial.sh", "shrunken"], cwd=root, capture_output=True, text=True, check=False
    )
    if done.returncode == 77:
        pytest.skip(done.stdout.strip())
    assert done.returncode == 0, done.stdout + done.stderr
