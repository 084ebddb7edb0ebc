"""Exercises of notebook 08: code of yours inside a running ``fit``."""

import numpy as np

import sgdcourse as sgd
from sgdcourse.exercises.exercise import Case, Exercise, Misconception, call

# ---- early_stopping ----------------------------------------------------------------------------


def early_stopping(val_losses, patience):
    best, wait = np.inf, 0
    for epoch, val_loss in enumerate(val_losses):
        wait += 1
        if val_loss < best:
            best, wait = val_loss, 0
        elif wait >= patience:
            return epoch
    return None


def _one_too_long(val_losses, patience):
    best, wait = np.inf, 0
    for epoch, val_loss in enumerate(val_losses):
        wait = 0 if val_loss < best else wait + 1
        best = min(best, val_loss)
        if wait > patience:
            return epoch
    return None


def _against_the_epoch_before(val_losses, patience):
    before, wait = np.inf, 0
    for epoch, val_loss in enumerate(val_losses):
        wait = 0 if val_loss < before else wait + 1
        before = val_loss
        if wait and wait >= patience:
            return epoch
    return None


def _never_reset(val_losses, patience):
    best, wait = np.inf, 0
    for epoch, val_loss in enumerate(val_losses):
        if val_loss < best:
            best = val_loss
        else:
            wait += 1
            if wait >= patience:
                return epoch
    return None


def _best_epoch(val_losses, patience):
    stop = early_stopping(val_losses, patience)
    return None if stop is None else int(np.argmin(val_losses[:stop]))


def _from_one(val_losses, patience):
    stop = early_stopping(val_losses, patience)
    return None if stop is None else stop + 1


def _ties_are_better(val_losses, patience):
    best, wait = np.inf, 0
    for epoch, val_loss in enumerate(val_losses):
        wait = 0 if val_loss <= best else wait + 1
        best = min(best, val_loss)
        if wait and wait >= patience:
            return epoch
    return None


def _stops_on_a_new_best(val_losses, patience):
    best, wait = np.inf, 0
    for epoch, val_loss in enumerate(val_losses):
        wait = 0 if val_loss < best else wait + 1
        best = min(best, val_loss)
        if wait >= patience:
            return epoch
    return None


def _first_epoch_as_best(val_losses, patience):
    wait = 0
    for epoch, val_loss in enumerate(val_losses[1:], 1):
        wait = 0 if val_loss < val_losses[0] else wait + 1
        if wait and wait >= patience:
            return epoch
    return None


def _larger_is_better(val_losses, patience):
    return early_stopping([-val_loss for val_loss in val_losses], patience)


def _one_too_low(val_losses, patience):
    stop = early_stopping(val_losses, patience)
    return None if stop is None else stop - 1


def _knows_the_end(val_losses, patience):
    stop = int(np.argmin(val_losses)) + max(patience, 1)
    return stop if stop < len(val_losses) else None


def _knows_the_end_at_patience_0(val_losses, patience):
    stop = int(np.argmin(val_losses)) + patience
    return stop if stop < len(val_losses) else None


def _last_epoch(val_losses, patience):
    stop = early_stopping(val_losses, patience)
    return len(val_losses) - 1 if stop is None else stop


