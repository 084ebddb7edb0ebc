"""Answers to the exercises of notebook 03."""

import math
from textwrap import dedent, indent

import numpy as np

import sgdcourse as sgd
from tests.answers import order, right, wrong

# ---- loss_gradient -----------------------------------------------------------------------------


@right("loss_gradient")
def _(y_true, logits):
    n, classes = logits.shape
    result = np.zeros((n, classes))
    for i in range(n):
        powers = [math.exp(z - max(logits[i])) for z in logits[i]]
        for k in range(classes):
            target = 1.0 if k == y_true[i] else 0.0
            result[i, k] = (powers[k] / sum(powers) - target) / n
    return result


@right("loss_gradient")
def _(y_true, logits):
    one_hot = np.eye(logits.shape[1])[y_true]
    return (sgd.softmax(logits) - one_hot) / len(logits)


@right("loss_gradient")
def _(y_true, logits):
    p = np.exp(logits - np.logaddexp.reduce(logits, axis=1)[:, None])
    return np.where(np.arange(logits.shape[1]) == y_true[:, None], p - 1, p) / y_true.size


@right("loss_gradient")
def _(y_true, logits):
    return sgd.loss_gradient(y_true, logits)


@right("loss_gradient")
def _(y_true, logits):
    """Through the matrix of the softmax's derivatives."""
    p = sgd.softmax(logits)
    rows = []
    for label, row in zip(y_true, p):
        jacobian = np.diag(row) - np.outer(row, row)
        at_probabilities = np.zeros(len(row))
        at_probabilities[label] = -1 / row[label]
        rows.append(list(at_probabilities @ jacobian / len(p)))
    return rows


@wrong("loss_gradient", "sum-for-mean")
def _(y_true, logits):
    return sgd.softmax(logits) - np.eye(logits.shape[1])[y_true]


@wrong("loss_gradient", "sum-for-mean")
def _(y_true, logits):
    p = sgd.softmax(logits)
    for i, y in enumerate(y_true):
        p[i, y] -= 1
    return p


@wrong("loss_gradient", "divided-by-all-elements")
def _(y_true, logits):
    p = sgd.softmax(logits)
    p[range(len(p)), y_true] -= 1
    return p / p.size


@wrong("loss_gradient", "divided-by-classes")
def _(y_true, logits):
    p = sgd.softmax(logits)
    p[range(len(p)), y_true] -= 1
    return p / len(p[0])


@wrong("loss_gradient", "fixed-batch-size")
def _(y_true, logits):
    p = sgd.softmax(logits)
    p[range(len(p)), y_true] -= 1
    return p / 32


@wrong("loss_gradient", "opposite-sign")
def _(y_true, logits):
    return (np.eye(logits.shape[1])[y_true] - sgd.softmax(logits)) / len(y_true)


@wrong("loss_gradient", "one-hot-missing")
def _(y_true, logits):
    p = np.exp(logits - logits.max(axis=1)[:, None])
    return p / p.sum(axis=1)[:, None] / logits.shape[0]


@wrong("loss_gradient", "softmax-missing")
def _(y_true, logits):
    result = logits.copy()
    result[np.arange(len(result)), y_true] -= 1
    return result / len(result)


@wrong("loss_gradient", "every-row-with-every-label")
def _(y_true, logits):
    p = sgd.softmax(logits)
    for y in set(y_true.tolist()):
        p[:, y] -= 1
    return p / len(p)


@wrong("loss_gradient", "gradient-at-probabilities")
def _(y_true, logits):
    p = sgd.softmax(logits)
    result = np.zeros(p.shape)
    for i, y in enumerate(y_true):
        result[i, y] = -1 / p[i, y] / len(p)
    return result


@wrong("loss_gradient", "overflows")
def _(y_true, logits):
    n = len(logits)
    e = np.exp(logits)
    p = e / np.sum(e, axis=1).reshape(n, 1)
    p[np.arange(n), y_true] -= 1
    return p / n


@wrong("loss_gradient", "returns-nothing")
def _(y_true, logits):
    p = sgd.softmax(logits)
    p[np.arange(len(p)), y_true] -= 1
    p /= len(p)


@wrong("loss_gradient", "changes-its-input")
def _(y_true, logits):
    logits[:] = sgd.softmax(logits)
    logits[np.arange(len(logits)), y_true] -= 1
    return logits / len(logits)


