"""Where the course lies on this machine, how to call it there, and how wide its screen is."""

import os
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORKSPACE = ROOT / "workspace"  # the learner's own notebooks; course.py makes it
WIDTH = 96  # columns


def uses_course_py() -> bool:
    """Tell whether this Python is that of the .venv which course.py made."""
    return Path(sys.prefix).resolve() == (ROOT / ".venv").resolve()


def course_py() -> str:
    """Return how course.py is called on this system."""
    return "py course.py" if os.name == "nt" else "python3 course.py"


def call() -> str:
    """Return how to run a command of the course in the environment in which we are."""
    return course_py() if uses_course_py() else "python -m sgdcourse"


def wrapped(text: str, first: str = "", indent: str = "") -> str:
    r"""Break a text into lines that fit on the screen; keep the breaks that it has.

    Parameters
    ----------
    text : str
    first, indent : str
        What stands before the first line, and before the others.

    Returns
    -------
    text : str

    Examples
    --------
    >>> print(wrapped("one\ntwo", first="- ", indent="  "))
    - one
      two
    """
    lines: list[str] = []
    for line in text.split("\n"):
        lines += textwrap.wrap(
            line,
            WIDTH,
            initial_indent=indent if lines else first,
            subsequent_indent=indent,
            break_on_hyphens=False,
        ) or [""]
    return "\n".join(lines)
