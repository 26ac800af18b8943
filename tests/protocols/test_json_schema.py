import json

import pytest

from interplay.protocols.json_schema import json_schemas, write_schemas


def test_the_schemas_in_the_repository_are_those_of_the_models(config):
    stored = {path.name: path.read_text() for path in (config / "schemas").glob("*.json")}
    assert stored == json_schemas(), "run `interplay schema` and commit what it writes"


@pytest.mark.parametrize("name", ["tier.json", "protocol-supervised.json", "record.json"])
def test_unknown_keys_are_not_allowed(name):
    assert json.loads(json_schemas()[name])["additionalProperties"] is False


def test_writing_changes_what_drifted_and_nothing_else(tmp_path):
    assert len(write_schemas(tmp_path)) == len(json_schemas())
    assert write_schemas(tmp_path) == []
    (tmp_path / "tier.json").write_text("{}")
    (tmp_path / "gone.json").write_text("{}")
    assert {path.name for path in write_schemas(tmp_path)} == {"tier.json", "gone.json"}
