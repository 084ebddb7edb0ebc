"""Figures carry words, and leave the reader's own matplotlib settings alone."""

import importlib.util
from pathlib import Path
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest
from PIL import Image

import sgdcourse as sgd
from sgdcourse import plots

ROOT = Path(__file__).parent.parent


def load_tool(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
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
    draw_map = load_tool("draw_map")
    stored = {path.name for path in (ROOT / "notebooks" / "images").glob("map_*.svg")}
    assert stored == {f"map_{stage}.svg" for stage in draw_map.STAGES}
    for stage in draw_map.STAGES:
        path = ROOT / "notebooks" / "images" / f"map_{stage}.svg"
        assert path.read_text(encoding="utf-8") == draw_map.draw(stage)
        ElementTree.parse(path)  # well-formed


def test_each_notebook_shows_its_map_with_the_words_of_the_tool():
    draw_map = load_tool("draw_map")
    notebooks = sorted((ROOT / "notebooks").glob("*.ipynb"))
    assert notebooks
    for path in notebooks:
        stage = path.name[:2] if path.name[:2] in draw_map.STAGES else "whole"
        image = f"![{draw_map.describe(stage)}](images/map_{stage}.svg)"
        assert image in path.read_text(encoding="utf-8"), path.name


def test_the_hero_of_the_readme(tmp_path):
    """It grows update by update, plays once, and ends on the whole picture."""
    from sgdcourse import compare

    hero = load_tool("draw_hero")
    x, y = sgd.make_moons(70, np.random.default_rng(0))
    report = compare.fit_both([2, 4, 2], x, y, epochs=10, seed=1)
    pictures = hero.frames(report)
    assert len(pictures) == hero.FRAMES
    hero.save(pictures, tmp_path / "hero.png")
    for path in (tmp_path / "hero.png", hero.HERO):
        with Image.open(path) as stored:
            assert stored.size == pictures[0].size
            assert (stored.n_frames, stored.info["loop"]) == (hero.FRAMES + 1, 1)
            first = np.asarray(stored.convert("RGB"))  # for what cannot play it
            stored.seek(hero.FRAMES)
            np.testing.assert_array_equal(np.asarray(stored.convert("RGB")), first)
    assert hero.describe(report).startswith("Two charts over 30 updates. Left:")
    words = hero.describe(report).replace("30 updates", "9,375 updates")
    assert f"![{words}](notebooks/images/hero.png)" in (ROOT / "README.md").read_text("utf-8")


# ---- Plots that move -----------------------------------------------------------------------


def drawn(ax, name):
    """Return the moving artist of this name."""
    [artist] = [artist for artist in ax.get_children() if artist.get_gid() == name]
    assert artist.get_animated()  # or it would be drawn into the still background
    return artist


def points(ax, name):
    return np.array(drawn(ax, name).get_data()).T.tolist()


def test_a_screen_draws_what_has_moved_over_what_stands_still(monkeypatch):
    figure, ax = plots.subplots()
    plots.epochs(ax, [1.0], 3, highest=2)
    screen = plots.Screen(figure)
    full = []
    draw = type(screen._canvas).draw
    monkeypatch.setattr(type(screen._canvas), "draw", lambda canvas: (full.append(1), draw(canvas)))
    first = screen.picture("one").png
    plots.epochs(ax, [1.0, 2.0], 3, highest=2)
    second = screen.picture("two").png
    plots.epochs(ax, [1.0], 3, highest=2)
    assert (screen.picture("one again").png, second != first) == (first, True)
    assert full == [1]
    ax.set_title("something that stood still")
    assert screen.picture("with a title").png != first
    assert full == [1, 1]


def test_numerals_are_centred():
    for number in (0, 7, 42):
        low, high = plots.moving.numeral(number).get_extents().get_points()
        np.testing.assert_allclose(low + high, 0, atol=1e-6)


def test_dealing_moves_cards_from_the_table_to_their_batch():
    _, ax = plots.subplots()
    order, labels = np.array([2, 0, 1]), np.array([0, 0, 1])
    corners = []
    for dealt in range(3):
        plots.dealing(ax, order, 2, dealt, labels, columns=3)
        cards = drawn(ax, "cards").get_paths()
        corners.append([tuple(card.vertices[0].tolist()) for card in cards])
    table = 2 + 1.6
    assert corners[0] == [(0, 0), (1, 0), (0, 1)]  # rows 0, 1 and 2: class 1 lies in line 1
    assert corners[1] == [(table + 1, 0), (1, 0), (table, 0)]  # rows 2 and 0 are dealt
    assert corners[2] == [(table + 1, 0), (table, 1), (table, 0)]
    assert len(drawn(ax, "numbers").get_paths()) == 3 + 2


def test_layers_show_the_values_that_they_get():
    _, axes = plots.subplots(4)
    image, hidden, logits = np.linspace(0, 1, 784), np.arange(16.0), np.array([1.0, -2.0])
    plots.layers(axes, image, hidden, logits, np.array([0.9, 0.1]))
    assert drawn(axes[0], "grid").get_array().ravel().tolist() == image.tolist()
    assert drawn(axes[1], "grid").get_array().shape == (2, 8)
    heights = [drawn(axes[2], f"logit {k}").get_height() for k in (0, 1)]
    assert heights == [1.0, -2.0]
    best, other = (drawn(axes[3], f"probability {k}").get_facecolor() for k in (0, 1))
    assert best != other


def test_cloud_and_spread():
    _, (left, right) = plots.subplots(2)
    gradients = np.array([[0.0, 0.0], [2.0, 4.0]])
    plots.cloud(left, gradients, gradients[:1], gradients.mean(axis=0))
    assert points(left, "means") == [[0, 0]]
    assert points(left, "full") == [[1, 2]]
    plots.spread(right, np.array([1, 2]), np.array([4.0, 2.8]), 2, 3.0)
    assert points(right, "point") == [[2, 3]]
    assert (right.get_xscale(), right.get_yscale()) == ("log", "log")


def test_valley_and_descent():
    _, (left, right) = plots.subplots(2)
    places = np.array([[-8.0, 2.0], [-7.0, 1.0]])
    plots.valley(left, (1.0, 20.0), places)
    assert points(left, "path") == places.tolist()
    plots.descent(right, np.array([72.0, 10.0]), goal=0.01)
    assert points(right, "losses") == [[0, 72], [1, 10]]
    assert right.get_legend().get_texts()[0].get_text() == "goal: below 0.01"


def test_regions_keep_the_classes_apart():
    _, ax = plots.subplots()
    x, y = np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]), np.array([0, 1, 0])
    plots.regions(ax, x, y, np.full((4, 4), 0.5), (0.0, 5.0, 0.0, 6.0))
    assert points(ax, "class 0") == [[0, 1], [4, 5]]
    assert points(ax, "class 1") == [[2, 3]]
    assert drawn(ax, "class 0").get_marker() != drawn(ax, "class 1").get_marker()


