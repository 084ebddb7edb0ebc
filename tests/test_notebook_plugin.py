"""Each trap in a notebook is found, a good notebook passes, and outputs are stored as promised.

Good cells and traps stand in one notebook, where each fails for itself: few kernels to start.
"""

import base64
import inspect
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import nbformat
import numpy as np
import pytest
from matplotlib.figure import Figure
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from sgdcourse import plots
from tests.notebook_plugin import picture_difference

ROOT = Path(__file__).parent.parent
EXECUTE = ROOT / "tools" / "execute_notebooks.py"


def picture(height, alt="A line"):
    figure, axes = plots.subplots(width=4, height=3)
    _ = axes.plot([0, 1, height])
    return plots.show(figure, alt)


# This very function draws in the kernels, too.
FIRST_CELL = f"""\
import sys, time
import ipywidgets
import numpy as np
from IPython.display import HTML, Image, display
from sgdcourse import plots

{inspect.getsource(picture)}"""

STUB = """\
from sgdcourse.exercises import check

def relu(z):
    ...

check(relu)"""


# ---- Traps: the source of a cell, what is then changed in the file, and the complaint --------


def never_executed(cell):
    cell.execution_count, cell.outputs = None, []


def executed_late(cell):
    cell.execution_count = 99


def with_stderr(cell):
    cell.outputs.append(new_output("stream", name="stderr", text="careful"))


def with_error(cell):
    cell.outputs.append(new_output("error", ename="ValueError", evalue="no", traceback=[]))


def with_one_more_output(cell):
    cell.outputs.append(cell.outputs[-1])


def without_its_output(cell):
    cell.outputs = []


def with_outputs_swapped(cell):
    cell.outputs.reverse()


def with_other_text(cell):
    cell.outputs[0].data["text/plain"] = "3"


def with_other_html(cell):
    cell.outputs[0].data["text/html"] = "<b>three</b>"


def with_other_alt(cell):
    cell.outputs[0].data["text/html"] = picture(2, alt="A circle")._repr_html_()


def with_other_picture(cell):
    cell.outputs[0].data["text/html"] = picture(2.1)._repr_html_()


def with_other_picture_in_text(cell):
    cell.outputs[0].text = picture(2.1)._repr_html_() + "\n"


def with_damaged_picture(cell):
    html = cell.outputs[0].data["text/html"]
    cell.outputs[0].data["text/html"] = html.replace("base64,iVBOR", "base64,AAAAA")


def now_writing_to_stderr(cell):
    cell.source = "print('careful', file=sys.stderr)"


def now_tagged(*tags):
    def tag(cell):
        cell.metadata.tags = list(tags)

    return tag


def now_said_to_raise(cell):
    cell.metadata.update(tags=["raises-exception"], reason="It should.")


def now_beginning_with(comment):
    def prepend(cell):
        cell.source = f"{comment}\n{cell.source}"

    return prepend


TRAPS = {
    "never executed": ("print(2)", never_executed, "execution count is None"),
    "executed late": ("2", executed_late, "execution count is 99, and a run from top to bottom"),
    "stderr stored": ("a = 2", with_stderr, "Text on stderr is stored: 'careful'"),
    "error stored": ("a = 2", with_error, "An error is stored: ValueError: no"),
    "stderr now": ("a = 2", now_writing_to_stderr, "The cell wrote to stderr: 'careful'"),
    "one more output": ("1 + 1", with_one_more_output, 'number of outputs for key "text/plain"'),
    "output missing": ("print(2)", without_its_output, "Unexpected output fields"),
    "outputs swapped": ("print(2)\nHTML('b')", with_outputs_swapped, "in another order"),
    "other text": ("1 + 1", with_other_text, "mismatch 'text/plain'"),
    "other html": ("HTML('<b>two</b>')", with_other_html, "mismatch 'text/html'"),
    "other alt": ("picture(2)", with_other_alt, "mismatch 'text/html'"),
    "other picture": ("picture(2)", with_other_picture, "Picture 1 of 1 differs"),
    "other picture in a text": (
        "print(picture(2)._repr_html_())",
        with_other_picture_in_text,
        "Picture 1 of 1 differs",
    ),
    "damaged picture": ("picture(2)", with_damaged_picture, "one of the two is damaged"),
    "no alt": ("HTML('<img src=\"a.png\">')", None, "An <img> without alternative text"),
    "empty alt": ('HTML(\'<img alt=" " src="a.png">\')', None, "An <img> without alternative"),
    "bare picture": ("Image(picture(2).png)", None, "plots.show(fig, alt=...)"),
    "no error": ("2", now_said_to_raise, "Tagged raises-exception, but no error is stored"),
    "ignored": ("2", now_tagged("nbval-ignore-output"), "nbval-ignore-output needs a reason"),
    "skipped": ("2", now_tagged("nbval-skip"), "nbval-skip needs a reason"),
    "figure varies": ("picture(2)", now_tagged("figure-varies"), "figure-varies needs a reason"),
    "ignored by comment": (
        "2",
        now_beginning_with("# NBVAL_IGNORE_OUTPUT"),
        "# NBVAL_IGNORE_OUTPUT needs a reason",
    ),
    "solved": (f"{STUB}\nassert relu(1) is None", None, "Solved, the cell fails: AssertionError"),
    "skipped by comment": ("2", now_beginning_with("#NBVAL_SKIP"), "#NBVAL_SKIP needs a reason"),
}