@wrong("loss_gradient", "constant-factor")
def _(y_true, logits):
    return 2 * sgd.loss_gradient(y_true, logits)


@wrong("loss_gradient", "wrong-dtype")
def _(y_true, logits):
    one_hot = np.zeros(logits.shape, "float32")
    one_hot[np.arange(len(y_true)), y_true] = 1
    return ((sgd.softmax(logits) - one_hot) / len(y_true)).astype("float32")


# ---- dense_gradients ---------------------------------------------------------------------------


@right("dense_gradients")
def _(x, kernel, doutputs):
    dkernel, dbias, dx = np.zeros(kernel.shape), np.zeros(kernel.shape[1]), np.zeros(x.shape)
    for row in range(len(x)):
        for unit in range(kernel.shape[1]):
            dbias[unit] += doutputs[row, unit]
            for i in range(kernel.shape[0]):
                dkernel[i, unit] += x[row, i] * doutputs[row, unit]
                dx[row, i] += kernel[i, unit] * doutputs[row, unit]
    return dkernel, dbias, dx


@right("dense_gradients")
def _(x, kernel, doutputs):
    return [
        np.einsum("ni,nu->iu", x, doutputs),
        np.einsum("nu->u", doutputs),
        np.einsum("nu,iu->ni", doutputs, kernel),
    ]


@right("dense_gradients")
def _(x, kernel, doutputs):
    dkernel = sum(np.outer(inputs, delta) for inputs, delta in zip(x, doutputs))
    dbias = sum(list(doutputs))
    dx = np.array([kernel @ delta for delta in doutputs])
    return dkernel, dbias, dx


@right("dense_gradients")
def _(x, kernel, doutputs):
    dkernel = (doutputs.T @ x).T
    dbias = np.ones(len(x)) @ doutputs
    dx = (kernel @ doutputs.T).T
    return dkernel, list(dbias), dx


@right("dense_gradients")
def _(x, W, d):
    return (x[:, :, None] * d[:, None, :]).sum(axis=0), d.sum(0), np.dot(d, np.transpose(W))


@wrong("dense_gradients", "dkernel-transposed")
def _(x, kernel, doutputs):
    dkernel = np.einsum("ni,nu->ui", x, doutputs)
    return dkernel, doutputs.sum(axis=0), np.dot(doutputs, kernel.T)


@wrong("dense_gradients", "dkernel-transposed")
def _(x, kernel, doutputs):
    dkernel = sum(np.outer(delta, inputs) for inputs, delta in zip(x, doutputs))
    return dkernel, np.sum(doutputs, 0), doutputs @ kernel.T


@wrong("dense_gradients", "x-not-transposed")
def _(x, kernel, doutputs):
    return np.dot(x, doutputs), np.sum(doutputs, axis=0), np.dot(doutputs, kernel.T)


@wrong("dense_gradients", "kernel-not-transposed")
def _(x, kernel, doutputs):
    dx = np.array([delta @ kernel for delta in doutputs])
    return np.dot(x.T, doutputs), np.sum(doutputs, axis=0), dx


@wrong("dense_gradients", "kernel-not-transposed")
def _(x, kernel, doutputs):
    return np.dot(x.T, doutputs), np.sum(doutputs, axis=0), (kernel.T @ doutputs.T).T


@wrong("dense_gradients", "mean-for-sum")
def _(x, kernel, doutputs):
    dbias = doutputs.sum(axis=0) / len(doutputs)
    return np.dot(x.T, doutputs), dbias, np.dot(doutputs, kernel.T)


@wrong("dense_gradients", "wrong-axis")
def _(x, kernel, doutputs):
    return np.dot(x.T, doutputs), [sum(row) for row in doutputs], np.dot(doutputs, kernel.T)


@wrong("dense_gradients", "bias-not-summed")
def _(x, kernel, doutputs):
    dbias = 1.0 * doutputs
    return np.dot(x.T, doutputs), dbias, np.dot(doutputs, kernel.T)


@wrong("dense_gradients", "divided-twice")
def _(x, kernel, doutputs):
    m = x.shape[0]
    return (1 / m) * np.dot(x.T, doutputs), (1 / m) * doutputs.sum(0), np.dot(doutputs, kernel.T)


@wrong("dense_gradients", "divided-twice")
def _(x, kernel, doutputs):
    dkernel = np.mean([np.outer(inputs, delta) for inputs, delta in zip(x, doutputs)], axis=0)
    return dkernel, doutputs.mean(axis=0), doutputs @ kernel.T


