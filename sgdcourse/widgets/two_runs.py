"""Demo of notebook 06: one training, computed by NumPy and by tf.keras, update by update."""

from typing import TYPE_CHECKING

from sgdcourse import plots
from sgdcourse.widgets.demo import Demo, whole_numbers

if TYPE_CHECKING:  # to compare needs TensorFlow, to look at a comparison does not
    from sgdcourse.parity import ParityReport


def two_runs(report: "ParityReport") -> Demo:
    """Walk through the updates of a comparison.

    Parameters
    ----------
    report : sgdcourse.parity.ParityReport

    Returns
    -------
    demo : Demo
        Its control: ``update``, counted from 1.

    Raises
    ------
    TypeError
        If it is no such report.

    Examples
    --------
    >>> import numpy as np
    >>> from sgdcourse import compare, make_moons
    >>> x, y = make_moons(64, np.random.default_rng(0))
    >>> demo = two_runs(compare.fit_both([2, 4, 2], x, y, epochs=2, seed=1))
    >>> print(demo.text)  # doctest: +ELLIPSIS
    Update 1: epoch 1, batch 1 of 2. NumPy reports the loss ...
    """
    if not hasattr(report, "keras_losses"):
        raise TypeError(f"report must come from compare.fit_both. Received: {report!r}.")
    updates, steps = len(report.losses), report.steps_per_epoch
    largest = report.weight_difference.max()
    flips = report.relu_flips.nonzero()[0] + 1
    figure, axes = plots.subplots(2, height=3.4)
    losses = {"NumPy": report.losses, "tf.keras": report.keras_losses}
    plots.curves(axes[0], losses, xlabel="update", ylabel="running mean of the loss")
    shown = {"weights": report.weight_difference, "loss": report.differences["loss"]}
    plots.differences(axes[1], shown, flips=flips)

    def look(update: int) -> tuple[str, str]:
        for ax in axes:
            plots.cursor(ax, update)
        ours, theirs = report.losses[update - 1], report.keras_losses[update - 1]
        apart = report.weight_difference[update - 1]
        epoch, batch = divmod(update - 1, steps)
        text = (
            f"Update {update:,}: epoch {epoch + 1}, batch {batch + 1:,} of {steps:,}. "
            f"NumPy reports the loss {ours:.4f}, tf.keras {theirs:.4f}. "
            f"The weights differ by {apart:.1e} at most."
        )
        alt = (
            f"Left: the running mean of the loss over {updates:,} updates; the line of NumPy and "
            "that of tf.keras lie on each other and start anew in each epoch. Right, on a "
            f"logarithmic scale: the largest difference of any weight, {largest:.1e} at most, "
            f"and that of the loss. A line marks update {update:,}."
        )
        return text, alt

    return Demo(
        figure,
        look,
        {"update": whole_numbers("update", 1, updates, 1)},
        play="update",
        interval=50,
    )
