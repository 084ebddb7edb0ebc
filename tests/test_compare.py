"""compare and tf_keras: the twin is the same network, and Keras is left as it was found."""

import dataclasses
import random
import subprocess
import sys

import numpy as np
import pytest

import sgdcourse as sgd
from sgdcourse import compare, tap
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


@pytest.fixture(scope="module")
def report():
    """Train 2-8-3 for two epochs of 3 batches, with momentum, from seed 3."""
    x, y = sgd.make_blobs(40, 3, np.random.default_rng(0))
    optimizer = sgd.SGD(0.1, momentum=compare.keras_constant(0.9))
    return compare.fit_both([2, 8, 3], x, y, optimizer=optimizer, epochs=2, batch_size=16, seed=3)


def test_report_is_a_table(report):
    lines = str(report).splitlines()
    assert lines[0].startswith("NumPy and tf.keras side by side, float64: 2-8-3, SGD(learning_")
    assert lines[1] == "initial weights: equal, computed from seed 3"
    assert lines[2] == "rows of each batch: equal, computed from seed 3"
    assert lines[5].split("|")[1].split() == list(report.differences)
    for epoch in range(2):
        left, right = lines[6 + epoch].split("|")
        both = [report.history, report.keras_history]
        numbers = [f"{h[name][epoch]:.4f}" for name in ("loss", "accuracy") for h in both]
        assert left.split() == [str(epoch + 1), *numbers]
        steps = slice(3 * epoch, 3 * epoch + 3)
        assert right.split() == [f"{v[steps].max():.1e}" for v in report.differences.values()]
    assert lines[-2] == report.verdict == "They agree: 6 updates, all weights within 1e-10."
    assert lines[-1].startswith(f"NumPy {np.__version__}, TensorFlow 2.")
    assert max(len(line) for line in lines[1:]) <= 100


def test_report_knows_each_difference(report):
    assert list(report.differences) == ["weights", "gradients", "velocities", "loss", "accuracy"]
    assert {values.shape for values in report.differences.values()} == {(6,)}
    assert report.steps_per_epoch == 3
    assert [len(order) for order in report.order] == [40, 40]
    assert report.versions.keys() == {"NumPy", "TensorFlow", "Keras"}


def test_report_draws_itself(report):
    picture = report.plot()
    assert picture.png.startswith(b"\x89PNG")
    assert "6 updates in float64" in picture.alt
    assert f"{report.weight_difference.max():.0e}" in picture.alt


@pytest.mark.parametrize("name", compare.BOUNDS)
@pytest.mark.parametrize("value", [1e-9, np.nan])
def test_report_names_the_first_disagreement(report, name, value):
    """One number beyond its bound, in the fifth update: it must be found and named."""
    differences = {key: values.copy() for key, values in report.differences.items()}
    differences[name][4] = value
    wrong = dataclasses.replace(report, differences=differences)
    assert report.agrees
    assert not wrong.agrees
    assert wrong.first_disagreement == (5, name)
    assert wrong.verdict == f"They DISAGREE: first at update 5 of 6 updates, in the {name}."


def test_float32_gets_no_verdict():
    x, y = sgd.make_blobs(40, 3, np.random.default_rng(0))
    report = compare.fit_both([2, 8, 3], x, y, dtype="float32", seed=3)
    assert report.verdict.startswith("No verdict: in float32, rounding moves two correct programs")
    flipped = dataclasses.replace(report, relu_flips=np.array([0, 2]))
    assert "flipped by it: 2, the first at update 2." in flipped.verdict
    assert "ReLU flipped: 1." in flipped.plot().alt


def test_flips_are_counted():
    """Hidden unit 0 is on with our weights and off with Keras's, in both rows."""
    ours = [np.array([[1.0, 1.0]]), np.zeros(2), np.ones((2, 2)), np.zeros(2)]
    theirs = [np.array([[-1.0, 1.0]]), *ours[1:]]
    in_step = compare._InStep(
        ours, sgd.SGD(), np.ones((2, 1)), np.zeros(2, int), 2, 1.0, None, sgd.train_step
    )
    assert in_step._count_flips(np.array([[1.0], [2.0]])) == 0
    in_step.keras_weights = theirs
    assert in_step._count_flips(np.array([[1.0], [2.0]])) == 2


