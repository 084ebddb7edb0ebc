"""Compare what a function returned with what was expected, and put the difference into words."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

MOST_ELEMENTS = 100_000  # of an iterator, which may be endless
FLOAT32_TOLERANCE = 2e-4


class Odd:
    """A result that is neither a number, an array, a text nor a collection of such."""

    def __init__(self, value: object) -> None:
        self.kind = type(value).__name__

    def __repr__(self) -> str:
        return f"an object of the type {self.kind}"


def plain(value: Any, depth: int = 8) -> Any:
    """Turn a result into numbers, arrays, texts, lists and dicts, so that any two can be compared.

    Tuples, generators and other iterators become lists; tensors become arrays. What is left is
    Odd: no method of an unknown class is called when we compare.
    """
    if value is None or type(value) in (bool, float, str):
        return value
    if type(value) is int:
        return value if abs(value) < 2**63 else Odd(value)
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, Odd):
        return value
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in "biuf":
            return Odd(value)
        return np.array(value, subok=False) if value.ndim else plain(value.item())
    if depth == 0:
        return Odd(value)
    if type(value) is dict:
        return {str(key): plain(element, depth - 1) for key, element in value.items()}
    if isinstance(value, (list, tuple, range, Iterator)):
        return [plain(element, depth - 1) for element in islice(value, MOST_ELEMENTS)]
    if type(value).__module__.partition(".")[0] in ("tensorflow", "keras"):
        return plain(np.asarray(value), depth - 1)
    return Odd(value)


def same(expected: Any, got: Any, relative_tolerance: float) -> bool:
    """Say whether two plain results are equal, up to rounding."""
    return first_difference(expected, got, relative_tolerance) is None


@dataclass(frozen=True)
class Difference:
    """Where two results first differ.

    Attributes
    ----------
    place : str
        "" for the whole result, "[1]" for its element 1, "['loss'][0]" and so on.
    expected, got : object
        The two things that stand there.
    kind : str
        "type", "length", "shape", "dtype" or "value".
    """

    place: str
    expected: Any
    got: Any
    kind: str


def first_difference(
    expected: Any, got: Any, relative_tolerance: float, place: str = ""
) -> Difference | None:
    """Walk through two plain results side by side, up to the first difference."""
    if isinstance(expected, dict):
        return _first_of_dict(expected, got, relative_tolerance, place)
    if isinstance(expected, list):
        return _first_of_list(expected, got, relative_tolerance, place)
    if isinstance(expected, np.ndarray):
        return _of_array(expected, got, relative_tolerance, place)
    if isinstance(expected, (bool, int, float)):
        return _of_number(expected, got, relative_tolerance, place)
    equal = type(expected) is type(got) and (expected is None or expected == got)
    kind = "value" if type(expected) is type(got) else "type"
    return None if equal else Difference(place, expected, got, kind)


def _first_of_dict(
    expected: dict[str, Any], got: Any, relative_tolerance: float, place: str
) -> Difference | None:
    if not isinstance(got, dict):
        return Difference(place, expected, got, "type")
    for key, element in expected.items():
        if key not in got:
            return Difference(place, expected, got, "length")
        difference = first_difference(element, got[key], relative_tolerance, f"{place}[{key!r}]")
        if difference:
            return difference
    return None if len(got) == len(expected) else Difference(place, expected, got, "length")


def _first_of_list(
    expected: list[Any], got: Any, relative_tolerance: float, place: str
) -> Difference | None:
    if not isinstance(got, (list, np.ndarray)):
        return Difference(place, expected, got, "type")
    if len(got) != len(expected):
        return Difference(place, expected, got, "length")
    for index, (element, other) in enumerate(zip(expected, got, strict=True)):
        difference = first_difference(
            element, plain(other), relative_tolerance, f"{place}[{index}]"
        )
        if difference:
            return difference
    return None


def _of_array(
    expected: np.ndarray[Any, Any], got: Any, relative_tolerance: float, place: str
) -> Difference | None:
    array = as_array(got)
    if array is None:
        return Difference(place, expected, got, "type")
    if array.shape != expected.shape:
        return Difference(place, expected, array, "shape")
    if not _close(expected, array, relative_tolerance):
        return Difference(place, expected, array, "value")
    if expected.size and expected.dtype.kind in "iu" and array.dtype.kind == "f":
        return Difference(place, expected, array, "dtype")
    if expected.dtype == np.float64 and array.dtype in (np.float16, np.float32):
        return Difference(place, expected, array, "dtype")
    return None


def _of_number(
    expected: float, got: Any, relative_tolerance: float, place: str
) -> Difference | None:
    if not isinstance(got, (bool, int, float)):
        kind = "shape" if as_array(got) is not None else "type"
        return Difference(place, expected, got, kind)
    # One number may come from float32 arrays, which nobody can see in it.
    tolerance = max(relative_tolerance, 1e-6) if relative_tolerance else 0.0
    if not _close(np.float64(expected), np.float64(got), tolerance):
        return Difference(place, expected, got, "value")
    if isinstance(expected, int) and isinstance(got, float):
        return Difference(place, expected, got, "dtype")
    return None


def _close(expected: Any, got: Any, relative_tolerance: float) -> bool:
    if expected.dtype.kind in "biu" and got.dtype.kind in "biu":
        return bool(np.array_equal(expected, got))
    if relative_tolerance and {expected.dtype, got.dtype} & {np.dtype("f4"), np.dtype("f2")}:
        relative_tolerance = max(relative_tolerance, FLOAT32_TOLERANCE)
    finite = np.abs(expected[np.isfinite(expected)])
    largest = float(finite.max()) if finite.size else 0.0
    return bool(
        np.allclose(
            got,
            expected,
            relative_tolerance,
            relative_tolerance * (largest or 1e-5),
            equal_nan=True,
        )
    )


def as_array(value: Any) -> np.ndarray[Any, Any] | None:
    """Return a list of numbers, nested as it may be, as an array; None if it is something else."""
    if isinstance(value, np.ndarray):
        return value
    if not isinstance(value, (list, bool, int, float)):
        return None
    try:
        array = np.asarray(value)
    except ValueError:  # lists of different lengths
        return None
    return array if array.dtype.kind in "biuf" else None


def ratio_in_words(difference: Difference) -> str:
    """Say by which factor two results differ, if it is the same factor everywhere."""
    expected, got = as_array(difference.expected), as_array(difference.got)
    if difference.kind != "value" or expected is None or got is None:
        return ""
    if expected.dtype.kind != "f":  # 937 batches instead of 938: the ratio says nothing
        return ""
    expected, got = expected.astype(float), got.astype(float)
    if not (np.isfinite(expected).all() and np.isfinite(got).all()):
        return ""
    counts = np.abs(expected) > 1e-9 * np.abs(expected).max(initial=0)
    if not counts.any() or np.abs(got[~counts]).max(initial=0) > 1e-6 * np.abs(got).max(initial=0):
        return ""
    ratios = got[counts] / expected[counts]
    ratio = float(ratios.mean())
    if np.abs(ratios - ratio).max() > 1e-3 * abs(ratio) or abs(ratio) < 1e-9:
        return ""
    inverse = max(abs(ratio), 1 / abs(ratio))
    if ratios.size == 1 and abs(inverse - round(inverse)) > 1e-3 * inverse:
        return ""  # of a single number only twice, half and so on say something
    if abs(ratio + 1) < 1e-3:
        return "the same size with the opposite sign"
    sign = ", with the opposite sign" if ratio < 0 else ""
    size = abs(ratio)
    where = " everywhere" if ratios.size > 1 else ""
    if size >= 1:
        return f"{number(size)} times as large{where}{sign}"
    return f"1/{number(1 / size)} of what is expected{where}{sign}"


def number(value: float) -> str:
    """Write a number with up to four digits."""
    return f"{value:.4g}"


def in_words(value: Any) -> str:
    """Write a plain result in a few lines at most."""
    if isinstance(value, np.ndarray):
        return _array_in_words(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or isinstance(value, int):
        return repr(value)
    if isinstance(value, float):
        return number(value)
    if isinstance(value, list):
        return _sequence_in_words([in_words(element) for element in value])
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {in_words(value[key])}" for key in islice(value, 6)) + "}"
    text = repr(value)
    return text if len(text) <= 300 else text[:300] + " ..."


def _array_in_words(array: np.ndarray[Any, Any]) -> str:
    if array.size > 40:
        few = np.array2string(array.ravel()[:4], separator=", ", precision=4)
        return f"an array of the shape {array.shape}, beginning with {few}"
    positive_zeros = array + 0  # no -0.
    return np.array2string(positive_zeros, separator=", ", precision=4, suppress_small=True)


def _sequence_in_words(elements: Iterable[str]) -> str:
    elements = list(elements)
    shown = [*elements[:8], "..."] if len(elements) > 9 else elements
    separator = ",\n " if any("\n" in element for element in shown) else ", "
    return "[" + separator.join(shown) + "]"
