"""The recorder: somebody's own ``model.fit``, noted step by step, and left as it would have been.

How, without a change to the numbers? Keras's own ``fit`` runs, with four pieces of ours in it::

    fit               hands over arrays in a DealingAdapter, and one more callback
    the data          each batch comes with its row numbers, through Keras's own shuffle
    train_step        takes the row numbers off, runs the model's own step, and returns beside its
                      logs what passed: loss, gradients, weights before and after, velocities
    train_function    takes that off again, before Keras or a callback can see it

So TensorFlow traces the very step of the model, with more outputs. What is computed from them
is computed outside, in NumPy.
"""

import contextlib
import functools
import inspect
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from sgdcourse._types import Weights
from sgdcourse.recorder import facts, measure
from sgdcourse.recorder.dealing import Dealt, deal_rows
from sgdcourse.recorder.recording import FULL, Recording
from sgdcourse.recorder.refusals import check_model
from sgdcourse.tf_keras import keras, tf


@contextlib.contextmanager
def replaced(thing: Any, **attributes: Any) -> Iterator[None]:
    """Give one object other attributes for a while; then it has again what it had."""
    own = vars(thing)
    before = {name: own[name] for name in attributes if name in own}
    own.update(attributes)
    try:
        yield
    finally:
        for name in attributes:
            own.pop(name, None)
        own.update(before)


