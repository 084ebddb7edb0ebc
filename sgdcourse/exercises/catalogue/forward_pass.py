"""Exercises of notebook 02: from a batch of rows to its losses."""

import numpy as np

import sgdcourse as sgd
from sgdcourse.exercises.catalogue.inputs import random_network, random_numbers
from sgdcourse.exercises.exercise import Case, Exercise, Misconception, call, spelled_out

# ---- dense -------------------------------------------------------------------------------------


DENSE = Exercise(
    name="dense",
    notebook="02",
    task="Return the outputs of a Dense layer without activation, shape (n, n_out), for `x` (n, "
    "n_in), `kernel` (n_in, n_out) and `bias` (n_out,).",
    reference=sgd.dense,
    cases=(
        spelled_out(
            x=np.array([[1.0, 2.0], [0.0, -1.0]]),
            kernel=np.array([[3.0, -1.0], [0.5, 2.0]]),
            bias=np.array([10.0, -20.0]),
        ),
        call(
            "4 rows, 3 inputs, 5 units",
            random_numbers(4, 3),
            random_numbers(3, 5, seed=1),
            random_numbers(5),
        ),
        call("a row of zeros", np.zeros((1, 3)), random_numbers(3, 5, seed=1), random_numbers(5)),
        call(
            "6 rows, 7 inputs, 2 units, all in float32",
            random_numbers(6, 7).astype("float32"),
            random_numbers(7, 2, seed=1).astype("float32"),
            random_numbers(2).astype("float32"),
        ),
    ),
    misconceptions=(
        Misconception(
            "bias-missing",
            "The bias is missing. It is added to each row, and it is all that comes out of a row "
            "of zeros.",
            lambda x, kernel, bias: x @ kernel,
        ),
        Misconception(
            "bias-per-row",
            "Each row got one number of the bias. The bias has one number per unit, which is the "
            "same in every row.",
            lambda x, kernel, bias: x @ kernel + bias[:, None],
        ),
        Misconception(
            "bias-summed",
            "You added the sum of all biases to every unit. Each unit has a bias of its own.",
            lambda x, kernel, bias: x @ kernel + bias.sum(),
        ),
        Misconception(
            "bias-on-inputs",
            "You added the bias to the inputs, before the product, so the kernel multiplied it. "
            "Keras adds it to what the product gives.",
            lambda x, kernel, bias: (x + bias) @ kernel,
        ),
        Misconception(
            "bias-subtracted",
            "You took the bias away. Keras adds it.",
            lambda x, kernel, bias: x @ kernel - bias,
        ),
        Misconception(
            "kernel-transposed",
            "Unit 0 took row 0 of the kernel. In Keras a kernel has one column per unit: unit 0 "
            "takes column 0. (One row per unit is how PyTorch stores it.)",
            lambda x, kernel, bias: x @ kernel.T + bias,
        ),
        Misconception(
            "product-turned-around",
            "You multiplied kernel by x. The order matters for matrices: the rows of x meet the "
            "columns of the kernel.",
            lambda x, kernel, bias: kernel @ x + bias,
        ),
        Misconception(
            "elementwise-product",
            "You multiplied number by number. A unit multiplies each input of the row by its "
            "weight and adds the products up: a matrix product.",
            lambda x, kernel, bias: x * kernel + bias,
        ),
        Misconception(
            "relu-inside",
            "Negative outputs became 0: there is a ReLU in your layer. The layer asked for has no "
            "activation, which is also the default of Dense in Keras.",
            lambda x, kernel, bias: np.maximum(x @ kernel + bias, 0),
        ),
    ),
    hints=(
        "Unit 0 computes `x[0] * kernel[0, 0] + x[1] * kernel[1, 0] + bias[0]`, for each row x.",
        "The sum over the inputs is a matrix product, (n, n_in) with (n_in, n_out). In NumPy it "
        "is written `@`.",
        "One product and one `+`. NumPy adds a line of the shape (n_out,) to every row by itself.",
    ),
)

# ---- relu --------------------------------------------------------------------------------------

