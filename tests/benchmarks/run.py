"""Run every benchmark and write BENCHMARKS.md and BENCHMARKS.json: ``python tests/benchmarks/run.py``."""

import json
import os
import platform
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from benchmarks import frames, layers  # noqa: E402

BENCHMARKS = {"frames": frames, "layers": layers}


def main() -> None:
    """Run them one after the other, with nothing beside them."""
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    measured = {name: benchmark.measure() for name, benchmark in BENCHMARKS.items()}
    sections = [BENCHMARKS[name].as_markdown(numbers) for name, numbers in measured.items()]
    introduction = f"# Benchmarks\n\nWritten by `make bench` on {machine}. Compare ratios, not times.\n"
    content = json.dumps({"machine": machine, **measured}, indent=1) + "\n"
    (ROOT / "BENCHMARKS.json").write_text(content, encoding="utf-8")
    (ROOT / "BENCHMARKS.md").write_text("\n".join([introduction, *sections]), encoding="utf-8")


if __name__ == "__main__":
    main()
