"""The recorder: it changes nothing, it tells the truth, and it says what it cannot do."""

import io
import json
import sys
import types

import numpy as np
import pytest

import sgdcourse as sgd
from sgdcourse import SGD, compare
from sgdcourse.keras_random import fit_order
from sgdcourse.recorder import Recording, record_fit
from sgdcourse.tf_keras import keras, tf
from sgdcourse.widgets import stepper

layers = keras.layers
SEED = 7
pytestmark = [
    pytest.mark.filterwarnings("ignore:Your input ran out of data"),  # asked for in two cases
    pytest.mark.filterwarnings("ignore:__array__ implementation"),  # Keras reading its variables
]


def rows(num_samples=50, shape=(6,), classes=3, seed=0):
    rng = np.random.default_rng(seed)
    return (
        rng.standard_normal((num_samples, *shape)).astype("float32"),
        rng.integers(0, classes, num_samples),
    )


def sequential(
    *stack, shape=(6,), optimizer=None, loss="sparse_categorical_crossentropy", **options
):
    model = keras.Sequential([keras.Input(shape), *stack])
    model.compile(optimizer or keras.optimizers.SGD(0.1), loss=loss, **options)
    return model


def dense(**options):
    """The plainest: one hidden layer, a softmax at the end."""
    stack = layers.Dense(8, activation="relu"), layers.Dense(3, activation="softmax")
    return sequential(*stack, metrics=["accuracy"], **options)


def momentum():
    return dense(optimizer=keras.optimizers.SGD(0.1, momentum=0.9))


def nesterov_clipped_decayed():
    return dense(
        optimizer=keras.optimizers.SGD(
            0.1, momentum=0.9, nesterov=True, weight_decay=0.01, global_clipnorm=0.5
        )
    )


def clipped_values():
    return dense(optimizer=keras.optimizers.SGD(0.1, clipvalue=0.05))


def accumulating_and_averaging():
    return dense(
        optimizer=keras.optimizers.SGD(
            0.1, gradient_accumulation_steps=3, use_ema=True, ema_overwrite_frequency=2
        )
    )


def accumulating_with_a_schedule():
    schedule = keras.optimizers.schedules.CosineDecay(0.1, 10)
    return dense(optimizer=keras.optimizers.SGD(schedule, gradient_accumulation_steps=2))


def scheduled():
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 5, 0.5)
    return dense(optimizer=keras.optimizers.SGD(schedule, momentum=0.5))


def rate_function():
    return dense(optimizer=keras.optimizers.SGD(lambda: 0.05))


def dropout_and_noise():
    return sequential(
        layers.Dense(16, activation="relu"),
        layers.Dropout(0.5),
        layers.GaussianNoise(0.1),
        layers.Dense(3, activation="softmax"),
    )


def convolution():
    return sequential(
        layers.Conv2D(4, 3, activation="relu"),
        layers.BatchNormalization(),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(3),
        shape=(8, 8, 1),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )


def recurrent():
    return sequential(layers.LSTM(4), layers.Dense(3, activation="softmax"), shape=(5, 2))


def penalties_and_constraints():
    return sequential(
        layers.Dense(8, kernel_regularizer="l2", activity_regularizer="l1"),
        layers.Dense(3, activation="softmax", kernel_constraint=keras.constraints.MaxNorm(0.5)),
    )


def not_built_yet():
    model = keras.Sequential([layers.Dense(8, activation="relu"), layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), loss="huber")
    return model


def frozen():
    model = dense()
    model.layers[0].trainable = False
    model.compile("sgd", loss="sparse_categorical_crossentropy")
    return model


def several_at_a_time():
    return dense(steps_per_execution=3)


def eager():
    return dense(run_eagerly=True)


def adam():
    return dense(optimizer=keras.optimizers.Adam(0.01))


def two_inputs_two_outputs():
    a, b = keras.Input((6,), name="a"), keras.Input((2,), name="b")
    hidden = layers.Dense(8, activation="tanh")(layers.Concatenate()([a, b]))
    outputs = {
        "label": layers.Dense(3, activation="softmax", name="label")(hidden),
        "value": layers.Dense(1, name="value")(hidden),
    }
    model = keras.Model({"a": a, "b": b}, outputs)
    model.compile(
        keras.optimizers.SGD(0.05, momentum=0.9),
        loss={"label": "sparse_categorical_crossentropy", "value": "mse"},
        metrics={"label": "accuracy"},
    )
    return model


