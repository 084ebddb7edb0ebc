"""Demo of notebook 07: learning rate and batch size, and what they lead to."""

from collections.abc import Sequence

import numpy as np

from sgdcourse import plots
from sgdcourse._types import Array
from sgdcourse.batching import steps_per_epoch
from sgdcourse.widgets.demo import Demo, one_of


def rate_map(
    learning_rates: Sequence[float],
    batch_sizes: Sequence[int],
    losses: Array,
    accuracies: Array,
    *,
    num_samples: int,
) -> Demo:
    """Choose a learning rate and a batch size, and see how the training went.

    Parameters
    ----------
    learning_rates, batch_sizes : sequences of numbers
        In rising order.
    losses : (batch sizes, rates, epochs) floats
        The training loss of each epoch.
    accuracies : (batch sizes, rates) floats
        What was reached in the end; NaN where the training failed.
    num_samples : int
        How many rows an epoch has.

    Returns
    -------
    demo : Demo
        Its controls: ``learning_rate``, ``batch_size``.

    Raises
    ------
    ValueError
        If the shapes do not fit together.

    Examples
    --------
    >>> losses, accuracies = np.array([[[2.0, 1.0], [1.5, 9.0]]]), np.array([[0.9, np.nan]])
    >>> demo = rate_map([0.1, 1.0], [32], losses, accuracies, num_samples=100)
    >>> demo.set(learning_rate=1.0)
    >>> print(demo.text)  # doctest: +NORMALIZE_WHITESPACE
    Rate 1, batch size 32: 8 updates in 2 epochs. The loss is 1.50 in the first and 9.00 in the
    last. It fails.
    """
    losses, accuracies = np.asarray(losses), np.asarray(accuracies)
    shape = len(batch_sizes), len(learning_rates)
    if losses.ndim != 3 or losses.shape[:2] != shape or accuracies.shape != shape:
        raise ValueError(
            f"losses must have the shape {shape} and the epochs, accuracies the shape {shape}: one "
            "line per batch size, one column per rate. "
            f"Received: {losses.shape} and {accuracies.shape}."
        )
    figure, axes = plots.subplots(2, height=3.4)
    epochs = losses.shape[2]

    def look(learning_rate: float, batch_size: int) -> tuple[str, str]:
        box = batch_sizes.index(batch_size), learning_rates.index(learning_rate)
        plots.rate_map(axes[0], learning_rates, batch_sizes, accuracies, box)
        plots.epochs(axes[1], losses[box], epochs, highest=2.5)
        updates = epochs * steps_per_epoch(num_samples, batch_size)
        text = (
            f"Rate {learning_rate:g}, batch size {batch_size}: {updates:,} updates in {epochs} "
            f"epochs. The loss is {losses[box][0]:.2f} in the first and {losses[box][-1]:.2f} in "
            f"the last. "
        )
        written = ", ".join(f"{loss:.2f}" for loss in losses[box])
        failed = np.isnan(accuracies[box])
        text += "It fails." if failed else f"Test accuracy {accuracies[box]:.2f}."
        alt = (
            "Left: a map of test accuracies, one column per learning rate, one line per batch "
            f"size; the box of rate {learning_rate:g} and batch size {batch_size} is framed. "
            f"Right: its training loss, epoch by epoch: {written}."
        )
        return text, alt

    return Demo(
        figure,
        look,
        {
            "learning_rate": one_of("learning_rate", learning_rates, learning_rates[0]),
            "batch_size": one_of("batch_size", batch_sizes, batch_sizes[0]),
        },
    )
