"""The tap: which rows ``model.fit`` deals, and what its optimizer is given.

Keras shows neither. So a model and an optimizer of ours note both on the way, in ``tf.Variable``
boxes, and otherwise do what every Keras model does.
"""

import contextlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from sgdcourse._types import Array
from sgdcourse.keras_random import fit_order
from sgdcourse.tf_keras import keras, tf


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


class TappedSGD(keras.optimizers.SGD):  # type: ignore[misc]
    """An SGD that notes the gradients of each batch, before it uses them.

    They stand in ``gradients``, one behind the other: one long variable is quicker to read than
    many.
    """

    def build(self, variables: Any) -> None:
        """Make the box for the gradients."""
        super().build(variables)
        numbers = sum(int(np.prod(v.shape)) for v in variables)
        self.gradients = tf.Variable(tf.zeros(numbers, variables[0].dtype))

    def apply(self, grads: Any, trainable_variables: Any = None) -> None:
        """Note the gradients, then do what every SGD does."""
        self.gradients.assign(tf.concat([tf.reshape(g, [-1]) for g in grads], axis=0))
        super().apply(grads, trainable_variables)


class NoteRows(keras.callbacks.Callback):  # type: ignore[misc]
    """Collect what the tap of a TappedSequential notes: ``dealt[epoch][batch]``."""

    def __init__(self) -> None:
        super().__init__()
        self.dealt: list[list[Array]] = []

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Start the list of this epoch's batches."""
        self.dealt.append([])

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Note the rows of the batch that is over."""
        self.dealt[-1].append(self.model.rows_dealt.numpy())


def tapped_model() -> Any:
    """Build a model with one weight that notes the rows it is dealt.

    Returns
    -------
    model : TappedSequential
        Compiled. Train it on ``((x, rows), y)``, with x of shape (n, 1), in whatever form Keras
        takes data.

    Examples
    --------
    >>> noted = NoteRows()
    >>> x, rows, y = np.zeros((3, 1)), np.arange(3), np.zeros(3)
    >>> _ = tapped_model().fit(
    ...     (x, rows), y, batch_size=2, shuffle=False, callbacks=[noted], verbose=0)
    >>> noted.dealt
    [[array([0, 1]), array([2])]]
    """
    model = TappedSequential([keras.Input(shape=(1,)), keras.layers.Dense(1)])
    model.compile(optimizer="sgd", loss="mean_squared_error")
    return model


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
    noted = NoteRows()
    tapped_model().fit(
        (np.zeros((num_samples, 1)), np.arange(num_samples)),
        np.zeros(num_samples),
        batch_size=batch_size,
        epochs=epochs,
        shuffle=shuffle,
        verbose=0,
        callbacks=[noted],
    )
    return noted.dealt


ONE_ORDER, NEW_ORDERS = "the same order in all epochs", "a new order in each epoch"
TENSORFLOW_HAS_NO_SEED = 87654321


@dataclass(frozen=True)
class ShuffleBehaviour:
    """How the installed Keras shuffles, as ``shuffle_behaviour`` found it.

    Attributes
    ----------
    unseeded_epochs_differ : bool
        Without a seed, each epoch has a new order.
    seeded_epochs_differ : bool
        After ``set_random_seed``, each epoch has a new order.
    seeds_differ : bool
        Another seed gives another order.
    predicted : bool
        The seeded order of the first epoch is ``keras_random.fit_order``.
    keras_version : str
    """

    unseeded_epochs_differ: bool
    seeded_epochs_differ: bool
    seeds_differ: bool
    predicted: bool
    keras_version: str

    @property
    def as_the_course_says(self) -> bool:
        """True for Keras 3.15: unseeded a new order each epoch, seeded one order for all."""
        return (
            self.unseeded_epochs_differ
            and not self.seeded_epochs_differ
            and self.seeds_differ
            and self.predicted
        )

    def __str__(self) -> str:
        """Say it in words."""
        unseeded = NEW_ORDERS if self.unseeded_epochs_differ else ONE_ORDER
        seeded = NEW_ORDERS if self.seeded_epochs_differ else ONE_ORDER
        lines = [
            f"without a seed: {unseeded}",
            f"after set_random_seed: {seeded}",
            f"another seed: {'another order' if self.seeds_differ else 'the same order'}",
            "keras_random.fit_order predicts the seeded order: "
            + ("yes" if self.predicted else "no"),
        ]
        if not self.as_the_course_says:
            lines.append(
                f"Keras {self.keras_version} shuffles otherwise than the Keras 3.15 of this "
                "course. Where a notebook speaks of the order of a seeded fit, believe the lines "
                "above; everything that is compared in an order that was noted, not predicted, "
                "stays true. `pip install -r requirements.txt -c constraints.txt` installs the "
                "versions of the course."
            )
        return "\n".join(lines)


def shuffle_behaviour() -> ShuffleBehaviour:
    """Find out how the installed Keras shuffles: a canary for the course's claims.

    Keras's documentation says that ``fit`` shuffles before each epoch. In Keras 3.15 a seeded
    ``fit`` on arrays deals one order in all epochs, and versions to come may do otherwise again.

    Returns
    -------
    behaviour : ShuffleBehaviour
        Prints as sentences. The seeds of Python, NumPy and TensorFlow are left as they were found.

    Examples
    --------
    >>> print(shuffle_behaviour())
    without a seed: a new order in each epoch
    after set_random_seed: the same order in all epochs
    another seed: another order
    keras_random.fit_order predicts the seeded order: yes
    """
    num_samples = 60  # two equal orders of 60 rows are no accident

    def orders(seed: int | None) -> list[Array]:
        dealt = keras_batches(num_samples, epochs=3, seed=seed)
        return [np.concatenate(batches) for batches in dealt]

    with _seeds_kept():
        tf.random.set_seed(None)
        unseeded, seeded, other = orders(None), orders(1), orders(2)
    return ShuffleBehaviour(
        unseeded_epochs_differ=not _all_equal(unseeded),
        seeded_epochs_differ=not _all_equal(seeded),
        seeds_differ=not _all_equal([seeded[0], other[0]]),
        predicted=_all_equal([seeded[0], fit_order(num_samples, 1)]),
        keras_version=keras.__version__,
    )


def _all_equal(orders: list[Array]) -> bool:
    return all(np.array_equal(orders[0], order) for order in orders)


@contextlib.contextmanager
def _seeds_kept() -> Iterator[None]:
    """Bring the seeds of Python, NumPy and TensorFlow back."""
    of_python, of_numpy = random.getstate(), np.random.get_state()  # noqa: NPY002
    # TensorFlow's seed can be read only beside that of an operation; this constant means none
    of_tensorflow, _ = tf.compat.v1.random.get_seed(0)
    if of_tensorflow == TENSORFLOW_HAS_NO_SEED:
        of_tensorflow = None
    try:
        yield
    finally:
        random.setstate(of_python)
        np.random.set_state(of_numpy)  # noqa: NPY002
        tf.random.set_seed(of_tensorflow)
