"""Exercises of notebook 04: how a gradient moves the weights."""

import numpy as np

import sgdcourse as sgd
from sgdcourse.exercises.catalogue.inputs import random_arrays
from sgdcourse.exercises.exercise import Case, Exercise, Misconception, call

# ---- Numbers -----------------------------------------------------------------------------------


_W, _G = [np.array([1.0, 2.0]), np.array([-3.0])], [np.array([10.0, -20.0]), np.array([5.0])]
_V = [np.array([0.5, -0.25]), np.array([2.0])]
_SHAPES = (3, 4), (4,), (4, 2), (2,)

# ---- sgd_update --------------------------------------------------------------------------------

SGD_UPDATE = Exercise(
    name="sgd_update",
    notebook="04",
    task="Return the list of new weights after one plain step: `weights` and `gradients` are lists "
    "of arrays of the same shapes, `learning_rate` is a number.",
    reference=sgd.sgd_update,
    cases=(
        call("two arrays, [1, 2] and [-3], gradients [10, -20] and [5], rate 0.1", _W, _G, 0.1),
        call("4 arrays, rate 0.03", random_arrays(*_SHAPES), random_arrays(*_SHAPES, seed=1), 0.03),
        call(
            "4 arrays in float32, rate 0.5",
            random_arrays(*_SHAPES, dtype="float32"),
            random_arrays(*_SHAPES, seed=1, dtype="float32"),
            0.5,
        ),
        call("gradients of 0: nothing may move", _W, [np.zeros(2), np.zeros(1)], 0.1),
    ),
    misconceptions=(
        Misconception(
            "opposite-sign",
            "You went with the gradient, uphill. It points to where the loss grows, so the weights "
            "must go the other way.",
            lambda weights, gradients, learning_rate: [
                w + learning_rate * g for w, g in zip(weights, gradients, strict=True)
            ],
        ),
        Misconception(
            "rate-missing",
            "The whole gradient was taken away: the learning rate did not come in.",
            lambda weights, gradients, learning_rate: [
                w - g for w, g in zip(weights, gradients, strict=True)
            ],
        ),
        Misconception(
            "divides-by-the-rate",
            "You divided by the learning rate. A small rate must make a small step, and so it is "
            "a factor.",
            lambda weights, gradients, learning_rate: [
                w - g / learning_rate for w, g in zip(weights, gradients, strict=True)
            ],
        ),
        Misconception(
            "rate-times-the-weights",
            "The learning rate multiplies the weight as well. It belongs to the gradient alone.",
            lambda weights, gradients, learning_rate: [
                learning_rate * (w - g) for w, g in zip(weights, gradients, strict=True)
            ],
        ),
        Misconception(
            "returns-the-steps",
            "These are the steps, without the weights that they start from. Return where the "
            "weights are after the step.",
            lambda weights, gradients, learning_rate: [-learning_rate * g for g in gradients],
        ),
        Misconception(
            "kernels-only",
            "The biases did not move. They learn as well as the kernels.",
            lambda weights, gradients, learning_rate: [
                w - learning_rate * g if i % 2 == 0 else w
                for i, (w, g) in enumerate(zip(weights, gradients, strict=True))
            ],
            variants=(
                lambda weights, gradients, learning_rate: [
                    w - learning_rate * g if w.ndim > 1 else w
                    for w, g in zip(weights, gradients, strict=True)
                ],
            ),
        ),
        Misconception(
            "sign-of-the-gradient",
            "You used the sign of the gradient alone, so all steps are equally long. Plain SGD "
            "makes large steps where the slope is steep.",
            lambda weights, gradients, learning_rate: [
                w - learning_rate * np.sign(g) for w, g in zip(weights, gradients, strict=True)
            ],
        ),
        Misconception(
            "nothing-moves",
            "The weights come back as they went in.",
            lambda weights, gradients, learning_rate: weights,
        ),
        Misconception(
            "first-array-only",
            "Only the first array came out: a `return` inside a loop ends the loop.",
            lambda weights, gradients, learning_rate: [weights[0] - learning_rate * gradients[0]],
        ),
    ),
    hints=(
        "What happens to one array? Then do the same for all of them.",
        "`zip(weights, gradients)` hands out each array together with its own gradient.",
        "Each new array is the old one minus the learning rate times its gradient.",
    ),
)