EARLY_STOPPING = Exercise(
    name="early_stopping",
    notebook="08",
    task="`val_losses` is a list with the `val_loss` of each epoch. Return the epoch, counted from "
    "0, at whose end Keras's `EarlyStopping(patience=patience)` stops the training, or `None` if "
    "it never does.",
    reference=early_stopping,
    cases=(
        call(
            "val_loss 0.9, 0.7, 0.8, 0.75, 0.72, 0.74, 0.76, 0.78, patience 2",
            [0.9, 0.7, 0.8, 0.75, 0.72, 0.74, 0.76, 0.78],
            2,
        ),
        call(
            "val_loss 0.9, 0.8, 0.85, 0.7, 0.75, 0.72, 0.71, 0.73, patience 2",
            [0.9, 0.8, 0.85, 0.7, 0.75, 0.72, 0.71, 0.73],
            2,
        ),
        call("val_loss 0.5, 0.5, 0.5, 0.5, 0.6, patience 1", [0.5, 0.5, 0.5, 0.5, 0.6], 1),
        call("val_loss 0.9, 0.6, 0.7, 0.5, patience 0", [0.9, 0.6, 0.7, 0.5], 0),
        call("val_loss 0.9, 0.8, 0.7, patience 1", [0.9, 0.8, 0.7], 1),
        call("val_loss 0.4, 0.5, 0.6, patience 3", [0.4, 0.5, 0.6], 3),
        call("val_loss 0.3, 0.7, 0.6, 0.5, 0.4, patience 3", [0.3, 0.7, 0.6, 0.5, 0.4], 3),
    ),
    misconceptions=(
        Misconception(
            "waits-one-epoch-too-long",
            "It stops one epoch late. Keras stops as soon as the epochs without a new best are as "
            "many as `patience`, not when they are more.",
            _one_too_long,
        ),
        Misconception(
            "compares-with-the-epoch-before",
            "You compare each epoch with the one before it. Keras compares with the best epoch so "
            "far: better than yesterday is not enough.",
            _against_the_epoch_before,
        ),
        Misconception(
            "never-resets-the-wait",
            "You count all epochs without a new best, since the beginning. In Keras a new best "
            "sets the count back to 0.",
            _never_reset,
        ),
        Misconception(
            "returns-the-best-epoch",
            "That is the best epoch. The training stops later, when `patience` epochs have "
            "brought nothing better.",
            _best_epoch,
        ),
        Misconception(
            "counts-from-one",
            "You counted epochs from 1, as the progress bar does. A callback's `epoch` counts "
            "from 0.",
            _from_one,
        ),
        Misconception(
            "ties-count-as-better",
            "You take an equal value for a new best. In Keras it must be lower; an equal one is "
            "waited out like a worse one.",
            _ties_are_better,
        ),
        Misconception(
            "patience-0-stops-at-once",
            "With `patience=0` it stops at the end of an epoch that was the best so far. Keras "
            "never stops at a new best.",
            _stops_on_a_new_best,
        ),
        Misconception(
            "last-epoch-for-none",
            "Where nothing stops the training, you return its last epoch. Asked for is `None`: "
            "the training came to its end by itself.",
            _last_epoch,
        ),
        Misconception(
            "best-never-renewed",
            "You compare every epoch with the first one. A new best must take the place of the "
            "old one.",
            _first_epoch_as_best,
        ),
        Misconception(
            "larger-is-better",
            "You wait for the `val_loss` to grow. A loss is better when it is lower; it is the "
            "accuracy that should grow.",
            _larger_is_better,
        ),
        Misconception(
            "one-epoch-too-low",
            "The number is one too low: a loop that leaves out the first epoch and counts from "
            "0 calls epoch 1 epoch 0.",
            _one_too_low,
        ),
        Misconception(
            "knows-the-end",
            "You looked for the best of all epochs. `EarlyStopping` knows only those that have "
            "been: it may stop before the best one comes.",
            _knows_the_end,
            variants=(_knows_the_end_at_patience_0,),
        ),
    ),
    hints=(
        "Remember two things from epoch to epoch: the best value, and how long ago it was.",
        "In each epoch: a new best sets the wait to 0. If it is no new best, the wait has grown "
        "by 1: is it long enough now?",
        "Ask `wait >= patience` only in an epoch without a new best; the first epoch is always a "
        "new best.",
    ),
)

# ---- batch_losses ------------------------------------------------------------------------------


def batch_losses(running_means, rows):
    sums = running_means * np.cumsum(rows)
    return np.diff(sums, prepend=0.0) / rows


def _equal_batches(running_means, rows):
    return np.diff(running_means * np.arange(1, len(rows) + 1), prepend=0.0)


def _over_rows_so_far(running_means, rows):
    return np.diff(running_means * np.cumsum(rows), prepend=0.0) / np.cumsum(rows)


def _weighted_by_own_rows(running_means, rows):
    return np.diff(running_means * rows, prepend=0.0) / rows


def _sum_minus_mean(running_means, rows):
    before = np.concatenate([[0.0], running_means[:-1]])
    return (running_means * np.cumsum(rows) - before) / rows


def _sum_minus_mean_but_the_first(running_means, rows):
    return np.concatenate([running_means[:1], _sum_minus_mean(running_means, rows)[1:]])


