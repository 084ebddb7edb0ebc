"""The questions of notebook 11: read from ``questions.toml``, found by words, shown as Markdown."""

import difflib
import math
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

NOTEBOOK = "11_questions.ipynb"  # where the questions are answered

# How much a word counts, by where it stands.
IN_QUESTION, IN_TERMS, IN_ANSWER = 3.0, 2.0, 1.0
BEGINNING = 0.6  # the share that counts if a word is only the beginning of the other
KEPT = 0.5  # what scores less than this share of the best is not shown

# Words that nearly every question has, and words that say nothing about the subject.
COMMON = frozenset(
    """
    a about all am an and any are as at be but by can could did do does doing done for from get gets
    getting give gives given go goes got had has have how i if in into is it its just keras like
    make me my no not of on or our should so some tensorflow tf than that the them then there these
    they this to too use using was we were what when where which while who why will with without
    would you your
    """.split()  # noqa: SIM905
)


@dataclass(frozen=True)
class Lesson:
    """A section of a notebook.

    Attributes
    ----------
    notebook : str
        The name of the file.
    heading : str
        As it stands in the notebook, with its backticks.
    """

    notebook: str
    heading: str

    @property
    def markdown(self) -> str:
        """A link to the section, with the number of the notebook before it."""
        return f"[{self.notebook[:2]} {self.heading}]({link(self.notebook, self.heading)})"


@dataclass(frozen=True)
class Question:
    """A question, its answer in one to four sentences, and where to find more.

    Attributes
    ----------
    number : int
    group, question, answer : str
        ``backticks`` mark code.
    terms : str
        More words by which it is found.
    lessons : tuple of Lesson
        Where the course shows it.
    threads : tuple of str
        Where it was asked on GitHub: "keras-team/keras#17167".
    """

    number: int
    group: str
    question: str
    answer: str
    terms: str
    lessons: tuple[Lesson, ...]
    threads: tuple[str, ...]

    @property
    def heading(self) -> str:
        """The heading in the notebook, without its marks."""
        return f"{self.number}. {self.question}"

    @property
    def link(self) -> str:
        """Where the notebook answers it."""
        return link(NOTEBOOK, self.heading)

    @property
    def sources(self) -> str:
        """Where to find more, as Markdown; empty if there is nothing."""
        parts = []
        if self.lessons:
            end = "" if self.lessons[-1].heading.endswith("?") else "."
            parts.append("In the course: " + ", ".join(x.markdown for x in self.lessons) + end)
        if self.threads:
            links = (
                f"[{thread}](https://github.com/{thread.replace('#', '/issues/')})"
                for thread in self.threads
            )
            parts.append("Asked in " + ", ".join(links) + ".")
        return " ".join(parts)


def link(notebook: str, heading: str) -> str:
    """Return the address of a heading, as JupyterLab and nbconvert make it.

    Examples
    --------
    >>> link("08_callbacks.ipynb", "What do `logs` hold?")
    '08_callbacks.ipynb#What-do-logs-hold?'
    """
    return f"{notebook}#{bare(heading).replace(' ', '-')}"


def bare(text: str) -> str:
    """Remove the backticks."""
    return text.replace("`", "")


@cache
def all_questions() -> tuple[Question, ...]:
    """Read the questions, in their order.

    Returns
    -------
    questions : tuple of Question

    Examples
    --------
    >>> all_questions()[0].heading
    '1. Is the data shuffled before the first epoch, too?'
    """
    text = (files("sgdcourse.faq") / "questions.toml").read_text(encoding="utf-8")
    found: list[Question] = []
    for group in tomllib.loads(text)["groups"]:
        for table in group["questions"]:
            lessons = (Lesson(*place.split("#", 1)) for place in table.get("lessons", ()))
            found.append(
                Question(
                    number=len(found) + 1,
                    group=group["title"],
                    question=table["question"],
                    answer=table["answer"],
                    terms=table["terms"],
                    lessons=tuple(lessons),
                    threads=tuple(table.get("threads", ())),
                )
            )
    return tuple(found)


# ---- Search ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Found:
    """What a search has found.

    Attributes
    ----------
    words : tuple of str
        Those that were looked for: the query without words such as "why" and "the".
    questions : tuple of Question
        The best match first.
    unknown : tuple of str
        Words that stand in no question.
    """

    words: tuple[str, ...]
    questions: tuple[Question, ...]
    unknown: tuple[str, ...]

    @property
    def message(self) -> str:
        """Say in words how many match, which words are unknown, and what to try."""
        number = len(self.questions)
        if not self.words:
            return f"All {len(all_questions())} questions. Type a word or two to find yours."
        parts = [f'No question has "{word}".{_meant(word)}' for word in self.unknown]
        known = " ".join(word for word in self.words if word not in self.unknown)
        if number:
            match = "1 question matches" if number == 1 else f"{number} questions match"
            parts.append(f'{match} "{known}"' + (", the best one first." if number > 1 else "."))
        else:
            parts.append(
                "Nothing found. Try the name of an argument, such as shuffle or momentum, or what "
                "you see, such as nan or warning. An empty field lists all questions."
            )
        return " ".join(parts)


