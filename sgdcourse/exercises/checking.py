"""Check an answer, and say what the learner had in mind if it is wrong."""

import inspect
from dataclasses import dataclass
from typing import Any

import numpy as np

from sgdcourse.exercises._cards import Card
from sgdcourse.exercises.catalogue import find_exercise
from sgdcourse.exercises.comparing import (
    Difference,
    Odd,
    as_array,
    first_difference,
    in_words,
    plain,
    ratio_in_words,
    same,
)
from sgdcourse.exercises.exercise import Exercise, Function, Misconception
from sgdcourse.exercises.parsons import AnswerError, assemble, lettered_lines
from sgdcourse.exercises.progress import record
from sgdcourse.exercises.watching import (
    Raised,
    TimeLimit,
    Watched,
    raised_by,
    undisturbed,
    within,
)

SECONDS = 10.0  # for all cases together; the references take a few hundredths of one


@dataclass(frozen=True)
class CheckResult:
    """What the checker found. A notebook shows it as a card, a terminal as plain text.

    Attributes
    ----------
    name : str
        Name of the exercise.
    passed, attempted : bool
        ``attempted`` is False while the stub is untouched; such a check is not counted.
    misconception : str or None
        A stable name of the idea behind a wrong answer; None if the answer is right, or if the
        idea is not known.
    message : str
        The finding in one or two sentences.
    rows : tuple of (str, str)
        The lines of the card.
    """

    name: str
    passed: bool
    attempted: bool
    misconception: str | None
    message: str
    rows: tuple[tuple[str, str], ...] = ()

    def _card(self) -> Card:
        if self.passed:
            return Card("passed", f"{self.name}: passed", self.rows)
        if not self.attempted:
            status = self.message[0].lower() + self.message[1:].removesuffix(".")
            return Card("open", f"{self.name}: {status}", self.rows)
        return Card("wrong", f"{self.name}: not yet", self.rows)

    def __repr__(self) -> str:
        return repr(self._card())

    def _repr_html_(self) -> str:
        return self._card()._repr_html_()


def check(answer: Any, name: str | None = None) -> CheckResult:
    """Try out an answer to an exercise, and name the misconception behind a wrong one.

    Parameters
    ----------
    answer : callable or str
        Your function or class, without parentheses: ``check(relu)``. For "order the lines" the
        letters: ``check("C A B", "order_train_step")``.
    name : str, optional
        Name of the exercise, if the function has another one.

    Returns
    -------
    result : CheckResult
        With ``passed``, ``attempted``, ``misconception`` and ``message``.

    Raises
    ------
    TypeError, ValueError
        If it cannot be told which exercise is meant. Nothing that your function does raises here.

    Examples
    --------
    >>> def steps_per_epoch(num_samples, batch_size):
    ...     return num_samples // batch_size
    >>> result = check(steps_per_epoch)
    >>> result.passed, result.misconception
    (False, 'rounds-down')
    """
    exercise = find_exercise(answer, name)
    if not callable(answer) and not (exercise.lines and (isinstance(answer, str) or answer is ...)):
        kind = "the letters of the lines, in a text" if exercise.lines else "a function"
        raise TypeError(
            f"answer must be {kind}, for the exercise {exercise.name!r}. Received: an object of "
            f"the type {type(answer).__name__}."
        )
    if not callable(answer):
        return _check_order(exercise, "" if answer is ... else answer)
    if is_stub(answer):
        return _not_attempted(exercise)
    return _counted(exercise, _check_function(exercise, answer))


def _check_order(exercise: Exercise, answer: str) -> CheckResult:
    """Check the letters of "order the lines"."""
    lines = ("Lines", lettered_lines(exercise))
    if not answer.strip(" ."):
        how = f'Write the letters in order: `check("A B C", "{exercise.name}")`'
        return _not_attempted(exercise, lines, ("How", how))
    try:
        function = assemble(exercise, answer)
    except AnswerError as error:
        result = _wrong(exercise, None, str(error), lines)
    else:
        result = _check_function(exercise, function)
    return _counted(exercise, result)


def _counted(exercise: Exercise, result: CheckResult) -> CheckResult:
    """Note an attempt in the learner's progress."""
    if result.attempted:
        record(
            "exercise",
            name=exercise.name,
            notebook=exercise.notebook,
            passed=result.passed,
            misconception=result.misconception,
        )
    return result


