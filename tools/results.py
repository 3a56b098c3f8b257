"""Gather every claim of the course into RESULTS.md and RESULTS.json: ``python tools/results.py``.

Each notebook is run from a fresh kernel, and its claims note themselves down as they are measured. Nothing here is
typed by hand, and nothing is written unless every claim holds.
"""

import json
import os
import platform
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from execute import execute
from nbclient.exceptions import CellExecutionError

from rnn_lab import claims, course

ROOT = Path(__file__).parents[1]
Record = dict[str, object]


def gather(notebook: Path) -> list[Record]:
    """Run a notebook and return its claims in order."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "claims.jsonl"
        log.touch()
        os.environ[claims.LOG] = str(log)
        execute(notebook)
        return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]


def as_markdown(results: dict[str, list[Record]], machine: str) -> str:
    """Lay the claims out as one table for each chapter."""
    lines = [
        "# Results",
        "",
        "Every claim of the course with the numbers behind it, written by `make results`; several numbers are given as",
        f"mean ± standard deviation over seeds. Measured on {machine}.",
    ]
    for chapter, records in results.items():
        lines += ["", f"## {chapter}", "", "| claim | measured |", "|---|---|"]
        lines += [f"| {record['sentence']} | {claims.describe(record['measured'])} |" for record in records]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run every chapter and write both files."""
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    machine += "".join(f", {name} {version(name)}" for name in ("numpy", "matplotlib"))
    results: dict[str, list[Record]] = {}
    for notebook in course.chapters():
        try:
            results[notebook.stem] = gather(notebook)
        except CellExecutionError as error:
            sys.exit(f"Nothing was written: {notebook.name} stopped.\n{error}")
        print(f"{notebook.name}: {len(results[notebook.stem])} claims hold.", flush=True)
    results = {chapter: records for chapter, records in results.items() if records}
    (ROOT / "RESULTS.json").write_text(
        json.dumps({"machine": machine, "claims": results}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    (ROOT / "RESULTS.md").write_text(as_markdown(results, machine), encoding="utf-8")


if __name__ == "__main__":
    main()
