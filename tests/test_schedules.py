"""Schedules. Keras computes them in float32, also in a float64 model: 7 digits can agree."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sgdcourse as sgd

STEPS = st.integers(0, 300)
RATES = st.floats(1e-3, 1.0)

# Keras's few float32 operations round at 6e-8 each. Near the end of a cosine, 1 + cos(...) has
# lost all digits: there the difference is measured against the rate at the start.
RELATIVE, OF_THE_FIRST_RATE = 2e-6, 2e-7


def test_exponential_decay_by_hand():
    schedule = sgd.ExponentialDecay(0.8, decay_steps=10, decay_rate=0.25)
    assert schedule(0) == 0.8
    assert schedule(10) == pytest.approx(0.2)  # one factor of 1/4
    assert schedule(5) == pytest.approx(0.4)  # half a factor: the root of 1/4
    assert schedule(20) == pytest.approx(0.05)


def test_staircase_by_hand():
    schedule = sgd.ExponentialDecay(0.8, decay_steps=10, decay_rate=0.25, staircase=True)
    assert [schedule(step) for step in (0, 9, 10, 19, 20)] == [0.8, 0.8, 0.2, 0.2, 0.05]


def test_cosine_decay_by_hand():
    schedule = sgd.CosineDecay(0.4, decay_steps=60, alpha=0.5)
    # (1 - 1/2) * (1 + cos) / 2 + 1/2 with cos(0) = 1, cos(60 deg) = 1/2, cos(180 deg) = -1
    for step, rate in {0: 0.4, 20: 0.35, 30: 0.3, 60: 0.2, 1000: 0.2}.items():
        assert schedule(step) == pytest.approx(rate)


def test_cosine_warm_up_by_hand():
    schedule = sgd.CosineDecay(0.0, decay_steps=60, warmup_target=0.4, warmup_steps=10)
    # a straight line to 0.4, then the cosine, which starts at update 10
    for step, rate in {0: 0.0, 5: 0.2, 10: 0.4, 40: 0.2, 70: 0.0}.items():
        assert schedule(step) == pytest.approx(rate)


def test_piecewise_constant_by_hand():
    schedule = sgd.PiecewiseConstantDecay([2, 5], [0.3, 0.2, 0.1])
    assert [schedule(step) for step in range(7)] == [0.3, 0.3, 0.3, 0.2, 0.2, 0.2, 0.1]


@given(RATES, st.integers(1, 100), st.floats(0.1, 1.0), st.booleans(), STEPS)
def test_exponential_decay_agrees_with_keras(keras, rate, decay_steps, decay_rate, staircase, step):
    arguments = (rate, decay_steps, decay_rate, staircase)
    theirs = float(keras.optimizers.schedules.ExponentialDecay(*arguments)(step))
    # the exponent, up to 300, is itself rounded at 6e-8 of its size: hence its own tolerance
    exponent = 1 + step / decay_steps * abs(math.log(decay_rate))
    assert sgd.ExponentialDecay(*arguments)(step) == pytest.approx(
        theirs, rel=RELATIVE * exponent, abs=1e-37
    )


@given(
    RATES,
    st.integers(1, 100),
    st.floats(0, 1),
    st.none() | st.floats(1e-3, 1.0),
    st.integers(0, 50),
    STEPS,
)
def test_cosine_decay_agrees_with_keras(
    keras, rate, decay_steps, alpha, warmup_target, warmup_steps, step
):
    arguments = {
        "initial_learning_rate": rate,
        "decay_steps": decay_steps,
        "alpha": alpha,
        "warmup_target": warmup_target,
        "warmup_steps": warmup_steps,
    }
    theirs = float(keras.optimizers.schedules.CosineDecay(**arguments)(step))
    peak = max(rate, warmup_target or 0)
    assert sgd.CosineDecay(**arguments)(step) == pytest.approx(
        theirs, rel=RELATIVE, abs=OF_THE_FIRST_RATE * peak
    )


@given(st.lists(st.integers(1, 250), unique=True, min_size=1, max_size=5), STEPS)
def test_piecewise_constant_agrees_with_keras(keras, boundaries, step):
    boundaries = sorted(boundaries)
    values = [1.0 / (1 + i) for i in range(len(boundaries) + 1)]
    theirs = keras.optimizers.schedules.PiecewiseConstantDecay(boundaries, values)
    ours = sgd.PiecewiseConstantDecay(boundaries, values)
    for at in (step, *boundaries, *(b + 1 for b in boundaries)):
        assert ours(at) == pytest.approx(float(theirs(at)), rel=1e-7)


@pytest.mark.parametrize(
    "schedule",
    [
        sgd.ExponentialDecay(0.1, 10, 0.5),
        sgd.CosineDecay(0.1, 10),
        sgd.PiecewiseConstantDecay([3], [0.1, 0.01]),
    ],
)
def test_fit_asks_once_per_update(schedule):
    """A schedule counts batches: 3 epochs of 4 updates are 12 rates."""

    class Rates(sgd.Callback):
        def on_train_begin(self, logs=None):
            self.seen = []

        def on_train_batch_begin(self, batch, logs=None):
            self.seen.append(self.state.optimizer.learning_rate)

    x, y = sgd.make_blobs(20, 2, np.random.default_rng(0))
    rates = Rates()
    sgd.fit(
        sgd.init_weights([2, 2], np.random.default_rng(0)),
        x,
        y,
        optimizer=sgd.SGD(schedule),
        batch_size=5,
        epochs=3,
        callbacks=[rates],
        verbose=0,
    )
    assert rates.seen == [schedule(step) for step in range(12)]
