"""Demo of notebook 03: how far batch gradients lie from the gradient of all rows."""

import numpy as np

from sgdcourse import plots
from sgdcourse._types import Array
from sgdcourse.widgets.demo import Demo, one_of, whole_numbers

BATCHES = 60


def batch_means(gradients: Array, batch_size: int, draw: int) -> Array:
    """Return the mean gradients (60, weights) of 60 batches, each dealt from all rows."""
    rng = np.random.default_rng([batch_size, draw])
    rows = [
        rng.choice(len(gradients), batch_size, replace=False, shuffle=False) for _ in range(BATCHES)
    ]
    return np.array([gradients[batch].mean(axis=0) for batch in rows])


def typical_distance(means: Array, full: Array) -> float:
    """Return the root mean square of the distances of ``means`` from ``full``."""
    return float(np.sqrt(np.mean(np.sum((means - full) ** 2, axis=1))))


def along_and_across(gradients: Array, full: Array) -> Array:
    """Return two directions (weights, 2): that of ``full``, and where the rows differ most else."""
    along = full / max(float(np.linalg.norm(full)), np.finfo(float).tiny)
    rest = gradients - np.outer(gradients @ along, along)
    _, _, directions = np.linalg.svd(rest - rest.mean(axis=0), full_matrices=False)
    across = directions[0] * np.sign(directions[0][np.abs(directions[0]).argmax()])  # not by chance
    return np.stack([along, across], axis=1)


def noise(gradients: Array) -> Demo:
    """Compare the gradients of batches with the gradient of all rows.

    Parameters
    ----------
    gradients : (rows, ...) floats
        The gradient of each row by itself, for some weights.

    Returns
    -------
    demo : Demo
        Its controls: ``batch_size`` and ``draw``, the number of the lot: each gives 60 others.

    Raises
    ------
    ValueError
        If there are fewer than 32 rows, or fewer than two weights.

    Examples
    --------
    >>> demo = noise(np.random.default_rng(0).normal(loc=1.0, size=(64, 2)))
    >>> demo.set(batch_size=8)
    >>> print(demo.text)  # doctest: +NORMALIZE_WHITESPACE
    60 batches of 8: typically 0.465 away from the gradient of all rows, which is 1.506 long. The
    noise is smaller than the gradient itself. 0 of the 60 point uphill.
    """
    gradients = np.asarray(gradients)
    if gradients.ndim < 2 or len(gradients) < 32 or gradients[0].size < 2:
        raise ValueError(
            "gradients must have at least 32 rows, and two weights or more in each. "
            f"Received: gradients of shape {gradients.shape}."
        )
    gradients = gradients.reshape(len(gradients), -1)
    full = gradients.mean(axis=0)
    length = float(np.linalg.norm(full))
    plane = along_and_across(gradients, full)
    single_rows = gradients[:500] @ plane
    sizes = 2 ** np.arange(int(np.log2(len(gradients) // 8)) + 1)
    law = typical_distance(gradients, full) / np.sqrt(sizes)
    figure, axes = plots.subplots(2, height=3.4)

    def look(batch_size: int, draw: int) -> tuple[str, str]:
        means = batch_means(gradients, batch_size, draw)
        distance = typical_distance(means, full)
        uphill = np.count_nonzero(means @ full < 0)
        plots.cloud(axes[0], single_rows, means @ plane, full @ plane)
        plots.spread(axes[1], sizes, law, batch_size, distance)
        louder = "larger" if distance > length else "smaller"
        text = (
            f"{BATCHES} batches of {batch_size}: typically {distance:.3f} away from the gradient "
            f"of all rows, which is {length:.3f} long. The noise is {louder} than the gradient "
            f"itself. {uphill} of the {BATCHES} point uphill."
        )
        alt = (
            f"Left: the gradients of {BATCHES} batches in the cloud of the single rows, around "
            f"the gradient of all rows, a star; {uphill} lie on the other side of 0. Right: the "
            f"typical distance, {distance:.3f} at batch size {batch_size}, and the falling line "
            "1 / sqrt(batch size)."
        )
        return text, alt

    return Demo(
        figure,
        look,
        {
            "batch_size": one_of("batch_size", sizes.tolist(), int(sizes[2])),
            "draw": whole_numbers("draw", 1, 20, 1),
        },
    )
