"""The scripts beside the package are loaded by path, as they are run."""

import importlib.util
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def root():
    return ROOT


@pytest.fixture(scope="session")
def load_script():
    """Loads a module of the repository that is not part of the package."""

    def load(path):
        if (beside := str((ROOT / path).parent)) not in sys.path:  # as it is where a script is run
            sys.path.append(beside)
        name = Path(path).parent.name if Path(path).stem == "__init__" else Path(path).stem
        spec = importlib.util.spec_from_file_location(name, ROOT / path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        return module

    return load
