"""Room 5, gradients: the judges are central differences, and tf.GradientTape."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import sgdcourse as sgd

LOSSES = ["sparse_categorical_crossentropy", "mean_squared_error"]


@st.composite
def problems(draw):
    """Draw a network of 1 to 3 Dense layers, a batch, a loss, a penalty and sample weights."""
    layer_sizes = draw(st.lists(st.integers(1, 5), min_size=2, max_size=4))
    num_rows = draw(st.integers(1, 6))
    loss = draw(st.sampled_from(LOSSES))
    l2 = draw(st.sampled_from([0.0, 0.01, 1.0]))
    weighted = draw(st.booleans())
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    weights = sgd.init_weights(layer_sizes, rng, "float64")
    for bias in weights[1::2]:
        bias += rng.standard_normal(bias.shape)
    x = rng.standard_normal((num_rows, layer_sizes[0]))
    if loss == "mean_squared_error":
        y_true = rng.standard_normal((num_rows, layer_sizes[-1]))
    else:
        y_true = rng.integers(0, layer_sizes[-1], num_rows)
    sample_weight = rng.uniform(0, 3, num_rows) if weighted else None
    return weights, x, y_true, loss, l2, sample_weight


def mean_loss(weights, x, y_true, loss, l2, sample_weight):
    """Write the loss down once more, from the definition."""
    logits, _ = sgd.forward(weights, x)
    per_row = getattr(sgd, loss)(y_true, logits)
    if sample_weight is not None:
        per_row = per_row * sample_weight
    return float(per_row.sum() / len(x)) + l2 * sum(float((w**2).sum()) for w in weights[::2])


def gradients_of(weights, x, y_true, loss, l2, sample_weight):
    logits, activations = sgd.forward(weights, x)
    dlogits = sgd.loss_gradient(y_true, logits, loss, sample_weight)
    return sgd.backward(weights, activations, dlogits, l2)


def smallest_input_of_a_relu(weights, x):
    """How near a unit is to the kink, where the loss has no derivative."""
    _, activations = sgd.forward(weights, x)
    hidden = [
        sgd.dense(a, kernel, bias)
        for a, kernel, bias in zip(activations[:-1], weights[:-2:2], weights[1:-2:2], strict=True)
    ]
    return min((np.abs(z).min() for z in hidden), default=1.0)


def test_crossentropy_gradient_by_hand():
    # p = 1/2 everywhere; (p - one_hot) / n with n = 2 rows
    gradient = sgd.loss_gradient(np.array([0, 1]), np.zeros((2, 2)))
    assert gradient.tolist() == [[-0.25, 0.25], [0.25, -0.25]]


def test_mean_squared_error_gradient_by_hand():
    # 2 * (prediction - target) / (n * K) with n = 1 row, K = 2 outputs
    gradient = sgd.loss_gradient(
        np.array([[1.0, 5.0]]), np.array([[4.0, 3.0]]), loss="mean_squared_error"
    )
    assert gradient.tolist() == [[3.0, -2.0]]


def test_sample_weights_are_divided_by_the_rows_not_by_their_sum():
    # weights 1 and 3: the second row counts three times, n stays 2
    gradient = sgd.loss_gradient(
        np.array([0, 1]), np.zeros((2, 2)), sample_weight=np.array([1.0, 3.0])
    )
    assert gradient.tolist() == [[-0.25, 0.25], [0.75, -0.75]]


def test_backward_by_hand():
    """1-2-1, x = 3: h = relu([3, -3]) = [3, 0]; delta = 1 at the output."""
    weights = [np.array([[1.0, -1.0]]), np.zeros(2), np.array([[2.0], [5.0]]), np.zeros(1)]
    _, activations = sgd.forward(weights, np.array([[3.0]]))
    gradients = sgd.backward(weights, activations, np.array([[1.0]]))
    # dW2 = h * 1, db2 = 1; below: delta = 1 * [2, 5], but the second unit was off: [2, 0]
    # dW1 = x * delta = 3 * [2, 0], db1 = [2, 0]
    assert [g.tolist() for g in gradients] == [[[6.0, 0.0]], [2.0, 0.0], [[3.0], [0.0]], [1.0]]


def test_l2_by_hand():
    """2 * l2 * W is added to the kernels and not to the biases, whatever the batch size."""
    weights = [np.array([[3.0, -1.0]]), np.array([7.0, 7.0])]
    activations, dlogits = [np.zeros((5, 1))], np.zeros((5, 2))
    gradients = sgd.backward(weights, activations, dlogits, l2=0.5)
    assert [g.tolist() for g in gradients] == [[[3.0, -1.0]], [0.0, 0.0]]


def test_numerical_gradient_by_hand():
    """L = a**2 + 3 b: gradient 2a and 3."""
    weights = [np.array([[1.0, -2.0]]), np.array([10.0])]

    def loss(weights):
        return float((weights[0] ** 2).sum() + 3 * weights[1].sum())

    kernel, bias = sgd.numerical_gradient(loss, weights)
    np.testing.assert_allclose(kernel, [[2.0, -4.0]], atol=1e-8)
    np.testing.assert_allclose(bias, [3.0], atol=1e-8)


def test_numerical_gradient_looks_epsilon_to_each_side():
    """Of a**3 at 2: ((2 + e)**3 - (2 - e)**3) / 2e = 12 + e**2, exactly."""
    [gradient] = sgd.numerical_gradient(
        lambda weights: float(weights[0][0] ** 3), [np.array([2.0])], epsilon=0.5
    )
    assert gradient.tolist() == [12.25]


def test_numerical_gradient_moves_one_number_at_a_time(read_only):
    """Every call sees the weights with a single number changed; the weights stay as they are."""
    weights = [np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([5.0])]
    read_only(*weights)
    seen = []

    def loss(moved):
        changed = [np.flatnonzero(a != b).tolist() for a, b in zip(moved, weights, strict=True)]
        seen.append(changed)
        return 0.0

    sgd.numerical_gradient(loss, weights)
    assert len(seen) == 2 * 5  # two calls for every number
    assert seen[::2] == [[[0], []], [[1], []], [[2], []], [[3], []], [[], [0]]]
    assert seen[1::2] == seen[::2]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("layer_sizes", [[4, 3], [4, 6, 3], [4, 6, 5, 3]])
def test_shapes_and_dtypes(make_network, make_rows, read_only, layer_sizes, loss, dtype):
    """Everything handed over is read-only."""
    weights, (x, y_true) = make_network(layer_sizes, dtype), make_rows(7, 4, 3, dtype)
    if loss == "mean_squared_error":
        y_true = x[:, :3]
    [sample_weight] = read_only(np.linspace(0, 2, 7).astype(dtype))
    logits, activations = sgd.forward(weights, x)
    read_only(logits, *activations)
    for weighting in (None, sample_weight):
        dlogits = sgd.loss_gradient(y_true, logits, loss, weighting)
        assert (dlogits.shape, dlogits.dtype) == ((7, 3), dtype)
        read_only(dlogits)
        for l2 in (0.0, 0.1):
            gradients = sgd.backward(weights, activations, dlogits, l2)
            assert [g.shape for g in gradients] == [w.shape for w in weights]
            assert all(g.dtype == dtype for g in gradients)


@given(problems())
def test_backward_equals_central_differences(problem):
    weights, x, *rest = problem
    assume(smallest_input_of_a_relu(weights, x) > 1e-3)  # a step of 1e-6 must not cross a kink
    expected = sgd.numerical_gradient(lambda moved: mean_loss(moved, x, *rest), weights)
    for ours, judge in zip(gradients_of(weights, x, *rest), expected, strict=True):
        # a loss near 100 is known to 1e-14, so its difference quotient to 1e-14 / 1e-6 = 1e-8
        np.testing.assert_allclose(ours, judge, rtol=1e-6, atol=5e-8)


@given(problems())
def test_backward_agrees_with_the_gradient_tape(tf, problem):
    weights, x, y_true, loss, l2, sample_weight = problem
    variables = [tf.Variable(w) for w in weights]
    with tf.GradientTape() as tape:
        outputs = tf.constant(x)
        for layer in range(0, len(variables), 2):
            outputs = tf.nn.relu(outputs) if layer else outputs
            outputs = outputs @ variables[layer] + variables[layer + 1]
        if loss == "mean_squared_error":
            per_row = tf.reduce_mean((outputs - y_true) ** 2, axis=1)
        else:
            per_row = tf.nn.sparse_softmax_cross_entropy_with_logits(y_true, outputs)
        if sample_weight is not None:
            per_row = per_row * sample_weight
        penalty = tf.add_n([tf.reduce_sum(kernel**2) for kernel in variables[::2]])
        total = tf.reduce_mean(per_row) + l2 * penalty
    theirs = tape.gradient(total, variables)
    for ours, judge in zip(gradients_of(*problem), theirs, strict=True):
        np.testing.assert_allclose(ours, judge.numpy(), rtol=1e-11, atol=1e-13)


@given(problems())
def test_batch_gradient_is_the_mean_of_the_gradients_of_its_rows(problem):
    weights, x, y_true, loss, l2, sample_weight = problem
    per_row = [
        gradients_of(
            weights,
            x[[i]],
            y_true[[i]],
            loss,
            l2,
            None if sample_weight is None else sample_weight[[i]],
        )
        for i in range(len(x))
    ]
    for together, *alone in zip(gradients_of(*problem), *per_row, strict=True):
        np.testing.assert_allclose(together, np.mean(alone, axis=0), rtol=1e-11, atol=1e-13)


@given(problems())
def test_crossentropy_gradient_of_a_row_sums_to_zero(problem):
    """A shift of all logits of a row changes nothing, so there is no slope along it."""
    weights, x, _, _, _, sample_weight = problem
    logits, _ = sgd.forward(weights, x)
    y_true = np.zeros(len(x), int)
    dlogits = sgd.loss_gradient(y_true, logits, sample_weight=sample_weight)
    np.testing.assert_allclose(dlogits.sum(axis=1), 0, atol=1e-15)


def test_gradient_stays_finite_for_huge_logits():
    gradient = sgd.loss_gradient(np.array([0, 1]), np.array([[1e4, -1e4], [1e4, -1e4]]))
    assert gradient.tolist() == [[0.0, 0.0], [0.5, -0.5]]
