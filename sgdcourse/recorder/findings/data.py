"""Findings about rows and batches: how they were dealt, and what is in them."""

import itertools

import numpy as np

from sgdcourse.recorder.findings.finding import Finding, count, epochs, layers
from sgdcourse.recorder.recording import Recording

TOO_LARGE = 50  # a pixel of 0 to 255 is above it, a standardized number never
MOSTLY = 0.8  # of all rows
FEW = 5  # rows: with fewer, an order may be an accident
TAKE_RAW_NUMBERS = {"Embedding", "Rescaling", "Normalization", "TextVectorization"}


def orders(recording: Recording) -> list[np.ndarray]:
    """Return the rows of each finished epoch in the order in which they were dealt."""
    finished = len(recording.epochs)
    dealt = [[recording.rows[step] for step in steps] for steps in epochs(recording)[:finished]]
    if not dealt or any(rows is None for epoch in dealt for rows in epoch):
        return []
    return [np.concatenate(epoch) for epoch in dealt]


def shuffled(recording: Recording) -> bool:
    """Say whether ``fit`` was to shuffle all rows."""
    return bool(recording.fits[0].get("shuffle")) and recording.fits[0]["shuffle"] != "batch"


def same_order(recording: Recording) -> Finding | None:
    """Find out whether all epochs dealt the rows in one order."""
    dealt = orders(recording)
    if len(dealt) < 2 or not shuffled(recording) or not all_equal(dealt):
        return None
    if len(dealt[0]) < FEW:
        return None
    return Finding(
        "same_order",
        f"The rows came in the same order in all {len(dealt)} epochs, though fit shuffles: once "
        "keras.utils.set_random_seed (or tf.random.set_seed) was called, every epoch is shuffled "
        "alike.",
        {"epochs": len(dealt), "first_rows": dealt[0][:8].tolist()},
    )


def new_orders(recording: Recording) -> Finding | None:
    """Find out whether every epoch dealt the rows in another order."""
    dealt = orders(recording)
    if len(dealt) < 2 or not shuffled(recording) or any_equal(dealt):
        return None
    return Finding(
        "new_orders",
        f"The rows came in another order in each of the {len(dealt)} epochs: fit shuffles, and "
        "TensorFlow has no seed. Another run will differ from this one.",
        {"epochs": len(dealt), "first_rows": [order[:4].tolist() for order in dealt[:3]]},
    )


def all_equal(dealt: list[np.ndarray]) -> bool:
    """Say whether all orders are one."""
    return all(np.array_equal(dealt[0], order) for order in dealt)


def any_equal(dealt: list[np.ndarray]) -> bool:
    """Say whether an order follows itself."""
    pairs = itertools.pairwise(dealt)
    return any(np.array_equal(one, other) for one, other in pairs)


def not_shuffled(recording: Recording) -> Finding | None:
    """Find out whether the rows were dealt as they stand."""
    dealt = orders(recording)
    if not dealt or not np.array_equal(dealt[0], np.arange(len(dealt[0]))):
        return None
    if shuffled(recording) and len(dealt[0]) < FEW:
        return None
    rows = recording.rows[0]
    return Finding(
        "not_shuffled",
        "The rows were dealt as they stand in the arrays: neighbours in the data always meet in "
        "the same batch. shuffle=True, which is the default, mixes them.",
        {"first_batch": [] if rows is None else rows[:8].tolist()},
    )


def small_last_batch(recording: Recording) -> Finding | None:
    """Find out whether the last batch of an epoch is smaller, and its rows weigh more."""
    finished = epochs(recording)[: len(recording.epochs)]
    if not finished:
        return None
    sizes = recording["size"][finished[0]].astype(int)
    last, others = int(sizes[-1]), int(sizes[0])
    if last >= others:
        return None
    return Finding(
        "small_last_batch",
        f"The last batch of an epoch has {count(last, 'row')}, the others have {others}. Each "
        "batch moves the weights by the mean of its rows, so its rows weigh "
        f"{others / last:.3g} times as much.",
        {"last": last, "others": others, "times": others / last},
    )


def labels_in_blocks(recording: Recording) -> Finding | None:
    """Find out whether labels are sorted and not shuffled, so that a batch holds few classes."""
    data, facts = recording.fits[0]["data"], recording.fits[0]
    classes = data.get("classes")
    if classes is None or shuffled(recording) or not len(recording):
        return None
    size = int(recording["size"][0])
    per_batch = 1 + classes["changes"] * size / data["num_rows"]
    if per_batch > len(classes["labels"]) / 2:
        return None
    return Finding(
        "labels_in_blocks",
        f"The labels stand in blocks, and shuffle={facts['shuffle']!r} leaves them there: a batch "
        f"of {size} rows holds about {per_batch:.1f} of {len(classes['labels'])} classes, so each "
        "update pulls towards a few classes only.",
        {"classes_per_batch": per_batch, "changes_of_class": classes["changes"]},
        look=True,
    )


