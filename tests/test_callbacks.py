"""Callbacks: the same hooks, in the same order, with the same logs as in Keras."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import sgdcourse as sgd

HOOKS = [
    "on_train_begin",
    "on_train_end",
    "on_epoch_begin",
    "on_epoch_end",
    "on_train_batch_begin",
    "on_train_batch_end",
    "on_test_begin",
    "on_test_end",
    "on_test_batch_begin",
    "on_test_batch_end",
]


def recorder(base):
    """Make a callback, ours or Keras's, that notes (hook, number, logs) of every call."""

    def noting(hook):
        def note(self, *arguments, logs=None):
            *number, last = arguments if arguments else (None,)
            if logs is None and isinstance(last, dict):
                logs = last
            elif last is not None:
                number = [*number, last]
            self.calls.append((hook, *number, dict(logs or {})))

        return note

    recording = type("Recording", (base,), {hook: noting(hook) for hook in HOOKS})()
    recording.calls = []
    return recording


@pytest.fixture(scope="module")
def trained(make_network, make_rows):
    """Two epochs of two batches, validated with one batch, under a recorder."""
    recording = recorder(sgd.Callback)
    weights, (x, y), validation = make_network([4, 3]), make_rows(5, 4, 3), make_rows(3, 4, 3)
    options = {"batch_size": 3, "epochs": 2, "shuffle": False, "verbose": 0}
    _, history = sgd.fit(
        weights, x, y, validation_data=validation, callbacks=[recording], **options
    )
    return SimpleNamespace(
        calls=recording.calls,
        history=history,
        arguments=(weights, x, y, validation, options),
    )


def test_hook_order_as_keras_documents_it(trained):
    one_epoch = [
        "on_train_batch_begin 0",
        "on_train_batch_end 0",
        "on_train_batch_begin 1",
        "on_train_batch_end 1",
        "on_test_begin",
        "on_test_batch_begin 0",
        "on_test_batch_end 0",
        "on_test_end",
    ]
    expected = [
        "on_train_begin",
        *["on_epoch_begin 0", *one_epoch, "on_epoch_end 0"],
        *["on_epoch_begin 1", *one_epoch, "on_epoch_end 1"],
        "on_train_end",
    ]
    assert [" ".join(map(str, call[:-1])) for call in trained.calls] == expected


def test_hooks_and_logs_agree_with_keras(keras_float64, trained):
    """The live Keras, on the same rows: same calls, same numbers, same logs."""
    from sgdcourse.compare import keras_twin

    weights, x, y, validation, options = trained.arguments
    recording = recorder(keras_float64.callbacks.Callback)
    model = keras_twin(weights)
    model.fit(x, y, validation_data=validation, callbacks=[recording], **options)
    assert [call[:-1] for call in trained.calls] == [call[:-1] for call in recording.calls]
    for ours, theirs in zip(trained.calls, recording.calls, strict=True):
        assert ours[-1] == pytest.approx(theirs[-1], abs=1e-12), ours[:-1]


def test_logs_hold_what_the_docstring_says(trained):
    names = {hook: set() for hook in HOOKS}
    for hook, *_, logs in trained.calls:
        names[hook].add(tuple(sorted(logs)))
    assert names["on_train_batch_end"] == {("accuracy", "loss")}
    assert names["on_test_batch_end"] == {("accuracy", "loss")}
    assert names["on_epoch_end"] == {("accuracy", "loss", "val_accuracy", "val_loss")}
    assert names["on_train_batch_begin"] == names["on_epoch_begin"] == {()}
    epoch_logs = [logs for hook, *_, logs in trained.calls if hook == "on_epoch_end"]
    assert trained.history.epoch == [0, 1]
    for name, values in trained.history.history.items():
        assert values == [logs[name] for logs in epoch_logs]


