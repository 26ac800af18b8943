import errno
import json
import math
import os
import stat
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from interplay.errors import InterplayError
from interplay.records import read_record, select_records, write_record, write_text_atomically
from interplay.records.disk import explain, mount_point
from interplay.records.store import OtherVersionError, link_or_copy, replacing


def test_a_record_survives_the_round_trip_with_nan(tmp_path, make_record):
    record = make_record(metrics={"mir": math.nan, "hdr": 0.1}, trajectory={"step": [0.0, 1.0], "mir": [0.5, math.inf]})
    write_record(record, tmp_path / "a" / "b.json")
    back = read_record(tmp_path / "a" / "b.json")
    assert math.isnan(back.metrics["mir"])
    assert back.model_dump(exclude={"metrics"}) == record.model_dump(exclude={"metrics"})
    assert back.metrics["hdr"] == 0.1


REFUSALS = {
    errno.ENOSPC: r"the disk of /\S* is full: [\d.]+ \w+ free.*; free some",
    errno.EDQUOT: r"your quota on the disk of /\S* is used up; free some",
    errno.EROFS: r"/\S* is mounted read-only; work where you may write",
    errno.EACCES: "permission denied; mend the rights",
    errno.EIO: "input/output error",
}


@pytest.mark.parametrize("number", REFUSALS, ids=errno.errorcode.get)
def test_a_refused_write_keeps_the_old_file_leaves_nothing_behind_and_is_one_line(tmp_path, monkeypatch, number):
    path = tmp_path / "x.txt"
    write_text_atomically(path, "old")

    def refuse(_descriptor):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(InterplayError, match=f"^{path}: {REFUSALS[number]}") as caught:
        write_text_atomically(path, "new")
    assert "\n" not in str(caught.value)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


# With no more than 100 kB to a file, as `ulimit -f` has it, the system itself refuses.
LIMITED = """
import resource, sys
from pathlib import Path
import torch
from safetensors.torch import save_file
from interplay.errors import InterplayError
from interplay.records.store import replacing, write_bytes_atomically
from interplay.training import Checkpoint

resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
folder, large = Path(sys.argv[1]), {"a": torch.zeros(1_000_000)}


def weights():
    with replacing(folder / "weights") as temporary:
        save_file(large, temporary)


for write in (
    lambda: write_bytes_atomically(folder / "figure", bytes(1_000_000)),
    lambda: Checkpoint(folder / "checkpoint", {}).save(large),
    weights,
):
    try:
        write()
    except InterplayError as error:
        print(error)
"""


def test_what_the_system_refuses_to_libraries_is_told_as_its_own_words(tmp_path):
    done = subprocess.run([sys.executable, "-c", LIMITED, str(tmp_path)], capture_output=True, text=True, check=True)
    refused = [f"{tmp_path / name}: file too large" for name in ("figure", "checkpoint", "weights")]
    assert done.stdout.splitlines() == refused
    assert list(tmp_path.iterdir()) == []


def test_an_error_that_is_not_the_systems_stays_what_it_is(tmp_path):
    with pytest.raises(ZeroDivisionError), replacing(tmp_path / "x"):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_without_room_for_files_says_so(tmp_path, monkeypatch):
    state = SimpleNamespace(f_bavail=1000, f_frsize=4096, f_files=10, f_favail=0)
    monkeypatch.setattr(os, "statvfs", lambda _path: state)
    said = explain(OSError(errno.ENOSPC, "full"), tmp_path / "x")
    assert "is full: 4.1 MB free, but no room for one more file (inodes)" in said
    assert explain(OSError("no number")) is None


def test_the_mount_point_is_that_of_the_nearest_folder_that_exists(tmp_path):
    assert mount_point(Path("/proc/none/such")) == Path("/proc")
    assert os.path.ismount(mount_point(tmp_path / "a" / "b"))


def test_weights_are_linked_or_copied(tmp_path, monkeypatch):
    source, target = tmp_path / "a", tmp_path / "b" / "c"
    source.write_text("weights")
    link_or_copy(source, target)
    assert target.samefile(source)

    def refuse(_target, _source):
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    link_or_copy(source, target)
    assert target.read_text() == "weights"
    assert not target.samefile(source)


