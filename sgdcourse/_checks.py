"""The checks behind the errors: each names the argument, the rule and the value received."""

import math
from numbers import Integral, Real
from typing import Any

import numpy as np

from sgdcourse._types import Array, Weights

LOSSES = ("sparse_categorical_crossentropy", "mean_squared_error")


def integer(name: str, value: Any, at_least: int) -> int:
    """Return the value as an int, or raise."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be an integer. Received: {name}={value!r}.")
    if value < at_least:
        raise ValueError(f"{name} must be at least {at_least}. Received: {name}={value!r}.")
    return int(value)


def seed(value: Any) -> int:
    """Return the seed, or raise where ``keras.utils.set_random_seed`` would."""
    if integer("seed", value, at_least=0) >= 2**32:
        raise ValueError(f"seed must be below 2**32, as in Keras. Received: seed={value!r}.")
    return int(value)


def choice(name: str, value: Any, choices: tuple[str, ...]) -> str:
    """Return the value, or raise if it is none of the choices."""
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}. Received: {name}={value!r}.")
    return str(value)


def layer_sizes(value: Any) -> list[int]:
    """Return the widths of the layers as a list of integers."""
    if not isinstance(value, (list, tuple)) or len(value) < 2:
        raise TypeError(
            "layer_sizes must be a list of at least two integers: the width of the input, then the "
            f"units of each layer. Received: layer_sizes={value!r}. Example: [784, 128, 10]."
        )
    return [integer("layer_sizes", size, at_least=1) for size in value]


def boolean(name: str, value: Any) -> bool:
    """Return the value, or raise if it is neither True nor False."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be True or False. Received: {name}={value!r}.")
    return bool(value)


def python_float(name: str, value: Any, **limits: float) -> float:
    """Return the value if it is a float, as Keras demands it, and within the limits."""
    if isinstance(value, int) and not isinstance(value, bool):
        raise ValueError(
            f"{name} must be a float, as in Keras. Received: {name}={value!r}. "
            f"Write {name}={float(value)!r}."
        )
    if not isinstance(value, float):
        raise TypeError(f"{name} must be a float. Received: {name}={value!r}.")
    return number(name, value, **limits)


def optional_integer(name: str, value: Any, at_least: int) -> int | None:
    """Return None for None, else an integer that is large enough."""
    return None if value is None else integer(name, value, at_least)


def optional_number(name: str, value: Any, **limits: float) -> float | None:
    """Return None for None, else a number within the limits."""
    return None if value is None else number(name, value, **limits)


