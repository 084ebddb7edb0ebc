"""Predictions: typed, clicked, not given at all; and what is said about them."""

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sgdcourse.exercises import _forms
from sgdcourse.exercises.predictions import commit_prediction, how_far_off, parse_number

pytestmark = pytest.mark.usefixtures("events", "no_error_in_a_callback")

QUESTION = "Is the `loss` lower?"
OPTIONS = ["the same", "lower", "higher"]


def words(shown):
    return " ".join(repr(shown).split())


# ---- Typed --------------------------------------------------------------------------------------


def test_right(events):
    prediction = commit_prediction(QUESTION, OPTIONS, answer="lower", notebook="05")
    card = prediction.reveal("lower")
    assert card.status == "passed"
    assert "You predicted lower. Outcome: lower." in words(card)
    [event] = events()
    assert {name: event[name] for name in event if name not in ("when", "version")} == {
        "kind": "prediction",
        "notebook": "05",
        "question": QUESTION,
        "answer": "lower",
        "outcome": "lower",
        "right": True,
    }


def test_wrong_is_useful(events):
    card = commit_prediction(QUESTION, OPTIONS, answer="higher").reveal("lower")
    assert card.status == "note"
    assert "You predicted higher. Outcome: lower." in words(card)
    assert "worth most" in words(card)
    assert [event["right"] for event in events()] == [False]


def test_without_a_prediction_the_notebook_runs_through(events):
    card = commit_prediction(QUESTION, OPTIONS).reveal("lower")
    assert repr(card) == "No prediction committed\n  Outcome: lower."
    assert events() == []


def test_revealing_twice_records_once(events):
    prediction = commit_prediction(QUESTION, OPTIONS, answer="lower")
    assert repr(prediction.reveal("lower")) == repr(prediction.reveal("lower"))
    assert len(events()) == 1


def test_text():
    prediction = commit_prediction(QUESTION, OPTIONS)
    assert repr(prediction).splitlines() == [
        "Is the loss lower?",
        "  a) the same",
        "  b) lower",
        "  c) higher",
        "Your prediction: one of these. Commit it here, or in the code with answer='the same'.",
    ]
    number = commit_prediction("How many?", unit="batches")
    assert "a number (batches)" in repr(number) and "answer=100" in repr(number)
    assert "You predicted: lower. Now run the next cell." in repr(
        commit_prediction(QUESTION, OPTIONS, answer="lower")
    )


@pytest.mark.parametrize(
    ("answer", "outcome", "within", "right"),
    [
        (1875, 1875, None, True),
        (1875.0, 1875, None, True),
        (1874, 1875, None, False),  # a count is exact
        (1874, 1875, 0.01, True),
        (1874, np.int64(1875), None, False),
        (90, 100.0, None, True),
        (110, 100.0, None, True),
        (1.1, 1.0, None, True),  # though 1.1 - 1.0 is a little more than 0.1
        (89, 100.0, None, False),
        (1.2, np.float32(1.0), 0.3, True),
        (1.2, 1.0, 0, False),
        (-0.5, 0.5, None, False),
        (0, 0, None, True),
        (0.001, 0.0, None, False),
    ],
)
def test_numbers(events, answer, outcome, within, right):
    prediction = commit_prediction("How much?", answer=answer)
    card = prediction.reveal(outcome, within=within)
    assert (card.status == "passed") is right
    assert events()[0]["right"] is right


def test_how_far_a_number_is_off():
    card = commit_prediction("How many?", unit="updates", answer=1_000).reveal(9_375)
    assert "You predicted 1,000 updates. Outcome: 9,375 updates." in words(card)
    assert "The outcome is 9.4 times what you predicted." in words(card)


