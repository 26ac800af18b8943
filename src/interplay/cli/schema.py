"""`interplay schema`: write the JSON schemas of configuration and records."""

from __future__ import annotations

from pathlib import Path

from interplay.cli import app
from interplay.cli.options import Config
from interplay.errors import InterplayError
from interplay.markup import say


@app.command()
def schema(config: Config = Path("config")) -> None:
    """Generate `config/schemas/` from the typed models; editors validate the YAML files with them."""
    from interplay.protocols.json_schema import write_schemas

    if not (config / "documents.yaml").is_file():  # or whatever JSON lies in its schemas/ would be taken away
        raise InterplayError(f"{config}: no configuration (it has no documents.yaml); name one with --config")
    changed = write_schemas(config / "schemas")
    for path in changed:
        say(path)
    if not changed:
        say("schemas are up to date")
