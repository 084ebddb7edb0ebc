"""Answers that were written without a look at the catalogue, from the tasks alone.

What each wrong one does is in the comment above it, written before the checker was asked.
"""

import math
from collections import Counter

import numpy as np

import sgdcourse as sgd
from tests.answers import order, right, right_class, wrong, wrong_class

# ---- shuffle_indices ---------------------------------------------------------------------------


@right("shuffle_indices")
def _(num_samples, rng):
    order = list(range(num_samples))
    rng.shuffle(order)
    return np.array(order, dtype=int)


@right("shuffle_indices")
def _(num_samples, rng):
    return rng.choice(num_samples, size=num_samples, replace=False)


@right("shuffle_indices")
def _(num_samples, rng):
    return rng.random(num_samples).argsort()


@right("shuffle_indices")
def _(num_samples, rng):
    # Fisher-Yates by hand
    order = np.arange(num_samples)
    for i in range(num_samples - 1, 0, -1):
        j = int(rng.integers(0, i + 1))
        order[i], order[j] = order[j], order[i]
    return order


# stops one short: shuffles 0 .. n - 2
@wrong("shuffle_indices", "last-row-missing")
def _(num_samples, rng):
    return rng.permutation(num_samples - 1)


# counts the rows from 1 to n
@wrong("shuffle_indices", "counts-from-one")
def _(num_samples, rng):
    return rng.permutation(np.arange(1, num_samples + 1))


# rng.shuffle works in place and returns None; its result is returned
@wrong("shuffle_indices", "returns-nothing")
def _(num_samples, rng):
    order = np.arange(num_samples)
    order = rng.shuffle(order)
    return order


# argsort forgotten: returns the random numbers themselves
@wrong("shuffle_indices", "random-numbers-for-row-numbers")
def _(num_samples, rng):
    return rng.random(num_samples)


# uses the global np.random in place of rng
@wrong("shuffle_indices", "uses-global-random")
def _(num_samples, rng):
    return np.random.permutation(num_samples)  # noqa: NPY002


# makes a new generator with a fixed seed, every epoch gets the same order
@wrong("shuffle_indices", "same-order-each-epoch")
def _(num_samples, rng):
    rng = np.random.default_rng(42)
    return rng.permutation(num_samples)


# random starting point only: rolls the order
@wrong("shuffle_indices", "rotates-only")
def _(num_samples, rng):
    return np.roll(np.arange(num_samples), rng.integers(num_samples))


# ---- split_batches -----------------------------------------------------------------------------


@right("split_batches")
def _(indices, batch_size):
    batches, batch = [], []
    for index in indices:
        batch.append(index)
        if len(batch) == batch_size:
            batches.append(np.array(batch))
            batch = []
    if batch:
        batches.append(np.array(batch))
    return batches


@right("split_batches")
def _(indices, batch_size):
    return np.split(indices, np.arange(batch_size, len(indices), batch_size))


@right("split_batches")
def _(indices, batch_size):
    while len(indices) > 0:
        yield indices[:batch_size]
        indices = indices[batch_size:]


# thinks of the number of batches: array_split takes a COUNT of pieces
@wrong("split_batches", "batch-size-as-number-of-batches")
def _(indices, batch_size):
    return np.array_split(indices, batch_size)


# array_split with ceil(n / batch_size) pieces makes even pieces (4, 3, 3 and not 4, 4, 2)
@wrong("split_batches", "batches-of-equal-size")
def _(indices, batch_size):
    return np.array_split(indices, math.ceil(len(indices) / batch_size))


# yields the positions instead of what stands in indices
@wrong("split_batches", "positions-instead-of-rows")
def _(indices, batch_size):
    for start in range(0, len(indices), batch_size):
        yield np.arange(start, min(start + batch_size, len(indices)))


# forgets that the last one may be smaller: rest dropped by while
@wrong("split_batches", "drops-last-batch")
def _(indices, batch_size):
    start = 0
    while start + batch_size <= len(indices):
        yield indices[start : start + batch_size]
        start += batch_size


# off by one: < instead of <=: loses the last full batch as well when n divides
@wrong("split_batches", "last-batch-always-missing")
def _(indices, batch_size):
    start = 0
    while start + batch_size < len(indices):
        yield indices[start : start + batch_size]
        start += batch_size


# step of 1 in the range: overlapping windows
@wrong("split_batches", "overlapping-batches")
def _(indices, batch_size):
    for start in range(0, len(indices)):
        yield indices[start : start + batch_size]


# return instead of yield: only the first piece
@wrong("split_batches", "first-batch-only")
def _(indices, batch_size):
    for start in range(0, len(indices), batch_size):
        return indices[start : start + batch_size]


# end is start + batch_size - 1, believes slices include the end
@wrong("split_batches", "one-row-short")
def _(indices, batch_size):
    for start in range(0, len(indices), batch_size):
        yield indices[start : start + batch_size - 1]


# strided: every k-th index
@wrong("split_batches", "deals-rows-round")
def _(indices, batch_size):
    steps = -(-len(indices) // batch_size)
    return [indices[i::steps] for i in range(steps)]


# ---- steps_per_epoch ---------------------------------------------------------------------------


@right("steps_per_epoch")
def _(num_samples, batch_size):
    return len(range(0, num_samples, batch_size))


@right("steps_per_epoch")
def _(num_samples, batch_size):
    full, rest = divmod(num_samples, batch_size)
    return full + bool(rest)


@right("steps_per_epoch")
def _(num_samples, batch_size):
    return math.ceil(num_samples / batch_size)


@right("steps_per_epoch")
def _(num_samples, batch_size):
    return int(np.ceil(num_samples / batch_size))


# always adds one for the rest
@wrong("steps_per_epoch", "always-one-more")
def _(num_samples, batch_size):
    return num_samples // batch_size + 1


# round rounds to the nearest
@wrong("steps_per_epoch", "rounds-to-nearest")
def _(num_samples, batch_size):
    return round(num_samples / batch_size)


# adds the remainder itself
@wrong("steps_per_epoch", "adds-the-remainder")
def _(num_samples, batch_size):
    return num_samples // batch_size + num_samples % batch_size


# plain division, returns float
@wrong("steps_per_epoch", "no-rounding")
def _(num_samples, batch_size):
    return num_samples / batch_size


# ceil of floor division
@wrong("steps_per_epoch", "rounds-down")
def _(num_samples, batch_size):
    return math.ceil(num_samples // batch_size)


# ---- deal_epoch --------------------------------------------------------------------------------


@right("deal_epoch")
def _(x, y, batch_size, rng):
    order = np.arange(len(x))
    rng.shuffle(order)
    for start in range(0, len(x), batch_size):
        rows = order[start : start + batch_size]
        yield x[rows], y[rows]


@right("deal_epoch")
def _(x, y, batch_size, rng):
    order = rng.permutation(len(y))
    x, y = x[order], y[order]
    return [(x[i : i + batch_size], y[i : i + batch_size]) for i in range(0, len(x), batch_size)]


@right("deal_epoch")
def _(x, y, batch_size, rng):
    left = list(range(len(x)))
    while left:
        size = min(batch_size, len(left))
        rows = rng.choice(left, size=size, replace=False)
        left = [row for row in left if row not in rows]
        yield x[rows], y[rows]


# without replacement within the batch only; between batches rows repeat
@wrong("deal_epoch", "draws-each-batch-anew")
def _(x, y, batch_size, rng):
    for start in range(0, len(x), batch_size):
        size = min(batch_size, len(x) - start)
        rows = rng.choice(len(x), size=size, replace=False)
        yield x[rows], y[rows]


# two permutations for x and y
@wrong("deal_epoch", "x-and-y-dealt-differently")
def _(x, y, batch_size, rng):
    x, y = rng.permutation(x), rng.permutation(y)
    for start in range(0, len(x), batch_size):
        yield x[start : start + batch_size], y[start : start + batch_size]


# only x is shuffled
@wrong("deal_epoch", "only-x-shuffled")
def _(x, y, batch_size, rng):
    order = rng.permutation(len(x))
    for start in range(0, len(x), batch_size):
        yield x[order[start : start + batch_size]], y[start : start + batch_size]


# a new permutation for each batch, of which a slice is taken
@wrong("deal_epoch", "draws-each-batch-anew")
def _(x, y, batch_size, rng):
    for start in range(0, len(x), batch_size):
        order = rng.permutation(len(x))
        rows = order[start : start + batch_size]
        yield x[rows], y[rows]


# no shuffle
@wrong("deal_epoch", "no-shuffle")
def _(x, y, batch_size, rng):
    for start in range(0, len(x), batch_size):
        rows = np.arange(start, min(start + batch_size, len(x)))
        yield x[rows], y[rows]


# shuffles the batches, not the rows
@wrong("deal_epoch", "shuffles-batches")
def _(x, y, batch_size, rng):
    starts = rng.permutation(np.arange(0, len(x), batch_size))
    for start in starts:
        yield x[start : start + batch_size], y[start : start + batch_size]


# shuffles the rows inside each batch only
@wrong("deal_epoch", "shuffles-inside-batches")
def _(x, y, batch_size, rng):
    for start in range(0, len(x), batch_size):
        end = min(start + batch_size, len(x))
        rows = start + rng.permutation(end - start)
        yield x[rows], y[rows]


# drops the last incomplete batch
@wrong("deal_epoch", "drops-last-batch")
def _(x, y, batch_size, rng):
    order = rng.permutation(len(x))
    for i in range(len(x) // batch_size):
        rows = order[i * batch_size : (i + 1) * batch_size]
        yield x[rows], y[rows]


# rng.shuffle on x and y themselves, in place
@wrong("deal_epoch", "x-and-y-dealt-differently")
def _(x, y, batch_size, rng):
    rng.shuffle(x)
    rng.shuffle(y)
    for start in range(0, len(x), batch_size):
        yield x[start : start + batch_size], y[start : start + batch_size]


# fix by making the last batch smaller, but still with replacement
@wrong("deal_epoch", "with-replacement")
def _(x, y, batch_size, rng):
    for start in range(0, len(x), batch_size):
        rows = rng.integers(len(x), size=min(batch_size, len(x) - start))
        yield x[rows], y[rows]


# ---- dense -------------------------------------------------------------------------------------


@right("dense")
def _(x, kernel, bias):
    return np.einsum("ni,io->no", x, kernel) + bias[None, :]


@right("dense")
def _(x, kernel, bias):
    outputs = []
    for row in x:
        outputs.append([sum(row * kernel[:, j]) + bias[j] for j in range(kernel.shape[1])])
    return np.array(outputs)


@right("dense")
def _(x, kernel, bias):
    return np.hstack([x, np.ones((len(x), 1))]) @ np.vstack([kernel, bias])


# bias forgotten
@wrong("dense", "bias-missing")
def _(x, kernel, bias):
    return np.matmul(x, kernel)


# kernel @ x, the order of the textbook formula W x + b
@wrong("dense", "product-turned-around")
def _(x, kernel, bias):
    return kernel @ x + bias


# W.T x for columns: result transposed and bias as a column
@wrong("dense", "transposed")
def _(x, kernel, bias):
    return kernel.T @ x.T + bias[:, None]


# bias subtracted, as a threshold
@wrong("dense", "bias-subtracted")
def _(x, kernel, bias):
    return x @ kernel - bias


# adds the bias to the inputs
@wrong("dense", "bias-on-inputs")
def _(x, kernel, bias):
    return (x + bias) @ kernel


# relu applied although the task says without activation
@wrong("dense", "relu-inside")
def _(x, kernel, bias):
    return np.maximum(0, x @ kernel + bias)


# += on a product with sum of the bias
@wrong("dense", "bias-summed")
def _(x, kernel, bias):
    return x @ kernel + bias.sum()


# elementwise product
@wrong("dense", "elementwise-product")
def _(x, kernel, bias):
    return x * kernel + bias


# ---- relu --------------------------------------------------------------------------------------


@right("relu")
def _(x):
    return np.where(x > 0, x, 0)


@right("relu")
def _(x):
    outputs = x.copy()
    outputs[outputs < 0] = 0
    return outputs


@right("relu")
def _(x):
    return (np.abs(x) + x) / 2


@right("relu")
def _(x):
    return np.array([max(0.0, v) for v in x.ravel()]).reshape(x.shape)


# changes x in place
@wrong("relu", "changes-its-input")
def _(x):
    x[x < 0] = 0
    return x


# np.max with 0 as axis
@wrong("relu", "maximum-along-axis")
def _(x):
    return np.max(x, 0)


# filters, shape is lost
@wrong("relu", "negatives-removed")
def _(x):
    return x[x > 0]


# returns the mask
@wrong("relu", "step-function")
def _(x):
    return x > 0


# abs
@wrong("relu", "absolute-value")
def _(x):
    return np.abs(x)


# minimum
@wrong("relu", "minimum-for-maximum")
def _(x):
    return np.minimum(x, 0)


# the mask multiplies into 0/1 ints: indicator
@wrong("relu", "step-function")
def _(x):
    return np.where(x > 0, 1.0, 0.0)


# leaky
@wrong("relu", "leaky")
def _(x):
    return np.where(x > 0, x, 0.01 * x)


# forgets the return
@wrong("relu", "returns-nothing")
def _(x):
    np.maximum(x, 0)


# if x > 0 on an array
@wrong("relu", "if-on-an-array")
def _(x):
    if x > 0:
        return x
    return 0


# ---- softmax -----------------------------------------------------------------------------------


@right("softmax")
def _(logits):
    shifted = (logits.T - np.max(logits, axis=1)).T
    e = np.exp(shifted)
    return (e.T / e.sum(axis=1)).T


@right("softmax")
def _(logits):
    m = logits.max(axis=-1, keepdims=True)
    log_sum = m + np.log(np.exp(logits - m).sum(axis=-1, keepdims=True))
    return np.exp(logits - log_sum)


@right("softmax")
def _(logits):
    rows = []
    for row in logits:
        e = [math.exp(z - max(row)) for z in row]
        rows.append([v / sum(e) for v in e])
    return np.array(rows)


# global maximum taken away: rows far below it become 0 / 0
@wrong("softmax", "maximum-of-all-rows")
def _(logits):
    e = np.exp(logits - logits.max())
    return e / e.sum(axis=1, keepdims=True)


# no shift
@wrong("softmax", "overflows")
def _(logits):
    e = np.exp(logits)
    return e / np.sum(e, axis=1, keepdims=True)


# sum over all
@wrong("softmax", "one-sum-for-all-rows")
def _(logits):
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return e / e.sum()


# axis 0
@wrong("softmax", "wrong-axis")
def _(logits):
    e = np.exp(logits - logits.max(axis=0))
    return e / e.sum(axis=0)


# keepdims forgotten
@wrong("softmax", "keepdims-missing")
def _(logits):
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return e / e.sum(axis=1)


# exp forgotten, divides the shifted logits
@wrong("softmax", "no-exponential")
def _(logits):
    return logits / logits.sum(axis=1, keepdims=True)


# the maximum is divided instead of subtracted
@wrong("softmax", "divides-by-maximum")
def _(logits):
    e = np.exp(logits / logits.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


# clip logits to avoid overflow: changes the answer when both are large
@wrong("softmax", "clips-logits")
def _(logits):
    e = np.exp(np.clip(logits, -100, 100))
    return e / e.sum(axis=1, keepdims=True)


# division forgotten
@wrong("softmax", "no-division")
def _(logits):
    return np.exp(logits - logits.max(axis=1, keepdims=True))


# returns hardmax
@wrong("softmax", "one-hot-for-probabilities")
def _(logits):
    return (logits == logits.max(axis=1, keepdims=True)).astype(float)


# divides by the max of exps
@wrong("softmax", "sigmoid-for-softmax")
def _(logits):
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-logits))


# in place shift changes the caller's logits
@wrong("softmax", "changes-its-input")
def _(logits):
    logits -= logits.max(axis=1, keepdims=True)
    e = np.exp(logits)
    return e / e.sum(axis=1, keepdims=True)


# ---- sparse_categorical_crossentropy -----------------------------------------------------------


@right("sparse_categorical_crossentropy")
def _(y_true, logits):
    z = logits - logits.max(axis=1, keepdims=True)
    return np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(y_true)), y_true]


