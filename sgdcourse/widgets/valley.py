"""Demo of notebook 04: descent in a valley."""

import numpy as np

from sgdcourse import plots
from sgdcourse._types import Array
from sgdcourse.optimizers import momentum_update, nesterov_update
from sgdcourse.widgets.demo import Demo, numbers, switch

CURVATURES = (1.0, 20.0)  # along the valley and across it
START = (-8.0, 2.0)
STEPS, GOAL = 20, 0.01


def walk(learning_rate: float, momentum: float, nesterov: bool) -> tuple[Array, Array]:
    """Return the places (21, 2) and losses (21,) of 20 steps in the valley.

    The loss is (c1 w1^2 + c2 w2^2) / 2 and its gradient (c1 w1, c2 w2).
    """
    update = nesterov_update if nesterov else momentum_update
    weights, velocities = [np.array(START)], [np.zeros(2)]
    places = [weights[0]]
    for _ in range(STEPS):
        gradients = [np.array(CURVATURES) * weights[0]]
        weights, velocities = update(weights, velocities, gradients, learning_rate, momentum)
        places.append(weights[0])
    return np.array(places), np.square(places) @ CURVATURES / 2


def border(momentum: float, nesterov: bool) -> float:
    """Return the rate beyond which the steps grow, for the larger curvature lambda."""
    return 2 * (1 + momentum) / CURVATURES[1] / (1 + 2 * momentum * nesterov)


def valley() -> Demo:
    """Walk down a valley that is 20 times as steep across as along.

    Returns
    -------
    demo : Demo
        Its controls: ``learning_rate``, ``momentum``, ``nesterov``.

    Examples
    --------
    >>> demo = valley()
    >>> demo.set(learning_rate=0.12, momentum=0.45)
    >>> print(demo.text)  # doctest: +NORMALIZE_WHITESPACE
    Rate 0.120, momentum 0.45: loss 4.5e-06 after 20 steps, good. Rates beyond 0.145 diverge. Under
    0.01 after 14 steps: goal reached.
    """
    figure, axes = plots.subplots(2, height=3.4)

    def look(learning_rate: float, momentum: float, nesterov: bool) -> tuple[str, str]:
        places, losses = walk(learning_rate, momentum, nesterov)
        plots.valley(axes[0], CURVATURES, places)
        plots.descent(axes[1], losses, GOAL)
        limit = border(momentum, nesterov)
        verdict = describe(places, losses, learning_rate, limit)
        under = np.flatnonzero(losses < GOAL)
        goal = f"Under {GOAL} after {under[0]} steps: goal reached." if len(under) else ""
        kind = "Nesterov momentum" if nesterov else "momentum"
        text = (
            f"Rate {learning_rate:.3f}, {kind} {momentum:.2f}: loss {losses[-1]:.2g} after {STEPS} "
            f"steps, {verdict}. Rates beyond {limit:.3f} diverge. "
        )
        text += goal or f"The goal is a loss under {GOAL}."
        alt = (
            f"Left: the path in the valley from {START}, seen from above; it ends at "
            f"w1 = {places[-1, 0]:.2g}, w2 = {places[-1, 1]:.2g}. Right: the loss on a logarithmic "
            f"scale, from {losses[0]:.0f} to {losses[-1]:.2g} in {STEPS} steps; goal {GOAL}."
        )
        return text, alt

    return Demo(
        figure,
        look,
        {
            "learning_rate": numbers("learning_rate", 0.0, 0.2, 0.002, 0.02, digits=3),
            "momentum": numbers("momentum", 0.0, 0.95, 0.05, 0.0, digits=2),
            "nesterov": switch("nesterov"),
        },
    )


def describe(places: Array, losses: Array, learning_rate: float, limit: float) -> str:
    """Say in a few words how the walk went."""
    if learning_rate > limit:
        return "divergent"
    if losses[-1] < GOAL:
        return "good"
    across = places[:, 1]
    if np.mean(across[1:] * across[:-1] < 0) > 0.3:
        return "oscillating"
    return "slow"