RELU = Exercise(
    name="relu",
    notebook="02",
    task="Return an array of the shape of `x`: keep what is positive, and put 0 in place of all "
    "else.",
    reference=sgd.relu,
    cases=(
        spelled_out(x=np.array([[-2.0, 0.5, 3.0], [1.5, -0.25, -4.0]])),
        spelled_out(x=np.array([-1.0, 0.0, 2.0])),
        call("4 rows, 5 units", 3 * random_numbers(4, 5)),
        call("2 rows, 3 units, all of them negative", -1 - np.abs(random_numbers(2, 3))),
        call("3 rows, 4 units, in float32", random_numbers(3, 4).astype("float32")),
    ),
    misconceptions=(
        Misconception(
            "absolute-value",
            "Negative numbers lost their sign. ReLU makes them 0.",
            lambda x: np.abs(x),
        ),
        Misconception(
            "step-function",
            "You returned whether a number is positive, 1 or 0. ReLU keeps the number itself.",
            lambda x: (x > 0).astype(float),
        ),
        Misconception(
            "minimum-for-maximum",
            "You kept the negative numbers and lost the positive ones: it is the other way round.",
            lambda x: np.minimum(x, 0),
        ),
        Misconception(
            "maximum-along-axis",
            "You took the largest number of each column: `np.max` looks for one maximum along an "
            "axis, and its second argument is that axis. ReLU treats every element by itself.",
            lambda x: np.max(x, axis=0),
        ),
        Misconception(
            "negatives-removed",
            "The negative numbers are gone, and the shape with them. Every unit must put out a "
            "number, also if it is 0.",
            lambda x: x[x > 0],
        ),
        Misconception(
            "clips-at-one",
            "You also cut off what is above 1. ReLU has no upper end: 3 stays 3.",
            lambda x: np.clip(x, 0, 1),
        ),
        Misconception(
            "leaky",
            "A little of the negative numbers is left. That is a leaky ReLU; Keras's `relu` gives "
            "0 there.",
            lambda x: np.where(x > 0, x, 0.01 * x),
        ),
    ),
    hints=(
        "Each element is treated by itself: 3 stays 3, and -2 becomes 0.",
        "The result is the larger one of two numbers: the element, or 0.",
        "`np.maximum` compares two arrays element by element (`np.max` does something else).",
    ),
)

# ---- softmax -----------------------------------------------------------------------------------


def _naive_softmax(logits):
    exponentials = np.exp(logits)
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def _maximum_of_all_rows(logits):
    exponentials = np.exp(logits - logits.max())
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def _softmax_of_columns(logits):
    exponentials = np.exp(logits - logits.max(axis=0))
    return exponentials / exponentials.sum(axis=0)


def _one_sum_for_all_rows(logits):
    exponentials = np.exp(logits - logits.max())
    return exponentials / exponentials.sum()


def _without_keepdims(logits):
    exponentials = np.exp(logits - logits.max(axis=1))
    return exponentials / exponentials.sum(axis=1)


def _without_exponential(logits):
    return logits / logits.sum(axis=1, keepdims=True)


def _clipped_logits(logits):
    return _naive_softmax(np.clip(logits, -100, 100))


def _divided_by_maximum(logits):
    return _naive_softmax(logits / logits.max(axis=1, keepdims=True))


def _minus_mean(logits):
    return _naive_softmax(logits - logits.mean(axis=1, keepdims=True))


def _sigmoid(logits):
    return 1 / (1 + np.exp(-logits))


