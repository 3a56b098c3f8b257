"""`make notebooks` stores what a reader needs and nothing that lives only in this run; a failure changes nothing."""

import subprocess
import sys
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

TOOL = Path(__file__).parents[1] / "tools" / "execute.py"
SOURCES = [
    "print('one', flush=True); print('two')",
    "import ipywidgets\nipywidgets.IntSlider()",
    "import pathlib\npathlib.Path.cwd().name",
]


def write(path, *sources):
    metadata = {"language_info": {"name": "python", "version": "2.7"}, "widgets": {}}
    nbformat.write(new_notebook(cells=[new_code_cell(source) for source in sources], metadata=metadata), path)


def execute(*paths):
    return subprocess.run([sys.executable, TOOL, *paths], capture_output=True, text=True)


def test_a_run_is_stored_without_what_lives_only_in_it(tmp_path):
    path = tmp_path / "chapter.ipynb"
    write(path, *SOURCES)
    ids = [cell.id for cell in nbformat.read(path, as_version=4).cells]

    result = execute(path)

    assert result.returncode == 0 and result.stdout.startswith("chapter.ipynb: ") and result.stderr == ""
    notebook = nbformat.read(path, as_version=4)
    printed, widget, folder = [cell.outputs[0] for cell in notebook.cells]
    assert printed.text == "one\ntwo\n"
    assert widget.data.keys() == {"text/plain"}
    assert folder.data["text/plain"] == repr(tmp_path.name)
    assert [cell.execution_count for cell in notebook.cells] == [1, 2, 3]
    assert [cell.id for cell in notebook.cells] == ids
    assert [cell.metadata for cell in notebook.cells] == [{}, {}, {}]
    assert notebook.metadata.language_info == {"name": "python"}
    assert notebook.metadata.kernelspec.name == "python3" and "widgets" not in notebook.metadata


def test_a_notebook_that_fails_is_left_as_it_was_and_the_others_are_run(tmp_path):
    bad, good = tmp_path / "bad.ipynb", tmp_path / "good.ipynb"
    write(bad, "1 + 1", "1 / 0")
    write(good, "1 + 1")
    before = bad.read_bytes()

    result = execute(bad, good)

    assert result.returncode == 1 and "Not written: bad.ipynb" in result.stderr
    assert "ZeroDivisionError" in result.stdout
    assert bad.read_bytes() == before
    assert nbformat.read(good, as_version=4).cells[0].execution_count == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.ipynb", "good.ipynb"]
