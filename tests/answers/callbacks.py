"""Answers to the exercises of notebook 08."""

import math

import numpy as np

import sgdcourse as sgd
from tests.answers import right, right_class, wrong, wrong_class

# ---- early_stopping ----------------------------------------------------------------------------


@right("early_stopping")
def _(val_losses, patience):
    for epoch in range(1, len(val_losses)):
        best = min(range(epoch + 1), key=lambda e: val_losses[e])  # the first one, if several
        if epoch > best and epoch - best >= patience:
            return epoch


@right("early_stopping")
def _(val_losses, patience):
    stopper = sgd.EarlyStopping(patience=patience)
    stopper.state = sgd.TrainingState([], sgd.SGD(), len(val_losses), 1)
    for epoch, loss in enumerate(val_losses):
        stopper.on_epoch_end(epoch, {"val_loss": loss})
        if stopper.state.stop_training:
            return epoch
    return None


@right("early_stopping")
def _(val_losses, patience):
    best = val_losses[0]
    since_best = 0
    epoch = 0
    while epoch + 1 < len(val_losses):
        epoch += 1
        if best > val_losses[epoch]:
            best = val_losses[epoch]
            since_best = 0
            continue
        since_best += 1
        if since_best == max(patience, 1):
            return epoch


@right("early_stopping")
def _(val_losses, patience):
    patience = patience or 1
    lowest = np.minimum.accumulate(val_losses)
    for epoch in range(patience, len(lowest)):
        if lowest[epoch] == lowest[epoch - patience]:
            return epoch
    return None


@wrong("early_stopping", "waits-one-epoch-too-long")
def _(val_losses, patience):
    best, waited = math.inf, 0
    for epoch, loss in enumerate(val_losses):
        if loss < best:
            best, waited = loss, 0
        else:
            waited += 1
            if waited > patience:
                return epoch


@wrong("early_stopping", "waits-one-epoch-too-long")
def _(val_losses, patience):
    best, wait = math.inf, 0
    for epoch, loss in enumerate(val_losses):
        if loss < best:
            best, wait = loss, 0
        elif wait >= patience:  # asked before it is counted
            return epoch
        else:
            wait += 1
    return None


@wrong("early_stopping", "compares-with-the-epoch-before")
def _(val_losses, patience):
    wait = 0
    for epoch in range(1, len(val_losses)):
        if val_losses[epoch] < val_losses[epoch - 1]:
            wait = 0
            continue
        wait += 1
        if wait >= patience:
            return epoch


@wrong("early_stopping", "never-resets-the-wait")
def _(val_losses, patience):
    best, wait = val_losses[0], 0
    for epoch, loss in enumerate(val_losses[1:], start=1):
        if loss < best:
            best = loss
            continue
        wait += 1
        if wait >= patience:
            return epoch
    return None


@wrong("early_stopping", "returns-the-best-epoch")
def _(val_losses, patience):
    best, best_epoch, wait = math.inf, None, 0
    for epoch, loss in enumerate(val_losses):
        wait += 1
        if loss < best:
            best, best_epoch, wait = loss, epoch, 0
        elif wait >= patience:
            return best_epoch


@wrong("early_stopping", "counts-from-one")
def _(val_losses, patience):
    best, wait = math.inf, 0
    for epoch, loss in enumerate(val_losses, start=1):
        wait += 1
        if loss < best:
            best, wait = loss, 0
        elif wait >= patience:
            return epoch


@wrong("early_stopping", "ties-count-as-better")
def _(val_losses, patience):
    best, wait = math.inf, 0
    for epoch, loss in enumerate(val_losses):
        if loss > best:
            wait += 1
            if wait >= patience:
                return epoch
        else:
            best, wait = loss, 0


@wrong("early_stopping", "patience-0-stops-at-once")
def _(val_losses, patience):
    best, wait = math.inf, 0
    for epoch, loss in enumerate(val_losses):
        if loss < best:
            best = loss
            wait = 0
        else:
            wait += 1
        if wait >= patience:
            return epoch
    return None


@wrong("early_stopping", "last-epoch-for-none")
def _(val_losses, patience):
    best, wait = math.inf, 0
    epoch = -1
    for loss in val_losses:
        epoch += 1
        wait += 1
        if loss < best:
            best, wait = loss, 0
        elif wait >= patience:
            break
    return epoch


