"""The search box of notebook 11: type words, see the questions that match."""

import html
from typing import Any

from sgdcourse.faq.questions import Found, answers, bare, find, index


def search(words: str = "") -> "SearchBox":
    """Search the questions, in a field that answers while you type.

    Parameters
    ----------
    words : str
        What stands in the field at first: "sample weight".

    Returns
    -------
    box : SearchBox
        As the last line of a cell, it shows the field. What cannot show a field (GitHub, a stored
        notebook) shows the list of what was found; without words, of all questions.

    Raises
    ------
    TypeError
        If words is no text.

    Examples
    --------
    >>> search("loss nan").found.questions[0].heading
    '29. Why is my loss NaN?'
    """
    return SearchBox(words)


class SearchBox:
    """A field for words, how many questions match, and the list of them.

    Attributes
    ----------
    found : Found
        What the words in the field have found.
    """

    def __init__(self, words: str = "") -> None:
        self.found = find(words)
        self._first_words = words
        self._widget: Any = None

    @property
    def markdown(self) -> str:
        """The list of questions: with answers, or, if nothing was looked for, as an index."""
        return as_markdown(self.found)

    def widget(self) -> Any:
        """Return the widget. To type in the field is enough, and everything works by keyboard."""
        if self._widget is None:
            import ipywidgets

            wide = {"max_width": "60em"}
            self.field = ipywidgets.Text(
                self._first_words,
                description="Search",
                placeholder="sample weight, nan, momentum pytorch, shuffle batch",
                layout={"flex": "1 1 auto"},
            )
            self.clear = ipywidgets.Button(description="Clear", layout={"width": "auto"})
            self.status = ipywidgets.HTML(layout=wide)
            # Markdown goes through JupyterLab, which opens the links in it; those of an HTML
            # widget would leave the page.
            self.list = ipywidgets.Output(layout=wide)
            self.field.observe(self._search, "value")
            self.clear.on_click(self._clear)
            self._show()
            line = ipywidgets.HBox([self.field, self.clear], layout=wide)
            self._widget = ipywidgets.VBox([line, self.status, self.list])
            self._widget.add_class("sgdcourse-search")
        return self._widget

    def _search(self, _: Any) -> None:
        self.found = find(self.field.value)
        self._show()

    def _clear(self, _: Any) -> None:
        self.field.value = ""
        self.field.focus()

    def _show(self) -> None:
        words = html.escape(self.found.message)
        # A screen reader says it when it changes, after what it is reading.
        self.status.value = f'<p role="alert" aria-live="polite" style="margin: 4px 0;">{words}</p>'
        output = {
            "output_type": "display_data",
            "data": {"text/plain": as_text(self.found), "text/markdown": self.markdown},
            "metadata": {},
        }
        self.list.outputs = (output,) if self.found.questions else ()

    def __repr__(self) -> str:
        return f"{self.found.message}\n\n{as_text(self.found)}".rstrip()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """Return the widget, and the list for whatever cannot show a widget."""
        markdown = f"{self.found.message}\n\n{self.markdown}".rstrip()
        static = {"text/plain": repr(self), "text/markdown": markdown}
        return {**(self.widget()._repr_mimebundle_() or {}), **static}


def as_markdown(found: Found) -> str:
    """Return the questions with their answers; all of them, as an index without answers."""
    return answers(found.questions) if found.words else index(found.questions)


def as_text(found: Found) -> str:
    """Return the headings of the questions, one per line."""
    return "\n".join(bare(question.heading) for question in found.questions)
