"""Cards that are asked for. Two fake cards stand for those of a machine; jobs are real processes with real locks."""

import multiprocessing
import os
import signal

import pytest
import torch

from interplay.errors import InterplayError
from interplay.training import Card, pick_device, release_devices, visible_cards

CARDS = [Card(0, "GPU-a"), Card(1, "GPU-b")]


class Job:
    """A process that asks for a device, says which it got, and keeps it until it is told to end or killed."""

    def __init__(self, name="auto", share=1.0, when_busy="wait", cards=CARDS):
        context = multiprocessing.get_context("fork")  # no second import of torch
        self.pipe, other = context.Pipe()
        self.process = context.Process(target=self._live, args=(other, name, share, when_busy, cards))
        self.process.start()
        other.close()
        self.pid = self.process.pid

    def _live(self, pipe, name, share, when_busy, cards):
        self.pipe.close()
        pipe.send(str(pick_device(name, share, when_busy=when_busy, cards=cards, say=pipe.send)))
        pipe.poll(None)

    def says(self):
        assert self.pipe.poll(20), "the job says nothing"
        return self.pipe.recv()

    def end(self, how=None):
        if how is None:
            self.pipe.send("end")
        else:
            os.kill(self.pid, how)
        self.process.join(10)


@pytest.fixture(autouse=True)
def locks(tmp_path, monkeypatch):
    monkeypatch.setenv("INTERPLAY_GPU_LOCKS", str(tmp_path / "locks"))
    monkeypatch.setattr("interplay.training.devices.POLL_SECONDS", 0.01)
    yield tmp_path / "locks"
    release_devices()


@pytest.fixture
def job():
    jobs = []

    def start(*arguments, **options):
        jobs.append(Job(*arguments, **options))
        return jobs[-1]

    yield start
    for one in jobs:
        one.process.kill()
        one.process.join()


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, None], ids=["killed", "terminated", "ended"])
def test_two_jobs_get_a_card_each_and_the_third_waits_until_one_ends(job, end):
    first, second = job(), job()
    first_card, second_card = first.says(), second.says()
    assert {first_card, second_card} == {"cuda:0", "cuda:1"}
    third = job()
    waiting = third.says()
    assert waiting.startswith("device: waiting for a card (cuda:0 by process ")
    assert f"process {first.pid} " in waiting and f"process {second.pid} " in waiting
    assert not third.pipe.poll(0.3)
    second.end(end)
    assert third.says() == second_card
    busy = job(when_busy="cpu")
    assert "every card is taken" in busy.says()
    assert busy.says() == "cpu"


def test_a_card_is_the_same_under_another_number(job):
    """A cluster that shows one job the second card only calls it cuda:0."""
    hidden = job(cards=[Card(0, "GPU-b")])
    assert hidden.says() == "cuda:0"
    assert str(pick_device("auto", cards=CARDS)) == "cuda:0"
    assert "cuda:1 by process" in job("cuda:1").says()


def test_shares_fill_a_card_and_no_more(job):
    assert [job(share=0.25).says() for _ in range(3)] == ["cuda:0"] * 3
    assert job(share=1 / 3).says() == "cuda:1"  # a quarter is left on the first
    assert job(share=0.25).says() == "cuda:0"
    thirds = [job(share=1 / 3) for _ in range(2)]
    assert [process.says() for process in thirds] == ["cuda:1"] * 2
    whole = job("cuda:1")
    assert whole.says().count("process") == 3
    assert job(share=0.1, when_busy="cpu").says().startswith("device: every card is taken")
    for process in thirds:
        process.end(signal.SIGKILL)
    assert job(share=2 / 3).says() == "cuda:1"


def test_many_jobs_at_once_never_overfill_a_card(job):
    jobs = [job(share=0.5, when_busy="cpu") for _ in range(7)]
    answers = [(process.says(), process) for process in jobs]
    found = [line if line.startswith("cuda") else process.says() for line, process in answers]
    assert sorted(found) == ["cpu"] * 3 + ["cuda:0"] * 2 + ["cuda:1"] * 2


def test_asking_again_gives_what_is_held():
    assert str(pick_device("auto", cards=CARDS)) == "cuda:0"
    assert str(pick_device("auto", 0.5, cards=CARDS)) == "cuda:0"
    assert str(pick_device("cuda:1", 0.5, cards=CARDS)) == "cuda:1"
    assert str(pick_device("cuda:1", 1, cards=CARDS)) == "cuda:1"  # its own half does not stand in its way
    release_devices()
    assert str(pick_device("auto", cards=CARDS)) == "cuda:0"


def test_a_forked_child_is_a_job_of_its_own_and_cannot_lose_its_parents_card(job):
    assert str(pick_device("cuda:0", cards=CARDS)) == "cuda:0"
    child = job()
    assert child.says() == "cuda:1"
    child.end()
    assert "cuda:0 by process" in job("cuda:0").says()


def test_the_cpu_needs_no_lock(locks):
    assert pick_device("cpu", cards=CARDS) == torch.device("cpu")
    assert pick_device("auto", cards=[]) == torch.device("cpu")
    assert not locks.exists()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("tpu", "device: tpu is unknown; choose auto, cpu, cuda or cuda:N"),
        ("cuda:7", "device: cuda:7 is asked for, but torch sees cuda:0 to cuda:1"),
        ("cuda:-1", "device: cuda:-1: -1 is no card's number"),
        ("cuda:", "device: cuda:: nothing is no card's number"),
        ("cuda:0,1", "0,1 is no card's number"),
        ("cuda:١", "is no card's number"),
        ("MIG-1c2", "set CUDA_VISIBLE_DEVICES=MIG-1c2 and use --device cuda"),
        ("GPU-1c2", "set CUDA_VISIBLE_DEVICES=GPU-1c2 and use --device cuda"),
    ],
)
def test_a_wrong_name_is_one_line(name, message):
    with pytest.raises(InterplayError) as caught:
        pick_device(name, cards=CARDS)
    assert message in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("share", [0, -1, 1.1, float("nan")])
def test_an_impossible_share_is_one_line(share):
    with pytest.raises(InterplayError, match="share: expected more than 0 and at most 1"):
        pick_device("auto", share, cards=CARDS)


def test_cards_that_are_hidden_are_named_as_the_reason(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    with pytest.raises(InterplayError, match=r"sees no CUDA device \(CUDA_VISIBLE_DEVICES=''\); use --device cpu or"):
        pick_device("cuda:0", cards=[])
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3")
    with pytest.raises(InterplayError, match=r"sees cuda:0 alone \(CUDA_VISIBLE_DEVICES='3'\)"):
        pick_device("cuda:1", cards=CARDS[:1])


def test_a_folder_that_cannot_be_used_is_one_line(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("INTERPLAY_GPU_LOCKS", str(tmp_path / "file" / "locks"))
    with pytest.raises(InterplayError, match=r"GPU locks: .*Not a directory; set INTERPLAY_GPU_LOCKS"):
        pick_device("auto", cards=CARDS)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a CUDA device")
def test_without_a_card():
    assert visible_cards() == []
    assert pick_device("auto") == torch.device("cpu")
    with pytest.raises(InterplayError, match="torch sees no CUDA device"):
        pick_device("cuda")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_real_card_is_locked_by_its_uuid(job):
    cards = visible_cards()
    assert len({card.key for card in cards}) == len(cards) == torch.cuda.device_count()
    assert all(card.key.startswith(("GPU-", "MIG-")) for card in cards)
    assert pick_device("cuda:0") == torch.device("cuda:0")
    assert "waiting" in job("cuda:0", cards=cards).says()
