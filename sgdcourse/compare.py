"""Room 8, compare: tf.keras trains the same network, and we put the numbers side by side."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sgdcourse import _checks, schedules
from sgdcourse._types import Array, Weights
from sgdcourse.model import init_weights
from sgdcourse.optimizers import SGD
from sgdcourse.tf_keras import keras, tf
from sgdcourse.training import RunningMeans, one_blas_thread, train_step


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


def largest_difference(weights: Weights, other: Weights) -> float:
    """Return the largest difference of any number in two lists of arrays.

    Parameters
    ----------
    weights, other : lists of arrays
        Of the same shapes: ours, and those of ``model.get_weights()``.

    Returns
    -------
    difference : float

    Examples
    --------
    >>> largest_difference([np.zeros(2), np.ones(1)], [np.array([0.0, 0.5]), np.ones(1)])
    0.5
    """
    return max(float(np.abs(a - b).max()) for a, b in zip(weights, other, strict=True))


def keras_optimizer(optimizer: SGD) -> Any:
    """Build the ``keras.optimizers.SGD`` with the arguments of ours.

    Parameters
    ----------
    optimizer : SGD
        Ours; its velocity and count are not carried over.

    Returns
    -------
    optimizer : keras.optimizers.SGD

    Raises
    ------
    TypeError
        If its schedule is a function of your own, which Keras would call only once.

    Examples
    --------
    >>> keras_optimizer(SGD(learning_rate=0.1, momentum=0.9)).momentum
    0.9
    """
    config = optimizer.get_config()
    rate = config["learning_rate"]
    if callable(rate):
        kinds = (
            schedules.ExponentialDecay,
            schedules.CosineDecay,
            schedules.PiecewiseConstantDecay,
        )
        if not isinstance(rate, kinds):
            raise TypeError(
                "learning_rate must be a float or one of "
                f"{', '.join(kind.__name__ for kind in kinds)} to be handed to Keras. "
                f"Received: {rate!r}."
            )
        keras_schedule = getattr(keras.optimizers.schedules, type(rate).__name__)
        config["learning_rate"] = keras_schedule(**vars(rate))
    return keras.optimizers.SGD(**config)


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
    >>> weights = init_weights([4, 3, 2], np.random.default_rng(0))
    >>> model = keras_twin(weights, SGD(learning_rate=0.1))
    >>> [layer.activation.__name__ for layer in model.layers]
    ['relu', 'softmax']
    """
    return _build(keras.Sequential, weights, optimizer or SGD(), loss, l2)


def _build(kind: Any, weights: Weights, optimizer: SGD, loss: str, l2: float) -> Any:
    weights, loss = _checks.weights(weights), _checks.loss_name(loss)
    classes = loss == "sparse_categorical_crossentropy"
    kernels = weights[::2]
    with floatx(str(kernels[0].dtype)):
        layers = [keras.Input(shape=(kernels[0].shape[0],))]
        for depth, kernel in enumerate(kernels, start=1):
            last = "softmax" if classes else "linear"
            layers.append(
                keras.layers.Dense(
                    kernel.shape[1],
                    activation=last if depth == len(kernels) else "relu",
                    kernel_regularizer=keras.regularizers.L2(l2) if l2 else None,
                )
            )
        model = kind(layers)
        model.compile(
            optimizer=keras_optimizer(optimizer),
            loss=loss,
            metrics=["accuracy"] if classes else [],
        )
        model.set_weights(weights)
    return model


class TappedSequential(keras.Sequential):  # type: ignore[misc]
    """A Sequential model that notes which rows each batch holds.

    Train it on ``fit((x, numpy.arange(len(x))), y)``: it notes the row numbers in
    ``rows_dealt`` and trains on x alone, exactly as without the tap. ``divisor`` divides each
    batch of x, so that images can stay uint8.
    """

    divisor = 1.0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rows_dealt = tf.Variable(np.zeros(0, np.int64), shape=[None], trainable=False)

    def train_step(self, data: Any) -> Any:
        """Note the rows, then do what every Keras model does."""
        (x, rows), y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        self.rows_dealt.assign(tf.cast(rows, tf.int64))
        x = tf.cast(x, self.compute_dtype) / self.divisor
        return super().train_step((x, y, sample_weight))


