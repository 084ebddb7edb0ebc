"""Exercises of notebook 06: compare two trainings."""

import numpy as np

import sgdcourse as sgd
from sgdcourse.exercises.exercise import Case, Exercise, Misconception, call

# ---- largest_difference ------------------------------------------------------------------------


def largest_difference(weights, others):
    return max(np.abs(w - other).max() for w, other in zip(weights, others, strict=True))


def _pairs(weights, others):
    return list(zip(weights, others, strict=True))


def _largest_of_pairs(size):
    """Make a version: the largest of what `size` says of each pair of arrays."""
    return lambda weights, others: max(size(a, b) for a, b in _pairs(weights, others))


def _all_numbers(arrays):
    return np.concatenate([array.ravel() for array in arrays])


_OURS = [np.array([[1.0, -2.0], [0.5, 3.0]]), np.array([0.25, -1.0])]
_THEIRS = [np.array([[0.5, -2.0], [1.125, 2.9]]), np.array([0.5, -0.25])]
_RNG = np.random.default_rng(4)
_SHAPES = [(5, 4), (4,), (4, 3), (3,)]
_NET = [_RNG.normal(0, 1, shape) for shape in _SHAPES]
_NEAR = [w + _RNG.normal(0, 1e-3, w.shape) for w in _NET]
_ABOVE = [w + _RNG.uniform(0.1, 0.7, w.shape) for w in _NET]

LARGEST_DIFFERENCE = Exercise(
    name="largest_difference",
    notebook="06",
    task="`weights` and `others` are two lists of arrays of the same shapes. Return one number: "
    "how far apart the two are at the place where they are farthest apart.",
    reference=largest_difference,
    cases=(
        call("a kernel of 2 by 2 and a bias of 2", _OURS, _THEIRS),
        call("a network of 4 arrays, differences about 0.001", _NET, _NEAR),
        call("the same two lists, exchanged", _NEAR, _NET),
        call(
            "only the second kernel differs, by 0.5",
            _NET,
            [*_NET[:2], _NET[2] - 0.5, _NET[3]],
        ),
        call("all numbers of `others` are larger", _NET, _ABOVE),
        call(
            "float32 arrays",
            [w.astype("float32") for w in _NET],
            [w.astype("float32") for w in _ABOVE],
        ),
        call("a list compared with itself", _NET, _NET),
        call("[1, 2] compared with [-1, 2.5]", [np.array([1.0, 2.0])], [np.array([-1.0, 2.5])]),
    ),
    misconceptions=(
        Misconception(
            "no-absolute-value",
            "You took the largest difference with its sign. A difference of -0.75 is farther than "
            "one of 0.5.",
            lambda weights, others: max((a - b).max() for a, b in _pairs(weights, others)),
        ),
        Misconception(
            "absolute-value-too-late",
            "You took the absolute value after the maximum: by then the large negative "
            "differences are gone.",
            lambda weights, others: abs(max((a - b).max() for a, b in _pairs(weights, others))),
            variants=(_largest_of_pairs(lambda a, b: abs((a - b).max())),),
        ),
        Misconception(
            "mean-for-maximum",
            "You took the mean of the differences. Among 100,000 weights that agree, one that is "
            "far off does not show in a mean.",
            lambda weights, others: np.abs(_all_numbers(weights) - _all_numbers(others)).mean(),
            variants=(
                lambda weights, others: np.mean(
                    [np.abs(a - b).mean() for a, b in _pairs(weights, others)]
                ),
            ),
        ),
        Misconception(
            "sum-for-maximum",
            "You added up the differences: the result grows with the number of weights, and says "
            "nothing about the worst one.",
            lambda weights, others: np.abs(_all_numbers(weights) - _all_numbers(others)).sum(),
        ),
        Misconception(
            "adds-the-maxima",
            "You added up the largest differences of the arrays. Asked for is the largest of them.",
            lambda weights, others: sum(np.abs(a - b).max() for a, b in _pairs(weights, others)),
        ),
        Misconception(
            "first-array-only",
            "Only the first array was compared. The biases, and the other layers, may be far "
            "apart.",
            lambda weights, others: np.abs(weights[0] - others[0]).max(),
        ),
        Misconception(
            "last-array-only",
            "Only the last array counts: each array's maximum replaced the one before it.",
            lambda weights, others: np.abs(weights[-1] - others[-1]).max(),
        ),
        Misconception(
            "relative-difference",
            "You divided by the size of the weights. Biases may be 0, so the course compares the "
            "plain difference.",
            lambda weights, others: max(
                np.abs((a - b) / b).max() for a, b in _pairs(weights, others)
            ),
            variants=(_largest_of_pairs(lambda a, b: np.abs((a - b) / a).max()),),
        ),
        Misconception(
            "difference-of-maxima",
            "You compared the largest weight of one side with the largest of the other. They may "
            "stand at different places: subtract first.",
            lambda weights, others: abs(_all_numbers(weights).max() - _all_numbers(others).max()),
            variants=(_largest_of_pairs(lambda a, b: abs(a.max() - b.max())),),
        ),
        Misconception(
            "one-number-per-array",
            "That is one number per array. The question is how far the two lists are apart as a "
            "whole: one number.",
            lambda weights, others: [np.abs(a - b).max() for a, b in _pairs(weights, others)],
        ),
        Misconception(
            "kernels-only",
            "You compared the kernels only. The biases may be far apart.",
            lambda weights, others: max(
                np.abs(a - b).max() for a, b in _pairs(weights, others)[::2]
            ),
        ),
        Misconception(
            "euclidean-distance",
            "You took the root of the sum of all squares: the distance of two points. It grows "
            "with the number of weights.",
            lambda weights, others: np.linalg.norm(_all_numbers(weights) - _all_numbers(others)),
        ),
        Misconception(
            "squared-difference",
            "You returned the square of the largest difference: 0.001 becomes 0.000001.",
            _largest_of_pairs(lambda a, b: ((a - b) ** 2).max()),
        ),
        Misconception(
            "signs-dropped-too-early",
            "You dropped the signs before you subtracted, so 1 and -1 count as equal.",
            _largest_of_pairs(lambda a, b: (np.abs(a) - np.abs(b)).max()),
            variants=(_largest_of_pairs(lambda a, b: np.abs(np.abs(a) - np.abs(b)).max()),),
        ),
        Misconception(
            "place-for-size",
            "You returned the place of the largest difference. Asked for is how large it is.",
            _largest_of_pairs(lambda a, b: np.abs(a - b).argmax()),
        ),
    ),
    hints=(
        "`zip` walks through two lists side by side. What do you do with one pair of arrays?",
        "Subtract, drop the signs, take the largest. Then: the largest over all pairs.",
        "`np.abs(a - b).max()` is the answer for one pair; Python's `max` takes many numbers.",
    ),
)

