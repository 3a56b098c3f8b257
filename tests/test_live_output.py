"""What a notebook keeps of live figures: the same at each run, with a picture for those who read it unexecuted."""

import subprocess
import sys

import nbclient
import nbformat
import pytest
from nbconvert import HTMLExporter

SETUP = """
import ipywidgets
import matplotlib.pyplot as plt
import numpy as np
from rnn_lab.live import LiveFigure

def sine():
    fig, ax = plt.subplots(figsize=(3, 2))
    (line,) = ax.plot(np.sin(np.arange(50) / 5))
    return LiveFigure(fig, line, alt='A sine < its "gain"'), line
"""
EXPLORE = """
live, line = sine()
live.explore(lambda gain: line.set_ydata(gain * np.sin(np.arange(50) / 5)), gain=ipywidgets.FloatSlider(value=1))
"""
RECORD = """
live, line = sine()
live.record(lambda gain: line.set_ydata(gain * np.sin(np.arange(50) / 5)), [0.5, 1], play=True)
"""
PLAIN = "live, line = sine()\nlive"


@pytest.fixture(scope="module")
def notebook(tmp_path_factory):
    """An executed notebook with live figures of each kind, and its path."""
    path = tmp_path_factory.mktemp("notebooks") / "live.ipynb"
    cells = [nbformat.v4.new_code_cell(source) for source in (SETUP, EXPLORE, RECORD, PLAIN)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    nbclient.NotebookClient(notebook, store_widget_state=False).execute()
    nbformat.write(notebook, path)
    return notebook, path


def test_each_figure_leaves_a_description_a_picture_and_the_widget(notebook):
    for cell in notebook[0].cells[1:]:
        description, picture, widget = (output.data for output in cell.outputs)
        assert description["text/plain"] == 'A sine < its "gain"'
        assert "A sine &lt; its &quot;gain&quot;" in description["text/html"]
        assert picture["text/plain"] == 'A sine < its "gain"'
        assert cell.outputs[1].metadata["image/png"]["alt"] == 'A sine < its "gain"'
        assert picture["image/png"].startswith("iVBORw0KGgo")  # the signature of a PNG file
        assert "run this cell" in widget["text/plain"]
        assert "application/vnd.jupyter.widget-view+json" in widget


def test_a_second_run_gives_the_same_outputs(notebook):
    path = notebook[1]
    path.with_name("pytest.ini").write_text("[pytest]\n")  # not the settings of this suite
    command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-p", "no:cacheprovider", path.name]
    run = subprocess.run(command, cwd=path.parent, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout
    assert "4 passed" in run.stdout


def test_a_static_page_has_the_picture_and_its_description(notebook):
    page, _ = HTMLExporter(template_name="lab").from_notebook_node(notebook[0])
    assert page.count("<img") == page.count("<span>A sine &lt; its") == 3