class Recorder:
    """Sits in a model during a ``with`` block; ``record_fit`` makes it.

    Attributes
    ----------
    recording : Recording
        Grows while ``fit`` runs.
    """

    def __init__(
        self,
        model: Any,
        recording: Recording,
        full_steps: frozenset[int],
        keep_rows: bool,
    ) -> None:
        check_model(model)
        self.model, self.recording = model, recording
        self._full_steps, self._keep_rows = full_steps, keep_rows
        self._noted: dict[str, Any] = {}  # what passes during one step
        self._variables: list[Any] = []  # those that the optimizer moves

    def __enter__(self) -> Recording:
        if "fit" in vars(self.model):
            raise ValueError(
                "model must not be in another recorder. Received: a model whose fit is recorded "
                "already. Leave that `with` block first."
            )
        self._own_fit = self.model.fit
        vars(self.model)["fit"] = self._fit
        return self.recording

    def __exit__(self, *_: object) -> None:
        del vars(self.model)["fit"]

    # ------------------------------------------------------------------------------------ fit

    def _fit(self, *args: Any, **kwargs: Any) -> Any:
        """Stand in for ``model.fit``: the same call, with the hooks in."""
        model = self.model
        check_model(model)  # it may have been compiled once more
        call = inspect.signature(self._own_fit).bind(*args, **kwargs)
        call.apply_defaults()
        self.recording.fits.append(facts.of_call(model, call.arguments))
        # a box, since the rate may be computed inside of a `tf.cond`, which lets no tensor out
        self._rate = tf.Variable(np.nan, dtype=tf.float64, trainable=False)
        self._epoch, self._batch = 0, 0
        self._awake: dict[str, Any] = {}  # ReLU layer -> which units had a gradient in this epoch
        self._own_step, self._own_make = model.train_step, model.make_train_function
        ended = "in the middle"
        callbacks, epochs = call.arguments.get("callbacks"), self._epochs()
        try:
            with contextlib.ExitStack() as hooks:
                if isinstance(callbacks, keras.callbacks.CallbackList):
                    mine = [*callbacks.callbacks, epochs]
                    hooks.enter_context(replaced(callbacks, callbacks=mine))
                elif type(model).fit is keras.Model.fit:  # else it is a fit of the model's own
                    mine = [*keras.tree.flatten(callbacks or []), epochs]
                    call.arguments["callbacks"] = mine
                if type(model).fit is keras.Model.fit:
                    deal_rows(call.arguments)
                steps = {"train_step": self._train_step, "train_function": None}
                make = {"make_train_function": self._make_train_function}
                hooks.enter_context(replaced(model, **steps, **make))
                result = self._own_fit(*call.args, **call.kwargs)
            ended = "as asked"
            return result
        except BaseException as error:
            ended = f"{type(error).__name__}: {error}".rstrip(": ")
            raise
        finally:
            self.recording.fits[-1] |= facts.of_end(model, ended)

    def _epochs(self) -> Any:
        """Make the callback that says which epoch it is."""

        def begin(epoch: int, logs: Any) -> None:
            self._epoch, self._batch = epoch, 0
            self._awake.clear()

        def end(epoch: int, logs: Any) -> None:
            silent = {
                name: [int(np.count_nonzero(~awake)), int(awake.size)]
                for name, awake in self._awake.items()
                if not awake.all()
            }
            self.recording.add_epoch(epoch, logs or {}, silent)

        return keras.callbacks.LambdaCallback(on_epoch_begin=begin, on_epoch_end=end)

    # --------------------------------------------------------------- one step, while it is traced

    def _train_step(self, data: Any) -> Any:
        """Run the model's own ``train_step``, and note what passes."""
        rows, data = data if isinstance(data, Dealt) else (None, data)
        optimizer = self.model.optimizer
        inner = facts.inner_optimizer(optimizer)
        self._noted = noted = {"size": tf.shape(facts.first_array(data))[0]}
        with (
            replaced(self.model, compute_loss=self._noting_loss(self.model.compute_loss)),
            replaced(optimizer, apply=self._noting_apply(optimizer)),
            replaced(inner, _get_current_learning_rate=self._noting_rate(inner)),
        ):
            logs = self._own_step(data)
        if rows is not None:
            noted["rows"] = rows
        if "before" in noted:
            noted["after"] = _joined(self._variables)
            noted["velocities"] = _joined(getattr(inner, "momentums", []))
        return {"logs": logs, "noted": noted}

    def _noting_loss(self, compute_loss: Any) -> Any:
        def noting(*args: Any, **kwargs: Any) -> Any:
            loss = self._noted["loss"] = compute_loss(*args, **kwargs)
            call = inspect.signature(compute_loss).bind_partial(*args, **kwargs).arguments
            self.recording.fits[-1] |= facts.of_outputs(call.get("y"), call.get("y_pred"))
            return loss

        return noting

    def _noting_apply(self, optimizer: Any) -> Any:
        apply = optimizer.apply

        def noting(grads: Any, trainable_variables: Any = None) -> None:
            if "before" in self._noted:
                raise NotImplementedError(
                    "train_step must call the optimizer's apply once per batch to be recorded. "
                    "Received: a train_step that calls it again. Record a model with one update "
                    "per batch."
                )
            if trainable_variables is None:
                trainable_variables = optimizer._trainable_variables
            grads, self._variables = list(grads), list(trainable_variables)
            self._layout = measure.Layout(
                names=facts.names(self._variables),
                shapes=[tuple(variable.shape) for variable in self._variables],
                has_gradient=np.array([gradient is not None for gradient in grads]),
                relu_biases=facts.relu_biases(self.model, self._variables),
            )
            pairs = zip(grads, self._variables, strict=True)
            self._noted["scale"] = tf.cast(_loss_scale(optimizer), tf.float64)
            self._noted["gradients"] = _joined(
                tf.zeros_like(v) if g is None else g for g, v in pairs
            )
            self._noted["before"] = _joined(self._variables)
            apply(grads, self._variables)

        return noting

    def _noting_rate(self, optimizer: Any) -> Any:
        current_rate = optimizer._get_current_learning_rate

        def noting() -> Any:
            rate = current_rate()
            self._rate.assign(tf.cast(keras.ops.convert_to_tensor(rate), tf.float64))
            return rate

        return noting

    # ------------------------------------------------------------------- one step, after it is run

    def _make_train_function(self, force: bool = False) -> None:
        """Let Keras make its function of a step, and put ours around it."""
        if self.model.train_function is None or force:
            self._own_make(force=force)
            run = functools.partial(self._train_function, self.model.train_function)
            self.model.train_function = run

    def _train_function(self, train_function: Any, iterator: Any) -> Any:
        """Run as many steps as ``steps_per_execution`` says, and note each.

        Keras would run them inside of one call, and return the logs of the last alone.
        """
        steps, logs = self.model.steps_per_execution, None
        with replaced(self.model, steps_per_execution=1):
            for step in range(steps):
                data = iterator
                if steps > 1 and isinstance(iterator, tf.data.Iterator):
                    # look first: a step that runs out of data would count an iteration more
                    element = iterator.get_next_as_optional()
                    if not element.has_value():
                        if step == 0:
                            raise StopIteration
                        break
                    data = [element.get_value()]
                velocities = self._velocities() if self._checked() else []
                outputs = train_function(data)
                logs = outputs["logs"]
                self._note(outputs["noted"], logs, velocities)
        return logs

    def _checked(self) -> bool:
        """Say whether to compare this update with SGD's: 0, 1, 2, 4, 8, ... and ``full_steps``."""
        step = self.recording.steps_seen
        return step & (step - 1) == 0 or step in self._full_steps

    def _velocities(self) -> Weights:
        optimizer = facts.inner_optimizer(self.model.optimizer)
        return [velocity.numpy() for velocity in getattr(optimizer, "momentums", [])]

    def _note(self, noted: dict[str, Any], logs: Any, velocities_before: Weights) -> None:
        """Measure what passed, and keep it."""
        if self.recording.steps_not_kept:  # it is full
            self.recording.add_step({}, {})
            return
        step = {
            "epoch": self._epoch,
            "batch": self._batch,
            "size": int(noted["size"]),
            "loss": float(noted.get("loss", np.nan)),
            "reported_loss": float(logs["loss"]) if "loss" in (logs or {}) else np.nan,
            "rate": float(self._rate.numpy()),
        }
        self._batch += 1
        rows = np.asarray(noted["rows"], np.int32) if "rows" in noted and self._keep_rows else None
        if "before" not in noted:  # a train_step that does not use this optimizer
            self.recording.add_step(step, {}, rows)
            return
        layout, scale = self._layout, float(noted["scale"])
        passed = {name: np.asarray(noted[name]) for name in FULL}
        if scale != 1:  # a power of two: to divide by it rounds nothing
            passed["gradients"] = passed["gradients"] / np.asarray(scale, passed["gradients"].dtype)
        gradient_norms = layout.norms(passed["gradients"])
        step_norms = layout.norms(passed["after"] - passed["before"])
        step |= {
            "gradient_norm": measure.norm(gradient_norms),
            "step_norm": measure.norm(step_norms),
            "velocity_norm": measure.norm(passed["velocities"]),
            "weight_norm": measure.norm(passed["before"]),
        }
        layout.note_awake(passed["gradients"], self._awake)
        optimizer = self.model.optimizer
        if getattr(optimizer, "clipvalue", None) is not None:
            step["gradient_max"] = float(np.abs(passed["gradients"]).max())
        if self._checked():
            before, gradients, after = (
                layout.split(passed[name]) for name in ("before", "gradients", "after")
            )
            step["rule_error"] = measure.rule_error(
                facts.sgd_arguments(optimizer, self._variables),
                step["rate"],
                before,
                velocities_before,
                gradients,
                after,
            )
        full = None
        if self.recording.steps_seen in self._full_steps:
            full = {name: layout.split(values) for name, values in passed.items()}
        gradient_norms = np.where(layout.has_gradient, gradient_norms, np.nan)
        norms = {"gradient": gradient_norms, "step": step_norms}
        named = {kind: dict(zip(layout.names, n, strict=True)) for kind, n in norms.items()}
        self.recording.add_step(step, named, rows, full)


def _joined(tensors: Iterable[Any]) -> Any:
    """Return all numbers one behind the other, as they are now: TensorFlow checks each output."""
    flat = [tf.reshape(tf.convert_to_tensor(tensor), [-1]) for tensor in tensors]
    if len({tensor.dtype for tensor in flat}) > 1:
        flat = [tf.cast(tensor, tf.float64) for tensor in flat]
    return tf.concat(flat, axis=0) if flat else tf.zeros(0)


def _loss_scale(optimizer: Any) -> Any:
    """Return by how much the gradients are too large, which an optimizer for float16 takes off."""
    if hasattr(optimizer, "inner_optimizer"):
        return optimizer.dynamic_scale if optimizer.built else optimizer.initial_scale
    return getattr(optimizer, "loss_scale_factor", None) or 1.0
