"""Show what is inside a function, in a notebook."""

import ast
import inspect
import textwrap
from collections.abc import Callable
from typing import Any


class Source:
    """The lines of a function; a notebook shows them as they are."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


def source(function: Callable[..., Any]) -> Source:
    """Return the code of a function without its docstring, comments kept.

    Parameters
    ----------
    function : callable
        Written in Python.

    Returns
    -------
    source : Source
        As the last line of a cell it is printed.

    Examples
    --------
    >>> from sgdcourse import relu
    >>> source(relu)
    def relu(x: Array) -> Array:
        return np.maximum(x, 0)
    """
    text = textwrap.dedent(inspect.getsource(function))
    lines = text.splitlines()
    definition = ast.parse(text).body[0]
    assert isinstance(definition, (ast.FunctionDef, ast.ClassDef))
    if ast.get_docstring(definition) is not None:
        docstring = definition.body[0]
        del lines[docstring.lineno - 1 : docstring.end_lineno]
    return Source("\n".join(lines))
