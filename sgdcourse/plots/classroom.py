"""A map of a class: who has passed what."""

from collections.abc import Mapping
from itertools import groupby
from typing import Any

from matplotlib.axes import Axes

from sgdcourse.plots.colours import GREY, KERAS, OURS, PALE
from sgdcourse.plots.figure import in_course_style

# Told apart by form as well as by colour
MARKS: dict[str, dict[str, Any]] = {
    "passed": {"marker": "s", "s": 60, "color": OURS},
    "tried": {"marker": "x", "s": 36, "color": KERAS, "linewidths": 2},
    "open": {"marker": ".", "s": 10, "color": GREY},
}
WORDS = {"passed": "passed", "tried": "tried, not passed", "open": "not tried"}
NAME_LENGTH = 26


@in_course_style
def passes(
    ax: Axes, statuses: Mapping[str, Mapping[str, str]], notebooks: Mapping[str, str]
) -> Axes:
    """Draw a line for each learner and a column for each exercise.

    Parameters
    ----------
    ax : Axes
    statuses : mapping
        From the name of a learner to exercise -> "passed", "tried" or "open".
    notebooks : mapping
        From the exercise to its notebook, in the order of the columns.

    Returns
    -------
    ax : Axes
    """
    exercises = list(notebooks)
    for status, mark in MARKS.items():
        points = [
            (column, line)
            for line, has in enumerate(statuses.values())
            for column, exercise in enumerate(exercises)
            if has[exercise] == status
        ]
        x, y = zip(*points, strict=True) if points else ((), ())
        ax.scatter(x, y, label=WORDS[status], **mark)
    ax.set_xticks(range(len(exercises)), exercises, rotation=90, fontsize=8)
    ax.set_yticks(range(len(statuses)), [name[:NAME_LENGTH] for name in statuses], fontsize=8)
    ax.set_xlim(-0.7, len(exercises) - 0.3)
    ax.set_ylim(max(len(statuses), 1) - 0.3, -0.7)  # the first learner on top
    ax.grid(visible=False)
    ax.tick_params(length=0)
    start = 0
    for notebook, group in groupby(notebooks.values()):
        width = len(list(group))
        ax.annotate(
            notebook,
            (start + (width - 1) / 2, 1),
            xycoords=("data", "axes fraction"),
            xytext=(0, 4),
            textcoords="offset points",
            ha="center",
        )
        start += width
        if start < len(exercises):
            ax.axvline(start - 0.5, color=PALE, linewidth=1, zorder=0)
    ax.legend(
        loc="lower left",
        bbox_to_anchor=(0, 1),
        bbox_transform=ax.transAxes,
        ncols=3,
        borderaxespad=2.2,
        handletextpad=0.2,
    )
    return ax
