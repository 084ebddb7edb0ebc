"""Exercises of notebook 01: shuffle the row numbers, cut them into batches."""

import numpy as np

import sgdcourse as sgd
from sgdcourse.exercises.catalogue.inputs import generator
from sgdcourse.exercises.exercise import Case, Exercise, Misconception, call

# ---- shuffle_indices ---------------------------------------------------------------------------


def _old_neighbours(function):
    order = np.asarray(function(50, generator()))
    return bool(np.mean(np.abs(np.diff(order)) == 1) > 0.5)


def _at_other_places(function):
    order = np.asarray(function(50, generator()))
    return bool(np.mean(order != np.arange(len(order))) > 0.5)


def _dealt_twice(function):
    rng = generator()
    return np.array_equal(function(50, rng), function(50, rng))


def _one_swap(num_samples, rng):
    order = np.arange(num_samples)
    i, j = rng.choice(num_samples, 2, replace=False)
    order[i], order[j] = order[j], order[i]
    return order


SHUFFLE_INDICES = Exercise(
    name="shuffle_indices",
    notebook="01",
    task="Return the row numbers 0 to `num_samples` - 1 in random order, drawn from `rng`.",
    reference=sgd.shuffle_indices,
    cases=(
        Case("how many row numbers for 8 rows?", lambda f: len(f(8, generator()))),
        Case(
            "8 rows: the row numbers, sorted",
            lambda f: np.sort(np.asarray(f(8, generator()))),
        ),
        Case(
            "50 rows: are they still in the order 0, 1, 2, ...?",
            lambda f: np.array_equal(f(50, generator()), np.arange(50)),
        ),
        Case("50 rows: do most rows still stand beside their old neighbours?", _old_neighbours),
        Case("50 rows: do most rows stand at another place than before?", _at_other_places),
        Case("50 rows, dealt twice with one rng: is it the same order?", _dealt_twice),
        Case(
            "50 rows, two generators with the same seed: is it the same order?",
            lambda f: np.array_equal(f(50, generator(1)), f(50, generator(1))),
        ),
    ),
    misconceptions=(
        Misconception(
            "no-shuffle",
            "The row numbers come in their old order: nothing was shuffled, or the shuffled "
            "array was not the one returned.",
            lambda num_samples, rng: np.arange(num_samples),
        ),
        Misconception(
            "with-replacement",
            "You drew row numbers one by one, with replacement: some rows come twice, others not "
            "at all. An epoch holds each row exactly once.",
            lambda num_samples, rng: rng.integers(num_samples, size=num_samples),
        ),
        Misconception(
            "same-order-each-epoch",
            "A generator that is made anew inside the function starts from the same seed each "
            "time, so every epoch gets the same order. Use the `rng` that is handed over.",
            lambda num_samples, rng: np.random.default_rng(0).permutation(num_samples),
        ),
        Misconception(
            "uses-global-random",
            "The order does not come from `rng`: the same seed gives another order each time, and "
            "no training can be repeated.",
            lambda num_samples, rng: np.random.permutation(num_samples),  # noqa: NPY002
        ),
        Misconception(
            "counts-from-one",
            "You counted from 1. Rows are numbered from 0, so row 0 would never be dealt and the "
            "last number is no row.",
            lambda num_samples, rng: rng.permutation(np.arange(1, num_samples + 1)),
        ),
        Misconception(
            "last-row-missing",
            "The last row number is missing: a range ends before its end.",
            lambda num_samples, rng: rng.permutation(num_samples - 1),
        ),
        Misconception(
            "rotates-only",
            "The order starts at another row, and goes on as before: each row keeps its "
            "neighbours, so the batches hold nearly the same rows.",
            lambda num_samples, rng: np.roll(np.arange(num_samples), rng.integers(num_samples)),
        ),
        Misconception(
            "random-numbers-for-row-numbers",
            "You returned the random numbers themselves. Asked for are row numbers, put into a "
            "random order.",
            lambda num_samples, rng: rng.random(num_samples),
        ),
        Misconception(
            "reverses",
            "You turned the order around. That is no shuffling: each row keeps its neighbours, "
            "and every epoch gets the same order.",
            lambda num_samples, rng: np.arange(num_samples)[::-1],
        ),
        Misconception(
            "few-rows-moved",
            "Nearly all rows stand where they stood before. A shuffled row may land at any place.",
            _one_swap,
        ),
    ),
    hints=(
        "Rows are not moved. Make the row numbers, then put them in random order.",
        "A NumPy generator has methods that shuffle. Which one returns a new array?",
        "`rng.permutation` of a number n shuffles 0 to n - 1.",
    ),
)

