"""progress: what the learner has passed so far, and what is open next."""

import argparse

from sgdcourse.commands.surroundings import ROOT, call, wrapped
from sgdcourse.exercises.progress import SHEETS, Progress, place, progress


def main(arguments: list[str]) -> int:
    """Show the progress that is kept on this machine; change nothing.

    Parameters
    ----------
    arguments : list of str
        There are none but ``--help``.

    Returns
    -------
    status : int
        1 if the file, or a part of it, cannot be read, else 0.
    """
    argparse.ArgumentParser(
        prog=f"{call()} progress",
        description="Show what you have passed so far, notebook by notebook, and what is open "
        "next. It is read from a file on this machine. The exit status is 1 if that is damaged, "
        "else 0.",
    ).parse_args(arguments)
    done = progress()
    print(done)
    print("\n" + wrapped(what_is_next(done)))
    if done.unreadable:
        print("\n" + wrapped(f"The progress file is damaged: {place()}"))
        print(
            "What can be read of it is counted above. The file is left as it is: nothing is lost."
        )
    elif not done.notes:
        print(wrapped(f"Your progress is kept in {place()}"))
    return 1 if done.notes else 0


def what_is_next(done: Progress) -> str:
    """Say what is open in the notebook of the last event, or else in the first one after it.

    After the last notebook the search goes on at the first: what was left out there comes last.
    """
    notebooks = done.notebooks()
    visited = [event["notebook"] for event in done.events if event["notebook"] in notebooks]
    current = notebooks.index(visited[-1]) if visited else 0
    for notebook in notebooks[current:] + notebooks[:current]:
        things = open_in(done, notebook)
        if things:
            return f"Open next, in {title(notebook)}: {'; '.join(things)}."
    return "Nothing is open: you have done everything."


def open_in(done: Progress, notebook: str) -> list[str]:
    """List what is not passed or not answered in a notebook, in the order in which it stands there.

    Returns
    -------
    things : list of str
        Such as ``["recall", "exercises relu, dense", "quiz"]``.
    """
    passed = done.passed_exercises()
    names = [name for name, where in done.exercises.items() if where == notebook]
    exercises = [name for name in names if name not in passed]
    before = [sheet for sheet in ("concept", "recall") if has_open_questions(done, sheet, notebook)]
    return [
        *(SHEETS[sheet].lower() for sheet in before),
        *([f"exercises {', '.join(exercises)}"] if exercises else []),
        *(["quiz"] if has_open_questions(done, "quiz", notebook) else []),
    ]


def has_open_questions(done: Progress, sheet: str, notebook: str) -> bool:
    """Tell whether a sheet has questions that were never answered."""
    questions = done.questions.get((sheet, notebook), ())
    return len(done.first_answers(sheet, notebook)) < len(questions)


def title(notebook: str) -> str:
    """Return the name of the file of a notebook, such as 01_shuffling_and_batching.ipynb."""
    files = sorted((ROOT / "notebooks").glob(f"{notebook}_*.ipynb"))
    return files[0].name if files else f"notebook {notebook}"
