"""Room 6, optimizers."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sgdcourse as sgd

SHAPES = [(3, 4), (4,), (4, 2), (2,)]


def random_arrays(seed, dtype="float64", scale=1.0):
    rng = np.random.default_rng(seed)
    return [(scale * rng.standard_normal(shape)).astype(dtype) for shape in SHAPES]


def joint_norm(arrays):
    return math.sqrt(sum(float((a.astype("float64") ** 2).sum()) for a in arrays))


def assert_equal(ours, expected):
    for a, b in zip(ours, expected, strict=True):
        np.testing.assert_array_equal(a, b)


# The update rules


def test_sgd_by_hand():
    # 1 - 10 * 0.5 and 2 + 10 * 0.5
    [w] = sgd.sgd_update([np.array([1.0, 2.0])], [np.array([10.0, -10.0])], learning_rate=0.5)
    assert w.tolist() == [-4.0, 7.0]


def test_momentum_by_hand():
    # v = 0.5 * 4 - 0.25 * 8 = 0, w = 1 + 0; then v = 0.5 * 0 - 0.25 * 8 = -2, w = 1 - 2
    weights, velocities, gradients = [np.array([1.0])], [np.array([4.0])], [np.array([8.0])]
    weights, velocities = sgd.momentum_update(weights, velocities, gradients, 0.25, 0.5)
    assert (weights[0].tolist(), velocities[0].tolist()) == ([1.0], [0.0])
    weights, velocities = sgd.momentum_update(weights, velocities, gradients, 0.25, 0.5)
    assert (weights[0].tolist(), velocities[0].tolist()) == ([-1.0], [-2.0])


def test_nesterov_by_hand():
    # v = 0.5 * 4 - 0.25 * 8 = 0; w = 1 + 0.5 * 0 - 0.25 * 8 = -1
    # v = 0.5 * 0 - 2 = -2; w = -1 + 0.5 * (-2) - 2 = -4
    weights, velocities, gradients = [np.array([1.0])], [np.array([4.0])], [np.array([8.0])]
    weights, velocities = sgd.nesterov_update(weights, velocities, gradients, 0.25, 0.5)
    assert (weights[0].tolist(), velocities[0].tolist()) == ([-1.0], [0.0])
    weights, velocities = sgd.nesterov_update(weights, velocities, gradients, 0.25, 0.5)
    assert (weights[0].tolist(), velocities[0].tolist()) == ([-4.0], [-2.0])


@given(seed=st.integers(0, 2**32), learning_rate=st.floats(1e-4, 10))
def test_momentum_zero_is_plain_sgd(seed, learning_rate):
    weights, gradients = random_arrays(seed), random_arrays(seed + 1)
    plain = sgd.sgd_update(weights, gradients, learning_rate)
    zeros = [np.zeros_like(w) for w in weights]
    for rule in (sgd.momentum_update, sgd.nesterov_update):
        with_momentum, _ = rule(weights, zeros, gradients, learning_rate, 0.0)
        assert_equal(with_momentum, plain)


@given(seed=st.integers(0, 2**32), momentum=st.floats(0, 1), learning_rate=st.floats(1e-4, 10))
def test_nesterov_is_one_more_momentum_step(seed, momentum, learning_rate):
    """Both rules keep the same velocity; Nesterov's weights stand where it would lead next."""
    weights, velocities, gradients = (random_arrays(seed + i) for i in range(3))
    _, v = sgd.momentum_update(weights, velocities, gradients, learning_rate, momentum)
    moved, v_nesterov = sgd.nesterov_update(weights, velocities, gradients, learning_rate, momentum)
    assert_equal(v, v_nesterov)
    next_weights, _ = sgd.momentum_update(weights, v, gradients, learning_rate, momentum)
    for a, b in zip(moved, next_weights, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_rules_keep_dtypes_and_inputs(read_only, dtype):
    weights, velocities, gradients = (random_arrays(i, dtype) for i in range(3))
    read_only(*weights, *velocities, *gradients)
    results = [
        sgd.sgd_update(weights, gradients, 0.1),
        *sgd.momentum_update(weights, velocities, gradients, 0.1, 0.9),
        *sgd.nesterov_update(weights, velocities, gradients, 0.1, 0.9),
        [sgd.clip_by_norm(g, 0.1) for g in gradients],
        sgd.clip_by_global_norm(gradients, 0.1),
    ]
    for arrays in results:
        assert [(a.shape, a.dtype) for a in arrays] == [(shape, dtype) for shape in SHAPES]


# Clipping


def test_clip_by_norm_by_hand():
    # length of (3, 4) is 5
    np.testing.assert_allclose(sgd.clip_by_norm(np.array([3.0, 4.0]), 1.0), [0.6, 0.8])
    assert sgd.clip_by_norm(np.array([3.0, 4.0]), 10.0).tolist() == [3.0, 4.0]


def test_clip_by_global_norm_by_hand():
    # joint length of (2, 3) and (6) is sqrt(4 + 9 + 36) = 7
    a, b = sgd.clip_by_global_norm([np.array([2.0, 3.0]), np.array([6.0])], 3.5)
    assert (a.tolist(), b.tolist()) == ([1.0, 1.5], [3.0])


@given(seed=st.integers(0, 2**32), scale=st.floats(1e-6, 1e6), clipnorm=st.floats(1e-3, 1e3))
def test_clipped_norms(seed, scale, clipnorm):
    gradients = random_arrays(seed, scale=scale)
    for g in gradients:
        clipped = sgd.clip_by_norm(g, clipnorm)
        assert joint_norm([clipped]) == pytest.approx(min(joint_norm([g]), clipnorm), rel=1e-12)
        np.testing.assert_allclose(clipped * joint_norm([g]), g * joint_norm([clipped]), rtol=1e-11)
    clipped = sgd.clip_by_global_norm(gradients, clipnorm)
    factor = min(1, clipnorm / joint_norm(gradients))
    for g, c in zip(gradients, clipped, strict=True):  # one factor for all: same direction
        np.testing.assert_allclose(c, factor * g, rtol=1e-12)


def test_clipping_zero_gradients():
    """A dead network has gradients of length 0; they are not divided by it."""
    zeros = [np.zeros(3), np.zeros((2, 2))]
    assert_equal([sgd.clip_by_norm(g, 1.0) for g in zeros], zeros)
    assert_equal(sgd.clip_by_global_norm(zeros, 1.0), zeros)


# The class


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("nesterov", [False, True])
def test_class_applies_the_rules(momentum, nesterov):
    optimizer = sgd.SGD(0.1, momentum=momentum, nesterov=nesterov)
    weights = expected = random_arrays(0)
    velocities = [np.zeros_like(w) for w in weights]
    rule = sgd.nesterov_update if nesterov else sgd.momentum_update
    for step in range(3):
        gradients = random_arrays(step + 1)
        weights = optimizer.update(weights, gradients)
        if momentum:
            expected, velocities = rule(expected, velocities, gradients, 0.1, momentum)
            assert_equal(optimizer.velocities, velocities)
        else:
            expected = sgd.sgd_update(expected, gradients, 0.1)
            assert optimizer.velocities is None
        assert_equal(weights, expected)
        assert optimizer.iterations == step + 1


def test_defaults_are_those_of_keras(keras):
    ours, theirs = sgd.SGD().get_config(), keras.optimizers.SGD().get_config()
    assert {name: theirs[name] for name in ours if name != "learning_rate"} == {
        name: value for name, value in ours.items() if name != "learning_rate"
    }
    assert ours["learning_rate"] == 0.01
    assert theirs["learning_rate"] == np.float32(0.01)  # Keras keeps it as a float32


def test_weight_decay_by_hand():
    # first w = 4 - 4 * 0.5 * 0.1 = 3.8, then w = 3.8 - 10 * 0.1; a bias decays like a kernel
    [w] = sgd.SGD(0.1, weight_decay=0.5).update([np.array([4.0])], [np.array([10.0])])
    np.testing.assert_allclose(w, [2.8], rtol=1e-15)


def test_weight_decay_stays_out_of_the_velocity():
    optimizer = sgd.SGD(0.1, momentum=0.9, weight_decay=0.5)
    [w] = optimizer.update([np.array([4.0])], [np.array([10.0])])
    np.testing.assert_allclose(optimizer.velocities[0], [-1.0], rtol=1e-15)  # -10 * 0.1
    np.testing.assert_allclose(w, [2.8], rtol=1e-15)


@pytest.mark.parametrize(
    ("clipping", "expected"),
    [
        # gradients (3, 4) and (12): lengths 5 and 12, joint length 13
        ({"clipnorm": 1.0}, [[-0.6, -0.8], [-1.0]]),
        ({"global_clipnorm": 6.5}, [[-1.5, -2.0], [-6.0]]),
        ({"clipvalue": 3.5}, [[-3.0, -3.5], [-3.5]]),
    ],
)
def test_class_clips_first(clipping, expected):
    """Rate 1 from 0: the new weights are minus the clipped gradients."""
    weights, gradients = [np.zeros(2), np.zeros(1)], [np.array([3.0, 4.0]), np.array([12.0])]
    updated = sgd.SGD(1.0, **clipping).update(weights, gradients)
    for a, b in zip(updated, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-15)


def test_clipvalue_works_on_both_sides():
    [w] = sgd.SGD(1.0, clipvalue=2.0).update([np.zeros(3)], [np.array([-5.0, 1.0, 5.0])])
    assert w.tolist() == [2.0, -1.0, -2.0]


def test_learning_rate_can_be_set():
    optimizer = sgd.SGD(0.5)
    [w] = optimizer.update([np.array([0.0])], [np.array([1.0])])
    optimizer.learning_rate = 0.25
    [w] = optimizer.update([w], [np.array([1.0])])
    assert optimizer.learning_rate == 0.25
    assert w.tolist() == [-0.75]


def test_a_schedule_counts_updates():
    optimizer = sgd.SGD(lambda step: 1.0 / (1 + step))
    weights, rates = [np.array([0.0])], []
    for _ in range(3):
        rates.append(optimizer.learning_rate)
        weights = optimizer.update(weights, [np.array([1.0])])
    assert rates == [1.0, 1 / 2, 1 / 3]
    np.testing.assert_allclose(weights[0], [-(1 + 1 / 2 + 1 / 3)], rtol=1e-15)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"learning_rate": np.float64(0.1)},  # NumPy would turn float32 * float64 into float64
        {"learning_rate": sgd.ExponentialDecay(0.1, 10, 0.5)},
        {"learning_rate": lambda step: np.float64(0.1)},
        {"momentum": 0.9},
        {"momentum": np.float64(0.9), "nesterov": True},
        {"weight_decay": np.float64(0.1), "clipnorm": np.float64(0.1)},
        {"weight_decay": 0.1, "clipvalue": np.float64(0.1)},
        {"momentum": 0.9, "global_clipnorm": np.float64(0.1)},
    ],
)
def test_class_keeps_dtypes_and_inputs(read_only, dtype, options):
    optimizer = sgd.SGD(**options)
    weights, gradients = random_arrays(0, dtype), random_arrays(1, dtype)
    for _ in range(2):
        read_only(*weights, *gradients, *(optimizer.velocities or []))
        weights = optimizer.update(weights, gradients)
        assert [(w.shape, w.dtype) for w in weights] == [(shape, dtype) for shape in SHAPES]
    for velocity in optimizer.velocities or []:
        assert velocity.dtype == dtype


