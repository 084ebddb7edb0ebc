"""Every finding is there where it should be, and not where it should not."""

import functools
import warnings
from pathlib import Path

import numpy as np
import pytest

import sgdcourse as sgd
from sgdcourse.recorder import Recording, facts, measure, record_fit
from sgdcourse.recorder.findings import ALL, Finding, Findings, explain
from sgdcourse.recorder.findings.finding import count, listed, shown
from sgdcourse.tf_keras import keras, tf

layers = keras.layers
pytestmark = [
    pytest.mark.filterwarnings("ignore:Your input ran out of data"),
    pytest.mark.filterwarnings("ignore:__array__ implementation"),
]
CLASSES = 3


def data(num_samples=90):
    """Three clouds of points, their classes mixed."""
    rng = np.random.default_rng(0)
    x, y = sgd.make_blobs(num_samples, CLASSES, rng)
    mixed = rng.permutation(num_samples)
    return (x / np.abs(x).max()).astype("float32")[mixed], y[mixed]


def network(*stack, optimizer=None, loss="sparse_categorical_crossentropy", **options):
    model = keras.Sequential([keras.Input((2,)), *stack])
    model.compile(optimizer or keras.optimizers.SGD(0.1), loss=loss, **options)
    return model


def small(optimizer=None, **options):
    stack = layers.Dense(8, activation="relu"), layers.Dense(CLASSES, activation="softmax")
    return network(*stack, optimizer=optimizer, **options)


def run(model=None, x=None, y=None, seed=None, **arguments):
    """Record one fit; unseeded, but from the same initial weights each time."""
    x_all, y_all = data()
    model = model or small()
    rng = np.random.default_rng(3)  # ours: no seed is set in Keras
    for variable in model.trainable_variables:
        if variable.name == "kernel":
            variable.assign(rng.normal(0, 0.3, variable.shape))
    tf.random.set_seed(seed)
    arguments = {"epochs": 3, "batch_size": 30, "verbose": 0} | arguments
    return record_fit(model, x_all if x is None else x, y_all if y is None else y, **arguments)


def healthy():
    return run()


def sorted_labels(**options):
    x, y = data()
    order = np.argsort(y, kind="stable")
    return run(x=x[order], y=y[order], **options)


def seeded():
    return run(seed=1, batch_size=40)


def with_last(*end, loss="sparse_categorical_crossentropy", x=None, y=None, **options):
    return run(network(layers.Dense(8, activation="relu"), *end, loss=loss), x, y, **options)


def optimizer(**arguments):
    return run(small(keras.optimizers.SGD(**{"learning_rate": 0.1} | arguments)))


def quick():
    return run(small(keras.optimizers.SGD(0.5)), batch_size=5, epochs=1)


def with_rate(rate):
    return optimizer(learning_rate=rate)


def all_one_class():
    return run(y=np.where(np.arange(90) < 81, 0, data()[1]))


def pixels():
    x, y = data()
    return run(x=(x * 255).astype("float32"), y=y, epochs=1)


def one_nan():
    x, y = data()
    x[7, 0] = np.nan
    return run(x=x, y=y, epochs=1)


def diverged():
    stack = layers.Dense(8, activation="relu"), layers.Dense(1)
    model = network(*stack, loss="mse", optimizer=keras.optimizers.SGD(5.0))
    return run(model, y=data()[1].astype("float32") * 10, batch_size=5, epochs=6)


def logits_for_probabilities():
    return with_last(layers.Dense(CLASSES))


def after_the_softmax():
    end = layers.Dense(CLASSES, activation="softmax"), layers.Rescaling(1.0)
    return with_last(*end)


def far_off():
    x, y = data()
    return run(x=x * 100, y=y, epochs=1)


def two_softmaxes():
    return with_last(layers.Dense(CLASSES, activation="softmax"), layers.Softmax())


def probabilities_for_logits():
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    with pytest.warns(UserWarning, match="from_logits=True"):
        return with_last(layers.Dense(CLASSES, activation="softmax"), loss=loss)


def softmax_of_one_unit():
    with pytest.warns(UserWarning, match="softmax over axis -1"):
        return with_last(
            layers.Dense(1, activation="softmax"),
            loss="binary_crossentropy",
            y=(data()[1] > 0).astype("float32"),
        )


def narrow_labels():
    return with_last(layers.Dense(5), loss="mse", y=data()[1][:, None].astype("float32"))


def overfitting():
    """Labels of the validation rows are wrong on purpose: every step makes val_loss worse."""
    x, y = data()
    return run(x=x, y=y, epochs=4, validation_data=(x, (y + 1) % CLASSES))


