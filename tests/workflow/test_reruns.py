"""What reruns after which change: exactly that, and why. The DAG in small; nothing is run, files stand for results."""

from __future__ import annotations

import os
import re
import shutil
import sys
from fnmatch import fnmatchcase

import pytest
import yaml
from checkouts import OUT, Checkout

from interplay.protocols.catalogue import load_catalogue
from interplay.records import Record, read_record, write_record

pytestmark = pytest.mark.slow

ALWAYS = {"judge_claims", "make_report"}  # read every record


class Finished(Checkout):
    """A checkout in which everything seems made, and what there would be to do in it."""

    def edit(self, path, old, new):
        file = self.folder / path
        text = file.read_text()
        assert old in text, path
        file.write_text(text.replace(old, new, 1))

    def rules(self, *experiments):
        return {rule for rule, job in self.jobs.items() if job.experiment in experiments}

    def with_readers(self, rules):
        """`rules`, all jobs that read their records, and theirs, and what is drawn, counted and judged of them."""
        due, before = set(rules), set()
        while due != before:
            before = set(due)
            made = {path for rule in due for path in self.jobs[rule].outputs}
            due |= {rule for rule, job in self.jobs.items() if made & set(job.inputs)}
        names = [f"{self.jobs[rule].experiment}/{run.name}" for rule in due for run in self.jobs[rule].runs]
        for exhibit in load_catalogue(self.folder / "config").exhibits:
            if any(fnmatchcase(name, glob) for name in names for glob in exhibit.needs):
                due.add(f"{exhibit.kind}_{exhibit.name}")
        return due | {f"metrics_{name.partition('/')[0]}" for name in names} | ALWAYS


@pytest.fixture(scope="module")
def finished(root, planned_record, tmp_path_factory):
    """All files that the DAG makes, with nothing in them but valid records, and Snakemake's notes that it made them."""
    checkout = Finished.small(tmp_path_factory.mktemp("finished") / "checkout")
    folder = checkout.folder
    path = folder / "config/data/offline.yaml"
    mapping = yaml.safe_load(path.read_text())
    # One experiment reads a set that is fetched.
    mapping["experiments"] = {"temperature": {"cifar10": {"use": "fashion-mnist"}}}
    path.write_text(yaml.safe_dump(mapping))
    path = folder / "config/tiers/smoke.yaml"
    path.write_text(path.read_text().replace("bundle: family", "bundle: run"))
    shutil.copytree(root / "envs", folder / "envs")
    checkout.pretend(planned_record)
    return checkout


@pytest.fixture
def checkout(finished):
    """The finished checkout, whose files are as they were again afterwards."""
    kept = {}
    edit = finished.edit

    def remembering(path, old, new):
        kept.setdefault(path, (finished.folder / path).read_text())
        edit(path, old, new)

    finished.edit = remembering
    yield finished
    finished.edit = edit
    for path, text in kept.items():
        (finished.folder / path).write_text(text)


def test_what_may_be_taken_away_if_it_is_broken_is_what_the_rules_make(checkout, load_script):
    outputs = load_script("workflow/outputs.py")
    told = checkout.snakemake("--dry-run", "--forceall")
    listed = {name for line in re.findall(r"^ +output: (.*)$", told, flags=re.MULTILINE) for name in line.split(", ")}
    made = outputs.made_of_records(checkout.folder / "config")
    rules = {f"{OUT}/{path}" for one in made if not one.asked for path in one.outputs}
    runs = {f"{OUT}/{path}" for job in checkout.jobs.values() for path in job.outputs}
    assert rules | runs == {name for name in listed if name.startswith(OUT)}
    known = outputs.outputs_of(checkout.jobs.values(), made)
    assert {name.removeprefix(f"{OUT}/") for name in rules | runs} <= known
    assert {one.rule for one in made} | set(checkout.jobs) <= set(checkout.snakemake("--list").split())


def test_nothing_changed_nothing_is_due(checkout):
    assert checkout.plan() == {}
    (kept,) = (checkout.folder / ".snakemake/ingredients").glob("*.json")
    assert kept.stat().st_size > 10_000