# ---- reported_loss, with a fault ---------------------------------------------------------------


def reported_loss(weights, optimizer, x, y_true):
    logits, activations = sgd.forward(weights, x)
    loss = sgd.sparse_categorical_crossentropy(y_true, logits).mean()
    gradients = sgd.backward(weights, activations, sgd.loss_gradient(y_true, logits))
    return optimizer.update(weights, gradients), loss


def _loss(weights, x, y_true):
    return sgd.sparse_categorical_crossentropy(y_true, sgd.forward(weights, x)[0])


def _after_update(weights, optimizer, x, y_true):
    logits, activations = sgd.forward(weights, x)
    gradients = sgd.backward(weights, activations, sgd.loss_gradient(y_true, logits))
    weights = optimizer.update(weights, gradients)
    logits, _ = sgd.forward(weights, x)
    loss = sgd.sparse_categorical_crossentropy(y_true, logits).mean()
    return weights, loss


def _before_and_after(weights, optimizer, x, y_true):
    weights, before, _ = sgd.train_step(weights, optimizer, x, y_true)
    return weights, (before + _loss(weights, x, y_true).mean()) / 2


def _what_was_gained(weights, optimizer, x, y_true):
    weights, before, _ = sgd.train_step(weights, optimizer, x, y_true)
    return weights, before - _loss(weights, x, y_true).mean()


def _summed(weights, optimizer, x, y_true):
    weights, before, _ = sgd.train_step(weights, optimizer, x, y_true)
    return weights, before * len(x)


