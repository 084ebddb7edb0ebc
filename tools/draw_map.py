"""Draw the map of `fit`, once for each notebook with its stage lit.

python tools/draw_map.py        writes notebooks/images/map_*.svg
"""

from pathlib import Path

IMAGES = Path(__file__).parent.parent / "notebooks" / "images"

INK, PAPER, LIT, QUIET, LINE = "#1b2a3a", "#ffffff", "#0b5fa5", "#eef2f6", "#8a99a8"
LIT_FRAME = "#d9eafa"
FONT = "font-family='Helvetica, Arial, sans-serif'"

# stage -> the boxes and frames that are lit
STAGES = {
    "whole": set(),
    "01": {"shuffle", "batch"},
    "02": {"forward"},
    "03": {"gradients"},
    "04": {"update"},
    "05": {"epoch", "report"},
    "06": {"keras"},
    "07": {"batch", "update"},
    "08": {"epoch", "batches"},
    "09": {"batches", "forward", "gradients", "update"},
    "10": {"batch", "gradients", "update"},
    "11": {"shuffle", "batch", "forward", "gradients", "update", "report"},
}

# name, x, y, width, height, lines of text, number of the notebook
BOXES = [
    ("data", 14, 92, 86, 62, ["data", "x, y"], "00"),
    ("shuffle", 142, 92, 92, 62, ["shuffle", "row numbers"], "01"),
    ("batch", 276, 92, 92, 62, ["batch", "32 rows"], "01"),
    ("forward", 392, 92, 106, 62, ["forward pass", "and loss"], "02"),
    ("gradients", 522, 92, 92, 62, ["gradients", "of the mean"], "03"),
    ("update", 638, 92, 92, 62, ["update", "all weights"], "04, 07"),
    ("report", 776, 92, 92, 62, ["report", "running means"], "05"),
    ("keras", 142, 226, 750, 38, ["at every stage: does tf.keras compute the same numbers?"], "06"),
]
FRAMES = [
    ("epoch", 122, 26, 770, 186, "for each epoch"),
    ("batches", 256, 58, 494, 132, "for each batch"),
]
ARROWS = [(100, 142), (234, 276), (368, 392), (498, 522), (614, 638), (730, 776)]


def text(x: float, y: float, words: str, size: int, colour: str, weight: str = "normal") -> str:
    return (
        f"<text x='{x}' y='{y}' font-size='{size}' fill='{colour}' font-weight='{weight}' "
        f"text-anchor='middle' {FONT}>{words}</text>"
    )


def rectangle(x: float, y: float, width: float, height: float, fill: str, stroke: str) -> str:
    return (
        f"<rect x='{x}' y='{y}' width='{width}' height='{height}' rx='8' fill='{fill}' "
        f"stroke='{stroke}' stroke-width='1.5'/>"
    )


def draw(stage: str) -> str:
    """Return the map as SVG, with the boxes of one stage lit."""
    lit = STAGES[stage]
    parts = [rectangle(1, 1, 906, 276, PAPER, LINE)]
    for name, x, y, width, height, title in FRAMES:
        on = name in lit
        fill, line = (LIT_FRAME, LIT) if on else (PAPER, LINE)
        parts.append(rectangle(x, y, width, height, fill, line))
        parts.append(
            f"<text x='{x + 14}' y='{y + 22}' font-size='14' fill='{LIT if on else INK}' "
            f"font-weight='{'bold' if on else 'normal'}' {FONT}>{title}</text>"
        )
    # the way back: the next batch starts from the new weights
    parts.append(
        f"<path d='M 684 154 V 176 H 322 V 160' fill='none' stroke='{LINE}' stroke-width='1.5' "
        "marker-end='url(#head)'/>"
    )
    for start, end in ARROWS:
        parts.append(
            f"<path d='M {start} 123 H {end - 6}' stroke='{LINE}' stroke-width='1.5' "
            "marker-end='url(#head)'/>"
        )
    for name, x, y, width, height, lines, number in BOXES:
        on = name in lit
        ink = PAPER if on else INK
        parts.append(rectangle(x, y, width, height, LIT if on else QUIET, LIT if on else LINE))
        middle = x + width / 2
        if len(lines) == 1:
            parts.append(text(middle, y + 24, f"{lines[0]} ({number})", 14, ink, "bold"))
        else:
            parts.append(text(middle, y + 20, lines[0], 13, ink, "bold"))
            parts.append(text(middle, y + 37, lines[1], 11, ink))
            parts.append(text(middle, y + 54, number, 12, ink))
    head = (
        "<defs><marker id='head' markerWidth='8' markerHeight='8' refX='5' refY='4' orient='auto'>"
        f"<path d='M 0 0 L 8 4 L 0 8 z' fill='{LINE}'/></marker></defs>"
    )
    return (
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 908 278' width='908' height='278' "
        f"role='img'><title>{describe(stage)}</title>{head}{''.join(parts)}</svg>\n"
    )


def describe(stage: str) -> str:
    """Return the map in words; the notebooks use it as alt text."""
    words = (
        "Map of fit: for each epoch, shuffle the row numbers; for each batch of 32 rows, forward "
        "pass and loss, gradients, update of all weights; at the end of the epoch, report running "
        "means."
    )
    names = {
        "whole": "",
        "01": " Lit: shuffle and batch.",
        "02": " Lit: forward pass and loss.",
        "03": " Lit: gradients.",
        "04": " Lit: update.",
        "05": " Lit: the loop over epochs, and its report.",
        "06": " Lit: the comparison with tf.keras at every stage.",
        "07": " Lit: batch and update, whose settings you choose.",
        "08": " Lit: the loop over epochs and the loop over batches, where callbacks are called.",
        "09": " Lit: the loop over batches with forward pass and loss, gradients and update, which "
        "one train_step computes.",
        "10": " Lit: batch, gradients and update, which several machines share.",
        "11": " Lit: all of it, from shuffle to report; each room has its questions.",
    }
    return words + names[stage]


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    for stage in STAGES:
        path = IMAGES / f"map_{stage}.svg"
        path.write_text(draw(stage), encoding="utf-8", newline="\n")
        print("wrote", path.relative_to(IMAGES.parent.parent))


if __name__ == "__main__":
    main()
