"""What there is to know about a model, an optimizer and data, as numbers and words for JSON."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from sgdcourse._types import Array
from sgdcourse.tf_keras import keras

MOST_CLASSES = 1000  # more values than these are no classes
MOST_ROWS = 10_000  # inputs are looked at in so many rows, evenly spread
PLAIN = ("momentum", "nesterov", "weight_decay", "clipnorm", "clipvalue", "global_clipnorm")
AVERAGING = ("use_ema", "ema_momentum", "ema_overwrite_frequency", "gradient_accumulation_steps")


def names(variables: list[Any]) -> list[str]:
    """Return the path of each variable; what has the name of another gets a number."""
    result: list[str] = []
    for variable in variables:
        name = str(getattr(variable, "path", variable.name))
        number = sum(other.partition(" #")[0] == name for other in result)
        result.append(f"{name} #{number + 1}" if number else name)
    return result


def first_array(data: Any) -> Any:
    """Return the first array of a batch, or of all data: its length is the number of rows."""
    return next(leaf for leaf in keras.tree.flatten(data) if leaf is not None)


def inner_optimizer(optimizer: Any) -> Any:
    """Return what a LossScaleOptimizer is put around; any other optimizer itself."""
    return getattr(optimizer, "inner_optimizer", optimizer)


def of_call(model: Any, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Describe a call of ``fit`` before it runs: arguments, optimizer, and data if in arrays."""
    wanted = ("batch_size", "epochs", "initial_epoch", "steps_per_epoch", "validation_split")
    result = {name: _plain(arguments.get(name)) for name in wanted}
    result |= {
        "shuffle": _plain(arguments.get("shuffle", True)),
        "class_weight": arguments.get("class_weight") is not None,
        "callbacks": [
            type(callback).__name__
            for callback in keras.tree.flatten(arguments.get("callbacks") or [])
        ],
        "validated": bool(arguments.get("validation_split"))
        or arguments.get("validation_data") is not None,
        "optimizer": of_optimizer(model.optimizer),
        "steps_per_execution": int(model.steps_per_execution),
        "jit_compile": bool(model.jit_compile),
        "run_eagerly": bool(model.run_eagerly),
        "loss": of_loss(model.loss),
        "data": of_data(arguments),
    }
    return result


def of_end(model: Any, ended: str) -> dict[str, Any]:
    """Describe the model after ``fit``, when it is built for sure."""
    penalties = [
        float(v.regularizer(v)) for v in model.trainable_variables if _has(v, "regularizer")
    ]
    return {
        "ended": ended,
        "stopped_early": bool(model.stop_training),
        "layers": [of_layer(layer) for layer in model._flatten_layers(include_self=False)],
        "trainable": names(model.trainable_variables),
        "constrained": [v.path for v in model.trainable_variables if _has(v, "constraint")],
        "penalties": len(penalties),
        "penalty": float(np.sum(penalties)),
        "iterations": int(np.asarray(getattr(model.optimizer, "_iterations", 0))),
        "own_train_step": type(model).train_step is not keras.Model.train_step,
    }


def _has(variable: Any, name: str) -> bool:
    return getattr(variable, name, None) is not None


def of_layer(layer: Any) -> dict[str, Any]:
    """Describe one layer."""
    result = {
        "name": str(layer.name),
        "kind": type(layer).__name__,
        "trainable": bool(layer.trainable),
        "weights": int(sum(np.prod(v.shape) for v in layer.variables)) if layer.built else 0,
        "activation": getattr(getattr(layer, "activation", None), "__name__", None),
    }
    for name in ("rate", "momentum"):  # of Dropout, of BatchNormalization
        if isinstance(getattr(layer, name, None), (int, float)):
            result[name] = float(getattr(layer, name))
    return result


def of_optimizer(optimizer: Any) -> dict[str, Any]:
    """Describe the optimizer before ``fit``, with the velocity that it brings along."""
    inner = inner_optimizer(optimizer)
    rate = getattr(inner, "_learning_rate", None)
    velocities = [np.asarray(v, np.float64) for v in getattr(inner, "momentums", [])]
    schedule = isinstance(rate, keras.optimizers.schedules.LearningRateSchedule)
    return {
        "kind": type(inner).__name__,
        "is_sgd": isinstance(inner, keras.optimizers.SGD),
        "loss_scale": inner is not optimizer,
        "schedule": type(rate).__name__ if schedule else None,
        "rate_is_function": callable(rate) and not schedule,
        "iterations": int(np.asarray(inner._iterations)),
        "velocity_norm": float(np.sqrt(sum(np.sum(v**2) for v in velocities))),
    } | {name: _plain(getattr(inner, name, None)) for name in (*PLAIN, *AVERAGING)}


def sgd_arguments(optimizer: Any, variables: list[Any]) -> dict[str, Any] | None:
    """Return the arguments for the SGD of this course; None if its update would be another."""
    kind = type(optimizer)
    if not isinstance(optimizer, keras.optimizers.SGD):
        return None
    if kind.update_step is not keras.optimizers.SGD.update_step:  # a rule of its own
        return None
    if optimizer.use_ema or optimizer.gradient_accumulation_steps:  # more memory than a velocity
        return None
    if optimizer.weight_decay and not all(map(optimizer._use_weight_decay, variables)):
        return None
    return {name: getattr(optimizer, name) for name in PLAIN}


