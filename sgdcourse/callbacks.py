"""Callbacks: code of yours that ``fit`` calls at fixed places, under Keras's hook names."""

import sys
from dataclasses import dataclass
from typing import Any

from sgdcourse._types import Weights
from sgdcourse.optimizers import SGD

Logs = dict[str, float]


@dataclass
class TrainingState:
    """What a callback sees of a running ``fit``, and may change.

    Attributes
    ----------
    weights : list of arrays
        The weights now. Assign another list to go on from there.
    optimizer : SGD
        Its ``learning_rate`` can be set.
    epoch, step : int
        Where the training is, both counted from 0; ``step`` counts within the epoch.
    stop_training : bool
        Set it to True, and ``fit`` ends after this batch.
    epochs, steps : int
        How many there will be; Keras calls them ``params``.

    Examples
    --------
    >>> class HalveTheRate(Callback):
    ...     def on_epoch_end(self, epoch, logs=None):
    ...         self.state.optimizer.learning_rate /= 2
    """

    weights: Weights
    optimizer: SGD
    epochs: int
    steps: int
    epoch: int = 0
    step: int = 0
    stop_training: bool = False


class Callback:
    """Base class: override the hooks that you need.

    ``logs`` holds Keras's running means, ``{"loss": ..., "accuracy": ...}``: in
    ``on_train_batch_end`` over the batches of this epoch so far, in ``on_epoch_end`` over the
    whole epoch, with ``val_loss`` and ``val_accuracy`` if there is validation.

    Attributes
    ----------
    state : TrainingState
        The running ``fit``.

    Examples
    --------
    >>> class Announce(Callback):
    ...     def on_epoch_end(self, epoch, logs=None):
    ...         print(f"epoch {epoch + 1} of {self.state.epochs} is over")
    """

    state: TrainingState

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Run once, before the first epoch."""

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Run once, after the last epoch."""

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Run before the first batch of each epoch."""

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Run after the last batch of each epoch, and after its validation."""

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Run before each update."""

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Run after each update."""

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Run before the validation of an epoch."""

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Run after the validation of an epoch."""

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Run before each batch of the validation."""

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Run after each batch of the validation."""


class CallbackList:
    """All callbacks of one ``fit``, called one after the other."""

    def __init__(self, callbacks: list[Callback], state: TrainingState | None = None) -> None:
        self.callbacks = callbacks
        for callback in callbacks:
            if not isinstance(callback, Callback):
                raise TypeError(
                    "callbacks must hold instances of sgdcourse.Callback. "
                    f"Received: {callback!r}. Write class Mine(sgd.Callback) and pass Mine()."
                )
            if state is not None:
                callback.state = state

    def call(self, hook: str, *arguments: Any) -> None:
        """Call one hook, by its name, of every callback."""
        for callback in self.callbacks:
            getattr(callback, hook)(*arguments)


class History(Callback):
    """Note the logs of every epoch; ``fit`` adds one by itself and returns it.

    Attributes
    ----------
    epoch : list of int
        The epochs that were completed, counted from 0.
    history : dict of list of float
        ``history["loss"]`` and so on, one value per epoch.
    interrupted : bool
        True if the training was stopped by Ctrl-C or the stop button.

    Examples
    --------
    >>> history = History()
    >>> history.on_epoch_end(0, {"loss": 2.5})
    >>> history.on_epoch_end(1, {"loss": 1.5})
    >>> history.epoch, history.history
    ([0, 1], {'loss': [2.5, 1.5]})
    """

    def __init__(self) -> None:
        self.epoch: list[int] = []
        self.history: dict[str, list[float]] = {}
        self.interrupted = False

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Note this epoch's logs."""
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)

    def __repr__(self) -> str:
        last = ", ".join(f"{name}={values[-1]:.4f}" for name, values in self.history.items())
        return f"History({len(self.epoch)} epochs{': last ' + last if last else ''})"


