"""The demos without a browser: what they compute, what they say, and what they draw again."""

import html
import io
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from traitlets import TraitError

import sgdcourse as sgd
from sgdcourse import keras_random, plots, widgets
from sgdcourse.recorder import Recording
from sgdcourse.widgets.dealer import SEEDED, SHUFFLED, SORTED, epoch_order
from sgdcourse.widgets.demo import Demo, choice, whole_numbers
from sgdcourse.widgets.digit import disturbed
from sgdcourse.widgets.hooks import bars
from sgdcourse.widgets.live import train
from sgdcourse.widgets.noise import along_and_across, batch_means, typical_distance
from sgdcourse.widgets.valley import GOAL, border, walk

CALLS = [
    ("on_train_begin", None, {}),
    ("on_epoch_begin", 0, {}),
    ("on_train_batch_begin", 0, {}),
    ("on_train_batch_end", 0, {"loss": 0.7, "accuracy": 0.5}),
    ("on_train_batch_begin", 1, {}),
    ("on_train_batch_end", 1, {"loss": 0.6, "accuracy": 0.75}),
    ("on_epoch_end", 0, {"loss": 0.6, "accuracy": 0.75}),
    ("on_train_end", None, {"loss": 0.6}),
]


@cache
def digits():
    (x, y), _ = sgd.load_mnist()
    return x[:20], y[:20]


@pytest.fixture(scope="module")
def report():
    from sgdcourse import compare

    x, y = sgd.make_moons(70, np.random.default_rng(0))
    return compare.fit_both([2, 4, 2], x, y, epochs=2, seed=1)


