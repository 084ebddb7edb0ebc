"""A pytest plugin that closes what nbval leaves open.

nbval executes every notebook once, cell by cell, and compares text. By itself it lets pass a cell
that was never executed, warnings that were stored, and a figure that shows something else. The
hooks below look at the same stored outputs and at the outputs of the same run, and add these rules:

- Each notebook is stored as one run from top to bottom leaves it: execution counts 1, 2, 3, ...,
  nothing on stderr, no error (unless the cell is tagged ``raises-exception``).
- Outputs come in the stored order, and pictures show the stored pixels.
- Each picture has an alternative text.
- Whoever switches a comparison off says why: a cell with an nbval marker, or with our own tag
  ``figure-varies`` (pixels are not compared), has a ``reason`` in its metadata.
- A notebook without code cells, or one that breaks the notebook format, is a failure.
- After a cell with an exercise was compared, it is run once more, solved: each check must pass, and
  the cells behind it must give their stored outputs in the learner's namespace, too.

The progress of whoever runs the tests is neither read nor written: each notebook has a file of its
own in a temporary folder.
"""

import base64
import io
import os
import re
import tempfile
from html.parser import HTMLParser

import nbformat
import numpy as np
import pytest
from nbval.plugin import (
    IPyNbCell,
    IPyNbFile,
    NbCellError,
    coalesce_streams,
    comment_markers,
    metadata_tags,
)
from PIL import Image

from tests.solved import solved

REFRESH = "Refresh with: python3 course.py execute"
FIGURE_VARIES = "figure-varies"
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"  # a random id, never stored
PICTURE_IN_TEXT = re.compile("data:image/png;base64,([A-Za-z0-9+/=]*)")  # sanitize.cfg hides these

# When do two pictures differ? In brackets what was measured on figures in the style of the course:
# the least that a real change gave, and the most that noise of 1e-4 in the data gave.
# Either more than 0.4% of the pixels differ by more than 8 of 255, in one of the colours
# (a slightly other blue of a line 0.6%, no grid 1.5%; noise 0.1%).
FAINT_LEVEL, FAINT_SHARE = 8, 0.004
# Or a square of 7 x 7 pixels holds more than 18 that are new: a pixel that, together with its four
# neighbours, is not within one pixel of the same place in the other picture, give or take 32 of 255
# (a missing dot of 2 points 20, another digit of 8 points 28, a line moved by 1% of the axis 40;
# noise 18). What moves by one pixel passes, since matplotlib rounds markers and bars to whole
# pixels. Noise of 1e-4 was refused in 3 of 336 figures, noise of 1e-5 in 1 of 336.
NEW_LEVEL, NEW_PIXELS, SQUARE = 32, 18, 7


def pytest_configure(config):
    """Keep the tests away from the progress of the person who runs them."""
    config.progress_folder = tempfile.TemporaryDirectory()
    use_progress_file(config, "tests")


def pytest_unconfigure(config):
    """Remove it again."""
    config.progress_folder.cleanup()


def use_progress_file(config, name):
    """Name the file in which this process, and the kernels that it starts, note the progress."""
    os.environ["SGDCOURSE_PROGRESS"] = os.path.join(config.progress_folder.name, f"{name}.jsonl")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """Let each notebook begin with no progress; its kernel starts after this."""
    name = item.path.stem if isinstance(item, IPyNbCell) else "tests"
    use_progress_file(item.config, name)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    """Refuse a notebook that nbval would pass because it finds nothing in it to test."""
    report = yield
    if isinstance(collector, IPyNbFile) and report.passed:
        problem = None
        try:
            nbformat.validate(collector.nb)  # nbval only logs this
        except nbformat.ValidationError as error:
            problem = f"Not a valid notebook: {error}"
        if not report.result:
            problem = "No code cells: there is nothing here to test."
        if problem:
            report.outcome, report.result, report.longrepr = "failed", [], problem
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Check a cell's stored outputs, let nbval run it, check and compare the fresh outputs."""
    if not isinstance(item, IPyNbCell):
        return (yield)
    item.cell.outputs = coalesce_streams(item.cell.outputs)  # as nbval does before it compares
    problems = stored_problems(item.cell, expected_count(item))
    traceback = None
    try:
        yield
        if item.options["check"]:
            problems += comparison_problems(item.cell, item.test_outputs)
    except NbCellError as error:
        problems.append(str(error))
        traceback = error.inner_traceback
    except pytest.skip.Exception:
        if not problems:
            raise
    problems += fresh_problems(item.test_outputs or [])
    problems += problems_when_solved(item)
    if problems:  # nbval prints this error as "Cell 3: ..." with the cell's source
        message = "\n- ".join(["not as it should be", *problems])
        raise NbCellError(item.cell_num, message, item.cell.source, traceback)


