"""Room 3, model."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import sgdcourse as sgd

LOGITS = hnp.arrays(
    np.float64, hnp.array_shapes(min_dims=2, max_dims=2, max_side=8), elements=st.floats(-50, 50)
)


def test_dense_by_hand():
    x = np.array([[1.0, 2.0], [0.0, -1.0]])
    kernel = np.array([[1.0, 0.0, 3.0], [10.0, 1.0, -1.0]])
    bias = np.array([0.5, -0.5, 0.0])
    # row 1: 1*1 + 2*10 + 0.5, 1*0 + 2*1 - 0.5, 1*3 + 2*(-1) + 0
    # row 2: 0*1 - 1*10 + 0.5, 0*0 - 1*1 - 0.5, 0*3 - 1*(-1) + 0
    assert sgd.dense(x, kernel, bias).tolist() == [[21.5, 1.5, 1.0], [-9.5, -1.5, 1.0]]


def test_relu_by_hand():
    assert sgd.relu(np.array([[-2.0, 0.0], [3.0, -0.5]])).tolist() == [[0.0, 0.0], [3.0, 0.0]]


def test_softmax_by_hand():
    # e**0 : e**log(3) = 1 : 3
    np.testing.assert_allclose(sgd.softmax(np.array([[0.0, math.log(3)]])), [[0.25, 0.75]])


def test_forward_by_hand():
    """1-2-1: h = relu(3 * [1, -1] + [0, 1]) = [3, 0]; logit = 3 * 2 + 0 * 5 + 1 = 7."""
    weights = [np.array([[1.0, -1.0]]), np.array([0.0, 1.0]), np.array([[2.0], [5.0]]), np.ones(1)]
    x = np.array([[3.0]])
    logits, activations = sgd.forward(weights, x)
    assert logits.tolist() == [[7.0]]
    assert activations[0] is x
    assert activations[1].tolist() == [[3.0, 0.0]]
    assert len(activations) == 2


def test_the_last_layer_is_linear():
    logits, activations = sgd.forward([np.array([[-1.0]]), np.zeros(1)], np.array([[2.0]]))
    assert logits.tolist() == [[-2.0]]
    assert len(activations) == 1


def test_predict_is_softmax_of_forward(make_network, make_rows):
    weights, (x, _) = make_network([4, 5, 3]), make_rows(7, 4, 3)
    logits, _ = sgd.forward(weights, x)
    np.testing.assert_array_equal(sgd.predict(weights, x), sgd.softmax(logits))


@pytest.mark.parametrize("stored", ["uint8", "int64", "float64"])
def test_predict_casts_to_the_dtype_of_the_weights(make_network, stored):
    weights = make_network([4, 3], "float32")
    grey = np.array([[0, 3, 128, 255]], stored)
    probabilities = sgd.predict(weights, grey)
    assert probabilities.dtype == np.float32
    np.testing.assert_array_equal(probabilities, sgd.predict(weights, grey.astype(np.float32)))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("layer_sizes", [[4, 3], [4, 6, 3], [4, 6, 5, 3]])
def test_shapes_and_dtypes(make_network, make_rows, layer_sizes, dtype):
    """The inputs are read-only: a function that changed them would raise."""
    weights, (x, _) = make_network(layer_sizes, dtype), make_rows(7, 4, 3, dtype)
    logits, activations = sgd.forward(weights, x)
    assert (logits.shape, logits.dtype) == ((7, 3), dtype)
    assert [a.shape for a in activations] == [(7, width) for width in layer_sizes[:-1]]
    assert all(a.dtype == dtype for a in activations)
    for outputs in (sgd.softmax(logits), sgd.predict(weights, x)):
        assert (outputs.shape, outputs.dtype) == ((7, 3), dtype)
    assert (sgd.relu(x).shape, sgd.relu(x).dtype) == (x.shape, dtype)
    assert sgd.dense(x, weights[0], weights[1]).dtype == dtype


@given(LOGITS)
def test_softmax_rows_sum_to_one(logits):
    probabilities = sgd.softmax(logits)
    assert (probabilities > 0).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-14)


@given(logits=LOGITS, shift=st.floats(-1000, 1000))
def test_softmax_ignores_a_shift_of_the_row(logits, shift):
    # logits + shift is rounded at 1050 * 2**-53, about 1e-13, and so is the difference inside
    np.testing.assert_allclose(sgd.softmax(logits + shift), sgd.softmax(logits), rtol=1e-12)


@given(LOGITS)
def test_softmax_keeps_the_order(logits):
    largest = np.arange(len(logits)), sgd.softmax(logits).argmax(axis=1)
    assert (sgd.softmax(logits)[largest] == sgd.softmax(logits).max(axis=1)).all()
    # two logits may differ by less than their exponentials can show
    np.testing.assert_allclose(logits[largest], logits.max(axis=1), atol=1e-15)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_softmax_does_not_overflow(dtype):
    probabilities = sgd.softmax(np.array([[1e4, 1e4, -1e4], [0, -1e30, 0]], dtype))
    assert probabilities.tolist() == [[0.5, 0.5, 0.0], [0.5, 0.0, 0.5]]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_initial_weights(dtype):
    weights = sgd.init_weights([784, 128, 10], np.random.default_rng(0), dtype)
    assert [w.shape for w in weights] == [(784, 128), (128,), (128, 10), (10,)]
    assert all(w.dtype == dtype for w in weights)
    assert not weights[1].any()
    assert not weights[3].any()
    again = sgd.init_weights([784, 128, 10], np.random.default_rng(0), dtype)
    assert all(np.array_equal(a, b) for a, b in zip(weights, again, strict=True))


@pytest.mark.parametrize("shape", [(784, 128), (300, 300)])
def test_kernels_are_uniform_like_keras(keras, shape):
    """Both sides: inside +-sqrt(6 / (n_in + n_out)), reaching its ends, variance limit**2 / 3."""
    limit = math.sqrt(6 / sum(shape))
    ours = sgd.init_weights(list(shape), np.random.default_rng(0))[0]
    theirs = np.asarray(keras.initializers.GlorotUniform(seed=0)(shape))
    for kernel in (ours, theirs):
        assert np.abs(kernel).max() <= limit
        assert kernel.max() > 0.999 * limit
        assert kernel.min() < -0.999 * limit
        assert kernel.var() == pytest.approx(limit**2 / 3, rel=0.02)
        assert abs(kernel.mean()) < 0.01 * limit
    assert keras.layers.Dense(3).kernel_initializer.__class__.__name__ == "GlorotUniform"


@given(
    layer_sizes=st.lists(st.integers(1, 6), min_size=2, max_size=4),
    num_rows=st.integers(1, 9),
    seed=st.integers(0, 1000),
)
def test_forward_agrees_with_keras(tf, make_network, layer_sizes, num_rows, seed):
    weights = make_network(layer_sizes, seed=seed)
    x = np.random.default_rng(seed).standard_normal((num_rows, layer_sizes[0]))
    outputs = tf.constant(x)
    for layer in range(len(layer_sizes) - 1):
        if layer > 0:
            outputs = tf.nn.relu(outputs)
        outputs = outputs @ weights[2 * layer] + weights[2 * layer + 1]
    np.testing.assert_allclose(sgd.forward(weights, x)[0], outputs.numpy(), rtol=0, atol=1e-13)


@given(seed=st.integers(0, 2**32), num_rows=st.integers(1, 8), num_classes=st.integers(2, 8))
def test_relu_and_softmax_agree_with_keras(keras, seed, num_rows, num_classes):
    logits = np.random.default_rng(seed).uniform(-50, 50, (num_rows, num_classes))
    np.testing.assert_array_equal(sgd.relu(logits), np.asarray(keras.ops.relu(logits)))
    np.testing.assert_allclose(
        sgd.softmax(logits), np.asarray(keras.ops.softmax(logits)), rtol=1e-12
    )


def test_keras_layers_agree(keras, make_network, make_rows):
    """Dense with the activations inside, as everybody writes it."""
    from sgdcourse.compare import floatx

    weights, (x, _) = make_network([4, 6, 3]), make_rows(7, 4, 3)
    keras.layers.Dense(1)  # a float32 layer made earlier must not matter
    with floatx("float64"):
        hidden = keras.layers.Dense(6, activation="relu")
        last = keras.layers.Dense(3, activation="softmax")
        model = keras.Sequential([keras.Input(shape=(4,)), hidden, last])
        model.set_weights(weights)
        np.testing.assert_allclose(sgd.predict(weights, x), np.asarray(model(x)), rtol=1e-13)
        _, activations = sgd.forward(weights, x)
        np.testing.assert_allclose(activations[1], np.asarray(hidden(x)), rtol=0, atol=1e-14)
    assert keras.layers.Dense(1).compute_dtype == "float32"