def test_a_train_step_of_ones_own():
    """It need not use our optimizer; then its gradients stay its own business."""

    def by_hand(weights, optimizer, x, y_true):
        logits, activations = sgd.forward(weights, x)
        gradients = sgd.backward(weights, activations, sgd.loss_gradient(y_true, logits))
        loss = sgd.sparse_categorical_crossentropy(y_true, logits).mean()
        weights = [w - 0.01 * g for w, g in zip(weights, gradients, strict=True)]
        return weights, loss, sgd.accuracy(y_true, logits)

    x, y = sgd.make_blobs(40, 3, np.random.default_rng(0))
    report = compare.fit_both([2, 8, 3], x, y, epochs=2, seed=3, train_step=by_hand)
    assert report.agrees
    assert list(report.differences) == ["weights", "loss", "accuracy"]


def test_a_train_step_with_wrong_shapes_is_named():
    def wrong(weights, optimizer, x, y_true):
        return weights[:2], 0.0, 0.0

    x, y = sgd.make_blobs(40, 3, np.random.default_rng(0))
    with pytest.raises(
        ValueError, match=r"train_step must return .* Received: \[\(2, 8\), \(8,\)\]"
    ):
        compare.fit_both([2, 8, 3], x, y, train_step=wrong)


def test_canary():
    """The installed Keras shuffles as the course says. If it does not, read what is printed."""
    behaviour = compare.shuffle_behaviour()
    assert behaviour.as_the_course_says, str(behaviour)
    assert "otherwise than" not in str(behaviour)


def test_canary_reports_another_keras_in_words(monkeypatch):
    """Keras 3.16 in development: one order in all epochs, whatever the seed."""
    monkeypatch.setattr(
        tap, "keras_batches", lambda n, epochs, seed: [[np.arange(n)[::-1]]] * epochs
    )
    behaviour = compare.shuffle_behaviour()
    assert not behaviour.as_the_course_says
    assert str(behaviour).splitlines()[:4] == [
        "without a seed: the same order in all epochs",
        "after set_random_seed: the same order in all epochs",
        "another seed: the same order",
        "keras_random.fit_order predicts the seeded order: no",
    ]
    assert f"Keras {keras.__version__} shuffles otherwise" in str(behaviour)


def test_canary_tells_a_keras_that_keeps_its_promise(monkeypatch):
    """The documented behaviour, a new order before each epoch, would be reported, too."""

    def as_documented(n, epochs, seed):
        rng = np.random.default_rng(seed)
        return [[rng.permutation(n)] for _ in range(epochs)]

    monkeypatch.setattr(tap, "keras_batches", as_documented)
    behaviour = compare.shuffle_behaviour()
    assert behaviour.seeded_epochs_differ
    assert not behaviour.as_the_course_says


def test_canary_leaves_the_seeds_alone(tf):
    keras.utils.set_random_seed(5)
    expected = random.Random(5).random()
    compare.shuffle_behaviour()
    assert random.random() == expected
    assert tf.compat.v1.random.get_seed(0) == (5, 0)
    tf.random.set_seed(None)
    before = tf.compat.v1.random.get_seed(0)
    compare.shuffle_behaviour()
    assert tf.compat.v1.random.get_seed(0) == before


def test_fit_both_names_bad_input():
    x, y = sgd.make_blobs(40, 2, np.random.default_rng(0))
    with pytest.raises(ValueError, match=r"y must lie in 0 to 1"):
        compare.fit_both([2, 3, 2], x, y + 1)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"seed": 1, "rng": np.random.default_rng(0)}, ValueError, "Only one of seed, rng"),
        ({"seed": -1}, ValueError, "seed must be at least 0"),
        ({"dtype": "float16"}, ValueError, "dtype must be one of float32, float64"),
        ({"optimizer": "sgd"}, TypeError, "optimizer must be an instance of sgdcourse.SGD"),
        ({"epochs": 0}, ValueError, "epochs must be at least 1"),
        ({"batch_size": 1.5}, TypeError, "batch_size must be an integer"),
        ({"order": [1, 2]}, TypeError, "order must be a function"),
        ({"order": lambda epoch: [0, 0]}, ValueError, r"order\(epoch\) must return each row"),
    ],
)
def test_bad_arguments_of_fit_both(arguments, error, message):
    x, y = sgd.make_blobs(40, 2, np.random.default_rng(0))
    with pytest.raises(error, match=message):
        compare.fit_both([2, 3, 2], x, y, **arguments)


def test_keras_schedule_has_the_rates_of_keras():
    theirs = compare.KerasSchedule(sgd.ExponentialDecay(0.1, 10, 0.5))
    assert [theirs(step) for step in (0, 10)] == [float(np.float32(0.1)), float(np.float32(0.05))]
    assert repr(theirs).startswith("KerasSchedule(ExponentialDecay(initial_learning_rate=0.1")


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
