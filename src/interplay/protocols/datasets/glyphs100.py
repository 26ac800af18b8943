"""A hundred glyphs drawn from the outlines of fonts (docs/data.md)."""

from interplay.protocols.assets import DatasetInfo

DATASET = DatasetInfo(
    name="glyphs100",
    title="Glyphs-100",
    description="letters, digits and signs, distorted",
    origin="rendered",
    reader="interplay.data.glyphs:read_glyphs100",
    num_classes=100,
    image_shape=(1, 28, 28),
    splits={"train": 25_000, "test": 5_000},
    licence="rendered from DejaVu (Bitstream Vera licence) and STIX fonts (SIL OFL), as shipped with matplotlib",
    citation="this package, docs/data.md",
    digests={"train": "e7f1a88dad3598f5", "test": "648f104e2c2d20c3"},
    library="matplotlib",
    known_with="matplotlib 3.9 to 3.11",
)