def test_a_comment_a_docstring_or_the_layout_make_nothing_due(checkout):
    for path in ("training/loop.py", "information/entropy.py", "figures/grokking.py", "evidence/verdicts.py"):
        checkout.edit(f"src/interplay/{path}", '"""', '"""Said otherwise. ')
        checkout.edit(f"src/interplay/{path}", "\nfrom ", "\n# a comment\n\nfrom ")
    for path in ("claims/grokking", "tiers/smoke/theory", "experiments/supervised", "data/offline", "coverage"):
        if (checkout.folder / f"config/{path}.yaml").is_file():
            checkout.edit(f"config/{path}.yaml", "", "# a comment\n\n")
    for path in ("experiments", "exhibits", "evidence", "report", "metrics", "data", "plan"):
        checkout.edit(f"workflow/rules/{path}.smk", "", "# a comment\n\n\n")
    checkout.edit("workflow/rules/experiments.smk", "tier=tier,", "tier=(\n                tier\n            ),")
    checkout.edit("workflow/rules/metrics.smk", "{params.out:q} --config", '{params.out:q} "\n            "--config')
    assert checkout.plan() == {}


def test_a_metric_reruns_the_experiments_that_measure_with_it(checkout):
    checkout.edit("src/interplay/information/closed_forms.py", "\n\n\n", "\n\nCHANGED = True\n\n\n")
    due = checkout.plan()
    assert set(due) == checkout.with_readers(checkout.rules("supervised", "theory"))
    for rule in checkout.rules("supervised", "theory"):
        assert due[rule] == "module interplay.information.closed_forms changed"
    assert due["run_estimators_cifar10_seed0"] == "reads what run_supervised_cifar10_plain_seed0 makes anew"
    order = list(due)
    for rule, job in checkout.jobs.items():
        makers = [
            other for other in due if other in checkout.jobs and set(checkout.jobs[other].outputs) & set(job.inputs)
        ]
        assert rule not in due or all(order.index(other) < order.index(rule) for other in makers)


def test_a_method_reruns_the_runs_that_follow_it(checkout):
    checkout.edit("src/interplay/experiments/semi_supervised/methods/fixmatch.py", "\n\n\n", "\n\nCHANGED = True\n\n\n")
    due = checkout.plan()
    jobs = {rule: checkout.jobs[rule] for rule in checkout.rules("semi_supervised")}
    following = {rule for rule, job in jobs.items() if any(run.settings.method == "fixmatch" for run in job.runs)}
    assert following and following < set(jobs)
    assert set(due) == checkout.with_readers(following)
    module = "interplay.experiments.semi_supervised.methods.fixmatch"
    assert {due[rule] for rule in following} == {f"module {module} changed"}


def test_what_fills_records_reruns_everything_and_the_rest_of_the_runner_nothing(checkout):
    for path in ("experiments/runner.py", "cli/run.py"):
        checkout.edit(f"src/interplay/{path}", "\n\n\n", "\n\nCHANGED = True\n\n\n")
    assert checkout.plan() == {}
    checkout.edit("src/interplay/experiments/recording.py", "\n\n\n", "\n\nCHANGED = True\n\n\n")
    assert set(checkout.jobs) <= set(checkout.plan())


@pytest.mark.parametrize("device", ["auto", "cuda:1", "cuda:0"])
def test_another_device_makes_nothing_due(checkout, device):
    assert checkout.plan("--device", device) == {}


def test_a_plot_redraws_its_figure(checkout):
    checkout.edit("src/interplay/figures/grokking.py", "\n\n\n", "\n\nCHANGED = True\n\n\n")
    assert checkout.plan() == {
        "figure_metrics24_fig9": "module interplay.figures.grokking changed",
        "make_report": "reads what figure_metrics24_fig9 makes anew",
    }


@pytest.mark.parametrize(
    ("path", "kind", "others"),
    [("figures/draw.py", "figure", {"make_report"}), ("tables/make.py", "table", {"make_report"})],
)
def test_what_draws_or_writes_all_of_a_kind_makes_all_of_it_anew(checkout, path, kind, others):
    checkout.edit(f"src/interplay/{path}", "\n\n\n", "\n\nCHANGED = True\n\n\n")
    exhibits = load_catalogue(checkout.folder / "config").exhibits
    assert set(checkout.plan()) == {f"{kind}_{one.name}" for one in exhibits if one.kind == kind} | others


def test_a_published_value_that_the_tier_overrides_judges_anew_and_reruns_nothing(checkout):
    """What runs compute is the same; how far that is from what was published is not."""
    checkout.edit("config/experiments/grokking.yaml", "\nsteps: {value: 50000", "\nsteps: {value: 60000")
    due = checkout.plan()
    said = checkout.call(sys.executable, "workflow/plan.py").stdout
    assert "kept, but what was published was said to be otherwise (steps: 50000 -> 6 in its record): run_grok" in said
    assert set(due) == ALWAYS
    assert due["judge_claims"] == "file config/experiments/grokking.yaml: steps.value: 50000 -> 60000"


