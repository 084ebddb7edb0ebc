"""Exercises of notebook 03: the way back from the loss to every weight."""

import numpy as np

import sgdcourse as sgd
from sgdcourse._types import Weights
from sgdcourse.exercises.catalogue.inputs import random_network, random_numbers
from sgdcourse.exercises.exercise import Exercise, Misconception, call, spelled_out


def _labels(count, classes):
    return np.random.default_rng(count).integers(classes, size=count)


def _in_float32(value):
    if isinstance(value, list):
        return [_in_float32(array) for array in value]
    return value.astype("float32") if value.dtype == np.float64 else value


# ---- loss_gradient -----------------------------------------------------------------------------


def loss_gradient(y_true, logits):
    """Gradient of the mean cross-entropy of the batch with respect to the logits."""
    dlogits = sgd.softmax(logits)
    dlogits[np.arange(len(y_true)), y_true] -= 1  # p - one_hot(y)
    return dlogits / len(y_true)


def _one_hot(y_true, logits):
    return np.eye(logits.shape[1])[y_true]


def _every_row_with_every_label(y_true, logits):
    dlogits = sgd.softmax(logits)
    dlogits[:, y_true] -= 1
    return dlogits / len(y_true)


def _divided_too_early(y_true, logits):
    return sgd.softmax(logits) / len(y_true) - _one_hot(y_true, logits)


def _softmax_slope_twice(y_true, logits):
    p = sgd.softmax(logits)
    return loss_gradient(y_true, logits) * p * (1 - p)


def _gradient_at_probabilities(y_true, logits):
    return -_one_hot(y_true, logits) / sgd.softmax(logits) / len(y_true)


def _overflowing(y_true, logits):
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return (p - _one_hot(y_true, logits)) / len(y_true)


LOSS_GRADIENT = Exercise(
    name="loss_gradient",
    notebook="03",
    task="Return the gradient of the batch's MEAN cross-entropy with respect to `logits` (n, "
    "classes), same shape. `y_true` (n,) holds class numbers.",
    reference=loss_gradient,
    cases=(
        spelled_out(
            y_true=np.array([0, 1, 1]), logits=np.array([[0.0, 0.0], [2.0, 1.0], [-1.0, 0.5]])
        ),
        call("4 rows, 5 classes", _labels(4, 5), 2 * random_numbers(4, 5)),
        call("a last batch of 13 rows, 3 classes", _labels(13, 3), random_numbers(13, 3)),
        spelled_out(y_true=np.array([1]), logits=np.array([[1000.0, 999.0, -1000.0]])),
        call("6 rows, 4 classes, in float32", _labels(6, 4), _in_float32(random_numbers(6, 4))),
    ),
    misconceptions=(
        Misconception(
            "sum-for-mean",
            "That is the gradient of the SUM of the losses. The loss of a batch is a mean, in "
            "Keras, too: without it the learning rate is secretly n times larger.",
            lambda y_true, logits: loss_gradient(y_true, logits) * len(y_true),
        ),
        Misconception(
            "divided-by-all-elements",
            "You divided by rows times classes, as the mean of the whole array does. There is one "
            "loss per row, so the mean is over rows.",
            lambda y_true, logits: loss_gradient(y_true, logits) / logits.shape[1],
        ),
        Misconception(
            "divided-by-classes",
            "You divided by the number of classes. The mean is over the rows of the batch.",
            lambda y_true, logits: loss_gradient(y_true, logits) * len(y_true) / logits.shape[1],
        ),
        Misconception(
            "fixed-batch-size",
            "You divided by 32, whatever comes in. Keras divides by the rows of THIS batch; the "
            "last one is often smaller.",
            lambda y_true, logits: loss_gradient(y_true, logits) * len(y_true) / 32,
        ),
        Misconception(
            "opposite-sign",
            "You took what the network said away from what it should have said. The gradient "
            "points to where the loss grows: the true class must be negative.",
            lambda y_true, logits: -loss_gradient(y_true, logits),
        ),
        Misconception(
            "one-hot-missing",
            "Nothing was taken away at the true class. Each row must have the sum 0: what the "
            "network said minus what it should have said.",
            lambda y_true, logits: sgd.softmax(logits) / len(y_true),
        ),
        Misconception(
            "softmax-missing",
            "You compared the logits with the one-hot rows. What the network said is its "
            "probabilities, and between the two stands a softmax.",
            lambda y_true, logits: (logits - _one_hot(y_true, logits)) / len(y_true),
        ),
        Misconception(
            "every-row-with-every-label",
            "You took 1 away at the classes of ALL rows, in each row. A row has one true class, "
            "its own.",
            _every_row_with_every_label,
        ),
        Misconception(
            "gradient-at-probabilities",
            "That is the gradient with respect to the probabilities. The logits lie one step "
            "further back, behind the softmax.",
            _gradient_at_probabilities,
        ),
        Misconception(
            "overflows",
            "`exp` of 1000 is infinite, and infinity by infinity is nan. A softmax takes each "
            "row's largest logit away first.",
            _overflowing,
        ),
        Misconception(
            "divides-too-early",
            "You divided the probabilities by n and then took a whole 1 away. The 1/n belongs "
            "to both.",
            _divided_too_early,
        ),
        Misconception(
            "softmax-slope-twice",
            "You multiplied by p (1 - p) as well. `p - one_hot` is the gradient behind log AND "
            "softmax: the slope of the softmax is in it already.",
            _softmax_slope_twice,
        ),
        Misconception(
            "true-class-only",
            "Only the true class got a gradient. The others are pushed down as well: their "
            "logits stand in the softmax's sum.",
            lambda y_true, logits: loss_gradient(y_true, logits) * _one_hot(y_true, logits),
        ),
        Misconception(
            "averaged-over-rows",
            "You took the mean over the rows, so that one line is left. Each row keeps a "
            "gradient of its own; the mean shows in a factor.",
            lambda y_true, logits: loss_gradient(y_true, logits).sum(axis=0),
        ),
        Misconception(
            "only-one-hot-divided",
            "You divided the 1 at the true class and not the probabilities. The 1/n belongs to "
            "both.",
            lambda y_true, logits: sgd.softmax(logits) - _one_hot(y_true, logits) / len(y_true),
        ),
    ),
    hints=(
        "In each row: what the network said minus what it should have said, as probabilities.",
        "The probabilities of the true classes are the elements `[np.arange(n), y_true]`: 1 goes "
        "away there, and nothing anywhere else.",
        "`sgd.softmax(logits)` minus one-hot rows is the gradient of each row's own loss. In a "
        "mean over n rows each row counts 1/n.",
    ),
)