@right("sparse_categorical_crossentropy")
def _(y_true, logits):
    return np.logaddexp.reduce(logits, axis=1) - np.array(
        [row[k] for row, k in zip(logits, y_true, strict=True)]
    )


@right("sparse_categorical_crossentropy")
def _(y_true, logits):
    one_hot = np.eye(logits.shape[1])[y_true]
    z = logits - logits.max(axis=1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    return -(one_hot * log_p).sum(axis=1)


# mean returned instead of a loss per row
@wrong("sparse_categorical_crossentropy", "mean-too-early")
def _(y_true, logits):
    z = logits - logits.max(axis=1, keepdims=True)
    return np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(y_true)), y_true])


# log of softmax: log(0) for huge logits
@wrong("sparse_categorical_crossentropy", "log-of-underflow")
def _(y_true, logits):
    p = sgd.softmax(logits)
    return -np.log(p[np.arange(len(p)), y_true])


# small constant inside the log
@wrong("sparse_categorical_crossentropy", "clips-probabilities")
def _(y_true, logits):
    p = sgd.softmax(logits)
    return -np.log(p[np.arange(len(p)), y_true] + 1e-7)


# clipped probability
@wrong("sparse_categorical_crossentropy", "clips-probabilities")
def _(y_true, logits):
    p = np.clip(sgd.softmax(logits), 1e-7, 1 - 1e-7)
    return -np.log(p[np.arange(len(p)), y_true])


# sign forgotten
@wrong("sparse_categorical_crossentropy", "opposite-sign")
def _(y_true, logits):
    z = logits - logits.max(axis=1, keepdims=True)
    return z[np.arange(len(y_true)), y_true] - np.log(np.exp(z).sum(axis=1))


# the maximum is not added back
@wrong("sparse_categorical_crossentropy", "maximum-missing-at-label")
def _(y_true, logits):
    z = logits - logits.max(axis=1, keepdims=True)
    return np.log(np.exp(z).sum(axis=1)) - logits[np.arange(len(y_true)), y_true]


# logits treated as probabilities
@wrong("sparse_categorical_crossentropy", "probabilities-for-logits")
def _(y_true, logits):
    return -np.log(np.abs(logits[np.arange(len(y_true)), y_true]))


# indexes with a colon: takes columns
@wrong("sparse_categorical_crossentropy", "every-row-with-every-label")
def _(y_true, logits):
    z = logits - logits.max(axis=1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    return -log_p[:, y_true]


# largest probability instead of the true class's
@wrong("sparse_categorical_crossentropy", "label-ignored")
def _(y_true, logits):
    z = logits - logits.max(axis=1, keepdims=True)
    return np.log(np.exp(z).sum(axis=1)) - z.max(axis=1)


# log2
@wrong("sparse_categorical_crossentropy", "log-base-two")
def _(y_true, logits):
    z = logits - logits.max(axis=1, keepdims=True)
    return (np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(y_true)), y_true]) / np.log(2)


# binary crossentropy of one-hot
@wrong("sparse_categorical_crossentropy", "other-classes-too")
def _(y_true, logits):
    one_hot = np.eye(logits.shape[1])[y_true]
    p = np.clip(sgd.softmax(logits), 1e-300, 1 - 1e-16)
    return -(one_hot * np.log(p) + (1 - one_hot) * np.log(1 - p)).sum(axis=1)


