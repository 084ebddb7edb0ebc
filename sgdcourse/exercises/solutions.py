"""Hints that grow, and the course's own solution as code that runs in a notebook."""

import ast
import inspect
import re
import textwrap
from collections import Counter
from collections.abc import Iterator
from typing import Any

import sgdcourse as sgd
from sgdcourse._source import Source
from sgdcourse.exercises._cards import Card
from sgdcourse.exercises.catalogue import find_exercise
from sgdcourse.exercises.parsons import right_order

Place = tuple[int, int]  # line, column

_hints_given: Counter[str] = Counter()


def hint(name: Any) -> Card:
    """Give the next hint of an exercise: three in all, each says more.

    Parameters
    ----------
    name : str or callable
        Name of the exercise, or your function.

    Returns
    -------
    card : Card
        The hint. After the third one they begin again.

    Raises
    ------
    ValueError
        If there is no exercise of that name.

    Examples
    --------
    >>> hint("steps_per_epoch")
    steps_per_epoch: hint 1 of 3
      60,000 rows in batches of 64 are 937 full batches, and something is left over.
    """
    exercise = _find(name)
    number = _hints_given[exercise.name] % len(exercise.hints)
    _hints_given[exercise.name] += 1
    title = f"{exercise.name}: hint {number + 1} of {len(exercise.hints)}"
    return Card("note", title, (("", exercise.hints[number]),))


def solution(name: Any) -> Source:
    """Show the course's own solution of an exercise.

    Parameters
    ----------
    name : str or callable
        Name of the exercise, or your function.

    Returns
    -------
    source : Source
        Code that runs in a notebook after ``import numpy as np`` and
        ``import sgdcourse as sgd``. For "order the lines": the letters.

    Raises
    ------
    ValueError
        If there is no exercise of that name.

    Examples
    --------
    >>> solution("split_batches")
    def split_batches(indices, batch_size):
        for start in range(0, len(indices), batch_size):
            yield indices[start : start + batch_size]
    """
    exercise = _find(name)
    if exercise.lines:
        lines = "\n".join("    " + line for line in exercise.lines)
        return Source(f"{right_order(exercise)}\n\n{lines}")
    return Source(_for_a_notebook(exercise.reference))


def _find(name: Any) -> Any:
    return find_exercise(..., name) if isinstance(name, str) else find_exercise(name, None)


def _for_a_notebook(function: Any) -> str:
    """Return the code of a reference without docstring and annotations, and with ``sgd.``."""
    text = textwrap.dedent(inspect.getsource(function))
    text = re.sub(r"\) -> .*:$", "):", text, flags=re.MULTILINE)
    lines = text.splitlines()
    # From the last edit to the first, so that the places of the others stay right.
    for (first, left), (last, right), new in sorted(_edits(ast.parse(text)), reverse=True):
        lines[first - 1 : last] = [lines[first - 1][:left] + new + lines[last - 1][right:]]
    return "\n".join(lines)


def _edits(tree: ast.Module) -> Iterator[tuple[Place, Place, str]]:
    """Yield start, end and replacement of all that a notebook does without or writes otherwise."""
    nodes = list(ast.walk(tree))
    local = {node.arg for node in nodes if isinstance(node, ast.arg)}
    for node in nodes:
        if isinstance(node, ast.arg) and node.annotation:
            start = (node.lineno, node.col_offset + len(node.arg))
            yield start, _end(node.annotation), ""
        elif isinstance(node, ast.AnnAssign):
            yield _end(node.target), _end(node.annotation), ""
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(node):
            body = node.body[0]
            yield (body.lineno, 0), (node.body[1].lineno, 0), ""
        elif isinstance(node, ast.Name) and node.id in sgd.__all__ and node.id not in local:
            yield (node.lineno, node.col_offset), (node.lineno, node.col_offset), "sgd."


def _end(node: Any) -> Place:
    return node.end_lineno, node.end_col_offset