# ---- dense_gradients ---------------------------------------------------------------------------


def dense_gradients(x, kernel, doutputs):
    """Go back through one Dense layer."""
    dkernel = x.T @ doutputs
    dbias = doutputs.sum(axis=0)
    dx = doutputs @ kernel.T
    return dkernel, dbias, dx


def _dkernel_transposed(x, kernel, doutputs):
    return doutputs.T @ x, doutputs.sum(axis=0), doutputs @ kernel.T


def _x_not_transposed(x, kernel, doutputs):
    return x @ doutputs, doutputs.sum(axis=0), doutputs @ kernel.T


def _kernel_not_transposed(x, kernel, doutputs):
    return x.T @ doutputs, doutputs.sum(axis=0), doutputs @ kernel


def _bias_mean(x, kernel, doutputs):
    return x.T @ doutputs, doutputs.mean(axis=0), doutputs @ kernel.T


def _bias_of_rows(x, kernel, doutputs):
    return x.T @ doutputs, doutputs.sum(axis=1), doutputs @ kernel.T


def _bias_not_summed(x, kernel, doutputs):
    return x.T @ doutputs, doutputs, doutputs @ kernel.T


def _divided_twice(x, kernel, doutputs):
    n = len(x)
    return x.T @ doutputs / n, doutputs.sum(axis=0) / n, doutputs @ kernel.T


def _kernel_divided_twice(x, kernel, doutputs):
    return x.T @ doutputs / len(x), doutputs.sum(axis=0), doutputs @ kernel.T


def _dx_from_x(x, kernel, doutputs):
    return x.T @ doutputs, doutputs.sum(axis=0), doutputs @ x.T


def _bias_of_ones(x, kernel, doutputs):
    return x.T @ doutputs, np.ones(doutputs.shape[1]), doutputs @ kernel.T


def _bias_first(x, kernel, doutputs):
    return doutputs.sum(axis=0), x.T @ doutputs, doutputs @ kernel.T


def _relu_in_dx(x, kernel, doutputs):
    return x.T @ doutputs, doutputs.sum(axis=0), (doutputs @ kernel.T) * (x > 0)


def _dx_first(x, kernel, doutputs):
    return doutputs @ kernel.T, x.T @ doutputs, doutputs.sum(axis=0)


