"""Findings about the updates: rate, velocity, gradients, and what did not move."""

import numpy as np

from sgdcourse.recorder.findings.finding import Finding, count, listed
from sgdcourse.recorder.recording import Recording

ROUNDING = 1e-5  # float32, a few roundings of weights of size 1 to 10
VANISHED, EXPLODED = 1e-4, 100  # first layer against last; against the first batches
MANY_DEAD = 0.1  # of the units of a layer
TINY, HUGE = 1e-6, 0.1  # of the norm of the weights, in one step


def update_rule(recording: Recording) -> Finding | None:
    """Find out whether every update that was checked is the one of SGD's formula."""
    errors = recording["rule_error"]
    errors = errors[np.isfinite(errors)]
    optimizer = recording.fits[0]["optimizer"]
    if not len(errors) or not errors.max() <= ROUNDING:
        return None
    momentum, law = optimizer["momentum"], "-learning_rate x gradient"
    if momentum:
        kind = "the Nesterov step" if optimizer["nesterov"] else "the velocity"
        law = f"{kind} from momentum {momentum:g}, learning_rate and gradient"
    exactly = "exactly " if errors.max() == 0 else ""
    return Finding(
        "update_rule",
        f"Each of {count(len(errors), 'update')} that were computed again in NumPy is {exactly}"
        f"{law} (largest deviation of a weight {errors.max():.1e}).",
        {"largest_deviation": float(errors.max()), "updates_checked": len(errors)},
    )


def update_rule_broken(recording: Recording) -> Finding | None:
    """Find out whether an update is not the one of SGD's formula."""
    errors, facts = recording["rule_error"], recording.fits[0]
    wrong = np.flatnonzero(errors > ROUNDING)
    if not len(wrong):
        return None
    constrained = facts.get("constrained", [])
    why = (
        f"Constraints came after it: {listed(constrained)}."
        if constrained
        else "Something else moved weights in the same step."
    )
    return Finding(
        "update_rule_broken",
        f"At step {wrong[0]:,} the weights are {errors[wrong[0]]:.2g} off what SGD's formula gives "
        f"from this gradient. {why}",
        {"step": int(wrong[0]), "deviation": float(errors[wrong[0]]), "constrained": constrained},
    )


def rate_changed(recording: Recording) -> Finding | None:
    """Find out whether the learning rate was not the same in all steps."""
    rates, facts = recording["rate"], recording.fits[0]
    rates = rates[np.isfinite(rates)]
    changes = np.flatnonzero(np.diff(rates)) + 1
    if not len(changes):
        return None
    schedule, callbacks = facts["optimizer"]["schedule"], facts.get("callbacks", [])
    by = "by code outside of fit"
    if schedule:
        by = f"by the schedule {schedule}, which counts batches, not epochs"
    elif callbacks:
        by = f"by a callback (this fit had {listed(callbacks)})"
    return Finding(
        "rate_changed",
        f"The learning rate changed {count(len(changes), 'time')}, {by}: from {rates[0]:.4g} to "
        f"{rates[-1]:.4g}, first at step {changes[0]:,}.",
        {"first": float(rates[0]), "last": float(rates[-1]), "first_change": int(changes[0])},
    )


def rate_stands_still(recording: Recording) -> Finding | None:
    """Find out whether a function was given as the rate, and was called once."""
    if not recording.fits[0]["optimizer"]["rate_is_function"]:
        return None
    return Finding(
        "rate_stands_still",
        "The learning rate is a plain function. Keras calls it when it traces the step, not at "
        f"every step: the rate stays {recording['rate'][-1]:.4g}. A LearningRateSchedule moves.",
        {"rate": float(recording["rate"][-1]), "rates_seen": len(np.unique(recording["rate"]))},
        look=True,
    )


def velocity_kept(recording: Recording) -> Finding | None:
    """Find out whether the fit began with the velocity of an earlier one."""
    optimizer = recording.fits[0]["optimizer"]
    if not optimizer["velocity_norm"] > 0:
        return None
    return Finding(
        "velocity_kept",
        f"This fit began with a velocity of norm {optimizer['velocity_norm']:.4g}, which "
        f"{count(optimizer['iterations'], 'earlier update')} had left in the optimizer. To compile "
        "with a new optimizer sets it to 0.",
        {"velocity_norm": optimizer["velocity_norm"], "iterations": optimizer["iterations"]},
    )


