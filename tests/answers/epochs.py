"""Answers to the exercises of notebook 05."""

import numpy as np

import sgdcourse as sgd
from tests.answers import order, right, wrong

# ---- order_train_step --------------------------------------------------------------------------

order(
    "order_train_step",
    """
    logits, activations = sgd.forward(weights, x)
    loss = sgd.sparse_categorical_crossentropy(y_true, logits).mean()
    dlogits = sgd.loss_gradient(y_true, logits)
    gradients = sgd.backward(weights, activations, dlogits)
    weights = optimizer.update(weights, gradients)
    return weights, loss, sgd.accuracy(y_true, logits)
    """,
)
order(  # the logits are still the old ones when the loss is computed
    "order_train_step",
    """
    logits, activations = sgd.forward(weights, x)
    dlogits = sgd.loss_gradient(y_true, logits)
    gradients = sgd.backward(weights, activations, dlogits)
    weights = optimizer.update(weights, gradients)
    loss = sgd.sparse_categorical_crossentropy(y_true, logits).mean()
    return weights, loss, sgd.accuracy(y_true, logits)
    """,
)
order(  # a second forward pass too many, but a harmless one
    "order_train_step",
    """
    logits, activations = sgd.forward(weights, x)
    logits, _ = sgd.forward(weights, x)
    dlogits = sgd.loss_gradient(y_true, logits)
    loss = sgd.sparse_categorical_crossentropy(y_true, logits).mean()
    gradients = sgd.backward(weights, activations, dlogits)
    weights = optimizer.update(weights, gradients)
    return weights, loss, sgd.accuracy(y_true, logits)
    """,
)
order(
    "order_train_step",
    """
    logits, activations = sgd.forward(weights, x)
    dlogits = sgd.loss_gradient(y_true, logits)
    gradients = sgd.backward(weights, activations, dlogits)
    weights = optimizer.update(weights, gradients)
    logits, _ = sgd.forward(weights, x)
    loss = sgd.sparse_categorical_crossentropy(y_true, logits).mean()
    return weights, loss, sgd.accuracy(y_true, logits)
    """,
    "loss-after-update",
)
order(
    "order_train_step",
    """
    logits, activations = sgd.forward(weights, x)
    loss = sgd.sparse_categorical_crossentropy(y_true, logits).mean()
    dlogits = sgd.loss_gradient(y_true, logits)
    gradients = sgd.backward(weights, activations, dlogits)
    weights = optimizer.update(weights, gradients)
    logits, _ = sgd.forward(weights, x)
    return weights, loss, sgd.accuracy(y_true, logits)
    """,
    "accuracy-after-update",
)
order(
    "order_train_step",
    """
    logits, activations = sgd.forward(weights, x)
    loss = sgd.sparse_categorical_crossentropy(y_true, logits).sum()
    dlogits = sgd.loss_gradient(y_true, logits)
    gradients = sgd.backward(weights, activations, dlogits)
    weights = optimizer.update(weights, gradients)
    return weights, loss, sgd.accuracy(y_true, logits)
    """,
    "sum-for-mean",
)
order(
    "order_train_step",
    """
    logits, activations = sgd.forward(weights, x)
    loss = sgd.sparse_categorical_crossentropy(y_true, logits).mean()
    dlogits = sgd.loss_gradient(y_true, sgd.softmax(logits))
    gradients = sgd.backward(weights, activations, dlogits)
    weights = optimizer.update(weights, gradients)
    return weights, loss, sgd.accuracy(y_true, logits)
    """,
    "softmax-twice",
)
order(
    "order_train_step",
    """
    logits, activations = sgd.forward(weights, x)
    loss = sgd.sparse_categorical_crossentropy(y_true, logits).mean()
    dlogits = sgd.loss_gradient(y_true, logits)
    gradients = sgd.backward(weights, activations, dlogits)
    return weights, loss, sgd.accuracy(y_true, logits)
    weights = optimizer.update(weights, gradients)
    """,
    "weights-not-updated",
)
order(
    "order_train_step",
    """
    logits, _ = sgd.forward(weights, x)
    loss = sgd.sparse_categorical_crossentropy(y_true, logits).mean()
    return weights, loss, sgd.accuracy(y_true, logits)
    """,
    "weights-not-updated",
)
order(
    "order_train_step",
    """
    logits, _ = sgd.forward(weights, x)
    loss = sgd.sparse_categorical_crossentropy(y_true, logits).mean()
    dlogits = sgd.loss_gradient(y_true, logits)
    gradients = sgd.backward(weights, activations, dlogits)
    weights = optimizer.update(weights, gradients)
    return weights, loss, sgd.accuracy(y_true, logits)
    """,
    "raises-an-error",
)
order(
    "order_train_step",
    """
    logits, activations = sgd.forward(weights, x)
    loss = sgd.sparse_categorical_crossentropy(y_true, logits).mean()
    dlogits = sgd.loss_gradient(y_true, logits)
    gradients = sgd.backward(weights, activations, dlogits)
    weights = optimizer.update(weights, gradients)
    """,
    "returns-nothing",
)

