"""Questions with answers to choose from: quiz, recall and concept test.

The questions stand in ``questions/NN.toml``, one file per notebook, and ``concept_test.toml``.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from sgdcourse.exercises._cards import bare, inline, paragraph, wrapped
from sgdcourse.exercises._forms import (
    KEYS,
    LETTERS,
    RADIO_STYLE,
    radio_buttons,
    spoken,
    text_and_widget,
    wide,
)
from sgdcourse.exercises.progress import SHEETS, progress, record

BEFORE, AFTER = "00", "11"  # the notebooks with the concept test


@dataclass(frozen=True)
class Option:
    """One answer to choose from.

    Attributes
    ----------
    text : str
    why : str
        Why it is right, or what speaks against it.
    right : bool
    """

    text: str
    why: str
    right: bool = False


@dataclass(frozen=True)
class Question:
    """A question, and three or four answers, one of which is right.

    Attributes
    ----------
    id, question : str
    options : tuple of Option
    code : str
        Lines of code that the question is about; may be empty.
    notebook : str
        Where the answer is found: "03".
    """

    id: str
    question: str
    options: tuple[Option, ...]
    code: str
    notebook: str

    @property
    def letters(self) -> str:
        """The letters of the options: "abcd"."""
        return LETTERS[: len(self.options)]

    def option(self, letter: str) -> Option:
        """Return the option with this letter."""
        return self.options[self.letters.index(letter)]


# ---- The files ---------------------------------------------------------------------------------


def questions_folder() -> Traversable:
    """Return the folder with the questions."""
    return files("sgdcourse.exercises") / "questions"


@cache
def all_questions() -> dict[tuple[str, str], tuple[Question, ...]]:
    """Read every question of the course: from (sheet, notebook) to its questions.

    The concept test stands there twice, for the notebooks before and after the course.
    """
    found = {}
    for path in sorted(questions_folder().iterdir(), key=lambda path: path.name):
        name, _, kind = path.name.rpartition(".")
        if kind != "toml":
            continue
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
        if name == "concept_test":
            questions = tuple(
                read_question(table, table["notebook"]) for table in tables["concept"]
            )
            found["concept", BEFORE] = found["concept", AFTER] = questions
        else:
            for sheet in ("quiz", "recall"):
                if sheet in tables:
                    found[sheet, name] = tuple(read_question(t, name) for t in tables[sheet])
    return found


def read_question(table: dict[str, Any], notebook: str) -> Question:
    """Make a question of a table of the file."""
    options = tuple(Option(**option) for option in table["options"])
    code = str(table.get("code", "")).strip("\n")
    return Question(table["id"], table["question"].strip(), options, code, notebook)


def question_ids() -> dict[tuple[str, str], tuple[str, ...]]:
    """Return the ids of all questions, from (sheet, notebook)."""
    return {place: tuple(q.id for q in asked) for place, asked in all_questions().items()}


# ---- What a notebook calls ---------------------------------------------------------------------


def quiz(notebook: str, answers: str | None = None) -> "QuestionSheet":
    """Ask what this notebook was about; each answer is explained at once.

    Parameters
    ----------
    notebook : str
        Two digits: "01".
    answers : str, optional
        For those who type rather than click: one letter per question, ``-`` or ``.`` for one that
        is left out.

    Returns
    -------
    sheet : QuestionSheet
        As the last line of a cell, it shows the questions with buttons.

    Raises
    ------
    ValueError
        If the notebook has no quiz, or if the answers do not fit the questions.

    Examples
    --------
    >>> sheet = quiz("01")
    >>> sheet.title
    'Quiz of notebook 01'
    """
    return QuestionSheet("quiz", notebook, answers)


def recall(notebook: str, answers: str | None = None) -> "QuestionSheet":
    """Ask what earlier notebooks were about; each answer is explained at once.

    Parameters
    ----------
    notebook : str
        Two digits: the notebook at whose beginning you are.
    answers : str, optional
        As for ``quiz``.

    Returns
    -------
    sheet : QuestionSheet

    Raises
    ------
    ValueError
        As ``quiz``.

    Examples
    --------
    >>> sheet = recall("03", answers="-")
    >>> sheet.title
    'Recall at the start of notebook 03'
    """
    return QuestionSheet("recall", notebook, answers)


def concept_test(notebook: str, answers: str | None = None) -> "QuestionSheet":
    """Ask the questions of the whole course, before it and after it.

    Before it, the answers are noted and nothing is revealed, except where each is found. After it,
    each is explained and stands beside the one given before.

    Parameters
    ----------
    notebook : {"00", "11"}
        Before or after the course.
    answers : str, optional
        As for ``quiz``.

    Returns
    -------
    sheet : QuestionSheet

    Raises
    ------
    ValueError
        As ``quiz``.

    Examples
    --------
    >>> sheet = concept_test("00")
    >>> sheet.title, sheet.reveals
    ('Concept test before the course', False)
    """
    return QuestionSheet("concept", notebook, answers)


class QuestionSheet:
    """Questions, and what was answered.

    Attributes
    ----------
    sheet : {"quiz", "recall", "concept"}
    notebook, title : str
    questions : tuple of Question
    chosen : dict
        From the id of a question to the letters chosen, in order.
    reveals : bool
        Whether an answer is followed by what is right.
    """

    def __init__(self, sheet: str, notebook: str, answers: str | None = None) -> None:
        self.sheet = sheet
        self.notebook = notebook
        self.questions = find_questions(sheet, notebook)
        self.reveals = (sheet, notebook) != ("concept", BEFORE)
        self.chosen: dict[str, list[str]] = {question.id: [] for question in self.questions}
        self.before = answers_before() if (sheet, notebook) == ("concept", AFTER) else {}
        self._widget: Any = None
        letters = read_answers(answers, self.questions)
        for question, letter in zip(self.questions, letters, strict=True):
            if letter:
                self.choose(question, letter)

    @property
    def title(self) -> str:
        """How the sheet is headed."""
        if self.sheet == "concept":
            return f"Concept test {'before' if self.notebook == BEFORE else 'after'} the course"
        where = "at the start of" if self.sheet == "recall" else "of"
        return f"{SHEETS[self.sheet]} {where} notebook {self.notebook}"

    def choose(self, question: Question, letter: str) -> None:
        """Take an answer, and note it in the progress unless it is the same as the last one."""
        if self.chosen[question.id][-1:] == [letter]:
            return
        self.chosen[question.id].append(letter)
        record(
            "question",
            notebook=self.notebook,
            sheet=self.sheet,
            id=question.id,
            answer=letter,
            right=question.option(letter).right,
        )

    def feedback(self, question: Question) -> list[str]:
        """Say in words what is to be said of the last answer; an empty list before there is one."""
        if not self.chosen[question.id]:
            return []
        letter = self.chosen[question.id][-1]
        if not self.reveals:
            return [f"Noted: {letter}. You find the answer in notebook {question.notebook}."]
        option = question.option(letter)
        verdict = "Right" if option.right else "Not right"
        lines = [f"{letter}: {verdict}. {option.why}"]
        if question.id in self.before:
            earlier = self.before[question.id]
            was = "right" if question.option(earlier).right else "not right"
            lines.append(f"Before the course you chose {earlier}: {was}.")
        if not option.right:
            lines.append("Choose another answer to try again.")
        return lines

    def score(self) -> str:
        """Say in words how many were right at the first try."""
        tried = [question for question in self.questions if self.chosen[question.id]]
        if not tried:
            return ""
        if not self.reveals:
            return f"Answered: {len(tried)} of {len(self.questions)}."
        right = sum(question.option(self.chosen[question.id][0]).right for question in tried)
        line = f"Right at the first try: {right} of {len(self.questions)}."
        if self.before:
            asked = {question.id: question for question in self.questions}
            earlier = sum(asked[id].option(letter).right for id, letter in self.before.items())
            line += f" Before the course: {earlier} of {len(self.questions)}."
        return line

    def __repr__(self) -> str:
        lines = [self.title]
        for number, question in enumerate(self.questions, 1):
            lines += ["", *wrapped(bare(question.question), first=f"{number}. ", indent="   ")]
            lines += [f"       {line}".rstrip() for line in question.code.splitlines()]
            for letter, option in zip(question.letters, question.options, strict=True):
                lines += wrapped(bare(option.text), first=f"   {letter}) ", indent="      ")
            for line in self.feedback(question):
                lines += wrapped(line, first="   > ", indent="     ")
        end = self.score()
        if not end:
            call = "concept_test" if self.sheet == "concept" else self.sheet
            example = "".join(LETTERS[i % 3] for i in range(len(self.questions)))
            end = (
                f'To answer without buttons: {call}("{self.notebook}", answers="{example}"), one '
                "letter per question, - to leave one out."
            )
        return "\n".join([*lines, "", *wrapped(end)])

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return text_and_widget(repr(self), self.widget)

    # ---- The widget ----

    def widget(self) -> Any:
        """Return the widget: each question with its options, a button and room for the feedback."""
        if self._widget is None:
            import ipywidgets

            self._score = ipywidgets.HTML(layout=wide())
            heading = ipywidgets.HTML(
                f"{RADIO_STYLE}<strong>{inline(self.title)}</strong>{paragraph(KEYS)}",
                layout=wide(),
            )
            parts = [self._question(n, question) for n, question in enumerate(self.questions, 1)]
            self._score.value = paragraph(self.score())
            self._widget = ipywidgets.VBox([heading, *parts, self._score])
        return self._widget

    def _question(self, number: int, question: Question) -> Any:
        """Make the part of the widget for one question."""
        import ipywidgets

        text = f"{number}. {question.question}"
        heading = ipywidgets.HTML(
            paragraph(text) + (paragraph(question.code + "\n") if question.code else ""),
            layout=wide(),
        )
        options = radio_buttons([option.text for option in question.options])
        button = ipywidgets.Button(
            description="Check" if self.reveals else "Commit",
            tooltip=f"{'Check' if self.reveals else 'Commit'} your answer to question {number}",
        )
        feedback = ipywidgets.HTML(layout=wide())

        def show() -> None:
            right = question.option(self.chosen[question.id][-1]).right
            status = ("passed" if right else "wrong") if self.reveals else "note"
            feedback.value = spoken(status, self.feedback(question))
            # A pre-test takes the first answer, and no other.
            options.disabled = button.disabled = not self.reveals
            self._score.value = paragraph(self.score())

        def check(_: Any) -> None:
            if options.index is None:
                feedback.value = spoken("open", ["Choose an answer first."])
            else:
                self.choose(question, LETTERS[options.index])
                show()

        if self.chosen[question.id]:
            options.index = LETTERS.index(self.chosen[question.id][-1])
            show()
        button.on_click(check)
        return ipywidgets.VBox([heading, options, button, feedback])


def find_questions(sheet: str, notebook: str) -> tuple[Question, ...]:
    """Return the questions of a sheet, or say which notebooks have one."""
    known = all_questions()
    if not isinstance(notebook, str) or (sheet, notebook) not in known:
        numbers = sorted(number for name, number in known if name == sheet)
        raise ValueError(
            f"notebook must be one of {', '.join(map(repr, numbers))}, which have a "
            f"{SHEETS[sheet].lower()}. Received: notebook={notebook!r}."
        )
    return known[sheet, notebook]


def read_answers(answers: Any, questions: tuple[Question, ...]) -> list[str]:
    """Return one letter per question, empty where one is left out, or raise."""
    if answers is None:
        return [""] * len(questions)
    if not isinstance(answers, str):
        raise TypeError(
            f'answers must be a text such as "{"abc"[: len(questions)]}". Received: {answers!r}.'
        )
    letters = ["" if c in "-." else c for c in answers.lower() if not c.isspace() and c != ","]
    letters += [""] * (len(questions) - len(letters))  # the last ones may be left out
    if len(letters) > len(questions):
        raise ValueError(
            f"answers must have one letter for each of the {len(questions)} questions. "
            f"Received: {answers!r}, {len(letters)} letters."
        )
    for number, (letter, question) in enumerate(zip(letters, questions, strict=True), 1):
        if letter and letter not in question.letters:
            raise ValueError(
                f"answers must be letters from a to {question.letters[-1]} for question {number}, "
                f"or - to leave it out. Received: {letter!r}."
            )
    return letters


def answers_before() -> dict[str, str]:
    """Return the first answers to the concept test before the course, from the progress file."""
    known = {question.id: question.letters for question in all_questions()["concept", BEFORE]}
    first: dict[str, str] = {}
    for event in progress().of_kind("question"):
        place = (event["sheet"], event["notebook"])
        if place == ("concept", BEFORE) and event["answer"] in tuple(known.get(event["id"], "")):
            first.setdefault(event["id"], event["answer"])
    return first
