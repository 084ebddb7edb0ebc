"""The checkers, tested like products: every right answer passes, every wrong one is named."""

import contextlib
import importlib
import inspect
import itertools
import pkgutil
import random
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import sgdcourse as sgd
from sgdcourse.exercises import check, checking, hint, solution
from sgdcourse.exercises.catalogue import EXERCISES
from sgdcourse.exercises.checking import agree, observe
from sgdcourse.exercises.parsons import right_order, shuffled_lines
from tests import answers

for module in pkgutil.iter_modules(answers.__path__):
    importlib.import_module(f"tests.answers.{module.name}")
RIGHT = [answer for answer in answers.ANSWERS if answer.misconception is None]
WRONG = [answer for answer in answers.ANSWERS if answer.misconception is not None]
NAMES = sorted(EXERCISES)
GENERIC = {  # ideas that every exercise knows
    "changes-its-input",
    "constant-factor",
    "endless-loop",
    "if-on-an-array",
    "not-finite",
    "opposite-sign",
    "prints-instead-of-returning",
    "raises-an-error",
    "returns-nothing",
    "transposed",
    "wrong-dtype",
    "wrong-length",
    "wrong-shape",
    "wrong-type",
}


@pytest.fixture(autouse=True)
def short_time_limit(monkeypatch):
    """Do not wait ten seconds for each endless loop."""
    monkeypatch.setattr(checking, "SECONDS", 2.0)


# ---- Right and wrong answers -------------------------------------------------------------------


@pytest.mark.parametrize("answer", RIGHT, ids=str)
def test_right_answers_pass(answer):
    result = check(answer.answer, answer.exercise)
    assert result.passed, result


@pytest.mark.parametrize("answer", WRONG, ids=str)
def test_wrong_answers_fail_with_their_own_misconception(answer):
    result = check(answer.answer, answer.exercise)
    assert not result.passed and result.attempted, result
    assert result.misconception == answer.misconception, result


@pytest.mark.parametrize("name", NAMES)
def test_each_exercise_has_answers_of_every_kind(name):
    """Three right ones (two for an order of lines), and one wrong one for each misconception."""
    ours = [answer for answer in RIGHT if answer.exercise == name]
    assert len(ours) >= (1 if EXERCISES[name].lines else 3)
    named = {answer.misconception for answer in WRONG if answer.exercise == name}
    assert {misconception.id for misconception in EXERCISES[name].misconceptions} <= named


def test_wrong_answers_name_known_ideas():
    for answer in WRONG:
        own = {misconception.id for misconception in EXERCISES[answer.exercise].misconceptions}
        assert answer.misconception in own | GENERIC, answer


# ---- The catalogue -----------------------------------------------------------------------------


def test_how_many_there_are():
    assert len(EXERCISES) >= 24
    asked_in = {exercise.notebook for exercise in EXERCISES.values()}
    assert asked_in == {*(f"0{n}" for n in range(1, 9)), "10"}
    assert sum(bool(exercise.lines) for exercise in EXERCISES.values()) >= 3
    assert sum(exercise.given is not None for exercise in EXERCISES.values()) >= 5
    assert sum(len(exercise.misconceptions) for exercise in EXERCISES.values()) >= 90


def test_the_readme_knows_how_many():
    exercises = EXERCISES.values()
    lines = sum(bool(exercise.lines) for exercise in exercises)
    faults = sum(exercise.given is not None for exercise in exercises)
    ideas = sum(len(exercise.misconceptions) for exercise in exercises)
    readme = Path(sgd.__file__).parents[1] / "README.md"
    words = " ".join(readme.read_text(encoding="utf-8").split())
    written = len(exercises) - lines - faults
    assert f"There are {len(exercises)} exercises: {written} functions to write" in words
    assert f"{lines} to put in order line by line, and {faults} with a fault to find." in words
    assert f"Together they know {ideas} wrong ideas." in words


