"""What an instructor sees of a class: counted by hand, and from folders with anything in them."""

import errno
import json
import os
import random
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sgdcourse import __main__ as command_line
from sgdcourse.classroom import Idea, read_class, reading, report
from sgdcourse.commands import surroundings
from sgdcourse.exercises.catalogue import EXERCISES
from sgdcourse.exercises.progress import EXPORT_FORMAT
from sgdcourse.exercises.quizzes import all_questions

CONCEPT = [question.id for question in all_questions()["concept", "00"]]
QUIZ = [question.id for question in all_questions()["quiz", "01"]]


START = datetime(2026, 11, 1, tzinfo=UTC)


class Work:
    """What a learner did, event by event, a minute apart."""

    def __init__(self):
        self.events = []

    def add(self, kind, **fields):
        when = (START + timedelta(minutes=len(self.events))).isoformat()
        self.events.append({"kind": kind, "when": when, "version": "0.1.0", **fields})
        return self

    def checked(self, name, idea=None, *, passed=False):
        notebook = EXERCISES[name].notebook if name in EXERCISES else "01"
        return self.add("exercise", name=name, notebook=notebook, passed=passed, misconception=idea)

    def passed(self, name):
        return self.checked(name, passed=True)

    def answered(self, sheet, notebook, id, right):
        return self.add("question", sheet=sheet, notebook=notebook, id=id, answer="a", right=right)

    def predicted(self, question, right):
        return self.add(
            "prediction", notebook="01", question=question, answer=1, outcome=2, right=right
        )

    def export(self, path, name=""):
        contents = {"format": EXPORT_FORMAT, "name": name, "events": self.events}
        path.write_text(json.dumps(contents), encoding="utf-8")
        return self


def names(classroom):
    return [learner.name for learner in classroom.learners]


def reasons(classroom):
    return {file.file: file.reason for file in classroom.skipped}


# ---- Counted by hand -----------------------------------------------------------------------


@pytest.fixture
def three(tmp_path):
    """Ada passes after a detour, Ben is stuck, and Eve has looked at one exercise only."""
    ada = Work().checked("relu", "leaky").checked("relu", "leaky").passed("relu")
    ada.checked("loss_gradient", "sum-for-mean").passed("loss_gradient").passed("dense")
    ada.predicted("How many?", right=False).predicted("How many?", right=True)
    ada.predicted("Which?", right=True)
    ben = Work().checked("loss_gradient", "sum-for-mean").checked("loss_gradient", None)
    ben.checked("relu", "leaky").answered("quiz", "01", QUIZ[0], right=False)
    ben.answered("quiz", "01", QUIZ[0], right=True).answered("quiz", "01", QUIZ[1], right=True)
    eve = Work().passed("relu").answered("quiz", "01", QUIZ[0], right=False)
    for id in CONCEPT:
        ada.answered("concept", "00", id, right=id == CONCEPT[0])
        eve.answered("concept", "00", id, right=False)
    for id in CONCEPT:
        ada.answered("concept", "11", id, right=id != CONCEPT[0])
    for name, work in [("Ada", ada), ("Ben", ben), ("Eve", eve)]:
        work.export(tmp_path / f"{name}.json", name)
    return read_class(tmp_path)


def test_who_passed_what(three):
    assert names(three) == ["Ada", "Ben", "Eve"]
    assert [one.statuses["relu"] for one in three.learners] == ["passed", "tried", "passed"]
    assert [one.statuses["dense"] for one in three.learners] == ["passed", "open", "open"]
    assert [one.passed() for one in three.learners] == [3, 0, 1]
    assert [one.passed("02") for one in three.learners] == [2, 0, 1]
    assert three.count("relu", "passed") == 2


def test_an_idea_counts_once_for_each_learner(three):
    assert three.ideas() == [
        Idea("relu", "leaky", learners=2, overcome=1),
        Idea("loss_gradient", "sum-for-mean", learners=2, overcome=1),
    ]
    assert three.ideas()[1].notebook == "03"
    assert three.ideas()[1].cause.startswith("That is the gradient of the SUM of the losses.")


def test_an_idea_that_comes_back_after_a_pass_is_not_overcome(tmp_path):
    Work().passed("relu").checked("relu", "leaky").export(tmp_path / "a.json")
    assert read_class(tmp_path).ideas() == [Idea("relu", "leaky", learners=1, overcome=0)]


def test_the_first_answer_counts(three):
    hardest = next(asked for asked in three.questions() if asked.sheet == "quiz")
    assert (hardest.answered, hardest.wrong) == (2, 2)
    assert hardest.place == "Quiz of 01"
    assert three.answers("quiz", "01") == (1, 3)
    assert three.predictions("01") == (1, 2)


