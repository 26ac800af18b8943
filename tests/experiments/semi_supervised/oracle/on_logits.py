"""Methods whose loss reads nothing but logits: the reference runs on an identity for a network.

Letters of the shapes below: K steps, U unlabelled samples a step, C classes.
"""

from types import SimpleNamespace
from typing import Any

import torch
from closed_form import wave
from harness import Identity, TorchSSL, build, gradients, losses, stack
from semilearn.algorithms.dash import Dash
from semilearn.algorithms.fixmatch import FixMatch
from semilearn.algorithms.flexmatch import FlexMatch
from semilearn.algorithms.freematch import FreeMatch
from semilearn.algorithms.freematch.freematch import entropy_loss
from semilearn.algorithms.pseudolabel import PseudoLabel
from semilearn.algorithms.softmatch import SoftMatch
from semilearn.algorithms.uda import UDA
from torch import Tensor

C = 4
LABELS = torch.tensor([0, 1, 2, 3])
LABELLED = wave(4, C, phase=0.3, scale=2.0)
STEPS = 50
FLAT = 40
"""The step at which the weak logits are nearly equal, so that no sample passes an adaptive threshold."""


ITERATIONS = [0, 100, 200, 400, 1000]


def _assert_clear(weak: Tensor, threshold: Tensor | float) -> None:
    """No confidence lies so near its class' threshold that rounding decides."""
    confidence, label = weak.softmax(-1).max(-1)
    used = threshold[label] if isinstance(threshold, Tensor) else threshold
    assert (confidence - used).abs().min() > 1e-5


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


def listen_to_mask(algorithm: Any) -> dict[str, Any]:
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
    weak, strong = rising(8, top=3.0)
    outputs: dict[str, Any] = {}
    for decay in (0.999, 0.9):
        algorithm = build(FreeMatch, Identity(), ema_p=decay, ent_loss_ratio=0.01)
        seen, rows = listen_to_mask(algorithm), []
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
            _assert_clear(weak[step], rows[-1]["threshold"])
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
        rows.append({"time_p": time_p, "mask": mask.long(), "unlabelled_loss": loss, "fairness_loss": fairness})
    return stack(rows)


def fixmatch(torchssl: TorchSSL) -> dict[str, Any]:
    weak, strong = wave(16, C, phase=1.0, scale=9.0), wave(16, C, phase=2.0, scale=4.0)
    algorithm = build(FixMatch, Identity())
    seen = listen_to_mask(algorithm)
    read, gradient = on_logits(algorithm, weak, strong)
    theirs = torchssl.load("models.fixmatch.fixmatch_utils").consistency_loss(strong, weak, p_cutoff=0.95)
    outputs = {**read, "mask": seen["mask"].long(), "pseudo_label": weak.argmax(-1), "gradient": gradient}
    inputs = {"labelled": LABELLED, "labels": LABELS, "weak": weak, "strong": strong, "threshold": 0.95}
    return {"inputs": inputs | {"lambda_u": 1.0}, "outputs": outputs | {"torchssl_unlabelled_loss": theirs[0]}}