# ---- running_mean ------------------------------------------------------------------------------


@right("running_mean")
def _(losses, rows):
    shown, total, count = [], 0.0, 0
    for loss, n in zip(losses, rows, strict=True):
        total += loss * n
        count += n
        shown.append(total / count)
    return shown


@right("running_mean")
def _(losses, rows):
    per_row = np.repeat(losses, rows)  # each row gets its batch's mean
    ends = np.cumsum(rows)
    return np.array([per_row[:end].mean() for end in ends])


@right("running_mean")
def _(losses, rows):
    mean, count = 0.0, 0
    for loss, n in zip(losses, rows, strict=True):
        count += n
        mean += (loss - mean) * n / count
        yield mean


@right("running_mean")
def _(losses, rows):
    return [np.average(losses[:i], weights=rows[:i]) for i in range(1, len(rows) + 1)]


@right("running_mean")
def _(losses, rows):
    before = np.tril(np.ones((len(rows), len(rows))))
    return (before @ (losses * rows)) / (before @ rows)


@wrong("running_mean", "mean-of-batch-means")
def _(losses, rows):
    return [np.mean(losses[: i + 1]) for i in range(len(losses))]


@wrong("running_mean", "mean-of-batch-means")
def _(losses, rows):
    total, shown = 0.0, []
    for batch, loss in enumerate(losses):
        total += loss
        shown.append(total / (batch + 1))
    return shown


@wrong("running_mean", "only-the-last-value")
def _(losses, rows):
    total = 0.0
    for loss, n in zip(losses, rows, strict=True):
        total += loss * n
    return total / sum(rows)


@wrong("running_mean", "only-the-last-value")
def _(losses, rows):
    return np.average(losses, weights=rows)


@wrong("running_mean", "divides-by-all-rows")
def _(losses, rows):
    total, shown = 0.0, []
    for loss, n in zip(losses, rows, strict=True):
        total += loss * n
        shown.append(total / rows.sum())
    return shown


@wrong("running_mean", "batch-losses-themselves")
def _(losses, rows):
    shown = []
    for loss, n in zip(losses, rows, strict=True):
        loss_sum, count = 0.0, 0  # set back in each batch
        loss_sum += loss * n
        count += n
        shown.append(loss_sum / count)
    return shown


@wrong("running_mean", "batch-losses-themselves")
def _(losses, rows):
    return (losses * rows) / rows


@wrong("running_mean", "sum-for-mean")
def _(losses, rows):
    total, shown = 0.0, []
    for loss, n in zip(losses, rows, strict=True):
        total += loss * n
        shown.append(total)
    return shown


@wrong("running_mean", "divides-by-batches")
def _(losses, rows):
    total, shown = 0.0, []
    for batch in range(len(rows)):
        total += losses[batch] * rows[batch]
        shown.append(total / (batch + 1))
    return shown


@wrong("running_mean", "half-old-half-new")
def _(losses, rows):
    mean, shown = None, []
    for loss in losses:
        mean = loss if mean is None else 0.5 * mean + 0.5 * loss
        shown.append(mean)
    return np.array(shown)


@wrong("running_mean", "exponential-average")
def _(losses, rows):
    mean, beta = float(losses[0]), 0.9
    for loss in losses:
        mean = beta * mean + (1 - beta) * loss
        yield mean


@wrong("running_mean", "returns-nothing")
def _(losses, rows):
    list(np.cumsum(losses * rows) / np.cumsum(rows))


