import pytest
import torch

from interplay.experiments import grokking
from interplay.information import gram_matrix, hdr, matrix_entropy, mir
from interplay.protocols.grokking import Grokked
from interplay.training import Trainer, loop

SMALL = {
    "modulus": 7,
    "train_fraction": 0.5,
    "steps": 40,
    "seeds": [0],
    "trajectory": {"points": 5, "sample": 16, "batch_size": 8},
}


@pytest.fixture
def tiny(small_setup):
    return small_setup("grokking", **SMALL, checkpoint_every=5)


@pytest.mark.each_device
def test_killed_and_resumed_gives_bit_identical_metrics(tiny, do, same, tmp_path, monkeypatch):
    whole = do(tiny, "grokking", "*", tmp_path / "whole")[0]
    step = Trainer.train_step

    def killed(self, number):
        if number == 23:
            raise KeyboardInterrupt
        step(self, number)

    monkeypatch.setattr(Trainer, "train_step", killed)
    with pytest.raises(KeyboardInterrupt):
        do(tiny, "grokking", "*", tmp_path / "cut")
    assert not list((tmp_path / "cut" / "records").rglob("*.json"))
    monkeypatch.undo()
    resumed = do(tiny, "grokking", "*", tmp_path / "cut")[0]
    assert resumed.provenance.sessions == 2
    assert same(resumed.trajectory, whole.trajectory)
    assert same(resumed.metrics, whole.metrics)
    assert not list((tmp_path / "cut" / "checkpoints").rglob("*.*")), "checkpoints are left behind"


@pytest.mark.parametrize("killed_before", [7, 11, 15, 19])
def test_a_run_that_ends_when_it_has_grokked_ends_there_after_a_resume_too(
    small_setup, do, same, tmp_path, monkeypatch, killed_before
):
    """What is logged after steps 0, 5, 10, ... decides; it was killed before, among and after the deciding readings."""
    seen = {0: 0.0, 5: 0.995, 10: 0.5, 15: 0.99, 20: 1.0}
    observe, step = Trainer.observe, Trainer.train_step

    def watched(self, number):
        return observe(self, number) | {"test_accuracy": seen.get(number, 1.0)}

    def killed(self, number):
        if number == killed_before:
            raise KeyboardInterrupt
        step(self, number)

    grokked = {"accuracy": 0.99, "readings": 2, "ends_run": True}
    setup = small_setup("grokking", **SMALL, checkpoint_every=3, grokked=grokked)
    monkeypatch.setattr(grokking, "log_steps", lambda points, steps: range(0, steps + 1, 5))
    monkeypatch.setattr(Trainer, "observe", watched)
    whole = do(setup, "grokking", "*", tmp_path / "whole")[0]
    assert whole.trajectory["step"] == [0, 5, 10, 15, 20]
    assert (whole.metrics["steps"], whole.metrics["steps_to_test"], whole.metrics["grokked"]) == (20, 15, 1)
    monkeypatch.setattr(Trainer, "train_step", killed)
    with pytest.raises(KeyboardInterrupt):
        do(setup, "grokking", "*", tmp_path / "cut")
    monkeypatch.setattr(Trainer, "train_step", step)
    resumed = do(setup, "grokking", "*", tmp_path / "cut")[0]
    assert resumed.provenance.sessions == 2
    assert same(resumed.trajectory, whole.trajectory)
    assert same(resumed.metrics, whole.metrics)


def test_a_run_goes_on_to_its_last_step_where_the_protocol_says_so_or_it_never_groks(small_setup, do, tmp_path):
    always = {"accuracy": 1e-9, "readings": 1, "ends_run": False}
    never = {"accuracy": 1.0, "readings": 5, "ends_run": True}
    for name, grokked in (("always", always), ("never", never)):
        record = do(small_setup("grokking", **SMALL, grokked=grokked), "grokking", "*", tmp_path / name)[0]
        assert record.metrics["steps"] == record.trajectory["step"][-1] == 40
    assert record.metrics["grokked"] == 0
    assert "steps_to_test" not in record.metrics


