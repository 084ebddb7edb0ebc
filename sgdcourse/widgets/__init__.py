"""Demos for the notebooks: drag, and see what changes. One function per demo."""

from sgdcourse.widgets.dealer import dealer
from sgdcourse.widgets.demo import Demo
from sgdcourse.widgets.digit import digit
from sgdcourse.widgets.hooks import hooks
from sgdcourse.widgets.live import live
from sgdcourse.widgets.noise import noise
from sgdcourse.widgets.rate_map import rate_map
from sgdcourse.widgets.stepper import stepper
from sgdcourse.widgets.two_runs import two_runs
from sgdcourse.widgets.valley import valley

__all__ = [
    "Demo",
    "dealer",
    "digit",
    "hooks",
    "live",
    "noise",
    "rate_map",
    "stepper",
    "two_runs",
    "valley",
]