def _first_loss_zero(running_means, rows):
    sums = running_means * np.cumsum(rows)
    return np.diff(sums, prepend=sums[0]) / rows


def _rows_of_the_first(running_means, rows):
    return np.diff(running_means * np.cumsum(rows), prepend=0.0) / rows[0]


def _without_the_first(running_means, rows):
    return np.diff(running_means * np.cumsum(rows)) / rows[1:]


BATCH_LOSSES = Exercise(
    name="batch_losses",
    notebook="08",
    task="`running_means` holds the `loss` that `on_train_batch_end` got for each batch of an "
    "epoch, `rows` the number of rows of each batch (two arrays). Return the loss of each batch "
    "alone.",
    reference=batch_losses,
    cases=(
        call(
            "running means 3, 3.5, 6 over batches of 2, 2, 1 rows",
            np.array([3.0, 3.5, 6.0]),
            np.array([2, 2, 1]),
        ),
        call(
            "4 batches, the last one small: 32, 32, 32, 5 rows",
            np.array([2.31, 2.12, 2.09, 2.01]),
            np.array([32, 32, 32, 5]),
        ),
        call("one batch of 7 rows, running mean 1.3", np.array([1.3]), np.array([7])),
        call(
            "3 batches of 4 rows each, running means 0.9, 0.65, 0.7",
            np.array([0.9, 0.65, 0.7]),
            np.array([4, 4, 4]),
        ),
    ),
    misconceptions=(
        Misconception(
            "running-mean-for-batch-loss",
            "You took the numbers as they come. In Keras the `loss` of `on_train_batch_end` is "
            "the mean over the rows of the epoch so far, not the loss of this batch.",
            lambda running_means, rows: running_means,
        ),
        Misconception(
            "differences-of-means",
            "You subtracted one mean from the next. Means cannot be subtracted like that; sums "
            "over rows can.",
            lambda running_means, rows: np.diff(running_means, prepend=0.0),
        ),
        Misconception(
            "assumes-equal-batches",
            "You counted in batches, as if all had the same number of rows. The last batch of an "
            "epoch may be small.",
            _equal_batches,
        ),
        Misconception(
            "sum-for-mean",
            "That is the sum of the losses in each batch. Its loss is their mean.",
            lambda running_means, rows: np.diff(running_means * np.cumsum(rows), prepend=0.0),
        ),
        Misconception(
            "divides-by-rows-so-far",
            "You divided by the rows so far. What is left after subtracting belongs to one batch, "
            "so its own rows count.",
            _over_rows_so_far,
        ),
        Misconception(
            "first-batch-missing",
            "The first batch is missing: before it the sum is 0, so its running mean is its own "
            "loss.",
            _without_the_first,
        ),
        Misconception(
            "averages-again",
            "You took the running mean of the running means. They are means already; you want to "
            "go the other way.",
            lambda running_means, rows: np.cumsum(running_means * rows) / np.cumsum(rows),
        ),
        Misconception(
            "weighted-by-own-rows",
            "You multiplied each mean by the rows of its batch. It is a mean over ALL rows of "
            "the epoch so far.",
            _weighted_by_own_rows,
        ),
        Misconception(
            "subtracts-the-mean",
            "You took the last mean away from a sum. A sum over rows, too, must be taken away "
            "from a sum over rows.",
            _sum_minus_mean,
            variants=(_sum_minus_mean_but_the_first,),
        ),
        Misconception(
            "first-loss-zero",
            "The first batch got the loss 0. Before it the sum is 0, so its running mean is its "
            "own loss.",
            _first_loss_zero,
        ),
        Misconception(
            "rows-of-the-first",
            "You divided by the rows of the first batch each time. The last batch of an epoch "
            "may be smaller.",
            _rows_of_the_first,
        ),
    ),
    hints=(
        "A mean over 4 rows of 3.5 is a sum of 14. After 5 rows with the mean 6 it is 30.",
        "The sum of one batch is the sum after it minus the sum before it; before the first "
        "batch it is 0.",
        "Mean times rows so far gives the sums, neighbouring sums are subtracted, and each "
        "difference is divided by the rows of its own batch.",
    ),
)

