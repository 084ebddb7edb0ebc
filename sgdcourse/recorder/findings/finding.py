"""What a finding is, and how several print."""

import html
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from textwrap import wrap
from typing import Any

import numpy as np

from sgdcourse._types import Array


@dataclass(frozen=True)
class Finding:
    """One thing that is so in a recording.

    Attributes
    ----------
    name : str
        Always the same for the same kind of finding.
    sentence : str
        What is so, and what it means.
    evidence : dict
        The numbers that show it.
    look : bool
        True for what may be a mistake, False for what is good to know.
    fit : int
        In which ``fit`` of the recording, counted from 0.

    Examples
    --------
    >>> Finding("small_last_batch", "The last batch has 1 row.", {"rows": 1})
      small_last_batch
        The last batch has 1 row.
          rows 1
    """

    name: str
    sentence: str
    evidence: dict[str, Any] = field(default_factory=dict)
    look: bool = False
    fit: int = 0

    @property
    def numbers(self) -> str:
        """The evidence as words."""
        return ", ".join(f"{n.replace('_', ' ')} {shown(v)}" for n, v in self.evidence.items())

    def lines(self, where: str = "") -> list[str]:
        """Return what is printed; where comes before the name."""
        lines = [f"{'! ' if self.look else '  '}{where}{self.name}"]
        lines += [f"    {line}" for line in wrap(self.sentence, 92)]
        lines += [f"      {line}" for line in wrap(self.numbers, 90)]
        return lines

    def __repr__(self) -> str:
        return "\n".join(self.lines())


class Findings:
    """The findings of a recording; what may be a mistake comes first.

    ``findings["running_mean"]`` is the finding of this name, ``"running_mean" in findings`` says
    whether there is one, a loop goes through all, and ``findings.marked`` are those that may be a
    mistake.

    Parameters
    ----------
    found : list of Finding
    title : str
        What was recorded.

    Examples
    --------
    >>> findings = Findings([Finding("small_last_batch", "The last batch has 1 row.")], "one fit")
    >>> "small_last_batch" in findings, "dead_relus" in findings
    (True, False)
    >>> print(findings)
    one fit: 1 finding
    <BLANKLINE>
      small_last_batch
        The last batch has 1 row.
    """

    def __init__(self, found: list[Finding], title: str) -> None:
        self.found = sorted(found, key=lambda finding: not finding.look)
        self.title = title

    @property
    def names(self) -> list[str]:
        """The names of what was found."""
        return [finding.name for finding in self.found]

    @property
    def marked(self) -> "Findings":
        """Only those that may be a mistake."""
        return Findings([finding for finding in self.found if finding.look], self.title)

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def __getitem__(self, name: str) -> Finding:
        for finding in self.found:
            if finding.name == name:
                return finding
        raise KeyError(
            f"name must be that of a finding in this recording: {', '.join(self.names) or 'none'}. "
            f"Received: {name!r}."
        )

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.found)

    def __len__(self) -> int:
        return len(self.found)

    def _where(self, finding: Finding) -> str:
        several = len({finding.fit for finding in self.found}) > 1
        return f"fit {finding.fit + 1}, " if several else ""

    def __str__(self) -> str:
        lines = [f"{self.title}: {count(len(self), 'finding')}"]
        for finding in self.found:
            lines += ["", *finding.lines(self._where(finding))]
        if any(finding.look for finding in self.found):
            lines += ["", "! have a look: it may be a mistake"]
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        style = 'style="text-align: left; vertical-align: top"'
        head = "".join(f'<th scope="col" {style}>{t}</th>' for t in ("", "finding", "evidence"))
        rows = []
        for finding in self.found:
            name = f"<br><code>{html.escape(self._where(finding) + finding.name)}</code>"
            cells = [
                "<b>have a look</b>" if finding.look else "good to know",
                html.escape(finding.sentence) + name,
                html.escape(finding.numbers),
            ]
            rows.append("<tr>" + "".join(f"<td {style}>{cell}</td>" for cell in cells) + "</tr>")
        caption = html.escape(f"{self.title}: {count(len(self), 'finding')}")
        return (
            f'<table><caption style="text-align: left">{caption}</caption>'
            f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
        )


def in_fit(finding: Finding, fit: int) -> Finding:
    """Say in which fit it was found."""
    return replace(finding, fit=fit)


# ---------------------------------------------------------------------- words, and what is counted


def shown(value: Any) -> str:
    """Return a number as a reader wants it: four digits, thousands apart."""
    if isinstance(value, (bool, str)) or value is None:
        return str(value)
    if isinstance(value, (list, tuple)):
        most = 10
        more = f", ... {len(value) - most} more" if len(value) > most else ""
        return f"[{', '.join(map(shown, value[:most]))}{more}]"
    if isinstance(value, int) or (np.isfinite(value) and value == int(value) and abs(value) < 1e9):
        return f"{int(value):,}"
    return f"{value:.4g}"


def count(number: int, word: str) -> str:
    """Say how many.

    Examples
    --------
    >>> count(1, "row"), count(2000, "row"), count(2, "batch"), count(0, "epoch")
    ('1 row', '2,000 rows', '2 batches', '0 epochs')
    """
    plural = word if number == 1 else word + ("es" if word.endswith(("tch", "ss")) else "s")
    return f"{number:,} {plural}"


def listed(words: list[str]) -> str:
    """Join words: a, b and c; the many cut short."""
    if len(words) > 6:
        words = [*words[:5], f"{len(words) - 5} more"]
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def epochs(recording: Any) -> list[Array]:
    """Return the step numbers of each epoch."""
    epoch = recording["epoch"]
    starts = np.flatnonzero(np.diff(epoch)) + 1
    return [steps for steps in np.split(np.arange(len(epoch)), starts) if len(steps)]


def logged(recording: Any, name: str) -> Array:
    """Return one value per finished epoch, NaN where Keras reported none."""
    return np.array([epoch["logs"].get(name, np.nan) for epoch in recording.epochs], np.float64)


def layers(facts: dict[str, Any], *kinds: str) -> list[dict[str, Any]]:
    """Return the layers of these kinds."""
    return [layer for layer in facts.get("layers", []) if layer["kind"] in kinds]
