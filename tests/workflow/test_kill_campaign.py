"""What the campaign of crashes does by itself: choose, spoil, undo, compare. The campaign is run by hand."""

import json
import random
import subprocess
import sys
import time
from base64 import urlsafe_b64encode

import pytest

psutil = pytest.importorskip("psutil")  # which the campaign needs, and Snakemake brings

import kill_campaign  # noqa: E402
import mischief  # noqa: E402
import undisturbed  # noqa: E402


@pytest.fixture
def made(tmp_path):
    """Results of two jobs as a workflow leaves them."""
    folder = tmp_path / "made"
    for rule, output, seconds, content in (
        ("train", "results/smoke/records/a/b.json", 10.0, {"metrics": {"x": 1}, "provenance": {"started": "now"}}),
        ("judge", "results/smoke/verdicts.json", 14.0, []),
    ):
        (folder / output).parent.mkdir(parents=True, exist_ok=True)
        (folder / output).write_text(json.dumps(content))
        note = folder / ".snakemake/metadata" / urlsafe_b64encode(output.encode()).decode()
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(json.dumps({"rule": rule, "endtime": 1000.0 + seconds}))
    for name, text in (("index.html", "<html></html>\n"), ("figures/x.svg", "<svg></svg>\n")):
        (folder / "results/smoke/report" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "results/smoke/report" / name).write_text(text)
    return folder


@pytest.fixture
def reference(made):
    return undisturbed.Reference.of(made, 1000.0, "[1/3] train  9.0 s\n[2/3] judge  4.0 s\n[3/3] all  0.0 s\n")


def copied(made, tmp_path):
    subprocess.run(["cp", "-r", made, tmp_path / "copy"], check=True)
    return tmp_path / "copy"


def test_what_was_done_when_is_read_off_the_notes(reference):
    assert reference.rules == ["train", "judge"]
    assert reference.ends == {"train": 10.0, "judge": 14.0}
    assert reference.seconds == 14.0


def test_what_comes_after_a_moment_is_undone_and_told_in_seconds(reference, made, tmp_path):
    copy = copied(made, tmp_path)
    assert undisturbed.undo(copy, reference, 0.5) == 14.0 - 10.0 + 5.0
    assert (copy / "results/smoke/records/a/b.json").exists()
    assert not (copy / "results/smoke/verdicts.json").exists()
    assert undisturbed.differences(made, copy) == ["missing: verdicts.json/"]


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"metrics": {"x": 1}, "provenance": {"started": "later"}}, []),
        ({"metrics": {"x": 2}, "provenance": {"started": "now"}}, ["differs: records/a/b.json"]),
        ({"metrics": {"x": 1}, "provenance": {"device": "cuda"}}, ["differs: records/a/b.json"]),
    ],
)
def test_records_may_differ_in_times_and_in_nothing_else(reference, made, tmp_path, record, expected):
    copy = copied(made, tmp_path)
    (copy / "results/smoke/records/a/b.json").write_text(json.dumps(record))
    assert undisturbed.differences(made, copy) == expected


def test_a_cut_off_page_and_a_file_too_many_are_told(made, tmp_path):
    copy = copied(made, tmp_path)
    (copy / "results/smoke/report/index.html").write_text("<html>")
    (copy / "results/smoke/records/a/c.json").write_text("{}")
    assert undisturbed.differences(made, copy) == ["not in the undisturbed run: records/a/c.json", "no whole report"]


def test_the_same_seed_spoils_the_same_file_in_the_same_way(made, tmp_path):
    copy = copied(made, tmp_path)
    said = [mischief.damage()(mischief.Scene(folder, random.Random("0/7"))) for folder in (made, copy)]
    assert said[0] == said[1]


@pytest.mark.parametrize("seed", range(20))
def test_what_is_spoilt_is_never_as_it_was(tmp_path, seed):
    path = tmp_path / "a.json"
    path.write_text("x" * 500)
    mischief.spoil(path, random.Random(seed), tmp_path)
    assert not path.is_file() or path.read_text(errors="replace") != "x" * 500


def test_a_process_is_known_by_its_role_and_struck(tmp_path):
    script = tmp_path / "workflow/reproduce.py"
    script.parent.mkdir()
    script.write_text("import time; time.sleep(300)")
    with subprocess.Popen(["sh", "-c", '"$@"; exit $?', "make", sys.executable, str(script)]) as make:
        scene = mischief.Scene(tmp_path, random.Random(0), psutil.Process(make.pid))
        deadline = time.monotonic() + 30
        while not scene.processes("reproduce"):
            assert time.monotonic() < deadline
        assert [one.pid for one in scene.processes("make")] == [make.pid]
        assert mischief.kill("reproduce")(scene) == "killed reproduce"
        assert make.wait(30) == 137
    assert mischief.kill("reproduce")(scene) == "nothing: none was there"


def test_the_table_counts_by_kind_and_names_what_was_skipped():
    spoilt = next(kind for kind in kill_campaign.KINDS if not kind.running)
    kinds = (*kill_campaign.KINDS[:3], spoilt)
    outcomes = [
        kill_campaign.Outcome(kinds[0].name, "", 3.0, again=["run_a"]),
        kill_campaign.Outcome(kinds[0].name, "", 5.0, named=True, wrong=["differs: x"]),
        kill_campaign.Outcome(kinds[1].name, "nothing: it had ended", 2.0),
        kill_campaign.Outcome(spoilt.name, "", 1.0),
    ]
    _, _, *rows = kill_campaign.summarise(kinds, outcomes, [kinds[2].name]).splitlines()
    cells = [[cell.strip() for cell in row.split("|")[1:-1]] for row in rows]
    assert cells[0] == [kinds[0].name, "2", "2", "1", "1", "1", "4"]
    assert cells[1] == [kinds[1].name, "1", "0", "0", "0", "0", "2"]
    assert cells[2][5] == "skipped: needs root"
    assert cells[3] == [spoilt.name, "1", "1", "-", "0", "0", "1"], "some jobs have to be done again"
    assert cells[4] == ["all", "4", "3", "1", "1", "1", "11 in all"]


