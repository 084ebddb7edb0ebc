"""Predictions: say what will happen before you let it happen."""

import math
import re
from collections.abc import Sequence
from numbers import Integral
from typing import Any

from sgdcourse import _checks as checks
from sgdcourse.exercises._cards import Card, bare, paragraph, wrapped
from sgdcourse.exercises._forms import (
    KEYS,
    LETTERS,
    RADIO_STYLE,
    radio_buttons,
    spoken,
    text_and_widget,
    wide,
)
from sgdcourse.exercises.progress import record

Answer = str | int | float
WITHIN = 0.1  # how far a predicted float may be off, relative to the outcome


def commit_prediction(
    question: str,
    options: Sequence[str] | None = None,
    *,
    unit: str = "",
    answer: Answer | None = None,
    notebook: str | None = None,
) -> "Prediction":
    """Ask for a prediction, which ``reveal`` compares with the outcome in a later cell.

    Parameters
    ----------
    question : str
        What is going to happen?
    options : sequence of str, optional
        What to choose from. Without them, a number is asked for.
    unit : str
        What the number counts: "batches".
    answer : str, int or float, optional
        The prediction, for those who type it rather than click.
    notebook : str, optional
        Where it is asked, for the learner's progress: "01".

    Returns
    -------
    prediction : Prediction
        As the last line of a cell, it shows buttons and waits for a commitment.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as above, or if the answer is none of the options.

    Examples
    --------
    >>> question = "Twice the batch size, the same rows: how many updates per epoch?"
    >>> prediction = commit_prediction(question, ["half", "as many", "twice"], answer="half")
    >>> prediction
    Twice the batch size, the same rows: how many updates per epoch?
      a) half
      b) as many
      c) twice
    You predicted: half. Now run the next cell.
    >>> prediction.reveal("half")
    Prediction and outcome agree
      You predicted half. Outcome: half.
    >>> commit_prediction("How many updates?", answer=1_000).reveal(1875)
    Prediction and outcome differ
      You predicted 1,000. Outcome: 1,875. Your prediction is 47% too low.
      A wrong prediction is worth most: find out why before you go on.
    """
    return Prediction(question, options, unit, answer, notebook)


class Prediction:
    """A question, and what the learner expects.

    Attributes
    ----------
    question, unit : str
    options : tuple of str
        Empty if a number is asked for.
    answer : str, int, float or None
        None as long as nothing is committed.
    notebook : str or None
    revealed : bool
        Whether the outcome is known; then it is too late for a prediction.
    """

    def __init__(
        self,
        question: str,
        options: Sequence[str] | None = None,
        unit: str = "",
        answer: Answer | None = None,
        notebook: str | None = None,
    ) -> None:
        self.question = _text("question", question)
        self.options = _options(options)
        self.unit = unit
        self.notebook = _notebook(notebook)
        self.answer = None if answer is None else self._one_of_these("answer", answer)
        self.revealed = False
        self._widget: Any = None

    def reveal(self, outcome: Any, within: float | None = None) -> Card:
        """Compare the prediction with what happened.

        Parameters
        ----------
        outcome : str, int or float
            One of the options, or a number.
        within : float, optional
            How far the number may be off, relative to the outcome. By default a count has to be
            exact, and a float within 10%.

        Returns
        -------
        card : Card
            Prediction and outcome, and how far they are apart. Without a prediction, the outcome
            alone, so that the notebook runs from top to bottom.

        Raises
        ------
        TypeError, ValueError
            If the outcome is none of the options, or no finite number.
        """
        outcome = self._one_of_these("outcome", outcome)
        if within is None:
            within = 0.0 if isinstance(outcome, int) else WITHIN
        within = checks.number("within", within, at_least=0)
        first_time, self.revealed = not self.revealed, True
        self._refresh()
        if self.answer is None:
            return Card(
                "open",
                "No prediction committed",
                (("", f"Outcome: {self._shown(outcome)}."),),
            )
        right = _agree(self.answer, outcome, within)
        if first_time:
            record(
                "prediction",
                notebook=self.notebook,
                question=self.question,
                answer=self.answer,
                outcome=outcome,
                right=right,
            )
        both = f"You predicted {self._shown(self.answer)}. Outcome: {self._shown(outcome)}."
        both = f"{both} {how_far_off(self.answer, outcome)}".rstrip()
        if right:
            return Card("passed", "Prediction and outcome agree", (("", both),))
        lesson = "A wrong prediction is worth most: find out why before you go on."
        return Card("note", "Prediction and outcome differ", (("", both), ("", lesson)))

    def __repr__(self) -> str:
        lines = wrapped(bare(self.question))
        for letter, option in zip(LETTERS, self.options, strict=False):
            lines += wrapped(bare(option), first=f"  {letter}) ", indent="     ")
        return "\n".join([*lines, *wrapped(self._state())])

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return text_and_widget(repr(self), self.widget)

    def _state(self) -> str:
        """Say in words how far this is."""
        if self.answer is not None:
            return f"You predicted: {self._shown(self.answer)}. Now run the next cell."
        if self.revealed:
            return "The outcome is known by now. Run this cell again to predict once more."
        example = repr(self.options[0]) if self.options else "100"
        what = "one of these" if self.options else f"a number{self._of_unit()}"
        return f"Your prediction: {what}. Commit it here, or in the code with answer={example}."

    def _of_unit(self) -> str:
        return f" ({self.unit})" if self.unit else ""

    def _shown(self, value: Answer) -> str:
        if isinstance(value, str):
            return value
        number = f"{value:,}" if isinstance(value, int) else f"{value:,.6g}"
        return f"{number} {self.unit}".rstrip()

    def _one_of_these(self, name: str, value: Any) -> Answer:
        """Return an answer or an outcome as a plain str, int or float, or raise."""
        if self.options:
            return checks.choice(name, value, self.options)
        number = checks.number(name, value)
        return int(value) if isinstance(value, Integral) else number

    # ---- The widget ----

    def widget(self) -> Any:
        """Return the widget: question, radio buttons or a field, the button, what was committed."""
        if self._widget is None:
            self._make_widget()
            self._refresh()
        return self._widget

    def _make_widget(self) -> None:
        import ipywidgets

        question = RADIO_STYLE + paragraph("Predict: " + self.question)
        if self.options:
            self.field: Any = radio_buttons(self.options)
        else:
            self.field = ipywidgets.Text(
                description="Your prediction" + self._of_unit(),
                placeholder="a number",
                # On leaving the field. Letter by letter, the last ones may come after the click.
                continuous_update=False,
                style={"description_width": "initial"},
                layout=ipywidgets.Layout(width="24em"),
            )
        self.button = ipywidgets.Button(description="Commit")
        self.button.on_click(self._click)
        self.line = ipywidgets.HTML(paragraph(KEYS) if self.options else "", layout=wide())
        self._widget = ipywidgets.VBox(
            [
                ipywidgets.HTML(question, layout=wide()),
                self.field,
                self.button,
                self.line,
            ]
        )

    def _click(self, _: Any) -> None:
        """Commit what is chosen or typed."""
        if self.answer is not None or self.revealed:
            return
        try:
            self.answer = self._entered()
        except ValueError as error:
            self.line.value = spoken("open", [str(error)])
        else:
            self._refresh()

    def _entered(self) -> Answer:
        if not self.options:
            return parse_number(self.field.value, self.unit)
        if self.field.index is None:
            raise ValueError("Choose one of the options first.")
        return self.options[self.field.index]

    def _refresh(self) -> None:
        """Once there is an answer, or the outcome is known: no more changes."""
        if self._widget is not None and (self.answer is not None or self.revealed):
            if self.options and self.answer is not None:
                self.field.index = self.options.index(str(self.answer))
            self.field.disabled = self.button.disabled = True
            self.line.value = spoken("note", [self._state()])


