"""The handwritten digits that scikit-learn ships."""

from interplay.protocols.assets import DatasetInfo

DATASET = DatasetInfo(
    name="digits",
    title="Digits",
    description="scikit-learn's handwritten digits",
    origin="installed",
    reader="interplay.data.readers.digits:read_digits",
    num_classes=10,
    image_shape=(1, 8, 8),
    splits={"train": 1_442, "test": 355},
    licence="CC BY 4.0 (UCI), shipped with scikit-learn (BSD 3-clause)",
    citation="E. Alpaydin, C. Kaynak, Optical Recognition of Handwritten Digits, UCI repository, 1998",
    digests={"train": "8fe0bd42eea1501f", "test": "e009dd46771d7642"},
    library="scikit-learn",
    known_with="scikit-learn 1.5 to 1.9",
)
