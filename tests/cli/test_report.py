"""`interplay report`, as a person types it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import interplay.cli
import interplay.cli.report
from interplay.cli import app
from interplay.records import write_record


@pytest.fixture
def results(tmp_path: Path, make_record) -> Path:
    """A folder with one record and nothing else."""
    folder = tmp_path / "results" / "smoke"
    record = make_record()
    write_record(record, folder / "records" / f"{record.name}.json")
    return folder


def test_it_writes_page_and_appendix_and_names_them(results, config):
    done = CliRunner().invoke(app, ["report", "--results", str(results), "--config", str(config)])
    assert done.exit_code == 0, done.output
    assert done.stdout.split() == [str(results / "report/index.html"), str(results / "report/appendix.md")]
    page = (results / "report/index.html").read_text(encoding="utf-8")
    assert "Missing: no claim has been judged" in page
    assert "supervised/cifar10/plain/seed0" in page


def test_the_command_loads_its_room_only_when_called_and_never_torch():
    code = (
        "import sys, interplay.cli.report; early = 'interplay.report' in sys.modules; "
        "import interplay.report; print(early, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False False"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--results", "nowhere"], "error: nowhere: no such folder; make it with `make reproduce`"),
        (["--config", "nowhere"], "error: nowhere/documents.yaml: cannot be read"),
        (["--colour"], "error: No such option: --colour"),
    ],
)
def test_wrong_input_is_one_line(results, config, monkeypatch, capsys, arguments, message):
    """Through `main`, where errors become lines; in this process, so that no other command need exist."""
    defaults = {"--results": str(results), "--config": str(config)} | dict(
        zip(arguments[::2], arguments[1::2], strict=False)
    )
    words = [word for pair in defaults.items() for word in pair] + [word for word in arguments if word == "--colour"]
    monkeypatch.setattr(interplay.cli, "_register", lambda: None)
    monkeypatch.setattr(sys, "argv", ["interplay", "report", *words])
    with pytest.raises(SystemExit) as left:
        interplay.cli.main()
    assert left.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith(message)
    assert error.count("\n") == 1
