from __future__ import annotations

import json
from pathlib import Path

import pytest

from interplay.cli.verdicts import verdicts
from interplay.errors import InterplayError

CONFIG = Path(__file__).resolve().parents[2] / "config"


@pytest.fixture
def results(tmp_path):
    folder = tmp_path / "smoke"
    folder.mkdir()
    return folder


def call(results, **fields):
    options = {"config": CONFIG, "claim": None, "output": None, "summary": False, "tier": None, "data": None}
    options |= {"beside": None, "alone": False} | fields
    verdicts(results, **options)


def test_all_claims_are_written_and_counted(results, capsys):
    call(results)
    content = json.loads((results / "verdicts.json").read_text(encoding="utf-8"))
    assert len(content) == len({verdict["id"] for verdict in content}) > 30
    assert {rung["level"] for verdict in content for rung in verdict["ladder"]} == {"smoke"}
    shown = capsys.readouterr().out
    assert "compression25" in shown and "borne out" in shown and "verdicts.json" in shown
    (total,) = (line.split() for line in shown.splitlines() if line.startswith("claims"))
    assert int(total[-1]) == len(content)


def test_one_claim_has_its_own_file(results, tmp_path, capsys):
    call(results, claim="gamma_one_is_best")
    (verdict,) = json.loads((results / "verdicts" / "gamma_one_is_best.json").read_text(encoding="utf-8"))
    assert verdict["verdict"] in ("borne out", "compatible")
    shown = capsys.readouterr().out
    assert shown.startswith(f"gamma_one_is_best: {verdict['verdict']} (matrixssl23") and "* smoke: " in shown
    call(results, claim="gamma_one_is_best", output=tmp_path / "out.json")
    assert (tmp_path / "out.json").is_file() and not (results / "verdicts.json").exists()


def test_summary_is_plain_text_with_reasons(results, capsys):
    call(results, summary=True)
    shown = capsys.readouterr().out
    assert "headline claims:" in shown and "misprint (1): mec_second_best_on_coco" in shown and "┃" not in shown


def test_wrong_input(results, tmp_path):
    with pytest.raises(InterplayError, match=r"no claim 'gamma'.*gamma_one_is_best"):
        call(results, claim="gamma")
    with pytest.raises(InterplayError, match="no such folder"):
        call(tmp_path / "paper")
    with pytest.raises(InterplayError, match="--config"):
        call(results, config=tmp_path)
