"""Demo of notebook 05: a training, update by update."""

from dataclasses import dataclass

import numpy as np

from sgdcourse import _checks, plots
from sgdcourse._types import Array, Weights
from sgdcourse.batching import shuffle_indices, split_batches, steps_per_epoch
from sgdcourse.losses import sparse_categorical_crossentropy
from sgdcourse.model import forward, init_weights, softmax
from sgdcourse.optimizers import SGD
from sgdcourse.training import RunningMeans, evaluate, train_step
from sgdcourse.widgets.demo import Demo, one_of, whole_numbers

UPDATES = 200
GRID = 40  # points along each side of the ground


@dataclass
class Run:
    """A training of 200 updates: what stood before each, and after the last."""

    weights: list[Weights]
    losses: Array
    running: Array
    evaluated: Array
    steps: int


def first_weights() -> Weights:
    """Return the weights with which each training begins."""
    return init_weights([2, 16, 2], np.random.default_rng(0), "float64")


def train(x: Array, y: Array, learning_rate: float, batch_size: int) -> Run:
    """Train 2-16-classes for 200 updates; always from the same weights, in the same order."""
    rng = np.random.default_rng(1)
    weights = first_weights()
    optimizer = SGD(learning_rate)
    history = [weights]
    losses: list[float] = []
    running: list[float] = []
    evaluated: list[float] = []
    while len(losses) < UPDATES:
        means = RunningMeans()
        for rows in split_batches(shuffle_indices(len(x), rng), batch_size):
            weights, loss, _ = train_step(weights, optimizer, x[rows], y[rows])
            history.append(weights)
            losses.append(loss)
            running.append(means.add({"loss": loss}, len(rows))["loss"])
        evaluated.append(evaluate(weights, x, y)[0])
    steps = steps_per_epoch(len(x), batch_size)
    return Run(history, np.array(losses), np.array(running), np.array(evaluated), steps)


def live(x: Array, y: Array) -> Demo:
    """Watch a small network learn two classes of points, one update at a time.

    Parameters
    ----------
    x : (n, 2) floats
    y : (n,) integers, 0 or 1

    Returns
    -------
    demo : Demo
        Its controls: ``update``, ``learning_rate``, ``batch_size``.

    Raises
    ------
    TypeError, ValueError
        If x and y do not have these shapes, or y other classes.

    Examples
    --------
    >>> from sgdcourse import make_moons
    >>> demo = live(*make_moons(200, np.random.default_rng(0)))
    >>> demo.set(batch_size=200)
    >>> print(demo.text)  # doctest: +NORMALIZE_WHITESPACE
    Rate 0.3, batch size 200: 1 update per epoch. None yet: evaluate on all rows gives 0.804, with
    94 of 200 right.
    """
    x, y = _checks.rows(x, y, first_weights(), "sparse_categorical_crossentropy")
    margin = 0.3
    low, high = x.min(axis=0) - margin, x.max(axis=0) + margin
    limits = (low[0], high[0], low[1], high[1])
    across, up = np.linspace(low[0], high[0], GRID), np.linspace(low[1], high[1], GRID)
    ground = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2)
    figure, axes = plots.subplots(2, height=3.4)
    runs: dict[tuple[float, int], Run] = {}

    def look(update: int, learning_rate: float, batch_size: int) -> tuple[str, str]:
        settings = (learning_rate, batch_size)
        if settings not in runs:
            with np.errstate(all="ignore"):
                runs[settings] = train(x, y, *settings)
        run = runs[settings]
        epochs = update // run.steps
        logits, _ = forward(run.weights[update], ground)
        p = softmax(logits)[:, 1].reshape(GRID, GRID)
        plots.regions(axes[0], x, y, p, limits)
        so_far = run.losses[:update], run.running[:update], run.evaluated[:epochs]
        plots.progress(axes[1], *so_far, run.steps, last=UPDATES, highest=1.2)
        logits, _ = forward(run.weights[update], x)
        loss = sparse_categorical_crossentropy(y, logits).mean()
        right = np.count_nonzero(logits.argmax(axis=1) == y)
        if update:
            epoch, batch = divmod(update - 1, run.steps)
            text = (
                f"Rate {learning_rate:g}, batch size {batch_size}. Update {update}: epoch "
                f"{epoch + 1}, batch {batch + 1} of {run.steps}. Its loss was "
                f"{run.losses[update - 1]:.3f}; the progress bar shows the running mean "
                f"{run.running[update - 1]:.3f}; evaluate on all rows now gives {loss:.3f}, with "
                f"{right} of {len(x)} right."
            )
        else:
            updates = "1 update" if run.steps == 1 else f"{run.steps} updates"
            text = (
                f"Rate {learning_rate:g}, batch size {batch_size}: {updates} per epoch. "
                f"None yet: evaluate on all rows gives {loss:.3f}, with {right} of {len(x)} right."
            )
        alt = (
            f"Left: {len(x)} points of two classes on a ground coloured by the network's "
            f"probability; {right} lie on the side of their class. Right: the loss of each batch, "
            f"the running mean and the evaluations up to update {update}."
        )
        return text, alt

    return Demo(
        figure,
        look,
        {
            "update": whole_numbers("update", 0, UPDATES, 0),
            "learning_rate": one_of("learning_rate", [0.01, 0.03, 0.1, 0.3, 1.0, 3.0], 0.3),
            "batch_size": one_of("batch_size", [1, 8, 32, 100, 200], 32),
        },
        play="update",
        interval=150,
        buttons={"Step": lambda demo: demo.set(update=min(demo.values["update"] + 1, UPDATES))},
    )
