"""Make a figure in the style of the course, and show it with words for screen readers."""

import base64
import html
import io
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

from matplotlib import style
from matplotlib.figure import Figure

STYLE = Path(__file__).parent / "course.mplstyle"
Function = TypeVar("Function", bound=Callable[..., Any])
_course_style_is_on = False


def in_course_style(function: Function) -> Function:
    """Use the style inside the function only: a learner's own figures stay as they are."""

    @wraps(function)
    def styled(*args: Any, **kwargs: Any) -> Any:
        global _course_style_is_on
        if _course_style_is_on:  # to switch it on costs milliseconds: once per picture is enough
            return function(*args, **kwargs)
        with style.context(["default", STYLE]):
            _course_style_is_on = True
            try:
                return function(*args, **kwargs)
            finally:
                _course_style_is_on = False

    return styled  # type: ignore[return-value]


class Picture:
    """A drawn figure with its description; a notebook shows both."""

    def __init__(self, png: bytes, alt: str) -> None:
        if not alt.strip():
            raise ValueError(f"alt must say what the figure shows. Received: alt={alt!r}.")
        self.png, self.alt = png, alt

    def _repr_html_(self) -> str:
        data = base64.b64encode(self.png).decode()
        alt = html.escape(self.alt, quote=True)
        return (
            f'<figure style="margin: 0"><img alt="{alt}" style="max-width: 100%" '
            f'src="data:image/png;base64,{data}"></figure>'
        )

    def __repr__(self) -> str:
        return f"Picture: {self.alt}"


@in_course_style
def subplots(ncols: int = 1, *, width: float = 7.5, height: float = 3.2) -> tuple[Figure, Any]:
    """Make a figure with one Axes, or a row of them, in the style of the course.

    Parameters
    ----------
    ncols : int
        How many Axes side by side.
    width, height : float
        In inches, 100 pixels each.

    Returns
    -------
    figure, axes
        ``axes`` is one Axes, or an array of them.

    Examples
    --------
    >>> figure, ax = subplots()
    >>> _ = ax.plot([1, 2, 3])
    >>> show(figure, alt="A line that rises from 1 to 3")
    Picture: A line that rises from 1 to 3
    """
    figure = Figure(figsize=(width, height))  # no pyplot: nothing global, nothing shown twice
    return figure, figure.subplots(ncols=ncols)


@in_course_style
def show(figure: Figure, alt: str) -> Picture:
    """Draw the figure, for the last line of a cell.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    alt : str
        What there is to be seen, for those who cannot see it. JupyterLab gives an ordinary
        figure no such text.

    Returns
    -------
    picture : Picture

    Raises
    ------
    ValueError
        If ``alt`` is empty.
    """
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return Picture(buffer.getvalue(), alt)
