"""What is taken over of an interrupted job, and what is said where it is not."""

import gc
import json
import re
import weakref
from dataclasses import replace

import pytest
import torch

from interplay.errors import InterplayError
from interplay.experiments import grokking, runner
from interplay.experiments.context import Result
from interplay.experiments.runner import run_all
from interplay.protocols.plan import select_runs
from interplay.protocols.setup import load_setup
from interplay.records import read_record

NAME = "grokking/modular-addition/seed0"


@pytest.fixture
def small(small_setup):
    def make(**overrides):
        trajectory = {"points": 3, "sample": 64, "batch_size": 16}
        return small_setup("grokking", **{"steps": 8, "checkpoint_every": 1, "trajectory": trajectory} | overrides)

    return make


@pytest.fixture
def session(tmp_path):
    """Runs grokking in one session and gives what was said; it is killed when a line with some words is said."""

    def run(setup, killed_at="nothing", **options):
        said = []

        def say(line):
            said.append(line)
            if killed_at in line:
                raise KeyboardInterrupt

        runs = select_runs(setup, "grokking", "*")
        options = {"results": tmp_path, "data_root": tmp_path} | options
        try:
            run_all(setup, "grokking", runs, device=torch.device("cpu"), threads=1, say=say, **options)
        except InterplayError as error:
            said.append(str(error))
        except KeyboardInterrupt:
            said.append("killed")
        return said

    return run


def record_in(tmp_path):
    return read_record(tmp_path / f"records/{NAME}.json")


def test_a_changed_value_is_named_and_the_checkpoint_can_be_kept(small, session, tmp_path):
    assert session(small(), killed_at=f"{NAME}: step 8")[-1] == "killed"
    changed = small(optimizer={"learning_rate": 0.5})
    said = session(changed, killed_at="is not taken over")
    assert said[1] == (
        f"{NAME}: checkpoint of step 7 is not taken over: protocol.optimizer.learning_rate: 0.005 -> 0.5; "
        "INTERPLAY_KEEP_CHECKPOINTS=1 takes it over"
    )
    said = session(changed, keep_checkpoints=True)
    assert said[1].startswith(f"{NAME}: checkpoint of step 7 is taken over although: ")
    record = record_in(tmp_path)
    assert record.provenance.taken_over == ["protocol.optimizer.learning_rate: 0.005 -> 0.5"]
    assert record.provenance.sessions == 2
    assert not [path for path in (tmp_path / "checkpoints").rglob("*") if path.is_file()]


def test_finished_runs_of_a_job_that_was_killed_are_taken_over(small, session, tmp_path):
    setup = small(seeds=[0, 1])
    assert session(setup, killed_at="modular-addition/seed1: step 8")[-1] == "killed"
    assert f"{NAME}: done in an earlier session, taken over" in session(setup)
    assert record_in(tmp_path).provenance.taken_over == []


def test_what_a_run_held_is_let_go_before_the_next(small, session, monkeypatch):
    """Networks hang together in circles, which Python finds when it looks for them; data sets hang on them."""

    class Network:
        def __init__(self):
            self.itself = self

    body, held, alive = grokking.run, [], []

    def run(*given):
        alive.append([one for one in held if one() is not None])
        held.append(weakref.ref(Network()))
        return body(*given)

    monkeypatch.setattr(grokking, "run", run)
    gc.disable()
    try:
        session(small(seeds=[0, 1, 2]))
    finally:
        gc.enable()
    assert alive == [[], [], []]


def test_weights_of_a_finished_run_that_were_damaged_are_not_taken_over(small_setup, tmp_path):
    small = {"iterations": 4, "train_sample": 200, "trajectory": {"points": 2}, "image_pooling": 1}
    setup = small_setup("supervised", **small | {"sweep": {"iterations": 4}})
    runs = select_runs(setup, "supervised", "cifar10/plain/*")
    given = {"results": tmp_path, "data_root": tmp_path, "device": torch.device("cpu"), "threads": 1}

    def kill(line):
        if "plain/seed1: starts" in line:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_all(setup, "supervised", runs, say=kill, **given)
    kept = tmp_path / "checkpoints/supervised/cifar10/plain/seed0.finished.safetensors"
    whole = kept.read_bytes()
    kept.write_bytes(whole[:-4])  # the model is the same file
    said = []
    run_all(setup, "supervised", runs, say=said.append, **given)
    assert re.fullmatch(
        rf"\S+: {kept} cannot be taken over: it is .*; set aside as {kept.name}.unreadable, starting anew", said[0]
    )
    assert not [path for path in (tmp_path / "checkpoints").rglob("*") if path.is_file()]
    assert (tmp_path / "models/supervised/cifar10/plain/seed0.safetensors").read_bytes() == whole


