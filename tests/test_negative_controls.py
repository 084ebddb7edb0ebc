"""Negative controls: programs that are wrong in one place, and a gate that catches each.

All of them train well. Most of them could be found in a tutorial.
"""

import numpy as np
import pytest

import sgdcourse as sgd
from sgdcourse import compare, keras_random

SEED = 4
BATCH_SIZE = 32
MOMENTUM = compare.keras_constant(0.9)


@pytest.fixture(scope="module")
def mnist():
    (x, y), _ = sgd.load_mnist(scale=False)
    return x[:1000], y[:1000]  # 31 batches of 32, and one of 8


def compare_with_keras(mnist, optimizer, **wrong):
    return compare.fit_both(
        [784, 128, 10],
        *mnist,
        optimizer=optimizer,
        batch_size=BATCH_SIZE,
        epochs=3,
        seed=SEED,
        divisor=255.0,
        **wrong,
    )


def step_with(gradients_of, update=lambda optimizer, weights, g: optimizer.update(weights, g)):
    """Make a train_step of which one part is replaced."""

    def train_step(weights, optimizer, x, y_true):
        logits, activations = sgd.forward(weights, x)
        loss = sgd.sparse_categorical_crossentropy(y_true, logits).mean()
        gradients = gradients_of(weights, activations, y_true, logits)
        return update(optimizer, weights, gradients), float(loss), sgd.accuracy(y_true, logits)

    return train_step


def right_gradients(weights, activations, y_true, logits):
    return sgd.backward(weights, activations, sgd.loss_gradient(y_true, logits))


def divided_by_the_full_batch_size(weights, activations, y_true, logits):
    dlogits = sgd.loss_gradient(y_true, logits) * len(y_true) / BATCH_SIZE
    return sgd.backward(weights, activations, dlogits)


def sum_instead_of_mean(weights, activations, y_true, logits):
    dlogits = sgd.loss_gradient(y_true, logits) * len(y_true)
    return sgd.backward(weights, activations, dlogits)


def probabilities_clipped(weights, activations, y_true, logits):
    """The gradient through a softmax whose probabilities are cut off at 1e-7 and 1 - 1e-7."""
    p = sgd.softmax(logits)[np.arange(len(y_true)), y_true]
    dlogits = sgd.loss_gradient(y_true, logits)
    dlogits[(p < 1e-7) | (p > 1 - 1e-7)] = 0
    return sgd.backward(weights, activations, dlogits)


def relu_gradient_at_zero(weights, activations, y_true, logits):
    """>= where > belongs: a unit whose ReLU is off gets a gradient all the same."""
    dlogits = sgd.loss_gradient(y_true, logits)
    hidden = activations[1]
    into_hidden = dlogits @ weights[2].T * (hidden >= 0)
    return [
        activations[0].T @ into_hidden,
        into_hidden.sum(axis=0),
        hidden.T @ dlogits,
        dlogits.sum(axis=0),
    ]


def one_layer_after_another(weights, optimizer, x, y_true):
    """The first layer's gradient is taken after the second layer has moved."""
    logits, activations = sgd.forward(weights, x)
    loss = sgd.sparse_categorical_crossentropy(y_true, logits).mean()
    dlogits = sgd.loss_gradient(y_true, logits)
    last = sgd.backward(weights, activations, dlogits)[2:]
    moved = weights[:2] + sgd.sgd_update(weights[2:], last, 0.01)
    first = sgd.backward(moved, activations, dlogits)[:2]
    weights = sgd.sgd_update(weights[:2], first, 0.01) + moved[2:]
    return weights, float(loss), sgd.accuracy(y_true, logits)


def loss_after_the_update(weights, optimizer, x, y_true):
    weights, _, _ = sgd.train_step(weights, optimizer, x, y_true)
    logits, _ = sgd.forward(weights, x)
    loss = sgd.sparse_categorical_crossentropy(y_true, logits).mean()
    return weights, float(loss), sgd.accuracy(y_true, logits)


