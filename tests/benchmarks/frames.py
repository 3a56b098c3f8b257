"""From key press to new picture, in a real browser, on the chapters' own explorers.

Fifty paced keys on one slider of each explorer; the page notes when a key goes down and when the stamp of the new
position is on the screen. Two explorers are also drawn under `interact`, in the same run of the same lab.
"""

import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
import numpy as np
from browser.chromium import chromium_page
from browser.lab import CURRENT_PANEL, Lab, open_notebook, run_all, running_lab

KEYS = 50
PAUSE = 30  # milliseconds between a new picture and the next key


class Explorer(NamedTuple):
    """An explorer: its module, how it is called, its slider that moves, and how far it moves to and fro."""

    module: str
    call: str
    watched: str
    span: int = 10


EXPLORERS = [
    Explorer("cell", "explorer()", "radius"),
    Explorer("gradient_flow", "explorer()", "radius"),
    Explorer("gates", "explorer(*recalling())", "bias"),
    Explorer("memory", "explorer(memory_curves())", "lag", span=1),
    Explorer("autocomplete", "explorer()", "temperature"),
    Explorer("text_units", "explorer(docstrings().test[:20_000])", "rank"),
    Explorer("look_back", "explorer()", "place"),
    Explorer("sentiment", "explorer(*judging())", "read"),
    Explorer("translation", "explorer(spelling())", "number"),
    Explorer("speech", "explorer(*hearing())", "noise"),
    Explorer("lattice", "explorer(*aligning())", "step", span=5),
    Explorer("forecast", "explorer(*forecasting())", "ahead", span=2),
    Explorer("anomaly", "explorer(*beating())", "place"),
    Explorer("state_space", "explorer(*circling())", "time"),
    Explorer("scene_editor", "explorer(bundled_captioner())", "x2"),
    Explorer("feature_maps", "explorer(bundled_captioner().encoder)", "filter"),
    Explorer("saliency", "explorer(bundled_captioner())", "word", span=7),
]
RECORDING = Explorer("unrolled", "explorer()", "")
COMPARED = ("cell", "gradient_flow")  # these are drawn under `interact` too
WAYS = {
    "live": "show_live(module, lambda: module.{call}, {watched!r})",
    "interact, drawn anew": "show_interact(module, lambda: module.{call}, {watched!r}, keep_figure=False)",
    "interact, figure kept": "show_interact(module, lambda: module.{call}, {watched!r}, keep_figure=True)",
}
SET_UP = """\
import sys
sys.path.insert(0, {tests!r})
from benchmarks.stamped import aligning, beating, circling, forecasting, hearing, judging, recalling, spelling
from benchmarks.stamped import show_interact, show_live
from rnn_lab import plots
from rnn_lab.datasets.memory import memory_curves
from rnn_lab.datasets.text import docstrings
from rnn_lab.models import bundled_captioner
from rnn_lab.explorers import {module} as module
plots.use_style()"""
WATCH = """panel => {
    const keys = (window.keysDown = []), pictures = (window.pictures = []);
    addEventListener('keydown', event => keys.push(performance.now()), true);
    const root = document.querySelector(panel);
    const pixel = Object.assign(document.createElement('canvas'), {width: 1, height: 1})
        .getContext('2d', {willReadFrequently: true});
    const look = () => {
        requestAnimationFrame(look);
        const canvas = root.querySelector('canvas.rnn-lab-live');
        const picture = canvas || [...root.querySelectorAll('.jp-OutputArea-output img')].at(-1);
        if (!picture || (!canvas && !picture.naturalWidth)) return;
        const height = canvas ? picture.height : picture.naturalHeight;
        pixel.drawImage(picture, 16, height - 17, 1, 1, 0, 0, 1, 1);  // pictures of interact have a margin of 10
        const [red, green, , alpha] = pixel.getImageData(0, 0, 1, 1).data;
        const position = Math.round(red / 2);
        if (alpha === 255 && red === green && position !== pictures.at(-1)?.[1])
            pictures.push([performance.now(), position]);
    };
    requestAnimationFrame(look);
}"""


def measure() -> dict[str, Any]:
    """Return the median and the 95th percentile in milliseconds, for each explorer and each way to draw it."""
    measured: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder, running_lab(Path(folder) / "work") as lab:
        for explorer in EXPLORERS:
            ways = WAYS if explorer.module in COMPARED else {"live": WAYS["live"]}
            measured[explorer.module] = {way: _latency(lab, explorer, show) for way, show in ways.items()}
        measured[RECORDING.module] = {"recording, no kernel": _latency(lab, RECORDING, WAYS["live"])}
    return measured


def as_markdown(measured: dict[str, Any]) -> str:
    """Lay the latencies out as a table."""
    rows = ["| explorer | drawn | median, ms | 95th percentile, ms | times quicker |", "|---|---|---|---|---|"]
    for explorer, ways in measured.items():
        live = next(iter(ways.values()))
        for way, numbers in ways.items():
            ratio = "" if numbers is live else f"{numbers['p95'] / live['p95']:.1f}"
            rows.append(f"| {explorer} | {way} | {numbers['median']:.0f} | {numbers['p95']:.0f} | {ratio} |")
    return "\n".join(
        [
            "## From key press to new picture",
            "",
            f"{KEYS} paced keys on a slider in headless Chromium; *times quicker* compares the 95th percentiles of the",
            "live figure and of the way in the row.",
            "",
            *rows,
            "",
        ]
    )


def _latency(lab: Lab, explorer: Explorer, show: str) -> dict[str, float]:
    call = show.format(**explorer._asdict())
    cells = [SET_UP.format(tests=str(Path(__file__).parents[1]), module=explorer.module), call]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    notebook.metadata["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": "python3"}
    nbformat.write(notebook, lab.work / "benchmark.ipynb")
    with chromium_page(viewport={"width": 1400, "height": 1100}) as page:
        open_notebook(page, lab, "benchmark.ipynb")
        errors = run_all(page)
        if errors:
            raise RuntimeError(f"{call}: {errors}")
        page.evaluate(WATCH, CURRENT_PANEL)
        page.wait_for_function("() => pictures.length > 0")
        _focus(page, explorer.watched)
        directions = [1 if key // explorer.span % 2 == 0 else -1 for key in range(KEYS + 6)]
        latencies = [_press(page, direction) for direction in directions][6:]  # six to warm up
        page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    return {"median": float(np.median(latencies)), "p95": float(np.percentile(latencies, 95))}


def _focus(page: Any, watched: str) -> None:
    slider = page.locator(f"{CURRENT_PANEL} .widget-slider")
    if watched:
        slider = slider.filter(has_text=watched)
    slider.first.locator(".noUi-handle").focus()


def _press(page: Any, direction: int) -> float:
    """Press an arrow key and return the milliseconds until the picture of the next position is on the screen."""
    position = page.evaluate("() => pictures.at(-1)[1]") + direction
    page.keyboard.press("ArrowRight" if direction > 0 else "ArrowLeft")
    page.wait_for_function("position => pictures.at(-1)[1] === position", arg=position, timeout=20_000)
    page.wait_for_timeout(PAUSE)
    return page.evaluate("() => pictures.at(-1)[0] - keysDown.at(-1)")
