"""Room 8, compare: tf.keras trains the same network, and we put the numbers side by side."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from sgdcourse import _checks, keras_random
from sgdcourse._types import Array, Weights
from sgdcourse.model import forward, init_weights
from sgdcourse.optimizers import SGD
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

# Two correct programs stay within these bounds in float64, after thousands of updates, and no
# wrong one does that we have met. Accuracies are counts of rows, added up in different orders.
BOUNDS = {
    "weights": 1e-10,
    "gradients": 1e-10,
    "velocities": 1e-10,
    "loss": 1e-11,
    "accuracy": 1e-13,
}


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


@dataclass(frozen=True, repr=False, eq=False)
class ParityReport:
    """Two trainings of one network, NumPy's and tf.keras's, and how far apart they are.

    ``print(report)`` gives a table, ``report.plot()`` a picture.

    Attributes
    ----------
    dtype : str
        In which both computed.
    optimizer : str
        Its arguments.
    layer_sizes, batch_size, steps_per_epoch
        As they were trained.
    seed : int or None
        If given, NumPy computed the initial weights and the order of the rows from it, by itself.
    initial_weights_equal, order_equal : bool
        Did both start from the same weights, bit for bit, and take the same rows at each update?
    differences : dict of (updates,) floats
        After each update the largest difference of any number of "weights", "gradients" and
        "velocities", and that of the running means "loss" and "accuracy" which Keras reports.
        "velocities" is there with momentum only.
    losses, keras_losses : (updates,) floats
        After each update the running mean of the loss that each of the two reports.
    relu_flips : (updates,) integers
        How many ReLUs, counted over the rows of the batch, are on in one program and off in the
        other. Rounding alone can do it; from then on the two get different gradients.
    order : list of (n,) integers
        The rows as Keras dealt them, one array per epoch.
    history, keras_history : dict of list of float
        Loss and accuracy of each epoch.
    weights, keras_weights : lists of arrays
        The final weights.
    versions : dict of str
        Of NumPy, TensorFlow and Keras.
    """

    dtype: str
    optimizer: str
    layer_sizes: list[int]
    batch_size: int
    steps_per_epoch: int
    seed: int | None
    initial_weights_equal: bool
    order_equal: bool
    differences: dict[str, Array]
    losses: Array
    keras_losses: Array
    relu_flips: Array
    order: list[Array]
    history: dict[str, list[float]]
    keras_history: dict[str, list[float]]
    weights: Weights
    keras_weights: Weights
    versions: dict[str, str]

    @property
    def weight_difference(self) -> Array:
        """After each update, the largest difference of any weight."""
        return self.differences["weights"]

    @property
    def agrees(self) -> bool:
        """True if all differences are within ``BOUNDS``. Only float64 can tell."""
        return self.first_disagreement is None

    @property
    def first_disagreement(self) -> tuple[int, str] | None:
        """The first update, counted from 1, and the name of what is beyond its bound there."""
        found = []
        for name, values in self.differences.items():
            # not <=, so that NaN counts as a disagreement
            beyond = np.flatnonzero(~(values <= BOUNDS[name]))
            if len(beyond):
                found.append((int(beyond[0]) + 1, name))
        return min(found, key=lambda one: one[0], default=None)

    def __str__(self) -> str:
        """Return the comparison as a table, epoch by epoch."""
        sizes = "-".join(map(str, self.layer_sizes))
        names = list(self.differences)
        from_seed = f", computed from seed {self.seed}" if self.seed is not None else ""
        lines = [
            f"NumPy and tf.keras side by side, {self.dtype}: {sizes}, {self.optimizer}",
            f"initial weights: {_equal(self.initial_weights_equal)}{from_seed}",
            f"rows of each batch: {_equal(self.order_equal)}{from_seed}",
            "",
            "             loss            accuracy     | largest difference in this epoch",
            f"epoch  NumPy  tf.keras   NumPy  tf.keras | {'  '.join(f'{n:>7}' for n in names)}",
        ]
        for epoch in range(len(self.order)):
            steps = slice(epoch * self.steps_per_epoch, (epoch + 1) * self.steps_per_epoch)
            loss, acc = (self.history[name][epoch] for name in ("loss", "accuracy"))
            theirs = [self.keras_history[name][epoch] for name in ("loss", "accuracy")]
            largest = [f"{self.differences[n][steps].max():>{max(7, len(n))}.1e}" for n in names]
            lines.append(
                f"{epoch + 1:>5} {loss:>6.4f} {theirs[0]:>9.4f} {acc:>7.4f} {theirs[1]:>9.4f} | "
                + "  ".join(largest)
            )
        lines += ["", self.verdict]
        lines += [", ".join(f"{name} {number}" for name, number in self.versions.items())]
        return "\n".join(lines)

    __repr__ = __str__

    @property
    def verdict(self) -> str:
        """One sentence: the same program or not."""
        updates = f"{len(self.weight_difference):,} updates"
        if self.dtype != "float64":
            flips = np.flatnonzero(self.relu_flips)
            first = f", the first at update {flips[0] + 1:,}" if len(flips) else ""
            return (
                f"No verdict: in {self.dtype}, rounding moves two correct programs apart, too. "
                f"ReLUs flipped by it: {self.relu_flips.sum():,}{first}. Compare in float64."
            )
        if self.first_disagreement is None:
            return f"They agree: {updates}, all weights within {BOUNDS['weights']:g}."
        update, name = self.first_disagreement
        return f"They DISAGREE: first at update {update:,} of {updates}, in the {name}."

    def plot(self) -> Any:
        """Draw the differences over the updates, on a logarithmic scale.

        Returns
        -------
        picture : sgdcourse.plots.Picture
            For the last line of a cell; it has its description with it.
        """
        from sgdcourse import plots  # matplotlib is loaded only for a picture

        shown = {name: self.differences[name] for name in ("weights", "loss")}
        figure, ax = plots.subplots()
        plots.differences(ax, shown, flips=np.flatnonzero(self.relu_flips) + 1)
        ax.set_title(f"NumPy against tf.keras, {self.dtype}")
        largest = " and ".join(f"of the {name} {v.max():.0e}" for name, v in shown.items())
        alt = (
            f"Differences after each of {len(self.weight_difference):,} updates in {self.dtype}, "
            f"on a logarithmic scale; the largest {largest}. "
            f"Updates in which a ReLU flipped: {np.count_nonzero(self.relu_flips):,}."
        )
        return plots.show(figure, alt)


def _equal(same: bool) -> str:
    return "equal" if same else "NOT EQUAL"


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
