"""Bad input: the error names the argument, the rule and what was received; nothing is lost."""

import copy

import numpy as np
import pytest

import sgdcourse as sgd

RNG = np.random.default_rng(0)
WEIGHTS = sgd.init_weights([4, 6, 10], RNG, "float64")
X = RNG.standard_normal((6, 4))
Y = np.array([0, 1, 2, 9, 9, 5])
NAN, INF = float("nan"), float("inf")


def replaced(array, index, value):
    """Copy the array, with one number replaced."""
    array = array.copy()
    array[index] = value
    return array


def cast(dtype):
    return [w.astype(dtype) for w in WEIGHTS]


class NotACallback:
    def on_epoch_end(self, epoch, logs=None):
        pass


# Each line: the arguments, the exception, and what its message must contain.
SHARED = [  # by fit and evaluate
    ({"weights": None}, TypeError, ["weights must be a list of arrays", "NoneType"]),
    ({"weights": []}, TypeError, ["weights must be a list of arrays", "[]"]),
    ({"weights": WEIGHTS[:3]}, TypeError, ["weights must be a list", "[(4, 6), (6,), (6, 10)]"]),
    ({"weights": WEIGHTS[0]}, TypeError, ["weights must be a list", "ndarray"]),
    ({"weights": [[[1.0]], [0.0]]}, TypeError, ["weights must hold NumPy arrays", "list"]),
    ({"weights": cast(int)}, TypeError, ["weights must all be float32, or", "int64"]),
    ({"weights": cast("float16")}, TypeError, ["weights must all be float32, or", "float16"]),
    (
        {"weights": [*cast("float32")[:2], *WEIGHTS[2:]]},
        TypeError,
        ["weights must all be float32, or all float64", "['float32', 'float64']"],
    ),
    (
        {"weights": [*WEIGHTS[:2], np.zeros((5, 10)), WEIGHTS[3]]},
        ValueError,
        ["weights must be kernel (n_in, n_out), bias (n_out,)", "[(4, 6), (6,), (5, 10), (10,)]"],
    ),
    (
        {"weights": [WEIGHTS[0], np.zeros(5), *WEIGHTS[2:]]},
        ValueError,
        ["weights must be kernel", "[(4, 6), (5,), (6, 10), (10,)]"],
    ),
    ({"weights": [np.zeros(4), np.zeros(4)]}, ValueError, ["weights must be", "[(4,), (4,)]"]),
    ({"weights": [np.array(1.0), np.zeros(1)]}, ValueError, ["weights must be", "[(), (1,)]"]),
    ({"x": X[:, :3]}, ValueError, ["x must have shape (rows, 4)", "(6, 3)"]),
    ({"x": np.zeros((6, 2, 2))}, ValueError, ["x must have shape (rows, 4)", "(6, 2, 2)"]),
    ({"x": X[0]}, ValueError, ["x must have shape (rows, 4)", "(4,)"]),
    ({"x": 3.0}, ValueError, ["x must have shape (rows, 4)", "()"]),
    ({"x": X[:0], "y": Y[:0]}, ValueError, ["x must have at least one row", "(0, 4)"]),
    ({"x": X[:5]}, ValueError, ["x and y must have the same number of rows", "5 and 6"]),
    ({"y": Y[:5]}, ValueError, ["x and y must have the same number of rows", "6 and 5"]),
    ({"y": 3}, ValueError, ["x and y must have the same number of rows", "6 and no rows"]),
    ({"x": replaced(X, (4, 2), NAN)}, ValueError, ["x must be finite", "NaN", "row 4"]),
    ({"x": replaced(X, (2, 0), INF)}, ValueError, ["x must be finite", "infinity", "row 2"]),
    ({"x": replaced(X, (2, 0), -INF)}, ValueError, ["x must be finite", "infinity", "row 2"]),
    ({"x": X.astype(str)}, TypeError, ["x must hold numbers", "dtype <U"]),
    ({"x": X.astype(object)}, TypeError, ["x must hold numbers", "dtype object"]),
    ({"x": X.astype(complex)}, TypeError, ["x must hold numbers", "dtype complex128"]),
    ({"x": None}, TypeError, ["x must hold numbers", "dtype object"]),
    ({"y": replaced(Y, 1, 10)}, ValueError, ["y must lie in 0 to 9", "10 outputs", ": 10."]),
    ({"y": replaced(Y, 1, -1)}, ValueError, ["y must lie in 0 to 9", ": -1."]),
    ({"y": Y.astype(float)}, TypeError, ["y must hold integers", "dtype float64", "astype"]),
    ({"y": Y > 1}, TypeError, ["y must hold integers", "dtype bool"]),
    ({"y": Y.astype(str)}, TypeError, ["y must hold integers", "dtype <U"]),
    ({"y": np.eye(10)[Y]}, ValueError, ["y must have shape (6,)", "(6, 10)", "y.argmax(axis=1)"]),
    ({"y": Y[:, None]}, ValueError, ["y must have shape (6,)", "(6, 1)", "y.ravel()"]),
    ({"batch_size": 0}, ValueError, ["batch_size must be at least 1", "batch_size=0"]),
    ({"batch_size": -32}, ValueError, ["batch_size must be at least 1", "batch_size=-32"]),
    ({"batch_size": 2.5}, TypeError, ["batch_size must be an integer", "batch_size=2.5"]),
    ({"batch_size": 32.0}, TypeError, ["batch_size must be an integer", "batch_size=32.0"]),
    ({"batch_size": True}, TypeError, ["batch_size must be an integer", "batch_size=True"]),
    ({"batch_size": "32"}, TypeError, ["batch_size must be an integer", "batch_size='32'"]),
    ({"batch_size": None}, TypeError, ["batch_size must be an integer", "batch_size=None"]),
    ({"loss": "mse"}, ValueError, ["loss must be one of", "mean_squared_error", "loss='mse'"]),
    ({"loss": None}, ValueError, ["loss must be one of", "loss=None"]),
    ({"l2": -0.1}, ValueError, ["l2 must be at least 0", "l2=-0.1"]),
    ({"l2": NAN}, ValueError, ["l2 must be at least 0 and finite", "l2=nan"]),
    ({"l2": "0.1"}, TypeError, ["l2 must be a number", "l2='0.1'"]),
    (
        {"loss": "mean_squared_error"},
        ValueError,
        ["y must have shape (6, 10) for mean_squared_error", "(6,)", "y[:, None]"],
    ),
    (
        {"loss": "mean_squared_error", "y": replaced(np.zeros((6, 10)), (1, 1), NAN)},
        ValueError,
        ["y must hold finite numbers"],
    ),
    (
        {"loss": "mean_squared_error", "y": np.zeros((6, 10), str)},
        ValueError,
        ["y must hold finite numbers", "dtype <U"],
    ),
    ({"sample_weight": np.ones(5)}, ValueError, ["sample_weight must have shape (6,)", "(5,)"]),
    ({"sample_weight": 2.0}, ValueError, ["sample_weight must have shape (6,)", "()"]),
    ({"sample_weight": np.ones((6, 1))}, ValueError, ["sample_weight must have", "(6, 1)"]),
    ({"sample_weight": ["a"] * 6}, ValueError, ["sample_weight must have", "dtype <U1"]),
    ({"sample_weight": [1, 1, 1, 1, 1, NAN]}, ValueError, ["sample_weight must be finite", "NaN"]),
]

