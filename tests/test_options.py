"""Everything that ``fit`` and ``SGD`` offer, beside the live tf.keras.

Float64, three epochs, a small last batch, Keras's own shuffling, which NumPy knows from the seed.
Constants and schedules are handed to both sides as Keras sees them.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sgdcourse as sgd
from sgdcourse import compare, keras_random
from sgdcourse.compare import KerasSchedule, keras, keras_constant

SEED = 11
MOMENTUM = keras_constant(0.9)


def random_data(num_samples=77, num_inputs=6, num_classes=4, *, loss=None):
    """Make rows that fit no pattern; for mean squared error the targets are floats."""
    rng = np.random.default_rng(7)
    x = rng.standard_normal((num_samples, num_inputs))
    y = rng.integers(0, num_classes, num_samples)
    if loss == "mean_squared_error":
        y = np.eye(num_classes)[y] + 0.1 * rng.standard_normal((num_samples, num_classes))
    return x, y


def train_both(x, y, hidden, optimizer, *, loss="sparse_categorical_crossentropy", l2=0.0, **fit):
    """Run both ``fit``; return what is to be equal: weights and history of each."""
    outputs = y.shape[1] if y.ndim == 2 else int(y.max()) + 1
    layer_sizes = [x.shape[1], *hidden, outputs]
    fit = {"batch_size": 16, "epochs": 3, "verbose": 0} | fit
    rows = len(x) - int(np.ceil(len(x) * fit.get("validation_split", 0)))
    weights = keras_random.initial_weights(layer_sizes, SEED, "float64")
    seen = {"ours": [], "keras": []}

    class NoteOurs(sgd.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen["ours"].append(dict(logs))

    class NoteKeras(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen["keras"].append(dict(logs))

    ours, history = sgd.fit(
        weights,
        x,
        y,
        optimizer=optimizer,
        loss=loss,
        l2=l2,
        order=lambda epoch: keras_random.fit_order(rows, SEED),
        callbacks=[NoteOurs()],
        **fit,
    )
    with compare.floatx("float64"):
        keras.utils.set_random_seed(SEED)
        model = compare.keras_twin(weights, optimizer, loss=loss, l2=l2)
        keras_history = model.fit(x, y, callbacks=[NoteKeras()], **fit)
    assert compare.largest_difference(weights, ours) > 1e-4  # there was something to agree on
    return (ours, history, seen["ours"]), (model.get_weights(), keras_history, seen["keras"])


def assert_same(ours, theirs):
    weights, history, batches = ours
    keras_weights, keras_history, keras_batches = theirs
    assert compare.largest_difference(weights, keras_weights) < 1e-10
    assert history.epoch == keras_history.epoch
    assert history.history.keys() == keras_history.history.keys()
    for name, values in keras_history.history.items():
        assert np.abs(np.array(values) - history.history[name]).max() < 1e-11
    assert len(batches) == len(keras_batches)
    for mine, its in zip(batches, keras_batches, strict=True):
        assert mine.keys() == its.keys()
        assert all(abs(mine[name] - its[name]) < 1e-11 for name in its)


SCHEDULES = {
    "ExponentialDecay": sgd.ExponentialDecay(0.1, 4, 0.7),
    "staircase": sgd.ExponentialDecay(0.1, 4, 0.7, staircase=True),
    "CosineDecay": sgd.CosineDecay(0.1, 12, alpha=0.1),
    "warm-up": sgd.CosineDecay(0.0, 8, warmup_target=0.2, warmup_steps=4),
    "PiecewiseConstantDecay": sgd.PiecewiseConstantDecay([3, 9], [0.1, 0.05, 0.02]),
}
OPTIMIZERS = {
    "default": {},
    "rate": {"learning_rate": 0.5},
    "momentum": {"momentum": MOMENTUM},
    "nesterov": {"momentum": MOMENTUM, "nesterov": True},
    "nesterov alone": {"nesterov": True},
    "weight_decay": {"weight_decay": keras_constant(0.1), "momentum": MOMENTUM},
    "clipnorm": {"clipnorm": keras_constant(0.05), "learning_rate": 0.5},
    "global_clipnorm": {"global_clipnorm": keras_constant(0.1), "learning_rate": 0.5},
    "clipvalue": {"clipvalue": keras_constant(0.01), "learning_rate": 0.5},
    # 15 batches: a remainder of each epoch waits for the next
    "accumulation": {"gradient_accumulation_steps": 4, "learning_rate": 0.5},
    "accumulation and all": {
        "gradient_accumulation_steps": 2,
        "momentum": MOMENTUM,
        "nesterov": True,
        "weight_decay": keras_constant(0.1),
        "global_clipnorm": keras_constant(0.1),
        "learning_rate": 0.5,
    },
    "accumulation and schedule": {
        "gradient_accumulation_steps": 2,
        "learning_rate": KerasSchedule(SCHEDULES["ExponentialDecay"]),
    },
    "ema": {"use_ema": True, "ema_momentum": keras_constant(0.9), "learning_rate": 0.1},
    "ema overwrites": {
        "use_ema": True,
        "ema_momentum": keras_constant(0.5),
        "ema_overwrite_frequency": 4,
        "learning_rate": 0.1,
        "momentum": MOMENTUM,
    },
    "ema and accumulation": {
        "use_ema": True,
        "ema_momentum": keras_constant(0.5),
        "ema_overwrite_frequency": 3,
        "gradient_accumulation_steps": 2,
        "learning_rate": 0.5,
    },
    **{name: {"learning_rate": KerasSchedule(s)} for name, s in SCHEDULES.items()},
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_options_of_the_optimizer(name):
    x, y = random_data()
    assert_same(*train_both(x, y, [9, 5], sgd.SGD(**OPTIMIZERS[name])))


@pytest.mark.parametrize(
    "name", ["clipnorm", "global_clipnorm", "clipvalue", "weight_decay", "accumulation", "ema"]
)
def test_each_option_changes_something(name):
    """Otherwise the test above would compare plain SGD with plain SGD."""
    x, y = random_data()
    weights = sgd.init_weights([6, 9, 4], np.random.default_rng(0), "float64")
    plain = {"learning_rate": OPTIMIZERS[name].get("learning_rate", 0.01)}
    plain["momentum"] = OPTIMIZERS[name].get("momentum", 0.0)
    ends = [
        sgd.fit(weights, x, y, optimizer=sgd.SGD(**options), shuffle=False, epochs=3, verbose=0)[0]
        for options in (plain, OPTIMIZERS[name])
    ]
    assert compare.largest_difference(*ends) > 1e-4


FITS = {
    "validation_split": {"validation_split": 0.2},
    "validation_data": {"validation_data": random_data(30)},
    "validation_data with weights": {
        "validation_data": (*random_data(30), np.linspace(0.5, 2, 30))
    },
    "sample_weight": {"sample_weight": np.linspace(0, 3, 77)},
    "sample_weight and validation_split": {
        "sample_weight": np.linspace(0, 3, 77),
        "validation_split": 0.2,
    },
    "class_weight": {"class_weight": {0: 3.0, 2: 0.5}},
    "class_weight and validation_split": {
        "class_weight": {0: 3.0, 2: 0.5},
        "validation_split": 0.2,
    },
    "initial_epoch": {"initial_epoch": 2, "epochs": 5},
    "l2": {"l2": keras_constant(0.01)},
    "mean_squared_error": {"loss": "mean_squared_error"},
    "mean_squared_error, l2, validation": {
        "loss": "mean_squared_error",
        "l2": keras_constant(0.01),
        "validation_split": 0.2,
    },
    "batches of one row": {"batch_size": 1},
    "all rows in one batch": {"batch_size": 77},
    "a batch larger than the data": {"batch_size": 100},
    "no small batch": {"batch_size": 11},
}


@pytest.mark.parametrize("name", FITS)
def test_options_of_fit(name):
    x, y = random_data(loss=FITS[name].get("loss"))
    assert_same(*train_both(x, y, [9], sgd.SGD(momentum=MOMENTUM), **FITS[name]))


def test_steps_per_epoch():
    """Two of five batches per epoch: the third epoch gets the last batch alone, and warns."""
    x, y = random_data()
    with pytest.warns(UserWarning, match="ran out of data"):
        ours, theirs = train_both(x, y, [9], sgd.SGD(0.1), steps_per_epoch=2)
    assert_same(ours, theirs)
    assert len(ours[2]) == 5


def test_two_fits_of_one_epoch_are_one_of_two():
    """The optimizer keeps velocity, count and rate between two fits, on both sides."""
    x, y = random_data()
    schedule = KerasSchedule(SCHEDULES["ExponentialDecay"])
    options = {"learning_rate": schedule, "momentum": MOMENTUM, "gradient_accumulation_steps": 2}
    start = keras_random.initial_weights([6, 9, 4], SEED, "float64")
    fit = {"batch_size": 16, "verbose": 0, "shuffle": False}

    ours, optimizer = start, sgd.SGD(**options)
    for _ in range(2):
        ours, _ = sgd.fit(ours, x, y, optimizer=optimizer, epochs=1, **fit)
    at_once, _ = sgd.fit(start, x, y, optimizer=sgd.SGD(**options), epochs=2, **fit)
    with compare.floatx("float64"):
        model = compare.keras_twin(start, sgd.SGD(**options))
        for _ in range(2):
            model.fit(x, y, epochs=1, **fit)
    assert compare.largest_difference(ours, at_once) == 0
    assert compare.largest_difference(ours, model.get_weights()) < 1e-10


@st.composite
def trainings(draw):
    """Draw a network, data, and options that may stand together."""
    momentum = draw(st.sampled_from([0.0, 0.5, 0.9, 0.99]))
    optimizer = {
        "learning_rate": draw(
            st.floats(0.001, 0.5) | st.sampled_from([KerasSchedule(s) for s in SCHEDULES.values()])
        ),
        "momentum": keras_constant(momentum),
        "nesterov": draw(st.booleans()),
        "weight_decay": draw(st.none() | st.just(keras_constant(0.01))),
        "use_ema": draw(st.booleans()),
        "ema_momentum": keras_constant(draw(st.sampled_from([0.0, 0.3, 0.99, 1.0]))),
        "ema_overwrite_frequency": draw(st.none() | st.integers(1, 5)),
        "gradient_accumulation_steps": draw(st.none() | st.integers(2, 4)),
    }
    clip = draw(st.sampled_from([None, "clipnorm", "clipvalue", "global_clipnorm"]))
    if clip:
        optimizer[clip] = keras_constant(draw(st.sampled_from([0.01, 0.1, 1.0])))
    fit = {
        "batch_size": draw(st.integers(1, 40)),
        "epochs": 3,
        "l2": keras_constant(draw(st.sampled_from([0.0, 0.01]))),
        "loss": draw(st.sampled_from(["sparse_categorical_crossentropy", "mean_squared_error"])),
        "validation_split": draw(st.sampled_from([0.0, 0.25])),
    }
    sizes = {
        "num_samples": draw(st.integers(8, 60)),
        "num_inputs": draw(st.integers(1, 8)),
        "num_classes": draw(st.integers(2, 5)),
    }
    return sizes, draw(st.lists(st.integers(1, 12), max_size=3)), optimizer, fit


@settings(max_examples=25)
@given(trainings())
def test_any_network_and_any_options(training):
    sizes, hidden, optimizer, fit = training
    x, y = random_data(**sizes, loss=fit["loss"])
    assert_same(*train_both(x, y, hidden, sgd.SGD(**optimizer), **fit))