def recording():
    """Two epochs of three batches, the last one small."""
    made = Recording()
    made.fits.append({})
    rng = np.random.default_rng(0)
    for step, size in enumerate([4, 4, 2] * 2):
        loss, kernel, bias = rng.uniform(0.1, 2, 3)
        numbers = {"epoch": step // 3, "batch": step % 3, "size": size, "loss": loss, "rate": 0.1}
        norm = np.hypot(kernel, bias)
        numbers |= {"reported_loss": loss, "gradient_norm": norm, "step_norm": 0.1 * norm}
        made.add_step(numbers, {"gradient": {"kernel": kernel, "bias": bias}}, np.arange(size))
    return made


@pytest.fixture
def make_demo(request):
    """Return a function that makes the demo of this name, always the same."""

    def make(name):
        if name == "digit":
            networks = {
                name: sgd.init_weights([784, 16, 10], np.random.default_rng(seed))
                for seed, name in enumerate(["one", "other"])
            }
            return widgets.digit(networks, *digits())
        if name == "noise":
            return widgets.noise(np.random.default_rng(0).normal(size=(512, 3, 4)))
        if name == "live":
            return widgets.live(*sgd.make_moons(60, np.random.default_rng(0)))
        if name == "two_runs":
            return widgets.two_runs(request.getfixturevalue("report"))
        if name == "rate_map":
            losses = np.array([[[2.0, 1.0], [1.5, np.nan]], [[2.2, 2.1], [2.0, 1.8]]])
            accuracies = np.array([[0.9, np.nan], [0.4, 0.6]])
            return widgets.rate_map([0.1, 1.0], [8, 32], losses, accuracies, num_samples=100)
        if name == "hooks":
            return widgets.hooks(CALLS)
        if name == "stepper":
            return widgets.stepper(recording())
        return getattr(widgets, name)()

    return make


# Other values for the controls of each demo, one after the other.
MOVES = {
    "dealer": [
        {"batch": 3},
        {"shuffle": SEEDED},
        {"batch_size": 10},
        {"batch": 30},
        {"shuffle": SORTED},
    ],
    "digit": [
        {"image": 7},
        {"network": "other"},
        {"right": 5},
        {"down": -4},
        {"noise": 0.5},
    ],
    "noise": [{"batch_size": 32}, {"draw": 4}, {"batch_size": 1}],
    "valley": [
        {"learning_rate": 0.11},
        {"momentum": 0.5},
        {"nesterov": True},
        {"learning_rate": 0.2, "momentum": 0.95},
    ],
    "live": [{"update": 5}, {"update": 200}, {"learning_rate": 3.0}, {"batch_size": 1}],
    "two_runs": [{"update": 2}, {"update": 6}],
    "rate_map": [{"learning_rate": 1.0}, {"batch_size": 32}],
    "hooks": [{"call": 4}, {"call": 8}],
    "stepper": [{"step": 2}, {"step": 5}],
}


def pixels(demo):
    return np.asarray(Image.open(io.BytesIO(demo.picture.png)))


def test_every_demo_is_tested():
    assert set(MOVES) == set(widgets.__all__) - {"Demo"}


@pytest.mark.parametrize("name", MOVES)
class TestEveryDemo:
    def test_each_control_changes_the_picture_and_the_words(self, name, make_demo):
        demo = make_demo(name)
        for move in MOVES[name]:
            text, png = demo.text, demo.picture.png
            demo.set(**move)
            assert demo.text != text
            assert demo.picture.png != png
        assert {control for move in MOVES[name] for control in move} == set(demo.controls)

    def test_what_was_moved_equals_what_is_made_anew(self, name, make_demo):
        """Nothing of an earlier picture stays, and nothing that should move is left behind."""
        moved = make_demo(name)
        for move in MOVES[name]:
            moved.set(**move)
        fresh = make_demo(name)
        fresh.set(**moved.values)
        assert (moved.text, moved.picture.alt) == (fresh.text, fresh.picture.alt)
        np.testing.assert_array_equal(pixels(moved), pixels(fresh))

    def test_the_figure_stays(self, name, make_demo, monkeypatch):
        """After the first picture no artist is made, and what stands still is not drawn again."""
        demo = make_demo(name)
        demo.set(**MOVES[name][0])
        axes = demo._screen.figure.axes
        before = [artist for ax in axes for artist in ax.get_children()]
        drawn = []
        monkeypatch.setattr(type(demo._screen._canvas), "draw", lambda canvas: drawn.append(1))
        for move in MOVES[name][1:]:
            demo.set(**move)
        assert [artist for ax in axes for artist in ax.get_children()] == before
        assert drawn == []

    def test_reset(self, name, make_demo):
        demo = make_demo(name)
        first, text, png = demo.values, demo.text, demo.picture.png
        for move in MOVES[name]:
            demo.set(**move)
        demo.reset()
        assert (demo.values, demo.text) == (first, text)
        assert demo.picture.png == png

    def test_every_control_has_a_label(self, name, make_demo):
        demo = make_demo(name)
        assert all(control.description for control in demo.controls.values())

    def test_what_a_notebook_gets(self, name, make_demo):
        """A widget; and for whatever shows none, the words and a picture with its description."""
        demo = make_demo(name)
        bundle = demo._repr_mimebundle_()
        assert set(bundle) == {
            "text/plain",
            "text/html",
            "application/vnd.jupyter.widget-view+json",
        }
        assert demo.text in html.unescape(bundle["text/html"])
        assert f'alt="{html.escape(demo.picture.alt)}"' in bundle["text/html"]
        assert bundle["text/plain"] == f"{demo.text}\nPicture: {demo.picture.alt}"

    def test_what_the_browser_sends_is_answered(self, name, make_demo):
        """As when a slider is moved: the new state comes as a message."""
        demo = make_demo(name)
        (control, value), *_ = MOVES[name][0].items()
        widget = demo.controls[control]
        key, state = "value", value
        if "index" in widget.keys:  # SelectionSlider and ToggleButtons send the place in the list
            key, state = "index", list(widget.options).index(value)
        before = demo._shown.value
        widget.set_state({key: state})
        assert demo.values[control] == value
        assert demo._shown.value != before
        assert html.escape(demo.text) in demo._shown.value


# ---- What all demos share ------------------------------------------------------------------


def small_demo(look=None, **options):
    figure, ax = plots.subplots()

    def draw(number, word):
        plots.epochs(ax, [number], 10, highest=10)
        return f"{number} {word}", f"a dot at {number}"

    controls = {
        "number": whole_numbers("number", 0, 10, 1),
        "word": choice("word", ["one", "two"], "one"),
    }
    return Demo(figure, look or draw, controls, **options)


def test_setting_several_controls_draws_once():
    seen = []

    def look(number, word):
        seen.append((number, word))
        return "text", "alt"

    demo = small_demo(look)
    demo.set(number=4, word="two")
    demo.set(number=4, word="two")  # nothing new
    assert seen == [(1, "one"), (4, "two")]


def test_a_wrong_value_leaves_the_demo_usable():
    demo = small_demo()
    with pytest.raises(TraitError, match="Invalid selection"):
        demo.set(word="three")
    demo.controls["number"].value = 7
    assert demo.text == "7 one"


def test_a_demo_needs_words():
    with pytest.raises(ValueError, match="alt must say"):
        small_demo(lambda number, word: ("text", " "))


def test_words_are_escaped():
    demo = small_demo(lambda number, word: ("1 < 2", 'a "<b>"'))
    assert "1 &lt; 2" in demo._shown.value
    assert 'alt="a &quot;&lt;b&gt;&quot;"' in demo._shown.value


def test_play_moves_the_slider_in_the_browser():
    """The browser keeps the time; the kernel only draws what it is asked for."""
    demo = small_demo(play="number", interval=300)
    play = demo._play
    assert (play.min, play.max, play.interval) == (0, 10, 300)
    play.playing = True
    demo.set(number=5)
    assert 'role="alert"' not in demo._shown.value  # nothing is read out ten times a second
    demo.reset()
    assert not play.playing
    assert 'role="alert"' in demo._shown.value


def test_a_button_does_what_it_says(no_error_in_a_callback):
    demo = small_demo(buttons={"Eight": lambda demo: demo.set(number=8)})
    buttons = {button.description: button for button in demo.widget.children[-2].children}
    buttons["Eight"].click()
    assert demo.text == "8 one"
    buttons["Reset"].click()
    assert demo.text == "1 one"


# ---- What the demos compute ----------------------------------------------------------------


def test_dealer_orders():
    unseeded = [epoch_order(SHUFFLED, epoch, 0).tolist() for epoch in range(3)]
    seeded = [epoch_order(SEEDED, epoch, 0).tolist() for epoch in range(3)]
    assert all(sorted(order) == list(range(20)) for order in [*unseeded, *seeded])
    assert unseeded[0] != unseeded[1] != unseeded[2]
    assert seeded == [keras_random.fit_order(20, 1).tolist()] * 3
    assert epoch_order(SORTED, 2, 0).tolist() == list(range(20))


def test_dealer_running_the_program_again(no_error_in_a_callback):
    demo = widgets.dealer()
    again = demo.widget.children[-2].children[0]
    assert again.description == "Run the program again"
    texts = {}
    for shuffle in (SHUFFLED, SEEDED):
        texts[shuffle] = []
        for _ in range(2):
            demo.set(batch=1, shuffle=shuffle)
            texts[shuffle].append(demo.text)
            again.click()
            assert "Nothing is dealt yet" in demo.text
    assert texts[SHUFFLED][0] != texts[SHUFFLED][1]
    assert texts[SEEDED][0] == texts[SEEDED][1]


def test_dealer_says_what_is_dealt():
    demo = widgets.dealer()
    demo.set(shuffle=SORTED, batch_size=6, batch=4)
    assert "Epoch 1, batch 4 of 4: rows 18, 19. Classes in it: 1 of 4." in demo.text
    assert "The last batch is small" in demo.text
    assert demo.picture.alt.endswith("Not dealt: none.")
    demo.set(batch=5)
    assert "Epoch 2, batch 1 of 4: rows 0, 1, 2, 3, 4, 5." in demo.text
    assert "small" not in demo.text
    assert "Not dealt: 6, 7, 8," in demo.picture.alt


def test_disturbed():
    image = np.zeros((28, 28))
    image[3, 5], image[27, 27] = 0.5, 1.0
    moved = disturbed(image.ravel(), right=2, down=-1, noise=0).reshape(28, 28)
    assert moved[2, 7] == 0.5
    assert np.count_nonzero(moved) == 1  # the other pixel has left the picture
    np.testing.assert_array_equal(disturbed(image.ravel(), 0, 0, 0), image.ravel())
    noisy = disturbed(image.ravel(), 0, 0, 0.3)
    assert 0 <= noisy.min() < noisy.max() <= 1
    assert 0.3 < np.mean(noisy > 0) < 0.7


def test_digit_says_what_the_network_computes(make_demo):
    demo = make_demo("digit")
    x, y = digits()
    weights = sgd.init_weights([784, 16, 10], np.random.default_rng(1))
    demo.set(network="other", image=3)
    p = sgd.predict(weights, x[3:4])[0]
    assert f"A {y[3]}. The other network says {p.argmax()}" in demo.text
    assert f"the probability {p[y[3]]:.4f}, so the loss is {-np.log(p[y[3]]):.2f}" in demo.text


def test_typical_distance():
    assert typical_distance(np.array([[3.0, 4.0], [0.0, 0.0]]), np.zeros(2)) == pytest.approx(
        np.sqrt(25 / 2)
    )


def test_along_and_across():
    """The second direction is where the rows differ most, at a right angle to the first."""
    gradients = np.array([[3.0, 10.0, 1.0], [3.0, -10.0, -1.0], [5.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    full = gradients.mean(axis=0)
    plane = along_and_across(gradients, full)
    np.testing.assert_allclose(plane[:, 0], [1, 0, 0])
    np.testing.assert_allclose(plane[:, 1], np.array([0, 10, 1]) / np.sqrt(101), atol=1e-12)
    np.testing.assert_allclose(full @ plane, [3, 0], atol=1e-12)


def test_noise_counts_what_points_uphill():
    """Two thirds of the rows point one way, one third the other."""
    ahead, back = np.tile([1.0, 0.0], (40, 1)), np.tile([-1.0, 0.0], (20, 1))
    demo = widgets.noise(np.concatenate([ahead, back]))
    demo.set(batch_size=1)
    means = batch_means(np.concatenate([ahead, back]), 1, 1)
    assert demo.text.endswith(f"{np.count_nonzero(means[:, 0] < 0)} of the 60 point uphill.")
    assert 10 <= np.count_nonzero(means[:, 0] < 0) <= 30


def test_noise_of_batches():
    """A batch of all rows has none; the spread shrinks as 1 / sqrt(batch size)."""
    gradients = np.random.default_rng(0).normal(size=(4096, 50))
    full = gradients.mean(axis=0)
    np.testing.assert_allclose(batch_means(gradients, 4096, 1)[0], full, atol=1e-12)
    means = batch_means(gradients, 16, 1)
    assert means.shape == (60, 50)
    alone = typical_distance(gradients, full)
    assert typical_distance(means, full) == pytest.approx(alone / 4, rel=0.05)
    assert not np.array_equal(means, batch_means(gradients, 16, 2))


def test_the_first_step_into_the_valley():
    places, losses = walk(0.02, 0.0, False)
    np.testing.assert_allclose(places[:2], [[-8, 2], [-7.84, 1.2]])
    assert losses[0] == (8**2 + 20 * 2**2) / 2
    assert losses[1] == pytest.approx((7.84**2 + 20 * 1.2**2) / 2)
    assert len(places) == len(losses) == 21


@given(momentum=st.floats(0, 0.9), nesterov=st.booleans())
def test_the_border_of_the_valley(momentum, nesterov):
    """Below it 100 steps end at rest, above it the weights fly away."""
    update = sgd.nesterov_update if nesterov else sgd.momentum_update
    limit = border(momentum, nesterov)
    ends = []
    for rate in (0.98 * limit, 1.02 * limit):
        weights, velocities = [np.array([1.0])], [np.zeros(1)]
        for _ in range(100):
            weights, velocities = update(weights, velocities, [20 * weights[0]], rate, momentum)
        ends.append(abs(weights[0].item()))
    assert ends[0] < 0.1
    assert ends[1] > 10


@pytest.mark.parametrize(
    "rate, momentum, word",
    [
        (0.02, 0.0, "slow"),
        (0.09, 0.0, "oscillating"),
        (0.102, 0.0, "divergent"),
        (0.12, 0.45, "goal reached"),
    ],
)
def test_the_valley_in_words(rate, momentum, word):
    demo = widgets.valley()
    demo.set(learning_rate=rate, momentum=momentum)
    assert word in demo.text


def test_without_momentum_the_goal_is_out_of_reach():
    """As notebook 04 says."""
    rates = np.arange(0, 0.2, 0.002)
    assert min(walk(rate, 0.0, False)[1][-1] for rate in rates) > GOAL


def test_live_trains_as_fit_does():
    x, y = sgd.make_moons(60, np.random.default_rng(0))
    run = train(x, y, learning_rate=0.3, batch_size=32)
    start = sgd.init_weights([2, 16, 2], np.random.default_rng(0), "float64")
    options = {"optimizer": sgd.SGD(0.3), "rng": np.random.default_rng(1), "verbose": 0}
    weights, history = sgd.fit(start, x, y, epochs=100, **options)
    assert run.steps == 2
    assert len(run.weights) == 201
    np.testing.assert_allclose(run.running[1::2], history.history["loss"], rtol=1e-12)
    np.testing.assert_allclose(run.weights[-1][0], weights[0], rtol=1e-12)
    assert run.evaluated[-1] == pytest.approx(sgd.evaluate(weights, x, y)[0])
    assert run.losses[0] == run.running[0]


def test_live_step(no_error_in_a_callback, make_demo):
    demo = make_demo("live")
    step = demo.widget.children[-2].children[0]
    step.click()
    assert demo.values["update"] == 1
    assert "Update 1: epoch 1, batch 1 of 2." in demo.text
    demo.set(update=200)
    step.click()
    assert demo.values["update"] == 200


def test_two_runs_says_what_the_report_holds(report):
    demo = widgets.two_runs(report)
    demo.set(update=5)
    ours, theirs = report.losses[4], report.keras_losses[4]
    assert "Update 5: epoch 2, batch 2 of 3." in demo.text
    assert f"NumPy reports the loss {ours:.4f}, tf.keras {theirs:.4f}." in demo.text
    assert f"{report.weight_difference[4]:.1e}" in demo.text


def test_rate_map_in_words(make_demo):
    demo = make_demo("rate_map")
    assert "26 updates in 2 epochs" in demo.text  # 100 rows in batches of 8: 13 per epoch
    assert "2.00 in the first and 1.00 in the last. Test accuracy 0.90." in demo.text
    demo.set(learning_rate=1.0)
    assert demo.text.endswith("It fails.")


def test_bars_of_hooks():
    assert bars(CALLS) == [
        ("on_train", 1, 8, ""),
        ("on_epoch", 2, 7, "0"),
        ("on_train_batch", 3, 4, "0"),
        ("on_train_batch", 5, 6, "1"),
    ]


def test_hooks_in_words():
    demo = widgets.hooks(CALLS)
    demo.set(call=6)
    assert demo.text == (
        'Call 6 of 8: on_train_batch_end(1, {"loss": 0.6000, "accuracy": 0.7500}). '
        "Open: on_train_..., on_epoch_...."
    )


# ---- Wrong arguments -----------------------------------------------------------------------

NETWORK = sgd.init_weights([784, 16, 10], np.random.default_rng(0))


@pytest.mark.parametrize(
    "make, error, words",
    [
        (lambda: widgets.digit(NETWORK, np.zeros((1, 784)), [0]), TypeError, "networks must be a"),
        (lambda: widgets.digit({}, np.zeros((1, 784)), [0]), TypeError, "networks must be a dict"),
        (
            lambda: widgets.digit({"deep": NETWORK[:2]}, np.zeros((1, 784)), [0]),
            ValueError,
            r"networks\['deep'\] with the shapes",
        ),
        (lambda: widgets.digit({"a": NETWORK}, np.zeros((1, 3)), [0]), ValueError, "x must"),
        (lambda: widgets.digit({"a": NETWORK}, np.zeros((1, 784)), [10]), ValueError, "y_true"),
        (lambda: widgets.live(np.zeros((4, 2)), np.array([0, 1, 2, 0])), ValueError, "y must"),
        (lambda: widgets.live(np.zeros((4, 3)), np.zeros(4, int)), ValueError, "x must"),
        (lambda: widgets.noise(np.zeros((31, 4))), ValueError, r"at least 32 rows.*\(31, 4\)"),
        (lambda: widgets.noise(np.zeros((40, 1))), ValueError, "two weights or more"),
        (
            lambda: widgets.rate_map([0.1], [8], np.zeros((1, 2, 3)), [[1.0]], num_samples=9),
            ValueError,
            r"the shape \(1, 1\).*Received: \(1, 2, 3\) and \(1, 1\)",
        ),
        (lambda: widgets.hooks([]), ValueError, "at least one call"),
        (lambda: widgets.hooks([("on_test_end", None, {})]), ValueError, "on_test_begin before"),
        (lambda: widgets.two_runs("report"), TypeError, "compare.fit_both. Received: 'report'"),
    ],
)
def test_wrong_arguments(make, error, words):
    with pytest.raises(error, match=words):
        make()
