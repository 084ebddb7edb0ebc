"""Short messages to the learner: HTML in a notebook, plain text anywhere else."""

import re
import textwrap
from dataclasses import dataclass
from html import escape
from itertools import groupby

WIDTH = 88  # columns of plain text

# The sign that stands before the title, and the colour of the bar at the left. The colours are
# JupyterLab's own, so that they suit its light and its dark theme; the second is for other viewers.
STATUSES = {
    "passed": ("✓", "var(--jp-success-color1, #2e7d32)"),
    "wrong": ("✗", "var(--jp-error-color1, #d32f2f)"),
    "open": ("○", "var(--jp-warn-color1, #b26a00)"),
    "note": ("›", "var(--jp-info-color1, #0277bd)"),  # noqa: RUF001
}
PLAIN = "background: none; border: 0; padding: 0; color: inherit;"  # against the viewer's own CSS


@dataclass(frozen=True)
class Card:
    """A short message to the learner: HTML in a notebook, plain text anywhere else.

    Both show the same words. Colour and sign only repeat what the title says, so the title has to
    say it.

    Attributes
    ----------
    status : {"passed", "wrong", "open", "note"}
        "open": not attempted or not answered.
    title : str
        Names the thing and its status, such as "softmax: passed".
    rows : tuple of (label, text)
        A row without a label is a sentence. ``backticks`` mark code; line breaks are kept.

    Examples
    --------
    >>> Card("wrong", "sgd_update: not yet", (("Expected", "0.5"), ("Got", "1.5")))
    sgd_update: not yet
      Expected  0.5
      Got       1.5
    """

    status: str
    title: str
    rows: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if self.status not in STATUSES:
            raise ValueError(
                f"status must be one of {', '.join(STATUSES)}. Received: status={self.status!r}."
            )

    def __repr__(self) -> str:
        width = max((len(printable(label)) for label, _ in self.rows), default=0)
        lines = wrapped(self.title)
        for label, text in self.rows:
            lines += labelled(printable(label), text, width)
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        sign, colour = STATUSES[self.status]
        parts = [
            f'<p style="margin: 0;"><strong><span aria-hidden="true" style="color: {colour};">'
            f"{sign}</span> {inline(self.title)}</strong></p>"
        ]
        for has_label, rows in groupby(self.rows, key=lambda row: bool(row[0])):
            if has_label:
                parts.append(definitions(list(rows)))
            else:
                parts += [paragraph(text) for _, text in rows]
        return (
            f'<section role="region" aria-label="{escape(printable(self.title))}" '
            f'style="border-left: 4px solid {colour}; padding: 4px 12px; margin: 4px 0; '
            'max-width: 70em; line-height: 1.5;">' + "".join(parts) + "</section>"
        )


def printable(text: str) -> str:
    """Replace what no screen can show, such as control characters and half of a surrogate pair."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)


def inline(text: str) -> str:
    """Turn a text into HTML: everything is escaped, and ``backticks`` become code.

    Examples
    --------
    >>> inline("`a < b` holds")
    '<code>a &lt; b</code> holds'
    """
    return re.sub(r"(`+)(.+?)\1", r"<code>\2</code>", escape(printable(text)))


def paragraph(text: str) -> str:
    """Turn a text into an HTML paragraph, or, if it has line breaks, into a block that keeps them.

    Examples
    --------
    >>> paragraph("one line")
    '<p style="margin: 4px 0; line-height: 1.5;">one line</p>'
    """
    if "\n" not in text:
        return f'<p style="margin: 4px 0; line-height: 1.5;">{inline(text)}</p>'
    return (
        f'<pre style="{PLAIN} margin: 4px 0; white-space: pre-wrap; '
        'line-height: 1.4; font-family: var(--jp-code-font-family, monospace);">'
        f"{escape(printable(text))}</pre>"
    )


def definitions(rows: list[tuple[str, str]]) -> str:
    """Turn labelled rows into an HTML definition list, the labels in a column of their own."""
    items = "".join(
        f'<dt style="font-weight: 600; float: none; width: auto; margin: 4px 0;">'
        f"{inline(label)}</dt>"
        f'<dd style="margin: 0; min-width: 0; width: auto;">{paragraph(text)}</dd>'
        for label, text in rows
    )
    return (
        '<dl style="display: grid; grid-template-columns: max-content minmax(0, 1fr); '
        f'column-gap: 12px; margin: 0;">{items}</dl>'
    )


def labelled(label: str, text: str, width: int) -> list[str]:
    """Return the lines of one row in plain text: the label, and beside or below it the text."""
    if not label:
        return wrapped(text, indent="  ")
    if "\n" in text:
        return [f"  {label}", *wrapped(text, indent="    ")]
    return wrapped(text, first=f"  {label:<{width}}  ", indent=" " * (width + 4))


def wrapped(text: str, indent: str = "", first: str | None = None) -> list[str]:
    r"""Break a text into lines of at most 88 columns; keep the breaks that it has.

    Examples
    --------
    >>> wrapped("2 x 3\n4 x 5", indent="  ")
    ['  2 x 3', '  4 x 5']
    """
    lines: list[str] = []
    for line in printable(text).split("\n"):
        start = indent if lines or first is None else first
        lines += textwrap.wrap(
            line,
            WIDTH,
            initial_indent=start,
            subsequent_indent=indent,
            break_on_hyphens=False,
            drop_whitespace="\n" not in text,  # the columns of a matrix stay below each other
        ) or [start.rstrip()]
    return lines


def bare(text: str) -> str:
    """Remove the backticks, where code cannot be shown as such."""
    return printable(text.replace("`", ""))
