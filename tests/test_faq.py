"""The questions of notebook 11: what the search finds, and that notebook and file agree."""

import ast
import builtins
import re
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sgdcourse.faq import all_questions, find, index, search
from sgdcourse.faq.questions import NOTEBOOK, answers
from tests.test_notebooks import anchors, dead_links

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
CELLS = nbformat.read(NOTEBOOKS / NOTEBOOK, 4).cells
FIRST, LAST = all_questions()[0], all_questions()[-1]

pytestmark = pytest.mark.usefixtures("no_error_in_a_callback")

# What learners type, and the number of the question that they have in mind.
QUERIES = {
    "first epoch shuffled": 1,
    "same order every epoch": 2,
    "shuffle batch": 3,
    "shuffle='batch'": 3,
    "tf.data shuffle warning": 4,
    "validation split random": 5,
    "why is my validation accuracy 0": 6,
    "1875": 7,
    "last batch smaller": 8,
    "drop_remainder": 8,
    "small batch weight step": 9,
    "evaluate different loss": 10,
    "val loss lower than training loss": 11,
    "epochs loss lower than validation": 11,
    "full batch loss lag": 12,
    "callback batch loss": 13,
    "train_on_batch": 13,
    "on_batch_end running average": 13,
    "sum or mean gradient": 14,
    "linear scaling": 15,
    "batch size learning rate": 15,
    "is batch_size 32 stochastic gradient descent": 16,
    "mini-batch": 16,
    "sample weight": 17,
    "sample_weight": 17,
    "class weight imbalanced": 18,
    "loss_weights": 18,
    "l2 regularization batch size": 19,
    "dampening": 20,
    "momentum formula": 20,
    "momentum pytorch": 21,
    "torch": 21,
    "nesterov": 22,
    "resume training optimizer state": 23,
    "does calling fit twice reset weights": 24,
    "lr": 25,
    "decay": 25,
    "argument not recognized": 25,
    "learning rate schedule epochs": 26,
    "custom training loop different results": 27,
    "GradientTape": 27,
    "results differ every run": 28,
    "seed reproducible": 28,
    "nan": 29,
    "loss is inf": 29,
    "exploding loss": 29,
    "softmax from logits": 30,
    "loss 16.118": 30,
    "ran out of data": 31,
    "steps per epoch": 31,
    "gradient accumulation": 32,
    "must be a float": 33,
}


# ---- Search --------------------------------------------------------------------------------


@pytest.mark.parametrize("query", QUERIES)
def test_the_right_question_comes_first(query):
    assert find(query).questions[0].number == QUERIES[query]


@pytest.mark.parametrize("query", QUERIES)
def test_the_right_question_comes_first_whatever_the_letters(query):
    assert find(f"  {query.upper()}?! ").questions == find(query).questions


def test_every_question_is_searched_for():
    assert set(QUERIES.values()) == {question.number for question in all_questions()}


@pytest.mark.parametrize("question", all_questions(), ids=lambda question: question.number)
def test_a_question_finds_itself(question):
    assert find(question.question).questions[0] == question


def test_the_beginning_of_a_word_is_enough():
    for typed in ("nester", "nesterov"):
        assert find(typed).questions[0].number == 22
    assert find("shuffled").questions == find("shuffling").questions


def test_words_of_question_answer_and_terms_are_found():
    [question] = [q for q in all_questions() if q.number == 31]
    for word, place in (("steps_per_epoch", question.question), ("warning", question.answer)):
        assert word in place
        assert question in find(word).questions
    assert "interrupting" in question.terms
    assert find("interrupting").questions == (question,)


def test_what_is_weak_is_not_shown():
    assert [question.number for question in find("nan").questions] == [29]
    assert 1 <= len(find("sample weight").questions) <= 5


def test_message():
    assert find("nan").message == '1 question matches "nan".'
    found = find("sample weight")
    number = len(found.questions)
    assert found.message == f'{number} questions match "sample weight", the best one first.'
    assert find("").message == "All 33 questions. Type a word or two to find yours."


