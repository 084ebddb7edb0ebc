"""Print how long each section of each notebook takes, for someone who works alone.

    python tools/section_minutes.py [NOTEBOOK ...]      01, for instance; without names: all

The minutes are computed from what stands in the section: so many for each word, each cell, each
prediction, each exercise. teaching/guide.md plans its lessons with them.
"""

import argparse
import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
MINUTES = {
    "word": 1 / 180,  # of text, with formulas: slower than a novel
    "cell": 0.4,  # run it and look at the output
    "prediction": 1,
    "question": 0.5,  # of a quiz
    "demo": 3,
    "your turn": 3,
    "exercise": 5,
}
QUESTIONS = {"recall": 2, "quiz": 5, "concept_test": 8}
# What the cells call
EXERCISE = re.compile(r"""^check\((?:"\.\.\.", )?["']?(\w+)""", re.MULTILINE)
PREDICTION = re.compile(r"\bcommit_prediction\(")
DEMO = re.compile(r"\bwidgets\.\w+\(")
ASKED = re.compile(rf"^({'|'.join(QUESTIONS)})\(", re.MULTILINE)
NO_WORDS = re.compile(r"\(\S*\)|<[^>]*>|[|#*`$>-]")  # addresses, tags, Markdown


@dataclass
class Section:
    """What stands below a heading of the second level, or above the first."""

    notebook: str
    heading: str
    minutes: float
    exercises: list


def sections(path):
    """Return the sections of a notebook, in order."""
    found = [Section(path.stem[:2], "Introduction", 0.0, [])]
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "code":
            found[-1].minutes += minutes_of_code(source)
            found[-1].exercises += EXERCISE.findall(source)
            continue
        for part in re.split(r"^(?=## )", source, flags=re.MULTILINE):
            if part.startswith("## "):
                heading = part.splitlines()[0].removeprefix("## ")
                found.append(Section(path.stem[:2], heading, 0.0, []))
            found[-1].minutes += minutes_of_text(part)
    return found


def minutes_of_text(text):
    words = len(NO_WORDS.sub(" ", text).split())
    return words * MINUTES["word"] + text.count("**Your turn.**") * MINUTES["your turn"]


def minutes_of_code(source):
    questions = sum(QUESTIONS[name] for name in ASKED.findall(source))
    return (
        MINUTES["cell"]
        + len(EXERCISE.findall(source)) * MINUTES["exercise"]
        + len(PREDICTION.findall(source)) * MINUTES["prediction"]
        + len(DEMO.findall(source)) * MINUTES["demo"]
        + questions * MINUTES["question"]
    )


def minutes_of_notebook(path):
    """Return the minutes as the README gives them: to the nearest 5."""
    return 5 * round(sum(section.minutes for section in sections(path)) / 5)


def chosen(names):
    """Return the paths of the notebooks named on the command line, by number or by name."""
    found = {path.stem: path for path in sorted(NOTEBOOKS.glob("*.ipynb"))}
    paths = []
    for name in names or found:
        stem = Path(name).name.removesuffix(".ipynb")
        matches = [path for known, path in found.items() if stem in (known, known[:2])]
        if not matches:
            sys.exit(f"There is no notebook {name!r}. There are: {', '.join(found)}")
        paths += matches
    return paths


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("notebooks", nargs="*", metavar="NOTEBOOK")
    for path in chosen(parser.parse_args().notebooks):
        print(f"{path.stem}: {minutes_of_notebook(path)} minutes")
        for section in sections(path):
            exercises = ", ".join(section.exercises)
            print(f"  {section.minutes:4.0f}  {section.heading:<55} {exercises}".rstrip())


if __name__ == "__main__":
    main()
