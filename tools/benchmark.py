"""Measure what the course says about speed, as ratios within one run.

    python tools/benchmark.py

One epoch of 784-128-10 on 60,000 images, batch size 32, float32: our `fit` and `model.fit` take
turns, so that a busy machine slows both. The first round of each warms up and does not count.
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial

import numpy as np

import sgdcourse as sgd

ROUNDS = 3


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def import_seconds(module: str) -> float:
    """Return the time that the import takes in a new Python, without Python's own start."""
    code = f"import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
    # Some machines forbid the cache of compiled modules, and then each import compiles anew.
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    run = partial(subprocess.check_output, [sys.executable, "-c", code], text=True, env=env)
    run()  # fills the cache
    return statistics.median(float(run()) for _ in range(5))


def main() -> None:
    ours, numpy_alone = import_seconds("sgdcourse"), import_seconds("numpy")
    print(f"import sgdcourse: {ours:.3f} s, of which numpy alone {numpy_alone:.3f} s (limit 0.3 s)")

    from sgdcourse import compare

    (x, y), _ = sgd.load_mnist()
    weights = sgd.init_weights([784, 128, 10], np.random.default_rng(0))
    model = compare.keras_twin(weights)
    contestants = {
        "sgd.fit": lambda: sgd.fit(weights, x, y, verbose=0),
        "model.fit": lambda: model.fit(x, y, verbose=0),
    }
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for round_number in range(ROUNDS + 1):
        for name, work in contestants.items():
            elapsed = seconds(work)
            if round_number > 0:
                times[name].append(elapsed)
    medians = {name: statistics.median(values) for name, values in times.items()}
    for name, median in medians.items():
        print(f"one epoch, {name}: {median:.2f} s (median of {ROUNDS})")
    ratios = [k / n for n, k in zip(times["sgd.fit"], times["model.fit"], strict=True)]
    print(
        f"model.fit takes {statistics.median(ratios):.1f} times as long as sgd.fit "
        f"(rounds: {', '.join(f'{ratio:.1f}' for ratio in ratios)})"
    )


if __name__ == "__main__":
    main()