def with_dropout():
    stack = (
        layers.Dense(32, activation="relu"),
        layers.Dropout(0.8),
        layers.Dense(CLASSES, activation="softmax"),
    )
    x, y = data()
    return run(network(*stack), x, y, validation_data=(x, y), epochs=6)


def batch_norm(epochs=3, momentum=0.99):
    stack = (
        layers.Dense(8),
        layers.BatchNormalization(momentum=momentum),
        layers.Dense(CLASSES, activation="softmax"),
    )
    return run(network(*stack), epochs=epochs)


def nothing_to_learn():
    """A tiny rate, and the same rows in every batch, so that no batch is luckier than another."""
    x, y = data()
    same = np.tile(np.arange(3), 30)
    model = small(keras.optimizers.SGD(1e-6))
    return run(model, x[same], y[same], batch_size=3, epochs=1, shuffle=False)


def dead():
    """A large negative bias switches every ReLU off."""
    model = small()
    x, y = data()
    model.layers[0].set_weights([model.layers[0].get_weights()[0], np.full(8, -100.0)])
    return record_fit(model, x, y, batch_size=30, epochs=2, verbose=0)


def saturated():
    """Six layers of sigmoid with small weights."""
    stack = [layers.Dense(8, activation="sigmoid") for _ in range(8)]
    return run(network(*stack, layers.Dense(CLASSES, activation="softmax")))


def frozen():
    model = small()
    model.layers[0].trainable = False
    model.compile("sgd", loss="sparse_categorical_crossentropy")
    return run(model)


def second_fit(**arguments):
    model = small(keras.optimizers.SGD(0.1, **arguments))
    model.fit(*data(), verbose=0)
    return record_fit(model, *data(), verbose=0)


def adam():
    return run(small(keras.optimizers.Adam(0.01)))


class OwnStep(keras.Sequential):
    def train_step(self, data):
        return super().train_step(data)


def own_step():
    model = OwnStep([keras.Input((2,)), layers.Dense(CLASSES, activation="softmax")])
    model.compile("sgd", loss="sparse_categorical_crossentropy")
    return run(model)


def float16():
    stack = (
        layers.Dense(8, activation="relu", dtype="mixed_float16"),
        layers.Dense(CLASSES, activation="softmax", dtype="mixed_float16"),
    )
    inner = keras.optimizers.SGD(0.1)
    return run(network(*stack, optimizer=keras.optimizers.LossScaleOptimizer(inner)))


class Stop(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        self.model.stop_training = True


def stopped():
    return run(callbacks=[Stop()])


def constrained():
    limit = keras.constraints.MaxNorm(0.2)
    end = layers.Dense(CLASSES, activation="softmax", kernel_constraint=limit)
    return with_last(end)


def penalized():
    end = layers.Dense(CLASSES, activation="softmax", kernel_regularizer="l2")
    return with_last(end)


def scheduled():
    return with_rate(keras.optimizers.schedules.ExponentialDecay(0.1, 3, 0.5))


def by_callback():
    return run(callbacks=[keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)])


def full():
    return run(megabytes=0.001)