def test_gain_of_those_who_took_the_concept_test_twice(three):
    assert three.concept_gain() == (1, 1.0, 7.0)


def test_nobody_took_it_twice(tmp_path):
    Work().passed("relu").export(tmp_path / "a.json")
    assert read_class(tmp_path).concept_gain() is None


def test_text(three):
    text = repr(three)
    assert text.startswith("Class: 3 learners\n")
    assert re.search(r"^  Ada +- +2 +1 +- .* 3 +1 of 8, 7 of 8$", text, re.MULTILINE)
    assert re.search(r"^  2 +1 +loss_gradient \(03\) +sum-for-mean$", text, re.MULTILINE)
    assert "a mean of 1.0 right answers before the course, 7.0 after it" in " ".join(text.split())
    assert max(map(len, text.splitlines())) <= 100


def test_picture(three):
    assert three.plot().alt == (
        "A map of 3 learners and 40 exercises: 4 passed, 2 tried and not passed, 114 never tried."
    )


def test_the_files_of_a_class_are_left_alone(tmp_path):
    Work().passed("relu").export(tmp_path / "a.json")
    (tmp_path / "b").write_text("no export")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    repr(read_class(tmp_path))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


# ---- Forty learners, counted a second time in another way ----------------------------------


@pytest.fixture(scope="module")
def forty(tmp_path_factory):
    folder, draw, works = tmp_path_factory.mktemp("forty"), random.Random(0), {}
    for number in range(40):
        name, work = f"Learner {number:02d}", Work()
        for exercise in draw.sample(list(EXERCISES), draw.randint(5, 40)):
            for _ in range(draw.randint(0, 3)):
                ideas = EXERCISES[exercise].misconceptions
                work.checked(exercise, draw.choice([idea.id for idea in ideas] + [None]))
            if draw.random() < 0.7:
                work.passed(exercise)
        works[name] = work.export(folder / f"{number}.json", name).events
    return read_class(folder), works


def test_forty_learners(forty):
    classroom, works = forty
    assert sorted(names(classroom)) == sorted(works)
    for learner in classroom.learners:
        passed = {event["name"] for event in works[learner.name] if event["passed"]}
        assert learner.passed() == len(passed)
        assert {name for name, s in learner.statuses.items() if s == "passed"} == passed
    pairs = {
        (name, event["name"], event["misconception"])
        for name, events in works.items()
        for event in events
        if event["misconception"]
    }
    expected = Counter((exercise, idea) for _, exercise, idea in pairs)
    assert {(one.exercise, one.id): one.learners for one in classroom.ideas()} == expected
    counts = [one.learners for one in classroom.ideas()]
    assert counts == sorted(counts, reverse=True)
    assert max(map(len, repr(classroom).splitlines())) <= 100


def test_picture_of_forty(forty):
    classroom, _ = forty
    assert classroom.plot().alt.startswith("A map of 40 learners and 40 exercises: ")


def test_a_picture_holds_a_hundred(tmp_path, monkeypatch):
    monkeypatch.setattr(report, "MOST_DRAWN", 2)
    for number in range(3):
        Work().passed("relu").export(tmp_path / f"{number}.json")
    assert "3 learners (2 of them drawn)" in read_class(tmp_path).plot().alt


# ---- Files that do not count, and names ----------------------------------------------------


def test_foreign_and_damaged_files_are_named_and_skipped(tmp_path):
    Work().passed("relu").export(tmp_path / "good.json", "Ada")
    (tmp_path / "empty.json").write_bytes(b"")
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "other.json").write_text('{"format": "something else", "events": []}')
    (tmp_path / "cut.json").write_text((tmp_path / "good.json").read_text()[:-20])
    (tmp_path / "binary.json").write_bytes(bytes(range(256)))
    (tmp_path / "deep.json").write_text(f'{{"format": "{EXPORT_FORMAT}", "events": ' + "[" * 99_999)
    (tmp_path / "huge.json").write_text(f'{{"format": "{EXPORT_FORMAT}", "x": {"9" * 9_999}}}')
    with (tmp_path / "large.json").open("wb") as file:
        file.truncate(3 * 10**9)
    classroom = read_class(tmp_path)
    assert names(classroom) == ["Ada"]
    nothing = "nothing can be read in it as progress of this course"
    assert reasons(classroom) == {
        "empty.json": "nothing has been recorded in it",
        "large.json": "3,000,000,000 bytes; at most 5,000,000 are read",
        **dict.fromkeys(["notes.txt", "other.json", "cut.json", "binary.json"], nothing),
        **dict.fromkeys(["deep.json", "huge.json"], nothing),
    }


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
def test_what_is_no_ordinary_file_is_not_opened(tmp_path):
    """A FIFO would wait for ever, a link may lead anywhere."""
    (outside := tmp_path / "outside").mkdir()
    Work().passed("relu").export(outside / "secret.json", "Secret")
    (folder := tmp_path / "class").mkdir()
    os.mkfifo(folder / "pipe.json")
    (folder / "file.json").symlink_to(outside / "secret.json")
    (folder / "folder").symlink_to(outside)
    (folder / "loop").symlink_to(folder)
    classroom = read_class(folder)
    link = "a link; links are not followed"
    assert names(classroom) == []
    assert reasons(classroom) == {
        "pipe.json": "no ordinary file",
        **dict.fromkeys(["file.json", "folder", "loop"], link),
    }


