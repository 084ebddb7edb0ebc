"""Answers to the exercises of notebook 02."""

import math

import numpy as np

import sgdcourse as sgd
from tests.answers import order, right, wrong

# ---- dense -------------------------------------------------------------------------------------


@right("dense")
def _(x, kernel, bias):
    outputs = np.zeros((len(x), kernel.shape[1]))
    for row in range(len(x)):
        for unit in range(kernel.shape[1]):
            total = bias[unit]
            for i in range(kernel.shape[0]):
                total += x[row, i] * kernel[i, unit]
            outputs[row, unit] = total
    return outputs


@right("dense")
def _(x, kernel, bias):
    return np.einsum("ni,iu->nu", x, kernel) + bias[None, :]


@right("dense")
def _(x, kernel, bias):
    return [[sum(row * column) + b for column, b in zip(kernel.T, bias)] for row in x]


@right("dense")
def _(x, W, b):
    return np.dot(W.T, x.T).T + b


@right("dense")
def _(x, kernel, bias):
    """The bias as one more row of the kernel."""
    with_one = np.column_stack([x, np.ones(len(x), x.dtype)])
    return with_one @ np.vstack([kernel, bias])


@right("dense")
def _(x, kernel, bias):
    return (x[:, :, None] * kernel).sum(axis=1) + np.tile(bias, (len(x), 1))


@wrong("dense", "bias-missing")
def _(x, kernel, bias):
    return np.dot(x, kernel)


@wrong("dense", "bias-missing")
def _(x, kernel, bias):
    outputs = x @ kernel
    outputs + bias
    return outputs


@wrong("dense", "bias-per-row")
def _(x, kernel, bias):
    return np.dot(x, kernel) + bias.reshape(-1, 1)


@wrong("dense", "bias-per-row")
def _(x, kernel, bias):
    return np.array([row @ kernel + b for row, b in zip(x, bias)])


@wrong("dense", "bias-summed")
def _(x, kernel, bias):
    return np.matmul(x, kernel) + sum(bias)


@wrong("dense", "bias-on-inputs")
def _(x, kernel, bias):
    return x @ kernel + bias @ kernel


@wrong("dense", "bias-subtracted")
def _(x, kernel, bias):
    return np.array([row @ kernel - bias for row in x])


@wrong("dense", "kernel-transposed")
def _(x, kernel, bias):
    outputs = np.empty((len(x), len(bias)))
    for n, row in enumerate(x):
        for unit in range(len(bias)):
            outputs[n, unit] = np.dot(row, kernel[unit]) + bias[unit]
    return outputs


@wrong("dense", "kernel-transposed")
def _(x, kernel, bias):
    return [kernel @ row + bias for row in x]


@wrong("dense", "product-turned-around")
def _(x, kernel, bias):
    return np.dot(kernel, x) + bias


@wrong("dense", "elementwise-product")
def _(x, kernel, bias):
    return np.multiply(x, kernel) + bias


@wrong("dense", "relu-inside")
def _(x, kernel, bias):
    outputs = x @ kernel + bias
    outputs[outputs < 0] = 0
    return outputs


@wrong("dense", "relu-inside")
def _(x, kernel, bias):
    return sgd.relu(sgd.dense(x, kernel, bias))


@wrong("dense", "returns-nothing")
def _(x, kernel, bias):
    outputs = x @ kernel
    outputs += bias


@wrong("dense", "prints-instead-of-returning")
def _(x, kernel, bias):
    print(x @ kernel + bias)


@wrong("dense", "transposed")
def _(x, kernel, bias):
    return (x @ kernel + bias).T


@wrong("dense", "wrong-dtype")
def _(x, kernel, bias):
    return (x @ kernel + bias).astype("float32")


@wrong("dense", "raises-an-error")
def _(x, kernel, bias):
    return x @ weights + bias  # noqa: F821


@wrong("dense", "opposite-sign")
def _(x, kernel, bias):
    return -(x @ kernel + bias)


@wrong("dense", "changes-its-input")
def _(x, kernel, bias):
    outputs = x @ kernel + bias
    x[:] = 0
    return outputs


# ---- relu --------------------------------------------------------------------------------------


@right("relu")
def _(x):
    return x * (x > 0)


@right("relu")
def _(x):
    return np.where(x < 0, 0, x)


