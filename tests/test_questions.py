"""The questions of the course: their form, and the numbers in their right answers, recomputed."""

import ast
import re
import tomllib
from collections import Counter
from importlib.resources import files
from itertools import product
from pathlib import Path

import numpy as np
import pytest

import sgdcourse as sgd
from sgdcourse import parallel

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
FOLDER = files("sgdcourse.exercises") / "questions"
FILES = [f"{number:02d}.toml" for number in range(11)]
TABLES = {
    name: tomllib.loads((FOLDER / name).read_text(encoding="utf-8"))
    for name in [*FILES, "concept_test.toml"]
}
QUESTIONS = [
    (name, sheet, question)
    for name, sheets in TABLES.items()
    for sheet, questions in sheets.items()
    for question in questions
]
BY_ID = {question["id"]: question for _, _, question in QUESTIONS}
each_question = pytest.mark.parametrize(
    ("name", "sheet", "question"),
    [pytest.param(*where, id=f"{where[0]}-{where[2]['id']}") for where in QUESTIONS],
)


def right_option(question):
    [option] = [option for option in question["options"] if option.get("right")]
    return option


def wrong_options(question):
    return [option for option in question["options"] if not option.get("right")]


def texts(question):
    """Every piece of text that a learner reads, except the code."""
    yield question["question"]
    for option in question["options"]:
        yield option["text"]
        yield option["why"]


# ---- The form -----------------------------------------------------------------------------------


def test_there_is_no_other_file():
    assert {path.name for path in FOLDER.iterdir() if path.name.endswith(".toml")} == set(TABLES)


def test_how_many():
    for name in FILES:
        counts = {sheet: len(questions) for sheet, questions in TABLES[name].items()}
        assert counts == ({"quiz": 5} if name == "00.toml" else {"recall": 2, "quiz": 5}), name
    assert {s: len(questions) for s, questions in TABLES["concept_test.toml"].items()} == {
        "concept": 8
    }


def test_ids_and_questions_are_unique():
    assert len(BY_ID) == len(QUESTIONS)
    asked = Counter((q["question"], q.get("code", "")) for _, _, q in QUESTIONS)
    assert [question for question, times in asked.items() if times > 1] == []


@each_question
def test_keys(name, sheet, question):
    needed = {"id", "question", "options"} | ({"notebook"} if sheet == "concept" else set())
    assert needed <= question.keys() <= needed | {"code"}
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", question["id"])
    for option in question["options"]:
        assert {"text", "why"} <= option.keys() <= {"text", "why", "right"}
        assert option.get("right", True) is True  # a wrong option has no such key
    if sheet == "concept":
        assert len(list(NOTEBOOKS.glob(f"{question['notebook']}_*.ipynb"))) == 1


@each_question
def test_options(name, sheet, question):
    options = question["options"]
    assert 3 <= len(options) <= 4
    assert sum("right" in option for option in options) == 1
    assert len({option["text"].replace("`", "").strip() for option in options}) == len(options)
    assert len({option["why"] for option in options}) == len(options)


@each_question
def test_lengths(name, sheet, question):
    assert 0 < len(question["question"]) <= 400
    for option in question["options"]:
        assert 0 < len(option["text"]) <= 140
        assert 0 < len(option["why"]) <= 320


@each_question
def test_plain_text(name, sheet, question):
    for text in texts(question):
        assert text == text.strip() and text.isprintable()
        assert text.count("`") % 2 == 0
        words = re.sub(r"`[^`]*`", "", text)  # what stands between backticks is code
        assert not re.search(r"[$\\*_<>#]|\]\(", words), text
        assert "of the above" not in text.lower()
        assert not re.search(r"\bkeras\b", words), "tf.keras is called Keras in a text"
    for text in [question["question"], *(option["why"] for option in question["options"])]:
        assert text[-1] in ".?!)", text


@each_question
def test_code(name, sheet, question):
    code = question.get("code", "").strip("\n")
    assert len(code.splitlines()) <= 4
    assert max(map(len, code.splitlines()), default=0) <= 80
    ast.parse(code)


