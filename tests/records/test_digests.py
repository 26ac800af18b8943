import ast
import re
import shutil
import subprocess
import sys

import pytest

from interplay.errors import InterplayError
from interplay.protocols.experiments import experiments
from interplay.records import digests
from interplay.records.digests import code_digest, forget_code, module_digests, text_digest
from interplay.records.syntax import canonical

EXPERIMENTS = tuple(experiments())

# Syntax whose tree differs between versions of Python, or that `ast.dump` writes differently.
SAMPLE = '''
"""What it is for."""
from __future__ import annotations
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    from collections.abc import Iterable

class Reading(dict, metaclass=type):
    """A reading."""
    value: float = 1e-3

def read(values: "Iterable", /, scale=2.0, *rest, width: int = 7, **more) -> str:
    """Read."""
    async def inner():
        yield
    match values:
        case {"a": [1, *_], **others} if scale > -0.0:
            return f"{scale!r:>{width}} of {scale:.3f}" f" and {width}" "\\N{LATIN SMALL LETTER E WITH ACUTE}\U0001fae9"
        case None | True:
            return u"old" + str(b"bytes\\xff") + str(1j) + str(...)
    try:
        return [*{**more, "x": lambda y=None: (y := 3)}][0:-1:2]
    except* ValueError as error:
        raise error from None
'''
STORED = "641fb3d6e3682804"


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Writes a package called like ours from texts by path; only what is written changes."""
    monkeypatch.setattr(digests, "SOURCE", tmp_path / "interplay")
    forget_code()

    def write(files):
        for path, text in files.items():
            (tmp_path / "interplay" / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "interplay" / path).write_text(text)
        forget_code()

    yield write
    forget_code()


@pytest.fixture
def copy_of_the_source(tmp_path, monkeypatch):
    """A copy of the package's source that a test may edit."""
    target = tmp_path / "interplay"
    shutil.copytree(digests.SOURCE, target, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(digests, "SOURCE", target)
    forget_code()
    yield target
    forget_code()


def edit(path, line="FURTHER = 1"):
    path.write_text(f"{path.read_text()}\n{line}\n")
    forget_code()


def digest(text):
    return text_digest(canonical(ast.parse(text)))


def test_a_change_deep_in_the_imports_changes_the_digest(copy_of_the_source):
    before = code_digest("interplay.experiments.grokking"), code_digest("interplay.figures.grokking")
    edit(copy_of_the_source / "information" / "entropy.py")  # experiments -> training -> information -> entropy
    after = code_digest("interplay.experiments.grokking"), code_digest("interplay.figures.grokking")
    assert before[0] != after[0]
    assert before[1] == after[1]


def test_a_change_of_one_figure_leaves_the_others_alone(copy_of_the_source):
    names = ["grokking", "entropy_over_training", "interplay_over_training", "mir_over_training"]
    before = [code_digest(f"interplay.figures.{name}") for name in names]
    edit(copy_of_the_source / "figures" / "entropy_over_training.py")
    after = [code_digest(f"interplay.figures.{name}") for name in names]
    assert [a == b for a, b in zip(before, after, strict=True)] == [True, False, True, True]


def test_a_package_covers_the_modules_that_it_imports(copy_of_the_source):
    before = code_digest("interplay.experiments.theory")
    edit(copy_of_the_source / "experiments" / "theory" / "regression.py")
    assert code_digest("interplay.experiments.theory") != before


def test_what_no_experiment_uses_and_what_does_nothing_change_no_experiment(copy_of_the_source):
    before = [code_digest(f"interplay.experiments.{name}") for name in EXPERIMENTS]
    for path in ("cli/forecast.py", "records/stamp.py", "information/metric.py", "figures/grokking.py"):
        edit(copy_of_the_source / path)
    for path in copy_of_the_source.rglob("*.py"):
        path.write_text(path.read_text() + "\n\n# a comment\n")
    forget_code()
    assert [code_digest(f"interplay.experiments.{name}") for name in EXPERIMENTS] == before


@pytest.mark.parametrize(
    "text",
    [
        "def f(x=1):\n    return x * 2  # twice\n",
        'def f(x=1):\n    """Twice."""\n    return x * 2\n',
        '"""A module."""\n\n\ndef f(\n    x=1,\n):\n    return (x\n        * 2)\n',
        "def f(x=1):\n    pass\n    return x * 2\n",
        "if TYPE_CHECKING:\n    import a\ndef f(x=1):\n    return x * 2\n",
    ],
)
def test_comments_docstrings_and_layout_change_nothing(text):
    assert digest(text) == digest("def f(x=1):\n    return x * 2\n")


@pytest.mark.parametrize(
    "text",
    [
        "def f(x=1):\n    return x + 2\n",
        "def f(x=1):\n    return x * 3\n",
        "def f(x=1):\n    return x * 2.0\n",
        "def f(x=2):\n    return x * 2\n",
        "def f(y=1):\n    return y * 2\n",
        "def g(x=1):\n    return x * 2\n",
        "def f(x=True):\n    return x * 2\n",
        "def f(*, x=1):\n    return x * 2\n",
        "@cache\ndef f(x=1):\n    return x * 2\n",
        "def f(x=1):\n    return x * 2\nf()\n",
        "def f(x=1):\n    if TYPE_CHECKING:\n        pass\n    else:\n        x = 0\n    return x * 2\n",
    ],
)
def test_whatever_can_change_a_result_changes_the_digest(text):
    assert digest(text) != digest("def f(x=1):\n    return x * 2\n")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = [1, [2]]", "x = [[1], 2]"),
        ("x = 'a', 'b'", "x = 'a', \"b;str 'b'\""),
        ("x = {**a, 'b': c}", "x = {a: 'b', **c}"),
        ("f(a, *b)", "f(*a, b)"),
        ("x = f'{a}b'", "x = f'{a}' 'c'"),
        ("x = f'{a!r}'", "x = f'{a!s}'"),
        ("from interplay.a import b", "from interplay.a import c as b"),
        ("x = None", "x = 'None'"),
        ("def f(a, b=None): ...", "def f(a=None, b=None): ..."),
        ("def f(*, a, b=1): ...", "def f(*, a=1, b): ..."),
    ],
)
def test_different_programs_have_different_texts(one, other):
    assert canonical(ast.parse(one)) != canonical(ast.parse(other))