@right("relu")
def _(x):
    result = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        if x[index] > 0:
            result[index] = x[index]
    return result


@right("relu")
def _(x):
    result = x.copy()
    result[result < 0] = 0.0
    return result


@right("relu")
def _(x):
    return (x + np.abs(x)) / 2


@right("relu")
def _(x):
    return np.clip(x, 0, None)


@right("relu")
def _(x):
    return [[max(v, 0) for v in row] for row in x] if x.ndim == 2 else [max(v, 0) for v in x]


@wrong("relu", "absolute-value")
def _(x):
    return np.where(x < 0, -x, x)


@wrong("relu", "absolute-value")
def _(x):
    return np.sqrt(x**2)


@wrong("relu", "step-function")
def _(x):
    return x > 0


@wrong("relu", "step-function")
def _(x):
    return np.where(x > 0, 1, 0)


@wrong("relu", "minimum-for-maximum")
def _(x):
    return x * (x < 0)


@wrong("relu", "minimum-for-maximum")
def _(x):
    return np.where(x > 0, 0, x)


@wrong("relu", "maximum-along-axis")
def _(x):
    return np.max(x, 0)


@wrong("relu", "maximum-along-axis")
def _(x):
    return x.max(0)


@wrong("relu", "negatives-removed")
def _(x):
    return np.array([value for value in x.ravel() if value > 0])


@wrong("relu", "negatives-removed")
def _(x):
    return x[np.where(x > 0)]


@wrong("relu", "clips-at-one")
def _(x):
    return np.minimum(np.maximum(x, 0), 1)


@wrong("relu", "clips-at-one")
def _(x):
    return np.maximum(0, np.where(x > 1, 1, x))


@wrong("relu", "leaky")
def _(x):
    return np.maximum(x, 0.01 * x)


@wrong("relu", "changes-its-input")
def _(x):
    x[x < 0] = 0
    return x


@wrong("relu", "returns-nothing")
def _(x):
    result = x.copy()
    result[result < 0] = 0


@wrong("relu", "if-on-an-array")
def _(x):
    return max(0, x)


@wrong("relu", "opposite-sign")
def _(x):
    return np.minimum(-x, 0)


@wrong("relu", "wrong-shape")
def _(x):
    return np.maximum(x, 0).ravel()


@wrong("relu", "wrong-dtype")
def _(x):
    return np.maximum(x, 0).astype(np.float32)


# ---- softmax -----------------------------------------------------------------------------------


@right("softmax")
def _(logits):
    result = np.zeros(logits.shape)
    for i, row in enumerate(logits):
        largest = max(row)
        powers = [math.exp(z - largest) for z in row]
        for k, power in enumerate(powers):
            result[i, k] = power / sum(powers)
    return result


@right("softmax")
def _(logits):
    shifted = logits - logits.max(axis=1)[:, None]
    log_sum = np.log(np.exp(shifted).sum(axis=1))[:, None]
    return np.exp(shifted - log_sum)


@right("softmax")
def _(logits):
    columns = logits.T
    powers = np.exp(columns - columns.max(axis=0))
    return (powers / powers.sum(axis=0)).T


@right("softmax")
def _(z):
    """Each probability is 1 / (sum of exp of differences)."""
    with np.errstate(over="ignore"):
        return 1 / np.exp(z[:, None, :] - z[:, :, None]).sum(axis=2)


@right("softmax")
def _(logits):
    rows = [np.exp(row - row.max()) for row in logits]
    return [list(row / row.sum()) for row in rows]


@right("softmax")
def _(logits):
    powers = np.exp(np.apply_along_axis(lambda row: row - np.max(row), 1, logits))
    return np.einsum("ik,i->ik", powers, 1 / np.einsum("ik->i", powers))


@wrong("softmax", "overflows")
def _(logits):
    e = np.e**logits
    return e / e.sum(axis=-1)[:, None]


@wrong("softmax", "overflows")
def _(logits):
    return np.array([np.exp(row) / sum(np.exp(row)) for row in logits])


@wrong("softmax", "maximum-of-all-rows")
def _(logits):
    powers = np.exp(logits - np.max(logits))
    return np.array([row / row.sum() for row in powers])


@wrong("softmax", "wrong-axis")
def _(logits):
    return np.exp(logits) / np.exp(logits).sum(axis=0, keepdims=True)


