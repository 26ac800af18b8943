"""What is taken over of an interrupted job, and what is said where it is not."""

import json
import re
from dataclasses import replace

import pytest
import torch

from interplay.errors import InterplayError
from interplay.experiments.runner import run_all
from interplay.protocols.plan import select_runs
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
    assert re.fullmatch(rf"\S+: {kept} cannot be taken over: it is .*; starting anew", said[0])
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