@pytest.mark.parametrize("name", NAMES)
def test_misconceptions_can_be_told_apart(name):
    """Any two wrong versions differ from each other and from the reference in some case."""
    exercise = EXERCISES[name]
    assert len(exercise.misconceptions) >= 3
    seen = {"reference": observe(exercise, exercise.reference)}
    seen |= {m.id: observe(exercise, m.wrong) for m in exercise.misconceptions}
    assert len(seen) == len(exercise.misconceptions) + 1, "an id is used twice"
    if exercise.given:
        seen["as given"] = observe(exercise, exercise.given)
    for one, other in itertools.combinations(seen, 2):
        alike = agree(exercise, seen[one], seen[other])
        assert not alike or "as given" in (one, other), f"{one} and {other} look alike"
    assert not exercise.given or not agree(exercise, seen["reference"], seen["as given"])


@pytest.mark.parametrize("name", NAMES)
def test_observations_are_the_same_every_time(name):
    exercise = EXERCISES[name]
    for function in [exercise.reference, *(m.wrong for m in exercise.misconceptions)]:
        assert agree(exercise, observe(exercise, function), observe(exercise, function))


@pytest.mark.parametrize("name", NAMES)
def test_words_of_an_exercise(name):
    """Sentences end with a full stop; ids are stable names; no hint gives all away."""
    exercise = EXERCISES[name]
    assert exercise.name == name
    assert len({case.words for case in exercise.cases}) == len(exercise.cases) >= 2
    causes = [misconception.cause for misconception in exercise.misconceptions]
    for sentence in [exercise.task, *causes, *exercise.hints]:
        assert sentence[-1] in ".?:!`)" and 20 <= len(sentence) <= 300, sentence
    assert len(set(causes)) == len(causes)
    assert len(set(exercise.hints)) == 3
    for misconception in exercise.misconceptions:
        assert misconception.id == misconception.id.lower().replace(" ", "-").replace("_", "-")


@pytest.mark.parametrize("name", NAMES)
def test_solutions_run_in_a_notebook_and_pass(name):
    exercise = EXERCISES[name]
    text = repr(solution(name))
    if exercise.lines:
        assert check(text.splitlines()[0], name).passed
        return
    namespace = {"np": np, "sgd": sgd}
    exec(text, namespace)
    assert '"""' not in text and ") -> " not in text.split(":")[0]
    assert check(namespace[exercise.reference.__name__], name).passed
    assert exercise.reference.__name__ == name


@pytest.mark.parametrize("name", NAMES)
def test_solutions_are_short(name):
    """2 to 12 lines below the ``def``; a class may have 15."""
    lines = repr(solution(name)).splitlines()
    code = [line for line in lines if line.strip() and not line.strip().startswith("#")]
    assert len(code) <= (16 if inspect.isclass(EXERCISES[name].reference) else 13)


@pytest.mark.parametrize("name", NAMES)
def test_no_card_gives_the_solution_away(name):
    """Neither the untouched exercise, nor a hint, nor a wrong answer shows the reference's code."""
    exercise = EXERCISES[name]
    shown = [repr(check("..." if exercise.lines else exercise.given or untouched, name))]
    shown += [repr(hint(name)) for _ in range(3)]
    if not exercise.lines:
        shown += [repr(check(m.wrong, name)) for m in exercise.misconceptions]
        body = "".join(repr(solution(name)).split("\n", 1)[1].split())
        assert not any(body in "".join(text.split()) for text in shown)
    else:
        assert right_order(exercise) not in " ".join(" ".join(shown).split())


# ---- Untouched ---------------------------------------------------------------------------------


def untouched(*arguments): ...


def untouched_with_docstring(*arguments):
    """Not written yet."""
    ...


class Untouched(sgd.Callback): ...


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "stub", [untouched, untouched_with_docstring, Untouched], ids=lambda stub: stub.__name__
)
def test_a_stub_is_not_attempted(name, stub):
    result = check(stub, name)
    assert (result.passed, result.attempted, result.misconception) == (False, False, None)
    assert "not attempted yet" in repr(result)