def problems_when_solved(item):
    """Run a cell with exercises once more, with the course's own solutions in it."""
    source = solved(item.cell.source)
    if source is None:
        return []
    reply = item.parent.kernel.kc.execute_interactive(
        source,
        store_history=False,
        allow_stdin=False,
        stop_on_error=False,
        timeout=item.config.option.nbval_cell_timeout,
        output_hook=lambda message: None,  # the cards were compared already, unsolved
    )["content"]
    if reply["status"] == "ok":
        return []
    return [f"Solved, the cell fails: {reply['ename']}: {reply['evalue']}"]


def expected_count(item):
    """Return the execution count that a run from top to bottom gives to this cell."""
    cells_with_code = [
        cell for cell in item.parent.nb.cells if cell.cell_type == "code" and cell.source.strip()
    ]
    return next((n for n, cell in enumerate(cells_with_code, 1) if cell is item.cell), None)


def stored_problems(cell, count):
    """List what is wrong with a cell as it stands in the file."""
    problems = []
    tags = cell.metadata.get("tags", [])
    if cell.execution_count != count:
        problems.append(
            f"The stored execution count is {cell.execution_count}, and a run from top to bottom "
            f"gives {count}. {REFRESH}"
        )
    for output in cell.outputs:
        if output.get("name") == "stderr":
            problems.append(f"Text on stderr is stored: {output.text.strip()!r}. {REFRESH}")
    errors = [output for output in cell.outputs if output.output_type == "error"]
    if "raises-exception" in tags and not errors:
        problems.append(f"Tagged raises-exception, but no error is stored. {REFRESH}")
    if "raises-exception" not in tags and errors:
        problems.append(f"An error is stored: {errors[0].ename}: {errors[0].evalue}. {REFRESH}")
    if not str(cell.metadata.get("reason", "")).strip():
        problems += [
            f'{marker} needs a reason: put "reason": "..." into the metadata of the cell.'
            for marker in markers(cell)
        ]
    return problems


def markers(cell):
    """List the tags and comments of a cell that change what is compared."""
    tags = [tag for tag in cell.metadata.get("tags", []) if tag in {*metadata_tags, FIGURE_VARIES}]
    comments = [line.strip() for line in cell.source.splitlines() if line.strip().startswith("#")]
    return tags + [line for line in comments if line.lstrip("#").strip() in comment_markers]


def fresh_problems(outputs):
    """List what is wrong with the outputs of a cell, whatever is stored."""
    problems = []
    for output in outputs:
        if output.get("name") == "stderr":
            problems.append(f"The cell wrote to stderr: {output.text.strip()!r}.")
        data = output.get("data", {})
        if any(kind.startswith("image/") for kind in data):
            problems.append(
                "A bare picture, which JupyterLab shows without alternative text. "
                "Show it with sgdcourse.plots.show(fig, alt=...)."
            )
        if has_image_without_alt(data.get("text/html", "")):
            problems.append('An <img> without alternative text: give it alt="...".')
    return problems


def has_image_without_alt(html):
    """Say whether an <img> in this HTML has no alt attribute or an empty one."""
    reader = ImageReader()
    reader.feed(html)
    reader.close()
    return any(not (attributes.get("alt") or "").strip() for attributes in reader.images)


