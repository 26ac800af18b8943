"""What is known of a file after it was written, and of one that was damaged since."""

import os

import pytest

from interplay.records import write_bytes_atomically
from interplay.records.seals import is_broken, is_sealed, seal
from interplay.records.store import link_or_copy

CONTENT = b"0123456789" * 100
DAMAGED = {
    "cut off": CONTENT[:-1],
    "emptied": b"",
    "zeros": bytes(len(CONTENT)),
    "one bit": CONTENT[:500] + bytes([CONTENT[500] ^ 4]) + CONTENT[501:],
}


@pytest.fixture
def written(tmp_path):
    path = tmp_path / "a"
    write_bytes_atomically(path, CONTENT)
    if not is_sealed(path):
        pytest.skip("this file system keeps no extended attributes")
    return path


@pytest.mark.parametrize("how", DAMAGED)
def test_any_damage_shows_whatever_the_time_of_change_says(written, how):
    before = written.stat()
    assert not is_broken(written)
    written.write_bytes(DAMAGED[how])
    os.utime(written, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert is_broken(written)
    assert is_broken(written, by_size=True) == (len(DAMAGED[how]) != len(CONTENT))


def test_what_replaces_a_file_has_a_seal_of_its_own_and_a_link_shares_it(written, tmp_path):
    write_bytes_atomically(written, b"new")
    assert is_sealed(written)
    assert not is_broken(written)
    link_or_copy(written, tmp_path / "b")
    written.write_bytes(b"old")
    assert is_broken(tmp_path / "b")


def test_of_a_file_that_others_put_there_nothing_is_known(written):
    written.unlink()
    written.write_bytes(b"restored")
    assert not is_sealed(written)
    assert not is_broken(written)


def test_where_no_attributes_are_kept_nothing_is_known_and_nothing_fails(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "setxattr", refuse, raising=False)
    write_bytes_atomically(tmp_path / "a", CONTENT)
    seal(tmp_path / "a")
    assert not is_sealed(tmp_path / "a")
    monkeypatch.delattr(os, "getxattr", raising=False)
    assert not is_broken(tmp_path / "a")
