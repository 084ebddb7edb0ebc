"""Plots that move: call one again with other data, and it moves what it drew before.

Making a figure costs some ten times as much as drawing its lines. So what moves is made by the
first call, and later calls hand new numbers to it; what stands still is drawn once.
"""

import io
from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.path import Path
from matplotlib.textpath import TextPath
from PIL import Image

from sgdcourse._types import Array
from sgdcourse.plots.colours import CLASSES, GREY, KERAS, OURS, PALE, THIRD
from sgdcourse.plots.figure import Picture, in_course_style


class Screen:
    """A figure that is drawn again and again.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The artists in it that move are `animated`, as those of the plots in this room are.
    """

    def __init__(self, figure: Figure) -> None:
        self.figure = figure
        self._canvas: Any = FigureCanvasAgg(figure)
        self._still: Any = None  # the pixels of all that stands still

    @in_course_style
    def picture(self, alt: str) -> Picture:
        """Draw what has changed, and return the whole as a picture with this description."""
        if self._still is None or self.figure.stale:  # what is animated makes no figure stale
            self._canvas.draw()
            self._still = self._canvas.copy_from_bbox(self.figure.bbox)
        self._canvas.restore_region(self._still)
        for ax in self.figure.axes:
            artists = [artist for artist in ax.get_children() if artist.get_animated()]
            for artist in sorted(artists, key=Artist.get_zorder):
                ax.draw_artist(artist)
        buffer = io.BytesIO()
        pixels = np.asarray(self._canvas.buffer_rgba())[..., :3]
        Image.fromarray(np.ascontiguousarray(pixels)).save(buffer, "png", compress_level=1)
        return Picture(buffer.getvalue(), alt)


def moving(ax: Axes, name: str, make: Callable[[], Artist]) -> Any:
    """Return the artist of this name in ``ax``; the first call makes it."""
    for artist in ax.get_children():
        if artist.get_gid() == name:
            return artist
    artist = make()
    artist.set(gid=name, animated=True)
    return artist


def line(ax: Axes, name: str, x: Array, y: Array, style: str = "-", **options: Any) -> None:
    """Draw a line, or move the one of this name."""
    moving(ax, name, lambda: ax.plot([], [], style, **options)[0]).set_data(x, y)


def bars(ax: Axes, name: str, heights: Array, colours: Sequence[str]) -> None:
    """Draw bars at 0, 1, 2, ..., or change their heights and colours."""
    for place, (height, colour) in enumerate(zip(heights, colours, strict=True)):
        bar = moving(ax, f"{name} {place}", lambda: ax.bar(place, 1)[0])  # noqa: B023
        bar.set(height=height, facecolor=colour)


def shapes(ax: Axes, name: str, outlines: Sequence[Path], **colours: Any) -> None:
    """Draw many small shapes at once, or give those of this name other outlines and colours."""
    collection = moving(ax, name, lambda: ax.add_collection(PathCollection([], linewidth=1.5)))
    collection.set(paths=outlines, **colours)


@cache
def numeral(number: int) -> Path:
    """Return the outline of a number around (0, 0), for Axes whose y points down.

    To draw it as a shape takes a tenth of the time that it takes as a text.
    """
    outline = TextPath((0, 0), str(number), size=0.38)
    middle = outline.get_extents().get_points().mean(axis=0)
    return Path((np.asarray(outline.vertices) - middle) * (1, -1), outline.codes)


def shifted(outline: Path, x: float, y: float) -> Path:
    """Return the outline at another place."""
    return Path(np.asarray(outline.vertices) + np.array([x, y]), outline.codes)