@wrong("early_stopping", "returns-nothing")
def _(val_losses, patience):
    best, wait, stopped = math.inf, 0, []
    for epoch, loss in enumerate(val_losses):
        wait += 1
        if loss < best:
            best, wait = loss, 0
        elif wait >= patience:
            stopped.append(epoch)
            break


@wrong("early_stopping", "prints-instead-of-returning")
def _(val_losses, patience):
    best, wait = math.inf, 0
    for epoch, loss in enumerate(val_losses):
        wait += 1
        if loss < best:
            best, wait = loss, 0
        elif wait >= patience:
            print("stopped in epoch", epoch)
            break


@wrong("early_stopping", "raises-an-error")
def _(val_losses, patience):
    best, wait = None, 0
    for epoch, loss in enumerate(val_losses):
        wait += 1
        if loss < best:
            best, wait = loss, 0
        elif wait >= patience:
            return epoch


@wrong("early_stopping", "endless-loop")
def _(val_losses, patience):
    best, wait, epoch = math.inf, 0, 0
    while wait < patience:
        if val_losses[epoch] < best:
            best, wait = val_losses[epoch], 0
            epoch += 1  # and stands still in an epoch that is no new best
        wait = min(wait, 1)
    return epoch


# ---- batch_losses ------------------------------------------------------------------------------


@right("batch_losses")
def _(running_means, rows):
    losses, sum_before, rows_before = [], 0.0, 0
    for mean, n in zip(running_means, rows, strict=True):
        sum_after = mean * (rows_before + n)
        losses.append((sum_after - sum_before) / n)
        sum_before, rows_before = sum_after, rows_before + n
    return losses


@right("batch_losses")
def _(running_means, rows):
    ends = np.concatenate([[0], np.cumsum(rows)])
    sums = np.concatenate([[0.0], running_means]) * ends
    return np.diff(sums) / np.diff(ends)


@right("batch_losses")
def _(running_means, rows):
    weights = np.tril(np.ones((len(rows), len(rows)))) * rows  # row k: who is in mean k
    weights = weights / weights.sum(axis=1, keepdims=True)
    return np.linalg.solve(weights, running_means)


@right("batch_losses")
def _(running_means, rows):
    count = 0
    before = 0.0
    for mean, n in zip(running_means, rows, strict=True):
        yield mean + (mean - before) * count / n  # the mean moved by that much
        before, count = mean, count + n


@wrong("batch_losses", "running-mean-for-batch-loss")
def _(running_means, rows):
    return [float(mean) for mean in running_means]


@wrong("batch_losses", "differences-of-means")
def _(running_means, rows):
    before, losses = 0.0, []
    for mean in running_means:
        losses.append(mean - before)
        before = mean
    return losses


@wrong("batch_losses", "assumes-equal-batches")
def _(running_means, rows):
    losses = [running_means[0]]
    for k in range(1, len(running_means)):
        losses.append((k + 1) * running_means[k] - k * running_means[k - 1])
    return np.array(losses)


@wrong("batch_losses", "assumes-equal-batches")
def _(running_means, rows):
    n = rows[0]
    sums = np.array([mean * n * (k + 1) for k, mean in enumerate(running_means)])
    return np.diff(np.append(0.0, sums)) / n


@wrong("batch_losses", "sum-for-mean")
def _(running_means, rows):
    losses, before, seen = [], 0.0, 0
    for mean, n in zip(running_means, rows, strict=True):
        seen += n
        losses.append(mean * seen - before)
        before = mean * seen
    return losses


@wrong("batch_losses", "divides-by-rows-so-far")
def _(running_means, rows):
    losses, before, seen = [], 0.0, 0
    for mean, n in zip(running_means, rows, strict=True):
        seen += n
        losses.append((mean * seen - before) / seen)
        before = mean * seen
    return losses


@wrong("batch_losses", "first-batch-missing")
def _(running_means, rows):
    ends = np.cumsum(rows)
    return [
        (running_means[k] * ends[k] - running_means[k - 1] * ends[k - 1]) / rows[k]
        for k in range(1, len(rows))
    ]


@wrong("batch_losses", "averages-again")
def _(running_means, rows):
    return [np.average(running_means[:k], weights=rows[:k]) for k in range(1, len(rows) + 1)]


@wrong("batch_losses", "returns-nothing")
def _(running_means, rows):
    sums = running_means * np.cumsum(rows)
    sums[1:] -= sums[:-1].copy()