class _NoteRows(keras.callbacks.Callback):  # type: ignore[misc]
    """Collect what the tap of a TappedSequential notes: ``dealt[epoch][batch]``."""

    def __init__(self) -> None:
        super().__init__()
        self.dealt: list[list[Array]] = []

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.dealt.append([])

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.dealt[-1].append(self.model.rows_dealt.numpy())


def keras_batches(
    num_samples: int,
    *,
    batch_size: int = 32,
    epochs: int = 1,
    shuffle: bool = True,
    seed: int | None = None,
) -> list[list[Array]]:
    """Let ``model.fit`` deal row numbers, and note which rows land in which batch.

    Parameters
    ----------
    num_samples : int
        Number of rows.
    batch_size, epochs, shuffle
        Handed to ``model.fit``.
    seed : int, optional
        If given, ``keras.utils.set_random_seed(seed)`` comes first.

    Returns
    -------
    dealt : list of list of arrays
        ``dealt[epoch][batch]`` holds row numbers.

    Examples
    --------
    >>> keras_batches(5, batch_size=2, shuffle=False)
    [[array([0, 1]), array([2, 3]), array([4])]]
    """
    if seed is not None:
        keras.utils.set_random_seed(seed)
    model = TappedSequential([keras.Input(shape=(1,)), keras.layers.Dense(1)])
    model.compile(optimizer="sgd", loss="mean_squared_error")
    noted = _NoteRows()
    model.fit(
        (np.zeros((num_samples, 1)), np.arange(num_samples)),
        np.zeros(num_samples),
        batch_size=batch_size,
        epochs=epochs,
        shuffle=shuffle,
        verbose=0,
        callbacks=[noted],
    )
    return noted.dealt


@dataclass(frozen=True)
class ParityReport:
    """Two trainings of one network, NumPy's and tf.keras's, and how far apart they are.

    Attributes
    ----------
    dtype : str
        In which both computed.
    weight_difference : (updates,) floats
        After each update, the largest difference of any weight.
    loss_difference, accuracy_difference : (updates,) floats
        After each update, the difference of the running means that Keras reports.
    order : list of (n,) int arrays
        The rows as Keras dealt them, one array per epoch.
    history, keras_history : dict of list of float
        Loss and accuracy of each epoch.
    weights, keras_weights : lists of arrays
        The final weights.
    """

    dtype: str
    weight_difference: Array
    loss_difference: Array
    accuracy_difference: Array
    order: list[Array] = field(repr=False)
    history: dict[str, list[float]]
    keras_history: dict[str, list[float]]
    weights: Weights = field(repr=False)
    keras_weights: Weights = field(repr=False)

    def __str__(self) -> str:
        """Return the comparison as a table, epoch by epoch."""
        lines = [
            f"NumPy and tf.keras, {self.dtype}, {len(self.weight_difference):,} updates",
            "epoch   loss: NumPy     tf.keras   accuracy: NumPy   tf.keras",
        ]
        for epoch, (loss, keras_loss, acc, keras_acc) in enumerate(
            zip(
                self.history["loss"],
                self.keras_history["loss"],
                self.history["accuracy"],
                self.keras_history["accuracy"],
                strict=True,
            ),
            start=1,
        ):
            lines.append(
                f"{epoch:>5}{loss:>14.4f}{keras_loss:>13.4f}{acc:>18.4f}{keras_acc:>11.4f}"
            )
        return "\n".join(lines)


