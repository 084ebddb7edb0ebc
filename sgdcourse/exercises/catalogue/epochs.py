"""Exercises of notebook 05: one step, one epoch, ``fit``."""

import functools
import itertools

import numpy as np

import sgdcourse as sgd
from sgdcourse.exercises.catalogue.inputs import generator
from sgdcourse.exercises.exercise import Case, Exercise, Misconception, call

# Small enough to follow on paper: two rows, two inputs, three classes, no hidden layer.
_PAPER = [np.array([[0.2, -0.1, 0.4], [0.3, 0.0, -0.2]]), np.array([0.1, 0.0, -0.3])]
_PAPER_X, _PAPER_Y = np.array([[1.0, 2.0], [-1.0, 0.5]]), np.array([2, 0])

# And numbers with nothing special about them: 7 rows, 5 inputs, 6 hidden units, 3 classes.
_NET = [generator(1).normal(0, 0.6, shape).round(2) for shape in [(5, 6), (6,), (6, 3), (3,)]]
_X, _Y = generator(2).normal(0, 1, (7, 5)).round(2), np.array([2, 0, 0, 1, 2, 0, 1])

# ---- order_train_step --------------------------------------------------------------------------


def order_train_step(weights, optimizer, x, y_true):
    logits, activations = sgd.forward(weights, x)
    loss = sgd.sparse_categorical_crossentropy(y_true, logits).mean()
    dlogits = sgd.loss_gradient(y_true, logits)
    gradients = sgd.backward(weights, activations, dlogits)
    weights = optimizer.update(weights, gradients)
    return weights, loss, sgd.accuracy(y_true, logits)


def _loss_after_update(weights, optimizer, x, y_true):
    weights, _, _ = sgd.train_step(weights, optimizer, x, y_true)
    logits, _ = sgd.forward(weights, x)
    loss = sgd.sparse_categorical_crossentropy(y_true, logits).mean()
    return weights, loss, sgd.accuracy(y_true, logits)


def _accuracy_after_update(weights, optimizer, x, y_true):
    weights, loss, _ = sgd.train_step(weights, optimizer, x, y_true)
    logits, _ = sgd.forward(weights, x)
    return weights, loss, sgd.accuracy(y_true, logits)


def _summed_loss(weights, optimizer, x, y_true):
    weights, loss, acc = sgd.train_step(weights, optimizer, x, y_true)
    return weights, loss * len(x), acc


def _softmax_twice(weights, optimizer, x, y_true):
    logits, activations = sgd.forward(weights, x)
    dlogits = sgd.loss_gradient(y_true, sgd.softmax(logits))
    loss = sgd.sparse_categorical_crossentropy(y_true, logits).mean()
    gradients = sgd.backward(weights, activations, dlogits)
    return optimizer.update(weights, gradients), loss, sgd.accuracy(y_true, logits)


def _no_update(weights, optimizer, x, y_true):
    _, loss, acc = sgd.train_step(weights, optimizer, x, y_true)
    return weights, loss, acc


def _second_step(function):
    """Make two steps with one optimizer, so that its momentum shows."""
    optimizer = sgd.SGD(0.3, momentum=0.9)
    weights = function(_NET, optimizer, _X[:4], _Y[:4])[0]
    return function(weights, optimizer, _X[4:], _Y[4:])


_LOSS_AFTER = (
    "This loss belongs to the new weights. Keras reports the loss of the forward pass that the "
    "gradients came from: before the update."
)

