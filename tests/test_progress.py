"""The learner's file: several writers, damage, a disk that takes nothing; nothing of it raises."""

import errno
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sgdcourse as sgd
from sgdcourse.exercises._cards import Card
from sgdcourse.exercises.progress import Progress, load, place, progress, record


@dataclass
class Asked:
    notebook: str


module = sys.modules["sgdcourse.exercises.progress"]  # the package's own name is the function
EXERCISES = {"split_batches": Asked("01"), "relu": Asked("02"), "softmax": Asked("02")}
QUESTIONS = {
    ("quiz", "01"): ("a", "b", "c", "d", "e"),
    ("recall", "02"): ("f",),
    ("concept", "00"): ("g", "h"),
    ("concept", "11"): ("g", "h"),
}
LINE = (
    '{"kind": "exercise", "when": "2030-01-02T03:04:05+00:00", "version": "1.0", '
    '"name": "relu", "notebook": "02", "passed": true, "misconception": null}'
)


@pytest.fixture(autouse=True)
def path(tmp_path, monkeypatch):
    """Give each test a progress file of its own, which does not exist yet."""
    path = tmp_path / "folder" / "progress.jsonl"
    monkeypatch.setenv("SGDCOURSE_PROGRESS", str(path))
    monkeypatch.setattr(module, "_unsaved", [])
    monkeypatch.setattr(module, "_told", set())
    return path


def exercise(name="relu", notebook="02", passed=True, misconception=None):
    return record(
        "exercise", name=name, notebook=notebook, passed=passed, misconception=misconception
    )


def prediction(question="?", notebook="01", right=True, answer="up", outcome="up"):
    return record(
        "prediction",
        notebook=notebook,
        question=question,
        answer=answer,
        outcome=outcome,
        right=right,
    )


def answer(id, right, sheet="quiz", notebook="01"):
    return record("question", notebook=notebook, sheet=sheet, id=id, answer="a", right=right)


def mine():
    return progress(EXERCISES, QUESTIONS)


def write(path, *lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\n".join(line.encode() if isinstance(line, str) else line for line in lines))


def check_html(html):
    """Every element that is opened is closed, and no markup comes from elsewhere."""
    open_elements = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attrs):
            assert tag != "script"
            if tag not in ("br", "img"):
                open_elements.append(tag)

        def handle_endtag(self, tag):
            assert open_elements.pop() == tag

    reader = Reader()
    reader.feed(html)
    reader.close()
    assert open_elements == []


# ---- Writing ------------------------------------------------------------------------------------


def test_one_line_per_event(path):
    assert exercise()
    assert prediction(answer=1000, outcome=np.int64(1875), right=np.bool_(False))
    first, second = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    assert first == {
        "kind": "exercise",
        "when": first["when"],
        "version": sgd.__version__,
        "name": "relu",
        "notebook": "02",
        "passed": True,
        "misconception": None,
    }
    assert first["when"].endswith("+00:00") and len(first["when"]) == 25
    assert (second["outcome"], second["right"]) == (1875, False)


def test_each_event_is_written_at_once(path, monkeypatch):
    written = []
    write_for_real = os.write
    monkeypatch.setattr(
        os, "write", lambda f, data: written.append(data) or write_for_real(f, data)
    )
    exercise()
    exercise()
    assert [data.count(b"\n") for data in written] == [1, 1]
    assert b"".join(written) == path.read_bytes()


def test_place(path, monkeypatch):
    assert place() == path
    monkeypatch.setenv("SGDCOURSE_PROGRESS", "~/x.jsonl")
    assert place() == Path.home() / "x.jsonl"
    monkeypatch.setenv("SGDCOURSE_PROGRESS", "")
    assert place().name == "progress.jsonl" and place().parent.name == "sgdcourse"


def test_the_file_is_for_the_learner_alone(path):
    exercise()
    if os.name == "posix":
        assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("kind", "fields"),
    [("exam", {}), ("exercise", {"name": "relu"}), ("question", {"sheet": "quiz", "extra": 1})],
)
def test_unknown_kinds_and_fields(path, kind, fields):
    with pytest.raises(ValueError, match="Received"):
        record(kind, **fields)
    assert not path.exists()


