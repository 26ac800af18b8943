import pytest
import torch

from interplay.experiments import grokking
from interplay.information import gram_matrix, hdr, matrix_entropy, mir
from interplay.training import loop

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
    step = grokking._Addition.train_step

    def killed(self, number):
        if number == 23:
            raise KeyboardInterrupt
        step(self, number)

    monkeypatch.setattr(grokking._Addition, "train_step", killed)
    with pytest.raises(KeyboardInterrupt):
        do(tiny, "grokking", "*", tmp_path / "cut")
    assert not list((tmp_path / "cut" / "records").rglob("*.json"))
    monkeypatch.undo()
    resumed = do(tiny, "grokking", "*", tmp_path / "cut")[0]
    assert resumed.provenance.sessions == 2
    assert same(resumed.trajectory, whole.trajectory)
    assert same(resumed.metrics, whole.metrics)
    assert not list((tmp_path / "cut" / "checkpoints").rglob("*.*")), "checkpoints are left behind"


def test_the_splits_hold_every_pair_once_and_the_right_answers(tiny):
    task = grokking._Addition(tiny.protocols["grokking"], 0, torch.device("cpu"))
    pairs = torch.cat(list(task.splits.values()))
    assert len(task.splits["train"]) == round(0.5 * 49)
    assert {tuple(pair) for pair in pairs.tolist()} == {(a, b) for a in range(7) for b in range(7)}
    assert task._answers(torch.tensor([[3, 6], [0, 0]])).tolist() == [2, 0]


def test_readings_are_those_of_the_definitions(tiny):
    task = grokking._Addition(tiny.protocols["grokking"], 0, torch.device("cpu"))
    readings = task.observe(0)
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
