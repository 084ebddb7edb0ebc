"""Demo of notebook 08: which hook is called when, and with which logs."""

from collections.abc import Mapping, Sequence

from sgdcourse import plots
from sgdcourse.widgets.demo import Demo, whole_numbers

Call = tuple[str, int | None, Mapping[str, float]]
Bar = tuple[str, int, int, str]


def bars(calls: Sequence[Call]) -> list[Bar]:
    """Return (name, first call, last call, number) of each pair of ``_begin`` and ``_end``."""
    if not calls:
        raise ValueError("calls must hold at least one call of a hook. Received: none.")
    opened: dict[str, int] = {}
    found = []
    for place, (hook, number, _) in enumerate(calls, start=1):
        name, _, end = hook.rpartition("_")
        if end == "begin":
            opened[name] = place
        elif name not in opened:
            raise ValueError(f"calls must hold {name}_begin before {hook}, call {place}.")
        else:
            found.append((name, opened[name], place, "" if number is None else str(number)))
    return sorted(found, key=lambda bar: (bar[1], -bar[2]))


def hooks(calls: Sequence[Call]) -> Demo:
    """Walk through the calls of a callback.

    Parameters
    ----------
    calls : sequence of (hook, number, logs)
        Such as ``("on_train_batch_end", 0, {"loss": 0.7})``; the number is that of the epoch or
        batch, or None.

    Returns
    -------
    demo : Demo
        Its control: ``call``, counted from 1.

    Raises
    ------
    ValueError
        If there is no call, or an ``_end`` without its ``_begin``.

    Examples
    --------
    >>> demo = hooks([("on_epoch_begin", 0, {}), ("on_epoch_end", 0, {"loss": 0.5})])
    >>> demo.set(call=2)
    >>> print(demo.text)
    Call 2 of 2: on_epoch_end(0, {"loss": 0.5000}).
    """
    figure, ax = plots.subplots(height=3.2)
    lanes = bars(calls)

    def look(call: int) -> tuple[str, str]:
        plots.timeline(ax, lanes, call)
        hook, number, logs = calls[call - 1]
        written = ", ".join(f'"{name}": {value:.4f}' for name, value in logs.items())
        arguments = ", ".join(
            filter(None, ["" if number is None else str(number), f"{{{written}}}"])
        )
        inside = [name for name, first, last, _ in lanes if first < call < last]
        text = f"Call {call} of {len(calls)}: {hook}({arguments})."
        text += f" Open: {', '.join(f'{name}_...' for name in inside)}." if inside else ""
        spans = [f"{name} {label}".strip() + f" {a} to {b}" for name, a, b, label in lanes]
        alt = (
            f"Timeline of {len(calls)} calls. From call to call: {'; '.join(spans)}. "
            f"A line marks call {call}, {hook}."
        )
        return text, alt

    return Demo(
        figure,
        look,
        {"call": whole_numbers("call", 1, len(calls), 1)},
        play="call",
        interval=1000,
    )
