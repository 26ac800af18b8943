"""Profiles for clusters: what jobs ask for follows from the plan, and nothing else differs from one machine."""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import shrunken
import yaml

from interplay.errors import InterplayError
from interplay.protocols.forecast import device_of, disk_mb, memory_mib, runtime_minutes, tries_when_cut_off
from interplay.protocols.plan import plan_jobs
from interplay.protocols.setup import load_setup
from interplay.records.machine import usable_memory

CLUSTERS = ("slurm", "kubernetes")
PROFILES = ("default", *CLUSTERS)


def settings(root, name):
    return yaml.safe_load((root / f"profiles/{name}/config.yaml").read_text())


def needs_plugin(kind, name, how):
    if importlib.util.find_spec(f"snakemake_{kind}_plugin_{name}") is None:
        pytest.skip(f"the {kind} plugin {name} is not installed ({how})")


@pytest.fixture
def storage(monkeypatch):
    """Words that lead what is staged to an empty bucket on this machine."""
    needs_plugin("storage", "s3", "it is in no lock")
    boto3, server = pytest.importorskip("boto3"), pytest.importorskip("moto.server")
    running = server.ThreadedMotoServer(port=0, verbose=False)
    running.start()
    endpoint = "http://{}:{}".format(*running.get_host_and_port())
    for name in ("AWS_ACCESS_KEY_ID", "SNAKEMAKE_STORAGE_S3_ACCESS_KEY"):
        monkeypatch.setenv(name, "name")
    for name in ("AWS_SECRET_ACCESS_KEY", "SNAKEMAKE_STORAGE_S3_SECRET_KEY"):
        monkeypatch.setenv(name, "secret")
    boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1").create_bucket(Bucket="my-bucket")
    yield ["--storage-s3-endpoint-url", endpoint]
    running.stop()


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


