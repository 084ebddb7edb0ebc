"""What a class has done: the exports of its learners, read and counted for the instructor."""

from sgdcourse.classroom.counting import Classroom, Idea, Learner
from sgdcourse.classroom.reading import read_class

__all__ = ["Classroom", "Idea", "Learner", "read_class"]