def test_config_makes_the_same_optimizer():
    optimizer = sgd.SGD(0.3, momentum=0.5, nesterov=True, weight_decay=0.1, clipvalue=2)
    assert sgd.SGD(**optimizer.get_config()).get_config() == optimizer.get_config()
    schedule = sgd.CosineDecay(0.1, 100)
    assert sgd.SGD(schedule).get_config()["learning_rate"] is schedule


def test_repr_shows_what_was_chosen():
    assert repr(sgd.SGD()) == "SGD(learning_rate=0.01)"
    assert repr(sgd.SGD(0.1, momentum=0.9)) == "SGD(learning_rate=0.1, momentum=0.9)"


KERAS_CONFIGS = {
    "plain": {},
    "momentum": {"momentum": 0.9},
    "nesterov": {"momentum": 0.9, "nesterov": True},
    "nesterov without momentum": {"nesterov": True},
    "momentum 1": {"momentum": 1.0},
    "weight decay": {"weight_decay": 0.1},
    "weight decay and momentum": {"weight_decay": 0.1, "momentum": 0.9},
    "weight decay and nesterov": {"weight_decay": 0.1, "momentum": 0.9, "nesterov": True},
    "clipnorm": {"clipnorm": 1.0},
    "clipnorm that is not reached": {"clipnorm": 1e6},
    "clipvalue": {"clipvalue": 0.5},
    "global_clipnorm": {"global_clipnorm": 1.0},
    "global_clipnorm that is not reached": {"global_clipnorm": 1e6},
    "clipping, decay and momentum": {"global_clipnorm": 2.0, "weight_decay": 0.1, "momentum": 0.9},
}


