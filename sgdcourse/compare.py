"""Room 8, compare: tf.keras trains the same network, and we put the numbers side by side."""

from collections.abc import Callable
from typing import Any

import numpy as np

from sgdcourse import _checks, keras_random
from sgdcourse._types import Array, Weights
from sgdcourse.model import forward, init_weights
from sgdcourse.optimizers import SGD
from sgdcourse.parity import BOUNDS, ParityReport
from sgdcourse.tap import (
    NoteRows,
    TappedSequential,
    TappedSGD,
    keras_batches,
    shuffle_behaviour,
    tapped_model,
)
from sgdcourse.tf_keras import keras, tf
from sgdcourse.training import RunningMeans, one_blas_thread, train_step
from sgdcourse.twin import (
    KerasSchedule,
    build_model,
    floatx,
    keras_constant,
    keras_optimizer,
    keras_twin,
)

__all__ = [
    "KerasSchedule",
    "NoteRows",
    "ParityReport",
    "TappedSequential",
    "fit_both",
    "floatx",
    "keras",
    "keras_batches",
    "keras_constant",
    "keras_optimizer",
    "keras_twin",
    "largest_difference",
    "shuffle_behaviour",
    "tapped_model",
]


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


TrainStep = Callable[[Weights, SGD, Array, Array], tuple[Weights, float, float]]


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
    seed: int | None = None,
    rng: np.random.Generator | None = None,
    order: Callable[[int], Array] | None = None,
    train_step: TrainStep = train_step,
) -> ParityReport:
    """Train one network twice, with ``model.fit`` and with ``train_step``, in step.

    Keras runs its ordinary ``fit``. After each of its updates we make the same update in NumPy,
    and compare weights, gradients, velocities, loss and accuracy.

    Where do the initial weights and the order of the rows come from? With a ``seed`` each side
    computes both by itself: Keras after ``keras.utils.set_random_seed(seed)``, NumPy with
    ``keras_random``. Without one, Keras is handed the weights that ``rng`` draws, and NumPy reads
    after each batch which rows Keras dealt.

    Parameters
    ----------
    layer_sizes : list of int
        Such as ``[784, 128, 10]``.
    x : (n, n_in) array
        One row per example.
    y : (n,) integers
        Class numbers.
    optimizer : SGD, optional
        Its arguments serve both sides; its state is not touched. In float64, hand over constants
        and schedules as Keras sees them: ``momentum=keras_constant(0.9)``, ``KerasSchedule(...)``.
    batch_size, epochs, shuffle
        As in ``fit``.
    dtype : {"float64", "float32"}
        In which both sides compute. float64 tells rounding from a mistake.
    divisor : float
        Both sides divide each batch of x by it. ``divisor=255`` lets MNIST stay uint8: from a
        float32 array, Keras would make a float64 copy of 376 MB.
    seed : int, optional
        From 0 to 2**32 - 1.
    rng : numpy.random.Generator, optional
        Draws the initial weights. Not with ``seed``.
    order : callable, optional
        ``order(epoch)`` gives the rows that NumPy takes, whatever Keras does.
    train_step : callable, optional
        The update to test: ``train_step(weights, optimizer, x, y_true)`` returns the new weights,
        the loss and the accuracy. Hand over your own, and see whether Keras agrees with it.

    Returns
    -------
    report : ParityReport

    Raises
    ------
    TypeError, ValueError
        If an argument breaks its rule.

    Examples
    --------
    >>> from sgdcourse import make_blobs
    >>> x, y = make_blobs(100, 3, np.random.default_rng(0))
    >>> report = fit_both([2, 8, 3], x, y, optimizer=SGD(0.1), epochs=3, seed=1)
    >>> report.initial_weights_equal, report.order_equal, report.agrees
    (True, True, True)
    >>> report.verdict
    'They agree: 12 updates, all weights within 1e-10.'
    """
    layer_sizes = _checks.layer_sizes(layer_sizes)
    dtype = _checks.choice("dtype", dtype, ("float32", "float64"))
    batch_size = _checks.integer("batch_size", batch_size, at_least=1)
    epochs = _checks.integer("epochs", epochs, at_least=1)
    optimizer = SGD() if optimizer is None else _checks.instance("optimizer", optimizer, SGD)
    _checks.at_most_one(seed=seed, rng=rng)
    if seed is None:
        weights = init_weights(layer_sizes, _checks.generator(rng), dtype)
    else:
        weights = keras_random.initial_weights(layer_sizes, seed, dtype)
    x, y = _checks.rows(x, y, weights, "sparse_categorical_crossentropy")
    if order is None and seed is not None:
        predicted = keras_random.fit_order(len(x), seed) if shuffle else np.arange(len(x))
        order = lambda epoch: predicted  # noqa: E731
    elif order is not None:
        order = _checks.order_function(order)
    ours = _InStep(weights, optimizer, x, y, batch_size, divisor, order, train_step)

    with floatx(dtype), one_blas_thread():
        if seed is not None:
            keras.utils.set_random_seed(seed)
        model = build_model(
            layer_sizes,
            dtype,
            optimizer,
            model_kind=TappedSequential,
            optimizer_kind=TappedSGD,
        )
        model.divisor = divisor
        model.optimizer.build(model.trainable_variables)
        if seed is None:
            model.set_weights(weights)
        keras_weights = model.get_weights()
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
        optimizer=repr(optimizer),
        layer_sizes=layer_sizes,
        batch_size=batch_size,
        steps_per_epoch=len(ours.dealt[0]),
        seed=seed,
        initial_weights_equal=largest_difference(weights, keras_weights) == 0,
        order_equal=ours.same_rows,
        differences=ours.differences,
        losses=np.array(ours.losses),
        keras_losses=np.array(ours.keras_losses),
        relu_flips=np.array(ours.relu_flips),
        order=[np.concatenate(batches) for batches in ours.dealt],
        history=ours.history,
        keras_history=keras_history.history,
        weights=ours.optimizer.finalize_variable_values(ours.weights),
        keras_weights=model.get_weights(),
        versions={
            "NumPy": np.__version__,
            "TensorFlow": tf.__version__,
            "Keras": keras.__version__,
        },
    )