def test_batch_logs_are_running_means():
    """By hand: x = 0, so the prediction is the bias b; rate 1/4; batches of 2, 2 and 1 rows.

    b = 0: loss ((0 - 1)**2 + (0 - 3)**2) / 2 = 5, gradient 2 (0 - 2) = -4, so b = 1
    b = 1: loss ((1 - 2)**2 + (1 - 2)**2) / 2 = 1, gradient 2 (1 - 2) = -2, so b = 1.5
    b = 1.5: loss (1.5 - 4)**2 = 6.25
    """
    recording = recorder(sgd.Callback)
    sgd.fit(
        [np.zeros((1, 1)), np.zeros(1)],
        np.zeros((5, 1)),
        np.array([[1.0], [3.0], [2.0], [2.0], [4.0]]),
        optimizer=sgd.SGD(0.25),
        loss="mean_squared_error",
        batch_size=2,
        shuffle=False,
        callbacks=[recording],
        verbose=0,
    )
    logs = [logs for hook, *_, logs in recording.calls if hook == "on_train_batch_end"]
    assert logs == [
        {"loss": 5.0},
        {"loss": (5 * 2 + 1 * 2) / 4},
        {"loss": (5 * 2 + 1 * 2 + 6.25 * 1) / 5},
    ]


def test_state_tells_where_the_training_is(make_network, make_rows):
    seen = []

    class Watch(sgd.Callback):
        def on_train_batch_end(self, batch, logs=None):
            state = self.state
            seen.append((state.epoch, state.step, state.optimizer.iterations))
            assert (state.epochs, state.steps, state.stop_training) == (2, 3, False)
            assert batch == state.step

    weights, (x, y) = make_network([4, 3]), make_rows(7, 4, 3)
    sgd.fit(weights, x, y, batch_size=3, epochs=2, callbacks=[Watch()], verbose=0)
    assert seen == [(0, 0, 1), (0, 1, 2), (0, 2, 3), (1, 0, 4), (1, 1, 5), (1, 2, 6)]


