"""Run a learner's function so that nothing it does can hurt the notebook or spoil the check.

It gets copies of its arguments, a limited time, a quiet place to print to, and random generators
whose state is put back afterwards.
"""

import builtins
import contextlib
import ctypes
import inspect
import io
import random
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from sgdcourse.exercises.comparing import plain, same

T = TypeVar("T")


class TimeLimit(BaseException):
    """Raised inside the learner's code when its time is up; no `except Exception` catches it."""


@dataclass(frozen=True)
class Raised:
    """What a function raised instead of returning something."""

    kind: str
    message: str
    line: str = field(default="", compare=False)  # of the learner's code

    def __repr__(self) -> str:
        where = f"\nin the line: {self.line}" if self.line else ""
        return f"{self.kind}: {self.message}".removesuffix(": ") + where


class Watched:
    """A function that behaves as the learner's, and notes what it did besides.

    Attributes
    ----------
    changed : set of str
        Names of the arguments that were changed in place.
    raised : BaseException or None
        What the learner's code raised, as opposed to the code that looks at its result.
    result : object
        What the last call returned, in plain form.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.changed: set[str] = set()
        self.raised: BaseException | None = None
        self.result: Any = None

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """Call the learner's function with copies."""
        handed, named = copy_arrays(arguments), copy_arrays(options)
        try:
            self.result = plain(self.function(*handed, **named))  # a generator runs in here
        except BaseException as error:
            self.raised = error
            raise
        names = [*names_of(self.function, len(arguments)), *options]
        pairs = zip([*arguments, *options.values()], [*handed, *named.values()], strict=True)
        for name, (original, used) in zip(names, pairs, strict=True):
            if holds_arrays(original) and not same(plain(original), plain(used), 0.0):
                self.changed.add(name)
        return self.result


def names_of(function: Callable[..., Any], count: int) -> list[str]:
    """Return the names of the first arguments, as well as they can be known."""
    try:
        names = list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        names = []
    return [names[i] if i < len(names) else f"argument {i + 1}" for i in range(count)]


def holds_arrays(value: Any) -> bool:
    """Say whether this is an array, or a list, tuple or dict of such: what we copy and compare."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return bool(value) and all(isinstance(v, (int, float)) or holds_arrays(v) for v in value)
    return isinstance(value, np.ndarray)


def copy_arrays(value: Any) -> Any:
    """Copy arrays; hand on all else, so that a generator or an optimizer keeps its state."""
    if isinstance(value, dict):
        return {key: copy_arrays(element) for key, element in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(copy_arrays(element) for element in value)
    return value.copy() if isinstance(value, np.ndarray) else value


def raised_by(error: BaseException, function: Any) -> Raised:
    """Describe an exception, with the line of the learner's code that it came from."""
    code = getattr(function, "__code__", None)
    file = getattr(code, "co_filename", None)
    lines = [
        frame.line or ""
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename == file
    ]
    try:
        message = str(error)
    except Exception:  # an exception class of the learner's own, with a faulty __str__
        message = ""
    return Raised(type(error).__name__, message[:300], lines[-1] if lines else "")


class LimitedText(io.StringIO):
    """Takes what a learner's code prints, up to a limit: an endless loop may print for ever."""

    def write(self, text: str) -> int:
        """Keep the text while there is room."""
        if self.tell() < 10_000:
            super().write(text[:10_000])
        return len(text)


def no_input(*_: Any) -> str:
    """Stand in for `input`, which would wait for a keyboard that nobody is at."""
    raise RuntimeError("input() was called. All values come as arguments.")


@contextlib.contextmanager
def undisturbed() -> Iterator[io.StringIO]:
    """Keep print-outs, warnings and random numbers of the learner's code to itself."""
    text, ask = LimitedText(), builtins.input
    state, numpy_state = random.getstate(), np.random.get_state()  # noqa: NPY002
    try:
        with (
            contextlib.redirect_stdout(text),
            contextlib.redirect_stderr(text),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")
            builtins.input = no_input
            yield text
    finally:
        builtins.input = ask
        random.setstate(state)
        np.random.set_state(numpy_state)  # noqa: NPY002


def within(seconds: float, work: Callable[[], T]) -> T:
    """Do some work in a thread of its own; raise TimeLimit if it takes longer.

    A thread can be stopped on every system, and the kernel lives on. Code that is stuck inside one
    call of C cannot be stopped; the thread is then left behind, and ends with the kernel.
    """
    results: list[T] = []
    errors: list[BaseException] = []

    def target() -> None:
        try:
            results.append(work())
        except BaseException as error:
            errors.append(error)

    worker = threading.Thread(target=target, daemon=True, name="exercise")
    worker.start()
    try:
        worker.join(seconds)
    finally:  # also when the learner presses the stop button
        timed_out = worker.is_alive()
        for _ in range(20):  # a bare `except:` in a loop swallows the first ones
            if not worker.is_alive():
                break
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(worker.ident or 0), ctypes.py_object(TimeLimit)
            )
            worker.join(0.1)
    if timed_out:
        raise TimeLimit
    if errors:
        raise errors[0]
    return results[0]