class EarlyStopping(Callback):
    """Stop when a number has not become better for ``patience`` epochs.

    Parameters
    ----------
    monitor : str
        The name in ``logs``: "val_loss", "val_accuracy", "loss" or "accuracy".
    min_delta : float
        A change counts as better only if it is greater than this.
    patience : int
        How many epochs without anything better are borne.
    mode : {"auto", "min", "max"}
        Which way is better; "auto": up for names that contain "acc", down for all others.
    restore_best_weights : bool
        True: the weights of the best epoch come back at the end. False: the last ones stay.

    Attributes
    ----------
    best : float or None
        The best value so far.
    stopped_epoch : int
        The epoch at whose end it stopped the training; 0 if it did not.

    Raises
    ------
    ValueError
        If ``mode`` is unknown, or if ``logs`` has no such name.

    Examples
    --------
    >>> EarlyStopping(monitor="val_loss", patience=2, restore_best_weights=True).wait
    0

    References
    ----------
    Keras: ``keras/src/callbacks/early_stopping.py``.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0.0,
        patience: int = 0,
        mode: str = "auto",
        restore_best_weights: bool = False,
    ) -> None:
        if mode not in ("auto", "min", "max"):
            raise ValueError(f"mode must be 'auto', 'min' or 'max'. Received: mode={mode!r}.")
        self.monitor = monitor
        self.min_delta = abs(min_delta)
        self.patience = patience
        self.sign = 1 if mode == "max" or (mode == "auto" and "acc" in monitor) else -1
        self.restore_best_weights = restore_best_weights
        self._reset()

    def _reset(self) -> None:
        self.wait = self.stopped_epoch = self.best_epoch = 0
        self.best: float | None = None
        self.best_weights: Weights | None = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Forget an earlier training, so that one object can serve several."""
        self._reset()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Compare with the best epoch so far."""
        logs = logs or {}
        if self.monitor not in logs:
            raise ValueError(
                f"monitor must be one of {sorted(logs)}. Received: monitor={self.monitor!r}. "
                "Names with 'val_' need validation_data or validation_split."
            )
        value = logs[self.monitor]
        self.wait += 1
        if self.best is None or self.sign * value - self.min_delta > self.sign * self.best:
            self.best, self.best_epoch, self.wait = value, epoch, 0
            # fit makes new arrays at each update, so a reference is enough to keep these
            self.best_weights = self.state.weights
        elif self.wait >= self.patience:
            self.stopped_epoch = epoch
            self.state.stop_training = True

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Bring the best weights back, if that was asked for."""
        if self.restore_best_weights and self.best_weights is not None:
            self.state.weights = self.best_weights


class ProgressBar(Callback):
    """Show how far the training is: a tqdm bar for each epoch, or one line for each.

    Parameters
    ----------
    verbose : {1, 2}
        1: a bar. 2: one line per epoch, for log files.

    Examples
    --------
    >>> bar = ProgressBar(verbose=2)
    >>> bar.state = TrainingState([], SGD(), epochs=5, steps=1875)
    >>> bar.on_epoch_end(0, {"loss": 0.25, "accuracy": 0.9})
    Epoch 1/5 - loss: 0.2500 - accuracy: 0.9000
    """

    def __init__(self, verbose: int = 1) -> None:
        self.verbose = verbose
        self.bar: Any = None

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Start the bar of this epoch."""
        if self.verbose == 1:
            from tqdm.auto import tqdm  # loaded only when a bar is shown

            self.bar = tqdm(
                total=self.state.steps, desc=self._title(epoch), unit="batch", file=sys.stdout
            )

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Move the bar by one batch."""
        if self.bar is not None:
            self.bar.update()
            self.bar.set_postfix(logs or {}, refresh=False)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Close the bar, or print the line."""
        if self.bar is not None:
            self.bar.set_postfix(logs or {})
            self.bar.close()
            self.bar = None
        else:
            numbers = " - ".join(f"{name}: {value:.4f}" for name, value in (logs or {}).items())
            print(f"{self._title(epoch)} - {numbers}")

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Close the bar of an epoch that was cut short."""
        if self.bar is not None:
            self.bar.close()
            self.bar = None

    def _title(self, epoch: int) -> str:
        return f"Epoch {epoch + 1}/{self.state.epochs}"
