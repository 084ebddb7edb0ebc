"""Room 7, training: the rooms joined into one step, one epoch, one ``fit``.

``train_step`` and ``fit_textbook`` are the whole idea. ``fit`` is the same loop with what Keras
offers around it: validation, callbacks, sample weights, a progress bar, checks.
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from threadpoolctl import threadpool_limits

from sgdcourse import _checks
from sgdcourse._types import Array, Weights
from sgdcourse.batching import shuffle_indices, split_batches
from sgdcourse.batching import steps_per_epoch as count_steps
from sgdcourse.callbacks import Callback, CallbackList, History, Logs, ProgressBar, TrainingState
from sgdcourse.data import train_validation_split
from sgdcourse.gradients import backward, loss_gradient
from sgdcourse.losses import accuracy, mean_squared_error, sparse_categorical_crossentropy
from sgdcourse.model import forward
from sgdcourse.optimizers import SGD


def train_step(
    weights: Weights, optimizer: SGD, x: Array, y_true: Array
) -> tuple[Weights, float, float]:
    """Make one update, from one batch: forward, loss, gradients, update.

    Parameters
    ----------
    weights : list of arrays
        Kernel, bias, kernel, bias, ...; they are not changed.
    optimizer : SGD
        Holds the rate, and the velocity if there is momentum.
    x : (n, n_in) floats
        The rows of this batch.
    y_true : (n,) integers
        Their classes.

    Returns
    -------
    weights : list of arrays
        The new weights.
    loss, accuracy : floats
        Both from BEFORE the update, as in Keras.

    Examples
    --------
    >>> weights = [np.zeros((2, 2)), np.zeros(2)]
    >>> x, y_true = np.array([[1.0, 0.0]]), np.array([0])
    >>> weights, loss, acc = train_step(weights, SGD(learning_rate=1.0), x, y_true)
    >>> weights[0], round(loss, 4), acc
    (array([[ 0.5, -0.5],
           [ 0. ,  0. ]]), 0.6931, 1.0)

    References
    ----------
    Keras: ``keras/src/backend/tensorflow/trainer.py``, ``train_step``.
    """
    logits, activations = forward(weights, x)
    loss = sparse_categorical_crossentropy(y_true, logits).mean()
    gradients = backward(weights, activations, loss_gradient(y_true, logits))
    weights = optimizer.update(weights, gradients)
    return weights, float(loss), accuracy(y_true, logits)


def fit_textbook(
    weights: Weights,
    optimizer: SGD,
    x: Array,
    y: Array,
    batch_size: int,
    epochs: int,
    rng: np.random.Generator,
) -> tuple[Weights, dict[str, list[float]]]:
    """Train, with the loop and nothing else: epochs, batches, ``train_step``.

    Parameters
    ----------
    weights : list of arrays
        Where to start; they are not changed.
    optimizer : SGD
        The update rule.
    x : (n, n_in) floats
        All rows, in the dtype of the weights.
    y : (n,) integers
        Their classes.
    batch_size, epochs : int
        Rows per update; passes over the data.
    rng : numpy.random.Generator
        Shuffles the rows anew before each epoch.

    Returns
    -------
    weights : list of arrays
        The weights after the last update.
    history : dict of list of float
        Loss and accuracy of each epoch: running means over the rows, while the weights move.

    Examples
    --------
    >>> weights, history = fit_textbook(
    ...     [np.zeros((1, 2)), np.zeros(2)], SGD(1.0), np.array([[-1.0], [1.0]]), np.array([0, 1]),
    ...     batch_size=1, epochs=3, rng=np.random.default_rng(0))
    >>> [round(loss, 2) for loss in history["loss"]]
    [0.69, 0.13, 0.08]
    """
    history: dict[str, list[float]] = {"loss": [], "accuracy": []}
    for _epoch in range(epochs):
        loss_sum = accuracy_sum = 0.0
        for rows in split_batches(shuffle_indices(len(x), rng), batch_size):
            weights, loss, acc = train_step(weights, optimizer, x[rows], y[rows])
            loss_sum += loss * len(rows)  # a small last batch counts by its rows
            accuracy_sum += acc * len(rows)
        history["loss"].append(loss_sum / len(x))
        history["accuracy"].append(accuracy_sum / len(x))
    return weights, history


def evaluate(
    weights: Weights,
    x: Array,
    y: Array,
    batch_size: int = 32,
    *,
    loss: str = "sparse_categorical_crossentropy",
    l2: float = 0.0,
    sample_weight: Array | None = None,
) -> tuple[float, float | None]:
    """Loss and accuracy at fixed weights, batch by batch, as ``model.evaluate``.

    Parameters
    ----------
    weights, x, y, batch_size, loss, l2, sample_weight
        As in ``fit``.

    Returns
    -------
    loss : float
        The mean over all rows, plus the L2 penalty.
    accuracy : float or None
        None for mean squared error.

    Raises
    ------
    TypeError, ValueError
        As ``fit``.

    Examples
    --------
    >>> loss, acc = evaluate([np.zeros((2, 2)), np.zeros(2)], np.eye(2), np.array([0, 1]))
    >>> round(loss, 4), acc
    (0.6931, 0.5)
    """
    weights, loss = _checks.weights(weights), _checks.loss_name(loss)
    x, y = _checks.rows(x, y, weights, loss)
    batch_size = _checks.integer("batch_size", batch_size, at_least=1)
    sample_weight = _checks.sample_weight(sample_weight, len(x))
    objective = _Objective(loss, _checks.number("l2", l2, at_least=0))
    with one_blas_thread():
        logs = _evaluate(objective, weights, batch_size, CallbackList([]), x, y, sample_weight)
    return logs["loss"], logs.get("accuracy")


def fit(
    weights: Weights,
    x: Array,
    y: Array,
    *,
    optimizer: SGD | None = None,
    loss: str = "sparse_categorical_crossentropy",
    l2: float = 0.0,
    batch_size: int = 32,
    epochs: int = 1,
    initial_epoch: int = 0,
    steps_per_epoch: int | None = None,
    shuffle: bool = True,
    rng: np.random.Generator | None = None,
    order: Callable[[int], Array] | None = None,
    validation_data: tuple[Array, ...] | None = None,
    validation_split: float = 0.0,
    sample_weight: Array | None = None,
    class_weight: dict[int, float] | None = None,
    callbacks: Sequence[Callback] | None = None,
    verbose: int | str = "auto",
) -> tuple[Weights, History]:
    """Train a network with stochastic gradient descent in batches, as ``model.fit`` does.

    Parameters
    ----------
    weights : list of arrays
        Kernel, bias, kernel, bias, ...; float32 or float64; they are not changed.
    x : (n, n_in) array
        One row per example. Each BATCH is cast to the dtype of the weights, so uint8 is welcome
        and no full copy is made. Nothing is scaled for you.
    y : (n,) integers or (n, n_out) floats
        Class numbers, or the targets of mean squared error.
    optimizer : SGD, optional
        ``SGD()`` if not given: rate 0.01, no momentum. It keeps its velocity and its count, so
        two calls of one epoch are one call of two.
    loss : str
        "sparse_categorical_crossentropy" (the network ends in a softmax) or "mean_squared_error"
        (the network ends linearly).
    l2 : float
        Factor of the penalty ``l2 * sum(W**2)`` on every kernel.
    batch_size : int
        Rows per update; the last batch of an epoch may be smaller.
    epochs : int
        The number of the last epoch: it trains ``epochs - initial_epoch`` of them.
    initial_epoch : int
        Where to start counting.
    steps_per_epoch : int, optional
        Batches per epoch, if not all. The next epoch goes on where this one stopped; where the
        rows run out, the epoch ends early, with a warning.
    shuffle : bool
        True: a new order before each pass over the rows.
    rng : numpy.random.Generator, optional
        The source of the shuffling; a fresh, unseeded one if not given.
    order : callable, optional
        ``order(epoch)`` returns the row numbers in the order wanted. It replaces shuffling.
    validation_data : tuple, optional
        ``(x, y)`` or ``(x, y, sample_weight)``, evaluated at the end of each epoch.
    validation_split : float
        Share of the LAST rows to cut off as validation data, before any shuffling.
    sample_weight : (n,) floats, optional
        Weight of each row's loss. The sum is divided by the number of rows, as in Keras.
    class_weight : dict, optional
        Weight of each class; classes that are not named weigh 1. Not with ``sample_weight``.
    callbacks : list of Callback, optional
        Called in this order.
    verbose : {"auto", 0, 1, 2}
        0: silent. 1 and "auto": a progress bar. 2: one line per epoch.

    Returns
    -------
    weights : list of arrays
        The weights after the last update. After Ctrl-C or the stop button: the weights so far.
    history : History
        ``history.history["loss"]`` and so on, one value per epoch.

    Raises
    ------
    TypeError, ValueError
        If an argument breaks its rule; nothing has been trained or changed then.

    Examples
    --------
    >>> from sgdcourse import init_weights, make_blobs
    >>> rng = np.random.default_rng(0)
    >>> x, y = make_blobs(300, 3, rng)
    >>> weights, history = fit(init_weights([2, 16, 3], rng, "float64"), x, y, rng=rng,
    ...     optimizer=SGD(0.1), epochs=3, verbose=0)
    >>> [round(value, 2) for value in history.history["accuracy"]]
    [0.83, 1.0, 1.0]

    References
    ----------
    Keras: ``keras/src/backend/tensorflow/trainer.py``, ``fit``.
    """
    weights, loss = _checks.weights(weights), _checks.loss_name(loss)
    x, y = _checks.rows(x, y, weights, loss)
    batch_size = _checks.integer("batch_size", batch_size, at_least=1)
    epochs = _checks.integer("epochs", epochs, at_least=1)
    initial_epoch = _checks.integer("initial_epoch", initial_epoch, at_least=0)
    objective = _Objective(loss, _checks.number("l2", l2, at_least=0))
    optimizer = SGD() if optimizer is None else _checks.instance("optimizer", optimizer, SGD)
    _checks.at_most_one(class_weight=class_weight, sample_weight=sample_weight)
    sample_weight = _checks.sample_weight(sample_weight, len(x))
    if validation_data is not None:
        validation_data = _checks.validation_data(validation_data, weights, loss)
    elif _checks.number("validation_split", validation_split, at_least=0, below=1):
        arrays = (x, y) if sample_weight is None else (x, y, sample_weight)
        training, validation_data = train_validation_split(
            *arrays, validation_split=validation_split
        )
        x, y = training[:2]
        sample_weight = training[2] if len(training) == 3 else None
    if class_weight is not None:  # behind the cut: as in Keras, validation knows no class weights
        sample_weight = _checks.class_weight(class_weight, y, loss)
    if order is None:
        order = _shuffled_order(len(x), _checks.boolean("shuffle", shuffle), _checks.generator(rng))
    order = _checks.order_function(order)
    batches = _Batches(len(x), batch_size, steps_per_epoch, order)

    state = TrainingState(weights, optimizer, epochs, batches.steps)
    history = History()
    hooks = CallbackList([*_checks.callbacks(callbacks), history, *_progress_bar(verbose)], state)
    logs: Logs = {}
    updates_before = optimizer.iterations
    with one_blas_thread():
        try:
            hooks.call("on_train_begin")
            for epoch in range(initial_epoch, epochs):
                state.epoch = epoch
                hooks.call("on_epoch_begin", epoch)
                logs = _train_epoch(objective, state, batches, hooks, x, y, sample_weight)
                if validation_data is not None:
                    val_logs = _evaluate(
                        objective, state.weights, batch_size, hooks, *validation_data
                    )
                    logs |= {f"val_{name}": value for name, value in val_logs.items()}
                hooks.call("on_epoch_end", epoch, logs)
                if state.stop_training:
                    break
            state.weights = optimizer.finalize_variable_values(state.weights)
        except KeyboardInterrupt:
            history.interrupted = True
        hooks.call("on_train_end", logs)
    if history.interrupted:
        print(
            f"Interrupted in epoch {state.epoch + 1} of {epochs}; updates made: "
            f"{optimizer.iterations - updates_before}. The weights trained so far are returned."
        )
    return state.weights, history


class RunningMeans:
    """The numbers of an epoch: means over its rows so far, taken while the weights move."""

    def __init__(self) -> None:
        self.rows = 0
        self.sums: Logs = {}

    def add(self, batch: Logs, rows: int) -> Logs:
        """Count one batch in by its rows; return the means so far."""
        self.rows += rows
        for name, value in batch.items():
            self.sums[name] = self.sums.get(name, 0.0) + value * rows
        return {name: total / self.rows for name, total in self.sums.items()}


@dataclass(frozen=True)
class _Objective:
    """What is made small: the mean loss of the batch, plus the penalty on the kernels."""

    loss: str
    l2: float

    def logs(
        self, weights: Weights, y_true: Array, logits: Array, sample_weight: Array | None
    ) -> Logs:
        classes = self.loss == "sparse_categorical_crossentropy"
        per_row = (sparse_categorical_crossentropy if classes else mean_squared_error)(
            y_true, logits
        )
        if sample_weight is not None:
            per_row = per_row * sample_weight
        penalty = self.l2 * sum(float(np.square(w).sum()) for w in weights[::2]) if self.l2 else 0
        logs = {"loss": float(per_row.mean()) + penalty}
        if classes:
            logs["accuracy"] = accuracy(y_true, logits)
        return logs

    def gradients(
        self,
        weights: Weights,
        activations: list[Array],
        y_true: Array,
        logits: Array,
        sample_weight: Array | None,
    ) -> Weights:
        dlogits = loss_gradient(y_true, logits, self.loss, sample_weight)
        return backward(weights, activations, dlogits, self.l2)


class _Batches:
    """Deal an order of rows, epoch after epoch, and start over when the rows run out."""

    def __init__(
        self,
        num_samples: int,
        batch_size: int,
        steps_per_epoch: int | None,
        order: Callable[[int], Array],
    ) -> None:
        self.num_samples, self.batch_size, self.order = num_samples, batch_size, order
        self.steps = count_steps(num_samples, batch_size)
        if steps_per_epoch is not None:
            self.steps = _checks.integer("steps_per_epoch", steps_per_epoch, at_least=1)
        self.left: list[Array] = []

    def of_epoch(self, epoch: int) -> list[Array]:
        if not self.left:
            order = _checks.order(self.order(epoch), self.num_samples)
            self.left = list(split_batches(order, self.batch_size))
        dealt, self.left = self.left[: self.steps], self.left[self.steps :]
        if len(dealt) < self.steps:
            warnings.warn(
                f"Epoch {epoch + 1} ran out of data after {len(dealt)} of {self.steps} batches: "
                "steps_per_epoch does not divide a pass over the rows evenly.",
                stacklevel=4,
            )
        return dealt


def _shuffled_order(
    num_samples: int, shuffle: bool, rng: np.random.Generator
) -> Callable[[int], Array]:
    if shuffle:
        return lambda epoch: shuffle_indices(num_samples, rng)
    return lambda epoch: np.arange(num_samples)


def _train_epoch(
    objective: _Objective,
    state: TrainingState,
    batches: _Batches,
    hooks: CallbackList,
    x: Array,
    y: Array,
    sample_weight: Array | None,
) -> Logs:
    means, logs = RunningMeans(), {}
    for step, rows in enumerate(batches.of_epoch(state.epoch)):
        state.step = step
        hooks.call("on_train_batch_begin", step)
        batch_x, batch_y, batch_weight = _take(rows, state.weights, x, y, sample_weight)
        logits, activations = forward(state.weights, batch_x)
        batch = (batch_y, logits, batch_weight)
        logs = means.add(objective.logs(state.weights, *batch), len(rows))
        gradients = objective.gradients(state.weights, activations, *batch)
        state.weights = state.optimizer.update(state.weights, gradients)
        hooks.call("on_train_batch_end", step, logs)
        if state.stop_training:
            break
    return logs


def _evaluate(
    objective: _Objective,
    weights: Weights,
    batch_size: int,
    hooks: CallbackList,
    x: Array,
    y: Array,
    sample_weight: Array | None = None,
) -> Logs:
    hooks.call("on_test_begin")
    means, logs = RunningMeans(), {}
    for step, rows in enumerate(split_batches(np.arange(len(x)), batch_size)):
        hooks.call("on_test_batch_begin", step)
        batch_x, batch_y, batch_weight = _take(rows, weights, x, y, sample_weight)
        logits, _ = forward(weights, batch_x)
        logs = means.add(objective.logs(weights, batch_y, logits, batch_weight), len(rows))
        hooks.call("on_test_batch_end", step, logs)
    hooks.call("on_test_end", logs)
    return logs


def _take(
    rows: Array, weights: Weights, x: Array, y: Array, sample_weight: Array | None
) -> tuple[Array, Array, Array | None]:
    """Read the rows of one batch, x and y through the same row numbers."""
    dtype = weights[0].dtype
    batch_y = y[rows] if y.ndim == 1 else y[rows].astype(dtype, copy=False)
    batch_weight = None if sample_weight is None else sample_weight[rows].astype(dtype, copy=False)
    return x[rows].astype(dtype, copy=False), batch_y, batch_weight


def _progress_bar(verbose: int | str) -> list[Callback]:
    if verbose not in ("auto", 0, 1, 2):
        raise ValueError(f"verbose must be 'auto', 0, 1 or 2. Received: verbose={verbose!r}.")
    return [ProgressBar(verbose=2 if verbose == 2 else 1)] if verbose else []


# At 32 rows a second BLAS thread costs more time than it saves.
one_blas_thread = partial(threadpool_limits, limits=1, user_api="blas")