def refuses(call, refused):
    """Return a function that does what this one does, but may not open one path: root may all."""

    def careful(path, *arguments, **options):
        if os.fspath(path) == os.fspath(refused):
            raise PermissionError(errno.EACCES, "Permission denied", os.fspath(path))
        return call(path, *arguments, **options)

    return careful


def test_an_unreadable_file(tmp_path, monkeypatch):
    Work().passed("relu").export(tmp_path / "a.json")
    monkeypatch.setattr(reading, "read_file", refuses(reading.read_file, tmp_path / "a.json"))
    assert reasons(read_class(tmp_path)) == {"a.json": "Permission denied"}


def test_an_unreadable_folder(tmp_path, monkeypatch):
    Work().passed("relu").export(tmp_path / "a.json")
    (tmp_path / "monday").mkdir()
    monkeypatch.setattr(os, "scandir", refuses(os.scandir, tmp_path / "monday"))
    classroom = read_class(tmp_path)
    assert names(classroom) == ["a"]
    assert reasons(classroom) == {"monday": "a folder that cannot be read"}


def test_folders_inside_are_read(tmp_path):
    (tmp_path / "monday").mkdir()
    Work().passed("relu").export(tmp_path / "monday" / "a.json", "Ada")
    (learner,) = read_class(tmp_path).learners
    assert (learner.name, learner.file) == ("Ada", "monday/a.json")


def test_too_many_files(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "MOST_FILES", 3)
    for number in range(5):
        Work().passed("relu").export(tmp_path / f"{number}.json")
    classroom = read_class(tmp_path)
    assert names(classroom) == ["0", "1", "2"]
    assert reasons(classroom) == {"all further files": "at most 3 are looked at"}


def test_the_newest_of_several_exports_counts(tmp_path):
    work = Work().checked("relu", "leaky").export(tmp_path / "monday.json", "Ada")
    work.export(tmp_path / "copy.json", "ada")
    work.passed("relu").export(tmp_path / "tuesday.json", "Ada")
    classroom = read_class(tmp_path)
    assert [(one.name, one.file) for one in classroom.learners] == [("Ada", "tuesday.json")]
    assert reasons(classroom) == {
        "monday.json": "older than tuesday.json, of the same name",
        "copy.json": "older than tuesday.json, of the same name",
    }
    assert classroom.count("relu", "passed") == 1


def test_two_people_of_one_name_are_kept_apart(tmp_path):
    Work().passed("relu").export(tmp_path / "a.json", "Ada")
    Work().passed("dense").export(tmp_path / "b.json", "Ada")
    assert names(read_class(tmp_path)) == ["Ada (a.json)", "Ada (b.json)"]


def test_a_file_without_a_name_is_called_after_the_file(tmp_path):
    Work().passed("relu").export(tmp_path / "table 7.json")
    assert names(read_class(tmp_path)) == ["table 7"]


def test_a_progress_file_counts_as_an_export(tmp_path):
    lines = [json.dumps(event) for event in Work().passed("relu").events]
    (tmp_path / "ben.jsonl").write_text("\n".join(lines))
    (learner,) = read_class(tmp_path).learners
    assert (learner.name, learner.passed()) == ("ben", 1)


def test_what_is_not_known_does_not_count_and_is_said(tmp_path):
    work = Work().passed("relu").passed("no_such_exercise").checked("dense", "no-such-idea")
    work.answered("quiz", "01", "no-such-question", right=True)
    work.events.append({"kind": "nonsense"})
    work.export(tmp_path / "a.json")
    classroom = read_class(tmp_path)
    (learner,) = classroom.learners
    assert learner.passed() == 1
    assert classroom.ideas() == []
    assert classroom.questions() == []
    assert learner.notes == (
        "1 of its entries make no sense and do not count",
        "1 of its exercises are not known to this version",
    )
    assert "a.json: 1 of its entries make no sense" in repr(classroom)


