"""Data-parallel SGD: the judges are sums by hand, one device, and live tf.distribute."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sgdcourse as sgd
from sgdcourse import parallel

ROOT = Path(__file__).parent.parent


# ---- Sharing the rows ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("num_rows", "num_replicas", "sizes"),
    [  # as TensorFlow 2.21 deals them
        (16, 2, [8, 8]),
        (13, 2, [7, 6]),
        (1, 2, [1, 0]),
        (7, 3, [3, 3, 1]),
        (2, 3, [1, 1, 0]),
        (13, 4, [4, 4, 4, 1]),
        (6, 4, [2, 2, 2, 0]),
        (16, 5, [4, 4, 4, 4, 0]),
        (12, 5, [3, 3, 3, 3, 0]),
    ],
)
def test_sizes_of_the_parts(num_rows, num_replicas, sizes):
    parts = parallel.split_over_replicas(np.arange(num_rows), num_replicas)
    assert [len(part) for part in parts] == sizes


@given(st.integers(0, 100), st.integers(1, 12))
def test_every_row_is_in_one_part(num_rows, num_replicas):
    rows = np.random.default_rng(num_rows).permutation(num_rows)
    parts = parallel.split_over_replicas(rows, num_replicas)
    assert len(parts) == num_replicas
    np.testing.assert_array_equal(np.concatenate(parts), rows)
    assert max(map(len, parts)) == -(-num_rows // num_replicas)


# ---- The update ---------------------------------------------------------------------------------


def test_mean_over_replicas_by_hand():
    gradients = [
        [np.array([1.0, 2.0]), np.array([[3.0]])],
        [np.array([5.0, -2.0]), np.array([[0.0]])],
        [np.array([0.0, 0.0]), np.array([[0.0]])],  # it had no rows, and is counted
    ]
    vector, kernel = parallel.mean_over_replicas(gradients)
    np.testing.assert_allclose(vector, [2.0, 0.0])
    np.testing.assert_allclose(kernel, [[1.0]])


def by_rows(weights, x, y_true, num_replicas):
    """Write the update down once more: every row with its own share of the gradient."""
    share = -(-len(x) // num_replicas)
    total = [np.zeros_like(w) for w in weights]
    for row in range(len(x)):
        first = row // share * share
        of_its_part = min(first + share, len(x)) - first
        logits, activations = sgd.forward(weights, x[row : row + 1])
        dlogits = sgd.loss_gradient(y_true[row : row + 1], logits)
        gradients = sgd.backward(weights, activations, dlogits)
        for sum_, g in zip(total, gradients, strict=True):
            sum_ += g / of_its_part / num_replicas
    return total


@given(st.integers(1, 20), st.integers(1, 5))
def test_share_of_each_row(make_network, make_rows, num_rows, num_replicas):
    weights = make_network([3, 4, 2])
    x, y_true = make_rows(num_rows, 3, 2, seed=num_rows)
    new, loss, acc = parallel.train_step(weights, sgd.SGD(1.0), x, y_true, num_replicas)
    moved = [w - n for w, n in zip(weights, new, strict=True)]
    for ours, expected in zip(moved, by_rows(weights, x, y_true, num_replicas), strict=True):
        np.testing.assert_allclose(ours, expected, atol=1e-12)
    _, loss_of_one, acc_of_one = sgd.train_step(weights, sgd.SGD(1.0), x, y_true)
    assert loss == pytest.approx(loss_of_one, abs=1e-12)
    assert acc == acc_of_one


@given(st.integers(1, 6), st.integers(1, 6))
def test_an_even_split_is_the_update_of_one_device(make_network, make_rows, share, num_replicas):
    weights = make_network([3, 4, 2])
    x, y_true = make_rows(share * num_replicas, 3, 2, seed=share)
    ours, _, _ = parallel.train_step(weights, sgd.SGD(0.5), x, y_true, num_replicas)
    one, _, _ = sgd.train_step(weights, sgd.SGD(0.5), x, y_true)
    for a, b in zip(ours, one, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-14)


def test_an_uneven_split_is_not(make_network, make_rows, largest_difference):
    weights = make_network([3, 4, 2])
    x, y_true = make_rows(13, 3, 2)
    ours, _, _ = parallel.train_step(weights, sgd.SGD(0.5), x, y_true, 2)
    one, _, _ = sgd.train_step(weights, sgd.SGD(0.5), x, y_true)
    assert largest_difference(ours, one) > 1e-3


def test_a_lonely_row_makes_half_a_step(make_network, make_rows):
    weights = make_network([3, 4, 2])
    x, y_true = make_rows(1, 3, 2)
    ours, _, _ = parallel.train_step(weights, sgd.SGD(0.5), x, y_true, 2)
    one, _, _ = sgd.train_step(weights, sgd.SGD(0.5), x, y_true)
    for w, a, b in zip(weights, ours, one, strict=True):
        np.testing.assert_allclose(w - a, (w - b) / 2, atol=1e-14)


def test_float32_stays_float32(make_network, make_rows):
    weights = make_network([3, 4, 2], dtype="float32")
    x, y_true = make_rows(5, 3, 2, dtype="float32")
    new, _, _ = parallel.train_step(weights, sgd.SGD(0.5), x, y_true, 4)
    assert {w.dtype for w in new} == {np.dtype("float32")}


@pytest.mark.parametrize(("value", "error"), [(0, ValueError), (2.0, TypeError), (True, TypeError)])
def test_number_of_replicas(make_network, make_rows, value, error):
    with pytest.raises(error, match=r"num_replicas must be .*Received: num_replicas="):
        parallel.train_step(make_network([3, 2]), sgd.SGD(), *make_rows(4, 3, 2), value)


# ---- Live tf.distribute, in a process of its own ------------------------------------------------

# Logical devices must be there before TensorFlow starts, and a process can have strategies of one
# size only: collectives of another size are refused.
LIVE = """
import json, sys
import numpy as np
import sgdcourse as sgd
from sgdcourse import compare
from sgdcourse.tf_keras import keras, tf