@pytest.mark.parametrize("name", [name for name in NAMES if EXERCISES[name].given])
def test_a_fault_that_stays_is_not_attempted(name):
    result = check(EXERCISES[name].given, name)
    assert (result.passed, result.attempted, result.misconception) == (False, False, None)
    assert "the fault is still there" in repr(result)
    assert any(label.startswith("Expected") for label, _ in result.rows)


@pytest.mark.parametrize("name", [name for name in NAMES if EXERCISES[name].lines])
def test_order_the_lines(name):
    exercise = EXERCISES[name]
    letters = right_order(exercise)
    assert check(letters, name).passed
    assert check(letters.lower().replace(" ", ","), name).passed
    assert list(shuffled_lines(exercise).values())[: len(exercise.lines)] != list(exercise.lines)
    for nothing in ["...", "", ..., " . . . "]:
        result = check(nothing, name)
        assert not result.attempted
        assert all(line in repr(result) for line in exercise.lines)
    for strange, words in [
        ("Z Z", "no line Z"),
        (letters + " " + letters[0], "stands there twice"),
    ]:
        result = check(strange, name)
        assert result.attempted and not result.passed and words in result.message
    backwards = check(letters[::-1], name)
    assert backwards.attempted and not backwards.passed


# ---- Answers that misbehave --------------------------------------------------------------------


def raises(*arguments):
    return 1 / 0


def exits(*arguments):
    raise SystemExit


def interrupts(*arguments):
    raise KeyboardInterrupt


def recurses(*arguments):
    return recurses(*arguments)


def asks(*arguments):
    return input("your result?")


def takes_nothing():
    return 1


class Nasty:
    """An object that objects to everything."""

    def __getattr__(self, name):
        if name.startswith("__array"):  # NumPy asks for these when the list below is made
            raise AttributeError
        raise RuntimeError("no")

    def __eq__(self, other):
        raise RuntimeError("no")

    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("no")

    def __len__(self):
        raise RuntimeError("no")

    def __repr__(self):
        raise RuntimeError("no")

    __hash__ = None


class NastyError(Exception):
    def __str__(self):
        raise RuntimeError("no")


def raises_nasty(*arguments):
    raise NastyError


def returns(value):
    return lambda *arguments: value


ODD = {
    "itself": raises,
    "nasty": Nasty(),
    "text": "42",
    "class": Nasty,
    "set": {1, 2},
    "nested": [[[[[[[[[[[]]]]]]]]]]],
    "ragged": [[1], [2, 3]],
    "objects": np.array([None, {}], dtype=object),
    "texts": np.array(["a"]),
    "nan": float("nan"),
    "complex": 1j,
    "ellipsis": ...,
    "empty": [],
    "endless": itertools.count(),
    "huge": 10**400,
    "bytes": b"1",
    "mask": np.ma.masked_array([1.0], mask=[True]),
    "matrix": np.zeros((0, 3)),
}
LOOP = []
LOOP.append(LOOP)
ODD["a list in itself"] = LOOP


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "function", [raises, exits, interrupts, recurses, asks, takes_nothing, raises_nasty]
)
def test_code_that_raises(name, function):
    result = check(function, name)
    assert result.attempted and not result.passed
    assert repr(result) and result._repr_html_()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("odd", ODD)
def test_odd_results(name, odd):
    result = check(returns(ODD[odd]), name)
    assert not result.passed
    assert repr(result) and result._repr_html_()


def test_the_line_that_raised_is_shown():
    result = check(raises, "steps_per_epoch")
    assert result.misconception == "raises-an-error"
    assert "ZeroDivisionError: division by zero" in repr(result)
    assert "return 1 / 0" in repr(result)


def loops(*arguments):
    while True:
        pass


def loops_and_catches(*arguments):
    while True:
        with contextlib.suppress(Exception):
            time.sleep(0.01)


def loops_and_catches_everything(*arguments):
    until = time.monotonic() + 2.5
    while time.monotonic() < until:
        with contextlib.suppress(BaseException):
            time.sleep(0.001)
    while True:
        pass