ORDER_TRAIN_STEP = Exercise(
    name="order_train_step",
    notebook="05",
    task="Order the lines: make one update from one batch. Return the new weights, and the mean "
    "loss and the accuracy from before the update. Some lines do not belong.",
    reference=order_train_step,
    lines=(
        "logits, activations = sgd.forward(weights, x)",
        "loss = sgd.sparse_categorical_crossentropy(y_true, logits).mean()",
        "dlogits = sgd.loss_gradient(y_true, logits)",
        "gradients = sgd.backward(weights, activations, dlogits)",
        "weights = optimizer.update(weights, gradients)",
        "return weights, loss, sgd.accuracy(y_true, logits)",
    ),
    distractors=(
        "logits, _ = sgd.forward(weights, x)",
        "loss = sgd.sparse_categorical_crossentropy(y_true, logits).sum()",
        "dlogits = sgd.loss_gradient(y_true, sgd.softmax(logits))",
    ),
    cases=(
        Case(
            "2 rows, 3 classes, no hidden layer, rate 0.5: the loss",
            lambda f: f(_PAPER, sgd.SGD(0.5), _PAPER_X, _PAPER_Y)[1],
        ),
        Case(
            "2 rows, 3 classes, no hidden layer, rate 0.5: the new weights",
            lambda f: f(_PAPER, sgd.SGD(0.5), _PAPER_X, _PAPER_Y)[0],
        ),
        Case(
            "4 rows, 6 hidden units, rate 2.0: all three results",
            lambda f: f(_NET, sgd.SGD(2.0), _X[:4], _Y[:4]),
        ),
        Case("7 rows in 2 steps with momentum: results of step 2", _second_step),
        Case(
            "1 row in float32",
            lambda f: f(
                [w.astype("float32") for w in _NET],
                sgd.SGD(0.3),
                _X[:1].astype("float32"),
                _Y[:1],
            ),
        ),
    ),
    misconceptions=(
        Misconception("loss-after-update", _LOSS_AFTER, _loss_after_update),
        Misconception(
            "accuracy-after-update",
            "The loss is from before the update and the accuracy from after it. In Keras both "
            "come from one forward pass, the one before.",
            _accuracy_after_update,
        ),
        Misconception(
            "sum-for-mean",
            "You summed the losses of the rows. Keras reports, and makes small, their mean.",
            _summed_loss,
        ),
        Misconception(
            "softmax-twice",
            "`loss_gradient` takes logits and makes the softmax itself. You gave it "
            "probabilities, so the softmax is applied twice.",
            _softmax_twice,
        ),
        Misconception(
            "weights-not-updated",
            "The weights come back as they went in: the update is missing, or it stands below "
            "the `return`, where nothing is run any more.",
            _no_update,
        ),
    ),
    hints=(
        "Forward pass, loss, gradients, update: each line uses what an earlier one has made.",
        "You need six of the nine lines. Only one forward pass is made in a step.",
        "The gradients at the logits come before `backward`, the update after it, and the "
        "`return` last. No sum, no second softmax.",
    ),
)

# ---- running_mean ------------------------------------------------------------------------------


def running_mean(losses, rows):
    return np.cumsum(losses * rows) / np.cumsum(rows)


def _mean_of_batch_means(losses, rows):
    return np.cumsum(losses) / np.arange(1, len(losses) + 1)


def _only_at_the_end(losses, rows):
    return np.sum(losses * rows) / np.sum(rows)


def _over_all_rows(losses, rows):
    return np.cumsum(losses * rows) / np.sum(rows)


def _one_batch_late(losses, rows):
    return np.concatenate([[0.0], running_mean(losses, rows)[:-1]])


def _half_and_half(losses, rows):
    means = [losses[0]]
    for loss in losses[1:]:
        means.append((means[-1] + loss) / 2)
    return means


def _exponential_average(losses, rows):
    means = [losses[0]]
    for loss in losses[1:]:
        means.append(0.9 * means[-1] + 0.1 * loss)
    return means


RUNNING_MEAN = Exercise(
    name="running_mean",
    notebook="05",
    task="`losses` holds the mean loss of each batch, `rows` its number of rows (two arrays). "
    "Return, for each batch, what the progress bar shows after it: the mean loss over all rows of "
    "the epoch so far.",
    reference=running_mean,
    cases=(
        call(
            "losses 3, 4, 16 of batches with 2, 2, 1 rows",
            np.array([3.0, 4.0, 16.0]),
            np.array([2, 2, 1]),
        ),
        call(
            "4 batches, the last one small: 32, 32, 32, 5 rows",
            np.array([2.31, 1.94, 2.02, 0.57]),
            np.array([32, 32, 32, 5]),
        ),
        call("one batch of 7 rows, loss 1.3", np.array([1.3]), np.array([7])),
        call(
            "3 batches of 4 rows each, losses 0.9, 0.4, 0.8",
            np.array([0.9, 0.4, 0.8]),
            np.array([4, 4, 4]),
        ),
    ),
    misconceptions=(
        Misconception(
            "mean-of-batch-means",
            "You took the plain mean of the batch losses, so a small batch counts as much as a "
            "full one. Keras weights each by its rows.",
            _mean_of_batch_means,
        ),
        Misconception(
            "only-the-last-value",
            "That is the one number at the end of the epoch. The bar shows a mean after each "
            "batch: one number per batch.",
            _only_at_the_end,
        ),
        Misconception(
            "divides-by-all-rows",
            "You divided by all rows of the epoch from the start. After the first batch only its "
            "own rows have been seen.",
            _over_all_rows,
        ),
        Misconception(
            "batch-losses-themselves",
            "These are the losses of the single batches. The bar shows the mean over the rows so "
            "far, so it moves less.",
            lambda losses, rows: losses,
        ),
        Misconception(
            "sum-for-mean",
            "You added up the losses of the rows so far, and did not divide: the number grows "
            "with each batch.",
            lambda losses, rows: np.cumsum(losses * rows),
        ),
        Misconception(
            "divides-by-batches",
            "The sum is one over rows, and you divided it by the number of batches. Rows and "
            "batches are mixed up.",
            lambda losses, rows: np.cumsum(losses * rows) / np.arange(1, len(rows) + 1),
        ),
        Misconception(
            "half-old-half-new",
            "You took the mean of the old mean and the new loss. The old mean stands for more "
            "and more rows, so it must weigh more and more.",
            _half_and_half,
        ),
        Misconception(
            "exponential-average",
            "An exponential average forgets the first batches slowly. Keras's mean forgets "
            "nothing within an epoch: every row counts the same.",
            _exponential_average,
        ),
        Misconception(
            "batch-losses-not-weighted",
            "You divided by rows, but what you added up are means of batches. Each must be "
            "multiplied by its rows first.",
            lambda losses, rows: np.cumsum(losses) / np.cumsum(rows),
        ),
        Misconception(
            "divides-by-own-rows",
            "You divided the sum so far by the rows of the newest batch alone. It covers the "
            "rows of all batches so far.",
            lambda losses, rows: np.cumsum(losses * rows) / rows,
        ),
        Misconception(
            "one-batch-late",
            "Each number comes one batch too late: the bar is shown after a batch, so that "
            "batch belongs to its mean.",
            _one_batch_late,
        ),
        Misconception(
            "rows-of-the-first",
            "You counted the rows as if all batches were as large as the first. The last batch of "
            "an epoch may be smaller.",
            lambda losses, rows: np.cumsum(losses * rows) / (rows[0] * np.arange(1, len(rows) + 1)),
        ),
    ),
    hints=(
        "Start from a sum over rows: a batch of 2 rows with the mean loss 3 adds 6 to it.",
        "Keep two numbers while you walk through the batches: the sum so far, and the rows so far.",
        "The sum grows by loss times rows, and what the bar shows is sum so far / rows so far. "
        "`np.cumsum` makes such sums.",
    ),
)

