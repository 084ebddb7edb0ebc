"""What a recording shows, in words: one small function per finding."""

import warnings

from sgdcourse.recorder.findings.data import DATA
from sgdcourse.recorder.findings.finding import Finding, Findings, count, in_fit
from sgdcourse.recorder.findings.gradients import GRADIENTS
from sgdcourse.recorder.findings.loss import LOSS
from sgdcourse.recorder.findings.outputs import OUTPUTS
from sgdcourse.recorder.findings.run import RUN
from sgdcourse.recorder.findings.update import UPDATE
from sgdcourse.recorder.recording import Recording

__all__ = ["ALL", "Finding", "Findings", "explain"]

ALL = [
    *RUN,
    *DATA,
    *OUTPUTS,
    *LOSS,
    *GRADIENTS,
    *UPDATE,
]  # each: (recording of one fit) -> Finding or None


def explain(recording: Recording) -> Findings:
    """Ask every function in ``ALL`` about every ``fit`` of the recording.

    Parameters
    ----------
    recording : Recording

    Returns
    -------
    findings : Findings

    Examples
    --------
    >>> explain(Recording())
    0 fits, 0 steps: 0 findings
    """
    found = []
    with warnings.catch_warnings():  # columns that are all NaN say nothing, and need no warning
        warnings.simplefilter("ignore", RuntimeWarning)
        for number in range(len(recording.fits)):
            one = recording.fit(number)
            findings = [look_for(one) for look_for in ALL]
            found += [in_fit(finding, number) for finding in findings if finding is not None]
    title = f"{count(len(recording.fits), 'fit')}, {count(len(recording), 'step')}"
    return Findings(found, title)
