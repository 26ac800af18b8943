"""What in ARTIFACT.md and docs/claims.md follows from declarations and committed records.

`python -m interplay.report.artifact` in a checkout writes it anew; a test compares.
"""

from __future__ import annotations

from pathlib import Path

from interplay.protocols.marked import read_page, replace_part
from interplay.records import write_text_atomically
from interplay.report.artifact_claims import by_experiment, every_claim, exhibits, headline_claims
from interplay.report.artifact_cost import measured, tiers
from interplay.report.artifact_data import sources

MODULE = "interplay.report.artifact"
PAGE, CLAIMS = Path("ARTIFACT.md"), Path("docs/claims.md")


def artifact_pages(checkout: Path) -> dict[Path, str]:
    """The pages as they should be, below a checkout.

    Raises:
        InterplayError: a page is missing or has lost its marks, or configuration or records cannot be read.
    """
    config, reference = checkout / "config", checkout / "results/reference"
    parts = {
        PAGE: {
            "experiments": by_experiment(config),
            "headline claims": headline_claims(config),
            "figures and tables": exhibits(config),
            "tiers": tiers(config, reference),
            "measured": measured(reference),
            "data sources": sources(config),
        },
        CLAIMS: {"claims": every_claim(config)},
    }
    texts = {}
    for name, tables in parts.items():
        path = checkout / name
        text = read_page(path)
        for part, table in tables.items():
            text = replace_part(text, path, part, MODULE, table)
        texts[path] = text
    return texts


def write_artifact(checkout: Path) -> list[Path]:
    """Write what differs.

    Returns:
        the files that changed.

    Raises:
        InterplayError: as `artifact_pages`.
    """
    texts = artifact_pages(checkout)
    changed = [path for path, text in texts.items() if read_page(path) != text]
    for path in changed:
        write_text_atomically(path, texts[path])
    return changed


if __name__ == "__main__":
    for path in write_artifact(Path()):
        print(path)