num_replicas = int(sys.argv[1])
[processor] = tf.config.list_physical_devices("CPU")
devices = [tf.config.LogicalDeviceConfiguration()] * num_replicas
tf.config.set_logical_device_configuration(processor, devices)
tf.get_logger().setLevel("ERROR")
strategy = tf.distribute.MirroredStrategy([f"CPU:{i}" for i in range(num_replicas)])
rng = np.random.default_rng(0)
x, y = rng.standard_normal((61, 3)), rng.integers(0, 4, 61)
start = sgd.init_weights([3, 5, 4], rng, "float64")
results = []
for num_rows, options in json.loads(sys.argv[2]):
    with compare.floatx("float64"):
        with strategy.scope():
            model = compare.keras_twin(start, sgd.SGD(**options))
        history = model.fit(
            x[:num_rows], y[:num_rows], batch_size=24, epochs=2, shuffle=False, verbose=0)
    results.append([[w.tolist() for w in model.get_weights()], history.history])
errors = []
for kind, batch_size, options in [
    (tf.errors.InvalidArgumentError, 24 * num_replicas + 1, {}),
    (RuntimeError, 24, {"gradient_accumulation_steps": 2}),
]:
    with strategy.scope():
        model = compare.keras_twin(start, sgd.SGD(**options))
    try:
        model.fit(np.resize(x, (200, 3)), np.resize(y, 200), batch_size=batch_size, verbose=0)
        errors.append(None)
    except kind as error:
        errors.append(str(error))