@wrong("running_mean", "prints-instead-of-returning")
def _(losses, rows):
    total = count = 0
    for loss, n in zip(losses, rows, strict=True):
        total, count = total + loss * n, count + n
        print(total / count)


@wrong("running_mean", "changes-its-input")
def _(losses, rows):
    losses *= rows
    return np.cumsum(losses) / np.cumsum(rows)


@wrong("running_mean", "opposite-sign")
def _(losses, rows):
    return -np.cumsum(losses * rows) / np.cumsum(rows)


@wrong("running_mean", "wrong-shape")
def _(losses, rows):
    return (np.cumsum(losses * rows) / np.cumsum(rows))[:, None]


# ---- train_epoch -------------------------------------------------------------------------------


@right("train_epoch")
def _(weights, optimizer, x, y, batch_size, rng):
    order = rng.permutation(len(x))
    x, y = x[order], y[order]
    loss_sum, right_rows = 0.0, 0
    for start in range(0, len(x), batch_size):
        batch_x, batch_y = x[start : start + batch_size], y[start : start + batch_size]
        weights, loss, acc = sgd.train_step(weights, optimizer, batch_x, batch_y)
        loss_sum += loss * len(batch_x)
        right_rows += round(acc * len(batch_x))
    return weights, loss_sum / len(x), right_rows / len(x)


@right("train_epoch")
def _(weights, optimizer, x, y, batch_size, rng):
    mean_loss = mean_acc = seen = 0
    rows = np.arange(len(y))
    rng.shuffle(rows)
    while len(rows):
        batch, rows = rows[:batch_size], rows[batch_size:]
        weights, loss, acc = sgd.train_step(weights, optimizer, x[batch], y[batch])
        seen += len(batch)
        mean_loss += (loss - mean_loss) * len(batch) / seen
        mean_acc += (acc - mean_acc) * len(batch) / seen
    return [weights, mean_loss, mean_acc]


@right("train_epoch")
def _(weights, optimizer, x, y, batch_size, rng):
    losses, hits = [], []
    for rows in sgd.split_batches(np.argsort(rng.random(len(x))), batch_size):
        logits, activations = sgd.forward(weights, x[rows])
        losses.extend(sgd.sparse_categorical_crossentropy(y[rows], logits))
        hits.extend(logits.argmax(axis=1) == y[rows])
        dlogits = sgd.loss_gradient(y[rows], logits)
        weights = optimizer.update(weights, sgd.backward(weights, activations, dlogits))
    return weights, np.mean(losses), np.mean(hits)


@right("train_epoch")
def _(weights, optimizer, x, y, batch_size, rng):
    weights, history = sgd.fit(
        weights, x, y, optimizer=optimizer, batch_size=batch_size, rng=rng, verbose=0
    )
    return weights, history.history["loss"][0], history.history["accuracy"][0]


@wrong("train_epoch", "no-shuffle")
def _(weights, optimizer, x, y, batch_size, rng):
    loss_sum = acc_sum = 0.0
    for start in range(0, len(x), batch_size):
        part = slice(start, start + batch_size)
        weights, loss, acc = sgd.train_step(weights, optimizer, x[part], y[part])
        loss_sum += loss * len(x[part])
        acc_sum += acc * len(x[part])
    return weights, loss_sum / len(x), acc_sum / len(x)


@wrong("train_epoch", "no-shuffle")
def _(weights, optimizer, x, y, batch_size, rng):
    weights, history = sgd.fit(
        weights, x, y, optimizer=optimizer, batch_size=batch_size, shuffle=False, verbose=0
    )
    return weights, history.history["loss"][0], history.history["accuracy"][0]


@wrong("train_epoch", "mean-of-batch-means")
def _(weights, optimizer, x, y, batch_size, rng):
    losses, accs = [], []
    for rows in sgd.split_batches(sgd.shuffle_indices(len(x), rng), batch_size):
        weights, loss, acc = sgd.train_step(weights, optimizer, x[rows], y[rows])
        losses.append(loss)
        accs.append(acc)
    return weights, np.mean(losses), np.mean(accs)


