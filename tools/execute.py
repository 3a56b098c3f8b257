"""Run notebooks in place, each from a fresh kernel: ``python tools/execute.py [NOTEBOOK ...]``.

What differs from run to run without telling a reader anything is left out: timing, the interpreter's version, and
widgets, which cannot live without their kernel (the picture beside them stays). A notebook that fails is not written.
"""

import argparse
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from traitlets.config import Config

from rnn_lab import course

SECONDS_A_CELL = 120
KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def execute(path: Path) -> nbformat.NotebookNode:
    """Return the notebook with the outputs of a run from a fresh kernel of this environment."""
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    NotebookClient(
        notebook,
        timeout=SECONDS_A_CELL,
        kernel_name="python3",
        resources={"metadata": {"path": path.parent}},
        coalesce_streams=True,
        record_timing=False,
        store_widget_state=False,
        config=Config(KernelManager={"transport_encryption": "auto"}),
    ).execute()
    notebook.metadata = {"kernelspec": KERNELSPEC, "language_info": {"name": "python"}}
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(WIDGET_VIEW, None)
    return notebook


def main() -> None:
    """Run the notebooks named on the command line, or all of them, and report how long each took."""
    parser = argparse.ArgumentParser(description="Run notebooks in place, each from a fresh kernel.")
    parser.add_argument("notebooks", nargs="*", type=Path, default=course.chapters(), metavar="NOTEBOOK")
    failed = []
    for path in parser.parse_args().notebooks:
        start = time.perf_counter()
        try:
            notebook = execute(path)
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            failed.append(path.name)
            print(f"{path.name}: failed after {time.perf_counter() - start:.1f} s, left as it was\n{error}", flush=True)
        else:
            course.write_atomically(path, (nbformat.writes(notebook) + "\n").encode())
            print(f"{path.name}: {time.perf_counter() - start:.1f} s", flush=True)
    if failed:
        sys.exit(f"Not written: {', '.join(failed)}")


if __name__ == "__main__":
    main()
