"""What an exercise consists of.

An exercise is a reference, some cases to try, and the wrong versions that people really write. A
wrong version is code, not a pattern: the checker runs it, and if a learner's function behaves like
it in every case, that is what the learner had in mind.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Function = Callable[..., Any]


@dataclass(frozen=True)
class Case:
    """One thing to try.

    Attributes
    ----------
    words : str
        What is tried, with its numbers: "8 rows, batch size 3".
    observe : callable
        Takes a function that is meant to solve the exercise, calls it, and returns what is to be
        compared: often what the function returned, sometimes a property of it.
    """

    words: str
    observe: Callable[[Function], Any]


@dataclass(frozen=True)
class Misconception:
    """An idea that leads to a wrong function.

    Attributes
    ----------
    id : str
        A stable name: "sum-for-mean".
    cause : str
        What the learner did, and what Keras does instead, without the code that mends it.
    wrong : callable
        The exercise as somebody with this idea writes it.
    variants : tuple of callable
        Other ways to write the same idea, which give other results.
    """

    id: str
    cause: str
    wrong: Function
    variants: tuple[Function, ...] = ()


@dataclass(frozen=True)
class Exercise:
    """A function, or a class, for the learner to write, to order or to mend.

    Attributes
    ----------
    name : str
        Name of the function, by which the checker finds the exercise.
    notebook : str
        Where it is asked: "01".
    task : str
        What is asked, in one or two sentences.
    reference : callable
        The textbook solution.
    cases : tuple of Case
        From the simple to the surprising: the first one that differs is shown.
    misconceptions : tuple of Misconception
        Any two of them, and the reference, differ in at least one case.
    hints : tuple of str
        Three, each saying more than the one before, none saying all.
    given : callable, optional
        "Find the fault": the version handed to the learner.
    lines, distractors : tuple of str
        "Order the lines": the lines below the ``def``, in a right order and with indentation, and
        lines that do not belong.
    relative_tolerance : float
        How far float64 results may lie from the reference, relative to its largest number.
    """

    name: str
    notebook: str
    task: str
    reference: Function
    cases: tuple[Case, ...]
    misconceptions: tuple[Misconception, ...]
    hints: tuple[str, str, str]
    given: Function | None = None
    lines: tuple[str, ...] = ()
    distractors: tuple[str, ...] = ()
    relative_tolerance: float = 1e-7


def call(words: str, *arguments: Any, **options: Any) -> Case:
    """Make the usual case: the result of one call with these arguments."""
    return Case(words, lambda function: function(*arguments, **options))


def spelled_out(**arguments: Any) -> Case:
    """Make a case that can be followed on paper: its words are its numbers."""
    words = []
    for name, value in arguments.items():
        start = f"{name} = "
        words.append(start + np.array2string(np.asarray(value), separator=", ", prefix=start))
    return call("\n".join(words), *arguments.values())