DENSE_GRADIENTS = Exercise(
    name="dense_gradients",
    notebook="03",
    task="Go back through `x @ kernel + bias`. `doutputs` (n, n_out) is the gradient at its "
    "outputs, with the mean over the batch in it already. Return `dkernel`, `dbias` and `dx`, "
    "each with the shape of what it belongs to.",
    reference=dense_gradients,
    cases=(
        spelled_out(
            x=np.array([[1.0, 2.0], [3.0, -1.0]]),
            kernel=np.array([[2.0, 0.5], [-1.0, 4.0]]),
            doutputs=np.array([[0.5, -1.0], [0.25, 3.0]]),
        ),
        call(
            "4 rows, 3 inputs, 5 units",
            random_numbers(4, 3),
            random_numbers(3, 5),
            random_numbers(4, 5, seed=1),
        ),
        call(
            "1 row, 2 inputs, 3 units",
            random_numbers(1, 2),
            random_numbers(2, 3),
            random_numbers(1, 3, seed=1),
        ),
        call(
            "5 rows, 4 inputs, 2 units, in float32",
            *_in_float32(
                [random_numbers(5, 4), random_numbers(4, 2), random_numbers(5, 2, seed=1)]
            ),
        ),
    ),
    misconceptions=(
        Misconception(
            "dkernel-transposed",
            "Your gradient of the kernel has rows and columns exchanged. It must have the shape of "
            "the kernel, (n_in, n_out); a square kernel hides it.",
            _dkernel_transposed,
        ),
        Misconception(
            "x-not-transposed",
            "For `dkernel` you multiplied rows of x with `doutputs`. `kernel[i, j]` meets column i "
            "of x and column j of `doutputs`, and the product sums over the rows of the batch.",
            _x_not_transposed,
        ),
        Misconception(
            "kernel-not-transposed",
            "On the way back you used the kernel as it stands. Input i feeds all units through ROW "
            "i of the kernel; only with a square kernel do the wrong shapes fit.",
            _kernel_not_transposed,
        ),
        Misconception(
            "mean-for-sum",
            "You took the mean over the rows for the bias. It was added to every row, so all of "
            "them add up; the 1/n of the mean loss is in `doutputs` already.",
            _bias_mean,
        ),
        Misconception(
            "wrong-axis",
            "You summed `dbias` along the units, one number per row. The bias has one number per "
            "unit: sum over the rows of the batch.",
            _bias_of_rows,
        ),
        Misconception(
            "bias-not-summed",
            "Your gradient of the bias still has a row per example. One bias serves all rows, so "
            "its gradient has the shape (n_out,).",
            _bias_not_summed,
        ),
        Misconception(
            "divided-twice",
            "You divided by the number of rows. That has happened in `doutputs` already, so here "
            "it happens a second time.",
            _divided_twice,
            variants=(_kernel_divided_twice,),
        ),
        Misconception(
            "dx-from-x",
            "You computed `dx` from x. How much the outputs move when an input moves is up to the "
            "kernel, not to the inputs.",
            _dx_from_x,
        ),
        Misconception(
            "results-in-another-order",
            "The three results stand in another order. Asked for is `dkernel`, `dbias`, `dx`.",
            _dx_first,
            variants=(_bias_first,),
        ),
        Misconception(
            "bias-chain-rule-missing",
            "Your gradient of the bias is 1: the slope of `+ bias` alone. The chain rule "
            "multiplies it with what arrives in `doutputs`.",
            _bias_of_ones,
        ),
        Misconception(
            "relu-in-dx",
            "You masked `dx` where x is not positive. There is no ReLU in `x @ kernel + bias`.",
            _relu_in_dx,
        ),
    ),
    hints=(
        "Write down the shapes first: x (n, n_in), doutputs (n, n_out), kernel (n_in, n_out). Each "
        "gradient has the shape of the array that it belongs to.",
        "`kernel[i, j]` multiplies column i of x and feeds unit j; input i feeds all units through "
        "row i of the kernel; the bias was added to every row.",
        "`dkernel` is a product that begins with `x.T`, `dx` one that ends with `kernel.T`, and "
        "`dbias` a sum over the rows.",
    ),
)

# ---- relu_gradient, with a fault ---------------------------------------------------------------


def relu_gradient(doutputs, outputs):
    """Go back through a ReLU, from what it put out."""
    return doutputs * (outputs > 0)


def _relu_gradient_with_a_fault(doutputs, outputs):
    return doutputs * (outputs >= 0)


