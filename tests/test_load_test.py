"""The load test measures, names who fails, and leaves no kernel behind."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import nbformat
import psutil
import pytest

import course
from sgdcourse.commands import cgroups
from tools import load_test

ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.skipif(
    not Path("/proc/self/smaps_rollup").exists(), reason="the load test needs Linux"
)
QUICK = [
    "from sgdcourse.exercises import check\nimport numpy as np",
    "def relu(x):\n    ...\n\n\ncheck(relu)",
]


def notebook(folder, *sources):
    """Write a notebook; return its path."""
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    path = folder / "small.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


def start(*arguments):
    return subprocess.Popen(
        [sys.executable, ROOT / "tools" / "load_test.py", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
    )


def kernels(process):
    """List the processes that this one started."""
    try:
        return psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def test_two_learners(tmp_path):
    target = tmp_path / "figures.json"
    process = start("--learners", 2, "--notebook", notebook(tmp_path, *QUICK), "--json", target)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    figures = json.loads(target.read_text())
    assert figures["server_mb"] > 20
    for room, number in [("alone", 1), ("together", 2)]:
        measured = figures[room]
        assert (measured["learners"], measured["failed"]) == (number, 0)
        assert measured["kernel_idle_mb"] > 20
        assert measured["cpu_seconds"] > 0
        for name in ("startup_s", "first_cell_s", "check_s", "notebook_s"):
            median, late, worst = measured[name]
            assert 0 < median <= late <= worst
        assert measured["check_s"][0] < measured["notebook_s"][0]  # one cell of two
    assert "2 at once" in out
    assert "| 40 |" in out


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("import os; os.kill(os.getpid(), 9)", "the kernel died"),
        ("def relu(x):\n    ...\n\n\nassert False, 'not solved'\ncheck(relu)", "not solved"),
    ],
)
def test_who_fails_is_named(tmp_path, source, reason):
    process = start("--learners", 1, "--notebook", notebook(tmp_path, source))
    _, err = process.communicate(timeout=300)
    assert process.returncode == 1
    assert "Learner 0 failed: " in err
    assert reason in err


def until_a_kernel_runs(process):
    """Wait for the first kernel; the others are just being started."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        time.sleep(0.05)
        for one in kernels(process):
            with suppress(psutil.Error):
                if "ipykernel_launcher" in " ".join(one.cmdline()):
                    return
    raise TimeoutError("no kernel was started")


@pytest.mark.parametrize(
    ("wait", "stop"), [(0, signal.SIGINT), (5, signal.SIGINT), (5, signal.SIGTERM)]
)
def test_stopping_it_leaves_no_kernel(tmp_path, wait, stop):
    process = start(
        "--learners", 2, "--notebook", notebook(tmp_path, "import time; time.sleep(600)")
    )
    until_a_kernel_runs(process)
    time.sleep(wait)
    started = kernels(process)
    process.send_signal(stop)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "all kernels are shut down" in err
    _, alive = psutil.wait_procs(started, timeout=10)
    assert alive == []


def test_too_little_memory_stops_all(tmp_path, monkeypatch):
    monkeypatch.setattr(load_test, "free_memory", lambda: load_test.RESERVE / 2 - 1)
    with pytest.raises(MemoryError, match=r"with 2 learners.*smaller number to --learners"):
        asyncio.run(load_test.room(2, notebook(tmp_path, "1 + 1")))
    left = [" ".join(one.cmdline()) for one in psutil.Process().children(recursive=True)]
    assert [line for line in left if "ipykernel_launcher" in line] == []


def test_a_container_has_less_than_its_machine(monkeypatch):
    monkeypatch.setattr(cgroups, "memory", lambda: (3_000_000_000, 5_000_000))
    monkeypatch.setattr(cgroups, "cores", lambda: 0.5)
    assert load_test.free_memory() == 5
    machine = load_test.machine()
    assert (machine["cores"], machine["memory_gb"]) == (0.5, 3)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--notebook", "99_nothing.ipynb"], "there is no notebook"),
        (["--learners", "0"], "--learners must be at least 1. Received: 0"),
    ],
)
def test_wrong_arguments(arguments, words):
    process = start(*arguments)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert words in err


def test_the_environment_is_that_of_course_py(tmp_path):
    lines = [f"assert os.environ[{n!r}] == {value!r}" for n, value in course.ENVIRONMENT.items()]
    process = start("--learners", 1, "--notebook", notebook(tmp_path, "import os", *lines))
    _, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