@wrong("softmax", "wrong-axis")
def _(logits):
    result = np.zeros_like(logits)
    for k in range(logits.shape[1]):
        powers = np.exp(logits[:, k] - logits[:, k].max())
        result[:, k] = powers / powers.sum()
    return result


@wrong("softmax", "one-sum-for-all-rows")
def _(logits):
    return np.exp(logits) / np.sum(np.exp(logits))


@wrong("softmax", "one-sum-for-all-rows")
def _(logits):
    total = sum(np.exp(z) for row in logits for z in row)
    return [[np.exp(z) / total for z in row] for row in logits]


@wrong("softmax", "keepdims-missing")
def _(logits):
    return np.exp(logits) / np.exp(logits).sum(axis=1)


@wrong("softmax", "keepdims-missing")
def _(logits):
    shifted = logits - logits.max(axis=1, keepdims=True)
    return np.exp(shifted) / np.sum(np.exp(shifted), axis=1)


@wrong("softmax", "keepdims-missing")
def _(logits):
    e = np.exp(logits - np.max(logits, axis=1))
    return e / np.sum(e, axis=-1)


@wrong("softmax", "log-of-softmax")
def _(logits):
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


@wrong("softmax", "no-exponential")
def _(logits):
    return np.array([row / sum(row) for row in logits])


@wrong("softmax", "no-division")
def _(logits):
    return [np.exp(row - row.max()) for row in logits]


@wrong("softmax", "sigmoid-for-softmax")
def _(logits):
    return np.exp(logits) / (1 + np.exp(logits))


@wrong("softmax", "sigmoid-for-softmax")
def _(logits):
    return 0.5 * (1 + np.tanh(logits / 2))


@wrong("softmax", "returns-nothing")
def _(logits):
    np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


@wrong("softmax", "changes-its-input")
def _(logits):
    logits -= logits.max(axis=1, keepdims=True)
    np.exp(logits, out=logits)
    logits /= logits.sum(axis=1, keepdims=True)
    return logits


@wrong("softmax", "transposed")
def _(logits):
    powers = np.exp(logits.T - logits.max(axis=1))
    return powers / powers.sum(axis=0)


@wrong("softmax", "constant-factor")
def _(logits):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return 100 * powers / powers.sum(axis=1, keepdims=True)


# ---- sparse_categorical_crossentropy -----------------------------------------------------------


@right("sparse_categorical_crossentropy")
def _(y_true, logits):
    losses = []
    for y, row in zip(y_true, logits):
        largest = max(row)
        losses.append(largest + math.log(sum(math.exp(z - largest) for z in row)) - row[y])
    return losses


@right("sparse_categorical_crossentropy")
def _(y_true, logits):
    return (
        np.logaddexp.reduce(logits, axis=1) - np.take_along_axis(logits, y_true[:, None], 1)[:, 0]
    )


@right("sparse_categorical_crossentropy")
def _(y_true, logits):
    one_hot = np.eye(logits.shape[1])[y_true]
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -(one_hot * log_probabilities).sum(axis=1)


@right("sparse_categorical_crossentropy")
def _(y_true, logits):
    """From differences to the true class."""
    true = logits[range(len(y_true)), y_true]
    differences = logits - true[:, None]
    top = differences.max(axis=1)
    return top + np.log(np.exp(differences - top[:, None]).sum(axis=1))


@right("sparse_categorical_crossentropy")
def _(y_true, logits):
    m = np.max(logits, axis=1)
    total = np.einsum("ik->i", np.exp(logits - m.reshape(-1, 1)))
    return np.log(total) + m - np.array([row[label] for row, label in zip(logits, y_true)])


@wrong("sparse_categorical_crossentropy", "log-of-underflow")
def _(y_true, logits):
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return -np.log(p[np.arange(len(p)), y_true])


@wrong("sparse_categorical_crossentropy", "log-of-underflow")
def _(y_true, logits):
    p = sgd.softmax(logits)
    return np.array([-np.log(row[label]) for row, label in zip(p, y_true)])


@wrong("sparse_categorical_crossentropy", "clips-probabilities")
def _(y_true, logits):
    p = sgd.softmax(logits)[np.arange(len(logits)), y_true]
    return -np.log(p + 1e-12)