# ---- HalveTheRate ------------------------------------------------------------------------------


class HalveTheRate(sgd.Callback):
    """Halve the rate after every second epoch."""

    def on_epoch_end(self, epoch, logs=None):
        """Count epochs from 0: every second one has an odd number."""
        if epoch % 2 == 1:
            self.state.optimizer.learning_rate /= 2


class _EveryEpoch(sgd.Callback):
    def on_epoch_end(self, epoch, logs=None):
        self.state.optimizer.learning_rate /= 2


class _AfterEvenEpochs(sgd.Callback):
    def on_epoch_end(self, epoch, logs=None):
        if epoch % 2 == 0:
            self.state.optimizer.learning_rate /= 2


class _AfterEvenEpochsButTheFirst(sgd.Callback):
    def on_epoch_end(self, epoch, logs=None):
        if epoch and epoch % 2 == 0:
            self.state.optimizer.learning_rate /= 2


class _AfterThreeEpochsOnly(sgd.Callback):
    def on_epoch_end(self, epoch, logs=None):
        if epoch in (1, 3, 5):
            self.state.optimizer.learning_rate /= 2


class _BeforeOddEpochs(sgd.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch % 2 == 1:
            self.state.optimizer.learning_rate /= 2


class _WhenTheNextBegins(sgd.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch and epoch % 2 == 0:
            self.state.optimizer.learning_rate /= 2


class _BeforeEvenEpochs(sgd.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch % 2 == 0:
            self.state.optimizer.learning_rate /= 2


class _EverySecondBatch(sgd.Callback):
    def on_train_batch_end(self, batch, logs=None):
        if batch % 2 == 1:
            self.state.optimizer.learning_rate /= 2


class _EveryBatchOfOddEpochs(sgd.Callback):
    def on_train_batch_end(self, batch, logs=None):
        if self.state.epoch % 2 == 1:
            self.state.optimizer.learning_rate /= 2


class _Once(sgd.Callback):
    def on_epoch_end(self, epoch, logs=None):
        if epoch == 1:
            self.state.optimizer.learning_rate /= 2


class _Doubles(sgd.Callback):
    def on_epoch_end(self, epoch, logs=None):
        if epoch % 2 == 1:
            self.state.optimizer.learning_rate *= 2


class _NoRate(sgd.Callback):
    def on_epoch_ends(self, epoch, logs=None):
        self.state.optimizer.learning_rate /= 2


class _NotingRates(sgd.SGD):
    """Note the rate that each update is made with."""

    def __init__(self, learning_rate):
        super().__init__(learning_rate)
        self.rates = []

    def update(self, weights, gradients):
        self.rates.append(self.learning_rate)
        return super().update(weights, gradients)


_X = np.random.default_rng(6).normal(0, 1, (7, 2))
_Y = np.array([1, 0, 0, 2, 1, 2, 0])
_NET = [np.zeros((2, 3)), np.zeros(3)]


def _train(callback, optimizer=None, batch_size=2, **options):
    sgd.fit(
        _NET,
        _X,
        _Y,
        optimizer=optimizer,
        batch_size=batch_size,
        shuffle=False,
        callbacks=[callback],
        verbose=0,
        **options,
    )


def _rates(callback_class, learning_rate, epochs, batch_size=7):
    """Return the rate of each update, and the one that is left in the optimizer."""
    optimizer = _NotingRates(learning_rate)
    _train(callback_class(), optimizer, batch_size, epochs=epochs)
    return np.array([*optimizer.rates, optimizer.learning_rate])


HALVE_THE_RATE = Exercise(
    name="HalveTheRate",
    notebook="08",
    task="Write a callback, `class HalveTheRate(sgd.Callback)`, that halves "
    "`self.state.optimizer.learning_rate` at the end of every second epoch: after epochs 1, 3, 5 "
    "and so on, counted from 0.",
    reference=HalveTheRate,
    cases=(
        Case(
            "3 epochs of 3 updates from rate 0.8: the rate of each update, and after the last",
            lambda c: _rates(c, 0.8, 3, batch_size=3),
        ),
        Case(
            "5 epochs of 1 update from rate 0.3: the rate of each, and after the last",
            lambda c: _rates(c, 0.3, 5),
        ),
        Case("1 epoch from rate 0.5: its rate, and the rate after it", lambda c: _rates(c, 0.5, 1)),
        Case(
            "2 epochs of 1 update from rate 0.6: the rate of each, and after the last",
            lambda c: _rates(c, 0.6, 2),
        ),
        Case(
            "9 epochs of 1 update from rate 0.4: the rate of each, and after the last",
            lambda c: _rates(c, 0.4, 9),
        ),
    ),
    misconceptions=(
        Misconception(
            "every-epoch",
            "The rate is halved after every epoch. Asked for is every second one.",
            _EveryEpoch,
        ),
        Misconception(
            "after-even-epochs",
            "It is halved after epochs 0, 2, 4. Epochs are counted from 0, so the second one has "
            "the number 1.",
            _AfterEvenEpochs,
        ),
        Misconception(
            "at-epoch-begin",
            "It is halved when epochs 1, 3, 5 begin: one epoch too early. `on_epoch_begin` runs "
            "before the batches of that epoch.",
            _BeforeOddEpochs,
        ),
        Misconception(
            "when-the-next-epoch-begins",
            "It is halved when epochs 2, 4 begin. No update sees a difference, but after 2 epochs "
            "the optimizer is left with the old rate, and a second `fit` starts from there.",
            _WhenTheNextBegins,
        ),
        Misconception(
            "before-the-first-epoch",
            "It is halved when epochs 0, 2, 4 begin, so already before the first update. Nothing "
            "has been trained by then.",
            _BeforeEvenEpochs,
        ),
        Misconception(
            "every-second-batch",
            "It is halved after every second batch: the hook that you chose is called once per "
            "batch, and its number is that of the batch.",
            _EverySecondBatch,
        ),
        Misconception(
            "after-each-batch",
            "In the epochs 1, 3, 5 it is halved after each batch: the hook that you chose is "
            "called once per batch.",
            _EveryBatchOfOddEpochs,
        ),
        Misconception(
            "halves-only-once",
            "It is halved after epoch 1, and then it stays. Halve the rate of the moment, not the "
            "rate of the start, and after epochs 3 and 5, too.",
            _Once,
        ),
        Misconception(
            "rate-never-moves",
            "The rate never moves. A hook with a misspelt name is never called, and a rate of the "
            "callback's own is not the optimizer's.",
            _NoRate,
        ),
        Misconception(
            "doubles",
            "The rate becomes twice as large. Asked for is half.",
            _Doubles,
        ),
        Misconception(
            "after-even-epochs-but-the-first",
            "It is first halved after epoch 2: one epoch too late. Epochs are counted from 0, so "
            "the second one has the number 1.",
            _AfterEvenEpochsButTheFirst,
        ),
        Misconception(
            "only-what-was-listed",
            "It is halved after epochs 1, 3 and 5, and then never again. A training may be longer.",
            _AfterThreeEpochsOnly,
        ),
    ),
    hints=(
        "Which hook is called once per epoch, after its batches, and knows the epoch's number?",
        "`on_epoch_end(self, epoch, logs=None)` runs for epochs 0, 1, 2, 3. In which of them is "
        "there something to do?",
        "`epoch % 2` is 1 for odd epochs. `/=` divides what stands on its left.",
    ),
)

# ---- CountUpdates, with a fault ----------------------------------------------------------------


class CountUpdates(sgd.Callback):
    """Count the updates of a training."""

    def __init__(self):
        """Start from 0."""
        self.updates = 0

    def on_train_batch_end(self, batch, logs=None):
        """Count one update; `batch` starts anew in each epoch."""
        self.updates += 1


class _Misspelt(sgd.Callback):
    def __init__(self):
        self.updates = 0

    def on_batch_ended(self, batch, logs=None):
        self.updates += 1


class _CountEpochs(_Misspelt):
    def on_epoch_end(self, epoch, logs=None):
        self.updates += 1


class _StartsAnew(_Misspelt):
    def on_epoch_begin(self, epoch, logs=None):
        self.updates = 0

    def on_train_batch_end(self, batch, logs=None):
        self.updates += 1


class _BatchNumber(_Misspelt):
    def on_train_batch_end(self, batch, logs=None):
        self.updates = batch


class _AddBatchNumbers(_Misspelt):
    def on_train_batch_end(self, batch, logs=None):
        self.updates += batch


class _ValidationToo(_Misspelt):
    def on_train_batch_end(self, batch, logs=None):
        self.updates += 1

    def on_test_batch_end(self, batch, logs=None):
        self.updates += 1


class _ValidationOnly(_Misspelt):
    def on_test_batch_end(self, batch, logs=None):
        self.updates += 1


class _BeginAndEnd(_Misspelt):
    def on_train_batch_begin(self, batch, logs=None):
        self.updates += 1

    def on_train_batch_end(self, batch, logs=None):
        self.updates += 1


class _Planned(_Misspelt):
    def on_train_begin(self, logs=None):
        self.updates = self.state.epochs * self.state.steps


class _StopAfter(sgd.Callback):
    """Stop the training after some batches of epoch 1."""

    def on_train_batch_end(self, batch, logs=None):
        if (self.state.epoch, batch) == (1, 1):
            self.state.stop_training = True


def _counted(callback_class, **options):
    callback = callback_class()
    _train(callback, **options)
    return callback.updates


def _counted_until_stop(callback_class):
    callback = callback_class()
    sgd.fit(
        _NET,
        _X,
        _Y,
        batch_size=2,
        epochs=5,
        callbacks=[callback, _StopAfter()],
        verbose=0,
    )
    return callback.updates


COUNT_UPDATES = Exercise(
    name="CountUpdates",
    notebook="08",
    task="Find the fault: after a training, `self.updates` of this callback must hold how many "
    "updates were made in all epochs together. Nobody calls its hook.",
    reference=CountUpdates,
    given=_Misspelt,
    cases=(
        Case("7 rows, batch size 2, 1 epoch: `updates` at the end", _counted),
        Case("7 rows, batch size 2, 3 epochs", lambda c: _counted(c, epochs=3)),
        Case(
            "7 rows, batch size 3, 2 epochs, validated on 5 other rows",
            lambda c: _counted(c, batch_size=3, epochs=2, validation_data=(_X[:5], _Y[:5])),
        ),
        Case(
            "7 rows, batch size 2, stopped in epoch 1 of 5, after its second batch",
            _counted_until_stop,
        ),
    ),
    misconceptions=(
        Misconception(
            "counts-epochs",
            "You count epochs: that hook is called once per epoch. An update is made for each "
            "batch.",
            _CountEpochs,
        ),
        Misconception(
            "starts-anew-each-epoch",
            "Your number starts anew in each epoch, as `batch` does. Asked for are the updates of "
            "all epochs together.",
            _StartsAnew,
        ),
        Misconception(
            "keeps-the-batch-number",
            "You keep the number of the last batch. It is counted from 0, and starts anew in each "
            "epoch.",
            _BatchNumber,
        ),
        Misconception(
            "adds-batch-numbers",
            "You add up the numbers of the batches, 0 + 1 + 2 and so on. Each batch is one "
            "update, whatever its number.",
            _AddBatchNumbers,
        ),
        Misconception(
            "counts-validation-batches",
            "You count the batches of the validation, too. There the network is only looked at: "
            "nothing is updated.",
            _ValidationToo,
        ),
        Misconception(
            "counts-validation-only",
            "The `on_test_...` hooks belong to the validation, which updates nothing. Without "
            "validation data nobody calls them.",
            _ValidationOnly,
        ),
        Misconception(
            "counts-begin-and-end",
            "Each update is counted twice: once when its batch begins, and once when it ends.",
            _BeginAndEnd,
        ),
        Misconception(
            "planned-instead-of-counted",
            "You computed how many updates are planned. If something stops the training early, "
            "there are fewer.",
            _Planned,
        ),
    ),
    hints=(
        "No error and no warning: `fit` calls the hooks that it knows, and no others.",
        '`print([name for name in dir(sgd.Callback) if name.startswith("on_")])` lists all of '
        "them.",
        "One update is made per training batch. Which hook is called at the end of each of those?",
    ),
)

EXERCISES = (EARLY_STOPPING, BATCH_LOSSES, HALVE_THE_RATE, COUNT_UPDATES)