# name -> a fit that has it, and one that has not; where none is named, the healthy one has not
WITH = {
    "same_order": seeded,
    "new_orders": healthy,
    "not_shuffled": functools.partial(run, shuffle=False),
    "small_last_batch": seeded,
    "labels_in_blocks": functools.partial(sorted_labels, shuffle=False, batch_size=10),
    "class_imbalance": all_one_class,
    "validation_tail": functools.partial(sorted_labels, validation_split=0.2),
    "unscaled_inputs": pixels,
    "inputs_not_finite": one_nan,
    "rows_left_out": functools.partial(run, steps_per_epoch=1, epochs=2),
    "sample_weights": functools.partial(run, sample_weight=np.full(90, 0.25)),
    "class_weights": functools.partial(run, class_weight={0: 1.0, 1: 2.0, 2: 1.0}),
    "running_mean": quick,
    "start_as_untrained": healthy,
    "start_far_off": far_off,
    "raw_logits": logits_for_probabilities,
    "capped_loss": after_the_softmax,
    "softmax_twice": two_softmaxes,
    "softmax_of_one": softmax_of_one_unit,
    "from_logits_on_probabilities": probabilities_for_logits,
    "label_shape": narrow_labels,
    "loss_not_finite": diverged,
    "penalty_in_loss": penalized,
    "best_epoch_earlier": overfitting,
    "validation_below_training": with_dropout,
    "loss_did_not_fall": nothing_to_learn,
    "dropout": with_dropout,
    "young_batch_norm": batch_norm,
    "update_rule": healthy,
    "update_rule_broken": constrained,
    "rate_changed": scheduled,
    "rate_stands_still": functools.partial(with_rate, lambda: 0.05),
    "velocity_kept": functools.partial(second_fit, momentum=0.9),
    "momentum_lengthens": functools.partial(optimizer, momentum=0.9),
    "nesterov_without_momentum": functools.partial(optimizer, nesterov=True),
    "clipping": functools.partial(optimizer, clipnorm=0.05),
    "weight_decay": functools.partial(optimizer, weight_decay=0.1),
    "accumulation": functools.partial(optimizer, gradient_accumulation_steps=4),
    "moving_average": functools.partial(optimizer, use_ema=True),
    "never_moved": dead,
    "frozen_layers": frozen,
    "dead_relus": dead,
    "vanishing_gradients": saturated,
    "exploding_gradients": diverged,
    "tiny_steps": nothing_to_learn,
    "huge_steps": diverged,
    "other_optimizer": adam,
    "loss_scale": float16,
    "own_train_step": own_step,
    "ended_early": stopped,
    "recording_full": full,
}
WITHOUT = {
    "new_orders": seeded,
    "start_as_untrained": far_off,
    "update_rule": constrained,
    # near misses
    "same_order": functools.partial(run, seed=1, shuffle=False),
    "small_last_batch": functools.partial(run, batch_size=45),
    "labels_in_blocks": sorted_labels,
    "not_shuffled": seeded,
    "raw_logits": probabilities_for_logits,
    "velocity_kept": second_fit,
    "young_batch_norm": functools.partial(batch_norm, momentum=0.5),
    "label_shape": softmax_of_one_unit,
    "softmax_twice": after_the_softmax,
    "capped_loss": two_softmaxes,
}


@functools.cache
def recorded(make):
    return make()


@functools.cache
def found(make):
    return recorded(make).explain()


# the same fit in several cases is made once
SHARED = {}


def cached(make):
    key = (make.func, make.args, str(make.keywords)) if hasattr(make, "func") else make
    return found(SHARED.setdefault(key, make))


@pytest.mark.parametrize("name", WITH)
def test_it_is_found(name):
    finding = cached(WITH[name])[name]
    assert finding.name == name
    assert finding.sentence.endswith(".")
    assert len(finding.sentence) < 450
    assert finding.evidence
    assert "nan" not in finding.sentence.replace("NaN", "")


@pytest.mark.parametrize("name", WITH)
def test_it_is_not_found(name):
    assert name not in cached(WITHOUT.get(name, healthy))


def test_every_finding_is_tested():
    assert {look_for.__name__ for look_for in ALL} == set(WITH)
    assert len(ALL) == len(WITH) >= 20


def test_marked_are_those_to_look_at():
    findings = cached(WITH["validation_tail"])
    assert findings.marked.names == [finding.name for finding in findings if finding.look]
    assert "validation_tail" in findings.marked
    assert "small_last_batch" not in findings.marked
    assert len(cached(healthy).marked) == 0


def test_the_readme_knows_how_many():
    readme = Path(__file__).parent.parent / "README.md"
    assert f"`explain()` knows {len(ALL)} findings" in readme.read_text(encoding="utf-8")


def test_a_healthy_fit_has_nothing_to_look_at():
    assert not [finding for finding in cached(healthy) if finding.look]


# ----------------------------------------------------------------------- the evidence is right


def test_small_last_batch_weighs_more():
    evidence = cached(seeded)["small_last_batch"].evidence
    assert evidence == {"last": 10, "others": 40, "times": 4.0}


def test_validation_rows_are_of_one_class():
    finding = cached(WITH["validation_tail"])["validation_tail"]
    assert finding.look
    assert finding.evidence["in_validation"] == 1
    assert "1 of 3 classes" in finding.sentence
    mixed = run(validation_split=0.2).explain()["validation_tail"]
    assert not mixed.look
    assert mixed.evidence["trained_on_rows_below"] == 72


def test_the_update_is_exactly_the_formula():
    evidence = cached(healthy)["update_rule"].evidence
    assert evidence == {"largest_deviation": 0.0, "updates_checked": 5}  # steps 0, 1, 2, 4, 8