@wrong("train_epoch", "mean-of-batch-means")
def _(weights, optimizer, x, y, batch_size, rng):
    total = correct = steps = 0
    order = rng.choice(len(x), len(x), replace=False)
    for rows in sgd.split_batches(order, batch_size):
        weights, loss, acc = sgd.train_step(weights, optimizer, x[rows], y[rows])
        total, correct, steps = total + loss, correct + acc, steps + 1
    return weights, total / steps, correct / steps


@wrong("train_epoch", "last-batch-only")
def _(weights, optimizer, x, y, batch_size, rng):
    for rows in sgd.split_batches(sgd.shuffle_indices(len(x), rng), batch_size):
        weights, loss, acc = sgd.train_step(weights, optimizer, x[rows], y[rows])
    return weights, loss, acc


@wrong("train_epoch", "evaluates-at-the-end")
def _(weights, optimizer, x, y, batch_size, rng):
    for rows in sgd.split_batches(sgd.shuffle_indices(len(x), rng), batch_size):
        weights, _, _ = sgd.train_step(weights, optimizer, x[rows], y[rows])
    logits, _ = sgd.forward(weights, x)
    loss = sgd.sparse_categorical_crossentropy(y, logits).mean()
    return weights, loss, np.mean(logits.argmax(axis=1) == y)


@wrong("train_epoch", "sum-for-mean")
def _(weights, optimizer, x, y, batch_size, rng):
    loss_sum = acc_sum = 0.0
    for rows in sgd.split_batches(sgd.shuffle_indices(len(x), rng), batch_size):
        weights, loss, acc = sgd.train_step(weights, optimizer, x[rows], y[rows])
        loss_sum += loss * len(rows)
        acc_sum += acc * len(rows)
    return weights, loss_sum, acc_sum


@wrong("train_epoch", "same-weights-for-all-batches")
def _(weights, optimizer, x, y, batch_size, rng):
    results, counts = [], []
    for rows in sgd.split_batches(rng.permutation(len(x)), batch_size):
        results.append(sgd.train_step(weights, optimizer, x[rows], y[rows]))
        counts.append(len(rows))
    last = results[-1][0]
    loss = np.average([result[1] for result in results], weights=counts)
    return last, loss, np.average([result[2] for result in results], weights=counts)


@wrong("train_epoch", "new-weights-thrown-away")
def _(weights, optimizer, x, y, batch_size, rng):
    loss_sum = acc_sum = 0.0
    for rows in sgd.split_batches(sgd.shuffle_indices(len(x), rng), batch_size):
        _, loss, acc = sgd.train_step(weights, optimizer, x[rows], y[rows])
        loss_sum += loss * len(rows)
        acc_sum += acc * len(rows)
    return weights, loss_sum / len(x), acc_sum / len(x)


@wrong("train_epoch", "drops-last-batch")
def _(weights, optimizer, x, y, batch_size, rng):
    order = rng.permutation(len(x))
    loss_sum = acc_sum = 0.0
    steps = len(x) // batch_size
    for step in range(steps):
        rows = order[step * batch_size : (step + 1) * batch_size]
        weights, loss, acc = sgd.train_step(weights, optimizer, x[rows], y[rows])
        loss_sum += loss
        acc_sum += acc
    return weights, loss_sum / steps, acc_sum / steps


@wrong("train_epoch", "labels-not-shuffled")
def _(weights, optimizer, x, y, batch_size, rng):
    x = rng.permutation(x)
    loss_sum = acc_sum = 0.0
    for rows in sgd.split_batches(np.arange(len(x)), batch_size):
        weights, loss, acc = sgd.train_step(weights, optimizer, x[rows], y[rows])
        loss_sum += loss * len(rows)
        acc_sum += acc * len(rows)
    return weights, loss_sum / len(x), acc_sum / len(x)


@wrong("train_epoch", "same-order-each-epoch")
def _(weights, optimizer, x, y, batch_size, rng):
    rng = np.random.default_rng(42)
    loss_sum = acc_sum = 0.0
    for rows in sgd.split_batches(sgd.shuffle_indices(len(x), rng), batch_size):
        weights, loss, acc = sgd.train_step(weights, optimizer, x[rows], y[rows])
        loss_sum += loss * len(rows)
        acc_sum += acc * len(rows)
    return weights, loss_sum / len(x), acc_sum / len(x)


