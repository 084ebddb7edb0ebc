"""Demo of notebook 01: the rows of an epoch are dealt into batches."""

import numpy as np

from sgdcourse import keras_random, plots
from sgdcourse._types import Array
from sgdcourse.batching import shuffle_indices, split_batches, steps_per_epoch
from sgdcourse.widgets.demo import Demo, choice, whole_numbers

NUM_SAMPLES = 20
LABELS = np.repeat(np.arange(4), 5)  # the rows are sorted by class
SHUFFLED, SEEDED, SORTED = "shuffle=True", "set_random_seed(1), shuffle=True", "shuffle=False"


def epoch_order(shuffle: str, epoch: int, program: int) -> Array:
    """Return the order in which `model.fit` deals the rows in an epoch, counted from 0.

    Without a seed nobody can know it; ``program`` stands for what differs from run to run.
    """
    if shuffle == SORTED:
        return np.arange(NUM_SAMPLES)
    if shuffle == SEEDED:
        return keras_random.fit_order(NUM_SAMPLES, 1)  # the same in each epoch
    return shuffle_indices(NUM_SAMPLES, np.random.default_rng([program, epoch]))


def dealer() -> Demo:
    """Deal 20 rows, batch by batch, epoch by epoch.

    Returns
    -------
    demo : Demo
        Its controls: ``batch`` (how many batches were dealt so far), ``batch_size``, ``shuffle``.

    Examples
    --------
    >>> demo = dealer()
    >>> demo.set(shuffle="shuffle=False", batch=4)
    >>> print(demo.text)  # doctest: +NORMALIZE_WHITESPACE
    shuffle=False, batch_size=6. Epoch 1, batch 4 of 4: rows 18, 19. Classes in it: 1 of 4. The last
    batch is small: each of its rows weighs more.
    """
    figure, ax = plots.subplots(height=3.4)
    programs = [0]

    def look(batch: int, batch_size: int, shuffle: str) -> tuple[str, str]:
        steps = steps_per_epoch(NUM_SAMPLES, batch_size)
        epoch, number = divmod(batch - 1, steps) if batch else (0, -1)
        order = epoch_order(shuffle, epoch, programs[0])
        plots.dealing(ax, order, batch_size, number + 1, LABELS, columns=10)
        batches = [rows.tolist() for rows in split_batches(order, batch_size)]
        text = f"{shuffle}, batch_size={batch_size}. "
        if not batch:
            text += f"Nothing is dealt yet. An epoch has {steps} batches."
        else:
            rows = batches[number]
            text += f"Epoch {epoch + 1}, batch {number + 1} of {steps}: rows {_list(rows)}. "
            text += f"Classes in it: {len(set(LABELS[rows]))} of 4."
            if len(rows) < batch_size:
                text += " The last batch is small: each of its rows weighs more."
        dealt = [f"batch {n}: {_list(rows)}" for n, rows in enumerate(batches, start=1)]
        waiting = sorted(order[(number + 1) * batch_size :].tolist())
        alt = (
            f"Cards with the row numbers 0 to {NUM_SAMPLES - 1}, coloured by class. "
            f"Dealt: {'; '.join(dealt[: number + 1]) or 'none'}. "
            f"Not dealt: {_list(waiting) or 'none'}."
        )
        return text, alt

    def run_again(demo: Demo) -> None:
        programs[0] += 1
        demo.set(batch=0)

    return Demo(
        figure,
        look,
        {
            "batch": whole_numbers("batches dealt", 0, 30, 0),
            "batch_size": whole_numbers("batch_size", 3, 10, 6),
            "shuffle": choice("fit with", [SHUFFLED, SEEDED, SORTED], SHUFFLED),
        },
        play="batch",
        interval=800,
        buttons={"Run the program again": run_again},
    )


def _list(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers))