def class_imbalance(recording: Recording) -> Finding | None:
    """Find out whether most rows belong to one class."""
    classes = recording.fits[0]["data"].get("classes")
    if classes is None or len(classes["labels"]) < 2:
        return None
    counts = np.array(classes["counts"])
    share = counts.max() / counts.sum()
    if share < MOSTLY:
        return None
    label = classes["labels"][int(counts.argmax())]
    return Finding(
        "class_imbalance",
        f"{share:.0%} of the rows have the label {label}: who always says {label} has this "
        "accuracy. Compare yours with it; class_weight or a balanced sample can help.",
        {"share": float(share), "counts": counts.tolist()},
        look=True,
    )


def validation_tail(recording: Recording) -> Finding | None:
    """Find out whether the rows for validation are the last ones."""
    facts = recording.fits[0]
    split, data = facts.get("validation_split"), facts["data"]
    if not split or "num_rows" not in data:
        return None
    evidence = {"validation_split": split, "trained_on_rows_below": data["num_rows"]}
    sentence = (
        f"The rows for validation are the last {split:.0%}, from row {data['num_rows']:,} on, cut "
        "off before any shuffle."
    )
    ours, theirs = data.get("classes"), data.get("validation_classes")
    missing = []
    if ours and theirs:
        everywhere = sorted({*ours["labels"], *theirs["labels"]})
        missing = sorted({*ours["labels"]} ^ {*theirs["labels"]})
        evidence |= {"classes": len(everywhere), "in_validation": len(theirs["labels"])}
    if missing:
        sentence += (
            f" They hold {len(theirs['labels'])} of {len(everywhere)} classes, the rows for "
            f"training {len(ours['labels'])}: the data are sorted. Shuffle x and y together first."
        )
    return Finding("validation_tail", sentence, evidence, look=bool(missing))


def unscaled_inputs(recording: Recording) -> Finding | None:
    """Find out whether the inputs are large numbers, such as pixels of 0 to 255."""
    facts = recording.fits[0]
    first = next((layer for layer in facts.get("layers", []) if layer["weights"]), None)
    if layers(facts, *TAKE_RAW_NUMBERS) or (first and first["kind"] == "BatchNormalization"):
        return None
    for number, values in enumerate(facts["data"].get("inputs", [])):
        low, high = values.get("smallest", np.nan), values.get("largest", np.nan)
        if max(abs(low), abs(high)) > TOO_LARGE:
            return Finding(
                "unscaled_inputs",
                f"The inputs lie between {low:,.6g} and {high:,.6g}. Gradients of the first layer "
                "grow with them, so a usual learning rate is too large. Keras does not scale: "
                "divide, or standardize, first.",
                {"input": number, "smallest": low, "largest": high, "dtype": values["dtype"]},
                look=True,
            )
    return None


def inputs_not_finite(recording: Recording) -> Finding | None:
    """Find out whether there is NaN or infinity in the inputs."""
    for number, values in enumerate(recording.fits[0]["data"].get("inputs", [])):
        if values.get("not_finite"):
            return Finding(
                "inputs_not_finite",
                f"{count(values['not_finite'], 'number')} in the inputs that were looked at "
                f"({values['dtype']}) are NaN or infinite; the first batch with one makes all "
                "weights NaN. Find them with numpy.isfinite(x).",
                {"input": number, "not_finite": values["not_finite"]},
                look=True,
            )
    return None


def rows_left_out(recording: Recording) -> Finding | None:
    """Find out whether ``steps_per_epoch`` ends epochs before all rows were dealt."""
    total, dealt = recording.fits[0]["data"].get("num_rows"), orders(recording)
    if not dealt or total is None or len(dealt[0]) >= total:
        return None
    seen = len(np.unique(np.concatenate(dealt)))
    return Finding(
        "rows_left_out",
        f"An epoch dealt {len(dealt[0]):,} of {total:,} rows, and the next one went on where it "
        f"stopped. After {count(len(dealt), 'epoch')}, {count(total - seen, 'row')} had not been "
        "dealt once.",
        {"rows_per_epoch": len(dealt[0]), "rows": total, "never_dealt": total - seen},
        look=seen < total,
    )


def sample_weights(recording: Recording) -> Finding | None:
    """Find out whether sample weights change the size of loss and gradient."""
    weights = recording.fits[0]["data"].get("sample_weight")
    if weights is None:
        return None
    mean, largest = weights["mean"], weights["largest"]
    return Finding(
        "sample_weights",
        f"The sample weights have the mean {mean:.4g}. The loss is the weighted sum divided by the "
        "number of rows, not by the sum of the weights: loss and gradient are about "
        f"{mean:.4g} times as large as without them, and so are the steps.",
        {"mean": mean, "largest": largest},
        look=not 0.5 < mean < 2,
    )


def class_weights(recording: Recording) -> Finding | None:
    """Find out whether ``class_weight`` was given."""
    if not recording.fits[0].get("class_weight"):
        return None
    return Finding(
        "class_weights",
        "class_weight gives each row the weight of its class in the training loss, but not in "
        "val_loss: the two are not comparable. The weighted sum is divided by the number of rows.",
        {"reported_loss": float(recording["reported_loss"][-1]) if len(recording) else np.nan},
    )


DATA = [
    labels_in_blocks,
    class_imbalance,
    validation_tail,
    unscaled_inputs,
    inputs_not_finite,
    rows_left_out,
    same_order,
    new_orders,
    not_shuffled,
    small_last_batch,
    sample_weights,
    class_weights,
]
