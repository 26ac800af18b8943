"""What is broken among results is taken away before Snakemake believes it; what is not, stays."""

import errno
import json
import os
import shutil
import stat
import subprocess
import sys
import time

import pytest

from interplay.errors import InterplayError
from interplay.records import write_record, write_text_atomically

NOTE = {"rule": "run_theory_all", "input": [], "params": ["'a'"], "record_format_version": 6, "starttime": 1.5}

PLANNED = {
    "records/supervised/cifar10/plain/seed0.json",
    "records/supervised/cifar10/plain/seed1.json",
    "figures/metrics24/fig2.csv",
    "verdicts.json",
    "report/index.html",
    "report/figures/metrics24/fig2.svg",
    "models/supervised/cifar10/plain/seed0.safetensors",
}


@pytest.fixture
def mending(load_script):
    return load_script("workflow/mending.py")


@pytest.fixture
def looking(mending):
    """What looks for it, and touches nothing."""
    return sys.modules["faults"]


@pytest.fixture
def made(tmp_path, make_record):
    """A folder of results with one file of each kind, and Snakemake's note on one."""
    out = tmp_path / "results/smoke"
    for seed in (0, 1):
        record = make_record(run=f"cifar10/plain/seed{seed}", seed=seed)
        write_record(record, out / f"records/{record.name}.json")
    write_text_atomically(out / "figures/metrics24/fig2.csv", "x,y\n1,2\n")
    write_text_atomically(out / "verdicts.json", "[]\n")
    write_text_atomically(out / "report/figures/metrics24/fig2.svg", "<svg></svg>\n")
    page = '<html><img src="figures/metrics24/fig2.svg"></html>\n'
    write_text_atomically(out / "report/index.html", page)
    (out / "logs").mkdir()
    (out / "logs/a.log").write_text("")
    note = tmp_path / ".snakemake/metadata/cmVjb3Jk"
    note.parent.mkdir(parents=True)
    note.write_text(json.dumps(NOTE))
    return tmp_path


@pytest.fixture
def mend(made, mending):
    """Mends; gives what was said, and what is gone and new."""

    def run():
        said = []
        before = files(made)
        mending.mend(made / "results/smoke", PLANNED, made / ".snakemake", said.append)
        return said, before - files(made), files(made) - before

    return run


