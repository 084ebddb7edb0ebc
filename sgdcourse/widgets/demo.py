"""What all demos share: controls, a picture that follows them, and words that say what is seen."""

import html
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ipywidgets
from matplotlib.figure import Figure

from sgdcourse.plots import Screen
from sgdcourse.plots.figure import in_course_style

Look = Callable[..., tuple[str, str]]

# The buttons of `Play` have a picture and no name: give it the words that a screen reader says.
NAMES_OF_BUTTONS = """<style>
.sgdcourse-demo .fa-play::before { content: "\\f04b" / "Play"; }
.sgdcourse-demo .fa-pause::before { content: "\\f04c" / "Pause"; }
.sgdcourse-demo .fa-stop::before { content: "\\f04d" / "Stop"; }
</style>"""


class Demo:
    """A picture that answers to controls; as the last line of a cell it shows both.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Made once; ``look`` moves what is in it.
    look : function
        Takes the value of each control under its name, brings the figure up to date, and returns
        two texts: what is seen, in one or two sentences, and the description of the picture.
    controls : dict of widgets
        Each has a ``value`` and a ``description``.
    play : str, optional
        The name of a slider that can run by itself.
    interval : int
        Milliseconds from one value to the next while it runs.
    buttons : dict of functions, optional
        Label -> what a click does. It may call ``set``.

    Attributes
    ----------
    text : str
        What is seen.
    picture : sgdcourse.plots.Picture
        With its description.
    values : dict
        Of the controls.
    """

    def __init__(
        self,
        figure: Figure,
        look: Look,
        controls: Mapping[str, Any],
        *,
        play: str | None = None,
        interval: int = 400,
        buttons: Mapping[str, Callable[["Demo"], None]] | None = None,
    ) -> None:
        self.controls = dict(controls)
        self._look, self._screen = look, Screen(figure)
        self._first_values = self.values
        self._shown = ipywidgets.HTML(layout={"width": "100%"})
        self._play = None
        rows = []
        for name, control in self.controls.items():
            control.observe(self._changed, "value")
            rows.append(self._with_play(control, interval) if name == play else control)
        labels = {**(buttons or {}), "Reset": Demo.reset}
        rows.append(ipywidgets.HBox([self._button(*item) for item in labels.items()]))
        names = ipywidgets.HTML(NAMES_OF_BUTTONS, layout={"display": "none"})
        self.widget = ipywidgets.VBox([names, *rows, self._shown])
        self.widget.add_class("sgdcourse-demo")
        self._changed()

    @property
    def values(self) -> dict[str, Any]:
        """The value of each control."""
        return {name: control.value for name, control in self.controls.items()}

    def set(self, **values: Any) -> None:
        """Set several controls, and draw once."""
        before = self.values
        for control in self.controls.values():
            control.unobserve(self._changed, "value")
        try:
            for name, value in values.items():
                self.controls[name].value = value
        finally:
            for control in self.controls.values():
                control.observe(self._changed, "value")
        if self.values != before:
            self._changed()

    def reset(self) -> None:
        """Give all controls their first values."""
        if self._play is not None:
            self._play.playing = False
        self.set(**self._first_values)

    @in_course_style
    def _changed(self, _: Any = None) -> None:
        self.text, alt = self._look(**self.values)
        self.picture = self._screen.picture(alt)
        self._shown.value = self._html(spoken=self._play is None or not self._play.playing)

    def _html(self, spoken: bool) -> str:
        # A screen reader reads the words out when they change, but not ten times a second.
        live = ' role="alert" aria-live="polite"' if spoken else ""
        style = 'style="line-height: 1.5; margin: 4px 0; min-height: 3em;"'
        words = f"<p{live} {style}>{html.escape(self.text)}</p>"
        return words + self.picture._repr_html_()

    def _with_play(self, slider: Any, interval: int) -> Any:
        self._play = ipywidgets.Play(
            min=slider.min, max=slider.max, step=slider.step, interval=interval, show_repeat=False
        )
        ipywidgets.jslink((self._play, "value"), (slider, "value"))
        return ipywidgets.HBox([slider, self._play])

    def _button(self, label: str, click: Callable[["Demo"], None]) -> Any:
        button = ipywidgets.Button(description=label, layout={"width": "auto"})
        button.on_click(lambda _: click(self))
        return button

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """Return the widget, and the picture for whatever cannot show a widget."""
        static = {"text/plain": repr(self), "text/html": self._html(spoken=False)}
        return {**(self.widget._repr_mimebundle_() or {}), **static}

    def __repr__(self) -> str:
        return f"{self.text}\n{self.picture!r}"


WIDE = {"width": "min(30em, 100%)"}  # the width of a slider with its label and number
LABEL = {"description_width": "11em"}


def whole_numbers(description: str, lowest: int, highest: int, value: int) -> Any:
    """Make a slider for whole numbers."""
    return ipywidgets.IntSlider(
        value, lowest, highest, description=description, style=LABEL, layout=WIDE
    )


def numbers(
    description: str, lowest: float, highest: float, step: float, value: float, digits: int
) -> Any:
    """Make a slider for numbers with so many digits behind the point."""
    return ipywidgets.FloatSlider(
        value,
        min=lowest,
        max=highest,
        step=step,
        readout_format=f".{digits}f",
        description=description,
        style=LABEL,
        layout=WIDE,
    )


def one_of(description: str, options: Sequence[Any], value: Any) -> Any:
    """Make a slider that knows these values only."""
    return ipywidgets.SelectionSlider(
        options=options, value=value, description=description, style=LABEL, layout=WIDE
    )


def choice(description: str, options: Sequence[str], value: str) -> Any:
    """Make buttons, one per text; from a list, JupyterLab would take the arrow keys away."""
    return ipywidgets.ToggleButtons(
        options=options,
        value=value,
        description=description,
        style={**LABEL, "button_width": "auto"},
    )


def switch(description: str) -> Any:
    """Make a box to tick."""
    return ipywidgets.Checkbox(False, description=description, style=LABEL, layout=WIDE)
