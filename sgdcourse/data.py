"""Room 1, data: where the rows come from.

MNIST travels inside the package, so nothing here needs the network.
"""

import hashlib
import io
import math
from pathlib import Path

import numpy as np

from sgdcourse._types import Array

MNIST_SHA256 = "06af5dfe73b70e3bc1c36439982b18a8d76803db9b544f6fdf838a37fbb01b64"


def load_mnist(
    flatten: bool = True, scale: bool = True
) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """Load the full MNIST set: 60,000 training images and 10,000 test images.

    Returns what ``keras.datasets.mnist.load_data()`` returns, without the network, and does the
    two usual preparations on the way.

    Parameters
    ----------
    flatten : bool
        True: each image is one row of 784 numbers. False: each image is 28 x 28.
    scale : bool
        True: grey levels as float32 in [0, 1], which is ``x / 255``. False: uint8 in 0..255.
        Dividing the raw arrays by ``255.0`` yourself gives the same thing in float64: 376 MB
        instead of 188 MB.

    Returns
    -------
    (x_train, y_train), (x_test, y_test)
        Images as above; labels int64, 0 to 9.

    Raises
    ------
    FileNotFoundError
        If the data file is missing.
    ValueError
        If the data file is damaged.

    Examples
    --------
    >>> (x_train, y_train), (x_test, y_test) = load_mnist()
    >>> x_train.shape, x_train.dtype, float(x_train.max())
    ((60000, 784), dtype('float32'), 1.0)
    >>> [int(label) for label in y_train[:8]]
    [5, 0, 4, 1, 9, 2, 1, 3]

    References
    ----------
    LeCun, Bottou, Bengio and Haffner (1998), "Gradient-based learning applied to document
    recognition". Licence of the data: CC BY-SA 3.0, see ``sgdcourse/datasets``.
    """
    with np.load(io.BytesIO(_read_mnist_file()), allow_pickle=False) as file:
        x_train, y_train = file["x_train"], file["y_train"].astype(np.int64)
        x_test, y_test = file["x_test"], file["y_test"].astype(np.int64)
    if flatten:
        x_train, x_test = x_train.reshape(-1, 784), x_test.reshape(-1, 784)
    if scale:
        x_train, x_test = x_train.astype(np.float32), x_test.astype(np.float32)
        x_train /= 255  # in place: a second copy would cost another 188 MB
        x_test /= 255
    return (x_train, y_train), (x_test, y_test)


def _read_mnist_file() -> bytes:
    path = Path(__file__).parent / "datasets" / "mnist.npz"
    if not path.exists():
        raise FileNotFoundError(
            f"The MNIST file is missing: {path}. It is part of the repository: get it back with "
            "'git checkout sgdcourse/datasets/mnist.npz', or clone the repository again."
        )
    content = path.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    if sha256 != MNIST_SHA256:
        raise ValueError(
            f"The MNIST file is damaged: {path} has SHA-256 {sha256[:16]}..., expected "
            f"{MNIST_SHA256[:16]}... Get it back with "
            "'git checkout sgdcourse/datasets/mnist.npz', or clone the repository again."
        )
    return content


def make_blobs(
    num_samples: int, num_classes: int, rng: np.random.Generator, spread: float = 0.6
) -> tuple[Array, Array]:
    r"""Round clouds of points in the plane, one cloud for each class.

    .. math:: x_i = 3\,(\cos\varphi_i, \sin\varphi_i) + \text{spread} \cdot \varepsilon_i,
       \qquad \varphi_i = 2 \pi\, y_i / \text{num\_classes}

    Parameters
    ----------
    num_samples : int
        Number of points n; the classes take turns, so they are of equal size, give or take one.
    num_classes : int
        Number of clouds; their centres lie on a circle of radius 3.
    rng : numpy.random.Generator
        The source of the noise.
    spread : float
        Standard deviation of each cloud.

    Returns
    -------
    x : (n, 2) float64
    y : (n,) int64, sorted: class 0 first

    Examples
    --------
    >>> x, y = make_blobs(6, 3, np.random.default_rng(0), spread=0.0)
    >>> x.round(2)[0].tolist(), y.tolist()
    ([3.0, 0.0], [0, 0, 1, 1, 2, 2])
    """
    y = np.sort(np.arange(num_samples, dtype=np.int64) % num_classes)
    angle = 2 * np.pi * y / num_classes
    centre = 3 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return centre + spread * rng.standard_normal((num_samples, 2)), y


def make_moons(
    num_samples: int, rng: np.random.Generator, noise: float = 0.1
) -> tuple[Array, Array]:
    """Two half circles that reach into each other: no straight line parts them.

    Parameters
    ----------
    num_samples : int
        Number of points n; the first half lies on the upper moon (class 0).
    rng : numpy.random.Generator
        The source of the noise.
    noise : float
        Standard deviation of the noise that is added to each point.

    Returns
    -------
    x : (n, 2) float64
    y : (n,) int64, sorted: class 0 first

    Examples
    --------
    >>> x, y = make_moons(4, np.random.default_rng(0), noise=0.0)
    >>> x.round(2).tolist(), y.tolist()
    ([[1.0, 0.0], [-1.0, 0.0], [0.0, 0.5], [2.0, 0.5]], [0, 0, 1, 1])
    """
    num_upper = num_samples // 2
    upper = np.linspace(0, np.pi, num_upper)
    lower = np.linspace(0, np.pi, num_samples - num_upper)
    x = np.concatenate(
        [
            np.stack([np.cos(upper), np.sin(upper)], axis=1),
            np.stack([1 - np.cos(lower), 0.5 - np.sin(lower)], axis=1),
        ]
    )
    y = (np.arange(num_samples) >= num_upper).astype(np.int64)
    return x + noise * rng.standard_normal((num_samples, 2)), y


def train_validation_split(
    *arrays: Array, validation_split: float
) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
    """Cut off the LAST rows for validation, as ``fit(validation_split=...)`` does.

    Nothing is shuffled: if the rows are sorted by class, the validation rows hold the last
    classes only.

    Parameters
    ----------
    *arrays : (n, ...) arrays
        Cut at the same row: x and y, or x, y and sample weights.
    validation_split : float
        The share of rows to cut off, between 0 and 1. The first ``floor(n (1 - share))`` rows
        stay for training.

    Returns
    -------
    training, validation
        Two tuples with as many arrays as were given. They are views: nothing is copied.

    Raises
    ------
    ValueError
        If a part would be empty.

    Examples
    --------
    >>> x, y = np.arange(5), np.arange(5) * 10
    >>> train_validation_split(x, y, validation_split=0.4)
    ((array([0, 1, 2]), array([ 0, 10, 20])), (array([3, 4]), array([30, 40])))

    References
    ----------
    Keras: ``keras/src/trainers/data_adapters/data_adapter_utils.py``, ``train_validation_split``.
    """
    num_samples = len(arrays[0])
    split_at = math.floor(num_samples * (1.0 - validation_split))
    if not 0 < split_at < num_samples:
        raise ValueError(
            "validation_split must leave at least one row for training and one for validation. "
            f"Received: validation_split={validation_split} for {num_samples} rows. "
            "Choose a share such as 0.2, or give more rows."
        )
    return tuple(a[:split_at] for a in arrays), tuple(a[split_at:] for a in arrays)
