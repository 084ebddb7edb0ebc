"""A recording as a table, for the terminal and for a notebook."""

import html
from collections.abc import Sequence

import numpy as np

from sgdcourse.recorder.findings.finding import count
from sgdcourse.recorder.recording import Recording

SHOWN = {
    "epoch": "epoch",
    "batch": "batch",
    "size": "rows",
    "loss": "loss of batch",
    "reported_loss": "Keras reports",
    "rate": "rate",
    "gradient_norm": "gradient",
    "step_norm": "step taken",
    "velocity_norm": "velocity",
}
MOST_LINES = 12


def as_text(recording: Recording) -> str:
    """Return the table as text."""
    head, lines = _table(recording)
    widths = [max(map(len, column)) for column in zip(head, *lines, strict=True)]
    rows = [
        "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True))
        for line in [head, *lines]
    ]
    return "\n".join([title(recording), "", *rows, "", footer(recording)])


def as_html(recording: Recording) -> str:
    """Return the table as HTML, with headings that a screen reader names."""
    head, lines = _table(recording)
    top = "".join(f'<th scope="col">{html.escape(cell)}</th>' for cell in head)
    body = "".join(
        f'<tr><th scope="row">{line[0]}</th>'
        + "".join(f"<td>{cell}</td>" for cell in line[1:])
        + "</tr>"
        for line in lines
    )
    return (
        f'<table><caption style="text-align: left">{html.escape(title(recording))}</caption>'
        f"<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
        f"<p>{html.escape(footer(recording))}</p>"
    )


def title(recording: Recording) -> str:
    """Say what was recorded, in one line."""
    if not recording.fits:
        return "Nothing recorded yet: run model.fit inside the `with` block."
    optimizer = recording.fits[-1]["optimizer"]
    momentum = f", momentum {optimizer['momentum']:g}" if optimizer.get("momentum") else ""
    fits = "" if len(recording.fits) == 1 else f"{count(len(recording.fits), 'fit')}, "
    epochs, steps = count(len(recording.epochs), "epoch"), count(len(recording), "step")
    return f"{fits}{epochs} finished, {steps}, {optimizer['kind']}{momentum}"


def footer(recording: Recording) -> str:
    """Say how much is kept, in one line."""
    known = sum(rows is not None for rows in recording.rows)
    full = f"whole arrays of {len(recording.arrays):,}" if recording.arrays else "no whole arrays"
    lost = f"; {recording.steps_not_kept:,} steps not kept" if recording.steps_not_kept else ""
    return (
        f"Kept: norms of all steps, the rows of {known:,}, {full}; "
        f"{recording.bytes_kept / 1e6:.2f} of at most {recording.megabytes:g} MB{lost}. "
        "recording.explain() says what it shows."
    )


def _table(recording: Recording) -> tuple[list[str], list[list[str]]]:
    steps: Sequence[int | None] = range(len(recording))
    if len(recording) > MOST_LINES:
        half = MOST_LINES // 2
        steps = [*steps[:half], None, *steps[-half:]]
    columns = {name: recording[name] for name in SHOWN}
    lines = [
        ["..."] * (len(SHOWN) + 1)
        if step is None
        else [f"{step:,}", *(_cell(name, column[step]) for name, column in columns.items())]
        for step in steps
    ]
    return ["step", *SHOWN.values()], lines


def _cell(name: str, value: float) -> str:
    if name in ("epoch", "batch"):
        return f"{value + 1:,.0f}"  # as Keras prints them
    if name == "size":
        return f"{value:,.0f}"
    return "-" if np.isnan(value) and "loss" not in name else f"{value:.4g}"