FIT_ONLY = [
    ({"epochs": 0}, ValueError, ["epochs must be at least 1", "epochs=0"]),
    ({"epochs": 1.0}, TypeError, ["epochs must be an integer", "epochs=1.0"]),
    ({"epochs": True}, TypeError, ["epochs must be an integer", "epochs=True"]),
    ({"initial_epoch": -1}, ValueError, ["initial_epoch must be at least 0", "initial_epoch=-1"]),
    ({"initial_epoch": None}, TypeError, ["initial_epoch must be an integer", "=None"]),
    ({"steps_per_epoch": 0}, ValueError, ["steps_per_epoch must be at least 1", "=0"]),
    ({"steps_per_epoch": 1.5}, TypeError, ["steps_per_epoch must be an integer", "=1.5"]),
    ({"optimizer": "adam"}, TypeError, ["optimizer must be an instance of", "SGD", "'adam'"]),
    ({"optimizer": sgd.SGD}, TypeError, ["optimizer must be an instance of", "class"]),
    ({"shuffle": "batch"}, TypeError, ["shuffle must be True or False", "shuffle='batch'"]),
    ({"shuffle": 1}, TypeError, ["shuffle must be True or False", "shuffle=1"]),
    ({"rng": 42}, TypeError, ["rng must be", "default_rng(42)", "rng=42"]),
    ({"rng": np.random.RandomState(0)}, TypeError, ["rng must be", "Generator", "RandomState"]),
    ({"order": [0, 1, 2, 3, 4, 5]}, TypeError, ["order must be", "[0, 1, 2, 3, 4, 5]"]),
    ({"order": lambda e: [0, 1, 2, 3, 4, 4]}, ValueError, ["order", "0 to 5 exactly once"]),
    ({"order": lambda e: np.arange(5)}, ValueError, ["order", "exactly once", "(5,)"]),
    ({"order": lambda e: np.arange(1, 7)}, ValueError, ["order", "exactly once", "(6,)"]),
    ({"order": lambda e: np.arange(6.0)}, ValueError, ["order", "exactly once", "float64"]),
    ({"order": lambda e: None}, ValueError, ["order", "exactly once", "dtype object"]),
    ({"validation_split": 1.0}, ValueError, ["validation_split", "below 1", "=1.0"]),
    ({"validation_split": -0.1}, ValueError, ["validation_split", "at least 0", "=-0.1"]),
    ({"validation_split": NAN}, ValueError, ["validation_split", "below 1", "=nan"]),
    ({"validation_split": "0.2"}, TypeError, ["validation_split must be a number", "='0.2'"]),
    ({"validation_split": 0.99}, ValueError, ["validation_split must leave", "=0.99 for 6 rows"]),
    ({"validation_data": X}, TypeError, ["validation_data must be (x, y)", "ndarray"]),
    ({"validation_data": (X,)}, TypeError, ["validation_data must be (x, y)", "[(6, 4)]"]),
    (
        {"validation_data": (X[:, :3], Y)},
        ValueError,
        ["validation_data[0] must have shape (rows, 4)", "(6, 3)"],
    ),
    (
        {"validation_data": (X, Y[:5])},
        ValueError,
        ["validation_data[0] and validation_data[1] must have the same number of rows", "6 and 5"],
    ),
    (
        {"validation_data": (replaced(X, (0, 0), NAN), Y)},
        ValueError,
        ["validation_data[0] must be finite", "row 0"],
    ),
    (
        {"validation_data": (X, replaced(Y, 0, 10))},
        ValueError,
        ["validation_data[1] must lie in 0 to 9", ": 10."],
    ),
    (
        {"validation_data": (X, Y, np.ones(5))},
        ValueError,
        ["validation_data[2] must have shape (6,)", "(5,)"],
    ),
    (
        {"sample_weight": np.ones(6), "class_weight": {0: 2.0}},
        ValueError,
        ["Only one of class_weight, sample_weight", "class_weight={0: 2.0}", "sample_weight="],
    ),
    ({"class_weight": [1.0, 2.0]}, TypeError, ["class_weight must be a dict", "[1.0, 2.0]"]),
    ({"class_weight": {"a": 2.0}}, TypeError, ["class_weight", "must be an integer", "'a'"]),
    ({"class_weight": {-1: 2.0}}, ValueError, ["class_weight", "at least 0", "-1"]),
    ({"class_weight": {1: -2.0}}, ValueError, ["class_weight[1]", "at least 0", "-2.0"]),
    ({"class_weight": {1: "2"}}, TypeError, ["class_weight[1] must be a number", "'2'"]),
    (
        {"class_weight": {1: 2.0}, "loss": "mean_squared_error", "y": np.zeros((6, 10))},
        ValueError,
        ["class_weight needs classes", "mean_squared_error"],
    ),
    (
        {"callbacks": [sgd.EarlyStopping]},
        TypeError,
        ["callbacks must hold instances of sgdcourse.Callback", "EarlyStopping"],
    ),
    ({"callbacks": [NotACallback()]}, TypeError, ["callbacks must hold", "NotACallback"]),
    ({"callbacks": [lambda epoch: None]}, TypeError, ["callbacks must hold", "lambda"]),
    ({"callbacks": sgd.EarlyStopping("loss")}, TypeError, ["callbacks must", "EarlyStopping"]),
    ({"verbose": 3}, ValueError, ["verbose must be 'auto', 0, 1 or 2", "verbose=3"]),
    ({"verbose": "yes"}, ValueError, ["verbose must be 'auto', 0, 1 or 2", "verbose='yes'"]),
]