def dry_run(root, name, *words):
    """What a dry run under a profile prints."""
    if name != "default":
        needs_plugin("executor", name, "make setup EXTRAS=clusters")
    command = [sys.executable, "-m", "snakemake", "--profile", f"profiles/{name}", "--workflow-profile", "none"]
    command += ["--dry-run", "--printshellcmds", "--nolock", *(["--cores", "2"] if name == "default" else [])]
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    entries = ["--config", *settings(root, name).get("config", []), "data=offline"]
    done = subprocess.run(
        [*command, *entries, *words], cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def rules_in(plan):
    """The rules of a plan, and the resources that each asks for."""
    found = re.findall(r"^ *(?:local)?rule (\w+):\n((?: +.*\n)+)", plan, flags=re.MULTILINE)
    return {rule: {key: int(value) for key, value in re.findall(r"(\w+)=(\d+)", body)} for rule, body in found}


@pytest.fixture(scope="module")
def on_slurm(root, tmp_path_factory):
    return dry_run(root, "slurm", "tier=review", "gpu_model=a100", f"results={tmp_path_factory.mktemp('slurm')}")


@pytest.mark.slow
def test_slurm_gets_the_same_jobs_as_one_machine(on_slurm, root, tmp_path):
    here = rules_in(dry_run(root, "default", "tier=review", f"results={tmp_path}"))
    assert len(here) > 300
    assert here.keys() == rules_in(on_slurm).keys()


@pytest.mark.slow
def test_jobs_ask_for_what_the_cost_model_says_and_no_longer_than_allowed(on_slurm, root):
    """Some that train networks take longer than a day, which is asked for in pieces."""
    rules = rules_in(on_slurm)
    longest = int(dict(one.split("=") for one in settings(root, "slurm")["config"])["longest"])
    jobs = plan_jobs(load_setup(root / "config", "review", "offline"))
    for job in jobs:
        asked = rules[job.slug]
        assert asked["gpu"] == (device_of(job, "auto") == "cuda")
        assert asked["mem_mb"] == memory_mib(job, "auto", submitted=True)
        assert asked["disk_mb"] == disk_mb(job)
        assert asked["runtime"] == min(runtime_minutes(job, "auto"), longest)
    assert any(runtime_minutes(job, "auto") > longest for job in jobs)
    assert all({"mem_mb", "runtime"} <= asked.keys() for rule, asked in rules.items() if rule != "all")


def test_a_kind_of_card_is_asked_for_by_jobs_with_a_card_alone_and_a_job_takes_no_more_memory_than_there_is(
    root, tmp_path
):
    """The executor for Slurm asks for a card for whatever names a kind of card, `gpu=0` or not.

    A job that is larger than the memory that all jobs share is counted with all of it, and runs alone.
    """
    targets = ["run_theory_all", "run_grokking_modular_addition", "figure_metrics24_fig9", "judge_claims"]
    words = ["gpu_model=3090", "device=auto", f"results={tmp_path}", "--resources", "gpu=1", "mem_mb=1500"]
    plan = dry_run(root, "default", *words, "--", *targets)
    asked = dict(re.findall(r"^ *rule (\w+):\n(?: +.*\n)*? +resources: (.*)\n", plan, flags=re.MULTILINE))
    assert set(targets) <= asked.keys()
    for rule, resources in asked.items():
        assert ("gpu_model=3090" in resources) == ("gpu=1" in resources), rule
    assert "gpu=1" in asked["run_grokking_modular_addition"]
    assert "gpu=0" in asked["run_theory_all"]
    (theory,) = plan_jobs(load_setup(root / "config", "smoke"), ["theory"])
    assert memory_mib(theory, "auto") > 1500
    assert "mem_mb=1500," in asked["run_theory_all"]


def test_what_became_of_jobs_is_asked_of_the_accounts_and_of_the_queue_only_where_it_remembers(root):
    """The executor looks at most 180 s apart, and waits for ever for what `squeue` has forgotten by then."""
    assert not [name for name in settings(root, "slurm") if "status" in name]
    node = (root / "benchmarks/slurm_node.sh").read_text()
    assert "accounting_storage/none" in node
    assert int(re.search(r"MinJobAge=(\d+)", node)[1]) >= 300
    assert '"slurm-status-command": "squeue"' in (root / "benchmarks/slurm_trial.sh").read_text()


def test_pods_run_the_code_that_is_brought_along(root, tmp_path):
    """In a shell as the executor starts it, before all else, in the folder into which the sources are unpacked."""
    (tmp_path / "src/interplay").mkdir(parents=True)
    (tmp_path / "src/interplay/__init__.py").write_text("")
    first = settings(root, "kubernetes")["precommand"]
    asked = f"{first} && {sys.executable} -c 'import interplay; print(interplay.__file__)'"
    done = subprocess.run(["/bin/sh", "-c", asked], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert Path(done.stdout.strip()).is_relative_to(tmp_path)


@pytest.mark.slow
def test_small_jobs_are_put_together_and_none_with_a_card_among_them(on_slurm, root):
    rules = rules_in(on_slurm)
    at_most = int(dict(one.split("=") for one in settings(root, "slurm")["group-components"])["exhibits"])
    # Rules of a group are indented, those that follow it are not.
    blocks = on_slurm.split("Group job ")[1:]
    together = [re.findall(r"^ +rule (\w+):", block, flags=re.MULTILINE) for block in blocks]
    grouped = [rule for group in together for rule in group]
    assert set(grouped) == {rule for rule in rules if rule.startswith(("figure_", "table_", "metrics_"))}
    assert max(map(len, together)) <= at_most
    assert len(together) <= len(grouped) // at_most + 1
    assert all(rules[rule].get("gpu", 0) == 0 for rule in grouped)


@pytest.mark.slow
def test_what_is_staged_for_kubernetes_is_read_and_written_where_it_is_staged(storage, root, tmp_path):
    """One figure, the networks that it shows and what they need; all of it lies below the folder of the bucket."""
    config = tmp_path / "config"
    shutil.copytree(root / "config", config)
    shrunken.shrink(config, ["metrics24/fig2"])  # the plugin takes its time for every file
    shutil.copy(root / "config/data/offline.yaml", config / "data")
    targets = ["--", "figure_metrics24_fig2", "fetch_fashion_mnist"]
    words = [f"results={tmp_path.name}", "data_root=sets", "device=auto", f"config={config}"]
    there = dry_run(root, "kubernetes", *words, *storage, *targets)
    assert rules_in(there).keys() == rules_in(dry_run(root, "default", *words, *targets)).keys()
    staged = ".snakemake/storage/s3/my-bucket/interplay"
    commands = re.findall(r"^ *(?:Shell command: )?((?:OMP_NUM_THREADS=\d+ )?interplay .*)$", there, flags=re.MULTILINE)
    assert {command.split("interplay ")[1].split()[0] for command in commands} == {"run", "figure", "fetch"}
    for command in commands:
        if "interplay run " in command:  # images that are drawn by code need no file, and so no staged folder
            sets = f"{staged}/sets" if " cifar10/plain " in command else "sets"
            assert f"--results {staged}/{tmp_path.name} --data-root {sets} " in command
        elif "interplay fetch " in command:
            assert f"--root {staged}/sets " in command
        else:
            assert f"--results {staged}/{tmp_path.name}/smoke " in command
    trained = rules_in(there)["run_supervised_cifar10_plain"]
    assert (trained["gpu"], trained["scale"]) == (1, 0)  # a card is given to requests that are limits as well


def test_a_job_that_is_cut_off_is_submitted_until_its_minutes_are_over_but_not_for_ever():
    tries = [tries_when_cut_off(minutes, 60) for minutes in (10, 60, 61, 120, 121)]
    assert tries == [None, None, 3, 3, 4]  # None, as 0 would override the number of the profile
    assert tries_when_cut_off(10**6, 60) == 20


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "PROFILE=.*there are profiles/default, profiles/kubernetes, profiles/slurm"),
        ("a: [", "config.yaml:.* not valid YAML"),
        ("a: " + 3000 * "[", "config.yaml:1: not valid YAML .nested more than 50 deep"),
        ("jobs: " + 6000 * "9", "config.yaml: "),
        ("- executor", "config.yaml: expected keys and values"),
        ("config: {longest: 3}", "config: expected a list of name=value"),
        ("resources: {gpu: 1}", "resources: expected a list of name=value"),
        ("executor: pigeons", "the executor plugin pigeons is not installed"),
        ("executor: a.b", "the executor plugin a.b is not installed"),
        ("executor: [slurm]", "executor: expected a word"),
        ("default-storage-provider: attic", "the storage plugin attic is not installed and in no lock"),
        ("default-storage-provider: a.b", "the storage plugin a.b is not installed and in no lock"),
    ],
)
def test_a_wrong_profile_is_one_line(clusters, tmp_path, content, complaint):
    if content is not None:
        (tmp_path / "config.yaml").write_text(content)
    with pytest.raises(InterplayError, match=complaint) as raised:
        clusters.load_profile(tmp_path)
    assert "\n" not in str(raised.value)


