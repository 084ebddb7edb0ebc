"""Room 7, training: the loop, and what stands around it."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sgdcourse as sgd

# By hand: x is 0 in every row, so the prediction is the bias; batches of 2, 2 and 1 rows
ZEROS = np.zeros((5, 1))
TARGETS = np.array([[1.0], [3.0], [2.0], [2.0], [4.0]])


def start(num_outputs=1):
    return [np.zeros((1, num_outputs)), np.zeros(num_outputs)]


# train_step and the textbook loop


def test_train_step_by_hand():
    """Two classes, all weights 0: p = 1/2, dlogits = (-1/2, 1/2), x = (1, 0), rate 1."""
    weights, x = [np.zeros((2, 2)), np.zeros(2)], np.array([[1.0, 0.0]])
    weights, loss, acc = sgd.train_step(weights, sgd.SGD(1.0), x, np.array([0]))
    assert [w.tolist() for w in weights] == [[[0.5, -0.5], [0.0, 0.0]], [0.5, -0.5]]
    assert loss == pytest.approx(math.log(2), rel=1e-15)
    assert acc == 1.0
    assert type(loss) is type(acc) is float


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_train_step_lowers_the_loss(make_network, make_rows, dtype):
    """Weights and rows are read-only: the step makes new arrays."""
    weights, (x, y) = make_network([4, 6, 3], dtype), make_rows(20, 4, 3, dtype)
    optimizer = sgd.SGD(0.1)
    moved, loss, acc = sgd.train_step(weights, optimizer, x, y)
    assert [(w.shape, w.dtype) for w in moved] == [(w.shape, w.dtype) for w in weights]
    assert (loss, acc) == pytest.approx(sgd.evaluate(weights, x, y, batch_size=20))
    _, next_loss, _ = sgd.train_step(moved, optimizer, x, y)
    assert next_loss < loss
    assert optimizer.iterations == 2


@given(
    layer_sizes=st.lists(st.integers(1, 5), min_size=2, max_size=4),
    num_rows=st.integers(1, 40),
    batch_size=st.integers(1, 16),
    epochs=st.integers(1, 3),
    momentum=st.sampled_from([0.0, 0.9]),
    dtype=st.sampled_from(["float32", "float64"]),
    seed=st.integers(0, 1000),
)
def test_fit_is_the_textbook_loop(
    make_network,
    make_rows,
    largest_difference,
    layer_sizes,
    num_rows,
    batch_size,
    epochs,
    momentum,
    dtype,
    seed,
):
    """What ``fit`` adds changes no bit of weights and history."""
    weights = make_network(layer_sizes, dtype, seed)
    x, y = make_rows(num_rows, layer_sizes[0], layer_sizes[-1], dtype, seed)
    textbook, history = sgd.fit_textbook(
        weights,
        sgd.SGD(0.1, momentum=momentum),
        x,
        y,
        batch_size=batch_size,
        epochs=epochs,
        rng=np.random.default_rng(seed),
    )
    product, product_history = sgd.fit(
        weights,
        x,
        y,
        optimizer=sgd.SGD(0.1, momentum=momentum),
        batch_size=batch_size,
        epochs=epochs,
        rng=np.random.default_rng(seed),
        verbose=0,
    )
    assert largest_difference(textbook, product) == 0.0
    assert product_history.history == history


def test_fit_is_train_step_batch_by_batch(make_network, make_rows, largest_difference):
    """Written out: batches of 3, 3 and 1 rows, unshuffled, twice."""
    weights, (x, y) = make_network([4, 6, 3]), make_rows(7, 4, 3)
    optimizer, expected = sgd.SGD(0.1, momentum=0.9), weights
    for rows in [slice(0, 3), slice(3, 6), slice(6, 7)] * 2:
        expected, _, _ = sgd.train_step(expected, optimizer, x[rows], y[rows])
    trained, _ = sgd.fit(
        weights,
        x,
        y,
        optimizer=sgd.SGD(0.1, momentum=0.9),
        batch_size=3,
        epochs=2,
        shuffle=False,
        verbose=0,
    )
    assert largest_difference(trained, expected) == 0.0


# History


def test_loss_of_an_epoch_by_hand():
    """The mean over the rows, taken while the weights move.

    b = 0: loss ((0 - 1)**2 + (0 - 3)**2) / 2 = 5, gradient 2 (0 - 2) = -4, so b = 0 + 4/4 = 1
    b = 1: loss ((1 - 2)**2 + (1 - 2)**2) / 2 = 1, gradient 2 (1 - 2) = -2, so b = 1.5
    b = 1.5: loss (1.5 - 4)**2 = 6.25, gradient 2 (1.5 - 4) = -5, so b = 2.75
    """
    weights, history = sgd.fit(
        start(),
        ZEROS,
        TARGETS,
        optimizer=sgd.SGD(0.25),
        loss="mean_squared_error",
        batch_size=2,
        shuffle=False,
        verbose=0,
    )
    assert weights[1].tolist() == [2.75]
    # not the mean of the batches, (5 + 1 + 6.25) / 3, nor the loss at b = 2.75
    assert history.history == {"loss": [(5 * 2 + 1 * 2 + 6.25 * 1) / 5]}


def test_accuracy_of_an_epoch_by_hand():
    """Labels 1, 1 | 1, 0 | 1; the bias decides.

    b = (0, 0): class 0 is said, 0 of 2 right; b moves by -(p - (0, 1)) to (-1/2, 1/2)
    class 1 is said: 1 of 2 right; the pull is weaker, class 1 stays ahead: 1 of 1 right
    """
    _, history = sgd.fit(
        start(2),
        ZEROS,
        np.array([1, 1, 1, 0, 1]),
        optimizer=sgd.SGD(1.0),
        batch_size=2,
        shuffle=False,
        verbose=0,
    )
    assert history.history["accuracy"] == [(0 + 1 + 1) / 5]  # after the epoch it is 4 / 5


def test_validation_uses_the_weights_at_the_end_of_the_epoch():
    """b = 2.75 after the epoch: at a target of 0.75 the loss is 4; rows weigh alike."""
    _, history = sgd.fit(
        start(),
        ZEROS,
        TARGETS,
        optimizer=sgd.SGD(0.25),
        loss="mean_squared_error",
        batch_size=2,
        shuffle=False,
        validation_data=(np.zeros((3, 1)), np.array([[0.75], [2.75], [2.75]])),
        verbose=0,
    )
    assert history.history["val_loss"] == [(4 + 0 + 0) / 3]


def test_validation_split_takes_the_last_rows():
    """Share 0.4 of 5 rows: the targets 2 and 4 at the end; b moves to 1 by the first two rows.

    Then row 3: loss (1 - 2)**2 = 1, gradient -2, b = 1.5; validation (0.25 + 6.25) / 2.
    """
    weights, history = sgd.fit(
        start(),
        ZEROS,
        TARGETS,
        optimizer=sgd.SGD(0.25),
        loss="mean_squared_error",
        batch_size=2,
        shuffle=False,
        validation_split=0.4,
        verbose=0,
    )
    assert weights[1].tolist() == [1.5]
    assert history.history == {"loss": [(5 * 2 + 1 * 1) / 3], "val_loss": [(0.25 + 6.25) / 2]}


@pytest.mark.parametrize("shuffle", [False, True])
def test_validation_split_is_validation_data_by_hand(
    make_network, make_rows, largest_difference, shuffle
):
    """The last rows, whether the others are shuffled or not; sample weights go with their rows."""
    weights, (x, y) = make_network([4, 3]), make_rows(20, 4, 3)
    sample_weight = np.linspace(0, 2, 20)
    options = {"epochs": 2, "batch_size": 4, "shuffle": shuffle, "verbose": 0}
    split, history = sgd.fit(
        weights,
        x,
        y,
        sample_weight=sample_weight,
        validation_split=0.25,
        rng=np.random.default_rng(0),
        **options,
    )
    cut, cut_history = sgd.fit(
        weights,
        x[:15],
        y[:15],
        sample_weight=sample_weight[:15],
        validation_data=(x[15:], y[15:], sample_weight[15:]),
        rng=np.random.default_rng(0),
        **options,
    )
    assert largest_difference(split, cut) == 0.0
    assert history.history == cut_history.history


def test_validation_changes_nothing(make_network, make_rows, largest_difference):
    weights, (x, y) = make_network([4, 3]), make_rows(20, 4, 3)
    options = {"epochs": 2, "batch_size": 4, "verbose": 0}
    plain, history = sgd.fit(weights, x, y, rng=np.random.default_rng(0), **options)
    validated, val_history = sgd.fit(
        weights, x, y, rng=np.random.default_rng(0), validation_data=(x, y), **options
    )
    assert largest_difference(plain, validated) == 0.0
    assert history.history["loss"] == val_history.history["loss"]
    assert list(val_history.history) == ["loss", "accuracy", "val_loss", "val_accuracy"]


# evaluate


def test_evaluate_weighs_rows_not_batches():
    """b = 0: squared targets 1, 9 | 4, 4 | 16; the mean of batches would be (5 + 4 + 16) / 3."""
    loss, acc = sgd.evaluate(start(), ZEROS, TARGETS, batch_size=2, loss="mean_squared_error")
    assert loss == (1 + 9 + 4 + 4 + 16) / 5
    assert acc is None


def test_evaluate_adds_the_penalty_once():
    """l2 * sum(W**2) = 0.5 * (9 + 1), and the bias 7 pays nothing."""
    weights = [np.array([[3.0, -1.0]]), np.array([7.0, 7.0])]
    y_true = np.array([0, 1, 1, 0, 1])
    loss, acc = sgd.evaluate(weights, ZEROS, y_true, batch_size=2, l2=0.5)
    assert loss == pytest.approx(math.log(2) + 5.0, rel=1e-15)
    assert acc == 2 / 5


def test_evaluate_with_sample_weights():
    """Weighted losses are divided by the number of rows: (2*1 + 0*9 + 1*4 + 1*4 + 3*16) / 5."""
    sample_weight = np.array([2.0, 0.0, 1.0, 1.0, 3.0])
    loss, _ = sgd.evaluate(
        start(),
        ZEROS,
        TARGETS,
        batch_size=2,
        loss="mean_squared_error",
        sample_weight=sample_weight,
    )
    assert loss == (2 * 1 + 0 * 9 + 1 * 4 + 1 * 4 + 3 * 16) / 5


@given(num_rows=st.integers(1, 50), batch_size=st.integers(1, 60), seed=st.integers(0, 1000))
def test_evaluate_is_the_mean_over_all_rows(make_network, make_rows, num_rows, batch_size, seed):
    """It does not matter how the rows are cut into batches."""
    weights, (x, y) = make_network([4, 6, 3], seed=seed), make_rows(num_rows, 4, 3, seed=seed)
    logits, _ = sgd.forward(weights, x)
    loss, acc = sgd.evaluate(weights, x, y, batch_size)
    assert loss == pytest.approx(sgd.sparse_categorical_crossentropy(y, logits).mean(), rel=1e-12)
    assert acc == pytest.approx(sgd.accuracy(y, logits), rel=1e-12)


def test_evaluate_agrees_with_keras(keras_float64, make_network, make_rows):
    from sgdcourse.compare import keras_constant, keras_twin

    weights, (x, y) = make_network([4, 6, 3]), make_rows(23, 4, 3)
    sample_weight, l2 = np.linspace(0, 2, 23), keras_constant(0.01)
    model = keras_twin(weights, l2=l2)
    ours = sgd.evaluate(weights, x, y, batch_size=5, sample_weight=sample_weight, l2=l2)
    theirs = model.evaluate(x, y, batch_size=5, sample_weight=sample_weight, verbose=0)
    assert ours == pytest.approx(theirs, rel=1e-13)


# Weights of rows and classes


def test_sample_weight_2_is_twice_the_rate(make_network, make_rows, largest_difference):
    weights, (x, y) = make_network([4, 3]), make_rows(7, 4, 3)
    options = {"batch_size": 3, "shuffle": False, "verbose": 0}
    heavy, _ = sgd.fit(
        weights, x, y, optimizer=sgd.SGD(0.125), sample_weight=np.full(7, 2.0), **options
    )
    fast, _ = sgd.fit(weights, x, y, optimizer=sgd.SGD(0.25), **options)
    assert largest_difference(heavy, fast) < 1e-15


def test_class_weight_is_the_sample_weight_of_the_class(
    make_network, make_rows, largest_difference
):
    weights, (x, y) = make_network([4, 3]), make_rows(20, 4, 3)
    options = {"epochs": 2, "batch_size": 6, "shuffle": False, "verbose": 0}
    by_class, history = sgd.fit(weights, x, y, class_weight={0: 3.0, 2: 0.5}, **options)
    by_row, row_history = sgd.fit(
        weights, x, y, sample_weight=np.array([3.0, 1.0, 0.5])[y], **options
    )
    assert largest_difference(by_class, by_row) == 0.0
    assert history.history == row_history.history


def test_class_weight_leaves_the_validation_alone(keras_float64, make_network, make_rows):
    """As in Keras: the classes weigh in training; ``val_loss`` is the plain loss."""
    from sgdcourse.compare import keras_twin

    weights, (x, y) = make_network([4, 3]), make_rows(20, 4, 3)
    options = {
        "class_weight": {0: 3.0, 2: 0.5},
        "validation_split": 0.25,
        "epochs": 2,
        "batch_size": 6,
        "shuffle": False,
        "verbose": 0,
    }
    trained, history = sgd.fit(weights, x, y, **options)
    loss, _ = sgd.evaluate(trained, x[15:], y[15:])
    theirs = keras_twin(weights).fit(x, y, **options).history
    assert theirs["val_loss"][-1] == pytest.approx(loss, rel=1e-12)
    assert history.history["val_loss"][-1] == pytest.approx(loss, rel=1e-12)


# Epochs, steps and orders


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_two_fits_of_one_epoch_are_one_fit_of_two(
    make_network, make_rows, largest_difference, dtype, momentum
):
    """The optimizer keeps its velocity and count, the generator moves on."""
    weights, (x, y) = make_network([4, 6, 3], dtype), make_rows(23, 4, 3, dtype)
    optimizer, rng = sgd.SGD(0.1, momentum=momentum), np.random.default_rng(0)
    options = {"optimizer": optimizer, "batch_size": 5, "rng": rng, "verbose": 0}
    halfway, first = sgd.fit(weights, x, y, **options)
    apart, second = sgd.fit(halfway, x, y, initial_epoch=1, epochs=2, **options)
    together, both = sgd.fit(
        weights,
        x,
        y,
        optimizer=sgd.SGD(0.1, momentum=momentum),
        batch_size=5,
        epochs=2,
        rng=np.random.default_rng(0),
        verbose=0,
    )
    assert largest_difference(apart, together) == 0.0
    assert both.history["loss"] == first.history["loss"] + second.history["loss"]
    assert (first.epoch, second.epoch, both.epoch) == ([0], [1], [0, 1])
    assert optimizer.iterations == 10


def test_initial_epoch_at_the_end_trains_nothing(make_network, make_rows, largest_difference):
    weights, (x, y) = make_network([4, 3]), make_rows(6, 4, 3)
    trained, history = sgd.fit(weights, x, y, initial_epoch=3, epochs=3, verbose=0)
    assert largest_difference(trained, weights) == 0.0
    assert (history.epoch, history.history) == ([], {})


@given(num_rows=st.integers(1, 30), batch_size=st.integers(1, 12), seed=st.integers(0, 1000))
def test_order_replays(make_network, make_rows, largest_difference, num_rows, batch_size, seed):
    """The orders that ``rng`` dealt, given back as ``order``, lead to the same weights."""
    weights, (x, y) = make_network([4, 3], seed=seed), make_rows(num_rows, 4, 3, seed=seed)
    rng = np.random.default_rng(seed)
    orders = [sgd.shuffle_indices(num_rows, rng) for _ in range(3)]
    options = {"batch_size": batch_size, "epochs": 3, "verbose": 0}
    shuffled, history = sgd.fit(weights, x, y, rng=np.random.default_rng(seed), **options)
    replayed, again = sgd.fit(weights, x, y, order=lambda epoch: orders[epoch], **options)
    assert largest_difference(shuffled, replayed) == 0.0
    assert history.history == again.history


def test_shuffle_false_takes_the_rows_as_they_come(make_network, make_rows, largest_difference):
    weights, (x, y) = make_network([4, 3]), make_rows(10, 4, 3)
    options = {"batch_size": 4, "epochs": 2, "verbose": 0}
    unshuffled, _ = sgd.fit(weights, x, y, shuffle=False, **options)
    in_order, _ = sgd.fit(weights, x, y, order=lambda epoch: np.arange(10), **options)
    assert largest_difference(unshuffled, in_order) == 0.0


def test_without_a_generator_every_run_is_another(make_network, make_rows, largest_difference):
    weights, (x, y) = make_network([4, 3]), make_rows(50, 4, 3)
    options = {"optimizer": None, "batch_size": 4, "verbose": 0}
    first, _ = sgd.fit(weights, x, y, **options)
    second, _ = sgd.fit(weights, x, y, **options)
    assert largest_difference(first, second) > 0.0


class NoteBatches(sgd.Callback):
    """Note which batches each epoch had."""

    def on_train_begin(self, logs=None):
        self.batches = []

    def on_epoch_begin(self, epoch, logs=None):
        self.batches.append([])

    def on_train_batch_end(self, batch, logs=None):
        self.batches[-1].append(batch)


def test_steps_per_epoch_continues_the_pass(make_network, make_rows, largest_difference):
    """6 batches, 2 per epoch: three epochs are one pass over the rows; nothing runs out."""
    weights, (x, y) = make_network([4, 3]), make_rows(12, 4, 3)
    asked = []

    def order(epoch):
        asked.append(epoch)
        return np.arange(12)

    note = NoteBatches()
    by_steps, history = sgd.fit(
        weights,
        x,
        y,
        batch_size=2,
        steps_per_epoch=2,
        epochs=6,
        order=order,
        callbacks=[note],
        verbose=0,
    )
    assert note.batches == [[0, 1]] * 6
    assert note.state.steps == 2
    assert asked == [0, 3]  # a new order at the start of each pass
    by_passes, _ = sgd.fit(weights, x, y, batch_size=2, epochs=2, shuffle=False, verbose=0)
    assert largest_difference(by_steps, by_passes) == 0.0
    assert len(history.history["loss"]) == 6


@pytest.mark.parametrize(
    ("steps", "expected", "short_epochs"),
    [
        (2, [[0, 1], [0, 1], [0], [0, 1]], [3]),  # 5 batches: 2, 2, 1, and a new pass
        (7, [[0, 1, 2, 3, 4]] * 2, [1, 2]),
    ],
)
def test_steps_per_epoch_warns_when_the_rows_run_out(
    make_network, make_rows, steps, expected, short_epochs
):
    weights, (x, y) = make_network([4, 3]), make_rows(10, 4, 3)
    note = NoteBatches()
    with pytest.warns(UserWarning, match="ran out of data") as caught:
        sgd.fit(
            weights,
            x,
            y,
            batch_size=2,
            steps_per_epoch=steps,
            epochs=len(expected),
            callbacks=[note],
            verbose=0,
        )
    assert note.batches == expected
    assert [str(w.message).split(" ran out")[0] for w in caught] == [
        f"Epoch {epoch}" for epoch in short_epochs
    ]
    assert all(w.filename == __file__ for w in caught)  # it points at the call of fit


# What goes in, and what comes out


@pytest.mark.parametrize("stored", ["uint8", "int64", "float32", "float64"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@given(num_rows=st.integers(1, 30), seed=st.integers(0, 1000))
def test_each_batch_is_cast_to_the_dtype_of_the_weights(
    make_network, largest_difference, stored, dtype, num_rows, seed
):
    """Grey levels of any dtype: the same bits as from a copy that was cast before."""
    rng = np.random.default_rng(seed)
    grey = rng.integers(0, 256, (num_rows, 4)).astype(stored)
    y = rng.integers(0, 3, num_rows, np.uint8)
    weights = make_network([4, 3], dtype, seed)
    options = {"optimizer": sgd.SGD(1e-4), "batch_size": 4, "shuffle": False, "verbose": 0}
    from_grey, history = sgd.fit(weights, grey, y, **options)
    from_cast, cast_history = sgd.fit(weights, grey.astype(dtype), y.astype(int), **options)
    assert largest_difference(from_grey, from_cast) == 0.0
    assert history.history == cast_history.history
    assert all(w.dtype == dtype for w in from_grey)
    assert sgd.evaluate(from_grey, grey, y) == sgd.evaluate(from_grey, grey.astype(dtype), y)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"sample_weight": np.linspace(0, 2, 13)},
        {"class_weight": {1: 3.0}},
        {"l2": 0.1, "validation_split": 0.3},
        {"optimizer": sgd.SGD(0.1, momentum=0.9, nesterov=True, weight_decay=0.1, clipnorm=1.0)},
        {"loss": "mean_squared_error", "y": np.linspace(0, 1, 39).reshape(13, 3)},
    ],
)
def test_fit_keeps_dtypes_and_inputs(make_network, make_rows, read_only, dtype, options):
    """Weights, rows and labels are read-only, and float64 options do not widen float32."""
    weights, (x, y) = make_network([4, 6, 3], dtype), make_rows(13, 4, 3, dtype)
    arrays = {"y": y} | options
    read_only(*(a for a in arrays.values() if isinstance(a, np.ndarray)))
    trained, history = sgd.fit(weights, x, **arrays, batch_size=5, epochs=2, verbose=0)
    assert [(w.shape, w.dtype) for w in trained] == [(w.shape, w.dtype) for w in weights]
    assert all(type(v) is float for values in history.history.values() for v in values)


def test_lists_are_welcome(make_network, make_rows, largest_difference):
    weights, (x, y) = make_network([4, 3]), make_rows(6, 4, 3)
    from_lists, _ = sgd.fit(weights, x.tolist(), y.tolist(), shuffle=False, verbose=0)
    from_arrays, _ = sgd.fit(weights, x, y, shuffle=False, verbose=0)
    assert largest_difference(from_lists, from_arrays) == 0.0


def test_the_caller_keeps_a_list_of_their_own(make_network, make_rows):
    """``fit`` neither returns nor changes the list that it was given."""
    weights, (x, y) = make_network([4, 3]), make_rows(6, 4, 3)
    held = list(weights)
    trained, _ = sgd.fit(weights, x, y, verbose=0)
    assert trained is not weights
    assert all(a is b for a, b in zip(weights, held, strict=True))


def test_default_optimizer_is_plain_sgd_at_one_hundredth(
    make_network, make_rows, largest_difference
):
    weights, (x, y) = make_network([4, 3]), make_rows(6, 4, 3)
    default, _ = sgd.fit(weights, x, y, shuffle=False, verbose=0)
    named, _ = sgd.fit(weights, x, y, optimizer=sgd.SGD(0.01), shuffle=False, verbose=0)
    assert largest_difference(default, named) == 0.0


def test_l2_pulls_the_kernels_and_shows_in_the_loss():
    """Rows of 0: the data pull the bias only, the penalty the kernel: 3 - 0.25 * 2 * 0.5 * 3."""
    weights = [np.array([[3.0]]), np.zeros(1)]
    trained, history = sgd.fit(
        weights,
        ZEROS,
        TARGETS,
        optimizer=sgd.SGD(0.25),
        loss="mean_squared_error",
        l2=0.5,
        batch_size=5,
        verbose=0,
    )
    assert trained[0].tolist() == [[2.25]]
    # (1 + 9 + 4 + 4 + 16) / 5 + 0.5 * 3**2
    assert history.history["loss"] == [pytest.approx(6.8 + 4.5, rel=1e-15)]


def test_it_learns():
    """Two moons, which no straight line parts: above 99 per cent after 60 epochs."""
    rng = np.random.default_rng(0)
    x, y = sgd.make_moons(400, rng)
    weights, history = sgd.fit(
        sgd.init_weights([2, 16, 2], rng),
        x,
        y,
        optimizer=sgd.SGD(0.1, momentum=0.9),
        epochs=60,
        rng=rng,
        verbose=0,
    )
    assert history.history["accuracy"][0] < 0.9
    assert sgd.evaluate(weights, x, y)[1] > 0.99
