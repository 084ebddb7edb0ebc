"""Room 4, losses."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sgdcourse as sgd


@st.composite
def labelled_logits(draw, largest=30.0):
    """Draw logits between -largest and largest, with a true class for each row."""
    num_rows, num_classes = draw(st.integers(1, 8)), draw(st.integers(1, 6))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    logits = rng.uniform(-largest, largest, (num_rows, num_classes))
    return rng.integers(0, num_classes, num_rows), logits


def test_crossentropy_by_hand():
    # two equal logits: the true class has probability 1/2; logits 0 and log 3: 1/4 and 3/4
    y_true, logits = np.array([1, 0]), np.array([[0.0, 0.0], [0.0, math.log(3)]])
    losses = sgd.sparse_categorical_crossentropy(y_true, logits)
    np.testing.assert_allclose(losses, [math.log(2), math.log(4)], rtol=1e-15)


def test_crossentropy_is_not_capped():
    """A true loss of 100 is 100; clipping the probability at 1e-7 would say 16.1."""
    losses = sgd.sparse_categorical_crossentropy(np.array([0]), np.array([[-100.0, 0.0]]))
    assert losses.tolist() == [100.0]


def test_mean_squared_error_by_hand():
    # row 1: (1 + 9) / 2; row 2: (0 + 16) / 2
    y_true, y_pred = np.array([[0.0, 0.0], [1.0, 2.0]]), np.array([[1.0, 3.0], [1.0, -2.0]])
    assert sgd.mean_squared_error(y_true, y_pred).tolist() == [5.0, 8.0]


def test_accuracy_by_hand():
    # largest output at class 1, 0, 2, 0; right in rows 1 and 3 and 4
    logits = np.array([[0.1, 0.9, 0.0], [0.8, 0.2, 0.0], [0.0, 0.1, 5.0], [-1.0, -2.0, -3.0]])
    assert sgd.accuracy(np.array([1, 1, 2, 0]), logits) == 0.75
    assert type(sgd.accuracy(np.array([1, 1, 2, 0]), logits)) is float


@given(labelled_logits())
def test_accuracy_is_the_same_for_probabilities(case):
    y_true, logits = case
    assert sgd.accuracy(y_true, logits) == sgd.accuracy(y_true, sgd.softmax(logits))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_shapes_and_dtypes(read_only, dtype):
    """One loss per row; the inputs are read-only."""
    rng = np.random.default_rng(0)
    logits = rng.standard_normal((5, 3)).astype(dtype)
    targets = rng.standard_normal((5, 3)).astype(dtype)
    y_true = np.array([0, 1, 2, 2, 1])
    read_only(logits, targets, y_true)
    for losses in (
        sgd.sparse_categorical_crossentropy(y_true, logits),
        sgd.mean_squared_error(targets, logits),
    ):
        assert (losses.shape, losses.dtype) == ((5,), dtype)
    assert sgd.accuracy(y_true, logits) == np.mean(logits.argmax(axis=1) == y_true)


@given(labelled_logits())
def test_crossentropy_is_minus_log_softmax(case):
    y_true, logits = case
    expected = -np.log(sgd.softmax(logits)[np.arange(len(y_true)), y_true])
    # near a loss of 0 the logarithm of a probability near 1 has lost its digits: hence atol
    np.testing.assert_allclose(
        sgd.sparse_categorical_crossentropy(y_true, logits), expected, rtol=1e-12, atol=1e-15
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@given(case=labelled_logits(largest=1e4))
def test_crossentropy_stays_finite(dtype, case):
    y_true, logits = case
    losses = sgd.sparse_categorical_crossentropy(y_true, logits.astype(dtype))
    assert np.isfinite(losses).all()
    assert (losses >= 0).all()


def test_crossentropy_at_the_extremes():
    y_true, logits = np.array([0, 1]), np.array([[1e4, -1e4], [1e4, -1e4]])
    assert sgd.sparse_categorical_crossentropy(y_true, logits).tolist() == [0.0, 2e4]


@given(labelled_logits(largest=100.0))
def test_crossentropy_agrees_with_keras(keras, case):
    y_true, logits = case
    theirs = keras.losses.sparse_categorical_crossentropy(y_true, logits, from_logits=True)
    np.testing.assert_allclose(
        sgd.sparse_categorical_crossentropy(y_true, logits),
        np.asarray(theirs),
        rtol=1e-12,
        atol=1e-14,
    )


@given(labelled_logits())
def test_accuracy_agrees_with_keras(keras, case):
    y_true, logits = case
    theirs = keras.metrics.sparse_categorical_accuracy(y_true, logits)
    assert sgd.accuracy(y_true, logits) == np.asarray(theirs, np.float64).mean()


@given(labelled_logits(), st.integers(0, 2**32))
def test_mean_squared_error_agrees_with_keras(keras, case, seed):
    _, y_pred = case
    y_true = np.random.default_rng(seed).standard_normal(y_pred.shape)
    theirs = keras.losses.mean_squared_error(y_true, y_pred)
    np.testing.assert_allclose(
        sgd.mean_squared_error(y_true, y_pred), np.asarray(theirs), rtol=1e-14
    )


def test_loss_of_a_batch_is_the_mean_over_rows(keras_float64):
    """Keras's class reduces as ``train_step`` does: by the mean."""
    y_true, logits = np.array([0, 2, 1]), np.random.default_rng(0).standard_normal((3, 3))
    reduce = keras_float64.losses.SparseCategoricalCrossentropy(from_logits=True)
    ours = sgd.sparse_categorical_crossentropy(y_true, logits).mean()
    assert ours == pytest.approx(float(reduce(y_true, logits)), rel=1e-14)
