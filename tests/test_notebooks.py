"""The notebooks follow the rules of the house, without being run. (nbval runs them.)"""

import ast
import re
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest

from sgdcourse.exercises.catalogue import EXERCISES
from tests.solved import is_check
from tools.section_minutes import minutes_of_notebook

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
LESSONS = [path for path in NOTEBOOKS if "01" <= path.name[:2] <= "10"]
REFERENCE = "11"  # the questions: it has the concept test, and neither recall nor quiz


def cells(path, kind):
    return [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == kind]


def text(path):
    return "\n".join(cell.source for cell in cells(path, "markdown"))


def names(path):
    return path.stem


def test_all_lessons_are_there():
    assert [path.name[:2] for path in NOTEBOOKS] == [f"{n:02d}" for n in range(12)]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=names)
def test_frame_of_a_notebook(path):
    """Title, aims, time, sections, summary, a question, and where to go next."""
    words = text(path)
    assert len(re.findall(r"^# ", words, re.M)) == 1
    for part in ("**What you will do", "**What you will learn", "**What you need"):
        assert part in words
    assert re.search(r"\*\*Time:\*\* \d+ minutes", words)
    for part in ("## Summary", "**Check yourself.**", "**Next:**", "**Predict first.**"):
        assert part in words


@pytest.mark.parametrize("path", LESSONS, ids=names)
def test_each_lesson_asks_keras_and_the_reader(path):
    assert "## Does tf.keras agree?" in text(path)
    assert "Your turn." in text(path)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=names)
def test_code_cells_are_short_and_shadow_nothing(path):
    code = [cell.source for cell in cells(path, "code")]
    assert all(0 < len(source.splitlines()) <= 15 for source in code)
    assert code[0].startswith("import ")
    assert "import sgdcourse as sgd" in code[0]
    assert not any("from sgdcourse import *" in source for source in code)
    assert not any(
        re.search(r"from sgdcourse import (?!compare|keras_random|plots|widgets)", s) for s in code
    )


def test_words_beside_each_demo_help_when_it_is_dead():
    """They stay when the kernel is gone; the demo's own words do not."""
    demos = 0
    for path in LESSONS:
        before = ""
        for cell in nbformat.read(path, 4).cells:
            if re.search(r"^widgets\.\w+\(", cell.source, re.M):
                demos += 1
                assert "By keyboard: Tab moves on" in before, cell.id
                assert "If the controls do nothing, the kernel was restarted" in before, cell.id
            before = cell.source if cell.cell_type == "markdown" else ""
    assert demos == 9


@pytest.mark.parametrize("path", NOTEBOOKS, ids=names)
def test_nothing_stands_between_a_question_and_its_cell(path):
    """Whoever is asked to predict finds the cell that answers right below."""
    notebook = nbformat.read(path, 4)
    for cell, following in pairwise(notebook.cells):
        *_, last = cell.source.split("\n\n")
        if cell.cell_type == "markdown" and last.startswith("**Predict first.**"):
            assert following.cell_type == "code", cell.id


def names_of_exercises(source):
    """Return the exercises of a cell: the functions and classes that it defines for `check`."""
    tree = ast.parse(source)
    if not any(is_check(node) for node in tree.body):
        return set()
    return {node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=names)
def test_no_other_cell_uses_what_a_learner_writes(path):
    """An untouched stub, or a wrong answer, leaves the rest of the notebook alone."""
    code = [cell.source for cell in cells(path, "code")]
    written = set().union(*(names_of_exercises(source) for source in code))
    for source in code:
        names = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)]
        made = {node.id for node in names if isinstance(node.ctx, ast.Store)}
        used = {node.id for node in names if isinstance(node.ctx, ast.Load)} - made
        assert not (written - names_of_exercises(source)) & used


def test_each_exercise_is_asked_once_in_its_notebook():
    asked = {}
    for path in NOTEBOOKS:
        for cell in cells(path, "code"):
            for node in filter(is_check, ast.parse(cell.source).body):
                first, *rest = node.value.args
                name = first.id if isinstance(first, ast.Name) else rest[0].value
                assert name not in asked, f"{name} is asked twice"
                asked[name] = path.name[:2]
    assert asked == {name: exercise.notebook for name, exercise in EXERCISES.items()}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=names)
def test_exercises_are_stored_untouched(path):
    """Stubs are empty, faults are the given ones, no letters and no predictions are filled in."""
    for cell in cells(path, "code"):
        if any(is_check(node) for node in ast.parse(cell.source).body):
            [output] = [o for o in cell.outputs if o.output_type == "execute_result"]
            text = output.data["text/plain"]
            assert "not attempted yet" in text or "the fault is still there" in text, cell.source
        assert "answer=" not in cell.source and "answers=" not in cell.source


@pytest.mark.parametrize("path", NOTEBOOKS, ids=names)
def test_predictions_and_questions(path):
    """Two predictions or more, each revealed; a quiz at the end, a recall at the beginning."""
    code = "\n".join(cell.source for cell in cells(path, "code"))
    number = path.name[:2]
    assert code.count("commit_prediction(") >= 2
    assert code.count("commit_prediction(") == code.count(".reveal(")
    assert code.count(f'notebook="{number}"') == code.count("commit_prediction(")
    assert code.count(f'quiz("{number}")') == (number != REFERENCE)
    assert code.count(f'recall("{number}")') == (number not in ("00", REFERENCE))
    assert code.count(f'concept_test("{number}")') == (number in ("00", REFERENCE))


def anchors(path):
    """Return what JupyterLab and nbconvert call the headings of a notebook in a link."""
    headings = re.findall(r"^#+ (.+)$", text(path), re.M)
    return {heading.replace("`", "").replace(" ", "-") for heading in headings}


def dead_links(words, folder):
    """List the links in a Markdown text that lead to no file, or to no heading of a notebook."""
    dead = []
    for target in re.findall(r"\]\(([^)]+)\)", words):
        name, _, anchor = target.partition("#")
        there = bool(name) and (folder / name).is_file()
        if there and anchor:
            there = anchor in anchors(folder / name)
        if not there and not target.startswith("https://"):
            dead.append(target)
    return dead


@pytest.mark.parametrize("path", NOTEBOOKS, ids=names)
def test_links_lead_somewhere(path):
    assert dead_links(text(path), path.parent) == []


def test_dead_links_are_found():
    words = "[a](05_epochs.ipynb#All-epochs) [b](05_epochs.ipynb#No) [c](no.ipynb) [d](https://e.f)"
    assert dead_links(words, ROOT / "notebooks") == ["05_epochs.ipynb#No", "no.ipynb"]


def test_the_minutes_are_what_the_sections_take():
    """As the notebook itself says, notebook 00 and the README."""
    minutes = {path.name[:2]: str(minutes_of_notebook(path)) for path in NOTEBOOKS}
    for path in NOTEBOOKS:
        assert re.search(r"\*\*Time:\*\* (\d+) minutes", text(path))[1] == minutes[path.name[:2]]
    tables = [(ROOT / "README.md").read_text(encoding="utf-8"), text(NOTEBOOKS[0])]
    for table in tables:
        assert dict(re.findall(r"^\| \[?(\d\d) [^|]*\| (\d+) \|", table, re.M)) == minutes