# ---- Cells that must pass: source, tags ------------------------------------------------------

GOOD = {
    "text": ("1 + 1", []),
    "nothing": ("a = 2", []),
    "stream in pieces": ("print(1)\nsys.stdout.flush()\ntime.sleep(0.1)\nprint(2)", []),
    "picture": ("picture(2)", []),
    "two pictures": ("display(picture(2))\npicture(3)", []),
    "widget": ("ipywidgets.VBox([ipywidgets.IntSlider()])", []),
    "picture in a widget": ("ipywidgets.HTML(picture(2)._repr_html_())", []),
    "Output widget": ("out = ipywidgets.Output()\nout", []),
    "exercise": (STUB, []),
    "address": ("print(object())", []),
    "file of the cell": ("print((lambda: 0).__code__)", []),
    "empty": ("", []),
    "error": ("int('two')", ["raises-exception"]),
    "error in a library": ("np.linalg.inv(np.zeros((2, 2)))", ["raises-exception"]),
    "ignored": ("time.perf_counter()", ["nbval-ignore-output"]),
    "another picture each time": ("picture(time.perf_counter())", ["figure-varies"]),
    "skipped": ("time.perf_counter()", ["nbval-skip"]),
}


def write_notebook(path, sources, tags=()):
    """Write a notebook with a cell for each source, not executed."""
    cells = [new_code_cell(source, id=f"cell-{n}") for n, source in enumerate(sources)]
    for cell, its_tags in zip(cells, tags, strict=False):
        if its_tags:
            cell.metadata.update(tags=its_tags, reason="Shown on purpose.")
    nbformat.write(new_notebook(cells=[new_markdown_cell("# Text", id="text"), *cells]), path)


def run(folder, *command):
    """Run Python in this folder, where it finds the course."""
    changes = {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "PYTEST_ADDOPTS": ""}
    return subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env={**os.environ, **changes},
        capture_output=True,
        encoding="utf-8",
        timeout=240,
    )


def run_pytest(folder, *notebooks):
    """Test notebooks with nbval and the plugin, warnings being errors."""
    (folder / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")
    options = [
        "--nbval",
        "--nbval-current-env",
        f"--nbval-sanitize-with={ROOT / 'tests' / 'sanitize.cfg'}",
        "--nbval-cell-timeout=60",
        "-ptests.notebook_plugin",
        "--color=no",
        "--junitxml=report.xml",
    ]
    return run(folder, "-m", "pytest", *options, *notebooks)


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """Execute a notebook and three that fail; return the folder and what was printed."""
    folder = tmp_path_factory.mktemp("notebooks")
    sources, tags = zip(*GOOD.values(), strict=True)
    traps = [source for source, _, _ in TRAPS.values()]
    write_notebook(folder / "cells.ipynb", [FIRST_CELL, *sources, *traps], [[], *tags])
    write_notebook(folder / "raises.ipynb", ["1", "1 / 0", "2"])
    write_notebook(folder / "warns.ipynb", ["import warnings\nwarnings.warn('careful')"])
    caught = "from ipywidgets import Output\nout = Output()", "with out:\n    1 / 0"
    write_notebook(folder / "catches.ipynb", caught)
    names = ["raises.ipynb", "warns.ipynb", "catches.ipynb", "cells.ipynb"]
    before = {name: (folder / name).read_bytes() for name in names}
    return folder, run(folder, EXECUTE, *names), before


@pytest.fixture(scope="module")
def results(stored):
    """Set the traps and test the notebook; return nbval's report of each cell, in order."""
    folder = stored[0]
    notebook = nbformat.read(folder / "cells.ipynb", 4)
    for cell, (_, spoil, _) in zip(notebook.cells[-len(TRAPS) :], TRAPS.values(), strict=True):
        if spoil:
            spoil(cell)
    nbformat.write(notebook, folder / "spoiled.ipynb")
    done = run_pytest(folder, "spoiled.ipynb")
    assert done.returncode == 1, done.stdout + done.stderr
    return list(ElementTree.parse(folder / "report.xml").iter("testcase"))


@pytest.mark.parametrize("name", TRAPS)
def test_a_trap_fails_for_its_own_reason(results, name):
    report = results[list(TRAPS).index(name) - len(TRAPS)].find("failure").text
    assert TRAPS[name][2] in report
    assert "\nInput:\n" in report  # nbval shows the source of the cell
    assert "plugin exception" not in report  # what nbval makes of an error that it does not know


@pytest.mark.parametrize("name", GOOD)
def test_a_good_cell_passes(results, name):
    report = results[1 + list(GOOD).index(name)]
    assert [child.tag for child in report] == (["skipped"] if name == "skipped" else [])


def test_a_notebook_with_nothing_to_test_fails(tmp_path):
    write_notebook(tmp_path / "no_code.ipynb", [])
    (tmp_path / "damaged.ipynb").write_text('{"cells": [')
    write_notebook(tmp_path / "invalid.ipynb", ["1"])
    notebook = (tmp_path / "invalid.ipynb").read_text().replace('"outputs": [],', "")
    (tmp_path / "invalid.ipynb").write_text(notebook)
    done = run_pytest(tmp_path, "no_code.ipynb", "damaged.ipynb", "invalid.ipynb")
    assert done.returncode == 2
    assert "No code cells" in done.stdout
    assert "Notebook does not appear to be JSON" in done.stdout
    assert "'outputs' is a required property" in done.stdout


# ---- Storing the outputs ---------------------------------------------------------------------


def test_a_notebook_that_fails_is_reported_and_left_as_it_was(stored):
    folder, done, before = stored
    assert done.returncode == 1
    for reason in (
        "raises.ipynb, not written: cell [2]:\n    1 / 0\n  ZeroDivisionError: division by zero",
        "warns.ipynb, not written: cell [1]:\n    import warnings\n    warnings.warn('careful')",
        "catches.ipynb, not written: cell [2]:\n    with out:\n        1 / 0\n  ZeroDivisionError",
        "3 of 4 notebooks failed",
    ):
        assert reason in done.stdout
    for name in ("raises.ipynb", "warns.ipynb", "catches.ipynb"):
        assert (folder / name).read_bytes() == before[name]
    assert not list(folder.glob("*.partial"))


def test_the_other_notebooks_are_stored(stored):
    folder, done, before = stored
    assert re.search(r"stored  cells.ipynb  \d+\.\d s  (\d+|n/a) MB", done.stdout)
    text = (folder / "cells.ipynb").read_text(encoding="utf-8")
    notebook = nbformat.reads(text, 4)
    with_code = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source]
    assert [cell.execution_count for cell in with_code] == list(range(1, len(with_code) + 1))
    asked = nbformat.reads(before["cells.ipynb"].decode(), 4).cells
    assert [cell.id for cell in notebook.cells] == [cell.id for cell in asked]
    pieces = next(cell for cell in with_code if cell.source == GOOD["stream in pieces"][0])
    assert [output.text for output in pieces.outputs] == ["1\n2\n"]
    for machine in ("jupyter.widget", "site-packages", str(folder), sys.version.split()[0]):
        assert machine not in text


