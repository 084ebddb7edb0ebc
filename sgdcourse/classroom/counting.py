"""Count what a class has done: exercises, the ideas behind wrong answers, questions."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from sgdcourse.exercises.catalogue import EXERCISES
from sgdcourse.exercises.progress import SHEETS, Progress
from sgdcourse.exercises.quizzes import AFTER, BEFORE, all_questions

if TYPE_CHECKING:
    from sgdcourse.plots import Picture

Status = Literal["passed", "tried", "open"]


@dataclass(frozen=True)
class Learner:
    """One export.

    Attributes
    ----------
    name : str
        As the learner gave it, or else the name of the file.
    file : str
    progress : Progress
    notes : tuple of str
        What could not be counted.
    """

    name: str
    file: str
    progress: Progress
    notes: tuple[str, ...] = ()

    @cached_property
    def statuses(self) -> dict[str, Status]:
        """Whether each exercise was passed, only tried, or never tried."""
        passed, failing = self.progress.passed_exercises(), self.progress.failing_exercises()
        return {
            name: "passed" if name in passed else "tried" if name in failing else "open"
            for name in EXERCISES
        }

    def passed(self, notebook: str | None = None) -> int:
        """Count the exercises passed, in one notebook or in all."""
        return sum(self.statuses[name] == "passed" for name in exercises_of(notebook))

    def concept_test(self, notebook: str) -> tuple[int, int]:
        """Return how many answers were right, and how many were given, before or after."""
        return tally([self.progress.first_answers("concept", notebook)])


@dataclass(frozen=True)
class Skipped:
    """A file that does not count, and why."""

    file: str
    reason: str


@dataclass(frozen=True)
class Idea:
    """A wrong idea, and what became of it.

    Attributes
    ----------
    exercise, id : str
        The misconception of the catalogue.
    learners : int
        How many had it; each counts once, however often the checker said so.
    overcome : int
        How many of them have passed the exercise since.
    """

    exercise: str
    id: str
    learners: int
    overcome: int

    @property
    def notebook(self) -> str:
        """The notebook of the exercise."""
        return EXERCISES[self.exercise].notebook

    @property
    def cause(self) -> str:
        """What the checker says about it."""
        ideas = EXERCISES[self.exercise].misconceptions
        return next(idea.cause for idea in ideas if idea.id == self.id)


@dataclass(frozen=True)
class Asked:
    """A question of a quiz, a recall or the concept test, and the first answers to it."""

    sheet: str
    notebook: str
    question: str
    answered: int
    wrong: int

    @property
    def place(self) -> str:
        """Where it stands: "Quiz of 03"."""
        return f"{SHEETS[self.sheet]} of {self.notebook}"


@dataclass(frozen=True, repr=False)
class Classroom:
    """What a class has done.

    Attributes
    ----------
    learners : tuple of Learner
    skipped : tuple of Skipped
        The files that do not count.
    """

    learners: tuple[Learner, ...]
    skipped: tuple[Skipped, ...] = ()

    def count(self, exercise: str, status: Status) -> int:
        """Count the learners for whom this is the status of an exercise."""
        return sum(learner.statuses[exercise] == status for learner in self.learners)

    def ideas(self) -> list[Idea]:
        """List the wrong ideas that were met, those of most learners first."""
        known = {(e.name, idea.id) for e in EXERCISES.values() for idea in e.misconceptions}
        had: dict[tuple[str, str], set[str]] = defaultdict(set)
        overcame: dict[tuple[str, str], set[str]] = defaultdict(set)
        for learner in self.learners:
            waiting: dict[str, set[tuple[str, str]]] = defaultdict(set)
            for event in learner.progress.of_kind("exercise"):
                idea = (event["name"], event["misconception"])
                if event["passed"]:
                    for met in waiting.pop(event["name"], ()):
                        overcame[met].add(learner.file)
                elif idea in known:
                    had[idea].add(learner.file)
                    waiting[event["name"]].add(idea)
        order = list(EXERCISES)
        counted = [
            Idea(exercise, name, len(who), len(overcame[exercise, name]))
            for (exercise, name), who in had.items()
        ]
        return sorted(counted, key=lambda one: (-one.learners, order.index(one.exercise), one.id))

    def questions(self) -> list[Asked]:
        """List the questions that were answered; those that most learners got wrong first."""
        counted = []
        for (sheet, notebook), questions in all_questions().items():
            first = [learner.progress.first_answers(sheet, notebook) for learner in self.learners]
            for question in questions:
                right = [answers[question.id] for answers in first if question.id in answers]
                if right:
                    wrong = len(right) - sum(right)
                    words = question.question
                    counted.append(Asked(sheet, notebook, words, len(right), wrong))
        return sorted(counted, key=lambda asked: (-asked.wrong, asked.answered))

    def predictions(self, notebook: str) -> tuple[int, int]:
        """Return how many first predictions were right in a notebook, and how many there were."""
        return tally(one.progress.first_predictions(notebook) for one in self.learners)

    def answers(self, sheet: str, notebook: str) -> tuple[int, int]:
        """Return how many first answers were right on a sheet, and how many there were."""
        return tally(one.progress.first_answers(sheet, notebook) for one in self.learners)

    def concept_gain(self) -> tuple[int, float, float] | None:
        """Compare the concept test before and after, for those who answered all of it twice.

        Returns
        -------
        gain : (learners, mean of right answers before, mean after), or None if there is nobody
        """
        number = len(all_questions()["concept", BEFORE])
        pairs = [(one.concept_test(BEFORE), one.concept_test(AFTER)) for one in self.learners]
        both = [(b[0], a[0]) for b, a in pairs if b[1] == number == a[1]]
        if not both:
            return None
        before, after = (sum(column) / len(both) for column in zip(*both, strict=True))
        return len(both), before, after

    def plot(self) -> "Picture":
        """Draw who has passed what; at most a hundred learners, those who passed most on top."""
        from sgdcourse.classroom.report import draw

        return draw(self)

    def __repr__(self) -> str:
        from sgdcourse.classroom.report import as_text

        return as_text(self)

    def _repr_html_(self) -> str:
        from sgdcourse.classroom.report import as_html

        return as_html(self)


def tally(first: Iterable[Mapping[str, bool]]) -> tuple[int, int]:
    """Return how many of the answers of several learners were right, and how many there are."""
    right = [answer for answers in first for answer in answers.values()]
    return sum(right), len(right)


def exercises_of(notebook: str | None = None) -> list[str]:
    """List the exercises of a notebook, or all."""
    return [n for n, exercise in EXERCISES.items() if notebook in (None, exercise.notebook)]


def notebooks() -> list[str]:
    """List the notebooks that have exercises."""
    return sorted({exercise.notebook for exercise in EXERCISES.values()})