def test_milestones_of_a_course_that_is_known():
    columns = {
        "step": [0.0, 1.0, 10.0, 20.0, 30.0, 40.0, 50.0],
        "train_accuracy": [0.1, 0.98, 0.99, 0.97, 1.0, 1.0, 1.0],
        "test_accuracy": [0.1, 0.2, 0.3, 0.99, 0.5, 0.99, 1.0],
    }

    def found(**changes):
        return grokking.milestones(columns, Grokked(**{"accuracy": 0.99, "readings": 2, "ends_run": False} | changes))

    assert found() == {
        "steps": 50,
        "grokked": 1,
        "steps_to_train": 10,
        "test_accuracy_at_train": 0.3,
        "steps_to_test": 40,
    }
    assert found(readings=1)["steps_to_test"] == 20
    assert found(readings=3) == {"steps": 50, "grokked": 0, "steps_to_train": 10, "test_accuracy_at_train": 0.3}
    assert found(accuracy=1.0, readings=1)["steps_to_train"] == 30
    columns["train_accuracy"] = [0.1] * 7
    assert found(readings=3) == {"steps": 50, "grokked": 0}


def test_the_splits_hold_every_pair_once_and_the_right_answers(tiny):
    task = grokking._Addition(tiny.protocols["grokking"], 0, torch.device("cpu"))
    pairs = torch.cat(list(task.splits.values()))
    assert len(task.splits["train"]) == round(0.5 * 49)
    assert {tuple(pair) for pair in pairs.tolist()} == {(a, b) for a in range(7) for b in range(7)}
    assert task._answers(torch.tensor([[3, 6], [0, 0]])).tolist() == [2, 0]
    train, test = ({tuple(pair) for pair in task.splits[name].tolist()} for name in ("train", "test"))
    apart = {tuple(pair) for pair in task.splits["test"][task.unmirrored].tolist()}
    assert apart == {(a, b) for a, b in test if (b, a) not in train}
    assert 0 < len(apart) < len(test)


def test_a_network_that_knows_the_training_pairs_in_any_order_knows_nothing_of_the_others(tiny, monkeypatch):
    """What the reading of test pairs without a mirror image among the training pairs is for."""
    task = grokking._Addition(tiny.protocols["grokking"], 0, torch.device("cpu"))
    known = {tuple(sorted(pair)) for pair in task.splits["train"].tolist()}

    def recite(pairs):
        answers = [sum(pair) % 7 if tuple(sorted(pair)) in known else (sum(pair) + 1) % 7 for pair in pairs.tolist()]
        chosen = torch.nn.functional.one_hot(torch.tensor(answers), len(task.model.unembedding)).float()
        return chosen @ torch.linalg.pinv(task.model.unembedding.T)  # features whose logits are those

    monkeypatch.setattr(task.model, "features", recite)
    readings = task._read(0)
    assert (readings["train_accuracy"], readings["test_accuracy_unmirrored"]) == (1, 0)
    assert readings["test_accuracy"] == pytest.approx(1 - float(task.unmirrored.double().mean()))


def test_readings_are_those_of_the_definitions(tiny):
    task = grokking._Addition(tiny.protocols["grokking"], 0, torch.device("cpu"))
    readings = task.trainer.observe(0)
    pairs = task.splits["test"]
    with torch.no_grad():
        features, head = task.model.features(pairs[:16]), task.model.unembedding[:7]
        answers = pairs[:16].sum(1) % 7
        halves = slice(0, 8), slice(8, 16)
        batches = [(gram_matrix(features[half]), gram_matrix(head[answers[half]])) for half in halves]
        whole = gram_matrix(features), gram_matrix(head[answers])
        logits = task.model(pairs)
    assert readings["test_mir_batch"] == pytest.approx(sum(float(mir(*pair)) for pair in batches) / 2)
    assert readings["test_hdr_batch"] == pytest.approx(sum(float(hdr(*pair)) for pair in batches) / 2)
    assert readings["test_mir"] == pytest.approx(float(mir(*whole)), abs=1e-6)
    assert readings["test_hdr"] == pytest.approx(float(hdr(*whole)), abs=1e-6)
    assert readings["test_head_weights_entropy"] == pytest.approx(float(matrix_entropy(gram_matrix(head.detach()))))
    assert readings["test_accuracy"] == pytest.approx(float((logits.argmax(1) == pairs.sum(1) % 7).double().mean()))
    expected = torch.nn.functional.cross_entropy(logits.double(), pairs.sum(1) % 7)
    assert readings["test_loss"] == pytest.approx(float(expected))


def test_the_loop_calls_nothing_of_the_experiment_but_the_protocol_of_a_task():
    assert {name for name in dir(loop.Task) if not name.startswith("_")} == {
        "train_step",
        "observe",
        "state_dict",
        "load_state_dict",
    }
