"""Quiz, recall and concept test: typed, clicked, and the questions of the course themselves."""

import sys

import pytest

from sgdcourse.exercises import _forms, quizzes
from sgdcourse.exercises.quizzes import all_questions, concept_test, quiz, recall

pytestmark = pytest.mark.usefixtures("events", "no_error_in_a_callback")

QUESTIONS = {
    "01.toml": """
[[quiz]]
id = "rest"
question = "What becomes of `<the rest>`?"
options = [
  { text = "it is dropped", why = "Keras drops nothing." },
  { text = "`one` more batch", why = "A batch of its <own>.", right = true },
  { text = "it waits", why = "Epochs do not mix." },
]
[[quiz]]
id = "prints"
question = "What does this print?"
code = '''
for batch in batches:
    print(len(batch))
'''
options = [
  { text = "4 4 2", why = "The last one is smaller.", right = true },
  { text = "4 4", why = "Nothing is dropped." },
  { text = "4 4 4", why = "There are 10 rows." },
  { text = "3 3 4", why = "The rest comes last." },
]
[[recall]]
id = "again"
question = "And before?"
options = [
  { text = "yes", why = "Yes.", right = true },
  { text = "no", why = "Oh." },
  { text = "perhaps", why = "Hm." },
]
""",
    "concept_test.toml": """
[[concept]]
id = "mean"
notebook = "03"
question = "Sum or mean?"
options = [
  { text = "sum", why = "The rate would depend on the batch." },
  { text = "mean", why = "As Keras does.", right = true },
  { text = "neither", why = "It is one of them." },
]
[[concept]]
id = "order"
notebook = "05"
question = "Which order?"
options = [
  { text = "sorted", why = "Not by default." },
  { text = "shuffled", why = "In each epoch anew.", right = true },
  { text = "any", why = "It is known from the seed." },
]
""",
    "README.md": "not a file with questions",
}


@pytest.fixture
def questions(tmp_path, monkeypatch):
    """Let the questions above stand in for those of the course."""
    folder = tmp_path / "questions"
    folder.mkdir()
    for name, text in QUESTIONS.items():
        (folder / name).write_text(text, encoding="utf-8")
    monkeypatch.setattr(quizzes, "questions_folder", lambda: folder)
    all_questions.cache_clear()
    yield
    all_questions.cache_clear()


def parts(sheet):
    """Return the widgets of each question: heading, options, button, feedback."""
    return [part.children for part in sheet.widget().children[1:-1]]


def seen(events):
    return [(e["sheet"], e["notebook"], e["id"], e["answer"], e["right"]) for e in events()]


# ---- Typed --------------------------------------------------------------------------------------


@pytest.mark.usefixtures("questions")
def test_text(events):
    assert repr(quiz("01")).splitlines() == [
        "Quiz of notebook 01",
        "",
        "1. What becomes of <the rest>?",
        "   a) it is dropped",
        "   b) one more batch",
        "   c) it waits",
        "",
        "2. What does this print?",
        "       for batch in batches:",
        "           print(len(batch))",
        "   a) 4 4 2",
        "   b) 4 4",
        "   c) 4 4 4",
        "   d) 3 3 4",
        "",
        'To answer without buttons: quiz("01", answers="ab"), one letter per question, - to leave',
        "one out.",
    ]
    assert events() == []


@pytest.mark.usefixtures("questions")
def test_typed_answers(events):
    text = repr(quiz("01", answers="bd"))
    assert "   > b: Right. A batch of its <own>." in text
    assert "   > d: Not right. The rest comes last." in text
    assert "Right at the first try: 1 of 2." in text
    assert "To answer without buttons" not in text
    assert seen(events) == [
        ("quiz", "01", "rest", "b", True),
        ("quiz", "01", "prints", "d", False),
    ]


@pytest.mark.usefixtures("questions")
@pytest.mark.parametrize("answers", ["-a", ".a", "- a", "-,A", "-A"])
def test_leaving_out(events, answers):
    quiz("01", answers)
    assert seen(events) == [("quiz", "01", "prints", "a", True)]


@pytest.mark.usefixtures("questions")
def test_fewer_letters_leave_out_the_last_ones(events):
    quiz("01", "b")
    assert [event["id"] for event in events()] == ["rest"]


@pytest.mark.usefixtures("questions")
@pytest.mark.parametrize(
    ("answers", "error", "message"),
    [
        ("abc", ValueError, "one letter for each of the 2 questions"),
        ("da", ValueError, "letters from a to c for question 1"),
        ("a1", ValueError, "letters from a to d for question 2"),
        (["a", "b"], TypeError, "answers must be a text"),
    ],
)
def test_wrong_answers(events, answers, error, message):
    with pytest.raises(error, match=message):
        quiz("01", answers)
    assert events() == []


@pytest.mark.usefixtures("questions")
@pytest.mark.parametrize("notebook", ["02", "1", 1, None, "concept_test", "../01"])
def test_unknown_notebook(notebook):
    with pytest.raises(ValueError, match="notebook must be one of '01', which have a quiz"):
        quiz(notebook)
    with pytest.raises(ValueError, match="'00', '11', which have a concept test"):
        concept_test(notebook)


@pytest.mark.usefixtures("questions")
def test_recall(events):
    text = repr(recall("01", "b"))
    assert text.startswith("Recall at the start of notebook 01")
    assert seen(events) == [("recall", "01", "again", "b", False)]


