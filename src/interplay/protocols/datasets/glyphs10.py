"""Ten glyphs drawn from the outlines of fonts (docs/data.md)."""

from interplay.protocols.assets import DatasetInfo

DATASET = DatasetInfo(
    name="glyphs10",
    title="Glyphs-10",
    description="ten letters and digits that are easily confused, distorted",
    origin="rendered",
    reader="interplay.data.glyphs:read_glyphs10",
    num_classes=10,
    image_shape=(1, 28, 28),
    splits={"train": 10_000, "test": 10_000},
    licence="rendered from DejaVu (Bitstream Vera licence) and STIX fonts (SIL OFL), as shipped with matplotlib",
    citation="this package, docs/data.md",
    digests={"train": "bc9bf9ebfe81326d", "test": "0c63ec6933e166bd"},
    library="matplotlib",
    known_with="matplotlib 3.9 to 3.11",
)
