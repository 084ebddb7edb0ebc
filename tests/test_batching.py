"""Room 2, batching."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import sgdcourse as sgd

SAMPLES = st.integers(1, 300)
BATCH_SIZES = st.integers(1, 64)


def test_split_by_hand():
    """8 rows by threes: 3, 3 and 2, in the order given."""
    batches = sgd.split_batches(np.array([2, 4, 3, 6, 5, 0, 1, 7]), 3)
    assert [rows.tolist() for rows in batches] == [[2, 4, 3], [6, 5, 0], [1, 7]]


def test_split_into_one_batch():
    assert [rows.tolist() for rows in sgd.split_batches(np.arange(3), 100)] == [[0, 1, 2]]


def test_split_deals_one_batch_at_a_time():
    batches = sgd.split_batches(np.arange(60_000), 32)
    assert iter(batches) is batches
    assert next(batches).tolist() == list(range(32))


@given(num_samples=SAMPLES, batch_size=BATCH_SIZES, seed=st.integers(0, 2**32))
def test_every_row_is_dealt_exactly_once(num_samples, batch_size, seed):
    indices = sgd.shuffle_indices(num_samples, np.random.default_rng(seed))
    before = indices.copy()
    batches = list(sgd.split_batches(indices, batch_size))
    np.testing.assert_array_equal(np.concatenate(batches), indices)  # in this order
    assert np.sort(np.concatenate(batches)).tolist() == list(range(num_samples))
    np.testing.assert_array_equal(indices, before)


@given(num_samples=SAMPLES, batch_size=BATCH_SIZES)
def test_only_the_last_batch_may_be_smaller(num_samples, batch_size):
    sizes = [len(rows) for rows in sgd.split_batches(np.arange(num_samples), batch_size)]
    assert len(sizes) == sgd.steps_per_epoch(num_samples, batch_size)
    assert all(size == batch_size for size in sizes[:-1])
    assert 1 <= sizes[-1] <= batch_size


def test_steps_per_epoch_by_hand():
    assert sgd.steps_per_epoch(60_000, 32) == 1875  # 1875 * 32 = 60,000
    assert sgd.steps_per_epoch(60_000, 64) == 938  # 937 * 64 = 59,968: 32 rows are left
    assert sgd.steps_per_epoch(32, 32) == 1
    assert sgd.steps_per_epoch(33, 32) == 2


@given(num_samples=st.integers(1, 10**12), batch_size=st.integers(1, 10**6))
def test_steps_per_epoch_rounds_up(num_samples, batch_size):
    steps = sgd.steps_per_epoch(num_samples, batch_size)
    assert (steps - 1) * batch_size < num_samples <= steps * batch_size


def test_shuffle_type_and_order():
    rng = np.random.default_rng(0)
    first, second = sgd.shuffle_indices(1000, rng), sgd.shuffle_indices(1000, rng)
    again = sgd.shuffle_indices(1000, np.random.default_rng(0))
    assert (first.shape, first.dtype) == ((1000,), np.int64)
    np.testing.assert_array_equal(first, again)  # the same generator state, the same order
    assert not np.array_equal(first, second)  # the generator has moved on
    assert not np.array_equal(first, np.arange(1000))


def test_shuffle_is_fair():
    """Each of the 6 orders of 3 rows comes up one time in six, in 6,000 tries."""
    rng = np.random.default_rng(0)
    counts = {}
    for _ in range(6000):
        order = tuple(sgd.shuffle_indices(3, rng).tolist())
        counts[order] = counts.get(order, 0) + 1
    assert len(counts) == 6
    deviation = math.sqrt(6000 * (1 / 6) * (5 / 6))  # of a count: about 29
    assert all(abs(count - 1000) < 4 * deviation for count in counts.values())
