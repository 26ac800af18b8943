"""Mean Teacher against its implementations in `semilearn` and TorchSSL, and what its teacher leaves as it was."""

from copy import deepcopy
from types import SimpleNamespace

import torch
from torch.testing import assert_close

from interplay.experiments.semi_supervised.method import NoState
from interplay.experiments.semi_supervised.methods.mean_teacher import METHOD, taught
from interplay.models import WideResNet
from interplay.protocols.semi_supervised.hyperparameters import MeanTeacher
from interplay.training.averaging import WeightAverage

SETTINGS = MeanTeacher(unlabelled_ratio=1, weight=50, warm_up=0.4)


def test_terms_and_gradients_are_those_of_the_reference(oracle, perceptron):
    known = oracle("mean_teacher")
    given, expected = known.inputs, known.outputs
    student, teacher = (perceptron(weights).network for weights in (given["weights"], expected["teacher"]))
    learner = SimpleNamespace(network=student, evaluated=teacher)
    for k, iteration in enumerate(given["iteration"]):
        batch = {
            "labelled": {"weak": given["labelled"], "label": given["labels"]},
            "unlabelled": {"weak": given["teacher_view"], "second_weak": given["student_view"]},
            "time": {"progress": iteration / given["iterations"]},
        }
        step = METHOD.loss(learner, batch, NoState(), SETTINGS, None)
        assert_close(step.readings["labelled_loss"].item(), expected["supervised_loss"][k].item(), rtol=1e-9, atol=0)
        assert_close(step.readings["unlabelled_loss"].item(), expected["unlabelled_loss"][k].item(), rtol=1e-9, atol=0)
        assert_close(step.loss.item(), expected["total_loss"][k].item(), rtol=1e-6, atol=0)
    assert_close(step.readings["unlabelled_loss"].item(), expected["torchssl_unlabelled_loss"], rtol=1e-9, atol=0)
    step.loss.backward()
    for name, value in student.named_parameters():
        assert_close(value.grad, expected["last_gradient"][name], rtol=1e-6, atol=1e-9)
    assert all(value.grad is None for value in teacher.parameters())


def test_teacher_normalises_by_the_batch_and_leaves_both_networks_as_they_were():
    torch.manual_seed(0)
    network = WideResNet(10, 1, 4).double()
    average = WeightAverage(network, 0.9)
    average.update()
    with torch.no_grad():
        for value in network.parameters():
            value.add_(torch.randn_like(value), alpha=0.05)
    average.update()
    batch = {
        "labelled": {"weak": torch.randn(4, 3, 8, 8, dtype=torch.float64), "label": torch.tensor([0, 1, 2, 3])},
        "unlabelled": {name: torch.randn(5, 3, 8, 8, dtype=torch.float64) for name in ("weak", "second_weak")},
        "time": {"progress": torch.tensor(1.0)},
    }
    expected = deepcopy(average.network).train()(batch["unlabelled"]["weak"])
    before, statistics = deepcopy(average.network.state_dict()), deepcopy(dict(network.named_buffers()))
    learner = SimpleNamespace(network=network.train(), evaluated=average.network)
    assert_close(taught(learner, batch["unlabelled"]["weak"]), expected)
    network.load_state_dict(statistics, strict=False)

    step = METHOD.loss(learner, batch, NoState(), SETTINGS, None)
    assert step.guesses.labels.tolist() == expected.argmax(1).tolist()
    assert not any(module.training for module in average.network.modules())
    assert not any(value.requires_grad for value in average.network.parameters())
    assert all(torch.equal(value, before[name]) for name, value in average.network.state_dict().items())
    assert all(value.requires_grad for value in network.parameters())
    assert step.loss.requires_grad
