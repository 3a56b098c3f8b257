"""Run benchmarks and write BENCHMARKS.md and BENCHMARKS.json: ``python tests/benchmarks/run.py [name ...]``.

With names only these run, and the numbers of the others stay.
"""

import json
import os
import platform
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from benchmarks import convolution, frames, growth, layers, recognizer_step, training_step  # noqa: E402

BENCHMARKS = {
    "frames": frames,
    "layers": layers,
    "training_step": training_step,
    "convolution": convolution,
    "recognizer_step": recognizer_step,
    "growth": growth,
}
NUMBERS = ROOT / "BENCHMARKS.json"


def main(names: list[str]) -> None:
    """Run them one after the other, with nothing beside them."""
    unknown = set(names) - BENCHMARKS.keys()
    if unknown:
        sys.exit(f"There is no benchmark {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}.")
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    measured = json.loads(NUMBERS.read_text(encoding="utf-8")) | {"machine": machine}
    for name in names or BENCHMARKS:
        measured[name] = BENCHMARKS[name].measure()
        if name == "growth":
            growth.draw(measured[name], ROOT)
    NUMBERS.write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
    sections = [BENCHMARKS[name].as_markdown(measured[name]) for name in BENCHMARKS if name in measured]
    introduction = f"# Benchmarks\n\nWritten by `make bench` on {machine}. Compare ratios, not times.\n"
    (ROOT / "BENCHMARKS.md").write_text("\n".join([introduction, *sections]), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
