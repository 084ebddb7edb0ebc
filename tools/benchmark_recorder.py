"""Measure what the recorder costs, in time and in memory, as ratios within one run.

    python tools/benchmark_recorder.py

`model.fit` alone, recorded without rows, and recorded with all it keeps by default take turns, so
that a busy machine slows all of them. NumPy uses one BLAS thread. The first round warms up and
does not count.
"""

import statistics
import time

import numpy as np

import sgdcourse as sgd
from sgdcourse.recorder import record_fit
from sgdcourse.tf_keras import keras
from sgdcourse.training import one_blas_thread

ROUNDS = 5
EPOCHS = 2


def dense_network():
    (x, y), _ = sgd.load_mnist()
    layers = [keras.layers.Dense(128, activation="relu"), keras.layers.Dense(10, "softmax")]
    return keras.Sequential([keras.Input((784,)), *layers]), x[:20_000], y[:20_000]


def convolutional_network():
    (x, y), _ = sgd.load_mnist()
    layers = [
        keras.layers.Conv2D(16, 3, activation="relu"),
        keras.layers.MaxPooling2D(),
        keras.layers.Conv2D(32, 3, activation="relu"),
        keras.layers.Flatten(),
        keras.layers.Dense(10, "softmax"),
    ]
    x = x[:5_000].reshape(-1, 28, 28, 1)
    return keras.Sequential([keras.Input((28, 28, 1)), *layers]), x, y[:5_000]


def measure(name, network):
    model, x, y = network()
    optimizer = keras.optimizers.SGD(0.01, momentum=0.9)
    model.compile(optimizer, loss="sparse_categorical_crossentropy")
    arguments = {"x": x, "y": y, "epochs": EPOCHS, "verbose": 0}
    ways = {
        "model.fit": lambda: model.fit(**arguments),
        "recorded, no rows": lambda: record_fit(model, **arguments, keep_rows=False),
        "recorded": lambda: record_fit(model, **arguments),
    }
    times = {way: [] for way in ways}
    for round_number in range(ROUNDS + 1):
        for way, work in ways.items():
            start = time.perf_counter()
            result = work()
            if round_number:
                times[way].append(time.perf_counter() - start)
    steps = len(result)
    print(f"{name}: {model.count_params():,} weights, {len(x):,} rows, {steps:,} steps")
    for way, seconds in times.items():
        ratios = [s / plain for s, plain in zip(seconds, times["model.fit"], strict=True)]
        print(
            f"  {way}: {statistics.median(seconds):.2f} s, "
            f"{1000 * statistics.median(seconds) / steps:.2f} ms per step, "
            f"{statistics.median(ratios):.2f} times model.fit "
            f"(rounds: {', '.join(f'{ratio:.2f}' for ratio in ratios)})"
        )
    kept = result.bytes_kept
    print(f"  memory: {kept / 1e6:.2f} MB, {kept / steps:.0f} bytes per step")


def main():
    with one_blas_thread(), np.errstate(all="ignore"):
        measure("dense", dense_network)
        measure("convolutional", convolutional_network)


if __name__ == "__main__":
    main()
