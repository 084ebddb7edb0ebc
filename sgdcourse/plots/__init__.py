"""Figures: data in, Axes in, Axes out, in one style. ``show`` adds the words for screen readers."""

from sgdcourse.plots.classroom import passes
from sgdcourse.plots.colours import CLASSES, GREY, KERAS, LINES, OURS, PALE, THIRD
from sgdcourse.plots.figure import STYLE, Picture, show, subplots
from sgdcourse.plots.moving import (
    Screen,
    cloud,
    cursor,
    dealing,
    descent,
    epochs,
    layers,
    progress,
    rate_map,
    regions,
    spread,
    timeline,
    valley,
)
from sgdcourse.plots.recording import marks, per_step
from sgdcourse.plots.still import batches, curves, differences, images, probabilities

__all__ = [
    "CLASSES",
    "GREY",
    "KERAS",
    "LINES",
    "OURS",
    "PALE",
    "STYLE",
    "THIRD",
    "Picture",
    "Screen",
    "batches",
    "cloud",
    "cursor",
    "curves",
    "dealing",
    "descent",
    "differences",
    "epochs",
    "images",
    "layers",
    "marks",
    "passes",
    "per_step",
    "probabilities",
    "progress",
    "rate_map",
    "regions",
    "show",
    "spread",
    "subplots",
    "timeline",
    "valley",
]
