"""Readings in chunks are those of all pairs at once."""

import pytest
import torch
from torch.nn.functional import normalize

from interplay.experiments.cross_modal import readings as module
from interplay.experiments.cross_modal.readings import joined_images, read_conditional, read_shared

MEMBERS, IMAGES, CLASSES, WIDTH = 3, 23, 5, 7


@pytest.fixture
def draw():
    return torch.Generator().manual_seed(0)


def expected(features, labels, texts):
    """By loops over images and classes, for texts [R, N, C, d]."""
    found = []
    for own in texts:
        right, mine, overall, between = [], [], [], []
        for image, label, vectors in zip(features, labels, own, strict=True):
            cosines = [torch.cosine_similarity(image, vector, dim=0).item() for vector in vectors]
            right.append(max(range(len(cosines)), key=cosines.__getitem__) == int(label))
            mine.append(cosines[int(label)])
            overall += cosines
            between += [
                torch.cosine_similarity(vectors[a], vectors[b], dim=0).item()
                for a in range(len(vectors))
                for b in range(len(vectors))
                if a != b
            ]
        found.append([sum(values) / len(values) for values in (right, mine, overall, between)])
    return torch.tensor(found, dtype=torch.float64).T


def as_rows(readings):
    return torch.stack(
        [readings.accuracy, readings.class_similarity, readings.overall_similarity, readings.text_similarity]
    )


@pytest.mark.parametrize("pairs", [1, MEMBERS * CLASSES * 4, 2**22])
def test_shared_texts(draw, monkeypatch, pairs):
    monkeypatch.setattr(module, "PAIRS", pairs)
    features = torch.randn(IMAGES, WIDTH, generator=draw)
    labels = torch.randint(CLASSES, (IMAGES,), generator=draw)
    vectors = torch.randn(MEMBERS, CLASSES, WIDTH, generator=draw)
    texts = vectors[:, None].expand(-1, IMAGES, -1, -1)
    found = as_rows(read_shared(features, labels, vectors))
    torch.testing.assert_close(found, expected(features, labels, texts), atol=1e-6, rtol=0)


@pytest.mark.parametrize("at_once", [1, CLASSES * 2, CLASSES * 7, 10**6])
def test_texts_of_each_image(draw, at_once):
    features = torch.randn(IMAGES, WIDTH, generator=draw)
    labels = torch.randint(CLASSES, (IMAGES,), generator=draw)
    shifts = torch.randn(MEMBERS, WIDTH, WIDTH, generator=draw)
    fixed = torch.randn(CLASSES, WIDTH, generator=draw)
    largest = []

    def class_vectors(images, members):
        vectors = fixed + (normalize(images, dim=-1) @ shifts[members])[:, :, None]
        largest.append(vectors.shape[:3].numel())
        return vectors

    found = read_conditional(
        features, labels, class_vectors, members=MEMBERS, num_classes=CLASSES, prompts_at_once=at_once
    )
    assert max(largest) <= max(at_once, CLASSES)
    whole = expected(features, labels, class_vectors(features, slice(None)))
    torch.testing.assert_close(as_rows(found), whole, atol=1e-6, rtol=0)


def test_two_halves_are_joined_by_images(draw):
    features = torch.randn(IMAGES, WIDTH, generator=draw)
    labels = torch.randint(CLASSES, (IMAGES,), generator=draw)
    vectors = torch.randn(MEMBERS, CLASSES, WIDTH, generator=draw)
    parts = [(read_shared(features[own], labels[own], vectors), n) for own, n in ((slice(9), 9), (slice(9, None), 14))]
    torch.testing.assert_close(as_rows(joined_images(*parts)), as_rows(read_shared(features, labels, vectors)))


def test_a_single_class_has_no_similarity_between_texts(draw):
    readings = read_shared(torch.randn(4, WIDTH), torch.zeros(4, dtype=torch.int64), torch.randn(1, 1, WIDTH))
    assert readings.text_similarity.isnan().all() and readings.accuracy.tolist() == [1]