def test_what_a_second_and_a_third_run_do_again_is_counted(monkeypatch, reference, tmp_path):
    lines = {"first": ["train"], "second": ["train"], "third": ["train", "judge"]}

    class Workflow:
        def __init__(self, folder, log, cores):
            self.process = psutil.Process()
            done = "".join(f"[1/3] {rule}  9.0 s\n" for rule in lines[log.stem])
            self.text = done + ("error: results/smoke/verdicts.json: broken\n" if log.stem == "second" else "")
            self.status = int(log.stem == "second")

        def wait(self):
            return self.status

    monkeypatch.setattr(kill_campaign, "Workflow", Workflow)
    monkeypatch.setattr(kill_campaign, "undo", lambda *_given: 0.0)
    monkeypatch.setattr(kill_campaign, "left_behind", lambda _folder: [])
    draw = random.Random(0)
    monkeypatch.setattr(draw, "uniform", lambda *_given: 0.0)
    kind = kill_campaign.Kind("kill", lambda _scene: "killed")
    outcome = kill_campaign.run_case(kind, draw, reference, tmp_path / "case", 1)
    assert (outcome.named, outcome.again) == (True, ["train"])
    lines["second"], lines["third"] = ["judge"], ["judge"]
    outcome = kill_campaign.run_case(kind, draw, reference, tmp_path / "other", 1)
    assert outcome.again == ["judge"]


def test_what_a_message_names_is_found(tmp_path):
    (tmp_path / ".cache/reproduce.lock").mkdir(parents=True)
    text = "tier smoke\nerror: .cache/reproduce.lock: a folder where a file belongs; move or delete it\n"
    assert kill_campaign._named_in(text, tmp_path) == tmp_path / ".cache/reproduce.lock"
    assert kill_campaign._named_in("error: nothing of the kind", tmp_path) is None


def test_nothing_is_deleted_but_below_the_folder_of_the_case_and_no_folder_that_may_be_right(tmp_path):
    case = tmp_path / "case"
    (case / "results/smoke").mkdir(parents=True)
    (tmp_path / "mine.txt").write_text("mine")
    (case / "out.txt").symlink_to(tmp_path / "mine.txt")
    for named in (f"{tmp_path}/mine.txt", "../mine.txt", "./out.txt", "results/smoke", f"{case}/", "./"):
        assert kill_campaign._named_in(f"error: {named}: something; delete it", case) is None
    (case / "results/a.json").write_text("{")
    assert kill_campaign._named_in("error: results/a.json: cannot be read", case) == case / "results/a.json"


def drawn(path, digest, height=3):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots()
    axes.plot([1, 2, height])
    key = {".svg": "Description", ".pdf": "Keywords", ".png": "Source"}[path.suffix]
    dates = {} if path.suffix == ".png" else {"Date": None} if path.suffix == ".svg" else {"CreationDate": None}
    with plt.rc_context({"svg.hashsalt": "interplay"}):
        figure.savefig(path, metadata={key: f"code {'0' * 16}; records {digest * 16}; smoke", **dates})
    plt.close(figure)


@pytest.mark.parametrize("suffix", [".svg", ".pdf", ".png"])
def test_drawings_are_compared_but_for_the_digest_in_their_stamp(tmp_path, suffix):
    one, other, higher = (tmp_path / f"{name}{suffix}" for name in ("one", "other", "higher"))
    drawn(one, "a")
    drawn(other, "b")
    drawn(higher, "a", height=4)
    assert one.read_bytes() != other.read_bytes()
    assert undisturbed.content(one) == undisturbed.content(other)
    assert undisturbed.content(one) != undisturbed.content(higher)
    other.write_bytes(one.read_bytes()[:-3])
    assert undisturbed.content(one) != undisturbed.content(other)


def test_a_damaged_picture_of_the_report_is_told(made, tmp_path):
    copy = copied(made, tmp_path)
    (made / "results/smoke/report/figures/x.svg").write_text("<svg></svg>\n")
    (copy / "results/smoke/report/figures/x.svg").write_text("<svg>")
    assert undisturbed.differences(made, copy) == ["results/smoke/report/figures/x.svg: it is not whole"]


def test_records_are_compared_but_for_times_and_what_is_no_number_equals_itself():
    def record(**changes):
        times = {"wall_seconds": 1.0, "sessions": 1, "code_digest": "a"}
        whole = {"metrics": {"x": float("nan")}, "trajectory": {"y": [float("nan")], "seconds_a": [1]}, "settings": {}}
        return undisturbed.without_times(json.loads(json.dumps({"provenance": times, **whole, **changes})))

    same = record(provenance={"code_digest": "a", "sessions": 2}, trajectory={"seconds_a": [2], "y": [float("nan")]})
    assert same == record()
    assert record(metrics={"x": 0.0}) != record()
    assert record(provenance={"code_digest": "b"}) != record()
