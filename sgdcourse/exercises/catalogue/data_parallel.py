"""Exercises of notebook 10: share a batch, join the gradients, count the bytes."""

import numpy as np

from sgdcourse import parallel
from sgdcourse.exercises.catalogue.inputs import generator, random_arrays
from sgdcourse.exercises.exercise import Exercise, Misconception, call

# ---- split_over_replicas -----------------------------------------------------------------------


def _in_parts_of(share):
    """Make a wrong version whose parts have another size."""

    def split(rows, num_replicas):
        size = share(len(rows), num_replicas)
        return [rows[i * size : (i + 1) * size] for i in range(num_replicas)]

    return split


def _rest_to_the_last(rows, num_replicas):
    share = len(rows) // num_replicas
    cuts = [share * i for i in range(1, num_replicas)]
    return np.split(rows, cuts)


def _without_empty_parts(rows, num_replicas):
    return [part for part in parallel.split_over_replicas(rows, num_replicas) if len(part)]


_ROWS = generator().permutation(30)

SPLIT_OVER_REPLICAS = Exercise(
    name="split_over_replicas",
    notebook="10",
    task="Return a list with the part of `rows` that each of `num_replicas` replicas gets. Every "
    "part has n / `num_replicas` rows, rounded up, until the rows run out; then parts are smaller "
    "or empty. Keep the order.",
    reference=parallel.split_over_replicas,
    cases=(
        call("rows 4, 1, 6, 0, 5, 2, 3, two replicas", np.array([4, 1, 6, 0, 5, 2, 3]), 2),
        call("rows 4, 1, 6, 0, 5, 2, four replicas", np.array([4, 1, 6, 0, 5, 2]), 4),
        call("8 rows, two replicas", _ROWS[:8], 2),
        call("one row, two replicas", _ROWS[:1], 2),
        call("13 rows, four replicas", _ROWS[:13], 4),
        call("30 rows, five replicas", _ROWS, 5),
    ),
    misconceptions=(
        Misconception(
            "evens-out",
            "You made the parts as equal as possible. tf.distribute rounds up and fills part by "
            "part, so the last replicas can be left with much less, or nothing.",
            lambda rows, num_replicas: np.array_split(rows, num_replicas),
        ),
        Misconception(
            "rounds-down",
            "You rounded down, and the rows that are left over are not trained on at all. Each "
            "row of the batch must be somewhere.",
            _in_parts_of(lambda n, num_replicas: n // num_replicas),
        ),
        Misconception(
            "rest-to-the-last",
            "The rows that are left over went to the last replica on top of its share. It has the "
            "SMALLEST part: the share is rounded up.",
            _rest_to_the_last,
        ),
        Misconception(
            "always-one-more",
            "You added one row to each share, even where the rows split evenly.",
            _in_parts_of(lambda n, num_replicas: n // num_replicas + 1),
        ),
        Misconception(
            "deals-in-turn",
            "You dealt the rows in turn, like cards. tf.distribute cuts the batch into pieces of "
            "neighbours.",
            lambda rows, num_replicas: [rows[i::num_replicas] for i in range(num_replicas)],
        ),
        Misconception(
            "empty-parts-missing",
            "Replicas without rows are missing from the list. They take part in the mean, so each "
            "of them needs its empty part.",
            _without_empty_parts,
        ),
        Misconception(
            "whole-batch-for-each",
            "Every replica got the whole batch: the same work, done several times.",
            lambda rows, num_replicas: [rows] * num_replicas,
        ),
        Misconception(
            "replicas-for-rows",
            "You took the number of replicas for the number of rows in a part.",
            _in_parts_of(lambda n, num_replicas: num_replicas),
        ),
    ),
    hints=(
        "First the size of a part, then the cuts.",
        "7 rows for two replicas: the size is 4. How do you round up in whole numbers?",
        "Replica i gets the rows from i times the size up to (i + 1) times the size. A slice that "
        "ends behind the last row is no error.",
    ),
)

# ---- mean_over_rows ----------------------------------------------------------------------------


def mean_over_rows(gradients, rows):
    """Join the gradients of the replicas so that each ROW counts alike."""
    means = []
    for arrays in zip(*gradients, strict=True):
        total = sum(n * g for n, g in zip(rows, arrays, strict=True))
        means.append(total / sum(rows))
    return means


def _mean_of_means(gradients, rows):
    means = []
    for arrays in zip(*gradients, strict=True):
        means.append(sum(arrays) / len(rows))
    return means


def _joined(join):
    """Make a wrong version that joins the arrays of one weight in another way."""
    return lambda gradients, rows: [
        join(np.array(arrays), np.array(rows, float).reshape(-1, *[1] * arrays[0].ndim))
        for arrays in zip(*gradients, strict=True)
    ]


def _upside_down(arrays, rows):
    shares = np.divide(1, rows, out=np.zeros_like(rows), where=rows > 0)
    return (arrays * shares).sum(axis=0) / shares.sum()


_SHAPES = (3, 2), (2,)
_FOUR_REPLICAS = [random_arrays(*_SHAPES, seed=seed) for seed in range(4)]

MEAN_OVER_ROWS = Exercise(
    name="mean_over_rows",
    notebook="10",
    task="Find the fault: `gradients` holds the list of gradients of each replica, each a mean "
    "over its own rows; `rows` says how many those were. Return the gradient of the mean over ALL "
    "rows.",
    reference=mean_over_rows,
    given=_mean_of_means,
    cases=(
        call(
            "one weight, gradients 2 and 8, from 3 rows and from 1",
            [[np.array([2.0])], [np.array([8.0])]],
            [3, 1],
        ),
        call(
            "one weight, gradients 5 and 0, from 1 row and from none",
            [[np.array([5.0])], [np.array([0.0])]],
            [1, 0],
        ),
        call("two arrays, two replicas, 4 rows each", _FOUR_REPLICAS[:2], [4, 4]),
        call("two arrays, four replicas, 4, 4, 4 and 1 rows", _FOUR_REPLICAS, [4, 4, 4, 1]),
        call(
            "float32, two replicas, 7 and 6 rows",
            [random_arrays(*_SHAPES, seed=seed, dtype="float32") for seed in (1, 2)],
            [7, 6],
        ),
    ),
    misconceptions=(
        Misconception(
            "sum-for-mean",
            "You made sums of the means again, but did not divide: the step grows with the batch. "
            "The loss of a batch is a mean over its rows.",
            _joined(lambda arrays, rows: (arrays * rows).sum(axis=0)),
        ),
        Misconception(
            "divides-by-the-replicas",
            "You made sums of the means again, and then divided by the number of replicas. What "
            "was summed are rows.",
            _joined(lambda arrays, rows: (arrays * rows).mean(axis=0)),
        ),
        Misconception(
            "divides-twice",
            "You divided by the rows and by the replicas. The number of rows is enough: the "
            "replicas are in it.",
            _joined(lambda arrays, rows: (arrays * rows).mean(axis=0) / rows.sum()),
        ),
        Misconception(
            "leaves-out-empty-replicas",
            "You left out the replicas without rows, and let the others count alike. That mends "
            "only the worst case: 7 and 6 rows do not count alike either.",
            _joined(lambda arrays, rows: arrays[rows.ravel() > 0].mean(axis=0)),
        ),
        Misconception(
            "upside-down",
            "The replica with FEWER rows counts more. Turn it around: more rows, more weight.",
            _joined(_upside_down),
        ),
        Misconception(
            "fullest-replica-only",
            "Only the replica with the most rows counts. The rows of the others are lost.",
            _joined(lambda arrays, rows: arrays[rows.ravel().argmax()]),
        ),
        Misconception(
            "adds-the-gradients",
            "You added the gradients up. Each is a mean already, and so must the result be.",
            _joined(lambda arrays, rows: arrays.sum(axis=0)),
        ),
    ),
    hints=(
        "A mean over 7 rows and one over 6 rows: how do you get the mean over all 13?",
        "Make sums of the means first: a mean times its number of rows.",
        "Add up rows times gradient over the replicas, and divide by the number of all rows.",
    ),
)

# ---- ring_bytes --------------------------------------------------------------------------------

RING_BYTES = Exercise(
    name="ring_bytes",
    notebook="10",
    task="Return how many bytes ONE worker of a ring of `num_workers` sends in one step: the "
    "gradient has `num_weights` numbers of `bytes_per_weight` bytes, is cut into as many pieces as "
    "there are workers, and the worker sends one piece in each round of both phases.",
    reference=parallel.ring_bytes,
    cases=(
        call("12 weights of 4 bytes, 3 workers", 12, 3, 4),
        call("101,770 weights of 4 bytes, 2 workers", 101_770, 2, 4),
        call("101,770 weights of 4 bytes, 5 workers", 101_770, 5, 4),
        call("101,770 weights of 2 bytes, 1,024 workers", 101_770, 1024, 2),
        call("one worker: nobody to send to", 101_770, 1, 4),
    ),
    misconceptions=(
        Misconception(
            "first-phase-only",
            "You counted one phase. When the pieces are summed, they must be passed around once "
            "more, so that all workers have all of them.",
            lambda k, n, b: (n - 1) / n * k * b,
        ),
        Misconception(
            "all-workers-together",
            "That is what all workers send together. Asked for is what one of them sends.",
            lambda k, n, b: 2.0 * (n - 1) * k * b,
            variants=(lambda k, n, b: 2 * (n - 1) * k * b,),  # an integer
        ),
        Misconception(
            "sends-to-everybody",
            "You let the worker send its whole gradient to each of the others. In a ring it sends "
            "pieces, and only to its neighbour.",
            lambda k, n, b: float(n - 1) * k * b,
            variants=(lambda k, n, b: (n - 1) * k * b,),  # an integer
        ),
        Misconception(
            "one-round-too-many",
            "You counted as many rounds in a phase as there are workers. A worker starts with its "
            "own part, so one round fewer is enough.",
            lambda k, n, b: 2.0 * k * b,
            variants=(lambda k, n, b: 2 * k * b,),  # an integer
        ),
        Misconception(
            "one-gradient",
            "You counted the gradient once, whole. Count the rounds of both phases, and what is "
            "sent in each.",
            lambda k, n, b: float(k * b),
            variants=(lambda k, n, b: k * b,),  # an integer
        ),
        Misconception(
            "numbers-for-bytes",
            "You counted numbers. Each of them takes `bytes_per_weight` bytes.",
            lambda k, n, b: 2 * (n - 1) / n * k,
        ),
        Misconception(
            "bits-for-bytes",
            "That is 8 times as much: bits, not bytes.",
            lambda k, n, b: 16 * (n - 1) / n * k * b,
        ),
        Misconception(
            "one-piece-only",
            "That is one piece, sent once. The worker sends a piece in every round of both phases.",
            lambda k, n, b: k * b / n,
        ),
        Misconception(
            "upside-down",
            "The fraction is upside down. With one worker nothing is sent, and with many workers "
            "each sends nearly two whole gradients.",
            lambda k, n, b: 2 * n / (n - 1) * k * b,
        ),
    ),
    hints=(
        "Three factors: rounds, pieces, bytes.",
        "With n workers a phase has n - 1 rounds, and there are two phases. How large is a piece?",
        "Rounds: 2 (n - 1). A piece: all bytes of the gradient, divided by n.",
    ),
)

EXERCISES = (SPLIT_OVER_REPLICAS, MEAN_OVER_ROWS, RING_BYTES)
