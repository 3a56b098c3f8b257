"""The lab in a real browser: chapter 00 opens in silence, the kernel is the environment's own, work stays safe."""

import json
import shutil
import sys
from pathlib import Path

import nbformat
import pytest
from browser.chromium import chromium_page
from browser.lab import open_notebook, run_all, running_lab, save

from rnn_lab import course

pytestmark = pytest.mark.browser

PROBE = "import sys\nprint(sys.executable)"
# Jupyter runs this file in its server: it reads back, from the system, the option of each kernel websocket's socket.
WATCH = """
import pathlib, socket
from rnn_lab.server import NoDelayConnection

def connect(self, original=NoDelayConnection.connect):
    connected = original(self)
    option = self.websocket_handler.ws_connection.stream.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    pathlib.Path({report!r}).write_text(str(option))
    return connected

NoDelayConnection.connect = connect
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The lab on a machine whose user has another kernel under the name of Python's."""
    work, other = tmp_path_factory.mktemp("work"), tmp_path_factory.mktemp("other")
    kernel = {"argv": ["another-python", "{connection_file}"], "display_name": "Another", "language": "python"}
    course.write_atomically(other / "kernels" / "python3" / "kernel.json", json.dumps(kernel).encode())
    watch = WATCH.format(report=str(work / "nodelay"))
    course.write_atomically(work / ".lab" / "config" / "jupyter_server_config.py", watch.encode())
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(
        nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(PROBE)], metadata=metadata), work / "probe.ipynb"
    )
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("JUPYTER_PATH", str(other))
        environment.setenv("JUPYTER_DATA_DIR", str(other))
        with running_lab(work) as lab:
            yield lab


@pytest.fixture
def page(lab):
    """A page that fails its test if the browser's console shows an error or the terminal a warning."""
    errors = []
    with chromium_page(viewport={"width": 1280, "height": 900}) as page:
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        yield page
    assert errors == []
    assert [line for line in lab.log.read_text().splitlines() if line.startswith(("[W ", "[E "))] == []


def test_the_lab_opens_the_first_chapter_and_nothing_pops_up(lab, page):
    first = course.chapters()[0]
    page.goto(f"{lab.url}/?token={lab.token}")
    page.wait_for_selector(".jp-NotebookPanel .jp-MarkdownCell h1", timeout=60_000)
    assert page.url.startswith(f"{lab.url}/lab/tree/{first.name}")
    page.wait_for_timeout(3000)
    assert page.locator(".Toastify__toast, .jp-Dialog").all_inner_texts() == []


def test_the_kernel_is_this_environments_and_answers_without_delay(lab, page):
    open_notebook(page, lab, "probe.ipynb")
    assert run_all(page) == []
    shown = page.locator(".jp-OutputArea-output").inner_text().strip()
    assert Path(shown) == Path(sys.executable)
    assert (lab.work / "nodelay").read_text() == "1"


def test_a_change_made_in_the_browser_survives_an_update_of_the_course(lab, page, tmp_path):
    first = course.chapters()[0]
    open_notebook(page, lab, first.name)
    page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.content.model.cells.get(0).sharedModel.setSource('My own words')"
    )
    save(page)
    newer = Path(shutil.copytree(course.NOTEBOOKS, tmp_path / "notebooks"))
    chapter = nbformat.read(newer / first.name, as_version=4)
    chapter.cells.append(nbformat.v4.new_markdown_cell("A better ending"))
    nbformat.write(chapter, newer / first.name)

    (sentence,) = course.sync(lab.work, newer)

    assert f"Left {first.name}, which holds your changes" in sentence
    assert nbformat.read(lab.work / first.name, as_version=4).cells[0].source == "My own words"
    pristine = course.fresh(first.stem, lab.work, newer)
    assert pristine.read_bytes() == (newer / first.name).read_bytes()
