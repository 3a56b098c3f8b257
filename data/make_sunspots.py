"""Write sunspots_yearly.csv from the copy that the statsmodels package ships (pip install statsmodels)."""

from pathlib import Path

from statsmodels.datasets import sunspots

table = sunspots.load_pandas().data
rows = [f"{year:.0f},{number:g}" for year, number in zip(table["YEAR"], table["SUNACTIVITY"], strict=True)]
Path(__file__).with_name("sunspots_yearly.csv").write_text("\n".join(["year,sunspots", *rows]) + "\n", newline="\n")