def test_state_can_be_changed(make_network, make_rows):
    """New weights, assigned in a hook, are those that come back, and the rate can be set."""
    weights, (x, y) = make_network([4, 3]), make_rows(6, 4, 3)
    others = make_network([4, 3], seed=9)
    optimizer = sgd.SGD(0.1)

    class Change(sgd.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.state.weights = others
            self.state.optimizer.learning_rate = 0.5

    changed, _ = sgd.fit(weights, x, y, optimizer=optimizer, callbacks=[Change()], verbose=0)
    assert all(a is b for a, b in zip(changed, others, strict=True))
    assert optimizer.learning_rate == 0.5


def test_stop_training_ends_after_this_batch(make_network, make_rows):
    class Stop(sgd.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.state.stop_training = self.state.epoch == 1 and batch == 1

    weights, (x, y) = make_network([4, 3]), make_rows(6, 4, 3)
    recording, optimizer = recorder(sgd.Callback), sgd.SGD()
    _, history = sgd.fit(
        weights,
        x,
        y,
        optimizer=optimizer,
        batch_size=2,
        epochs=5,
        callbacks=[Stop(), recording],
        verbose=0,
    )
    assert optimizer.iterations == 3 + 2
    assert history.epoch == [0, 1]
    assert [call[:-1] for call in recording.calls[-3:]] == [
        ("on_train_batch_end", 1),
        ("on_epoch_end", 1),
        ("on_train_end",),
    ]
    assert not history.interrupted


def test_callbacks_run_in_their_order_and_before_history(make_network, make_rows):
    """As in Keras: what a callback writes into the logs of an epoch gets into the history."""
    order = []

    class First(sgd.Callback):
        def on_epoch_end(self, epoch, logs=None):
            order.append("first")
            logs["mine"] = 7.0

    class Second(sgd.Callback):
        def on_epoch_end(self, epoch, logs=None):
            order.append("second")
            assert logs["mine"] == 7.0

    weights, (x, y) = make_network([4, 3]), make_rows(6, 4, 3)
    _, history = sgd.fit(weights, x, y, callbacks=[First(), Second()], verbose=0)
    assert order == ["first", "second"]
    assert history.history["mine"] == [7.0]


def test_history_shows_its_last_numbers():
    history = sgd.History()
    assert repr(history) == "History(0 epochs)"
    history.on_epoch_end(0, {"loss": 2.0})
    history.on_epoch_end(1, {"loss": 1.0})
    assert history.history == {"loss": [2.0, 1.0]}
    assert repr(history) == "History(2 epochs: last loss=1.0000)"


# Interruption


@pytest.mark.parametrize(
    ("hook", "updates", "epochs_noted"),
    [
        ("on_train_batch_end", 2 * 3 + 2, 2),  # in epoch 3, after its second batch
        ("on_epoch_begin", 2 * 3, 2),
        ("on_test_batch_end", 3 * 3, 2),
    ],
)
def test_interrupt_returns_what_there_is(
    make_network, make_rows, capsys, hook, updates, epochs_noted
):
    class PressStop(sgd.Callback):
        def interrupt(self, number, logs=None):
            in_time = number == 1 if hook == "on_train_batch_end" else True
            if self.state.epoch == 2 and in_time:
                self.weights_then = self.state.weights
                raise KeyboardInterrupt

    setattr(PressStop, hook, PressStop.interrupt)
    weights, (x, y) = make_network([4, 3]), make_rows(6, 4, 3)
    recording, stop, optimizer = recorder(sgd.Callback), PressStop(), sgd.SGD(0.1)
    trained, history = sgd.fit(
        weights,
        x,
        y,
        optimizer=optimizer,
        batch_size=2,
        epochs=5,
        validation_data=(x, y),
        callbacks=[recording, stop],
        verbose=0,
    )
    assert history.interrupted
    assert history.epoch == list(range(epochs_noted))
    assert len(history.history["loss"]) == epochs_noted
    assert optimizer.iterations == updates
    assert trained is stop.weights_then
    assert recording.calls[-1][0] == "on_train_end"
    printed = capsys.readouterr().out
    assert printed.startswith("Interrupted in epoch 3 of 5")
    assert "weights trained so far are returned" in printed


@pytest.mark.parametrize(
    ("hook", "epoch", "batch", "updates"),
    [
        ("on_train_batch_begin", 0, 0, 0),
        ("on_train_batch_end", 0, 1, 2),
        ("on_train_batch_begin", 0, 1, 1),  # the second batch has begun, not ended
        ("on_train_batch_begin", 1, 0, 3),
        ("on_train_batch_end", 1, 2, 6),
    ],
)
def test_interrupt_says_how_many_updates_were_made(
    make_network, make_rows, capsys, hook, epoch, batch, updates
):
    def interrupt(self, number, logs=None):
        if (self.state.epoch, number) == (epoch, batch):
            raise KeyboardInterrupt

    stop = type("PressStop", (sgd.Callback,), {hook: interrupt})()
    weights, (x, y) = make_network([4, 3]), make_rows(6, 4, 3)
    optimizer = sgd.SGD()
    sgd.fit(weights, x, y, optimizer=optimizer, batch_size=2, verbose=0)  # 3 updates before
    sgd.fit(weights, x, y, optimizer=optimizer, batch_size=2, epochs=2, callbacks=[stop], verbose=0)
    assert optimizer.iterations == 3 + updates
    message = f"Interrupted in epoch {epoch + 1} of 2; updates made: {updates}."
    assert message in capsys.readouterr().out


def test_training_can_go_on_after_an_interrupt(make_network, make_rows, largest_difference):
    """Interrupted after epoch 1, then the rest: the same weights as without interruption."""

    class PressStop(sgd.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1:
                raise KeyboardInterrupt

    weights, (x, y) = make_network([4, 3]), make_rows(6, 4, 3)
    optimizer = sgd.SGD(0.1, momentum=0.9)
    options = {"epochs": 3, "batch_size": 4, "shuffle": False, "verbose": 0}
    halfway, _ = sgd.fit(weights, x, y, optimizer=optimizer, callbacks=[PressStop()], **options)
    resumed, _ = sgd.fit(halfway, x, y, optimizer=optimizer, initial_epoch=1, **options)
    straight, _ = sgd.fit(weights, x, y, optimizer=sgd.SGD(0.1, momentum=0.9), **options)
    assert largest_difference(resumed, straight) == 0.0


def test_other_errors_are_not_swallowed(make_network, make_rows):
    class Broken(sgd.Callback):
        def on_epoch_end(self, epoch, logs=None):
            raise ZeroDivisionError

    weights, (x, y) = make_network([4, 3]), make_rows(6, 4, 3)
    with pytest.raises(ZeroDivisionError):
        sgd.fit(weights, x, y, callbacks=[Broken()], verbose=0)


# EarlyStopping


def run_keras(stopper, scores, monitor):
    """Drive Keras's callback through its hooks; the weights of epoch e are [e]."""
    model = SimpleNamespace(stop_training=False, weights=None)
    model.get_weights = lambda: model.weights
    model.set_weights = lambda weights: setattr(model, "weights", weights)
    stopper.set_model(model)
    stopper.on_train_begin()
    for epoch, score in enumerate(scores):
        model.weights = [epoch]
        stopper.on_epoch_end(epoch, {monitor: score})
        if model.stop_training:
            break
    stopper.on_train_end()
    return epoch, model.stop_training, stopper.stopped_epoch, model.weights


def run_ours(stopper, scores, monitor):
    """Drive ours in the same way."""
    stopper.state = sgd.TrainingState([], sgd.SGD(), epochs=len(scores), steps=1)
    stopper.on_train_begin()
    for epoch, score in enumerate(scores):
        stopper.state.weights = [epoch]
        stopper.on_epoch_end(epoch, {monitor: score})
        if stopper.state.stop_training:
            break
    stopper.on_train_end()
    return epoch, stopper.state.stop_training, stopper.stopped_epoch, stopper.state.weights


# Multiples of 1/16: Keras compares in float32, which holds them exactly, so ties stay ties.
SCORES = st.integers(0, 32).map(lambda number: number / 16)
DIVERGED = st.sampled_from([float("nan"), float("inf"), -float("inf")])


@given(
    scores=st.lists(SCORES | DIVERGED, min_size=1, max_size=12),
    monitor=st.sampled_from(["loss", "val_loss"]),
    mode=st.sampled_from(["auto", "min", "max"]),
    patience=st.integers(0, 4),
    min_delta=st.sampled_from([0.0, 1 / 16, 1 / 8, -1 / 8, 1 / 32]),
    restore=st.booleans(),
)
@example([1.0, 0.5, 0.5, 0.5], "loss", "auto", 2, 0.0, True)
@example([0.5, 0.5625, 0.5], "loss", "min", 1, 1 / 16, True)  # better by min_delta: not enough
@example([float("nan"), 1.0, 0.5, 0.25], "loss", "min", 2, 0.0, True)
@example([float("inf"), float("inf"), float("inf"), 1.0], "loss", "min", 2, 0.0, True)
def test_early_stopping_agrees_with_keras(
    keras, scores, monitor, mode, patience, min_delta, restore
):
    options = {
        "monitor": monitor,
        "mode": mode,
        "patience": patience,
        "min_delta": min_delta,
        "restore_best_weights": restore,
    }
    ours, theirs = sgd.EarlyStopping(**options), keras.callbacks.EarlyStopping(**options)
    assert run_ours(ours, scores, monitor) == run_keras(theirs, scores, monitor)
    assert ours.best_epoch == theirs.best_epoch
    assert ours.wait == theirs.wait
    # one object serves several trainings: it forgets the earlier one
    assert run_ours(ours, scores[::-1], monitor) == run_keras(theirs, scores[::-1], monitor)


@pytest.mark.parametrize("monitor", ["accuracy", "val_accuracy"])
@given(scores=st.lists(SCORES, min_size=1, max_size=12), patience=st.integers(0, 3))
def test_early_stopping_knows_that_accuracy_goes_up(monitor, scores, patience):
    automatic = sgd.EarlyStopping(monitor, patience=patience)
    upwards = sgd.EarlyStopping(monitor, patience=patience, mode="max")
    assert run_ours(automatic, scores, monitor) == run_ours(upwards, scores, monitor)


def test_early_stopping_by_hand():
    """Patience 2: 0.5 is the best; two epochs without anything better, and it stops."""
    stopper = sgd.EarlyStopping("loss", patience=2, restore_best_weights=True)
    assert run_ours(stopper, [1.0, 0.5, 0.75, 0.5, 0.1], "loss") == (3, True, 3, [1])
    assert stopper.best_epoch == 1


def test_early_stopping_inside_fit(make_network, make_rows):
    """A validation set with other labels: its loss grows from the first epoch on."""
    weights, (x, y) = make_network([4, 3]), make_rows(30, 4, 3)
    stopper = sgd.EarlyStopping("val_loss", patience=2, restore_best_weights=True)
    after_epoch = []

    class Keep(sgd.Callback):
        def on_epoch_end(self, epoch, logs=None):
            after_epoch.append(self.state.weights)

    trained, history = sgd.fit(
        weights,
        x,
        y,
        optimizer=sgd.SGD(0.5),
        epochs=50,
        validation_data=(x, (y + 1) % 3),
        callbacks=[Keep(), stopper],
        verbose=0,
    )
    best = int(np.argmin(history.history["val_loss"]))
    assert len(history.epoch) == best + 3 < 50
    assert stopper.stopped_epoch == best + 2
    assert trained is after_epoch[best]
    loss, _ = sgd.evaluate(trained, x, (y + 1) % 3)
    assert loss == history.history["val_loss"][best]


def test_early_stopping_needs_its_number(make_network, make_rows):
    weights, (x, y) = make_network([4, 3]), make_rows(6, 4, 3)
    with pytest.raises(ValueError, match="monitor must be one of") as error:
        sgd.fit(weights, x, y, callbacks=[sgd.EarlyStopping("val_loss")], verbose=0)
    assert "['accuracy', 'loss']" in str(error.value)
    assert "monitor='val_loss'" in str(error.value)
    assert "validation_data" in str(error.value)


# ProgressBar


def fit_verbosely(make_network, make_rows, **options):
    weights, (x, y) = make_network([4, 3]), make_rows(6, 4, 3)
    return sgd.fit(weights, x, y, batch_size=2, epochs=2, **options)


def test_verbose_0_prints_nothing(make_network, make_rows, capsys):
    fit_verbosely(make_network, make_rows, verbose=0)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("options", [{}, {"verbose": "auto"}, {"verbose": 1}])
def test_verbose_1_prints_a_bar_for_each_epoch(make_network, make_rows, capsys, options):
    _, history = fit_verbosely(make_network, make_rows, **options)
    printed, errors = capsys.readouterr()
    assert errors == ""
    last_lines = [line.split("\r")[-1] for line in printed.strip().split("\n")]
    assert len(last_lines) == 2
    for epoch, line in enumerate(last_lines):
        assert line.startswith(f"Epoch {epoch + 1}/2")
        assert "3/3" in line
        for name, values in history.history.items():
            assert f"{name}={values[epoch]:.3g}"[:8] in line


def test_verbose_2_prints_one_line_for_each_epoch(make_network, make_rows, capsys):
    _, history = fit_verbosely(make_network, make_rows, verbose=2, validation_split=0.5)
    printed, errors = capsys.readouterr()
    assert errors == ""
    values = {name: f"{numbers[1]:.4f}" for name, numbers in history.history.items()}
    assert printed.splitlines()[1] == (
        f"Epoch 2/2 - loss: {values['loss']} - accuracy: {values['accuracy']} - "
        f"val_loss: {values['val_loss']} - val_accuracy: {values['val_accuracy']}"
    )
    assert len(printed.splitlines()) == 2


def test_the_bar_is_closed_after_an_interrupt(make_network, make_rows, capsys):
    class PressStop(sgd.Callback):
        def on_train_batch_end(self, batch, logs=None):
            raise KeyboardInterrupt

    bar = sgd.ProgressBar()
    fit_verbosely(make_network, make_rows, callbacks=[bar, PressStop()], verbose=0)
    printed, errors = capsys.readouterr()
    assert errors == ""
    assert bar.bar is None
    # the message stands on a line of its own, below the bar
    assert printed.split("\n")[-2].startswith("Interrupted in epoch 1 of 2; updates made: 1.")
