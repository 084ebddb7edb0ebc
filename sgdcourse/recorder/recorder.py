"""Record a ``fit``: what can be asked for."""

from collections.abc import Iterable
from typing import Any, overload

from sgdcourse import _checks
from sgdcourse.recorder.hooks import Recorder
from sgdcourse.recorder.recording import Recording


@overload
def record_fit(
    model: Any,
    x: None = None,
    y: None = None,
    *,
    full_steps: Iterable[int] = ...,
    keep_rows: bool = ...,
    megabytes: float = ...,
) -> Recorder: ...
@overload
def record_fit(
    model: Any,
    x: Any,
    y: Any = None,
    *,
    full_steps: Iterable[int] = ...,
    keep_rows: bool = ...,
    megabytes: float = ...,
    **fit_arguments: Any,
) -> Recording: ...
def record_fit(
    model: Any,
    x: Any = None,
    y: Any = None,
    *,
    full_steps: Iterable[int] = (),
    keep_rows: bool = True,
    megabytes: float = 200,
    **fit_arguments: Any,
) -> Recorder | Recording:
    r"""Record what happens inside ``model.fit``, without a change to what happens.

    For every batch: the rows dealt, the loss of this batch beside the running mean that Keras
    reports, and the norms of

    .. math:: g, \qquad w_{\text{after}} - w_{\text{before}}, \qquad v

    the gradient, the step taken and the velocity. Two forms::

        with record_fit(model) as recording:      # keeps what there is, if fit is interrupted
            model.fit(x, y, epochs=3)

        recording = record_fit(model, x, y, epochs=3)

    Parameters
    ----------
    model : keras.Model
        Compiled, with ``keras.optimizers.SGD``. With another optimizer all is recorded but the
        velocity and the check of the update rule.
    x, y
        Handed to ``model.fit``, at once. Without x, the result is for a ``with`` statement.
    full_steps : iterable of int
        Steps, counted from 0, of which weights before and after, gradients and velocities are
        kept as whole arrays: four times the size of the model each.
    keep_rows : bool
        Keep the row numbers, where ``fit`` is given arrays: 4 bytes per row and epoch.
    megabytes : float
        When the recording has this size, nothing more is kept; ``fit`` goes on. A step costs
        104 bytes, 16 bytes per variable, its rows and, if it is among them, its arrays.
    **fit_arguments
        As for ``model.fit``.

    Returns
    -------
    recording : Recording
        Or, without x, a context manager that gives one.

    Raises
    ------
    TypeError, ValueError
        If the model is none of Keras 3, not compiled, on another backend, in a recorder already,
        or under a distribution strategy with several replicas; if an argument breaks its rule.
    NotImplementedError
        In ``fit``, if a ``train_step`` makes several updates per batch.

    Notes
    -----
    The weights, the history and the state of the optimizer end as they would have without the
    recorder, bit for bit, and no random number is drawn otherwise. Not promised: a layer of your
    own with ``tf.random`` operations in a model that is trained more than once, since the step is
    traced anew, and there they begin anew; and ``jit_compile=True``, since XLA may round otherwise
    when it has more to return (it was equal wherever it was tried).

    ``tools/benchmark_recorder.py`` measures the cost. Where it was run, on two CPU cores with
    batches of 32 rows, a dense network of 101,770 weights took 2.0 times as long, a convolutional
    one of 43,530 weights 1.3 times; to trace the step anew takes some 0.4 s per ``fit``.

    With ``steps_per_execution`` above 1, each batch is recorded all the same. ``train_on_batch``
    is not recorded. Rows are known where ``fit`` is given arrays, not with a Dataset or a
    generator.

    Examples
    --------
    >>> import numpy as np
    >>> from sgdcourse.tf_keras import keras
    >>> keras.utils.set_random_seed(1)
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    >>> model.compile(keras.optimizers.SGD(0.1), loss="mean_squared_error")
    >>> x, y = np.ones((5, 2)), np.zeros((5, 1))
    >>> with record_fit(model) as recording:
    ...     history = model.fit(x, y, batch_size=2, epochs=2, verbose=0)
    >>> len(recording), recording.rows[:3]
    (6, [array([2, 1], dtype=int32), array([4, 0], dtype=int32), array([3], dtype=int32)])
    >>> recording.explain().names
    ['same_order', 'small_last_batch', 'update_rule']
    >>> recording.explain()["small_last_batch"].evidence
    {'last': 1, 'others': 2, 'times': 2.0}
    """
    recording = Recording(megabytes=_checks.number("megabytes", megabytes, above=0))
    keep_rows = _checks.boolean("keep_rows", keep_rows)
    recorder = Recorder(model, recording, _full_steps(full_steps), keep_rows)
    if x is None and y is None and not fit_arguments:
        return recorder
    with recorder as recording:
        model.fit(x, y, **fit_arguments)
    return recording


def _full_steps(value: Any) -> frozenset[int]:
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        raise TypeError(
            "full_steps must be step numbers, counted from 0, such as [0, 1] or range(10). "
            f"Received: full_steps={value!r}."
        )
    return frozenset(_checks.integer("full_steps", step, at_least=0) for step in value)
