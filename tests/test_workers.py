"""Real processes: they compute what NumPy computes, and none of them stays behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

import sgdcourse as sgd
from sgdcourse import parallel, workers

ROOT = Path(__file__).parent.parent
PROBLEM = """
import numpy as np
import sgdcourse as sgd
from sgdcourse import workers
x, y = sgd.make_moons(21, np.random.default_rng(0))
weights = sgd.init_weights([2, 4, 2], np.random.default_rng(0), "float64")
"""


def problem():
    namespace = {}
    exec(PROBLEM, namespace)
    return namespace["weights"], namespace["x"], namespace["y"]


def our_children():
    """List the workers that run at this moment, as far as this process started them."""
    return [p for p in psutil.Process().children(recursive=True) if is_worker(p)]


def is_worker(process):
    try:
        return "sgdcourse.workers" in process.cmdline()
    except psutil.Error:
        return False


# ---- What they compute --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def reports():
    optimizer = sgd.SGD(0.3, momentum=float(np.float32(0.9)))
    return workers.run(*problem(), optimizer=optimizer, batch_size=16, epochs=2)


def test_each_worker_got_its_rows(reports):
    assert [report.rows for report in reports] == [[8, 3, 8, 3], [8, 2, 8, 2]]
    assert [report.num_replicas for report in reports] == [2, 2]


def test_two_processes_make_the_updates_of_numpy(reports, largest_difference):
    weights, x, y = problem()
    optimizer = sgd.SGD(0.3, momentum=float(np.float32(0.9)))
    for step, rows in enumerate(2 * list(sgd.split_batches(np.arange(21), 16))):
        for report, part in zip(reports, parallel.split_over_replicas(rows, 2), strict=True):
            logits, _ = sgd.forward(weights, x[part])
            expected = sgd.sparse_categorical_crossentropy(y[part], logits).mean()
            assert report.losses[step] == pytest.approx(expected, abs=1e-12)
        weights, _, _ = parallel.train_step(weights, optimizer, x[rows], y[rows], 2)
    assert largest_difference(reports[0].weights, reports[1].weights) == 0
    assert largest_difference(reports[0].weights, weights) < 1e-12
    assert {w.dtype for w in reports[0].weights} == {np.dtype("float64")}


def test_fit_cannot_do_it(reports):
    """A canary: if this fails, Keras has learned it, and notebook 10 must say so."""
    for report in reports:
        assert report.fit_error == "ValueError: Attempt to convert a value (PerReplica"


def test_none_is_left_after_a_run(reports):
    assert our_children() == []


# ---- How they end -------------------------------------------------------------------------------


def test_time_is_over():
    with pytest.raises(TimeoutError, match=r"stopped after 0\.2 seconds.*seconds=0\.4"):
        workers.run(*problem(), seconds=0.2)
    assert our_children() == []


def test_a_worker_fails(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "jax")  # which the workers refuse
    with pytest.raises(RuntimeError, match=r"ended with an error:\n(.|\n)*KERAS_BACKEND='jax'"):
        workers.run(*problem())
    assert our_children() == []


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.parametrize("name", ["SIGKILL", "SIGINT", "SIGTERM"])
@pytest.mark.parametrize("seconds", [0.0, 2.0], ids=["at once", "while they import"])
def test_they_end_with_the_process_that_started_them(name, seconds):
    """As when a cell is interrupted, or a kernel dies."""
    parent = subprocess.Popen(
        [sys.executable, "-c", f"{PROBLEM}workers.run(weights, x, y)"],
        cwd=ROOT,
        stderr=subprocess.DEVNULL,
    )
    with parent:
        started = wait_for(
            lambda: [p for p in psutil.Process(parent.pid).children() if is_worker(p)]
        )
        time.sleep(seconds)
        started = [p for p in psutil.Process(parent.pid).children() if is_worker(p)] or started
        parent.send_signal(getattr(signal, name))
    assert len(started) == 2 or seconds == 0
    assert wait_for(lambda: not any(map(alive, started)))


def alive(process):
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "nothing has happened"
        time.sleep(0.05)
    return found


# ---- What is refused before a process starts ----------------------------------------------------


@pytest.mark.parametrize(
    ("argument", "value", "error"),
    [
        ("num_workers", 0, ValueError),
        ("num_workers", 1.5, TypeError),
        ("batch_size", 0, ValueError),
        ("epochs", 0, ValueError),
        ("seconds", 0, ValueError),
        ("seconds", None, TypeError),
        ("optimizer", "sgd", TypeError),
    ],
)
def test_bad_input(argument, value, error, monkeypatch):
    monkeypatch.setattr(workers.subprocess, "Popen", None)
    with pytest.raises(error, match=rf"{argument} must be .*Received: "):
        workers.run(*problem(), **{argument: value})


def test_a_proxy_is_not_for_this_machine(monkeypatch):
    monkeypatch.setenv("https_proxy", "http://192.0.2.1:3128")
    monkeypatch.setenv("HTTP_PROXY", "http://192.0.2.1:3128")
    seen = {}

    def note(*arguments, env, **options):
        seen.update(env)
        raise OSError("no process today")

    monkeypatch.setattr(workers.subprocess, "Popen", note)
    with pytest.raises(OSError, match="no process today"):
        workers.run(*problem())
    assert not {name for name in seen if name.lower().endswith("_proxy")}
    assert seen["PYTHONPATH"].split(os.pathsep)[0] == str(ROOT)