@pytest.mark.parametrize("name", KERAS_CONFIGS)
def test_updates_agree_with_keras(keras_float64, largest_difference, name):
    """Six updates of the same weights with the same gradients, in float64."""
    from sgdcourse.compare import keras_constant

    options = {  # Keras passes these constants through float32: both sides get them rounded
        key: keras_constant(value) if type(value) is float else value
        for key, value in KERAS_CONFIGS[name].items()
    }
    ours, theirs = sgd.SGD(0.1, **options), keras_float64.optimizers.SGD(0.1, **options)
    weights = random_arrays(0)
    variables = [keras_float64.Variable(w) for w in weights]
    for step in range(6):
        gradients = random_arrays(step + 1)
        weights = ours.update(weights, gradients)
        theirs.apply([keras_float64.ops.convert_to_tensor(g) for g in gradients], variables)
        assert largest_difference(weights, [v.numpy() for v in variables]) < 1e-14
        assert ours.iterations == int(theirs.iterations)
    if ours.velocities is not None:
        assert largest_difference(ours.velocities, [m.numpy() for m in theirs.momentums]) < 1e-14
    assert largest_difference(weights, random_arrays(0)) > 0.01  # they did move


@pytest.mark.parametrize("options", [{}, {"momentum": 0.9}, {"momentum": 0.9, "nesterov": True}])
def test_a_changed_rate_agrees_with_keras(keras_float64, largest_difference, options):
    """The rate stands inside the velocity: with it outside, a change of rate would differ."""
    from sgdcourse.compare import keras_constant

    options = {k: keras_constant(v) if k == "momentum" else v for k, v in options.items()}
    ours, theirs = sgd.SGD(0.1, **options), keras_float64.optimizers.SGD(0.1, **options)
    weights = random_arrays(0)
    variables = [keras_float64.Variable(w) for w in weights]
    for step, rate in enumerate([0.1, 0.1, 0.02, 0.5]):
        ours.learning_rate = theirs.learning_rate = rate
        gradients = random_arrays(step + 1)
        weights = ours.update(weights, gradients)
        theirs.apply([keras_float64.ops.convert_to_tensor(g) for g in gradients], variables)
    assert largest_difference(weights, [v.numpy() for v in variables]) < 1e-14


def test_a_schedule_agrees_with_keras(keras_float64, largest_difference):
    """Keras computes a schedule's rate in float32, so only 7 digits agree."""
    from sgdcourse.compare import keras_optimizer

    ours = sgd.SGD(sgd.ExponentialDecay(0.1, 2, 0.5, staircase=True), momentum=0.5)
    theirs = keras_optimizer(ours)
    weights = random_arrays(0)
    variables = [keras_float64.Variable(w) for w in weights]
    for step in range(8):
        gradients = random_arrays(step + 1)
        weights = ours.update(weights, gradients)
        theirs.apply([keras_float64.ops.convert_to_tensor(g) for g in gradients], variables)
    assert largest_difference(weights, [v.numpy() for v in variables]) < 1e-7
