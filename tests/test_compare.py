"""compare and tf_keras: the twin is the same network, and Keras is left as it was found."""

import subprocess
import sys

import numpy as np
import pytest

import sgdcourse as sgd
from sgdcourse import compare
from sgdcourse.compare import keras


def test_twin_has_the_weights_the_layers_and_the_dtype():
    weights = sgd.init_weights([5, 4, 3], np.random.default_rng(0), "float64")
    model = compare.keras_twin(weights, sgd.SGD(0.25, momentum=0.5, nesterov=True))
    for ours, theirs in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
        assert theirs.dtype == np.float64
    assert [layer.activation.__name__ for layer in model.layers] == ["relu", "softmax"]
    assert float(model.optimizer.learning_rate.numpy()) == 0.25
    assert (model.optimizer.momentum, model.optimizer.nesterov) == (0.5, True)
    assert model.loss == "sparse_categorical_crossentropy"


def test_twin_predicts_what_we_predict():
    rng = np.random.default_rng(1)
    weights = sgd.init_weights([5, 4, 3], rng, "float64")
    x = rng.standard_normal((7, 5))
    with compare.floatx("float64"):
        theirs = compare.keras_twin(weights).predict(x, verbose=0)
    np.testing.assert_allclose(sgd.predict(weights, x), theirs, rtol=1e-14)


def test_twin_for_mean_squared_error_ends_linearly():
    weights = sgd.init_weights([2, 3, 1], np.random.default_rng(0))
    model = compare.keras_twin(weights, loss="mean_squared_error", l2=0.5)
    assert model.layers[-1].activation.__name__ == "linear"
    assert [float(layer.kernel_regularizer.l2) for layer in model.layers] == [0.5, 0.5]


@pytest.mark.parametrize(
    "schedule",
    [
        sgd.ExponentialDecay(0.1, 10, 0.5, staircase=True),
        sgd.CosineDecay(0.0, 10, alpha=0.1, warmup_target=0.2, warmup_steps=3),
        sgd.PiecewiseConstantDecay([2, 5], [0.1, 0.01, 0.001]),
    ],
)
def test_schedules_are_handed_over(schedule):
    theirs = compare.keras_optimizer(sgd.SGD(schedule))._learning_rate
    assert type(theirs).__name__ == type(schedule).__name__
    for step in range(15):
        # Keras computes schedules in float32
        assert float(theirs(step)) == pytest.approx(schedule(step), rel=1e-6, abs=1e-8)


def test_a_function_as_schedule_is_refused():
    with pytest.raises(TypeError, match="learning_rate must be a float or one of"):
        compare.keras_optimizer(sgd.SGD(lambda step: 0.1))


def test_floatx_comes_back_after_an_error():
    with pytest.raises(RuntimeError), compare.floatx("float64"):
        assert keras.config.floatx() == "float64"
        raise RuntimeError
    assert keras.config.floatx() == "float32"


def test_report_prints_a_table():
    x, y = sgd.make_blobs(40, 2, np.random.default_rng(0))
    report = compare.fit_both([2, 3, 2], x, y, epochs=2, rng=np.random.default_rng(0))
    lines = str(report).splitlines()
    assert lines[0] == "NumPy and tf.keras, float64, 4 updates"
    assert lines[3].split() == [
        "2",
        f"{report.history['loss'][1]:.4f}",
        f"{report.keras_history['loss'][1]:.4f}",
        f"{report.history['accuracy'][1]:.4f}",
        f"{report.keras_history['accuracy'][1]:.4f}",
    ]


def test_fit_both_names_bad_input():
    x, y = sgd.make_blobs(40, 2, np.random.default_rng(0))
    with pytest.raises(ValueError, match=r"y must lie in 0 to 1"):
        compare.fit_both([2, 3, 2], x, y + 1)


def test_importing_keras_through_us_prints_nothing():
    code = "from sgdcourse.tf_keras import keras, tf; print(keras.ops.sum([1.0, 2.0]).numpy())"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (result.returncode, result.stdout.strip(), result.stderr) == (0, "3.0", "")


def test_another_backend_is_refused_in_words(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "numpy")
    code = "import sgdcourse.tf_keras"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode != 0
    assert "Set KERAS_BACKEND=tensorflow" in result.stderr


def test_keras_batches_notes_every_row_once():
    dealt = compare.keras_batches(10, batch_size=4, epochs=2, seed=0)
    assert [[len(rows) for rows in epoch] for epoch in dealt] == [[4, 4, 2]] * 2
    for epoch in dealt:
        np.testing.assert_array_equal(np.sort(np.concatenate(epoch)), np.arange(10))


def test_source_has_the_code_and_the_comments_but_not_the_docstring():
    text = repr(sgd.source(sgd.backward))
    assert text.startswith("def backward(")
    assert "# the bias was added to every row" in text
    assert "Backpropagation" not in text


def test_largest_difference_wants_lists_of_the_same_length():
    assert compare.largest_difference([np.array([1.0, -3.0])], [np.array([1.5, -5.0])]) == 2.0
    with pytest.raises(ValueError, match="zip"):
        compare.largest_difference([np.ones(1)], [])
