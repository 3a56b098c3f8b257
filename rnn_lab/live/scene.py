"""What moves in a figure, what stands still, and which of them lies on top."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure, SubFigure
from matplotlib.spines import Spine
from matplotlib.transforms import Bbox

WHOLE_FIGURE = Bbox.unit()


@dataclass(frozen=True)
class Scene:
    """A figure as a stack of stages, bottom to top: still ones (0, 2, 4, ...) and moving ones (1, 3, 5, ...).

    Attributes
    ----------
    stages : list of lists of artists
    fingerprint : tuple
        Differs when a still artist came, went or changed its place in the stack, or axes changed limits or place.
    """

    stages: list[list[Artist]]
    fingerprint: tuple[Any, ...]

    @property
    def still(self) -> list[list[Artist]]:
        """The stages that a backdrop holds; the lowest is always there, perhaps empty."""
        return self.stages[0::2]

    @property
    def moving(self) -> list[list[Artist]]:
        """The stages that are drawn anew in each frame."""
        return self.stages[1::2]


def arrange(fig: Figure) -> Scene:
    """Sort everything that a figure draws into stages, as few as keep matplotlib's drawing order.

    An artist that is marked as animated moves. Axes that lie apart cannot hide each other, so each fills the stages
    from the lowest on; what overlaps something drawn earlier starts no lower than that ended.
    """
    stages: list[list[Artist]] = [[]]
    placed: list[tuple[Bbox, int]] = []
    for box, part in _parts(fig):
        stage = max((end for other, end in placed if box.fully_overlaps(other)), default=0)
        for artist in _drawing_order(part) if isinstance(part, Axes) else [part]:
            stage += (stage % 2) != artist.get_animated()
            while len(stages) <= stage:
                stages.append([])
            stages[stage].append(artist)
        placed.append((box, stage))
    order = [list(map(id, stage)) for stage in stages[0::2]]
    # To read viewLim also settles an autoscaling that matplotlib has put off.
    geometry = [(ax.get_position(original=True).bounds, ax.viewLim.bounds, ax.get_aspect()) for ax in fig.axes]
    return Scene(stages, (order, geometry, tuple(fig.get_size_inches())))


@contextmanager
def animated(artists: list[Artist], value: bool) -> Iterator[None]:
    """Mark artists as animated, or not, for a while: matplotlib leaves animated ones out when it draws a figure."""
    before = [artist.get_animated() for artist in artists]
    for artist in artists:
        artist.set_animated(value)
    try:
        yield
    finally:
        for artist, was_animated in zip(artists, before, strict=True):
            artist.set_animated(was_animated)


def _parts(figure: Figure | SubFigure) -> Iterator[tuple[Bbox, Artist]]:
    """Yield the axes and the artists of a figure with the boxes they lie in (in fractions of it), in drawing order."""
    for child in sorted(figure.get_children(), key=attrgetter("zorder")):
        if isinstance(child, SubFigure):
            if child.get_visible():
                yield from _parts(child)
        elif child is not figure.patch:
            yield (child.get_position() if isinstance(child, Axes) else WHOLE_FIGURE), child


def _drawing_order(ax: Axes) -> Iterator[Artist]:
    """Yield what axes, and axes inside them, draw, in order."""
    if not ax.get_visible():
        return
    left_out: tuple[type[Artist], ...] = ()
    if not ax.axison:
        left_out = (Axis, Spine)
    elif not ax.get_frame_on():
        left_out = (Spine,)
    else:
        yield ax.patch
    for child in sorted(ax.get_children(), key=attrgetter("zorder")):
        if isinstance(child, Axes):
            yield from _drawing_order(child)
        elif child is not ax.patch and not isinstance(child, left_out):
            yield child