def _check_function(exercise: Exercise, function: Function) -> CheckResult:
    """Run all cases and judge what was seen."""
    expected = observe(exercise, exercise.reference)
    watched = function if inspect.isclass(function) else Watched(function)
    with undisturbed() as printed:
        try:
            seen = within(SECONDS, lambda: observe(exercise, watched))
        except TimeLimit:
            return _wrong(
                exercise,
                "endless-loop",
                f"It was stopped after {SECONDS:.0f} seconds. Does each loop come to its end?",
            )
    differences = [
        first_difference(right, got, exercise.relative_tolerance)
        for right, got in zip(expected, seen, strict=True)
    ]
    first = next((number for number, found in enumerate(differences) if found), None)
    if first is None:
        return _all_agree(exercise, watched)

    difference = differences[first]
    assert difference is not None
    rows = _evidence(exercise.cases[first].words, difference)
    if exercise.given and agree(exercise, observe(exercise, exercise.given), seen):
        same_as_given = ("", "It behaves like the given version.")
        return _not_attempted(exercise, same_as_given, *rows, message="The fault is still there.")
    known = recognise(exercise, seen, first, difference)
    if known:
        return _wrong(exercise, known.id, known.cause, *rows)
    if isinstance(watched, Watched) and watched.changed:
        rows.append(("Besides", _changed(watched)))
    cause = generic_cause(
        difference,
        printed.getvalue(),
        none_is_meant=any(e is None for e in expected) and any(s is not None for s in seen),
        one_factor=_one_factor([found for found in differences if found]),
    )
    return _wrong(exercise, *cause, *rows)


def _one_factor(differences: list[Difference]) -> bool:
    """Say whether a factor explains all that differs: one ratio of two single numbers is chance."""
    if not all(ratio_in_words(difference) for difference in differences):
        return False
    return sum(np.size(difference.expected) for difference in differences) > 1


def observe(exercise: Exercise, function: Function) -> list[Any]:
    """Run all cases of an exercise with this function; an exception is an observation, too."""
    as_it_is = inspect.isclass(function) or isinstance(function, Watched)
    watched = function if as_it_is else Watched(function)
    seen = []
    for case in exercise.cases:
        try:
            with np.errstate(all="ignore"):  # an overflow is seen in the result
                seen.append(plain(case.observe(watched)))
        except TimeLimit:
            raise
        except BaseException as error:
            if not isinstance(watched, Watched):
                seen.append(raised_by(error, watched))
            elif error is watched.raised:
                seen.append(raised_by(error, watched.function))
            else:  # the case could do nothing with the result
                seen.append(watched.result)
    return seen


def agree(exercise: Exercise, ones: list[Any], others: list[Any]) -> bool:
    """Say whether two lists of observations are equal, up to rounding."""
    pairs = zip(ones, others, strict=True)
    return all(same(one, other, exercise.relative_tolerance) for one, other in pairs)


def recognise(
    exercise: Exercise, seen: list[Any], first: int, difference: Difference
) -> Misconception | None:
    """Find the wrong version that behaves like the learner's function.

    It does so in all cases; or, since the same idea has variants, it is the only one that gives
    the same result in the first case that differs. A yes or no, or a count, is no such result: too
    many ideas lead to it.
    """
    alike = []
    for misconception in exercise.misconceptions:
        ways = [observe(exercise, w) for w in (misconception.wrong, *misconception.variants)]
        if any(agree(exercise, way, seen) for way in ways):
            return misconception
        if any(same(way[first], seen[first], exercise.relative_tolerance) for way in ways):
            alike.append(misconception)
    telling = difference.kind != "dtype" and isinstance(seen[first], (float, list, np.ndarray))
    return alike[0] if telling and len(alike) == 1 else None


def is_stub(function: Any) -> bool:
    """Say whether the body is still `...`, with or without a docstring."""
    if inspect.isclass(function):
        methods = [value for name, value in vars(function).items() if inspect.isfunction(value)]
        return all(is_stub(method) for method in methods)
    code = getattr(function, "__code__", None)
    if code is None:
        return False
    stub = _stub_with_docstring if function.__doc__ else _stub
    constants = code.co_consts in ((None,), (function.__doc__, None))
    return constants and code.co_code == stub.__code__.co_code


def _stub() -> None: ...


def _stub_with_docstring() -> None:
    """Nothing below this line."""


# ---- Ideas that every exercise knows -----------------------------------------------------------