def relu_biases(model: Any, variables: list[Any]) -> list[str | None]:
    """Return for each variable the name of its layer, if it is the bias of a layer with ReLU."""
    found = {
        id(layer.bias): str(layer.name)
        for layer in model._flatten_layers(include_self=False)
        if getattr(layer, "activation", None) is keras.activations.relu
        and getattr(layer, "bias", None) is not None
    }
    return [found.get(id(variable)) for variable in variables]


def of_loss(loss: Any) -> dict[str, Any]:
    """Name the loss, and say whether it expects logits."""
    name = getattr(loss, "name", None) or getattr(loss, "__name__", None) or loss
    if not isinstance(name, str):  # one loss per output, or none
        return {"name": None, "from_logits": None}
    try:
        loss = keras.losses.get(loss)
        name = getattr(loss, "name", None) or loss.__name__
    except (ValueError, TypeError):
        pass
    from_logits = getattr(loss, "_fn_kwargs", {}).get("from_logits", False)
    return {"name": name, "from_logits": bool(from_logits)}


def of_outputs(y_true: Any, y_pred: Any) -> dict[str, Any]:
    """Describe what meets in the loss: the shapes, and whether Keras finds logits."""
    if not (hasattr(y_true, "shape") and hasattr(y_pred, "shape")):
        return {}
    operation = "" if hasattr(y_pred, "numpy") else y_pred.op.type
    return {
        "y_true_shape": [None if n is None else int(n) for n in y_true.shape],
        "y_pred_shape": [None if n is None else int(n) for n in y_pred.shape],
        "logits_found": hasattr(y_pred, "_keras_logits") or operation in ("Softmax", "Sigmoid"),
    }


def of_data(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Describe the data that ``fit`` trains on, if they are arrays."""
    x: Any = arguments.get("x")
    y: Any = arguments.get("y")
    weight: Any = arguments.get("sample_weight")
    split = arguments.get("validation_split")
    if not _are_arrays(x, y, weight):
        return {"kind": type(x).__name__}
    held_out: Any = arguments.get("validation_data")
    end = None
    if held_out is None and split:  # the last rows, before any shuffle
        end = math.floor(len(first_array(x)) * (1 - split))
        held_out = None, y[end:] if hasattr(y, "shape") else None
    has_y = isinstance(held_out, (tuple, list)) and len(held_out) > 1
    inputs = [np.asarray(leaf)[:end] for leaf in keras.tree.flatten(x) if leaf is not None]
    result: dict[str, Any] = {
        "kind": "arrays",
        "num_rows": len(inputs[0]),
        "inputs": [of_input(values) for values in inputs],
        "classes": of_classes(y, slice(0, end)),
        "validation_classes": of_classes(held_out[1], slice(None)) if has_y else None,
    }
    if weight is not None and not isinstance(weight, (list, tuple, dict)):
        values = np.asarray(weight)[:end].astype(np.float64)
        result["sample_weight"] = {"mean": float(values.mean()), "largest": float(values.max())}
    return result


def of_input(values: Array) -> dict[str, Any]:
    """Describe one input in ``MOST_ROWS`` rows, evenly spread."""
    sample = values[:: max(1, len(values) // MOST_ROWS)]
    result: dict[str, Any] = {"shape": list(values.shape[1:]), "dtype": str(values.dtype)}
    if sample.dtype.kind in "fiub" and sample.size:
        sample = sample.astype(np.float64)
        result |= {
            "smallest": float(np.nanmin(sample)) if not np.isnan(sample).all() else np.nan,
            "largest": float(np.nanmax(sample)) if not np.isnan(sample).all() else np.nan,
            "not_finite": int(np.count_nonzero(~np.isfinite(sample))),
        }
    return result


def of_classes(y: Any, rows: slice) -> dict[str, Any] | None:
    """Count the rows of each class, if y holds classes: whole numbers, or one 1 in each row."""
    if y is None or isinstance(y, (list, tuple, dict)) or not hasattr(y, "shape"):
        return None
    y = np.asarray(y)[rows]
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim == 2 and _one_hot(y[:100]) and _one_hot(y):  # most others fail in the first rows
        y = y.argmax(axis=1)
    if y.ndim != 1 or y.dtype.kind not in "iubf" or not len(y) or not (y == np.floor(y)).all():
        return None
    labels, counts = np.unique(y, return_counts=True)
    if len(labels) > MOST_CLASSES:
        return None
    return {
        "labels": [int(label) for label in labels],
        "counts": counts.tolist(),
        "changes": int(np.count_nonzero(np.diff(y))),  # of class, from one row to the next
    }


def _one_hot(y: Array) -> bool:
    return bool(np.isin(y, (0, 1)).all() and (y.sum(axis=1) == 1).all())


def _are_arrays(*data: Any) -> bool:
    leaves = [leaf for leaf in keras.tree.flatten(data) if leaf is not None]
    return bool(leaves) and all(
        hasattr(leaf, "shape") and hasattr(leaf, "dtype") and hasattr(leaf, "__array__")
        for leaf in leaves
    )


def _plain(value: Any) -> Any:
    """Return what JSON can hold, and the words for what it cannot."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return value.item() if isinstance(value, np.generic) else repr(value)