# mean over classes
@wrong("sparse_categorical_crossentropy", "mean-over-classes")
def _(y_true, logits):
    one_hot = np.eye(logits.shape[1])[y_true]
    z = logits - logits.max(axis=1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    return -(one_hot * log_p).mean(axis=1)


# ---- accuracy ----------------------------------------------------------------------------------


@right("accuracy")
def _(y_true, logits):
    hits = 0
    for row, k in zip(logits, y_true, strict=True):
        if list(row).index(max(row)) == k:
            hits += 1
    return hits / len(y_true)


@right("accuracy")
def _(y_true, logits):
    return np.count_nonzero(np.argmax(logits, axis=-1) == y_true) / y_true.size


@right("accuracy")
def _(y_true, logits):
    return 1 - np.mean(logits.argmax(1) != y_true)


# count, not share
@wrong("accuracy", "count-for-share")
def _(y_true, logits):
    return np.sum(logits.argmax(axis=1) == y_true)


# percent
@wrong("accuracy", "percent")
def _(y_true, logits):
    return 100 * np.mean(logits.argmax(axis=1) == y_true)


# argmax over the wrong axis
@wrong("accuracy", "wrong-axis")
def _(y_true, logits):
    return np.mean(logits.argmax(axis=0) == y_true)


# argmax without axis
@wrong("accuracy", "argmax-of-all")
def _(y_true, logits):
    return np.mean(np.argmax(logits) == y_true)


# hit if the true logit equals the max, counts ties
@wrong("accuracy", "ties-count-as-right")
def _(y_true, logits):
    best = logits.max(axis=1)
    return np.mean(logits[np.arange(len(y_true)), y_true] == best)


# threshold at probability 0.5
@wrong("accuracy", "above-one-half")
def _(y_true, logits):
    p = sgd.softmax(logits)
    return np.mean(p[np.arange(len(y_true)), y_true] > 0.5)


# the error rate
@wrong("accuracy", "error-rate")
def _(y_true, logits):
    return np.mean(logits.argmax(axis=1) != y_true)


# mean probability of the true class
@wrong("accuracy", "probability-for-hit")
def _(y_true, logits):
    return sgd.softmax(logits)[np.arange(len(y_true)), y_true].mean()


# last of the largest is taken
@wrong("accuracy", "last-of-the-largest")
def _(y_true, logits):
    return np.mean(np.argsort(logits, axis=1, kind="stable")[:, -1] == y_true)


# divides by the number of classes
@wrong("accuracy", "constant-factor")
def _(y_true, logits):
    return np.sum(logits.argmax(axis=1) == y_true) / logits.size


# the array of hits per row
@wrong("accuracy", "one-per-row")
def _(y_true, logits):
    return logits.argmax(axis=1) == y_true


# rounding the logits
@wrong("accuracy", "value-for-place")
def _(y_true, logits):
    return np.mean(logits.max(axis=1) == y_true)


# ---- loss_gradient -----------------------------------------------------------------------------


@right("loss_gradient")
def _(y_true, logits):
    n, k = logits.shape
    return (sgd.softmax(logits) - np.eye(k)[y_true]) / n


@right("loss_gradient")
def _(y_true, logits):
    gradient = np.empty(logits.shape)
    p = sgd.softmax(logits)
    for i in range(len(logits)):
        for k in range(logits.shape[1]):
            gradient[i, k] = (p[i, k] - (1 if k == y_true[i] else 0)) / len(logits)
    return gradient


@right("loss_gradient")
def _(y_true, logits):
    p = sgd.softmax(logits)
    return np.where(np.arange(p.shape[1]) == y_true[:, None], p - 1, p) / p.shape[0]


# /n forgotten
@wrong("loss_gradient", "sum-for-mean")
def _(y_true, logits):
    return sgd.softmax(logits) - np.eye(logits.shape[1])[y_true]


# sign
@wrong("loss_gradient", "opposite-sign")
def _(y_true, logits):
    return (np.eye(logits.shape[1])[y_true] - sgd.softmax(logits)) / len(logits)


# divided by number of all entries
@wrong("loss_gradient", "divided-by-all-elements")
def _(y_true, logits):
    return (sgd.softmax(logits) - np.eye(logits.shape[1])[y_true]) / logits.size


# softmax forgotten
@wrong("loss_gradient", "softmax-missing")
def _(y_true, logits):
    return (logits - np.eye(logits.shape[1])[y_true]) / len(logits)


# -1/p, the gradient wrt the probability
@wrong("loss_gradient", "gradient-at-probabilities")
def _(y_true, logits):
    p = sgd.softmax(logits)
    return -np.eye(p.shape[1])[y_true] / p / len(p)


# subtracts 1 after the division
@wrong("loss_gradient", "divides-too-early")
def _(y_true, logits):
    d = sgd.softmax(logits) / len(logits)
    d[np.arange(len(logits)), y_true] -= 1
    return d


# d[:, y_true] -= 1
@wrong("loss_gradient", "every-row-with-every-label")
def _(y_true, logits):
    d = sgd.softmax(logits)
    d[:, y_true] -= 1
    return d / len(logits)


# mean over rows taken
@wrong("loss_gradient", "averaged-over-rows")
def _(y_true, logits):
    return (sgd.softmax(logits) - np.eye(logits.shape[1])[y_true]).mean(axis=0)


# multiplies by softmax derivative p(1-p)
@wrong("loss_gradient", "softmax-slope-twice")
def _(y_true, logits):
    p = sgd.softmax(logits)
    return (p - np.eye(p.shape[1])[y_true]) * p * (1 - p) / len(p)


# divided by classes instead of rows
@wrong("loss_gradient", "divided-by-classes")
def _(y_true, logits):
    return (sgd.softmax(logits) - np.eye(logits.shape[1])[y_true]) / logits.shape[1]


# works in the logits in place
@wrong("loss_gradient", "changes-its-input")
def _(y_true, logits):
    logits[:] = sgd.softmax(logits)
    logits[np.arange(len(logits)), y_true] -= 1
    logits /= len(logits)
    return logits


# only true entries kept
@wrong("loss_gradient", "true-class-only")
def _(y_true, logits):
    p = sgd.softmax(logits)
    one_hot = np.eye(p.shape[1])[y_true]
    return (p - 1) * one_hot / len(p)


# ---- dense_gradients ---------------------------------------------------------------------------


@right("dense_gradients")
def _(x, kernel, doutputs):
    dkernel = np.einsum("ni,no->io", x, doutputs)
    dbias = np.einsum("no->o", doutputs)
    dx = np.einsum("no,io->ni", doutputs, kernel)
    return dkernel, dbias, dx


@right("dense_gradients")
def _(x, kernel, doutputs):
    dkernel, dbias = np.zeros(kernel.shape), np.zeros(kernel.shape[1])
    dx = []
    for row, d in zip(x, doutputs, strict=True):
        dkernel += np.outer(row, d)
        dbias += d
        dx.append(kernel @ d)
    return [dkernel, dbias, np.array(dx)]


# divides by n again
@wrong("dense_gradients", "divided-twice")
def _(x, kernel, doutputs):
    n = len(x)
    return x.T @ doutputs / n, doutputs.sum(axis=0) / n, doutputs @ kernel.T


# mean for bias
@wrong("dense_gradients", "mean-for-sum")
def _(x, kernel, doutputs):
    return x.T @ doutputs, doutputs.mean(axis=0), doutputs @ kernel.T


# axis 1 for bias
@wrong("dense_gradients", "wrong-axis")
def _(x, kernel, doutputs):
    return x.T @ doutputs, doutputs.sum(axis=1), doutputs @ kernel.T


# bias not summed
@wrong("dense_gradients", "bias-not-summed")
def _(x, kernel, doutputs):
    return x.T @ doutputs, doutputs, doutputs @ kernel.T


# kernel gradient transposed
@wrong("dense_gradients", "dkernel-transposed")
def _(x, kernel, doutputs):
    return doutputs.T @ x, doutputs.sum(axis=0), doutputs @ kernel.T


# kernel without transpose for dx
@wrong("dense_gradients", "kernel-not-transposed")
def _(x, kernel, doutputs):
    return x.T @ doutputs, doutputs.sum(axis=0), doutputs @ kernel


# order of return
@wrong("dense_gradients", "results-in-another-order")
def _(x, kernel, doutputs):
    return doutputs @ kernel.T, x.T @ doutputs, doutputs.sum(axis=0)


# keepdims for bias
@wrong("dense_gradients", "wrong-shape")
def _(x, kernel, doutputs):
    return x.T @ doutputs, doutputs.sum(axis=0, keepdims=True), doutputs @ kernel.T


# dx forgotten
@wrong("dense_gradients", "wrong-length")
def _(x, kernel, doutputs):
    return x.T @ doutputs, doutputs.sum(axis=0)


# sum over everything
@wrong("dense_gradients", "wrong-shape")
def _(x, kernel, doutputs):
    return x.T @ doutputs, doutputs.sum(), doutputs @ kernel.T


# bias gradient = 1s (derivative of + b is 1)
@wrong("dense_gradients", "bias-chain-rule-missing")
def _(x, kernel, doutputs):
    return x.T @ doutputs, np.ones(doutputs.shape[1]), doutputs @ kernel.T


# swaps dbias and dkernel
@wrong("dense_gradients", "results-in-another-order")
def _(x, kernel, doutputs):
    return doutputs.sum(axis=0), x.T @ doutputs, doutputs @ kernel.T


# times n
@wrong("dense_gradients", "relu-in-dx")
def _(x, kernel, doutputs):
    return x.T @ doutputs, doutputs.sum(axis=0), (doutputs @ kernel.T) * (x > 0)


# ---- relu_gradient -----------------------------------------------------------------------------


@right("relu_gradient")
def _(doutputs, outputs):
    return np.where(outputs > 0, doutputs, 0)


@right("relu_gradient")
def _(doutputs, outputs):
    dinputs = doutputs.copy()
    dinputs[outputs == 0] = 0
    return dinputs


@right("relu_gradient")
def _(doutputs, outputs):
    return doutputs * np.sign(outputs)


# asks doutputs
@wrong("relu_gradient", "mask-on-gradient")
def _(doutputs, outputs):
    return np.maximum(doutputs, 0)


# multiplies with outputs
@wrong("relu_gradient", "value-for-slope")
def _(doutputs, outputs):
    return doutputs * outputs


# only the mask
@wrong("relu_gradient", "chain-rule-missing")
def _(doutputs, outputs):
    return (outputs > 0).astype(float)


# mask turned
@wrong("relu_gradient", "mask-turned-around")
def _(doutputs, outputs):
    return doutputs * (outputs <= 0)


# both
@wrong("relu_gradient", "negative-gradients-dropped")
def _(doutputs, outputs):
    return np.where((outputs > 0) & (doutputs > 0), doutputs, 0)


# in place
@wrong("relu_gradient", "changes-its-input")
def _(doutputs, outputs):
    doutputs[outputs <= 0] = 0
    return doutputs


# gives back doutputs of active units only
@wrong("relu_gradient", "wrong-shape")
def _(doutputs, outputs):
    return doutputs[outputs > 0]


# ---- backward ----------------------------------------------------------------------------------


@right("backward")
def _(weights, activations, dlogits):
    gradients = [None] * len(weights)
    d = dlogits
    for layer in range(len(activations) - 1, -1, -1):
        gradients[2 * layer] = np.einsum("ni,no->io", activations[layer], d)
        gradients[2 * layer + 1] = d.sum(0)
        d = np.where(activations[layer] > 0, d @ weights[2 * layer].T, 0)
    return gradients


@right("backward")
def _(weights, activations, dlogits):
    def go_back(layer, d):
        if layer < 0:
            return []
        x, kernel = activations[layer], weights[2 * layer]
        below = (d @ kernel.T) * (x > 0)
        return [*go_back(layer - 1, below), x.T @ d, d.sum(axis=0)]

    return go_back(len(activations) - 1, dlogits)


# relu mask forgotten
@wrong("backward", "mask-missing")
def _(weights, activations, dlogits):
    gradients, d = [], dlogits
    for x, kernel in zip(reversed(activations), reversed(weights[::2]), strict=True):
        gradients = [x.T @ d, d.sum(axis=0), *gradients]
        d = d @ kernel.T
    return gradients


# wrong order: last layer first
@wrong("backward", "last-layer-first")
def _(weights, activations, dlogits):
    gradients, d = [], dlogits
    for x, kernel in zip(reversed(activations), reversed(weights[::2]), strict=True):
        gradients += [x.T @ d, d.sum(axis=0)]
        d = (d @ kernel.T) * (x > 0)
    return gradients


# reversed() on the whole list: bias before kernel
@wrong("backward", "bias-before-kernel")
def _(weights, activations, dlogits):
    gradients, d = [], dlogits
    for x, kernel in zip(reversed(activations), reversed(weights[::2]), strict=True):
        gradients += [x.T @ d, d.sum(axis=0)]
        d = (d @ kernel.T) * (x > 0)
    return gradients[::-1]


# divides by n in each layer
@wrong("backward", "divided-twice")
def _(weights, activations, dlogits):
    gradients, d = [], dlogits
    n = len(dlogits)
    for x, kernel in zip(reversed(activations), reversed(weights[::2]), strict=True):
        gradients = [x.T @ d / n, d.sum(axis=0) / n, *gradients]
        d = (d @ kernel.T) * (x > 0)
    return gradients


# mask is applied before the gradient of the last layer also
@wrong("backward", "raises-an-error")
def _(weights, activations, dlogits):
    gradients = []
    d = dlogits
    for i in reversed(range(len(activations))):
        x = activations[i]
        gradients = [x.T @ d, d.sum(axis=0), *gradients]
        if i > 0:
            d = (dlogits @ weights[-2].T) * (x > 0)
    return gradients


# the mask of the layer above
@wrong("backward", "value-for-slope")
def _(weights, activations, dlogits):
    gradients, d = [], dlogits
    for x, kernel in zip(reversed(activations), reversed(weights[::2]), strict=True):
        gradients = [x.T @ d, d.sum(axis=0), *gradients]
        d = (d @ kernel.T) * x
    return gradients


# bias mean
@wrong("backward", "mean-for-sum")
def _(weights, activations, dlogits):
    gradients, d = [], dlogits
    for x, kernel in zip(reversed(activations), reversed(weights[::2]), strict=True):
        gradients = [x.T @ d, d.mean(axis=0), *gradients]
        d = (d @ kernel.T) * (x > 0)
    return gradients


# mask d @ W with d > 0
@wrong("backward", "mask-on-gradient")
def _(weights, activations, dlogits):
    gradients, d = [], dlogits
    for x, kernel in zip(reversed(activations), reversed(weights[::2]), strict=True):
        gradients = [x.T @ d, d.sum(axis=0), *gradients]
        d = np.maximum(d @ kernel.T, 0)
    return gradients


# only the last layer
@wrong("backward", "last-layer-only")
def _(weights, activations, dlogits):
    return [activations[-1].T @ dlogits, dlogits.sum(axis=0)]


# x >= 0
@wrong("backward", "mask-missing")
def _(weights, activations, dlogits):
    gradients, d = [], dlogits
    for x, kernel in zip(reversed(activations), reversed(weights[::2]), strict=True):
        gradients = [x.T @ d, d.sum(axis=0), *gradients]
        d = (d @ kernel.T) * (x >= 0)
    return gradients


# indices: weights[layer] instead of weights[2 * layer]
@wrong("backward", "raises-an-error")
def _(weights, activations, dlogits):
    gradients, d = [], dlogits
    for layer in reversed(range(len(activations))):
        x, kernel = activations[layer], weights[layer]
        gradients = [x.T @ d, d.sum(axis=0), *gradients]
        if layer > 0:
            d = (d @ kernel.T) * (x > 0)
    return gradients


# ---- batch_gradient ----------------------------------------------------------------------------


@right("batch_gradient")
def _(weights, x, y_true):
    logits, activations = sgd.forward(weights, x)
    losses = sgd.sparse_categorical_crossentropy(y_true, logits)
    dlogits = (sgd.softmax(logits) - np.eye(logits.shape[1])[y_true]) / len(losses)
    return sum(losses) / len(losses), sgd.backward(weights, activations, dlogits)


@right("batch_gradient")
def _(weights, x, y_true):
    logits, activations = sgd.forward(weights, x)
    loss = np.average(sgd.sparse_categorical_crossentropy(y_true, logits))
    dlogits = sgd.softmax(logits)
    dlogits[np.arange(len(x)), y_true] -= 1
    gradients = sgd.backward(weights, activations, dlogits)
    return loss, [g / len(x) for g in gradients]


# mends the loss, not the gradient: sum
@wrong("batch_gradient", "loss-made-a-sum")
def _(weights, x, y_true):
    logits, activations = sgd.forward(weights, x)
    loss = sgd.sparse_categorical_crossentropy(y_true, logits).sum()
    dlogits = sgd.softmax(logits)
    dlogits[np.arange(len(x)), y_true] -= 1
    return loss, sgd.backward(weights, activations, dlogits)


# divides twice
@wrong("batch_gradient", "divided-twice")
def _(weights, x, y_true):
    logits, activations = sgd.forward(weights, x)
    loss = sgd.sparse_categorical_crossentropy(y_true, logits).mean()
    dlogits = sgd.loss_gradient(y_true, logits) / len(x)
    return loss, sgd.backward(weights, activations, dlogits)


# divides by the wrong number
@wrong("batch_gradient", "divided-by-classes")
def _(weights, x, y_true):
    logits, activations = sgd.forward(weights, x)
    loss = sgd.sparse_categorical_crossentropy(y_true, logits).mean()
    dlogits = sgd.softmax(logits)
    dlogits[np.arange(len(x)), y_true] -= 1
    dlogits /= dlogits.shape[1]
    return loss, sgd.backward(weights, activations, dlogits)


# fixed batch size 32
@wrong("batch_gradient", "fixed-batch-size")
def _(weights, x, y_true):
    logits, activations = sgd.forward(weights, x)
    loss = sgd.sparse_categorical_crossentropy(y_true, logits).mean()
    dlogits = sgd.softmax(logits)
    dlogits[np.arange(len(x)), y_true] -= 1
    return loss, sgd.backward(weights, activations, dlogits / 32)


# takes 1 away and divides only that: precedence
@wrong("batch_gradient", "only-one-hot-divided")
def _(weights, x, y_true):
    logits, activations = sgd.forward(weights, x)
    loss = sgd.sparse_categorical_crossentropy(y_true, logits).mean()
    dlogits = sgd.softmax(logits)
    dlogits[np.arange(len(x)), y_true] -= 1 / len(x)
    return loss, sgd.backward(weights, activations, dlogits)


# divides by size
@wrong("batch_gradient", "divided-by-all-elements")
def _(weights, x, y_true):
    logits, activations = sgd.forward(weights, x)
    loss = sgd.sparse_categorical_crossentropy(y_true, logits).mean()
    dlogits = sgd.softmax(logits)
    dlogits[np.arange(len(x)), y_true] -= 1
    return loss, sgd.backward(weights, activations, dlogits / dlogits.size)


# thinks the sign is the fault
@wrong("batch_gradient", "opposite-sign")
def _(weights, x, y_true):
    logits, activations = sgd.forward(weights, x)
    loss = sgd.sparse_categorical_crossentropy(y_true, logits).mean()
    dlogits = -sgd.loss_gradient(y_true, logits)
    return loss, sgd.backward(weights, activations, dlogits)


# thinks softmax is one too many
@wrong("batch_gradient", "softmax-missing")
def _(weights, x, y_true):
    logits, activations = sgd.forward(weights, x)
    loss = sgd.sparse_categorical_crossentropy(y_true, logits).mean()
    dlogits = logits.copy()
    dlogits[np.arange(len(x)), y_true] -= 1
    return loss, sgd.backward(weights, activations, dlogits / len(x))


# ---- dropout_gradient --------------------------------------------------------------------------


@right("dropout_gradient")
def _(doutputs, keep, rate):
    return np.where(keep, doutputs / (1 - rate), 0.0)


@right("dropout_gradient")
def _(doutputs, keep, rate):
    dx = np.zeros_like(doutputs)
    dx[keep] = doutputs[keep] / (1 - rate)
    return dx


# rate instead of 1 - rate
@wrong("dropout_gradient", "rate-for-kept-share")
def _(doutputs, keep, rate):
    return doutputs * keep / rate


# multiplies
@wrong("dropout_gradient", "multiplies-for-divides")
def _(doutputs, keep, rate):
    return doutputs * keep * (1 - rate)


# keep forgotten
@wrong("dropout_gradient", "mask-missing")
def _(doutputs, keep, rate):
    return doutputs / (1 - rate)


# dropped ones pass on
@wrong("dropout_gradient", "mask-turned-around")
def _(doutputs, keep, rate):
    return doutputs * ~keep / (1 - rate)


# precedence
@wrong("dropout_gradient", "brackets-missing")
def _(doutputs, keep, rate):
    return doutputs * keep / 1 - rate


# divides by the share actually kept
@wrong("dropout_gradient", "counts-the-kept")
def _(doutputs, keep, rate):
    return doutputs * keep / keep.mean()


# squares
@wrong("dropout_gradient", "divided-twice")
def _(doutputs, keep, rate):
    return doutputs * keep / (1 - rate) ** 2


# 1 + rate
@wrong("dropout_gradient", "constant-factor")
def _(doutputs, keep, rate):
    return doutputs * keep * (1 + rate)


# ---- running_mean ------------------------------------------------------------------------------


@right("running_mean")
def _(losses, rows):
    shown, total, seen = [], 0.0, 0
    for loss, n in zip(losses, rows, strict=True):
        total += loss * n
        seen += n
        shown.append(total / seen)
    return np.array(shown)


@right("running_mean")
def _(losses, rows):
    return [np.average(losses[:i], weights=rows[:i]) for i in range(1, len(losses) + 1)]


@right("running_mean")
def _(losses, rows):
    # the mean moves toward each new loss by the share of its rows
    means, mean, seen = [], 0.0, 0
    for loss, n in zip(losses, rows, strict=True):
        seen += n
        mean += (loss - mean) * n / seen
        means.append(mean)
    return np.asarray(means)


# unweighted mean
@wrong("running_mean", "mean-of-batch-means")
def _(losses, rows):
    return np.cumsum(losses) / np.arange(1, len(losses) + 1)


# only final number
@wrong("running_mean", "only-the-last-value")
def _(losses, rows):
    return (losses * rows).sum() / rows.sum()


# divides by the total always
@wrong("running_mean", "divides-by-all-rows")
def _(losses, rows):
    return np.cumsum(losses * rows) / rows.sum()


# does not multiply by rows
@wrong("running_mean", "batch-losses-not-weighted")
def _(losses, rows):
    return np.cumsum(losses) / np.cumsum(rows)


# divides by number of batches
@wrong("running_mean", "divides-by-batches")
def _(losses, rows):
    return np.cumsum(losses * rows) / np.arange(1, len(losses) + 1)


# divides by the current batch's rows
@wrong("running_mean", "divides-by-own-rows")
def _(losses, rows):
    return np.cumsum(losses * rows) / rows


# division forgotten
@wrong("running_mean", "sum-for-mean")
def _(losses, rows):
    return np.cumsum(losses * rows)


# off by one
@wrong("running_mean", "one-batch-late")
def _(losses, rows):
    shown, total, seen = [], 0.0, 0
    for loss, n in zip(losses, rows, strict=True):
        shown.append(total / max(seen, 1))
        total += loss * n
        seen += n
    return np.array(shown)


# exponential average
@wrong("running_mean", "half-old-half-new")
def _(losses, rows):
    shown = [losses[0]]
    for loss in losses[1:]:
        shown.append((shown[-1] + loss) / 2)
    return np.array(shown)


# assumes all batches have the size of the first
@wrong("running_mean", "mean-of-batch-means")
def _(losses, rows):
    return np.cumsum(losses * rows[0]) / (rows[0] * np.arange(1, len(losses) + 1))


# ---- train_epoch -------------------------------------------------------------------------------


@right("train_epoch")
def _(weights, optimizer, x, y, batch_size, rng):
    order = sgd.shuffle_indices(len(x), rng)
    losses, hits = [], []
    for start in range(0, len(x), batch_size):
        rows = order[start : start + batch_size]
        weights, loss, acc = sgd.train_step(weights, optimizer, x[rows], y[rows])
        losses += [loss] * len(rows)
        hits += [acc] * len(rows)
    return weights, sum(losses) / len(losses), sum(hits) / len(hits)


@right("train_epoch")
def _(weights, optimizer, x, y, batch_size, rng):
    order = rng.permutation(len(x))
    x, y = x[order], y[order]
    loss = accuracy = seen = 0
    for rows in sgd.split_batches(np.arange(len(x)), batch_size):
        weights, new_loss, new_accuracy = sgd.train_step(weights, optimizer, x[rows], y[rows])
        seen += len(rows)
        loss += (new_loss - loss) * len(rows) / seen
        accuracy += (new_accuracy - accuracy) * len(rows) / seen
    return weights, loss, accuracy


# unweighted mean
@wrong("train_epoch", "mean-of-batch-means")
def _(weights, optimizer, x, y, batch_size, rng):
    losses, accs = [], []
    for rows in sgd.split_batches(sgd.shuffle_indices(len(x), rng), batch_size):
        weights, loss, acc = sgd.train_step(weights, optimizer, x[rows], y[rows])
        losses.append(loss)
        accs.append(acc)
    return weights, np.mean(losses), np.mean(accs)


# last batch's
@wrong("train_epoch", "last-batch-only")
def _(weights, optimizer, x, y, batch_size, rng):
    for rows in sgd.split_batches(sgd.shuffle_indices(len(x), rng), batch_size):
        weights, loss, acc = sgd.train_step(weights, optimizer, x[rows], y[rows])
    return weights, loss, acc


# measured after the epoch
@wrong("train_epoch", "evaluates-at-the-end")
def _(weights, optimizer, x, y, batch_size, rng):
    for rows in sgd.split_batches(sgd.shuffle_indices(len(x), rng), batch_size):
        weights, _, _ = sgd.train_step(weights, optimizer, x[rows], y[rows])
    logits, _ = sgd.forward(weights, x)
    loss = sgd.sparse_categorical_crossentropy(y, logits).mean()
    return weights, loss, sgd.accuracy(y, logits)


# weights not handed on
@wrong("train_epoch", "same-weights-for-all-batches")
def _(weights, optimizer, x, y, batch_size, rng):
    loss_sum = acc_sum = 0
    for rows in sgd.split_batches(sgd.shuffle_indices(len(x), rng), batch_size):
        new_weights, loss, acc = sgd.train_step(weights, optimizer, x[rows], y[rows])
        loss_sum += loss * len(rows)
        acc_sum += acc * len(rows)
    return new_weights, loss_sum / len(x), acc_sum / len(x)


# old weights returned
@wrong("train_epoch", "new-weights-thrown-away")
def _(weights, optimizer, x, y, batch_size, rng):
    loss_sum = acc_sum = 0
    for rows in sgd.split_batches(sgd.shuffle_indices(len(x), rng), batch_size):
        _, loss, acc = sgd.train_step(weights, optimizer, x[rows], y[rows])
        loss_sum += loss * len(rows)
        acc_sum += acc * len(rows)
    return weights, loss_sum / len(x), acc_sum / len(x)


# not shuffled
@wrong("train_epoch", "no-shuffle")
def _(weights, optimizer, x, y, batch_size, rng):
    loss_sum = acc_sum = 0
    for rows in sgd.split_batches(np.arange(len(x)), batch_size):
        weights, loss, acc = sgd.train_step(weights, optimizer, x[rows], y[rows])
        loss_sum += loss * len(rows)
        acc_sum += acc * len(rows)
    return weights, loss_sum / len(x), acc_sum / len(x)


# weighs with batch_size
@wrong("train_epoch", "weighted-by-batch-size")
def _(weights, optimizer, x, y, batch_size, rng):
    loss_sum = acc_sum = 0
    for rows in sgd.split_batches(sgd.shuffle_indices(len(x), rng), batch_size):
        weights, loss, acc = sgd.train_step(weights, optimizer, x[rows], y[rows])
        loss_sum += loss * batch_size
        acc_sum += acc * batch_size
    return weights, loss_sum / len(x), acc_sum / len(x)


# shuffles x but not y
@wrong("train_epoch", "labels-not-shuffled")
def _(weights, optimizer, x, y, batch_size, rng):
    x = x[sgd.shuffle_indices(len(x), rng)]
    loss_sum = acc_sum = 0
    for rows in sgd.split_batches(np.arange(len(x)), batch_size):
        weights, loss, acc = sgd.train_step(weights, optimizer, x[rows], y[rows])
        loss_sum += loss * len(rows)
        acc_sum += acc * len(rows)
    return weights, loss_sum / len(x), acc_sum / len(x)


# one step with all rows
@wrong("train_epoch", "all-rows-in-one-update")
def _(weights, optimizer, x, y, batch_size, rng):
    rows = sgd.shuffle_indices(len(x), rng)
    return sgd.train_step(weights, optimizer, x[rows], y[rows])


# returns sums
@wrong("train_epoch", "sum-for-mean")
def _(weights, optimizer, x, y, batch_size, rng):
    loss_sum = acc_sum = 0
    for rows in sgd.split_batches(sgd.shuffle_indices(len(x), rng), batch_size):
        weights, loss, acc = sgd.train_step(weights, optimizer, x[rows], y[rows])
        loss_sum += loss * len(rows)
        acc_sum += acc * len(rows)
    return weights, loss_sum, acc_sum


# accuracy from after update
@wrong("train_epoch", "first-batch-only")
def _(weights, optimizer, x, y, batch_size, rng):
    loss_sum = acc_sum = 0
    for rows in sgd.split_batches(sgd.shuffle_indices(len(x), rng), batch_size):
        weights, loss, acc = sgd.train_step(weights, optimizer, x[rows], y[rows])
        loss_sum += loss * len(rows)
        acc_sum += acc * len(rows)
        return weights, loss_sum / len(x), acc_sum / len(x)


# drop remainder
@wrong("train_epoch", "drops-last-batch")
def _(weights, optimizer, x, y, batch_size, rng):
    order = sgd.shuffle_indices(len(x), rng)
    loss_sum = acc_sum = seen = 0
    for i in range(len(x) // batch_size):
        rows = order[i * batch_size : (i + 1) * batch_size]
        weights, loss, acc = sgd.train_step(weights, optimizer, x[rows], y[rows])
        loss_sum += loss * len(rows)
        acc_sum += acc * len(rows)
        seen += len(rows)
    return weights, loss_sum / seen, acc_sum / seen


# accuracy and loss swapped in the return
@wrong("train_epoch", "loss-and-accuracy-exchanged")
def _(weights, optimizer, x, y, batch_size, rng):
    loss_sum = acc_sum = 0
    for rows in sgd.split_batches(sgd.shuffle_indices(len(x), rng), batch_size):
        weights, acc, loss = sgd.train_step(weights, optimizer, x[rows], y[rows])
        loss_sum += loss * len(rows)
        acc_sum += acc * len(rows)
    return weights, loss_sum / len(x), acc_sum / len(x)


# the first epoch's loss only weighted, accuracy plain
@wrong("train_epoch", "mean-of-batch-means")
def _(weights, optimizer, x, y, batch_size, rng):
    loss_sum, accs = 0, []
    for rows in sgd.split_batches(sgd.shuffle_indices(len(x), rng), batch_size):
        weights, loss, acc = sgd.train_step(weights, optimizer, x[rows], y[rows])
        loss_sum += loss * len(rows)
        accs.append(acc)
    return weights, loss_sum / len(x), np.mean(accs)


# ---- fit_model ---------------------------------------------------------------------------------


@right("fit_model")
def _(weights, x, y, batch_size, epochs, rng):
    optimizer = sgd.SGD()
    for _epoch in range(epochs):
        order = rng.permutation(len(x))
        for start in range(0, len(x), batch_size):
            rows = order[start : start + batch_size]
            logits, activations = sgd.forward(weights, x[rows])
            gradients = sgd.backward(weights, activations, sgd.loss_gradient(y[rows], logits))
            weights = optimizer.update(weights, gradients)
    return weights


@right("fit_model")
def _(weights, x, y, batch_size, epochs, rng):
    epoch, sgd_optimizer = 0, sgd.SGD(0.01)
    while epoch < epochs:
        for rows in sgd.split_batches(sgd.shuffle_indices(len(x), rng), batch_size):
            weights = sgd.train_step(weights, sgd_optimizer, x[rows], y[rows])[0]
        epoch += 1
    return weights


# only batch size mended
@wrong("fit_model", "no-shuffle")
def _(weights, x, y, batch_size, epochs, rng):
    optimizer = sgd.SGD()
    for _epoch in range(epochs):
        order = np.arange(len(x))
        for rows in sgd.split_batches(order, batch_size):
            weights, _, _ = sgd.train_step(weights, optimizer, x[rows], y[rows])
    return weights


# only shuffle mended
@wrong("fit_model", "batch-size-not-passed-on")
def _(weights, x, y, batch_size, epochs, rng):
    optimizer = sgd.SGD()
    for _epoch in range(epochs):
        order = sgd.shuffle_indices(len(x), rng)
        for rows in sgd.split_batches(order, 32):
            weights, _, _ = sgd.train_step(weights, optimizer, x[rows], y[rows])
    return weights


# shuffles once before
@wrong("fit_model", "shuffles-once")
def _(weights, x, y, batch_size, epochs, rng):
    optimizer = sgd.SGD()
    order = sgd.shuffle_indices(len(x), rng)
    for _epoch in range(epochs):
        for rows in sgd.split_batches(order, batch_size):
            weights, _, _ = sgd.train_step(weights, optimizer, x[rows], y[rows])
    return weights


# fixed order by seed
@wrong("fit_model", "rng-not-used")
def _(weights, x, y, batch_size, epochs, rng):
    optimizer = sgd.SGD()
    for epoch in range(epochs):
        order = sgd.shuffle_indices(len(x), np.random.default_rng(epoch))
        for rows in sgd.split_batches(order, batch_size):
            weights, _, _ = sgd.train_step(weights, optimizer, x[rows], y[rows])
    return weights


# shuffle in place returns None... uses the unshuffled order
@wrong("fit_model", "no-shuffle")
def _(weights, x, y, batch_size, epochs, rng):
    optimizer = sgd.SGD()
    for _epoch in range(epochs):
        order = np.arange(len(x))
        sgd.shuffle_indices(len(x), rng)
        for rows in sgd.split_batches(order, batch_size):
            weights, _, _ = sgd.train_step(weights, optimizer, x[rows], y[rows])
    return weights


# rows index into order a second time
@wrong("fit_model", "labels-not-shuffled")
def _(weights, x, y, batch_size, epochs, rng):
    optimizer = sgd.SGD()
    for _epoch in range(epochs):
        order = sgd.shuffle_indices(len(x), rng)
        x = x[order]
        for rows in sgd.split_batches(np.arange(len(x)), batch_size):
            weights, _, _ = sgd.train_step(weights, optimizer, x[rows], y[rows])
    return weights


# return one level too deep
@wrong("fit_model", "one-epoch-only")
def _(weights, x, y, batch_size, epochs, rng):
    optimizer = sgd.SGD()
    for _epoch in range(epochs):
        order = sgd.shuffle_indices(len(x), rng)
        for rows in sgd.split_batches(order, batch_size):
            weights, _, _ = sgd.train_step(weights, optimizer, x[rows], y[rows])
        return weights


# batch size = number of steps
@wrong("fit_model", "number-of-batches-as-batch-size")
def _(weights, x, y, batch_size, epochs, rng):
    optimizer = sgd.SGD()
    for _epoch in range(epochs):
        order = sgd.shuffle_indices(len(x), rng)
        for rows in sgd.split_batches(order, sgd.steps_per_epoch(len(x), batch_size)):
            weights, _, _ = sgd.train_step(weights, optimizer, x[rows], y[rows])
    return weights


# shuffles for each batch
@wrong("fit_model", "with-replacement")
def _(weights, x, y, batch_size, epochs, rng):
    optimizer = sgd.SGD()
    for _epoch in range(epochs):
        for _ in range(sgd.steps_per_epoch(len(x), batch_size)):
            rows = rng.integers(len(x), size=batch_size)
            weights, _, _ = sgd.train_step(weights, optimizer, x[rows], y[rows])
    return weights


# returns train_step's tuple
@wrong("fit_model", "wrong-length")
def _(weights, x, y, batch_size, epochs, rng):
    optimizer = sgd.SGD()
    for _epoch in range(epochs):
        order = sgd.shuffle_indices(len(x), rng)
        for rows in sgd.split_batches(order, batch_size):
            weights, loss, acc = sgd.train_step(weights, optimizer, x[rows], y[rows])
    return weights, loss, acc


# ---- largest_difference ------------------------------------------------------------------------


@right("largest_difference")
def _(weights, others):
    return max(abs(w - o).max() for w, o in zip(weights, others, strict=True))


@right("largest_difference")
def _(weights, others):
    a = np.concatenate([w.ravel() for w in weights])
    b = np.concatenate([w.ravel() for w in others])
    return np.linalg.norm(a - b, ord=np.inf)


@right("largest_difference")
def _(weights, others):
    largest = 0.0
    for w, o in zip(weights, others, strict=True):
        for a, b in zip(w.flat, o.flat, strict=True):
            if abs(a - b) > largest:
                largest = abs(a - b)
    return largest


# abs forgotten
@wrong("largest_difference", "no-absolute-value")
def _(weights, others):
    return max(np.max(w - o) for w, o in zip(weights, others, strict=True))


# abs after max
@wrong("largest_difference", "absolute-value-too-late")
def _(weights, others):
    return max(abs(np.max(w - o)) for w, o in zip(weights, others, strict=True))


# list, one per array
@wrong("largest_difference", "one-number-per-array")
def _(weights, others):
    return [np.abs(w - o).max() for w, o in zip(weights, others, strict=True)]


# mean
@wrong("largest_difference", "mean-for-maximum")
def _(weights, others):
    return np.mean([np.abs(w - o).mean() for w, o in zip(weights, others, strict=True)])


# compares the maxima
@wrong("largest_difference", "difference-of-maxima")
def _(weights, others):
    return max(abs(w.max() - o.max()) for w, o in zip(weights, others, strict=True))


# only last array
@wrong("largest_difference", "last-array-only")
def _(weights, others):
    for w, o in zip(weights, others, strict=True):
        largest = np.abs(w - o).max()
    return largest


# adds the maxima
@wrong("largest_difference", "adds-the-maxima")
def _(weights, others):
    return sum(np.abs(w - o).max() for w, o in zip(weights, others, strict=True))


# norm
@wrong("largest_difference", "euclidean-distance")
def _(weights, others):
    return np.sqrt(sum(np.sum((w - o) ** 2) for w, o in zip(weights, others, strict=True)))


# relative
@wrong("largest_difference", "relative-difference")
def _(weights, others):
    return max(
        np.max(np.abs(w - o) / (np.abs(w) + 1e-12)) for w, o in zip(weights, others, strict=True)
    )


# squared
@wrong("largest_difference", "squared-difference")
def _(weights, others):
    return max(np.max((w - o) ** 2) for w, o in zip(weights, others, strict=True))


# only kernels
@wrong("largest_difference", "kernels-only")
def _(weights, others):
    return max(np.abs(w - o).max() for w, o in zip(weights[::2], others[::2], strict=True))


# place instead of the value
@wrong("largest_difference", "place-for-size")
def _(weights, others):
    return max(np.argmax(np.abs(w - o)) for w, o in zip(weights, others, strict=True))


# abs before the difference
@wrong("largest_difference", "signs-dropped-too-early")
def _(weights, others):
    return max(np.max(np.abs(w) - np.abs(o)) for w, o in zip(weights, others, strict=True))


# ---- reported_loss -----------------------------------------------------------------------------


@right("reported_loss")
def _(weights, optimizer, x, y_true):
    logits, activations = sgd.forward(weights, x)
    loss = sgd.sparse_categorical_crossentropy(y_true, logits).mean()
    gradients = sgd.backward(weights, activations, sgd.loss_gradient(y_true, logits))
    return optimizer.update(weights, gradients), loss


@right("reported_loss")
def _(weights, optimizer, x, y_true):
    new_weights, loss, _ = sgd.train_step(weights, optimizer, x, y_true)
    return new_weights, loss


@right("reported_loss")
def _(weights, optimizer, x, y_true):
    before = [w.copy() for w in weights]
    logits, activations = sgd.forward(weights, x)
    gradients = sgd.backward(weights, activations, sgd.loss_gradient(y_true, logits))
    weights = optimizer.update(weights, gradients)
    p = sgd.predict(before, x)
    return weights, -np.mean(np.log(p[range(len(x)), y_true]))


# mean forgotten
@wrong("reported_loss", "losses-not-averaged")
def _(weights, optimizer, x, y_true):
    logits, activations = sgd.forward(weights, x)
    loss = sgd.sparse_categorical_crossentropy(y_true, logits)
    gradients = sgd.backward(weights, activations, sgd.loss_gradient(y_true, logits))
    weights = optimizer.update(weights, gradients)
    return weights, loss


# sum
@wrong("reported_loss", "sum-for-mean")
def _(weights, optimizer, x, y_true):
    logits, activations = sgd.forward(weights, x)
    loss = sgd.sparse_categorical_crossentropy(y_true, logits).sum()
    gradients = sgd.backward(weights, activations, sgd.loss_gradient(y_true, logits))
    weights = optimizer.update(weights, gradients)
    return weights, loss


# mean of both
@wrong("reported_loss", "before-and-after")
def _(weights, optimizer, x, y_true):
    logits, activations = sgd.forward(weights, x)
    before = sgd.sparse_categorical_crossentropy(y_true, logits).mean()
    gradients = sgd.backward(weights, activations, sgd.loss_gradient(y_true, logits))
    weights = optimizer.update(weights, gradients)
    logits, _ = sgd.forward(weights, x)
    after = sgd.sparse_categorical_crossentropy(y_true, logits).mean()
    return weights, (before + after) / 2


# returns old weights
@wrong("reported_loss", "new-weights-thrown-away")
def _(weights, optimizer, x, y_true):
    logits, activations = sgd.forward(weights, x)
    gradients = sgd.backward(weights, activations, sgd.loss_gradient(y_true, logits))
    optimizer.update(weights, gradients)
    logits, _ = sgd.forward(weights, x)
    loss = sgd.sparse_categorical_crossentropy(y_true, logits).mean()
    return weights, loss


# two updates
@wrong("reported_loss", "updates-twice")
def _(weights, optimizer, x, y_true):
    logits, activations = sgd.forward(weights, x)
    loss = sgd.sparse_categorical_crossentropy(y_true, logits).mean()
    gradients = sgd.backward(weights, activations, sgd.loss_gradient(y_true, logits))
    weights = optimizer.update(weights, gradients)
    weights, _, _ = sgd.train_step(weights, optimizer, x, y_true)
    return weights, loss


# order of the return
@wrong("reported_loss", "wrong-type")
def _(weights, optimizer, x, y_true):
    weights, loss, _ = sgd.train_step(weights, optimizer, x, y_true)
    return loss, weights


# all three
@wrong("reported_loss", "wrong-type")
def _(weights, optimizer, x, y_true):
    return sgd.train_step(weights, optimizer, x, y_true)


# accuracy in place of the loss
@wrong("reported_loss", "accuracy-for-loss")
def _(weights, optimizer, x, y_true):
    weights, _, loss = sgd.train_step(weights, optimizer, x, y_true)
    return weights, loss


# ---- early_stopping ----------------------------------------------------------------------------


@right("early_stopping")
def _(val_losses, patience):
    best, best_epoch = float("inf"), 0
    for epoch, loss in enumerate(val_losses):
        if loss < best:
            best, best_epoch = loss, epoch
        elif epoch - best_epoch >= patience:
            return epoch
    return None


@right("early_stopping")
def _(val_losses, patience):
    wait = 0
    for epoch in range(1, len(val_losses)):
        if val_losses[epoch] < min(val_losses[:epoch]):
            wait = 0
        else:
            wait += 1
            if wait >= max(patience, 1):
                return epoch


# compares with the previous epoch
@wrong("early_stopping", "compares-with-the-epoch-before")
def _(val_losses, patience):
    wait = 0
    for epoch in range(1, len(val_losses)):
        if val_losses[epoch] < val_losses[epoch - 1]:
            wait = 0
        else:
            wait += 1
            if wait >= max(patience, 1):
                return epoch
    return None


# > patience
@wrong("early_stopping", "waits-one-epoch-too-long")
def _(val_losses, patience):
    best, wait = np.inf, 0
    for epoch, loss in enumerate(val_losses):
        if loss < best:
            best, wait = loss, 0
        else:
            wait += 1
            if wait > patience:
                return epoch
    return None


# wait not reset
@wrong("early_stopping", "never-resets-the-wait")
def _(val_losses, patience):
    best, wait = np.inf, 0
    for epoch, loss in enumerate(val_losses):
        if loss < best:
            best = loss
        else:
            wait += 1
            if wait >= patience:
                return epoch
    return None


# <= counts as better
@wrong("early_stopping", "ties-count-as-better")
def _(val_losses, patience):
    best, wait = np.inf, 0
    for epoch, loss in enumerate(val_losses):
        if loss <= best:
            best, wait = loss, 0
        else:
            wait += 1
            if wait >= patience:
                return epoch
    return None


# returns the best epoch
@wrong("early_stopping", "returns-the-best-epoch")
def _(val_losses, patience):
    best, best_epoch, wait = np.inf, 0, 0
    for epoch, loss in enumerate(val_losses):
        if loss < best:
            best, best_epoch, wait = loss, epoch, 0
        else:
            wait += 1
            if wait >= patience:
                return best_epoch
    return None


# from 1
@wrong("early_stopping", "counts-from-one")
def _(val_losses, patience):
    best, wait = np.inf, 0
    for epoch, loss in enumerate(val_losses, start=1):
        if loss < best:
            best, wait = loss, 0
        else:
            wait += 1
            if wait >= patience:
                return epoch
    return None


# returns last epoch instead of None
@wrong("early_stopping", "last-epoch-for-none")
def _(val_losses, patience):
    best, wait = np.inf, 0
    for epoch, loss in enumerate(val_losses):  # noqa: B007
        if loss < best:
            best, wait = loss, 0
        else:
            wait += 1
            if wait >= patience:
                break
    return epoch


# max
@wrong("early_stopping", "larger-is-better")
def _(val_losses, patience):
    best, wait = -np.inf, 0
    for epoch, loss in enumerate(val_losses):
        if loss > best:
            best, wait = loss, 0
        else:
            wait += 1
            if wait >= patience:
                return epoch
    return None


# best is not updated
@wrong("early_stopping", "best-never-renewed")
def _(val_losses, patience):
    best, wait = val_losses[0], 0
    for epoch, loss in enumerate(val_losses[1:], start=1):
        if loss < best:
            wait = 0
        else:
            wait += 1
            if wait >= patience:
                return epoch
    return None


# best of all epochs known
@wrong("early_stopping", "knows-the-end")
def _(val_losses, patience):
    stop = int(np.argmin(val_losses)) + max(patience, 1)
    return stop if stop < len(val_losses) else None


# index off by one through skipping first
@wrong("early_stopping", "one-epoch-too-low")
def _(val_losses, patience):
    best, wait = val_losses[0], 0
    for epoch, loss in enumerate(val_losses[1:]):
        if loss < best:
            best, wait = loss, 0
        else:
            wait += 1
            if wait >= patience:
                return epoch
    return None


# patience 0 stops at once even after an improvement
@wrong("early_stopping", "patience-0-stops-at-once")
def _(val_losses, patience):
    best, wait = np.inf, 0
    for epoch, loss in enumerate(val_losses):
        if loss < best:
            best, wait = loss, 0
        else:
            wait += 1
        if wait >= patience:
            return epoch
    return None


# ---- batch_losses ------------------------------------------------------------------------------


@right("batch_losses")
def _(running_means, rows):
    losses, before, seen = [], 0.0, 0
    for mean, n in zip(running_means, rows, strict=True):
        total = mean * (seen + n)
        losses.append((total - before) / n)
        before, seen = total, seen + n
    return losses


@right("batch_losses")
def _(running_means, rows):
    totals = running_means * np.cumsum(rows)
    return np.diff(totals, prepend=0) / rows


@right("batch_losses")
def _(running_means, rows):
    seen = np.cumsum(rows)
    lower = np.tril(np.ones((len(rows), len(rows)))) * rows / seen[:, None]
    return np.linalg.solve(lower, running_means)


# differences of means
@wrong("batch_losses", "differences-of-means")
def _(running_means, rows):
    return np.diff(running_means, prepend=0)


# equal batches
@wrong("batch_losses", "assumes-equal-batches")
def _(running_means, rows):
    steps = np.arange(1, len(running_means) + 1)
    return np.diff(running_means * steps, prepend=0)


# division by rows forgotten
@wrong("batch_losses", "sum-for-mean")
def _(running_means, rows):
    return np.diff(running_means * np.cumsum(rows), prepend=0)


# multiplies with rows, not cumsum
@wrong("batch_losses", "weighted-by-own-rows")
def _(running_means, rows):
    return np.diff(running_means * rows, prepend=0) / rows


# first missing
@wrong("batch_losses", "first-batch-missing")
def _(running_means, rows):
    totals = running_means * np.cumsum(rows)
    return np.diff(totals) / rows[1:]


# unchanged
@wrong("batch_losses", "running-mean-for-batch-loss")
def _(running_means, rows):
    return running_means


# does the opposite
@wrong("batch_losses", "averages-again")
def _(running_means, rows):
    return np.cumsum(running_means * rows) / np.cumsum(rows)


# divides by cumsum
@wrong("batch_losses", "divides-by-rows-so-far")
def _(running_means, rows):
    seen = np.cumsum(rows)
    return np.diff(running_means * seen, prepend=0) / seen


# changes running_means in place, going forward
@wrong("batch_losses", "subtracts-the-mean")
def _(running_means, rows):
    seen = np.cumsum(rows)
    losses = [running_means[0]]
    for i in range(1, len(rows)):
        losses.append((running_means[i] * seen[i] - running_means[i - 1]) / rows[i])
    return np.array(losses)


# dx of total by batch size of the first batch
@wrong("batch_losses", "rows-of-the-first")
def _(running_means, rows):
    return np.diff(running_means * np.cumsum(rows), prepend=0) / rows[0]


# first one zero
@wrong("batch_losses", "first-loss-zero")
def _(running_means, rows):
    totals = running_means * np.cumsum(rows)
    return np.diff(totals, prepend=totals[0]) / rows


# ---- HalveTheRate ------------------------------------------------------------------------------


@right_class("HalveTheRate")
class CountsToTwo(sgd.Callback):
    def __init__(self):
        super().__init__()
        self.count = 0

    def on_epoch_end(self, epoch, logs=None):
        self.count = epoch + 1
        if self.count % 2 == 0:
            optimizer = self.state.optimizer
            optimizer.learning_rate = optimizer.learning_rate * 0.5


@right_class("HalveTheRate")
class OneBit(sgd.Callback):
    def on_epoch_end(self, epoch, logs=None):
        self.state.optimizer.learning_rate *= 0.5 if epoch & 1 else 1.0


# epochs 0, 2, 4
@wrong_class("HalveTheRate", "after-even-epochs")
class EvenEpochs(sgd.Callback):
    def on_epoch_end(self, epoch, logs=None):
        if epoch % 2 == 0:
            self.state.optimizer.learning_rate /= 2


# every epoch
@wrong_class("HalveTheRate", "every-epoch")
class EachEpoch(sgd.Callback):
    def on_epoch_end(self, epoch, logs=None):
        self.state.optimizer.learning_rate /= 2


# begin
@wrong_class("HalveTheRate", "at-epoch-begin")
class AtBegin(sgd.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch % 2 == 1:
            self.state.optimizer.learning_rate /= 2


# local variable
@wrong_class("HalveTheRate", "rate-never-moves")
class LocalRate(sgd.Callback):
    def on_epoch_end(self, epoch, logs=None):
        learning_rate = self.state.optimizer.learning_rate
        if epoch % 2 == 1:
            learning_rate /= 2


# sets on the state
@wrong_class("HalveTheRate", "rate-never-moves")
class RateOfTheState(sgd.Callback):
    def on_epoch_end(self, epoch, logs=None):
        if epoch % 2 == 1:
            self.state.learning_rate = self.state.optimizer.learning_rate / 2


# batch hook
@wrong_class("HalveTheRate", "every-second-batch")
class EachSecondBatch(sgd.Callback):
    def on_train_batch_end(self, batch, logs=None):
        if batch % 2 == 1:
            self.state.optimizer.learning_rate /= 2


# misspelt
@wrong_class("HalveTheRate", "rate-never-moves")
class MisspeltHook(sgd.Callback):
    def on_epoch_ended(self, epoch, logs=None):
        if epoch % 2 == 1:
            self.state.optimizer.learning_rate /= 2


# parameters
@wrong_class("HalveTheRate", "raises-an-error")
class NoEpochArgument(sgd.Callback):
    def on_epoch_end(self, logs=None):
        if self.state.epoch % 2 == 1:
            self.state.optimizer.learning_rate /= 2


# halving only once
@wrong_class("HalveTheRate", "halves-only-once")
class OnlyOnce(sgd.Callback):
    def on_epoch_end(self, epoch, logs=None):
        if epoch == 1:
            self.state.optimizer.learning_rate /= 2


# doubled
@wrong_class("HalveTheRate", "doubles")
class Doubles(sgd.Callback):
    def on_epoch_end(self, epoch, logs=None):
        if epoch % 2 == 1:
            self.state.optimizer.learning_rate *= 2


# keras's spelling
@wrong_class("HalveTheRate", "raises-an-error")
class ModelAsInKeras(sgd.Callback):
    def on_epoch_end(self, epoch, logs=None):
        if epoch % 2 == 1:
            self.model.optimizer.learning_rate /= 2


# ---- CountUpdates ------------------------------------------------------------------------------


@right_class("CountUpdates")
class FromTrainBegin(sgd.Callback):
    updates = 0

    def on_train_begin(self, logs=None):
        self.updates = 0

    def on_train_batch_end(self, batch, logs=None):
        self.updates = self.updates + 1


@right_class("CountUpdates")
class CounterOfBatches(sgd.Callback):
    def __init__(self):
        self.batches = Counter()

    def on_train_batch_end(self, batch, logs=None):
        self.batches[batch] += 1

    @property
    def updates(self):
        return sum(self.batches.values())


# counts epochs
@wrong_class("CountUpdates", "counts-epochs")
class Epochs(sgd.Callback):
    def __init__(self):
        self.updates = 0

    def on_epoch_end(self, epoch, logs=None):
        self.updates += 1


# reset each epoch
@wrong_class("CountUpdates", "starts-anew-each-epoch")
class SetBack(sgd.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        self.updates = 0

    def on_train_batch_end(self, batch, logs=None):
        self.updates += 1


# test hook
@wrong_class("CountUpdates", "counts-validation-only")
class TestBatches(sgd.Callback):
    def __init__(self):
        self.updates = 0

    def on_test_batch_end(self, batch, logs=None):
        self.updates += 1


# the batch number
@wrong_class("CountUpdates", "keeps-the-batch-number")
class TheBatchNumber(sgd.Callback):
    def __init__(self):
        self.updates = 0

    def on_train_batch_end(self, batch, logs=None):
        self.updates = batch


# batch + 1
@wrong_class("CountUpdates", "starts-anew-each-epoch")
class BatchNumberPlusOne(sgd.Callback):
    def __init__(self):
        self.updates = 0

    def on_train_batch_end(self, batch, logs=None):
        self.updates = batch + 1


# adds batch number
@wrong_class("CountUpdates", "adds-batch-numbers")
class SumOfBatchNumbers(sgd.Callback):
    def __init__(self):
        self.updates = 0

    def on_train_batch_end(self, batch, logs=None):
        self.updates += batch


# both begin and end
@wrong_class("CountUpdates", "counts-begin-and-end")
class BeginAndEnd(sgd.Callback):
    def __init__(self):
        self.updates = 0

    def on_train_batch_begin(self, batch, logs=None):
        self.updates += 1

    def on_train_batch_end(self, batch, logs=None):
        self.updates += 1


# train and test batches
@wrong_class("CountUpdates", "counts-validation-batches")
class TestBatchesToo(sgd.Callback):
    def __init__(self):
        self.updates = 0

    def on_train_batch_end(self, batch, logs=None):
        self.updates += 1

    def on_test_batch_end(self, batch, logs=None):
        self.updates += 1


# forgets init: attribute does not exist
@wrong_class("CountUpdates", "raises-an-error")
class NeverSetToZero(sgd.Callback):
    def on_train_batch_end(self, batch, logs=None):
        self.updates += 1


# ---- Order the lines ---------------------------------------------------------------------------

order(
    "order_forward",
    """
    h, activations = x, [x]
    for kernel, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        z = sgd.dense(h, kernel, bias)
        h = sgd.relu(z)
        activations.append(h)
    logits = sgd.dense(h, weights[-2], weights[-1])
    return logits, activations
    """,
)

# notes the values before the ReLU
order(
    "order_forward",
    """
    h, activations = x, [x]
    for kernel, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        z = sgd.dense(h, kernel, bias)
        activations.append(z)
        h = sgd.relu(z)
    logits = sgd.dense(h, weights[-2], weights[-1])
    return logits, activations
    """,
    "collected-before-relu",
)

# list begins empty: x is missing
order(
    "order_forward",
    """
    h, activations = x, []
    for kernel, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        z = sgd.dense(h, kernel, bias)
        h = sgd.relu(z)
        activations.append(h)
    logits = sgd.dense(h, weights[-2], weights[-1])
    return logits, activations
    """,
    "input-not-collected",
)

# ReLU behind the last layer too
order(
    "order_forward",
    """
    h, activations = x, [x]
    for kernel, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        z = sgd.dense(h, kernel, bias)
        h = sgd.relu(z)
        activations.append(h)
    logits = sgd.relu(sgd.dense(h, weights[-2], weights[-1]))
    return logits, activations
    """,
    "relu-on-last-layer",
)

# appends h before it is computed anew
order(
    "order_forward",
    """
    h, activations = x, [x]
    for kernel, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        activations.append(h)
        z = sgd.dense(h, kernel, bias)
        h = sgd.relu(z)
    logits = sgd.dense(h, weights[-2], weights[-1])
    return logits, activations
    """,
    "collected-too-early",
)

order(
    "order_numerical_gradient",
    """
    weights = [w.copy() for w in weights]
    gradients = [np.zeros_like(w) for w in weights]
    for w, gradient in zip(weights, gradients, strict=True):
        for index in np.ndindex(w.shape):
            middle = w[index]
            w[index] = middle + epsilon
            above = loss_function(weights)
            w[index] = middle - epsilon
            below = loss_function(weights)
            w[index] = middle
            gradient[index] = (above - below) / (2 * epsilon)
    return gradients
    """,
)

# steps back once only from above: lands in the middle
order(
    "order_numerical_gradient",
    """
    weights = [w.copy() for w in weights]
    gradients = [np.zeros_like(w) for w in weights]
    for w, gradient in zip(weights, gradients, strict=True):
        for index in np.ndindex(w.shape):
            middle = w[index]
            w[index] = middle + epsilon
            above = loss_function(weights)
            w[index] = w[index] - epsilon
            below = loss_function(weights)
            w[index] = middle
            gradient[index] = (above - below) / (2 * epsilon)
    return gradients
    """,
    "back-to-the-middle",
)

# divides by epsilon
order(
    "order_numerical_gradient",
    """
    weights = [w.copy() for w in weights]
    gradients = [np.zeros_like(w) for w in weights]
    for w, gradient in zip(weights, gradients, strict=True):
        for index in np.ndindex(w.shape):
            middle = w[index]
            w[index] = middle + epsilon
            above = loss_function(weights)
            w[index] = middle - epsilon
            below = loss_function(weights)
            w[index] = middle
            gradient[index] = (above - below) / epsilon
    return gradients
    """,
    "half-the-distance",
)

# weight not put back
order(
    "order_numerical_gradient",
    """
    weights = [w.copy() for w in weights]
    gradients = [np.zeros_like(w) for w in weights]
    for w, gradient in zip(weights, gradients, strict=True):
        for index in np.ndindex(w.shape):
            middle = w[index]
            w[index] = middle + epsilon
            above = loss_function(weights)
            w[index] = middle - epsilon
            below = loss_function(weights)
            gradient[index] = (above - below) / (2 * epsilon)
    return gradients
    """,
    "weight-not-restored",
)

order(
    "order_train_step",
    """
    logits, activations = sgd.forward(weights, x)
    loss = sgd.sparse_categorical_crossentropy(y_true, logits).mean()
    dlogits = sgd.loss_gradient(y_true, logits)
    gradients = sgd.backward(weights, activations, dlogits)
    weights = optimizer.update(weights, gradients)
    return weights, loss, sgd.accuracy(y_true, logits)
    """,
)

# softmax applied twice
order(
    "order_train_step",
    """
    logits, activations = sgd.forward(weights, x)
    loss = sgd.sparse_categorical_crossentropy(y_true, logits).mean()
    dlogits = sgd.loss_gradient(y_true, sgd.softmax(logits))
    gradients = sgd.backward(weights, activations, dlogits)
    weights = optimizer.update(weights, gradients)
    return weights, loss, sgd.accuracy(y_true, logits)
    """,
    "softmax-twice",
)

# sum in place of the mean
order(
    "order_train_step",
    """
    logits, activations = sgd.forward(weights, x)
    loss = sgd.sparse_categorical_crossentropy(y_true, logits).sum()
    dlogits = sgd.loss_gradient(y_true, logits)
    gradients = sgd.backward(weights, activations, dlogits)
    weights = optimizer.update(weights, gradients)
    return weights, loss, sgd.accuracy(y_true, logits)
    """,
    "sum-for-mean",
)

# loss measured after the update
order(
    "order_train_step",
    """
    logits, activations = sgd.forward(weights, x)
    dlogits = sgd.loss_gradient(y_true, logits)
    gradients = sgd.backward(weights, activations, dlogits)
    weights = optimizer.update(weights, gradients)
    logits, _ = sgd.forward(weights, x)
    loss = sgd.sparse_categorical_crossentropy(y_true, logits).mean()
    return weights, loss, sgd.accuracy(y_true, logits)
    """,
    "loss-after-update",
)

# update before the gradients exist
order(
    "order_train_step",
    """
    logits, activations = sgd.forward(weights, x)
    loss = sgd.sparse_categorical_crossentropy(y_true, logits).mean()
    dlogits = sgd.loss_gradient(y_true, logits)
    weights = optimizer.update(weights, gradients)
    gradients = sgd.backward(weights, activations, dlogits)
    return weights, loss, sgd.accuracy(y_true, logits)
    """,
    "raises-an-error",
)

order(
    "order_fit_textbook",
    """
    history = {"loss": [], "accuracy": []}
    for epoch in range(epochs):
        order = sgd.shuffle_indices(len(x), rng)
        loss_sum = acc_sum = 0.0
        for rows in sgd.split_batches(order, batch_size):
            weights, loss, acc = sgd.train_step(weights, opt, x[rows], y[rows])
            loss_sum += loss * len(rows)
            acc_sum += acc * len(rows)
        history["loss"].append(loss_sum / len(x))
        history["accuracy"].append(acc_sum / len(x))
    return weights, history
    """,
)

# shuffled once
order(
    "order_fit_textbook",
    """
    history = {"loss": [], "accuracy": []}
    order = sgd.shuffle_indices(len(x), rng)
    for epoch in range(epochs):
        loss_sum = acc_sum = 0.0
        for rows in sgd.split_batches(order, batch_size):
            weights, loss, acc = sgd.train_step(weights, opt, x[rows], y[rows])
            loss_sum += loss * len(rows)
            acc_sum += acc * len(rows)
        history["loss"].append(loss_sum / len(x))
        history["accuracy"].append(acc_sum / len(x))
    return weights, history
    """,
    "shuffles-once",
)

# sums not set back per epoch
order(
    "order_fit_textbook",
    """
    history = {"loss": [], "accuracy": []}
    loss_sum = acc_sum = 0.0
    for epoch in range(epochs):
        order = sgd.shuffle_indices(len(x), rng)
        for rows in sgd.split_batches(order, batch_size):
            weights, loss, acc = sgd.train_step(weights, opt, x[rows], y[rows])
            loss_sum += loss * len(rows)
            acc_sum += acc * len(rows)
        history["loss"].append(loss_sum / len(x))
        history["accuracy"].append(acc_sum / len(x))
    return weights, history
    """,
    "sums-never-set-back",
)

# loss not weighted by rows
order(
    "order_fit_textbook",
    """
    history = {"loss": [], "accuracy": []}
    for epoch in range(epochs):
        order = sgd.shuffle_indices(len(x), rng)
        loss_sum = acc_sum = 0.0
        for rows in sgd.split_batches(order, batch_size):
            weights, loss, acc = sgd.train_step(weights, opt, x[rows], y[rows])
            loss_sum += loss
            acc_sum += acc * len(rows)
        history["loss"].append(loss_sum / len(x))
        history["accuracy"].append(acc_sum / len(x))
    return weights, history
    """,
    "batch-losses-not-weighted",
)

# ---- Second round ----------------------------------------------------------------------------


# reverses instead of shuffling
@wrong("shuffle_indices", "reverses")
def _(num_samples, rng):
    return np.arange(num_samples)[::-1]


# makes one swap of two rows only
@wrong("shuffle_indices", "few-rows-moved")
def _(num_samples, rng):
    order = np.arange(num_samples)
    i, j = rng.integers(num_samples, size=2)
    order[i], order[j] = order[j], order[i]
    return order


# puts the smaller batch first
@wrong("split_batches", "smaller-batch-first")
def _(indices, batch_size):
    rest = len(indices) % batch_size
    if rest:
        yield indices[:rest]
    for start in range(rest, len(indices), batch_size):
        yield indices[start : start + batch_size]


# adds an empty batch when it divides evenly
@wrong("split_batches", "empty-batch-at-the-end")
def _(indices, batch_size):
    full = len(indices) // batch_size
    for i in range(full):
        yield indices[i * batch_size : (i + 1) * batch_size]
    yield indices[full * batch_size :]


# drops a batch when there is less than one full batch: returns max(1, floor)
@wrong("steps_per_epoch", "rounds-down")
def _(num_samples, batch_size):
    return max(1, num_samples // batch_size)


# adds a batch only when the rest fills at least half
@wrong("steps_per_epoch", "rounds-to-nearest")
def _(num_samples, batch_size):
    return int(num_samples / batch_size + 0.5)


# without replacement within a batch only
@wrong("deal_epoch", "draws-each-batch-anew")
def _(x, y, batch_size, rng):
    for _ in range(0, len(x), batch_size):
        rows = rng.choice(len(x), size=min(batch_size, len(x)), replace=False)
        yield x[rows], y[rows]


# takes away the mean instead of the maximum
@wrong("softmax", "too-little-taken-away")
def _(logits):
    e = np.exp(logits - logits.mean(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


# divides by the number of classes
@wrong("accuracy", "divided-by-classes")
def _(y_true, logits):
    return np.sum(logits.argmax(axis=1) == y_true) / logits.shape[1]


# divides by n only the true class's entry (p not divided)
@wrong("loss_gradient", "only-one-hot-divided")
def _(y_true, logits):
    d = sgd.softmax(logits)
    d[np.arange(len(y_true)), y_true] -= 1 / len(y_true)
    return d


# kernel gradient divided by n a second time
@wrong("dense_gradients", "divided-twice")
def _(x, kernel, doutputs):
    return x.T @ doutputs / len(x), doutputs.sum(axis=0), doutputs @ kernel.T


# scales by 2 as if the rate were always 0.5
@wrong("dropout_gradient", "rate-taken-for-one-half")
def _(doutputs, keep, rate):
    return doutputs * keep * 2


# returns after the first array (return inside the loop)
@wrong("sgd_update", "first-array-only")
def _(weights, gradients, learning_rate):
    new = []
    for w, g in zip(weights, gradients):
        new.append(w - learning_rate * g)
        return new


# moves the kernels only, leaves the biases
@wrong("sgd_update", "kernels-only")
def _(weights, gradients, learning_rate):
    return [w - learning_rate * g if w.ndim == 2 else w for w, g in zip(weights, gradients)]


# positive velocity convention: v = m v + lr g; w - v
@wrong("momentum_update", "minus-outside-the-velocity")
def _(weights, velocities, gradients, learning_rate, momentum):
    nv = [momentum * v + learning_rate * g for v, g in zip(velocities, gradients)]
    return [w - v for w, v in zip(weights, nv)], nv


# rate applied to the whole velocity: lr outside
@wrong("momentum_update", "rate-outside-the-velocity")
def _(weights, velocities, gradients, learning_rate, momentum):
    nv = [momentum * v - g for v, g in zip(velocities, gradients)]
    return [w + learning_rate * v for w, v in zip(weights, nv)], nv


# weights follow the plain gradient, velocity only noted
@wrong("momentum_update", "velocity-not-used")
def _(weights, velocities, gradients, learning_rate, momentum):
    nv = [momentum * v - learning_rate * g for v, g in zip(velocities, gradients)]
    return [w - learning_rate * g for w, g in zip(weights, gradients)], nv


# gradient is subtracted twice: w + v + m*v - lr*g
@wrong("nesterov_update", "both-steps")
def _(weights, velocities, gradients, learning_rate, momentum):
    v2 = [momentum * v - learning_rate * g for v, g in zip(velocities, gradients)]
    return [w + v + momentum * v - learning_rate * g for w, v, g in zip(weights, v2, gradients)], v2


# one step for each row, one after the other
@wrong("gradient_step", "one-step-per-row")
def _(weights, x, y_true, learning_rate):
    for i in range(len(x)):
        logits, activations = sgd.forward(weights, x[i : i + 1])
        grads = sgd.backward(weights, activations, sgd.loss_gradient(y_true[i : i + 1], logits))
        weights = [w - learning_rate / len(x) * g for w, g in zip(weights, grads)]
    return weights


# uses SGD()'s default rate instead of learning_rate
@wrong("gradient_step", "rate-not-passed-on")
def _(weights, x, y_true, learning_rate):
    return sgd.train_step(weights, sgd.SGD(), x, y_true)[0]


# treats every batch as having the size of the first
@wrong("running_mean", "rows-of-the-first")
def _(losses, rows):
    return np.cumsum(losses * rows) / (rows[0] * np.arange(1, len(losses) + 1))


# difference of absolute values: blind to the sign
@wrong("largest_difference", "signs-dropped-too-early")
def _(weights, others):
    return max(np.abs(np.abs(a) - np.abs(b)).max() for a, b in zip(weights, others))


# calls train_step twice, so updates twice, for the second loss
@wrong("reported_loss", "second-step-for-the-loss")
def _(weights, optimizer, x, y_true):
    weights, _, _ = sgd.train_step(weights, optimizer, x, y_true)
    _, loss, _ = sgd.train_step(weights, optimizer, x, y_true)
    return weights, loss


# linear between the corners of the staircase
@wrong("exponential_decay", "linear-between-decays")
def _(initial_learning_rate, decay_steps, decay_rate, step):
    k, r = divmod(step, decay_steps)
    a = initial_learning_rate * decay_rate**k
    return a + (a * decay_rate - a) * r / decay_steps


# sums the signed numbers: no squares before
@wrong("clip_by_global_norm", "sum-of-absolute-values")
def _(gradients, global_clipnorm):
    norm = abs(sum(g.sum() for g in gradients))
    return [g * global_clipnorm / max(norm, global_clipnorm) for g in gradients]


# spares the biases
@wrong("weight_decay_update", "kernels-only")
def _(weights, gradients, learning_rate, weight_decay):
    return [
        w - learning_rate * g - (learning_rate * weight_decay * w if w.ndim > 1 else 0)
        for w, g in zip(weights, gradients)
    ]


# takes away the same amount from every weight, with its sign (L1)
@wrong("weight_decay_update", "same-amount-for-all")
def _(weights, gradients, learning_rate, weight_decay):
    return [
        w - learning_rate * weight_decay * np.sign(w) - learning_rate * g
        for w, g in zip(weights, gradients)
    ]


# takes only the last batch's gradient divided by k
@wrong("accumulate_gradients", "last-batch-only")
def _(weights, batches_of_gradients, learning_rate):
    return [
        w - learning_rate * g / len(batches_of_gradients)
        for w, g in zip(weights, batches_of_gradients[-1])
    ]


# running half-and-half mean: right for two batches only
@wrong("accumulate_gradients", "half-old-half-new")
def _(weights, batches_of_gradients, learning_rate):
    mean = batches_of_gradients[0]
    for batch in batches_of_gradients[1:]:
        mean = [(m + g) / 2 for m, g in zip(mean, batch)]
    return [w - learning_rate * m for w, m in zip(weights, mean)]


# divides by 2 always
@wrong("accumulate_gradients", "two-batches-taken-for-granted")
def _(weights, batches_of_gradients, learning_rate):
    return [w - learning_rate * sum(gs) / 2 for w, gs in zip(weights, zip(*batches_of_gradients))]


# looks only at the one best of all: best epoch + patience
@wrong("early_stopping", "knows-the-end")
def _(val_losses, patience):
    stop = int(np.argmin(val_losses)) + patience
    return stop if stop < len(val_losses) else None


# even epochs but spares epoch 0: after 2, 4, 6
@wrong_class("HalveTheRate", "after-even-epochs-but-the-first")
class HalvesAfterTwoFourSix(sgd.Callback):
    def on_epoch_end(self, epoch, logs=None):
        if epoch > 0 and epoch % 2 == 0:
            self.state.optimizer.learning_rate /= 2


# lists 1, 3 and 5 only, forgets 'and so on'
@wrong_class("HalveTheRate", "only-what-was-listed")
class HalvesThreeTimes(sgd.Callback):
    def on_epoch_end(self, epoch, logs=None):
        if epoch in (1, 3, 5):
            self.state.optimizer.learning_rate /= 2