def with_another_optimizer(**options):
    """Keep an optimizer of its own, which is not Keras's."""
    own = sgd.SGD(**options)
    return lambda weights, optimizer, x, y_true: sgd.train_step(weights, own, x, y_true)


def average_velocity():
    """Momentum as an exponential average: (1 - momentum) in front of the gradient."""
    velocity = []

    def update(optimizer, weights, gradients):
        before = velocity[-1] if velocity else [np.zeros_like(w) for w in weights]
        pairs = zip(before, gradients, strict=True)
        velocity.append([MOMENTUM * v - (1 - MOMENTUM) * 0.01 * g for v, g in pairs])
        return [w + v for w, v in zip(weights, velocity[-1], strict=True)]

    return step_with(right_gradients, update)


PLAIN, WITH_MOMENTUM = {"learning_rate": 0.01}, {"learning_rate": 0.01, "momentum": MOMENTUM}
FAST = {"learning_rate": 0.3, "momentum": MOMENTUM}  # some rows are soon classified with certainty
WRONG_STEPS = {
    "small batch divided by the full size": (PLAIN, step_with(divided_by_the_full_batch_size)),
    "sum instead of mean": (PLAIN, step_with(sum_instead_of_mean)),
    "probabilities clipped": (FAST, step_with(probabilities_clipped)),
    ">= in the gradient of ReLU": (PLAIN, step_with(relu_gradient_at_zero)),
    "one layer after another": (PLAIN, one_layer_after_another),
    "loss after the update": (PLAIN, loss_after_the_update),
    "rate rounded to float32": (
        PLAIN,
        with_another_optimizer(learning_rate=compare.keras_constant(0.01)),
    ),
    "Nesterov for momentum": (
        WITH_MOMENTUM,
        with_another_optimizer(**WITH_MOMENTUM, nesterov=True),
    ),
    "momentum not as Keras rounds it": (
        WITH_MOMENTUM,
        with_another_optimizer(learning_rate=0.01, momentum=0.9),
    ),
    "momentum as an average": (WITH_MOMENTUM, average_velocity()),
}


@pytest.mark.parametrize("options", [PLAIN, WITH_MOMENTUM])
def test_the_right_program_passes(mnist, options):
    report = compare_with_keras(mnist, sgd.SGD(**options), train_step=step_with(right_gradients))
    assert report.agrees, report.verdict


@pytest.mark.parametrize("name", WRONG_STEPS)
def test_a_wrong_step_is_caught(mnist, name):
    options, train_step = WRONG_STEPS[name]
    report = compare_with_keras(mnist, sgd.SGD(**options), train_step=train_step)
    assert not report.agrees
    assert "DISAGREE" in report.verdict


def test_a_new_order_in_each_epoch_is_caught(mnist):
    """What Keras's documentation says, and a seeded Keras does not do."""
    rng = np.random.default_rng(0)
    first = keras_random.fit_order(1000, SEED)
    report = compare_with_keras(
        mnist, sgd.SGD(), order=lambda epoch: first if epoch == 0 else rng.permutation(1000)
    )
    assert not report.order_equal
    assert not report.agrees
    update, _ = report.first_disagreement
    assert update == 32 + 1  # the first epoch agrees


def test_one_step_is_not_enough(mnist):
    """Two mistakes that hide at first: until the small last batch, until a row is certain."""
    for name, first in (
        ("small batch divided by the full size", 32),
        ("probabilities clipped", 26),
    ):
        options, train_step = WRONG_STEPS[name]
        report = compare_with_keras(mnist, sgd.SGD(**options), train_step=train_step)
        update, _ = report.first_disagreement
        assert update == first


def test_a_wrong_program_trains_well_all_the_same(mnist):
    """Accuracy proves nothing: one layer after another learns as well as Keras."""
    options, train_step = WRONG_STEPS["one layer after another"]
    report = compare_with_keras(mnist, sgd.SGD(**options), train_step=train_step)
    ours, theirs = (h["accuracy"][-1] for h in (report.history, report.keras_history))
    assert abs(ours - theirs) < 0.01
    assert report.weight_difference.max() > 1e-6