def test_the_capped_loss_is_capped():
    """A row that is surely wrong costs 16.118 behind a layer after the softmax, and not more."""
    model = network(
        layers.Dense(CLASSES, activation="softmax", use_bias=False), layers.Rescaling(1.0)
    )
    model.layers[0].set_weights([np.array([[100.0, 0, 0], [0, 0, 0]])])
    x, y = np.ones((4, 2), "float32"), np.ones(4, int)
    recording = record_fit(model, x, y, verbose=0)
    finding = recording.explain()["capped_loss"]
    assert finding.evidence["largest_loss"] == pytest.approx(finding.evidence["cap"], abs=1e-3)
    assert recording["gradient_norm"][0] == 0


def test_a_hidden_sigmoid_gives_no_probabilities():
    """Logits behind a sigmoid and a layer with weights are logits: nothing stands in the way."""
    stack = layers.Dense(8, activation="sigmoid"), layers.Dense(CLASSES)
    found = run(network(*stack)).explain()
    assert "raw_logits" in found
    assert "capped_loss" not in found


def test_a_first_batch_norm_takes_raw_numbers():
    x, y = data()
    end = layers.BatchNormalization(), layers.Dense(CLASSES, activation="softmax")
    assert "unscaled_inputs" not in run(network(*end), x * 255, y).explain()


def test_large_weights_break_no_rule():
    """In a fit that diverges, one rounding moves a weight by more than usual weights are long."""
    plain = facts.sgd_arguments(keras.optimizers.SGD(), [])
    weight, gradient = np.array([1e8], np.float32), np.zeros(1, np.float32)
    after = np.nextafter(weight, np.float32(np.inf))
    assert after[0] - weight[0] == 8
    error = measure.rule_error(plain, 0.1, [weight], [], [gradient], [after])
    assert error == pytest.approx(8e-8)
    one, off = np.ones(1, np.float32), np.array([0.75], np.float32)
    assert measure.rule_error(plain, 0.1, [one], [], [gradient], [off]) == 0.25


def test_a_rule_that_cannot_be_checked_is_not_broken():
    """Some weights without decay, or weights in float16, of three digits."""
    spared = keras.optimizers.SGD(0.1, weight_decay=0.5)
    spared.exclude_from_weight_decay(var_names=["bias"])
    model = small(spared)
    model.layers[0].bias.assign(np.ones(8))
    coarse = network(layers.Dense(CLASSES, activation="softmax", dtype="float16"))
    for found in (run(model).explain(), run(coarse).explain()):
        assert "update_rule" not in found
        assert "update_rule_broken" not in found


def test_of_a_few_rows_no_order_is_told():
    x, y = data(4)
    assert "same_order" not in run(x=x, y=y, seed=1, batch_size=2).explain()


def test_logits_are_found_behind_a_softmax():
    """What the sentence says: fit takes the logits, and on the output of predict it is wrong."""
    losses = {}
    logits_expected = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    for loss in ("sparse_categorical_crossentropy", logits_expected):
        end = layers.Dense(8, activation="relu"), layers.Dense(CLASSES, activation="softmax")
        model = network(*end, loss=loss, optimizer=keras.optimizers.SGD(1.0))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            losses[loss] = run(model, shuffle=False, epochs=30)["loss"]
    np.testing.assert_array_equal(*losses.values())
    x, y = data()
    assert logits_expected(y, model.predict(x, verbose=0)) > 2 * losses[logits_expected][-1]


def test_weights_without_a_step():
    """A gradient that is there, and a rate that makes nothing of it."""
    tiny = run(small(keras.optimizers.SGD(1e-12))).explain()["never_moved"]
    assert "last digit" in tiny.sentence
    assert "exactly 0" in cached(dead)["never_moved"].sentence


def test_two_softmaxes_cannot_be_sure():
    """The floor of the loss: a first softmax that is wholly sure."""
    evidence = cached(two_softmaxes)["softmax_twice"].evidence
    sure = np.array([1.0, 0.0, 0.0])
    assert evidence["floor"] == pytest.approx(-np.log(sgd.softmax(sure[None])[0, 0]))
    assert evidence["smallest_loss"] > evidence["floor"]


def test_clipping_counts_steps():
    finding = cached(WITH["clipping"])["clipping"]
    assert finding.evidence["active"] == finding.evidence["steps"] == 9
    idle = optimizer(global_clipnorm=1e6).explain()["clipping"]
    assert idle.evidence["active"] == 0
    assert "never did anything" in idle.sentence
    values = optimizer(clipvalue=0.001).explain()["clipping"]
    assert values.evidence["active"] == 9


