import pytest
import torch

from interplay.training import (
    Checkpoint,
    TrajectoryLog,
    cosine_factor,
    even_steps,
    generator,
    log_steps,
    run_loop,
    warmup_factor,
)


class Noisy:
    """A task whose state depends on all earlier steps and on random draws."""

    def __init__(self, stop_before=None):
        self.value = torch.zeros(3, dtype=torch.float64)
        self.stop_before = stop_before

    def train_step(self, step):
        if step == self.stop_before:
            raise KeyboardInterrupt
        self.value = torch.sin(self.value + torch.randn(3, dtype=torch.float64, generator=generator(1, "step", step)))

    def observe(self, step):
        return {"value": float(self.value.sum())}

    def state_dict(self):
        return {"value": self.value}

    def load_state_dict(self, state):
        self.value = state["value"]


@pytest.mark.parametrize("stops", [[1], [7], [10], [19], [3, 4, 11, 18]])
def test_killed_and_resumed_is_bit_identical_to_uninterrupted(tmp_path, stops):
    reference = run_loop(Noisy(), 20, range(0, 21, 3))
    checkpoint = Checkpoint(tmp_path / "c", {})
    for stop in stops:
        with pytest.raises(KeyboardInterrupt):
            run_loop(Noisy(stop), 20, range(0, 21, 3), checkpoint, checkpoint_every=2)
    result = run_loop(Noisy(), 20, range(0, 21, 3), checkpoint, checkpoint_every=2)
    assert result.trajectory == reference.trajectory
    assert result.sessions == 1 + sum(stop >= 2 for stop in stops)  # before step 2 there is nothing to resume


def test_a_task_may_stop_before_its_last_step(tmp_path):
    """A resumed run stops where the uninterrupted one does, and the row of the last step is there."""

    def run(task, checkpoint=None):
        return run_loop(task, 20, range(21), checkpoint, checkpoint_every=1, stop=lambda _: float(task.value[0]) > 0.9)

    reference = run(Noisy()).trajectory
    last = len(reference["step"]) - 1
    assert 2 < last < 20
    assert reference["value"] == run_loop(Noisy(), last, range(21)).trajectory["value"]
    checkpoint = Checkpoint(tmp_path / "c", {})
    with pytest.raises(KeyboardInterrupt):
        run(Noisy(stop_before=last - 1), checkpoint)
    assert run(Noisy(), checkpoint).trajectory == reference
    assert run(Noisy(), checkpoint).trajectory == reference  # from the checkpoint of the last step


@pytest.mark.parametrize("killed_before", [4, 16, 33])
def test_the_log_may_decide_when_to_stop(tmp_path, killed_before):
    """Its last rows, which a resumed run has from its checkpoint."""

    def run(task, checkpoint=None):
        def stop(log):
            return len(log) >= 2 and sum(row["value"] for row in log.latest(2)) > 3.0

        return run_loop(task, 60, range(0, 61, 2), checkpoint, checkpoint_every=3, stop=stop)

    reference = run(Noisy()).trajectory
    last = int(reference["step"][-1])
    assert killed_before < last < 60
    assert sum(reference["value"][-2:]) > 3.0
    checkpoint = Checkpoint(tmp_path / "c", {})
    with pytest.raises(KeyboardInterrupt):
        run(Noisy(killed_before), checkpoint)
    assert run(Noisy(), checkpoint).trajectory == reference


def test_the_latest_rows_are_copies_the_oldest_first():
    log = TrajectoryLog()
    for step in range(3):
        log.append(step, {"value": step})
    assert [row["value"] for row in log.latest(2)] == [1, 2]
    assert len(log.latest(9)) == 3 and log.latest(0) == []
    log.latest(1)[0]["value"] = 9.0
    assert log.columns()["value"] == [0, 1, 2]


def test_observations_include_start_and_end():
    result = run_loop(Noisy(), 5, [0, 5])
    assert result.trajectory["step"] == [0.0, 5.0]
    assert result.trajectory["value"][0] == 0.0


def test_generators_depend_on_seed_purpose_and_step_only():
    def draw(*key):
        return torch.rand(4, generator=generator(*key)).tolist()

    assert draw(0, "augment", 3) == draw(0, "augment", 3)
    keys = [(0, "augment", 3), (1, "augment", 3), (0, "order", 3), (0, "augment", 4)]
    assert len({tuple(draw(*key)) for key in keys}) == 4


def test_schedules():
    assert cosine_factor(0, 100, 7 / 16) == 1.0
    assert cosine_factor(100, 100, 7 / 16) == pytest.approx(0.1950903)  # cos(7 pi / 16)
    assert cosine_factor(100, 100, 0.5) == pytest.approx(0, abs=1e-12)
    assert [warmup_factor(step, 4) for step in range(6)] == [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]
    assert warmup_factor(0, 0) == 1.0


@pytest.mark.parametrize(("points", "steps"), [(2, 1), (14, 600), (200, 2**20), (60, 20000), (30, 40)])
def test_log_steps_cover_start_end_and_early_training(points, steps):
    chosen = log_steps(points, steps)
    assert chosen[0] == 0 and chosen[-1] == steps
    assert chosen == sorted(set(chosen))
    assert len(chosen) <= points + 2
    if points >= 14 and steps >= 600:
        assert sum(step <= steps / 10 for step in chosen) >= points / 4


def test_a_trajectory_has_columns_of_equal_length_and_growing_steps():
    log = TrajectoryLog()
    log.append(0, {"a": 1.0})
    log.append(5, {"b": 2.0})
    columns = log.columns()
    assert {len(values) for values in columns.values()} == {2}
    assert columns["step"] == [0.0, 5.0]
    with pytest.raises(ValueError, match="step 5 after step 5"):
        log.append(5, {"a": 0.0})


def test_even_steps_are_equally_far_apart_from_start_to_end():
    assert even_steps(5, 200) == [0, 40, 80, 120, 160, 200]
    apart = {later - earlier for earlier, later in zip(even_steps(7, 100), even_steps(7, 100)[1:], strict=False)}
    assert apart <= {14, 15} and even_steps(7, 100)[-1] == 100
    assert even_steps(3, 3) == [0, 1, 2, 3]