@wrong("dense_gradients", "dx-from-x")
def _(x, kernel, doutputs):
    dx = np.einsum("nu,mu->nm", doutputs, x)
    return np.dot(x.T, doutputs), np.sum(doutputs, axis=0), dx


@wrong("dense_gradients", "results-in-another-order")
def _(x, kernel, doutputs):
    dx = np.dot(doutputs, kernel.T)
    return [dx, np.dot(x.T, doutputs), doutputs.sum(axis=0)]


@wrong("dense_gradients", "wrong-length")
def _(x, kernel, doutputs):
    return x.T @ doutputs, doutputs.sum(axis=0)


@wrong("dense_gradients", "wrong-shape")
def _(x, kernel, doutputs):
    return x.T @ doutputs, doutputs.sum(axis=0, keepdims=True), doutputs @ kernel.T


@wrong("dense_gradients", "returns-nothing")
def _(x, kernel, doutputs):
    dkernel = x.T @ doutputs
    dbias = doutputs.sum(axis=0)
    dx = doutputs @ kernel.T
    _ = dkernel, dbias, dx


@wrong("dense_gradients", "opposite-sign")
def _(x, kernel, doutputs):
    return -x.T @ doutputs, -doutputs.sum(axis=0), -doutputs @ kernel.T


# ---- relu_gradient -----------------------------------------------------------------------------


@right("relu_gradient")
def _(doutputs, outputs):
    return np.where(outputs > 0, doutputs, 0)


@right("relu_gradient")
def _(doutputs, outputs):
    return doutputs * np.sign(outputs)


@right("relu_gradient")
def _(doutputs, outputs):
    result = doutputs.copy()
    result[outputs == 0] = 0
    return result


@right("relu_gradient")
def _(doutputs, outputs):
    return [[d if h > 0 else 0 for d, h in zip(*rows)] for rows in zip(doutputs, outputs)]


@right("relu_gradient")
def _(doutputs, outputs):
    return doutputs * (outputs != 0)


@wrong("relu_gradient", "mask-on-gradient")
def _(doutputs, outputs):
    return sgd.relu(doutputs)


@wrong("relu_gradient", "mask-on-gradient")
def _(doutputs, outputs):
    return doutputs * (doutputs > 0)


@wrong("relu_gradient", "negative-gradients-dropped")
def _(doutputs, outputs):
    return np.where((outputs > 0) & (doutputs > 0), doutputs, 0)


@wrong("relu_gradient", "mask-turned-around")
def _(doutputs, outputs):
    return np.where(outputs > 0, 0, doutputs)


@wrong("relu_gradient", "mask-turned-around")
def _(doutputs, outputs):
    return doutputs * (outputs == 0)


@wrong("relu_gradient", "chain-rule-missing")
def _(doutputs, outputs):
    return np.where(outputs > 0, 1, 0)


@wrong("relu_gradient", "chain-rule-missing")
def _(doutputs, outputs):
    return np.sign(outputs)


@wrong("relu_gradient", "value-for-slope")
def _(doutputs, outputs):
    return doutputs * np.maximum(outputs, 0)


@wrong("relu_gradient", "threshold-above-zero")
def _(doutputs, outputs):
    return np.where(np.isclose(outputs, 0), 0, doutputs)


@wrong("relu_gradient", "changes-its-input")
def _(doutputs, outputs):
    doutputs[outputs <= 0] = 0
    return doutputs


@wrong("relu_gradient", "opposite-sign")
def _(doutputs, outputs):
    return -doutputs * (outputs > 0)


@wrong("relu_gradient", "wrong-shape")
def _(doutputs, outputs):
    return doutputs[outputs > 0]


# ---- backward ----------------------------------------------------------------------------------


@right("backward")
def _(weights, activations, dlogits):
    return sgd.backward(weights, activations, dlogits)


@right("backward")
def _(weights, activations, dlogits):
    kernels, gradients, delta = weights[0::2], [], dlogits
    while True:
        x = activations[len(kernels) - 1]
        gradients.insert(0, delta.sum(axis=0))
        gradients.insert(0, x.T @ delta)
        if len(kernels) == 1:
            return gradients
        delta = delta @ kernels[-1].T
        delta[x == 0] = 0
        kernels = kernels[:-1]