def embedding():
    model = keras.Sequential(
        [keras.Input((4,)), layers.Embedding(9, 3), layers.Flatten(), layers.Dense(1)]
    )
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), loss="mse")
    return model


@keras.saving.register_keras_serializable("sgdcourse.tests")
class OwnStep(keras.Model):
    """A train_step as a learner writes it, with GradientTape."""

    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(3, activation="softmax")

    def call(self, x):
        return self.dense(x)

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compute_loss(y=y, y_pred=y_pred)
        variables = self.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        return {"loss": loss}


def own_train_step():
    model = OwnStep()
    model.compile(keras.optimizers.SGD(0.1), loss="sparse_categorical_crossentropy")
    return model


def own_random_numbers():
    """TensorFlow's own random operations, whose seeds count the operations before them."""
    return sequential(
        layers.Dense(8),
        layers.Lambda(lambda x: x + 0.1 * tf.random.normal(tf.shape(x))),
        layers.Dense(3, activation="softmax"),
    )


class Items(keras.utils.PyDataset):
    def __len__(self):
        return 4

    def __getitem__(self, item):
        return rows(8, seed=item)


def unknown_length():
    """A Dataset that does not say how many batches it has: Keras finds out by running dry."""
    return dataset().filter(lambda x, y: tf.constant(True))


def mixed_float16():
    return dense_with_policy("mixed_float16")


def mixed_bfloat16():
    return dense_with_policy("mixed_bfloat16")


def dense_with_policy(policy):
    stack = (
        layers.Dense(8, activation="relu", dtype=policy),
        layers.Dense(3, activation="softmax", dtype=policy),
    )
    optimizer = keras.optimizers.SGD(0.1, momentum=0.9)
    if policy == "mixed_float16":  # small: the first scale is too large, and an update is left out
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer, initial_scale=2.0**22)
    return sequential(*stack, optimizer=optimizer)


def compiled_by_xla():
    return dense(optimizer=keras.optimizers.SGD(0.1, momentum=0.9), jit_compile=True)


def callback_list():
    keras.utils.set_random_seed(SEED)
    plateau = keras.callbacks.ReduceLROnPlateau("loss", patience=0, min_delta=1.0)
    return keras.callbacks.CallbackList([plateau], add_history=True)


def generator():
    while True:
        yield rows(16)


def sparse():
    x, y = rows()
    return {"x": tf.sparse.from_dense(np.maximum(x, 0)), "y": y, "shuffle": False}


def dataset():
    return tf.data.Dataset.from_tensor_slices(rows()).shuffle(50).batch(16)


def nested():
    x, y = rows()
    y = {"label": y, "value": x[:, :1]}
    return {"x": {"a": x, "b": x[:, :2]}, "y": y, "sample_weight": np.linspace(0, 2, 50)}


def arrays(shape=(6,), **options):
    return lambda: dict(zip("xy", rows(shape=shape), strict=True)) | options