RELU_GRADIENT = Exercise(
    name="relu_gradient",
    notebook="03",
    task="Find the fault: `outputs` is what the ReLU put out, and `doutputs` the gradient there. "
    "Return the gradient at the ReLU's input, same shape: a unit that is off passes nothing on.",
    reference=relu_gradient,
    given=_relu_gradient_with_a_fault,
    cases=(
        spelled_out(
            doutputs=np.array([[0.5, -2.0, 3.0], [-0.25, 4.0, -1.5]]),
            outputs=np.array([[1.5, 0.0, 0.25], [2.0, 0.0, 0.0]]),
        ),
        call("5 rows, 4 units", random_numbers(5, 4), sgd.relu(random_numbers(5, 4, seed=1))),
        call("3 rows, 2 units, all of them off", random_numbers(3, 2), np.zeros((3, 2))),
        spelled_out(doutputs=np.array([[0.7, -0.3]]), outputs=np.array([[1e-9, 0.0]])),
        call(
            "4 rows, 6 units, in float32",
            *_in_float32([random_numbers(4, 6), sgd.relu(random_numbers(4, 6, seed=1))]),
        ),
    ),
    misconceptions=(
        Misconception(
            "mask-on-gradient",
            "You looked at the sign of the gradient. Whether a unit is on was decided on the way "
            "forward, by its output; what comes back may have any sign.",
            lambda doutputs, outputs: np.where(doutputs > 0, doutputs, 0),
        ),
        Misconception(
            "negative-gradients-dropped",
            "Units that are off pass nothing on now, but neither do units that are on when their "
            "gradient is negative. Where a unit is on, everything passes.",
            lambda doutputs, outputs: np.maximum(doutputs, 0) * (outputs > 0),
        ),
        Misconception(
            "mask-turned-around",
            "The gradient passes where the unit is off and stops where it is on: the other way "
            "round.",
            lambda doutputs, outputs: doutputs * (outputs <= 0),
        ),
        Misconception(
            "chain-rule-missing",
            "That is the slope of the ReLU alone, 0 or 1. The chain rule multiplies it with the "
            "gradient that arrives.",
            lambda doutputs, outputs: (outputs > 0).astype(float),
        ),
        Misconception(
            "value-for-slope",
            "You multiplied with the output itself. Where a ReLU is on its slope is 1, however "
            "large the output.",
            lambda doutputs, outputs: doutputs * outputs,
        ),
        Misconception(
            "threshold-above-zero",
            "A unit that puts out very little counts as off in your version. It is on as soon as "
            "its output is above 0.",
            lambda doutputs, outputs: doutputs * (outputs > 1e-6),
        ),
    ),
    hints=(
        "Which numbers can a ReLU put out, and which can it not?",
        "For which of them is `outputs >= 0` False?",
        "A unit that is off puts out exactly 0. The comparison must be False there, and True for "
        "all that is larger.",
    ),
)

# ---- backward ----------------------------------------------------------------------------------


def backward(weights, activations, dlogits):
    """Backpropagation: the gradient of the loss for every weight, last layer first."""
    gradients: Weights = []
    delta = dlogits
    for layer in reversed(range(len(activations))):
        x, kernel = activations[layer], weights[2 * layer]
        gradients = [x.T @ delta, delta.sum(axis=0), *gradients]
        if layer > 0:
            delta = (delta @ kernel.T) * (x > 0)  # x is a ReLU's output: 0 where the unit was off
    return gradients


def _with(pass_down, dkernel=lambda x, delta: x.T @ delta, dbias=lambda delta: delta.sum(axis=0)):
    """Make a wrong version of `backward` out of one line of it."""

    def wrong(weights, activations, dlogits):
        gradients: Weights = []
        delta = dlogits
        for layer in reversed(range(len(activations))):
            x, kernel = activations[layer], weights[2 * layer]
            gradients = [dkernel(x, delta), dbias(delta), *gradients]
            if layer > 0:
                delta = pass_down(delta, kernel, x, activations[layer - 1])
        return gradients

    return wrong


def _pass_down(delta, kernel, x, below):
    return (delta @ kernel.T) * (x > 0)


def _last_layer_first(weights, activations, dlogits):
    gradients = backward(weights, activations, dlogits)
    pairs = [gradients[i : i + 2] for i in range(0, len(gradients), 2)]
    return [gradient for pair in reversed(pairs) for gradient in pair]


def _bias_before_kernel(weights, activations, dlogits):
    gradients = backward(weights, activations, dlogits)
    for i in range(0, len(gradients), 2):
        gradients[i : i + 2] = gradients[i + 1], gradients[i]
    return gradients


def _last_layer_only(weights, activations, dlogits):
    return backward(weights, activations, dlogits)[-2:]


def _mask_on_gradient(delta, kernel, x, below):
    return sgd.relu(delta @ kernel.T)


_SCREEN_WEIGHTS = [  # the network of the notebook
    np.array([[0.5, -1.0], [0.25, 1.0]]),
    np.array([0.1, -0.2]),
    np.array([[1.0, -0.5], [0.5, 2.0]]),
    np.array([0.0, 0.1]),
]
_SCREEN_X, _SCREEN_Y = np.array([[1.0, 2.0], [3.0, -1.0], [0.5, 0.5]]), np.array([0, 1, 1])
_SCREEN = "weights, x and y of this notebook: 2-2-2, 3 rows"


def _way_back(words, weights, x, y_true):
    """Make a case for `backward`: what it needs of a forward pass."""
    logits, activations = sgd.forward(weights, x)
    return call(words, weights, activations, loss_gradient(y_true, logits))


def _with_units_off():
    weights = random_network(3, 4, 2)
    return [weights[0], weights[1] - 100, *weights[2:]]