def files(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


RECORD = "results/smoke/records/supervised/cifar10/plain/seed0.json"
FIGURE = "results/smoke/figures/metrics24/fig2.csv"


def test_what_is_whole_stays_and_nothing_is_said(mend):
    assert mend() == ([], set(), set())


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe\0garbage", b"null\n"])
@pytest.mark.parametrize("name", [RECORD, "results/smoke/verdicts.json", FIGURE])
def test_a_damaged_output_is_taken_away_and_named(mend, made, name, content):
    (made / name).write_bytes(content)
    said, gone, _ = mend()
    assert gone == {name}
    assert len(said) == 1
    assert said[0].startswith(f"{made / name}: ")
    assert said[0].endswith("; taken away, to be made again")


@pytest.mark.parametrize(
    "name",
    [
        "notes.md",
        "figures/mine.csv",
        "figures/metrics24/fig2 of yesterday.csv",
        "report/saved.html",
        "paper.pdf",
        "records/notes.json",
        "records/supervised/mine.json",
        "checkpoints/supervised/odd.safetensors",
        ".draft.markdown",
        ".DS_Store",
        "figures/.gitkeep",
        ".directory",
        ".x",
        "logs/.notes.markdown",
        "logs/.run.log.x7_k2pqz",
        "checkpoints/.notes.markdown",
        "checkpoints/supervised/.mine.json.markdown",
        "checkpoints/old.json/mine.txt",
        "logs/old.csv/mine.txt",
    ],
)
def test_what_the_user_put_there_stays_whatever_is_in_it(mend, made, name):
    path = made / "results/smoke" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("mine, without a line's end")
    os.utime(path, (0, 0))
    assert mend() == ([], set(), set())
    assert path.read_text() == "mine, without a line's end"


def test_a_folder_of_the_user_that_is_named_like_a_file_stays(mend, made):
    (made / "results/smoke/old.csv").mkdir()
    assert mend() == ([], set(), set())
    assert (made / "results/smoke/old.csv").is_dir()


def test_what_a_note_says_was_made_is_judged_though_no_plan_has_it_any_more(mend, made, looking):
    path = made / "results/smoke/records/supervised/cifar10/plain/seed2.json"
    path.write_text("{")
    note = looking.note_on(path, made / ".snakemake")
    note.parent.mkdir(parents=True, exist_ok=True)
    note.write_text(json.dumps(NOTE))
    said, gone, _ = mend()
    assert gone == {path.relative_to(made).as_posix()}
    assert said == [f"{path}: it is not JSON; taken away"]


@pytest.mark.parametrize("content", [b"", b"{", b"{}", b'{"frozen": "2026"}'])
def test_frozen_claims_are_never_taken_away(mend, made, content):
    path = made / "results/smoke/claims.lock.json"
    path.write_bytes(content)
    (made / RECORD).write_text("{")
    with pytest.raises(
        InterplayError, match=r"claims\.lock\.json: .* never made anew .*: bring it back \(git"
    ) as caught:
        mend()
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == content


def test_frozen_claims_that_were_edited_are_named(mend, made):
    from interplay.protocols.frozen_claims import freeze_claims

    assert freeze_claims([], made / "results/smoke")
    assert mend() == ([], set(), set())
    path = made / "results/smoke/claims.lock.json"
    path.write_text(path.read_text().replace('"claims": {}', '"claims": {"a": "0"}'))
    with pytest.raises(InterplayError, match=r"claims\.lock\.json: it is not what was written"):
        mend()


def test_what_cannot_be_taken_away_is_named_and_not_said_to_be_gone(mend, made, mending, monkeypatch):
    def refuse(_path, **_options):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    (made / RECORD).write_text("{")
    monkeypatch.setattr(mending.Path, "unlink", refuse)
    said = []
    with pytest.raises(InterplayError, match=r"seed0.json: damaged, and cannot be taken away \(permission denied\)"):
        mending.mend(made / "results/smoke", PLANNED, made / ".snakemake", said.append)
    assert said == []


def test_a_record_that_fails_to_be_read_just_now_is_not_taken_for_damaged(mend, made, looking, monkeypatch):
    def fail(path):
        raise InterplayError(f"{path}: cannot be read") from OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(looking, "read_record", fail)
    with pytest.raises(InterplayError, match=r"cannot be read \(input/output error\)"):
        mend()
    assert (made / RECORD).is_file()


def test_one_digit_of_a_record_that_changed_by_itself_is_noticed(mend, made):
    text = (made / RECORD).read_text()
    (made / RECORD).write_text(text.replace('"seed": 0', '"seed": 1'))
    assert mend()[1] == {RECORD}


def test_records_that_others_put_there_are_taken_as_they_are(mend, made):
    """As `dvc pull` does, or a person who copies them."""
    content = (made / RECORD).read_bytes()
    (made / RECORD).unlink()
    (made / RECORD).write_bytes(content)
    assert mend() == ([], set(), set())
    (made / RECORD).write_bytes(content[:100])
    assert mend()[1] == {RECORD}


def test_a_record_of_another_version_is_set_aside(mend, made):
    content = json.loads((made / RECORD).read_text()) | {"schema_version": 2, "new_field": 1}
    (made / RECORD).unlink()
    (made / RECORD).write_text(json.dumps(content))
    said, gone, new = mend()
    assert (gone, new) == ({RECORD}, {f"{RECORD}.earlier"})
    assert "a record of version 2 of the schema, where 1 is read" in said[0]
    assert json.loads((made / f"{RECORD}.earlier").read_text()) == content


def test_a_folder_in_the_place_of_a_file(mend, made):
    (made / RECORD).unlink()
    (made / RECORD).mkdir()
    said, _, _ = mend()
    assert said == [f"{made / RECORD}: an empty folder where a file belongs; taken away, to be made again"]
    assert not (made / RECORD).exists()
    (made / RECORD).mkdir()
    (made / RECORD / "mine.txt").write_text("mine")
    with pytest.raises(InterplayError, match=r"seed0.json: a folder where a file belongs; move or delete it$"):
        mend()
    assert (made / RECORD / "mine.txt").read_text() == "mine"


def test_a_record_that_may_not_be_read_is_named_with_what_to_do(mend, made, looking, monkeypatch):
    def refuse(_path, **_options):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(looking, "damage", refuse)
    with pytest.raises(
        InterplayError, match=r"cannot be read \(permission denied\); make it readable \(chmod"
    ) as caught:
        mend()
    assert "\n" not in str(caught.value)


def test_a_network_is_made_again_when_a_run_reads_it(mend, made):
    """Nothing else asks for it."""
    path = made / "results/smoke/models/supervised/cifar10/plain/seed0.safetensors"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"\0" * 100)
    said, _, _ = mend()
    assert said == [f"{path}: it is cut off or no safetensors file; taken away, made again when a run reads it"]


def test_what_is_wrong_is_told_without_touching_anything(made, mending):
    out = made / "results/smoke"
    (made / RECORD).write_text("{")
    (out / "report/figures/metrics24/fig2.svg").unlink()
    (out / "verdicts.json").unlink()
    (out / "verdicts.json").mkdir()
    before = files(made)
    found = {fault.path.relative_to(out).as_posix(): fault.wrong for fault in mending.faults(out, PLANNED)}
    assert found == {
        RECORD.removeprefix("results/smoke/"): "it is not what was written",
        "verdicts.json": "an empty folder where a file belongs",
        "report/index.html": "not all of the report is there",
    }
    assert files(made) == before
    assert (out / "verdicts.json").is_dir()


