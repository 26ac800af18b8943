"""MixMatch against its implementation in `semilearn`, and its parts against what they must give."""

import torch
from torch.testing import assert_close

from interplay.experiments.semi_supervised import passes
from interplay.experiments.semi_supervised.method import NoState, Problem
from interplay.experiments.semi_supervised.methods.mixmatch import METHOD, dealt, draws, mixed
from interplay.protocols.semi_supervised.hyperparameters import MixMatch


def settings(**changes):
    return MixMatch(
        **{"unlabelled_ratio": 1, "weight": 100, "warm_up": 0.4, "alpha": 0.5, "temperature": 0.5, **changes}
    )


def test_terms_and_gradients_are_those_of_the_reference(oracle, perceptron):
    known = oracle("mixmatch")
    given, expected = known.inputs, known.outputs
    bench = perceptron(given["weights"])
    share = torch.tensor(given["drawn_lambda"], dtype=torch.float64)
    own = settings(weight=given["lambda_u"], warm_up=given["warm_up"], temperature=given["T"])
    for k, iteration in enumerate(given["iteration"]):
        batch = {
            "labelled": {"weak": given["labelled"], "label": given["labels"]},
            "unlabelled": {"weak": given["first_view"], "second_weak": given["second_view"]},
            "draws": {"share": share, "partners": given["permutation"]},
            "time": {"progress": iteration / given["iterations"]},
        }
        step = bench.step(METHOD, own, NoState(), batch)
        assert_close(step.readings["labelled_loss"].item(), expected["supervised_loss"][k].item(), rtol=1e-9, atol=0)
        assert_close(step.readings["unlabelled_loss"].item(), expected["unlabelled_loss"][k].item(), rtol=1e-9, atol=0)
        assert_close(step.loss.item(), expected["total_loss"][k].item(), rtol=1e-6, atol=0)
    step.loss.backward()
    for name, value in bench.network.named_parameters():
        assert_close(value.grad, expected["last_gradient"][name], rtol=1e-6, atol=1e-9)


def test_images_and_targets_are_mixed_as_in_the_reference(oracle):
    known = oracle("mixmatch")
    given, expected = known.inputs, known.outputs
    images = torch.cat([given["labelled"], given["first_view"], given["second_view"]])
    share = torch.tensor(given["drawn_lambda"], dtype=torch.float64)
    found, targets = mixed(images, expected["targets"], share, given["permutation"])
    assert_close(found, expected["mixed_images"], rtol=1e-9, atol=1e-12)
    assert_close(targets, expected["mixed_targets"], rtol=1e-9, atol=1e-12)


def test_without_mixing_it_is_cross_entropy_and_distance_from_the_sharpened_mean(on_logits):
    random = torch.Generator().manual_seed(0)
    labelled, first, second = (torch.randn(3, 4, generator=random, dtype=torch.float64) for _ in range(3))
    label = torch.tensor([2, 0, 3])
    batch = {
        "labelled": {"weak": labelled, "label": label},
        "unlabelled": {"weak": first, "second_weak": second},
        "draws": {"share": torch.tensor(0.0, dtype=torch.float64), "partners": torch.arange(9).flip(0)},
        "time": {"progress": torch.tensor(1.0)},
    }
    step = on_logits.step(METHOD, settings(), NoState(), batch)
    supervised, distance = 0.0, 0.0
    for k in range(3):
        supervised -= labelled[k].log_softmax(0)[label[k]].item() / 3
        mean = [(a + b) / 2 for a, b in zip(first[k].softmax(0).tolist(), second[k].softmax(0).tolist(), strict=True)]
        guess = [p**2 / sum(q**2 for q in mean) for p in mean]
        for view in (first[k], second[k]):
            distance += sum((p - q) ** 2 for p, q in zip(view.softmax(0).tolist(), guess, strict=True)) / (6 * 4)
    assert_close(step.loss.item(), supervised + 100 * distance, rtol=1e-9, atol=0)


def test_sharpening_has_the_guess_and_its_class_as_limits():
    p = torch.tensor([[0.5, 0.3, 0.2], [0.1, 0.2, 0.7]], dtype=torch.float64)
    assert_close(passes.sharpened(p, 1.0), p)
    assert_close(passes.sharpened(p, 0.02), torch.eye(3, dtype=torch.float64)[[0, 2]], rtol=0, atol=1e-6)


def test_batches_are_dealt_each_with_the_first_and_dealing_twice_undoes_it():
    batches = [torch.arange(8) + 10 * batch for batch in range(3)]
    found = dealt(batches)
    assert [one.tolist() for one in found] == [
        [0, 1, 12, 13, 14, 25, 26, 27],
        [10, 11, 2, 3, 4, 15, 16, 17],
        [20, 21, 22, 23, 24, 5, 6, 7],
    ]
    assert all(torch.equal(one, other) for one, other in zip(dealt(found), batches, strict=True))


def test_shares_have_the_moments_of_their_beta_distribution_and_partners_are_a_permutation():
    problem = Problem(
        num_classes=4,
        labelled_batch=3,
        unlabelled_batch=6,
        unlabelled_samples=6,
        image_shape=(1, 2, 2),
        steps=1,
        weight=0.0,
        device=torch.device("cpu"),
    )
    random = torch.Generator().manual_seed(0)
    given = draws(problem, settings(alpha=0.75))
    shares = torch.stack([given["share"](random) for _ in range(4000)])
    # Beta(a, a) has variance 1 / (4 (2a + 1)), and its kurtosis is below 3: four standard errors of each moment.
    assert abs(shares.mean() - 0.5) < 4 * (0.1 / 4000) ** 0.5
    assert abs(shares.var() - 0.1) < 4 * 0.1 * (2 / 4000) ** 0.5
    assert sorted(given["partners"](random).tolist()) == list(range(15))
    again = [given["share"](torch.Generator().manual_seed(1)) for _ in range(2)]
    assert again[0] == again[1]
