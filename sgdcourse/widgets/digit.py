"""Demo of notebook 02: one digit flows through the network."""

from collections.abc import Mapping

import numpy as np

from sgdcourse import _checks, plots
from sgdcourse._types import Array, Weights
from sgdcourse.losses import sparse_categorical_crossentropy
from sgdcourse.model import forward, softmax
from sgdcourse.widgets.demo import Demo, choice, numbers, whole_numbers


def disturbed(image: Array, right: int, down: int, noise: float) -> Array:
    """Return the image (784,) moved by so many pixels, with noise, within 0 and 1."""
    grid = np.zeros((28, 28))
    rows, columns = np.arange(28) - down, np.arange(28) - right  # where each pixel comes from
    inside = np.ix_((rows >= 0) & (rows < 28), (columns >= 0) & (columns < 28))
    source = np.reshape(image, (28, 28))[rows.clip(0, 27)][:, columns.clip(0, 27)]
    grid[inside] = source[inside]
    grid += noise * np.random.default_rng(0).normal(size=grid.shape)
    return grid.clip(0, 1).ravel()


def _fitting(networks: Mapping[str, Weights], x: Array, y_true: Array) -> tuple[Array, Array]:
    """Return the rows, checked against each network."""
    if not isinstance(networks, Mapping) or not networks:
        raise TypeError(f"networks must be a dict of name: weights. Received: {networks!r}.")
    for name, network in networks.items():
        shapes = [array.shape for array in _checks.weights(network)]
        if len(shapes) != 4 or shapes[0][0] != 784 or shapes[0][1] % 8:
            raise ValueError(
                "networks must have 784 inputs and one hidden layer of 8, 16, 24, ... units. "
                f"Received: networks[{name!r}] with the shapes {shapes}."
            )
        loss, names = "sparse_categorical_crossentropy", ("x", "y_true")
        x, y_true = _checks.rows(x, y_true, network, loss, names)
    return x, y_true


def digit(networks: Mapping[str, Weights], x: Array, y_true: Array) -> Demo:
    """Send images through a network with one hidden layer, and disturb them.

    Parameters
    ----------
    networks : dict of weights
        Name -> [W1, b1, W2, b2]; the number of hidden units is divisible by 8.
    x : (n, 784) floats in [0, 1]
    y_true : (n,) integers

    Returns
    -------
    demo : Demo
        Its controls: ``image``, ``network``, ``right`` and ``down`` (by how many pixels the image
        is moved) and ``noise`` (its standard deviation).

    Raises
    ------
    TypeError, ValueError
        If a network has another shape, or x and y_true do not fit it.

    Examples
    --------
    >>> import sgdcourse as sgd
    >>> weights = sgd.init_weights([784, 16, 10], np.random.default_rng(0))
    >>> demo = digit({"untrained": weights}, np.zeros((1, 784)), np.array([3]))
    >>> print(demo.text)  # doctest: +NORMALIZE_WHITESPACE
    A 3. The untrained network says 0, with probability 0.10: wrong. It gives the 3 the probability
    0.1000, so the loss is 2.30. 0 of 16 hidden units are on.
    """
    x, y_true = _fitting(networks, x, y_true)
    figure, axes = plots.subplots(4, height=2.4)

    def look(image: int, network: str, right: int, down: int, noise: float) -> tuple[str, str]:
        pixels = disturbed(x[image], right, down, noise)
        logits, activations = forward(networks[network], pixels[None])
        p, hidden = softmax(logits)[0], activations[1][0]
        plots.layers(axes, pixels, hidden, logits[0], p)
        true, best = int(y_true[image]), int(np.argmax(p))
        loss = float(sparse_categorical_crossentropy(y_true[image : image + 1], logits)[0])
        text = (
            f"A {true}. The {network} network says {best}, with probability {p[best]:.2f}: "
            f"{'right' if best == true else 'wrong'}. "
            f"It gives the {true} the probability {p[true]:.4f}, so the loss is {loss:.2f}. "
            f"{np.count_nonzero(hidden)} of {len(hidden)} hidden units are on."
        )
        alt = (
            f"Four pictures: the image of a {true}; the outputs of {len(hidden)} hidden units; "
            f"ten logits, the largest {logits.max():.1f} for class {best}; "
            f"ten probabilities, the largest {p[best]:.2f} for class {best}."
        )
        return text, alt

    names = list(networks)
    return Demo(
        figure,
        look,
        {
            "image": whole_numbers("image", 0, len(x) - 1, 0),
            "network": choice("network", names, names[0]),
            "right": whole_numbers("move right (pixels)", -10, 10, 0),
            "down": whole_numbers("move down (pixels)", -10, 10, 0),
            "noise": numbers("noise", 0.0, 1.0, 0.05, 0.0, digits=2),
        },
    )
