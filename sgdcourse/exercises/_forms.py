"""What a question looks like with buttons: parts that predictions and quizzes share."""

import sys
from collections.abc import Callable, Sequence
from typing import Any

from sgdcourse.exercises._cards import STATUSES, bare, inline, paragraph

LETTERS = "abcdefghijklmnopqrstuvwxyz"  # of the options of a question

# The labels of radio buttons are made for a word or two: let long ones wrap, and show the focus.
RADIO_STYLE = """<style>
.sgdcourse-options, .sgdcourse-options .widget-radio-box { width: auto; max-width: 60em; }
.sgdcourse-options .widget-radio-box { margin-bottom: 0 !important; padding: 0; }
.sgdcourse-options .widget-radio-box label {
  display: flex; flex-direction: row-reverse; justify-content: flex-end; align-items: flex-start;
  gap: 8px; width: auto; height: auto; margin: 2px; padding: 2px 4px; line-height: 1.5;
  white-space: normal; cursor: pointer; color: var(--jp-content-font-color1, inherit); }
.sgdcourse-options .widget-radio-box label input { flex: none; margin: 0; }
.sgdcourse-options .widget-radio-box label:focus-within {
  outline: 2px solid var(--jp-brand-color1, #1976d2); border-radius: 2px; }
</style>"""
# The arrow keys go to JupyterLab, which moves to another cell.
KEYS = "With the keyboard: Tab moves on, Space chooses."


def in_notebook() -> bool:
    """Say whether this runs in a kernel, whose front end can show widgets."""
    if "IPython" not in sys.modules:  # whoever runs in a kernel has it loaded
        return False
    from IPython import get_ipython

    return hasattr(get_ipython(), "kernel")


def text_and_widget(text: str, make_widget: Callable[[], Any]) -> dict[str, Any]:
    """Return what a notebook stores, and beside it the widget, if there is somebody to show it.

    There is no HTML: what cannot show the widget (GitHub, a stored notebook) shows the text.
    """
    bundle: dict[str, Any] = {"text/plain": text}
    if in_notebook():
        try:
            shown = make_widget()._repr_mimebundle_() or {}
        except ImportError:  # no ipywidgets here
            return bundle
        bundle |= {kind: data for kind, data in shown.items() if kind not in bundle}
    return bundle


def radio_buttons(options: Sequence[str]) -> Any:
    """Make radio buttons with letters, nothing selected; ``index`` is the option."""
    from ipywidgets import Layout, RadioButtons

    labels = [f"{letter}) {bare(text)}" for letter, text in zip(LETTERS, options, strict=False)]
    buttons = RadioButtons(options=labels, index=None, layout=Layout(width="auto"))
    buttons.add_class("sgdcourse-options")
    return buttons


def wide() -> Any:
    """Return the layout of a text: as wide as is good to read."""
    from ipywidgets import Layout

    return Layout(width="auto", max_width="60em")


def spoken(status: str, lines: Sequence[str]) -> str:
    """Turn sentences into HTML that a screen reader reads out when it appears.

    The region appears together with its text, and then only an alert is announced; "polite": after
    what is being read.
    """
    sign, colour = STATUSES[status]
    first, *others = lines
    return (
        '<div role="alert" aria-live="polite" '
        f'style="border-left: 4px solid {colour}; padding: 2px 12px; line-height: 1.5;">'
        f'<p style="margin: 4px 0;"><span aria-hidden="true" style="color: {colour};">{sign}</span>'
        f" {inline(first)}</p>" + "".join(paragraph(line) for line in others) + "</div>"
    )
