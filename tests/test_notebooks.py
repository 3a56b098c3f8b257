"""What nbval does not see: notebooks are saved as run in order, with outputs, pictures and alternative text."""

import ast
import base64
import io
import re

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from rnn_lab import course

LINES_A_CELL = 20
PROSE_A_CODE_CELL = 0.6
SHOWING = {"print", "show", "claim", "check", "explorer", "LiveFigure"}  # calls that leave an output
WIDGET_STATE = "application/vnd.jupyter.widget-state+json"
ABSOLUTE_PATH = re.compile(r"(?<![\w.:/])/(?:home|Users|root|tmp|var|work|mnt|private)/\w|\b[A-Z]:\\\w")
IMAGE_WITHOUT_ALT = re.compile(r"!\[\s*\]\(|<img(?![^>]*\balt=\"[^\"])[^>]*>")


def problems(notebook):
    """Return what is wrong with a notebook, each as a sentence that begins with the number of the cell."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    prose = [cell for cell in notebook.cells if cell.cell_type == "markdown"]
    found = []
    if notebook.metadata.get("kernelspec", {}).get("name") != "python3":
        found.append("the kernel is not python3")
    if "widgets" in notebook.metadata:
        found.append("the state of widgets is saved")
    if len(prose) < PROSE_A_CODE_CELL * len(code):
        found.append(f"{len(prose)} prose cells are too few for {len(code)} code cells")
    if not any("image/png" in output.get("data", {}) for cell in code for output in cell.outputs):
        found.append("there is no picture")
    for count, cell in enumerate(code, start=1):
        if cell.execution_count != count:
            found.append(f"code cell {count} was run as number {cell.execution_count}")
        if len(cell.source.splitlines()) > LINES_A_CELL:
            found.append(f"code cell {count} has more than {LINES_A_CELL} lines")
        if calls(cell.source) & SHOWING and not cell.outputs:
            found.append(f"code cell {count} shows something, but no output is saved")
        for output in cell.outputs:
            found += [f"code cell {count} {problem}" for problem in output_problems(output, cell)]
    for number, cell in enumerate(notebook.cells, start=1):
        if any(map(ABSOLUTE_PATH.search, texts(cell))):
            found.append(f"cell {number} names a path of one machine")
        if cell.cell_type == "markdown" and IMAGE_WITHOUT_ALT.search(cell.source):
            found.append(f"cell {number} has a picture without alternative text")
    return found


def output_problems(output, cell):
    """Yield what is wrong with one output of a code cell."""
    if output.output_type == "error" and "raises-exception" not in cell.metadata.get("tags", []):
        yield f"ended in {output.ename}"
    data = output.get("data", {})
    if "image/png" in data:
        pixels = plt.imread(io.BytesIO(base64.b64decode(data["image/png"])))
        if np.ptp(pixels[..., :3], axis=(0, 1)).max() < 0.1:
            yield "has a blank picture"
        if not output.metadata.get("image/png", {}).get("alt"):
            yield "has a picture without alternative text"
    if WIDGET_STATE in data:
        yield "saved the state of widgets"


def texts(cell):
    """Yield everything that a reader of a cell and its outputs reads."""
    yield cell.source
    for output in cell.get("outputs", []):
        yield output.get("text", "")
        yield from (value for kind, value in output.get("data", {}).items() if kind.startswith("text/"))


def calls(source):
    """Return the last names of all functions that the top level of a cell calls."""
    statements = [node for node in ast.parse(source).body if isinstance(node, ast.Expr)]
    functions = [node.value.func for node in statements if isinstance(node.value, ast.Call)]
    return {getattr(function, "attr", getattr(function, "id", "")) for function in functions}


@pytest.mark.parametrize("path", course.chapters(), ids=lambda path: path.stem)
def test_a_notebook_is_saved_as_a_reader_should_find_it(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert problems(notebook) == []


def picture(shade, **metadata):
    buffer = io.BytesIO()
    plt.imsave(buffer, np.stack([np.full((8, 8), 1.0), np.full((8, 8), shade)]).reshape(16, 8), vmin=0, vmax=1)
    data = {"image/png": base64.b64encode(buffer.getvalue()).decode()}
    return new_output("display_data", data=data, metadata={"image/png": metadata})


@pytest.fixture
def notebook():
    """A small notebook without fault."""
    cells = [
        new_markdown_cell("# A chapter\n\n![A cell](cell.png)"),
        new_code_cell("import math", execution_count=1),
        new_code_cell("plots.show(figure)", execution_count=2, outputs=[picture(0.0, alt="A line")]),
        new_markdown_cell("See https://example.org/home/page, `data/var/x` and a/b."),
        new_code_cell("print(1)", execution_count=3, outputs=[new_output("stream", text="1\n")]),
    ]
    return new_notebook(cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})


def test_a_notebook_without_fault_passes(notebook):
    assert problems(notebook) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda nb: nb.metadata.kernelspec.update(name="julia"), "the kernel is not python3"),
        (lambda nb: nb.metadata.update(widgets={}), "the state of widgets is saved"),
        (lambda nb: nb.cells.pop(0), "1 prose cells are too few for 3 code cells"),
        (lambda nb: nb.cells[2].update(source="figure", outputs=[]), "there is no picture"),
        (lambda nb: nb.cells[1].update(execution_count=5), "code cell 1 was run as number 5"),
        (lambda nb: nb.cells[1].update(execution_count=None), "code cell 1 was run as number None"),
        (lambda nb: nb.cells[1].update(source="x = 1\n" * 21), "code cell 1 has more than 20 lines"),
        (lambda nb: nb.cells[4].update(outputs=[]), "code cell 3 shows something, but no output is saved"),
        (
            lambda nb: nb.cells[4].update(outputs=[new_output("error", ename="ValueError", evalue="", traceback=[])]),
            "code cell 3 ended in ValueError",
        ),
        (lambda nb: nb.cells[2].update(outputs=[picture(1.0, alt="A line")]), "code cell 2 has a blank picture"),
        (
            lambda nb: nb.cells[2].update(outputs=[picture(0.0)]),
            "code cell 2 has a picture without alternative text",
        ),
        (
            lambda nb: nb.cells[4].update(outputs=[new_output("display_data", data={WIDGET_STATE: {}})]),
            "code cell 3 saved the state of widgets",
        ),
        (lambda nb: nb.cells[1].update(source="open('/home/me/x')"), "cell 2 names a path of one machine"),
        (lambda nb: nb.cells[3].update(source=r"see C:\Users\me"), "cell 4 names a path of one machine"),
        (
            lambda nb: nb.cells[4].outputs[0].update(text="/tmp/ipykernel_12/1.py:3: UserWarning"),
            "cell 5 names a path of one machine",
        ),
        (lambda nb: nb.cells[0].update(source="![](x.png)"), "cell 1 has a picture without alternative text"),
        (lambda nb: nb.cells[3].update(source='<img src="x">'), "cell 4 has a picture without alternative text"),
    ],
)
def test_a_fault_is_found(notebook, change, expected):
    change(notebook)
    assert problems(notebook) == [expected]


def test_a_cell_that_is_meant_to_fail_may_fail(notebook):
    notebook.cells[4].outputs = [new_output("error", ename="ValueError", evalue="", traceback=[])]
    notebook.cells[4].metadata["tags"] = ["raises-exception"]
    assert problems(notebook) == []