def parse_number(text: str, unit: str = "") -> int | float:
    """Read a number as people type it.

    Parameters
    ----------
    text : str
        "1,000", "1 000", "1e3", "0.25"; the unit may follow.
    unit : str

    Returns
    -------
    number : int or float
        An int if there is neither point nor exponent.

    Raises
    ------
    ValueError
        If that is no finite number. "0,25" is none, since 0,250 could be meant in two ways.

    Examples
    --------
    >>> parse_number("9,375 batches", "batches"), parse_number("1e3")
    (9375, 1000.0)
    """
    bare_number = text.strip().removesuffix(unit).strip() if unit else text.strip()
    if re.fullmatch(r"[+-]?\d{1,3}([, _]\d{3})+(\.\d*)?", bare_number):
        bare_number = re.sub("[, _]", "", bare_number)
    try:
        number = float(bare_number)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        received = f" Received: {text.strip()}" if text.strip() else ""
        raise ValueError(f"Type a number such as 1000 or 0.25 first.{received}")
    return int(bare_number) if re.fullmatch(r"[+-]?\d+", bare_number) else number


def how_far_off(answer: Answer, outcome: Answer) -> str:
    """Say how a predicted number lies to the outcome; nothing if they are equal or no numbers.

    Examples
    --------
    >>> how_far_off(1_000, 9_375)
    'The outcome is 9.4 times what you predicted.'
    """
    if isinstance(answer, str) or isinstance(outcome, str) or answer == outcome:
        return ""
    way = "low" if answer < outcome else "high"
    if 0 in (answer, outcome) or (answer < 0) != (outcome < 0):
        return f"Your prediction is {_two_digits(abs(answer - outcome))} too {way}."
    if abs(outcome) >= 2 * abs(answer):
        return f"The outcome is {_two_digits(outcome / answer)} times what you predicted."
    if abs(answer) >= 2 * abs(outcome):
        return f"You predicted {_two_digits(answer / outcome)} times the outcome."
    percent = 100 * abs(answer - outcome) / abs(outcome)
    return f"Your prediction is {_two_digits(percent)}% too {way}."


def _two_digits(number: float) -> str:
    return f"{float(f'{number:.2g}'):,g}"


def _agree(answer: Answer, outcome: Answer, within: float) -> bool:
    if isinstance(answer, str) or isinstance(outcome, str):
        return answer == outcome
    rounding = 1 + 1e-9  # 1.1 is within 10% of 1.0
    return bool(abs(answer - outcome) <= within * abs(outcome) * rounding)


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise TypeError(f"{name} must be a text. Received: {name}={value!r}.")
    return value


def _notebook(value: Any) -> str | None:
    if value is not None and not (isinstance(value, str) and re.fullmatch("[0-9]{2}", value)):
        raise ValueError(
            f'notebook must be two digits, such as "01". Received: notebook={value!r}.'
        )
    return value


def _options(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, (list, tuple)) or not all(isinstance(o, str) and o for o in value):
        raise TypeError(
            f'options must be a list of texts, such as ["lower", "higher"]. Received: {value!r}.'
        )
    if not 2 <= len(value) <= len(LETTERS) or len(set(value)) < len(value):
        raise ValueError(
            f"options must be at least two, and no two of them the same. Received: {value!r}."
        )
    return tuple(value)