print(json.dumps([results, errors]))
"""
CASES = {
    2: [(48, 0.0), (37, 0.0), (25, 0.0), (37, 0.9)],
    4: [(48, 0.0), (37, 0.0), (26, 0.9)],  # 13 rows: 4 + 4 + 4 + 1; 2 rows: 1 + 1 + 0 + 0
}


@pytest.fixture(scope="module")
def live():
    """Ask Keras for each number of replicas, once."""
    answers = {}

    def ask(num_replicas):
        if num_replicas not in answers:
            cases = [
                (rows, {"learning_rate": 0.3, "momentum": float(np.float32(momentum))})
                for rows, momentum in CASES[num_replicas]
            ]
            process = subprocess.run(
                [sys.executable, "-c", LIVE, str(num_replicas), json.dumps(cases)],
                capture_output=True,
                text=True,
                cwd=ROOT,
                timeout=300,
            )
            assert process.returncode == 0, process.stderr
            results, errors = json.loads(process.stdout.splitlines()[-1])
            answers[num_replicas] = dict(zip(CASES[num_replicas], results, strict=True)), errors
        return answers[num_replicas]

    return ask


@pytest.mark.parametrize(
    ("num_replicas", "num_rows", "momentum"),
    [(number, *case) for number, cases in CASES.items() for case in cases],
)
def test_same_weights_and_losses_as_tf_distribute(
    live, largest_difference, num_replicas, num_rows, momentum
):
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((61, 3)), rng.integers(0, 4, 61)
    weights = sgd.init_weights([3, 5, 4], rng, "float64")
    optimizer = sgd.SGD(0.3, momentum=float(np.float32(momentum)))
    losses, alone, one = [], weights, sgd.SGD(**optimizer.get_config())
    for _ in range(2):
        mean = 0.0
        for rows in sgd.split_batches(np.arange(num_rows), 24):
            weights, loss, _ = parallel.train_step(
                weights, optimizer, x[rows], y[rows], num_replicas
            )
            mean += loss * len(rows) / num_rows
            alone, _, _ = sgd.train_step(alone, one, x[rows], y[rows])
        losses.append(mean)
    keras_weights, history = live(num_replicas)[0][num_rows, momentum]
    keras_weights = [np.array(w) for w in keras_weights]
    assert largest_difference(weights, keras_weights) < 1e-12
    np.testing.assert_allclose(losses, history["loss"], atol=1e-12)
    splits_evenly = num_rows % 24 % num_replicas == 0
    assert (largest_difference(alone, keras_weights) < 1e-12) == splits_evenly


def test_where_keras_refuses(live):
    """An uneven first batch, and accumulation: notebook 10 says so."""
    for num_replicas in CASES:
        uneven, accumulation = live(num_replicas)[1]
        assert "must have the same size and shape" in uneven
        assert "merge_call" in accumulation


# ---- The ring -----------------------------------------------------------------------------------


def test_ring_by_hand():
    """Three workers, pieces of one number: each sends 2 + 2 numbers of 8 bytes."""
    vectors = [np.array([1.0, 2.0, 3.0]), np.array([10.0, 20.0, 30.0]), np.array([5.0, 5.0, 5.0])]
    sums, bytes_sent = parallel.ring_all_reduce(vectors)
    assert [s.tolist() for s in sums] == [[16.0, 27.0, 38.0]] * 3
    assert bytes_sent == [32, 32, 32]
    assert vectors[0].tolist() == [1.0, 2.0, 3.0]


@given(st.integers(1, 9), st.integers(0, 40), st.sampled_from(["float32", "float64"]))
def test_ring_sums(num_workers, length, dtype):
    rng = np.random.default_rng(length)
    vectors = list(rng.standard_normal((num_workers, length)).astype(dtype))
    for vector in vectors:
        vector.setflags(write=False)
    sums, bytes_sent = parallel.ring_all_reduce(vectors)
    for ours in sums:
        np.testing.assert_array_equal(ours, sums[0])  # on all workers the same, bit for bit
        np.testing.assert_allclose(ours, np.sum(vectors, axis=0), rtol=1e-5, atol=1e-5)
        assert ours.dtype == dtype
    assert len(bytes_sent) == num_workers
    # in each of the 2 (n - 1) rounds every piece travels once
    assert sum(bytes_sent) == 2 * (num_workers - 1) * vectors[0].nbytes


@given(st.integers(1, 12), st.integers(1, 12))
def test_bytes_of_a_ring(num_workers, numbers_per_piece):
    vectors = [np.zeros(num_workers * numbers_per_piece, np.float32)] * num_workers
    _, bytes_sent = parallel.ring_all_reduce(vectors)
    expected = parallel.ring_bytes(len(vectors[0]), num_workers)
    assert bytes_sent == [pytest.approx(expected)] * num_workers


def test_bytes_of_the_network_of_the_course():
    assert parallel.ring_bytes(101_770, 1) == 0
    assert parallel.ring_bytes(101_770, 2) == 4 * 101_770 == 407_080
    assert parallel.ring_bytes(101_770, 4096) == pytest.approx(2 * 407_080, rel=1e-3)


@pytest.mark.parametrize(
    "vectors",
    [
        [],
        [np.zeros(3), np.zeros(4)],
        [np.zeros(3), np.zeros(3, np.float32)],
        [np.zeros((3, 2)), np.zeros((3, 2))],
    ],
    ids=["none", "lengths", "dtypes", "matrices"],
)
def test_what_a_ring_refuses(vectors):
    with pytest.raises(ValueError, match=r"vectors must be one or more .*Received: .*Join"):
        parallel.ring_all_reduce(vectors)


# ---- Time on paper ------------------------------------------------------------------------------


def test_seconds_by_hand():
    """4 workers, 1,000 bytes, 1 second per message, 100 bytes per second."""
    wires = {"latency": 1.0, "bandwidth": 100.0}
    # 6 messages; 2 * 3/4 * 1000 / 100 = 15 seconds of bytes
    assert parallel.all_reduce_seconds(4, 1000, **wires) == pytest.approx(21)
    # 4 messages
    assert parallel.all_reduce_seconds(4, 1000, **wires, kind="halving") == pytest.approx(19)
    assert parallel.all_reduce_seconds(1, 1000, **wires) == 0
    assert parallel.all_reduce_seconds(1, 1000, **wires, kind="halving") == 0


@pytest.mark.parametrize(
    ("argument", "value", "error"),
    [
        ("num_workers", 0, ValueError),
        ("num_workers", 2.0, TypeError),
        ("num_bytes", -1, ValueError),
        ("latency", -1e-6, ValueError),
        ("latency", "fast", TypeError),
        ("bandwidth", 0, ValueError),
        ("kind", "star", ValueError),
    ],
)
def test_what_the_time_refuses(argument, value, error):
    right = {"num_workers": 2, "num_bytes": 8, "latency": 0.1, "bandwidth": 1.0, "kind": "ring"}
    with pytest.raises(error, match=rf"{argument} must be .*Received: {argument}="):
        parallel.all_reduce_seconds(**(right | {argument: value}))