def test_only_what_belongs_to_the_report_takes_its_page_along(made, mending, tmp_path):
    above = tmp_path / "report"
    shutil.copytree(made / "results", above / "results")
    (above / RECORD).write_text("{")
    found = [fault.path for fault in mending.faults(above / "results/smoke", PLANNED)]
    assert found == [above / RECORD]


def test_a_report_that_lacks_a_picture_is_made_again(mend, made):
    (made / "results/smoke/report/figures/metrics24/fig2.svg").unlink()
    assert mend()[1] == {"results/smoke/report/index.html"}


def test_a_damaged_picture_of_the_report_takes_the_page_with_it(mend, made):
    (made / "results/smoke/report/figures/metrics24/fig2.svg").write_text("")
    assert mend()[1] == {f"results/smoke/report/{name}" for name in ("index.html", "figures/metrics24/fig2.svg")}


@pytest.mark.parametrize("content", [b"", b'{"rule": "a', b"\xff\xfe\xfd", b"7", b'{"input": 3}'])
def test_notes_that_snakemake_would_stumble_over_are_taken_away(mend, made, content):
    (made / ".snakemake/metadata/cmVjb3Jk").write_bytes(content)
    said, gone, _ = mend()
    assert gone == {".snakemake/metadata/cmVjb3Jk"}
    assert said[0].endswith("cmVjb3Jk: a broken note of Snakemake; taken away")


def test_notes_on_long_paths_stay(mend, made):
    long = made / ".snakemake/metadata/@longlonglong/rest"
    long.parent.mkdir()
    long.write_text(json.dumps(NOTE))
    (made / ".snakemake/metadata/bm90ZQ==").mkdir()
    said, gone, _ = mend()
    assert (len(said), gone) == (1, set())
    assert not (made / ".snakemake/metadata/bm90ZQ==").exists()


def test_half_written_files_are_cleared_once_nobody_writes_them(mend, made):
    beside = (made / RECORD).with_name(".seed0.json.x7_k2pqz")
    progress = made / "results/smoke/checkpoints/supervised/cifar10/plain/.seed0.checkpoint.x7_k2pqz"
    progress.parent.mkdir(parents=True)
    for path in (beside, progress):
        path.write_text("{")
    assert mend() == ([], set(), set())
    for path in (beside, progress):
        os.utime(path, (0, time.time() - 3600))
    assert mend()[1] == {path.relative_to(made).as_posix() for path in (beside, progress)}


# On a disk of one megabyte the system itself refuses, while a record, a note and a log are written.
FULL = """
import sys
from pathlib import Path
from interplay.errors import InterplayError
from interplay.records import write_bytes_atomically
folder = Path(sys.argv[1])
write_bytes_atomically(folder / "record", b"whole")
try:
    write_bytes_atomically(folder / "record", bytes(2_000_000))
except InterplayError as error:
    print(error)
print((folder / "record").read_bytes(), [path.name for path in folder.iterdir()])
"""


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("mount"), reason="only root may mount a small disk")
def test_a_disk_that_is_really_full_is_one_line_and_the_old_file_stays(tmp_path):
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(tmp_path)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        done = subprocess.run([sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True, check=True)
    finally:
        subprocess.run(["umount", "--lazy", str(tmp_path)], check=True)
    said, kept = done.stdout.splitlines()
    assert said.startswith(f"{tmp_path / 'record'}: the disk of {tmp_path} is full: ")
    assert kept == "b'whole' ['record']"


def test_where_nothing_was_made_yet_nothing_is_wrong(mending, tmp_path):
    assert list(mending.faults(tmp_path / "none", PLANNED, tmp_path)) == []


def test_a_folder_that_cannot_be_listed_is_named(mend, looking, made, monkeypatch):
    def walk(top, onerror=None):
        onerror(PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(top)))
        return iter(())

    monkeypatch.setattr(looking.os, "walk", walk)
    with pytest.raises(InterplayError, match=r"smoke: the folder cannot be read \(permission denied\)"):
        mend()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else")
def test_somebody_elses_record_is_named_not_taken_away(made, root):
    """A real refusal of the system: as root made it and nobody may read it."""
    (made / RECORD).chmod(stat.S_IRUSR)
    code = (
        f"import sys; sys.path.insert(0, {str(root / 'workflow')!r})\n"
        "from pathlib import Path\nimport mending\nfrom interplay.errors import InterplayError\nimport os\n"
        f"given = Path({str(made / 'results/smoke')!r}), {PLANNED!r}, Path('/nonexistent')\n"
        "mending.mend(*given)\n"  # everything is imported
        "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "try: mending.mend(*given)\n"
        "except InterplayError as error: print(error)"
    )
    for folder in (made, *made.parents):  # temporary folders are their owner's alone
        if str(folder).startswith("/tmp/"):
            folder.chmod(folder.stat().st_mode | 0o055)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr == ""
    assert done.stdout.startswith(f"{made / RECORD}: cannot be read (permission denied); make it readable")
    assert (made / RECORD).exists()