SOFTMAX = Exercise(
    name="softmax",
    notebook="02",
    task="Turn each row of `logits` (n, classes) into probabilities of the same shape: positive, "
    "each row with the sum 1, also for logits like 1000 and -1000.",
    reference=sgd.softmax,
    cases=(
        # Two rows with one maximum, so that whoever forgets keepdims is named with or without it.
        spelled_out(logits=np.array([[2.0, 1.0], [2.0, -1.0]])),
        call("4 rows, 3 classes", 2 * random_numbers(4, 3)),
        spelled_out(logits=np.array([[1000.0, 1001.0, 999.0], [-1000.0, -1001.0, -1000.5]])),
        spelled_out(logits=np.array([[0.0, 0.0, 0.0, 0.0]])),
        spelled_out(logits=np.array([[-1000.0, 1000.0, -1000.0]])),
        call("5 rows, 4 classes, in float32", 2 * random_numbers(5, 4).astype("float32")),
    ),
    misconceptions=(
        Misconception(
            "overflows",
            "`exp` of 1000 is too large for any float, and `exp` of -1000 is stored as 0: infinity "
            "by infinity and 0 by 0 are nan. Only differences of logits matter: use that.",
            _naive_softmax,
        ),
        Misconception(
            "maximum-of-all-rows",
            "You took the maximum of the whole array away. A row that lies far below it becomes "
            "0 / 0. Each row has a maximum of its own.",
            _maximum_of_all_rows,
        ),
        Misconception(
            "wrong-axis",
            "Your columns have the sum 1. Each row is one example and must have the sum 1.",
            _softmax_of_columns,
        ),
        Misconception(
            "one-sum-for-all-rows",
            "The whole array has the sum 1: you divided all rows by one number. Each row has a "
            "sum of its own.",
            _one_sum_for_all_rows,
        ),
        Misconception(
            "keepdims-missing",
            "Sums of the shape (n,) lie along the columns: row 0's sum divided column 0. The sums "
            "must stand as a column, (n, 1). NumPy only complains if the array is not square.",
            _without_keepdims,
        ),
        Misconception(
            "log-of-softmax",
            "These are the logarithms of the probabilities: all of them are below 0. Softmax "
            "itself takes no logarithm.",
            lambda logits: np.log(sgd.softmax(logits)),
        ),
        Misconception(
            "no-exponential",
            "You divided the logits by their sum. Logits may be negative, and so would be the "
            "probabilities: the exponential, which makes all of them positive, is missing.",
            _without_exponential,
        ),
        Misconception(
            "no-division",
            "The rows do not have the sum 1: you took the exponential and did not divide.",
            lambda logits: np.exp(logits - logits.max(axis=1, keepdims=True)),
        ),
        Misconception(
            "sigmoid-for-softmax",
            "Each number was turned into a probability by itself: that is a sigmoid. In a softmax "
            "the classes of a row share the sum 1.",
            _sigmoid,
        ),
        Misconception(
            "one-hot-for-probabilities",
            "The largest logit of each row got all of it. Softmax leaves every class something: "
            "2 against 1 is 0.73 against 0.27.",
            lambda logits: (logits == logits.max(axis=1, keepdims=True)).astype(float),
        ),
        Misconception(
            "divides-by-maximum",
            "You divided by each row's maximum, and that changes the probabilities: the "
            "differences of the logits shrink. Subtracting leaves them as they are.",
            _divided_by_maximum,
        ),
        Misconception(
            "clips-logits",
            "You cut large logits off, so that 1001 and 1000 became the same number. Their "
            "difference must stay.",
            _clipped_logits,
        ),
        Misconception(
            "too-little-taken-away",
            "You took each row's mean away, or its smallest or first logit. What lies far above "
            "that still overflows: what stands in the exponent must never be above 0.",
            _minus_mean,
        ),
    ),
    hints=(
        "Take the exponential of each number, then divide each row by its sum.",
        "Before the exponential, take each row's largest logit away from the row. The "
        "probabilities do not change, and nothing overflows.",
        "`axis=1` goes along a row. With `keepdims=True` maxima and sums keep the shape (n, 1), "
        "so that each goes with its own row.",
    ),
)

# ---- sparse_categorical_crossentropy -----------------------------------------------------------


def _rows(array):
    return np.arange(len(array))


def _log_of_softmax(y_true, logits):
    return -np.log(sgd.softmax(logits)[_rows(y_true), y_true])


def _no_softmax(y_true, logits):
    return -np.log(logits[_rows(y_true), y_true])


def _clipped(y_true, logits):
    probabilities = np.clip(sgd.softmax(logits), 1e-7, 1)
    return -np.log(probabilities[_rows(y_true), y_true])