@in_course_style
def dealing(
    ax: Axes, order: Array, batch_size: int, dealt: int, labels: Array, columns: int
) -> Axes:
    """Draw rows as cards: those not dealt yet lie on the left, the others in their batches.

    Parameters
    ----------
    ax : Axes
    order : (n,) integers
        The rows in the order in which they are dealt.
    batch_size : int
    dealt : int
        How many batches are dealt.
    labels : (n,) integers
        The class of each row gives its card a colour; each class lies in a line of its own.
    columns : int
        The largest batch size that will ever be drawn.

    Returns
    -------
    ax : Axes
    """
    table = max(np.bincount(labels)) + 1.6  # where the batches begin
    if not ax.texts:
        ax.set(xlim=(-0.1, table + columns), ylim=(7, -0.6), aspect="equal")
        ax.axis("off")
        for x, words in [(0, "rows of the data"), (table, "batches of this epoch")]:
            ax.text(x, -0.2, words, fontsize=11, fontweight="bold", va="bottom")
    places = np.empty((len(order), 2))
    for place, row in enumerate(order):
        number, column = divmod(place, batch_size)
        waits = np.count_nonzero(labels[:row] == labels[row]), labels[row]
        places[row] = (table + column, number) if number < dealt else waits
    latest = order[max(0, (dealt - 1) * batch_size) : dealt * batch_size]
    card = Path([(0, 0), (0.9, 0), (0.9, 0.86), (0, 0.86), (0, 0)])
    shapes(
        ax,
        "cards",
        [shifted(card, *place) for place in places],
        facecolor=[CLASSES[label % 4] for label in labels],
        edgecolor=["black" if row in latest else "none" for row in range(len(order))],
    )
    middles = places + np.array([0.45, 0.43])
    numbers = [shifted(numeral(row), *middle) for row, middle in enumerate(middles)]
    for batch in range(-(-len(order) // batch_size)):
        numbers.append(shifted(numeral(batch + 1), table - 0.4, batch + 0.43))
    shapes(ax, "numbers", numbers, facecolor="black", edgecolor="none")
    return ax


@in_course_style
def layers(axes: Sequence[Axes], image: Array, hidden: Array, logits: Array, p: Array) -> None:
    """Draw what one image becomes on its way: pixels, hidden outputs, logits, probabilities.

    Parameters
    ----------
    axes : four Axes
    image : (784,) floats
    hidden : (units,) floats, units divisible by 8
        White is 0; black is 4 or more.
    logits, p : (classes,) floats
        The class with the highest probability is filled blue. Logits beyond 15 are cut off.
    """
    pixels, units, scores, chances = axes
    if not pixels.get_images():
        titles = ["784 pixels", f"{len(hidden)} hidden units", "logits", "softmax"]
        for ax, title in zip(axes, titles, strict=True):
            ax.set_title(title)
        for ax in (pixels, units):
            ax.axis("off")
        for ax, limits in [(scores, (-15, 15)), (chances, (0, 1))]:
            ax.set(xlabel="class", xticks=range(len(p)), ylim=limits)
            ax.grid(axis="x", visible=False)
    for ax, values, shape, highest in [(pixels, image, (28, 28), 1), (units, hidden, (-1, 8), 4)]:
        grid = np.reshape(values, shape)
        picture = partial(ax.imshow, grid, vmin=0, vmax=highest)
        moving(ax, "grid", picture).set_data(grid)
    colours = [OURS if label == np.argmax(p) else GREY for label in range(len(p))]
    bars(scores, "logit", logits, colours)
    bars(chances, "probability", p, colours)


@in_course_style
def cloud(ax: Axes, gradients: Array, means: Array, full: Array) -> Axes:
    """Draw gradients in a plane: of single rows, of batches, and of all rows.

    Parameters
    ----------
    ax : Axes
    gradients : (rows, 2) floats
        One per row: grey dots, which stand still. First the part along the gradient of all rows,
        then a part across it.
    means : (batches, 2) floats
        One per batch: blue dots.
    full : (2,) floats
        The mean over all rows: the star.

    Returns
    -------
    ax : Axes
    """
    if not ax.lines:
        ax.axvline(0, color=GREY, linewidth=1)
        ax.plot(gradients[:, 0], gradients[:, 1], ".", color=PALE, markersize=4, label="one row")
        limits = np.quantile(gradients, [0.005, 0.995], axis=0)
        ax.set(xlim=limits[:, 0], ylim=limits[:, 1])
        ax.set(xlabel="along the gradient of all rows", ylabel="across it")
        ax.plot([], [], ".", color=OURS, label="one batch")
        ax.plot([], [], "*", color="black", markersize=11, label="all rows")
        ax.legend(loc="lower left", frameon=True, fontsize=9)
    line(ax, "means", means[:, 0], means[:, 1], ".", color=OURS, markersize=7)
    line(ax, "full", full[:1], full[1:], "*", color="black", markersize=13)
    return ax


@in_course_style
def spread(ax: Axes, sizes: Array, errors: Array, size: int, error: float) -> Axes:
    """Draw how far batch gradients are from the gradient of all rows, against the batch size.

    Parameters
    ----------
    ax : Axes
    sizes, errors : (n,) numbers
        What the rule 1 / sqrt(batch size) says: a line that stands still.
    size, error : numbers
        What was measured for one batch size: a point.

    Returns
    -------
    ax : Axes
    """
    if not ax.lines:
        ax.loglog(sizes, errors, color="black", lw=1, label="1 / sqrt(batch size)")
        ax.plot([], [], "o", color=OURS, label="these batches")
        ax.set(xlabel="batch size", ylabel="typical distance")
        ax.set_xticks(sizes[::2], sizes[::2])
        ax.minorticks_off()
        ax.legend(loc="upper right", fontsize=9)
    line(ax, "point", np.array([size]), np.array([error]), "o", color=OURS, markersize=9)
    return ax


@in_course_style
def valley(ax: Axes, curvatures: tuple[float, float], places: Array) -> Axes:
    """Draw a path in the valley (c1 w1^2 + c2 w2^2) / 2, seen from above.

    Parameters
    ----------
    ax : Axes
    curvatures : (c1, c2)
        The valley stands still.
    places : (steps + 1, 2) floats
        The weights w1, w2 from the start on; what lies outside is not drawn.

    Returns
    -------
    ax : Axes
    """
    if not ax.collections:
        w1, w2 = np.meshgrid(np.linspace(-10, 6, 100), np.linspace(-4, 4, 100))
        heights = (curvatures[0] * w1**2 + curvatures[1] * w2**2) / 2
        levels = heights.max() * np.array([0.01, 0.05, 0.13, 0.27, 0.5, 0.8])
        ax.contour(w1, w2, heights, levels=levels, colors=PALE, linewidths=1)
        ax.plot(0, 0, "*", color="black", markersize=11)
        ax.set(xlabel="w1", ylabel="w2", xlim=(-10, 6), ylim=(-4, 4))
        ax.grid(False)
    line(ax, "path", places[:, 0], places[:, 1], "o-", color=OURS, markersize=4, linewidth=1.2)
    return ax


@in_course_style
def descent(ax: Axes, losses: Array, goal: float) -> Axes:
    """Draw the loss after each step on a logarithmic scale, and the goal.

    Parameters
    ----------
    ax : Axes
    losses : (steps + 1,) floats
    goal : float
        A horizontal line that stands still.

    Returns
    -------
    ax : Axes
    """
    if not ax.lines:
        ax.axhline(goal, color=KERAS, linestyle="--", label=f"goal: below {goal:g}")
        ax.set(xlabel="step", ylabel="loss", yscale="log", ylim=(1e-5, 1e5))
        ax.set(xlim=(-0.5, len(losses) - 0.5), xticks=range(0, len(losses), 5))
        ax.legend(loc="upper right")
    line(ax, "losses", np.arange(len(losses)), losses, "o-", color=OURS, markersize=4)
    return ax


@in_course_style
def regions(
    ax: Axes, x: Array, y: Array, p: Array, limits: tuple[float, float, float, float]
) -> Axes:
    """Draw two classes of points on a ground that shows the probability of class 1.

    Parameters
    ----------
    ax : Axes
    x : (n, 2) floats, y : (n,) integers
        The points stand still.
    p : (lines, columns) floats
        The probability on a grid over the picture, the lowest line first.
    limits : (left, right, bottom, top)

    Returns
    -------
    ax : Axes
    """
    if not ax.lines:
        ax.set(xlabel="x1", ylabel="x2", xlim=limits[:2], ylim=limits[2:])
        ax.grid(False)
    moving(
        ax,
        "ground",
        lambda: ax.imshow(
            p, extent=limits, origin="lower", aspect="auto", vmin=-0.8, vmax=1.8, cmap="RdBu_r"
        ),
    ).set_data(p)
    for label, marker, colour in [(0, "o", OURS), (1, "s", KERAS)]:
        points: dict[str, Any] = {"color": colour, "markersize": 6, "markeredgecolor": "white"}
        ours = x[y == label]
        line(ax, f"class {label}", ours[:, 0], ours[:, 1], marker, **points)
    return ax


@in_course_style
def progress(
    ax: Axes,
    losses: Array,
    running: Array,
    evaluated: Array,
    steps_per_epoch: int,
    *,
    last: int,
    highest: float,
) -> Axes:
    """Draw a training so far: losses of batches, their running mean, and evaluations.

    Parameters
    ----------
    ax : Axes
    losses : (updates,) floats
        Of each batch, before its update.
    running : (updates,) floats
        The mean of the epoch so far, as the progress bar shows it.
    evaluated : (epochs,) floats
        The loss of all rows with the weights of the end of each epoch.
    steps_per_epoch : int
    last, highest : numbers
        The last update and the highest loss for which there is room.

    Returns
    -------
    ax : Axes
    """
    if not ax.lines:
        ax.plot([], [], ".", color=GREY, label="each batch")
        ax.plot([], [], color=OURS, label="running mean")
        ax.plot([], [], "*", color=THIRD, markersize=11, label="evaluate, all rows")
        ax.set(xlabel="update", ylabel="loss", xlim=(0, last + 1), ylim=(0, highest))
        ax.legend(loc="upper right", fontsize=9)
    updates = np.arange(1, len(losses) + 1)
    first = updates % steps_per_epoch == 1 % steps_per_epoch  # of an epoch: the line starts anew
    line(ax, "batches", updates, losses, ".", color=GREY)
    broken = np.insert(running, np.flatnonzero(first), np.nan)
    line(ax, "running", np.insert(updates * 1.0, np.flatnonzero(first), np.nan), broken, color=OURS)
    ends = steps_per_epoch * np.arange(1, len(evaluated) + 1)
    line(ax, "evaluated", ends, evaluated, "*", color=THIRD, markersize=11)
    return ax


@in_course_style
def cursor(ax: Axes, x: float) -> Axes:
    """Draw a vertical line at x, or move it there.

    Parameters
    ----------
    ax : Axes
        With something in it already.
    x : float

    Returns
    -------
    ax : Axes
    """
    moving(ax, "cursor", lambda: ax.axvline(x, color="black", linewidth=1.2)).set_xdata([x, x])
    return ax


@in_course_style
def rate_map(
    ax: Axes,
    learning_rates: Sequence[float],
    batch_sizes: Sequence[int],
    accuracies: Array,
    chosen: tuple[int, int],
) -> Axes:
    """Draw what each pair of learning rate and batch size reached, and a frame around one pair.

    Parameters
    ----------
    ax : Axes
    learning_rates, batch_sizes : sequences of numbers
        One column per rate, one line per batch size.
    accuracies : (batch sizes, rates) floats
        NaN where the training failed.
    chosen : (line, column)

    Returns
    -------
    ax : Axes
    """
    if not ax.get_images():
        ax.imshow(np.nan_to_num(accuracies), cmap="Blues", vmin=0, vmax=1.5, aspect="auto")
        for (number, column), accuracy in np.ndenumerate(accuracies):
            words = "fails" if np.isnan(accuracy) else f"{accuracy:.2f}"
            ax.text(column, number, words, ha="center", va="center")
        ax.set_xticks(range(len(learning_rates)), map(str, learning_rates))
        ax.set_yticks(range(len(batch_sizes)), map(str, batch_sizes))
        ax.set(xlabel="learning rate", ylabel="batch size")
        ax.grid(False)
    frame = moving(
        ax,
        "frame",
        lambda: ax.add_patch(Rectangle((0, 0), 1, 1, fill=False, edgecolor=KERAS, linewidth=3)),
    )
    frame.set_xy((chosen[1] - 0.5, chosen[0] - 0.5))
    return ax


@in_course_style
def epochs(ax: Axes, losses: Sequence[float], last: int, *, highest: float) -> Axes:
    """Draw the loss of each epoch.

    Parameters
    ----------
    ax : Axes
    losses : sequence of float
        NaN is left out.
    last, highest : numbers
        The last epoch and the highest loss for which there is room.

    Returns
    -------
    ax : Axes
    """
    if not ax.lines:
        ax.set(xlabel="epoch", ylabel="loss", xlim=(0.5, last + 0.5), ylim=(0, highest))
        ax.set(xticks=range(1, last + 1))
    places = np.arange(1, len(losses) + 1)
    line(ax, "losses", places, np.array(losses), "o-", color=OURS)
    return ax


@in_course_style
def timeline(ax: Axes, bars: Sequence[tuple[str, int, int, str]], call: int) -> Axes:
    """Draw when the hooks of a callback are called, and the call that is looked at.

    Parameters
    ----------
    ax : Axes
    bars : sequence of (name, first, last, label)
        From the call of ``on_..._begin`` to that of ``on_..._end``; one lane per name.
    call : int
        Where the vertical line stands.

    Returns
    -------
    ax : Axes
    """
    if not ax.patches:
        lanes = list(dict.fromkeys(name for name, *_ in bars))
        for name, first, last, label in bars:
            colour = THIRD if "test" in name else OURS
            ax.barh(lanes.index(name), last - first, left=first, height=0.6, color=colour)
            middle = (first + last) / 2
            ax.text(middle, lanes.index(name), label, ha="center", va="center", color="white")
        ax.set_yticks(range(len(lanes)), [f"{lane}_..." for lane in lanes])
        last_call = max(last for _, _, last, _ in bars)
        ax.set(xlabel="call of a hook", xlim=(0, last_call + 1), ylim=(len(lanes) - 0.5, -0.5))
        ax.grid(axis="y", visible=False)
    return cursor(ax, call)