def flexmatch(torchssl: TorchSSL) -> dict[str, Any]:
    weak, strong = rising(8, top=9.0)
    samples = 24
    index = (8 * torch.arange(STEPS)[:, None] + 5 * torch.arange(8)) % samples
    outputs: dict[str, Any] = {}
    for warm_up in (True, False):
        algorithm = build(FlexMatch, Identity(), ulb_dest_len=samples, thresh_warmup=warm_up)
        seen, rows = listen_to_mask(algorithm), []
        for step in range(STEPS):
            hook = algorithm.hooks_dict["MaskingHook"]
            before = hook.classwise_acc.clone()
            read, gradient = on_logits(algorithm, weak[step], strong[step], idx_ulb=index[step])
            threshold = 0.95 * before / (2 - before)
            _assert_clear(weak[step], threshold)
            rows.append({"threshold": threshold, "mask": seen["mask"].long(), **read,
                         "learning_effect": hook.classwise_acc.clone(),
                         "selected_label": hook.selected_label.clone()})  # fmt: skip
        outputs["warm_up" if warm_up else "no_warm_up"] = stack(rows) | {"last_gradient": gradient}
    utils = torchssl.load("models.flexmatch.flexmatch_utils")
    used = [torch.zeros(C), *map(torch.as_tensor, outputs["warm_up"]["learning_effect"][:-1])]
    theirs = [utils.consistency_loss(strong[step], weak[step], used[step], None, None, p_cutoff=0.95)[0]
              for step in range(STEPS)]  # fmt: skip
    inputs = {"labelled": LABELLED, "labels": LABELS, "weak": weak, "strong": strong, "index": index}
    inputs |= {"unlabelled_samples": samples, "threshold": 0.95, "lambda_u": 1.0}
    return {"inputs": inputs, "outputs": outputs | {"torchssl_unlabelled_loss": theirs}}


def softmatch(torchssl: TorchSSL) -> dict[str, Any]:
    weak, strong = rising(8, top=3.0)
    outputs: dict[str, Any] = {}
    for target, decay in (("uniform", 0.9), ("labelled", 0.9)):
        algorithm = build(SoftMatch, Identity(), dist_uniform=target == "uniform", ema_p=decay)
        seen, rows = listen_to_mask(algorithm), []
        for step in range(STEPS):
            read, gradient = on_logits(algorithm, weak[step], strong[step])
            alignment, weighting = algorithm.hooks_dict["DistAlignHook"], algorithm.hooks_dict["MaskingHook"]
            rows.append({"p_model": alignment.p_model, "p_target": alignment.p_target, "mu": weighting.prob_max_mu_t,
                         "var": weighting.prob_max_var_t, "weight": seen["mask"], **read})  # fmt: skip
        outputs[f"{target}_decay_{decay}"] = stack(rows) | {"last_gradient": gradient}
    outputs["torchssl_labelled_decay_0.9"] = _softmatch_of_torchssl(torchssl, weak, strong)
    inputs = {"labelled": LABELLED, "labels": LABELS, "weak": weak, "strong": strong}
    return {"inputs": inputs | {"n_sigma": 2, "lambda_u": 1.0}, "outputs": outputs}


def _softmatch_of_torchssl(torchssl: TorchSSL, weak: Tensor, strong: Tensor) -> dict[str, Any]:
    kind = torchssl.load("models.softmatch.softmatch").SoftMatch
    utils = torchssl.load("models.softmatch.softmatch_utils")
    even = torch.ones(C) / C
    state = SimpleNamespace(ema_p=0.9, lb_prob_t=even, ulb_prob_t=even, prob_max_mu_t=1 / C, prob_max_var_t=1.0)
    rows = []
    for step in range(STEPS):
        probabilities = weak[step].softmax(-1)
        kind.update_prob_t(state, LABELLED.softmax(-1), probabilities)
        _, weight = kind.calculate_mask(state, kind.distribution_alignment(state, probabilities))
        loss, _ = utils.consistency_loss(strong[step], weak[step], weight)
        rows.append({"mu": state.prob_max_mu_t, "var": state.prob_max_var_t, "weight": weight, "unlabelled_loss": loss})
    return stack(rows)


