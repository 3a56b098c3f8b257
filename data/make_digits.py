"""Write digits.csv from the copy that the scikit-learn package ships (pip install scikit-learn)."""

from pathlib import Path

from sklearn.datasets import load_digits

digits = load_digits()
header = ",".join(["digit", *(f"pixel{place}" for place in range(64))])
rows = [
    ",".join(f"{number:.0f}" for number in [digit, *pixels])
    for digit, pixels in zip(digits.target, digits.data, strict=True)
]
Path(__file__).with_name("digits.csv").write_text("\n".join([header, *rows]) + "\n", newline="\n")
