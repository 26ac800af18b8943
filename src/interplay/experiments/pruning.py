"""Pruning by magnitude with fine-tuning, and what it leaves of the features.

Source: interplay24 5.4 and Fig. 6, which says no more of the method than that the smallest parameters are removed and
the rest is trained on. What it leaves open is chosen by us (docs/facts.md#pruning): one shot, unstructured, the weights
of all convolutions and of the head (not biases, not batch normalisation).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from time import perf_counter

import torch
from torch import Tensor, nn
from torch.nn.utils import prune

from interplay.data.images import Images, Splits
from interplay.errors import InterplayError
from interplay.experiments.context import Context, Result
from interplay.experiments.networks import Trained, load_trained
from interplay.information import class_vectors, mean_readings, paired_information
from interplay.models import WideResNet
from interplay.protocols.pruning import FineTuning, PruningProtocol, PruningRun, Scope
from interplay.training import Compute, SupervisedTask, accuracy_and_loss, evaluate, generator, run_loop

Masks = dict[str, Tensor]


def run(protocol: PruningProtocol, run: PruningRun, context: Context) -> Result:
    """Prune a plain network, fine-tune it, and compare both with what it was."""
    (trained,), splits = load_trained(context, run.models)
    assert context.substitute is not None
    clock = perf_counter()
    pruned = deepcopy(trained.network)
    masks = prune_by_magnitude(pruned, run.settings.scope, run.settings.sparsity)
    # Fine-tuning changes the network that it is given.
    task = fine_tuning_task(
        trained,
        deepcopy(pruned),
        masks,
        protocol.fine_tuning,
        splits,
        flip=context.substitute.horizontal_flip,
        compute=context.compute,
    )
    preparation = perf_counter() - clock
    steps, every = task.protocol.iterations, task.protocol.checkpoint_every
    result = run_loop(task, steps, [], context.checkpoint, every, context.report)
    clock = perf_counter()
    sample = splits.held_out.sample(protocol.joint_sample)
    networks = {"_before": trained.network, "_pruned": pruned, "": task.network}
    metrics = _sparsity(task.network) | _performance(networks, splits.held_out)
    metrics |= compare_networks(networks, sample, protocol.batch_size, run.seed)
    evaluation = preparation + perf_counter() - clock
    return Result(
        metrics=metrics,
        settings={"num_classes": sample.num_classes, "joint_sample": len(sample.labels)},
        seconds={"training": result.training_seconds, "evaluation": evaluation},
        data=splits.digests,
        sessions=result.sessions,
    )


def prunable_modules(network: nn.Module) -> Iterator[tuple[str, nn.Conv2d | nn.Linear]]:
    """Convolutions and the head with their names: the modules whose weights are pruned."""
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            yield name, module


def prune_by_magnitude(network: nn.Module, scope: Scope, sparsity: float) -> Masks:
    """Set the weights of least magnitude to zero, in place.

    Args:
        network: any network; the weights of its `Conv2d` and `Linear` modules are pruned.
        scope: `global` ranks all weights together, `layer` those of each module by themselves.
        sparsity: share of the weights to remove, in [0, 1); their number is rounded.

    Returns:
        masks by parameter name (`<module>.weight`), 1 where a weight is left and 0 where not.

    Raises:
        InterplayError: a sparsity outside [0, 1), an unknown scope, or a network without such weights.
    """
    if not 0 <= sparsity < 1:
        raise InterplayError(f"sparsity: expected a share from 0 up to but not 1, got {sparsity}")
    # On a copy: what torch leaves of its bookkeeping after `prune.remove` is another order of parameters. It flattens
    # weights as views, for which channels must not lie innermost.
    copy = deepcopy(network).to(memory_format=torch.contiguous_format)
    copied = [(f"{name}.weight", module) for name, module in prunable_modules(copy)]
    if not copied:
        raise InterplayError(f"{type(network).__name__}: no convolution or linear layer to prune")
    if scope == "global":
        weights = [(module, "weight") for _, module in copied]
        prune.global_unstructured(weights, pruning_method=prune.L1Unstructured, amount=float(sparsity))
    elif scope == "layer":
        for _, module in copied:
            prune.l1_unstructured(module, "weight", amount=float(sparsity))
    else:
        raise InterplayError(f"scope: {scope} is unknown; choose global or layer")
    masks = {name: module.get_buffer("weight_mask") for name, module in copied}
    apply_masks(network, masks)
    return masks


@torch.no_grad()
def apply_masks(network: nn.Module, masks: Mapping[str, Tensor]) -> None:
    """Multiply parameters by their masks, in place."""
    for name, mask in masks.items():
        network.get_parameter(name).mul_(mask)


def fine_tuning_task(
    trained: Trained,
    network: WideResNet,
    masks: Mapping[str, Tensor],
    settings: FineTuning,
    splits: Splits,
    *,
    flip: bool | None,
    compute: Compute | None = None,
) -> SupervisedTask:
    """Training as it was, for the steps and at the rate of `settings`, on the weights that the masks leave.

    The masks are applied after each step of the optimiser, which leaves the other weights what they are where torch's
    reparametrisation w = w_0 m is trained: the gradient of weights that are left is the same, and SGD moves every
    weight by itself. (The reparametrised network could not be copied, and so not averaged.) Order and augmentation of
    the data are others than in training.

    Args:
        trained: the parent, whose protocol is followed.
        network: pruned; it is trained in place.
        masks: of `prune_by_magnitude`.
        settings: steps and learning rate.
        splits: of the parent.
        flip: whether mirror images belong to the data set; None leaves it to the parent's protocol.
        compute: precision and capture.
    """
    parent, was = trained.protocol, trained.settings
    optimizer = parent.optimizer.model_copy(update={"learning_rate": settings.learning_rate})
    protocol = parent.model_copy(update={"iterations": settings.iterations, "optimizer": optimizer})
    return SupervisedTask(
        protocol,
        network,
        splits.train,
        splits.held_out,
        held_out_name="test",
        objective=was.objective,
        weight=was.weight or 0.0,
        temperature=protocol.temperature,
        label_smoothing=protocol.label_smoothing,
        flip=protocol.augmentation.horizontal_flip if flip is None else flip,
        seed=trained.record.seed,
        child="fine-tuning",
        after_step=lambda: apply_masks(network, masks),
        compute=compute,
    )


@torch.no_grad()
def compare_networks(
    networks: Mapping[str, WideResNet], sample: Images, batch_size: int, seed: int
) -> dict[str, float]:
    """MIR and HDR of features with the head, before and after, and of the features before with those after.

    Exact over the sample, from N x N Gram matrices, and with `_batch` as means over consecutive batches.

    Args:
        networks: by suffix: `_before`, `_pruned`, and "" for the fine-tuned one.
        sample: images on which features are compared.
        batch_size: of the batch estimates.
        seed: of the permutation that gives `mir_features_chance`: features before, and those of other images after.
    """
    features = {suffix: evaluate(network, sample.images)[0] for suffix, network in networks.items()}
    values: dict[str, float] = {}
    for suffix, network in networks.items():
        vectors = class_vectors(network.head.weight, sample.labels, len(sample.labels))
        values |= _pair(features[suffix], vectors, batch_size, "head" + suffix)
    for estimate in ("", "_batch"):
        for name in ("mir_head", "hdr_head"):
            change = values[f"{name}{estimate}"] - values[f"{name}_before{estimate}"]
            values[f"{name}_change{estimate}"] = change
    for suffix in ("_pruned", ""):
        values |= _pair(features["_before"], features[suffix], batch_size, "features" + suffix)
    order = torch.randperm(len(sample.labels), generator=generator(seed, "permuted features"))
    chance = _pair(features["_before"], features[""][order.to(sample.labels.device)], batch_size, "features_chance")
    return values | {name: value for name, value in chance.items() if name.startswith("mir")}


def _pair(first: Tensor, second: Tensor, batch_size: int, name: str) -> dict[str, float]:
    """`mir_<name>` and `hdr_<name>` of two representations of the same samples, exact and `_batch`."""
    found: dict[str, float] = {}
    for estimate, size in (("", None), ("_batch", batch_size)):
        readings = mean_readings(paired_information(first, second, size)[0])
        found |= {f"{ratio}_{name}{estimate}": readings[ratio] for ratio in ("mir", "hdr")}
    return found


def _performance(networks: Mapping[str, WideResNet], test: Images) -> dict[str, float]:
    """Accuracy and loss over all test images, and the accuracy that pruning with fine-tuning cost."""
    metrics: dict[str, float] = {}
    for suffix, network in networks.items():
        _, logits = evaluate(network, test.images)
        metrics |= {f"{k}{suffix}": value for k, value in accuracy_and_loss(logits, test.labels, "test").items()}
    return metrics | {"accuracy_lost": metrics["test_accuracy_before"] - metrics["test_accuracy"]}


def _sparsity(network: nn.Module) -> dict[str, float]:
    """Share of prunable weights that are zero, and the number of those that are not."""
    left = sum(int(module.weight.count_nonzero()) for _, module in prunable_modules(network))
    total = sum(module.weight.numel() for _, module in prunable_modules(network))
    return {"sparsity_reached": 1 - left / total, "weights_left": float(left)}