@right("backward")
def _(weights, activations, dlogits):
    """From below, each layer through a recursion."""

    def layer(i, weights):
        if i == len(activations):
            return [], dlogits
        above, delta = layer(i + 1, weights)
        x = activations[i]
        here = [np.einsum("ni,nu->iu", x, delta), np.einsum("nu->u", delta)]
        down = np.where(x > 0, np.einsum("nu,iu->ni", delta, weights[2 * i]), 0)
        return here + above, down

    return layer(0, weights)[0]


@right("backward")
def _(weights, activations, dlogits):
    """Row by row, then the sum over the rows."""
    gradients = [np.zeros(w.shape) for w in weights]
    for row in range(len(dlogits)):
        delta = dlogits[row]
        for i in range(len(activations) - 1, -1, -1):
            gradients[2 * i] += np.outer(activations[i][row], delta)
            gradients[2 * i + 1] += delta
            delta = (weights[2 * i] @ delta) * (activations[i][row] > 0)
    return gradients


@right("backward")
def _(weights, activations, dlogits):
    deltas = [dlogits]
    for i in range(len(activations) - 1, 0, -1):
        deltas.insert(0, np.sign(activations[i]) * np.dot(deltas[0], weights[2 * i].T))
    return [g for x, d in zip(activations, deltas) for g in (np.dot(x.T, d), d.sum(0))]


@wrong("backward", "mask-missing")
def _(weights, activations, dlogits):
    gradients, delta = [], dlogits
    for i in range(len(activations) - 1, -1, -1):
        gradients = [activations[i].T @ delta, delta.sum(0), *gradients]
        delta = delta @ weights[2 * i].T * (activations[i] >= 0) if i else None
    return gradients


@wrong("backward", "mask-missing")
def _(weights, activations, dlogits):
    gradients, delta = [], dlogits
    for x, kernel in zip(activations[::-1], weights[-2::-2]):
        gradients = [np.dot(x.T, delta), np.sum(delta, axis=0), *gradients]
        delta = np.dot(delta, kernel.T)
    return gradients


@wrong("backward", "mask-of-wrong-layer")
def _(weights, activations, dlogits):
    gradients, delta = [], dlogits
    for i in range(len(activations) - 1, -1, -1):
        gradients = [activations[i].T @ delta, delta.sum(0), *gradients]
        if i:
            delta = np.where(activations[i - 1] > 0, np.dot(delta, weights[2 * i].T), 0)
    return gradients


@wrong("backward", "mask-on-gradient")
def _(weights, activations, dlogits):
    gradients, delta = [], dlogits
    for i in range(len(activations) - 1, -1, -1):
        gradients = [activations[i].T @ delta, delta.sum(0), *gradients]
        delta = delta @ weights[2 * i].T
        delta = delta * (delta > 0)
    return gradients


@wrong("backward", "kernel-not-transposed")
def _(weights, activations, dlogits):
    gradients, delta = [], dlogits
    for i in range(len(activations) - 1, -1, -1):
        gradients = [activations[i].T @ delta, delta.sum(0), *gradients]
        if i:
            delta = np.where(activations[i] > 0, np.dot(delta, weights[2 * i]), 0)
    return gradients


@wrong("backward", "not-passed-on")
def _(weights, activations, dlogits):
    gradients = []
    for x in activations:
        gradients += [np.dot(x.T, dlogits), dlogits.sum(axis=0)]
    return gradients


@wrong("backward", "mean-for-sum")
def _(weights, activations, dlogits):
    gradients, delta = [], dlogits
    for i in range(len(activations) - 1, -1, -1):
        gradients = [activations[i].T @ delta, delta.sum(0) / len(delta), *gradients]
        if i:
            delta = np.where(activations[i] > 0, np.dot(delta, weights[2 * i].T), 0)
    return gradients


@wrong("backward", "divided-twice")
def _(weights, activations, dlogits):
    return [g / len(dlogits) for g in sgd.backward(weights, activations, dlogits)]


@wrong("backward", "divided-twice")
def _(weights, activations, dlogits):
    m, gradients, delta = len(activations[0]), [], dlogits
    for i in range(len(activations) - 1, -1, -1):
        gradients = [(1 / m) * activations[i].T @ delta, (1 / m) * np.sum(delta, 0), *gradients]
        if i:
            delta = np.where(activations[i] > 0, np.dot(delta, weights[2 * i].T), 0)
    return gradients


