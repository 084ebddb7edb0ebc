"""What the learner has done so far: a file on the learner's own machine, and nowhere else.

The file holds one JSON object per line and is only ever added to. Each line is written at once, so
that two notebooks can write at the same time. It lies in the folder for such data of the operating
system, or where the environment variable ``SGDCOURSE_PROGRESS`` says.
"""

import json
import os
import re
import tempfile
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from sgdcourse import __version__
from sgdcourse.exercises._cards import Card, definitions, labelled, paragraph, printable

Event = dict[str, Any]
QuestionIds = Mapping[tuple[str, str], Collection[str]]  # (sheet, notebook) -> ids

# What is written down for each kind of event, beside "kind", "when" and "version".
FIELDS: dict[str, dict[str, tuple[type, ...]]] = {
    "exercise": {
        "name": (str,),
        "notebook": (str,),
        "passed": (bool,),
        "misconception": (str, type(None)),
    },
    "prediction": {
        "notebook": (str, type(None)),
        "question": (str,),
        "answer": (str, int, float),
        "outcome": (str, int, float),
        "right": (bool,),
    },
    "question": {
        "notebook": (str,),
        "sheet": (str,),
        "id": (str,),
        "answer": (str,),
        "right": (bool,),
    },
}
SHEETS = {"quiz": "Quiz", "recall": "Recall", "concept": "Concept test"}  # and what each is called
EXPORT_FORMAT = "sgdcourse progress 1"
LONGEST_TEXT = 2_000  # characters of one field
LONGEST_LINE = 100_000  # bytes; four such texts fit in, even if JSON needs 12 bytes per character
LARGEST_FILE = 50_000_000  # bytes: some 200,000 events

_unsaved: list[Event] = []  # what the disk did not take, until the kernel ends
_told: set[str] = set()  # which troubles the learner has been told about


def place() -> Path:
    """Return where the progress is kept.

    Returns
    -------
    path : pathlib.Path
        The file need not exist.
    """
    chosen = os.environ.get("SGDCOURSE_PROGRESS")
    if chosen:
        return Path(os.path.expanduser(chosen))
    from platformdirs import user_data_path

    return user_data_path("sgdcourse", appauthor=False) / "progress.jsonl"


def record(kind: str, **fields: Any) -> bool:
    """Note one event in the learner's progress.

    A disk that takes nothing does not stop the lesson: the learner is told once, and the event is
    remembered until the kernel ends.

    Parameters
    ----------
    kind : {"exercise", "prediction", "question"}
    **fields
        exercise: name, notebook, passed, misconception. prediction: notebook, question, answer,
        outcome, right. question: notebook, sheet, id, answer, right.

    Returns
    -------
    saved : bool
        False if it could not be written.

    Raises
    ------
    ValueError
        If the kind is unknown, or if these are not its fields.

    Examples
    --------
    >>> record("exercise", name="relu", notebook="02", passed=True, misconception=None)
    True
    """
    if kind not in FIELDS:
        raise ValueError(f"kind must be one of {', '.join(FIELDS)}. Received: kind={kind!r}.")
    if set(fields) != set(FIELDS[kind]):
        raise ValueError(
            f"The fields of a {kind} are {', '.join(FIELDS[kind])}. "
            f"Received: {', '.join(fields) or 'none'}."
        )
    when = datetime.now(UTC).isoformat(timespec="seconds")
    event = {"kind": kind, "when": when, "version": __version__, **fields}
    try:
        line = json.dumps(event, default=_plain_number)
        event = read_line(line.encode("ascii"))
    except (TypeError, ValueError, RecursionError) as error:
        _tell_once(f"An answer was not noted in your progress: {error}")
        return False
    try:
        _append(place(), line)
    except OSError as error:
        _unsaved.append(event)
        _tell_once(
            f"Your progress cannot be saved in {place()} ({error.strerror or error}). You can go "
            "on all the same: it is remembered until this kernel ends. The environment variable "
            "SGDCOURSE_PROGRESS can name another file."
        )
        return False
    return True