CASES = {
    "plain": (dense, arrays()),
    "momentum": (momentum, arrays()),
    "nesterov, clipped, decayed": (nesterov_clipped_decayed, arrays()),
    "values clipped": (clipped_values, arrays()),
    "accumulation and average": (accumulating_and_averaging, arrays()),
    "accumulation, schedule": (accumulating_with_a_schedule, arrays()),
    "schedule": (scheduled, arrays()),
    "rate from a function": (rate_function, arrays()),
    "dropout": (dropout_and_noise, arrays()),
    "convolution": (convolution, arrays(shape=(8, 8, 1))),
    "LSTM": (recurrent, arrays(shape=(5, 2))),
    "penalties": (penalties_and_constraints, arrays()),
    "not built": (not_built_yet, arrays()),
    "frozen": (frozen, arrays()),
    "several at a time": (several_at_a_time, arrays()),
    "eager": (eager, arrays()),
    "Adam": (adam, arrays()),
    "two inputs": (two_inputs_two_outputs, nested),
    "own train_step": (own_train_step, arrays()),
    "own random numbers": (own_random_numbers, arrays()),
    "embedding": (
        embedding,
        lambda: {"x": np.random.default_rng(0).integers(0, 9, (50, 4)), "y": np.ones((50, 1))},
    ),
    "not shuffled": (dense, arrays(shuffle=False)),
    "shuffled in batches": (dense, arrays(shuffle="batch")),
    "validation_split": (dropout_and_noise, arrays(validation_split=0.3)),
    "validation_data": (dense, arrays(validation_data=rows(20, seed=1), validation_freq=2)),
    "sample_weight": (
        momentum,
        arrays(sample_weight=np.linspace(0, 3, 50), validation_split=0.2),
    ),
    "class_weight": (dense, arrays(class_weight={0: 1.0, 1: 5.0, 2: 0.5})),
    "steps_per_epoch": (dense, arrays(steps_per_epoch=2)),
    "steps_per_epoch, no size": (dense, arrays(steps_per_epoch=4, batch_size=None)),
    "initial_epoch": (dense, arrays(initial_epoch=1)),
    "float64 and tensors": (
        dense,
        lambda: {"x": tf.constant(rows()[0], tf.float64), "y": tf.constant(rows()[1])},
    ),
    "Dataset": (dense, lambda: {"x": dataset(), "batch_size": None, "shuffle": False}),
    "unknown length": (
        dense,
        lambda: {"x": unknown_length(), "batch_size": None, "shuffle": False},
    ),
    "mixed float16": (mixed_float16, arrays()),
    "mixed bfloat16": (mixed_bfloat16, arrays()),
    "XLA": (compiled_by_xla, arrays()),
    "generator": (
        dense,
        lambda: {"x": generator(), "steps_per_epoch": 2, "batch_size": None, "shuffle": False},
    ),
    "sparse": (dense, sparse),
    "PyDataset": (dense, lambda: {"x": Items(), "batch_size": None}),
    "callbacks": (
        dense,
        lambda: (
            arrays(validation_split=0.2)()
            | {
                "callbacks": [
                    keras.callbacks.ReduceLROnPlateau("loss", patience=0, min_delta=1.0),
                    keras.callbacks.EarlyStopping(
                        "val_loss", patience=1, restore_best_weights=True
                    ),
                    keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.5),
                ]
            }
        ),
    ),
}


def train(make, arguments, recorded, again=False, **options):
    """Train a new model, seeded."""
    keras.utils.set_random_seed(SEED)
    model, recording = make(), None
    arguments = {"epochs": 3, "batch_size": 16, "verbose": 0} | arguments()
    if recorded:
        with record_fit(model, **options) as recording:
            history = model.fit(**arguments).history
    else:
        history = model.fit(**arguments).history
    state = {
        "weights": model.get_weights(),
        "optimizer": [np.asarray(v) for v in model.optimizer.variables],
        "history": history,
    }
    if again:  # shows whether the first left anything behind
        state["again"] = model.fit(**arguments).history, model.get_weights()
    return state, recording


def assert_same(a, b):
    for name in ("weights", "optimizer"):
        for left, right in zip(a[name], b[name], strict=True):
            np.testing.assert_array_equal(left, right)
    assert a["history"] == b["history"]
    if "again" in a:
        assert a["again"][0] == b["again"][0]
        for left, right in zip(a["again"][1], b["again"][1], strict=True):
            np.testing.assert_array_equal(left, right)


FITTED_AGAIN = {"momentum", "dropout", "convolution", "several at a time", "schedule"}