class _NotingSGD(SGD):
    """The NumPy side of TappedSGD: it notes the gradients before it uses them."""

    gradients: Weights | None = None

    def update(self, weights: Weights, gradients: Weights) -> Weights:
        self.gradients = gradients
        return super().update(weights, gradients)


class _InStep(NoteRows):
    """After each update of Keras, make the same one in NumPy, and note the differences."""

    def __init__(
        self,
        weights: Weights,
        optimizer: SGD,
        x: Array,
        y: Array,
        batch_size: int,
        divisor: float,
        order: Callable[[int], Array] | None,
        train_step: TrainStep,
    ) -> None:
        super().__init__()
        self.weights, self.optimizer = weights, _NotingSGD(**optimizer.get_config())
        self.x, self.y, self.batch_size, self.divisor = x, y, batch_size, divisor
        self.order, self.train_step = order, train_step
        self.keras_weights = weights
        self.noted: list[dict[str, float]] = []
        self.losses: list[float] = []
        self.keras_losses: list[float] = []
        self.relu_flips: list[int] = []
        self.same_rows = True
        self.history: dict[str, list[float]] = {"loss": [], "accuracy": []}

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        super().on_epoch_begin(epoch, logs)
        self.means = RunningMeans()
        if self.order is not None:
            self.own_order = _checks.order(self.order(epoch), len(self.x))

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        super().on_train_batch_end(batch, logs)
        rows = self._rows(batch)
        batch_x = self.x[rows].astype(self.weights[0].dtype, copy=False) / self.divisor
        self.relu_flips.append(self._count_flips(batch_x))
        self.weights, loss, acc = self.train_step(
            self.weights, self.optimizer, batch_x, self.y[rows]
        )
        self.reported = self.means.add({"loss": loss, "accuracy": acc}, len(rows))
        self.losses.append(self.reported["loss"])
        self.keras_losses.append(logs["loss"])
        self._note_differences(logs)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        for name, value in self.reported.items():
            self.history[name].append(value)

    def _rows(self, batch: int) -> Array:
        """Return the rows of this batch: of our own order, or else those that Keras dealt."""
        dealt = self.dealt[-1][-1]
        if self.order is None:
            return dealt
        rows = self.own_order[batch * self.batch_size :][: self.batch_size]
        self.same_rows = self.same_rows and np.array_equal(rows, dealt)
        return rows

    def _count_flips(self, batch_x: Array) -> int:
        """Count the ReLUs that are on with our weights and off with Keras's, or the reverse."""
        _, ours = forward(self.weights, batch_x)
        _, theirs = forward(self.keras_weights, batch_x)
        hidden = zip(ours[1:], theirs[1:], strict=True)
        return sum(int(np.count_nonzero((a > 0) != (b > 0))) for a, b in hidden)

    def _note_differences(self, logs: Any) -> None:
        self.keras_weights = self.model.get_weights()
        if [w.shape for w in self.weights] != [w.shape for w in self.keras_weights]:
            raise ValueError(
                "train_step must return (weights, loss, accuracy) with weights of the shapes "
                f"{[w.shape for w in self.keras_weights]}. Received: "
                f"{[w.shape for w in self.weights]}."
            )
        noted = {
            "weights": largest_difference(self.weights, self.keras_weights),
            "loss": abs(self.reported["loss"] - logs["loss"]),
            "accuracy": abs(self.reported["accuracy"] - logs["accuracy"]),
        }
        if self.optimizer.gradients is not None:
            ours = np.concatenate([g.ravel() for g in self.optimizer.gradients])
            theirs = self.model.optimizer.gradients.numpy()
            noted["gradients"] = largest_difference([ours], [theirs])
        if self.optimizer.velocities is not None:
            velocities = [velocity.numpy() for velocity in self.model.optimizer.momentums]
            noted["velocities"] = largest_difference(self.optimizer.velocities, velocities)
        self.noted.append(noted)

    @property
    def differences(self) -> dict[str, Array]:
        """Sort the notes by name. No velocity yet counts as no difference."""
        names = [name for name in BOUNDS if any(name in noted for noted in self.noted)]
        return {name: np.array([noted.get(name, 0.0) for noted in self.noted]) for name in names}
