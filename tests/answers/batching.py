"""Answers to the exercises of notebook 01."""

import math
import random

import numpy as np

from tests.answers import right, wrong

# ---- shuffle_indices ---------------------------------------------------------------------------


@right("shuffle_indices")
def _(num_samples, rng):
    numbers = np.arange(num_samples)
    rng.shuffle(numbers)
    return numbers


@right("shuffle_indices")
def _(num_samples, rng):
    return np.argsort(rng.random(num_samples))


@right("shuffle_indices")
def _(n, generator):
    return generator.choice(n, size=n, replace=False)


@right("shuffle_indices")
def _(num_samples, rng):
    left, dealt = list(range(num_samples)), []
    while left:
        dealt.append(left.pop(rng.integers(len(left))))
    return dealt


@right("shuffle_indices")
def _(num_samples, rng):
    return rng.permutation(np.arange(num_samples, dtype=np.int32))


@wrong("shuffle_indices", "no-shuffle")
def _(num_samples, rng):
    numbers = np.arange(num_samples)
    rng.permutation(numbers)
    return numbers


@wrong("shuffle_indices", "no-shuffle")
def _(num_samples, rng):
    return list(range(num_samples))


@wrong("shuffle_indices", "with-replacement")
def _(num_samples, rng):
    return rng.choice(num_samples, num_samples)


@wrong("shuffle_indices", "with-replacement")
def _(num_samples, rng):
    return np.array([rng.integers(0, num_samples) for _ in range(num_samples)])


@wrong("shuffle_indices", "same-order-each-epoch")
def _(num_samples, rng):
    rng = np.random.default_rng(42)
    return rng.permutation(num_samples)


@wrong("shuffle_indices", "same-order-each-epoch")
def _(num_samples, rng):
    numbers = list(range(num_samples))
    random.Random(1).shuffle(numbers)
    return numbers


@wrong("shuffle_indices", "uses-global-random")
def _(num_samples, rng):
    numbers = np.arange(num_samples)
    np.random.shuffle(numbers)  # noqa: NPY002
    return numbers


@wrong("shuffle_indices", "uses-global-random")
def _(num_samples, rng):
    return random.sample(range(num_samples), num_samples)


@wrong("shuffle_indices", "same-order-each-epoch")
def _(num_samples, rng):
    np.random.seed(0)  # noqa: NPY002
    return np.random.permutation(num_samples)  # noqa: NPY002


@wrong("shuffle_indices", "counts-from-one")
def _(num_samples, rng):
    return rng.permutation(num_samples) + 1


@wrong("shuffle_indices", "last-row-missing")
def _(num_samples, rng):
    numbers = np.arange(0, num_samples - 1)
    rng.shuffle(numbers)
    return numbers


@wrong("shuffle_indices", "returns-nothing")
def _(num_samples, rng):
    return rng.shuffle(np.arange(num_samples))


@wrong("shuffle_indices", "prints-instead-of-returning")
def _(num_samples, rng):
    print(rng.permutation(num_samples))


@wrong("shuffle_indices", "wrong-dtype")
def _(num_samples, rng):
    return rng.permutation(num_samples).astype(float)


# ---- split_batches -----------------------------------------------------------------------------


@right("split_batches")
def _(indices, batch_size):
    batches = []
    while len(indices):
        batches.append(indices[:batch_size])
        indices = indices[batch_size:]
    return batches


@right("split_batches")
def _(indices, batch_size):
    return np.split(indices, range(batch_size, len(indices), batch_size))


@right("split_batches")
def _(indices, batch_size):
    batch = []
    for row in indices:
        batch.append(int(row))
        if len(batch) == batch_size:
            yield batch
            batch = []
    if batch:
        yield batch


@right("split_batches")
def _(indices, batch_size):
    count = math.ceil(len(indices) / batch_size)
    return tuple(indices[i * batch_size : (i + 1) * batch_size] for i in range(count))