def test_what_is_said_of_a_tier_or_of_data_is_reported_anew(checkout):
    checkout.edit("config/tiers/smoke.yaml", "description: ", "description: Said otherwise. ")
    checkout.edit("src/interplay/protocols/datasets/flowers102.py", "licence=", 'licence="another, " + ')
    due = checkout.plan()
    assert set(due) == {"make_report"}
    assert re.search(r"^tier: .*; flowers102: .*another", due["make_report"])


def test_a_title_is_drawn_and_judged_anew(checkout):
    checkout.edit("src/interplay/protocols/datasets/flowers102.py", 'title="', 'title="The ')
    kinds = {f"{one.kind}_{one.name}" for one in load_catalogue(checkout.folder / "config").exhibits}
    assert set(checkout.plan()) == kinds | ALWAYS


def test_a_value_of_a_protocol_reruns_its_experiment(checkout):
    checkout.edit("config/experiments/grokking.yaml", "weight_decay: {value: 1.0", "weight_decay: {value: 0.5")
    due = checkout.plan()
    assert set(due) == checkout.with_readers(checkout.rules("grokking"))
    assert due["run_grokking_modular_addition_seed0"] == "protocol.optimizer.weight_decay: 1.0 -> 0.5"


def test_an_override_of_the_tier_reruns_its_experiment(checkout):
    checkout.edit("config/tiers/smoke/theory.yaml", "draws: 10", "draws: 11")
    due = checkout.plan()
    assert set(due) == checkout.with_readers(checkout.rules("theory"))
    assert due["run_theory_interplay24"] == "protocol.draws: 10 -> 11"


def test_one_seed_more_is_one_run_more(checkout):
    checkout.edit("config/tiers/smoke/grokking.yaml", "seeds: [0]", "seeds: [0, 1]")
    due = checkout.plan()
    new = "run_grokking_modular_addition_seed1"
    assert set(due) == checkout.with_readers(checkout.rules("grokking")) - checkout.rules("grokking") | {new}
    record = f"{OUT}/records/grokking/modular-addition/seed1.json"
    assert due[new] == f"missing: {record}"
    assert due["figure_metrics24_fig9"] == f"reads now as well: {record}; reads what {new} makes anew"


def test_the_pin_of_what_is_read_reruns_its_readers(checkout):
    text = (checkout.folder / "src/interplay/protocols/datasets/digits.py").read_text()
    pin = re.search(r'"train": "([0-9a-f]{16})"', text)[1]
    checkout.edit("src/interplay/protocols/datasets/digits.py", pin, "0" * 16)
    due = checkout.plan()
    readers = {rule for rule, job in checkout.jobs.items() if "digits" in job.datasets}
    assert len(readers) > 10
    assert set(due) == checkout.with_readers(readers)
    assert re.fullmatch(
        'data.cifar10.content: "[0-9a-f]{16}" -> "[0-9a-f]{16}"', due["run_supervised_cifar10_plain_seed0"]
    )


def test_the_pin_of_a_file_fetches_it_and_reruns_nothing_while_it_holds_the_same_data(checkout):
    """Another packing of the same images: what a run reads is pinned by its decoded content."""
    pin = "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"
    checkout.edit("src/interplay/protocols/datasets/fashion_mnist.py", pin, "0" * 64)
    due = checkout.plan()
    assert set(due) == {"fetch_fashion_mnist"}
    assert due["fetch_fashion_mnist"].startswith("files.train-images-idx3-ubyte: ")


def test_data_that_are_written_anew_make_nothing_due(checkout):
    """Fetched again after a restore, say: newer than all results, and the same by its pin."""
    (checkout.folder / "data/fashion-mnist").touch()
    assert checkout.plan() == {}


@pytest.fixture
def lost(checkout, tmp_path):
    """Without the data set that one experiment reads."""
    place = checkout.folder / "data/fashion-mnist"
    place.rename(tmp_path / "kept")
    yield checkout
    shutil.rmtree(place, ignore_errors=True)
    (tmp_path / "kept").rename(place)


def test_lost_data_cost_no_finished_job_that_read_them(lost):
    assert lost.plan() == {}
    readers = sorted(rule for rule, job in lost.jobs.items() if "fashion-mnist" in job.datasets)
    assert len(readers) > 1
    record = lost.folder / OUT / lost.jobs[readers[0]].outputs[0]
    kept = record.read_bytes(), record.stat().st_mtime_ns
    record.unlink()
    due = lost.plan()
    reproduced = lost.reproduced()
    record.write_bytes(kept[0])
    os.utime(record, ns=(kept[1], kept[1]))
    assert due["fetch_fashion_mnist"] == "missing: data/fashion-mnist"
    assert {rule for rule in due if rule in lost.jobs} == {readers[0]}
    assert reproduced == set(due)