def momentum_lengthens(recording: Recording) -> Finding | None:
    """Find out whether with momentum the steps are longer than rate times gradient."""
    optimizer = recording.fits[0]["optimizer"]
    momentum = optimizer["momentum"]
    plain = recording["rate"] * recording["gradient_norm"]
    usable = np.isfinite(plain) & (plain > 0)
    clipped = any(optimizer[name] for name in ("clipnorm", "clipvalue", "global_clipnorm"))
    if not momentum or clipped or not usable.any():
        return None
    times = float(np.median(recording["step_norm"][usable] / plain[usable]))
    limit = 1 / (1 - momentum) if momentum < 1 else float("inf")
    return Finding(
        "momentum_lengthens",
        f"With momentum {momentum:g}, the steps are {times:.2f} times as long as learning_rate x "
        f"gradient (median). Gradients that all agree would make it {limit:.3g} times; without "
        "momentum it is 1.",
        {"median_times": times, "limit": limit},
    )


def nesterov_without_momentum(recording: Recording) -> Finding | None:
    """Find out whether ``nesterov=True`` has nothing to work on."""
    optimizer = recording.fits[0]["optimizer"]
    if not optimizer["nesterov"] or optimizer["momentum"]:
        return None
    return Finding(
        "nesterov_without_momentum",
        "nesterov=True changes nothing here, since momentum is 0. momentum=0.9 is usual.",
        {"momentum": 0.0, "rule_error": float(np.nanmax(recording["rule_error"]))},
        look=True,
    )


def clipping(recording: Recording) -> Finding | None:
    """Find out whether a limit for the gradients was set, and reached."""
    optimizer = recording.fits[0]["optimizer"]
    longest = np.array([*recording.gradient_norms.values()])
    measured = {
        "clipnorm": np.nanmax(longest, axis=0) if longest.size else np.zeros(0),
        "global_clipnorm": recording["gradient_norm"],
        "clipvalue": recording["gradient_max"],
    }
    for name, values in measured.items():
        limit = optimizer[name]
        if limit:
            active = int(np.count_nonzero(values > limit))
            return Finding(
                "clipping",
                f"{name}={limit:g} shortened gradients in {active:,} of "
                f"{count(len(values), 'step')}; the largest was {np.nanmax(values):.4g}. "
                + ("It never did anything." if not active else "Those steps are shorter."),
                {"active": active, "steps": len(values), "largest": float(np.nanmax(values))},
                look=active > len(values) / 2,
            )
    return None


def weight_decay(recording: Recording) -> Finding | None:
    """Find out whether weights are shrunk in every step."""
    decay = recording.fits[0]["optimizer"]["weight_decay"]
    if not decay or not np.isfinite(recording["rate"]).any():
        return None
    left = float(np.prod(1 - decay * np.nan_to_num(recording["rate"])))
    return Finding(
        "weight_decay",
        f"weight_decay={decay:g} takes learning_rate x {decay:g} of every weight, biases, too, at "
        f"each step: over these {count(len(recording), 'step')} it alone leaves {left:.2%}. It is "
        "no part of the loss, and does not pass through the velocity.",
        {"weight_decay": decay, "left": left},
    )


def accumulation(recording: Recording) -> Finding | None:
    """Find out whether several batches make one update."""
    facts = recording.fits[0]
    steps = facts["optimizer"]["gradient_accumulation_steps"]
    if not steps:
        return None
    moved = int(np.count_nonzero(recording["step_norm"]))
    waiting = facts.get("iterations", 0) % steps
    return Finding(
        "accumulation",
        f"Gradients were gathered: {count(len(recording), 'batch')} made {count(moved, 'update')}, "
        f"one for every {steps}. At the end the gradients of {count(waiting, 'batch')} wait for "
        "the next fit; the end of an epoch does not matter to them.",
        {"batches": len(recording), "updates": moved, "waiting": waiting},
    )