@pytest.mark.parametrize(
    ("one", "other"), [("x = 'a' 'b'", "x = 'ab'"), ("x = f'{a}b' 'c'", "x = f'{a}' 'bc'"), ("x = u'a'", "x = 'a'")]
)
def test_the_same_text_in_other_pieces_is_the_same_program(one, other):
    assert canonical(ast.parse(one)) == canonical(ast.parse(other))


def test_the_digest_is_the_same_under_this_and_every_python_that_is_at_hand(root):
    assert digest(SAMPLE) == STORED
    code = (
        "import importlib.util as u, sys, ast, hashlib\n"
        "spec = u.spec_from_file_location('syntax', sys.argv[1]); m = u.module_from_spec(spec)\n"
        "spec.loader.exec_module(m)\n"
        "print(hashlib.sha256(m.canonical(ast.parse(sys.stdin.read())).encode()).hexdigest()[:16])"
    )
    for version in ("3.11", "3.12", "3.13"):
        python = shutil.which(f"python{version}")
        command = [python or sys.executable, "-I", "-c", code, str(root / "src/interplay/records/syntax.py")]
        done = subprocess.run(command, input=SAMPLE, capture_output=True, text=True)
        if python and done.returncode == 0:  # a name may lead to a version that is not installed
            assert done.stdout.strip() == STORED, version


def test_a_name_from_a_package_counts_as_the_module_that_defines_it(package):
    package(
        {
            "__init__.py": "",
            "tools/__init__.py": "from interplay.tools.hammer import Hammer\nfrom interplay.tools.saw import Saw as S\n"
            '__all__ = ["Hammer", "S"]\n',
            "tools/hammer.py": "from interplay.metal import steel\nclass Hammer: ...\n",
            "tools/saw.py": "class Saw: ...\n",
            "metal.py": "steel = 1\n",
            "shop/__init__.py": "from interplay.tools import Hammer\n__all__ = ['Hammer']\n",
            "one.py": "from interplay.shop import Hammer\n",
            "other.py": "def f():\n    from interplay.tools import S\n    return S\n",
            "submodule.py": "from interplay.tools import saw\n",
            "whole.py": "import interplay.tools\n",
        }
    )
    assert set(module_digests("interplay.one")) == {"interplay.one", "interplay.tools.hammer", "interplay.metal"}
    assert set(module_digests("interplay.other")) == {"interplay.other", "interplay.tools.saw"}
    assert set(module_digests("interplay.submodule")) == {"interplay.submodule", "interplay.tools.saw"}
    tools = {"interplay.tools", "interplay.tools.saw", "interplay.tools.hammer", "interplay.metal"}
    assert set(module_digests("interplay.whole")) == {"interplay.whole", *tools}


