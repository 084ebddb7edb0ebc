"""The questions that learners ask, and a search in them: notebook 11."""

from sgdcourse.faq.box import SearchBox, search
from sgdcourse.faq.questions import Found, Lesson, Question, all_questions, find, index

__all__ = ["Found", "Lesson", "Question", "SearchBox", "all_questions", "find", "index", "search"]
