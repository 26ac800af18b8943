import codecs
import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from interplay.errors import InterplayError
from interplay.protocols.sourced import Strict, parse_override, validate
from interplay.protocols.yaml_files import MAX_BYTES, parse_yaml, read_yaml

WORDS = st.text(st.characters(codec="ascii", categories=("L", "N", "P", "S", "Zs")), max_size=8)
LEAVES = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False)


@pytest.fixture(scope="module", params=[True, False], ids=["libyaml", "python"], autouse=True)
def _libyaml(request):
    """Everything below holds, word for word, with libyaml and without."""
    if request.param and not yaml.__with_libyaml__:
        pytest.skip("PyYAML was built without libyaml")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yaml, "__with_libyaml__", request.param)
        yield


@given(st.recursive(LEAVES | WORDS, lambda inner: st.lists(inner) | st.dictionaries(WORDS, inner), max_leaves=12))
def test_json_is_yaml(value):
    assert parse_yaml(json.dumps(value), "value") == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3e-2", 0.03),
        ("1E5", 1e5),
        (".5", 0.5),
        ("-1", -1),
        ("010", 10),
        ("0x1f", 31),
        ("0o17", 15),
        ("no", "no"),
        ("on", "on"),
        ("1:30", "1:30"),
        ("1_000", "1_000"),
        ("2024-01-01", "2024-01-01"),
        ("'3e-2'", "3e-2"),
        ("~", None),
        ("true", True),
        ("e5", "e5"),
    ],
)
def test_plain_words_and_numbers_are_what_they_look_like(text, value):
    found = parse_yaml(f"key: {text}", "value")["key"]
    assert (found, type(found)) == (value, type(value))


def test_the_configuration_reads_as_pyyaml_reads_it(config):
    paths = sorted(config.rglob("*.yaml"))
    assert len(paths) > 20
    for path in paths:
        assert read_yaml(path) == yaml.safe_load(path.read_text())


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n", r"file.yaml:5: .*'c' is given twice, first in line 3"),
        (b"grokking:\n  modulus: 31\ngrokking:\n  steps: 5\n", r"file.yaml:3: .*'grokking' is given twice"),
        (b"a: {b: 1, b: 2}\n", r"file.yaml:1: .*'b' is given twice"),
        ("a: 1\nb: é\n".encode("latin-1"), r"file.yaml:2: byte 0xe9 is not UTF-8; save it as UTF-8"),
        ("a: 1\n".encode("utf-16"), r"file.yaml: UTF-16"),
        ("a: 1\n".encode("utf-16-be"), r"file.yaml:1: character 0x0 is not allowed"),
        ("a: 1\n".encode("utf-32"), r"file.yaml: UTF-16 or UTF-32"),
        (b"a: 1\nb: \x07\n", r"file.yaml:2: character 0x7"),
        (b"a:\n\tb: 1\n", r"file.yaml:2: .*indent with spaces"),
        (b"", "file.yaml: empty"),
        (b"# nothing but a comment\n", "file.yaml: empty"),
        (b"- 1\n", "file.yaml: expected keys and values at the top level, found a list"),
        (b"word\n", "file.yaml: .*found 'word'"),
        (b"a: 1\n---\nb: 2\n", r"file.yaml:2: "),
        (b"a: !!python/object/apply:os.getcwd []\n", r"file.yaml:1: .*could not determine a constructor"),
        (b"[" * 5000, r"file.yaml:1: .*nested more than 50 deep"),
        (b"a: " + b"{a: " * 5000, r"file.yaml:1: .*nested more than 50 deep"),
        (b"x: &a [*a]\n", r"file.yaml:1: an alias within what it stands for"),
        (b"a: " + b"9" * 5000, "file.yaml: not valid YAML .*limit"),
        (b"a: 0x" + b"f" * 5000, "file.yaml: not valid YAML .*beyond 64 bits"),
        (b"a: 0o" + b"7" * 22, "file.yaml: not valid YAML .*beyond 64 bits"),
        (b"a: " + b"9" * 4000, "file.yaml: not valid YAML .*beyond 64 bits"),
        (b"a: 1\n" + b"#" * MAX_BYTES, "file.yaml: larger than 1 MiB"),
        (b"? [1, 2]\n: 3\n", r"file.yaml:1: .*unhashable key"),
        (b"a: !!bool maybe\n", "file.yaml: not valid YAML .*maybe"),
        (b"a: !!timestamp 2020-01-01\n", "file.yaml:1: .*could not determine a constructor for the tag '.*timestamp'"),
        (b"a: 1\nb: !!binary aGVsbG8=\n", "file.yaml:2: .*could not determine a constructor for the tag '.*binary'"),
        (b"a: !!set {b, c}\n", "file.yaml:1: .*could not determine a constructor for the tag '.*set'"),
        (b"a: !!omap [b: 1]\n", "file.yaml:1: .*could not determine a constructor for the tag '.*omap'"),
        (b"a: !!pairs [b: 1]\n", "file.yaml:1: .*could not determine a constructor for the tag '.*pairs'"),
        (b"a: !!float ''\n", "file.yaml: not valid YAML"),
    ],
)
def test_what_is_wrong_is_one_line_with_its_place(tmp_path, content, says):
    path = tmp_path / "file.yaml"
    path.write_bytes(content)
    with pytest.raises(InterplayError, match=says) as caught:
        read_yaml(path)
    assert "\n" not in str(caught.value)


def test_aliases_of_aliases_are_bounded_and_plain_ones_work():
    rows = ["a0: &a0 [" + "1, " * 10 + "]"]
    rows += [f"a{level}: &a{level} [{f'*a{level - 1}, ' * 10}]" for level in range(1, 12)]
    with pytest.raises(InterplayError, match="unfold into more than"):
        parse_yaml("\n".join(rows), "bomb")
    assert parse_yaml("x: &x {a: 1, b: 1}\ny: {<<: *x, a: 2}\nz: *x", "ok")["y"] == {"a": 2, "b": 1}


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path):
    path = tmp_path / "file.yaml"
    path.write_bytes(codecs.BOM_UTF8 + b"a: 1\n")
    assert read_yaml(path) == {"a": 1}


def test_a_missing_file_and_a_folder_are_one_line(tmp_path):
    for path in (tmp_path / "none.yaml", tmp_path):
        with pytest.raises(InterplayError, match="cannot be read"):
            read_yaml(path)


@pytest.mark.parametrize("text", [".inf", "-.inf", ".nan", "1e999"])
def test_a_number_that_is_not_finite_is_refused(text):
    class Optimizer(Strict):
        learning_rate: float
        rates: tuple[float, ...] = ()

    for content in (f"learning_rate: {text}", f"{{learning_rate: 1, rates: [{text}]}}"):
        with pytest.raises(InterplayError, match="finite number"):
            validate(Optimizer, parse_yaml(content, "x"), "x.yaml")


def test_an_override_by_hand_reads_like_a_file():
    assert parse_override("a.b=3e-2") == (["a", "b"], 0.03)
    with pytest.raises(InterplayError, match=r"--set a=.*'b' is given twice"):
        parse_override("a={b: 1, b: 2}")
