"""Answers to the exercises of notebook 06."""

import numpy as np

import sgdcourse as sgd
from tests.answers import right, wrong

# ---- largest_difference ------------------------------------------------------------------------


@right("largest_difference")
def _(weights, others):
    largest = 0.0
    for w, other in zip(weights, others, strict=True):
        for a, b in zip(w.ravel(), other.ravel(), strict=True):
            if abs(a - b) > largest:
                largest = abs(a - b)
    return largest


@right("largest_difference")
def _(weights, others):
    ours = np.concatenate([w.ravel() for w in weights])
    theirs = np.concatenate([w.ravel() for w in others])
    return np.abs(ours - theirs).max()


@right("largest_difference")
def _(weights, others):
    highest = max(np.max(a - b) for a, b in zip(weights, others, strict=True))
    lowest = min(np.min(a - b) for a, b in zip(weights, others, strict=True))
    return max(highest, -lowest)


@right("largest_difference")
def _(weights, others):
    norms = [np.linalg.norm((a - b).ravel(), np.inf) for a, b in zip(weights, others, strict=True)]
    return float(max(norms))


@right("largest_difference")
def _(weights, others):
    return np.sqrt(max(((a - b) ** 2).max() for a, b in zip(weights, others, strict=True)))


@wrong("largest_difference", "no-absolute-value")
def _(weights, others):
    largest = -np.inf
    for w, other in zip(weights, others, strict=True):
        largest = max(largest, np.max(np.subtract(w, other)))
    return largest


@wrong("largest_difference", "absolute-value-too-late")
def _(weights, others):
    return np.abs(np.max([np.max(a - b) for a, b in zip(weights, others, strict=True)]))


@wrong("largest_difference", "mean-for-maximum")
def _(weights, others):
    total = count = 0
    for a, b in zip(weights, others, strict=True):
        total += np.abs(a - b).sum()
        count += a.size
    return total / count


@wrong("largest_difference", "sum-for-maximum")
def _(weights, others):
    return sum(np.abs(a - b).sum() for a, b in zip(weights, others, strict=True))


@wrong("largest_difference", "first-array-only")
def _(weights, others):
    for w, other in zip(weights, others, strict=True):
        return np.max(np.abs(w - other))


@wrong("largest_difference", "last-array-only")
def _(weights, others):
    for w, other in zip(weights, others, strict=True):
        largest = np.max(np.abs(w - other))
    return largest


@wrong("largest_difference", "relative-difference")
def _(weights, others):
    largest = 0.0
    for w, other in zip(weights, others, strict=True):
        largest = max(largest, (np.abs(w - other) / np.abs(other)).max())
    return largest


@wrong("largest_difference", "difference-of-maxima")
def _(weights, others):
    return np.abs(max(np.max(w) for w in weights) - max(np.max(w) for w in others))


@wrong("largest_difference", "one-number-per-array")
def _(weights, others):
    largest = []
    for w, other in zip(weights, others, strict=True):
        largest.append(float(np.abs(w - other).max()))
    return largest


@wrong("largest_difference", "one-number-per-array")
def _(weights, others):
    return np.array([np.abs(a - b).max() for a, b in zip(weights, others, strict=True)])


@wrong("largest_difference", "returns-nothing")
def _(weights, others):
    max(np.abs(a - b).max() for a, b in zip(weights, others, strict=True))


@wrong("largest_difference", "prints-instead-of-returning")
def _(weights, others):
    print(max(np.abs(a - b).max() for a, b in zip(weights, others, strict=True)))


@wrong("largest_difference", "raises-an-error")
def _(weights, others):
    return np.abs(weights - others).max()


@wrong("largest_difference", "changes-its-input")
def _(weights, others):
    for w, other in zip(weights, others, strict=True):
        w -= other
    return max(np.abs(w).max() for w in weights)


@wrong("largest_difference", "opposite-sign")
def _(weights, others):
    return min(-np.abs(a - b).max() for a, b in zip(weights, others, strict=True))


# ---- reported_loss -----------------------------------------------------------------------------


@right("reported_loss")
def _(weights, optimizer, x, y_true):
    weights, loss, _ = sgd.train_step(weights, optimizer, x, y_true)
    return weights, loss