def generic_cause(
    difference: Difference, printed: str, none_is_meant: bool, one_factor: bool
) -> tuple[str | None, str]:
    """Name what can be told without knowing the exercise; (None, advice) if that is nothing."""
    expected, got = difference.expected, difference.got
    if isinstance(got, Raised):
        if "truth value of an array" in got.message:
            return (
                "if-on-an-array",
                "`if`, `and`, `or` and Python's `max` want one yes or no. A comparison of an array "
                "gives one for each element.",
            )
        return "raises-an-error", "Your function stopped with an error before it had a result."
    if got is None:
        if printed.strip():
            return (
                "prints-instead-of-returning",
                "It prints its result and returns `None`. A `print` is for people; the code that "
                "calls your function only gets what it returns.",
            )
        if none_is_meant:
            return None, "It returned `None`, and there is something else to return here."
        return "returns-nothing", "It returned `None`. Is there a `return` on every way through?"
    if isinstance(got, Odd) or difference.kind == "type":
        return "wrong-type", "What it returned is of another kind than what is asked for."
    if difference.kind == "length":
        return "wrong-length", "It returned another number of elements."
    if difference.kind == "shape":
        return _cause_of_shape(expected, as_array(got))
    if difference.kind == "dtype":
        return "wrong-dtype", _cause_of_dtype(expected)
    return _cause_of_value(difference, as_array(expected), as_array(got), one_factor)


def _cause_of_shape(expected: Any, got: Any) -> tuple[str, str]:
    wanted = np.shape(expected)
    if got.ndim == 2 and got.T.shape == wanted:
        return "transposed", f"The shape {got.shape} is {wanted} with rows and columns exchanged."
    if got.size == np.size(expected):
        return (
            "wrong-shape",
            f"The shape {got.shape} holds as many numbers as {wanted}, and still it is another "
            "shape: a column (n, 1) and a line (n,) together broadcast to (n, n).",
        )
    return "wrong-shape", f"The shape is {got.shape}, and {wanted} is asked for."


def _cause_of_dtype(expected: Any) -> str:
    if isinstance(expected, (int, bool)) or as_array(expected).dtype.kind in "biu":  # type: ignore[union-attr]
        return "The numbers are right, but they are floats: a count or a row number is an integer."
    return "The input was float64 and the result has less: half of the digits are lost."


def _cause_of_value(
    difference: Difference, expected: Any, got: Any, one_factor: bool
) -> tuple[str | None, str]:
    if expected is None or got is None:
        return None, "The case above shows where it goes another way."
    if np.isfinite(expected).all() and not np.isfinite(got).all():
        return "not-finite", "There is a nan or an inf in the result: an overflow, or 0 / 0."
    ratio = ratio_in_words(difference)
    if "opposite sign" in ratio:
        return "opposite-sign", "The sign is turned around."
    if ratio and one_factor:
        return "constant-factor", "The direction is right and the size is not: look for a factor."
    if expected.ndim == 2 and expected.shape == got.T.shape and np.allclose(expected, got.T):
        return "transposed", "Rows and columns are exchanged."
    return None, "The case above shows where it goes another way."


# ---- Results -----------------------------------------------------------------------------------


def _evidence(case: str, difference: Difference) -> list[tuple[str, str]]:
    """Make the lines that show the first case that differs."""
    place = f" in result{difference.place}" if difference.place else ""
    rows = [
        ("Case", case),
        ("Expected" + place, in_words(difference.expected)),
        ("Got" + place, in_words(difference.got)),
    ]
    ratio = ratio_in_words(difference)
    return [*rows, ("Ratio", f"What you got is {ratio}.")] if ratio else rows


def _not_attempted(
    exercise: Exercise, *rows: tuple[str, str], message: str = "Not attempted yet."
) -> CheckResult:
    rows = (("Asked", exercise.task), *rows)
    return CheckResult(exercise.name, False, False, None, message, rows)


def _wrong(
    exercise: Exercise, misconception: str | None, cause: str, *rows: tuple[str, str]
) -> CheckResult:
    label = "Likely cause" if misconception else "Look at"
    help_row = ("Help", f'`hint("{exercise.name}")`')
    return CheckResult(
        exercise.name,
        False,
        True,
        misconception,
        cause,
        (("Asked", exercise.task), *rows, (label, cause), help_row),
    )


def _all_agree(exercise: Exercise, watched: Any) -> CheckResult:
    """All results are right; what remains is what the function did besides."""
    if isinstance(watched, Watched) and watched.changed:
        return _wrong(exercise, "changes-its-input", _changed(watched))
    cases = f"All {len(exercise.cases)} cases agree with the course's own version."
    more = f'`solution("{exercise.name}")` shows how the course writes it.'
    return CheckResult(exercise.name, True, True, None, cases, (("", cases), ("Compare", more)))


def _changed(watched: Watched) -> str:
    names = " and ".join(f"`{name}`" for name in sorted(watched.changed))
    return (
        f"It changes {names} in place, and whoever called it still needs the old numbers: "
        "make new arrays instead."
    )