@wrong("backward", "last-layer-first")
def _(weights, activations, dlogits):
    gradients, delta = [], dlogits
    for i in range(len(activations) - 1, -1, -1):
        gradients.append(activations[i].T @ delta)
        gradients.append(delta.sum(axis=0))
        if i:
            delta = np.where(activations[i] > 0, np.dot(delta, weights[2 * i].T), 0)
    return gradients


@wrong("backward", "bias-before-kernel")
def _(weights, activations, dlogits):
    gradients, delta = [], dlogits
    for i in range(len(activations) - 1, -1, -1):
        gradients += [activations[i].T @ delta, delta.sum(axis=0)]
        if i:
            delta = np.where(activations[i] > 0, np.dot(delta, weights[2 * i].T), 0)
    return list(reversed(gradients))


@wrong("backward", "last-layer-only")
def _(weights, activations, dlogits):
    for i in range(len(activations) - 1, -1, -1):
        return [activations[i].T @ dlogits, dlogits.sum(axis=0)]


@wrong("backward", "returns-nothing")
def _(weights, activations, dlogits):
    sgd.backward(weights, activations, dlogits)


@wrong("backward", "changes-its-input")
def _(weights, activations, dlogits):
    gradients = sgd.backward(weights, activations, dlogits)
    for i, gradient in enumerate(gradients):
        weights[i] -= 0.1 * gradient
    return gradients


@wrong("backward", "opposite-sign")
def _(weights, activations, dlogits):
    return [-g for g in sgd.backward(weights, activations, dlogits)]


@wrong("backward", "transposed")
def _(weights, activations, dlogits):
    gradients, delta = [], dlogits
    for i in range(len(activations) - 1, -1, -1):
        gradients = [delta.T @ activations[i], delta.sum(0), *gradients]
        delta = np.where(activations[i] > 0, np.dot(delta, weights[2 * i].T), 0)
    return gradients


# ---- order_numerical_gradient ------------------------------------------------------------------

START = """
weights = [w.copy() for w in weights]
gradients = [np.zeros_like(w) for w in weights]
for w, gradient in zip(weights, gradients, strict=True):
    for index in np.ndindex(w.shape):
        middle = w[index]
"""


def order_gradient(lines, misconception=None):
    """Add an answer of which only the lines inside both loops are given."""
    inside = indent(dedent(lines).strip("\n"), 8 * " ")
    order("order_numerical_gradient", f"{START}{inside}\nreturn gradients", misconception)


order_gradient(
    """
    w[index] = middle + epsilon
    above = loss_function(weights)
    w[index] = middle - epsilon
    below = loss_function(weights)
    w[index] = middle
    gradient[index] = (above - below) / (2 * epsilon)
    """
)
order_gradient(
    """
    w[index] = middle - epsilon
    below = loss_function(weights)
    w[index] = middle + epsilon
    above = loss_function(weights)
    gradient[index] = (above - below) / (2 * epsilon)
    w[index] = middle
    """
)
order_gradient(
    """
    w[index] = w[index] - epsilon
    below = loss_function(weights)
    w[index] = middle + epsilon
    above = loss_function(weights)
    w[index] = middle
    gradient[index] = (above - below) / (2 * epsilon)
    """
)
order_gradient(
    """
    w[index] = middle + epsilon
    above = loss_function(weights)
    w[index] = w[index] - epsilon
    below = loss_function(weights)
    gradient[index] = (above - below) / epsilon
    """,
    "forward-difference",
)
order_gradient(
    """
    below = loss_function(weights)
    w[index] = middle + epsilon
    above = loss_function(weights)
    w[index] = middle
    gradient[index] = (above - below) / epsilon
    """,
    "forward-difference",
)
order_gradient(
    """
    w[index] = middle + epsilon
    above = loss_function(weights)
    w[index] = middle - epsilon
    below = loss_function(weights)
    w[index] = middle
    gradient[index] = (above - below) / epsilon
    """,
    "half-the-distance",
)
order_gradient(
    """
    w[index] = middle + epsilon
    above = loss_function(weights)
    w[index] = w[index] - epsilon
    below = loss_function(weights)
    w[index] = middle
    gradient[index] = (above - below) / (2 * epsilon)
    """,
    "back-to-the-middle",
)
order_gradient(
    """
    w[index] = middle + epsilon
    above = loss_function(weights)
    w[index] = middle
    below = loss_function(weights)
    gradient[index] = (above - below) / (2 * epsilon)
    """,
    "back-to-the-middle",
)
order_gradient(
    """
    w[index] = middle + epsilon
    above = loss_function(weights)
    w[index] = middle - epsilon
    below = loss_function(weights)
    gradient[index] = (above - below) / (2 * epsilon)
    """,
    "weight-not-restored",
)
order_gradient(
    """
    w[index] = middle - epsilon
    above = loss_function(weights)
    w[index] = middle + epsilon
    below = loss_function(weights)
    w[index] = middle
    gradient[index] = (above - below) / (2 * epsilon)
    """,
    "opposite-sign",
)
order(
    "order_numerical_gradient",
    """
    gradients = [np.zeros_like(w) for w in weights]
    for w, gradient in zip(weights, gradients, strict=True):
        for index in np.ndindex(w.shape):
            middle = w[index]
            w[index] = middle + epsilon
            above = loss_function(weights)
            w[index] = w[index] - epsilon
            below = loss_function(weights)
            gradient[index] = (above - below) / epsilon
    """,
    "returns-nothing",
)

