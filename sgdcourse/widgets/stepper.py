"""Demo of notebook 09: walk through the steps of a recorded ``fit``."""

from typing import TYPE_CHECKING

import numpy as np

from sgdcourse import plots
from sgdcourse.widgets.demo import Demo, whole_numbers

if TYPE_CHECKING:  # to record needs TensorFlow, to look at a recording does not
    from sgdcourse.recorder import Recording


def stepper(recording: "Recording") -> Demo:
    """Walk through a recording: loss, rows, and the gradient of each variable, step by step.

    Parameters
    ----------
    recording : sgdcourse.recorder.Recording

    Returns
    -------
    demo : Demo
        Its control: ``step``, counted from 0.

    Raises
    ------
    ValueError
        If there is no step in it.
    """
    recording.check_not_empty()
    figure, axes = plots.subplots(2, width=9, height=3.4)
    losses = {"this batch": recording["loss"], "Keras reports": recording["reported_loss"]}
    plots.per_step(axes[0], losses, ylabel="loss")
    norms = {"gradient": recording["gradient_norm"], "step taken": recording["step_norm"]}
    plots.per_step(axes[1], norms, ylabel="norm", logarithmic=True)
    columns = {name: recording[name] for name in ("epoch", "batch", "size", "loss", "rate")}
    columns |= {name: recording[name] for name in ("reported_loss", "gradient_norm", "step_norm")}
    gradients = recording.gradient_norms

    def look(step: int) -> tuple[str, str]:
        for ax in axes:
            plots.cursor(ax, step)
        now = {name: values[step] for name, values in columns.items()}
        dealt = recording.rows[step]
        text = (
            f"Step {step:,}: epoch {now['epoch'] + 1:.0f}, batch {now['batch'] + 1:.0f}, "
            f"{now['size']:.0f} rows{_first(dealt)}. The loss of this batch is {now['loss']:.4f}, "
            f"Keras reports the running mean {now['reported_loss']:.4f}. The gradient has the norm "
            f"{now['gradient_norm']:.4g}, the rate is {now['rate']:.4g}, the step that was taken "
            f"{now['step_norm']:.4g}.{_largest(gradients, step)}"
        )
        alt = (
            f"Left: the loss of each of {len(recording):,} batches, and the running mean that "
            "Keras reports, which starts anew in each epoch. Right, on a logarithmic scale: the "
            f"norms of gradient and step. A line marks step {step:,}."
        )
        return text, alt

    slider = whole_numbers("step", 0, len(recording) - 1, 0)
    return Demo(figure, look, {"step": slider}, play="step", interval=100)


def _first(rows: np.ndarray | None) -> str:
    if rows is None:
        return ""
    more = ", ..." if len(rows) > 6 else ""
    return f" ({', '.join(map(str, rows[:6]))}{more})"


def _largest(gradients: dict[str, np.ndarray], step: int) -> str:
    norms = {name: float(values[step]) for name, values in gradients.items()}
    norms = {name: norm for name, norm in norms.items() if np.isfinite(norm)}
    if len(norms) < 2:
        return ""
    largest = max(norms, key=lambda name: norms[name])
    return f" {largest} has the largest part of the gradient, {norms[largest]:.4g}."
