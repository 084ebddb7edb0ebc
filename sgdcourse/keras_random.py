"""The random numbers of tf.keras, in NumPy: from the seed alone, what ``model.fit`` will do.

A computer's random numbers are computed. TensorFlow's come from Philox, a function that turns
(counter, key) into four words of 32 bits: the seed goes into the key, and the counter counts up.
Whoever knows both knows every "random" number, so after ``keras.utils.set_random_seed(seed)`` the
initial weights and the order of the rows are known before Keras has computed them::

    seed -> philox -> words -> fit_order        which rows land in which batch
                            -> initial_weights  where the layers start

Nothing here imports TensorFlow.
"""

import random
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from sgdcourse import _checks
from sgdcourse._types import Array, Weights

# The constants of Philox4x32-10: two multipliers, and what is added to the key after each round
MULTIPLIERS = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
KEY_STEPS = np.array([0x9E3779B9, 0xBB67AE85], np.uint64)
ROUNDS = 10
WORD = np.uint64(0xFFFFFFFF)  # the lower 32 bits

# TensorFlow mixes the seed of an initializer with this key before it is used
MIXING_KEY = (0x3EC8F720, 0x02461E29)
LARGEST_INT32 = 2**31 - 1
INITIALIZERS = ("glorot_uniform", "he_uniform")


def philox(counter: ArrayLike, key: ArrayLike) -> Array:
    r"""Turn counters into random words: ten rounds of Philox4x32.

    Each round multiplies two of the four words, keeps the lower halves of the products, and mixes
    the upper halves with the other two words and the key:

    .. math:: (c_0, c_1, c_2, c_3) \leftarrow
       (\text{hi}(B c_2) \oplus c_1 \oplus k_0,\ \text{lo}(B c_2),\
        \text{hi}(A c_0) \oplus c_3 \oplus k_1,\ \text{lo}(A c_0))

    Parameters
    ----------
    counter : (4,) or (4, n) integers
        Four words of 32 bits, or n such counters side by side.
    key : (2,) integers
        Two words of 32 bits.

    Returns
    -------
    words : uint32 array, of the shape of ``counter``

    Examples
    --------
    The known answers that the authors of Philox publish with it:

    >>> def show(words): print(*(f"{word:08x}" for word in words))
    >>> show(philox([0, 0, 0, 0], [0, 0]))
    6627e8d5 e169c58d bc57ac4c 9b00dbd8
    >>> show(philox([0xffffffff] * 4, [0xffffffff] * 2))
    408f276d 41c83b0e a20bc7c6 6d5451fd
    >>> show(philox([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0]))
    d16cfe09 94fdcceb 5001e420 24126ea1

    References
    ----------
    Salmon, Moraes, Dror and Shaw (2011), "Parallel random numbers: as easy as 1, 2, 3".
    """
    c0, c1, c2, c3 = np.asarray(counter, np.uint64)  # 64 bits: room for a whole product
    key = np.asarray(key, np.uint64)
    for _round in range(ROUNDS):
        product_0, product_2 = MULTIPLIERS[0] * c0, MULTIPLIERS[1] * c2
        c0, c1 = product_2 >> 32 ^ c1 ^ key[0], product_2 & WORD
        c2, c3 = product_0 >> 32 ^ c3 ^ key[1], product_0 & WORD
        key = key + KEY_STEPS & WORD
    return np.array([c0, c1, c2, c3], np.uint32)