# ---- train_epoch -------------------------------------------------------------------------------


def train_epoch(weights, optimizer, x, y, batch_size, rng):
    loss_sum = acc_sum = 0.0
    for rows in sgd.split_batches(sgd.shuffle_indices(len(x), rng), batch_size):
        weights, loss, acc = sgd.train_step(weights, optimizer, x[rows], y[rows])
        loss_sum += loss * len(rows)
        acc_sum += acc * len(rows)
    return weights, loss_sum / len(x), acc_sum / len(x)


def _run(deal, weights, optimizer, x, y):
    """Train on batches (rows of x, rows of y); note loss, accuracy and rows of each."""
    noted = []
    for rows, y_rows in deal:
        weights, loss, acc = sgd.train_step(weights, optimizer, x[rows], y[y_rows])
        noted.append((loss, acc, len(rows)))
    losses, accs, counts = np.transpose(noted)
    return weights, losses, accs, counts


def _shuffled(x, batch_size, rng):
    order = rng.permutation(len(x))
    return [(rows, rows) for rows in np.split(order, range(batch_size, len(x), batch_size))]


def _in_order(x, batch_size):
    return [(rows, rows) for rows in sgd.split_batches(np.arange(len(x)), batch_size)]


def _weighted(weights, losses, accs, counts):
    return weights, losses @ counts / counts.sum(), accs @ counts / counts.sum()


def _epoch_not_shuffled(weights, optimizer, x, y, batch_size, rng):
    return _weighted(*_run(_in_order(x, batch_size), weights, optimizer, x, y))


def _epoch_plain_mean(weights, optimizer, x, y, batch_size, rng):
    weights, losses, accs, _ = _run(_shuffled(x, batch_size, rng), weights, optimizer, x, y)
    return weights, losses.mean(), accs.mean()


def _epoch_last_loss(weights, optimizer, x, y, batch_size, rng):
    weights, losses, accs, _ = _run(_shuffled(x, batch_size, rng), weights, optimizer, x, y)
    return weights, losses[-1], accs[-1]


def _epoch_evaluated(weights, optimizer, x, y, batch_size, rng):
    weights, *_ = _run(_shuffled(x, batch_size, rng), weights, optimizer, x, y)
    return (weights, *sgd.evaluate(weights, x, y))


def _epoch_summed(weights, optimizer, x, y, batch_size, rng):
    weights, losses, accs, counts = _run(_shuffled(x, batch_size, rng), weights, optimizer, x, y)
    return weights, losses @ counts, accs @ counts


