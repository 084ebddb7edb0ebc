"""Show a class: as text, as HTML, and as a picture. All three have the same numbers."""

from collections.abc import Iterator, Sequence
from html import escape

from sgdcourse import plots
from sgdcourse.classroom.counting import Classroom, Learner, exercises_of, notebooks
from sgdcourse.exercises._cards import inline, paragraph, wrapped
from sgdcourse.exercises.catalogue import EXERCISES
from sgdcourse.exercises.quizzes import AFTER, BEFORE, all_questions

MOST_LINES = 10  # of the ideas and the questions
MOST_DRAWN = 100  # learners in the picture
NAME_WIDTH = 22
Table = list[list[str]]  # the first line holds the headings


def title(classroom: Classroom) -> str:
    """Say how large the class is."""
    number = len(classroom.learners)
    return "1 learner" if number == 1 else f"{number:,} learners"


# ---- The tables: the same ones as text and as HTML ------------------------------------------


def who_passed(classroom: Classroom) -> Table:
    """Return the table of learners: exercises passed by notebook, and the concept test."""
    lines = [["Learner", *notebooks(), "All", "Concept test"]]
    lines.append(["(exercises)", *(str(len(exercises_of(n))) for n in notebooks())])
    lines[-1] += [str(len(exercises_of())), "before, after"]
    for learner in classroom.learners:
        passed = [str(learner.passed(notebook) or "-") for notebook in notebooks()]
        before, after = (learner.concept_test(notebook) for notebook in (BEFORE, AFTER))
        tests = [f"{right} of {given}" if given else "-" for right, given in (before, after)]
        lines.append([learner.name, *passed, str(learner.passed()), ", ".join(tests)])
    return lines


def by_notebook(classroom: Classroom) -> Table:
    """Return the table of notebooks: what the class as a whole has done in each."""
    lines = [["Notebook", "Exercises passed", "tried only", "Predictions right", "Quiz", "Recall"]]
    for notebook in sorted({notebook for _, notebook in all_questions()}):
        names = exercises_of(notebook)
        passed = sum(classroom.count(name, "passed") for name in names)
        tried = sum(classroom.count(name, "tried") for name in names)
        line = [str(passed) if names else "", str(tried) if names else ""]
        line.append(share(classroom.predictions(notebook)))
        line += [share(classroom.answers(sheet, notebook)) for sheet in ("quiz", "recall")]
        if any(cell not in ("", "0") for cell in line):
            lines.append([notebook, *line])
    return lines


def share(counted: tuple[int, int]) -> str:
    """Write how many of how many."""
    right, number = counted
    return f"{right} of {number} ({right / number:.0%})" if number else ""


def common_ideas(classroom: Classroom) -> Table:
    """Return the table of the wrong ideas that most learners met."""
    lines = [["Learners", "passed since", "Exercise", "Idea", "What the checker says"]]
    for idea in classroom.ideas()[:MOST_LINES]:
        place = f"{idea.exercise} ({idea.notebook})"
        lines.append([str(idea.learners), str(idea.overcome), place, idea.id, idea.cause])
    return lines


def hard_questions(classroom: Classroom) -> Table:
    """Return the table of the questions that most learners got wrong at first."""
    lines = [["Wrong", "of", "Where", "Question"]]
    for asked in classroom.questions()[:MOST_LINES]:
        if asked.wrong:
            lines.append([str(asked.wrong), str(asked.answered), asked.place, asked.question])
    return lines


def notes(classroom: Classroom) -> list[str]:
    """Return what else is to be said: the gain in the concept test, and what was not counted."""
    said = []
    gain = classroom.concept_gain()
    if gain:
        number, before, after = gain
        said.append(
            f"Concept test, both times whole ({number:,}): a mean of {before:.1f} right answers "
            f"before the course, {after:.1f} after it."
        )
    said += [f"{one.file}: {note}." for one in classroom.learners for note in one.notes]
    return said


PARTS = (
    ("Exercises passed, by notebook", who_passed),
    ("The class, by notebook", by_notebook),
    ("Wrong ideas that most learners met", common_ideas),
    ("Questions that most learners answered wrong at first", hard_questions),
)