@wrong("sparse_categorical_crossentropy", "clips-probabilities")
def _(y_true, logits):
    p = np.clip(sgd.softmax(logits), 1e-7, 1 - 1e-7)
    return [-math.log(row[label]) for row, label in zip(p, y_true)]


@wrong("sparse_categorical_crossentropy", "clips-probabilities")
def _(y_true, logits):
    return -np.log(sgd.softmax(logits)[np.arange(len(logits)), y_true] + 1e-7)


@wrong("sparse_categorical_crossentropy", "overflows")
def _(y_true, logits):
    sums = np.array([np.exp(row).sum() for row in logits])
    true = np.array([row[label] for row, label in zip(logits, y_true)])
    return np.log(sums) - true


@wrong("sparse_categorical_crossentropy", "probabilities-for-logits")
def _(y_true, logits):
    one_hot = np.eye(logits.shape[1])[y_true]
    return -np.log((one_hot * logits).sum(axis=1))


@wrong("sparse_categorical_crossentropy", "softmax-twice")
def _(y_true, logits):
    p = sgd.softmax(sgd.softmax(logits))
    return -np.log(p[np.arange(len(y_true)), y_true])


@wrong("sparse_categorical_crossentropy", "labels-as-one-hot")
def _(y_true, logits):
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -np.sum(log_p * y_true, axis=1)


@wrong("sparse_categorical_crossentropy", "labels-as-one-hot")
def _(y_true, logits):
    return -np.log(sgd.softmax(logits)) @ y_true


@wrong("sparse_categorical_crossentropy", "every-row-with-every-label")
def _(y_true, logits):
    return -np.log(sgd.softmax(logits)[:, y_true])


@wrong("sparse_categorical_crossentropy", "every-row-with-every-label")
def _(y_true, logits):
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return [[-row[label] for label in y_true] for row in log_p]


@wrong("sparse_categorical_crossentropy", "sum-over-all-classes")
def _(y_true, logits):
    return -np.log(sgd.softmax(logits)).sum(axis=1)


@wrong("sparse_categorical_crossentropy", "label-ignored")
def _(y_true, logits):
    return -np.log(sgd.softmax(logits).max(axis=1))


@wrong("sparse_categorical_crossentropy", "label-ignored")
def _(y_true, logits):
    p = sgd.softmax(logits)
    return -np.log(p[np.arange(len(p)), p.argmax(axis=1)])


@wrong("sparse_categorical_crossentropy", "mean-too-early")
def _(y_true, logits):
    p = sgd.softmax(logits)[np.arange(len(y_true)), y_true]
    return -np.sum(np.log(p)) / len(p)


@wrong("sparse_categorical_crossentropy", "mean-too-early")
def _(y_true, logits):
    total = 0
    for label, row in zip(y_true, logits):
        total += np.logaddexp.reduce(row) - row[label]
    return total / len(y_true)


@wrong("sparse_categorical_crossentropy", "opposite-sign")
def _(y_true, logits):
    return logits[np.arange(len(y_true)), y_true] - np.logaddexp.reduce(logits, axis=1)


@wrong("sparse_categorical_crossentropy", "opposite-sign")
def _(y_true, logits):
    return np.log(sgd.softmax(logits)[np.arange(len(y_true)), y_true])


@wrong("sparse_categorical_crossentropy", "log-base-two")
def _(y_true, logits):
    return -np.log2(sgd.softmax(logits)[np.arange(len(y_true)), y_true])


@wrong("sparse_categorical_crossentropy", "log-base-ten")
def _(y_true, logits):
    return [-math.log10(row[label]) for row, label in zip(sgd.softmax(logits), y_true)]


@wrong("sparse_categorical_crossentropy", "returns-nothing")
def _(y_true, logits):
    for i, y in enumerate(y_true):
        np.logaddexp.reduce(logits[i]) - logits[i, y]


@wrong("sparse_categorical_crossentropy", "wrong-shape")
def _(y_true, logits):
    return (np.logaddexp.reduce(logits, axis=1) - logits[np.arange(len(y_true)), y_true]).reshape(
        -1, 1
    )


@wrong("sparse_categorical_crossentropy", "changes-its-input")
def _(y_true, logits):
    logits -= logits.max(axis=1, keepdims=True)
    log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return -log_p[np.arange(len(y_true)), y_true]