BACKWARD = Exercise(
    name="backward",
    notebook="03",
    task="Return a list of the gradients of `weights` (kernel, bias, kernel, ...), in their order. "
    "`activations` is what went into each layer: x, then outputs of ReLUs. `dlogits` (n, classes) "
    "holds the mean over the batch already.",
    reference=backward,
    cases=(
        _way_back(_SCREEN, _SCREEN_WEIGHTS, _SCREEN_X, _SCREEN_Y),
        _way_back(
            "7 rows, 4-5-6-3", random_network(4, 5, 6, 3), random_numbers(7, 4), _labels(7, 3)
        ),
        _way_back(
            "5 rows, 4-3, no hidden layer",
            random_network(4, 3),
            random_numbers(5, 4),
            _labels(5, 3),
        ),
        _way_back(
            "6 rows, 3-4-2, all hidden units off",
            _with_units_off(),
            random_numbers(6, 3),
            _labels(6, 2),
        ),
        _way_back(
            "8 rows, 6-5-3, in float32",
            _in_float32(random_network(6, 5, 3)),
            _in_float32(random_numbers(8, 6)),
            _labels(8, 3),
        ),
    ),
    misconceptions=(
        Misconception(
            "mask-missing",
            "Units that are off passed their gradient on. Either there is no mask, or it is `>= "
            "0`, which is always true for what a ReLU put out.",
            _with(lambda delta, kernel, x, below: delta @ kernel.T),
        ),
        Misconception(
            "mask-of-wrong-layer",
            "You masked with the layer below. The ReLU on the way is the one whose outputs went "
            "into this layer.",
            _with(lambda delta, kernel, x, below: (delta @ kernel.T) * (below > 0)),
        ),
        Misconception(
            "mask-on-gradient",
            "You looked at the sign of the gradient. Whether a unit is on was decided on the way "
            "forward, by its output; what comes back may have any sign.",
            _with(_mask_on_gradient),
        ),
        Misconception(
            "kernel-not-transposed",
            "On the way back you used the kernel as it stands. Unit i feeds the next layer through "
            "ROW i of the kernel; only with square kernels do the wrong shapes fit.",
            _with(lambda delta, kernel, x, below: (delta @ kernel) * (x > 0)),
        ),
        Misconception(
            "not-passed-on",
            "Every layer got the gradient at the logits. A layer below gets what the layer above "
            "it passes down.",
            _with(lambda delta, kernel, x, below: delta),
        ),
        Misconception(
            "mean-for-sum",
            "You took the mean over the rows for the biases. They were added to every row, so all "
            "rows add up; the 1/n is in `dlogits` already.",
            _with(_pass_down, dbias=lambda delta: delta.mean(axis=0)),
        ),
        Misconception(
            "divided-twice",
            "You divided by the number of rows. That has happened in `dlogits` already, so here it "
            "happens a second time.",
            _with(
                _pass_down,
                dkernel=lambda x, delta: x.T @ delta / len(x),
                dbias=lambda delta: delta.sum(axis=0) / len(delta),
            ),
        ),
        Misconception(
            "last-layer-first",
            "The last layer stands first in your list. You walk backwards, but the list must have "
            "the order of `weights`.",
            _last_layer_first,
        ),
        Misconception(
            "bias-before-kernel",
            "In each layer the bias comes before the kernel in your list. In `weights`, as in "
            "Keras, the kernel comes first.",
            _bias_before_kernel,
        ),
        Misconception(
            "last-layer-only",
            "Only the last layer got its gradients. Go on to the layers below it; a `return` "
            "inside a loop ends the loop.",
            _last_layer_only,
        ),
        Misconception(
            "value-for-slope",
            "You multiplied with the output of the ReLU itself. Where a ReLU is on its slope is "
            "1, however large the output.",
            _with(lambda delta, kernel, x, below: (delta @ kernel.T) * x),
        ),
    ),
    hints=(
        "Walk from the last layer to the first, with the gradient at the layer's outputs in your "
        "hand (`delta`). Layer i has the kernel `weights[2 * i]` and the input `activations[i]`.",
        "Each layer does two things with `delta`: it computes the gradients of its own kernel and "
        "bias, and passes on the gradient at its inputs. The first layer need not pass anything.",
        "What is passed on goes through the transposed kernel, then through the ReLU of the layer "
        "below, which lets it pass where `activations[i] > 0`.",
    ),
)

# ---- order_numerical_gradient ------------------------------------------------------------------


def order_numerical_gradient(loss_function, weights, epsilon):
    """Gradient by central differences."""
    weights = [w.copy() for w in weights]
    gradients = [np.zeros_like(w) for w in weights]
    for w, gradient in zip(weights, gradients, strict=True):
        for index in np.ndindex(w.shape):
            middle = w[index]
            w[index] = middle + epsilon
            above = loss_function(weights)
            w[index] = middle - epsilon
            below = loss_function(weights)
            w[index] = middle
            gradient[index] = (above - below) / (2 * epsilon)
    return gradients