@pytest.mark.parametrize("name", CASES)
def test_it_changes_nothing(name):
    """Weights, history, the optimizer's state, and a fit after it, bit for bit."""
    make, arguments = CASES[name]
    again = name in FITTED_AGAIN
    plain, _ = train(make, arguments, recorded=False, again=again)
    recorded, recording = train(make, arguments, recorded=True, again=again, full_steps=[0, 1])
    assert_same(plain, recorded)
    assert len(recording) > 3
    assert np.isfinite(recording["loss"]).all()
    assert np.isfinite(recording["gradient_norm"]).any()
    first_update = 6 if name == "mixed float16" else 2  # the rate is not computed before
    assert np.isfinite(recording["rate"][first_update:]).all()
    assert json.dumps(recording.fits)
    # what Keras reports is the mean over the batches, weighted by their rows
    for epoch in recording.epochs if name != "own train_step" else []:  # which reports the last
        steps = recording["epoch"] == epoch["epoch"]
        mean = np.average(recording["loss"][steps], weights=recording["size"][steps])
        assert mean == pytest.approx(epoch["logs"]["loss"], rel=1e-5)
        assert recording["reported_loss"][steps][-1] == pytest.approx(epoch["logs"]["loss"])


def test_callback_list():
    """A CallbackList that was made outside is used as it is, and left as it was."""
    plain, recorded = dense_seeded(), dense_seeded()
    x, y = rows()
    lists = [callback_list(), callback_list()]
    for one, model in zip(lists, (plain, recorded), strict=True):
        one.set_model(model)
    keras.utils.set_random_seed(SEED)
    plain.fit(x, y, epochs=3, callbacks=lists[0])
    keras.utils.set_random_seed(SEED)
    with record_fit(recorded) as recording:
        recorded.fit(x, y, epochs=3, callbacks=lists[1])
    assert len(recording.epochs) == 3
    assert len(lists[0].callbacks) == len(lists[1].callbacks)
    for a, b in zip(plain.get_weights(), recorded.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def dense_seeded(**options):
    keras.utils.set_random_seed(SEED)
    return dense(**options)


# ------------------------------------------------------------------------- it tells the truth


def test_rows_and_gradients_are_those_of_the_batch():
    """Unseeded: from the rows noted, NumPy computes the very gradients that were noted."""
    x, y = rows(77)
    tf.random.set_seed(None)
    model = compare.keras_twin(sgd.init_weights([6, 8, 3], np.random.default_rng(0)), SGD(0.1))
    recording = record_fit(
        model, x, y, epochs=2, batch_size=16, verbose=0, full_steps=range(10), keep_rows=True
    )
    assert len(recording) == len(recording.arrays) == 10
    dealt = [np.concatenate(recording.rows[i : i + 5]) for i in (0, 5)]
    assert all(np.array_equal(np.sort(order), np.arange(77)) for order in dealt)
    assert not np.array_equal(*dealt)
    for step, rows_dealt in enumerate(recording.rows):
        full = recording.arrays[step]
        logits, activations = sgd.forward(full["before"], x[rows_dealt])
        loss = sgd.sparse_categorical_crossentropy(y[rows_dealt], logits).mean()
        dlogits = sgd.loss_gradient(y[rows_dealt], logits)
        gradients = sgd.backward(full["before"], activations, dlogits)
        assert compare.largest_difference(gradients, full["gradients"]) < 1e-6
        assert recording["loss"][step] == pytest.approx(float(loss), rel=1e-5)
    assert recording["size"].tolist() == [16, 16, 16, 16, 13] * 2


def test_seeded_rows_are_the_predicted_ones():
    keras.utils.set_random_seed(5)
    recording = record_fit(dense(), *rows(), epochs=1, verbose=0)
    np.testing.assert_array_equal(np.concatenate(recording.rows), fit_order(50, 5))


def test_rows_with_validation_split_and_batches_shuffled():
    recording = record_fit(
        dense(), *rows(), batch_size=10, shuffle="batch", validation_split=0.2, verbose=0
    )
    assert [sorted(dealt) for dealt in recording.rows] == [
        list(range(start, start + 10)) for start in range(0, 40, 10)
    ]


def test_arrays_follow_each_other():
    """What one step leaves, the next begins with; the norms are those of the arrays."""
    model = dense_seeded(optimizer=keras.optimizers.SGD(0.1, momentum=0.9))
    initial = model.get_weights()
    recording = record_fit(model, *rows(), epochs=2, verbose=0, full_steps=range(4))
    steps = [recording.arrays[step] for step in range(4)]
    chain = [initial, *(full["after"] for full in steps[:-1])]
    for full, before in zip(steps, chain, strict=True):
        assert all(map(np.array_equal, full["before"], before))
    assert all(map(np.array_equal, steps[-1]["after"], model.get_weights()))
    for step, full in enumerate(steps):
        moved = [a - b for a, b in zip(full["after"], full["before"], strict=True)]
        for name, arrays_of in {
            "gradient_norm": full["gradients"],
            "step_norm": moved,
            "velocity_norm": full["velocities"],
            "weight_norm": full["before"],
        }.items():
            expected = np.sqrt(sum(np.sum(a.astype(float) ** 2) for a in arrays_of))
            assert recording[name][step] == pytest.approx(expected, rel=1e-6)
        for name, gradient in zip(recording.gradient_norms, full["gradients"], strict=True):
            length = np.linalg.norm(gradient.ravel())
            assert recording.gradient_norms[name][step] == pytest.approx(length, rel=1e-6)
    assert recording["rule_error"][:3].tolist() == [0, 0, 0]


def test_rates():
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([1, 3], [0.5, 0.25, 0.125])
    recording = record_fit(
        dense(optimizer=keras.optimizers.SGD(schedule)), *rows(), epochs=3, verbose=0
    )
    assert recording["rate"].tolist() == [0.5, 0.5, 0.25, 0.25, 0.125, 0.125]


def test_several_steps_at_a_time_are_all_recorded():
    x, y = rows()
    one, three = (
        record_fit(dense_seeded(**options), x, y, batch_size=8, epochs=2, verbose=0)
        for options in ({}, {"steps_per_execution": 3})
    )
    assert len(one) == len(three) == 14
    for name in ("loss", "reported_loss", "gradient_norm", "size", "batch", "epoch"):
        np.testing.assert_array_equal(one[name], three[name])


def test_loss_scale_is_taken_off():
    keras.utils.set_random_seed(SEED)
    model = mixed_float16()
    recording = record_fit(model, *rows(), epochs=3, batch_size=16, verbose=0, full_steps=[11])
    norms = recording["gradient_norm"]
    skipped = ~np.isfinite(norms)
    assert skipped.any()
    assert not skipped.all()
    assert np.isfinite(recording["loss"]).all()
    assert norms[~skipped].max() < 10  # and not millions
    assert not recording["step_norm"][skipped].any()
    full = recording.arrays[11]
    expected = [v - 0 for v in full["velocities"]]
    moved = [a - b for a, b in zip(full["after"], full["before"], strict=True)]
    assert compare.largest_difference(moved, expected) < 1e-6


def test_a_variable_without_gradient():
    inputs = keras.Input((6,))
    used, unused = layers.Dense(3, name="used"), layers.Dense(3, name="unused")
    model = keras.Model(inputs, [used(inputs), unused(inputs)])
    model.compile(keras.optimizers.SGD(0.1), loss=["mse", None])
    x, _ = rows()
    with pytest.warns(UserWarning, match="Gradients do not exist"):
        recording = record_fit(model, x, [x[:, :3], None], verbose=0, full_steps=[0])
    assert np.isnan(recording.gradient_norms["unused/kernel"]).all()
    assert np.isfinite(recording["gradient_norm"]).all()
    assert not recording.arrays[0]["gradients"][2].any()


# ------------------------------------------------------------- it leaves the model as it was


def test_the_model_is_as_before():
    model = dense()
    model.fit(*rows(), verbose=0)
    before, of_optimizer = dict(vars(model)), dict(vars(model.optimizer))
    with record_fit(model):
        model.fit(*rows(), verbose=0)
    changed = {name for name in before if vars(model)[name] is not before[name]}
    assert changed <= {"history", "_history", "stop_training"}
    assert vars(model).keys() == before.keys()
    assert all(vars(model.optimizer)[name] is value for name, value in of_optimizer.items())
    assert vars(model.optimizer).keys() == of_optimizer.keys()
    assert type(model.optimizer) is keras.optimizers.SGD
    assert model.train_function is before["train_function"]


class RaiseAt(keras.callbacks.Callback):
    def __init__(self, step, error):
        super().__init__()
        self.step, self.error, self.seen = step, error, 0

    def on_train_batch_end(self, batch, logs=None):
        self.seen += 1
        if self.seen == self.step:
            raise self.error


@pytest.mark.parametrize("error", [KeyboardInterrupt(), RuntimeError("broken")])
def test_what_was_recorded_stays(error):
    model = dense()
    with pytest.raises(type(error)), record_fit(model) as recording:
        model.fit(*rows(), batch_size=10, epochs=4, verbose=0, callbacks=[RaiseAt(7, error)])
    assert len(recording) == 7
    assert len(recording.epochs) == 1
    assert recording.fits[0]["ended"].startswith(type(error).__name__)
    assert recording.explain()["ended_early"].evidence["epochs_finished"] == 1
    assert not {"fit", "train_step", "make_train_function"} & vars(model).keys()
    assert model.train_function is None
    model.fit(*rows(), verbose=0)
    assert len(recording) == 7


def test_keras_errors_pass():
    model = dense()
    with record_fit(model) as recording:
        with pytest.raises(ValueError, match=r"same number of samples|cardinality"):
            model.fit(np.zeros((4, 6)), np.zeros(5), verbose=0)
        model.fit(*rows(), verbose=0)
    assert len(recording) == 2
    assert len(recording.fits) == 2
    assert recording.fits[0]["ended"].startswith("ValueError")


def test_two_fits_and_a_new_optimizer_between():
    model = dense(optimizer=keras.optimizers.SGD(0.1, momentum=0.9))
    with record_fit(model) as recording:
        model.fit(*rows(), verbose=0)
        model.fit(*rows(), verbose=0)
        model.layers[0].trainable = False
        model.compile(keras.optimizers.SGD(0.2), loss="sparse_categorical_crossentropy")
        model.fit(*rows(), verbose=0)
    assert recording["fit"].tolist() == [0, 0, 1, 1, 2, 2]
    assert recording["rate"].tolist() == pytest.approx([0.1] * 4 + [0.2] * 2)
    found = recording.explain()
    assert [finding.fit for finding in found if finding.name == "velocity_kept"] == [1]
    assert [finding.fit for finding in found if finding.name == "frozen_layers"] == [2]
    kernel = next(iter(recording.gradient_norms))
    assert np.isnan(recording.gradient_norms[kernel][4:]).all()
    assert len(recording.fit(2)) == 2
    assert "fit 2, velocity_kept" in str(found)


def test_checkpoints_are_written(tmp_path):
    model = dense()
    checkpoint = keras.callbacks.ModelCheckpoint(tmp_path / "model.keras")
    with record_fit(model):
        model.fit(*rows(), verbose=0, callbacks=[checkpoint])
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert all(map(np.array_equal, loaded.get_weights(), model.get_weights()))


# ------------------------------------------------------------------------------------ memory


def test_memory_is_bounded():
    x, y = rows()
    whole = record_fit(dense_seeded(), x, y, epochs=5, verbose=0)
    assert whole.bytes_kept == 10 * (13 * 8 + 4 * 2 * 8) + 5 * 50 * 4
    limit = whole.bytes_kept / 2
    half = record_fit(dense_seeded(), x, y, epochs=5, verbose=0, megabytes=limit / 1e6)
    assert 0 < len(half) < 10
    assert half.bytes_kept <= limit
    assert len(half) + half.steps_not_kept == 10
    assert "recording_full" in half.explain()
    assert "steps not kept" in str(half)
    no_rows = record_fit(dense_seeded(), x, y, epochs=5, verbose=0, keep_rows=False)
    assert no_rows.rows == [None] * 10
    assert whole.bytes_kept - no_rows.bytes_kept == 5 * 50 * 4


# ----------------------------------------------------------------------- saved and loaded


@pytest.fixture(scope="module")
def recording():
    model = dense_seeded(optimizer=keras.optimizers.SGD(0.1, momentum=0.9))
    return record_fit(
        model, *rows(), batch_size=16, epochs=2, verbose=0, full_steps=[0, 3], validation_split=0.2
    )


def test_saved_and_loaded(recording, tmp_path):
    path = recording.save(tmp_path / "run.of.today")
    assert path.name == "run.of.today.npz"
    loaded = Recording.load(path)
    assert str(loaded) == str(recording)
    assert str(loaded.explain()) == str(recording.explain())
    assert loaded.bytes_kept == recording.bytes_kept
    assert loaded.fits == recording.fits
    for step, full in recording.arrays.items():
        for name, values in full.items():
            assert all(map(np.array_equal, loaded.arrays[step][name], values))
    with np.load(path, allow_pickle=False) as file:  # no pickle in it
        assert all(file[name].dtype.kind in "fiu" for name in file.files)


def test_saved_without_rows(tmp_path):
    recording = record_fit(dense(), dataset(), shuffle=False, verbose=0)
    assert recording.rows == [None] * 4
    loaded = Recording.load(recording.save(tmp_path / "a.npz"))
    assert loaded.rows == [None] * 4
    assert len(Recording.load(Recording().save(tmp_path / "b.npz"))) == 0


def damaged(recording, kind):
    buffer = io.BytesIO()
    if kind == "text":
        return b"epoch,loss\n1,0.5\n"
    if kind == "other arrays":
        np.savez(buffer, x=np.zeros(3))
        return buffer.getvalue()
    if kind == "pickle":
        np.savez(buffer, header=np.array([{"format": "x"}], dtype=object))
        return buffer.getvalue()
    whole = recording.read_bytes()
    if kind == "cut off":
        return whole[: len(whole) // 2]
    if kind == "a byte changed":
        middle = len(whole) // 2
        return whole[:middle] + bytes([whole[middle] ^ 0xFF]) + whole[middle + 1 :]
    with np.load(recording) as file:
        content = {name: file[name] for name in file.files}
    header = json.loads(content["header"].tobytes())
    if kind == "later format":
        header["format"] = "sgdcourse recording 2"
    if kind == "column too short":
        content["column loss"] = content["column loss"][:-1]
    if kind == "header a list":
        header = [header]
    content["header"] = np.frombuffer(json.dumps(header).encode(), np.uint8)
    np.savez(buffer, **content)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "kind",
    [
        "text",
        "other arrays",
        "pickle",
        "cut off",
        "a byte changed",
        "later format",
        "column too short",
        "header a list",
    ],
)
def test_damaged_files(recording, tmp_path, kind):
    path = recording.save(tmp_path / "whole.npz")
    bad = tmp_path / "bad.npz"
    bad.write_bytes(damaged(path, kind))
    with pytest.raises(ValueError, match=r"path must be a file that Recording.save.*bad.npz"):
        Recording.load(bad)


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        Recording.load(tmp_path / "none.npz")


# ------------------------------------------------------------------------------ it is shown


def test_table(recording):
    text = str(recording)
    assert text.startswith("2 epochs finished, 6 steps, SGD, momentum 0.9")
    assert "loss of batch  Keras reports" in text
    html = recording._repr_html_()
    assert html.count("<tr>") == 7
    assert '<th scope="col">gradient</th>' in html
    assert "Nothing recorded yet" in str(Recording())


def test_long_table_is_cut():
    recording = record_fit(dense(), *rows(), batch_size=2, verbose=0)
    assert len(recording) == 25
    assert str(recording).count("\n") < 20


def test_unknown_column(recording):
    with pytest.raises(KeyError, match="name must be one of fit, epoch"):
        recording["losses"]


def test_picture(recording):
    picture = recording.plot()
    assert picture.png.startswith(b"\x89PNG")
    assert "over 6 steps" in picture.alt
    with pytest.raises(ValueError, match="at least one step"):
        Recording().plot()


def test_stepper(recording, no_error_in_a_callback):
    demo = stepper(recording)
    assert "epoch 1, batch 1, 16 rows" in demo.text
    demo.set(step=5)
    assert "Step 5: epoch 2, batch 3, 8 rows" in demo.text
    assert "marks step 5" in demo.picture.alt
    assert f"{recording['loss'][5]:.4f}" in demo.text
    with pytest.raises(ValueError, match="at least one step"):
        stepper(Recording())


def test_dataframe(recording, monkeypatch):
    class DataFrame(dict):
        def rename_axis(self, name):
            self.axis = name
            return self

    monkeypatch.setitem(sys.modules, "pandas", types.SimpleNamespace(DataFrame=DataFrame))
    table = recording.to_dataframe()
    assert table.axis == "step"
    assert len(table["rows"]) == len(table["loss"]) == 6
    assert table["batch"].dtype == np.int64
    assert sum(name.startswith("gradient_norm: ") for name in table) == 4
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ModuleNotFoundError, match="pip install pandas"):
        recording.to_dataframe()