class ImageReader(HTMLParser):
    """Collects the attributes of all <img> tags."""

    def __init__(self):
        super().__init__()
        self.images = []

    def handle_starttag(self, tag, attrs):
        """Note an <img>."""
        if tag == "img":
            self.images.append(dict(attrs))


def comparison_problems(cell, fresh):
    """List where the fresh outputs differ from the stored ones in what nbval does not compare."""
    stored_kinds = [kind(output) for output in cell.outputs]
    fresh_kinds = [kind(output) for output in fresh]
    if stored_kinds != fresh_kinds:
        return [f"Other outputs, or in another order. Stored: {stored_kinds}; now: {fresh_kinds}."]
    stored, fresh = pictures(cell.outputs), pictures(fresh)
    if len(stored) != len(fresh):
        return [f"{len(stored)} pictures are stored, and now there are {len(fresh)}."]
    if FIGURE_VARIES in cell.metadata.get("tags", []):
        return []
    differences = [picture_difference(*pair) for pair in zip(stored, fresh, strict=True)]
    return [
        f"Picture {number} of {len(fresh)} differs from the stored one: {difference}. {REFRESH}"
        for number, difference in enumerate(differences, 1)
        if difference
    ]


def kind(output):
    """Say what sort of output this is, and in which formats it comes."""
    formats = sorted(set(output.get("data", {})) - {WIDGET_VIEW})
    return " ".join([output.output_type, *([output.name] if "name" in output else formats)])


def pictures(outputs):
    """Collect the base64 code of the pictures in some outputs, bare or inside a text, in order."""
    found = []
    for output in outputs:
        for format_name, value in sorted(output.get("data", output).items()):
            if format_name in ("image/png", "image/jpeg"):
                found.append(value)
            elif isinstance(value, str):
                found += PICTURE_IN_TEXT.findall(value)
    return found


def picture_difference(stored, fresh):
    """Say how two pictures (base64) differ; an empty string if they show the same."""
    if stored == fresh:
        return ""
    try:
        stored, fresh = pixels(stored), pixels(fresh)
    except (ValueError, OSError) as error:
        return f"one of the two is damaged ({error})"
    if stored.shape != fresh.shape:
        sizes = ["{1} x {0}".format(*picture.shape) for picture in (fresh, stored)]
        return f"it has {sizes[0]} pixels instead of {sizes[1]}"

    share = np.mean(np.abs(fresh - stored).max(axis=-1) > FAINT_LEVEL)
    if share > FAINT_SHARE:
        return f"{share:.1%} of its pixels have another colour"
    for new in (new_pixels(stored, fresh), new_pixels(fresh, stored)):
        squares = np.lib.stride_tricks.sliding_window_view(
            np.pad(new, SQUARE // 2), (SQUARE, SQUARE)
        )
        counts = squares.sum(axis=(2, 3))
        if counts.max() > NEW_PIXELS:
            y, x = np.unravel_index(counts.argmax(), counts.shape)
            return f"it shows something else near x = {x}, y = {y} (pixels from the top left)"
    return ""


def pixels(picture):
    """Decode a picture: rows x columns x (red, green, blue, opacity), 0 to 255."""
    image = Image.open(io.BytesIO(base64.b64decode(picture)))
    return np.asarray(image.convert("RGBA"), dtype=np.int16)  # signed, for differences


def new_pixels(old, new):
    """Mark the pixels of `new` that, with their four neighbours, are nowhere near in `old`."""
    height, width = new.shape[:2]
    old = np.pad(old, ((1, 1), (1, 1), (0, 0)), mode="edge")
    smallest = np.full((height, width), 255)
    for down in range(3):  # the same place, and the eight places around it
        for right in range(3):
            moved = old[down : down + height, right : right + width]
            d = np.pad(np.abs(new - moved).max(axis=-1), 1)
            cross = [d[1:-1, 1:-1], d[:-2, 1:-1], d[2:, 1:-1], d[1:-1, :-2], d[1:-1, 2:]]
            smallest = np.minimum(smallest, np.max(cross, axis=0))
    return smallest > NEW_LEVEL