def test_right_answers_are_spread_over_the_positions():
    places = Counter(
        [option.get("right", False) for option in question["options"]].index(True)
        for _, _, question in QUESTIONS
    )
    assert max(places.values()) <= len(QUESTIONS) / 2
    assert set(places) == {0, 1, 2, 3}


def test_one_letter_does_not_answer_a_sheet():
    for name, sheets in TABLES.items():
        for sheet, questions in sheets.items():
            places = [q["options"].index(right_option(q)) for q in questions]
            assert len(set(places)) > 1, f"{name} {sheet}"


def test_the_right_answer_is_seldom_the_longest():
    longest = [
        question["id"]
        for _, _, question in QUESTIONS
        if len(right_option(question)["text"])
        > max(len(option["text"]) for option in wrong_options(question))
    ]
    assert len(longest) <= 0.4 * len(QUESTIONS), longest


# ---- The numbers, computed with the functions of the course -------------------------------------


def batch_sizes(num_rows, batch_size):
    return [len(rows) for rows in sgd.split_batches(np.arange(num_rows), batch_size)]


def walk(optimizer, gradient, start=0.0, steps=1, velocity=None):
    """Places of one weight; ``gradient`` is a number, or a function of the weight."""
    w = [np.array([float(start)])]
    if velocity is not None:
        optimizer.velocities = [np.array([float(velocity)])]
    places = [w[0].item()]
    for _ in range(steps):
        g = gradient(w[0]) if callable(gradient) else np.full(1, float(gradient))
        w = optimizer.update(w, [g])
        places.append(w[0].item())
    return places


def last_step(optimizer, gradient=1.0, steps=1000):
    """Length of a step along a steady slope, after very many of them."""
    places = walk(optimizer, gradient, steps=steps)
    return abs(places[-1] - places[-2])


def report_of_fit(losses, batch_size, callbacks=()):
    """Let ``sgd.fit`` report, for rows with these losses at weights that hardly move."""
    still = [np.zeros((1, 1)), np.zeros(1)]
    targets = np.sqrt(np.array(losses, dtype=float))[:, None]
    _, history = sgd.fit(
        still,
        np.zeros((len(losses), 1)),
        targets,
        optimizer=sgd.SGD(1e-12),
        loss="mean_squared_error",
        batch_size=batch_size,
        shuffle=False,
        callbacks=list(callbacks),
        verbose=0,
    )
    return history.history["loss"][0]


