"""All exercises, one file per notebook."""

import difflib
from typing import Any

from sgdcourse.exercises.catalogue import (
    batching,
    callbacks,
    customizing,
    data_parallel,
    epochs,
    forward_pass,
    gradients,
    parity,
    update_rule,
)
from sgdcourse.exercises.exercise import Exercise

LESSONS = (
    batching,
    forward_pass,
    gradients,
    update_rule,
    epochs,
    parity,
    customizing,
    callbacks,
    data_parallel,
)
EXERCISES: dict[str, Exercise] = {
    exercise.name: exercise for lesson in LESSONS for exercise in lesson.EXERCISES
}


def find_exercise(answer: Any, name: str | None) -> Exercise:
    """Return the exercise that is meant, or say why that cannot be told."""
    if name is None:
        if not callable(answer) or not hasattr(answer, "__name__"):
            raise TypeError(
                "answer must be a function: write check(relu), not check(relu(x)). Received: "
                f"an object of the type {type(answer).__name__}. (To order lines, the name of the "
                'exercise follows: check("A B C", "order_train_step").)'
            )
        name = str(answer.__name__)
    if name in EXERCISES:
        return EXERCISES[name]
    near = difflib.get_close_matches(name, EXERCISES, n=1)
    advice = f"Did you mean {near[0]!r}? " if near else ""
    raise ValueError(
        f"name must be that of an exercise. Received: {name!r}. {advice}"
        "If your function has another name: check(my_function, 'name of the exercise')."
    )