def test_storing_again_changes_nothing(stored):
    folder = stored[0]
    changing = ["address", "file of the cell", "ignored", "another picture each time", "skipped"]
    sources = [GOOD[name][0] for name in changing]
    first = nbformat.read(folder / "cells.ipynb", 4)
    assert run(folder, EXECUTE, "cells.ipynb").returncode == 0
    again = nbformat.read(folder / "cells.ipynb", 4)
    for one, other in zip(first.cells, again.cells, strict=True):
        assert one == other or one.source in sources
    assert first.metadata == again.metadata


# ---- When two pictures show the same ---------------------------------------------------------

EPOCHS = np.linspace(0, 10, 80)
LOSS = 1 + 0.8 * np.sin(EPOCHS)


def curve(loss=LOSS, title="Loss: 0.2438", tick="0.8", color=plots.OURS, dots=10, grid=True):
    figure, axes = plots.subplots()
    _ = axes.plot(EPOCHS, loss, color=color)
    _ = axes.plot(EPOCHS, loss, "o", color=plots.KERAS)  # rounded to whole pixels
    _ = axes.plot(range(1, dots + 1), [0.1] * dots, "o", color=plots.KERAS, markersize=2)
    axes.set(title=title, ylim=(0, 2))
    axes.set_yticks([0, 0.8, 1.6], ["0.0", tick, "1.6"], fontsize=8)
    axes.grid(grid)
    return base64.b64encode(plots.show(figure, "A curve").png).decode()


@pytest.mark.parametrize(
    "change",
    [
        {"loss": LOSS + 0.02},  # 1% of the axis
        {"title": "Loss: 0.2488"},
        {"title": "Loss: 0.2439"},
        {"tick": "0.6"},
        {"tick": "0.3"},
        {"color": plots.THIRD},
        {"dots": 9},
        {"grid": False},
    ],
    ids=str,
)
def test_another_picture_is_noticed(change):
    stored, fresh = curve(), curve(**change)
    assert picture_difference(stored, fresh)
    assert picture_difference(fresh, stored)


def test_another_size_is_noticed():
    pictures = [plots.show(Figure(figsize=size), "Empty").png for size in [(4, 3), (3, 4)]]
    wide, high = map(base64.b64encode, pictures)
    assert re.search(
        r"it has (\d+) x (\d+) pixels instead of \2 x \1", picture_difference(wide, high)
    )


@pytest.mark.parametrize("seed", range(3))
def test_rounding_is_let_pass(seed):
    noise = 1 + 1e-4 * np.random.default_rng(seed).uniform(-1, 1, EPOCHS.size)
    stored, fresh = curve(), curve(LOSS * noise)
    assert stored != fresh
    assert picture_difference(stored, fresh) == ""