# ---- momentum_update ---------------------------------------------------------------------------


def _steps(rates, momentum):
    """Let a rule make several steps, each with gradients of its own."""

    def observe(function):
        weights, velocities = random_arrays((2, 3), (3,)), [np.zeros((2, 3)), np.zeros(3)]
        for number, rate in enumerate(rates):
            gradients = random_arrays((2, 3), (3,), seed=number + 5)
            weights, velocities = function(weights, velocities, gradients, rate, momentum)
        return weights, velocities

    return observe


_MOMENTUM_CASES = (
    call(
        "weights [1, 2] and [-3], velocities [0.5, -0.25] and [2], gradients [10, -20] and [5], "
        "rate 0.1, momentum 0.9",
        _W,
        _V,
        _G,
        0.1,
        0.9,
    ),
    call("the first step: the velocities are 0", _W, [np.zeros(2), np.zeros(1)], _G, 0.1, 0.9),
    Case("three steps, rate 0.1, momentum 0.8", _steps([0.1, 0.1, 0.1], 0.8)),
    Case("three steps, the rate falls: 0.1, 0.1, 0.01", _steps([0.1, 0.1, 0.01], 0.9)),
    call("momentum 0: plain SGD", _W, _V, _G, 0.1, 0.0),
    call(
        "4 arrays in float32",
        random_arrays(*_SHAPES, dtype="float32"),
        random_arrays(*_SHAPES, seed=1, dtype="float32"),
        random_arrays(*_SHAPES, seed=2, dtype="float32"),
        0.05,
        0.9,
    ),
)


def _rule(velocity, step):
    """Make a momentum rule of two formulas, for the velocity and for the step of one array."""

    def update(weights, velocities, gradients, learning_rate, momentum):
        new_weights, new_velocities = [], []
        for w, v, g in zip(weights, velocities, gradients, strict=True):
            new = velocity(v, g, learning_rate, momentum)
            new_velocities.append(new)
            new_weights.append(w + step(v, new, g, learning_rate, momentum))
        return new_weights, new_velocities

    return update


def _keras_velocity(v, g, rate, mu):
    return mu * v - rate * g