@pytest.mark.parametrize(
    "value", [object(), float("nan"), 10**400, {1, 2}, None, True, b"bytes", "x" * 3000]
)
def test_a_value_that_cannot_be_written_down(path, capsys, value):
    assert prediction(answer=value) is False
    assert "not noted" in capsys.readouterr().out
    assert not path.exists()
    assert exercise()


def test_a_list_in_itself(capsys):
    loop = []
    loop.append(loop)
    assert prediction(answer=loop) is False
    assert "not noted" in capsys.readouterr().out


@given(text=st.text(st.characters(), max_size=40))
def test_any_text_comes_back(tmp_path_factory, text):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SGDCOURSE_PROGRESS", str(tmp_path_factory.mktemp("any") / "p.jsonl"))
        assert prediction(question=text, answer=text, outcome="ü")
        [event] = mine().events
        assert (event["question"], event["answer"], event["outcome"]) == (text, text, "ü")
        repr(mine()).encode("utf-8")
        mine()._repr_html_().encode("utf-8")


def test_a_line_that_was_cut_short_costs_only_itself(path):
    exercise("relu")
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:20])
    exercise("softmax")
    exercise("split_batches")
    assert mine().passed_exercises() == {"relu", "softmax", "split_batches"}
    assert mine().unreadable == 1
    assert path.read_bytes().startswith(whole + whole[:20] + b"\n{")  # kept as it was


def test_several_writers(path):
    code = (
        "from sgdcourse.exercises.progress import record\n"
        "for n in range(100):\n"
        "    assert record('exercise', name='x' * 500, notebook='01', passed=True,"
        " misconception=str(n))\n"
    )
    writers = [
        subprocess.Popen([sys.executable, "-c", code], cwd=Path(sgd.__file__).parent.parent)
        for _ in range(3)
    ]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    found = mine()
    assert (len(found.events), found.unreadable) == (300, 0)
    numbers = sorted(int(event["misconception"]) for event in found.events)
    assert numbers == sorted(3 * list(range(100)))


# ---- A disk that takes nothing ------------------------------------------------------------------


@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS, errno.ENOSPC])
def test_a_disk_that_takes_nothing(path, monkeypatch, capsys, code):
    def refuse(*_):
        raise OSError(code, os.strerror(code), str(path))

    monkeypatch.setattr(os, "open", refuse)
    assert exercise() is False
    assert exercise("softmax") is False
    said = capsys.readouterr().out
    assert said.count("cannot be saved") == 1  # once, not each time
    assert os.strerror(code) in said and str(path) in said
    assert mine().passed_exercises() == {"relu", "softmax"}  # remembered meanwhile
    assert "gone when this kernel ends" in " ".join(repr(mine()).split())


def test_a_disk_that_becomes_full(path, monkeypatch, capsys):
    exercise()
    write_for_real = os.write
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda file, data: write_for_real(file, data[:7]))
        assert exercise("softmax") is False
    assert "the disk is full" in capsys.readouterr().out
    assert exercise("split_batches")
    assert len(load(path, EXERCISES, QUESTIONS).events) == 2


def test_a_folder_in_its_place(path, capsys):
    path.mkdir(parents=True)
    assert exercise() is False
    assert "cannot be saved" in capsys.readouterr().out
    assert "it is a folder" in " ".join(repr(mine()).split())


def test_a_file_where_a_folder_should_be(path, capsys):
    path.parent.write_text("no folder")
    assert exercise() is False
    assert "cannot be saved" in capsys.readouterr().out
    assert mine().passed_exercises() == {"relu"}


@pytest.mark.skipif(not os.path.exists("/dev/null"), reason="there is no /dev/null here")
def test_whoever_wants_no_file(monkeypatch):
    monkeypatch.setenv("SGDCOURSE_PROGRESS", os.devnull)
    assert exercise()
    assert mine().events == ()


def test_a_file_that_cannot_be_read(path, monkeypatch):
    exercise()

    def refuse(_):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert "Permission denied" in " ".join(repr(mine()).split())


# ---- Looking back -------------------------------------------------------------------------------


def test_nothing_yet(path):
    title, *text = repr(mine()).splitlines()
    assert title == "Nothing recorded yet"
    assert " ".join(line.strip() for line in text) == (
        "The exercises you check, the predictions you commit and the questions you answer will be "
        "counted here. They stay on this machine."
    )
    assert "<strong>" in mine()._repr_html_()
    assert not path.exists()


