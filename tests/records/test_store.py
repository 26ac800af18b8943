import json
import math
import os
import stat

import pytest

from interplay.errors import InterplayError
from interplay.records import read_record, read_records, select_records, write_record, write_text_atomically


def test_a_record_survives_the_round_trip_with_nan(tmp_path, make_record):
    record = make_record(metrics={"mir": math.nan, "hdr": 0.1}, trajectory={"step": [0.0, 1.0], "mir": [0.5, math.inf]})
    write_record(record, tmp_path / "a" / "b.json")
    back = read_record(tmp_path / "a" / "b.json")
    assert math.isnan(back.metrics["mir"])
    assert back.model_dump(exclude={"metrics"}) == record.model_dump(exclude={"metrics"})
    assert back.metrics["hdr"] == 0.1


def test_a_failed_write_keeps_the_old_file_and_leaves_nothing_behind(tmp_path, monkeypatch):
    path = tmp_path / "x.txt"
    write_text_atomically(path, "old")

    def broken(_descriptor):
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(OSError, match="disk full"):
        write_text_atomically(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


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


def test_records_are_selected_by_glob_on_their_names(tmp_path, make_record):
    for run in ("cifar10/plain/seed0", "cifar10/plain/seed1", "cifar10/sweep/max_mi-0.1/seed0", "cifar100/plain/seed0"):
        write_record(make_record(run=run), tmp_path / "records" / "supervised" / f"{run}.json")
    chosen = select_records(tmp_path, ["supervised/cifar10/plain/*"])
    assert [record.run for record in chosen] == ["cifar10/plain/seed0", "cifar10/plain/seed1"]
    assert [r.run for r in select_records(tmp_path, ["supervised/*/sweep/*"])] == ["cifar10/sweep/max_mi-0.1/seed0"]
    assert len(select_records(tmp_path, ["supervised/*"])) == 4
    assert select_records(tmp_path, ["grokking/*"]) == []
    paths = sorted((tmp_path / "records").rglob("*.json"))
    assert len(read_records(paths)) == 4