def test_what_reads_nothing_that_is_lost_fetches_nothing(lost):
    lost.edit("config/tiers/smoke/theory.yaml", "draws: 10", "draws: 11")
    due = set(lost.plan())
    assert due == lost.with_readers(lost.rules("theory"))
    assert lost.reproduced() == due


def test_a_bound_of_a_claim_judges_anew_and_redraws_where_it_is_shown(checkout):
    checkout.edit(
        "config/claims/grokking.yaml",
        "metric: train_accuracy, at_least: 0.99}",
        "metric: train_accuracy, at_least: 0.98}",
    )
    due = checkout.plan()
    assert set(due) == {"figure_metrics24_fig9", "judge_claims", "make_report"}
    assert due["judge_claims"] == "claim grokking_train_fits: test.at_least: 0.99 -> 0.98"


def test_another_lock_makes_nothing_due_and_versions_that_differ_are_told(checkout, make_record):
    """Records say what they were made with; a new lock is no reason to throw days of computing away."""
    checkout.edit("envs/requirements.lock", "torch==", "torch==9.")
    path = checkout.folder / OUT / "records/grokking/modular-addition/seed0.json"
    old = make_record().provenance
    old = old.model_copy(update={"packages": old.packages | {"numpy": "1.0"}})
    before = (path.read_text(), path.stat().st_mtime_ns)
    write_record(make_record(experiment="grokking", run="modular-addition/seed0", provenance=old), path)
    os.utime(path, ns=(before[1], before[1]))
    told = checkout.call(sys.executable, "workflow/plan.py").stdout
    write_record(Record.model_validate_json(before[0]), path)
    os.utime(path, ns=(before[1], before[1]))
    assert told.startswith("nothing to do: ")
    assert re.search(r"kept, but made with numpy 1\.0 \(here .*\): run_grokking_modular_addition_seed0", told)


def test_the_command_of_a_rule_reruns_that_rule(checkout):
    checkout.edit("workflow/rules/metrics.smk", "interplay metrics", "nice interplay metrics")
    due = checkout.plan()
    assert set(due) == {f"metrics_{job.experiment}" for job in checkout.jobs.values()} & set(due)
    assert set(due.values()) == {"the command of its rule changed"}
    assert len(due) > 5


def test_a_missing_file_is_named(checkout):
    drawing = checkout.folder / OUT / "figures/metrics24/fig9.svg"
    kept = drawing.read_text()
    drawing.unlink()
    due = checkout.plan()
    drawing.write_text(kept)
    assert due == {
        "figure_metrics24_fig9": f"missing: {OUT}/figures/metrics24/fig9.svg",
        "make_report": "reads what figure_metrics24_fig9 makes anew",
    }


def test_of_a_figure_every_form_is_asked_for(checkout):
    drawing = checkout.folder / OUT / "figures/metrics24/fig9.svg"
    kept = drawing.read_text()
    drawing.unlink()
    due = checkout.plan("--id", "metrics24/fig9")
    drawing.write_text(kept)
    assert due == {"figure_metrics24_fig9": f"missing: {OUT}/figures/metrics24/fig9.svg"}


def read_by_none(checkout):
    read = {path for job in checkout.jobs.values() for path in job.inputs}
    return next(
        path
        for job in checkout.jobs.values()
        for path in job.outputs
        if path.startswith("models/") and path not in read
    )


def read_by_one(checkout):
    return next(path for job in checkout.jobs.values() for path in job.inputs if path.startswith("models/"))


def maker(checkout, path):
    return next(rule for rule, job in checkout.jobs.items() if path in job.outputs)


def a_network_that_no_run_reads(checkout, out):
    (out / read_by_none(checkout)).write_text("cut o")
    return set()


def a_network_that_a_finished_run_has_read(checkout, out):
    (out / read_by_one(checkout)).write_text("cut o")
    return set()


def a_network_that_a_due_run_reads(checkout, out):
    path = read_by_one(checkout)
    (out / path).write_text("cut o")
    reader = next(rule for rule, job in checkout.jobs.items() if path in job.inputs)
    (out / checkout.jobs[reader].outputs[0]).unlink()
    return checkout.with_readers({maker(checkout, path), reader}) - {"metrics_supervised"}  # which are of other runs


