import fcntl
import os
import stat
from pathlib import Path

import pytest

from interplay.doctor import folders
from interplay.doctor.folders import try_folder
from interplay.records.disk import mount_point


def test_a_folder_of_this_machine_keeps_locks_and_its_clock_agrees(tmp_path):
    found = try_folder(tmp_path)
    assert (found.refused, found.locks, found.replaces) == (None, True, True)
    assert abs(found.ahead) < 5
    assert found.mount == mount_point(tmp_path)
    assert found.free == pytest.approx(os.statvfs(tmp_path).f_bavail * os.statvfs(tmp_path).f_frsize, rel=0.5)
    assert not list(tmp_path.iterdir())


def test_of_a_folder_that_is_not_there_yet_the_one_above_is_tried_and_nothing_made(tmp_path):
    found = try_folder(tmp_path / "a/b")
    assert found.refused is None
    assert found.path == tmp_path / "a/b"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("below", ["", "smoke"])
def test_a_link_to_another_disk_is_measured_there(tmp_path, monkeypatch, below):
    disk, link = tmp_path / "scratch", tmp_path / "results"
    disk.mkdir()
    link.symlink_to(disk)
    monkeypatch.setattr(os.path, "ismount", lambda place: str(place) in ("/", str(disk)))
    assert mount_point(link / below) == disk
    assert try_folder(link / below).mount == disk
    assert try_folder(link / below).path == link / below


def test_a_link_that_leads_nowhere_is_refused(tmp_path):
    (tmp_path / "results").symlink_to(tmp_path / "purged")
    assert try_folder(tmp_path / "results/smoke").refused == f"{tmp_path / 'results'} is a link that leads nowhere"


def test_what_the_system_refuses_is_said(tmp_path, monkeypatch):
    def refuse(*_arguments, **_options):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(folders.tempfile, "TemporaryDirectory", refuse)
    found = try_folder(tmp_path)
    assert (found.refused, found.locks, found.replaces) == ("read-only file system", None, None)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_rights_is_refused(tmp_path):
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    assert try_folder(tmp_path).refused == "permission denied"


@pytest.mark.parametrize("how", ["everyone gets it", "nobody gets it"])
def test_locks_that_do_not_exclude_are_seen(tmp_path, monkeypatch, how):
    def flock(_stream, _operation):
        if how == "nobody gets it":
            raise OSError(95, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", flock)
    assert try_folder(tmp_path).locks is False


def test_a_file_that_cannot_take_anothers_place_is_seen(tmp_path, monkeypatch):
    def refuse(_self, _target):
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(Path, "replace", refuse)
    assert try_folder(tmp_path).replaces is False


@pytest.mark.parametrize("ahead", [3600.0, -3600.0])
def test_another_clock_of_the_file_system_is_measured(tmp_path, monkeypatch, ahead):
    real = folders.time.time
    monkeypatch.setattr(folders.time, "time", lambda: real() - ahead)
    assert try_folder(tmp_path).ahead == pytest.approx(ahead, abs=60)