class Words(HTMLParser):
    """Collect the tags, and the words between them."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.words = Counter(), []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags[tag] += 1
        if tag == "th":
            assert dict(attributes)["scope"] in ("col", "row")

    def handle_data(self, data):
        self.words.append(data)


TAGS = {"section", "p", "strong", "table", "caption", "thead", "tbody", "tr", "th", "td", "code"}
HOSTILE = "<script>alert(1)</script>\x1b[31m\u202egnp.exe\n\0" + "x" * 500


def test_hostile_names_are_shown_as_harmless_text(tmp_path):
    Work().passed("relu").export(tmp_path / "a.json", HOSTILE)
    (tmp_path / "<b>.json").write_text("no export")
    classroom = read_class(tmp_path)
    (name,) = names(classroom)
    assert len(name) <= reading.LONGEST_NAME
    assert name.isprintable()
    for text in (repr(classroom), classroom._repr_html_()):
        assert all(c.isprintable() or c == "\n" for c in text)
    page = Words(classroom._repr_html_())
    assert set(page.tags) <= TAGS
    assert name in page.words
    assert "<b>.json" in page.words


def test_html_has_headings_for_a_screen_reader(three):
    page = Words(three._repr_html_())
    assert page.tags["caption"] == page.tags["table"] == 4
    assert "That is the gradient of the SUM of the losses." in " ".join(page.words)


@given(contents=st.binary(max_size=300), name=st.text(max_size=80))
def test_any_bytes_in_any_file(tmp_path_factory, contents, name):
    """Each file either counts or is named; nothing raises."""
    folder = tmp_path_factory.mktemp("any")
    Work().passed("relu").export(folder / "good.json", name)
    (folder / "bytes").write_bytes(contents)
    export = Work().passed("relu").events[0]
    body = json.dumps({"format": EXPORT_FORMAT, "name": name, "events": [export]}).encode()
    (folder / "spliced.json").write_bytes(body[: len(contents)] + contents + body[len(contents) :])
    classroom = read_class(folder)
    files = {one.file for one in classroom.learners} | set(reasons(classroom))
    assert files == {"good.json", "bytes", "spliced.json"}
    repr(classroom)
    Words(classroom._repr_html_())


@pytest.mark.parametrize("folder", ["nowhere", "null\0character", ""])
def test_no_such_folder(tmp_path, monkeypatch, folder):
    monkeypatch.chdir(tmp_path)
    if not folder:
        folder = tmp_path / "file"
        folder.write_text("")
    with pytest.raises(ValueError, match="folder must be a folder that can be read"):
        read_class(folder)


def test_an_empty_folder(tmp_path):
    classroom = read_class(tmp_path)
    assert repr(classroom) == "Class: 0 learners"
    assert classroom.plot().alt.startswith("A map of 0 learners")
    Words(classroom._repr_html_())


# ---- The command ---------------------------------------------------------------------------


def run(*arguments):
    try:
        return command_line.main(["class", *map(str, arguments)])
    except SystemExit as stop:
        return stop.code


def test_command(three, tmp_path, capsys):
    assert run(tmp_path) == 0
    assert capsys.readouterr().out == f"{three!r}\n"


def test_command_says_what_does_not_count(three, tmp_path, capsys):
    (tmp_path / "x.txt").write_text("x")
    assert run(tmp_path) == 1
    assert "x.txt: nothing can be read in it" in capsys.readouterr().out


def test_command_draws(three, tmp_path, capsys):
    target = tmp_path / "class.png"
    assert run(tmp_path, "--plot", target) == 0
    assert target.read_bytes() == three.plot().png
    assert run(tmp_path, "--plot", target) == 1  # its own picture lies in the folder now
    assert "class.png: nothing can be read" in capsys.readouterr().out


def test_command_replaces_nothing_but_a_picture(three, tmp_path, capsys):
    target = tmp_path / "Ada.json"
    before = target.read_bytes()
    assert run(tmp_path, "--plot", target) == 2
    assert "name a new file" in capsys.readouterr().err
    assert target.read_bytes() == before


@pytest.mark.parametrize("arguments", [[], ["nowhere"], ["a", "b"]])
def test_command_used_wrongly(arguments, capsys):
    assert run(*arguments) == 2
    assert f"usage: {surroundings.call()} class" in capsys.readouterr().err


def test_command_names_a_place_that_cannot_be_written(three, tmp_path, capsys):
    assert run(tmp_path, "--plot", tmp_path / "no" / "such.png") == 2
    assert "cannot be written" in capsys.readouterr().err