def _per_row(weights, optimizer, x, y_true):
    return sgd.train_step(weights, optimizer, x, y_true)[0], _loss(weights, x, y_true)


def _thrown_away(weights, optimizer, x, y_true):
    return weights, sgd.train_step(weights, optimizer, x, y_true)[1]


def _updated_twice(weights, optimizer, x, y_true):
    once, before, _ = sgd.train_step(weights, optimizer, x, y_true)
    return sgd.train_step(once, optimizer, x, y_true)[0], before


def _second_step_for_the_loss(weights, optimizer, x, y_true):
    weights, _, _ = sgd.train_step(weights, optimizer, x, y_true)
    return weights, sgd.train_step(weights, optimizer, x, y_true)[1]


_X = np.random.default_rng(5).normal(0, 1, (4, 5))
_Y = np.array([2, 0, 0, 1])
_SMALL = [np.array([[0.5, -0.5], [0.0, 1.0]]), np.array([0.0, 0.1])]
_SMALL_X, _SMALL_Y = np.array([[1.0, 2.0], [0.0, -1.0], [2.0, 0.0]]), np.array([0, 0, 1])


def _three_losses(function):
    """Train three times on one batch, and note what is reported."""
    weights, optimizer, losses = _NET, sgd.SGD(0.5, momentum=0.9), []
    for _ in range(3):
        weights, loss = function(weights, optimizer, _X, _Y)
        losses.append(loss)
    return losses


REPORTED_LOSS = Exercise(
    name="reported_loss",
    notebook="06",
    task="Find the fault: make one update from a batch, and return the new weights and the loss "
    "that Keras reports for this batch. The new weights are right, the loss is not.",
    reference=reported_loss,
    given=_after_update,
    cases=(
        Case(
            "3 rows, 2 classes, rate 1.0: the loss",
            lambda f: f(_SMALL, sgd.SGD(1.0), _SMALL_X, _SMALL_Y)[1],
        ),
        Case(
            "3 rows, 2 classes, rate 1.0: the new weights",
            lambda f: f(_SMALL, sgd.SGD(1.0), _SMALL_X, _SMALL_Y)[0],
        ),
        Case("4 rows, hidden layer, momentum: the losses of 3 steps", _three_losses),
    ),
    misconceptions=(
        Misconception(
            "before-and-after",
            "You took the mean of the losses before and after the update. Keras makes no second "
            "forward pass: it reports the loss before.",
            _before_and_after,
        ),
        Misconception(
            "what-was-gained",
            "You return by how much the update lowered the loss. Keras reports the loss itself, "
            "as it was before the update.",
            _what_was_gained,
        ),
        Misconception(
            "sum-for-mean",
            "It is the loss from before the update now, but added up over the rows. Keras reports "
            "their mean.",
            _summed,
        ),
        Misconception(
            "losses-not-averaged",
            "It is the right forward pass now, but you return one loss per row. Keras reports "
            "their mean.",
            _per_row,
        ),
        Misconception(
            "new-weights-thrown-away",
            "The loss is right now, but the update is lost: the weights come back as they went "
            "in, and the network would never learn.",
            _thrown_away,
        ),
        Misconception(
            "updates-twice",
            "The loss is right now, but two updates are made from one batch: `optimizer.update` "
            "is called once too often.",
            _updated_twice,
        ),
        Misconception(
            "accuracy-for-loss",
            "You returned the accuracy. `train_step` returns the weights, the loss and the "
            "accuracy, in this order.",
            lambda *step: sgd.train_step(*step)[::2],
        ),
        Misconception(
            "second-step-for-the-loss",
            "The loss still belongs to the new weights. Whoever makes a second step to see it "
            "also moves the optimizer on.",
            _second_step_for_the_loss,
        ),
    ),
    hints=(
        "At a rate near 0 the update changes next to nothing. Is the reported loss right then?",
        "Two forward passes are made. Keras makes one. Which of the two is it?",
        "The loss can be computed as soon as there are logits, long before the update.",
    ),
)

EXERCISES = (LARGEST_DIFFERENCE, REPORTED_LOSS)