@pytest.mark.parametrize("query", ["", "   ", "why is the", "?!"])
def test_without_a_word_all_are_found(query):
    assert find(query).questions == all_questions()


def test_nothing_found():
    found = find("zebra")
    assert (found.questions, found.unknown) == ((), ("zebra",))
    assert found.message.startswith('No question has "zebra". Nothing found. Try the name')
    assert "An empty field lists all questions." in found.message


def test_an_unknown_word_beside_a_known_one():
    found = find("zebra nan")
    assert found.questions == find("nan").questions
    assert found.message == 'No question has "zebra". 1 question matches "nan".'


@pytest.mark.parametrize(
    ("typed", "meant"), [("momentun", "momentum"), ("shufle", "shuffle"), ("nestrov", "nesterov")]
)
def test_a_misspelt_word_is_guessed(typed, meant):
    assert f'No question has "{typed}". Did you mean "{meant}"?' in find(typed).message
    assert find(meant).questions


@given(st.text())
def test_any_text_can_be_typed(query):
    found = find(query)
    assert found.message
    assert set(found.unknown) <= set(found.words)
    assert bool(found.questions) == (set(found.words) != set(found.unknown) or not found.words)


def test_wrong_query():
    with pytest.raises(TypeError, match=r'query must be a text, such as "sample weight". Rec.*7'):
        find(7)


# ---- The box -------------------------------------------------------------------------------


@pytest.fixture
def box():
    box = search()
    box.widget()
    return box


def shown(box):
    [output] = box.list.outputs
    return output["data"]["text/markdown"]


def test_at_first_it_lists_all(box):
    assert shown(box) == index(all_questions())
    assert "All 33 questions." in box.status.value
    assert box.field.continuous_update


def test_typing(box):
    box.field.value = "sample weight"
    assert "questions match &quot;sample weight&quot;" in box.status.value
    assert shown(box) == answers(find("sample weight").questions)
    assert shown(box).startswith(f"**[{all_questions()[16].heading}]({all_questions()[16].link})**")
    assert all_questions()[16].answer in shown(box)


def test_what_the_browser_sends_is_answered(box):
    box.field.set_state({"value": "nan"})
    assert shown(box) == answers(find("nan").questions)


def test_the_number_is_announced(box):
    assert '<p role="alert" aria-live="polite"' in box.status.value


def test_nothing_found_in_the_box(box):
    box.field.value = "<zebra>"
    assert "No question has &quot;zebra&quot;" in box.status.value
    assert box.list.outputs == ()


def test_clear(box):
    box.field.value = "nan"
    box.clear.click()
    assert box.field.value == ""
    assert shown(box) == index(all_questions())


def test_words_at_the_start():
    box = search("nan")
    box.widget()
    assert box.field.value == "nan"
    assert repr(box) == '1 question matches "nan".\n\n29. Why is my loss NaN?'
    assert shown(box) == box.markdown == answers(find("nan").questions)


def test_what_a_notebook_gets(box):
    """A widget; and for whatever shows none, the index with links, and as plain text."""
    bundle = box._repr_mimebundle_()
    assert set(bundle) == {
        "text/plain",
        "text/markdown",
        "application/vnd.jupyter.widget-view+json",
    }
    assert bundle["text/markdown"].endswith(index(all_questions()))
    assert FIRST.heading in bundle["text/plain"]
    assert bundle["text/plain"].splitlines()[-1] == "33. Why does momentum=1 complain about floats?"


def test_wrong_words():
    with pytest.raises(TypeError, match="must be a text"):
        search(["nan"])


# ---- The questions and the notebook --------------------------------------------------------


def test_how_many():
    assert [question.number for question in all_questions()] == list(range(1, 34))