def fill():
    exercise("split_batches", "01", False, "drops-the-rest")
    exercise("split_batches", "01", True)
    exercise("relu", "02", False, "one-idea")
    exercise("relu", "02", False, "another-idea")
    prediction("first?", right=False)
    prediction("first?", right=True)  # too late: the outcome is known
    prediction("second?", right=True)
    prediction("third?", notebook=None, right=True)
    answer("a", False)
    answer("a", True)
    answer("b", True)
    answer("no longer asked", True)
    answer("f", True, "recall", "02")


def test_table():
    fill()
    found = mine()
    assert found.table() == [
        ["Notebook", "Exercises passed", "Predictions", "Quiz", "Recall"],
        ["01", "1 of 1", "2 (1 right)", "1 of 5", ""],
        ["02", "0 of 2", "", "", "1 of 1"],
        ["other", "", "1 (1 right)", "", ""],
    ]
    assert found.passed_exercises() == {"split_batches"}
    assert found.failing_exercises() == {"relu": "another-idea"}
    assert found.untried_exercises() == ["softmax"]
    assert found.first_answers("quiz", "01") == {"a": False, "b": True}


def test_text_of_the_table():
    fill()
    assert repr(mine()).splitlines() == [
        "Your progress",
        "  Notebook  Exercises passed  Predictions  Quiz    Recall",
        "  01        1 of 1            2 (1 right)  1 of 5",
        "  02        0 of 2                                 1 of 1",
        "  other                       1 (1 right)",
        "  Of predictions, quiz and recall, the first answer to each question counts.",
        "  Not yet right  `relu` (last time: another-idea)",
        "  Not tried yet  `softmax`",
    ]


def test_only_notebooks_that_were_begun_are_listed_below():
    exercise("split_batches", "01")
    assert mine().untried_exercises() == ["relu", "softmax"]
    assert "Not tried yet" not in repr(mine())
    assert "All exercises" not in repr(mine())
    exercise("softmax", "02", False)
    assert "Not tried yet  `relu`" in repr(mine())


def test_html_of_the_table():
    fill()
    html = mine()._repr_html_()
    check_html(html)
    for text in ('<th scope="col"', '<th scope="row"', "<caption", "2 (1 right)", "another-idea"):
        assert text in html


def test_concept_test():
    answer("g", True, "concept", "00")
    answer("h", False, "concept", "00")
    assert "2 of 2 answered before" in repr(mine())  # and not how many are right
    assert "right before" not in repr(mine())
    answer("g", False, "concept", "11")
    answer("h", True, "concept", "11")
    answer("g", True, "concept", "11")
    assert "1 of 2 right before the course, 1 of 2 after it." in repr(mine())


def test_all_passed():
    for name, asked in EXERCISES.items():
        exercise(name, asked.notebook)
    assert "All exercises are passed." in repr(mine())
    assert "Not" not in repr(mine()).replace("Notebook", "")


def test_hostile_text_is_shown_as_text(path):
    exercise("<script>alert(1)</script>\x1b[2J", passed=False, misconception='"><b>\ud800')
    for shown in (mine()._repr_html_(), repr(mine())):
        shown.encode("utf-8")
        assert "\x1b" not in shown
    check_html(mine()._repr_html_())
    assert "<script" not in mine()._repr_html_()


# ---- Damaged files ------------------------------------------------------------------------------

DAMAGED = [
    "not JSON",
    "[]",
    "17",
    "null",
    '"exercise"',
    "{}",
    "[" * 90_000,  # nested too deeply for the JSON reader
    "9" * 6000,  # more digits than Python reads
    "x" * 200_000,
    b"\xff\xfe\x00",
    LINE[:-1],
    LINE.replace('"relu"', "3"),
    LINE.replace("true", "1"),
    LINE.replace("true", '"yes"'),
    LINE.replace("null", "{}"),
    LINE.replace('"02"', '"2"'),
    LINE.replace('"02"', '"../.."'),
    LINE.replace('"02"', "null"),
    LINE.replace('"exercise"', '["exercise"]'),
    LINE.replace('"exercise"', '"exam"'),
    LINE.replace("2030", "never"),
    LINE.replace("+00:00", ""),
    LINE.replace('"relu"', '"' + "x" * 3000 + '"'),
    '{"kind": "prediction", "when": "2030-01-02T03:04:05+00:00", "version": "1", "notebook": null,'
    ' "question": "?", "answer": 1e999, "outcome": NaN, "right": true}',
]


