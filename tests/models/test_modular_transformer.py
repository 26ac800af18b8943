import pytest
import torch

from interplay.models import ModularTransformer


def naive_features(model, pairs):
    """Full causal self-attention over all three positions of every sample, in float64, one head after the other."""
    p = model.modulus
    tokens = torch.cat([pairs, torch.full((len(pairs), 1), p)], dim=1)
    x = model.embedding.double()[tokens] + model.positions.double()
    mixed = torch.zeros(len(pairs), 3, model.heads * model.head_width, dtype=torch.float64)
    for head in range(model.heads):
        part = slice(head * model.head_width, (head + 1) * model.head_width)
        q, k, v = (x @ w.double()[:, part] for w in (model.query, model.key, model.value))
        scores = q @ k.transpose(1, 2) / model.head_width**0.5
        scores = scores.masked_fill(torch.ones(3, 3).triu(1).bool(), -torch.inf)
        mixed[:, :, part] = scores.softmax(-1) @ v
    x = x + mixed @ model.output.double()
    hidden = (x @ model.mlp_in.double() + model.mlp_in_bias.double()).relu()
    x = x + hidden @ model.mlp_out.double() + model.mlp_out_bias.double()
    return x[:, -1]


def test_the_shortcut_is_full_causal_attention():
    torch.manual_seed(0)
    model = ModularTransformer(7, 12, 3, 4, 20)
    torch.nn.init.normal_(model.mlp_in_bias)
    pairs = torch.cartesian_prod(torch.arange(7), torch.arange(7))
    expected = naive_features(model, pairs)
    torch.testing.assert_close(model.features(pairs).double(), expected, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(model(pairs).double(), expected @ model.unembedding.double().T, rtol=1e-5, atol=1e-5)


def test_gradients_agree_with_full_attention():
    torch.manual_seed(0)
    model = ModularTransformer(5, 8, 2, 4, 16).double()
    pairs = torch.cartesian_prod(torch.arange(5), torch.arange(5))
    gradients = []
    for features in (model.features(pairs), naive_features(model, pairs)):
        gradients.append(torch.autograd.grad(features.pow(2).sum(), list(model.parameters()), allow_unused=True))
    for fast, slow in zip(*gradients, strict=True):
        if slow is None:
            assert fast is None
        else:
            torch.testing.assert_close(fast, slow)


def test_published_size_and_the_head_without_the_equals_sign():
    model = ModularTransformer(113, 128, 4, 32, 512)
    assert model.unembedding.shape == (114, 128)
    assert model.head_weights.shape == (113, 128)
    assert model(torch.tensor([[1, 2]])).shape == (1, 114)


@pytest.mark.parametrize("name", ["embedding", "query", "mlp_in"])
def test_initial_scale(name):
    torch.manual_seed(0)
    model = ModularTransformer(113, 128, 4, 32, 512)
    assert getattr(model, name).std().item() == pytest.approx(128**-0.5, rel=0.05)
    assert model.unembedding.std().item() == pytest.approx(114**-0.5, rel=0.05)