def fit_both(
    layer_sizes: list[int],
    x: Array,
    y: Array,
    *,
    optimizer: SGD | None = None,
    batch_size: int = 32,
    epochs: int = 1,
    shuffle: bool = True,
    dtype: str = "float64",
    divisor: float = 1.0,
    rng: np.random.Generator | None = None,
) -> ParityReport:
    """Train one network twice, with ``model.fit`` and with ``train_step``, in step.

    Keras runs its ordinary ``fit``, in the order that it chooses itself. After each of its
    updates we read which rows it dealt, make the same update in NumPy, and compare all weights.

    Parameters
    ----------
    layer_sizes : list of int
        Such as ``[784, 128, 10]``.
    x : (n, n_in) array
        One row per example.
    y : (n,) integers
        Class numbers.
    optimizer : SGD, optional
        Its arguments serve both sides; its state is not touched. In float64, hand over
        ``momentum=keras_constant(0.9)``.
    batch_size, epochs, shuffle
        As in ``fit``.
    dtype : {"float64", "float32"}
        In which both sides compute.
    divisor : float
        Both sides divide each batch of x by it. ``divisor=255`` lets MNIST stay uint8: from a
        float32 array, Keras would make a float64 copy of 376 MB.
    rng : numpy.random.Generator, optional
        Draws the initial weights, which both sides start from.

    Returns
    -------
    report : ParityReport

    Examples
    --------
    >>> from sgdcourse import make_blobs
    >>> x, y = make_blobs(100, 3, np.random.default_rng(0))
    >>> report = fit_both([2, 8, 3], x, y, optimizer=SGD(0.1), epochs=3)
    >>> len(report.weight_difference), bool(report.weight_difference.max() < 1e-13)
    (12, True)
    """
    config = (optimizer or SGD()).get_config()
    rng = np.random.default_rng() if rng is None else rng
    weights = _checks.weights(init_weights(layer_sizes, rng, dtype))
    x, y = _checks.rows(x, y, weights, "sparse_categorical_crossentropy")
    ours = _InStep(weights, SGD(**config), x, y, divisor)
    with floatx(dtype), one_blas_thread():
        model = _build(
            TappedSequential, weights, SGD(**config), "sparse_categorical_crossentropy", l2=0.0
        )
        model.divisor = divisor
        keras_history = model.fit(
            (x, np.arange(len(x))),
            y,
            batch_size=batch_size,
            epochs=epochs,
            shuffle=shuffle,
            verbose=0,
            callbacks=[ours],
        )
    return ParityReport(
        dtype=dtype,
        weight_difference=np.array(ours.weight_difference),
        loss_difference=np.array(ours.loss_difference),
        accuracy_difference=np.array(ours.accuracy_difference),
        order=[np.concatenate(batches) for batches in ours.dealt],
        history=ours.history,
        keras_history=keras_history.history,
        weights=ours.weights,
        keras_weights=model.get_weights(),
    )


class _InStep(_NoteRows):
    """After each update of Keras, make the same one in NumPy, and note the differences."""

    def __init__(
        self, weights: Weights, optimizer: SGD, x: Array, y: Array, divisor: float
    ) -> None:
        super().__init__()
        self.weights, self.optimizer = weights, optimizer
        self.x, self.y, self.divisor = x, y, divisor
        self.weight_difference: list[float] = []
        self.loss_difference: list[float] = []
        self.accuracy_difference: list[float] = []
        self.history: dict[str, list[float]] = {"loss": [], "accuracy": []}

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        super().on_epoch_begin(epoch, logs)
        self.means = RunningMeans()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        super().on_train_batch_end(batch, logs)
        rows = self.dealt[-1][-1]
        batch_x = self.x[rows].astype(self.weights[0].dtype, copy=False) / self.divisor
        self.weights, loss, acc = train_step(self.weights, self.optimizer, batch_x, self.y[rows])
        self.reported = self.means.add({"loss": loss, "accuracy": acc}, len(rows))
        self.weight_difference.append(largest_difference(self.weights, self.model.get_weights()))
        self.loss_difference.append(abs(self.reported["loss"] - logs["loss"]))
        self.accuracy_difference.append(abs(self.reported["accuracy"] - logs["accuracy"]))

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        for name, value in self.reported.items():
            self.history[name].append(value)
