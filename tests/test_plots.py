"""Figures carry words, and leave the reader's own matplotlib settings alone."""

import importlib.util
from pathlib import Path
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest

from sgdcourse import plots

ROOT = Path(__file__).parent.parent


def load_draw_map():
    spec = importlib.util.spec_from_file_location("draw_map", ROOT / "tools" / "draw_map.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_picture_carries_its_description_escaped():
    figure, _ = plots.subplots()
    picture = plots.show(figure, alt='a "curve" that stays < 1')
    assert 'alt="a &quot;curve&quot; that stays &lt; 1"' in picture._repr_html_()
    assert picture.png.startswith(b"\x89PNG")


def test_a_picture_without_words_is_refused():
    figure, _ = plots.subplots()
    with pytest.raises(ValueError, match="alt must say what the figure shows"):
        plots.show(figure, alt=" ")


def test_the_same_data_give_the_same_bytes():
    def draw():
        figure, ax = plots.subplots()
        plots.curves(ax, {"loss": [3, 2, 1]}, xlabel="epoch", ylabel="loss")
        return plots.show(figure, alt="loss").png

    assert draw() == draw()


def test_the_style_ends_with_the_function():
    before = dict(matplotlib.rcParams)
    figure, ax = plots.subplots(2)
    plots.curves(ax[0], {"loss": [3, 2, 1]}, xlabel="epoch", ylabel="loss")
    plots.show(figure, alt="loss")
    assert dict(matplotlib.rcParams) == before


def test_curves_count_from_one_and_name_the_axes():
    _, ax = plots.subplots()
    plots.curves(ax, {"a": [3.0, 2.0], "b": [1.0, 1.0]}, xlabel="epoch", ylabel="loss", title="T")
    assert [line.get_xdata().tolist() for line in ax.lines] == [[1, 2], [1, 2]]
    assert ax.lines[0].get_ydata().tolist() == [3.0, 2.0]
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_title()) == ("epoch", "loss", "T")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b"]


def test_differences_are_drawn_on_a_logarithmic_scale_that_has_a_floor():
    _, ax = plots.subplots()
    plots.differences(ax, {"float64": np.array([0.0, 1e-16])}, flips=[2], floor=1e-18)
    line, ticks = ax.lines
    assert ax.get_yscale() == "log"
    assert line.get_xdata().tolist() == [1, 2]
    assert line.get_ydata().tolist() == [1e-18, 1e-16]
    assert ticks.get_xdata().tolist() == [2]
    words = [text.get_text() for text in ax.get_legend().get_texts()]
    assert words == ["float64", "a ReLU flipped"]


def test_batches_draws_one_box_for_each_row():
    _, ax = plots.subplots()
    plots.batches(ax, [np.array([2, 0]), np.array([1])], labels=np.array([0, 1, 0]))
    assert len(ax.patches) == 3
    assert [text.get_text() for text in ax.texts] == ["2", "0", "1"]
    first, second, third = (patch.get_facecolor() for patch in ax.patches)
    assert first == second != third  # rows 2 and 0 are of class 0, row 1 of class 1


def test_probabilities_draws_one_bar_for_each_class():
    _, ax = plots.subplots()
    plots.probabilities(ax, np.array([0.2, 0.8]), y_true=1)
    assert [bar.get_height() for bar in ax.patches] == [0.2, 0.8]
    assert ax.get_xlabel() == "class (true: 1)"


def test_images_reshapes_rows_of_784():
    _, axes = plots.subplots(2)
    plots.images(axes, np.zeros((2, 784)), titles=[5, 0])
    assert [ax.images[0].get_array().shape for ax in axes] == [(28, 28)] * 2
    assert [ax.get_title() for ax in axes] == ["5", "0"]


def test_the_stored_maps_are_those_that_the_tool_draws():
    draw_map = load_draw_map()
    stored = {path.name for path in (ROOT / "notebooks" / "images").glob("map_*.svg")}
    assert stored == {f"map_{stage}.svg" for stage in draw_map.STAGES}
    for stage in draw_map.STAGES:
        path = ROOT / "notebooks" / "images" / f"map_{stage}.svg"
        assert path.read_text(encoding="utf-8") == draw_map.draw(stage)
        ElementTree.parse(path)  # well-formed


def test_each_notebook_shows_its_map_with_the_words_of_the_tool():
    draw_map = load_draw_map()
    notebooks = sorted((ROOT / "notebooks").glob("*.ipynb"))
    assert notebooks
    for path in notebooks:
        stage = path.name[:2] if path.name[:2] in draw_map.STAGES else "whole"
        image = f"![{draw_map.describe(stage)}](images/map_{stage}.svg)"
        assert image in path.read_text(encoding="utf-8"), path.name
