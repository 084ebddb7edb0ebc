"""Real processes on this machine that train one network together.

``run`` starts them and stops them; ``train`` is what each of them does, a loop on
``tf.distribute.MultiWorkerMirroredStrategy``. They meet at 127.0.0.1, so no network is needed. In a
cluster each process would run on a machine of its own, with the same loop. (TensorFlow listens on
all network interfaces while they run, without asking who is there. There is no switch for that.)

No worker outlives the process that started it: each holds the reading end of a pipe from there,
and ends as soon as that pipe is closed, by whatever.
"""

import json
import os
import pickle
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sgdcourse import _checks
from sgdcourse._types import Array, Weights
from sgdcourse.optimizers import SGD


@dataclass(frozen=True, eq=False)
class WorkerReport:
    """What one worker has seen and computed.

    Attributes
    ----------
    num_replicas : int
        How many replicas its strategy counts, over all workers.
    rows : list of int
        How many rows it got, update by update.
    losses : list of float
        The mean loss over those rows, before each update.
    weights : list of arrays
        Its copy of the weights in the end.
    fit_error : str
        The first words of the error of ``model.fit`` under this strategy; empty if it trained.
    """

    num_replicas: int
    rows: list[int]
    losses: list[float]
    weights: Weights
    fit_error: str


def train(
    strategy: Any, model: Any, x: Array, y: Array, batch_size: int, epochs: int
) -> tuple[list[int], list[float]]:
    """Train a model as one worker of several; all of them run this at the same time.

    Parameters
    ----------
    strategy : tf.distribute.MultiWorkerMirroredStrategy
        It knows the other workers.
    model : keras.Model
        Made and compiled inside ``strategy.scope()``: its weights start equal on all workers.
    x, y : arrays
        ALL rows. Of each batch the worker takes its own part.
    batch_size : int
        Rows per update, over all workers together.
    epochs : int

    Returns
    -------
    rows : list of int
        How many rows this worker got, update by update.
    losses : list of float
        The mean loss over those rows.
    """
    from sgdcourse.tf_keras import keras, tf

    loss_function = keras.losses.SparseCategoricalCrossentropy()

    def replica_step(x: Any, y: Any) -> tuple[Any, Any]:
        with tf.GradientTape() as tape:
            loss = loss_function(y, model(x, training=True))  # divided by the number of replicas
        gradients = tape.gradient(loss, model.trainable_variables)
        # before it updates, the optimizer sums the gradients of all replicas
        model.optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return tf.shape(x)[0], loss * strategy.num_replicas_in_sync

    step = tf.function(lambda x, y: strategy.run(replica_step, args=(x, y)), reduce_retracing=True)
    batches = tf.data.Dataset.from_tensor_slices((x, y)).batch(batch_size)
    shared = strategy.experimental_distribute_dataset(batches)
    done = [step(x, y) for _ in range(epochs) for x, y in shared]
    return [int(rows) for rows, _ in done], [float(loss) for _, loss in done]


def run(
    weights: Weights,
    x: Array,
    y: Array,
    *,
    optimizer: SGD | None = None,
    batch_size: int = 32,
    epochs: int = 1,
    num_workers: int = 2,
    seconds: float = 300.0,
) -> list[WorkerReport]:
    """Start workers on this machine, let them train one network together, and stop them.

    They are stopped in any case: when they are done, when one of them fails, when the time is
    over, and when you interrupt the cell.

    Parameters
    ----------
    weights : list of arrays
        Where all workers start; float32 or float64.
    x : (n, n_in) array
        All rows, dealt in their order.
    y : (n,) integers
        Their classes.
    optimizer : SGD, optional
        Its arguments; ``SGD()`` if not given.
    batch_size : int
        Rows per update, over all workers together.
    epochs, num_workers : int
    seconds : float
        How long they may take. Most of it is the import of TensorFlow, in each of them.

    Returns
    -------
    reports : list of WorkerReport
        One per worker.

    Raises
    ------
    TypeError, ValueError
        If an argument breaks its rule; no process has been started then.
    TimeoutError
        If they take longer than ``seconds``.
    RuntimeError
        If a worker ends with an error; its last words are in the message.
    """
    weights = _checks.weights(weights)
    x, y = _checks.rows(x, y, weights, "sparse_categorical_crossentropy")
    optimizer = SGD() if optimizer is None else _checks.instance("optimizer", optimizer, SGD)
    num_workers = _checks.integer("num_workers", num_workers, at_least=1)
    seconds = _checks.number("seconds", seconds, above=0)
    task = {
        "weights": weights,
        "x": x.astype(weights[0].dtype),
        "y": y,
        "optimizer": optimizer.get_config(),
        "batch_size": _checks.integer("batch_size", batch_size, at_least=1),
        "epochs": _checks.integer("epochs", epochs, at_least=1),
    }
    addresses = [f"127.0.0.1:{port}" for port in free_ports(num_workers)]
    tasks = [
        task | {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
        for index in range(num_workers)
    ]
    with ThreadPoolExecutor(num_workers) as pool, _started(tasks) as processes:
        reports = [pool.submit(_report, process) for process, _ in processes]
        _, unfinished = wait(reports, seconds, return_when=FIRST_EXCEPTION)
        for (_, errors), report in zip(processes, reports, strict=True):
            if report.done() and report.exception():
                raise RuntimeError(f"A worker ended with an error:\n{_last_words(errors)}")
        if unfinished:
            raise TimeoutError(
                f"The workers were stopped after {seconds:g} seconds. On a busy machine they may "
                f"need more: run(..., seconds={2 * seconds:g})."
            )
        return [report.result() for report in reports]


def free_ports(number: int) -> list[int]:
    """Ask the operating system for ports of this machine that nobody uses.

    Parameters
    ----------
    number : int

    Returns
    -------
    ports : list of int
        All different.

    Examples
    --------
    >>> len(set(free_ports(3)))
    3
    """
    with ExitStack() as stack:  # all open at the same time, so that none comes twice
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]


