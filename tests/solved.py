"""Solve the exercises of a notebook cell, as a learner would who copies `solution(...)`."""

import ast

from sgdcourse.exercises import solution
from sgdcourse.exercises.catalogue import EXERCISES
from sgdcourse.exercises.parsons import right_order


def solved(source):
    """Return the cell with the stubs filled in and each check held to pass; None without a check.

    A stub, or a faulty version, becomes the text of ``solution(name)``; the letters of "order the
    lines" become the right ones; ``check(...)`` becomes ``assert check(...).passed``.
    """
    tree = ast.parse(source)
    lines = source.splitlines()
    checks = 0
    for node in reversed(tree.body):  # from the last to the first: line numbers stay right
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name in EXERCISES:
            lines[node.lineno - 1 : node.end_lineno] = repr(solution(node.name)).splitlines()
        elif is_check(node):
            call = node.value
            if isinstance(call.args[0], ast.Constant):
                name = call.args[1].value
                call.args[0] = ast.Constant(right_order(EXERCISES[name]))
            text = ast.unparse(call)
            lines[node.lineno - 1 : node.end_lineno] = [f"assert {text}.passed, {text}"]
            checks += 1
    return "\n".join(lines) if checks else None


def is_check(node):
    """Say whether a statement is a call of `check`."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Name)
        and node.value.func.id == "check"
    )
