import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from interplay.cli import main

PAGE = Path(__file__).parents[2] / "docs" / "measure.md"


@pytest.fixture
def saved(tmp_path):
    rng = np.random.default_rng(0)
    means = rng.normal(size=(4, 8))
    labels = rng.integers(4, size=300)
    path = tmp_path / "model.npz"
    features = (means[labels] + 0.3 * rng.normal(size=(300, 8))).astype(np.float32)
    np.savez(path, features=features, labels=labels, head_weights=means)
    return path


def run(monkeypatch, capsys, *arguments):
    """Exit status, standard output and standard error of the command, as a shell would see them."""
    monkeypatch.setattr(sys, "argv", ["interplay", "measure", *map(str, arguments)])
    status = 0
    try:
        main()
    except SystemExit as leaving:
        status = leaving.code or 0
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_the_tables_show_everything(saved, monkeypatch, capsys):
    status, out, err = run(monkeypatch, capsys, saved)
    assert (status, err) == (0, "")
    for word in ("300 samples", "H(features)", "H(head)", "MIR", "by chance", "HDR", "effective rank"):
        assert word in out
    for word in ("NC1", "NC2", "NC3", "NC4", "batches of 64", "at collapse", "1.099"):  # ln 3
        assert word in out


def test_json_is_for_programs_and_repeats(saved, monkeypatch, capsys):
    status, out, _ = run(monkeypatch, capsys, saved, "--json", "--batch-size", 32, "--seed", 5)
    found = json.loads(out)
    assert status == 0
    assert found["batch"]["size"] == 32 and found["seed"] == 5
    assert 0 < found["dataset"]["mir_chance"] < found["dataset"]["mir"] < 1
    assert run(monkeypatch, capsys, saved, "--json", "--batch-size", 32, "--seed", 5)[1] == out


def test_numbers_in_table_and_json_are_the_same(saved, monkeypatch, capsys):
    found = json.loads(run(monkeypatch, capsys, saved, "--json", "--centre")[1])
    out = run(monkeypatch, capsys, saved, "--centre")[1]
    row = next(line for line in out.splitlines() if "MIR " in line and "chance" not in line)
    shown = [float(cell) for cell in re.findall(r"\d\.\d+", row)]
    theory = found["at_collapse"]["mir"]
    assert shown == pytest.approx([found["dataset"]["mir"], found["batch"]["mir"], theory], rel=1e-3)


def test_without_a_head(saved, tmp_path, monkeypatch, capsys):
    with np.load(saved) as arrays:
        np.savez(tmp_path / "bare.npz", features=arrays["features"], labels=arrays["labels"])
    status, out, _ = run(monkeypatch, capsys, tmp_path / "bare.npz")
    assert status == 0
    assert "H(features)" in out and "NC1" in out and "MIR" not in out
    found = json.loads(run(monkeypatch, capsys, tmp_path / "bare.npz", "--json")[1])
    assert found["dataset"]["mir"] is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere.npz"], "nowhere.npz: no such file"),
        ([], "Missing argument"),
        (["{saved}", "--batch-size", "1"], "batch_size: at least 2"),
        (["{saved}", "--batch-size", "many"], "Invalid value"),
        (["{other}"], "unknown kind of file '.txt'"),
        (["{odd}"], "missing features; unknown feature"),
    ],
)
def test_wrong_input_is_one_line_and_status_2(saved, tmp_path, monkeypatch, capsys, arguments, message):
    (tmp_path / "other.txt").write_text("x")
    np.savez(tmp_path / "odd.npz", feature=np.ones((2, 2)), labels=np.zeros(2))
    places = {"saved": saved, "other": tmp_path / "other.txt", "odd": tmp_path / "odd.npz"}
    status, out, err = run(monkeypatch, capsys, *(a.format(**places) for a in arguments))
    assert (status, out) == (2, "")
    assert err.startswith("error: ") and message in err
    assert err.count("\n") == 1


def test_the_python_and_the_command_of_the_page_run(tmp_path, monkeypatch, capsys):
    text = PAGE.read_text()
    blocks = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    assert len(blocks) >= 3
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "page"}
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), names)
    commands = re.findall(r"^interplay measure (\S+.*)$", text, flags=re.MULTILINE)
    assert commands
    for command in commands:
        status, out, err = run(monkeypatch, capsys, *command.split())
        assert (status, err) == (0, ""), command
        assert out
