"""Figures with every kind of artist that the course moves."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.patches import Circle, FancyArrowPatch

X = np.linspace(0, 10, 200)
CASES = {}


def case(make):
    """Register a figure: `make(rng)` returns it, its live artists and a function that changes them."""
    CASES[make.__name__] = make
    return make


def one_axes(**properties):
    fig, ax = plt.subplots(figsize=(4, 3), dpi=100)
    ax.set(**properties)
    return fig, ax


@case
def line(rng):
    fig, ax = one_axes(xlim=(0, 10), ylim=(-1.2, 1.2))
    (sine,) = ax.plot(X, np.sin(X))
    return fig, [sine], lambda: sine.set_ydata(np.cos(X))


@case
def dashed_and_transparent_lines_beyond_the_axes(rng):
    fig, ax = one_axes(xlim=(0, 10), ylim=(-0.5, 0.5))
    (dashed,) = ax.plot(X, np.sin(X), "--", lw=4, alpha=0.5)
    (dotted,) = ax.plot(X, np.cos(X), "-.", lw=2, color=(1, 0, 0, 0.4))
    return fig, [dashed, dotted], lambda: dashed.set_ydata(1.5 * np.sin(X))


@case
def markers(rng):
    fig, ax = one_axes(xlim=(0, 10), ylim=(-1.2, 1.2))
    x = X[::12]
    lines = [ax.plot(x, 0.9 * np.sin(x + i), f"{m}-", ms=6, mec="k")[0] for i, m in enumerate("os^D+x*")]
    return fig, lines, lambda: lines[0].set_ydata(np.cos(x))


@case
def line_with_missing_values(rng):
    fig, ax = one_axes(xlim=(0, 10), ylim=(-20, 20))
    walk = rng.normal(size=1000).cumsum() / 2
    walk[400:450] = np.nan
    (curve,) = ax.plot(np.linspace(0, 10, 1000), np.zeros(1000))
    return fig, [curve], lambda: curve.set_ydata(walk)


@case
def steps_snapped_to_pixels(rng):
    fig, ax = one_axes(xlim=(0, 10), ylim=(-1.2, 1.2))
    (steps,) = ax.step(X[::10], np.sign(np.sin(X[::10])), lw=1)
    level, moment = ax.axhline(0.3, lw=1, color="k"), ax.axvline(3.3, lw=0.8, color="C1")
    return fig, [steps, level, moment], lambda: level.set_ydata([0.41, 0.41])


@case
def log_axes(rng):
    fig, ax = one_axes(xscale="log", yscale="log", xlim=(1e-2, 1e3), ylim=(1e-3, 1e2))
    ax.grid(True, which="both", alpha=0.3)
    x = np.logspace(-3, 4, 80)
    (root,) = ax.plot(x, x**0.5, "o-", ms=3)
    points = ax.scatter(x, x**-0.5, c=np.log(x), s=15)
    return fig, [root, points], lambda: root.set_ydata(x**0.7 / 3)


@case
def still_artists_between_moving_ones(rng):
    fig, ax = one_axes(xlim=(0, 10), ylim=(-1, 1))
    (below,) = ax.plot(X, np.sin(X), lw=8, zorder=1)
    ax.axvspan(2, 4, color="y", alpha=0.6, zorder=2)
    (above,) = ax.plot(X, np.cos(X), lw=8, zorder=3)
    ax.plot(X, -np.sin(X), "k", lw=5, zorder=4)
    ax.legend(["line", "span"], loc="center")
    return fig, [below, above], lambda: below.set_ydata(np.sin(2 * X))


@case
def grid_between_heat_map_and_line(rng):
    fig, ax = one_axes()
    image = ax.imshow(rng.random((20, 30)), aspect="auto", interpolation="nearest")
    ax.grid(True, color="w")
    (diagonal,) = ax.plot([0, 29], [0, 19], "r", lw=6)
    return fig, [image, diagonal], lambda: image.set_data(rng.random((20, 30)))


@case
def axes_over_axes(rng):
    fig, ax = one_axes(xlim=(0, 10), ylim=(-1.2, 1.2))
    (wide,) = ax.plot(X, np.sin(X), lw=9)
    inside, over = ax.inset_axes([0.1, 0.1, 0.3, 0.3]), fig.add_axes((0.6, 0.5, 0.25, 0.3), facecolor="0.9")
    (small,) = inside.plot(X, X)
    (other,) = over.plot(X, -X, "r")
    return fig, [wide, small, other], lambda: [artist.set_ydata(np.cos(X)) for artist in (wide, small)]


@case
def text_aligned_and_turned(rng):
    fig, ax = one_axes(xlim=(0, 1), ylim=(0, 1))
    columns = [("left", 0), ("center", 90), ("right", 33), ("center", 0)]
    texts = [
        ax.text(0.1 + 0.26 * i, 0.15 + 0.3 * j, f"{across[0]}{down} 1.2g", ha=across, va=down, rotation=turn, size=9)
        for i, (across, turn) in enumerate(columns)
        for j, down in enumerate(["top", "center", "baseline"])
    ]
    return fig, [*texts, ax.title], lambda: ax.title.set_text("Live title gypq 3.14")


@case
def text_with_formulas_and_boxes(rng):
    fig, ax = one_axes(xlim=(0, 1), ylim=(0, 1))
    frame = {"boxstyle": "round", "fc": "wheat"}
    boxed = ax.text(0.5, 0.9, "two\nlines $\\frac{\\alpha}{2}$", ha="center", va="top", bbox=frame, size=8)
    formula = ax.text(0.1, 0.3, "", size=14)
    return fig, [boxed, formula], lambda: formula.set_text("$h_t = \\tanh(W x_t + U h_{t-1} + \\sqrt{b})$")


@case
def text_of_many_numbers(rng):
    fig, ax = one_axes(xlim=(0, 1), ylim=(0, 1))
    texts = [ax.text(0.07 + 0.3 * i, 0.1 + 0.13 * j, f"value {i}.{j}") for i in range(3) for j in range(6)]
    return fig, texts, lambda: [text.set_text("other " + text.get_text()[-3:]) for text in texts]


@case
def scatter_of_sizes_and_colours(rng):
    fig, ax = one_axes(xlim=(0, 1), ylim=(0, 1))
    points = ax.scatter(*rng.random((2, 80)), s=rng.random(80) * 300, c=rng.random(80), alpha=0.6, edgecolors="k")
    return fig, [points], lambda: points.set_offsets(rng.random((80, 2)))


@case
def scatter_of_squares(rng):
    fig, ax = one_axes(xlim=(0, 1), ylim=(0, 1))
    points = ax.scatter(*rng.random((2, 80)), s=36, marker="s", linewidths=2)
    return fig, [points], lambda: points.set_offsets(rng.random((80, 2)))


@case
def bars_and_errorbars(rng):
    fig, ax = one_axes(xlim=(-1, 20), ylim=(0, 1.2))
    bars = ax.bar(range(20), rng.random(20), edgecolor="k", alpha=0.7)
    errors = ax.errorbar(range(20), rng.random(20), yerr=0.1, fmt="ko", ms=3, capsize=2)
    return (
        fig,
        [bars, errors],
        lambda: [bar.set_height(height) for bar, height in zip(bars, rng.random(20), strict=True)],
    )


@case
def filled_band_and_line_collection(rng):
    fig, ax = one_axes(xlim=(0, 10), ylim=(-1.5, 1.5))
    band = ax.fill_between(X, np.sin(X) - 0.3, np.sin(X) + 0.3, alpha=0.3)
    curves = [np.column_stack([X, np.sin(X + i) * 0.8]) for i in range(6)]
    lines = ax.add_collection(LineCollection(curves, array=np.arange(6), linewidths=1.5))
    return fig, [band, lines], lambda: lines.set_segments([curve * [1, 0.5] for curve in curves])


@case
def line_collection_of_several_styles(rng):
    fig, ax = one_axes(xlim=(0, 10), ylim=(-1.5, 1.5))
    curves = [np.column_stack([X, np.sin(X + i) * 0.8]) for i in range(3)]
    lines = ax.add_collection(LineCollection(curves, linestyles=["-", "--", ":"], linewidths=[1, 2, 3]))
    return fig, [lines], lambda: lines.set_segments([curve * [1, 0.5] for curve in curves])


@case
def quiver(rng):
    fig, ax = one_axes(xlim=(-2.2, 2.2), ylim=(-2.2, 2.2))
    x, y = np.meshgrid(np.linspace(-2, 2, 15), np.linspace(-2, 2, 15))
    arrows = ax.quiver(x, y, -y, x, np.hypot(x, y), angles="xy", scale=30, width=0.004)
    return fig, [arrows], lambda: arrows.set_UVC(x - y, x + y, np.hypot(y, x))


@case
def image_bilinear_and_zoomed(rng):
    fig, ax = one_axes()
    image = ax.imshow(rng.random((20, 30)), aspect="auto", alpha=0.7, interpolation="bilinear")
    ax.set(xlim=(3.3, 20.2), ylim=(4, 15.7))
    return fig, [image], lambda: image.set_data(rng.random((20, 30)))


@case
def image_nearest_zoomed_and_inverted(rng):
    fig, ax = one_axes()
    image = ax.imshow(rng.random((20, 30)), aspect="auto", alpha=0.7, interpolation="nearest")
    ax.set(xlim=(20.2, 3.3), ylim=(4, 15.7))
    return fig, [image], lambda: image.set_data(rng.random((20, 30)))


@case
def image_of_more_cells_than_pixels(rng):
    fig, ax = one_axes()
    image = ax.imshow(rng.random((700, 700)), aspect="auto", interpolation="nearest")
    return fig, [image], lambda: image.set_data(rng.random((700, 700)))


@case
def image_antialiased_by_default(rng):
    fig, ax = one_axes()
    image = ax.imshow(rng.random((64, 200)), aspect="auto")
    return fig, [image], lambda: image.set_data(rng.random((64, 200)))


@case
def image_with_missing_and_extreme_values(rng):
    fig, ax = one_axes()
    values = rng.normal(size=(20, 30))
    values[3:6, 4:9] = np.nan
    colours = plt.get_cmap("viridis").with_extremes(over="r", under="k", bad="0.8")
    image = ax.imshow(values, aspect="auto", vmin=-1, vmax=1, cmap=colours, interpolation="nearest")
    return fig, [image], lambda: image.set_data(values[::-1])


@case
def image_with_an_alpha_for_each_cell(rng):
    fig, ax = one_axes(facecolor="y")
    image = ax.imshow(rng.random((20, 30)), aspect="auto", interpolation="nearest", alpha=rng.random((20, 30)))
    return fig, [image], lambda: image.set_data(rng.random((20, 30)))


@case
def image_in_a_circle(rng):
    fig, ax = one_axes()
    image = ax.imshow(rng.random((20, 30)), aspect="auto", interpolation="nearest")
    image.set_clip_path(Circle((15, 10), 7, transform=ax.transData))
    return fig, [image], lambda: image.set_data(rng.random((20, 30)))


@case
def colour_limits_with_colour_bar(rng):
    fig, ax = one_axes()
    image = ax.imshow(rng.random((20, 30)), aspect="auto", interpolation="nearest")
    fig.colorbar(image)
    return fig, [image], lambda: image.set_clim(-1, 3)


@case
def pcolormesh(rng):
    fig, ax = one_axes()
    mesh = ax.pcolormesh(rng.random((20, 30)))
    return fig, [mesh], lambda: mesh.set_array(rng.random((20, 30)))


@case
def contours_made_anew(rng):
    fig, ax = one_axes(xlim=(0, 29), ylim=(0, 19))
    contours = [ax.contourf(rng.random((20, 30)))]

    def change():
        contours.pop().remove()
        contours.append(ax.contourf(np.add.outer(np.arange(20), np.arange(30)), 12))
        contours[0].set_animated(True)

    return fig, list(contours), change


@case
def polar_axes(rng):
    fig = plt.figure(figsize=(4, 3), dpi=100)
    ax = fig.add_subplot(projection="polar", rmax=0.7)
    (spiral,) = ax.plot(X, X / 10, lw=3)
    return fig, [spiral], lambda: spiral.set_ydata(X / 8)


@case
def twin_axes(rng):
    fig, ax = one_axes(xlim=(0, 10), ylim=(-1, 1))
    (left,) = ax.plot(X, np.sin(X), lw=3)
    other = ax.twinx()
    (right,) = other.plot(X, 5 * np.cos(X), "r", lw=3)
    other.set_ylim(-6, 6)
    return fig, [left, right], lambda: left.set_ydata(np.sin(X + 1))


@case
def hatched_bars(rng):
    fig, ax = one_axes(xlim=(-1, 3), ylim=(0, 1))
    bars = ax.bar(range(3), [0.3, 0.6, 0.9], hatch="//")
    return fig, [bars], lambda: bars[0].set_height(0.5)


@case
def text_with_arrows(rng):
    fig, ax = one_axes(xlim=(0, 10), ylim=(-1, 1))
    note = ax.annotate("here", (2, 0), (6, 0.5), arrowprops={"arrowstyle": "->", "connectionstyle": "arc3,rad=0.3"})
    arrow = ax.add_patch(FancyArrowPatch((1, -0.8), (8, -0.2), arrowstyle="-|>", mutation_scale=20, lw=2, color="C1"))
    return fig, [note, arrow], lambda: arrow.set_positions((2, -0.5), (9, 0.8))


@case
def limits_that_follow_the_data(rng):
    fig, ax = one_axes()
    (curve,) = ax.plot(X, np.sin(X))

    def change():
        curve.set_ydata(50 * np.cos(X))
        ax.relim()
        ax.autoscale_view()

    return fig, [curve], change


@case
def still_artists_that_change(rng):
    fig, ax = one_axes()
    (moving,), (still,) = ax.plot(X, np.sin(X)), ax.plot(X, np.cos(X))

    def change():
        ax.set(xlabel="new label", xticks=[0, 5], xticklabels=["zero", "five"])
        still.set_color("r")
        ax.axhline(0.2)

    return fig, [moving], change
