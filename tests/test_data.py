"""Room 1, data."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sgdcourse as sgd
from sgdcourse import data

MNIST_FILE = Path(sgd.__file__).parent / "datasets" / "mnist.npz"

# Published with the set: how many images there are of each digit, 0 to 9
TRAIN_COUNTS = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
TEST_COUNTS = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


@pytest.fixture(scope="module")
def raw_mnist():
    return sgd.load_mnist(flatten=False, scale=False)


@pytest.fixture(scope="module")
def mnist():
    return sgd.load_mnist()


def test_mnist_as_it_is_stored(raw_mnist):
    (x_train, y_train), (x_test, y_test) = raw_mnist
    assert (x_train.shape, x_train.dtype) == ((60_000, 28, 28), np.uint8)
    assert (x_test.shape, x_test.dtype) == ((10_000, 28, 28), np.uint8)
    assert (y_train.shape, y_train.dtype) == ((60_000,), np.int64)
    assert (y_test.shape, y_test.dtype) == ((10_000,), np.int64)
    assert (x_train.min(), x_train.max()) == (0, 255)


def test_mnist_label_counts(raw_mnist):
    (_, y_train), (_, y_test) = raw_mnist
    assert np.bincount(y_train).tolist() == TRAIN_COUNTS
    assert np.bincount(y_test).tolist() == TEST_COUNTS


def test_mnist_prepared(mnist, raw_mnist):
    (x_train, y_train), (x_test, y_test) = mnist
    (raw_train, raw_y_train), (raw_test, raw_y_test) = raw_mnist
    assert (x_train.shape, x_train.dtype) == ((60_000, 784), np.float32)
    assert (x_test.shape, x_test.dtype) == ((10_000, 784), np.float32)
    # row i is image i, read line by line; 1,000 images keep the memory small
    expected = raw_train[:1000].reshape(1000, 784).astype(np.float32) / np.float32(255)
    np.testing.assert_array_equal(x_train[:1000], expected)
    np.testing.assert_array_equal(x_test[-1], raw_test[-1].ravel() / np.float32(255))
    np.testing.assert_array_equal(y_train, raw_y_train)
    np.testing.assert_array_equal(y_test, raw_y_test)


def test_mnist_mean_and_deviation(mnist):
    """The two numbers by which everybody normalises MNIST: 0.1307 and 0.3081."""
    (x_train, _), _ = mnist
    mean = x_train.mean(dtype=np.float64)
    deviation = math.sqrt((x_train * x_train).mean(dtype=np.float64) - mean**2)
    assert (round(mean, 4), round(deviation, 4)) == (0.1307, 0.3081)


@pytest.mark.parametrize(
    ("flatten", "scale", "shape", "dtype"),
    [
        (True, False, (10_000, 784), np.uint8),
        (False, True, (10_000, 28, 28), np.float32),
    ],
)
def test_mnist_choices_are_independent(flatten, scale, shape, dtype):
    _, (x_test, _) = sgd.load_mnist(flatten=flatten, scale=scale)
    assert (x_test.shape, x_test.dtype) == (shape, dtype)


def test_mnist_comes_fresh_each_time():
    """What a learner writes into the arrays is gone at the next call."""
    _, (x_test, _) = sgd.load_mnist(scale=False)
    before = x_test[0].copy()
    x_test[0] = 99
    _, (again, _) = sgd.load_mnist(scale=False)
    np.testing.assert_array_equal(again[0], before)


@pytest.fixture
def copied_package(tmp_path, monkeypatch):
    """Let the room look for its file in an empty folder; return where it will look."""
    monkeypatch.setattr(data, "__file__", str(tmp_path / "data.py"))
    (tmp_path / "datasets").mkdir()
    return tmp_path / "datasets" / "mnist.npz"


def test_missing_file(copied_package):
    with pytest.raises(FileNotFoundError) as error:
        sgd.load_mnist()
    assert str(copied_package) in str(error.value)
    assert "git checkout sgdcourse/datasets/mnist.npz" in str(error.value)


@pytest.mark.parametrize("damage", ["one bit", "cut off", "empty"])
def test_damaged_file(copied_package, damage):
    content = bytearray(MNIST_FILE.read_bytes())
    if damage == "one bit":
        content[len(content) // 2] ^= 1
    else:
        del content[1000 if damage == "cut off" else 0 :]
    copied_package.write_bytes(content)
    with pytest.raises(ValueError, match="damaged") as error:
        sgd.load_mnist()
    assert str(copied_package) in str(error.value)
    assert data.MNIST_SHA256[:16] in str(error.value)
    assert "git checkout sgdcourse/datasets/mnist.npz" in str(error.value)


def test_blobs_by_hand():
    """Two clouds without spread: at 0 and 180 degrees of the circle of radius 3."""
    x, y = sgd.make_blobs(4, 2, np.random.default_rng(0), spread=0.0)
    np.testing.assert_allclose(x, [[3, 0], [3, 0], [-3, 0], [-3, 0]], atol=1e-15)
    assert y.tolist() == [0, 0, 1, 1]
    assert (x.dtype, y.dtype) == (np.float64, np.int64)


@given(num_samples=st.integers(1, 60), num_classes=st.integers(1, 7))
def test_blobs_are_of_equal_size(num_samples, num_classes):
    x, y = sgd.make_blobs(num_samples, num_classes, np.random.default_rng(0))
    assert x.shape == (num_samples, 2)
    assert y.tolist() == sorted(y)
    counts = np.bincount(y, minlength=num_classes)
    assert len(counts) == num_classes
    assert counts.max() - counts.min() <= 1


def test_blobs_spread_is_the_standard_deviation():
    """10,000 points: a standard deviation is then known to about 0.7 per cent (one sigma)."""
    x, _ = sgd.make_blobs(10_000, 1, np.random.default_rng(0), spread=0.5)
    np.testing.assert_allclose(x.std(axis=0), 0.5, rtol=0.03)
    np.testing.assert_allclose(x.mean(axis=0), [3, 0], atol=0.02)


@given(num_samples=st.integers(2, 60))
def test_moons_lie_on_their_circles(num_samples):
    """Upper: unit circle around (0, 0). Lower: unit circle around (1, 0.5), upside down."""
    x, y = sgd.make_moons(num_samples, np.random.default_rng(0), noise=0.0)
    assert (x.shape, x.dtype, y.dtype) == ((num_samples, 2), np.float64, np.int64)
    assert y.tolist() == sorted(y)
    assert (y == 0).sum() == num_samples // 2
    upper, lower = x[y == 0], x[y == 1] - [1, 0.5]
    np.testing.assert_allclose((upper**2).sum(axis=1), 1)
    np.testing.assert_allclose((lower**2).sum(axis=1), 1)
    assert (upper[:, 1] >= 0).all()
    assert (lower[:, 1] <= 0).all()


def test_moons_noise_is_the_standard_deviation():
    exact, _ = sgd.make_moons(10_000, np.random.default_rng(0), noise=0.0)
    noisy, _ = sgd.make_moons(10_000, np.random.default_rng(0), noise=0.2)
    np.testing.assert_allclose((noisy - exact).std(axis=0), 0.2, rtol=0.03)


def test_toy_sets_follow_the_generator():
    for make in (lambda rng: sgd.make_blobs(9, 3, rng), lambda rng: sgd.make_moons(9, rng)):
        first, again = make(np.random.default_rng(5)), make(np.random.default_rng(5))
        other = make(np.random.default_rng(6))
        np.testing.assert_array_equal(first[0], again[0])
        assert not np.array_equal(first[0], other[0])


def test_split_by_hand():
    """7 rows, share 0.3: floor(7 * 0.7) = floor(4.9) = 4 rows stay."""
    x, y = np.arange(14).reshape(7, 2), np.arange(7)
    (x_train, y_train), (x_val, y_val) = sgd.train_validation_split(x, y, validation_split=0.3)
    assert y_train.tolist() == [0, 1, 2, 3]
    assert y_val.tolist() == [4, 5, 6]
    assert x_train.tolist() == x[:4].tolist()
    assert x_val.tolist() == x[4:].tolist()


@given(num_samples=st.integers(2, 300), percent=st.integers(1, 99), num_arrays=st.integers(1, 3))
def test_split_keeps_every_row_in_place(num_samples, percent, num_arrays):
    arrays = [np.arange(num_samples) * factor for factor in range(1, num_arrays + 1)]
    share = percent / 100
    stay = math.floor(num_samples * (1 - share))
    if stay == 0:
        with pytest.raises(ValueError, match="validation_split"):
            sgd.train_validation_split(*arrays, validation_split=share)
        return
    training, validation = sgd.train_validation_split(*arrays, validation_split=share)
    assert len(training) == len(validation) == num_arrays
    for array, first, last in zip(arrays, training, validation, strict=True):
        assert len(first) == stay
        np.testing.assert_array_equal(np.concatenate([first, last]), array)
        assert np.shares_memory(first, array)  # a view: no second copy of the data
        assert np.shares_memory(last, array)


@pytest.mark.parametrize("share", [0.0, 1.0, -0.5, 1.5, 0.9999])
def test_split_leaves_no_part_empty(share):
    with pytest.raises(ValueError, match="validation_split") as error:
        sgd.train_validation_split(np.arange(5), validation_split=share)
    assert f"validation_split={share} for 5 rows" in str(error.value)