def _differences(up, down, width, restore=True):
    """Make a wrong version: the loss at `up` minus the loss at `down` steps, over `width` steps."""

    def wrong(loss_function, weights, epsilon):
        weights = [w.copy() for w in weights]
        gradients = [np.zeros_like(w) for w in weights]
        for w, gradient in zip(weights, gradients, strict=True):
            for index in np.ndindex(w.shape):
                middle = w[index]
                w[index] = middle + up * epsilon
                above = loss_function(weights)
                w[index] = middle + down * epsilon
                below = loss_function(weights)
                if restore:
                    w[index] = middle
                gradient[index] = (above - below) / (width * epsilon)
        return gradients

    return wrong


def _cross_entropy(x, y_true):
    def loss_function(weights):
        logits, _ = sgd.forward(weights, x)
        return float(sgd.sparse_categorical_crossentropy(y_true, logits).mean())

    return loss_function


ORDER_NUMERICAL_GRADIENT = Exercise(
    name="order_numerical_gradient",
    notebook="03",
    task="Order the lines: the gradient of `loss_function(weights)` by central differences, with "
    "a step `epsilon` to each side of every single weight. The weights of the caller stay as they "
    "are. Not all lines are needed.",
    reference=order_numerical_gradient,
    lines=(
        "weights = [w.copy() for w in weights]",
        "gradients = [np.zeros_like(w) for w in weights]",
        "for w, gradient in zip(weights, gradients, strict=True):",
        "    for index in np.ndindex(w.shape):",
        "        middle = w[index]",
        "        w[index] = middle + epsilon",
        "        above = loss_function(weights)",
        "        w[index] = middle - epsilon",
        "        below = loss_function(weights)",
        "        w[index] = middle",
        "        gradient[index] = (above - below) / (2 * epsilon)",
        "return gradients",
    ),
    distractors=(
        "        w[index] = w[index] - epsilon",
        "        gradient[index] = (above - below) / epsilon",
    ),
    relative_tolerance=1e-5,  # two nearly equal losses lose digits
    cases=(
        call(
            "loss w[0]**2 * w[1] at w = [3, 1], epsilon 0.5",
            lambda weights: float(weights[0][0] ** 2 * weights[0][1]),
            [np.array([3.0, 1.0])],
            0.5,
        ),
        call(
            _SCREEN + ", epsilon 0.01",
            _cross_entropy(_SCREEN_X, _SCREEN_Y),
            _SCREEN_WEIGHTS,
            0.01,
        ),
        call(
            "5 rows, 4-3, epsilon 0.001",
            _cross_entropy(random_numbers(5, 4), _labels(5, 3)),
            random_network(4, 3),
            0.001,
        ),
    ),
    misconceptions=(
        Misconception(
            "forward-difference",
            "You compared the loss above with the loss in the middle: a forward difference. It "
            "looks to one side only, and its error is much larger than that of both sides.",
            _differences(1, 0, 1),
        ),
        Misconception(
            "half-the-distance",
            "From one side to the other it is two steps, and you divided by one.",
            _differences(1, -1, 1),
        ),
        Misconception(
            "back-to-the-middle",
            "The second loss was taken in the middle, not below it: one step back from above "
            "leads to where you started. And then you divided by two steps.",
            _differences(1, 0, 2),
        ),
        Misconception(
            "weight-not-restored",
            "A weight stays moved while the next ones are tried, so their slopes are taken at "
            "another point. Put each weight back before you go on.",
            _differences(1, -1, 2, restore=False),
        ),
        Misconception(
            "opposite-sign",
            "`above` was taken below and `below` above, so every slope has the wrong sign.",
            _differences(-1, 1, 2),
        ),
    ),
    hints=(
        "For each weight: remember it, step up, ask the loss, step down, ask the loss, put it "
        "back.",
        "`w[index]` is above when the line before the second step is reached. How far is it from "
        "there to one step BELOW the middle?",
        "From one side to the other it is two steps. And a weight that is not put back is still "
        "moved when the next one is tried.",
    ),
)

# ---- batch_gradient, with a fault --------------------------------------------------------------


def batch_gradient(weights, x, y_true):
    """Return the loss of a batch and its gradient for every weight."""
    logits, activations = sgd.forward(weights, x)
    loss = sgd.sparse_categorical_crossentropy(y_true, logits).mean()
    dlogits = sgd.loss_gradient(y_true, logits)
    return loss, sgd.backward(weights, activations, dlogits)