@wrong("train_epoch", "returns-nothing")
def _(weights, optimizer, x, y, batch_size, rng):
    for rows in sgd.split_batches(sgd.shuffle_indices(len(x), rng), batch_size):
        weights, _, _ = sgd.train_step(weights, optimizer, x[rows], y[rows])


@wrong("train_epoch", "wrong-length")
def _(weights, optimizer, x, y, batch_size, rng):
    loss_sum = 0.0
    for rows in sgd.split_batches(sgd.shuffle_indices(len(x), rng), batch_size):
        weights, loss, _ = sgd.train_step(weights, optimizer, x[rows], y[rows])
        loss_sum += loss * len(rows)
    return weights, loss_sum / len(x)


@wrong("train_epoch", "changes-its-input")
def _(weights, optimizer, x, y, batch_size, rng):
    order = rng.permutation(len(x))
    x[:], y[:] = x[order], y[order]
    weights, history = sgd.fit(
        weights, x, y, optimizer=optimizer, batch_size=batch_size, shuffle=False, verbose=0
    )
    return weights, history.history["loss"][0], history.history["accuracy"][0]


@wrong("train_epoch", "raises-an-error")
def _(weights, optimizer, x, y, batch_size, rng):
    for rows in sgd.split_batches(sgd.shuffle_indices(x, rng), batch_size):
        weights, loss, acc = sgd.train_step(weights, optimizer, x[rows], y[rows])
    return weights, loss, acc


# ---- order_fit_textbook ------------------------------------------------------------------------


order(
    "order_fit_textbook",
    """
    history = {"loss": [], "accuracy": []}
    for epoch in range(epochs):
        order = sgd.shuffle_indices(len(x), rng)
        loss_sum = acc_sum = 0.0
        for rows in sgd.split_batches(order, batch_size):
            weights, loss, acc = sgd.train_step(weights, opt, x[rows], y[rows])
            loss_sum += loss * len(rows)
            acc_sum += acc * len(rows)
        history["loss"].append(loss_sum / len(x))
        history["accuracy"].append(acc_sum / len(x))
    return weights, history
    """,
)
order(
    "order_fit_textbook",
    """
    history = {"loss": [], "accuracy": []}
    for epoch in range(epochs):
        loss_sum = acc_sum = 0.0
        order = sgd.shuffle_indices(len(x), rng)
        for rows in sgd.split_batches(order, batch_size):
            weights, loss, acc = sgd.train_step(weights, opt, x[rows], y[rows])
            acc_sum += acc * len(rows)
            loss_sum += loss * len(rows)
        history["accuracy"].append(acc_sum / len(x))
        history["loss"].append(loss_sum / len(x))
    return weights, history
    """,
)
order(  # set to 0 once too often does no harm
    "order_fit_textbook",
    """
    loss_sum = acc_sum = 0.0
    history = {"loss": [], "accuracy": []}
    for epoch in range(epochs):
        loss_sum = acc_sum = 0.0
        order = sgd.shuffle_indices(len(x), rng)
        for rows in sgd.split_batches(order, batch_size):
            weights, loss, acc = sgd.train_step(weights, opt, x[rows], y[rows])
            loss_sum += loss * len(rows)
            acc_sum += acc * len(rows)
        history["accuracy"].append(acc_sum / len(x))
        history["loss"].append(loss_sum / len(x))
    return weights, history
    """,
)
order(
    "order_fit_textbook",
    """
    history = {"loss": [], "accuracy": []}
    loss_sum = acc_sum = 0.0
    for epoch in range(epochs):
        order = sgd.shuffle_indices(len(x), rng)
        for rows in sgd.split_batches(order, batch_size):
            weights, loss, acc = sgd.train_step(weights, opt, x[rows], y[rows])
            loss_sum += loss * len(rows)
            acc_sum += acc * len(rows)
        history["loss"].append(loss_sum / len(x))
        history["accuracy"].append(acc_sum / len(x))
    return weights, history
    """,
    "sums-never-set-back",
)
order(
    "order_fit_textbook",
    """
    history = {"loss": [], "accuracy": []}
    order = sgd.shuffle_indices(len(x), rng)
    for epoch in range(epochs):
        loss_sum = acc_sum = 0.0
        for rows in sgd.split_batches(order, batch_size):
            weights, loss, acc = sgd.train_step(weights, opt, x[rows], y[rows])
            loss_sum += loss * len(rows)
            acc_sum += acc * len(rows)
        history["loss"].append(loss_sum / len(x))
        history["accuracy"].append(acc_sum / len(x))
    return weights, history
    """,
    "shuffles-once",
)
order(
    "order_fit_textbook",
    """
    history = {"loss": [], "accuracy": []}
    for epoch in range(epochs):
        order = sgd.shuffle_indices(len(x), rng)
        loss_sum = acc_sum = 0.0
        for rows in sgd.split_batches(order, batch_size):
            weights, loss, acc = sgd.train_step(weights, opt, x[rows], y[rows])
            loss_sum += loss
            acc_sum += acc * len(rows)
        history["loss"].append(loss_sum / len(x))
        history["accuracy"].append(acc_sum / len(x))
    return weights, history
    """,
    "batch-losses-not-weighted",
)
order(
    "order_fit_textbook",
    """
    history = {"loss": [], "accuracy": []}
    for epoch in range(epochs):
        loss_sum = acc_sum = 0.0
        history["loss"].append(loss_sum / len(x))
        history["accuracy"].append(acc_sum / len(x))
        order = sgd.shuffle_indices(len(x), rng)
        for rows in sgd.split_batches(order, batch_size):
            weights, loss, acc = sgd.train_step(weights, opt, x[rows], y[rows])
            loss_sum += loss * len(rows)
            acc_sum += acc * len(rows)
    return weights, history
    """,
    "reports-zeros",
)
order(
    "order_fit_textbook",
    """
    loss_sum = acc_sum = 0.0
    history = {"loss": [], "accuracy": []}
    for epoch in range(epochs):
        order = sgd.shuffle_indices(len(x), rng)
        for rows in sgd.split_batches(order, batch_size):
            weights, loss, acc = sgd.train_step(weights, opt, x[rows], y[rows])
            loss_sum += loss * len(rows)
            acc_sum += acc * len(rows)
        loss_sum = acc_sum = 0.0
        history["loss"].append(loss_sum / len(x))
        history["accuracy"].append(acc_sum / len(x))
    return weights, history
    """,
    "reports-zeros",
)
order(
    "order_fit_textbook",
    """
    history = {"loss": [], "accuracy": []}
    for epoch in range(epochs):
        order = sgd.shuffle_indices(len(x), rng)
        for rows in sgd.split_batches(order, batch_size):
            weights, loss, acc = sgd.train_step(weights, opt, x[rows], y[rows])
            loss_sum += loss * len(rows)
            acc_sum += acc * len(rows)
        history["loss"].append(loss_sum / len(x))
        history["accuracy"].append(acc_sum / len(x))
    return weights, history
    """,
    "raises-an-error",
)