def test_the_running_mean_starts_anew_in_each_epoch():
    _, ax = plots.subplots()
    losses, running, evaluated = np.array([4.0, 2.0, 1.0]), np.array([4.0, 3.0, 1.0]), [1.5]
    plots.progress(ax, losses, running, evaluated, 2, last=10, highest=5)
    assert points(ax, "batches") == [[1, 4], [2, 2], [3, 1]]
    np.testing.assert_array_equal(drawn(ax, "running").get_ydata(), [np.nan, 4, 3, np.nan, 1])
    assert points(ax, "evaluated") == [[2, 1.5]]
    plots.progress(ax, losses, losses, losses, 1, last=10, highest=5)  # one update per epoch
    assert np.isnan(drawn(ax, "running").get_ydata()).sum() == 3


def test_rate_map_frames_the_chosen_box():
    _, ax = plots.subplots()
    accuracies = np.array([[0.9, np.nan]])
    plots.rate_map(ax, [0.1, 1.0], [32], accuracies, (0, 0))
    plots.rate_map(ax, [0.1, 1.0], [32], accuracies, (0, 1))
    assert [text.get_text() for text in ax.texts] == ["0.90", "fails"]
    assert drawn(ax, "frame").get_xy() == (0.5, -0.5)
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0.1", "1.0"]


def test_timeline_and_cursor():
    _, ax = plots.subplots()
    bars = [("on_epoch", 1, 6, "0"), ("on_test", 2, 3, ""), ("on_test", 4, 5, "")]
    plots.timeline(ax, bars, 1)
    plots.timeline(ax, bars, 4)
    boxes = [(bar.get_x(), bar.get_width()) for bar in ax.patches]
    assert boxes == [(1, 5), (2, 1), (4, 1)]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["on_epoch_...", "on_test_..."]
    assert drawn(ax, "cursor").get_xdata() == [4, 4]


def test_a_map_of_a_class_tells_the_three_apart_by_form():
    _, ax = plots.subplots()
    statuses = {
        "Ada": {"relu": "passed", "dense": "tried"},
        "Ben": {"relu": "open", "dense": "open"},
    }
    plots.passes(ax, statuses, {"relu": "02", "dense": "02"})
    drawn = {dots.get_label(): dots for dots in ax.collections}
    assert drawn["passed"].get_offsets().tolist() == [[0, 0]]
    assert drawn["tried, not passed"].get_offsets().tolist() == [[1, 0]]
    assert drawn["not tried"].get_offsets().tolist() == [[0, 1], [1, 1]]
    assert len({dots.get_paths()[0].vertices.tobytes() for dots in drawn.values()}) == 3
    assert [text.get_text() for text in ax.get_yticklabels()] == ["Ada", "Ben"]
    assert [text.get_text() for text in ax.texts] == ["02"]
    assert ax.yaxis_inverted()