@pytest.mark.parametrize(
    ("answer", "outcome", "text"),
    [
        (1_000, 9_375, "The outcome is 9.4 times what you predicted."),
        (9_375, 1_000, "You predicted 9.4 times the outcome."),
        (1, 234_567, "The outcome is 230,000 times what you predicted."),
        (90, 100, "Your prediction is 10% too low."),
        (199.5, 100.0, "Your prediction is 100% too high."),
        (0.1023, 0.1024, "Your prediction is 0.098% too low."),
        (-8, 4, "Your prediction is 12 too low."),
        (3, 0, "Your prediction is 3 too high."),
        (-1, -4, "The outcome is 4 times what you predicted."),
        (-90, -100, "Your prediction is 10% too high."),
        (1e-300, 1e300, "The outcome is inf times what you predicted."),
        (5, 5.0, ""),
        ("lower", "higher", ""),
    ],
)
def test_words_for_distances(answer, outcome, text):
    assert how_far_off(answer, outcome) == text


numbers = st.integers(-(10**9), 10**9) | st.floats(-1e9, 1e9)


@given(answer=numbers, outcome=numbers)
def test_every_pair_of_numbers_has_words(answer, outcome):
    text = how_far_off(answer, outcome)
    assert (text == "") is (answer == outcome)
    assert "e+02" not in text


# ---- Wrong arguments ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"question": ""}, TypeError, "question must be a text"),
        ({"question": 3}, TypeError, "question must be a text"),
        ({"options": "lower"}, TypeError, "options must be a list of texts"),
        ({"options": [1, 2]}, TypeError, "options must be a list of texts"),
        ({"options": []}, ValueError, "at least two"),
        ({"options": ["lower"]}, ValueError, "at least two"),
        ({"options": ["lower", "lower"]}, ValueError, "no two of them the same"),
        ({"options": OPTIONS, "answer": "up"}, ValueError, "answer must be one of the same, lower"),
        ({"answer": "many"}, TypeError, "answer must be a number"),
        ({"answer": float("nan")}, ValueError, "answer must be finite"),
        ({"notebook": 5}, ValueError, "notebook must be two digits"),
        ({"notebook": "5"}, ValueError, "notebook must be two digits"),
    ],
)
def test_wrong_arguments(arguments, error, message):
    with pytest.raises(error, match=message):
        commit_prediction(**({"question": QUESTION} | arguments))


def test_wrong_outcomes():
    with pytest.raises(ValueError, match="outcome must be one of"):
        commit_prediction(QUESTION, OPTIONS).reveal("Lower")
    with pytest.raises(ValueError, match="outcome must be finite"):
        commit_prediction(QUESTION).reveal(float("nan"))
    with pytest.raises(TypeError, match="outcome must be a number"):
        commit_prediction(QUESTION).reveal("lower")
    with pytest.raises(ValueError, match="within must be"):
        commit_prediction(QUESTION).reveal(3, within=-1)


def test_a_wrong_outcome_reveals_nothing(events):
    prediction = commit_prediction(QUESTION, OPTIONS, answer="lower")
    with pytest.raises(ValueError, match="outcome"):
        prediction.reveal("x")
    assert not prediction.revealed
    prediction.reveal("lower")
    assert len(events()) == 1


# ---- The widget ---------------------------------------------------------------------------------


def test_click(events):
    prediction = commit_prediction(QUESTION, OPTIONS)
    prediction.widget()
    assert prediction.field.index is None  # nothing preselected
    prediction.button.click()
    assert "Choose one of the options first" in prediction.line.value
    assert prediction.answer is None
    prediction.field.index = 1
    prediction.button.click()
    assert prediction.answer == "lower"
    assert prediction.field.disabled and prediction.button.disabled
    assert "You predicted: lower. Now run the next cell." in prediction.line.value
    assert 'aria-live="polite"' in prediction.line.value
    assert prediction.reveal("lower").status == "passed"
    assert len(events()) == 1


def test_the_commitment_is_final():
    prediction = commit_prediction(QUESTION, OPTIONS)
    prediction.widget()
    prediction.field.index = 1
    prediction.button.click()
    prediction.field.index = 2
    prediction.button.click()
    assert prediction.answer == "lower"