def test_the_profile_of_one_machine_is_the_one_that_is_taken_where_none_is_given(clusters):
    assert clusters.load_profile(Path("profiles/default")) == clusters.HERE
    assert clusters.HERE.here


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
    profile = clusters.Profile(Path("profiles/slurm"), "slurm")
    queue.write_text("")
    with pytest.raises(KeyboardInterrupt), clusters.alone(lock, profile):
        queue.write_text(f"1 {mine}_a\n2 {others}_b\n3 {mine}_a\n4 somebody\n")
        raise KeyboardInterrupt
    assert queue.read_text() == f"2 {others}_b\n4 somebody\n"


def test_jobs_of_a_killed_workflow_are_ended_by_the_next_whatever_its_profile(clusters, queue, tmp_path):
    lock = tmp_path / "one.lock"
    queue.write_text(f"1 {clusters.job_prefix(lock)}_a\n2 somebody\n")
    with clusters.alone(lock):
        assert (
            len(queue.read_text().splitlines()) == 2
        )  # none was submitted from here, so the queue is none of its business
    lock.with_suffix(".submitted").touch()
    with clusters.alone(lock):
        assert queue.read_text() == "2 somebody\n"
    assert not lock.with_suffix(".submitted").exists()


@pytest.mark.parametrize(("script", "words"), [("controls", []), ("archive", ["publish"]), ("archive", ["restore"])])
def test_jobs_of_a_killed_workflow_are_ended_by_the_other_scripts_too(
    clusters, queue, tmp_path, monkeypatch, script, words
):
    for name in ("reproduce", script):
        monkeypatch.delitem(sys.modules, name, raising=False)
    module = importlib.import_module(script)
    lock = tmp_path / "one.lock"
    lock.with_suffix(".submitted").touch()
    queue.write_text(f"1 {clusters.job_prefix(lock)}_a\n2 somebody\n")
    seen = []

    def work(*_given, **_named):
        seen.append(queue.read_text())
        return 1

    for name in ("run_snakemake", "_publish", "_restore"):
        monkeypatch.setattr(module, name, work, raising=False)
    monkeypatch.setattr(module, "LOCK", lock)
    monkeypatch.setattr(module, "die_with_parent", lambda: None)
    monkeypatch.setattr(sys, "argv", [script, *words])
    module.main()
    assert seen == ["2 somebody\n"]


def test_a_queue_that_cannot_be_seen_at_the_end_takes_nothing_from_what_was_made(clusters, queue, tmp_path, capsys):
    lock = tmp_path / "one.lock"
    queue.write_text("")
    with clusters.alone(lock, clusters.Profile(Path("profiles/slurm"), "slurm")):
        (tmp_path / "squeue").write_text("#!/bin/sh\necho 'slurm_load_jobs error: no controller' >&2\nexit 1\n")
    (said,) = capsys.readouterr().err.splitlines()
    assert said.startswith("warning: squeue: slurm_load_jobs error: no controller;")
    assert lock.with_suffix(".submitted").exists()  # the next one looks again