@pytest.mark.parametrize("table", ['{"Saw": "interplay.tools.saw"}', '{"Saw": "interplay.tools.saw:Saw"}', ""])
def test_names_that_a_package_fetches_lazily_are_followed(package, table):
    typed = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from interplay.tools.saw import Saw\n"
    fetch = f"_LAZY = {table}\ndef __getattr__(name): ...\n" if table else f"{typed}def __getattr__(name): ...\n"
    package(
        {
            "tools/__init__.py": fetch,
            "tools/saw.py": "class Saw: ...\n",
            "user.py": "from interplay.tools import Saw\n",
            "annotator.py": typed,
        }
    )
    assert set(module_digests("interplay.user")) == {"interplay.user", "interplay.tools.saw"}
    assert set(module_digests("interplay.annotator")) == {"interplay.annotator"}


def test_what_a_package_imports_for_its_effect_counts(package):
    package(
        {
            "checks/__init__.py": "from interplay.checks import first, second\n"
            "from interplay.checks.registry import run\n__all__ = ['run']\n",
            "checks/first.py": "from interplay.checks.registry import run\n",
            "checks/second.py": "",
            "checks/registry.py": "def run(): ...\n",
            "user.py": "from interplay.checks import run\n",
        }
    )
    assert {"interplay.checks.first", "interplay.checks.second"} <= set(module_digests("interplay.user"))
    package({"checks/__init__.py": "from interplay.checks import second\nsecond.start()\nfrom .registry import run\n"})
    assert {"interplay.checks", "interplay.checks.second"} <= set(module_digests("interplay.user"))


@pytest.mark.parametrize("text", ["interplay.readers.cifar", "interplay.readers.cifar:read"])
def test_a_module_that_a_string_names_counts(package, text):
    package({"readers/__init__.py": "", "readers/cifar.py": "def read(): ...\n", "user.py": f"READER = {text!r}\n"})
    assert set(module_digests("interplay.user")) == {"interplay.user", "interplay.readers.cifar"}
    package({"user.py": f'def f():\n    """{text}"""\n    return "see {text}"\n'})
    assert set(module_digests("interplay.user")) == {"interplay.user"}


def test_relative_imports_and_circles(package):
    package(
        {
            "a/__init__.py": "from .b import f\nfrom .c import f as g\n",
            "a/b.py": "from . import c\nfrom ..d import h\n",
            "a/c.py": "from interplay.a import f\n",
            "d.py": "from interplay.a import g\nh = 1\n",
        }
    )
    assert set(module_digests("interplay.d")) == {"interplay.d", "interplay.a.c", "interplay.a.b"}


def test_broken_code_is_one_line_that_names_file_and_line(package):
    package({"a.py": "x = 1\nx = = 2\n"})
    with pytest.raises(InterplayError, match=r"a\.py:2: not valid Python \(invalid syntax\)"):
        code_digest("interplay.a")


def test_every_import_of_the_package_is_found(root):
    """By a search of the text, which knows nothing of the tree: all that an experiment's own modules import counts."""
    for name in EXPERIMENTS:
        found = module_digests(f"interplay.experiments.{name}")
        own = [root / "src" / (module.replace(".", "/") + ".py") for module in found]
        for path in (path for path in own if path.is_file()):
            for line in re.findall(r"^from (interplay[\w.]*) import \w+$", path.read_text(), flags=re.MULTILINE):
                assert line in found or any(module.startswith(f"{line}.") for module in found), (path, line)


def test_what_scans_a_package_is_known(root):
    """No import leads to what a scan finds, so that it must count otherwise.

    Methods are picked by a setting (`code_of`); experiments and what they read stand in the plan, by their values.
    """
    scanning = set()
    for found in (module_digests(f"interplay.experiments.{name}") for name in EXPERIMENTS):
        for module in found:
            path = root / "src" / module.replace(".", "/")
            path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
            if re.search(r"iter_modules|walk_packages|entry_points", path.read_text()):
                scanning.add(module)
    assert scanning == {
        "interplay.experiments.semi_supervised.method",
        "interplay.protocols.experiments",
        "interplay.protocols.registry",
    }