def test_written_files_are_readable_like_others(tmp_path):
    ordinary = tmp_path / "ordinary"
    ordinary.write_text("x")
    write_text_atomically(tmp_path / "ours", "x")
    assert stat.S_IMODE((tmp_path / "ours").stat().st_mode) == stat.S_IMODE(ordinary.stat().st_mode)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "not a valid record"),
        ("{}", "experiment: Field required"),
        (None, "cannot be read"),
    ],
)
def test_a_bad_file_is_one_line_that_names_it(tmp_path, content, says):
    path = tmp_path / "r.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(InterplayError, match=says) as caught:
        read_record(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unknown_key_is_an_error(tmp_path, make_record):
    path = tmp_path / "r.json"
    write_record(make_record(), path)
    content = json.loads(path.read_text()) | {"surprise": 1}
    path.write_text(json.dumps(content))
    with pytest.raises(InterplayError, match="surprise"):
        read_record(path)


@pytest.mark.parametrize("more", [{}, {"surprise": 1}])
def test_a_record_of_another_version_says_which_even_if_nothing_else_is_wrong_with_it(tmp_path, make_record, more):
    path = tmp_path / "r.json"
    write_record(make_record(), path)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"schema_version": 2} | more))
    with pytest.raises(OtherVersionError, match=r"a record of version 2 of the schema, where 1 is read; .* rerun$"):
        read_record(path)


def test_records_are_selected_by_glob_on_their_names(tmp_path, make_record):
    for run in ("cifar10/plain/seed0", "cifar10/plain/seed1", "cifar10/sweep/max_mi-0.1/seed0", "cifar100/plain/seed0"):
        write_record(make_record(run=run), tmp_path / "records" / "supervised" / f"{run}.json")
    chosen = select_records(tmp_path, ["supervised/cifar10/plain/*"])
    assert [record.run for record in chosen] == ["cifar10/plain/seed0", "cifar10/plain/seed1"]
    assert [r.run for r in select_records(tmp_path, ["supervised/*/sweep/*"])] == ["cifar10/sweep/max_mi-0.1/seed0"]
    assert len(select_records(tmp_path, ["supervised/*"])) == 4
    assert select_records(tmp_path, ["grokking/*"]) == []


def test_what_is_no_record_is_ignored_among_records(tmp_path, make_record):
    write_record(make_record(), tmp_path / "records/supervised/cifar10/plain/seed0.json")
    folder = tmp_path / "records/supervised/cifar10/plain"
    (folder / "._seed0.json").write_bytes(b"\x00\x05\x16\x07")  # as macOS leaves on other file systems
    (folder / ".seed0.json.tmp.json").write_text("")
    (folder / "seed1.json.bak").write_text("")
    (folder / "seed2.json").mkdir()
    (folder.parent / ".trash").mkdir()
    (folder.parent / ".trash/seed3.json").write_text("{")
    (tmp_path / "records/notes.json").write_text("{}")
    assert [record.seed for record in select_records(tmp_path, ["*"])] == [0]


@pytest.mark.parametrize("content", [b"", b"null", b"\xff\xfe{"])
def test_an_empty_or_damaged_record_among_others_is_one_line(tmp_path, make_record, content):
    write_record(make_record(), tmp_path / "records/supervised/cifar10/plain/seed0.json")
    broken = tmp_path / "records/supervised/cifar10/plain/seed1.json"
    broken.write_bytes(content)
    with pytest.raises(InterplayError, match=r"seed1.json: not a valid record .*; delete it and rerun"):
        select_records(tmp_path, ["*"])


def test_a_copy_of_a_record_does_not_count_twice(tmp_path, make_record):
    for name in ("seed0", "seed0 copy"):
        write_record(make_record(), tmp_path / f"records/supervised/cifar10/plain/{name}.json")
    with pytest.raises(InterplayError, match=r"seed0 copy.json: the record of supervised/cifar10/plain/seed0"):
        select_records(tmp_path, ["*"])
