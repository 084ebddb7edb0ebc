"""The notebooks follow the rules of the house, without being run. (nbval runs them.)"""

import re
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
LESSONS = [path for path in NOTEBOOKS if "01" <= path.name[:2] <= "08"]


def cells(path, kind):
    return [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == kind]


def text(path):
    return "\n".join(cell.source for cell in cells(path, "markdown"))


def names(path):
    return path.stem


def test_all_lessons_are_there():
    assert [path.name[:2] for path in NOTEBOOKS] == [f"{number:02d}" for number in range(9)]


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
        re.search(r"from sgdcourse import (?!compare|keras_random|plots)", s) for s in code
    )


@pytest.mark.parametrize("path", NOTEBOOKS, ids=names)
def test_links_lead_somewhere(path):
    for target in re.findall(r"\]\(([^)#]+)\)", text(path)):
        if not target.startswith("https://"):
            assert (path.parent / target).exists(), target


def test_the_readme_and_notebook_00_know_the_minutes():
    minutes = {
        path.name[:2]: re.search(r"\*\*Time:\*\* (\d+) minutes", text(path))[1]
        for path in NOTEBOOKS
    }
    tables = [(ROOT / "README.md").read_text(encoding="utf-8"), text(NOTEBOOKS[0])]
    for table in tables:
        assert dict(re.findall(r"^\| \[?(\d\d) [^|]*\| (\d+) \|", table, re.M)) == minutes
