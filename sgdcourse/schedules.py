"""Learning-rate schedules, with Keras's names and arguments.

A schedule is a function of the number of updates made so far: it counts batches, not epochs.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sgdcourse import _checks


@dataclass(frozen=True)
class ExponentialDecay:
    r"""Shrink the rate by the same factor every ``decay_steps`` updates.

    .. math:: \eta_t = \eta_0 \cdot \text{decay\_rate}^{\,t / \text{decay\_steps}}

    Parameters
    ----------
    initial_learning_rate : float
        :math:`\eta_0`.
    decay_steps : int
        Updates until the rate has shrunk once by ``decay_rate``.
    decay_rate : float
        The factor.
    staircase : bool
        True: the exponent is rounded down, so the rate falls in steps.

    Raises
    ------
    ValueError
        If ``decay_steps`` is not above 0.

    Examples
    --------
    >>> schedule = ExponentialDecay(0.1, decay_steps=100, decay_rate=0.5)
    >>> schedule(0), schedule(100), schedule(200)
    (0.1, 0.05, 0.025)
    """

    initial_learning_rate: float
    decay_steps: int
    decay_rate: float
    staircase: bool = False

    def __post_init__(self) -> None:
        """Check the number that ``__call__`` divides by."""
        _checks.number("decay_steps", self.decay_steps, above=0)

    def __call__(self, step: int) -> float:
        """Return the rate of update number ``step``, counted from 0."""
        exponent = step / self.decay_steps
        if self.staircase:
            exponent = math.floor(exponent)
        return self.initial_learning_rate * self.decay_rate**exponent


@dataclass(frozen=True)
class CosineDecay:
    r"""Let the rate fall along half a cosine, after a linear warm-up if one is asked for.

    .. math:: \eta_t = \eta_0 \left( (1 - \alpha)\, \tfrac12
       \left(1 + \cos \tfrac{\pi t}{\text{decay\_steps}}\right) + \alpha \right)

    Parameters
    ----------
    initial_learning_rate : float
        :math:`\eta_0`, where the rate starts.
    decay_steps : int
        Updates until the end of the cosine; the rate stays constant after it.
    alpha : float
        The last rate, as a share of the first.
    warmup_target : float, optional
        If given, the rate first climbs to this value and falls from there.
    warmup_steps : int
        Updates of the climb; the cosine starts after them.

    Raises
    ------
    ValueError
        If ``decay_steps`` is not above 0.

    Examples
    --------
    >>> schedule = CosineDecay(0.1, decay_steps=100)
    >>> [round(schedule(step), 4) for step in (0, 50, 100, 1000)]
    [0.1, 0.05, 0.0, 0.0]

    References
    ----------
    Loshchilov and Hutter (2017), "SGDR: Stochastic gradient descent with warm restarts".
    """

    initial_learning_rate: float
    decay_steps: int
    alpha: float = 0.0
    warmup_target: float | None = None
    warmup_steps: int = 0

    def __post_init__(self) -> None:
        """Check the number that ``__call__`` divides by."""
        _checks.number("decay_steps", self.decay_steps, above=0)

    def __call__(self, step: int) -> float:
        """Return the rate of update number ``step``, counted from 0."""
        peak = self.initial_learning_rate
        if self.warmup_target is not None:
            if step < self.warmup_steps:
                return peak + (self.warmup_target - peak) * step / self.warmup_steps
            peak, step = self.warmup_target, step - self.warmup_steps
        done = min(step, self.decay_steps) / self.decay_steps
        cosine = 0.5 * (1 + math.cos(math.pi * done))
        return peak * ((1 - self.alpha) * cosine + self.alpha)


@dataclass(frozen=True)
class PiecewiseConstantDecay:
    """One rate after another, each for a given number of updates.

    Parameters
    ----------
    boundaries : sequence of int
        The last update of each rate but the final one. A rate still holds AT its boundary.
    values : sequence of float
        The rates, one more than there are boundaries.

    Raises
    ------
    ValueError
        If the numbers of boundaries and values do not fit.

    Examples
    --------
    >>> schedule = PiecewiseConstantDecay([100, 200], [0.1, 0.05, 0.01])
    >>> schedule(100), schedule(101), schedule(999)
    (0.1, 0.05, 0.01)
    """

    boundaries: Sequence[int]
    values: Sequence[float]

    def __post_init__(self) -> None:
        """Check that every stretch between two boundaries has its rate."""
        if len(self.values) != len(self.boundaries) + 1:
            raise ValueError(
                "values must have one element more than boundaries. Received: "
                f"{len(self.boundaries)} boundaries and {len(self.values)} values."
            )

    def __call__(self, step: int) -> float:
        """Return the rate of update number ``step``, counted from 0."""
        return self.values[sum(step > boundary for boundary in self.boundaries)]
