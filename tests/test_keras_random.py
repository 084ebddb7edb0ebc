"""keras_random: NumPy computes the random numbers that the live tf.keras will draw.

The known answers of Philox are doctests of ``philox``.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sgdcourse import compare, keras_random
from sgdcourse.tf_keras import keras, tf

EDGE_SEEDS = [0, 1, 42, 2**31 - 2, 2**31 - 1, 2**31, 2**32 - 1]
SEEDS = st.sampled_from(EDGE_SEEDS) | st.integers(0, 2**32 - 1)


@given(st.integers(1, 300), SEEDS)
def test_an_order_holds_every_row_once(num_samples, seed):
    order = keras_random.fit_order(num_samples, seed)
    assert order.dtype == np.int64
    np.testing.assert_array_equal(np.sort(order), np.arange(num_samples))


def test_every_order_of_three_rows_comes_as_often():
    """Fisher and Yates: 3,000 seeds, six orders; each 500 times but for chance."""
    orders = [tuple(keras_random.fit_order(3, seed).tolist()) for seed in range(3000)]
    counts = np.array([orders.count(order) for order in set(orders)])
    assert len(counts) == 6
    # chi squared with 5 degrees of freedom exceeds 20.5 once in a thousand
    assert (np.square(counts - 500) / 500).sum() < 20.5


@pytest.mark.parametrize("seed", EDGE_SEEDS)
@pytest.mark.parametrize("num_samples", [1, 2, 61])
def test_fit_deals_this_order_in_every_epoch(seed, num_samples):
    epochs = compare.keras_batches(num_samples, batch_size=8, epochs=3, seed=seed)
    order = keras_random.fit_order(num_samples, seed)
    for batches in epochs:
        np.testing.assert_array_equal(np.concatenate(batches), order)


def test_sixty_thousand_rows():
    [batches] = compare.keras_batches(60_000, batch_size=6000, seed=3)
    np.testing.assert_array_equal(np.concatenate(batches), keras_random.fit_order(60_000, 3))


@given(st.lists(st.integers(1, 40), min_size=2, max_size=5), SEEDS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("initializer", keras_random.INITIALIZERS)
def test_layers_start_from_these_weights(dtype, initializer, layer_sizes, seed):
    keras.utils.set_random_seed(seed)
    with compare.floatx(dtype):
        model = keras.Sequential(
            [keras.Input((layer_sizes[0],))]
            + [keras.layers.Dense(n, kernel_initializer=initializer) for n in layer_sizes[1:]]
        )
    ours = keras_random.initial_weights(layer_sizes, seed, dtype, initializer)
    for mine, theirs in zip(ours, model.get_weights(), strict=True):
        assert mine.dtype == theirs.dtype == dtype
        np.testing.assert_array_equal(mine, theirs)


def test_the_network_of_the_course():
    keras.utils.set_random_seed(1)
    layers = [keras.layers.Dense(128, activation="relu"), keras.layers.Dense(10)]
    model = keras.Sequential([keras.Input((784,)), *layers])
    ours = keras_random.initial_weights([784, 128, 10], seed=1)
    for mine, theirs in zip(ours, model.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_a_dropout_layer_draws_a_seed_too():
    """The second Dense layer takes the third seed."""
    keras.utils.set_random_seed(5)
    layers = [keras.layers.Dense(4), keras.layers.Dropout(0.5), keras.layers.Dense(2)]
    model = keras.Sequential([keras.Input((3,)), *layers])
    seeds = keras_random.layer_seeds(5, 3)
    limit = np.float32(np.sqrt(6 / (4 + 2)))
    uniform = keras_random.stateless_uniform((4, 2), seeds[2])
    np.testing.assert_array_equal(uniform * (2 * limit) - limit, model.get_weights()[2])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(1,), (7,), (3, 5)])
def test_stateless_uniform_is_tensorflows(dtype, shape):
    theirs = tf.random.stateless_uniform(shape, seed=[123_456_789, 0], dtype=dtype)
    ours = keras_random.stateless_uniform(shape, 123_456_789, dtype)
    assert ours.dtype == dtype
    np.testing.assert_array_equal(ours, theirs.numpy())


def test_one_more_word_changes_none_before_it():
    words = keras_random.random_words(9, [1, 2], [3, 4])
    for count in range(9):
        np.testing.assert_array_equal(
            keras_random.random_words(count, [1, 2], [3, 4]), words[:count]
        )


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((0, 1), ValueError, "num_samples must be at least 1. Received: num_samples=0"),
        ((8.0, 1), TypeError, "num_samples must be an integer"),
        ((8, -1), ValueError, "seed must be at least 0. Received: seed=-1"),
        ((8, 2**32), ValueError, r"seed must be below 2\*\*32"),
        ((8, None), TypeError, "seed must be an integer. Received: seed=None"),
    ],
)
def test_bad_arguments_of_fit_order(arguments, error, message):
    with pytest.raises(error, match=message):
        keras_random.fit_order(*arguments)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (([784], 1), TypeError, r"layer_sizes must be a list of at least two.*\[784, 128, 10\]"),
        ((784, 1), TypeError, "layer_sizes must be a list"),
        (([4, 0], 1), ValueError, "layer_sizes must be at least 1"),
        (([4, 2], 1, "float16"), ValueError, "dtype must be one of float32, float64"),
        (([4, 2], 1, "float32", "zeros"), ValueError, "kernel_initializer must be one of"),
        (([4, 2], "1"), TypeError, "seed must be an integer"),
    ],
)
def test_bad_arguments_of_initial_weights(arguments, error, message):
    with pytest.raises(error, match=message):
        keras_random.initial_weights(*arguments)