# ---- accuracy ----------------------------------------------------------------------------------


@right("accuracy")
def _(y_true, logits):
    correct = 0
    for label, row in zip(y_true, logits):
        best = 0
        for k in range(len(row)):
            if row[k] > row[best]:
                best = k
        correct += best == label
    return correct / len(y_true)


@right("accuracy")
def _(y_true, logits):
    return np.sum(np.argmax(logits, axis=1) == y_true) / len(y_true)


@right("accuracy")
def _(y_true, logits):
    return 1 - np.count_nonzero(sgd.softmax(logits).argmax(1) - y_true) / y_true.size


@right("accuracy")
def _(y_true, logits):
    hits = [list(row).index(max(row)) == y for row, y in zip(logits, y_true)]
    return sum(hits) / len(hits)


@right("accuracy")
def _(y_true, logits):
    one_hot = np.eye(logits.shape[1])
    return np.einsum("nk,nk->", one_hot[y_true], one_hot[logits.argmax(axis=-1)]) / len(logits)


@right("accuracy")
def _(y_true, logits):
    return np.float32((logits.argmax(axis=1) == y_true).mean())


@wrong("accuracy", "count-for-share")
def _(y_true, logits):
    return (np.argmax(logits, axis=1) == y_true).sum()


@wrong("accuracy", "count-for-share")
def _(y_true, logits):
    correct = 0
    for label, row in zip(y_true, logits):
        if np.argmax(row) == label:
            correct += 1
    return correct


@wrong("accuracy", "percent")
def _(y_true, logits):
    return np.mean(logits.argmax(axis=1) == y_true) * 100


@wrong("accuracy", "error-rate")
def _(y_true, logits):
    return np.mean(logits.argmax(axis=1) != y_true)


@wrong("accuracy", "wrong-axis")
def _(y_true, logits):
    return np.mean(np.argmax(logits, 0) == y_true)


@wrong("accuracy", "wrong-axis")
def _(y_true, logits):
    correct = 0
    for i in range(len(y_true)):
        correct += np.argmax(logits[:, i]) == y_true[i]
    return correct / len(y_true)


@wrong("accuracy", "value-for-place")
def _(y_true, logits):
    return sum(max(row) == label for row, label in zip(logits, y_true)) / len(y_true)


@wrong("accuracy", "smallest-for-largest")
def _(y_true, logits):
    return np.mean((-logits).argmax(axis=1) == y_true)


@wrong("accuracy", "smallest-for-largest")
def _(y_true, logits):
    return sum(list(r).index(min(r)) == y for r, y in zip(logits, y_true)) / len(logits)


@wrong("accuracy", "one-per-row")
def _(y_true, logits):
    return [np.argmax(row) == label for row, label in zip(logits, y_true)]


@wrong("accuracy", "one-per-row")
def _(y_true, logits):
    return np.where(np.argmax(logits, axis=1) == y_true, 1.0, 0.0)


@wrong("accuracy", "above-one-half")
def _(y_true, logits):
    p = np.array([np.exp(z) / np.exp(z).sum() for z in logits])
    return sum(row[label] > 0.5 for row, label in zip(p, y_true)) / len(p)


@wrong("accuracy", "above-one-half")
def _(y_true, logits):
    return np.mean(sgd.sparse_categorical_crossentropy(y_true, logits) < np.log(2))


@wrong("accuracy", "counts-the-zeros")
def _(y_true, logits):
    predicted, true = np.zeros(logits.shape), np.zeros(logits.shape)
    for i in range(len(y_true)):
        predicted[i, logits[i].argmax()] = 1
        true[i, y_true[i]] = 1
    return (predicted == true).sum() / true.size


@wrong("accuracy", "ties-count-as-right")
def _(y_true, logits):
    return np.mean([row[label] >= row.max() for row, label in zip(logits, y_true)])


@wrong("accuracy", "returns-nothing")
def _(y_true, logits):
    np.mean(logits.argmax(axis=1) == y_true)


@wrong("accuracy", "prints-instead-of-returning")
def _(y_true, logits):
    print("accuracy:", np.mean(logits.argmax(axis=1) == y_true))


@wrong("accuracy", "wrong-type")
def _(y_true, logits):
    return f"{np.mean(logits.argmax(axis=1) == y_true):.0%}"