MOMENTUM_UPDATE = Exercise(
    name="momentum_update",
    notebook="04",
    task="Make one step with momentum as Keras does: the rate stands inside the velocity. Return "
    "two lists, the new weights and the new velocities.",
    reference=sgd.momentum_update,
    cases=_MOMENTUM_CASES,
    misconceptions=(
        Misconception(
            "momentum-as-average",
            "You took an average: the gradient counts only 1 - momentum. Keras's rule has no such "
            "factor, and its steps become up to 1 / (1 - momentum) times as long.",
            _rule(lambda v, g, rate, mu: mu * v - (1 - mu) * rate * g, lambda v, new, *_: new),
        ),
        Misconception(
            "rate-outside-the-velocity",
            "Your velocity does not hold the rate; it comes in when the weights move, as in "
            "PyTorch. In Keras the rate stands inside the velocity.",
            _rule(lambda v, g, rate, mu: mu * v + g, lambda v, new, g, rate, mu: -rate * new),
            variants=(
                _rule(lambda v, g, rate, mu: mu * v - g, lambda v, new, g, rate, mu: rate * new),
            ),
        ),
        Misconception(
            "average-of-the-gradients",
            "Your velocity is an average of gradients, and the rate comes in when the weights "
            "move. In Keras the gradient counts whole, and the rate stands inside the velocity.",
            _rule(
                lambda v, g, rate, mu: mu * v + (1 - mu) * g,
                lambda v, new, g, rate, mu: -rate * new,
            ),
        ),
        Misconception(
            "momentum-times-the-gradient",
            "The momentum multiplies the gradient as well. It is the share of the old velocity "
            "that stays; the new gradient counts whole.",
            _rule(lambda v, g, rate, mu: mu * (v - rate * g), lambda v, new, *_: new),
        ),
        Misconception(
            "old-velocity",
            "The weights moved by the old velocity. It is made new first, and then the weights "
            "move by the new one.",
            _rule(_keras_velocity, lambda v, new, *_: v),
        ),
        Misconception(
            "velocity-not-kept",
            "The weights are right and the velocities that you return are the old ones: at the "
            "next step the memory would be missing.",
            lambda weights, velocities, gradients, learning_rate, momentum: (
                sgd.momentum_update(weights, velocities, gradients, learning_rate, momentum)[0],
                velocities,
            ),
        ),
        Misconception(
            "subtracts-the-velocity",
            "You took the velocity away from the weights. In Keras's rule the minus is inside the "
            "velocity already, so the weights move by plus the velocity.",
            _rule(_keras_velocity, lambda v, new, *_: -new),
        ),
        Misconception(
            "adds-the-gradient",
            "The gradient pushes the velocity uphill: its sign is turned around.",
            _rule(lambda v, g, rate, mu: mu * v + rate * g, lambda v, new, *_: new),
        ),
        Misconception(
            "gradient-twice",
            "The gradient comes in twice: once in the velocity, and once more when the weights "
            "move.",
            _rule(_keras_velocity, lambda v, new, g, rate, mu: new - rate * g),
        ),
        Misconception(
            "momentum-missing",
            "That is plain SGD: nothing of the old velocity is kept.",
            _rule(lambda v, g, rate, mu: -rate * g, lambda v, new, *_: new),
        ),
        Misconception(
            "nothing-is-lost",
            "The old velocity is kept whole. Only the share `momentum` of it stays.",
            _rule(lambda v, g, rate, mu: v - rate * g, lambda v, new, *_: new),
        ),
        Misconception(
            "nesterov-instead",
            "That is Nesterov's rule, which uses the new velocity once more. Here the weights "
            "move by the velocity itself.",
            sgd.nesterov_update,
        ),
        Misconception(
            "returned-the-other-way-round",
            "The two lists come in the wrong order: first the weights, then the velocities.",
            lambda *arguments: sgd.momentum_update(*arguments)[::-1],
        ),
        Misconception(
            "minus-outside-the-velocity",
            "Your velocity points uphill, and the minus comes in when the weights move. In Keras "
            "the minus stands inside the velocity, so it points to where the weights go.",
            _rule(lambda v, g, rate, mu: mu * v + rate * g, lambda v, new, *_: -new),
        ),
        Misconception(
            "velocity-not-used",
            "The velocity is made new, but the weights do not move by it: they make the plain "
            "step.",
            _rule(_keras_velocity, lambda v, new, g, rate, mu: -rate * g),
        ),
    ),
    hints=(
        "Two steps: first all velocities are made new, then all weights move.",
        "The new velocity is a share of the old one, minus the plain step.",
        "`momentum` times the old velocity, minus `learning_rate` times the gradient; the weights "
        "move by exactly that.",
    ),
)

# ---- nesterov_update ---------------------------------------------------------------------------