# ---- split_batches -----------------------------------------------------------------------------


def _drops_last(indices, batch_size):
    for start in range(0, len(indices) - batch_size + 1, batch_size):
        yield indices[start : start + batch_size]


def _pads_last(indices, batch_size):
    for start in range(0, len(indices), batch_size):
        batch = indices[start : start + batch_size]
        yield np.concatenate([batch, indices[: batch_size - len(batch)]])


def _batch_size_as_count(indices, batch_size):
    return np.array_split(indices, batch_size)


def _equal_sizes(indices, batch_size):
    return np.array_split(indices, -(-len(indices) // batch_size))


def _overlapping(indices, batch_size):
    for start in range(len(indices) - batch_size + 1):
        yield indices[start : start + batch_size]


def _first_batch_only(indices, batch_size):
    return [indices[:batch_size]]


def _returned_in_the_loop(indices, batch_size):
    return indices[:batch_size]


def _last_always_missing(indices, batch_size):
    start = 0
    while start + batch_size < len(indices):
        yield indices[start : start + batch_size]
        start += batch_size


def _one_row_short(indices, batch_size):
    for start in range(0, len(indices), batch_size):
        yield indices[start : start + batch_size - 1]


def _overlapping_to_the_end(indices, batch_size):
    for start in range(len(indices)):
        yield indices[start : start + batch_size]


def _dealt_round(indices, batch_size):
    steps = -(-len(indices) // batch_size)
    return [indices[i::steps] for i in range(steps)]


def _positions(indices, batch_size):
    for start in range(0, len(indices), batch_size):
        yield np.arange(start, min(start + batch_size, len(indices)))


def _smaller_batch_first(indices, batch_size):
    rest = len(indices) % batch_size
    if rest:
        yield indices[:rest]
    for start in range(rest, len(indices), batch_size):
        yield indices[start : start + batch_size]


def _empty_batch_at_the_end(indices, batch_size):
    for start in range(0, len(indices) + 1, batch_size):
        yield indices[start : start + batch_size]


_DEALT = np.array([2, 4, 3, 6, 5, 0, 1, 7])

SPLIT_BATCHES = Exercise(
    name="split_batches",
    notebook="01",
    task="Cut `indices` into pieces of `batch_size`, in their order. Yield the pieces (or return "
    "them in a list). The last one holds what is left over.",
    reference=sgd.split_batches,
    cases=(
        call("4 rows in the order 3, 1, 0, 2, batch size 2", np.array([3, 1, 0, 2]), 2),
        call("8 rows, batch size 3", _DEALT, 3),
        call("8 rows, batch size 5", _DEALT, 5),
        call("3 rows, batch size 100", _DEALT[:3] % 3, 100),
        call("3 rows, batch size 1", np.array([1, 2, 0]), 1),
    ),
    misconceptions=(
        Misconception(
            "drops-last-batch",
            "The rows that are left over are gone: you dropped the last batch. Keras keeps it, "
            "smaller than the others.",
            _drops_last,
        ),
        Misconception(
            "pads-last-batch",
            "You filled the last batch up with rows from the front: they count twice in this "
            "epoch. Keras keeps a smaller batch.",
            _pads_last,
        ),
        Misconception(
            "batch-size-as-number-of-batches",
            "You made `batch_size` batches. It is the number of rows in each.",
            _batch_size_as_count,
        ),
        Misconception(
            "batches-of-equal-size",
            "You spread the rows evenly over the batches. In Keras all batches but the last have "
            "exactly `batch_size` rows.",
            _equal_sizes,
        ),
        Misconception(
            "overlapping-batches",
            "The batches overlap: the start moves on by one row instead of by `batch_size` rows.",
            _overlapping,
            variants=(_overlapping_to_the_end,),
        ),
        Misconception(
            "first-batch-only",
            "Only the first batch came out: a `return` inside a loop ends the loop.",
            _first_batch_only,
            variants=(_returned_in_the_loop,),
        ),
        Misconception(
            "positions-instead-of-rows",
            "You dealt 0, 1, 2, ..., the positions, and not the row numbers that stand in "
            "`indices`: the shuffling is lost.",
            _positions,
        ),
        Misconception(
            "last-batch-always-missing",
            "The last batch is missing, also where it is full: the loop stops one batch too early.",
            _last_always_missing,
        ),
        Misconception(
            "one-row-short",
            "Each batch is one row short. The end of a slice is not part of it.",
            _one_row_short,
        ),
        Misconception(
            "deals-rows-round",
            "You dealt the rows round, one to each batch, as one deals cards. A batch is a run "
            "of neighbours in `indices`.",
            _dealt_round,
        ),
        Misconception(
            "smaller-batch-first",
            "The smaller batch comes first. What is left over is what is left at the END, after "
            "all full batches.",
            _smaller_batch_first,
        ),
        Misconception(
            "empty-batch-at-the-end",
            "Where the rows come out even there is one batch more, and it is empty. An empty batch "
            "has no mean loss.",
            _empty_batch_at_the_end,
        ),
    ),
    hints=(
        "Let a number `start` walk through the positions at which a batch begins.",
        "`range` takes a step as its third argument. What does slicing past the end give?",
        "`indices[start : start + batch_size]` is one batch, also at the end; `yield` it.",
    ),
)

# ---- steps_per_epoch ---------------------------------------------------------------------------

STEPS_PER_EPOCH = Exercise(
    name="steps_per_epoch",
    notebook="01",
    task="Return how many batches an epoch has: what Keras's progress bar counts to.",
    reference=sgd.steps_per_epoch,
    cases=(
        call("64 rows, batch size 32", 64, 32),
        call("60,000 rows, batch size 64", 60_000, 64),
        call("8 rows, batch size 3", 8, 3),
        call("10 rows, batch size 4", 10, 4),
        call("5 rows, batch size 32", 5, 32),
        call("7 rows, batch size 1", 7, 1),
    ),
    misconceptions=(
        Misconception(
            "rounds-down",
            "You rounded down, which drops the last, smaller batch. Keras keeps it.",
            lambda num_samples, batch_size: num_samples // batch_size,
            variants=(lambda num_samples, batch_size: max(1, num_samples // batch_size),),
        ),
        Misconception(
            "always-one-more",
            "You always add a batch, also where the rows come out even: then the last one is "
            "empty.",
            lambda num_samples, batch_size: num_samples // batch_size + 1,
        ),
        Misconception(
            "rounds-to-nearest",
            "You rounded to the nearest whole number. A batch that is less than half full is "
            "still a batch.",
            lambda num_samples, batch_size: round(num_samples / batch_size),
            variants=(lambda num_samples, batch_size: int(num_samples / batch_size + 0.5),),
        ),
        Misconception(
            "no-rounding",
            "You divided and did not round. There are no fractions of a batch: what is left over "
            "makes one more.",
            lambda num_samples, batch_size: num_samples / batch_size,
        ),
        Misconception(
            "counts-rows",
            "That is the number of rows. The progress bar counts batches: 1,875, not 60,000.",
            lambda num_samples, batch_size: num_samples,
        ),
        Misconception(
            "adds-the-remainder",
            "You added the rows that are left over to the number of batches. Together they make "
            "ONE more batch.",
            lambda num_samples, batch_size: sum(divmod(num_samples, batch_size)),
        ),
    ),
    hints=(
        "60,000 rows in batches of 64 are 937 full batches, and something is left over.",
        "Divide, and round UP.",
        "`math.ceil` rounds up. So does `//` of a negative number, after a second minus.",
    ),
)

# ---- deal_epoch, with a fault ------------------------------------------------------------------


def deal_epoch(x, y, batch_size, rng):
    """Shuffle the row numbers once, and read x and y through them."""
    order = rng.permutation(len(x))
    for start in range(0, len(x), batch_size):
        rows = order[start : start + batch_size]
        yield x[rows], y[rows]


def _with_replacement(x, y, batch_size, rng):
    for _ in range(0, len(x), batch_size):
        rows = rng.integers(len(x), size=batch_size)
        yield x[rows], y[rows]


def _drawn_with_replacement_once(x, y, batch_size, rng):
    rows = rng.integers(len(x), size=len(x))
    for start in range(0, len(x), batch_size):
        yield x[rows[start : start + batch_size]], y[rows[start : start + batch_size]]


def _torn(x, y, batch_size, rng):
    x, y = rng.permutation(x), rng.permutation(y)
    for start in range(0, len(x), batch_size):
        yield x[start : start + batch_size], y[start : start + batch_size]


def _choice_per_batch(x, y, batch_size, rng):
    for start in range(0, len(x), batch_size):
        rows = rng.choice(len(x), min(batch_size, len(x) - start), replace=False)
        yield x[rows], y[rows]


def _full_choice_per_batch(x, y, batch_size, rng):
    for _ in range(0, len(x), batch_size):
        rows = rng.choice(len(x), batch_size, replace=False)
        yield x[rows], y[rows]


def _without_the_last(x, y, batch_size, rng):
    order = rng.permutation(len(x))
    for start in range(0, len(x) - batch_size + 1, batch_size):
        yield x[order[start : start + batch_size]], y[order[start : start + batch_size]]


def _only_x_shuffled(x, y, batch_size, rng):
    order = rng.permutation(len(x))
    for start in range(0, len(x), batch_size):
        yield x[order[start : start + batch_size]], y[start : start + batch_size]


def _batches_shuffled(x, y, batch_size, rng):
    for start in rng.permutation(np.arange(0, len(x), batch_size)):
        yield x[start : start + batch_size], y[start : start + batch_size]


def _shuffled_inside(x, y, batch_size, rng):
    for start in range(0, len(x), batch_size):
        rows = start + rng.permutation(min(batch_size, len(x) - start))
        yield x[rows], y[rows]


def _not_shuffled(x, y, batch_size, rng):
    for start in range(0, len(x), batch_size):
        yield x[start : start + batch_size], y[start : start + batch_size]


_X, _Y = np.arange(47.0)[:, None], np.arange(47)


def _together(batches):
    return [np.concatenate([batch[part] for batch in batches]) for part in (0, 1)]


def _labels_stay(function):
    x, y = _together(function(_X, _Y, 10, generator()))
    return bool((x[:, 0] == y).all())


def _each_row_once(function):
    x, _ = _together(function(_X, _Y, 10, generator()))
    return sorted(x[:, 0].tolist()) == list(range(47))


def _rows_twice_in_a_batch(function):
    return any(len(set(y.tolist())) < len(y) for _, y in function(_X, _Y, 10, generator()))


DEAL_EPOCH = Exercise(
    name="deal_epoch",
    notebook="01",
    task="Find the fault: in one epoch each row must be dealt exactly once, with its own label, "
    "in random order.",
    reference=deal_epoch,
    given=_with_replacement,
    cases=(
        Case(
            "47 rows, batch size 10: rows in each batch",
            lambda f: [len(y) for _, y in f(_X, _Y, 10, generator())],
        ),
        Case("does every row keep its own label?", _labels_stay),
        Case("47 rows, batch size 10: can a row come twice in one batch?", _rows_twice_in_a_batch),
        Case("47 rows, batch size 10: is each row dealt exactly once?", _each_row_once),
        Case(
            "47 rows, batch size 10: does the first batch hold just the rows 0 to 9?",
            lambda f: sorted(next(iter(f(_X, _Y, 10, generator())))[1].tolist()) == list(range(10)),
        ),
        Case(
            "are the rows still in the order 0, 1, 2, ...?",
            lambda f: np.array_equal(_together(f(_X, _Y, 10, generator()))[1], _Y),
        ),
    ),
    misconceptions=(
        Misconception(
            "with-replacement",
            "Row numbers are drawn with replacement: some rows come twice in an epoch, others "
            "not at all.",
            _drawn_with_replacement_once,
        ),
        Misconception(
            "draws-each-batch-anew",
            "Each batch is drawn from ALL rows again. Within a batch no row comes twice, but in "
            "the epoch it does, and others never come.",
            _choice_per_batch,
            variants=(_full_choice_per_batch,),
        ),
        Misconception(
            "x-and-y-dealt-differently",
            "x and y were shuffled each by itself, so the rows have lost their labels.",
            _torn,
        ),
        Misconception(
            "drops-last-batch",
            "The rows that are left over are gone: 7 of the 47 are never dealt.",
            _without_the_last,
        ),
        Misconception(
            "no-shuffle",
            "Each row comes once, but always in the old order: the shuffling is gone, too.",
            _not_shuffled,
        ),
        Misconception(
            "only-x-shuffled",
            "x is dealt in a new order and y in the old one: the rows have lost their labels.",
            _only_x_shuffled,
        ),
        Misconception(
            "shuffles-batches",
            "You shuffled the batches, not the rows: each batch holds neighbours, and the small "
            "one may come in the middle.",
            _batches_shuffled,
        ),
        Misconception(
            "shuffles-inside-batches",
            "You shuffled inside each batch only: the first batch of every epoch holds rows 0 "
            "to 9, in one order or another.",
            _shuffled_inside,
        ),
    ),
    hints=(
        "Count how often each row was dealt, for example with `np.bincount`.",
        "Shuffle first, once for the whole epoch; then cut.",
        "All batches of an epoch must be pieces of ONE permutation.",
    ),
)

EXERCISES = (SHUFFLE_INDICES, SPLIT_BATCHES, STEPS_PER_EPOCH, DEAL_EPOCH)
