import errno
import json
import os

import pytest

from interplay.errors import InterplayError
from interplay.records.identity import changes, first_of, keep_run, make_identity, taken_over

VALUES = {"protocol": {"optimizer": {"learning_rate": 0.03}, "seeds": [0, 1]}, "run": {"name": "plain"}}


def identity(modules=None, values=VALUES, inputs=None, device="cpu"):
    return make_identity(modules or {"interplay.information.entropy": "1"}, values, inputs or {"a/b": "1"}, device)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (identity(), []),
        (identity(modules={"interplay.information.entropy": "2"}), ["module interplay.information.entropy changed"]),
        (
            identity(modules={"interplay.data.augment": "1"}),
            ["module interplay.data.augment is new", "module interplay.information.entropy is gone"],
        ),
        (identity(inputs={"a/b": "2"}), ["input a/b changed"]),
        (identity(device="cuda: a card"), ["device: cpu -> cuda: a card"]),
        (
            identity(values=VALUES | {"protocol": {"optimizer": {"learning_rate": 0.1}, "seeds": [0, 1]}}),
            ["protocol.optimizer.learning_rate: 0.03 -> 0.1"],
        ),
        (
            identity(values=VALUES | {"protocol": {"optimizer": {"learning_rate": 0.03}, "seeds": [0]}}),
            ["protocol.seeds: [0, 1] -> [0]"],
        ),
        (identity(values=VALUES | {"extra": {}}), ["extra: unset -> {}"]),
    ],
)
def test_every_part_that_changed_is_named(other, said):
    assert changes(identity(), other) == said


def test_a_value_of_another_type_is_another_value():
    assert changes(identity(values={"a": 1}), identity(values={"a": True})) == ["a: 1 -> true"]


def test_many_changes_are_one_line():
    assert first_of(["a"]) == "a"
    assert first_of(["a", "b", "c", "d"]) == "a; b; and 2 more"


def test_a_finished_record_is_taken_over_where_nothing_changed(tmp_path, make_record):
    path, said = tmp_path / "seed0.finished.json", []
    assert taken_over(path, identity(), name="a/b", say=said.append) is None
    assert said == []
    record = make_record()
    keep_run(path, identity(), record)
    assert taken_over(path, identity(), name="a/b", say=said.append) == record
    assert said == ["a/b: done in an earlier session, taken over"]


def test_a_finished_record_of_other_code_is_not_or_says_so(tmp_path, make_record):
    path, said = tmp_path / "seed0.finished.json", []
    keep_run(path, identity(), make_record())
    now = identity(modules={"interplay.information.entropy": "2"})
    assert taken_over(path, now, name="a/b", say=said.append) is None
    assert said.pop() == (
        "a/b: its finished record is not taken over: module interplay.information.entropy changed; "
        "INTERPLAY_KEEP_CHECKPOINTS=1 takes it over"
    )
    kept = taken_over(path, now, name="a/b", say=said.append, keep=True)
    assert kept.provenance.taken_over == ["module interplay.information.entropy changed"]
    assert kept.metrics == make_record().metrics


@pytest.mark.parametrize("content", ["", "{", '{"identity": {}}'])
def test_a_damaged_finished_record_means_starting_anew_and_is_told(tmp_path, content):
    path, said = tmp_path / "seed0.finished.json", []
    path.write_text(content)
    assert taken_over(path, identity(), name="a/b", say=said.append, keep=True) is None
    aside = path.with_name("seed0.finished.json.unreadable")
    assert said == [f"a/b: the finished record {path} is damaged; set aside as {aside.name}, starting anew"]
    assert (path.exists(), aside.read_text()) == (False, content)


def test_a_finished_record_of_another_version_is_not_called_damaged(tmp_path, make_record):
    path, said = tmp_path / "seed0.finished.json", []
    keep_run(path, identity(), make_record())
    content = json.loads(path.read_text())
    path.unlink()
    path.write_text(json.dumps(content | {"record": content["record"] | {"schema_version": 99}}))
    assert taken_over(path, identity(), name="a/b", say=said.append) is None
    aside = "seed0.finished.json.unreadable"
    assert said == [
        f"a/b: the finished record {path} is of version 99 of the schema; set aside as {aside}, starting anew"
    ]


@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO, errno.ESTALE, errno.ENOMEM])
def test_a_finished_record_that_cannot_be_read_just_now_is_kept(tmp_path, make_record, monkeypatch, number):
    def refuse(_path):
        raise OSError(number, os.strerror(number))

    path, said = tmp_path / "seed0.finished.json", []
    record = make_record()
    keep_run(path, identity(), record)
    with monkeypatch.context() as patched:
        patched.setattr("interplay.records.identity.is_broken", refuse)
        with pytest.raises(InterplayError, match=r"seed0.finished.json cannot be read now \(.*\); it is kept"):
            taken_over(path, identity(), name="a/b", say=said.append)
    assert said == []
    assert taken_over(path, identity(), name="a/b", say=said.append) == record
