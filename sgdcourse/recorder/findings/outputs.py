"""Findings about outputs and labels: what stands between the last layer and the loss."""

import math
from typing import Any

import numpy as np

from sgdcourse.recorder.findings.finding import Finding, listed
from sgdcourse.recorder.recording import Recording

CROSSENTROPIES = (
    "sparse_categorical_crossentropy",
    "categorical_crossentropy",
    "binary_crossentropy",
)
CAP = -math.log(1e-7)  # 16.118: Keras clips probabilities there
PROBABILITIES = ("softmax", "sigmoid")


def classes_in_loss(recording: Recording) -> int | None:
    """Return between how many classes the loss decides; None if it is no crossentropy."""
    facts = recording.fits[0]
    if facts["loss"]["name"] not in CROSSENTROPIES or "y_pred_shape" not in facts:
        return None
    binary = facts["loss"]["name"] == "binary_crossentropy"
    return 2 if binary else facts["y_pred_shape"][-1]


def raw_logits(recording: Recording) -> Finding | None:
    """Find out whether a linear output meets a loss that expects probabilities."""
    facts = recording.fits[0]
    if not _clipped(recording) or _activations(facts)[-1:] != ["linear"] or _behind(facts):
        return None
    return Finding(
        "raw_logits",
        "The last layer gives logits, and the loss takes them for probabilities: it clips them to "
        "0 ... 1, and where it clips, no gradient flows. Give the last layer a softmax (sigmoid "
        "for binary_crossentropy), or the loss from_logits=True.",
        {"loss": facts["loss"]["name"], "first_loss": float(recording["loss"][0])},
        look=True,
    )


def capped_loss(recording: Recording) -> Finding | None:
    """Find out whether something stands between the softmax and the loss."""
    facts = recording.fits[0]
    behind = _behind(facts)
    if not _clipped(recording) or not behind:
        return None
    largest = float(np.nanmax(recording["loss"]))
    return Finding(
        "capped_loss",
        f"Something stands after the softmax or sigmoid: {listed(behind)}. So Keras cannot use "
        f"the logits; it clips the probabilities at 1e-7, the loss of a row is capped at "
        f"{CAP:.3f}, and a row beyond the cap has no gradient. Put the softmax or sigmoid last.",
        {"largest_loss": largest, "cap": CAP, "behind": behind},
        look=True,
    )


def _clipped(recording: Recording) -> bool:
    facts = recording.fits[0]
    return (
        classes_in_loss(recording) is not None
        and len(recording) > 0
        and not facts["loss"]["from_logits"]
        and not facts["logits_found"]
    )


def _behind(facts: dict[str, Any]) -> list[str]:
    """Name the layers behind the last softmax or sigmoid; none if weights come after it.

    A sigmoid before a layer with weights belongs to a hidden layer, and gives no probabilities.
    """
    names: list[str] = []
    for layer in reversed(facts.get("layers", [])):
        if layer["activation"] in PROBABILITIES or layer["kind"] == "Softmax":
            return names[::-1]
        if layer["weights"]:
            return []
        names.append(layer["name"])
    return []


def _activations(facts: dict[str, Any]) -> list[str | None]:
    return [layer["activation"] for layer in facts.get("layers", []) if layer["activation"]]


def from_logits_on_probabilities(recording: Recording) -> Finding | None:
    """Find out whether ``from_logits=True``, but the model ends in a softmax."""
    facts = recording.fits[0]
    if not facts["loss"]["from_logits"] or not facts.get("logits_found"):
        return None
    return Finding(
        "from_logits_on_probabilities",
        "The loss has from_logits=True, and the model ends in a softmax or sigmoid. Keras warns, "
        "and takes the logits from before it, so this fit is right; the same loss on the output "
        "of predict would be wrong. Drop one of the two.",
        {"loss": facts["loss"]["name"], "last_activation": _activations(facts)[-1]},
        look=True,
    )


def softmax_twice(recording: Recording) -> Finding | None:
    """Find out whether two layers, one behind the other, are a softmax."""
    stack = [
        layer["name"]
        for layer in recording.fits[0].get("layers", [])
        if layer["activation"] == "softmax" or layer["kind"] == "Softmax"
    ]
    if len(stack) < 2 or classes_in_loss(recording) is None:
        return None
    classes = classes_in_loss(recording) or 2
    # at best the first softmax gives 1 and zeros; what does the second make of it?
    floor = math.log(math.e + classes - 1) - 1
    return Finding(
        "softmax_twice",
        f"The layers {' and '.join(stack)} are both a softmax. The second sees numbers between 0 "
        f"and 1 only: directly behind the first, the loss of {classes} classes cannot fall below "
        f"{floor:.3f}. Keep the last one.",
        {"layers": stack, "floor": floor, "smallest_loss": float(np.nanmin(recording["loss"]))},
        look=True,
    )


def softmax_of_one(recording: Recording) -> Finding | None:
    """Find out whether a softmax over a single unit is always 1."""
    facts = recording.fits[0]
    shape = facts.get("y_pred_shape")
    if not shape or shape[-1] != 1 or _activations(facts)[-1:] != ["softmax"]:
        return None
    return Finding(
        "softmax_of_one",
        "The last layer is a softmax over one unit: it says 1 for every row, and has no gradient. "
        "One unit wants a sigmoid.",
        {"outputs": 1, "largest_gradient": float(np.nanmax(recording["gradient_norm"]))},
        look=True,
    )


def label_shape(recording: Recording) -> Finding | None:
    """Find out whether labels and predictions have other widths, and are stretched to fit."""
    facts = recording.fits[0]
    y_true, y_pred = facts.get("y_true_shape"), facts.get("y_pred_shape")
    if not y_true or not y_pred or len(y_true) < 2 or len(y_true) != len(y_pred):
        return None
    if (facts["loss"]["name"] or "").startswith("sparse") or y_true[-1] == y_pred[-1]:
        return None
    return Finding(
        "label_shape",
        f"A row of labels has {y_true[-1]} numbers, a row of predictions {y_pred[-1]}. The loss "
        "stretches the narrow one to the width of the other, without a word: every output is "
        "compared with the same label. Give the last layer as many units as the labels have.",
        {"labels": y_true[-1], "predictions": y_pred[-1], "loss": facts["loss"]["name"]},
        look=True,
    )


OUTPUTS = [
    raw_logits,
    capped_loss,
    softmax_twice,
    softmax_of_one,
    from_logits_on_probabilities,
    label_shape,
]