@wrong("batch_losses", "opposite-sign")
def _(running_means, rows):
    sums = np.append(0.0, running_means * np.cumsum(rows))
    return (sums[:-1] - sums[1:]) / rows


@wrong("batch_losses", "changes-its-input")
def _(running_means, rows):
    running_means *= np.cumsum(rows)
    return np.diff(running_means, prepend=0.0) / rows


@wrong("batch_losses", "wrong-shape")
def _(running_means, rows):
    sums = running_means * np.cumsum(rows)
    return np.diff(sums, prepend=0.0).reshape(-1, 1) / rows.reshape(-1, 1)


# ---- HalveTheRate ------------------------------------------------------------------------------


@right_class("HalveTheRate")
class Odd(sgd.Callback):
    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % 2 == 0:
            rate = self.state.optimizer.learning_rate
            self.state.optimizer.learning_rate = rate * 0.5


@right_class("HalveTheRate")
class Counting(sgd.Callback):
    def __init__(self):
        self.epochs_done = 0

    def on_epoch_end(self, number, logs):
        self.epochs_done += 1
        if self.epochs_done == 2:
            self.state.optimizer.learning_rate = self.state.optimizer.learning_rate / 2
            self.epochs_done = 0


@right_class("HalveTheRate")
class FromTheStart(sgd.Callback):
    def on_train_begin(self, logs=None):
        self.start = self.state.optimizer.learning_rate

    def on_epoch_end(self, epoch, logs=None):
        self.state.optimizer.learning_rate = self.start * 0.5 ** ((epoch + 1) // 2)


@wrong_class("HalveTheRate", "when-the-next-epoch-begins")
class BeforeTheNext(sgd.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch > 0 and epoch % 2 == 0:
            self.state.optimizer.learning_rate /= 2


@wrong_class("HalveTheRate", "every-epoch")
class Always(sgd.Callback):
    def on_epoch_end(self, epoch, logs=None):
        self.state.optimizer.learning_rate *= 0.5


@wrong_class("HalveTheRate", "after-even-epochs")
class Even(sgd.Callback):
    def on_epoch_end(self, epoch, logs=None):
        if not epoch % 2:
            self.state.optimizer.learning_rate *= 0.5


@wrong_class("HalveTheRate", "at-epoch-begin")
class BeginOdd(sgd.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if (epoch + 1) % 2 == 0:
            self.state.optimizer.learning_rate *= 0.5


@wrong_class("HalveTheRate", "before-the-first-epoch")
class BeginEven(sgd.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch in range(0, 100, 2):
            self.state.optimizer.learning_rate *= 0.5


@wrong_class("HalveTheRate", "every-second-batch")
class EverySecondBatch(sgd.Callback):
    def on_train_batch_end(self, epoch, logs=None):  # what comes is the batch
        if (epoch + 1) % 2 == 0:
            self.state.optimizer.learning_rate *= 0.5


@wrong_class("HalveTheRate", "after-each-batch")
class OddEpochsBatches(sgd.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        self.odd = bool(epoch % 2)

    def on_train_batch_end(self, batch, logs=None):
        if self.odd:
            self.state.optimizer.learning_rate *= 0.5


@wrong_class("HalveTheRate", "halves-only-once")
class HalfOfTheStart(sgd.Callback):
    def on_train_begin(self, logs=None):
        self.start = self.state.optimizer.learning_rate

    def on_epoch_end(self, epoch, logs=None):
        if epoch % 2 == 1:
            self.state.optimizer.learning_rate = self.start / 2


@wrong_class("HalveTheRate", "halves-only-once")
class AfterTheSecond(sgd.Callback):
    done = False

    def on_epoch_end(self, epoch, logs=None):
        if epoch == 1 and not self.done:
            self.state.optimizer.learning_rate /= 2
            self.done = True


@wrong_class("HalveTheRate", "rate-never-moves")
class RateOfItsOwn(sgd.Callback):
    def on_epoch_end(self, epoch, logs=None):
        rate = self.state.optimizer.learning_rate
        if epoch % 2 == 1:
            rate /= 2


@wrong_class("HalveTheRate", "rate-never-moves")
class WrongHook(sgd.Callback):
    def on_epoch_finished(self, epoch, logs=None):
        if epoch % 2 == 1:
            self.state.optimizer.learning_rate /= 2


@wrong_class("HalveTheRate", "raises-an-error")
class LikeKeras(sgd.Callback):
    def on_epoch_end(self, epoch, logs=None):
        if epoch % 2 == 1:
            self.model.optimizer.learning_rate /= 2


@wrong_class("HalveTheRate", "raises-an-error")
class NoCallback:
    def on_epoch_end(self, epoch, logs=None):
        if epoch % 2 == 1:
            self.state.optimizer.learning_rate /= 2


@wrong_class("HalveTheRate", "raises-an-error")
class IntegerRate(sgd.Callback):
    def on_epoch_end(self, epoch, logs=None):
        if epoch % 2 == 1:
            self.state.optimizer.learning_rate //= 2


# ---- CountUpdates ------------------------------------------------------------------------------


@right_class("CountUpdates")
class BatchEnd(sgd.Callback):
    updates = 0

    def on_train_batch_end(self, batch, logs=None):
        self.updates = self.updates + 1


@right_class("CountUpdates")
class BatchBegin(sgd.Callback):
    def on_train_begin(self, logs=None):
        self.updates = 0

    def on_train_batch_begin(self, batch, logs=None):
        self.updates += 1


@right_class("CountUpdates")
class AskTheOptimizer(sgd.Callback):
    def on_train_begin(self, logs=None):
        self.before = self.state.optimizer.iterations

    def on_train_end(self, logs=None):
        self.updates = self.state.optimizer.iterations - self.before


@right_class("CountUpdates")
class AddEpochs(sgd.Callback):
    def __init__(self):
        self.updates, self.in_epoch = 0, 0

    def on_train_batch_end(self, batch, logs=None):
        self.in_epoch = batch + 1

    def on_epoch_end(self, epoch, logs=None):
        self.updates += self.in_epoch


@wrong_class("CountUpdates", "counts-epochs")
class EpochsCounted(sgd.Callback):
    updates = 0

    def on_epoch_end(self, epoch, logs=None):
        self.updates = epoch + 1


@wrong_class("CountUpdates", "counts-epochs")
class EpochsBegun(sgd.Callback):
    def __init__(self):
        self.updates = 0

    def on_epoch_begin(self, batch, logs=None):
        self.updates += 1


@wrong_class("CountUpdates", "starts-anew-each-epoch")
class BatchPlusOne(sgd.Callback):
    def on_train_batch_end(self, batch, logs=None):
        self.updates = batch + 1


@wrong_class("CountUpdates", "starts-anew-each-epoch")
class SetBack(sgd.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        self.updates = 0

    def on_train_batch_begin(self, batch, logs=None):
        self.updates += 1


@wrong_class("CountUpdates", "keeps-the-batch-number")
class LastBatch(sgd.Callback):
    def on_train_batch_begin(self, batch, logs=None):
        self.updates = batch


@wrong_class("CountUpdates", "adds-batch-numbers")
class SumOfNumbers(sgd.Callback):
    def on_train_begin(self, logs=None):
        self.numbers = []

    def on_train_batch_end(self, batch, logs=None):
        self.numbers.append(batch)

    def on_train_end(self, logs=None):
        self.updates = sum(self.numbers)


@wrong_class("CountUpdates", "counts-validation-batches")
class AllBatches(sgd.Callback):
    def __init__(self):
        self.updates = 0

    def count(self, batch, logs=None):
        self.updates += 1

    on_train_batch_begin = on_test_batch_begin = count


@wrong_class("CountUpdates", "counts-validation-only")
class TestBatches(sgd.Callback):
    updates = 0

    def on_test_batch_begin(self, batch, logs=None):
        self.updates += 1


@wrong_class("CountUpdates", "counts-begin-and-end")
class BothEnds(sgd.Callback):
    updates = 0

    def on_train_batch_begin(self, batch, logs=None):
        self.updates += 1

    on_train_batch_end = on_train_batch_begin


@wrong_class("CountUpdates", "planned-instead-of-counted")
class StepsTimesEpochs(sgd.Callback):
    def on_train_end(self, logs=None):
        self.updates = self.state.steps * self.state.epochs


@wrong_class("CountUpdates", "raises-an-error")
class NeverInitialised(sgd.Callback):
    def on_train_batch_end(self, batch, logs=None):
        self.updates += 1


@wrong_class("CountUpdates", "wrong-dtype")
class FloatCount(sgd.Callback):
    updates = 0.0

    def on_train_batch_end(self, batch, logs=None):
        self.updates += 1.0
