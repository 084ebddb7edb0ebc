"""The instructor's guide says what the notebooks, the checkers and the commands say."""

import re
from pathlib import Path

import pytest

import course
from sgdcourse.__main__ import COMMANDS
from sgdcourse.exercises.catalogue import EXERCISES
from tools.section_minutes import MINUTES, NOTEBOOKS, sections

ROOT = Path(__file__).parent.parent
GUIDE = (ROOT / "teaching" / "guide.md").read_text(encoding="utf-8")
SECTIONS = {
    f"{section.notebook} {section.heading}": section
    for path in sorted(NOTEBOOKS.glob("*.ipynb"))
    for section in sections(path)
}


def part(heading, text=GUIDE):
    """Return what stands under a heading, up to the next one of its level or above."""
    level = len(heading) - len(heading.lstrip("#"))
    (words,) = re.findall(
        rf"^{re.escape(heading)}\n(.*?)(?=^#{{1,{level}}} |\Z)", text, re.MULTILINE | re.DOTALL
    )
    return words


def rows(text):
    """Return the cells of the lines of a table, without its heading."""
    table = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[2:]]


def quoted(text):
    return re.findall(r"`([^`]+)`", text)


PLANS = {
    "### 90 minutes: what one `fit` call does": 90,
    "### Half a day": 4 * 60,
    "### A full day": 8 * 60,
}

RESTS = {"Break", "Lunch"}


@pytest.mark.parametrize("heading", PLANS)
def test_minutes_of_a_plan(heading):
    """Those of the notebook's section, without the exercises that the plan leaves out."""
    now = 0
    *plan, end = rows(part(heading))
    for at, what, minutes, exercises in plan:
        assert at == f"{now // 60}:{now % 60:02d}", what
        if re.match(r"\d\d ", what):
            section = SECTIONS[what]
            left_out = set(section.exercises) - set(quoted(exercises))
            assert set(quoted(exercises)) <= set(section.exercises)
            expected = round(section.minutes - MINUTES["exercise"] * len(left_out))
            assert int(minutes) == max(1, expected), what
        now += int(minutes)
    assert now == PLANS[heading]
    assert end[:2] == [f"{now // 60}:{now % 60:02d}", "End"]


@pytest.mark.parametrize("heading", PLANS)
def test_sections_of_a_plan_come_in_the_order_of_the_notebooks(heading):
    planned = [what for _, what, *_ in rows(part(heading)) if what in SECTIONS]
    assert len(planned) >= 10
    assert planned == [name for name in SECTIONS if name in planned]


@pytest.mark.parametrize("heading", PLANS)
def test_a_plan_leaves_room(heading):
    """A tenth of the time in the room is not planned, and nobody sits for more than two hours."""
    plan = [(what, int(minutes)) for _, what, minutes, _ in rows(part(heading))[:-1]]
    pauses = sum(minutes for what, minutes in plan if what in RESTS)
    assert plan[-1][0] == "Reserve"
    assert plan[-1][1] >= 0.1 * (PLANS[heading] - pauses)
    sitting = 0
    for what, minutes in plan:
        sitting = 0 if what in RESTS else sitting + minutes
        assert sitting <= 120, what


def test_there_is_something_to_say_on_each_section_that_is_planned():
    planned = {row[1] for heading in PLANS for row in rows(part(heading))} & SECTIONS.keys()
    said = [section for section, _ in rows(part("## What to say"))]
    assert said == [name for name in SECTIONS if name in planned]


def test_every_exercise_has_ideas_that_its_checker_knows():
    table = rows(part("## Where learners get stuck"))
    assert sorted(quoted(row[1])[0] for row in table) == sorted(EXERCISES)
    assert [row[0] for row in table] == sorted(row[0] for row in table)
    for notebook, exercise, ideas, question in table:
        known = EXERCISES[quoted(exercise)[0]]
        assert notebook == known.notebook
        assert set(quoted(ideas)) <= {idea.id for idea in known.misconceptions}
        assert len(quoted(ideas)) >= 2
        assert question.endswith(("?", "."))


def test_exercises_stand_in_the_order_of_their_notebook():
    order = [name for section in SECTIONS.values() for name in section.exercises]
    table = [quoted(row[1])[0] for row in rows(part("## Where learners get stuck"))]
    assert table == order


def test_each_question_has_an_answer():
    questions = re.findall(
        r"^\*\*(\d+)\. (.+?)\*\*\n(.+?)(?=\n\n|\Z)",
        part("## Questions to discuss"),
        re.MULTILINE | re.DOTALL,
    )
    assert [int(number) for number, *_ in questions] == list(range(1, len(questions) + 1))
    assert len(questions) >= 10
    assert all(question.endswith("?") and len(answer) > 100 for _, question, answer in questions)
    planned = "\n".join(part(heading) for heading in PLANS)
    asked = re.findall(r"discussion questions? (\d+)(?: (?:or|and) (\d+))?", planned)
    assert asked
    assert {int(n) for pair in asked for n in pair if n} <= set(range(1, len(questions) + 1))


def test_numbers_in_the_answers():
    answers = part("## Questions to discuss")
    assert f"misses about {(1 - 1 / 60_000) ** 60_000:.0%} of them" in answers
    batches, last = divmod(60_000, 64)
    assert f"60,000 = {batches} x 64 + {last}." in answers


def test_every_command_exists():
    of_course = set(re.findall(r"python3 course\.py (\w+)", GUIDE))
    of_package = set(re.findall(r"python3? -m sgdcourse (\w+)", GUIDE))
    tools = set(re.findall(r"tools/\w+\.py", GUIDE))
    assert of_course
    assert of_course <= {"lab", "update", "copy", "lint", *course.PROGRAMS}
    assert of_package
    assert of_package <= set(COMMANDS)
    assert tools
    assert all((ROOT / tool).exists() for tool in tools)


def test_links_lead_somewhere():
    headings = {
        heading.replace(" ", "-") for heading in re.findall(r"^#+ (.+)$", GUIDE, re.MULTILINE)
    }
    for address in re.findall(r"\]\(([^)]+)\)", GUIDE):
        file, _, anchor = address.partition("#")
        if not file:
            assert anchor in headings, address
            continue
        target = ROOT / "teaching" / file
        assert target.exists(), address
        if anchor:
            assert f"# {anchor.replace('-', ' ')}\n" in target.read_text(encoding="utf-8"), address