def _batch_gradient_with_a_fault(weights, x, y_true):
    logits, activations = sgd.forward(weights, x)
    loss = sgd.sparse_categorical_crossentropy(y_true, logits).mean()
    dlogits = sgd.softmax(logits)
    dlogits[np.arange(len(x)), y_true] -= 1
    return loss, sgd.backward(weights, activations, dlogits)


def _scaled(loss_factor, gradient_factor):
    """Make a wrong version: both results of the right one times a factor, from n and classes."""

    def wrong(weights, x, y_true):
        loss, gradients = batch_gradient(weights, x, y_true)
        n, classes = len(x), len(weights[-1])
        factor = gradient_factor(n, classes)
        return loss * loss_factor(n, classes), [factor * gradient for gradient in gradients]

    return wrong


def _one(n, classes):
    return 1


def _from_logits_gradient(change):
    """Make a wrong version that computes the gradient at the logits in its own way."""

    def wrong(weights, x, y_true):
        logits, activations = sgd.forward(weights, x)
        loss = sgd.sparse_categorical_crossentropy(y_true, logits).mean()
        return loss, sgd.backward(weights, activations, change(y_true, logits))

    return wrong


def _only_one_hot_divided(y_true, logits):
    return sgd.softmax(logits) - _one_hot(y_true, logits) / len(y_true)


def _no_softmax(y_true, logits):
    return (logits - _one_hot(y_true, logits)) / len(y_true)


def _biases_not_divided(weights, x, y_true):
    loss, gradients = batch_gradient(weights, x, y_true)
    return loss, [g * len(x) if g.ndim == 1 else g for g in gradients]


def _last_layer_divided(weights, x, y_true):
    loss, gradients = batch_gradient(weights, x, y_true)
    return loss, [*(g * len(x) for g in gradients[:-2]), *gradients[-2:]]


BATCH_GRADIENT = Exercise(
    name="batch_gradient",
    notebook="03",
    task="Find the fault: return the mean loss of the batch, and the list of gradients of THAT "
    "number for all `weights`. `x` is (n, n_in), `y_true` (n,) holds class numbers.",
    reference=batch_gradient,
    given=_batch_gradient_with_a_fault,
    cases=(
        call(_SCREEN, _SCREEN_WEIGHTS, _SCREEN_X, _SCREEN_Y),
        call("4 rows, 5-6-3", random_network(5, 6, 3), random_numbers(4, 5), _labels(4, 3)),
        call(
            "a last batch of 13 rows, 4-2-5",
            random_network(4, 2, 5),
            random_numbers(13, 4),
            _labels(13, 5),
        ),
        call("1 row, 4-3", random_network(4, 3), random_numbers(1, 4), _labels(1, 3)),
        call(
            "6 rows, 3-5-4, in float32",
            _in_float32(random_network(3, 5, 4)),
            _in_float32(random_numbers(6, 3)),
            _labels(6, 4),
        ),
    ),
    misconceptions=(
        Misconception(
            "loss-made-a-sum",
            "Loss and gradient agree now, but both are sums over the batch. Keras's loss is a "
            "mean, so that it does not grow with the batch.",
            _scaled(lambda n, classes: n, lambda n, classes: n),
        ),
        Misconception(
            "loss-divided",
            "You divided the loss, which was a mean already. It is the gradient that does not "
            "belong to it.",
            _scaled(lambda n, classes: 1 / n, lambda n, classes: n),
        ),
        Misconception(
            "divided-by-all-elements",
            "You divided by rows times classes. There is one loss per row, so the mean is over "
            "rows.",
            _scaled(_one, lambda n, classes: 1 / classes),
        ),
        Misconception(
            "fixed-batch-size",
            "You divided by 32, whatever comes in. Keras divides by the rows of THIS batch; the "
            "last one is often smaller.",
            _scaled(_one, lambda n, classes: n / 32),
        ),
        Misconception(
            "divided-twice",
            "Now the gradient is divided by the number of rows twice.",
            _scaled(_one, lambda n, classes: 1 / n),
        ),
        Misconception(
            "biases-not-divided",
            "The kernels are right now, and the biases still have the sum over the batch.",
            _biases_not_divided,
        ),
        Misconception(
            "last-layer-only",
            "Only the last layer is right now. What the layers below receive still has the sum in "
            "it.",
            _last_layer_divided,
        ),
        Misconception(
            "divided-by-classes",
            "You divided by the number of classes. The mean is over the rows of the batch.",
            _scaled(_one, lambda n, classes: n / classes),
        ),
        Misconception(
            "only-one-hot-divided",
            "You divided the 1 at the true class and not the probabilities. The 1/n belongs to "
            "both.",
            _from_logits_gradient(_only_one_hot_divided),
        ),
        Misconception(
            "softmax-missing",
            "The softmax was no fault: you compare logits with one-hot rows now, and not "
            "probabilities.",
            _from_logits_gradient(_no_softmax),
        ),
    ),
    hints=(
        "Compare with `sgd.numerical_gradient` of the loss that it returns. What is the ratio, for "
        "3 rows and for 32?",
        "The loss is a mean over the rows. Of what is the gradient?",
        "`p - one_hot` is the gradient of one row's loss. In a mean over n rows it counts 1/n, and "
        "`sgd.backward` carries that factor to all weights.",
    ),
)