def dash(_: TorchSSL) -> dict[str, Any]:
    weak, strong = rising(8, top=6.0)
    algorithm = build(Dash, Identity(), num_train_iter=1000, epoch=1000)
    algorithm.rho_init = 1.3
    seen, rows = listen_to_mask(algorithm), []
    for step in range(STEPS):
        algorithm.it = 5 * step
        read, gradient = on_logits(algorithm, weak[step], strong[step])
        rho = algorithm.hooks_dict["MaskingHook"].rho
        rows.append({"rho": rho, "hard": int(algorithm.use_hard_label), "mask": seen["mask"].long(), **read})
        if step == 10:
            soft_gradient = gradient
    inputs = {"labelled": LABELLED, "labels": LABELS, "weak": weak, "strong": strong, "rho_init": 1.3, "lambda_u": 1.0}
    inputs |= {"iteration": 5 * torch.arange(STEPS), "update_every": 10}
    inputs |= {"T": 0.5, "gamma": 1.27, "C": 1.0001, "rho_min": 0.05}
    return {"inputs": inputs, "outputs": stack(rows) | {"gradient_step_10": soft_gradient, "last_gradient": gradient}}


def uda(torchssl: TorchSSL) -> dict[str, Any]:
    weak, strong = wave(16, C, phase=1.0, scale=5.0), wave(16, C, phase=2.0, scale=4.0)
    outputs: dict[str, Any] = {}
    iterations = [0, 100, 300, 700, 1000]
    for schedule in ("none", "linear", "exp", "log"):
        algorithm = build(UDA, Identity(), tsa_schedule=schedule)
        seen, rows = listen_to_mask(algorithm), []
        for iteration in iterations:
            algorithm.it = iteration
            read, _ = on_logits(algorithm, weak, strong)
            tsa = algorithm.TSA(schedule, iteration, 1000, C)
            rows.append({"tsa": tsa, "supervised_loss": read["supervised_loss"]})
        outputs[schedule] = stack(rows)
    hook = algorithm.hooks_dict["PseudoLabelingHook"]
    _assert_clear(weak, 0.8)
    target = hook.gen_ulb_targets(algorithm, weak, use_hard_label=False, T=0.4)
    strong_leaf = strong.clone().requires_grad_()
    sharpened = algorithm.consistency_loss(strong_leaf, target, "ce", mask=seen["mask"])
    theirs, *_ = torchssl.load("models.uda.uda_utils").consistency_loss(
        strong, weak, None, 0, "cifar10", T=0.4, p_cutoff=0.8
    )
    outputs |= {"mask": seen["mask"].long(), "target": target, "unlabelled_loss": sharpened}
    outputs |= {"gradient": gradients(sharpened, strong=strong_leaf), "torchssl_unlabelled_loss": theirs}
    outputs |= {"semilearn_unsharpened_unlabelled_loss": read["unlabelled_loss"]}
    inputs = {"labelled": LABELLED, "labels": LABELS, "weak": weak, "strong": strong, "T": 0.4, "threshold": 0.8}
    return {"inputs": inputs | {"iteration": iterations, "iterations": 1000}, "outputs": outputs}


def pseudo_label(torchssl: TorchSSL) -> dict[str, Any]:
    weak = wave(16, C, phase=1.0, scale=9.0)
    algorithm = build(PseudoLabel, Identity())
    seen, rows = listen_to_mask(algorithm), []
    for iteration in ITERATIONS:
        algorithm.it = iteration
        leaves = {"labelled": LABELLED.clone().requires_grad_(), "weak": weak.clone().requires_grad_()}
        out, log = algorithm.train_step(x_lb=leaves["labelled"], y_lb=LABELS, x_ulb_w=leaves["weak"])
        rows.append(losses(log))
    theirs = torchssl.load("models.pseudolabel.pseudolabel_utils").consistency_loss(weak, None, 0, "", 0.95)
    outputs = {**stack(rows), "mask": seen["mask"].long(), "last_gradient": gradients(out["loss"], **leaves)}
    inputs = {"labelled": LABELLED, "labels": LABELS, "weak": weak, "threshold": 0.95, "lambda_u": 1.0}
    inputs |= {"iteration": ITERATIONS, "iterations": 1000, "warm_up": 0.4}
    return {"inputs": inputs, "outputs": outputs | {"torchssl_unlabelled_loss": theirs[0]}}