# ---- batch_gradient ----------------------------------------------------------------------------


@right("batch_gradient")
def _(weights, x, y_true):
    logits, activations = sgd.forward(weights, x)
    loss = sgd.sparse_categorical_crossentropy(y_true, logits).mean()
    dlogits = sgd.softmax(logits)
    dlogits[np.arange(len(x)), y_true] -= 1
    return loss, sgd.backward(weights, activations, dlogits / len(x))


@right("batch_gradient")
def _(weights, x, y_true):
    logits, activations = sgd.forward(weights, x)
    loss = sgd.sparse_categorical_crossentropy(y_true, logits).sum() / len(x)
    dlogits = sgd.softmax(logits) - np.eye(logits.shape[1])[y_true]
    gradients = sgd.backward(weights, activations, dlogits)
    return [loss, [gradient / len(x) for gradient in gradients]]


@right("batch_gradient")
def _(weights, x, y_true):
    """The mean of the gradients of the rows."""
    losses, gradients = [], []
    for row in range(len(x)):
        rows = slice(row, row + 1)
        logits, activations = sgd.forward(weights, x[rows])
        losses.append(sgd.sparse_categorical_crossentropy(y_true[rows], logits)[0])
        dlogits = sgd.loss_gradient(y_true[rows], logits)
        gradients.append(sgd.backward(weights, activations, dlogits))
    return float(np.mean(losses)), [np.mean(g, axis=0) for g in zip(*gradients)]


@wrong("batch_gradient", "loss-made-a-sum")
def _(weights, x, y_true):
    logits, activations = sgd.forward(weights, x)
    loss = sgd.sparse_categorical_crossentropy(y_true, logits).sum()
    dlogits = sgd.softmax(logits)
    dlogits[np.arange(len(x)), y_true] -= 1
    return loss, sgd.backward(weights, activations, dlogits)


@wrong("batch_gradient", "loss-divided")
def _(weights, x, y_true):
    logits, activations = sgd.forward(weights, x)
    loss = sgd.sparse_categorical_crossentropy(y_true, logits).mean() / len(x)
    dlogits = sgd.softmax(logits)
    dlogits[np.arange(len(x)), y_true] -= 1
    return loss, sgd.backward(weights, activations, dlogits)


@wrong("batch_gradient", "divided-by-all-elements")
def _(weights, x, y_true):
    logits, activations = sgd.forward(weights, x)
    loss = sgd.sparse_categorical_crossentropy(y_true, logits).mean()
    dlogits = sgd.softmax(logits)
    dlogits[np.arange(len(x)), y_true] -= 1
    return loss, sgd.backward(weights, activations, dlogits / dlogits.size)


@wrong("batch_gradient", "fixed-batch-size")
def _(weights, x, y_true, batch_size=32):
    logits, activations = sgd.forward(weights, x)
    loss = sgd.sparse_categorical_crossentropy(y_true, logits).mean()
    dlogits = sgd.softmax(logits)
    dlogits[np.arange(len(x)), y_true] -= 1
    return loss, sgd.backward(weights, activations, dlogits / batch_size)


@wrong("batch_gradient", "divided-twice")
def _(weights, x, y_true):
    logits, activations = sgd.forward(weights, x)
    loss = sgd.sparse_categorical_crossentropy(y_true, logits).mean()
    dlogits = sgd.loss_gradient(y_true, logits)
    return loss, [g / len(x) for g in sgd.backward(weights, activations, dlogits)]