# ---- fit_model ---------------------------------------------------------------------------------


@right("fit_model")
def _(weights, x, y, batch_size, epochs, rng):
    optimizer = sgd.SGD()
    for _ in range(epochs):
        rows = rng.permutation(len(x))
        for start in range(0, len(x), batch_size):
            batch = rows[start : start + batch_size]
            weights = sgd.train_step(weights, optimizer, x[batch], y[batch])[0]
    return weights


@right("fit_model")
def _(weights, x, y, batch_size, epochs, rng):
    rows = np.arange(len(x))
    while epochs:
        rng.shuffle(rows)
        for batch in sgd.split_batches(rows, batch_size):
            logits, activations = sgd.forward(weights, x[batch])
            gradients = sgd.backward(weights, activations, sgd.loss_gradient(y[batch], logits))
            weights = [w - 0.01 * g for w, g in zip(weights, gradients, strict=True)]
        epochs -= 1
    return weights


@right("fit_model")
def _(weights, x, y, batch_size, epochs, rng):
    return sgd.fit(weights, x, y, batch_size=batch_size, epochs=epochs, rng=rng, verbose=0)[0]


@right("fit_model")
def _(weights, x, y, batch_size, epochs, rng):
    optimizer = sgd.SGD()
    for _ in range(epochs):
        order = np.argsort(rng.random(len(x)))
        x, y = x[order], y[order]  # shuffled on and on
        for rows in sgd.split_batches(np.arange(len(x)), batch_size):
            weights, _, _ = sgd.train_step(weights, optimizer, x[rows], y[rows])
    return weights


