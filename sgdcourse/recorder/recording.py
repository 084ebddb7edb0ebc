"""The recording: what happened in a ``model.fit``, as numbers: read, saved, loaded."""

import importlib
from array import array
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sgdcourse._types import Array, Weights
from sgdcourse.recorder import storage

if TYPE_CHECKING:
    from sgdcourse.recorder.findings import Findings

COLUMNS = (
    "fit",
    "epoch",
    "batch",
    "size",
    "loss",
    "reported_loss",
    "rate",
    "gradient_norm",
    "step_norm",
    "velocity_norm",
    "weight_norm",
    "gradient_max",
    "rule_error",
)
KINDS = ("gradient", "step")  # the norms that are kept for every variable
FULL = ("before", "gradients", "velocities", "after")
NUMBER = 8  # bytes of a float64


class Recording:
    """What one or more calls of ``fit`` did, step by step. Steps are counted from 0.

    ``print(recording)`` gives a table, ``recording.explain()`` findings in words,
    ``recording.plot()`` a picture, ``recording["loss"]`` a column. It holds no more than
    ``megabytes``; the steps after that are only counted, in ``steps_not_kept``.

    Attributes
    ----------
    fits : list of dict
        What each ``fit`` was: its arguments, model, optimizer, data, and how it ended.
    epochs : list of dict
        Each epoch that was finished: "fit", "epoch", "logs" as Keras reports them, and
        "silent_units": layer -> [units of a ReLU layer without a gradient, all units].
    rows : list of (rows,) integers or None
        The row numbers of each step; None where ``fit`` was given no arrays.
    arrays : dict of dict of lists
        ``arrays[step]["gradients"]``, and "before", "after", "velocities": for ``full_steps``.
    megabytes : float
        The limit.
    steps_not_kept : int

    Notes
    -----
    The columns, a float64 per step, NaN where it was not seen: "fit", "epoch", "batch", counted
    from 0; "size", the rows of the batch; "loss" of this batch before its update; "reported_loss",
    the running mean that Keras reports; "rate"; the norms "gradient_norm" of the gradient as it
    comes from the loss, before any clipping, "step_norm" of what the update changed,
    "velocity_norm" after it, "weight_norm" before it, each over all variables; "gradient_max", the
    largest number of the gradient, with ``clipvalue`` only; "rule_error", the largest difference
    of a weight from what ``sgdcourse.SGD`` computes (relative, for weights
    above 1), at steps 0, 1, 2, 4, 8, ...

    Examples
    --------
    >>> recording = Recording(megabytes=1)
    >>> recording.fits.append({})
    >>> recording.add_step({"loss": 2.0, "size": 4}, {"gradient": {"kernel": 3.0}})
    >>> recording["loss"], recording.gradient_norms["kernel"]
    (array([2.]), array([3.]))
    >>> recording.bytes_kept
    112
    """

    def __init__(self, megabytes: float = 200) -> None:
        self.megabytes = megabytes
        self.fits: list[dict[str, Any]] = []
        self.epochs: list[dict[str, Any]] = []
        self.rows: list[Array | None] = []
        self.arrays: dict[int, dict[str, Weights]] = {}
        self.steps_not_kept = 0
        self._size = 0  # bytes, those included that were not kept
        self._columns: dict[str, array[float]] = {name: array("d") for name in COLUMNS}
        self._norms: dict[str, dict[str, array[float]]] = {kind: {} for kind in KINDS}

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, name: str) -> Array:
        if name not in self._columns:
            raise KeyError(
                f"name must be one of {', '.join(COLUMNS)}. Received: {name!r}. Norms of each "
                "variable stand in gradient_norms and step_norms."
            )
        return np.array(self._columns[name])

    @property
    def gradient_norms(self) -> dict[str, Array]:
        """For each variable the (steps,) norms of its gradient, NaN where it had none."""
        return {name: np.array(values) for name, values in self._norms["gradient"].items()}

    @property
    def step_norms(self) -> dict[str, Array]:
        """For each variable the (steps,) norms of the step that it took."""
        return {name: np.array(values) for name, values in self._norms["step"].items()}

    @property
    def bytes_kept(self) -> int:
        """The size of all that is kept."""
        numbers = sum(len(v) for v in self._columns.values())
        numbers += sum(len(v) for norms in self._norms.values() for v in norms.values())
        rows = sum(rows.nbytes for rows in self.rows if rows is not None)
        full = sum(_bytes(arrays) for arrays in self.arrays.values())
        return numbers * NUMBER + rows + full

    @property
    def steps_seen(self) -> int:
        """All steps: those that are kept, and those that are not."""
        return len(self) + self.steps_not_kept

    def check_not_empty(self) -> None:
        """Raise a ValueError if there is no step to be shown."""
        if not len(self):
            raise ValueError(
                "recording must have at least one step. Received: one without steps. Run model.fit "
                "inside the `with record_fit(model)` block first."
            )

    # ------------------------------------------------------------------------------- it grows

    def add_step(
        self,
        step: Mapping[str, float],
        norms: Mapping[str, Mapping[str, float]],
        rows: Array | None = None,
        full: dict[str, Weights] | None = None,
    ) -> None:
        """Keep one step, or count it if there is no room.

        Parameters
        ----------
        step : dict of float
            Some of ``COLUMNS``; the others become NaN.
        norms : dict of dict of float
            ``{"gradient": {variable: norm}, "step": {variable: norm}}``.
        rows : (rows,) integers, optional
        full : dict of lists of arrays, optional
            Under the names ``FULL``.
        """
        size = NUMBER * (len(COLUMNS) + sum(map(len, norms.values())))
        size += (0 if rows is None else rows.nbytes) + (_bytes(full) if full else 0)
        self._size += size
        if self.steps_not_kept or self._size > self.megabytes * 1e6:
            self.steps_not_kept += 1
            return
        number = len(self)
        for name, column in self._columns.items():
            column.append(step.get(name, np.nan))
        self._columns["fit"][number] = len(self.fits) - 1
        for kind, columns in self._norms.items():
            new = norms.get(kind, {})
            for name in [name for name in new if name not in columns]:
                columns[name] = array("d", [np.nan] * number)
            for name, column in columns.items():
                column.append(new.get(name, np.nan))
        if full:
            self.arrays[number] = full
        self.rows.append(rows)

    def add_epoch(
        self, epoch: int, logs: Mapping[str, Any], silent_units: Mapping[str, list[int]]
    ) -> None:
        """Keep what Keras reports at the end of an epoch.

        Parameters
        ----------
        epoch : int
            Counted from 0.
        logs : dict
        silent_units : dict of two integers
            ReLU layer -> units that had no gradient in this epoch, and how many it has.
        """
        self.epochs.append(
            {
                "fit": len(self.fits) - 1,
                "epoch": epoch,
                "logs": {name: float(np.mean(value)) for name, value in logs.items()},
                "silent_units": dict(silent_units),
            }
        )

    def fit(self, number: int) -> "Recording":
        """Return the recording of one ``fit`` alone.

        Parameters
        ----------
        number : int
            0 for the first.

        Returns
        -------
        recording : Recording
        """
        steps = np.flatnonzero(self["fit"] == number)
        chosen = Recording(self.megabytes)
        chosen.fits = [self.fits[number]]
        chosen.epochs = [epoch | {"fit": 0} for epoch in self.epochs if epoch["fit"] == number]
        chosen.rows = [self.rows[step] for step in steps]
        new_number = {step: number for number, step in enumerate(steps.tolist())}
        chosen.arrays = {new_number[s]: v for s, v in self.arrays.items() if s in new_number}
        last = number == len(self.fits) - 1
        chosen.steps_not_kept = self.steps_not_kept if last else 0
        for name in COLUMNS:
            chosen._columns[name] = array("d", self[name][steps])
        chosen._columns["fit"] = array("d", np.zeros(len(steps)))
        for kind, norms in self._norms.items():
            kept = {name: np.array(values)[steps] for name, values in norms.items()}
            chosen._norms[kind] = {name: array("d", values) for name, values in kept.items()}
        return chosen

    # ------------------------------------------------------------------------------ it is read

    def explain(self) -> "Findings":
        """Say in words what happened, with the numbers that show it.

        Returns
        -------
        findings : Findings
            Prints as text, and as a table in a notebook.
        """
        from sgdcourse.recorder.findings import explain

        return explain(self)

    def plot(self) -> Any:
        """Draw loss, gradient norms and rate over the steps.

        Returns
        -------
        picture : sgdcourse.plots.Picture
            For the last line of a cell; it has its description with it.
        """
        from sgdcourse.recorder.picture import picture  # matplotlib only for a picture

        return picture(self)

    def to_dataframe(self) -> Any:
        """Return the steps as a table of pandas: a line per step, a column per number.

        Returns
        -------
        table : pandas.DataFrame
            With "gradient_norm: kernel" for the variable "kernel", and "rows" as arrays.

        Raises
        ------
        ModuleNotFoundError
            If pandas is not installed.
        """
        try:
            pandas = importlib.import_module("pandas")  # nothing else here needs it
        except ImportError as error:
            raise ModuleNotFoundError(
                "to_dataframe needs pandas, which is not installed. `pip install pandas` installs "
                "it; recording['loss'] gives a column without it."
            ) from error
        table: dict[str, Any] = {name: self[name] for name in COLUMNS}
        for name in ("fit", "epoch", "batch", "size"):
            table[name] = table[name].astype(np.int64)
        for kind, norms in self._norms.items():
            table |= {f"{kind}_norm: {name}": np.array(v) for name, v in norms.items()}
        return pandas.DataFrame(table | {"rows": self.rows}).rename_axis("step")

    def save(self, path: str | Path) -> Path:
        """Write all into one ``.npz`` file, without pickle: arrays, and a header in JSON.

        Parameters
        ----------
        path : str or Path
            ".npz" is added if it is missing.

        Returns
        -------
        path : Path
        """
        header = {
            "megabytes": self.megabytes,
            "steps_not_kept": self.steps_not_kept,
            "fits": self.fits,
            "epochs": self.epochs,
            "norms": {kind: list(columns) for kind, columns in self._norms.items()},
            "full": {
                str(step): {name: len(values) for name, values in arrays.items()}
                for step, arrays in self.arrays.items()
            },
        }
        rows = [np.full(0, -1, np.int32) if rows is None else rows for rows in self.rows]
        arrays = {
            "row_counts": np.array([-1 if r is None else len(r) for r in self.rows], np.int64),
            "rows": np.concatenate([np.zeros(0, np.int32), *rows]),
        }
        arrays |= {f"column {name}": self[name] for name in COLUMNS}
        for kind, columns in self._norms.items():
            arrays |= {f"{kind} {i}": np.array(v) for i, v in enumerate(columns.values())}
        for step, full in self.arrays.items():
            for name, values in full.items():
                arrays |= {f"full {step} {name} {i}": v for i, v in enumerate(values)}
        return storage.write(path, header, arrays)

    @classmethod
    def load(cls, path: str | Path) -> "Recording":
        """Read what ``save`` has written. No code in the file is run.

        Parameters
        ----------
        path : str or Path

        Returns
        -------
        recording : Recording

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If it is damaged, or not a recording.
        """
        with storage.read(path) as (header, arrays):
            return cls._from_file(header, arrays)

    @classmethod
    def _from_file(cls, header: dict[str, Any], arrays: Mapping[str, Array]) -> "Recording":
        result = cls(megabytes=float(header["megabytes"]))
        result.fits, result.epochs = list(header["fits"]), list(header["epochs"])
        result.steps_not_kept = int(header["steps_not_kept"])
        counts = arrays["row_counts"]
        ends = np.cumsum(np.maximum(counts, 0))
        result.rows = [
            None if count < 0 else arrays["rows"][end - count : end]
            for count, end in zip(counts.tolist(), ends.tolist(), strict=True)
        ]
        result._columns = {name: _column(arrays[f"column {name}"], len(counts)) for name in COLUMNS}
        result._norms = {
            kind: {
                name: _column(arrays[f"{kind} {i}"], len(counts))
                for i, name in enumerate(header["norms"][kind])
            }
            for kind in KINDS
        }
        result.arrays = {
            int(step): {
                name: [arrays[f"full {step} {name} {i}"] for i in range(number)]
                for name, number in numbers.items()
            }
            for step, numbers in header["full"].items()
        }
        return result

    def __repr__(self) -> str:
        from sgdcourse.recorder.table import as_text

        return as_text(self)

    def _repr_html_(self) -> str:
        from sgdcourse.recorder.table import as_html

        return as_html(self)


def _column(values: Array, length: int) -> "array[float]":
    if values.shape != (length,):
        raise ValueError(f"a column has shape {values.shape} where there are {length} steps")
    return array("d", values)


def _bytes(arrays: Mapping[str, Weights]) -> int:
    return sum(values.nbytes for several in arrays.values() for values in several)