@pytest.mark.parametrize("line", DAMAGED, ids=range(len(DAMAGED)))
def test_damaged_lines_are_counted_and_kept(path, line):
    write(path, LINE, line, LINE, "")
    before = path.read_bytes()
    found = mine()
    assert (len(found.events), found.unreadable) == (2, 1)
    assert "1 entry of the file cannot be read" in " ".join(repr(found).split())
    check_html(found._repr_html_())
    assert load(path, EXERCISES, QUESTIONS).unreadable == 1
    assert path.read_bytes() == before


def test_only_known_fields_are_taken(path):
    write(path, LINE.replace("{", '{"password": "1234", '))
    assert mine().unreadable == 0
    assert "password" not in mine().events[0]


def test_lines_as_an_editor_of_windows_leaves_them(path):
    write(path, b"\xef\xbb\xbf" + LINE.encode() + b"\r", LINE + "\r", "\r", "")
    assert (len(mine().events), mine().unreadable) == (2, 0)


@given(lines=st.lists(st.binary(max_size=60) | st.just(LINE.encode()), max_size=6))
def test_no_bytes_are_too_strange(tmp_path_factory, lines):
    path = tmp_path_factory.mktemp("strange") / "p.jsonl"
    write(path, *lines)
    try:
        found = load(path, EXERCISES, QUESTIONS)
    except ValueError as error:
        assert "Received" in str(error) and LINE.encode() not in lines
    else:
        assert len(found.events) == lines.count(LINE.encode())


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(changes=st.dictionaries(st.sampled_from(sorted(json.loads(LINE))), anything, min_size=1))
def test_no_value_is_too_strange(tmp_path_factory, changes):
    path = tmp_path_factory.mktemp("strange") / "p.jsonl"
    write(path, LINE, json.dumps(json.loads(LINE) | changes))
    found = load(path, EXERCISES, QUESTIONS)
    assert len(found.events) + found.unreadable == 2
    repr(found).encode("utf-8")
    check_html(found._repr_html_())


@pytest.mark.parametrize("contents", ["not ours", '{"format": "sgdcourse progress 1"}', "\x00"])
def test_load_refuses_what_is_not_ours(tmp_path, contents):
    (tmp_path / "file").write_text(contents)
    with pytest.raises(ValueError, match="nothing can be read"):
        load(tmp_path / "file", EXERCISES, QUESTIONS)


def test_load_refuses_what_is_no_file(tmp_path, monkeypatch):
    with pytest.raises(ValueError, match="no such file"):
        load(tmp_path / "nothing")
    with pytest.raises(ValueError, match="it is a folder"):
        load(tmp_path)
    with pytest.raises(ValueError, match="path must be a file"):
        load("null\0character")
    monkeypatch.setattr(module, "LARGEST_FILE", 100)
    (tmp_path / "large").write_text(LINE)
    with pytest.raises(ValueError, match="100 at most are read"):
        load(tmp_path / "large")


def test_an_empty_file(path):
    write(path, "")
    assert load(path, EXERCISES, QUESTIONS).events == ()


# ---- Export -------------------------------------------------------------------------------------


def test_export_and_load(tmp_path, path):
    fill()
    write(path, path.read_bytes() + b"damage")
    card = mine().export(tmp_path / "mine.json", "Ada Ünal")
    found = load(tmp_path / "mine.json", EXERCISES, QUESTIONS)
    assert (found.name, found.events, found.unreadable) == ("Ada Ünal", mine().events, 0)
    assert isinstance(card, Card)
    text = " ".join(repr(card).split())
    assert "checks of exercises: 4, predictions: 4, answers to questions: 5" in text
    assert "Ada Ünal" in text and "Nowhere" in text
    assert [file.name for file in tmp_path.iterdir() if "partial" in file.name] == []


def test_export_without_a_name(tmp_path):
    fill()
    assert "no name" in repr(mine().export(tmp_path / "mine.json"))
    assert load(tmp_path / "mine.json", EXERCISES, QUESTIONS).name == ""


