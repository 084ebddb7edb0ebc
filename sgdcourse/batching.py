"""Room 2, batching: deal the rows of one epoch into batches."""

from collections.abc import Iterator

import numpy as np

from sgdcourse._types import Array


def shuffle_indices(num_samples: int, rng: np.random.Generator) -> Array:
    """Put the row numbers 0 to n - 1 in random order.

    Rows are never moved in memory. The *row numbers* are shuffled, and x and y are both read
    through them, so an image cannot lose its label.

    Parameters
    ----------
    num_samples : int
        Number of rows n.
    rng : numpy.random.Generator
        The source of randomness; it moves on, so the next call gives another order.

    Returns
    -------
    indices : (n,) int64
        Each row number exactly once.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> shuffle_indices(8, rng)
    array([2, 4, 3, 6, 5, 0, 1, 7])
    >>> shuffle_indices(8, rng)
    array([6, 2, 7, 4, 5, 1, 0, 3])

    References
    ----------
    Keras: ``keras/src/trainers/data_adapters/array_data_adapter.py``, ``get_tf_dataset``, where
    ``tf.random.shuffle(tf.range(n))`` does this.
    """
    return rng.permutation(num_samples)


def split_batches(indices: Array, batch_size: int) -> Iterator[Array]:
    """Cut the order of an epoch into batches; the last one may be smaller.

    Parameters
    ----------
    indices : (n,) integers
        The order in which the rows are dealt.
    batch_size : int
        Rows per batch.

    Yields
    ------
    rows : (batch_size,) integers
        The row numbers of one batch. The last batch holds what is left over; it is neither
        dropped nor padded.

    Examples
    --------
    >>> [rows.tolist() for rows in split_batches(np.array([2, 4, 3, 6, 5, 0, 1, 7]), 3)]
    [[2, 4, 3], [6, 5, 0], [1, 7]]

    References
    ----------
    Keras: ``keras/src/trainers/data_adapters/array_data_adapter.py``, ``slice_batch_indices``.
    """
    for start in range(0, len(indices), batch_size):
        yield indices[start : start + batch_size]


def steps_per_epoch(num_samples: int, batch_size: int) -> int:
    r"""Count the batches of one epoch, which is the number of updates.

    .. math:: \lceil n / \text{batch\_size} \rceil

    Parameters
    ----------
    num_samples : int
        Number of rows n.
    batch_size : int
        Rows per batch.

    Returns
    -------
    steps : int

    Examples
    --------
    >>> steps_per_epoch(60_000, 32), steps_per_epoch(60_000, 64), steps_per_epoch(8, 3)
    (1875, 938, 3)
    """
    return -(-num_samples // batch_size)  # floor division of the negative rounds up