# ---- dropout_gradient, with a fault ------------------------------------------------------------


def dropout_gradient(doutputs, keep, rate):
    """Go back through inverted dropout, ``x * keep / (1 - rate)``."""
    return doutputs * keep / (1 - rate)


def _dropout_gradient_with_a_fault(doutputs, keep, rate):
    return doutputs * keep


def _over_the_share_that_was_kept(doutputs, keep, rate):
    return doutputs * keep / keep.mean()


_KEEP = np.random.default_rng(3).random((5, 4)) >= 0.3

DROPOUT_GRADIENT = Exercise(
    name="dropout_gradient",
    notebook="03",
    task="Find the fault: forward, dropout computes `x * keep / (1 - rate)`. `keep` (same shape) "
    "is False where a unit is dropped. Return the gradient at x, from `doutputs`, the gradient at "
    "the result.",
    reference=dropout_gradient,
    given=_dropout_gradient_with_a_fault,
    cases=(
        spelled_out(
            doutputs=np.array([[2.0, -1.0, 4.0], [0.5, 3.0, -6.0]]),
            keep=np.array([[True, True, False], [True, False, True]]),
            rate=0.2,
        ),
        call("5 rows, 4 units, rate 0.3", random_numbers(5, 4), _KEEP, 0.3),
        call("5 rows, 4 units, rate 0.5", random_numbers(5, 4), ~_KEEP, 0.5),
        call(
            "2 rows, 3 units, all of them dropped, rate 0.9",
            random_numbers(2, 3),
            random_numbers(2, 3) > 9,
            0.9,
        ),
        call(
            "5 rows, 4 units, rate 0.3, in float32", _in_float32(random_numbers(5, 4)), _KEEP, 0.3
        ),
    ),
    misconceptions=(
        Misconception(
            "multiplies-for-divides",
            "You made the gradient smaller. Forward, what is kept is divided by `1 - rate`, which "
            "makes it larger, and the way back multiplies with the same slope.",
            lambda doutputs, keep, rate: doutputs * keep * (1 - rate),
        ),
        Misconception(
            "rate-for-kept-share",
            "You divided by `rate`, the share that is dropped. At a rate of 0.5 nobody would "
            "notice. Keras, too, divides by the share that is kept.",
            lambda doutputs, keep, rate: doutputs * keep / rate,
        ),
        Misconception(
            "mask-missing",
            "Units that were dropped get a gradient, too. What did not take part on the way "
            "forward passes nothing back.",
            lambda doutputs, keep, rate: doutputs / (1 - rate),
        ),
        Misconception(
            "mask-turned-around",
            "The gradient passes where a unit was dropped and stops where it was kept: the other "
            "way round.",
            lambda doutputs, keep, rate: doutputs * ~keep / (1 - rate),
        ),
        Misconception(
            "counts-the-kept",
            "You divided by the share that happened to be kept in this array. Forward, the factor "
            "is fixed by `rate`, and backward it must be the same one.",
            _over_the_share_that_was_kept,
        ),
        Misconception(
            "divided-twice",
            "You divided by `1 - rate` twice. The slope holds the factor once, as it stands in "
            "the way forward.",
            lambda doutputs, keep, rate: doutputs * keep / (1 - rate) ** 2,
        ),
        Misconception(
            "brackets-missing",
            "You divided by 1 and took `rate` away afterwards: `/` goes before `-` where no "
            "brackets stand.",
            lambda doutputs, keep, rate: doutputs * keep / 1 - rate,
        ),
        Misconception(
            "rate-taken-for-one-half",
            "You doubled what is kept, whatever `rate` says. That fits a rate of 0.5 alone.",
            lambda doutputs, keep, rate: doutputs * keep * 2,
        ),
    ),
    hints=(
        "Take one unit that is kept. If its x grows by 1, by how much does the result grow?",
        "`x * keep / (1 - rate)` is x times a number. The gradient at x is `doutputs` times the "
        "same number.",
        "The mask is right already. Only the factor with which the forward pass makes up for the "
        "dropped units is missing.",
    ),
)

EXERCISES = (
    LOSS_GRADIENT,
    DENSE_GRADIENTS,
    RELU_GRADIENT,
    BACKWARD,
    ORDER_NUMERICAL_GRADIENT,
    BATCH_GRADIENT,
    DROPOUT_GRADIENT,
)
