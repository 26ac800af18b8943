"""Meta Pseudo Labels: its meta-gradient is that of the student's labelled loss after a step; both steps by hand."""

from copy import deepcopy

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from interplay.experiments.semi_supervised.method import Problem
from interplay.experiments.semi_supervised.methods.mpl import MPLState, draws, reading, uda, update
from interplay.models import WideResNet
from interplay.protocols.semi_supervised.hyperparameters import MPL
from interplay.training import Learner, sgd

CLASSES, PIXELS, STEPS = 3, 4, 100
CLOSE = {"rtol": 1e-9, "atol": 1e-12}


class Linear(nn.Module):
    """A head on the images themselves, without bias."""

    def __init__(self, weight):
        super().__init__()
        self.head = nn.Linear(PIXELS, CLASSES, bias=False, dtype=torch.float64)
        self.head.weight.data.copy_(weight)

    def features(self, images):
        return images


def settings_of(**changes):
    usual = {"unlabelled_ratio": 1, "weight": 0, "warm_up": 0, "threshold": 0.6, "temperature": 0.7}
    return MPL(**{**usual, "label_smoothing": 0.0, "wait": 0.0, "momentum": 0.99, **changes})


def problem(samples):
    return Problem(CLASSES, 5, samples, samples, (PIXELS,), STEPS, 0.0, torch.device("cpu"))


class Bench:
    """A student and a teacher, two views of some samples and five labelled images."""

    def __init__(self, samples=6, seed=0):
        draw = torch.Generator().manual_seed(seed)

        def normal(*shape):
            return torch.randn(*shape, generator=draw, dtype=torch.float64)

        self.student, self.teacher = normal(CLASSES, PIXELS), normal(CLASSES, PIXELS)
        self.labelled, self.labels = normal(5, PIXELS), torch.arange(5) % CLASSES
        self.weak, self.strong = normal(samples, PIXELS), normal(samples, PIXELS)

    def step(self, drawn, settings, rate=0.1, baseline=0.0, at=50, teacher_rate=1.0):
        """A step in which the teacher draws these labels: the step, the student's and the teacher's weights after."""
        learners = {}
        for name, weight, own in (("main", self.student, rate), ("teacher", self.teacher, teacher_rate)):
            network = Linear(weight)
            groups = [{"params": list(network.parameters())}]
            learners[name] = Learner(network, sgd(groups, own, momentum=0.0, nesterov=False), lambda step, own=own: own)
            learners[name].prepare(at)
        batch = {
            "labelled": {"weak": self.labelled, "label": self.labels},
            "unlabelled": {"weak": self.weak, "strong": self.strong},
            "draws": {"gumbel": 1e6 * torch.eye(CLASSES, dtype=torch.float64)[drawn]},
            "time": {"step": torch.tensor(float(at)).double(), "progress": torch.tensor(at / STEPS).double()},
        }
        state = MPLState(torch.tensor(baseline, dtype=torch.float64))
        step = update(learners, batch, state, settings, problem(len(self.weak)))
        return step, *(learners[name].network.head.weight.detach() for name in ("main", "teacher"))

    def student_loss(self, weight):
        """The student's loss on labelled images."""
        return cross_entropy(weight, self.labelled, one_hot(self.labels))


def one_hot(labels, smoothing=0.0):
    return (1 - smoothing) * torch.eye(CLASSES, dtype=torch.float64)[labels] + smoothing / CLASSES


def cross_entropy(weight, images, targets):
    return -(targets * (images @ weight.T).log_softmax(1)).sum(1).mean()


def gradient(weight, images, targets):
    """Of the cross-entropy for a linear network: the mean of (p - y) x^T."""
    return ((images @ weight.T).softmax(1) - targets).T @ images / len(images)


@pytest.mark.parametrize("smoothing", [0.0, 0.15])
def test_both_steps_are_those_by_hand(smoothing):
    bench, drawn, baseline = Bench(), torch.tensor([0, 2, 1, 1, 0, 2]), 0.03
    step, student, teacher = bench.step(drawn, settings_of(label_smoothing=smoothing), baseline=baseline)

    student_gradient = gradient(bench.student, bench.strong, one_hot(drawn, smoothing))
    assert_close(student, bench.student - 0.1 * student_gradient, **CLOSE)
    gain = bench.student_loss(bench.student) - bench.student_loss(bench.student - 0.1 * student_gradient)
    assert abs(gain - baseline) > 1e-3
    new_baseline = 0.99 * baseline + 0.01 * gain
    assert_close(step.readings["gain"], gain, **CLOSE)
    assert_close(step.state.baseline, new_baseline, **CLOSE)
    supervised = gradient(bench.teacher, bench.labelled, one_hot(bench.labels, smoothing))
    meta = (gain - new_baseline) * gradient(bench.teacher, bench.strong, one_hot(drawn))
    assert_close(teacher, bench.teacher - supervised - meta, **CLOSE)
    assert step.guesses.labels.tolist() == drawn.tolist()
    assert step.guesses.weights.tolist() == [1.0] * 6


def test_gain_is_the_product_of_gradients_to_first_order():
    bench, drawn, rate = Bench(), torch.tensor([0, 2, 1, 1, 0, 2]), 1e-5
    step, student, _ = bench.step(drawn, settings_of(), rate=rate)
    before = gradient(bench.student, bench.strong, one_hot(drawn))
    after = gradient(student, bench.labelled, one_hot(bench.labels))
    assert_close(step.readings["gain"] / rate, (before * after).sum(), rtol=1e-4, atol=0)