def test_an_earlier_export_is_replaced_and_nothing_else(tmp_path, path):
    fill()
    target = tmp_path / "mine.json"
    mine().export(target)
    exercise("softmax")
    mine().export(target)
    assert "softmax" in load(target, EXERCISES, QUESTIONS).passed_exercises()
    for foreign in (b"", b"my thesis", b'{"format": "other"}', path.read_bytes()):
        target.write_bytes(foreign)
        with pytest.raises(ValueError, match="something else is there"):
            mine().export(target)
        assert target.read_bytes() == foreign
    with pytest.raises(ValueError, match="something else is there"):
        mine().export(tmp_path)


def test_an_export_that_fails_leaves_nothing_behind(tmp_path, monkeypatch):
    fill()
    target = tmp_path / "mine.json"
    mine().export(target)
    before = target.read_bytes()

    def refuse(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(ValueError, match="No space left on device"):
        mine().export(target)
    assert target.read_bytes() == before
    assert sorted(file.name for file in tmp_path.iterdir()) == ["folder", "mine.json"]
    with pytest.raises(ValueError, match="No such file"):
        mine().export(tmp_path / "no folder" / "mine.json")


def test_export_refuses_a_name_that_is_none(tmp_path):
    with pytest.raises(TypeError, match="name must be a text"):
        mine().export(tmp_path / "mine.json", 17)


@pytest.mark.parametrize(
    ("change", "name", "events", "unreadable"),
    [
        ({"name": 17}, "", 1, 0),
        ({"name": "x" * 1000}, "x" * 200, 1, 0),
        ({"events": [json.loads(LINE), 3, None, {"kind": []}]}, "Ada", 1, 3),
        ({"events": []}, "Ada", 0, 0),
    ],
)
def test_a_damaged_export(tmp_path, change, name, events, unreadable):
    export = {"format": "sgdcourse progress 1", "name": "Ada", "events": [json.loads(LINE)]}
    (tmp_path / "e.json").write_text(json.dumps(export | change))
    found = load(tmp_path / "e.json", EXERCISES, QUESTIONS)
    assert (found.name, len(found.events), found.unreadable) == (name, events, unreadable)


def test_the_catalogue_of_the_course_is_the_default(monkeypatch):
    exercise("relu")
    monkeypatch.setattr("sgdcourse.exercises.quizzes.question_ids", lambda: QUESTIONS)
    monkeypatch.setattr("sgdcourse.exercises.catalogue.EXERCISES", EXERCISES)
    assert isinstance(progress(), Progress)
    assert progress().table() == mine().table()


# ---- Cards --------------------------------------------------------------------------------------


def test_card():
    card = Card(
        "wrong",
        "softmax: not yet",
        (
            ("", "A sentence with `a < b`."),
            ("Expected", "[[1. 2.]\n [3. 4.]]"),
            ("Likely cause", "long " * 30),
        ),
    )
    assert repr(card).splitlines() == [
        "softmax: not yet",
        "  A sentence with `a < b`.",
        "  Expected",
        "    [[1. 2.]",
        "     [3. 4.]]",
        "  Likely cause  " + " ".join(["long"] * 14),
        "                " + " ".join(["long"] * 14),
        "                long long",
    ]
    html = card._repr_html_()
    check_html(html)
    assert '<section role="region" aria-label="softmax: not yet"' in html
    assert "<code>a &lt; b</code>" in html
    assert "[[1. 2.]\n [3. 4.]]</pre>" in html


@pytest.mark.parametrize("status", ["passed", "wrong", "open", "note"])
@given(data=st.data())
def test_no_text_breaks_a_card(status, data):
    text = st.text(st.characters() | st.sampled_from("`<>&\"'\n\x1b "), max_size=300)
    rows = tuple(data.draw(st.lists(st.tuples(text, text), max_size=3)))
    card = Card(status, data.draw(text), rows)
    check_html(card._repr_html_())
    shown = repr(card)
    shown.encode("utf-8")
    card._repr_html_().encode("utf-8")


@given(words=st.lists(st.text("abc.,-", min_size=1, max_size=12), min_size=1))
def test_cards_are_at_most_88_columns_wide(words):
    card = Card("note", " ".join(words), (("Label", " ".join(words)), ("", " ".join(words))))
    assert max(map(len, repr(card).splitlines())) <= 88


def test_unknown_status():
    with pytest.raises(ValueError, match="status must be one of"):
        Card("green", "title")