def tables(classroom: Classroom) -> Iterator[tuple[str, Table]]:
    """Yield the tables in which there is something, each with its heading."""
    for heading, make in PARTS:
        table = make(classroom)
        if len(table) > 1 and classroom.learners:
            yield heading, table


# ---- Text -----------------------------------------------------------------------------------


def as_text(classroom: Classroom) -> str:
    """Write all tables, at most 100 columns wide."""
    lines = [f"Class: {title(classroom)}"]
    for heading, table in tables(classroom):
        lines += ["", heading, *columns(table)]
    lines += [line for note in notes(classroom) for line in ["", *wrapped(note)]]
    if classroom.skipped:
        lines += ["", f"Not counted: {len(classroom.skipped):,}"]
        for file in classroom.skipped:
            lines += wrapped(f"{file.file}: {file.reason}", indent="    ", first="  ")
    return "\n".join(lines)


def columns(table: Table) -> list[str]:
    """Write a table; a last column of whole sentences is wrapped below the others."""
    long = max(len(line[-1]) for line in table) > 30
    short = [line[:-1] for line in table] if long else table
    cut = [[cell[:NAME_WIDTH] for cell in line] for line in short]
    widths = [max(map(len, column)) for column in zip(*cut, strict=True)]
    lines = []
    for whole, line in zip(table, cut, strict=True):
        cells = (f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True))
        lines.append(("  " + "  ".join(cells)).rstrip())
        if long and whole is not table[0]:
            lines += wrapped(whole[-1], indent="      ")
    return lines


# ---- HTML -----------------------------------------------------------------------------------


def as_html(classroom: Classroom) -> str:
    """Write all tables for a notebook. What stands in the files is escaped."""
    parts = [f'<p style="margin: 4px 0;"><strong>Class: {title(classroom)}</strong></p>']
    parts += [html_table(heading, table) for heading, table in tables(classroom)]
    parts += [paragraph(note) for note in notes(classroom)]
    if classroom.skipped:
        files = [["File", "Reason"], *([file.file, file.reason] for file in classroom.skipped)]
        parts.append(html_table(f"Not counted: {len(classroom.skipped):,}", files))
    return f'<section role="region" aria-label="Class">{"".join(parts)}</section>'


def html_table(heading: str, table: Table) -> str:
    """Write one table; its first column heads the lines."""
    style = 'style="text-align: left; vertical-align: top; padding: 2px 12px 2px 0;"'
    head = "".join(f'<th scope="col" {style}>{inline(cell)}</th>' for cell in table[0])
    body = ""
    for first, *cells in table[1:]:
        body += f'<tr><th scope="row" {style}>{inline(first)}</th>'
        body += "".join(f"<td {style}>{inline(cell)}</td>" for cell in cells) + "</tr>"
    caption = f'<caption style="text-align: left;"><strong>{escape(heading)}</strong></caption>'
    return (
        f'<table style="margin: 12px 0;">{caption}'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


# ---- The picture ----------------------------------------------------------------------------


def draw(classroom: Classroom) -> plots.Picture:
    """Draw a map of learners and exercises."""
    best_first = sorted(classroom.learners, key=lambda one: -one.passed())
    drawn = best_first[:MOST_DRAWN]
    figure, ax = plots.subplots(width=10, height=2.9 + 0.2 * len(drawn))
    plots.passes(
        ax,
        {learner.name: learner.statuses for learner in drawn},
        {name: exercise.notebook for name, exercise in EXERCISES.items()},
    )
    return plots.show(figure, alt=described(classroom, drawn))


def described(classroom: Classroom, drawn: Sequence[Learner]) -> str:
    """Say in words what the picture shows."""
    everyone = "" if len(drawn) == len(classroom.learners) else f" ({len(drawn)} of them drawn)"
    counts = {
        status: sum(list(one.statuses.values()).count(status) for one in classroom.learners)
        for status in ("passed", "tried", "open")
    }
    return (
        f"A map of {title(classroom)}{everyone} and {len(exercises_of())} exercises: "
        f"{counts['passed']:,} passed, {counts['tried']:,} tried and not passed, "
        f"{counts['open']:,} never tried."
    )