def loops_and_prints(*arguments):
    while True:
        print("x" * 1000)


def yields_for_ever(*arguments):
    while True:
        yield 1


@pytest.mark.parametrize("function", [loops, loops_and_catches, loops_and_prints])
def test_endless_loops(function, capsys, monkeypatch):
    monkeypatch.setattr(checking, "SECONDS", 0.3)
    before = threading.active_count()
    result = check(function, "split_batches")
    assert result.misconception == "endless-loop"
    assert threading.active_count() == before  # the thread is gone
    assert capsys.readouterr() == ("", "")


def test_a_loop_that_catches_everything(monkeypatch):
    """It is asked to stop again and again; the checker answers in any case."""
    monkeypatch.setattr(checking, "SECONDS", 0.3)
    assert check(loops_and_catches_everything, "split_batches").misconception == "endless-loop"


def test_a_generator_without_end():
    result = check(yields_for_ever, "split_batches")
    assert result.attempted and not result.passed


def test_one_slow_call_of_c_does_not_hold_the_checker(monkeypatch):
    """Nothing can stop it, so it is left behind."""
    monkeypatch.setattr(checking, "SECONDS", 0.2)
    start = time.monotonic()
    result = check(lambda *arguments: time.sleep(5), "split_batches")
    assert result.misconception == "endless-loop"
    assert time.monotonic() - start < 4.5


def test_random_state_prints_and_warnings_stay_inside(capsys):
    def steps_per_epoch(num_samples, batch_size):
        random.seed(0)
        np.random.seed(0)  # noqa: NPY002
        np.seterr(all="raise")
        print("noise")
        np.float64(1) / np.float64(0)
        return -(-num_samples // batch_size)

    random.seed(123)
    np.random.seed(123)  # noqa: NPY002
    expected = random.random(), np.random.random()  # noqa: NPY002
    random.seed(123)
    np.random.seed(123)  # noqa: NPY002
    settings = np.geterr()
    check(steps_per_epoch)
    assert (random.random(), np.random.random()) == expected  # noqa: NPY002
    assert np.geterr() == settings
    assert capsys.readouterr() == ("", "")


def test_arguments_are_copies():
    def split_batches(indices, batch_size):
        batches = []
        for start in range(0, len(indices), batch_size):
            batches.append(indices[start : start + batch_size].copy())
            indices[start : start + batch_size] = -1
        return batches

    for _ in range(2):  # the second check sees the same numbers
        result = check(split_batches)
        assert result.misconception == "changes-its-input"
        assert "`indices`" in result.message


def test_the_learners_own_helpers_are_not_called(monkeypatch):
    """Somebody who breaks the names of the package still gets a right answer accepted."""
    for name in sgd.__all__:
        if callable(getattr(sgd, name)) and not isinstance(getattr(sgd, name), type):
            monkeypatch.setattr(sgd, name, raises)
    assert check(lambda n, b: -(-n // b), "steps_per_epoch").passed
    assert check(lambda n, rng: rng.permutation(n), "shuffle_indices").passed


# ---- Which exercise? ---------------------------------------------------------------------------


def test_which_exercise_is_meant():
    with pytest.raises(TypeError, match=r"write check\(relu\), not check\(relu\(x\)\)"):
        check(np.zeros(3))
    with pytest.raises(ValueError, match="Did you mean 'split_batches'"):
        check(lambda: 0, "split_batch")
    with pytest.raises(ValueError, match="name must be that of an exercise"):
        check(lambda: 0)
    with pytest.raises(TypeError, match="answer must be a function"):
        check(3, "split_batches")
    with pytest.raises(ValueError, match="Did you mean 'split_batches'"):
        hint("splitbatches")
    with pytest.raises(ValueError, match="Received: 'nothing_like_it'"):
        solution("nothing_like_it")


def test_a_text_for_a_function_is_said_so():
    with pytest.raises(TypeError, match="answer must be a function"):
        check("return 3", "split_batches")
