"""Imports go one way: the mathematics below, what draws above it, the course on top."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import rnn_lab

PACKAGE = Path(__file__).parents[1] / "rnn_lab"
FILES = sorted(PACKAGE.rglob("*.py"))

# A part may import its own layer and those before it.
LAYERS = (
    {"nn"},
    {
        "models",
        "datasets",
        "decoding",
        "metrics",
        "evaluation",
        "detection",
        "training",
        "checkpoints",
        "audio",
        "augmentation",
        "transcription",
        "storage",
        "interop",
    },
    {"plots", "live", "claims"},
    {"explorers", "exercises"},
)
STAND_ASIDE = {"course", "environment", "server", "__main__"}
DRAWING = {"matplotlib", "mpl_toolkits", "ipywidgets", "anywidget", "IPython", "jupyterlab"}


def imported_modules(source, file):
    """Yield the dotted names of all modules that a file of the package imports, wherever in it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = ("rnn_lab", *file.relative_to(PACKAGE).parts)[: -node.level] if node.level else ()
            module = ".".join((*package, *filter(None, [node.module])))
            yield from (f"rnn_lab.{alias.name}" for alias in node.names) if module == "rnn_lab" else [module]


def violations(source, file):
    """Return what a file imports against the direction."""
    part = file.relative_to(PACKAGE).parts[0].removesuffix(".py")
    parts, others = set(), set()
    for module in imported_modules(source, file):
        top, *rest = module.split(".")
        (parts.add(rest[0]) if top == "rnn_lab" else others.add(top))
    others -= sys.stdlib_module_names
    if part == "__init__":
        return sorted(parts - {"nn"} | others)
    if part in STAND_ASIDE:
        return sorted(parts - STAND_ASIDE)
    layer = next((index for index, names in enumerate(LAYERS) if part in names), None)
    assert layer is not None, f"{part} belongs to no layer yet: add it to LAYERS in {__file__}"
    wrong = parts - set(rnn_lab.__all__) - set().union(*LAYERS[: layer + 1])
    if layer == 0:
        return sorted(wrong | (others - {"numpy"}))
    return sorted(wrong | (others & DRAWING if layer == 1 else set()))


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_imports_go_one_way(file):
    assert violations(file.read_text(encoding="utf-8"), file) == []


@pytest.mark.parametrize(
    ("file", "source", "wrong"),
    [
        ("nn/layers.py", "import scipy.special", "scipy"),
        ("nn/layers.py", "def f():\n    from rnn_lab.training import fit", "training"),
        ("nn/layers.py", "from ..models import forecaster", "models"),
        ("models/forecaster.py", "import matplotlib.pyplot as plt", "matplotlib"),
        ("training.py", "from ipywidgets import FloatSlider", "ipywidgets"),
        ("datasets/time_series.py", "from rnn_lab import plots", "plots"),
        ("live/figure.py", "from rnn_lab.explorers.cell import compute", "explorers"),
        ("claims.py", "from . import exercises", "exercises"),
        ("course.py", "from rnn_lab.nn import RNN", "nn"),
        ("__init__.py", "import rnn_lab.plots", "plots"),
        ("__init__.py", "import matplotlib", "matplotlib"),
    ],
)
def test_an_import_against_the_direction_is_found(file, source, wrong):
    assert violations(source, PACKAGE / file) == [wrong]


def test_the_package_itself_imports_numpy_alone():
    program = (
        "import sys; before = set(sys.modules); import rnn_lab;"
        "new = {name.split('.')[0] for name in set(sys.modules) - before} - sys.stdlib_module_names;"
        "print(*sorted(name for name in new if hasattr(sys.modules[name], '__file__')))"  # Cython's own have no file
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["numpy", "rnn_lab"]