@wrong("batch_gradient", "biases-not-divided")
def _(weights, x, y_true):
    logits, activations = sgd.forward(weights, x)
    loss = sgd.sparse_categorical_crossentropy(y_true, logits).mean()
    dlogits = sgd.softmax(logits)
    dlogits[np.arange(len(x)), y_true] -= 1
    gradients = sgd.backward(weights, activations, dlogits)
    gradients[::2] = [dkernel / len(x) for dkernel in gradients[::2]]
    return loss, gradients


@wrong("batch_gradient", "last-layer-only")
def _(weights, x, y_true):
    logits, activations = sgd.forward(weights, x)
    loss = sgd.sparse_categorical_crossentropy(y_true, logits).mean()
    dlogits = sgd.softmax(logits)
    dlogits[np.arange(len(x)), y_true] -= 1
    gradients = sgd.backward(weights, activations, dlogits)
    gradients[-1] = gradients[-1] / len(x)
    gradients[-2] = gradients[-2] / len(x)
    return loss, gradients


@wrong("batch_gradient", "opposite-sign")
def _(weights, x, y_true):
    logits, activations = sgd.forward(weights, x)
    loss = sgd.sparse_categorical_crossentropy(y_true, logits).mean()
    return loss, sgd.backward(weights, activations, -sgd.loss_gradient(y_true, logits))


@wrong("batch_gradient", "wrong-length")
def _(weights, x, y_true):
    logits, activations = sgd.forward(weights, x)
    loss = sgd.sparse_categorical_crossentropy(y_true, logits).mean()
    return loss, *sgd.backward(weights, activations, sgd.loss_gradient(y_true, logits))


@wrong("batch_gradient", "raises-an-error")
def _(weights, x, y_true):
    logits = sgd.forward(weights, x)
    return sgd.softmax(logits)


# ---- dropout_gradient --------------------------------------------------------------------------


@right("dropout_gradient")
def _(doutputs, keep, rate):
    return np.where(keep, doutputs / (1 - rate), 0)


@right("dropout_gradient")
def _(doutputs, keep, rate):
    result = np.zeros_like(doutputs)
    result[keep] = doutputs[keep] / (1 - rate)
    return result


@right("dropout_gradient")
def _(doutputs, keep, rate):
    scale = 1 / (1 - rate)
    return [[scale * d if kept else 0.0 for d, kept in zip(*rows)] for rows in zip(doutputs, keep)]


@right("dropout_gradient")
def _(doutputs, keep, rate):
    slope = keep.astype(doutputs.dtype) / (1.0 - rate)
    return np.einsum("ij,ij->ij", doutputs, slope)


@wrong("dropout_gradient", "multiplies-for-divides")
def _(doutputs, keep, rate):
    return np.where(keep, (1 - rate) * doutputs, 0)


@wrong("dropout_gradient", "multiplies-for-divides")
def _(doutputs, keep, rate):
    return doutputs * keep - rate * doutputs * keep


@wrong("dropout_gradient", "rate-for-kept-share")
def _(doutputs, keep, rate):
    return np.where(keep, doutputs / rate, 0)


@wrong("dropout_gradient", "mask-missing")
def _(doutputs, keep, rate):
    scale = 1 / (1 - rate)
    return doutputs * scale


@wrong("dropout_gradient", "mask-turned-around")
def _(doutputs, keep, rate):
    return np.where(keep, 0, doutputs) / (1 - rate)


@wrong("dropout_gradient", "counts-the-kept")
def _(doutputs, keep, rate):
    return doutputs * keep * keep.size / np.count_nonzero(keep)


@wrong("dropout_gradient", "divided-twice")
def _(doutputs, keep, rate):
    scaled = doutputs / (1 - rate)
    return scaled * keep / (1 - rate)


@wrong("dropout_gradient", "changes-its-input")
def _(doutputs, keep, rate):
    doutputs *= keep / (1 - rate)
    return doutputs


@wrong("dropout_gradient", "returns-nothing")
def _(doutputs, keep, rate):
    np.where(keep, doutputs / (1 - rate), 0)


@wrong("dropout_gradient", "rate-taken-for-one-half")
def _(doutputs, keep, rate):
    return 2 * doutputs * keep
