"""Findings about the loss: where it started, what is printed, and whether it falls."""

import math

import numpy as np

from sgdcourse.recorder.findings.finding import Finding, count, layers, logged
from sgdcourse.recorder.findings.outputs import classes_in_loss
from sgdcourse.recorder.recording import Recording


def running_mean(recording: Recording) -> Finding | None:
    """Find out whether the loss that Keras prints for epoch 1 is far from the loss at its end."""
    steps = np.flatnonzero(recording["epoch"] == recording["epoch"][:1])
    if len(steps) < 5 or not recording.epochs or not np.any(recording["step_norm"][steps] > 0):
        return None
    losses, sizes = recording["loss"][steps], recording["size"][steps]
    printed = recording.epochs[0]["logs"].get("loss", np.nan)
    last = slice(-max(1, len(steps) // 10), None)
    first, end = losses[0], np.average(losses[last], weights=sizes[last])
    if not abs(printed - end) > 0.1 * abs(end):
        return None
    number = recording.epochs[0]["epoch"] + 1
    return Finding(
        "running_mean",
        f"The loss that Keras printed for epoch {number}, {printed:.4g}, is the mean over its "
        f"{count(len(steps), 'batch')}, each before its own update, while the weights moved. The "
        f"first batch had {first:.4g}, the last ones {end:.4g}.",
        {"printed": float(printed), "first_batch": float(first), "last_batches": float(end)},
    )


def _is_first_fit(recording: Recording) -> bool:
    return len(recording) > 0 and recording.fits[0]["optimizer"]["iterations"] == 0


def start_as_untrained(recording: Recording) -> Finding | None:
    """Find out whether the first loss is that of guessing."""
    classes = classes_in_loss(recording)
    if not classes or classes < 2 or not _is_first_fit(recording):
        return None
    first, guess = float(recording["loss"][0]), math.log(classes)
    if not 0.6 * guess < first < 1.4 * guess:
        return None
    return Finding(
        "start_as_untrained",
        f"The first batch had the loss {first:.4g}. To give each of {classes} classes the same "
        f"probability costs ln {classes} = {guess:.4g}: the network starts as it should, without "
        "an opinion.",
        {"first_loss": first, "of_guessing": guess},
    )


def start_far_off(recording: Recording) -> Finding | None:
    """Find out whether the first loss is far above that of guessing."""
    classes = classes_in_loss(recording)
    if not classes or classes < 2 or not _is_first_fit(recording):
        return None
    first, guess = float(recording["loss"][0]), math.log(classes)
    if not first > 2 * guess:
        return None
    return Finding(
        "start_far_off",
        f"The first batch had the loss {first:.4g}, {first / guess:.1f} times that of guessing, "
        f"ln {classes} = {guess:.4g}: before its first update the network is sure, and wrong. "
        "Inputs or initial weights too large, labels that do not belong to the outputs, penalties, "
        "or logits taken for probabilities do that.",
        {"first_loss": first, "of_guessing": guess},
        look=True,
    )


def loss_not_finite(recording: Recording) -> Finding | None:
    """Find out whether the loss became NaN or infinite."""
    bad = np.flatnonzero(~np.isfinite(recording["loss"]))
    if not len(bad) or np.isnan(recording["loss"]).all():  # it was never seen
        return None
    step = int(bad[0])
    norms = recording["gradient_norm"][:step]
    norms = norms[np.isfinite(norms) & (norms > 0)]
    growth = float(norms.max() / norms[0]) if len(norms) else float("nan")
    before = f"Before, the gradient norm grew {growth:,.4g} times." if growth > 1 else ""
    return Finding(
        "loss_not_finite",
        f"The loss became {recording['loss'][step]:g} at step {step:,}. {before} A smaller "
        "learning rate, scaled inputs, or global_clipnorm keep it in bounds.".replace("  ", " "),
        {"step": step, "growth_of_gradient": growth, "steps_after": len(recording) - step},
        look=True,
    )


def penalty_in_loss(recording: Recording) -> Finding | None:
    """Find out whether regularizers of the weights are part of the reported loss."""
    facts = recording.fits[0]
    if not facts.get("penalties") or not len(recording):
        return None
    penalty, last = facts["penalty"], float(recording["loss"][-1])
    return Finding(
        "penalty_in_loss",
        f"The reported loss has the penalties of {count(facts['penalties'], 'variable')} in it: "
        f"with the last weights {penalty:.4g}, beside a last batch of {last:.4g} in all. They are "
        "added whole to every batch, not divided by its rows; val_loss has them, too.",
        {"penalty": penalty, "last_loss": last, "variables": facts["penalties"]},
    )


def best_epoch_earlier(recording: Recording) -> Finding | None:
    """Find out whether the validation loss was best before the last epoch."""
    losses, training = logged(recording, "val_loss"), logged(recording, "loss")
    if len(losses) < 2 or np.isnan(losses).all():
        return None
    best = int(np.nanargmin(losses))
    last = np.flatnonzero(np.isfinite(losses))[-1]
    if best == last or not losses[last] > 1.01 * losses[best] or training[last] > training[best]:
        return None
    return Finding(
        "best_epoch_earlier",
        f"The validation loss was best in epoch {best + 1}, {losses[best]:.4g}; in epoch "
        f"{last + 1} it is {losses[last]:.4g}, while the training loss still falls. If the rows "
        "for validation are of the same kind as the others, this is overfitting, and "
        "EarlyStopping(restore_best_weights=True) goes back to the best.",
        {"best_epoch": best + 1, "best": float(losses[best]), "last": float(losses[last])},
        look=True,
    )


def validation_below_training(recording: Recording) -> Finding | None:
    """Find out whether the validation loss is below the training loss."""
    val_losses, losses = logged(recording, "val_loss"), logged(recording, "loss")
    below = val_losses < losses
    if not below.any():
        return None
    first = int(np.flatnonzero(below)[0])
    val_loss, loss = val_losses[first], losses[first]
    reasons = ["the training loss is a mean over the epoch, val_loss is taken at its end"]
    if layers(recording.fits[0], "Dropout", "SpatialDropout1D", "SpatialDropout2D"):
        reasons.append("dropout is off in validation")
    if layers(recording.fits[0], "BatchNormalization"):
        reasons.append("BatchNormalization uses its moving statistics there")
    return Finding(
        "validation_below_training",
        f"In {int(below.sum())} of {count(len(below), 'epoch')} val_loss is below loss (epoch "
        f"{first + 1}: {val_loss:.4g} and {loss:.4g}). No wonder: {', and '.join(reasons)}.",
        {"epochs": int(below.sum()), "val_loss": float(val_loss), "loss": float(loss)},
    )


def loss_did_not_fall(recording: Recording) -> Finding | None:
    """Find out whether the last batches have no smaller loss than the first ones."""
    losses = recording["loss"]
    tenth = len(losses) // 10
    if tenth < 2 or not np.isfinite(losses).all():
        return None
    first, last = losses[:tenth].mean(), losses[-tenth:].mean()
    if last < 0.99 * first:
        return None
    return Finding(
        "loss_did_not_fall",
        f"The loss did not fall: the first {tenth:,} batches have the mean {first:.4g}, the last "
        f"{tenth:,} have {last:.4g}. See whether labels belong to rows, whether gradients arrive "
        "(dead_relus, vanishing_gradients), and whether the rate is far too small or too large.",
        {"first": float(first), "last": float(last), "median_rate": _median(recording["rate"])},
        look=True,
    )


def _median(values: np.ndarray) -> float:
    return float(np.nanmedian(values)) if np.isfinite(values).any() else float("nan")


def dropout(recording: Recording) -> Finding | None:
    """Find out whether dropout makes the training loss noisy."""
    found = [layer for layer in layers(recording.fits[0], "Dropout") if layer.get("rate", 0) > 0]
    if not found:
        return None
    rates = [layer["rate"] for layer in found]
    return Finding(
        "dropout",
        f"{count(len(found), 'Dropout layer')} switched off up to {max(rates):.0%} of the units "
        "in every batch of fit, others each time; evaluate, predict and val_loss use all units.",
        {"layers": [layer["name"] for layer in found], "rates": rates},
    )


def young_batch_norm(recording: Recording) -> Finding | None:
    """Find out whether the moving statistics of BatchNormalization still are near their start."""
    facts = recording.fits[0]
    found = layers(facts, "BatchNormalization")
    momentum = max((layer.get("momentum", 0.99) for layer in found), default=0.0)
    left = momentum ** facts.get("iterations", 0)
    if not found or left < 0.05:
        return None
    return Finding(
        "young_batch_norm",
        f"After {count(facts['iterations'], 'batch')}, {left:.0%} of the moving statistics of "
        f"BatchNormalization still are their initial 0 and 1 (momentum {momentum}). evaluate, "
        "predict and val_loss use them, training does not: the two disagree for a while.",
        {"batches": facts["iterations"], "share_of_start": left, "momentum": momentum},
        look=True,
    )


LOSS = [
    loss_not_finite,
    start_far_off,
    loss_did_not_fall,
    best_epoch_earlier,
    young_batch_norm,
    start_as_untrained,
    running_mean,
    validation_below_training,
    penalty_in_loss,
    dropout,
]
