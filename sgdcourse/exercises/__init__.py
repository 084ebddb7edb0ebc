"""Exercises: write a piece of `fit` yourself, and learn what you were thinking if it is wrong."""

from sgdcourse.exercises.checking import CheckResult, check
from sgdcourse.exercises.predictions import commit_prediction
from sgdcourse.exercises.progress import progress
from sgdcourse.exercises.quizzes import concept_test, quiz, recall
from sgdcourse.exercises.solutions import hint, solution

__all__ = [
    "CheckResult",
    "check",
    "commit_prediction",
    "concept_test",
    "hint",
    "progress",
    "quiz",
    "recall",
    "solution",
]
