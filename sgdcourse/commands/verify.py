"""verify: does the proof hold on this machine? NumPy and tf.keras train, and are compared."""

import argparse
import time
from typing import Any

from sgdcourse.batching import steps_per_epoch
from sgdcourse.commands.surroundings import call, wrapped
from sgdcourse.data import load_mnist

ALL_ROWS = 60_000
ROWS, EPOCHS, FULL_EPOCHS = 5_000, 2, 5
SEED = 1
LAYER_SIZES = [784, 128, 10]


def main(arguments: list[str]) -> int:
    """Train one network in NumPy and in tf.keras, and say whether all updates agree.

    Parameters
    ----------
    arguments : list of str
        See ``--help``.

    Returns
    -------
    status : int
        0 if the initial weights, the rows of each batch and all updates agree in float64, else 1.
    """
    chosen = parse(arguments)
    try:
        (x, y), _ = load_mnist(scale=False)
    except (OSError, ValueError) as error:
        print(wrapped(str(error)))
        return 1
    x, y = x[: chosen.rows], y[: chosen.rows]
    print(what_comes(chosen), flush=True)
    try:
        from sgdcourse import compare
    except Exception as error:  # a broken installation raises many kinds
        print(wrapped(f"tf.keras cannot be imported: {error}"))
        print(wrapped(f"To find out why: {call()} doctor"))
        return 1
    start = time.perf_counter()
    report = compare.fit_both(
        LAYER_SIZES,
        x,
        y,
        seed=SEED,
        epochs=chosen.epochs,
        batch_size=chosen.batch_size,
        dtype=chosen.dtype,
        divisor=255.0,
    )
    seconds = time.perf_counter() - start
    print(wrapped(str(report)))
    agrees = chosen.dtype == "float64" and (
        report.initial_weights_equal and report.order_equal and report.agrees
    )
    print("\n" + wrapped(verdict(report, agrees, seconds)))
    return 0 if agrees else 1


def parse(arguments: list[str]) -> argparse.Namespace:
    """Return the options, with those that --full stands for."""
    parser = argparse.ArgumentParser(
        prog=f"{call()} verify",
        description="Train one network on MNIST twice, with model.fit and in NumPy, and compare "
        "all weights, gradients and losses after every update.",
        epilog="The exit status is 0 if they agree, else 1. Only float64 can tell: in float32 two "
        "correct programs drift apart, too, so that it always ends with 1.",
    )
    parser.add_argument(
        "--rows",
        type=number_of_rows,
        metavar="N",
        help=f"the first N images of MNIST (default: {ROWS:,})",
    )
    parser.add_argument("--epochs", type=positive, metavar="N", help=f"(default: {EPOCHS})")
    parser.add_argument(
        "--batch-size", type=positive, default=32, metavar="N", help="rows per update (default: 32)"
    )
    parser.add_argument(
        "--dtype",
        choices=("float64", "float32"),
        default="float64",
        help="in which both compute (default: float64)",
    )
    parser.add_argument(
        "--full",
        action="store_true",
        help=f"all {ALL_ROWS:,} images and {FULL_EPOCHS} epochs: 9,375 updates, some minutes",
    )
    chosen = parser.parse_args(arguments)
    if chosen.full and (chosen.rows or chosen.epochs):
        parser.error(
            f"--full stands for --rows {ALL_ROWS} --epochs {FULL_EPOCHS}: leave them out, or it"
        )
    chosen.rows = chosen.rows or (ALL_ROWS if chosen.full else ROWS)
    chosen.epochs = chosen.epochs or (FULL_EPOCHS if chosen.full else EPOCHS)
    return chosen


def positive(text: str) -> int:
    """Return the number, or let argparse say what is wrong with it."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be an integer of at least 1. Received: {text!r}")
    return int(text)


def number_of_rows(text: str) -> int:
    """Return the number of rows, or let argparse say what is wrong with it."""
    if positive(text) > ALL_ROWS:
        raise argparse.ArgumentTypeError(f"MNIST has {ALL_ROWS} training images. Received: {text}")
    return int(text)


def what_comes(chosen: argparse.Namespace) -> str:
    """Say how much work is ahead."""
    steps = steps_per_epoch(chosen.rows, chosen.batch_size)
    sizes = "-".join(map(str, LAYER_SIZES))
    return "\n".join(
        [
            f"A network ({sizes}) is trained twice in {chosen.dtype}: by model.fit and in NumPy.",
            f"Rows: {chosen.rows:,}. Batches per epoch: {steps:,}. Epochs: {chosen.epochs:,}. "
            f"Updates to compare: {steps * chosen.epochs:,}.",
            "TensorFlow starts first, which takes some seconds.\n",
        ]
    )


def verdict(report: Any, agrees: bool, seconds: float) -> str:
    """Return the result in a sentence, and what to do if it is not the one that was hoped for."""
    took = f"The two trainings took {seconds:.0f} s."
    if agrees:
        return f"VERIFIED: on this machine NumPy makes the updates of tf.keras. {took}"
    if report.dtype != "float64":
        return f"NOT A PROOF: the same call with --dtype float64 gives a verdict. {took}"
    return (
        f"NOT VERIFIED: here NumPy does not make the updates of tf.keras. {took}\n"
        f"Are these the versions that the course was made for? To find out: {call()} doctor"
    )