def losses_in_a_callback(losses):
    seen = []

    class Note(sgd.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append(logs["loss"])

    report_of_fit(losses, batch_size=1, callbacks=[Note()])
    return seen


def fit_rows(epochs, batch_size, callbacks=(), validate=False):
    """Train a small network on 20 rows; return the optimizer and the history."""
    x, y = sgd.make_moons(20, np.random.default_rng(0))
    start = sgd.init_weights([2, 4, 2], np.random.default_rng(0), "float64")
    optimizer = sgd.SGD(0.1)
    _, history = sgd.fit(
        start,
        x,
        y,
        optimizer=optimizer,
        epochs=epochs,
        batch_size=batch_size,
        validation_data=(x, y) if validate else None,
        callbacks=list(callbacks),
        rng=np.random.default_rng(0),
        verbose=0,
    )
    return optimizer, history


def updates_until_stopped(batch_to_stop_at):
    class Stop(sgd.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == batch_to_stop_at:
                self.state.stop_training = True

    optimizer, _ = fit_rows(epochs=2, batch_size=2, callbacks=[Stop()])
    return optimizer.iterations


def epochs_with_patience(val_losses, patience):
    class Say(sgd.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["val_loss"] = val_losses[epoch]

    stopper = sgd.EarlyStopping(monitor="val_loss", patience=patience)
    _, history = fit_rows(len(val_losses), 20, callbacks=[Say(), stopper], validate=True)
    return len(history.epoch)


def loss_of_epoch_2(val_losses):
    """Find the validation loss, on the same rows, that the loss of epoch 2 is equal to."""
    _, history = fit_rows(epochs=3, batch_size=20, validate=True)
    gaps = np.abs(np.array(history.history["val_loss"]) - history.history["loss"][1])
    assert gaps.min() < 1e-12
    return val_losses[gaps.argmin()]


def batch_size_for_an_error_of(share):
    """Count the rows that a batch needs, by drawing every batch that there is of 0s and 1s."""

    def error(size):
        means = [np.mean(batch) for batch in product([0.0, 1.0], repeat=size)]
        return np.sqrt(np.mean((np.array(means) - 0.5) ** 2))

    return next(size for size in range(1, 12) if error(size) <= share * error(1) + 1e-12)


def gradient_of_penalty(weight, l2, num_rows):
    weights, x = [np.array([[weight]]), np.zeros(1)], np.ones((num_rows, 1))
    dlogits = np.ones((num_rows, 1)) / num_rows
    with_penalty, without = (sgd.backward(weights, [x], dlogits, l2=c)[0] for c in (l2, 0.0))
    return (with_penalty - without).item()


def product_after_update(a, b, rate):
    a, b = [np.array([a]), np.array([b])]
    return [w.item() for w in sgd.sgd_update([a, b], [b, a], learning_rate=rate)]


def rate_for_the_average(rate):
    """Fit the rate of Keras's rule to the path of the averaging rule, for random gradients."""
    optimizer, v, ours, averaged = sgd.SGD(1.0, momentum=0.9), 0.0, [np.zeros(1)], [0.0]
    for g in np.random.default_rng(0).normal(size=20):
        ours += optimizer.update([ours[-1]], [np.array([g])])
        v = 0.9 * v + 0.1 * g
        averaged.append(averaged[-1] - rate * v)
    ratios = np.array(averaged[1:]) / np.concatenate(ours[1:])
    assert np.ptp(ratios) < 1e-12  # one rate for all steps
    return ratios[0]


def clipped(gradient, clipnorm):
    optimizer = sgd.SGD(1.0, clipnorm=clipnorm)
    return -optimizer.update([np.zeros(2)], [np.array(gradient)])[0]


def own_loss_of_last_batch(running_means):
    return np.diff(np.array(running_means) * np.arange(1, len(running_means) + 1))[-1]


def float32_sum():
    a = np.float32(1e8)
    return a + np.float32(1) - a


def means_of_batches(*sums_and_rows):
    return [np.full(rows, total / rows).mean() for total, rows in sums_and_rows]


def dense_then_relu():
    kernel, bias = np.array([[1.0, -2.0], [3.0, 1.0]]), np.array([4.0, 1.0])
    return sgd.relu(sgd.dense(np.array([[2.0, -1.0]]), kernel, bias))[0]


def validation_rows():
    rows = np.arange(10)
    _, (x_val, _) = sgd.train_validation_split(rows[:, None], rows, validation_split=0.2)
    return x_val[:, 0]


def loss_of_true_class(*probabilities):
    logits = np.log([[p, 1 - p] for p in probabilities])
    return sgd.sparse_categorical_crossentropy(np.zeros(len(probabilities), int), logits)


def dlogits_of_first_row():
    return sgd.loss_gradient(np.array([0, 1]), np.log([[0.2, 0.8], [0.5, 0.5]]))[0]


def change_by_three_votes():
    gradient = np.mean([6.0, -2.0, 2.0])
    return sgd.sgd_update([np.zeros(1)], [np.array([gradient])], learning_rate=0.5)[0].item()


def numbers_in_network(sizes):
    return sum(w.size for w in sgd.init_weights(sizes, np.random.default_rng(0)))


VALUES = {
    # 00
    "updates-with-a-rest": lambda: 3 * sgd.steps_per_epoch(100, 32),
    "bar-counts-to-100": lambda: [sgd.steps_per_epoch(3200, 32), 32],
    "numbers-of-a-small-net": lambda: numbers_in_network([4, 3, 2]),
    # 01
    "no-rows-carried-over": lambda: 4 * sgd.steps_per_epoch(50, 20),
    "sizes-of-the-batches": lambda: batch_sizes(70, 32),
    "weight-of-a-lonely-row": lambda: batch_sizes(33, 32)[0] / batch_sizes(33, 32)[-1],
    "which-rows-validate": validation_rows,
    # 02
    "dense-and-relu-by-hand": dense_then_relu,
    "two-batches-one-network": lambda: means_of_batches((40, 16), (160, 64)),
    # 03
    "ten-times-less-probable": lambda: np.divide(*loss_of_true_class(0.01, 0.1)),
    "dlogits-by-hand": dlogits_of_first_row,
    "three-votes": change_by_three_votes,
    "secret-learning-rate": lambda: 0.01 * np.ones(20).sum() / np.ones(20).mean(),
    "noise-to-a-third": lambda: batch_size_for_an_error_of(1 / 3),
    # 04
    "gradient-of-a-penalty": lambda: gradient_of_penalty(3.0, l2=0.1, num_rows=10),
    "two-steps-of-momentum": lambda: walk(sgd.SGD(0.1, momentum=0.5), 2.0, steps=2)[-1],
    "beyond-the-border": lambda: walk(sgd.SGD(0.15), lambda w: 20 * w, start=1, steps=2)[-1],
    "product-of-two-weights": lambda: product_after_update(2.0, 3.0, rate=0.1),
    "rate-for-an-average": lambda: rate_for_the_average(0.1),
    "nesterov-by-hand": lambda: walk(sgd.SGD(0.1, momentum=0.5, nesterov=True), 2.0, velocity=-1.0)[
        -1
    ],
    # 05
    "coasting-velocity": lambda: -walk(sgd.SGD(0.01, momentum=0.9), 1.0, velocity=-1.0)[-1],
    "steps-on-a-steady-slope": lambda: last_step(sgd.SGD(0.02, momentum=0.8)),
    "three-batches-one-number": lambda: report_of_fit([1] * 4 + [2] * 4 + [6] * 2, batch_size=4),
    "loss-lags-behind": lambda: loss_of_epoch_2([0.9, 0.7, 0.6]),
    # 06
    "small-added-to-large": float32_sum,
    # 07
    "same-effective-rate": lambda: 0.2 / last_step(sgd.SGD(1.0, momentum=0.75)),
    "decay-steps-for-ten-epochs": lambda: 10 * sgd.steps_per_epoch(640, 32),
    "clip-a-gradient": lambda: clipped([3.0, 4.0], clipnorm=2.5),
    "decay-of-a-bias": lambda: walk(sgd.SGD(0.1, momentum=0.9, weight_decay=0.5), 0.0, start=2.0)[
        -1
    ],
    # 08
    "four-times-the-batch": lambda: 0.1 * 128 / 32,
    "patience-of-two": lambda: epochs_with_patience([0.8, 0.6, 0.7, 0.65, 0.5], patience=2),
    "stop-in-the-third-batch": lambda: updates_until_stopped(batch_to_stop_at=2),
    "loss-of-the-third-batch": lambda: own_loss_of_last_batch([0.9, 0.8, 0.7]),
    "loss-of-a-written-train-step": lambda: np.mean([1.0, 6.0]),
    # 10
    "updates-with-accumulation": lambda: 3 * sgd.steps_per_epoch(100, 32) // 5,
    "bytes-in-a-ring-of-five": lambda: parallel.ring_bytes(10**6, 5) / 1e6,
    # concept test
    "concept-950-rows": lambda: 10 * sgd.steps_per_epoch(950, 100),
    "concept-steady-slope": lambda: last_step(sgd.SGD(0.1, momentum=0.9)),
    "concept-loss-in-a-callback": lambda: losses_in_a_callback([3, 1, 2]),
}


def numbers_in(text):
    """Return the numbers that stand in a text: "(-0.4, 0.4)" gives -0.4 and 0.4."""
    return [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", text)]


@pytest.mark.parametrize("id", VALUES)
def test_number_of_the_right_answer(id):
    question, value = BY_ID[id], np.atleast_1d(VALUES[id]()).tolist()
    assert numbers_in(right_option(question)["text"]) == pytest.approx(value, abs=1e-9)
    for option in wrong_options(question):
        assert numbers_in(option["text"]) != pytest.approx(value, abs=1e-9)


def test_every_answer_in_numbers_is_computed():
    in_numbers = {
        question["id"]
        for _, _, question in QUESTIONS
        if not re.search(r"[a-z]{2}|`", right_option(question)["text"])
    }
    assert len(in_numbers) >= 15
    assert in_numbers <= VALUES.keys()


# ---- What other right answers say, tried out ----------------------------------------------------


def test_the_mean_of_means_is_among_the_options():
    plain = np.mean([1, 2, 6])
    assert plain in [numbers_in(o["text"])[0] for o in BY_ID["three-batches-one-number"]["options"]]


def test_clipped_probability_gives_the_loss_of_the_question():
    assert f"{-np.log(1e-7):.3f}" in BY_ID["stuck-at-16"]["question"]


def test_a_lonely_row_among_four_replicas():
    rows = parallel.split_over_replicas(np.arange(1), 4)
    gradients = [[np.array([float(len(part))])] for part in rows]  # 1 from the row, else 0
    [share] = parallel.mean_over_replicas(gradients)[0]
    assert share == 1 / 4
    assert right_option(BY_ID["share-of-a-lonely-row"])["text"] == "It is a quarter as long"


def test_adding_to_all_logits_changes_no_loss():
    z = np.random.default_rng(0).normal(size=(4, 10))
    losses = [sgd.sparse_categorical_crossentropy(np.arange(4), logits) for logits in (z, z + 5)]
    np.testing.assert_allclose(*losses, rtol=0, atol=1e-12)


def test_copies_of_all_rows_change_no_update(make_network, make_rows):
    weights, (x, y) = make_network([3, 5, 2]), make_rows(32, 3, 2)
    once, *_ = sgd.train_step(weights, sgd.SGD(0.1), x, y)
    twice, *_ = sgd.train_step(weights, sgd.SGD(0.1), np.repeat(x, 2, axis=0), np.repeat(y, 2))
    for a, b in zip(once, twice, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-12)


def test_compute_loss_has_the_penalties(keras):
    layer = keras.layers.Dense(
        1, kernel_initializer="ones", kernel_regularizer=keras.regularizers.L2(0.5)
    )
    model = keras.Sequential([keras.Input(shape=(2,)), layer])
    model.compile(loss="mean_squared_error")
    x, y = np.ones((3, 2)), np.full((3, 1), 2.0)  # predicted without an error
    assert float(model.compute_loss(x, y, model(x))) == 0.5 * (1 + 1)
    assert float(keras.losses.mean_squared_error(y, model(x)).numpy().mean()) == 0


def test_only_plain_sgd_goes_on_from_the_weights_alone(make_network, make_rows):
    start, (x, y) = make_network([3, 5, 2]), make_rows(40, 3, 2)
    optimizers = {
        "SGD(0.1)": lambda: sgd.SGD(0.1),
        "SGD(0.1, momentum=0.9)": lambda: sgd.SGD(0.1, momentum=0.9),
        "SGD(0.01, momentum=0.9)": lambda: sgd.SGD(0.01, momentum=0.9),
        "SGD(CosineDecay(0.1, decay_steps=1000))": lambda: sgd.SGD(sgd.CosineDecay(0.1, 1000)),
    }

    def train(weights, optimizer, epochs):
        options = {"optimizer": optimizer, "epochs": epochs, "shuffle": False, "verbose": 0}
        return sgd.fit(weights, x, y, **options)[0]

    for option in BY_ID["resume-from-weights-alone"]["options"]:
        new = optimizers[option["text"].strip("`")]
        in_one_go = train(start, new(), 4)
        resumed = train(train(start, new(), 2), new(), 2)
        gap = max(np.abs(a - b).max() for a, b in zip(in_one_go, resumed, strict=True))
        assert (gap < 1e-12) == option.get("right", False), option["text"]
