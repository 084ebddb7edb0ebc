"""Findings about the update: rule, rate, velocity, and what else moves weights."""

import numpy as np

from sgdcourse.recorder.findings.finding import Finding, count, listed
from sgdcourse.recorder.recording import Recording

ROUNDING = 1e-5  # float32, a few roundings of weights of size 1 to 10


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
        f"weight_decay={decay:g} takes learning_rate x {decay:g} of every weight at each step "
        "(biases, too, unless exclude_from_weight_decay names them): over these "
        f"{count(len(recording), 'step')} it alone leaves {left:.2%}. It is no part of the loss, "
        "and does not pass through the velocity.",
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


UPDATE = [
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
]
