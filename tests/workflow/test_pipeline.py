"""The whole DAG on a small configuration, in a copy of the checkout that the tests may edit."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from checkouts import OUT, Checkout

pytestmark = pytest.mark.slow

MEASURED = {  # what is measured on trained networks, and a run of each
    "temperature": "cifar10/t1/seed0",
    "connectivity": "cifar10/lr0.1/seed0",
    "pruning": "cifar10/global-0.5/seed0",
    "estimators": "cifar10/seed0",
}


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Checkout:
    """A checkout in which everything is made."""
    checkout = Checkout.small(tmp_path_factory.mktemp("checkout"))
    checkout.snakemake()
    return checkout


@pytest.fixture
def checkout(made, tmp_path) -> Checkout:
    """A fresh copy of the finished checkout."""
    return made.copy(tmp_path / "copy")


def test_everything_is_made(made):
    out = made.folder / OUT
    for name in ("metrics24/fig2", "metrics24/fig9", "interplay24/fig7"):
        for suffix in ("svg", "pdf", "png"):
            assert (out / f"figures/{name}.{suffix}").stat().st_size > 1000
        assert "tier smoke" in (out / f"figures/{name}.csv").read_text()
    for name in ("theory", "supervised", "semi_supervised", "grokking", "compression", *MEASURED):
        assert json.loads((out / f"metrics/{name}.json").read_text())
    for experiment, run in MEASURED.items():
        record = json.loads((out / f"records/{experiment}/{run}.json").read_text())
        assert record["dataset_used"] == "digits"
        assert record["metrics"]
        assert "supervised.iterations: 1048576 -> 4" in record["overrides"]
    assert json.loads((out / "records/compression/cifar10/f_plus/information/seed0.json").read_text())["trajectory"]
    for name in ("metrics24/fig4", "interplay24/fig6", "metrics24/table2.training"):
        assert (out / f"figures/{name}.svg").stat().st_size > 1000
    tables = ("metrics24/table2", "interplay24/table1", "metrics24/table3", "interplay24/table2")
    for name in (*tables, "metrics24/fig7.barriers", "note/c2.reliable"):
        for suffix in ("csv", "md", "tex"):
            assert (out / f"tables/{name}.{suffix}").is_file()
    verdicts = json.loads((out / "verdicts.json").read_text())
    assert {verdict["verdict"] for verdict in verdicts} >= {"misprint", "borne out", "not run"}
    page = (out / "report/index.html").read_text()
    assert all(verdict["id"] in page for verdict in verdicts)
    assert not [path for path in (out / "checkpoints").rglob("*") if path.is_file()]


def test_again_with_nothing_changed_nothing_is_done(made):
    assert made.planned() == set()


def test_restored_results_need_nothing(made, tmp_path):
    """As after `dvc pull`: the files are there, Snakemake's own notes about them are not."""
    shutil.copytree(made.folder, tmp_path / "other", ignore=shutil.ignore_patterns(".snakemake"))
    assert Checkout(tmp_path / "other").planned() == set()


def test_what_was_lost_is_made_again_though_everything_made_of_it_is_there(checkout):
    """Snakemake by itself asks for what only others need once those are to be made."""
    (checkout.folder / OUT / "records/theory/interplay24.json").unlink()
    (checkout.folder / OUT / "figures/metrics24/fig9.csv").unlink()
    planned = checkout.planned()
    assert {"run_theory_all", "figure_metrics24_fig9", "judge_claims", "make_report"} <= planned
    assert not any(rule.startswith("run_") for rule in planned - {"run_theory_all"})


def test_one_claim_builds_exactly_what_it_needs(made):
    target = "claim_grokking_train_fits"
    assert made.planned(target) == {target}
    made.snakemake(target)
    verdict = json.loads((made.folder / OUT / "claims/grokking_train_fits.json").read_text())
    verdict = verdict[0] if isinstance(verdict, list) else verdict
    own = next(rung for rung in verdict["ladder"] if rung["level"] == Path(OUT).name)
    assert [record["name"] for record in own["records"]] == ["grokking/modular-addition/seed0"]


def test_a_killed_job_resumes_from_its_checkpoint(checkout, monkeypatch):
    record = checkout.folder / OUT / "records/grokking/modular-addition/seed0.json"
    before = json.loads(record.read_text())
    record.unlink()
    module = checkout.folder / "src/interplay/training/loop.py"
    line = "        task.train_step(done)\n"
    stop = '        if done == 5 and "GO_ON" not in __import__("os").environ:\n            raise KeyboardInterrupt\n'
    module.write_text(module.read_text().replace(line, stop + line))
    checkout.snakemake("run_grokking_modular_addition", check=False)
    assert not record.exists()
    assert list((checkout.folder / OUT / "checkpoints").rglob("*.checkpoint"))
    monkeypatch.setenv("GO_ON", "1")
    checkout.snakemake("run_grokking_modular_addition")
    after = json.loads(record.read_text())
    assert after["provenance"]["sessions"] == 2
    assert after["trajectory"] == before["trajectory"]


def test_a_wrong_tier_stops_before_anything_runs(made):
    assert "tier 'smok' is unknown" in made.snakemake("--dry-run", "--config", "tier=smok", check=False)


def test_the_plan_of_the_paper_tier_can_be_drawn(made):
    rules = made.planned("--config", "tier=paper")
    assert {"fetch_cifar10", "run_supervised_cifar10_plain_seed0", "run_connectivity_cifar10_lr0_03_seed0"} <= rules


def test_overrides_of_ones_own_go_through_the_workflow_whatever_they_hold(checkout):
    """Values with spaces, brackets and commas; results in a folder of their own."""
    chosen = json.dumps(["theory.draws=11", "grokking.seeds=[0, 1]"])
    out = checkout.snakemake("--config", f"set={chosen}", "--", "claim_interplay24_theorem_4_6")
    assert "run_theory" in out
    (record,) = (checkout.folder / "results").glob("smoke+*/records/theory/interplay24.json")
    assert json.loads(record.read_text())["protocol"]["draws"] == 11
    planned = checkout.planned("--config", f"set={chosen}", "--", "run_grokking_modular_addition")
    assert planned == {"run_grokking_modular_addition"}


def test_every_rule_of_a_larger_tier_asks_for_memory_time_and_a_card_where_it_gains_from_one(made):
    """Only checks of theory, listings of shapes and the toy do without; nothing that trains or measures networks."""
    plan = made.snakemake("--dry-run", "--config", "tier=review")
    # Rules of a group are indented.
    rules = [one[1:] for one in re.findall(r"^( *)rule (\w+):\n((?:\1    .*\n)+)", plan, flags=re.MULTILINE)]
    assert len(rules) > 100
    for name, body in (rule for rule in rules if rule[0] != "all"):
        assert re.search(r"mem_mb=\d+", body) and re.search(r"runtime=\d+", body), name
        if name.startswith("run_"):
            alone = name.startswith("run_theory") or "architecture" in name or "_toy_" in name
            assert f"gpu={0 if alone else 1}" in body, name
    cpu = made.snakemake("--dry-run", "--config", "tier=review", "device=cpu")
    assert "gpu=1" not in cpu
