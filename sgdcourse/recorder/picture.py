"""The picture of a recording: loss, gradients and rate over the steps."""

from typing import Any

import numpy as np

from sgdcourse import plots
from sgdcourse.recorder.recording import Recording


def draw(recording: Recording, *, height: float = 3.2) -> tuple[Any, Any]:
    """Draw the three panels.

    Parameters
    ----------
    recording : Recording
    height : float
        In inches.

    Returns
    -------
    figure, axes
    """
    figure, axes = plots.subplots(3, width=11, height=height)
    plots.per_step(
        axes[0],
        {"this batch": recording["loss"], "Keras reports": recording["reported_loss"]},
        ylabel="loss",
    )
    norms = {
        "gradient": recording["gradient_norm"],
        "step taken": recording["step_norm"],
        "velocity": recording["velocity_norm"],
    }
    norms = {name: values for name, values in norms.items() if np.any(values > 0)}
    plots.per_step(axes[1], norms, ylabel="norm", logarithmic=True)
    plots.per_step(axes[2], {"learning rate": recording["rate"]}, ylabel="learning rate")
    axes[2].set_ylim(bottom=0)
    new_epochs = np.flatnonzero(np.diff(recording["epoch"])) + 1
    for ax in axes:
        plots.marks(ax, new_epochs)
    return figure, axes


def words(recording: Recording) -> str:
    """Describe the picture for those who cannot see it."""
    losses, norms, rates = recording["loss"], recording["gradient_norm"], recording["rate"]
    return (
        f"Three panels over {len(recording):,} steps, with a dotted line where an epoch begins. "
        f"Left: the loss of each batch, {_range(losses)}, and the running mean that Keras reports, "
        f"at the end {recording['reported_loss'][-1]:.4g}. Middle, on a logarithmic scale: the "
        f"norm of the gradient, {_range(norms)}, of the step taken, and of the velocity where "
        f"there is one. Right: the learning rate, {_range(rates)}."
    )


def picture(recording: Recording) -> plots.Picture:
    """Draw the recording, with its description.

    Raises
    ------
    ValueError
        If there is no step in it.
    """
    recording.check_not_empty()
    figure, _ = draw(recording)
    return plots.show(figure, words(recording))


def _range(values: np.ndarray) -> str:
    values = values[np.isfinite(values)]
    if not len(values):
        return "not seen"
    return f"from {values[0]:.4g} to {values[-1]:.4g}, at most {values.max():.4g}"
