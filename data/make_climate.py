"""Write co2_monthly.csv and el_nino_monthly.csv from the copies that the statsmodels package ships."""

from pathlib import Path

import numpy as np
from statsmodels.datasets import co2, elnino

HERE = Path(__file__).parent


def write(name, header, years, months, values):
    rows = [f"{year}-{month:02d},{value:.2f}" for year, month, value in zip(years, months, values, strict=True)]
    (HERE / name).write_text("\n".join([header, *rows]) + "\n", newline="\n")


weekly = co2.load_pandas().data["co2"]
monthly = weekly.resample("MS").mean()  # five months have no measurement
print("interpolated:", *monthly.index[monthly.isna()].strftime("%Y-%m"))
write("co2_monthly.csv", "month,co2_ppm", monthly.index.year, monthly.index.month, monthly.interpolate())

table = elnino.load_pandas().data.to_numpy()  # a year and its twelve months
years, months = np.repeat(table[:, 0].astype(int), 12), np.tile(np.arange(1, 13), len(table))
write("el_nino_monthly.csv", "month,temperature_celsius", years, months, table[:, 1:].ravel())
