"""Draw the moving picture of the README: one training, computed by NumPy and by tf.keras.

python tools/draw_hero.py       trains (some minutes), and writes notebooks/images/hero.png
"""

from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

import sgdcourse as sgd
from sgdcourse import compare, plots

HERO = Path(__file__).parent.parent / "notebooks" / "images" / "hero.png"
FRAMES, MILLISECONDS = 24, 150  # it plays once, for 4 seconds, and ends on the whole picture


def main():
    """Train as notebook 06 does, and store the picture."""
    (x, y), _ = sgd.load_mnist(scale=False)
    report = compare.fit_both([784, 128, 10], x, y, epochs=5, seed=1, divisor=255.0)
    save(frames(report), HERO)
    print(f"{HERO}  {HERO.stat().st_size / 1e3:.0f} kB")
    print(describe(report))


def frames(report):
    """Return the pictures, from a few updates to all."""
    ends = np.linspace(0, len(report.losses), FRAMES + 1).round().astype(int)[1:]
    return [draw(report, updates) for updates in ends]


def draw(report, updates):
    """Draw both trainings up to this update."""
    total = len(report.losses)
    figure, (left, right) = plots.subplots(2, width=9, height=3.4)
    losses = {"NumPy": report.losses[:updates], "tf.keras": report.keras_losses[:updates]}
    plots.curves(left, losses, xlabel="update", ylabel="loss that fit reports")
    left.lines[0].set_linewidth(4)  # under the dashes of the other
    left.legend(loc="upper right")
    left.set(xlim=(0, total), ylim=(0, 1.1 * report.losses.max()))
    differences = {"of any weight": report.weight_difference[:updates]}
    plots.differences(right, differences)
    right.axhline(1e-7, color=plots.GREY, linestyle=":")
    right.text(total, 1.5e-7, "float32 rounds here", ha="right", va="bottom", fontsize=10)
    right.set(xlim=(0, total))
    largest = report.weight_difference[:updates].max()
    figure.suptitle(
        f"update {updates:,} of {total:,}: the weights differ by {largest:.0e} at most",
        fontsize=13,
        fontweight="bold",
    )
    figure.set_dpi(150)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3])


def save(pictures, path):
    """Write an animated PNG that plays once; what cannot play it shows the last picture."""
    *_, last = pictures
    last.save(
        path,
        save_all=True,
        append_images=pictures,
        default_image=True,
        duration=MILLISECONDS,
        loop=1,
        optimize=True,
    )


def describe(report):
    """Return the alternative text for the README."""
    return (
        f"Two charts over {len(report.losses):,} updates. Left: the loss that fit reports, a line "
        "for NumPy and a dashed one for tf.keras, which lie on each other. Right, on a logarithmic "
        "scale: the largest difference of any weight, which stays at about 1e-15, far below 1e-7, "
        "where float32 rounds."
    )


if __name__ == "__main__":
    main()
