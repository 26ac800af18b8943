"""The benchmark of cross-modal training: what it compares computes the same, and its shares are of the same turn."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from interplay.experiments.cross_modal import objective
from interplay.protocols.cross_modal import CrossModalProtocol
from interplay.protocols.setup import load_published_protocol
from interplay.training import generator

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks/cross_modal.py"
SMALL = ["--classes", "6", "--batch-size", "5", "--width", "16", "--features", "8", "--tokens", "3", "--seeds", "2"]
TERMS = ["none", "vne", "cma_published", "cma_released"]


@pytest.fixture(scope="module")
def benchmark():
    return SimpleNamespace(**runpy.run_path(str(SCRIPT)))


@pytest.fixture(autouse=True)
def double():
    """Everything that is drawn and built is in double precision."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.fixture(params=["few_shot", "base_to_new"])
def training(request, benchmark, config):
    options = benchmark.parser().parse_args(SMALL)
    options.layers = 2
    published, _ = load_published_protocol(config, "cross_modal")
    protocol = benchmark.sized(CrossModalProtocol.model_validate(published), options)
    assert protocol.few_shot.context_tokens == 3 and protocol.base_to_new.batch_size == 5
    return benchmark.Training(protocol, request.param, benchmark.text_encoder(options), 6, 2)


def test_the_loop_over_groups_computes_the_terms(benchmark):
    draw = generator(0, "test")
    images, texts = (torch.randn(shape, generator=draw) for shape in ((12, 8), (4, 5, 8)))
    groups = torch.tensor([0, 1, 2, 3, 4, 0, 0, 0, 1, 1, 3, 4])
    texts.requires_grad_()
    ours, loop = (terms(images, groups, texts, TERMS) for terms in (objective._terms, benchmark.naive_terms))
    torch.testing.assert_close(loop, ours, rtol=1e-12, atol=0)
    gradients = [torch.autograd.grad(value.sum(), texts)[0] for value in (ours, loop)]
    torch.testing.assert_close(*gradients, rtol=1e-9, atol=1e-12)


def contexts(task, step):
    """What is trained, after three steps."""
    for _ in range(3):
        step()
    return task.learners["main"].network.context.detach().clone()


def test_every_way_takes_the_same_steps(benchmark, training):
    """Whole prompts, the loop and all seeds at once are other ways to compute one thing."""
    start = training.context(1).context.detach()
    plain = []
    for seed in range(2):
        task = training.task(training.objectives, seed)
        plain.append(contexts(task, benchmark.stepping(task)))
        assert (plain[-1] - start).abs().amax(dim=(1, 2)).gt(0).all()
    for replaced in (benchmark.one_by_one, benchmark.whole_prompts):
        task = training.task(training.objectives)
        torch.testing.assert_close(contexts(task, benchmark.stepping(task, replaced)), plain[0], rtol=0, atol=1e-9)
    task = training.task(training.of_all_seeds)
    torch.testing.assert_close(contexts(task, training.at_once(task)), torch.cat(plain), rtol=0, atol=1e-9)
    assert not torch.allclose(*plain, rtol=0, atol=1e-7)


def test_replaced_is_only_what_is_timed(benchmark, monkeypatch):
    terms = objective._terms
    with benchmark.one_by_one():
        assert objective._terms is not terms
    assert objective._terms is terms
    clip, encode = benchmark.FrozenClip, benchmark.FrozenClip.encode_suffixes
    with benchmark.whole_prompts():
        assert clip.encode_suffixes is not encode
    assert clip.encode_suffixes is encode


def test_a_report_has_all_ratios_and_judges_them(benchmark, training):
    turns = benchmark.Turns()
    seconds = {"step": 3.0, "cross-entropy": 2.0, "with CMA": 2.5, "groups one by one": 10.0, "whole prompts": 6.0}
    for slower in (1, 2, 1.5):
        for name, value in (seconds | {"2 seeds at once": 4.5}).items():
            turns.add(name, slower * value)
    text = "\n".join(benchmark.report(turns, training))
    assert "CMA, as the difference: 0.25 times that (under 1), 17% of the step; VNE: 0.25 times, 17%" in text
    assert "groups one by one: 4.00 times that, 16.0 times CMA as it is" in text
    assert "9 s (6 s to 12 s), 2.00 times the step" in text
    assert "6.75 s (4.5 s to 9 s), 25% less than one by one" in text
    if training.kind == "few_shot":  # 6 images in batches of 5: one batch an epoch, of 50
        assert "a training on 1 shot: 50 steps as published, 3.75 min" in text
    else:
        assert "a training on 16 shots: 190 steps as published, 14.2 min" in text


def test_it_runs():
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *SMALL, "--turns", "1", "--steps", "1"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "CoOp: 4 members, 6 classes, batches of 5" in done.stdout
    assert "CoCoOp: 22 members, 3 classes, batches of 5" in done.stdout
    assert done.stdout.count("2 seeds at once") == 2
