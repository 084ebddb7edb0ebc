"""Findings about gradients and steps: too large, too small, or none at all."""

import numpy as np

from sgdcourse.recorder.findings.finding import Finding, count, listed
from sgdcourse.recorder.recording import Recording

VANISHED, EXPLODED = 1e-4, 100  # first layer against last; against the first batches
MANY_DEAD = 0.1  # of the units of a layer
TINY, HUGE = 1e-6, 0.1  # of the norm of the weights, in one step


def never_moved(recording: Recording) -> Finding | None:
    """Find out whether weights that could learn stayed where they were."""
    still = [n for n, norms in recording.step_norms.items() if not np.nansum(norms)]
    gradients = recording.gradient_norms
    if not still or not np.any(recording["rate"] > 0):
        return None
    unused = [n for n in still if np.isnan(gradients[n]).all()]
    if unused:
        why = f"The loss does not depend on {listed(unused)}."
    elif any(np.nansum(gradients[n]) for n in still):
        why = "Their steps were too small to change the last digit of a weight."
    else:
        why = "Their gradient was exactly 0 each time."
    return Finding(
        "never_moved",
        f"Weights that never moved in {count(len(recording), 'step')}: {listed(still)}. {why}",
        {"variables": still, "without_gradient": unused},
        look=True,
    )


def dead_relus(recording: Recording) -> Finding | None:
    """Find out whether units of a ReLU layer had no gradient in a whole epoch."""
    silent = recording.epochs[-1]["silent_units"] if recording.epochs else {}
    if not silent:
        return None
    dead = [f"{off:,} of {units:,} units of {name}" for name, (off, units) in silent.items()]
    share = max(off / units for off, units in silent.values())
    return Finding(
        "dead_relus",
        f"In the last epoch no batch gave a gradient to {listed(dead)}. Most often their ReLU is "
        "off for every row, and then they cannot learn any more. A smaller learning rate or scaled "
        "inputs keep units alive.",
        {
            "units": sum(off for off, _ in silent.values()),
            "of": sum(units for _, units in silent.values()),
            "layers": list(silent),
        },
        look=share > MANY_DEAD,
    )


def exploding_gradients(recording: Recording) -> Finding | None:
    """Find out whether the gradient norm grew far above that of the first batches."""
    norms = recording["gradient_norm"]
    norms = norms[np.isfinite(norms)]
    if len(norms) < 4 or not norms[0] > 0:
        return None
    usual, largest = float(np.median(norms[: max(1, len(norms) // 10)])), float(norms.max())
    if largest < EXPLODED * usual:
        return None
    return Finding(
        "exploding_gradients",
        f"The gradient norm rose to {largest:.3g} at step {int(norms.argmax()):,}, "
        f"{largest / usual:,.4g} times that of the first batches. A smaller learning rate, scaled "
        "inputs, or global_clipnorm tame it.",
        {"largest": largest, "first": usual, "step": int(norms.argmax())},
        look=True,
    )


def vanishing_gradients(recording: Recording) -> Finding | None:
    """Find out whether the gradient of the first kernel is tiny beside that of the last."""
    kernels = {n: v for n, v in recording.gradient_norms.items() if n.endswith("kernel")}
    medians = [float(np.nanmedian(v)) for v in kernels.values() if np.isfinite(v).any()]
    if len(medians) < 3 or not 0 < medians[0] < VANISHED * medians[-1]:
        return None
    first, last = next(iter(kernels)), list(kernels)[-1]
    return Finding(
        "vanishing_gradients",
        f"The gradient fades on its way back: {first} gets {medians[0]:.1e}, {last} gets "
        f"{medians[-1]:.1e} (medians of the norms). The first layers hardly learn. ReLU instead of "
        "sigmoid, He initial weights, BatchNormalization or skip connections help.",
        {"first": medians[0], "last": medians[-1], "kernels": len(medians)},
        look=True,
    )


def huge_steps(recording: Recording) -> Finding | None:
    """Find out whether a step changes the weights as a whole."""
    share = _share(recording)
    if share is None or not share > HUGE:
        return None
    return Finding(
        "huge_steps",
        f"A step is {share:.2g} times as long as the vector of all weights (median); about 0.001 "
        "is usual. The learning rate is too large for these gradients.",
        {"median_share": share, "median_rate": float(np.nanmedian(recording["rate"]))},
        look=True,
    )


def tiny_steps(recording: Recording) -> Finding | None:
    """Find out whether a step hardly changes the weights."""
    share = _share(recording)
    if share is None or not 0 < share < TINY:
        return None
    return Finding(
        "tiny_steps",
        f"A step changes the weights by {share:.1e} of their norm (median): a thousand of them "
        f"change them by {1000 * share:.2%} at most. The rate is too small, or the gradients "
        "vanish.",
        {"median_share": share, "median_rate": float(np.nanmedian(recording["rate"]))},
        look=True,
    )


def _share(recording: Recording) -> float | None:
    steps, weights = recording["step_norm"], recording["weight_norm"]
    usable = np.isfinite(steps) & np.isfinite(weights) & (weights > 0) & (steps > 0)
    return float(np.median(steps[usable] / weights[usable])) if usable.any() else None


def frozen_layers(recording: Recording) -> Finding | None:
    """Find out whether layers that are not to learn."""
    facts = recording.fits[0]
    frozen = [
        layer for layer in facts.get("layers", []) if not layer["trainable"] and layer["weights"]
    ]
    if not frozen:
        return None
    weights = sum(layer["weights"] for layer in frozen)
    return Finding(
        "frozen_layers",
        f"{count(len(frozen), 'layer')} with {weights:,} weights did not learn, since trainable is "
        f"False: {listed([layer['name'] for layer in frozen])}.",
        {"layers": [layer["name"] for layer in frozen], "weights": weights},
    )


GRADIENTS = [
    never_moved,
    dead_relus,
    exploding_gradients,
    vanishing_gradients,
    huge_steps,
    tiny_steps,
    frozen_layers,
]