def a_picture_of_the_report(checkout, out):
    page = out / "report/index.html"
    times = page.stat().st_mtime_ns
    page.write_text('<img src="figures/metrics24/fig9.svg"></html>\n')
    os.utime(page, ns=(times, times))
    return {"make_report"}


def an_empty_folder_in_the_place_of_the_verdicts(checkout, out):
    (out / "verdicts.json").unlink()
    (out / "verdicts.json").mkdir()
    return ALWAYS


def a_record_of_other_settings_copied_over_one(checkout, out):
    path = out / "records/grokking/modular-addition/seed0.json"
    record = read_record(path).model_copy(update={"seed": 77})
    path.unlink()
    path.write_text(record.model_dump_json(indent=1) + "\n")
    return checkout.with_readers({maker(checkout, "records/grokking/modular-addition/seed0.json")})


@pytest.mark.parametrize(
    "spoil",
    [
        a_network_that_no_run_reads,
        a_network_that_a_finished_run_has_read,
        a_network_that_a_due_run_reads,
        a_picture_of_the_report,
        an_empty_folder_in_the_place_of_the_verdicts,
        a_record_of_other_settings_copied_over_one,
    ],
)
def test_what_is_foretold_of_spoilt_results_is_what_is_done(finished, tmp_path, spoil):
    checkout = finished.copy(tmp_path / "copy")
    expected = spoil(checkout, checkout.folder / OUT)
    assert set(checkout.plan()) == expected
    assert checkout.reproduced(mend=True) == expected


def test_where_mending_stops_planning_stops_too(finished, tmp_path):
    checkout = finished.copy(tmp_path / "copy")
    script = [sys.executable, "workflow/plan.py"]
    (checkout.folder / ".snakemake/metadata/bm90ZQ==").write_bytes(b"\xff\xfe")
    said = checkout.call(*script)
    assert (said.returncode, said.stdout) == (2, "")
    assert said.stderr.startswith(
        "error: .snakemake/metadata/bm90ZQ==: a broken note of Snakemake, with which it cannot"
    )
    (checkout.folder / ".snakemake/metadata/bm90ZQ==").unlink()
    (checkout.folder / OUT / "verdicts.json").unlink()
    (checkout.folder / OUT / "verdicts.json/mine").mkdir(parents=True)
    said = checkout.call(*script)
    assert said.stderr == f"error: {OUT}/verdicts.json: a folder where a file belongs; move or delete it\n"


@pytest.mark.parametrize("content", ["", "{}", "cut o"])
def test_a_damaged_record_is_made_again_and_nothing_else_fails(checkout, content):
    (rule,) = checkout.rules("grokking")
    path = checkout.folder / OUT / "records/grokking/modular-addition/seed0.json"
    before = (path.read_text(), path.stat().st_mtime_ns)
    path.write_text(content)
    os.utime(path, ns=(before[1], before[1]))
    due = checkout.plan()
    assert path.read_text() == content
    path.write_text(before[0])
    os.utime(path, ns=(before[1], before[1]))
    assert set(due) == checkout.with_readers({rule})
    assert re.search(r"grokking/modular-addition/seed0\.json: .*, would be taken away$", due[rule])


@pytest.mark.parametrize(
    ("name", "rule", "needs"),
    [
        ("metrics24/fig9", "figure_metrics24_fig9", ("grokking",)),
        ("metrics24/fig7.barriers", "table_metrics24_fig7_barriers", ("connectivity",)),
        ("grokking_train_fits", "claim_grokking_train_fits", ("grokking",)),
    ],
)
def test_one_figure_table_or_claim_builds_what_it_needs_and_no_more(checkout, name, rule, needs):
    """Where nothing was made yet, by `make plan` and by `make figure`, `make table` and `make claim` alike."""
    chosen = "grokking.steps=7 supervised.ema_decay=0.8"
    due = checkout.plan("--set", chosen, "--id", name)
    wanted = checkout.rules(*needs)
    read = {path for one in wanted for path in checkout.jobs[one].inputs}
    wanted |= {one for one, job in checkout.jobs.items() if read & set(job.outputs)}
    assert set(due) == wanted | {rule}
    kind = rule.partition("_")[0]
    assert checkout.reproduced("--set", chosen, f"--{kind}", name) == set(due)


def test_an_unknown_name_is_one_line_with_what_comes_near(checkout):
    done = checkout.call(sys.executable, "workflow/plan.py", "--id", "metrics24/fig99")
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: there is no figure, table or claim 'metrics24/fig99'; did you mean metrics24/fig9")
