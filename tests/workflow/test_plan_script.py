"""What `make plan` takes for there and for gone, and what it says of it."""

import sys
from types import SimpleNamespace

import pytest

from interplay.protocols.setup import load_setup
from interplay.protocols.weights import WEIGHTS, fetched_mark


@pytest.fixture(scope="module")
def script(root, load_script):
    sys.path.insert(0, str(root / "workflow"))
    yield load_script("workflow/plan.py")
    sys.path.remove(str(root / "workflow"))


def test_data_are_looked_for_where_the_profile_has_them_and_marks_without_files_count_as_gone(
    script, tmp_path, monkeypatch, root
):
    name = next(name for name, info in WEIGHTS.items() if info.forms)
    mark = tmp_path / fetched_mark(name)
    mark.parent.mkdir(parents=True)
    mark.touch()
    asked = []
    monkeypatch.setattr(script, "read_plan", lambda *given: asked.append(given) or script.Plan((), (), ()))
    standing = script.Standing(tmp_path / "results", (), (), frozenset())
    profile = script.Profile(root / "profiles/slurm", "slurm", (f"data_root={tmp_path}",))
    script.foretell(load_setup(root / "config"), "cpu", 1, [], standing, ["models/a.safetensors"], profile)
    ((arguments, there, gone),) = asked
    assert f"data_root={tmp_path}" in arguments
    assert (there, gone) == ([], ["models/a.safetensors", str(mark)])


@pytest.mark.parametrize(
    ("name", "kind", "stem", "suffixes"),
    [
        ("metrics24/fig9", "figure", "figures/metrics24/fig9", {"svg", "pdf", "png", "csv"}),
        ("metrics24/fig7.barriers", "table", "tables/metrics24/fig7.barriers", {"csv", "md", "tex"}),
        ("grokking_train_fits", "claim", "claims/grokking_train_fits", {"json"}),
    ],
)
def test_a_name_means_all_that_is_made_of_it_and_what_the_command_for_it_makes(
    script, root, tmp_path, monkeypatch, name, kind, stem, suffixes
):
    monkeypatch.chdir(root)
    assert set(script.targets_of(name, tmp_path)) == {tmp_path / f"{stem}.{suffix}" for suffix in suffixes}
    asked = SimpleNamespace(**{"claim": None, "figure": None, "table": None, kind: name})
    assert sys.modules["reproduce"]._targets(asked, tmp_path)[0] == script.targets_of(name, tmp_path)
    assert script.targets_of("", tmp_path) == []


@pytest.mark.parametrize(
    ("name", "near"), [("metrics24/fig99", "metrics24/fig9"), ("grokking_trian_fits", "train_fits")]
)
def test_of_an_unknown_name_near_ones_are_said(script, root, tmp_path, monkeypatch, name, near):
    monkeypatch.chdir(root)
    with pytest.raises(script.InterplayError, match=rf"no figure, table or claim '{name}'; did you mean .*{near}"):
        script.targets_of(name, tmp_path)