NESTEROV_UPDATE = Exercise(
    name="nesterov_update",
    notebook="04",
    task="Make one step with Nesterov momentum as Keras does: the velocity as before, then the "
    "weights use the new velocity once more. Return the new weights and the new velocities.",
    reference=sgd.nesterov_update,
    cases=_MOMENTUM_CASES,
    misconceptions=(
        Misconception(
            "nesterov-on-the-old-velocity",
            "The look ahead used the old velocity, so it is plain momentum. Nesterov's rule uses "
            "the velocity that this step has just made.",
            sgd.momentum_update,
        ),
        Misconception(
            "gradient-missing",
            "The weights moved by a share of the new velocity alone. The plain step against the "
            "gradient is missing.",
            _rule(_keras_velocity, lambda v, new, g, rate, mu: mu * new),
        ),
        Misconception(
            "velocity-used-whole",
            "You added the whole new velocity and the plain step. Of the velocity, the weights use "
            "the share `momentum`.",
            _rule(_keras_velocity, lambda v, new, g, rate, mu: new - rate * g),
        ),
        Misconception(
            "momentum-squared",
            "You multiplied the new velocity by the momentum twice. The first of the two factors "
            "is in it already, from when the velocity was made.",
            _rule(_keras_velocity, lambda v, new, g, rate, mu: mu**2 * new - rate * g),
        ),
        Misconception(
            "rate-outside-the-velocity",
            "Your velocity does not hold the rate; it comes in when the weights move, as in "
            "PyTorch. In Keras the rate stands inside the velocity.",
            _rule(
                lambda v, g, rate, mu: mu * v + g,
                lambda v, new, g, rate, mu: -rate * (g + mu * new),
            ),
        ),
        Misconception(
            "looks-ahead-from-the-velocity",
            "You added the share of the velocity on top of the velocity. In Keras's rule the plain "
            "step is what stands beside the share.",
            _rule(_keras_velocity, lambda v, new, g, rate, mu: new + mu * new),
        ),
        Misconception(
            "keeps-the-looked-ahead-velocity",
            "You keep the looked-ahead step as the velocity. What is remembered is the velocity "
            "itself; looking ahead is for the weights alone.",
            lambda weights, velocities, gradients, learning_rate, momentum: (
                sgd.nesterov_update(weights, velocities, gradients, learning_rate, momentum)[0],
                [
                    momentum * (momentum * v - learning_rate * g) - learning_rate * g
                    for v, g in zip(velocities, gradients, strict=True)
                ],
            ),
        ),
        Misconception(
            "velocity-not-kept",
            "The weights are right and the velocities that you return are the old ones: at the "
            "next step the memory would be missing.",
            lambda weights, velocities, gradients, learning_rate, momentum: (
                sgd.nesterov_update(weights, velocities, gradients, learning_rate, momentum)[0],
                velocities,
            ),
        ),
        Misconception(
            "momentum-as-average",
            "You took an average: the gradient counts only 1 - momentum. Keras's rule has no such "
            "factor.",
            _rule(
                lambda v, g, rate, mu: mu * v - (1 - mu) * rate * g,
                lambda v, new, g, rate, mu: mu * new - (1 - mu) * rate * g,
            ),
        ),
        Misconception(
            "opposite-sign",
            "The gradient pushes uphill in the last formula: its sign is turned around.",
            _rule(_keras_velocity, lambda v, new, g, rate, mu: mu * new + rate * g),
        ),
        Misconception(
            "both-steps",
            "The weights move by the velocity and then by the whole look ahead, too. In Keras's "
            "rule the look ahead takes the place of the velocity.",
            _rule(_keras_velocity, lambda v, new, g, rate, mu: new + mu * new - rate * g),
        ),
    ),
    hints=(
        "The line for the velocity is the same as with momentum.",
        "The weights do not move by the velocity, but by what it will be after one more step with "
        "the same gradient.",
        "Put the new velocity into the formula of the velocity once more: share of it, minus the "
        "plain step.",
    ),
)

# ---- gradient_step -----------------------------------------------------------------------------


def gradient_step(weights, x, y_true, learning_rate):
    """One step of plain SGD, from the batch to the new weights."""
    logits, activations = sgd.forward(weights, x)
    gradients = sgd.backward(weights, activations, sgd.loss_gradient(y_true, logits))
    return [w - learning_rate * g for w, g in zip(weights, gradients, strict=True)]