def _epoch_from_the_start(weights, optimizer, x, y, batch_size, rng):
    loss_sum = acc_sum = 0.0
    for rows, _ in _shuffled(x, batch_size, rng):
        new, loss, acc = sgd.train_step(weights, optimizer, x[rows], y[rows])
        loss_sum, acc_sum = loss_sum + loss * len(rows), acc_sum + acc * len(rows)
    return new, loss_sum / len(x), acc_sum / len(x)


def _epoch_thrown_away(weights, optimizer, x, y, batch_size, rng):
    _, loss, acc = _epoch_from_the_start(weights, optimizer, x, y, batch_size, rng)
    return weights, loss, acc


def _epoch_without_the_last(weights, optimizer, x, y, batch_size, rng):
    deal = [rows for rows in _shuffled(x, batch_size, rng) if len(rows[0]) == batch_size]
    return _weighted(*_run(deal, weights, optimizer, x, y))


def _epoch_labels_in_order(weights, optimizer, x, y, batch_size, rng):
    shuffled, in_order = _shuffled(x, batch_size, rng), _in_order(y, batch_size)
    deal = [(rows, y_rows) for (rows, _), (y_rows, _) in zip(shuffled, in_order, strict=True)]
    return _weighted(*_run(deal, weights, optimizer, x, y))


def _epoch_weighted_by_batch_size(weights, optimizer, x, y, batch_size, rng):
    weights, losses, accs, _ = _run(_shuffled(x, batch_size, rng), weights, optimizer, x, y)
    return weights, losses.sum() * batch_size / len(x), accs.sum() * batch_size / len(x)


def _epoch_first_batch(weights, optimizer, x, y, batch_size, rng):
    weights, losses, accs, counts = _run(
        _shuffled(x, batch_size, rng)[:1], weights, optimizer, x, y
    )
    return weights, losses @ counts / len(x), accs @ counts / len(x)


def _epoch_in_one_update(weights, optimizer, x, y, batch_size, rng):
    return sgd.train_step(weights, optimizer, x, y)


def _epoch_first_batch_undivided(weights, optimizer, x, y, batch_size, rng):
    rows = rng.permutation(len(x))[:batch_size]
    return sgd.train_step(weights, optimizer, x[rows], y[rows])


def _epoch_results_swapped(weights, optimizer, x, y, batch_size, rng):
    weights, loss, acc = train_epoch(weights, optimizer, x, y, batch_size, rng)
    return weights, acc, loss


def _epoch_own_generator(weights, optimizer, x, y, batch_size, rng):
    return _weighted(*_run(_shuffled(x, batch_size, generator(0)), weights, optimizer, x, y))


# Five times the same row: then the shuffling cannot be seen in the results, and all right
# functions agree, whichever method of the generator they use.
_EQUAL_X, _EQUAL_Y = np.tile([1.0, 2.0], (5, 1)), np.full(5, 1)


def _paper_epoch(function):
    return function(_PAPER, sgd.SGD(0.5), _PAPER_X, _PAPER_Y, 2, generator())


def _equal_epoch(function):
    return function(_PAPER, sgd.SGD(0.5), _EQUAL_X, _EQUAL_Y, 2, generator())


class _Spy(sgd.SGD):
    """Note which rows each update was made from, and the label that each row had.

    It works if row i of x is 1 at place i and 0 elsewhere: then the gradient of the kernel is 0
    except in the lines of the rows of this batch, and below 0 at their labels only.
    """

    def __init__(self):
        super().__init__(0.1)
        self.rows, self.labels = [], []

    def update(self, weights, gradients):
        rows = np.flatnonzero(np.abs(gradients[0]).sum(axis=1))
        self.rows.append(rows)
        self.labels.append(gradients[0][rows].argmin(axis=1))
        return super().update(weights, gradients)


_MARKED_X, _MARKED_Y = np.eye(20), generator(3).integers(0, 3, 20)
_MARKED_NET = [np.zeros((20, 3)), np.zeros(3)]


def _spied(function, epochs=1):
    spy, rng = _Spy(), generator()
    for _ in range(epochs):
        function(_MARKED_NET, spy, _MARKED_X, _MARKED_Y, 6, rng)
    return spy


def _each_row_once(function):
    rows = np.concatenate(_spied(function).rows)
    return np.array_equal(np.sort(rows), np.arange(20))


def _keeps_labels(function):
    spy = _spied(function)
    rows, labels = np.concatenate(spy.rows), np.concatenate(spy.labels)
    return np.array_equal(_MARKED_Y[rows], labels)


def _neighbours_in_the_first_batch(function):
    return np.array_equal(_spied(function).rows[0], np.arange(6))