@right("reported_loss")
def _(weights, optimizer, x, y_true):
    probabilities = sgd.predict(weights, x)
    loss = -np.mean([np.log(p[k]) for p, k in zip(probabilities, y_true, strict=True)])
    logits, activations = sgd.forward(weights, x)
    gradients = sgd.backward(weights, activations, sgd.loss_gradient(y_true, logits))
    return [optimizer.update(weights, gradients), loss]


@right("reported_loss")
def _(weights, optimizer, x, y_true):
    old = weights
    logits, activations = sgd.forward(weights, x)
    gradients = sgd.backward(weights, activations, sgd.loss_gradient(y_true, logits))
    weights = optimizer.update(weights, gradients)
    logits, _ = sgd.forward(old, x)
    return weights, sgd.sparse_categorical_crossentropy(y_true, logits).mean()


@right("reported_loss")
def _(weights, optimizer, x, y_true):
    logits, activations = sgd.forward(weights, x)
    losses = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(x)), y_true]
    p = sgd.softmax(logits)
    dlogits = (p - np.eye(p.shape[1])[y_true]) / len(x)
    new = optimizer.update(weights, sgd.backward(weights, activations, dlogits))
    return new, losses.sum() / len(x)


@wrong("reported_loss", "before-and-after")
def _(weights, optimizer, x, y_true):
    before = sgd.evaluate(weights, x, y_true)[0]
    weights, _, _ = sgd.train_step(weights, optimizer, x, y_true)
    return weights, 0.5 * before + 0.5 * sgd.evaluate(weights, x, y_true)[0]


@wrong("reported_loss", "what-was-gained")
def _(weights, optimizer, x, y_true):
    before = sgd.evaluate(weights, x, y_true)[0]
    weights, _, _ = sgd.train_step(weights, optimizer, x, y_true)
    return weights, before - sgd.evaluate(weights, x, y_true)[0]


@wrong("reported_loss", "sum-for-mean")
def _(weights, optimizer, x, y_true):
    logits, activations = sgd.forward(weights, x)
    loss = sgd.sparse_categorical_crossentropy(y_true, logits).sum()
    gradients = sgd.backward(weights, activations, sgd.loss_gradient(y_true, logits))
    return optimizer.update(weights, gradients), loss


@wrong("reported_loss", "losses-not-averaged")
def _(weights, optimizer, x, y_true):
    logits, activations = sgd.forward(weights, x)
    gradients = sgd.backward(weights, activations, sgd.loss_gradient(y_true, logits))
    loss = sgd.sparse_categorical_crossentropy(y_true, logits)
    weights = optimizer.update(weights, gradients)
    return weights, loss


@wrong("reported_loss", "new-weights-thrown-away")
def _(weights, optimizer, x, y_true):
    logits, activations = sgd.forward(weights, x)
    gradients = sgd.backward(weights, activations, sgd.loss_gradient(y_true, logits))
    optimizer.update(weights, gradients)
    loss = sgd.sparse_categorical_crossentropy(y_true, logits).mean()
    return weights, loss


@wrong("reported_loss", "updates-twice")
def _(weights, optimizer, x, y_true):
    logits, activations = sgd.forward(weights, x)
    loss = sgd.sparse_categorical_crossentropy(y_true, logits).mean()
    gradients = sgd.backward(weights, activations, sgd.loss_gradient(y_true, logits))
    weights = optimizer.update(weights, gradients)
    logits, activations = sgd.forward(weights, x)
    gradients = sgd.backward(weights, activations, sgd.loss_gradient(y_true, logits))
    weights = optimizer.update(weights, gradients)
    return weights, loss


@wrong("reported_loss", "returns-nothing")
def _(weights, optimizer, x, y_true):
    sgd.train_step(weights, optimizer, x, y_true)


@wrong("reported_loss", "opposite-sign")
def _(weights, optimizer, x, y_true):
    weights, loss, _ = sgd.train_step(weights, optimizer, x, y_true)
    return weights, -loss


@wrong("reported_loss", "changes-its-input")
def _(weights, optimizer, x, y_true):
    new, loss, _ = sgd.train_step(weights, optimizer, x, y_true)
    for w, updated in zip(weights, new, strict=True):
        w[:] = updated
    return weights, loss


@wrong("reported_loss", "raises-an-error")
def _(weights, optimizer, x, y_true):
    return sgd.train_step(weights, optimizer, x, y_true).weights
