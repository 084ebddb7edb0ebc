"""The proof: NumPy and the live tf.keras make the same updates, one after the other.

Float64, because rounding is then far below any mistake. More than one epoch, because a wrong
program can agree on the first step. A small last batch, because that is where many go wrong.
"""

import numpy as np
import pytest

import sgdcourse as sgd
from sgdcourse import compare
from sgdcourse.compare import keras

MOMENTUM = compare.keras_constant(0.9)
OPTIMIZERS = {
    "plain": {"learning_rate": 0.01},
    "large rate": {"learning_rate": 0.5},
    "momentum": {"learning_rate": 0.01, "momentum": MOMENTUM},
    "nesterov": {"learning_rate": 0.01, "momentum": MOMENTUM, "nesterov": True},
}


def random_data(num_samples, num_inputs, num_classes):
    rng = np.random.default_rng(7)
    return (
        rng.standard_normal((num_samples, num_inputs)),
        rng.integers(0, num_classes, num_samples),
    )


def assert_same(report, updates):
    assert report.dtype == "float64"
    assert report.agrees
    assert all(len(values) == updates for values in report.differences.values())
    assert report.differences["weights"].max() < 1e-10
    assert report.differences["gradients"].max() < 1e-10
    assert report.differences["loss"].max() < 1e-11
    # accuracies are counts of rows; a last bit may differ, since they are added up differently
    assert report.differences["accuracy"].max() < 1e-14
    assert ("velocities" in report.differences) == ("momentum" in report.optimizer)
    assert not report.relu_flips.any()
    final = compare.largest_difference(report.weights, report.keras_weights)
    assert final == report.weight_difference[-1]
    for name in ("loss", "accuracy"):
        ours, theirs = np.array(report.history[name]), np.array(report.keras_history[name])
        assert np.abs(ours - theirs).max() < 1e-11


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_small_random_network(name):
    """Three Dense layers, four epochs, batches of 16, 16, 16, 16, 13 rows."""
    x, y = random_data(77, 6, 4)
    report = compare.fit_both(
        [6, 9, 5, 4],
        x,
        y,
        optimizer=sgd.SGD(**OPTIMIZERS[name]),
        batch_size=16,
        epochs=4,
        rng=np.random.default_rng(3),
    )
    assert_same(report, updates=4 * 5)
    # the weights moved, so there was something to agree on
    start = sgd.init_weights([6, 9, 5, 4], np.random.default_rng(3), "float64")
    assert compare.largest_difference(start, report.weights) > 1e-3


@pytest.fixture(scope="module")
def mnist():
    (x_train, y_train), (x_test, y_test) = sgd.load_mnist(scale=False)
    return x_train, y_train, x_test, y_test


@pytest.mark.parametrize("name", ["plain", "momentum", "nesterov"])
def test_mnist(mnist, name):
    """784-128-10 on the first 5,000 images: three epochs of 157 batches, the last of 8 rows."""
    x, y, *_ = mnist
    report = compare.fit_both(
        [784, 128, 10],
        x[:5000],
        y[:5000],
        optimizer=sgd.SGD(**OPTIMIZERS[name]),
        epochs=3,
        divisor=255.0,
        rng=np.random.default_rng(0),
    )
    assert_same(report, updates=3 * 157)
    assert report.history["accuracy"][-1] > 0.8


def test_mnist_from_the_seed_alone(mnist):
    """Keras starts and shuffles by itself; NumPy has computed both from the seed."""
    x, y, *_ = mnist
    report = compare.fit_both(
        [784, 128, 10], x[:5000], y[:5000], epochs=3, divisor=255.0, seed=42, optimizer=sgd.SGD(0.1)
    )
    assert report.initial_weights_equal
    assert report.order_equal
    assert_same(report, updates=3 * 157)


def test_float32_from_the_seed_alone(mnist):
    """The article's dtype: the start is equal bit for bit, the updates for a while to 1e-6."""
    x, y, *_ = mnist
    report = compare.fit_both(
        [784, 128, 10], x[:3200], y[:3200], divisor=255.0, seed=42, dtype="float32"
    )
    assert report.initial_weights_equal
    assert report.order_equal
    assert 0 < report.weight_difference.max() < 1e-6


def test_the_tap_changes_nothing():
    """A tapped ``fit`` and a plain ``fit`` end at the same weights, bit for bit."""
    x, y = random_data(77, 6, 4)
    x = x.astype("float32")
    weights = sgd.init_weights([6, 9, 4], np.random.default_rng(3))
    keras.utils.set_random_seed(5)
    plain = compare.keras_twin(weights)
    plain.fit(x, y, epochs=2, verbose=0)
    keras.utils.set_random_seed(5)
    report = compare.fit_both(
        [6, 9, 4], x, y, epochs=2, dtype="float32", rng=np.random.default_rng(3)
    )
    for a, b in zip(plain.get_weights(), report.keras_weights, strict=True):
        np.testing.assert_array_equal(a, b)
    assert len(report.order) == 2
    assert all(np.array_equal(np.sort(order), np.arange(77)) for order in report.order)


def test_fit_replays_the_order_of_keras():
    """The order that the tap noted, given to our ``fit``, leads to Keras's weights."""
    x, y = random_data(77, 6, 4)
    report = compare.fit_both([6, 9, 4], x, y, epochs=3, rng=np.random.default_rng(3))
    weights, history = sgd.fit(
        sgd.init_weights([6, 9, 4], np.random.default_rng(3), "float64"),
        x,
        y,
        epochs=3,
        order=lambda epoch: report.order[epoch],
        verbose=0,
    )
    assert compare.largest_difference(weights, report.keras_weights) < 1e-10
    np.testing.assert_allclose(history.history["loss"], report.keras_history["loss"], atol=1e-11)
