"""Answers to the exercises as learners write them: right ones, and wrong ones with their idea.

They are written without a look at the wrong versions in sgdcourse/exercises/catalogue: in loops,
with einsum, vectorised, with other names. ``test_exercises.py`` gives each to the checker.
"""

from dataclasses import dataclass
from textwrap import dedent
from typing import Any

from sgdcourse.exercises.catalogue import EXERCISES
from sgdcourse.exercises.parsons import shuffled_lines


@dataclass(frozen=True)
class Answer:
    exercise: str
    answer: Any  # a function or class, or the letters of "order the lines"
    misconception: str | None = None  # None: it is right
    where: str = ""

    def __str__(self):
        return f"{self.exercise}-{self.misconception or 'right'}-{self.where}"


ANSWERS = []


def wrong(exercise, misconception):
    """Mark a function as a wrong answer to an exercise, with the idea that must be named."""

    def note(function):
        place = f"{function.__module__.rpartition('.')[2]}:{function.__code__.co_firstlineno}"
        ANSWERS.append(Answer(exercise, function, misconception, place))
        return function

    return note


def right(exercise):
    """Mark a function as a right answer to an exercise."""
    return wrong(exercise, None)


def wrong_class(exercise, misconception):
    """Mark a class as a wrong answer."""
    return lambda cls: ANSWERS.append(Answer(exercise, cls, misconception, cls.__name__))


def right_class(exercise):
    """Mark a class as a right answer."""
    return wrong_class(exercise, None)


def order(exercise, lines, misconception=None):
    """Add an answer to "order the lines": the lines themselves, with their indentation."""
    letters = {text: letter for letter, text in shuffled_lines(EXERCISES[exercise]).items()}
    answer = " ".join(letters[line] for line in dedent(lines).strip().splitlines())
    ANSWERS.append(Answer(exercise, answer, misconception, answer))