# ------------------------------------------------------------------------------ it refuses


def test_what_is_no_model():
    with pytest.raises(TypeError, match=r"model must be a keras.Model.*builtins.dict"):
        record_fit({})


def test_not_compiled():
    model = keras.Sequential([keras.Input((2,)), layers.Dense(1)])
    with pytest.raises(ValueError, match=r"must be compiled.*model.compile\("):
        record_fit(model)


def test_no_optimizer():
    model = keras.Sequential([keras.Input((2,)), layers.Dense(1)])
    model.compile(optimizer=None, loss="mse")
    with pytest.raises(ValueError, match="must have an optimizer"):
        record_fit(model)


def test_another_backend(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(ValueError, match=r"must run on TensorFlow.*'jax'"):
        record_fit(dense())


def test_a_strategy():
    model = dense()
    vars(model)["_distribute_strategy"] = types.SimpleNamespace(num_replicas_in_sync=2)
    with pytest.raises(ValueError, match=r"one device.*2 replicas"):
        record_fit(model)


def test_two_recorders():
    model = dense()
    with (
        record_fit(model),
        pytest.raises(ValueError, match="another recorder"),
        record_fit(model),
    ):
        pass
    assert "fit" not in vars(model)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"full_steps": "all"}, "full_steps must be step numbers"),
        ({"full_steps": 3}, "full_steps must be step numbers"),
        ({"full_steps": [-1]}, "full_steps must be at least 0"),
        ({"full_steps": [0.5]}, "full_steps must be an integer"),
        ({"keep_rows": 1}, "keep_rows must be True or False"),
        ({"megabytes": 0}, "megabytes must be above 0"),
    ],
)
def test_arguments(options, message):
    with pytest.raises((TypeError, ValueError), match=message):
        record_fit(dense(), **options)