@wrong("split_batches", "drops-last-batch")
def _(indices, batch_size):
    for i in range(len(indices) // batch_size):
        yield indices[i * batch_size : (i + 1) * batch_size]


@wrong("split_batches", "drops-last-batch")
def _(indices, batch_size):
    full = len(indices) // batch_size * batch_size
    return list(indices[:full].reshape(-1, batch_size))


@wrong("split_batches", "pads-last-batch")
def _(indices, batch_size):
    missing = -len(indices) % batch_size
    return list(np.concatenate([indices, np.resize(indices, missing)]).reshape(-1, batch_size))


@wrong("split_batches", "batch-size-as-number-of-batches")
def _(indices, batch_size):
    pieces = np.array_split(np.asarray(indices), batch_size)
    return [piece.tolist() for piece in pieces]


@wrong("split_batches", "batches-of-equal-size")
def _(indices, batch_size):
    count = math.ceil(len(indices) / batch_size)
    small, larger = divmod(len(indices), count)
    start = 0
    for number in range(count):
        end = start + small + (number < larger)
        yield indices[start:end]
        start = end


@wrong("split_batches", "overlapping-batches")
def _(indices, batch_size):
    return [indices[i : i + batch_size] for i in range(0, len(indices) + 1 - batch_size)]


@wrong("split_batches", "first-batch-only")
def _(indices, batch_size):
    batches = []
    for start in range(0, len(indices), batch_size):
        batches.append(indices[start : start + batch_size])
        return batches


@wrong("split_batches", "positions-instead-of-rows")
def _(indices, batch_size):
    positions = list(range(len(indices)))
    return [positions[i : i + batch_size] for i in range(0, len(indices), batch_size)]


@wrong("split_batches", "returns-nothing")
def _(indices, batch_size):
    batches = []
    for start in range(0, len(indices), batch_size):
        batches.append(indices[start : start + batch_size])


@wrong("split_batches", "endless-loop")
def _(indices, batch_size):
    start = 0
    while start < len(indices):
        batch_size = len(indices[start : start + batch_size])


# ---- steps_per_epoch ---------------------------------------------------------------------------


@right("steps_per_epoch")
def _(num_samples, batch_size):
    return math.ceil(num_samples / batch_size)


@right("steps_per_epoch")
def _(num_samples, batch_size):
    return (num_samples + batch_size - 1) // batch_size


@right("steps_per_epoch")
def _(num_samples, batch_size):
    full, left = divmod(num_samples, batch_size)
    if left > 0:
        full += 1
    return full


@right("steps_per_epoch")
def _(num_samples, batch_size):
    return len(range(0, num_samples, batch_size))


@right("steps_per_epoch")
def _(num_samples, batch_size):
    return int(np.ceil(num_samples / batch_size))


@wrong("steps_per_epoch", "rounds-down")
def _(num_samples, batch_size):
    return int(num_samples / batch_size)


@wrong("steps_per_epoch", "always-one-more")
def _(num_samples, batch_size):
    return int(num_samples / batch_size) + 1


@wrong("steps_per_epoch", "rounds-to-nearest")
def _(num_samples, batch_size):
    return int(np.round(num_samples / batch_size))


@wrong("steps_per_epoch", "no-rounding")
def _(num_samples, batch_size):
    return float(num_samples) / batch_size


@wrong("steps_per_epoch", "counts-rows")
def _(num_samples, batch_size):
    return len(range(num_samples))


@wrong("steps_per_epoch", "wrong-dtype")
def _(num_samples, batch_size):
    return np.ceil(num_samples / batch_size)


@wrong("steps_per_epoch", "prints-instead-of-returning")
def _(num_samples, batch_size):
    print(math.ceil(num_samples / batch_size))


# ---- deal_epoch --------------------------------------------------------------------------------


@right("deal_epoch")
def _(x, y, batch_size, rng):
    rows = rng.permutation(len(y))
    x, y = x[rows], y[rows]
    return [(x[i : i + batch_size], y[i : i + batch_size]) for i in range(0, len(y), batch_size)]


@right("deal_epoch")
def _(x, y, batch_size, rng):
    rows = np.arange(len(x))
    rng.shuffle(rows)
    for part in np.split(rows, range(batch_size, len(x), batch_size)):
        yield x[part], y[part]


@right("deal_epoch")
def _(x, y, batch_size, rng):
    left = list(range(len(x)))
    while left:
        size = min(batch_size, len(left))
        rows = [left.pop(int(rng.integers(len(left)))) for _ in range(size)]
        yield x[rows], y[rows]


@wrong("deal_epoch", "with-replacement")
def _(x, y, batch_size, rng):
    for start in range(0, len(x), batch_size):
        rows = rng.integers(len(x), size=min(batch_size, len(x) - start))
        yield x[rows], y[rows]


@wrong("deal_epoch", "draws-each-batch-anew")
def _(x, y, batch_size, rng):
    for start in range(0, len(x), batch_size):
        rows = rng.permutation(len(x))[: min(batch_size, len(x) - start)]
        yield x[rows], y[rows]


@wrong("deal_epoch", "x-and-y-dealt-differently")
def _(x, y, batch_size, rng):
    for start in range(0, len(x), batch_size):
        if start == 0:
            x_rows, y_rows = rng.permutation(len(x)), rng.permutation(len(y))
        part = slice(start, start + batch_size)
        yield x[x_rows[part]], y[y_rows[part]]


@wrong("deal_epoch", "drops-last-batch")
def _(x, y, batch_size, rng):
    rows = rng.permutation(len(x))
    for i in range(len(x) // batch_size):
        part = rows[i * batch_size : (i + 1) * batch_size]
        yield x[part], y[part]


@wrong("deal_epoch", "no-shuffle")
def _(x, y, batch_size, rng):
    rows = np.arange(len(x))
    for part in np.split(rows, range(batch_size, len(x), batch_size)):
        yield x[part], y[part]