def _labels_as_one_hot(y_true, logits):
    return -(y_true * np.log(sgd.softmax(logits))).sum(axis=1)


def _log_sum_exp_without_maximum(y_true, logits):
    return np.log(np.exp(logits).sum(axis=1)) - logits[_rows(y_true), y_true]


def _maximum_missing_at_label(y_true, logits):
    shifted = logits - logits.max(axis=1, keepdims=True)
    return np.log(np.exp(shifted).sum(axis=1)) - logits[_rows(y_true), y_true]


def _other_classes_too(y_true, logits):
    losses = -np.log(np.clip(1 - sgd.softmax(logits), 1e-16, 1)).sum(axis=1)
    p = np.clip(sgd.softmax(logits)[_rows(y_true), y_true], 1e-300, 1)
    return losses + np.log(np.clip(1 - p, 1e-16, 1)) - np.log(p)


def _losses(y_true, logits):
    return sgd.sparse_categorical_crossentropy(y_true, logits)


def _of_all_classes(logits):
    classes = np.arange(logits.shape[1])
    return np.stack([_losses(np.full(len(logits), k), logits) for k in classes], axis=1)


SPARSE_CATEGORICAL_CROSSENTROPY = Exercise(
    name="sparse_categorical_crossentropy",
    notebook="02",
    task="Return the loss of each row, shape (n,): minus the natural logarithm of the probability "
    "of its true class. `y_true` (n,) holds class numbers, `logits` (n, classes) come before the "
    "softmax and may be huge.",
    reference=sgd.sparse_categorical_crossentropy,
    relative_tolerance=1e-5,  # whoever adds 1e-7 to the probabilities is told so below
    cases=(  # the differences are 0 for whoever keeps p above 1e-7, 1e-9 or whatever it is
        spelled_out(y_true=np.array([1, 0]), logits=np.array([[1.0, 3.0], [0.5, 2.0]])),
        call("4 rows, 3 classes", np.array([2, 0, 1, 1]), 2 * random_numbers(4, 3)),
        Case(
            "class 0: the loss of the logits [-800, 0] minus the loss of the logits [-700, 0]",
            lambda f: np.diff(f(np.array([0, 0]), np.array([[-700.0, 0.0], [-800.0, 0.0]]))),
        ),
        Case(
            "class 0: the loss of the logits [1, 1000] minus the loss of the logits [1, 700]",
            lambda f: np.diff(f(np.array([0, 0]), np.array([[1.0, 700.0], [1.0, 1000.0]]))),
        ),
        call(
            "5 rows, 4 classes, in float32",
            np.array([3, 0, 2, 2, 1]),
            random_numbers(5, 4, seed=2).astype("float32"),
        ),
    ),
    misconceptions=(
        Misconception(
            "log-of-underflow",
            "The probability is so small that it is stored as 0, and minus the logarithm of 0 is "
            "infinite. The logarithm must be taken before anything is rounded to 0.",
            _log_of_softmax,
        ),
        Misconception(
            "clips-probabilities",
            "You kept the probabilities away from 0 with a small number, so very wrong rows all "
            "cost the same. Keras does so with finished probabilities; from logits it need not.",
            _clipped,
        ),
        Misconception(
            "overflows",
            "`exp` of 1000 is infinite, and the loss with it. Take something away from the logits "
            "first that changes no probability.",
            _log_sum_exp_without_maximum,
        ),
        Misconception(
            "probabilities-for-logits",
            "You took the logits for probabilities: there is no softmax in your loss. A negative "
            "logit has no logarithm at all.",
            _no_softmax,
        ),
        Misconception(
            "softmax-twice",
            "Softmax was applied twice, the second time to probabilities. They lie between 0 and "
            "1, so all classes come out nearly alike.",
            lambda y_true, logits: _losses(y_true, sgd.softmax(logits)),
        ),
        Misconception(
            "labels-as-one-hot",
            "You multiplied by `y_true` as if it held one-hot rows. It holds class numbers: 2 "
            "stands for class 2, and is not a weight of 2.",
            _labels_as_one_hot,
        ),
        Misconception(
            "every-row-with-every-label",
            "You picked the columns of all labels in each row, so a row is charged for the "
            "classes of the others, too. There is one loss per row.",
            lambda y_true, logits: _of_all_classes(logits)[:, y_true],
        ),
        Misconception(
            "sum-over-all-classes",
            "You added the losses of all classes up. Only the true class of the row counts.",
            lambda y_true, logits: _of_all_classes(logits).sum(axis=1),
        ),
        Misconception(
            "label-ignored",
            "You took the class with the largest probability. The loss asks for the true class, "
            "whatever the network prefers.",
            lambda y_true, logits: _of_all_classes(logits).min(axis=1),
        ),
        Misconception(
            "mean-too-early",
            "You returned the mean of the batch. Here each row keeps a loss of its own; the mean "
            "comes later.",
            lambda y_true, logits: _losses(y_true, logits).mean(),
        ),
        Misconception(
            "opposite-sign",
            "The minus is missing: the logarithm of a probability is negative, and a loss must "
            "grow when the network is more wrong.",
            lambda y_true, logits: -_losses(y_true, logits),
        ),
        Misconception(
            "log-base-two",
            "You used the logarithm to the base 2. Keras uses the natural one.",
            lambda y_true, logits: _losses(y_true, logits) / np.log(2),
        ),
        Misconception(
            "log-base-ten",
            "You used the logarithm to the base 10. Keras uses the natural one.",
            lambda y_true, logits: _losses(y_true, logits) / np.log(10),
        ),
        Misconception(
            "maximum-missing-at-label",
            "You took the maximum away under the exponentials, but not from the logit of the "
            "true class: each loss is off by the maximum of its row.",
            _maximum_missing_at_label,
        ),
        Misconception(
            "mean-over-classes",
            "You divided by the number of classes: that is what a mean over one-hot rows does. "
            "A row's loss is the whole of what its true class costs.",
            lambda y_true, logits: _losses(y_true, logits) / logits.shape[1],
        ),
        Misconception(
            "other-classes-too",
            "You charged the other classes as well, with log(1 - p). That is the binary "
            "cross-entropy; here only the true class counts.",
            _other_classes_too,
        ),
    ),
    hints=(
        "`array[np.arange(n), y_true]` picks from each row the element of its own class.",
        "Put the formula of softmax into the logarithm: the loss is the logarithm of the sum of "
        "all exponentials, minus the logit of the true class.",
        "Take each row's maximum away first. Then no exponential is above 1, and no probability "
        "is ever written down.",
    ),
)

