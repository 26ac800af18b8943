"""A step of CoOp's and of CoCoOp's training with CMA and VNE: its terms, its prompts, and seeds at once, as ratios.

    python benchmarks/cross_modal.py                      the offline text encoder (3 blocks of width 64), 100 classes
    python benchmarks/cross_modal.py --device cuda        the text encoder of CLIP's RN50 (12 blocks of width 512)
    python benchmarks/cross_modal.py --classes 10 --turns 3

Steps are those of the runs: all members of a run at once (of CoCoOp those of the sweep too), published batches. Images
are random features, since frozen encoders give them once. All are timed in one run, a few steps of each in turn; shares
and ratios are medians of those within a turn. Compared with, both written for this comparison:

- groups one by one: the entropy of every group of every member by a loop, as the released code computes it;
- whole prompts: start and context encoded anew for every class, cut after the longest name.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from math import log
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import open_clip
import torch
from torch import Tensor
from torch.nn.functional import normalize
from turns import Turns, display, seconds_of

from interplay.errors import InterplayError
from interplay.experiments.cross_modal.base_to_new import distinct, swept
from interplay.experiments.cross_modal.objective import member_losses
from interplay.experiments.cross_modal.prompts import ConditionalContext, SharedContext
from interplay.experiments.cross_modal.training import PromptTask
from interplay.models.dual_encoder import FrozenClip
from interplay.models.text_encoder import Suffixes
from interplay.objectives.cross_modal import RELEASED_RIDGE
from interplay.protocols.cross_modal import CrossModalProtocol, Objective
from interplay.protocols.cross_modal.protocol import Kind, base_classes
from interplay.protocols.setup import load_published_protocol
from interplay.records.machine import usable_cores
from interplay.training import Compute, configure_torch, generator, pick_device

ROOT = Path(__file__).resolve().parents[1]
DATASET = "food101"  # whose weights and epochs are those of most data sets
READY = 8  # batches, taken in turn
AIM = 1.0  # what CMA should cost at most, as a multiple of the rest of the step
STEP, ALONE, WITH_CMA, ONE_BY_ONE, WHOLE = "step", "cross-entropy", "with CMA", "groups one by one", "whole prompts"
NONE = Objective(term="none", weight=0)
TITLES: dict[Kind, str] = {"few_shot": "CoOp", "base_to_new": "CoCoOp"}

Context = SharedContext | ConditionalContext


@dataclass(frozen=True)
class Batches:
    """Random features of images, the same few batches in turn."""

    ready: Sequence[Mapping[str, Tensor]]

    @classmethod
    def of(cls, clip: FrozenClip, classes: int, size: int, seed: int) -> Batches:
        draw, ready = generator(seed, "batches"), []
        for _ in range(READY):
            features = normalize(torch.randn(size, clip.num_features, generator=draw), dim=-1)
            labels = torch.randint(classes, (size,), generator=draw)
            ready.append({"feature": features.to(clip.device), "label": labels.to(clip.device)})
        return cls(ready)

    def batch(self, step: int) -> Mapping[str, Tensor]:
        return self.ready[step % READY]


@dataclass(frozen=True)
class Training:
    """One of both kinds of training: its members, and what makes its steps."""

    protocol: CrossModalProtocol
    kind: Kind
    clip: FrozenClip
    classes: int
    seeds: int

    @property
    def objectives(self) -> dict[str, Objective]:
        """Of the members of a run, by name."""
        shots = self.protocol.base_to_new.shots if self.kind == "base_to_new" else max(self.protocol.few_shot.shots)
        members = self.protocol.objectives(self.kind, DATASET, shots)
        if self.kind == "few_shot":
            return members
        return distinct([*members.values(), *swept(self.protocol.base_to_new.sweep).values()])

    @property
    def batch_size(self) -> int:
        return self.protocol.few_shot.batch_size if self.kind == "few_shot" else self.protocol.base_to_new.batch_size

    def context(self, members: int) -> Context:
        """Of classes whose names are of one or two words."""
        names = [f"{'large ' * (number % 2)}{number}" for number in range(self.classes)]
        if self.kind == "base_to_new":
            own = self.protocol.base_to_new
            return ConditionalContext(
                self.clip, names, members=members, context=own.context, reduction=own.reduction, seed=0
            )
        few = self.protocol.few_shot
        return SharedContext(self.clip, names, members=members, tokens=few.context_tokens, std=few.init_std, seed=0)

    def batches(self, seed: int) -> Batches:
        return Batches.of(self.clip, self.classes, self.batch_size, seed)

    def task(self, objectives: Mapping[str, Objective], seed: int = 0) -> PromptTask:
        """A training as runs make it."""
        return PromptTask(
            self.protocol,
            self.context(len(objectives)),
            self.batches(seed),
            objectives,
            scale=self.clip.logit_scale,
            steps=10**9,
            epochs=10**9,
            context=SimpleNamespace(compute=Compute()),
        )

    def steps(self) -> dict[str, Callable[[], None]]:
        """Each a whole step, its descent included."""
        aligned = {name: NONE if one.term == "vne" else one for name, one in self.objectives.items()}
        return {
            STEP: stepping(self.task(self.objectives)),
            ALONE: stepping(self.task(dict.fromkeys(self.objectives, NONE))),
            WITH_CMA: stepping(self.task(aligned)),
            ONE_BY_ONE: stepping(self.task(aligned), one_by_one),
            WHOLE: stepping(self.task(self.objectives), whole_prompts),
            seeds_name(self.seeds): self.at_once(self.task(self.of_all_seeds)),
        }

    @property
    def of_all_seeds(self) -> dict[str, Objective]:
        """Of the members of all seeds, seed by seed."""
        return {f"{name}, {seed}": one for seed in range(self.seeds) for name, one in self.objectives.items()}

    def at_once(self, task: PromptTask) -> Callable[[], None]:
        """A step of all seeds: one pass of all their members through the encoder, each seed with images of its own."""
        own = list(self.objectives.values())
        terms, weights = [one.term for one in own], [one.weight for one in own]
        sources = [self.batches(seed) for seed in range(self.seeds)]
        learner, numbers = task.learners["main"], iter(range(10**9))
        prompts = learner.network

        def step() -> None:
            number = next(numbers)
            learner.prepare(number)
            batches = [source.batch(number) for source in sources]
            features = torch.cat([batch["feature"].expand(len(own), -1, -1) for batch in batches])
            vectors = prompts.class_vectors(features).unflatten(0, (self.seeds, len(own)))
            losses = [
                member_losses(batch["feature"], batch["label"], of_seed, self.clip.logit_scale, terms, weights)
                for batch, of_seed in zip(batches, vectors, strict=True)
            ]
            learner.descend(sum(one.total.sum() for one in losses))

        return step


def stepping(
    task: PromptTask, replaced: Callable[[], AbstractContextManager[object]] = nullcontext
) -> Callable[[], None]:
    """Steps of a training, one after the other, with something replaced."""
    numbers = iter(range(10**9))

    def step() -> None:
        with replaced():
            task.train_step(next(numbers))

    return step


def one_by_one() -> AbstractContextManager[object]:
    """Within it terms are computed member by member and group by group."""
    return patch("interplay.experiments.cross_modal.objective._terms", naive_terms)


def whole_prompts() -> AbstractContextManager[object]:
    """Within it every prompt is encoded by itself."""
    return patch.object(FrozenClip, "encode_suffixes", encode_whole)


def naive_terms(images: Tensor, groups: Tensor, texts: Tensor, terms: Sequence[str]) -> Tensor:
    """What `objective._terms` computes, in a loop."""
    found = []
    for term, own in zip(terms, texts, strict=True):
        if term == "none":
            found.append(own.new_zeros(()))
        elif term == "vne":
            rows = torch.cat([images, own])
            found.append(naive_entropy(rows, 0.0) / log(len(rows)))
        else:
            members = [torch.cat([images[groups == group], own[group][None]]) for group in range(len(own))]
            released = term == "cma_released"
            entropies = [naive_entropy(rows, RELEASED_RIDGE if released else 0.0) for rows in members]
            counts = [log(len(rows)) if released else len(rows) for rows in members]
            parts = [entropy / count for entropy, count in zip(entropies, counts, strict=True)]
            found.append(torch.stack(parts).mean() if released else torch.stack(parts).sum())
    return torch.stack([value.to(texts.dtype) for value in found])


def naive_entropy(rows: Tensor, ridge: float) -> Tensor:
    """Of one group, nats."""
    unit = normalize(rows.double(), dim=-1)
    gram = unit @ unit.T + ridge * torch.eye(len(unit), dtype=unit.dtype, device=unit.device)
    values = torch.linalg.eigvalsh(gram / gram.trace())
    kept = values[values > 1e-12]
    return -(kept * kept.log()).sum()


def encode_whole(clip: FrozenClip, prefixes: Tensor, suffixes: Suffixes) -> Tensor:
    """What `FrozenClip.encode_suffixes` computes, prompt by prompt."""
    shape = len(prefixes), len(suffixes.ends)
    names = clip.embed(suffixes.tokens[suffixes.nodes]).expand(shape[0], -1, -1, -1)  # [r, c, s, width]
    whole = torch.cat([prefixes[:, None].expand(-1, shape[1], -1, -1), names], dim=2)  # [r, c, p + s, width]
    places = (suffixes.depth[suffixes.ends] + prefixes.shape[1]).expand(shape)
    return clip.encode_prompts(whole.flatten(0, 1), places.flatten()).unflatten(0, shape)


def measure(steps: Mapping[str, Callable[[], None]], options: argparse.Namespace, device: torch.device) -> Turns:
    """Everything in turn, as often as asked for."""
    turns = Turns()
    for step in steps.values():
        step()
        step()
    for _ in range(options.turns):
        for name, step in steps.items():
            turns.add(name, seconds_of(step, options.steps, device))
    return turns


def report(turns: Turns, training: Training) -> list[str]:
    """What was found, in lines."""
    together = seeds_name(training.seeds)
    cma, loop = (turns.ratio(name, ALONE, less=ALONE) for name in (WITH_CMA, ONE_BY_ONE))
    vne = turns.ratio(STEP, ALONE, less=WITH_CMA)
    saved = 1 - turns.ratio(together, STEP) / training.seeds
    title = f"{TITLES[training.kind]}: {len(training.objectives)} members, {training.classes} classes"
    return [
        f"{title}, batches of {training.batch_size}",
        f"  a step: {turns.line(STEP)}",
        f"  {ALONE} in place of CMA and VNE: {turns.line(ALONE)}",
        f"  CMA, as the difference: {cma:.2f} times that ({'under' if cma < AIM else 'NOT under'} {AIM:g}), "
        f"{turns.ratio(WITH_CMA, STEP, less=ALONE):.0%} of the step; VNE: {vne:.2f} times, "
        f"{turns.ratio(STEP, STEP, less=WITH_CMA):.0%}",
        f"  CMA with {ONE_BY_ONE}: {loop:.2f} times that, {loop / cma:.1f} times CMA as it is",
        f"  {WHOLE}: {turns.line(WHOLE)}, {turns.ratio(WHOLE, STEP):.2f} times the step",
        f"  {together}: {turns.line(together)}, {abs(saved):.0%} {'less' if saved >= 0 else 'more'} than one by one",
        *tasks(turns.median(STEP), training),
    ]


def tasks(seconds: float, training: Training) -> list[str]:
    """Trainings of all members on a data set of so many classes, by shots, from the median of a step."""
    protocol, kind = training.protocol, training.kind
    lines = []
    for shots in protocol.few_shot.shots if kind == "few_shot" else (protocol.base_to_new.shots,):
        steps = protocol.steps(kind, DATASET, shots, training.classes)
        counted = f"{shots} shot{'s' * (shots > 1)}: {steps} steps as published"
        lines.append(f"  a training on {counted}, {display(steps * seconds)}, extrapolated")
    return lines


def seeds_name(seeds: int) -> str:
    return f"{seeds} seeds at once"


def text_encoder(options: argparse.Namespace) -> FrozenClip:
    """A CLIP as drawn at random, whose image encoder is not used."""
    heads = max(1, options.width // 64)
    text = {"context_length": 77, "vocab_size": 49408, "width": options.width, "heads": heads, "layers": options.layers}
    image = {"image_size": 32, "layers": 1, "width": 64, "patch_size": 32}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = open_clip.CLIP(options.features, image, text, quick_gelu=True)
    return FrozenClip(model.to(pick_device(options.device)))


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    found.add_argument("--device", default="cpu", help="cpu, cuda or cuda:N")
    found.add_argument("--threads", type=int, default=1, help="1 unless given: a run of the smoke tier has one")
    found.add_argument("--classes", type=int, default=100, help="of the data set; CoCoOp trains on half of them")
    found.add_argument("--tokens", type=int, default=None, help="of CoOp's context; as published unless given")
    found.add_argument("--batch-size", type=int, default=None, help="of both; as published unless given")
    found.add_argument("--width", type=int, default=None, help="of the text encoder; 64 on the CPU, 512 on a GPU")
    found.add_argument("--layers", type=int, default=None, help="its blocks; 3 on the CPU, 12 on a GPU")
    found.add_argument("--features", type=int, default=None, help="of the joint space; 64 on the CPU, 1024 on a GPU")
    found.add_argument("--seeds", type=int, default=3, help="trained at once where seeds are")
    found.add_argument("--steps", type=int, default=10, help="of a turn")
    found.add_argument("--turns", type=int, default=7)
    return found


def main() -> None:
    """Measure and print."""
    options = parser().parse_args()
    device = pick_device(options.device)
    on_cuda = device.type == "cuda"
    options.width = options.width or (512 if on_cuda else 64)
    options.layers = options.layers or (12 if on_cuda else 3)
    options.features = options.features or (1024 if on_cuda else 64)
    configure_torch(options.threads, Compute().on(device))
    published, _ = load_published_protocol(ROOT / "config", "cross_modal")
    protocol = sized(CrossModalProtocol.model_validate(published), options)
    clip = text_encoder(options)
    machine = torch.cuda.get_device_name(device) if on_cuda else f"CPU, {options.threads} of {usable_cores()} cores"
    print(
        f"{machine}: a text encoder of {options.layers} blocks of width {options.width}, {options.features} features, "
        f"{protocol.few_shot.context_tokens} context tokens of CoOp\n"
        f"medians (lowest to highest) of {options.turns} turns of {options.steps} steps",
        flush=True,
    )
    kinds: dict[Kind, int] = {"few_shot": options.classes, "base_to_new": base_classes(options.classes)}
    for kind, classes in kinds.items():
        training = Training(protocol, kind, clip, classes, options.seeds)
        print(*report(measure(training.steps(), options, device), training), sep="\n", flush=True)


def sized(protocol: CrossModalProtocol, options: argparse.Namespace) -> CrossModalProtocol:
    """The published protocol at the sizes asked for."""
    size = {"batch_size": options.batch_size} if options.batch_size else {}
    tokens = {"context_tokens": options.tokens} if options.tokens else {}
    return protocol.vary({"few_shot": size | tokens, "base_to_new": size})


if __name__ == "__main__":
    try:
        main()
    except InterplayError as error:
        sys.exit(f"error: {error}")