def _gradients(weights, x, y_true):
    logits, activations = sgd.forward(weights, x)
    return sgd.backward(weights, activations, sgd.loss_gradient(y_true, logits))


def _layer_by_layer(weights, x, y_true, learning_rate, layers):
    weights = list(weights)
    for layer in layers(len(weights) // 2):
        gradients = _gradients(weights, x, y_true)
        for i in (2 * layer, 2 * layer + 1):
            weights[i] = weights[i] - learning_rate * gradients[i]
    return weights


def _while_going_back(weights, x, y_true, learning_rate):
    logits, activations = sgd.forward(weights, x)
    delta, weights = sgd.loss_gradient(y_true, logits), list(weights)
    for layer in reversed(range(len(activations))):
        inputs = activations[layer]
        weights[2 * layer] = weights[2 * layer] - learning_rate * inputs.T @ delta
        weights[2 * layer + 1] = weights[2 * layer + 1] - learning_rate * delta.sum(axis=0)
        delta = (delta @ weights[2 * layer].T) * (inputs > 0)
    return weights


def _with_rows(rows):
    def step(weights, x, y_true, learning_rate):
        gradients = _gradients(weights, x, y_true)
        return sgd.sgd_update(weights, gradients, learning_rate * rows(len(x)))

    return step


def _row_by_row(share):
    def step(weights, x, y_true, learning_rate):
        rate = learning_rate * share(len(x))
        for row in range(len(x)):
            here = slice(row, row + 1)
            weights = sgd.sgd_update(weights, _gradients(weights, x[here], y_true[here]), rate)
        return weights

    return step


def _network(sizes, dtype="float64"):
    weights = sgd.init_weights(sizes, np.random.default_rng(0), "float64")
    rng = np.random.default_rng(1)
    biases = [rng.uniform(0.1, 0.4, w.shape) if w.ndim == 1 else w for w in weights]
    return [w.astype(dtype) for w in biases]


def _rows(count, inputs, classes, dtype="float64"):
    rng = np.random.default_rng(2)
    x = rng.standard_normal((count, inputs)).astype(dtype)
    return x, rng.integers(0, classes, count)


GRADIENT_STEP = Exercise(
    name="gradient_step",
    notebook="04",
    task="Make one plain step from a batch: return the list of the new weights. All gradients are "
    "those of the mean loss at the OLD weights. You may use the functions of `sgd`.",
    reference=gradient_step,
    cases=(
        call(
            "5 rows, a network of 2 inputs, 4 hidden units and 3 classes, rate 1",
            _network([2, 4, 3]),
            *_rows(5, 2, 3),
            1.0,
        ),
        call(
            "7 rows, two hidden layers: 3 inputs, 4 units, 5 units, 2 classes, rate 0.3",
            _network([3, 4, 5, 2]),
            *_rows(7, 3, 2),
            0.3,
        ),
        call(
            "1 row, 2 inputs, 4 units, 3 classes, rate 0.1",
            _network([2, 4, 3]),
            *_rows(1, 2, 3),
            0.1,
        ),
        call(
            "6 rows, 3 inputs, 5 units, 4 classes, float32, rate 0.5",
            _network([3, 5, 4], "float32"),
            *_rows(6, 3, 4, "float32"),
            0.5,
        ),
    ),
    misconceptions=(
        Misconception(
            "last-layer-first",
            "You updated the last layer and then went on through its NEW kernel. The gradients of "
            "the layers below were meant for the old one: first all gradients, then all weights.",
            _while_going_back,
        ),
        Misconception(
            "layers-one-after-another-from-the-front",
            "You updated the first layer and took the gradient of the next one at the new weights. "
            "All gradients belong to one point, the old weights.",
            lambda weights, x, y, rate: _layer_by_layer(weights, x, y, rate, range),
        ),
        Misconception(
            "layers-one-after-another-from-the-back",
            "You updated the last layer and took new gradients for the layer before. All gradients "
            "belong to one point, the old weights.",
            lambda weights, x, y, rate: _layer_by_layer(
                weights, x, y, rate, lambda layers: reversed(range(layers))
            ),
        ),
        Misconception(
            "sum-for-mean",
            "You summed the gradients over the rows: the step grows with the batch. Keras takes "
            "the mean.",
            _with_rows(lambda n: n),
        ),
        Misconception(
            "divided-twice",
            "You divided by the number of rows once more. The gradient at the logits holds the "
            "mean already.",
            _with_rows(lambda n: 1 / n),
        ),
        Misconception(
            "opposite-sign",
            "You went with the gradient, uphill: the loss of this batch grew.",
            _with_rows(lambda n: -1),
        ),
        Misconception(
            "kernels-only",
            "Only the kernels moved. The biases have gradients, too.",
            lambda weights, x, y_true, learning_rate: [
                new if new.ndim == 2 else old
                for old, new in zip(
                    weights, gradient_step(weights, x, y_true, learning_rate), strict=True
                )
            ],
        ),
        Misconception(
            "last-layer-only",
            "Only the last layer moved. The gradient goes back through all layers.",
            lambda weights, x, y_true, learning_rate: [
                *weights[:-2],
                *gradient_step(weights, x, y_true, learning_rate)[-2:],
            ],
        ),
        Misconception(
            "returns-the-gradients",
            "These are the gradients. The weights still have to move.",
            lambda weights, x, y_true, learning_rate: _gradients(weights, x, y_true),
        ),
        Misconception(
            "one-step-per-row",
            "You made a step for each row, so all but the first were taken at weights that had "
            "moved already. A batch makes one step.",
            _row_by_row(lambda n: 1),
            variants=(_row_by_row(lambda n: 1 / n),),
        ),
        Misconception(
            "rate-not-passed-on",
            "The step does not depend on `learning_rate`: an optimizer that is made without a rate "
            "takes its own, 0.01.",
            lambda weights, x, y_true, learning_rate: gradient_step(weights, x, y_true, 0.01),
        ),
    ),
    hints=(
        "Three functions of the course stand behind each other: forward pass, gradient at the "
        "logits, and the way back.",
        "`sgd.backward` takes weights, activations and `sgd.loss_gradient(y_true, logits)`.",
        "Have the whole list of gradients in hand before you touch the first weight.",
    ),
)

# ---- momentum_for_all, with a fault ------------------------------------------------------------


def momentum_for_all(weights, velocities, gradients, learning_rate, momentum):
    """Momentum with one velocity per array."""
    velocities = [
        momentum * v - learning_rate * g for v, g in zip(velocities, gradients, strict=True)
    ]
    return [w + v for w, v in zip(weights, velocities, strict=True)], velocities


def _momentum_for_all_with_a_fault(weights, velocities, gradients, learning_rate, momentum):
    velocity, new_weights = velocities[0], []
    for w, g in zip(weights, gradients, strict=True):
        velocity = momentum * velocity - learning_rate * g
        new_weights.append(w + velocity)
    return new_weights, [velocity for _ in weights]


def _shared_from_the_first(weights, velocities, gradients, learning_rate, momentum):
    new = [momentum * velocities[0] - learning_rate * g for g in gradients]
    return [w + v for w, v in zip(weights, new, strict=True)], new


def _velocity_carried_on(weights, velocities, gradients, learning_rate, momentum):
    velocity, new_weights, new_velocities = velocities[0], [], []
    for w, g in zip(weights, gradients, strict=True):
        velocity = momentum * velocity - learning_rate * g
        new_weights.append(w + velocity)
        new_velocities.append(velocity)
    return new_weights, new_velocities


def _last_one_returned(weights, velocities, gradients, learning_rate, momentum):
    new = [momentum * v - learning_rate * g for v, g in zip(velocities, gradients, strict=True)]
    return [w + v for w, v in zip(weights, new, strict=True)], [new[-1] for _ in weights]


def _same_push(weights, velocities, gradients, learning_rate, momentum):
    new = [momentum * v - learning_rate * gradients[0] for v in velocities]
    return [w + v for w, v in zip(weights, new, strict=True)], new


def _mean_velocity(weights, velocities, gradients, learning_rate, momentum):
    new = [momentum * v - learning_rate * g for v, g in zip(velocities, gradients, strict=True)]
    mean = sum(new) / len(new)
    return [w + mean for w in weights], [mean for _ in weights]


def _three_walks(function):
    weights, velocities = [np.zeros(1), np.zeros(1)], [np.zeros(1), np.zeros(1)]
    for _ in range(3):
        gradients = [np.array([1.0]), np.array([-1.0])]
        weights, velocities = function(weights, velocities, gradients, 0.1, 0.9)
    return weights


_LIKE = (2, 3), (2, 3), (2, 3)  # equal shapes: the fault raises no error

MOMENTUM_FOR_ALL = Exercise(
    name="momentum_for_all",
    notebook="04",
    task="Find the fault: a step with momentum for a list of arrays of equal shapes. Return the "
    "new weights and the new velocities, both as lists.",
    reference=momentum_for_all,
    given=_momentum_for_all_with_a_fault,
    cases=(
        Case(
            "two arrays, gradients 1 and -1 in each of three steps, rate 0.1, momentum 0.9: where "
            "are the weights?",
            _three_walks,
        ),
        call(
            "one step, three arrays",
            random_arrays(*_LIKE),
            random_arrays(*_LIKE, seed=1),
            random_arrays(*_LIKE, seed=2),
            0.1,
            0.9,
        ),
        call(
            "the first step: the velocities are 0",
            random_arrays(*_LIKE),
            [np.zeros((2, 3))] * 3,
            random_arrays(*_LIKE, seed=2),
            0.05,
            0.8,
        ),
    ),
    misconceptions=(
        Misconception(
            "shared-velocity",
            "Each array starts from the velocity of the FIRST one. Each has a velocity of its own, "
            "at its own place in the list.",
            _shared_from_the_first,
        ),
        Misconception(
            "velocity-carried-on",
            "You return a list of velocities, but each array still goes on from the velocity of "
            "the array before it. Each must go on from its own.",
            _velocity_carried_on,
        ),
        Misconception(
            "one-velocity-returned",
            "The weights are right, but all the velocities that you return are that of the last "
            "array: the next step mixes them up.",
            _last_one_returned,
        ),
        Misconception(
            "velocities-start-anew",
            "The old velocities do not come in at all, so nothing is remembered: that is plain "
            "SGD.",
            lambda weights, velocities, gradients, learning_rate, momentum: (
                [w - learning_rate * g for w, g in zip(weights, gradients, strict=True)],
                [-learning_rate * g for g in gradients],
            ),
        ),
        Misconception(
            "velocity-not-kept",
            "The weights are right and the velocities that you return are the old ones: at the "
            "next step the memory would be missing.",
            lambda weights, velocities, gradients, learning_rate, momentum: (
                momentum_for_all(weights, velocities, gradients, learning_rate, momentum)[0],
                velocities,
            ),
        ),
        Misconception(
            "one-gradient-for-all",
            "All arrays are pushed by the gradient of the first one. Each has a gradient of its "
            "own.",
            _same_push,
        ),
        Misconception(
            "mean-velocity",
            "All arrays move by the mean of the velocities. In Keras the velocity of one array has "
            "nothing to do with that of another.",
            _mean_velocity,
        ),
    ),
    hints=(
        "Print the velocity while the loop goes over the arrays. Whose is it?",
        "The name `velocity` is carried over from one array to the next.",
        "Walk over three lists at once: weights, velocities and gradients.",
    ),
)

EXERCISES = (SGD_UPDATE, MOMENTUM_UPDATE, NESTEROV_UPDATE, GRADIENT_STEP, MOMENTUM_FOR_ALL)