def _same_first_batch_twice(function):
    rows = _spied(function, epochs=2).rows
    return np.array_equal(rows[0], rows[len(rows) // 2])


TRAIN_EPOCH = Exercise(
    name="train_epoch",
    notebook="05",
    task="Train for one epoch: shuffle the rows with `rng`, cut them into batches of `batch_size`, "
    "make one `sgd.train_step` per batch. Return the new weights, and the loss and the accuracy "
    "that Keras reports for the epoch.",
    reference=train_epoch,
    cases=(
        Case("2 rows in one batch, rate 0.5: the loss", lambda f: _paper_epoch(f)[1]),
        Case("2 rows in one batch, rate 0.5: all three results", _paper_epoch),
        Case("5 equal rows, batch size 2, rate 0.5: the loss", lambda f: _equal_epoch(f)[1]),
        Case("5 equal rows, batch size 2, rate 0.5: the accuracy", lambda f: _equal_epoch(f)[2]),
        Case("5 equal rows, batch size 2, rate 0.5: the new weights", lambda f: _equal_epoch(f)[0]),
        Case(
            "20 rows, batch size 6: rows in each update",
            lambda f: [len(rows) for rows in _spied(f).rows],
        ),
        Case("20 rows, batch size 6: is each row used exactly once?", _each_row_once),
        Case("does every row keep its own label?", _keeps_labels),
        Case(
            "20 rows, batch size 6: is the first batch rows 0 to 5?",
            _neighbours_in_the_first_batch,
        ),
        Case("two epochs with one rng: is the first batch the same?", _same_first_batch_twice),
    ),
    misconceptions=(
        Misconception(
            "no-shuffle",
            "The rows are dealt in the order in which they lie. Keras shuffles them before it "
            "cuts the batches.",
            _epoch_not_shuffled,
        ),
        Misconception(
            "mean-of-batch-means",
            "You took the plain mean of what the batches reported, so the small last batch counts "
            "as much as a full one. Keras weights each by its rows.",
            _epoch_plain_mean,
        ),
        Misconception(
            "last-batch-only",
            "You report the loss of the last batch. Keras reports the mean over all rows of the "
            "epoch.",
            _epoch_last_loss,
        ),
        Misconception(
            "evaluates-at-the-end",
            "You evaluated all rows with the weights at the end. The loss that `fit` reports is "
            "the mean of the batch losses, each taken before its own update.",
            _epoch_evaluated,
        ),
        Misconception(
            "sum-for-mean",
            "You added up the losses of all rows, and did not divide by their number.",
            _epoch_summed,
        ),
        Misconception(
            "same-weights-for-all-batches",
            "Each batch starts from the weights of the beginning, so in the end only the last "
            "update is left. Each step must go on from the weights of the one before.",
            _epoch_from_the_start,
        ),
        Misconception(
            "new-weights-thrown-away",
            "The weights come back as they went in: `train_step` changes nothing in place, and "
            "the new weights that it returned were not kept.",
            _epoch_thrown_away,
        ),
        Misconception(
            "drops-last-batch",
            "The rows that are left over are gone: you dropped the last batch. Keras trains on "
            "it, too.",
            _epoch_without_the_last,
        ),
        Misconception(
            "labels-not-shuffled",
            "x was dealt in the new order and y in the old one: the rows have lost their labels.",
            _epoch_labels_in_order,
        ),
        Misconception(
            "same-order-each-epoch",
            "A generator that is made anew inside the function starts from the same seed each "
            "time, so every epoch gets the same order. Use the `rng` that is handed over.",
            _epoch_own_generator,
        ),
        Misconception(
            "weighted-by-batch-size",
            "You weighted every batch with `batch_size`, also the last one, which holds fewer "
            "rows.",
            _epoch_weighted_by_batch_size,
        ),
        Misconception(
            "first-batch-only",
            "Only the first batch was trained on: a `return` inside a loop ends the loop.",
            _epoch_first_batch,
            variants=(_epoch_first_batch_undivided,),
        ),
        Misconception(
            "all-rows-in-one-update",
            "You made one update from all rows. An epoch makes one for each batch.",
            _epoch_in_one_update,
        ),
        Misconception(
            "loss-and-accuracy-exchanged",
            "Loss and accuracy have changed places. `train_step` returns the weights, the loss "
            "and the accuracy, in this order, and so do you.",
            _epoch_results_swapped,
        ),
    ),
    hints=(
        "`sgd.shuffle_indices` and `sgd.split_batches` give you the row numbers of each batch.",
        "`x[rows]` and `y[rows]` are a batch. Its step returns weights: the next step needs them.",
        "Add up loss times rows, and accuracy times rows, over the batches; after the loop divide "
        "both by the number of all rows.",
    ),
)

# ---- order_fit_textbook ------------------------------------------------------------------------


def order_fit_textbook(weights, opt, x, y, batch_size, epochs, rng):
    history = {"loss": [], "accuracy": []}
    for _epoch in range(epochs):
        order = sgd.shuffle_indices(len(x), rng)
        loss_sum = acc_sum = 0.0
        for rows in sgd.split_batches(order, batch_size):
            weights, loss, acc = sgd.train_step(weights, opt, x[rows], y[rows])
            loss_sum += loss * len(rows)
            acc_sum += acc * len(rows)
        history["loss"].append(loss_sum / len(x))
        history["accuracy"].append(acc_sum / len(x))
    return weights, history


def _never_set_back(weights, optimizer, x, y, batch_size, epochs, rng):
    weights, history = sgd.fit_textbook(weights, optimizer, x, y, batch_size, epochs, rng)
    return weights, {name: list(np.cumsum(values)) for name, values in history.items()}


def _one_order(weights, optimizer, x, y, batch_size, epochs, rng):
    order = sgd.shuffle_indices(len(x), rng)
    weights, history = sgd.fit(
        weights,
        x,
        y,
        optimizer=optimizer,
        batch_size=batch_size,
        epochs=epochs,
        order=lambda epoch: order,
        verbose=0,
    )
    return weights, history.history


def _losses_not_weighted(weights, optimizer, x, y, batch_size, epochs, rng):
    history = {"loss": [], "accuracy": []}
    for _ in range(epochs):
        deal = _shuffled(x, batch_size, rng)
        weights, losses, accs, counts = _run(deal, weights, optimizer, x, y)
        history["loss"].append(losses.sum() / len(x))
        history["accuracy"].append(accs @ counts / len(x))
    return weights, history


def _zeros_reported(weights, optimizer, x, y, batch_size, epochs, rng):
    weights, _ = sgd.fit_textbook(weights, optimizer, x, y, batch_size, epochs, rng)
    return weights, {"loss": [0.0] * epochs, "accuracy": [0.0] * epochs}


def _values(result):
    return [result[1]["loss"], result[1]["accuracy"]]


ORDER_FIT_TEXTBOOK = Exercise(
    name="order_fit_textbook",
    notebook="05",
    task="Order the lines: train for `epochs` epochs. Return the weights, and one loss and one "
    "accuracy per epoch. Three lines do not belong; each resembles one that does, and two of them "
    "differ from it by their indentation alone.",
    reference=order_fit_textbook,
    lines=(
        'history = {"loss": [], "accuracy": []}',
        "for epoch in range(epochs):",
        "    order = sgd.shuffle_indices(len(x), rng)",
        "    loss_sum = acc_sum = 0.0",
        "    for rows in sgd.split_batches(order, batch_size):",
        "        weights, loss, acc = sgd.train_step(weights, opt, x[rows], y[rows])",
        "        loss_sum += loss * len(rows)",
        "        acc_sum += acc * len(rows)",
        '    history["loss"].append(loss_sum / len(x))',
        '    history["accuracy"].append(acc_sum / len(x))',
        "return weights, history",
    ),
    distractors=(
        "order = sgd.shuffle_indices(len(x), rng)",
        "loss_sum = acc_sum = 0.0",
        "        loss_sum += loss",
    ),
    cases=(
        Case(
            "2 rows, batch size 2, 1 epoch",
            lambda f: f(_PAPER, sgd.SGD(0.5), _PAPER_X, _PAPER_Y, 2, 1, generator()),
        ),
        Case(
            "5 equal rows, batch size 2, 2 epochs: losses and accuracies in the history",
            lambda f: _values(f(_PAPER, sgd.SGD(0.5), _EQUAL_X, _EQUAL_Y, 2, 2, generator())),
        ),
        Case(
            "7 rows, batch size 3, 3 epochs: losses and accuracies in the history",
            lambda f: _values(f(_NET, sgd.SGD(0.3), _X, _Y, 3, 3, generator())),
        ),
        Case(
            "7 rows, batch size 3, 3 epochs, momentum: the weights",
            lambda f: f(_NET, sgd.SGD(0.1, momentum=0.9), _X, _Y, 3, 3, generator())[0],
        ),
    ),
    misconceptions=(
        Misconception(
            "sums-never-set-back",
            "The sums are set to 0 once, before all epochs. So each epoch reports the sum of the "
            "earlier ones along with its own.",
            _never_set_back,
        ),
        Misconception(
            "shuffles-once",
            "The rows are shuffled once, before the first epoch. Without a seed, Keras deals a "
            "new order in every epoch, and so do we.",
            _one_order,
        ),
        Misconception(
            "batch-losses-not-weighted",
            "You added the mean losses of the batches, and divided by the number of rows. A mean "
            "over rows needs each batch to count by its rows.",
            _losses_not_weighted,
        ),
        Misconception(
            "reports-zeros",
            "The sums are 0 when they go into the history: they are written down before the "
            "batches of the epoch, or set back too early.",
            _zeros_reported,
        ),
    ),
    hints=(
        "One line stands before all epochs, and the `return` after them. All else is repeated.",
        "What must happen anew in each epoch, before its batches? Two lines. What after them?",
        "The new order and the sums belong inside the loop over epochs: take the indented ones. "
        "And a batch adds its loss times its rows.",
    ),
)

# ---- fit_model, with two faults ----------------------------------------------------------------


def fit_model(weights, x, y, batch_size, epochs, rng):
    optimizer = sgd.SGD()
    for _epoch in range(epochs):
        order = sgd.shuffle_indices(len(x), rng)
        for rows in sgd.split_batches(order, batch_size):
            weights, _, _ = sgd.train_step(weights, optimizer, x[rows], y[rows])
    return weights


def _two_faults(weights, x, y, batch_size, epochs, rng):
    optimizer = sgd.SGD()
    for _epoch in range(epochs):
        order = np.arange(len(x))
        for rows in sgd.split_batches(order, 32):
            weights, _, _ = sgd.train_step(weights, optimizer, x[rows], y[rows])
    return weights


def _train(weights, batches, x, y):
    optimizer = sgd.SGD()
    for rows, y_rows in batches:
        weights, _, _ = sgd.train_step(weights, optimizer, x[rows], y[y_rows])
    return weights


def _fit_unshuffled(weights, x, y, batch_size, epochs, rng):
    return _train(weights, _in_order(x, batch_size) * epochs, x, y)


def _fit_batches_of_32(weights, x, y, batch_size, epochs, rng):
    batches = [batch for _ in range(epochs) for batch in _shuffled(x, 32, rng)]
    return _train(weights, batches, x, y)


def _fit_shuffled_once(weights, x, y, batch_size, epochs, rng):
    return _train(weights, _shuffled(x, batch_size, rng) * epochs, x, y)


def _fit_own_generator(weights, x, y, batch_size, epochs, rng):
    return _train(weights, _shuffled(x, batch_size, generator(0)) * epochs, x, y)


def _fit_torn(weights, x, y, batch_size, epochs, rng):
    in_order = _in_order(x, batch_size)
    batches = [
        (rows, y_rows)
        for _ in range(epochs)
        for (rows, _), (y_rows, _) in zip(_shuffled(x, batch_size, rng), in_order, strict=True)
    ]
    return _train(weights, batches, x, y)


def _fit_without_the_last(weights, x, y, batch_size, epochs, rng):
    batches = [batch for _ in range(epochs) for batch in _shuffled(x, batch_size, rng)]
    batches = [batch for batch in batches if len(batch[0]) == batch_size]
    return _train(weights, batches, x, y)


def _fit_one_epoch(weights, x, y, batch_size, epochs, rng):
    return fit_model(weights, x, y, batch_size, 1, rng)


def _fit_steps_as_batch_size(weights, x, y, batch_size, epochs, rng):
    return fit_model(weights, x, y, sgd.steps_per_epoch(len(x), batch_size), epochs, rng)


def _fit_with_replacement(weights, x, y, batch_size, epochs, rng):
    steps = epochs * sgd.steps_per_epoch(len(x), batch_size)
    drawn = [rng.integers(len(x), size=batch_size) for _ in range(steps)]
    return _train(weights, [(rows, rows) for rows in drawn], x, y)


def _fit_seeded_by_epoch(weights, x, y, batch_size, epochs, rng):
    batches = [b for epoch in range(epochs) for b in _shuffled(x, batch_size, generator(epoch))]
    return _train(weights, batches, x, y)


def _equal(weights, others):
    return all(np.allclose(a, b, rtol=0, atol=1e-12) for a, b in zip(weights, others, strict=True))


def _count_updates(function):
    """Train on five equal rows, and see in the weights how many updates were made."""
    trained = function(_PAPER, _EQUAL_X, _EQUAL_Y, 2, 4, generator())
    weights, updates = _PAPER, 0
    while not _equal(weights, trained):
        weights, updates = _train(weights, _in_order(_EQUAL_X, 5), _EQUAL_X, _EQUAL_Y), updates + 1
        if updates > 50:
            raise ValueError("no number of updates leads to these weights")
    return updates


def _learns_own_labels(function):
    """After one epoch from zero, the largest weight of a marked row stands at its label."""
    kernel, _ = function(_MARKED_NET, _MARKED_X, _MARKED_Y, 20, 1, generator())
    return np.array_equal(kernel.argmax(axis=1), _MARKED_Y)


_THREE_X = np.array([[1.0, 2.0], [-1.0, 0.5], [3.0, -2.0]])
_THREE_Y = np.array([2, 0, 1])


def _three_rows(function):
    return function(_PAPER, _THREE_X, _THREE_Y, 1, 12, generator())


@functools.cache
def _by_one_order(order):
    batches = [(np.array([row]), np.array([row])) for row in order]
    return _train(_PAPER, batches * 12, _THREE_X, _THREE_Y)


def _one_order_in_all_epochs(function):
    trained = _three_rows(function)
    return any(_equal(trained, _by_one_order(order)) for order in itertools.permutations(range(3)))


_MANY_X, _MANY_Y = generator(7).normal(0, 1, (40, 2)), np.arange(40) % 3  # more than 32


def _many_rows(function, seed=0):
    return function(_PAPER, _MANY_X, _MANY_Y, 8, 2, generator(seed))


def _many_in_order():
    return _train(_PAPER, _in_order(_MANY_X, 8) * 2, _MANY_X, _MANY_Y)


FIT_MODEL = Exercise(
    name="fit_model",
    notebook="05",
    task="Find the two faults: `fit_model` must train for `epochs` epochs in batches of "
    "`batch_size` rows, in an order that `rng` shuffles anew for each epoch, with `sgd.SGD()`. It "
    "returns the weights.",
    reference=fit_model,
    given=_two_faults,
    cases=(
        Case(
            "2 rows in one batch, 1 epoch",
            lambda f: f(_PAPER, _PAPER_X, _PAPER_Y, 2, 1, generator()),
        ),
        Case("5 equal rows, batch size 2, 4 epochs: how many updates were made?", _count_updates),
        Case(
            "20 rows in one batch, 1 epoch: does each row learn its own label?", _learns_own_labels
        ),
        Case(
            "40 rows, batch size 8, 2 epochs: do they come in the order 0, 1, 2, ... each time?",
            lambda f: _equal(_many_rows(f), _many_in_order()),
        ),
        Case(
            "3 rows, batch size 1, 12 epochs: do they come in one and the same order each time?",
            _one_order_in_all_epochs,
        ),
        Case(
            "40 rows, batch size 8, two generators with the seeds 0 and 1: are the weights equal?",
            lambda f: _equal(_many_rows(f, seed=0), _many_rows(f, seed=1)),
        ),
    ),
    misconceptions=(
        Misconception(
            "no-shuffle",
            "The batch size is mended, and nothing is shuffled yet: each batch holds the same "
            "neighbours in every epoch.",
            _fit_unshuffled,
        ),
        Misconception(
            "batch-size-not-passed-on",
            "The rows are shuffled now, and the batches still have 32 rows, whatever `batch_size` "
            "says.",
            _fit_batches_of_32,
        ),
        Misconception(
            "shuffles-once",
            "You shuffle once, before the first epoch, so all epochs have the same batches. "
            "Without a seed, Keras deals a new order in every epoch.",
            _fit_shuffled_once,
        ),
        Misconception(
            "same-order-each-epoch",
            "A generator that is made anew inside the function starts from the same seed each "
            "time, so every epoch gets the same order. Use the `rng` that is handed over.",
            _fit_own_generator,
        ),
        Misconception(
            "labels-not-shuffled",
            "x is dealt in the new order and y in the old one: the rows have lost their labels.",
            _fit_torn,
        ),
        Misconception(
            "drops-last-batch",
            "Only full batches are trained on: the rows that are left over are gone. Keras keeps "
            "a smaller last batch.",
            _fit_without_the_last,
        ),
        Misconception(
            "one-epoch-only",
            "Only one epoch is trained, whatever `epochs` says: a `return` inside a loop ends "
            "the loop.",
            _fit_one_epoch,
        ),
        Misconception(
            "number-of-batches-as-batch-size",
            "You cut batches of as many rows as there should be batches. `batch_size` is the "
            "number of rows in each.",
            _fit_steps_as_batch_size,
        ),
        Misconception(
            "with-replacement",
            "Rows are drawn with replacement: in an epoch some come twice and others never.",
            _fit_with_replacement,
        ),
        Misconception(
            "rng-not-used",
            "The order changes from epoch to epoch, but not with `rng`: a generator made inside "
            "the function gives every training the same orders.",
            _fit_seeded_by_epoch,
        ),
    ),
    hints=(
        "Read the arguments in the first line. Which of them does the function never use?",
        "Two arguments are not used: one belongs into the cutting, the other into the dealing.",
        "`sgd.shuffle_indices` makes an order with `rng`. Where must it stand, so that each epoch "
        "gets an order of its own?",
    ),
)

EXERCISES = (ORDER_TRAIN_STEP, RUNNING_MEAN, TRAIN_EPOCH, ORDER_FIT_TEXTBOOK, FIT_MODEL)
