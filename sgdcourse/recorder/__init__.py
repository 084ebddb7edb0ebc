"""The recorder: open anybody's own ``model.fit``, and read what happened inside."""

from sgdcourse.recorder.recorder import record_fit
from sgdcourse.recorder.recording import Recording

__all__ = ["Recording", "record_fit"]