def moving_average(recording: Recording) -> Finding | None:
    """Find out whether the model ends with averaged weights."""
    optimizer = recording.fits[0]["optimizer"]
    if not optimizer["use_ema"]:
        return None
    return Finding(
        "moving_average",
        "use_ema=True: when fit ended, the moving average of the weights took their place. What "
        "you evaluate now is not what the last batch left.",
        {"ema_momentum": optimizer["ema_momentum"], "steps": len(recording)},
    )


def never_moved(recording: Recording) -> Finding | None:
    """Find out whether weights that could learn stayed where they were."""
    still = [n for n, norms in recording.step_norms.items() if not np.nansum(norms)]
    if not still or not np.any(recording["rate"] > 0):
        return None
    unused = [n for n in still if np.isnan(recording.gradient_norms[n]).all()]
    if unused:
        why = f"The loss does not depend on {listed(unused)}."
    elif any(np.nansum(recording.gradient_norms[n]) for n in still):
        why = "Their steps were too small to change the last digit of a weight."
    else:
        why = "Their gradient was exactly 0 each time."
    return Finding(
        "never_moved",
        f"Weights that never moved in {count(len(recording), 'step')}: {listed(still)}. {why}",
        {"variables": still, "without_gradient": unused},
        look=True,
    )


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


def dead_relus(recording: Recording) -> Finding | None:
    """Find out whether units of a ReLU layer had no gradient in a whole epoch."""
    silent = recording.epochs[-1]["silent_units"] if recording.epochs else {}
    if not silent:
        return None
    dead = [f"{off:,} of {units:,} units of {name}" for name, (off, units) in silent.items()]
    share = max(off / units for off, units in silent.values())
    return Finding(
        "dead_relus",
        f"In the last epoch no row gave a gradient to {listed(dead)}. Their ReLU is off for every "
        "row: they cannot learn any more. A smaller learning rate or scaled inputs keep units "
        "alive.",
        {
            "units": sum(off for off, _ in silent.values()),
            "of": sum(units for _, units in silent.values()),
            "layers": list(silent),
        },
        look=share > MANY_DEAD,
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


def tiny_steps(recording: Recording) -> Finding | None:
    """Find out whether a step hardly changes the weights."""
    share = _share(recording)
    if share is None or not 0 < share < TINY:
        return None
    return Finding(
        "tiny_steps",
        f"A step changes the weights by {share:.1e} of their norm (median): after a thousand steps "
        "they are where they were. The rate is too small, or the gradients vanish.",
        {"median_share": share, "median_rate": float(np.nanmedian(recording["rate"]))},
        look=True,
    )


def huge_steps(recording: Recording) -> Finding | None:
    """Find out whether a step changes the weights as a whole."""
    share = _share(recording)
    if share is None or not share > HUGE:
        return None
    return Finding(
        "huge_steps",
        f"A step changes the weights by {share:.0%} of their norm (median); about a thousandth is "
        "usual. The learning rate is too large for these gradients.",
        {"median_share": share, "median_rate": float(np.nanmedian(recording["rate"]))},
        look=True,
    )


def _share(recording: Recording) -> float | None:
    steps, weights = recording["step_norm"], recording["weight_norm"]
    usable = np.isfinite(steps) & np.isfinite(weights) & (weights > 0) & (steps > 0)
    return float(np.median(steps[usable] / weights[usable])) if usable.any() else None


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
        f"divided again; the recording holds the divided ones. {count(skipped, 'update')} of "
        f"{len(recording):,} were left out, since a gradient was not finite.",
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


UPDATE = [
    recording_full,
    ended_early,
    never_moved,
    dead_relus,
    exploding_gradients,
    vanishing_gradients,
    huge_steps,
    tiny_steps,
    clipping,
    rate_stands_still,
    nesterov_without_momentum,
    update_rule,
    update_rule_broken,
    rate_changed,
    velocity_kept,
    momentum_lengthens,
    weight_decay,
    accumulation,
    moving_average,
    frozen_layers,
    other_optimizer,
    loss_scale,
    own_train_step,
]