def find(query: str) -> Found:
    """Find questions by words: of the question, of the answer, and others that mean the same.

    A question counts the more, the more of the words it has, the rarer they are, and the more
    prominent their place is. The beginning of a word is enough: one can search while typing.

    Parameters
    ----------
    query : str
        Such as "sample weight". Without a word to look for, every question is found.

    Returns
    -------
    found : Found

    Raises
    ------
    TypeError
        If the query is no text.

    Examples
    --------
    >>> found = find("momentum pytorch")
    >>> found.questions[0].heading
    '21. Why does the same momentum give other weights in PyTorch?'
    >>> find("xyz").message[:23]
    'No question has "xyz". '
    """
    if not isinstance(query, str):
        raise TypeError(f'query must be a text, such as "sample weight". Received: {query!r}.')
    words = tuple(dict.fromkeys(word for word in _words(query) if word not in COMMON))
    questions = all_questions()
    if not words:
        return Found((), questions, ())
    scores, unknown = dict.fromkeys(questions, 0.0), []
    for word in words:
        matches = {q: strength for q in questions if (strength := _strength(word, q))}
        if not matches:
            unknown.append(word)
        for question, strength in matches.items():
            scores[question] += strength * math.log(1 + len(questions) / len(matches))
    least = KEPT * max(scores.values())
    best = sorted(questions, key=lambda question: -scores[question])  # stable: else by number
    shown = tuple(q for q in best if scores[q] >= least and scores[q] > 0)
    return Found(words, shown, tuple(unknown))


def _words(text: str) -> list[str]:
    """Split a text into words; ``sample_weight`` is one."""
    return re.findall(r"[a-z0-9_]+", text.lower().replace("cross-entropy", "crossentropy"))


def _stem(word: str) -> str:
    """Cut off an ending, so that shuffle, shuffled and shuffling are the same."""
    for ending in ("ing", "ed", "es", "s", "e"):
        shorter = word.removesuffix(ending)
        if shorter != word and len(shorter) >= 3 and not (ending == "s" and shorter[-1] == "s"):
            return shorter
    return word


@cache
def _stems(question: Question) -> tuple[tuple[float, frozenset[str]], ...]:
    """Return how much a place counts, and the stems of the words that stand there."""
    places = (
        (IN_QUESTION, question.question),
        (IN_TERMS, question.terms),
        (IN_ANSWER, question.answer),
    )
    return tuple((counts, frozenset(_with_parts(_words(text)))) for counts, text in places)


def _with_parts(words: Iterable[str]) -> Iterable[str]:
    """Return the stems of the words, and of the parts of names: sample_weight, sample, weight."""
    for word in words:
        yield _stem(word)
        if "_" in word:
            yield from (_stem(part) for part in word.split("_") if part)


def _strength(word: str, question: Question) -> float:
    """Return how well a question has a word: 0 if it does not."""
    stem = _stem(word)
    return max(
        counts * max((_likeness(word, stem, other) for other in stems), default=0.0)
        for counts, stems in _stems(question)
    )


def _likeness(word: str, stem: str, other: str) -> float:
    """Compare a word of the query, and its stem, with a stem of a text: from 0 to 1."""
    if stem == other:
        return 1.0
    longer = len(other) >= 5 and "_" not in word and stem.startswith(other)
    return BEGINNING if other.startswith(word) or longer else 0.0


@cache
def _vocabulary() -> tuple[str, ...]:
    """List all words by which a question can be found."""
    texts = (f"{q.question} {q.terms} {q.answer}" for q in all_questions())
    words = {word for text in texts for word in _words(text) if len(word) > 3}
    return tuple(sorted(words - COMMON))


def _meant(word: str) -> str:
    """Guess which word was meant."""
    near = difflib.get_close_matches(word, _vocabulary(), n=1, cutoff=0.75)
    return f' Did you mean "{near[0]}"?' if near else ""


# ---- Markdown ----------------------------------------------------------------------------------


def index(questions: Iterable[Question]) -> str:
    """Return a list of questions as Markdown, each with its number and a link, by groups.

    Examples
    --------
    >>> print(index(all_questions()[:1]))
    **Data and batches**
    <BLANKLINE>
    1. [Is the data shuffled before the first epoch, too?](11_questions.ipynb#1.-Is-the-data-shuffled-before-the-first-epoch,-too?)
    """  # noqa: E501
    blocks: dict[str, list[str]] = {}
    for question in questions:
        line = f"{question.number}. [{question.question}]({question.link})"
        blocks.setdefault(question.group, []).append(line)
    return "\n\n".join(f"**{group}**\n\n" + "\n".join(lines) for group, lines in blocks.items())


def answers(questions: Iterable[Question]) -> str:
    """Return questions with their answers and links as Markdown.

    Examples
    --------
    >>> print(answers(all_questions()[2:3])[:50])
    **[3. What does `shuffle="batch"` do?](11_question
    """
    return "\n\n".join(
        f"**[{q.heading}]({q.link})**\\\n{q.answer} {q.sources}".rstrip() for q in questions
    )
