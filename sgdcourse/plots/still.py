"""Plots that are drawn once: data in, Axes in, Axes out."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from sgdcourse._types import Array
from sgdcourse.plots.colours import CLASSES, GREY, KERAS, LINES
from sgdcourse.plots.figure import in_course_style


@in_course_style
def images(axes: Sequence[Axes], x: Array, titles: Sequence[object]) -> None:
    """Draw digits side by side, one in each Axes.

    Parameters
    ----------
    axes : sequence of Axes
    x : (n, 784) or (n, 28, 28) array
        At least as many images as Axes.
    titles : sequence
        What stands above each.
    """
    for ax, image, title in zip(axes, x, titles, strict=False):
        ax.imshow(np.reshape(image, (28, 28)), vmin=0)
        ax.set_title(str(title), fontsize=10, fontweight="normal")
        ax.axis("off")


@in_course_style
def batches(ax: Axes, dealt: Sequence[Array], labels: Array | None = None) -> Axes:
    """Draw how an epoch is dealt: one line of boxes per batch, one box per row.

    Parameters
    ----------
    ax : Axes
    dealt : sequence of (rows,) integers
        The row numbers of each batch.
    labels : (n,) integers, optional
        The class of each row gives its box a colour.

    Returns
    -------
    ax : Axes
    """
    for line, rows in enumerate(dealt):
        for column, row in enumerate(rows):
            colour = CLASSES[int(labels[row]) % 4] if labels is not None else CLASSES[0]
            ax.add_patch(Rectangle((column, line), 0.92, 0.86, facecolor=colour, edgecolor="none"))
            ax.text(column + 0.46, line + 0.43, str(row), ha="center", va="center", fontsize=11)
    ax.set_xlim(-0.1, max(len(rows) for rows in dealt) + 0.1)
    ax.set_ylim(len(dealt), -0.1)
    ax.set_yticks(np.arange(len(dealt)) + 0.43, [f"batch {line}" for line in range(len(dealt))])
    ax.set_xticks([])
    ax.tick_params(length=0)
    ax.grid(False)
    ax.spines[:].set_visible(False)
    return ax


@in_course_style
def curves(
    ax: Axes,
    values: Mapping[str, Sequence[float] | Array],
    *,
    xlabel: str,
    ylabel: str,
    title: str = "",
) -> Axes:
    """Draw one line per name, with markers when there are few points.

    Parameters
    ----------
    ax : Axes
    values : dict of sequences
        What stands in the legend, and the numbers, counted from 1.
    xlabel, ylabel, title : str

    Returns
    -------
    ax : Axes
    """
    for (name, numbers), (colour, line, marker) in zip(values.items(), LINES, strict=False):
        ax.plot(
            np.arange(1, len(numbers) + 1),
            numbers,
            label=name,
            color=colour,
            linestyle=line,
            marker=marker if len(numbers) <= 20 else None,
        )
    if len(values) > 1:
        ax.legend()
    ax.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    ax.set(xlabel=xlabel, ylabel=ylabel, title=title)
    return ax


@in_course_style
def differences(
    ax: Axes, values: dict[str, Array], *, flips: Array | Sequence[int] = (), floor: float = 1e-18
) -> Axes:
    """Draw differences between two programs, update by update, on a logarithmic scale.

    Parameters
    ----------
    ax : Axes
    values : dict of (updates,) floats
        What stands in the legend, and the differences, none below 0.
    flips : sequence of int, optional
        Updates, counted from 1, that a tick at the lower edge marks.
    floor : float
        The lower edge. A logarithm has no place for 0, so equal numbers are drawn here.

    Returns
    -------
    ax : Axes
    """
    for (name, numbers), (colour, line, _) in zip(values.items(), LINES, strict=False):
        updates = np.arange(1, len(numbers) + 1)
        ax.semilogy(
            updates, np.maximum(numbers, floor), label=name, color=colour, linestyle=line, lw=1
        )
    if len(flips):
        ax.plot(
            flips,
            np.full(len(flips), 3 * floor),
            "|",
            color="#444444",
            ms=9,
            label="a ReLU flipped",
        )
    ax.set(xlabel="update", ylabel="largest difference", ylim=(floor, 1))
    ax.legend(loc="upper right")
    return ax


@in_course_style
def probabilities(ax: Axes, p: Array, y_true: int) -> Axes:
    """Draw the probabilities of one row as bars; the true class is filled orange.

    Parameters
    ----------
    ax : Axes
    p : (classes,) floats
    y_true : int

    Returns
    -------
    ax : Axes
    """
    colours = [KERAS if label == y_true else GREY for label in range(len(p))]
    ax.bar(np.arange(len(p)), p, color=colours)
    ax.set_xticks(np.arange(len(p)))
    ax.set(xlabel=f"class (true: {y_true})", ylabel="probability", ylim=(0, 1))
    ax.grid(axis="x", visible=False)
    return ax