OPTIMIZER = [
    ({"learning_rate": 1}, ValueError, ["learning_rate must be a float", "=1.", "=1.0."]),
    ({"learning_rate": 0.0}, ValueError, ["learning_rate must be above 0", "learning_rate=0.0"]),
    ({"learning_rate": -0.1}, ValueError, ["learning_rate must be above 0", "=-0.1"]),
    ({"learning_rate": NAN}, ValueError, ["learning_rate must be", "finite", "=nan"]),
    ({"learning_rate": INF}, ValueError, ["learning_rate must be", "finite", "=inf"]),
    ({"learning_rate": "0.1"}, TypeError, ["learning_rate must be a float", "='0.1'"]),
    ({"learning_rate": True}, TypeError, ["learning_rate must be a float", "=True"]),
    ({"learning_rate": None}, TypeError, ["learning_rate must be a float", "=None"]),
    ({"momentum": 1}, ValueError, ["momentum must be a float", "momentum=1.", "momentum=1.0."]),
    ({"momentum": 0}, ValueError, ["momentum must be a float", "momentum=0.", "momentum=0.0."]),
    ({"momentum": 1.5}, ValueError, ["momentum", "at least 0 and at most 1", "momentum=1.5"]),
    ({"momentum": -0.1}, ValueError, ["momentum", "at least 0 and at most 1", "momentum=-0.1"]),
    ({"momentum": NAN}, ValueError, ["momentum", "at least 0 and at most 1", "momentum=nan"]),
    ({"momentum": "0.9"}, TypeError, ["momentum must be a float", "momentum='0.9'"]),
    ({"momentum": None}, TypeError, ["momentum must be a float", "momentum=None"]),
    ({"nesterov": 1}, TypeError, ["nesterov must be True or False", "nesterov=1"]),
    ({"nesterov": "yes"}, TypeError, ["nesterov must be True or False", "nesterov='yes'"]),
    ({"weight_decay": -0.1}, ValueError, ["weight_decay must be at least 0", "=-0.1"]),
    ({"weight_decay": "0.1"}, TypeError, ["weight_decay must be a number", "='0.1'"]),
    ({"clipnorm": 0.0}, ValueError, ["clipnorm must be above 0", "clipnorm=0.0"]),
    ({"clipnorm": -1}, ValueError, ["clipnorm must be above 0", "clipnorm=-1"]),
    ({"clipnorm": True}, TypeError, ["clipnorm must be a number", "clipnorm=True"]),
    ({"clipvalue": 0}, ValueError, ["clipvalue must be above 0", "clipvalue=0"]),
    ({"clipvalue": [1.0]}, TypeError, ["clipvalue must be a number", "clipvalue=[1.0]"]),
    ({"global_clipnorm": -1.0}, ValueError, ["global_clipnorm must be above 0", "=-1.0"]),
    ({"global_clipnorm": NAN}, ValueError, ["global_clipnorm must be above 0", "=nan"]),
    (
        {"clipnorm": 1.0, "global_clipnorm": 2.0},
        ValueError,
        ["Only one of clipnorm, clipvalue, global_clipnorm", "clipnorm=1.0, global_clipnorm=2.0"],
    ),
    ({"clipnorm": 1.0, "clipvalue": 2.0}, ValueError, ["Only one of", "clipvalue=2.0"]),
    ({"clipvalue": 1.0, "global_clipnorm": 2.0}, ValueError, ["Only one of", "clipvalue=1.0"]),
]