class TwoUpdates(OwnStep):
    def train_step(self, data):
        super().train_step(data)
        return super().train_step(data)


def test_two_updates_per_batch():
    model = TwoUpdates()
    model.compile("sgd", loss="sparse_categorical_crossentropy")
    with pytest.raises(NotImplementedError, match="once per batch"), record_fit(model):
        model.fit(*rows(), verbose=0)
    model.fit(*rows(), verbose=0)


class OwnOptimizer(OwnStep):
    """A train_step that does without model.optimizer and compute_loss."""

    def train_step(self, data):
        x, _ = data
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(self(x)))
        variable = self.trainable_variables[0]
        variable.assign_sub(0.1 * tape.gradient(loss, variable))
        return {"loss": loss}


def test_a_step_without_the_optimizer():
    model = OwnOptimizer()
    model.compile("sgd", loss="sparse_categorical_crossentropy")
    recording = record_fit(model, *rows(), epochs=2, verbose=0)
    assert len(recording) == 4
    assert np.isnan(recording["gradient_norm"]).all()
    assert np.isnan(recording["loss"]).all()
    assert np.isfinite(recording["reported_loss"]).all()
    assert recording.rows[0] is not None
    finding = recording.explain()["own_train_step"]
    assert "not seen" in finding.sentence
    assert finding.evidence["gradients_seen"] is False


class OwnFit(OwnStep):
    def fit(self, *args, **kwargs):
        return super().fit(*args, **kwargs | {"epochs": 2})


def test_a_fit_of_the_models_own():
    """It may do what it likes with its data, so no row numbers go through it."""
    model = OwnFit()
    model.compile("sgd", loss="sparse_categorical_crossentropy")
    recording = record_fit(model, *rows(), verbose=0)
    assert recording.rows == [None] * 4
    assert np.isfinite(recording["loss"]).all()
