"""Plots of a training over its steps, counted from 0 as in a recording."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from sgdcourse._types import Array
from sgdcourse.plots.colours import GREY, LINES
from sgdcourse.plots.figure import in_course_style


@in_course_style
def per_step(ax: Axes, values: dict[str, Array], *, ylabel: str, logarithmic: bool = False) -> Axes:
    """Draw numbers over the steps; what is not finite leaves a gap.

    Parameters
    ----------
    ax : Axes
    values : dict of (steps,) floats
        What stands in the legend, and the numbers.
    ylabel : str
    logarithmic : bool
        Numbers of 0 leave a gap, too.

    Returns
    -------
    ax : Axes
    """
    for (name, numbers), (colour, style, marker) in zip(values.items(), LINES, strict=False):
        drawn = np.isfinite(numbers) & (numbers > 0 if logarithmic else True)
        few = marker if len(numbers) <= 20 else None
        steps = np.arange(len(numbers))
        ax.plot(
            steps, np.where(drawn, numbers, np.nan), style, label=name, color=colour, marker=few
        )
    if logarithmic and any(np.any(numbers > 0) for numbers in values.values()):
        ax.set_yscale("log")
    if len(values) > 1:  # above the curves, which may be anywhere
        ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=len(values), columnspacing=1)
    ax.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    ax.set(xlabel="step", ylabel=ylabel)
    return ax


@in_course_style
def marks(ax: Axes, steps: Array) -> Axes:
    """Draw a dotted line in front of each of these steps, up to fifty of them.

    Parameters
    ----------
    ax : Axes
    steps : (n,) integers

    Returns
    -------
    ax : Axes
    """
    for step in steps[:50]:
        ax.axvline(step - 0.5, color=GREY, linestyle=":", linewidth=1, zorder=0)
    return ax
