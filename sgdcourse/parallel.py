"""Data-parallel SGD: several replicas share a batch, and make one update together.

Each replica holds all weights and takes a part of the rows. What travels between the replicas is
not rows but gradients, as many numbers as there are weights, in every step::

    batch -> split_over_replicas -> gradients, one set per replica -> mean_over_replicas -> update

The replicas of this room are turns of a Python loop. ``workers`` starts real processes.
"""

import math

import numpy as np

from sgdcourse import _checks
from sgdcourse._types import Array, Weights
from sgdcourse.gradients import backward, loss_gradient
from sgdcourse.losses import accuracy, sparse_categorical_crossentropy
from sgdcourse.model import forward
from sgdcourse.optimizers import SGD


def split_over_replicas(rows: Array, num_replicas: int) -> list[Array]:
    r"""Cut the rows of one batch into one part per replica, as tf.distribute does.

    Each part has :math:`\lceil n / R \rceil` rows, until the rows run out: the last part may be
    smaller, and a replica may get no row at all.

    Parameters
    ----------
    rows : (n,) integers
        The row numbers of one batch.
    num_replicas : int
        R.

    Returns
    -------
    parts : list of R arrays

    Examples
    --------
    >>> [part.tolist() for part in split_over_replicas(np.arange(7), 2)]
    [[0, 1, 2, 3], [4, 5, 6]]
    >>> [part.tolist() for part in split_over_replicas(np.arange(6), 4)]
    [[0, 1], [2, 3], [4, 5], []]

    References
    ----------
    ``tensorflow/python/data/experimental/ops/distribute.py``, ``_LegacyRebatchDataset``.
    """
    share = -(-len(rows) // num_replicas)  # floor division of the negative rounds up
    return [rows[i * share : (i + 1) * share] for i in range(num_replicas)]


def mean_over_replicas(gradients: list[Weights]) -> Weights:
    r"""Average the gradients of all replicas: the all-reduce of one step.

    .. math:: \bar g = \sum_{r=1}^{R} \frac{1}{R}\, g_r

    Keras divides the loss of each replica by R, and then sums the gradients. Every replica counts
    alike, however many rows it had; one without rows brings zeros, and is counted, too.

    Parameters
    ----------
    gradients : list of lists of arrays
        For each replica the gradient of the mean loss over its own rows.

    Returns
    -------
    gradients : list of arrays

    Examples
    --------
    >>> mean_over_replicas([[np.array([1.0, 2.0])], [np.array([3.0, 6.0])]])
    [array([2., 4.])]

    References
    ----------
    Keras: ``keras/src/losses/loss.py``, ``scale_loss_for_distribution``, and
    ``keras/src/backend/tensorflow/optimizer.py``, ``_all_reduce_sum_gradients``.
    """
    return [sum(arrays) / len(gradients) for arrays in zip(*gradients, strict=True)]


def train_step(
    weights: Weights, optimizer: SGD, x: Array, y_true: Array, num_replicas: int
) -> tuple[Weights, float, float]:
    """Make one update from one batch, which the replicas share.

    Parameters
    ----------
    weights : list of arrays
        Every replica starts from these; they are not changed.
    optimizer : SGD
        In tf.distribute each replica holds its own copy. All make the same update, so one is
        enough here.
    x : (n, n_in) floats
        The rows of the whole batch.
    y_true : (n,) integers
        Their classes.
    num_replicas : int
        Among how many the rows are split.

    Returns
    -------
    weights : list of arrays
        The new weights, the same on every replica.
    loss, accuracy : floats
        Over all rows of the batch, from before the update. Here each ROW counts alike.

    Raises
    ------
    TypeError, ValueError
        If ``num_replicas`` is not a positive integer.

    Examples
    --------
    Two replicas and four rows: the update of one device.

    >>> from sgdcourse import training
    >>> weights = [np.zeros((1, 2)), np.zeros(2)]
    >>> x, y_true = np.array([[1.0], [2.0], [3.0], [5.0]]), np.array([0, 1, 1, 0])
    >>> train_step(weights, SGD(1.0), x, y_true, num_replicas=2)[0][0]
    array([[ 0.125, -0.125]])
    >>> training.train_step(weights, SGD(1.0), x, y_true)[0][0]
    array([[ 0.125, -0.125]])

    Three rows, split 2 + 1: another update.

    >>> train_step(weights, SGD(1.0), x[:3], y_true[:3], num_replicas=2)[0][0]
    array([[-0.875,  0.875]])
    >>> training.train_step(weights, SGD(1.0), x[:3], y_true[:3])[0][0].round(3)
    array([[-0.667,  0.667]])
    """
    num_replicas = _checks.integer("num_replicas", num_replicas, at_least=1)
    gradients, outputs = [], []
    for rows in split_over_replicas(np.arange(len(x)), num_replicas):
        logits, activations = forward(weights, x[rows])
        dlogits = loss_gradient(y_true[rows], logits)  # the mean over the rows of this replica
        gradients.append(backward(weights, activations, dlogits))
        outputs.append(logits)
    weights = optimizer.update(weights, mean_over_replicas(gradients))
    logits = np.concatenate(outputs)
    loss = sparse_categorical_crossentropy(y_true, logits).mean()
    return weights, float(loss), accuracy(y_true, logits)


def ring_all_reduce(vectors: list[Array]) -> tuple[list[Array], list[int]]:
    """Sum a vector over all workers, each of which sends only to its right neighbour.

    The vector is cut into as many pieces as there are workers, n. In each of n - 1 rounds every
    worker sends one piece to the right, and adds the piece that comes from the left. After that
    each worker holds one piece that is summed completely, and n - 1 further rounds pass these
    pieces around.

    Parameters
    ----------
    vectors : list of (k,) arrays
        One per worker; they are not changed.

    Returns
    -------
    sums : list of (k,) arrays
        What each worker holds in the end: the same sum, bit for bit.
    bytes_sent : list of int
        By each worker: about 2 (n - 1) / n times the size of the vector, however many there are.

    Raises
    ------
    ValueError
        If the vectors differ in shape or dtype, or if there is none.

    Examples
    --------
    >>> sums, bytes_sent = ring_all_reduce([np.array([1, 2, 3]), np.array([10, 20, 30]),
    ...                                     np.array([100, 200, 300])])
    >>> sums[0], bytes_sent
    (array([111, 222, 333]), [32, 32, 32])

    References
    ----------
    Patarasuk and Yuan (2009), "Bandwidth optimal all-reduce algorithms for clusters of
    workstations".
    """
    _check_vectors(vectors)
    n = len(vectors)
    pieces = [np.array_split(vector.copy(), n) for vector in vectors]  # pieces[worker][piece]
    bytes_sent = [0] * n
    for step in range(2 * (n - 1)):
        on_the_way = [pieces[worker][(worker - step) % n].copy() for worker in range(n)]
        for left, arriving in enumerate(on_the_way):
            worker, piece = (left + 1) % n, (left - step) % n
            if step < n - 1:
                pieces[worker][piece] += arriving
            else:
                pieces[worker][piece] = arriving
            bytes_sent[left] += arriving.nbytes
    return [np.concatenate(own) for own in pieces], bytes_sent


def _check_vectors(vectors: list[Array]) -> None:
    kinds = sorted({f"{vector.dtype}{list(vector.shape)}" for vector in vectors})
    if len(kinds) != 1 or vectors[0].ndim != 1:
        raise ValueError(
            "vectors must be one or more one-dimensional arrays of the same length and dtype. "
            f"Received: {', '.join(kinds) or 'an empty list'}. Join several arrays into one "
            "vector: np.concatenate([g.ravel() for g in gradients])."
        )


def ring_bytes(num_weights: int, num_workers: int, bytes_per_weight: int = 4) -> float:
    r"""How many bytes each worker of a ring sends in one step.

    .. math:: 2\, \frac{n - 1}{n}\, k\, b

    Parameters
    ----------
    num_weights : int
        k: a gradient has as many numbers as there are weights.
    num_workers : int
        n.
    bytes_per_weight : int
        b: 4 for float32.

    Returns
    -------
    bytes_sent : float
        It receives as many.

    Examples
    --------
    >>> ring_bytes(101_770, 2), ring_bytes(101_770, 4)
    (407080.0, 610620.0)
    """
    return 2 * (num_workers - 1) / num_workers * num_weights * bytes_per_weight


def all_reduce_seconds(
    num_workers: int, num_bytes: float, *, latency: float, bandwidth: float, kind: str = "ring"
) -> float:
    r"""How long an all-reduce takes, on paper.

    .. math:: m\, \alpha + 2\, \frac{n - 1}{n}\, \frac{S}{\beta}, \qquad
       m = 2 (n - 1) \;\text{for a ring}, \qquad
       m = 2 \lceil \log_2 n \rceil \;\text{for halving and doubling}

    Both send the same number of bytes. In a ring they travel in many small messages, one after
    another. Halving and doubling exchanges half of the vector with a far worker, then a quarter
    with another one, and so on, and back again: few messages.

    Parameters
    ----------
    num_workers : int
        n.
    num_bytes : float
        S, the size of the vector.
    latency : float
        :math:`\alpha`, the seconds that a message takes, however small it is.
    bandwidth : float
        :math:`\beta`, bytes per second that a worker can send.
    kind : {"ring", "halving"}

    Returns
    -------
    seconds : float

    Raises
    ------
    TypeError, ValueError
        If an argument breaks its rule.

    Examples
    --------
    >>> round(all_reduce_seconds(4, 407_080, latency=50e-6, bandwidth=1.25e9), 7)
    0.0007885
    >>> round(all_reduce_seconds(4, 407_080, latency=50e-6, bandwidth=1.25e9, kind="halving"), 7)
    0.0006885

    References
    ----------
    Thakur, Rabenseifner and Gropp (2005), "Optimization of collective communication operations in
    MPICH".
    """
    n = _checks.integer("num_workers", num_workers, at_least=1)
    num_bytes = _checks.number("num_bytes", num_bytes, at_least=0)
    latency = _checks.number("latency", latency, at_least=0)
    bandwidth = _checks.number("bandwidth", bandwidth, above=0)
    kind = _checks.choice("kind", kind, ("ring", "halving"))
    messages = 2 * (n - 1) if kind == "ring" else 2 * math.ceil(math.log2(n))
    return messages * latency + 2 * (n - 1) / n * num_bytes / bandwidth
