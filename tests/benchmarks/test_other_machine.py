from __future__ import annotations

import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest

from interplay.errors import InterplayError

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks/other_machine.py"


@pytest.fixture(scope="module")
def script():
    return SimpleNamespace(**runpy.run_path(str(SCRIPT)))


def verdicts(**rulings):
    return {name: SimpleNamespace(rung=SimpleNamespace(ruling=ruling)) for name, ruling in rulings.items()}


def test_only_what_is_decided_on_both_sides_flips(script):
    here = verdicts(a="holds", b="holds", c="undecided", d="fails", e="holds", gone="holds")
    there = verdicts(a="holds", b="undecided", c="fails", d="holds", e="not representative", new="fails")
    changed = script.changes(here, there)
    assert set(changed) == {"b", "c", "d", "e"}
    assert script.flips(changed) == ["d"]


def test_the_report_counts_and_names_the_flips(script):
    here, there = verdicts(a="holds", b="fails"), verdicts(a="fails", b="fails")
    text, total = script.report({"here": here, "avx2": there, "threads": here})
    assert total == 1 and "flip: a: holds to fails" in text and "threads: no change" in text


def test_where_nothing_can_be_compared_nothing_passes(script):
    for here, there in ((verdicts(), verdicts()), (verdicts(a="holds"), verdicts(b="holds"))):
        with pytest.raises(InterplayError, match="avx2: no claim has runs both here and there"):
            script.report({"here": here, "avx2": there})


def test_a_configuration_with_more_threads_differs_in_nothing_else(script, tmp_path, monkeypatch):
    monkeypatch.chdir(SCRIPT.parents[1])
    folder = script._with_threads("smoke", 2, tmp_path / "config")
    before = Path("config/tiers/smoke.yaml").read_text(encoding="utf-8")
    assert "threads: 1" in before and "threads: 2" in (folder / "tiers/smoke.yaml").read_text(encoding="utf-8")
    assert (folder / "claims").is_dir() and Path("config/tiers/smoke.yaml").read_text(encoding="utf-8") == before
