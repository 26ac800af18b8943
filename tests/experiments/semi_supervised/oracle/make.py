"""Runs `semilearn` and TorchSSL on fixed tensors and writes what they give: `python make.py TORCHSSL` (see README.md).

Letters of the shapes below: K steps, L labelled and U unlabelled samples a step, C classes.
"""

import sys
from pathlib import Path
from typing import Any

import torch
from closed_form import wave
from harness import Identity, TorchSSL, build, commit_of, gradients, losses, stack, write
from semilearn.algorithms.fixmatch import FixMatch
from semilearn.algorithms.freematch import FreeMatch
from semilearn.algorithms.freematch.freematch import entropy_loss
from torch import Tensor

C = 4
LABELS = torch.tensor([0, 1, 2, 3])
LABELLED = wave(4, C, phase=0.3, scale=2.0)
STEPS = 50
FLAT = 40
"""The step at which the weak logits are nearly equal, so that no sample passes an adaptive threshold."""


def rising(samples: int, top: float) -> tuple[Tensor, Tensor]:
    """Weak and strong logits `[K, U, C]` whose spread rises to `top`, the first classes ahead, flat at one step."""
    spread = torch.linspace(0.2, 1.0, STEPS)[:, None, None]
    ahead = torch.tensor([0.3, 0.1, -0.1, -0.2])
    weak = top * spread * (wave(STEPS, samples, C, phase=1.0) + ahead)
    weak[FLAT] = torch.tensor([0.02, 0.0, -0.01, 0.01])
    strong = 0.5 * weak + 0.5 * top * spread * wave(STEPS, samples, C, phase=2.0)
    return torch.round(weak, decimals=3), torch.round(strong, decimals=3)


def on_logits(algorithm: Any, weak: Tensor, strong: Tensor, **more: Tensor) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """One training step of the reference on chosen logits: losses, and the gradient of the total for each of them."""
    leaves = {name: value.clone().requires_grad_() for name, value in
              {"labelled": LABELLED, "weak": weak, "strong": strong}.items()}  # fmt: skip
    out, log = algorithm.train_step(x_lb=leaves["labelled"], y_lb=LABELS, x_ulb_w=leaves["weak"],
                                    x_ulb_s=leaves["strong"], **more)  # fmt: skip
    return losses(log), gradients(out["loss"], **leaves)


def kept(algorithm: Any, weak: Tensor, **more: Any) -> dict[str, Any]:
    """What the masking hook says from now on, beside what it says to the caller."""
    seen: dict[str, Any] = {}
    hook = algorithm.hooks_dict["MaskingHook"]
    masking = hook.masking

    def listen(*arguments: Any, **named: Any) -> Tensor:
        seen["mask"] = masking(*arguments, **named)
        return seen["mask"]

    hook.masking = listen
    return seen


def freematch(torchssl: TorchSSL) -> dict[str, Any]:
    weak, strong = rising(10, top=3.0)
    outputs: dict[str, Any] = {}
    for decay in (0.999, 0.9):
        algorithm = build(FreeMatch, Identity(), ema_p=decay, ent_loss_ratio=0.01)
        seen, rows = kept(algorithm, weak), []
        for step in range(STEPS):
            read, gradient = on_logits(algorithm, weak[step], strong[step])
            hook = algorithm.hooks_dict["MaskingHook"]
            fairness = (read["total_loss"] - read["supervised_loss"] - read["unlabelled_loss"]) / 0.01
            rows.append({
                "time_p": hook.time_p, "p_model": hook.p_model, "label_hist": hook.label_hist,
                "threshold": hook.time_p * hook.p_model / hook.p_model.max(), "mask": seen["mask"].long(),
                "pseudo_label": weak[step].argmax(-1), **read,
                "fairness_loss": entropy_loss(seen["mask"], strong[step], hook.p_model, hook.label_hist)[0],
            })  # fmt: skip
            if seen["mask"].any():
                assert abs(fairness - rows[-1]["fairness_loss"]) < 1e-9
        outputs[f"decay_{decay}"] = stack(rows) | {"last_gradient": gradient}
    outputs["torchssl_decay_0.999"] = _freematch_of_torchssl(torchssl, weak, strong)
    inputs = {"labelled": LABELLED, "labels": LABELS, "weak": weak, "strong": strong, "flat_step": FLAT}
    return {"inputs": inputs | {"lambda_u": 1.0, "lambda_f": 0.01}, "outputs": outputs}


def _freematch_of_torchssl(torchssl: TorchSSL, weak: Tensor, strong: Tensor) -> dict[str, Any]:
    kind = torchssl.load("models.freematch_entropy.freematch").FreeMatch
    utils = torchssl.load("models.freematch_entropy.freematch_utils")
    p_model = label_hist = torch.ones(C) / C
    time_p, rows = p_model.mean(), []
    for step in range(STEPS):
        time_p, p_model, label_hist = kind.cal_time_p_and_p_model(None, weak[step], time_p, p_model, label_hist)
        loss, mask = utils.consistency_loss("cifar10", strong[step], weak[step], time_p, p_model)
        fairness, _ = utils.entropy_loss(mask, strong[step], weak[step], p_model, label_hist)
        rows.append({"time_p": time_p, "p_model": p_model, "label_hist": label_hist, "mask": mask.long(),
                     "unlabelled_loss": loss, "fairness_loss": fairness})  # fmt: skip
    return stack(rows)


def fixmatch(torchssl: TorchSSL) -> dict[str, Any]:
    weak, strong = wave(16, C, phase=1.0, scale=9.0), wave(16, C, phase=2.0, scale=4.0)
    algorithm = build(FixMatch, Identity())
    seen = kept(algorithm, weak)
    read, gradient = on_logits(algorithm, weak, strong)
    theirs = torchssl.load("models.fixmatch.fixmatch_utils").consistency_loss(strong, weak, p_cutoff=0.95)
    outputs = {**read, "mask": seen["mask"].long(), "pseudo_label": weak.argmax(-1), "gradient": gradient}
    inputs = {"labelled": LABELLED, "labels": LABELS, "weak": weak, "strong": strong, "threshold": 0.95}
    return {"inputs": inputs | {"lambda_u": 1.0}, "outputs": outputs | {"torchssl_unlabelled_loss": theirs[0]}}


CASES = {"freematch": freematch, "fixmatch": fixmatch}


def main() -> None:
    """Writes one file for each case beside this one."""
    folder = Path(sys.argv[1])
    torchssl = TorchSSL(folder)
    for name, case in CASES.items():
        write(Path(__file__).parent, name, commit_of(folder), case(torchssl))


if __name__ == "__main__":
    main()
