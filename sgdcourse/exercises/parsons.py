"""Order the lines: letters in, a function out."""

import ast
import inspect
import random
import re
from typing import Any

import numpy as np

import sgdcourse as sgd
from sgdcourse.exercises.exercise import Exercise, Function


class AnswerError(ValueError):
    """An answer that makes no function, in words for the learner."""


def shuffled_lines(exercise: Exercise) -> dict[str, str]:
    """Return letter -> line, in an order that is the same every time and not the right one."""
    lines = [*exercise.lines, *exercise.distractors]
    random.Random(exercise.name).shuffle(lines)
    return {chr(ord("A") + number): line for number, line in enumerate(lines)}


def lettered_lines(exercise: Exercise) -> str:
    """Write the lines of an exercise one below the other, below the ``def``."""
    lines = [f"{letter}      {line}" for letter, line in shuffled_lines(exercise).items()]
    return "\n".join(["   " + header(exercise), *lines])


def header(exercise: Exercise) -> str:
    """Write the first line of the function."""
    names = ", ".join(inspect.signature(exercise.reference).parameters)
    return f"def {exercise.reference.__name__}({names}):"


def right_order(exercise: Exercise) -> str:
    """Return the letters of the textbook order."""
    letters = {line: letter for letter, line in shuffled_lines(exercise).items()}
    return " ".join(letters[line] for line in exercise.lines)


def assemble(exercise: Exercise, answer: str) -> Function:
    """Make a function of letters: "C A B"."""
    lines = shuffled_lines(exercise)
    letters = re.findall(r"\w", answer.upper())
    unknown = sorted(set(letters) - set(lines))
    if unknown:
        raise AnswerError(
            f"There is no line {unknown[0]}: the letters go from A to {max(lines)}. You wrote "
            f"{answer.strip()!r}."
        )
    twice = sorted({letter for letter in letters if letters.count(letter) > 1})
    if twice:
        raise AnswerError(
            f"Line {twice[0]} stands there twice. Each line is used once, or not at all."
        )
    text = "\n".join([header(exercise), *("    " + lines[letter] for letter in letters)])
    try:
        ast.parse(text)
    except SyntaxError as error:  # line 1 is the def
        where = letters[min((error.lineno or 2) - 2, len(letters) - 1)]
        raise AnswerError(
            f"Python cannot read this at line {where}, `{lines[where].strip()}`: an indented line "
            "needs a `for` or an `if` right above its block, and such a line needs a block below."
        ) from None
    namespace: dict[str, Any] = {"np": np, "sgd": sgd}
    exec(compile(text, f"<order the lines: {exercise.name}>", "exec"), namespace)
    function: Function = namespace[exercise.reference.__name__]
    return function