@wrong("fit_model", "no-shuffle")
def _(weights, x, y, batch_size, epochs, rng):
    optimizer = sgd.SGD()
    for _ in range(epochs):
        for start in range(0, len(x), batch_size):
            part = slice(start, start + batch_size)
            weights, _, _ = sgd.train_step(weights, optimizer, x[part], y[part])
    return weights


@wrong("fit_model", "no-shuffle")
def _(weights, x, y, batch_size, epochs, rng):
    optimizer = sgd.SGD()
    for _ in range(epochs):
        for rows in sgd.split_batches(np.arange(len(x)), batch_size):
            rows = rng.permutation(rows)  # only within the batch
            weights, _, _ = sgd.train_step(weights, optimizer, x[rows], y[rows])
    return weights


@wrong("fit_model", "batch-size-not-passed-on")
def _(weights, x, y, batch_size, epochs, rng):
    optimizer = sgd.SGD()
    for _ in range(epochs):
        for rows in sgd.split_batches(sgd.shuffle_indices(len(x), rng), 32):
            weights, _, _ = sgd.train_step(weights, optimizer, x[rows], y[rows])
    return weights


@wrong("fit_model", "batch-size-not-passed-on")
def _(weights, x, y, batch_size, epochs, rng):
    return sgd.fit(weights, x, y, epochs=epochs, rng=rng, verbose=0)[0]


@wrong("fit_model", "shuffles-once")
def _(weights, x, y, batch_size, epochs, rng):
    optimizer = sgd.SGD()
    order = rng.permutation(len(x))
    x, y = x[order], y[order]
    for _ in range(epochs):
        for rows in sgd.split_batches(np.arange(len(x)), batch_size):
            weights, _, _ = sgd.train_step(weights, optimizer, x[rows], y[rows])
    return weights


@wrong("fit_model", "shuffles-once")
def _(weights, x, y, batch_size, epochs, rng):
    batches = list(sgd.split_batches(sgd.shuffle_indices(len(x), rng), batch_size))
    optimizer = sgd.SGD()
    for step in range(epochs * len(batches)):
        rows = batches[step % len(batches)]
        weights = sgd.train_step(weights, optimizer, x[rows], y[rows])[0]
    return weights


@wrong("fit_model", "same-order-each-epoch")
def _(weights, x, y, batch_size, epochs, rng):
    optimizer = sgd.SGD()
    for _ in range(epochs):
        order = np.random.default_rng(1).permutation(len(x))
        for rows in sgd.split_batches(order, batch_size):
            weights, _, _ = sgd.train_step(weights, optimizer, x[rows], y[rows])
    return weights


@wrong("fit_model", "labels-not-shuffled")
def _(weights, x, y, batch_size, epochs, rng):
    optimizer = sgd.SGD()
    for _ in range(epochs):
        mixed = x[sgd.shuffle_indices(len(x), rng)]
        for start in range(0, len(x), batch_size):
            part = slice(start, start + batch_size)
            weights, _, _ = sgd.train_step(weights, optimizer, mixed[part], y[part])
    return weights


@wrong("fit_model", "drops-last-batch")
def _(weights, x, y, batch_size, epochs, rng):
    optimizer = sgd.SGD()
    steps = len(x) // batch_size
    for _ in range(epochs):
        order = sgd.shuffle_indices(len(x), rng)[: steps * batch_size]
        for rows in order.reshape(steps, batch_size):
            weights, _, _ = sgd.train_step(weights, optimizer, x[rows], y[rows])
    return weights


@wrong("fit_model", "returns-nothing")
def _(weights, x, y, batch_size, epochs, rng):
    sgd.fit(weights, x, y, batch_size=batch_size, epochs=epochs, rng=rng, verbose=0)


@wrong("fit_model", "changes-its-input")
def _(weights, x, y, batch_size, epochs, rng):
    trained = sgd.fit(weights, x, y, batch_size=batch_size, epochs=epochs, rng=rng, verbose=0)[0]
    for w, new in zip(weights, trained, strict=True):
        w[:] = new
    return weights


@wrong("fit_model", "wrong-dtype")
def _(weights, x, y, batch_size, epochs, rng):
    trained = sgd.fit(weights, x, y, batch_size=batch_size, epochs=epochs, rng=rng, verbose=0)[0]
    return [w.astype("float32") for w in trained]