@contextmanager
def _started(tasks: list[dict[str, Any]]) -> Iterator[list[tuple[subprocess.Popen[bytes], Any]]]:
    """Start one process per task; kill them all at the end of the ``with`` block."""
    environment = {
        # a proxy is for other machines, and gRPC would ask it for the way to this one
        name: value
        for name, value in os.environ.items()
        if not name.lower().endswith("_proxy")
    }
    environment["PYTHONPATH"] = os.pathsep.join(
        [str(Path(__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]
    )
    with ExitStack() as stack:
        processes = []
        for task in tasks:
            errors = stack.enter_context(tempfile.TemporaryFile())
            process = stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-P", "-m", "sgdcourse.workers"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    env=environment,
                )
            )
            stack.callback(process.kill)
            assert process.stdin is not None
            process.stdin.write(pickle.dumps(task))
            process.stdin.flush()  # and leave it open: its end is the sign to end
            processes.append((process, errors))
        yield processes


def _report(process: subprocess.Popen[bytes]) -> WorkerReport:
    """Wait for what a worker says; EOFError if it ends without a word."""
    assert process.stdout is not None
    return WorkerReport(**pickle.load(process.stdout))


def _last_words(errors: Any, lines: int = 5) -> str:
    errors.seek(0)
    words: list[str] = errors.read().decode(errors="replace").strip().splitlines()
    return "\n".join(words[-lines:])


# ---- Inside a worker -----------------------------------------------------------------------------


def _main() -> None:
    task = pickle.load(sys.stdin.buffer)
    threading.Thread(target=_end_with_the_pipe, daemon=True).start()
    results, sys.stdout = sys.stdout.buffer, sys.stderr  # nothing else may go there
    pickle.dump(_work(task), results)
    results.flush()
    # The others may still need what this worker holds: stay until the pipe is closed.
    threading.Event().wait()


def _end_with_the_pipe() -> None:
    while os.read(0, 4096):
        pass
    os._exit(1)


def _work(task: dict[str, Any]) -> dict[str, Any]:
    os.environ["TF_CONFIG"] = json.dumps({"cluster": task["cluster"], "task": task["task"]})
    from sgdcourse import twin
    from sgdcourse.tf_keras import tf

    strategy = tf.distribute.MultiWorkerMirroredStrategy()  # meets the other workers
    weights, x, y = task["weights"], task["x"], task["y"]
    with twin.floatx(str(weights[0].dtype)):
        with strategy.scope():
            model, other = (twin.keras_twin(weights, SGD(**task["optimizer"])) for _ in range(2))
            model.optimizer.build(model.trainable_variables)
        rows, losses = train(strategy, model, x, y, task["batch_size"], task["epochs"])
        return {
            "num_replicas": strategy.num_replicas_in_sync,
            "rows": rows,
            "losses": losses,
            "weights": [np.asarray(w) for w in model.get_weights()],
            "fit_error": _error_of_fit(other, x, y, task["batch_size"]),
        }


def _error_of_fit(model: Any, x: Array, y: Array, batch_size: int) -> str:
    """Try ``model.fit``, which Keras 3.15 cannot do with several workers."""
    try:
        model.fit(x, y, batch_size=batch_size, shuffle=False, verbose=0)
    except ValueError as error:
        return f"ValueError: {str(error).partition(':')[0]}"
    return ""


if __name__ == "__main__":
    _main()
