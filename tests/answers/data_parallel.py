"""Answers to the exercises of notebook 10."""

import math

import numpy as np

from tests.answers import right, wrong

# ---- split_over_replicas -----------------------------------------------------------------------


@right("split_over_replicas")
def _(rows, num_replicas):
    size = math.ceil(len(rows) / num_replicas)
    parts = []
    for replica in range(num_replicas):
        parts.append(rows[replica * size : replica * size + size])
    return parts


@right("split_over_replicas")
def _(rows, num_replicas):
    size = (len(rows) + num_replicas - 1) // num_replicas
    cuts = [min(size * i, len(rows)) for i in range(1, num_replicas)]
    return np.split(rows, cuts)


@right("split_over_replicas")
def _(rows, num_replicas):
    size, rest = divmod(len(rows), num_replicas)
    if rest > 0:
        size += 1
    parts = [[] for _ in range(num_replicas)]
    for position, row in enumerate(rows):
        parts[position // size].append(row)
    return [np.array(part, dtype=rows.dtype) for part in parts]


@wrong("split_over_replicas", "evens-out")
def _(rows, num_replicas):
    size, rest = divmod(len(rows), num_replicas)
    parts, start = [], 0
    for replica in range(num_replicas):
        end = start + size + (replica < rest)
        parts.append(rows[start:end])
        start = end
    return parts


@wrong("split_over_replicas", "rounds-down")
def _(rows, num_replicas):
    size = int(len(rows) / num_replicas)
    return list(rows[: size * num_replicas].reshape(num_replicas, size))


@wrong("split_over_replicas", "rest-to-the-last")
def _(rows, num_replicas):
    size = len(rows) // num_replicas
    parts = [rows[i * size : (i + 1) * size] for i in range(num_replicas - 1)]
    return [*parts, rows[(num_replicas - 1) * size :]]


@wrong("split_over_replicas", "always-one-more")
def _(rows, num_replicas):
    size = int(len(rows) / num_replicas + 1)
    return [rows[i : i + size] for i in range(0, size * num_replicas, size)]


@wrong("split_over_replicas", "deals-in-turn")
def _(rows, num_replicas):
    numbers = np.arange(len(rows))
    return [rows[numbers % num_replicas == replica] for replica in range(num_replicas)]


@wrong("split_over_replicas", "empty-parts-missing")
def _(rows, num_replicas):
    size = math.ceil(len(rows) / num_replicas)
    return [rows[start : start + size] for start in range(0, len(rows), size)]


@wrong("split_over_replicas", "whole-batch-for-each")
def _(rows, num_replicas):
    return [rows.copy() for _ in range(num_replicas)]


@wrong("split_over_replicas", "replicas-for-rows")
def _(rows, num_replicas):
    parts = []
    for i in range(num_replicas):
        parts.append(rows[num_replicas * i : num_replicas * i + num_replicas])
    return parts


@wrong("split_over_replicas", "returns-nothing")
def _(rows, num_replicas):
    size = math.ceil(len(rows) / num_replicas)
    [rows[i * size : (i + 1) * size] for i in range(num_replicas)]


# ---- mean_over_rows ----------------------------------------------------------------------------


@right("mean_over_rows")
def _(gradients, rows):
    shares = [n / sum(rows) for n in rows]
    return [
        sum(share * g for share, g in zip(shares, arrays)).astype(arrays[0].dtype)
        for arrays in zip(*gradients)
    ]


@right("mean_over_rows")
def _(gradients, rows):
    result = [np.zeros_like(g) for g in gradients[0]]
    for replica, n in zip(gradients, rows):
        for i, g in enumerate(replica):
            result[i] += n * g
    return [g / sum(rows) for g in result]


@right("mean_over_rows")
def _(gradients, rows):
    return [np.average(np.stack(arrays), axis=0, weights=rows) for arrays in zip(*gradients)]


@right("mean_over_rows")
def _(gradients, rows):
    means = []
    for arrays in zip(*gradients):
        means.append(np.einsum("r,r...->...", np.array(rows, float), np.array(arrays)) / sum(rows))
    return means


@wrong("mean_over_rows", "sum-for-mean")
def _(gradients, rows):
    return [sum(n * g for n, g in zip(rows, arrays)) for arrays in zip(*gradients)]


@wrong("mean_over_rows", "divides-by-the-replicas")
def _(gradients, rows):
    return [sum(n * g for n, g in zip(rows, arrays)) / len(gradients) for arrays in zip(*gradients)]


@wrong("mean_over_rows", "divides-twice")
def _(gradients, rows):
    shares = [n / sum(rows) for n in rows]
    means = []
    for arrays in zip(*gradients):
        means.append(sum(share * g for share, g in zip(shares, arrays)) / len(rows))
    return means


@wrong("mean_over_rows", "leaves-out-empty-replicas")
def _(gradients, rows):
    busy = [replica for replica, n in zip(gradients, rows) if n > 0]
    return [sum(arrays) / len(busy) for arrays in zip(*busy)]


@wrong("mean_over_rows", "upside-down")
def _(gradients, rows):
    shares = [1 / n if n else 0.0 for n in rows]
    return [
        sum(share * g for share, g in zip(shares, arrays)) / sum(shares)
        for arrays in zip(*gradients)
    ]


@wrong("mean_over_rows", "fullest-replica-only")
def _(gradients, rows):
    return gradients[rows.index(max(rows))]


@wrong("mean_over_rows", "adds-the-gradients")
def _(gradients, rows):
    return [sum(arrays) for arrays in zip(*gradients)]


@wrong("mean_over_rows", "returns-nothing")
def _(gradients, rows):
    for arrays in zip(*gradients):
        sum(n * g for n, g in zip(rows, arrays)) / sum(rows)


# ---- ring_bytes --------------------------------------------------------------------------------


@right("ring_bytes")
def _(num_weights, num_workers, bytes_per_weight):
    rounds = 2 * (num_workers - 1)
    piece = num_weights * bytes_per_weight / num_workers
    return rounds * piece


@right("ring_bytes")
def _(num_weights, num_workers, bytes_per_weight):
    sent = 0.0
    for _phase in ("sum", "pass around"):
        for _round in range(num_workers - 1):
            sent += num_weights / num_workers * bytes_per_weight
    return sent


@right("ring_bytes")
def _(num_weights, num_workers, bytes_per_weight):
    return 2 * num_weights * bytes_per_weight * (1 - 1 / num_workers)


@wrong("ring_bytes", "first-phase-only")
def _(num_weights, num_workers, bytes_per_weight):
    return num_weights * bytes_per_weight * (1 - 1 / num_workers)


@wrong("ring_bytes", "all-workers-together")
def _(num_weights, num_workers, bytes_per_weight):
    piece = num_weights * bytes_per_weight / num_workers
    return num_workers * 2 * (num_workers - 1) * piece


@wrong("ring_bytes", "all-workers-together")
def _(num_weights, num_workers, bytes_per_weight):
    return 2 * (num_workers - 1) * num_weights * bytes_per_weight


@wrong("ring_bytes", "sends-to-everybody")
def _(num_weights, num_workers, bytes_per_weight):
    sent = 0
    for _other in range(1, num_workers):
        sent += num_weights * bytes_per_weight
    return sent


@wrong("ring_bytes", "one-round-too-many")
def _(num_weights, num_workers, bytes_per_weight):
    return 2 * num_workers * (num_weights * bytes_per_weight / num_workers)


@wrong("ring_bytes", "one-round-too-many")
def _(num_weights, num_workers, bytes_per_weight):
    return 2 * num_weights * bytes_per_weight


@wrong("ring_bytes", "one-gradient")
def _(num_weights, num_workers, bytes_per_weight):
    return bytes_per_weight * num_weights


@wrong("ring_bytes", "numbers-for-bytes")
def _(num_weights, num_workers, bytes_per_weight):
    return 2 * (num_workers - 1) * num_weights / num_workers


@wrong("ring_bytes", "bits-for-bytes")
def _(num_weights, num_workers, bytes_per_weight):
    return 2 * (num_workers - 1) * num_weights * bytes_per_weight * 8 / num_workers


@wrong("ring_bytes", "one-piece-only")
def _(num_weights, num_workers, bytes_per_weight):
    return num_weights / num_workers * bytes_per_weight


@wrong("ring_bytes", "upside-down")
def _(num_weights, num_workers, bytes_per_weight):
    return 2 * (num_workers / (num_workers - 1)) * bytes_per_weight * num_weights


@wrong("ring_bytes", "prints-instead-of-returning")
def _(num_weights, num_workers, bytes_per_weight):
    print(2 * (num_workers - 1) / num_workers * num_weights * bytes_per_weight)
