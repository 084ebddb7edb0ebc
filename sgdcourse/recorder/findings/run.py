"""Findings about the run itself: how it ended, and what could not be seen."""

import numpy as np

from sgdcourse.recorder.findings.finding import Finding, count
from sgdcourse.recorder.recording import Recording


def recording_full(recording: Recording) -> Finding | None:
    """Find out whether the recording reached its limit."""
    if not recording.steps_not_kept:
        return None
    return Finding(
        "recording_full",
        f"The recording reached its {recording.megabytes:g} MB: the last "
        f"{count(recording.steps_not_kept, 'step')} are not in it, and not in the findings. Give "
        "record_fit more megabytes, keep_rows=False or fewer full_steps.",
        {"not_kept": recording.steps_not_kept, "kept": len(recording)},
        look=True,
    )


def ended_early(recording: Recording) -> Finding | None:
    """Find out whether ``fit`` was interrupted, raised an error, or stopped itself."""
    facts = recording.fits[0]
    finished, asked = len(recording.epochs), (facts["epochs"] or 1) - (facts["initial_epoch"] or 0)
    stopped = facts.get("stopped_early") and finished < asked
    ended = facts.get("ended", "in the middle")
    if ended == "as asked" and not stopped:
        return None
    how = "stopped by a callback" if stopped and ended == "as asked" else ended
    return Finding(
        "ended_early",
        f"This fit ended after {finished} of {count(asked, 'epoch')}: {how}. What came before is "
        "recorded.",
        {"epochs_finished": finished, "epochs_asked": asked, "steps": len(recording)},
        look=ended != "as asked",
    )


def other_optimizer(recording: Recording) -> Finding | None:
    """Find out whether the optimizer is not SGD."""
    optimizer = recording.fits[0]["optimizer"]
    if optimizer["is_sgd"]:
        return None
    return Finding(
        "other_optimizer",
        f"The optimizer is {optimizer['kind']}, not SGD. Rows, losses, gradients, rate and the "
        "steps taken are recorded; its velocity and its update rule are not checked.",
        {"optimizer": optimizer["kind"]},
    )


def loss_scale(recording: Recording) -> Finding | None:
    """Find out whether float16: the loss is scaled, and some updates are left out."""
    if not recording.fits[0]["optimizer"]["loss_scale"] or not len(recording):
        return None
    skipped = int(np.count_nonzero(~np.isfinite(recording["gradient_norm"])))
    return Finding(
        "loss_scale",
        "Mixed precision: the loss is multiplied before the gradients are computed, and they are "
        "divided again; the recording holds the divided ones. Left out, since a gradient was not "
        f"finite: {skipped:,} of {count(len(recording), 'update')}.",
        {"left_out": skipped, "steps": len(recording)},
    )


def own_train_step(recording: Recording) -> Finding | None:
    """Find out whether the model has a ``train_step`` of its own."""
    if not recording.fits[0].get("own_train_step"):
        return None
    seen = np.isfinite(recording["gradient_norm"]).any()
    return Finding(
        "own_train_step",
        "The model has a train_step of its own. "
        + (
            "What its optimizer was given is recorded."
            if seen
            else "It does not use model.optimizer, so gradients and steps were not seen."
        )
        + ("" if np.isfinite(recording["loss"]).any() else " The loss of a batch was not seen."),
        {"steps": len(recording), "gradients_seen": bool(seen)},
    )


RUN = [
    recording_full,
    ended_early,
    other_optimizer,
    loss_scale,
    own_train_step,
]