# ---- order_forward -----------------------------------------------------------------------------

order(
    "order_forward",
    """
    h, activations = x, [x]
    for kernel, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        z = sgd.dense(h, kernel, bias)
        h = sgd.relu(z)
        activations.append(h)
    logits = sgd.dense(h, weights[-2], weights[-1])
    return logits, activations
    """,
)
order(
    "order_forward",
    """
    h, activations = x, [x]
    for kernel, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        z = sgd.dense(h, kernel, bias)
        h = sgd.relu(z)
        activations.append(h)
    logits = sgd.relu(sgd.dense(h, weights[-2], weights[-1]))
    logits = sgd.dense(h, weights[-2], weights[-1])
    return logits, activations
    """,
)
order(
    "order_forward",
    """
    h, activations = x, []
    h, activations = x, [x]
    for kernel, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        z = sgd.dense(h, kernel, bias)
        h = sgd.relu(z)
        activations.append(h)
    logits = sgd.dense(h, weights[-2], weights[-1])
    return logits, activations
    """,
)
order(
    "order_forward",
    """
    h, activations = x, [x]
    for kernel, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        z = sgd.dense(h, kernel, bias)
        h = sgd.relu(z)
        activations.append(h)
    logits = sgd.relu(sgd.dense(h, weights[-2], weights[-1]))
    return logits, activations
    """,
    "relu-on-last-layer",
)
order(
    "order_forward",
    """
    h, activations = x, [x]
    for kernel, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        z = sgd.dense(h, kernel, bias)
        h = sgd.relu(z)
        activations.append(h)
    logits = sgd.dense(h, weights[-2], weights[-1])
    logits = sgd.relu(sgd.dense(h, weights[-2], weights[-1]))
    return logits, activations
    """,
    "relu-on-last-layer",
)
order(
    "order_forward",
    """
    h, activations = x, []
    for kernel, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        z = sgd.dense(h, kernel, bias)
        h = sgd.relu(z)
        activations.append(h)
    logits = sgd.dense(h, weights[-2], weights[-1])
    return logits, activations
    """,
    "input-not-collected",
)
order(
    "order_forward",
    """
    h, activations = x, [x]
    for kernel, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        z = sgd.dense(h, kernel, bias)
        h = sgd.relu(z)
    logits = sgd.dense(h, weights[-2], weights[-1])
    return logits, activations
    """,
    "only-input-collected",
)
order(
    "order_forward",
    """
    h, activations = x, [x]
    for kernel, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        z = sgd.dense(h, kernel, bias)
        h = sgd.relu(z)
        activations.append(z)
    logits = sgd.dense(h, weights[-2], weights[-1])
    return logits, activations
    """,
    "collected-before-relu",
)
order(
    "order_forward",
    """
    h, activations = x, [x]
    for kernel, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        z = sgd.dense(h, kernel, bias)
        activations.append(z)
        h = sgd.relu(z)
    logits = sgd.dense(h, weights[-2], weights[-1])
    return logits, activations
    """,
    "collected-before-relu",
)
order(
    "order_forward",
    """
    h, activations = x, [x]
    for kernel, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        z = sgd.dense(h, kernel, bias)
        activations.append(h)
        h = sgd.relu(z)
    logits = sgd.dense(h, weights[-2], weights[-1])
    return logits, activations
    """,
    "collected-too-early",
)
order(
    "order_forward",
    """
    h, activations = x, [x]
    for kernel, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        activations.append(h)
        z = sgd.dense(h, kernel, bias)
        h = sgd.relu(z)
    logits = sgd.dense(h, weights[-2], weights[-1])
    return logits, activations
    """,
    "collected-too-early",
)
order(
    "order_forward",
    """
    h, activations = x, [x]
    for kernel, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        z = sgd.dense(h, kernel, bias)
        h = sgd.relu(z)
        activations.append(h)
    logits = sgd.dense(h, weights[-2], weights[-1])
    """,
    "returns-nothing",
)
order(
    "order_forward",
    """
    h, activations = x, [x]
    return logits, activations
    for kernel, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        z = sgd.dense(h, kernel, bias)
        h = sgd.relu(z)
        activations.append(h)
    logits = sgd.dense(h, weights[-2], weights[-1])
    """,
    "raises-an-error",
)