def _append(path: Path, line: str) -> None:
    """Add a line to the file in one piece, so that lines of two writers do not mix."""
    path.parent.mkdir(parents=True, exist_ok=True)
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags, 0o600)
    try:
        data = line.encode("ascii") + b"\n"
        if os.fstat(descriptor).st_size > 0:
            os.lseek(descriptor, -1, os.SEEK_END)
            if os.read(descriptor, 1) != b"\n":  # the last writer was cut short
                data = b"\n" + data
        if os.write(descriptor, data) < len(data):
            raise OSError("the disk is full")
    finally:
        os.close(descriptor)


def _plain_number(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"an object of the type {type(value).__name__} cannot be written down.")


def _tell_once(text: str) -> None:
    if text not in _told:
        _told.add(text)
        print(f"Note: {text}")


# ---- Reading: nothing in a file is believed before it has been looked at ------------------------


def read_line(line: bytes) -> Event:
    """Return the event of one line, with its known fields only, or raise ValueError in words."""
    if len(line) > LONGEST_LINE:
        raise ValueError(f"a line must have at most {LONGEST_LINE} bytes. Received: {len(line)}.")
    return checked_event(parse(line))


def parse(data: bytes) -> Any:
    """Decode JSON in UTF-8, or raise ValueError in words."""
    try:
        return json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:  # wrong bytes and too many digits, too
        raise ValueError(f"this is not JSON in UTF-8 ({type(error).__name__}).") from None


def checked_event(event: Any) -> Event:
    """Return an event with its known fields only, or raise ValueError in words."""
    if not isinstance(event, dict) or event.get("kind") not in tuple(FIELDS):
        raise ValueError(f"an event must have one of the kinds {', '.join(FIELDS)}.")
    types = {"kind": (str,), "when": (str,), "version": (str,), **FIELDS[event["kind"]]}
    for name, allowed in types.items():
        value = event.get(name)
        if name not in event or type(value) not in allowed:
            wanted = " or ".join(kind.__name__ for kind in allowed)
            raise ValueError(f"{name} must be {wanted}. Received: {type(value).__name__}.")
        if isinstance(value, str) and len(value) > LONGEST_TEXT:
            raise ValueError(f"{name} must have at most {LONGEST_TEXT} characters.")
        if isinstance(value, (int, float)) and not -1e300 < value < 1e300:
            raise ValueError(f"{name} must be a finite number.")
    if datetime.fromisoformat(event["when"]).utcoffset() != timedelta(0):
        raise ValueError("when must be a time in UTC.")
    notebook = event["notebook"]
    if notebook is not None and not re.fullmatch("[0-9]{2}", notebook):
        raise ValueError('notebook must be two digits, such as "01".')
    if event.get("sheet", "quiz") not in SHEETS:
        raise ValueError(f"sheet must be one of {', '.join(SHEETS)}.")
    return {name: event[name] for name in types}


def read_events(candidates: Iterable[Any]) -> tuple[list[Event], int]:
    """Return the events, given as bytes or as objects, and how many cannot be read."""
    events, unreadable = [], 0
    for candidate in candidates:
        try:
            is_line = isinstance(candidate, bytes)
            events.append(read_line(candidate) if is_line else checked_event(candidate))
        except ValueError:
            unreadable += 1
    return events, unreadable


def lines_of(data: bytes) -> list[bytes]:
    """Return the lines that are not empty."""
    return [line for line in data.split(b"\n") if line.strip()]


def load(
    path: str | os.PathLike[str],
    exercises: Mapping[str, Any] | None = None,
    questions: QuestionIds | None = None,
) -> "Progress":
    """Read a progress file, or what ``Progress.export`` made of one.

    Lines that cannot be read are counted and passed over, so that one damaged line costs no more
    than itself.

    Parameters
    ----------
    path : str or path
    exercises, questions
        As for ``progress``.

    Returns
    -------
    progress : Progress

    Raises
    ------
    ValueError
        If there is no such file, or if nothing in it was written by this course.

    Examples
    --------
    >>> load("nobody.json")
    Traceback (most recent call last):
        ...
    ValueError: path must be a file that can be read. Received: 'nobody.json' (no such file).
    """
    try:
        events, unreadable, name = read_file(Path(path))
    except (OSError, ValueError) as error:  # ValueError: a path with a null character, too
        reason = reason_of(error)
        if isinstance(error, FileNotFoundError):
            reason = "no such file"
        shown = printable(repr(os.fspath(path)))
        raise ValueError(
            f"path must be a file that can be read. Received: {shown} ({reason})."
        ) from None
    return make_progress(events, exercises, questions, unreadable, name)