def test_a_results_folder_that_cannot_be_written_stops_before_anything_runs(small, session, tmp_path):
    (tmp_path / "records").write_text("a file where a folder should be")
    said = session(small(), results=tmp_path / "records")
    assert said == [f"{tmp_path / 'records'}: file exists"]


def test_a_run_that_diverges_is_named(small, session):
    error = session(small(optimizer={"learning_rate": 1e38}))[-1]
    assert re.match(rf"{NAME}: training diverged by step \d+: ", error)
    assert "\n" not in error


def tampered(path, **changes):
    content = json.loads(path.read_text())
    path.write_text(json.dumps(content | changes))


def test_networks_of_another_protocol_than_the_plans_are_refused(small_setup, do_in, tmp_path):
    """Otherwise the record would state, as what its networks differ in from the published ones, what they do not."""
    trained = {"iterations": 4, "train_sample": 200, "trajectory": {"points": 2}}
    trained |= {"image_pooling": 1, "sweep": {"iterations": 4}}
    setup = small_setup("supervised", **trained)
    do_in(setup, "supervised", "cifar10/plain/seed0", tmp_path)
    path = tmp_path / "records/supervised/cifar10/plain/seed0.json"
    original = path.read_text()
    estimators = small_setup("estimators", batch_sizes=[8, 16], draws=2, sample=64).protocols["estimators"]
    reading = replace(setup, protocols=setup.protocols | {"estimators": estimators})
    do_in(reading, "estimators", "cifar10/seed0", tmp_path)

    changed = small_setup("supervised", **trained | {"iterations": 5}).protocols
    changed = replace(reading, protocols=changed | {"estimators": estimators})
    again = r"; run supervised/cifar10/plain/seed0 again$"
    with pytest.raises(
        InterplayError, match=rf"made otherwise than is planned now \(protocol\.iterations: 4 -> 5\){again}"
    ):
        do_in(changed, "estimators", "cifar10/seed0", tmp_path)
    tampered(path, datasets={"cifar10": "glyphs10"})
    with pytest.raises(InterplayError, match=rf"\(data.cifar10: glyphs10 -> digits\){again}"):
        do_in(reading, "estimators", "cifar10/seed0", tmp_path)
    path.write_text(original)
    tampered(path, run="cifar10/plain/seed1")
    with pytest.raises(InterplayError, match=rf"the record of supervised/cifar10/plain/seed1, a copy perhaps{again}"):
        do_in(reading, "estimators", "cifar10/seed0", tmp_path)


def test_a_record_names_the_weights_of_the_catalogue_that_were_read(config, tmp_path, monkeypatch):
    """So that it can be told whether they are those that are pinned."""

    def body(protocol, run, context):
        tensors, _ = context.weights[run.weights[0]]()
        return Result(data={"dtd/train": "1" * 16}, model=tensors)

    monkeypatch.setattr("interplay.experiments.cross_modal.run", body)
    monkeypatch.setattr(runner, "load_weights", lambda name, root: ({name: torch.zeros(1)}, "2" * 16))
    setup = load_setup(config, "review", "published")
    run = next(run for run in setup.unfold("cross_modal") if run.settings.kind == "zero_shot")
    options = {"results": tmp_path, "data_root": tmp_path, "device": torch.device("cpu"), "threads": 1}
    (path,) = run_all(setup, "cross_modal", [run], say=lambda line: None, **options)
    assert read_record(path).provenance.data == {"dtd/train": "1" * 16, run.weights[0]: "2" * 16}