def cases(*tables):
    """Give each line a name for pytest: the arguments, and what the message must quote."""
    return [
        pytest.param(*line, id=f"{' and '.join(line[0])}: {line[2][-1]}")
        for table in tables
        for line in table
    ]


def assert_error_says(raised, fragments):
    message = str(raised.value)
    for fragment in fragments:
        assert fragment in message
    assert "Received" in message


@pytest.fixture
def used_optimizer():
    """An optimizer with a velocity to lose."""
    optimizer = sgd.SGD(0.1, momentum=0.9)
    optimizer.update(WEIGHTS, WEIGHTS)
    return optimizer


@pytest.mark.parametrize(("arguments", "error", "fragments"), cases(SHARED, FIT_ONLY))
def test_fit(used_optimizer, capsys, arguments, error, fragments):
    rng = np.random.default_rng(3)
    call = {"weights": WEIGHTS, "x": X, "y": Y, "optimizer": used_optimizer, "rng": rng}
    before = copy.deepcopy((WEIGHTS, X, Y, used_optimizer.velocities))
    with pytest.raises(error) as raised:
        sgd.fit(**(call | {"verbose": 0} | arguments))
    assert_error_says(raised, fragments)
    for old, new in zip(before, (WEIGHTS, X, Y, used_optimizer.velocities), strict=True):
        np.testing.assert_equal(new, old)
    assert used_optimizer.iterations == 1
    assert rng.bit_generator.state == np.random.default_rng(3).bit_generator.state
    assert capsys.readouterr() == ("", "")