def read_file(path: Path) -> tuple[list[Event], int, str]:
    """Return the events of a progress file or an export, how many cannot be read, and the name.

    Raises
    ------
    OSError
        If it cannot be read.
    ValueError
        If it is no file of this course; the text is the reason alone.
    """
    data = read_bytes(path)
    export = parsed_export(data)
    candidates: list[Any] = export["events"] if export else lines_of(data)
    events, unreadable = read_events(candidates)
    if candidates and not events:
        raise ValueError("nothing can be read in it as progress of this course")
    return events, unreadable, export["name"] if export else ""


def reason_of(error: Exception) -> str:
    """Return what went wrong with a file, without its path; the system's words if they are its."""
    return getattr(error, "strerror", None) or str(error)


def read_bytes(path: Path) -> bytes:
    """Return what is in a file; refuse what is no ordinary file, and what is far too large."""
    size = path.stat().st_size
    if path.is_dir():
        raise ValueError("it is a folder")
    if not path.is_file():
        raise ValueError("it is no ordinary file")
    if size > LARGEST_FILE:
        raise ValueError(f"it has {size} bytes, and {LARGEST_FILE} at most are read")
    return path.read_bytes()


def parsed_export(data: bytes) -> dict[str, Any] | None:
    """Return the contents of an export; None for anything else."""
    if EXPORT_FORMAT.encode("ascii") not in data[:200]:
        return None
    try:
        export = parse(data)
    except ValueError:
        return None
    known = isinstance(export, dict) and export.get("format") == EXPORT_FORMAT
    if not known or not isinstance(export.get("events"), list):
        return None
    name = export.get("name")
    return {"events": export["events"], "name": name[:200] if isinstance(name, str) else ""}


# ---- Looking back -------------------------------------------------------------------------------


def progress(
    exercises: Mapping[str, Any] | None = None, questions: QuestionIds | None = None
) -> "Progress":
    """Show what you have done so far, notebook by notebook.

    It is read from a file on your own machine. Nothing is sent anywhere.

    Parameters
    ----------
    exercises : mapping, optional
        From the name of each exercise to an object with ``notebook``; the course's own by default.
    questions : mapping, optional
        From (sheet, notebook) to the ids of its questions; the course's own by default.

    Returns
    -------
    progress : Progress
        Shows itself in a notebook, and can ``export`` itself into a file.

    Examples
    --------
    >>> saved = record("exercise", name="relu", notebook="02", passed=True, misconception=None)
    >>> "relu" in progress().passed_exercises()
    True
    """
    notes: list[str] = []
    events: list[Event] = []
    unreadable = 0
    try:
        events, unreadable = read_events(lines_of(read_bytes(place())))
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:
        notes.append(f"Your progress cannot be read from {place()} ({reason_of(error)}).")
    if _unsaved:
        notes.append("Some of this could not be saved, and is gone when this kernel ends.")
    return make_progress([*events, *_unsaved], exercises, questions, unreadable, notes=notes)


def make_progress(
    events: list[Event],
    exercises: Mapping[str, Any] | None,
    questions: QuestionIds | None,
    unreadable: int,
    name: str = "",
    notes: Iterable[str] = (),
) -> "Progress":
    """Put events beside what there is to do."""
    if exercises is None:
        from sgdcourse.exercises.catalogue import EXERCISES

        exercises = EXERCISES
    if questions is None:
        from sgdcourse.exercises.quizzes import question_ids

        questions = question_ids()
    notebooks = {name: str(exercise.notebook) for name, exercise in exercises.items()}
    if unreadable:
        many = "1 entry" if unreadable == 1 else f"{unreadable} entries"
        notes = [*notes, f"{many} of the file cannot be read; the file is left as it is."]
    return Progress(tuple(events), notebooks, questions, unreadable, name, tuple(notes))


