import pytest

from interplay.doctor.checks.system import encoding, open_files


@pytest.mark.parametrize(
    ("encodings", "state"),
    [
        (("UTF-8", "utf-8"), "ok"),
        (("utf8", "UTF8"), "ok"),
        (("ISO-8859-1", "utf-8"), "note"),
        (("ANSI_X3.4-1968", "ascii"), "note"),
        (("no such encoding", "utf-8"), "note"),
    ],
)
def test_texts_are_utf_8(machine, of_tier, encodings, state):
    (found,) = encoding(machine(encoding=encodings), of_tier())
    assert found.state == state
    assert (found.advice == "export LC_ALL=C.UTF-8") == (state == "note")


@pytest.mark.parametrize(("limit", "state"), [(256, "note"), (1023, "note"), (1024, "ok"), (-1, "ok"), (1 << 20, "ok")])
def test_few_open_files_are_noted(machine, of_tier, limit, state):
    (found,) = open_files(machine(open_files=limit), of_tier())
    assert found.state == state
