"""The scan finds every check, and the quick part looks at little and says nothing where all is well."""

import os
import subprocess
import sys

from interplay.doctor.examine import checks, examine, quick_examination
from interplay.doctor.look import look


def test_every_subject_is_checked_once():
    names = [one.name for one in checks()]
    assert len(set(names)) == len(names)
    assert set(names) >= {"Python", "packages", "disk", "memory", "cores", "driver", "GPU", "data", "rights", "clock"}
    assert set(names) >= {"file system", "locale", "open files", "container", "cluster"}


def test_what_takes_seconds_is_not_quick():
    assert not {one.name for one in checks() if one.quick} & {"packages", "GPU", "container", "cluster"}


def test_a_healthy_machine_is_well_for_every_quick_check(machine, of_tier):
    found = examine(machine(), of_tier(), quick=True)
    assert {one.check for one in found} >= {"Python", "disk", "memory", "rights", "clock"}
    assert {one.state for one in found} == {"ok"}


def test_every_line_is_one_line_that_grep_finds(machine, of_tier):
    for one in examine(machine(cards_problem="none\nhere"), of_tier()):
        assert len(str(one).splitlines()) == 1
        assert str(one).startswith((f"ok    {one.check}", f"note  {one.check}", f"mend  {one.check}"))


def test_the_quick_part_says_nothing_of_what_is_well(of_tier, root, tmp_path):
    needs = of_tier(disk_gb=1e-6)
    found = quick_examination(needs, tmp_path / "smoke", root / "data", root)
    assert "ok" not in {one.state for one in found}
    assert not list(tmp_path.iterdir())


def test_this_machine_can_be_looked_at_without_torch_and_leaves_nothing_behind(root, tmp_path):
    code = (
        "import sys\nfrom pathlib import Path\nfrom interplay.doctor import *\n"
        "from interplay.doctor.look import look_closely\nfrom interplay.protocols.setup import load_setup\n"
        "needs = needs_of(load_setup(Path('config')), 'cpu', 1)\n"
        f"found = examine(look_closely(needs, Path({str(tmp_path)!r}), Path('data')), needs)\n"
        "print(len(found), 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    number, torch = done.stdout.split()
    assert int(number) >= len(checks())
    assert torch == "False"
    assert not list(tmp_path.iterdir())


def test_the_newest_record_is_found_and_other_files_are_not(of_tier, tmp_path, root):
    for name in ("records/theory/a.json", "records/theory/b.json", "report/index.html"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x" * 5000)
    for name, age in (("records/theory/a.json", 50), ("records/theory/b.json", 10), ("report/index.html", 0)):
        os.utime(tmp_path / name, (1000 - age, 1000 - age))
    seen = look(of_tier(), tmp_path, root / "data", root)
    assert seen.newest_result == (str(tmp_path / "records/theory/b.json"), 990)
    assert seen.results_bytes >= 15_000