@pytest.mark.parametrize("question", all_questions(), ids=lambda question: question.number)
def test_a_question(question):
    """A short answer in plain Markdown; terms in small letters; known threads."""
    assert question.question.endswith("?")
    sentences = re.sub(r"`[^`]*`", "code", question.answer)
    assert 1 <= len(re.findall(r"[.?!](?= |\)? |\)?$)", sentences)) <= 4
    assert question.answer[-1] in ".)"
    for text in (question.question, question.answer):
        assert text == text.strip() and text.isprintable() and text.count("`") % 2 == 0
    assert question.terms == question.terms.lower()
    for thread in question.threads:
        assert re.fullmatch(r"[\w.-]+/[\w.-]+#\d+", thread)


def test_the_headings_of_the_notebook():
    """Groups and questions in the order of the file."""
    words = "\n".join(cell.source for cell in CELLS if cell.cell_type == "markdown")
    expected, group = [], None
    for question in all_questions():
        if question.group != group:
            group = question.group
            expected.append(f"## {group}")
        expected.append(f"### {question.heading}")
    headings = re.findall(r"^##.*$", words, re.M)
    start = headings.index(expected[0])
    assert headings[start : start + len(expected)] == expected
    assert [heading for heading in headings if re.match(r"### \d", heading)] == [
        line for line in expected if line.startswith("###")
    ]


def question_cells():
    """Return, by number, the text under the heading of each question, and its code or None."""
    found = {}
    for cell, following in pairwise(CELLS):
        match = re.search(r"^### (\d+)\. .*$\n+", cell.source, re.M)
        if match and cell.cell_type == "markdown":
            code = following.source if following.cell_type == "code" else None
            found[int(match[1])] = (cell.source[match.end() :], code)
    return found


@pytest.mark.parametrize("question", all_questions(), ids=lambda question: question.number)
def test_the_notebook_says_what_the_search_says(question):
    words, _ = question_cells()[question.number]
    assert words == f"{question.answer}\n\n{question.sources}".rstrip()


def test_each_question_is_shown_by_code_or_by_a_lesson():
    with_code = {number for number, (_, code) in question_cells().items() if code}
    with_lesson = {question.number for question in all_questions() if question.lessons}
    assert with_code | with_lesson == set(range(1, 34))
    assert len(with_code) >= 15


def test_every_link_leads_to_a_heading():
    headings = anchors(NOTEBOOKS / NOTEBOOK)
    for question in all_questions():
        assert question.link.partition("#")[2] in headings
        assert dead_links(question.sources, NOTEBOOKS) == []
        for lesson in question.lessons:
            source = "\n".join(
                cell.source
                for cell in nbformat.read(NOTEBOOKS / lesson.notebook, 4).cells
                if cell.cell_type == "markdown"
            )
            assert re.search(rf"^#+ {re.escape(lesson.heading)}$", source, re.M)


def test_the_stored_index():
    """GitHub shows no widget: the stored output lists all questions, with links that work."""
    [cell] = [cell for cell in CELLS if cell.source == "search()"]
    [output] = cell.outputs
    stored = output.data["text/markdown"]
    assert stored.count(f"]({NOTEBOOK}#") == 33
    assert dead_links(stored, NOTEBOOKS) == []
    assert all(f"[{question.question}]" in stored for question in all_questions())


def names_made(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, (ast.FunctionDef, ast.ExceptHandler)):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.alias):
            yield (node.asname or node.name).partition(".")[0]


def test_each_answer_runs_alone():
    """It uses what the first cell and the model cell make, and what it makes itself."""
    code = [cell.source for cell in CELLS if cell.cell_type == "code"]
    [model] = [source for source in code if source.startswith("def one_weight(")]
    known = set(dir(builtins)).union(*(names_made(ast.parse(s)) for s in (code[0], model)))
    for _, source in question_cells().values():
        if source:
            tree = ast.parse(source)
            used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
            assert used <= known | set(names_made(tree)), source
