"""Read the exports of a class. There may be anything in the folder: nothing is trusted."""

import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sgdcourse.classroom.counting import Classroom, Learner, Skipped
from sgdcourse.exercises._cards import printable
from sgdcourse.exercises.catalogue import EXERCISES
from sgdcourse.exercises.progress import Event, make_progress, read_file, reason_of

LARGEST_EXPORT = 5_000_000  # bytes; whoever does the whole course twice needs less than one million
MOST_FILES = 2_000
LONGEST_NAME = 60  # characters


def read_class(folder: str | os.PathLike[str]) -> Classroom:
    """Read what the learners of a class exported with ``progress().export("name.json")``.

    All files in the folder are read, and those in folders inside it. What is no export of this
    course is passed over, and named with the reason; it never stops the others. If a learner
    exported several times under one name, the newest export counts.

    Parameters
    ----------
    folder : str or path

    Returns
    -------
    classroom : Classroom
        Shows itself as tables; ``classroom.plot()`` draws who has passed what.

    Raises
    ------
    ValueError
        If there is no such folder, or if it cannot be read.

    Examples
    --------
    >>> read_class("nowhere")
    Traceback (most recent call last):
        ...
    ValueError: folder must be a folder that can be read. Received: 'nowhere' (no such folder).
    """
    root = Path(folder)
    reason = "no such folder"
    try:
        reason = "" if root.is_dir() else "it is a file" if root.exists() else reason
        if not reason:
            os.scandir(root).close()
    except (OSError, ValueError) as error:  # ValueError: a path with a null character
        reason = reason_of(error)
    if reason:
        raise ValueError(
            "folder must be a folder that can be read. "
            f"Received: {printable(repr(os.fspath(folder)))} ({reason})."
        )
    found: list[Learner] = []
    skipped: list[Skipped] = []
    for number, path in enumerate(files_in(root)):
        shown = shortened(path.relative_to(root).as_posix(), 80)
        if number == MOST_FILES:
            skipped.append(Skipped("all further files", f"at most {MOST_FILES:,} are looked at"))
            break
        try:
            found.append(read_learner(path, shown))
        except (OSError, ValueError) as error:
            skipped.append(Skipped(shown, reason_of(error)))
    learners, older = newest_of_each(found)
    return Classroom(tuple(with_different_names(learners)), tuple(skipped + older))


def files_in(root: Path) -> Iterator[Path]:
    """Yield all that is in a folder and the folders inside it, but for links: those lead away.

    A folder inside it that cannot be read is yielded itself.
    """
    closed: list[OSError] = []
    for place, folders, files in os.walk(root, onerror=closed.append):
        folders.sort()
        links = [name for name in folders if (Path(place) / name).is_symlink()]
        for name in sorted([*files, *links]):
            yield Path(place) / name
    yield from sorted(Path(error.filename) for error in closed)


def read_learner(path: Path, shown: str) -> Learner:
    """Return what one file holds, or raise ValueError with the reason why it does not count."""
    found = path.lstat()
    if stat.S_ISLNK(found.st_mode):
        raise ValueError("a link; links are not followed")
    if stat.S_ISDIR(found.st_mode):
        raise ValueError("a folder that cannot be read")
    if not stat.S_ISREG(found.st_mode):
        raise ValueError("no ordinary file")
    if found.st_size > LARGEST_EXPORT:
        raise ValueError(f"{found.st_size:,} bytes; at most {LARGEST_EXPORT:,} are read")
    events, unreadable, name = read_file(path)
    if not events:
        raise ValueError("nothing has been recorded in it")
    notes = []
    if unreadable:
        notes.append(f"{unreadable:,} of its entries make no sense and do not count")
    unknown = {e["name"] for e in events if e["kind"] == "exercise"} - set(EXERCISES)
    if unknown:
        notes.append(f"{len(unknown):,} of its exercises are not known to this version")
    events.sort(key=lambda event: datetime.fromisoformat(event["when"]))
    return Learner(
        name=shortened(name or path.stem, LONGEST_NAME) or "no name",
        file=shown,
        progress=make_progress(events, None, None, unreadable),
        notes=tuple(notes),
    )


def shortened(text: str, length: int) -> str:
    """Return a text without control characters, on one line, and not longer than this."""
    line = " ".join(printable(text).split())
    return line if len(line) <= length else line[: length - 1] + "\N{HORIZONTAL ELLIPSIS}"


def newest_of_each(found: list[Learner]) -> tuple[list[Learner], list[Skipped]]:
    """Leave out what another export of the same name holds as well: it is an older one, or a copy.

    Two exports of one name, of which neither holds the other, are those of two people, or of one
    person on two machines: both stay.
    """
    kept: list[tuple[Learner, set[str]]] = []
    older: list[Skipped] = []
    for learner in sorted(found, key=lambda learner: -len(learner.progress.events)):
        events = {fingerprint(event) for event in learner.progress.events}
        for other, held in kept:
            if learner.name.casefold() == other.name.casefold() and events <= held:
                what = "the same as" if events == held else "older than"
                older.append(Skipped(learner.file, f"{what} {other.file}, of the same name"))
                break
        else:
            kept.append((learner, events))
    order = {learner.file: place for place, learner in enumerate(found)}
    return sorted((learner for learner, _ in kept), key=lambda one: order[one.file]), older


def fingerprint(event: Event) -> str:
    """Return a text that is the same for the same event."""
    return repr(sorted(event.items()))


def with_different_names(learners: list[Learner]) -> list[Learner]:
    """Add the file to a name that occurs twice."""
    names = [learner.name.casefold() for learner in learners]
    return [
        replace(learner, name=f"{learner.name} ({learner.file})")
        if names.count(name) > 1
        else learner
        for learner, name in zip(learners, names, strict=True)
    ]