# ---- accuracy ----------------------------------------------------------------------------------


def _probability_above_half(y_true, logits):
    return float(np.mean(sgd.softmax(logits)[_rows(y_true), y_true] > 0.5))


def _counts_the_zeros(y_true, logits):
    classes = np.eye(logits.shape[1])
    return float(np.mean(classes[logits.argmax(axis=1)] == classes[y_true]))


def _last_of_the_largest(y_true, logits):
    last = logits.shape[1] - 1 - logits[:, ::-1].argmax(axis=1)
    return float(np.mean(last == y_true))


def _ties_count_as_right(y_true, logits):
    return float(np.mean(logits[_rows(y_true), y_true] == logits.max(axis=1)))


ACCURACY = Exercise(
    name="accuracy",
    notebook="02",
    task="Return the share, 0 to 1, of the rows whose largest logit stands at the true class (the "
    "first one, if several are equally large). `y_true` (n,) holds class numbers; `logits` (n, "
    "classes).",
    reference=sgd.accuracy,
    cases=(
        spelled_out(
            y_true=np.array([2, 0, 1, 3]),
            logits=np.array(
                [
                    [0.5, 1.5, 3.0, -1.0],
                    [2.5, 0.9, 1.0, 2.0],
                    [3.0, 0.2, -2.0, 4.0],
                    [0.0, -1.0, 0.8, 1.2],
                ]
            ),
        ),
        call(
            "7 rows, 3 classes", np.array([1, 2, 2, 0, 1, 0, 2]), 2 * random_numbers(7, 3, seed=10)
        ),
        call(
            "5 rows of the classes 0, 1, 2, 0, 1, all logits 0", np.arange(5) % 3, np.zeros((5, 3))
        ),
        call("1 row of class 1, 4 classes", np.array([1]), np.array([[-4.0, -0.5, -3.0, -0.9]])),
        call(
            "6 rows, 5 classes, in float32",
            np.array([0, 3, 1, 4, 2, 0]),
            random_numbers(6, 5, seed=3).astype("float32"),
        ),
    ),
    misconceptions=(
        Misconception(
            "count-for-share",
            "You returned how many rows are right. The share is that count divided by the number "
            "of rows.",
            lambda y_true, logits: float(np.sum(logits.argmax(axis=1) == y_true)),
        ),
        Misconception(
            "percent",
            "You returned per cent. Keras reports 0.75, not 75.",
            lambda y_true, logits: 100 * sgd.accuracy(y_true, logits),
        ),
        Misconception(
            "error-rate",
            "That is the share of the rows that are wrong.",
            lambda y_true, logits: 1 - sgd.accuracy(y_true, logits),
        ),
        Misconception(
            "wrong-axis",
            "You looked for the largest logit of each column, which compares rows with each "
            "other. Each row has its own winner among the classes.",
            lambda y_true, logits: float(np.mean(logits.argmax(axis=0) == y_true)),
        ),
        Misconception(
            "value-for-place",
            "You compared the largest logit itself with the class number. What counts is the "
            "place at which it stands.",
            lambda y_true, logits: float(np.mean(logits.max(axis=1) == y_true)),
        ),
        Misconception(
            "smallest-for-largest",
            "You took the class with the smallest logit. The network's answer is the largest.",
            lambda y_true, logits: float(np.mean(logits.argmin(axis=1) == y_true)),
        ),
        Misconception(
            "one-per-row",
            "You returned right or wrong for each row. One number is asked for: the share of the "
            "rows that are right.",
            lambda y_true, logits: logits.argmax(axis=1) == y_true,
        ),
        Misconception(
            "above-one-half",
            "You counted the rows whose true class got a probability above one half. With more "
            "than two classes a smaller one can be the largest.",
            _probability_above_half,
        ),
        Misconception(
            "counts-the-zeros",
            "You compared one-hot rows number by number, so the zeros that agree count as right, "
            "too. A row is right or wrong as a whole.",
            _counts_the_zeros,
        ),
        Misconception(
            "ties-count-as-right",
            "With all logits equal you called every row right. The network has to name one class: "
            "the first of the largest.",
            _ties_count_as_right,
        ),
        Misconception(
            "argmax-of-all",
            "You looked for the one largest logit of the whole array. Each row has its own "
            "winner among the classes.",
            lambda y_true, logits: float(np.mean(logits.argmax() == y_true)),
        ),
        Misconception(
            "probability-for-hit",
            "That is the mean probability of the true classes. Accuracy counts a row as right "
            "or wrong, however sure the network was.",
            lambda y_true, logits: float(sgd.softmax(logits)[_rows(y_true), y_true].mean()),
        ),
        Misconception(
            "last-of-the-largest",
            "Where several logits are equally large you took the last one. Keras, like "
            "`argmax`, takes the first.",
            _last_of_the_largest,
        ),
        Misconception(
            "divided-by-classes",
            "You divided by the number of classes. It is a share of the rows.",
            lambda y_true, logits: float(sum(logits.argmax(axis=1) == y_true) / logits.shape[1]),
        ),
    ),
    hints=(
        "For each row, find the class that the network prefers. Compare it with the true class.",
        "`argmax(axis=1)` gives the place of the largest number in each row.",
        "A comparison gives True or False for each row. Their mean is the share of the True ones.",
    ),
)

