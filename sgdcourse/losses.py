"""Room 4, losses: how wrong each row is.

Losses are per row, as in Keras; ``train_step`` takes their mean.
"""

import numpy as np

from sgdcourse._types import Array


def sparse_categorical_crossentropy(y_true: Array, logits: Array) -> Array:
    r"""Minus the log of the probability that the true class got.

    .. math:: \ell_i = -\log p_{i, y_i} = \log \sum_k e^{z_{ik}} - z_{i, y_i}

    It is computed from the logits, not from the probabilities: ``log(softmax(z))`` would be
    ``log(0)`` as soon as a probability underflows. Keras does the same behind a softmax layer.

    Parameters
    ----------
    y_true : (n,) integers
        True classes, 0 to classes - 1 ("sparse": class numbers, not one-hot rows).
    logits : (n, classes) floats
        z, outputs of the last layer before its softmax.

    Returns
    -------
    losses : (n,) floats

    Examples
    --------
    >>> sparse_categorical_crossentropy(np.array([1, 0]), np.array([[0.0, 0.0], [-100.0, 0.0]]))
    array([  0.69314718, 100.        ])

    References
    ----------
    Keras: ``keras/src/backend/tensorflow/nn.py``, ``sparse_categorical_crossentropy``.
    """
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -log_probabilities[np.arange(len(y_true)), y_true]


def mean_squared_error(y_true: Array, y_pred: Array) -> Array:
    r"""Squared difference, averaged over the outputs of each row.

    .. math:: \ell_i = \frac{1}{K} \sum_{k=1}^{K} (\hat y_{ik} - y_{ik})^2

    Parameters
    ----------
    y_true : (n, K) floats
        Targets.
    y_pred : (n, K) floats
        Outputs of the model.

    Returns
    -------
    losses : (n,) floats

    Examples
    --------
    >>> mean_squared_error(np.array([[0.0, 0.0]]), np.array([[1.0, 3.0]]))
    array([5.])
    """
    return np.square(y_pred - y_true).mean(axis=1)


def accuracy(y_true: Array, logits: Array) -> float:
    """Share of the rows whose largest output stands at the true class.

    Softmax keeps the order, so logits and probabilities give the same answer.

    Parameters
    ----------
    y_true : (n,) integers
        True classes.
    logits : (n, classes) floats
        Logits or probabilities.

    Returns
    -------
    accuracy : float
        Between 0 and 1.

    Examples
    --------
    >>> accuracy(np.array([1, 0]), np.array([[0.1, 0.9], [0.2, 0.8]]))
    0.5
    """
    return float(np.mean(logits.argmax(axis=1) == y_true))