def test_weight_decay_alone():
    evidence = cached(WITH["weight_decay"])["weight_decay"].evidence
    assert evidence["left"] == pytest.approx((1 - 0.1 * 0.1) ** 9)


def test_who_changed_the_rate():
    assert "schedule ExponentialDecay" in cached(scheduled)["rate_changed"].sentence
    finding = by_callback().explain()["rate_changed"]
    assert "callback (this fit had LearningRateScheduler)" in finding.sentence
    assert finding.evidence["first"] == pytest.approx(0.05)
    assert finding.evidence["first_change"] == 3


def test_gradients_before_nan():
    evidence = cached(diverged)["loss_not_finite"].evidence
    assert evidence["growth_of_gradient"] > 1000
    assert not np.isfinite(recorded(SHARED[diverged])["loss"][evidence["step"]])


def test_accumulation_leaves_a_rest():
    evidence = cached(WITH["accumulation"])["accumulation"].evidence
    assert evidence == {"batches": 9, "updates": 2, "waiting": 1}


def test_rows_that_were_never_dealt():
    evidence = cached(WITH["rows_left_out"])["rows_left_out"].evidence
    assert evidence == {"rows_per_epoch": 30, "rows": 90, "never_dealt": 30}


def test_dead_units_are_counted():
    evidence = cached(dead)["dead_relus"].evidence
    assert evidence["units"] == evidence["of"] == 8
    assert len(cached(dead)["never_moved"].evidence["variables"]) >= 2


def test_sample_weights_scale_the_loss():
    """What the sentence says: a quarter of the weight is a quarter of loss and gradient."""
    whole, quarter = run(shuffle=False), run(shuffle=False, sample_weight=np.full(90, 0.25))
    assert quarter["loss"][0] == pytest.approx(whole["loss"][0] / 4, rel=1e-5)
    assert quarter["gradient_norm"][0] == pytest.approx(whole["gradient_norm"][0] / 4, rel=1e-5)


def test_penalty_is_in_the_loss():
    """The loss with a penalty is the loss without it, and the penalty of the same weights."""
    end = {"activation": "softmax"}
    without = with_last(layers.Dense(CLASSES, **end), epochs=1, shuffle=False)
    model = network(
        layers.Dense(8, activation="relu"), layers.Dense(CLASSES, kernel_regularizer="l2", **end)
    )
    with_one = run(model, epochs=1, shuffle=False, full_steps=[0])
    kernel = with_one.arrays[0]["before"][2]
    expected = without["loss"][0] + 0.01 * np.sum(kernel**2)
    assert with_one["loss"][0] == pytest.approx(expected, rel=1e-5)


# --------------------------------------------------------------------------------- how it prints


def test_text_and_html():
    findings = cached(diverged)
    assert str(findings).startswith("1 fit, ")
    assert "\n! loss_not_finite\n" in str(findings)
    assert str(findings).endswith("! have a look: it may be a mistake")
    html = findings._repr_html_()
    assert html.count("<tr>") == len(findings) + 1
    assert "<code>loss_not_finite</code>" in html
    looks = [finding.look for finding in findings]
    assert looks == sorted(looks, reverse=True)  # what may be a mistake comes first


def test_html_is_escaped():
    html = Findings([Finding("name", "<b> & so on", {"a<b": 1})], "<title>")._repr_html_()
    assert "&lt;b&gt; &amp; so on" in html
    assert "<title>" not in html


def test_names():
    findings = cached(healthy)
    assert findings.names == [finding.name for finding in findings]
    with pytest.raises(KeyError, match="name must be that of a finding"):
        findings["dead_relus"]
    assert len(explain(Recording())) == 0


def test_a_dataset_without_arrays():
    """Nothing is known about rows and classes, and nothing is claimed."""
    dataset = tf.data.Dataset.from_tensor_slices(data()).batch(40)
    findings = record_fit(small(), dataset, shuffle=False, verbose=0).explain()
    about_rows = {"same_order", "new_orders", "not_shuffled", "class_imbalance", "unscaled_inputs"}
    assert not about_rows & set(findings.names)
    assert findings["small_last_batch"].evidence["last"] == 10


def test_words():
    assert count(1, "batch"), count(2, "batch") == ("1 batch", "2 batches")
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed(list("abcdefgh")) == "a, b, c, d, e and 3 more"
    assert [shown(v) for v in (1234567, 0.123456, 2.0, "a", True, float("nan"))] == [
        "1,234,567",
        "0.1235",
        "2",
        "a",
        "True",
        "nan",
    ]
    assert shown(list(range(12))).endswith(", ... 2 more]")