# ---- order_forward -----------------------------------------------------------------------------


def order_forward(weights, x):
    """Forward pass: a ReLU behind every layer but the last."""
    h, activations = x, [x]
    for kernel, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        z = sgd.dense(h, kernel, bias)
        h = sgd.relu(z)
        activations.append(h)
    logits = sgd.dense(h, weights[-2], weights[-1])
    return logits, activations


def _relu_on_last_layer(weights, x):
    logits, activations = sgd.forward(weights, x)
    return sgd.relu(logits), activations


def _input_not_collected(weights, x):
    logits, activations = sgd.forward(weights, x)
    return logits, activations[1:]


def _only_input_collected(weights, x):
    return sgd.forward(weights, x)[0], [x]


def _collected_before_relu(weights, x):
    logits, activations = sgd.forward(weights, x)
    layers = zip(activations, weights[:-2:2], weights[1:-2:2], strict=False)
    return logits, [x, *(sgd.dense(h, kernel, bias) for h, kernel, bias in layers)]


def _collected_too_early(weights, x):
    logits, activations = sgd.forward(weights, x)
    return logits, [x, *activations[:-1]]


ORDER_FORWARD = Exercise(
    name="order_forward",
    notebook="02",
    task="Order the lines: return the `logits` of the last layer, and the list of what went into "
    "each layer, beginning with `x`. A ReLU stands behind every layer but the last. Not all lines "
    "are needed.",
    reference=order_forward,
    lines=(
        "h, activations = x, [x]",
        "for kernel, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):",
        "    z = sgd.dense(h, kernel, bias)",
        "    h = sgd.relu(z)",
        "    activations.append(h)",
        "logits = sgd.dense(h, weights[-2], weights[-1])",
        "return logits, activations",
    ),
    distractors=(
        "h, activations = x, []",
        "    activations.append(z)",
        "logits = sgd.relu(sgd.dense(h, weights[-2], weights[-1]))",
    ),
    cases=(
        call(
            "x = [[3]], kernels [[1, -1]] and [[-2], [5]], biases [0, 0] and [1]",
            [np.array([[1.0, -1.0]]), np.zeros(2), np.array([[-2.0], [5.0]]), np.ones(1)],
            np.array([[3.0]]),
        ),
        call("4 rows through 5-6-7-3", random_network(5, 6, 7, 3), random_numbers(4, 5, seed=1)),
        call(
            "2 rows through 4-3, no hidden layer",
            random_network(4, 3),
            random_numbers(2, 4, seed=1),
        ),
        call(
            "3 rows through 5-4-2, in float32",
            [w.astype("float32") for w in random_network(5, 4, 2)],
            random_numbers(3, 5, seed=1).astype("float32"),
        ),
    ),
    misconceptions=(
        Misconception(
            "relu-on-last-layer",
            "There is a ReLU behind the last layer, too, so no logit can be negative. Logits go "
            "into the softmax as they are.",
            _relu_on_last_layer,
        ),
        Misconception(
            "input-not-collected",
            "The list does not begin with `x`. It holds what went into each layer, and `x` went "
            "into the first one.",
            _input_not_collected,
        ),
        Misconception(
            "only-input-collected",
            "The list holds `x` and no hidden layer. The way back needs what went into each layer.",
            _only_input_collected,
        ),
        Misconception(
            "collected-before-relu",
            "You collected what came out of a layer before its ReLU. What goes into the next "
            "layer is what the ReLU put out.",
            _collected_before_relu,
        ),
        Misconception(
            "collected-too-early",
            "You collected `h` before this round had made it new, so `x` stands there twice and "
            "the last hidden layer is missing.",
            _collected_too_early,
        ),
    ),
    hints=(
        "The loop goes through the hidden layers only. Which line comes before it, and which two "
        "come after it?",
        "Inside the loop: the layer, its ReLU, and only then the list.",
        "What is collected goes into the next layer, so it stands behind the ReLU. The last layer "
        "has none, and its outputs are not collected.",
    ),
)

EXERCISES = (
    DENSE,
    RELU,
    SOFTMAX,
    SPARSE_CATEGORICAL_CROSSENTROPY,
    ACCURACY,
    ORDER_FORWARD,
)