def number(
    name: str,
    value: Any,
    *,
    above: float | None = None,
    at_least: float | None = None,
    at_most: float | None = None,
    below: float | None = None,
) -> float:
    """Return the value as a float, or raise if it is no number or outside the limits."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a number. Received: {name}={value!r}.")
    result = float(value)
    rules = {
        f"above {above}": above is None or result > above,
        f"at least {at_least}": at_least is None or result >= at_least,
        f"at most {at_most}": at_most is None or result <= at_most,
        f"below {below}": below is None or result < below,
    }
    if at_most is None and below is None:
        rules["finite"] = math.isfinite(result)
    if not all(rules.values()):
        rule = " and ".join(rule for rule in rules if "None" not in rule)
        raise ValueError(f"{name} must be {rule}. Received: {name}={value!r}.")
    return result


def at_most_one(**arguments: Any) -> None:
    """Raise if more than one of the arguments is given."""
    given = {name: value for name, value in arguments.items() if value is not None}
    if len(given) > 1:
        received = ", ".join(f"{name}={value!r}" for name, value in given.items())
        raise ValueError(
            f"Only one of {', '.join(arguments)} can be set. Received: {received}. "
            "Set the others to None."
        )


def same_shapes(name: str, arrays: Weights, other_name: str, other: Weights) -> None:
    """Raise if two lists of arrays differ in length or shapes."""
    shapes, other_shapes = [a.shape for a in arrays], [a.shape for a in other]
    if shapes != other_shapes:
        raise ValueError(
            f"{name} must have the shapes of {other_name}, {other_shapes}. Received: {shapes}. "
            "An optimizer that remembers earlier updates belongs to one network: make a new one "
            "for another."
        )


def weights(value: Any) -> Weights:
    """Return the weights if they are kernel, bias, kernel, bias, ... and fit together."""
    if not isinstance(value, (list, tuple)) or not value or len(value) % 2:
        raise TypeError(
            "weights must be a list of arrays: kernel, bias, kernel, bias, ... "
            f"Received: {_describe(value)}. init_weights([784, 128, 10], rng) makes one."
        )
    if any(not isinstance(a, np.ndarray) for a in value):
        raise TypeError(f"weights must hold NumPy arrays only. Received: {_describe(value)}.")
    dtypes = {a.dtype for a in value}
    if len(dtypes) > 1 or dtypes.isdisjoint({np.dtype("float32"), np.dtype("float64")}):
        raise TypeError(
            "weights must all be float32, or all float64. Received: "
            f"{sorted(str(dtype) for dtype in dtypes)}."
        )
    width = value[0].shape[0] if value[0].ndim else None
    for kernel, bias in zip(value[::2], value[1::2], strict=True):
        if kernel.ndim != 2 or kernel.shape[0] != width or bias.shape != kernel.shape[1:]:
            raise ValueError(
                "weights must be kernel (n_in, n_out), bias (n_out,), ..., each layer as wide at "
                f"its input as the one before at its output. Received: {_describe(value)}."
            )
        width = kernel.shape[1]
    return list(value)


def rows(
    x: Any, y: Any, network: Weights, loss: str, names: tuple[str, str] = ("x", "y")
) -> tuple[Array, Array]:
    """Return x and y as arrays, or raise if the network cannot be trained on them."""
    x_name, y_name = names
    x, y = np.asarray(x), np.asarray(y)
    width, num_outputs = network[0].shape[0], network[-1].shape[0]
    if x.dtype.kind not in "fiub":
        raise TypeError(f"{x_name} must hold numbers. Received: dtype {x.dtype}.")
    if x.ndim != 2 or x.shape[1] != width:
        raise ValueError(
            f"{x_name} must have shape (rows, {width}), one row per example, to fit the first "
            f"kernel. Received: shape {x.shape}. Images are flattened by "
            f"{x_name}.reshape(len({x_name}), -1)."
        )
    if len(x) == 0:
        raise ValueError(f"{x_name} must have at least one row. Received: shape {x.shape}.")
    if y.ndim == 0 or len(x) != len(y):
        raise ValueError(
            f"{x_name} and {y_name} must have the same number of rows. Received: "
            f"{len(x)} and {len(y) if y.ndim else 'no rows'}."
        )
    # min and max are NaN if anything is, and infinite if anything is: no temporary array is made
    if x.dtype.kind == "f" and not (np.isfinite(x.min()) and np.isfinite(x.max())):
        first = int(np.flatnonzero(~np.isfinite(x).all(axis=1))[0])
        raise ValueError(
            f"{x_name} must be finite. Received: NaN or infinity, first in row {first}. "
            "Look at that row; numpy.isfinite finds the others."
        )
    if loss == "mean_squared_error":
        if y.shape != (len(x), num_outputs):
            raise ValueError(
                f"{y_name} must have shape ({len(x)}, {num_outputs}) for mean_squared_error. "
                f"Received: shape {y.shape}. A column is made by {y_name}[:, None]."
            )
        if y.dtype.kind not in "fiub" or not np.isfinite(y).all():
            raise ValueError(f"{y_name} must hold finite numbers. Received: dtype {y.dtype}.")
    else:
        if y.ndim != 1:
            column = y.shape[1:] == (1,)
            raise ValueError(
                f"{y_name} must have shape ({len(x)},), one class number per row. Received: shape "
                f"{y.shape}. {'A column becomes flat' if column else 'One-hot rows become classes'}"
                f" by {y_name}.{'ravel()' if column else 'argmax(axis=1)'}."
            )
        if y.dtype.kind not in "iu":
            raise TypeError(
                f"{y_name} must hold integers, the class numbers. Received: dtype {y.dtype}. "
                f"Convert with {y_name}.astype('int64')."
            )
        if y.min() < 0 or y.max() >= num_outputs:
            outside = int(y.min() if y.min() < 0 else y.max())
            raise ValueError(
                f"{y_name} must lie in 0 to {num_outputs - 1}, since the network has {num_outputs} "
                f"outputs. Received: {outside}."
            )
    return x, y


def loss_name(value: Any) -> str:
    """Return the name of the loss, or raise."""
    return choice("loss", value, LOSSES)


def sample_weight(value: Any, num_samples: int, name: str = "sample_weight") -> Array | None:
    """Return the sample weights as an array of one number per row, or None."""
    if value is None:
        return None
    value = np.asarray(value)
    if value.shape != (num_samples,) or value.dtype.kind not in "fiub":
        raise ValueError(
            f"{name} must have shape ({num_samples},), one number per row. "
            f"Received: shape {value.shape}, dtype {value.dtype}."
        )
    if not np.isfinite(value).all():
        raise ValueError(f"{name} must be finite. Received: NaN or infinity.")
    return value


def class_weight(value: Any, y: Array, loss: str) -> Array:
    """Return the weight of each row, looked up by its class."""
    if loss != "sparse_categorical_crossentropy":
        raise ValueError(f"class_weight needs classes. Received: loss={loss!r}.")
    if not isinstance(value, dict):
        raise TypeError(
            f"class_weight must be a dict such as {{0: 1.0, 1: 5.0}}. Received: {value!r}."
        )
    result = np.ones(len(y))
    for label, weight in value.items():
        integer("class_weight's keys", label, at_least=0)
        result[y == label] = number(f"class_weight[{label}]", weight, at_least=0)
    return result


def validation_data(value: Any, network: Weights, loss: str) -> tuple[Array, ...]:
    """Return validation data as arrays: x, y and perhaps sample weights."""
    if not isinstance(value, (tuple, list)) or len(value) not in (2, 3):
        raise TypeError(
            "validation_data must be (x, y) or (x, y, sample_weight). "
            f"Received: {_describe(value)}."
        )
    names = ("validation_data[0]", "validation_data[1]")
    x, y = rows(value[0], value[1], network, loss, names)
    weight = sample_weight(value[2] if len(value) == 3 else None, len(x), "validation_data[2]")
    return (x, y) if weight is None else (x, y, weight)


def instance(name: str, value: Any, wanted: type) -> Any:
    """Return the value if it is of the class that is wanted, or raise."""
    if not isinstance(value, wanted):
        raise TypeError(
            f"{name} must be an instance of sgdcourse.{wanted.__name__}. Received: {value!r}."
        )
    return value


def generator(value: Any) -> np.random.Generator:
    """Return the generator; a fresh one for None."""
    if value is None:
        return np.random.default_rng()
    if not isinstance(value, np.random.Generator):
        raise TypeError(
            f"rng must be a numpy.random.Generator. Received: rng={value!r}. "
            "numpy.random.default_rng(42) makes one."
        )
    return value


def callbacks(value: Any) -> list[Any]:
    """Return the callbacks as a list, an empty one for None, or raise if they are not in one."""
    if value is None:
        return []
    if not isinstance(value, (list, tuple)):
        raise TypeError(
            f"callbacks must be a list. Received: callbacks={value!r}. "
            "Put a single callback in brackets; none at all is []."
        )
    return list(value)


def order_function(value: Any) -> Any:
    """Return the function that gives the order of each epoch, or raise if it is none."""
    if not callable(value):
        raise TypeError(
            "order must be a function: order(epoch) returns the row numbers of that epoch. "
            f"Received: order={value!r}. Write order=lambda epoch: rows."
        )
    return value


def order(value: Any, num_samples: int) -> Array:
    """Return an epoch's order, or raise if it is not every row exactly once."""
    value = np.asarray(value)
    if value.dtype.kind not in "iu" or not np.array_equal(np.sort(value), np.arange(num_samples)):
        raise ValueError(
            f"order(epoch) must return each row number 0 to {num_samples - 1} exactly once. "
            f"Received: shape {value.shape}, dtype {value.dtype}."
        )
    return value


def _describe(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return f"{[getattr(a, 'shape', type(a).__name__) for a in value]}"
    return type(value).__name__