def test_the_call_that_the_table_spoils_is_a_good_one(used_optimizer):
    _, history = sgd.fit(WEIGHTS, X, Y, optimizer=used_optimizer, verbose=0)
    assert used_optimizer.iterations == 2
    assert history.epoch == [0]
    assert sgd.evaluate(WEIGHTS, X, Y)[0] > 0


@pytest.mark.parametrize(("arguments", "error", "fragments"), cases(SHARED))
def test_evaluate(arguments, error, fragments):
    with pytest.raises(error) as raised:
        sgd.evaluate(**({"weights": WEIGHTS, "x": X, "y": Y} | arguments))
    assert_error_says(raised, fragments)


@pytest.mark.parametrize(("arguments", "error", "fragments"), cases(OPTIMIZER))
def test_optimizer(arguments, error, fragments):
    with pytest.raises(error) as raised:
        sgd.SGD(**arguments)
    assert_error_says(raised, fragments)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [(arguments, error) for arguments, error, _ in OPTIMIZER if "learning_rate" in arguments],
)
def test_a_bad_rate_cannot_be_set_later(used_optimizer, arguments, error):
    with pytest.raises(error, match="learning_rate"):
        used_optimizer.learning_rate = arguments["learning_rate"]
    assert used_optimizer.learning_rate == 0.1


@pytest.mark.parametrize("arguments", [{"momentum": 1}, {"momentum": 1.5}, {"momentum": -0.1}])
def test_keras_refuses_the_same_momentum(keras, arguments):
    with pytest.raises(ValueError, match="momentum"):
        keras.optimizers.SGD(**arguments)


