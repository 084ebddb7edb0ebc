"""What is measured in one step: norms, and whether the update is the one of SGD."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from sgdcourse._types import Array, Weights
from sgdcourse.optimizers import SGD


@dataclass(frozen=True)
class Layout:
    """Where each variable stands in a vector that holds them all.

    Attributes
    ----------
    names : list of str
    shapes : list of tuples
    has_gradient : (variables,) bool
        False for a variable that the loss does not depend on.
    relu_biases : list of str or None
        For the bias of a layer with ReLU, the name of the layer.
    """

    names: list[str]
    shapes: list[tuple[int, ...]]
    has_gradient: Array
    relu_biases: list[str | None]

    @cached_property
    def _ends(self) -> Array:
        return np.cumsum([int(np.prod(shape)) for shape in self.shapes])

    def split(self, flat: Array) -> Weights:
        """Return one array per variable, none of nothing: plain SGD has no velocities."""
        if not flat.size:
            return []
        parts = np.split(flat, self._ends[:-1])
        return [part.reshape(shape) for part, shape in zip(parts, self.shapes, strict=True)]

    def norms(self, flat: Array) -> Array:
        """Return the length of each variable."""
        return np.array([norm(part) for part in np.split(flat, self._ends[:-1])])

    def note_awake(self, gradients: Array, awake: dict[str, Array]) -> None:
        """Remember which units of the ReLU layers had a gradient, now or before."""
        for name, gradient in zip(self.relu_biases, self.split(gradients), strict=True):
            if name:
                awake[name] = awake.get(name, np.False_) | (gradient != 0)


def norm(values: Array) -> float:
    """Return the length of a vector, NaN for an empty one."""
    if not values.size:
        return float("nan")
    # float64: the squares of large float32 numbers overflow, those of small ones vanish
    squares = np.square(values, dtype=np.float64)
    return float(np.sqrt(squares.sum()))


def rule_error(
    arguments: dict[str, Any] | None,
    rate: float,
    before: Weights,
    velocities: Weights,
    gradients: Weights,
    after: Weights,
) -> float:
    """Let the SGD of this course make the update, and return the largest difference of a weight.

    Divided by the largest weight if that is above 1, as rounding grows with it. NaN where it
    cannot: ``arguments`` is None for another optimizer, weights in float16 are too coarse.
    """
    if arguments is None or not rate > 0 or any(w.dtype.itemsize < 4 for w in before):
        return float("nan")
    ours = SGD(learning_rate=rate, **arguments)
    ours.velocities = list(velocities) or None
    with np.errstate(all="ignore"):
        predicted = ours.update(before, gradients)
        errors = [np.abs(p - a).max() for p, a in zip(predicted, after, strict=True)]
        largest = max(np.abs(weights).max() for weights in [*before, *after])
    return float(np.max(errors) / max(1, largest))
