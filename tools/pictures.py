"""Draw the README's pictures from the explorers themselves: ``python tools/pictures.py``."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from rnn_lab import plots
from rnn_lab.explorers import cell, gradient_flow
from rnn_lab.live import Panel

FOLDER = Path(__file__).parents[1] / "docs"
DPI = 72


def picture(panel: Panel, **values: object) -> Image.Image:
    """Move the controls with these descriptions (an underscore stands for a space) and return what is drawn."""
    controls = {control.description: control for control in panel.children[0].children}
    for description, value in values.items():
        controls[description.replace("_", " ")].value = value
    return Image.open(io.BytesIO(panel.live.png(DPI))).convert("RGB")


def moving_cell() -> None:
    """Slide the radius of U up and down, and write what a learner sees as an animation."""
    panel = cell.explorer()
    radii = 0.85 - 0.3 * np.cos(np.linspace(0, 2 * np.pi, 24, endpoint=False))
    frames = [picture(panel, step_t=30, radius_of_U=radius).quantize(200) for radius in radii]
    frames[0].save(FOLDER / "cell.gif", save_all=True, append_images=frames[1:], duration=120, loop=0, optimize=True)


def main() -> None:
    """Write every picture."""
    plots.use_style()
    FOLDER.mkdir(exist_ok=True)
    moving_cell()
    picture(cell.explorer(), input="text", step_t=17, weight_W=2.0).save(FOLDER / "cell.png")
    picture(gradient_flow.explorer(), length_T=50, input_scale=1.0).save(FOLDER / "gradient_flow.png")


if __name__ == "__main__":
    main()