def random_words(count: int, key: ArrayLike, stream: ArrayLike) -> Array:
    """Count up from 0, and return the random words in the order in which TensorFlow uses them.

    Parameters
    ----------
    count : int
        How many words.
    key, stream : (2,) integers
        The key, and the two upper words of the counter. The lower two count the blocks of four.

    Returns
    -------
    words : (count,) uint32

    Examples
    --------
    >>> [f"{word:08x}" for word in random_words(5, key=[0, 0], stream=[0, 0])]
    ['6627e8d5', 'e169c58d', 'bc57ac4c', '9b00dbd8', 'f8e4cca4']
    """
    blocks = np.arange((count + 3) // 4, dtype=np.uint64)
    upper = np.broadcast_to(np.asarray(stream, np.uint64)[:, None], (2, len(blocks)))
    counters = np.stack([blocks & WORD, blocks >> 32, *upper])
    return philox(counters, key).T.ravel()[:count]


def fit_order(num_samples: int, seed: int) -> Array:
    """Return the order that ``model.fit`` deals after ``keras.utils.set_random_seed(seed)``.

    It is the order of EVERY epoch: a seeded ``fit`` on arrays shuffles each epoch alike. With
    ``validation_split``, ``num_samples`` is the number of rows that are left for training.

    Parameters
    ----------
    num_samples : int
        n, the number of rows, at least 1.
    seed : int
        From 0 to 2**32 - 1, as ``set_random_seed`` wants it.

    Returns
    -------
    order : (n,) int64
        Row numbers; the first ``batch_size`` of them are batch 0.

    Raises
    ------
    TypeError, ValueError
        If an argument is not such an integer.

    Notes
    -----
    Keras 3.15 on TensorFlow, ``shuffle=True``, data given as arrays. TensorFlow swaps each row
    with one of those behind it, or with itself (Fisher and Yates).

    Examples
    --------
    >>> fit_order(8, seed=1)
    array([0, 4, 1, 5, 7, 6, 2, 3])

    References
    ----------
    Keras: ``keras/src/trainers/data_adapters/array_data_adapter.py``.
    TensorFlow: ``tensorflow/core/kernels/random_shuffle_op.cc``.
    """
    num_samples = _checks.integer("num_samples", num_samples, at_least=1)
    seed = _checks.seed(seed) % LARGEST_INT32
    # two zeros would mean "no seed" to TensorFlow, so it replaces the second one
    stream = (0, 0) if seed else (LARGEST_INT32, 0)
    words = random_words(num_samples - 1, key=(seed, 0), stream=stream)
    rows_behind = np.arange(num_samples, 1, -1)
    jumps = words % rows_behind
    order = list(range(num_samples))
    for i, jump in enumerate(jumps.tolist()):
        order[i], order[i + jump] = order[i + jump], order[i]
    return np.array(order, np.int64)


def layer_seeds(seed: int, count: int) -> list[int]:
    """Return the seeds that Keras's layers draw for themselves after ``set_random_seed(seed)``.

    Every layer that needs random numbers and was given no seed of its own draws one from Python's
    generator WHEN IT IS MADE: a Dense layer for its kernel, a Dropout layer, too. So the same
    layers made in another order start from other weights.

    Parameters
    ----------
    seed : int
    count : int
        How many layers.

    Returns
    -------
    seeds : list of int

    Examples
    --------
    >>> layer_seeds(1, 2)
    [144272510, 611178003]
    """
    generator = random.Random(_checks.seed(seed))
    return [generator.randint(1, 10**9) for _layer in range(count)]


def stateless_uniform(shape: tuple[int, ...], seed: int, dtype: str = "float32") -> Array:
    """Return random numbers from 0 up to 1, as TensorFlow computes them from a layer's seed.

    Random bits become the digits behind the point of a number from 1 up to 2; then 1 is taken
    off: 23 bits of one word for float32, 52 bits of two words for float64.

    Parameters
    ----------
    shape : tuple of int
    seed : int
        The seed of the initializer, from 1 to 10**9.
    dtype : {"float32", "float64"}

    Returns
    -------
    numbers : array

    Examples
    --------
    >>> stateless_uniform((3,), seed=144272510).round(4)
    array([0.259 , 0.8624, 0.9384], dtype=float32)
    """
    count = int(np.prod(shape))
    mixed = philox([seed, 0, 0, 0], MIXING_KEY)
    key, stream = mixed[:2], mixed[2:]
    if dtype == "float32":
        digits = random_words(count, key, stream) & 0x7FFFFF
        return (digits.astype(np.float32) * np.float32(2**-23)).reshape(shape)
    upper, lower = random_words(2 * count, key, stream).astype(np.uint64).reshape(count, 2).T
    digits = (upper & 0xFFFFF) << 32 | lower
    return (digits.astype(np.float64) * 2.0**-52).reshape(shape)


def initial_weights(
    layer_sizes: list[int],
    seed: int,
    dtype: str = "float32",
    kernel_initializer: str = "glorot_uniform",
) -> Weights:
    r"""Return the weights that Keras's Dense layers start from after ``set_random_seed(seed)``.

    Kernels are uniform between -limit and limit, biases are zero:

    .. math:: \text{limit}_\text{Glorot} = \sqrt{\frac{6}{n_\text{in} + n_\text{out}}}, \qquad
       \text{limit}_\text{He} = \sqrt{\frac{6}{n_\text{in}}}

    Parameters
    ----------
    layer_sizes : list of int
        Such as ``[784, 128, 10]``: the width of the input, then the units of each Dense layer.
    seed : int
        From 0 to 2**32 - 1. The layers must be the first thing that is made after it was set.
    dtype : {"float32", "float64"}
        Of the layers. float32 and float64 layers start from different numbers.
    kernel_initializer : {"glorot_uniform", "he_uniform"}
        "glorot_uniform" is what a Dense layer uses if nothing is said.

    Returns
    -------
    weights : list of arrays
        Kernel, bias, kernel, bias, ..., equal to ``model.get_weights()`` bit for bit.

    Raises
    ------
    TypeError, ValueError
        If an argument breaks its rule.

    Examples
    --------
    >>> kernel, bias = initial_weights([3, 2], seed=1)
    >>> kernel.round(4)
    array([[-0.528 ,  0.7941],
           [ 0.9605, -0.3434],
           [-1.0265, -0.8537]], dtype=float32)

    References
    ----------
    Glorot and Bengio (2010), "Understanding the difficulty of training deep feedforward neural
    networks". He, Zhang, Ren and Sun (2015), "Delving deep into rectifiers".
    Keras: ``keras/src/initializers/random_initializers.py``.
    """
    layer_sizes = _checks.layer_sizes(layer_sizes)
    dtype = _checks.choice("dtype", dtype, ("float32", "float64"))
    glorot = (
        _checks.choice("kernel_initializer", kernel_initializer, INITIALIZERS) == INITIALIZERS[0]
    )
    weights = []
    layers = list(pairwise(layer_sizes))
    for (n_in, n_out), layer_seed in zip(layers, layer_seeds(seed, len(layers)), strict=True):
        variance = 1 / ((n_in + n_out) / 2) if glorot else 2 / n_in
        # also for float64 layers, Keras passes the limit through float32
        limit = np.float32(np.sqrt(3 * variance)).astype(dtype)
        uniform = stateless_uniform((n_in, n_out), layer_seed, dtype)
        weights += [uniform * (2 * limit) - limit, np.zeros(n_out, dtype)]
    return weights
