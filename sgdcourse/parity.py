"""The report of room 8: how far apart two trainings of one network are, and whether they agree."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from sgdcourse._types import Array, Weights

# Two correct programs stay within these bounds in float64, after thousands of updates, and no
# wrong one does that we have met. Accuracies are counts of rows, added up in different orders.
BOUNDS = {
    "weights": 1e-10,
    "gradients": 1e-10,
    "velocities": 1e-10,
    "loss": 1e-11,
    "accuracy": 1e-13,
}


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