def test_too_late_after_the_outcome(events):
    prediction = commit_prediction(QUESTION, OPTIONS)
    prediction.widget()
    prediction.reveal("lower")
    assert prediction.button.disabled
    assert "The outcome is known by now" in prediction.line.value
    prediction.field.index = 1
    prediction.button.click()
    assert prediction.answer is None
    prediction.reveal("lower")
    assert events() == []


def test_a_typed_answer_is_shown_in_the_widget():
    prediction = commit_prediction(QUESTION, OPTIONS, answer="higher")
    prediction.widget()
    assert prediction.field.index == 2 and prediction.field.disabled
    number = commit_prediction("How many?", answer=17, unit="rows")
    number.widget()
    assert number.field.disabled and "17 rows" in number.line.value


def test_a_number_is_typed():
    prediction = commit_prediction("How many?", unit="batches")
    prediction.widget()
    assert not prediction.field.continuous_update  # all of it is there when the button is pressed
    for nothing in ("", "lots", "nan", "1/0"):
        prediction.field.value = nothing
        prediction.button.click()
        assert prediction.answer is None
        assert "Type a number" in prediction.line.value
    prediction.field.value = " 1,000 batches "
    prediction.button.click()
    assert prediction.answer == 1000
    assert prediction.field.disabled
    assert prediction.field.description == "Your prediction (batches)"


def test_hostile_input_is_shown_as_text():
    prediction = commit_prediction("<b>?", ["<i>a", "b"])
    question = prediction.widget().children[0].value
    assert "&lt;b&gt;" in question and "<b>" not in question
    number = commit_prediction("?")
    number.widget()
    number.field.value = "<script>"
    number.button.click()
    assert "&lt;script&gt;" in number.line.value


def test_the_same_widget_however_often_it_is_shown():
    prediction = commit_prediction(QUESTION, OPTIONS)
    assert prediction.widget() is prediction.widget()
    assert commit_prediction(QUESTION, OPTIONS).widget() is not prediction.widget()


def test_what_a_notebook_stores(monkeypatch):
    prediction = commit_prediction(QUESTION, OPTIONS)
    assert prediction._repr_mimebundle_() == {"text/plain": repr(prediction)}
    monkeypatch.setattr(_forms, "in_notebook", lambda: True)
    bundle = prediction._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "application/vnd.jupyter.widget-view+json"}
    assert bundle["text/plain"] == repr(prediction)


def test_a_notebook_without_ipywidgets_shows_the_text(monkeypatch):
    monkeypatch.setattr(_forms, "in_notebook", lambda: True)
    monkeypatch.setitem(sys.modules, "ipywidgets", None)  # an import of it now raises ImportError
    prediction = commit_prediction(QUESTION, OPTIONS)
    assert prediction._repr_mimebundle_() == {"text/plain": repr(prediction)}


# ---- Numbers as people type them ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("9375", 9375),
        ("+3", 3),
        ("-3", -3),
        ("9,375", 9375),
        ("9 375", 9375),
        ("1_000_000", 1_000_000),
        ("1,000.5", 1000.5),
        ("0.25", 0.25),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("12 rows", 12),
        ("12rows", 12),
    ],
)
def test_parse_number(typed, number):
    parsed = parse_number(typed, "rows")
    assert parsed == number and type(parsed) is type(number)


@pytest.mark.parametrize("typed", ["0,25", "1,00", "rows", "--3", "1e999", "inf", "9" * 400, "٣x"])
def test_parse_number_refuses(typed):
    with pytest.raises(ValueError, match="Type a number"):
        parse_number(typed, "rows")


@given(text=st.text(max_size=20))
def test_parse_number_takes_any_text(text):
    try:
        number = parse_number(text)
    except ValueError as error:
        assert "Type a number" in str(error)
    else:
        assert abs(number) < 1e309