def test_jobs_that_cannot_be_seen_are_said_in_one_line(clusters, queue, tmp_path):
    lines = "echo 'squeue: error: resolve_ctls_from_dns_srv' >&2; echo 'slurm_load_jobs error: no controller' >&2"
    (tmp_path / "squeue").write_text(f"#!/bin/sh\n{lines}\nexit 1\n")
    note = tmp_path / "one.submitted"
    note.touch()
    said = (
        f"squeue: slurm_load_jobs error: no controller; jobs of a workflow .*; run it on a login .* delete {note} if no"
    )
    with pytest.raises(InterplayError, match=f"^{said}"), clusters.alone(tmp_path / "one.lock"):
        pytest.fail("it was given")
    assert note.exists()


@pytest.fixture
def command(clusters, monkeypatch, tmp_path):
    """The words that Snakemake is called with under a profile."""
    sys.modules.pop("reproduce", None)
    import reproduce

    def call(profile, cores):
        called = []
        monkeypatch.setattr(reproduce, "run_marked", lambda words, *_rest: called.append(words) or 0)
        monkeypatch.setattr(reproduce, "lost", lambda *_given: [])  # or their data would come first
        reproduce.run_snakemake(load_setup(Path("config"), "smoke"), "auto", cores, [], tmp_path, profile=profile)
        return called[0]

    return call


def test_on_a_cluster_jobs_bear_the_checkouts_name_and_no_number_of_cores_of_this_machine(clusters, command):
    words = command(clusters.Profile(Path("profiles/slurm"), "slurm", ("longest=60",)), None)
    assert words[words.index("--profile") + 1] == "profiles/slurm"
    assert words[words.index("--workflow-profile") + 1] == "none"  # else profiles/default would have the last word
    assert words[words.index("--slurm-jobname-prefix") + 1].startswith("interplay-")
    assert "--cores" not in words
    assert {"longest=60", "tier=smoke", "device=auto"} <= set(words)
    assert "--cores" in command(clusters.HERE, 2)


@pytest.mark.parametrize(("given", "data"), [(("longest=60",), "data"), (("data_root=/shared/sets",), "/shared/sets")])
def test_the_data_of_a_profile_are_looked_for_where_its_rules_look(clusters, command, monkeypatch, given, data):
    import reproduce

    seen = []
    for name in ("drop_marks", "sweep"):
        monkeypatch.setattr(reproduce, name, lambda data: seen.append(data))
    profile = clusters.Profile(Path("profiles/slurm"), "slurm", given)
    command(profile, None)
    assert seen == [Path(data)] * 2 == [profile.data] * 2


def test_archives_plan_on_this_machine_with_the_configuration_of_the_profile_that_made_the_results(
    clusters, command, monkeypatch
):
    sys.modules.pop("archive", None)
    import archive

    called = []
    done = subprocess.CompletedProcess([], 0, "", "")
    monkeypatch.setattr(archive.subprocess, "run", lambda words, **_given: called.append(words) or done)
    profile = clusters.Profile(Path("profiles/slurm"), "slurm", ("data_root=/shared/sets",))
    archive._snakemake(load_setup(Path("config"), "smoke"), "cpu", profile, ["--dry-run"])
    words = called[0]
    assert "data_root=/shared/sets" in words
    assert words[words.index("--profile") + 1] == "profiles/default"
    assert "--slurm-jobname-prefix" not in words


def test_what_looks_at_results_takes_no_profile_that_stages_them_elsewhere(clusters, monkeypatch, tmp_path):
    assert clusters.shared_profile("") == clusters.HERE
    monkeypatch.setattr(clusters, "_check_installed", lambda *_given: None)
    (tmp_path / "config.yaml").write_text("executor: slurm\ndefault-storage-prefix: s3://bucket/folder\n")
    with pytest.raises(InterplayError, match="s3://bucket/folder is not looked into"):
        clusters.shared_profile(str(tmp_path))


def test_on_one_machine_jobs_share_the_memory_that_there_is_and_a_profile_may_say_how_much(clusters, command):
    words = command(clusters.HERE, 2)
    given = words[words.index("--resources") + 1 :][:2]
    assert given == ["gpu=1", f"mem_mb={usable_memory().total_mib}"]
    own = command(clusters.Profile(Path("profiles/mine"), "local", resources=("mem_mb=9000",)), 2)
    assert [one for one in own if one.startswith("mem_mb=")] == ["mem_mb=9000"]
    assert "--resources" not in command(clusters.Profile(Path("profiles/slurm"), "slurm"), None)


@pytest.mark.slow
def test_the_trial_on_a_slurm_of_one_node(root):
    done = subprocess.run(
        ["benchmarks/slurm_trial.sh", "shrunken"], cwd=root, capture_output=True, text=True, check=False
    )
    if done.returncode == 77:
        pytest.skip(done.stdout.strip())
    assert done.returncode == 0, done.stdout + done.stderr