# ---- Clicked ------------------------------------------------------------------------------------


@pytest.mark.usefixtures("questions")
def test_click(events):
    sheet = quiz("01")
    (_, options, check, feedback), _ = parts(sheet)
    assert options.index is None  # nothing preselected
    assert feedback.value == ""
    check.click()
    assert "Choose an answer first" in feedback.value
    options.index = 0
    assert "Keras drops nothing" not in feedback.value  # not before the click
    check.click()
    assert "Not right. Keras drops nothing." in feedback.value
    assert 'aria-live="polite"' in feedback.value
    assert not options.disabled and not check.disabled
    options.index = 1
    check.click()
    check.click()  # the same again: not another try
    assert "b: Right. A batch of its &lt;own&gt;." in feedback.value
    assert seen(events) == [("quiz", "01", "rest", "a", False), ("quiz", "01", "rest", "b", True)]
    assert "Right at the first try: 0 of 2" in sheet.widget().children[-1].value


@pytest.mark.usefixtures("questions")
def test_what_is_on_the_buttons():
    (heading, options, check, _), (code, *_) = parts(quiz("01"))
    assert list(options.options) == ["a) it is dropped", "b) one more batch", "c) it waits"]
    assert check.description == "Check" and check.tooltip == "Check your answer to question 1"
    assert "1. What becomes of <code>&lt;the rest&gt;</code>?" in heading.value
    assert "for batch in batches:\n    print(len(batch))" in code.value


@pytest.mark.usefixtures("questions")
def test_typed_answers_are_shown_in_the_widget():
    first, second = parts(quiz("01", "a-"))
    assert first[1].index == 0 and "Keras drops nothing" in first[3].value
    assert second[1].index is None and second[3].value == ""


@pytest.mark.usefixtures("questions")
def test_what_a_notebook_stores(monkeypatch):
    sheet = quiz("01")
    assert sheet._repr_mimebundle_() == {"text/plain": repr(sheet)}
    monkeypatch.setattr(_forms, "in_notebook", lambda: True)
    bundle = sheet._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "application/vnd.jupyter.widget-view+json"}
    assert bundle["text/plain"] == repr(quiz("01"))


# ---- Concept test -------------------------------------------------------------------------------


@pytest.mark.usefixtures("questions")
def test_before_the_course_nothing_is_revealed(events):
    sheet = concept_test("00")
    (_, options, commit, feedback), _ = parts(sheet)
    options.index = 0
    commit.click()
    assert options.disabled and commit.disabled
    assert commit.description == "Commit"
    text = repr(sheet) + feedback.value + sheet.widget().children[-1].value
    assert "Noted: a. You find the answer in notebook 03." in text
    assert "Answered: 1 of 2." in text
    assert "Right" not in text and "not right" not in text.lower()
    assert "depend on the batch" not in text
    assert seen(events) == [("concept", "00", "mean", "a", False)]


@pytest.mark.usefixtures("questions")
def test_after_the_course_before_and_after_are_shown():
    concept_test("00", "ab")
    concept_test("00", "bb")  # once more: the first answers count
    sheet = concept_test("11")
    assert "Before the course" not in repr(sheet)  # not before there is an answer
    text = repr(concept_test("11", "b-"))
    assert "   > b: Right. As Keras does." in text
    assert "   > Before the course you chose a: not right." in text
    assert "Before the course you chose b" not in text
    assert "Right at the first try: 1 of 2. Before the course: 1 of 2." in text


@pytest.mark.usefixtures("questions")
def test_after_without_before():
    text = repr(concept_test("11", "ab"))
    assert "Before the course" not in text
    assert "Right at the first try: 1 of 2." in text


@pytest.mark.usefixtures("questions")
def test_a_letter_of_an_older_version_is_passed_over(tmp_path):
    record = sys.modules["sgdcourse.exercises.progress"].record
    for id, letter in (("mean", "z"), ("order", "abc"), ("gone", "a")):
        record("question", sheet="concept", notebook="00", id=id, answer=letter, right=True)
    assert concept_test("11", "bb").before == {}


# ---- The questions of the course ----------------------------------------------------------------


def test_there_are_questions():
    sheets = {sheet for sheet, _ in all_questions()}
    assert sheets == {"quiz", "recall", "concept"}


def test_ids_are_unique_within_a_sheet():
    for place, ids in quizzes.question_ids().items():
        assert len(set(ids)) == len(ids), place


def test_every_question_can_be_answered():
    for (sheet, notebook), questions in all_questions().items():
        for question in questions:
            where = f"{sheet} {notebook} {question.id}"
            assert question.id and question.question, where
            assert 3 <= len(question.options) <= 4, where
            assert sum(option.right for option in question.options) == 1, where
            labels = [option.text.replace("`", "").strip() for option in question.options]
            assert all(labels) and len(set(labels)) == len(labels), where
            assert all(option.why.strip() for option in question.options), where
            assert not any("\n" in option.text + option.why for option in question.options), where


def test_every_sheet_can_be_shown():
    for sheet, notebook in all_questions():
        shown = quizzes.QuestionSheet(sheet, notebook)
        assert max(map(len, repr(shown).splitlines())) <= 100
        assert len(shown.widget().children) == len(shown.questions) + 2
