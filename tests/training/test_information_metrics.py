import pytest
import torch

from interplay.information import gram_matrix, hdr, matrix_entropy, mir
from interplay.training import information_metrics

PARTS = (slice(0, 32), slice(32, 64))


@pytest.mark.parametrize("chance", [True, False])
def test_three_ways_of_reading_agree_with_the_definitions(chance):
    generator = torch.Generator().manual_seed(0)
    z = torch.rand(70, 9, generator=generator)
    labels, head = torch.randint(5, (70,), generator=generator), torch.randn(5, 9, generator=generator)
    readings = information_metrics(z, labels, head, 32, chance=chance, normalisations=True)
    whole, centred, of_head = gram_matrix(z), gram_matrix(z - z.mean(0)), gram_matrix(head[labels])
    halves = [(gram_matrix(z[part]), gram_matrix(head[labels[part]])) for part in PARTS]
    expected = {
        "head_weights_entropy": matrix_entropy(gram_matrix(head)),
        "feature_entropy": matrix_entropy(whole),
        "head_entropy": matrix_entropy(of_head),
        "mir": mir(whole, of_head),
        "hdr": hdr(whole, of_head),
        "feature_entropy_centred": matrix_entropy(centred),
        "mir_centred": mir(centred, of_head),
        "hdr_centred": hdr(centred, of_head),
        "mir_batch": sum(mir(*pair) for pair in halves) / 2,
        "hdr_batch": sum(hdr(*pair) for pair in halves) / 2,
    }
    for norm in ("batch", "layer"):
        pairs = [(gram_matrix(z[part], norm), gram_matrix(head[labels[part]])) for part in PARTS]
        # Batch-normalised samples differ in length: the diagonal of their Gram matrix is one on average only.
        expected[f"mir_batch_{norm}_norm"] = sum(mir(*pair, normalise="trace") for pair in pairs) / 2
        expected[f"hdr_batch_{norm}_norm"] = sum(hdr(*pair, normalise="trace") for pair in pairs) / 2
    for name, value in expected.items():
        assert readings[name] == pytest.approx(float(value), abs=1e-6), name
    assert ("mir_chance" in readings) is chance
    if chance:  # these labels know nothing of the features, so that chance is all there is
        assert readings["mir_chance"] == pytest.approx(readings["mir"], abs=0.03)


def test_other_normalisations_only_where_asked_for():
    z = torch.rand(8, 3)
    assert "mir_batch_layer_norm" not in information_metrics(z, torch.arange(8) % 2, torch.randn(2, 3), 4)