def test_mean_of_the_meta_gradient_over_draws_is_the_gradient_of_the_students_expected_loss():
    """With one unlabelled sample: the teacher descends what the student's labelled loss will be on average."""
    bench, rate = Bench(samples=1, seed=3), 0.5
    label_loss = []
    for label in range(CLASSES):
        moved = bench.student - rate * gradient(bench.student, bench.strong, one_hot(torch.tensor([label])))
        label_loss.append(bench.student_loss(moved))
    assert max(label_loss) - min(label_loss) > 0.05

    def expected_loss(weight):
        return (bench.strong @ weight.T).softmax(1)[0] @ torch.stack(label_loss)

    weight = bench.teacher.clone().requires_grad_()
    (wanted,) = torch.autograd.grad(expected_loss(weight), weight)

    _, _, without = bench.step(torch.tensor([0]), settings_of(wait=0.9), rate=rate)  # the student waits: no meta-term
    probabilities = (bench.strong @ bench.teacher.T).softmax(1)[0]
    found = torch.zeros_like(wanted)
    for label, probability in enumerate(probabilities):
        _, _, teacher = bench.step(torch.tensor([label]), settings_of(), rate=rate)
        found += probability * (without - teacher)
    assert_close(found, 0.99 * wanted, rtol=1e-6, atol=1e-10)  # a hundredth goes into the moving average


def test_a_label_that_helps_the_student_is_drawn_more_often_and_one_that_harms_it_less():
    bench = Bench(samples=1, seed=3)
    _, _, without = bench.step(torch.tensor([0]), settings_of(wait=0.9))
    gains, changes = [], []
    for label in range(CLASSES):
        step, _, teacher = bench.step(torch.tensor([label]), settings_of(), rate=0.5)
        of = [(bench.strong @ weight.T).softmax(1)[0, label] for weight in (teacher, without)]
        gains.append(step.readings["gain"])
        changes.append(of[0] - of[1])
    assert min(gains) < 0 < max(gains)
    assert [gain > 0 for gain in gains] == [change > 0 for change in changes]


def test_a_waiting_student_learns_nothing_and_says_nothing():
    bench, drawn = Bench(), torch.tensor([0, 2, 1, 1, 0, 2])
    step, student, teacher = bench.step(drawn, settings_of(wait=0.6), baseline=0.03)
    assert torch.equal(student, bench.student)
    assert not step.guesses.weights.any()
    assert_close(step.state.baseline, torch.tensor(0.03, dtype=torch.float64))
    supervised = gradient(bench.teacher, bench.labelled, one_hot(bench.labels))
    assert_close(teacher, bench.teacher - supervised, **CLOSE)


def test_uda_takes_sharpened_predictions_that_are_confident_once_sharpened():
    weak = torch.tensor([[2.0, 1.4, 0.0], [0.5, 0.4, 0.3]], dtype=torch.float64).requires_grad_()
    strong = torch.tensor([[0.1, 0.2, 0.3], [1.0, 0.0, -1.0]], dtype=torch.float64).requires_grad_()
    assert weak[0].softmax(0).max() < 0.6 < (weak[0] / 0.7).softmax(0).max()
    value = uda(weak, strong, settings_of())
    target = (weak[0].detach() / 0.7).softmax(0)
    assert_close(value, -(target * strong[0].log_softmax(0)).sum() / 2, **CLOSE)
    by_weak, by_strong = torch.autograd.grad(value, [weak, strong], materialize_grads=True)
    assert not by_weak.any() and by_strong[0].any() and not by_strong[1].any()


@pytest.mark.parametrize(("at", "share"), [(0, 0.0), (10, 0.5), (50, 1.0)])
def test_weight_of_uda_grows_over_the_warm_up(at, share):
    bench, drawn = Bench(), torch.tensor([0, 2, 1, 1, 0, 2])
    plain = settings_of(wait=0.9, threshold=0)
    step, _, without = bench.step(drawn, plain, at=at)
    _, _, teacher = bench.step(drawn, settings_of(wait=0.9, threshold=0, weight=8, warm_up=0.2), at=at)
    targets = (bench.weak @ bench.teacher.T / 0.7).softmax(1)
    of_uda = gradient(bench.teacher, bench.strong, targets)
    assert_close(without - teacher, 8 * share * of_uda, rtol=1e-6, atol=1e-10)
    assert_close(step.readings["unlabelled_loss"], cross_entropy(bench.teacher, bench.strong, targets), **CLOSE)


def test_labels_are_drawn_from_the_softmax():
    logits = torch.tensor([1.0, 0.0, -1.0])
    samples = 20000
    noise = draws(problem(samples), settings_of())["gumbel"](torch.Generator().manual_seed(0))
    assert noise.shape == (samples, CLASSES)
    shares = (logits + noise).argmax(1).bincount(minlength=CLASSES) / samples
    errors = (logits.softmax(0) * (1 - logits.softmax(0)) / samples).sqrt()
    assert ((shares - logits.softmax(0)).abs() < 4 * errors).all()


def test_readings_leave_the_student_as_it_is():
    network = WideResNet(10, 1, CLASSES).train()
    before = deepcopy(network.state_dict())
    value = reading(network, torch.randn(5, 3, 8, 8), torch.arange(5) % CLASSES)
    assert not value.requires_grad
    assert all(torch.equal(before[name], now) for name, now in network.state_dict().items())
    assert network.norm.momentum is not None and network.norm.num_batches_tracked is not None
