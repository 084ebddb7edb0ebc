"""Room 3, model: a stack of Dense layers, as pure functions of its weights."""

from itertools import pairwise

import numpy as np
from numpy.typing import DTypeLike

from sgdcourse._types import Array, Weights


def init_weights(
    layer_sizes: list[int], rng: np.random.Generator, dtype: DTypeLike = "float32"
) -> Weights:
    r"""Draw the weights that a stack of Dense layers starts from.

    .. math:: W_{ij} \sim U(-r, r), \qquad r = \sqrt{6 / (n_\text{in} + n_\text{out})},
       \qquad b = 0

    This is Glorot's uniform rule, the default of ``keras.layers.Dense``.

    Parameters
    ----------
    layer_sizes : list of int
        Width of the input, of each hidden layer and of the output: ``[784, 128, 10]``.
    rng : numpy.random.Generator
        The source of randomness.
    dtype : str or numpy.dtype
        "float32", as in Keras, or "float64".

    Returns
    -------
    weights : list of arrays
        Kernel (n_in, n_out), bias (n_out,), kernel, bias, ...: the order of Keras's
        ``model.get_weights()``.

    Examples
    --------
    >>> weights = init_weights([784, 128, 10], np.random.default_rng(0))
    >>> [w.shape for w in weights], sum(w.size for w in weights)
    ([(784, 128), (128,), (128, 10), (10,)], 101770)

    References
    ----------
    Glorot and Bengio (2010), "Understanding the difficulty of training deep feedforward neural
    networks".
    """
    weights = []
    for fan_in, fan_out in pairwise(layer_sizes):
        limit = np.sqrt(6 / (fan_in + fan_out))
        weights.append(rng.uniform(-limit, limit, (fan_in, fan_out)).astype(dtype))
        weights.append(np.zeros(fan_out, dtype))
    return weights


def dense(x: Array, kernel: Array, bias: Array) -> Array:
    """One Dense layer without its activation: ``x @ W + b``.

    Parameters
    ----------
    x : (n, n_in) floats
        One row per example.
    kernel : (n_in, n_out) floats
        W, one column per unit.
    bias : (n_out,) floats
        b, added to every row.

    Returns
    -------
    outputs : (n, n_out) floats

    Examples
    --------
    >>> dense(np.array([[1.0, 2.0]]), np.array([[1.0, 0.0], [10.0, 1.0]]), np.array([0.5, -0.5]))
    array([[21.5,  1.5]])
    """
    return x @ kernel + bias  # [n, n_in] @ [n_in, n_out] + [n_out] -> [n, n_out]


def relu(x: Array) -> Array:
    """Rectified linear unit: ``max(x, 0)``, element by element.

    Parameters
    ----------
    x : array of floats, any shape

    Returns
    -------
    outputs : array, same shape and dtype

    Examples
    --------
    >>> relu(np.array([-2.0, 0.0, 3.0]))
    array([0., 0., 3.])
    """
    return np.maximum(x, 0)


def softmax(logits: Array) -> Array:
    r"""Turn each row of logits into probabilities.

    .. math:: p_k = \frac{e^{z_k - \max z}}{\sum_j e^{z_j - \max z}}

    Taking the maximum away changes nothing in exact arithmetic and keeps ``exp`` from
    overflowing: its argument is never above 0.

    Parameters
    ----------
    logits : (n, classes) floats
        z, the outputs of the last layer before its softmax.

    Returns
    -------
    probabilities : (n, classes) floats
        Each row is positive and sums to 1.

    Examples
    --------
    >>> softmax(np.array([[0.0, np.log(3.0)], [1000.0, 1000.0]]))
    array([[0.25, 0.75],
           [0.5 , 0.5 ]])
    """
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def forward(weights: Weights, x: Array) -> tuple[Array, list[Array]]:
    """Forward pass: a ReLU behind every layer but the last.

    Parameters
    ----------
    weights : list of arrays
        Kernel, bias, kernel, bias, ...
    x : (n, n_in) floats
        One batch.

    Returns
    -------
    logits : (n, n_out) floats
        Outputs of the last layer, before any softmax.
    activations : list of arrays
        What went into each layer: ``[x, h1, h2, ...]``. The backward pass needs them.

    Examples
    --------
    >>> weights = [np.array([[1.0, -1.0]]), np.zeros(2), np.array([[2.0], [5.0]]), np.ones(1)]
    >>> logits, activations = forward(weights, np.array([[3.0]]))
    >>> activations[1], logits
    (array([[3., 0.]]), array([[7.]]))
    """
    activations = [x]
    for kernel, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        activations.append(relu(dense(activations[-1], kernel, bias)))
    logits = dense(activations[-1], weights[-2], weights[-1])
    return logits, activations


def predict(weights: Weights, x: Array) -> Array:
    """Class probabilities: what ``model.predict`` returns for a model that ends in a softmax.

    Parameters
    ----------
    weights : list of arrays
        Kernel, bias, kernel, bias, ...
    x : (n, n_in) array
        Cast to the dtype of the weights.

    Returns
    -------
    probabilities : (n, classes) floats

    Examples
    --------
    >>> predict([np.zeros((3, 2)), np.zeros(2)], np.ones((1, 3)))
    array([[0.5, 0.5]])
    """
    logits, _ = forward(weights, x.astype(weights[0].dtype, copy=False))
    return softmax(logits)
