"""Exercises of notebook 07: schedules, clipping, weight decay, gradient accumulation."""

import math

import numpy as np

import sgdcourse as sgd
from sgdcourse.exercises.catalogue.inputs import random_arrays
from sgdcourse.exercises.exercise import Exercise, Misconception, call

_SHAPES = (3, 4), (4,), (4, 2), (2,)

# ---- exponential_decay -------------------------------------------------------------------------


def exponential_decay(initial_learning_rate, decay_steps, decay_rate, step):
    """Return the rate of one update, as ExponentialDecay without staircase."""
    return initial_learning_rate * decay_rate ** (step / decay_steps)


def _line_between_decays(initial_learning_rate, decay_steps, decay_rate, step):
    decays, rest = divmod(step, decay_steps)
    share = 1 - (1 - decay_rate) * rest / decay_steps
    return initial_learning_rate * decay_rate**decays * share


EXPONENTIAL_DECAY = Exercise(
    name="exponential_decay",
    notebook="07",
    task="Return the learning rate of update number `step`, counted from 0. It shrinks smoothly, "
    "by the factor `decay_rate` in every `decay_steps` updates.",
    reference=exponential_decay,
    cases=(
        call("first rate 0.1, times 0.8 in every 100 updates: update 100", 0.1, 100, 0.8, 100),
        call("first rate 0.1, times 0.8 in every 100 updates: update 25", 0.1, 100, 0.8, 25),
        call("first rate 0.1, times 0.8 in every 100 updates: update 0", 0.1, 100, 0.8, 0),
        call("first rate 0.1, times 0.8 in every 100 updates: update 250", 0.1, 100, 0.8, 250),
        call("first rate 0.4, times 0.9 in every 7 updates: update 3", 0.4, 7, 0.9, 3),
        call("first rate 0.4, times 0.9 in every 7 updates: update 1000", 0.4, 7, 0.9, 1000),
    ),
    misconceptions=(
        Misconception(
            "staircase",
            "The rate falls in steps: you divided whole numbers with `//`, or rounded down. "
            "Without `staircase=True` Keras's exponent is a fraction, and the rate falls smoothly.",
            lambda initial_learning_rate, decay_steps, decay_rate, step: (
                initial_learning_rate * decay_rate ** (step // decay_steps)
            ),
        ),
        Misconception(
            "linear-decay",
            "The rate falls along a straight line, by the same AMOUNT in each update; it would "
            "end below 0. In Keras it shrinks by the same FACTOR in each update.",
            lambda initial_learning_rate, decay_steps, decay_rate, step: (
                initial_learning_rate * (1 - (1 - decay_rate) * step / decay_steps)
            ),
        ),
        Misconception(
            "factor-instead-of-power",
            "You multiplied by the number of decays instead of raising to its power, so update 0 "
            "has the rate 0, and later the rate grows.",
            lambda initial_learning_rate, decay_steps, decay_rate, step: (
                initial_learning_rate * decay_rate * step / decay_steps
            ),
        ),
        Misconception(
            "decay-rate-as-what-is-lost",
            "You took `decay_rate` for the share that is lost. In Keras it is the share that "
            "stays: 0.9 is a slow decay.",
            lambda initial_learning_rate, decay_steps, decay_rate, step: (
                initial_learning_rate * (1 - decay_rate) ** (step / decay_steps)
            ),
        ),
        Misconception(
            "decays-each-step",
            "The rate shrinks by the whole factor at every single update. It takes `decay_steps` "
            "of them.",
            lambda initial_learning_rate, decay_steps, decay_rate, step: (
                initial_learning_rate * decay_rate**step
            ),
        ),
        Misconception(
            "exponent-upside-down",
            "The exponent is upside down. It must grow with the updates: 0 at update 0, and 1 at "
            "update `decay_steps`.",
            lambda initial_learning_rate, decay_steps, decay_rate, step: (
                initial_learning_rate * decay_rate ** (decay_steps / step)
            ),
        ),
        Misconception(
            "natural-exponential",
            "That is the natural exponential of the product. Here the base is `decay_rate` itself.",
            lambda initial_learning_rate, decay_steps, decay_rate, step: (
                initial_learning_rate * math.exp(-decay_rate * step / decay_steps)
            ),
        ),
        Misconception(
            "inverse-time",
            "You divide by 1 plus something that grows: that is another schedule of Keras, "
            "`InverseTimeDecay`.",
            lambda initial_learning_rate, decay_steps, decay_rate, step: (
                initial_learning_rate / (1 + decay_rate * step / decay_steps)
            ),
        ),
        Misconception(
            "rate-in-the-power",
            "The first rate was raised to the power as well. It is a factor in front of the power, "
            "which holds `decay_rate` alone.",
            lambda initial_learning_rate, decay_steps, decay_rate, step: (
                (initial_learning_rate * decay_rate) ** (step / decay_steps)
            ),
        ),
        Misconception(
            "counts-from-one",
            "You counted the updates from 1. Update 0 has the first rate, not yet shrunk.",
            lambda initial_learning_rate, decay_steps, decay_rate, step: (
                initial_learning_rate * decay_rate ** ((step + 1) / decay_steps)
            ),
        ),
        Misconception(
            "linear-between-decays",
            "After each whole decay the rate is right, and between two of them it falls along a "
            "straight line. In Keras it shrinks by the same FACTOR in each update.",
            _line_between_decays,
        ),
    ),
    hints=(
        "After `decay_steps` updates one decay has happened, after twice as many two.",
        "How many decays have happened at `step`? It may be a fraction.",
        "The first rate, times `decay_rate` to the power of that number of decays.",
    ),
)

# ---- clip_by_global_norm -----------------------------------------------------------------------


def _norm(gradients):
    return np.sqrt(sum(np.sum(np.square(g)) for g in gradients))


def _scaled_by(measure):
    """Make a wrong version that measures the length in another way."""

    def clip(gradients, global_clipnorm):
        length = measure(gradients)
        return [g * global_clipnorm / max(length, global_clipnorm) for g in gradients]

    return clip


CLIP_BY_GLOBAL_NORM = Exercise(
    name="clip_by_global_norm",
    notebook="07",
    task="Return the list of clipped `gradients`: if all of them, joined into one vector, are "
    "longer than `global_clipnorm`, shorten them together to that length. Else leave them.",
    reference=sgd.clip_by_global_norm,
    cases=(
        call("[9, 12] and [8], limit 8.5", [np.array([9.0, 12.0]), np.array([8.0])], 8.5),
        call("[0.9, 1.2] and [0.8], limit 8.5", [np.array([0.9, 1.2]), np.array([0.8])], 8.5),
        call("4 arrays, limit 2", random_arrays(*_SHAPES), 2.0),
        call("4 arrays, limit 100: nothing to clip", random_arrays(*_SHAPES), 100.0),
        call("gradients of 0, limit 1", [np.zeros((2, 2)), np.zeros(2)], 1.0),
        call("4 arrays in float32, limit 0.5", random_arrays(*_SHAPES, dtype="float32"), 0.5),
    ),
    misconceptions=(
        Misconception(
            "clips-each-array",
            "You clipped each array by its own length, which is `clipnorm`. The arrays keep their "
            "proportions only if all are shortened by one factor.",
            lambda gradients, global_clipnorm: [
                sgd.clip_by_norm(g, global_clipnorm) for g in gradients
            ],
        ),
        Misconception(
            "clips-each-number",
            "You cut off each number at the limit, which is `clipvalue`: the direction changes.",
            lambda gradients, global_clipnorm: [
                np.clip(g, -global_clipnorm, global_clipnorm) for g in gradients
            ],
        ),
        Misconception(
            "always-rescaled",
            "Short gradients were made LONGER, up to the limit. Clipping only shortens.",
            lambda gradients, global_clipnorm: [
                g * global_clipnorm / (_norm(gradients) or 1.0) for g in gradients
            ],
        ),
        Misconception(
            "root-missing",
            "You took the sum of the squares for the length. The length is the square root of it.",
            _scaled_by(lambda gradients: sum(np.sum(g**2) for g in gradients)),
        ),
        Misconception(
            "sum-of-the-norms",
            "You added up the lengths of the arrays. Lengths at right angles do not add up: square "
            "them first, and take one root at the end.",
            _scaled_by(lambda gradients: sum(np.sqrt(np.sum(g**2)) for g in gradients)),
        ),
        Misconception(
            "largest-norm",
            "You took the length of the longest array for that of all. Keras joins all arrays into "
            "one vector, which is longer.",
            _scaled_by(lambda gradients: max(np.sqrt(np.sum(g**2)) for g in gradients)),
        ),
        Misconception(
            "largest-number",
            "You took the largest number for the length. The length is the root of the sum of all "
            "squares.",
            _scaled_by(lambda gradients: max(np.abs(g).max() for g in gradients)),
        ),
        Misconception(
            "sum-of-absolute-values",
            "You added up the numbers, or their absolute values. The length is the root of the sum "
            "of the squares.",
            _scaled_by(lambda gradients: sum(np.abs(g).sum() for g in gradients)),
        ),
        Misconception(
            "limit-missing",
            "The shortened gradients have the length 1, not the limit: after the division they "
            "must be multiplied by it.",
            lambda gradients, global_clipnorm: (
                [g / _norm(gradients) for g in gradients]
                if _norm(gradients) > global_clipnorm
                else gradients
            ),
        ),
        Misconception(
            "not-clipped",
            "Nothing was shortened, although the gradients are longer than the limit.",
            lambda gradients, global_clipnorm: gradients,
        ),
    ),
    hints=(
        "How long is the vector of ALL numbers of all arrays? Think of Pythagoras.",
        "One length, one factor, and it is never above 1.",
        "Square everything, sum over all arrays, take the root; compare with the limit; multiply "
        "every array by limit / length if it is too long.",
    ),
)

# ---- weight_decay_update -----------------------------------------------------------------------


def weight_decay_update(weights, gradients, learning_rate, weight_decay):
    """Decay the weights, then make the plain step."""
    decayed = [w - learning_rate * weight_decay * w for w in weights]
    return [w - learning_rate * g for w, g in zip(decayed, gradients, strict=True)]


def _each(rule):
    """Make a wrong version of a rule for one array."""

    def update(weights, gradients, learning_rate, weight_decay):
        pairs = zip(weights, gradients, strict=True)
        return [rule(w, g, learning_rate, weight_decay) for w, g in pairs]

    return update


WEIGHT_DECAY_UPDATE = Exercise(
    name="weight_decay_update",
    notebook="07",
    task="Return the new weights after one plain step of Keras's `SGD(learning_rate, "
    "weight_decay=...)`: every weight first loses the share `learning_rate * weight_decay` of "
    "itself, then follows the step of its gradient.",
    reference=weight_decay_update,
    cases=(
        call(
            "weights [1, 2] and [-3], gradients [5, -10] and [20], rate 0.1, weight decay 0.2",
            [np.array([1.0, 2.0]), np.array([-3.0])],
            [np.array([5.0, -10.0]), np.array([20.0])],
            0.1,
            0.2,
        ),
        call(
            "weights [1, 2] and [-3], gradients of 0, rate 0.1, weight decay 0.2",
            [np.array([1.0, 2.0]), np.array([-3.0])],
            [np.zeros(2), np.zeros(1)],
            0.1,
            0.2,
        ),
        call(
            "4 arrays, rate 0.2, weight decay 0.3",
            random_arrays(*_SHAPES),
            random_arrays(*_SHAPES, seed=1),
            0.2,
            0.3,
        ),
        call(
            "weight decay 0: plain SGD",
            random_arrays(*_SHAPES),
            random_arrays(*_SHAPES, seed=1),
            0.2,
            0.0,
        ),
        call(
            "4 arrays in float32, rate 0.2, weight decay 0.3",
            random_arrays(*_SHAPES, dtype="float32"),
            random_arrays(*_SHAPES, seed=1, dtype="float32"),
            0.2,
            0.3,
        ),
    ),
    misconceptions=(
        Misconception(
            "l2-with-factor-two",
            "You added the derivative of an L2 penalty, which has the factor 2. Keras's "
            "`weight_decay` has no such factor: it is not a penalty.",
            _each(lambda w, g, rate, decay: w - rate * (g + 2 * decay * w)),
        ),
        Misconception(
            "rate-missing",
            "The decay was not multiplied by the learning rate. In Keras a smaller rate also means "
            "a weaker decay.",
            _each(lambda w, g, rate, decay: w - decay * w - rate * g),
        ),
        Misconception(
            "decays-after-the-step",
            "You let the weights decay after the step, so the step has shrunk, too. Keras lets the "
            "old weights decay, and then makes the whole step.",
            _each(lambda w, g, rate, decay: (w - rate * g) * (1 - rate * decay)),
        ),
        Misconception(
            "grows-instead",
            "The decay makes the weights grow: its sign is turned around. It must draw each weight "
            "towards 0.",
            _each(lambda w, g, rate, decay: w + rate * decay * w - rate * g),
        ),
        Misconception(
            "multiplies-by-the-decay",
            "You kept only the share `weight_decay` of each weight. What it tells is the share "
            "that is LOST, and that only times the learning rate.",
            _each(lambda w, g, rate, decay: decay * w - rate * g),
        ),
        Misconception(
            "decay-missing",
            "That is the plain step: no weight has decayed.",
            _each(lambda w, g, rate, decay: w - rate * g),
        ),
        Misconception(
            "decays-the-gradient",
            "You made the gradient smaller. It is the weights that decay.",
            _each(lambda w, g, rate, decay: w - rate * (g - decay * g)),
        ),
        Misconception(
            "kernels-only",
            "The biases do not decay. In Keras they do, too, unless they are excluded by "
            "`exclude_from_weight_decay`.",
            lambda weights, gradients, learning_rate, weight_decay: [
                w - learning_rate * (g + (weight_decay * w if i % 2 == 0 else 0))
                for i, (w, g) in enumerate(zip(weights, gradients, strict=True))
            ],
            variants=(
                _each(lambda w, g, rate, decay: w - rate * (g + (decay * w if w.ndim > 1 else 0))),
            ),
        ),
        Misconception(
            "opposite-sign",
            "The weights went with the gradient, uphill.",
            _each(lambda w, g, rate, decay: w - rate * decay * w + rate * g),
        ),
        Misconception(
            "same-amount-for-all",
            "Every weight lost the same amount, whether it is large or small. In Keras it loses a "
            "share of itself.",
            _each(lambda w, g, rate, decay: w - rate * (g + decay * np.sign(w))),
        ),
    ),
    hints=(
        "Two things happen to each array: it becomes a little smaller, and it makes its step.",
        "The share that is lost is the product of the rate and the decay.",
        "Take `learning_rate * weight_decay` times the weight away, then the plain step; both use "
        "the OLD weight.",
    ),
)

# ---- accumulate_gradients ----------------------------------------------------------------------


def accumulate_gradients(weights, batches_of_gradients, learning_rate):
    """One update with the mean of the gradients of several batches."""
    means = [sum(arrays) / len(arrays) for arrays in zip(*batches_of_gradients, strict=True)]
    return [w - learning_rate * g for w, g in zip(weights, means, strict=True)]


def _with_gradients(combine):
    def update(weights, batches_of_gradients, learning_rate):
        combined = [combine(arrays) for arrays in zip(*batches_of_gradients, strict=True)]
        return sgd.sgd_update(weights, combined, learning_rate)

    return update


def _mean_over_the_arrays(weights, batches_of_gradients, learning_rate):
    number = len(weights)
    combined = [sum(arrays) / number for arrays in zip(*batches_of_gradients, strict=True)]
    return sgd.sgd_update(weights, combined, learning_rate)


def _one_update_returned_per_batch(weights, batches_of_gradients, learning_rate):
    new = []
    for gradients in batches_of_gradients:
        new.append(sgd.sgd_update(weights, gradients, learning_rate))
    return new


def _half_old_half_new(arrays):
    mean = arrays[0]
    for gradient in arrays[1:]:
        mean = (mean + gradient) / 2
    return mean


_BATCHES = [
    [np.array([1.0, -2.0]), np.array([10.0])],
    [np.array([3.0, 6.0]), np.array([-4.0])],
    [np.array([5.0, -1.0]), np.array([3.0])],
]

ACCUMULATE_GRADIENTS = Exercise(
    name="accumulate_gradients",
    notebook="07",
    task="Make ONE plain update of `weights` with the gradients of several batches, as Keras does "
    "with `gradient_accumulation_steps`. Each element of `batches_of_gradients` is the list of "
    "gradients of one batch. Return the new weights.",
    reference=accumulate_gradients,
    cases=(
        call(
            "weights [1, 2] and [3], rate 0.1, three batches with the gradients [1, -2] and [10], "
            "[3, 6] and [-4], [5, -1] and [3]",
            [np.array([1.0, 2.0]), np.array([3.0])],
            _BATCHES,
            0.1,
        ),
        call(
            "4 arrays, 3 batches, rate 0.5",
            random_arrays(*_SHAPES),
            [random_arrays(*_SHAPES, seed=seed) for seed in (1, 2, 3)],
            0.5,
        ),
        call(
            "one batch: a plain step",
            random_arrays(*_SHAPES),
            [random_arrays(*_SHAPES, seed=1)],
            0.5,
        ),
        call(
            "4 arrays in float32, 5 batches, rate 0.2",
            random_arrays(*_SHAPES, dtype="float32"),
            [random_arrays(*_SHAPES, seed=seed, dtype="float32") for seed in range(5)],
            0.2,
        ),
    ),
    misconceptions=(
        Misconception(
            "sum-for-mean",
            "You summed the gradients, or made one update per batch: the steps add up, and more "
            "batches move the weights further. Keras makes one step, with the mean.",
            _with_gradients(sum),
        ),
        Misconception(
            "last-batch-only",
            "Only the gradients of the last batch came in: the others were overwritten.",
            _with_gradients(lambda arrays: arrays[-1]),
            variants=(_with_gradients(lambda arrays: arrays[-1] / len(arrays)),),
        ),
        Misconception(
            "first-batch-only",
            "Only the gradients of the first batch came in: a `return` inside a loop ends it.",
            _with_gradients(lambda arrays: arrays[0]),
        ),
        Misconception(
            "divided-by-the-number-of-arrays",
            "You divided by the number of weight arrays. Keras divides by the number of batches, "
            "k in `gradient_accumulation_steps=k`.",
            _mean_over_the_arrays,
        ),
        Misconception(
            "opposite-sign",
            "The weights went with the gradient, uphill.",
            lambda weights, batches, rate: accumulate_gradients(weights, batches, -rate),
        ),
        Misconception(
            "one-result-per-batch",
            "You made one list of new weights for each batch, all from the old weights. Gather "
            "the gradients first; there is one update at the end.",
            _one_update_returned_per_batch,
        ),
        Misconception(
            "returns-the-mean-gradients",
            "These are the mean gradients. The weights still have to move.",
            lambda weights, batches, rate: [
                sum(arrays) / len(arrays) for arrays in zip(*batches, strict=True)
            ],
        ),
        Misconception(
            "rate-missing",
            "The learning rate did not come in: the weights moved by the whole mean gradient.",
            lambda weights, batches, rate: accumulate_gradients(weights, batches, 1.0),
        ),
        Misconception(
            "two-batches-taken-for-granted",
            "You divided by 2, however many batches come in.",
            _with_gradients(lambda arrays: sum(arrays) / 2),
        ),
        Misconception(
            "half-old-half-new",
            "You took the mean of the mean so far and the next gradient, again and again: the last "
            "batch weighs most. All batches count alike.",
            _with_gradients(_half_old_half_new),
        ),
    ),
    hints=(
        "For each weight array there are as many gradients as batches. What does Keras do with "
        "them?",
        "Gather first, update once at the end. The mean, not the sum.",
        "`zip(*batches_of_gradients)` hands out, array by array, the gradients of all batches.",
    ),
)

EXERCISES = (EXPONENTIAL_DECAY, CLIP_BY_GLOBAL_NORM, WEIGHT_DECAY_UPDATE, ACCUMULATE_GRADIENTS)
