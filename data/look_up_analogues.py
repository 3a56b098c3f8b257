"""Forecast every series by analogues, and write analogue_results.json.

    python data/look_up_analogues.py

Of the variants, the one that does best on the choosing part is kept, as in train_forecasters.py, and judged on the test
part. This opponent came late: its results were added when those of train_forecasters.py were known.
"""

import json
from pathlib import Path

from rnn_lab.datasets.forecasting import TASKS
from rnn_lab.evaluation import following, rmse
from rnn_lab.models.classical import analogues, harmonic_profile

RESULTS = Path(__file__).with_name("analogue_results.json")
LENGTHS, NEIGHBOURS = (5, 10, 20, 40, 80), (5, 15, 40)


def run(task):
    """Return the chosen variant and its errors on both parts."""
    known, horizon = task.borders[0], task.horizon
    profile = harmonic_profile(task.values, known, task.harmonics, task.trend)
    truth = {part: following(task.values, task.origins(part), horizon) for part in ("choose", "test")}

    def error(part, length, neighbours, season_removed):
        season = profile if season_removed else 0 * profile
        origins = task.origins(part)
        forecast = analogues(task.values - season, origins, horizon, known, length, neighbours)
        return rmse(forecast + following(season, origins, horizon), truth[part])

    variants = {
        (length, neighbours, season_removed): error("choose", length, neighbours, season_removed)
        for length in LENGTHS
        for neighbours in NEIGHBOURS
        for season_removed in {False, bool(task.harmonics)}
        if known >= 4 * (length + horizon) + 2 * neighbours
    }
    chosen = min(variants, key=variants.get)
    settings = dict(zip(("length", "neighbours", "season_removed"), chosen, strict=True))
    return {"chosen": settings, "choose": variants[chosen], "test": error("test", *chosen)}


def main():
    results = {}
    for name, make in TASKS.items():
        results[name] = run(make())
        print(name, results[name], flush=True)
    RESULTS.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