@pytest.mark.parametrize(
    "call",
    [
        lambda **bad: sgd.fit(WEIGHTS, X, Y, **bad),
        lambda **bad: sgd.evaluate(WEIGHTS, X, Y, **bad),
        lambda **bad: sgd.SGD(**bad),
        lambda **bad: sgd.EarlyStopping(**bad),
        lambda **bad: sgd.load_mnist(**bad),
    ],
    ids=["fit", "evaluate", "SGD", "EarlyStopping", "load_mnist"],
)
def test_unknown_arguments_are_named(call):
    with pytest.raises(TypeError, match="unexpected keyword argument 'batchsize'"):
        call(batchsize=3)


def test_arguments_behind_y_need_their_names():
    """``fit(weights, x, y, 32)``: nobody could tell batch size and epochs apart."""
    with pytest.raises(TypeError, match="positional argument"):
        sgd.fit(WEIGHTS, X, Y, 32)


@pytest.mark.parametrize(
    ("gradients", "received"),
    [
        (WEIGHTS[:3], "[(4, 6), (6,), (6, 10)]"),
        ([w.T for w in WEIGHTS], "[(6, 4), (6,), (10, 6), (10,)]"),
    ],
)
def test_gradients_of_other_shapes(used_optimizer, gradients, received):
    before = copy.deepcopy(used_optimizer.velocities)
    with pytest.raises(ValueError, match="gradients must have the shapes of weights") as raised:
        used_optimizer.update(WEIGHTS, gradients)
    assert_error_says(raised, [received, "[(4, 6), (6,), (6, 10), (10,)]"])
    np.testing.assert_equal(used_optimizer.velocities, before)
    assert used_optimizer.iterations == 1


def test_the_velocity_of_another_network(used_optimizer):
    """An optimizer that has trained one network is handed another one."""
    others = sgd.init_weights([4, 7, 10], np.random.default_rng(0), "float64")
    before = copy.deepcopy((others, used_optimizer.velocities))
    with pytest.raises(ValueError, match="the optimizer's memory") as raised:
        sgd.fit(others, X, Y, optimizer=used_optimizer, verbose=0)
    assert_error_says(raised, ["weights must have the shapes of", "(4, 7)", "make a new one"])
    np.testing.assert_equal((others, used_optimizer.velocities), before)
    assert used_optimizer.iterations == 1


@pytest.mark.parametrize(
    ("make", "error", "fragments"),
    [
        (
            lambda: sgd.PiecewiseConstantDecay([10, 20], [0.1, 0.01]),
            ValueError,
            ["values must have one element more than boundaries", "2 boundaries and 2 values"],
        ),
        (
            lambda: sgd.ExponentialDecay(0.1, 0, 0.5),
            ValueError,
            ["decay_steps must be above 0", "decay_steps=0"],
        ),
        (
            lambda: sgd.CosineDecay(0.1, -5),
            ValueError,
            ["decay_steps must be above 0", "decay_steps=-5"],
        ),
        (
            lambda: sgd.EarlyStopping(mode="maximum"),
            ValueError,
            ["mode must be 'auto', 'min' or 'max'", "mode='maximum'"],
        ),
    ],
    ids=["PiecewiseConstantDecay", "ExponentialDecay", "CosineDecay", "EarlyStopping"],
)
def test_schedules_and_callbacks(make, error, fragments):
    with pytest.raises(error) as raised:
        make()
    assert_error_says(raised, fragments)


def test_an_order_that_breaks_later_is_named():
    """The first epoch is fine; the second is refused before its first update."""
    optimizer = sgd.SGD()
    orders = [np.arange(6), np.zeros(6, int)]
    with pytest.raises(ValueError, match=r"order\(epoch\) must return each row number"):
        sgd.fit(
            WEIGHTS,
            X,
            Y,
            optimizer=optimizer,
            order=lambda epoch: orders[epoch],
            epochs=2,
            verbose=0,
        )
    assert optimizer.iterations == 1
