"""Room 5, gradients: the direction in which the mean loss of this batch grows.

Read each function beside the forward function that it undoes.
"""

from collections.abc import Callable

import numpy as np

from sgdcourse._types import Array, Weights
from sgdcourse.model import softmax


def loss_gradient(
    y_true: Array,
    logits: Array,
    loss: str = "sparse_categorical_crossentropy",
    sample_weight: Array | None = None,
) -> Array:
    r"""Gradient of the MEAN loss of the batch, with respect to the last layer's outputs.

    .. math:: \frac{\partial L}{\partial z_{ik}} = \frac{p_{ik} - [k = y_i]}{n}
       \qquad\text{or}\qquad
       \frac{\partial L}{\partial \hat y_{ik}} = \frac{2 (\hat y_{ik} - y_{ik})}{n K}

    for cross-entropy behind a softmax, and for mean squared error. n is the number of rows in
    THIS batch: a small last batch is divided by its own size.

    Parameters
    ----------
    y_true : (n,) integers or (n, K) floats
        True classes, or the targets of mean squared error.
    logits : (n, K) floats
        Outputs of the last layer; for mean squared error they are the predictions.
    loss : str
        "sparse_categorical_crossentropy" or "mean_squared_error".
    sample_weight : (n,) floats, optional
        Weight of each row. As in Keras, the sum is divided by n, not by the sum of the weights.

    Returns
    -------
    dlogits : (n, K) floats

    Examples
    --------
    >>> loss_gradient(np.array([0, 1]), np.zeros((2, 2)))
    array([[-0.25,  0.25],
           [ 0.25, -0.25]])

    References
    ----------
    Keras: ``keras/src/losses/loss.py``, ``reduce_weighted_values``.
    """
    num_rows, num_outputs = logits.shape
    if loss == "mean_squared_error":
        dlogits = 2 * (logits - y_true) / num_outputs
    else:
        dlogits = softmax(logits)
        dlogits[np.arange(num_rows), y_true] -= 1  # p - one_hot(y)
    if sample_weight is not None:
        dlogits = dlogits * sample_weight[:, None]
    return dlogits / num_rows


def backward(
    weights: Weights, activations: list[Array], dlogits: Array, l2: float = 0.0
) -> Weights:
    r"""Backpropagation: the gradient of the loss for every weight, last layer first.

    .. math:: \frac{\partial L}{\partial W} = x^\top \delta, \qquad
       \frac{\partial L}{\partial b} = \sum_i \delta_i, \qquad
       \delta_\text{below} = (\delta\, W^\top) \odot [x > 0]

    where x is what went into the layer and :math:`\delta` the gradient at its outputs.

    Parameters
    ----------
    weights : list of arrays
        Kernel, bias, kernel, bias, ...; they are read, none is changed.
    activations : list of arrays
        ``[x, h1, h2, ...]`` from ``forward``.
    dlogits : (n, n_out) floats
        From ``loss_gradient``; the mean over the batch is in it already.
    l2 : float
        Factor of the penalty ``l2 * sum(W**2)`` on every kernel, as ``keras.regularizers.L2``:
        added whole, not divided by the batch size.

    Returns
    -------
    gradients : list of arrays
        Same order and shapes as ``weights``.

    Examples
    --------
    >>> weights = [np.array([[2.0]]), np.array([0.0])]
    >>> backward(weights, [np.array([[3.0], [5.0]])], np.array([[0.5], [0.5]]))
    [array([[4.]]), array([1.])]

    References
    ----------
    Rumelhart, Hinton and Williams (1986), "Learning representations by back-propagating errors".
    """
    gradients: Weights = []
    delta = dlogits
    for layer in reversed(range(len(activations))):
        x, kernel = activations[layer], weights[2 * layer]
        dkernel = x.T @ delta  # [n_in, n] @ [n, n_out] -> [n_in, n_out]
        dbias = delta.sum(axis=0)  # the bias was added to every row
        if l2:
            dkernel = dkernel + 2 * l2 * kernel
        gradients = [dkernel, dbias, *gradients]
        if layer > 0:
            delta = (delta @ kernel.T) * (x > 0)  # x is a ReLU's output: 0 where the unit was off
    return gradients


def numerical_gradient(
    loss_function: Callable[[Weights], float], weights: Weights, epsilon: float = 1e-6
) -> Weights:
    r"""Gradient by central differences: slow, and right by construction.

    .. math:: \frac{\partial L}{\partial w} \approx
       \frac{L(w + \varepsilon) - L(w - \varepsilon)}{2 \varepsilon}

    It is the judge of ``backward``: it knows nothing about layers, only how to call the loss.

    Parameters
    ----------
    loss_function : callable
        Takes a list of weights, returns one number.
    weights : list of float64 arrays
        Where to take the gradient; a copy is changed, never these. In float32 the difference
        of two nearly equal losses drowns in rounding.
    epsilon : float
        Step to each side.

    Returns
    -------
    gradients : list of arrays
        Same order and shapes as ``weights``; two calls of the loss for every single number.

    Examples
    --------
    >>> [g] = numerical_gradient(lambda weights: float(np.sum(weights[0] ** 2)), [np.arange(3.0)])
    >>> g.round(6)
    array([0., 2., 4.])
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