@dataclass(frozen=True, repr=False)
class Progress:
    """What was done, beside what there is to do.

    Attributes
    ----------
    events : tuple of dict
        As they were recorded, oldest first.
    exercises : mapping
        From the name of each exercise of the course to its notebook.
    questions : mapping
        From (sheet, notebook) to the ids of the questions of the course.
    unreadable : int
        How many entries of the file make no sense.
    name : str
        Who exported it; empty if nobody said.
    notes : tuple of str
        What the reader of this should know.
    """

    events: tuple[Event, ...]
    exercises: Mapping[str, str]
    questions: QuestionIds = field(repr=False)
    unreadable: int = 0
    name: str = ""
    notes: tuple[str, ...] = ()

    def of_kind(self, kind: str) -> list[Event]:
        """List the events of one kind, oldest first."""
        return [event for event in self.events if event["kind"] == kind]

    def passed_exercises(self) -> set[str]:
        """Return the names of the exercises that were passed at least once."""
        return {event["name"] for event in self.of_kind("exercise") if event["passed"]}

    def failing_exercises(self) -> dict[str, str | None]:
        """Return the exercises that were tried and not passed, with the last misconception."""
        passed = self.passed_exercises()
        tried = self.of_kind("exercise")
        return {e["name"]: e["misconception"] for e in tried if e["name"] not in passed}

    def untried_exercises(self) -> list[str]:
        """List the exercises of the course that were never tried."""
        tried = {event["name"] for event in self.of_kind("exercise")}
        return [name for name in self.exercises if name not in tried]

    def first_predictions(self, notebook: str | None) -> dict[str, bool]:
        """Say of each question of a notebook whether the first prediction was right."""
        first: dict[str, bool] = {}
        for event in self.of_kind("prediction"):
            if event["notebook"] == notebook:
                first.setdefault(event["question"], event["right"])
        return first

    def first_answers(self, sheet: str, notebook: str) -> dict[str, bool]:
        """Say of each question of a sheet whether the first answer was right."""
        first: dict[str, bool] = {}
        for event in self.of_kind("question"):
            if (event["sheet"], event["notebook"]) == (sheet, notebook):
                first.setdefault(event["id"], event["right"])
        known = self.questions.get((sheet, notebook), ())
        return {id: right for id, right in first.items() if id in known}

    def notebooks(self) -> list[str]:
        """List the notebooks in which there is something to do, or something was predicted."""
        found = {*self.exercises.values()}
        found |= {notebook for sheet, notebook in self.questions if sheet != "concept"}
        found |= {e["notebook"] for e in self.of_kind("prediction") if e["notebook"]}
        return sorted(found)

    def table(self) -> list[list[str]]:
        """Return the table by notebook: a line of headings, then one line per notebook."""
        passed = self.passed_exercises()
        lines = [["Notebook", "Exercises passed", "Predictions", "Quiz", "Recall"]]
        elsewhere = [None] if self.first_predictions(None) else []
        for notebook in [*self.notebooks(), *elsewhere]:
            names = [name for name, where in self.exercises.items() if where == notebook]
            predictions = self.first_predictions(notebook)
            lines.append(
                [
                    notebook or "other",
                    _of(len(passed & set(names)), len(names)),
                    f"{len(predictions)} ({sum(predictions.values())} right)"
                    if predictions
                    else "",
                    self._right_of("quiz", notebook),
                    self._right_of("recall", notebook),
                ]
            )
        return lines

    def _right_of(self, sheet: str, notebook: str | None) -> str:
        right = sum(self.first_answers(sheet, notebook).values()) if notebook else 0
        return _of(right, len(self.questions.get((sheet, notebook or ""), ())))

    def _rows(self) -> tuple[tuple[str, str], ...]:
        """Return what stands below the table."""
        failing = [
            f"`{name}`" + (f" (last time: {idea})" if idea else "")
            for name, idea in self.failing_exercises().items()
        ]
        untried = self.untried_exercises()
        passed = bool(self.exercises) and not untried and not failing
        begun = {event["notebook"] for event in self.events}  # the others would make a long list
        untried = [f"`{name}`" for name in untried if self.exercises[name] in begun]
        rows = [
            ("Not yet right", ", ".join(failing)),
            ("Not tried yet", ", ".join(untried)),
            ("Concept test", self._concept_test()),
            ("", "All exercises are passed." if passed else ""),
            *(("", note) for note in self.notes),
        ]
        return tuple((label, text) for label, text in rows if text)

    def _concept_test(self) -> str:
        before = self.first_answers("concept", "00")
        after = self.first_answers("concept", "11")
        number = len(self.questions.get(("concept", "11"), ()))
        if after:  # not sooner: what was right at the beginning is only told at the end
            return (
                f"{sum(before.values())} of {number} right before the course, "
                f"{sum(after.values())} of {number} after it."
            )
        return f"{len(before)} of {number} answered before the course." if before else ""

    def _empty(self) -> Card:
        text = (
            "The exercises you check, the predictions you commit and the questions you answer "
            "will be counted here. They stay on this machine."
        )
        return Card("open", "Nothing recorded yet", (("", text), *(("", n) for n in self.notes)))

    def __repr__(self) -> str:
        if not self.events:
            return repr(self._empty())
        table = self.table()
        widths = [max(len(line[column]) for line in table) for column in range(len(table[0]))]
        lines = [TITLE]
        for line in table:
            cells = [f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)]
            lines.append(("  " + "  ".join(cells)).rstrip())
        lines.append("  " + CAPTION)
        width = max((len(label) for label, _ in self._rows()), default=0)
        for label, text in self._rows():
            lines += labelled(label, text, width)
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        if not self.events:
            return self._empty()._repr_html_()
        left = 'style="text-align: left; padding: 2px 16px 2px 0;"'
        head, *body = self.table()
        html = "<thead><tr>"
        html += "".join(f'<th scope="col" {left}>{escape(cell)}</th>' for cell in head)
        html += "</tr></thead><tbody>"
        for notebook, *cells in body:
            html += f'<tr><th scope="row" {left}>{escape(notebook)}</th>'
            html += "".join(f"<td {left}>{escape(cell)}</td>" for cell in cells) + "</tr>"
        below = definitions([row for row in self._rows() if row[0]])
        below += "".join(paragraph(text) for label, text in self._rows() if not label)
        return (
            f'<section role="region" aria-label="{TITLE}"><table style="margin: 4px 0;">'
            f'<caption style="text-align: left;"><strong>{TITLE}</strong></caption>'
            f"{html}</tbody></table>{paragraph(CAPTION)}{below}</section>"
        )

    def export(self, path: str | os.PathLike[str], name: str | None = None) -> Card:
        """Write all of it into one file, to hand to an instructor. Nothing is sent anywhere.

        Parameters
        ----------
        path : str or path
            Where to; an earlier export is replaced, any other file is not.
        name : str, optional
            A name to put in. Without one, the file does not say whose it is.

        Returns
        -------
        card : Card
            Says what the file holds and where it is.

        Raises
        ------
        ValueError
            If there is another file or a folder, or if the file cannot be written.
        """
        if name is not None and not isinstance(name, str):
            raise TypeError(f"name must be a text. Received: name={name!r}.")
        target = Path(path)
        contents = {
            "format": EXPORT_FORMAT,
            "name": name or "",
            "exported": datetime.now(UTC).isoformat(timespec="seconds"),
            "version": __version__,
            "events": list(self.events),
        }
        try:
            if target.exists() and not (
                target.is_file() and parsed_export(target.read_bytes()[: LARGEST_FILE + 1])
            ):
                raise ValueError("something else is there; give another path")
            write_whole(target, json.dumps(contents, indent=1))
        except (OSError, ValueError) as error:
            raise ValueError(
                "path must be a place for a new file, or an earlier export. "
                f"Received: {printable(repr(os.fspath(path)))} ({reason_of(error)})."
            ) from None
        kinds = [("exercise", "checks of exercises"), ("prediction", "predictions")]
        kinds += [("question", "answers to questions")]
        counts = ", ".join(f"{words}: {len(self.of_kind(kind))}" for kind, words in kinds)
        whose = f'your name as you gave it, "{name}"' if name else "no name"
        return Card(
            "note",
            "Progress exported",
            (
                ("File", os.fspath(path)),
                ("It holds", f"{counts}, with answers and times; {whose}."),
                ("Sent", "Nowhere. Hand the file over yourself, if you want to."),
            ),
        )


TITLE = "Your progress"
CAPTION = "Of predictions, quiz and recall, the first answer to each question counts."


def write_whole(path: Path, text: str) -> None:
    """Write a file so that there is all of it or nothing."""
    descriptor, partial = tempfile.mkstemp(prefix=path.name, suffix=".partial", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text + "\n")
        os.replace(partial, path)
    except BaseException:
        os.unlink(partial)
        raise


def _of(part: int, whole: int) -> str:
    return f"{part} of {whole}" if whole else ""
