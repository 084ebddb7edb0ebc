"""The Keras twin: the same network as ours, built and compiled in tf.keras."""

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from sgdcourse import _checks, schedules
from sgdcourse._types import Weights
from sgdcourse.optimizers import SGD
from sgdcourse.tf_keras import keras, tf

SCHEDULES = (
    schedules.ExponentialDecay,
    schedules.CosineDecay,
    schedules.PiecewiseConstantDecay,
)


@contextlib.contextmanager
def floatx(dtype: str) -> Iterator[None]:
    """Let Keras compute in this dtype for a while.

    Layers, optimizer and the data that ``fit`` reads all follow Keras's global ``floatx``, so
    everything of one comparison belongs inside the ``with`` block.

    Parameters
    ----------
    dtype : {"float32", "float64"}

    Examples
    --------
    >>> with floatx("float64"):
    ...     print(keras.layers.Dense(3).compute_dtype)
    float64
    >>> keras.config.floatx()
    'float32'
    """
    # Keras derives the policy of new layers from floatx once, when the first layer is made
    before, policy_before = keras.config.floatx(), keras.config.dtype_policy()
    keras.config.set_floatx(dtype)
    keras.config.set_dtype_policy(dtype)
    try:
        yield
    finally:
        keras.config.set_floatx(before)
        keras.config.set_dtype_policy(policy_before)


def keras_constant(value: float) -> float:
    """Round a constant as Keras does on its way into the computation.

    Keras passes Python constants such as the momentum through float32, in a float64 model, too.
    Handing this value to BOTH sides removes the difference.

    Parameters
    ----------
    value : float

    Returns
    -------
    value : float
        The nearest float32, as a Python float.

    Examples
    --------
    >>> keras_constant(0.9)
    0.8999999761581421
    """
    return float(np.float32(value))


class KerasSchedule:
    """A schedule with the rates that Keras computes for it: in float32, in every model.

    As the ``learning_rate`` of our SGD it does for a schedule what ``keras_constant`` does for a
    constant.

    Parameters
    ----------
    schedule : ExponentialDecay, CosineDecay or PiecewiseConstantDecay
        Ours.

    Attributes
    ----------
    in_keras : keras.optimizers.schedules.LearningRateSchedule
        Keras's, with the same arguments.

    Raises
    ------
    TypeError
        If it is another function, whose rate would stand still in Keras.

    Examples
    --------
    >>> schedule = schedules.ExponentialDecay(0.1, decay_steps=10, decay_rate=0.5)
    >>> round(schedule(3), 12), round(KerasSchedule(schedule)(3), 12)
    (0.081225239636, 0.08122523874)
    """

    def __init__(self, schedule: Any) -> None:
        if not isinstance(schedule, SCHEDULES):
            raise TypeError(
                "learning_rate must be a float or one of "
                f"{', '.join(kind.__name__ for kind in SCHEDULES)} to be handed to Keras. "
                f"Received: {schedule!r}."
            )
        self.schedule = schedule
        self.in_keras = getattr(keras.optimizers.schedules, type(schedule).__name__)(
            **vars(schedule)
        )
        # in a graph, like the step of fit: outside one, TensorFlow's cosine rounds otherwise
        self._step = tf.Variable(0, dtype=tf.int64)
        self._rate = tf.function(lambda: self.in_keras(self._step), autograph=False)

    def __call__(self, step: int) -> float:
        """Return the rate of update number ``step``, counted from 0."""
        self._step.assign(step)
        return float(self._rate())

    def __repr__(self) -> str:
        return f"KerasSchedule({self.schedule!r})"


def keras_optimizer(optimizer: SGD, kind: Any = keras.optimizers.SGD) -> Any:
    """Build the ``keras.optimizers.SGD`` with the arguments of ours.

    Parameters
    ----------
    optimizer : SGD
        Ours; its velocity and count are not carried over.
    kind : class
        ``keras.optimizers.SGD``, or a class of yours that is derived from it.

    Returns
    -------
    optimizer : keras.optimizers.SGD

    Raises
    ------
    TypeError
        If its schedule is a function of your own, whose rate would stand still in Keras.

    Examples
    --------
    >>> keras_optimizer(SGD(learning_rate=0.1, momentum=0.9)).momentum
    0.9
    """
    config = optimizer.get_config()
    rate = config["learning_rate"]
    if callable(rate):
        schedule = rate if isinstance(rate, KerasSchedule) else KerasSchedule(rate)
        config["learning_rate"] = schedule.in_keras
    return kind(**config)


def keras_twin(
    weights: Weights,
    optimizer: SGD | None = None,
    *,
    loss: str = "sparse_categorical_crossentropy",
    l2: float = 0.0,
) -> Any:
    """Build the Keras model with the same layers, weights, dtype, loss and optimizer.

    Parameters
    ----------
    weights : list of arrays
        Kernel, bias, kernel, bias, ...; they are copied into the model.
    optimizer : SGD, optional
        ``SGD()`` if not given.
    loss : str
        "sparse_categorical_crossentropy": the model ends in a softmax. "mean_squared_error": it
        ends linearly.
    l2 : float
        Factor of an L2 penalty on every kernel.

    Returns
    -------
    model : keras.Sequential
        Compiled; ``model.fit(x, y)`` trains it. Wrap float64 work in ``with floatx("float64"):``,
        the making of the model and its ``fit``.

    Examples
    --------
    >>> from sgdcourse import init_weights
    >>> weights = init_weights([4, 3, 2], np.random.default_rng(0))
    >>> model = keras_twin(weights, SGD(learning_rate=0.1))
    >>> [layer.activation.__name__ for layer in model.layers]
    ['relu', 'softmax']
    """
    weights, loss = _checks.weights(weights), _checks.loss_name(loss)
    layer_sizes = [len(weights[0]), *(len(bias) for bias in weights[1::2])]
    model = build_model(layer_sizes, str(weights[0].dtype), optimizer or SGD(), loss=loss, l2=l2)
    model.set_weights(weights)
    return model


def build_model(
    layer_sizes: list[int],
    dtype: str,
    optimizer: SGD,
    *,
    loss: str = "sparse_categorical_crossentropy",
    l2: float = 0.0,
    model_kind: Any = keras.Sequential,
    optimizer_kind: Any = keras.optimizers.SGD,
) -> Any:
    """Build and compile the model; its layers draw their initial weights themselves.

    Parameters
    ----------
    layer_sizes, dtype, optimizer, loss, l2
        As for ``keras_twin`` and ``init_weights``.
    model_kind, optimizer_kind : class
        Derived from ``keras.Sequential`` and ``keras.optimizers.SGD``.

    Returns
    -------
    model : model_kind
    """
    classes = loss == "sparse_categorical_crossentropy"
    penalty = keras.regularizers.L2(l2) if l2 else None
    activations = ["relu"] * (len(layer_sizes) - 2) + ["softmax" if classes else "linear"]
    with floatx(dtype):
        model = model_kind(
            [keras.Input(shape=(layer_sizes[0],))]
            + [
                keras.layers.Dense(units, activation=activation, kernel_regularizer=penalty)
                for units, activation in zip(layer_sizes[1:], activations, strict=True)
            ]
        )
        model.compile(
            optimizer=keras_optimizer(optimizer, optimizer_kind),
            loss=loss,
            metrics=["accuracy"] if classes else [],
        )
    return model
