"""Texts in cells: a letter in each, drawn once, and a colour behind it that can move."""

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap
from numpy.typing import ArrayLike, NDArray

LINE_BREAK = "↵"


def _light(name: str, start: float, end: float) -> Colormap:
    """Return a part of a colour map, on which black letters can be read."""
    return LinearSegmentedColormap.from_list(f"light {name}", mpl.colormaps[name](np.linspace(start, end, 64)))


SIGNED = _light("RdBu_r", 0.2, 0.8)  # centred at zero, as the heat maps of states
GROWING = _light("YlOrRd", 0.0, 0.6)


def visible(text: str) -> str:
    """Return a text on one line, its line breaks as signs."""
    return text.replace("\n", LINE_BREAK)


def places(text: str, width: int) -> NDArray:
    """Return the row and the column of each character, shape (T, 2); a line ends at its break, or at the width."""
    found, row, column = [], 0, 0
    for character in text:
        if column == width:
            row, column = row + 1, 0
        found.append((row, column))
        row, column = (row + 1, 0) if character == "\n" else (row, column + 1)
    return np.array(found, int).reshape(-1, 2)


class Letters:
    """A text on a grid of cells.

    Parameters
    ----------
    axes : Axes
        Empty ones; the grid fills them.
    text : str
    width : int
        Characters in a row.
    cmap : Colormap
        `SIGNED` or `GROWING`.
    limits : pair of float
        The values of the first and the last colour.
    size : float
        Of the letters, in points.

    Attributes
    ----------
    image : AxesImage
        What moves.
    """

    def __init__(
        self, axes: Axes, text: str, width: int, cmap: Colormap, limits: tuple[float, float], size: float = 10
    ) -> None:
        self._places = places(text, width)
        self._shape = int(self._places[:, 0].max()) + 1, width
        axes.set_axis_off()
        self.image = axes.imshow(np.full(self._shape, np.nan), cmap=cmap, vmin=limits[0], vmax=limits[1], aspect="auto")
        for (row, column), character in zip(self._places, visible(text), strict=True):
            letter = axes.text(column, row, character, ha="center", va="center", family="monospace", size=size)
            letter.set(parse_math=False, color="0.6" if character == LINE_BREAK else "black")

    def shade(self, values: ArrayLike) -> None:
        """Give the first characters these values, and the rest no colour."""
        values = np.asarray(values)
        cells = np.full(self._shape, np.nan)
        rows, columns = self._places[: len(values)].T
        cells[rows, columns] = values
        self.image.set_data(cells)

    def place(self, index: int) -> tuple[int, int]:
        """Return the row and the column of a character."""
        row, column = self._places[index]
        return int(row), int(column)
