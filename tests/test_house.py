"""The rules of the house: what may import what, and how a leaf function looks."""

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import sgdcourse as sgd

PACKAGE = Path(sgd.__file__).parent
CORE = [  # in the order in which a batch walks through them
    "data",
    "batching",
    "model",
    "losses",
    "gradients",
    "schedules",
    "optimizers",
    "callbacks",
    "training",
]
# Which rooms a room may use. The others of the core use none.
ARROWS = {
    "gradients": {"model"},
    "callbacks": {"optimizers"},
    "training": set(CORE) - {"training"},
    "__init__": {*CORE, "_source"},
    "twin": {"optimizers", "schedules", "tf_keras"},
    "tap": {"keras_random", "tf_keras"},
    "parity": {"plots"},
    "compare": {*CORE, "keras_random", "parity", "tf_keras", "twin", "tap"},
    "parallel": {"gradients", "losses", "model", "optimizers"},
    "workers": {"optimizers", "tf_keras", "twin"},
    "__main__": {"__version__"},  # and the commands, each when it is asked for
}
HELPERS = {"_types", "_checks"}
ENTRANCES = ["__init__", "__main__"]
EDGES = {"tf_keras", "keras_random", "twin", "tap", "parity", "compare", "parallel", "workers"}
# Which packages, beside the standard library and NumPy
PACKAGES = {
    "training": {"threadpoolctl"},
    "callbacks": {"tqdm"},
    "tf_keras": {"keras", "tensorflow"},
}
# Rooms with several files: which of them imports which, or which rooms of the course
PLOTS = {
    "__init__": {"classroom", "colours", "figure", "moving", "recording", "still"},
    "classroom": {"colours", "figure"},
    "colours": set(),
    "figure": set(),
    "moving": {"colours", "figure"},
    "recording": {"colours", "figure"},
    "still": {"colours", "figure"},
}
DEMOS = ["dealer", "digit", "hooks", "live", "noise", "rate_map", "stepper", "two_runs", "valley"]
WIDGETS = {"__init__": {"demo", *DEMOS}, "demo": set()} | {demo: {"demo"} for demo in DEMOS}
FOR_WIDGETS = {*CORE, "keras_random", "plots"}
FOR_TYPE_CHECKER = {"two_runs": {"parity"}, "stepper": {"recorder"}}
# What a recording is read with needs no TensorFlow: storage, table, picture, findings
RECORDER = {
    "__init__": {"recorder", "recording"},
    "dealing": {"tf_keras"},
    "facts": {"tf_keras"},
    "hooks": {"dealing", "facts", "measure", "recording", "refusals", "tf_keras"},
    "measure": {"optimizers"},
    "picture": {"plots", "recording"},
    "recorder": {"hooks", "recording"},
    "recording": {"findings", "picture", "storage", "table"},
    "refusals": {"tf_keras"},
    "storage": set(),
    "table": {"findings", "recording"},
}
FINDINGS = {
    "__init__": {"data", "finding", "gradients", "loss", "outputs", "run", "update"},
    "data": {"finding"},
    "finding": set(),
    "gradients": {"finding"},
    "loss": {"finding", "outputs"},
    "outputs": {"finding"},
    "run": {"finding"},
    "update": {"finding"},
}
# The commands of `python -m sgdcourse`, and what they share
COMMANDS = {
    "__init__": set(),
    "cgroups": set(),
    "classroom": {"classroom", "surroundings"},
    "doctor": {"cgroups", "data", "surroundings"},
    "progress": {"exercises", "surroundings"},
    "surroundings": set(),
    "tensorflow_probe": {"tf_keras"},
    "verify": {"batching", "compare", "data", "surroundings"},
}
PACKAGES_OF_COMMANDS = {"doctor": {"jupyter_client", "jupyter_core", "packaging", "psutil"}}
FAQ = {"__init__": {"box", "questions"}, "box": {"questions"}, "questions": set()}
CLASSROOM = {
    "__init__": {"counting", "reading"},
    "counting": {"exercises", "plots", "report"},
    "reading": {"counting", "exercises"},
    "report": {"counting", "exercises", "plots"},
}
# The exercises use the course as a notebook does. Who imports what inside of them:
EXERCISES = {
    "_cards": set(),
    "_forms": {"_cards"},
    "catalogue": {"exercise"},
    "checking": {"_cards", "catalogue", "comparing", "exercise", "parsons", "progress", "watching"},
    "comparing": set(),
    "exercise": set(),
    "parsons": {"exercise"},
    "predictions": {"_cards", "_forms", "progress"},
    "progress": {"_cards", "catalogue", "quizzes"},
    "quizzes": {"_cards", "_forms", "progress"},
    "solutions": {"_cards", "catalogue", "parsons"},
    "watching": {"comparing"},
    "__init__": {"checking", "predictions", "progress", "quizzes", "solutions"},
}
PACKAGES_OF_EXERCISES = {
    "_forms": {"IPython", "ipywidgets"},
    "predictions": {"ipywidgets"},
    "progress": {"platformdirs"},
    "quizzes": {"ipywidgets"},
}
# What a learner is asked to write, and train_step, the picture on the wall
LEAVES = [
    sgd.shuffle_indices,
    sgd.split_batches,
    sgd.steps_per_epoch,
    sgd.init_weights,
    sgd.dense,
    sgd.relu,
    sgd.softmax,
    sgd.forward,
    sgd.sparse_categorical_crossentropy,
    sgd.mean_squared_error,
    sgd.accuracy,
    sgd.loss_gradient,
    sgd.backward,
    sgd.numerical_gradient,
    sgd.sgd_update,
    sgd.momentum_update,
    sgd.nesterov_update,
    sgd.clip_by_norm,
    sgd.clip_by_global_norm,
    sgd.train_step,
    sgd.fit_textbook,
]
LONGEST_BODY = 12


def run_python(code):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=PACKAGE.parent
    )


def test_core_runs_without_keras_and_matplotlib():
    """Nothing but NumPy, threadpoolctl and tqdm is needed to train."""
    code = """
import sys
for name in ("tensorflow", "keras", "matplotlib", "ipywidgets"):
    sys.modules[name] = None  # an import of it now raises ImportError
import numpy as np
import sgdcourse as sgd
rng = np.random.default_rng(0)
x, y = sgd.make_blobs(60, 3, rng)
weights, history = sgd.fit(
    sgd.init_weights([2, 8, 3], rng), x, y, optimizer=sgd.SGD(0.1, momentum=0.9), epochs=5,
    rng=rng, validation_split=0.1, callbacks=[sgd.EarlyStopping("loss")])
print(sgd.evaluate(weights, x, y)[1] > 0.8)
"""
    result = run_python(code)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[-1] == "True"


def test_import_is_light():
    code = """
import sys
import sgdcourse
heavy = {"tensorflow", "keras", "matplotlib", "ipywidgets", "tqdm", "IPython", "scipy", "pandas"}
print(sorted(heavy & {name.partition(".")[0] for name in sys.modules}))
"""
    result = run_python(code)
    assert (result.returncode, result.stdout.strip(), result.stderr) == (0, "[]", "")


def imports_of(module, folder=PACKAGE):
    """Read a module: which of our rooms, and which packages, does it import anywhere?"""
    rooms, packages = set(), set()
    for node in ast.walk(ast.parse((folder / f"{module}.py").read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} uses a relative import: line {node.lineno}"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            package, *rest = name.split(".")
            here = list(folder.relative_to(PACKAGE).parts)
            if package == "sgdcourse" and here[:1] == ["exercises"]:
                rooms.add(rest[1] if rest[:1] == ["exercises"] else "the course")
            elif package == "sgdcourse":
                assert rest, f"{module} imports the whole package: line {node.lineno}"
                inside = rest[: len(here)] == here  # another file of the same room
                rooms.add(rest[len(here)] if inside else rest[0])
            elif package not in sys.stdlib_module_names:
                packages.add(package)
    return rooms, packages


def test_reading_of_imports():
    """The reader sees imports inside functions, too."""
    rooms, packages = imports_of("callbacks")
    assert {"_types", "optimizers"} <= rooms
    assert "tqdm" in packages
    assert "training" in imports_of("compare")[0]
    assert imports_of("tf_keras") == (set(), {"keras", "tensorflow"})


@pytest.mark.parametrize("room", [*sorted(HELPERS), "_source", *CORE, *sorted(EDGES), *ENTRANCES])
def test_arrows(room):
    rooms, packages = imports_of(room)
    assert rooms - HELPERS <= ARROWS.get(room, set())
    assert packages <= {"numpy"} | PACKAGES.get(room, set())


def arrows_in(folder, known):
    """Yield (module, rooms that it imports beside the known ones, packages) for every file."""
    assert {path.stem for path in folder.glob("*.py")} == set(known)
    for module, uses in known.items():
        rooms, packages = imports_of(module, folder)
        yield module, rooms - uses, packages


def assert_not_imported(package, by):
    result = run_python(f"import sys, {by}; print({package!r} in sys.modules)")
    assert (result.returncode, result.stdout.strip()) == (0, "False"), result.stderr


def test_plots_use_nothing_of_ours():
    for _, rooms, packages in arrows_in(PACKAGE / "plots", PLOTS):
        assert rooms <= {"_types"}
        assert packages <= {"numpy", "matplotlib", "PIL"}


def test_widgets_use_the_core_and_plots():
    """A demo is a pure function, a plot, and controls; it needs no TensorFlow."""
    for module, rooms, packages in arrows_in(PACKAGE / "widgets", WIDGETS):
        assert rooms - FOR_TYPE_CHECKER.get(module, set()) <= FOR_WIDGETS | HELPERS
        assert packages <= {"numpy", "matplotlib", "ipywidgets"}
    assert_not_imported("tensorflow", by="sgdcourse.widgets")


def test_arrows_of_the_recorder():
    for module, rooms, packages in arrows_in(PACKAGE / "recorder", RECORDER):
        assert rooms <= HELPERS
        assert packages <= {"numpy"} | ({"keras"} if module == "dealing" else set())


def test_findings_read_a_recording():
    for _, rooms, packages in arrows_in(PACKAGE / "recorder" / "findings", FINDINGS):
        assert rooms <= {"_types", "recorder"}
        assert packages <= {"numpy"}


def test_arrows_of_the_classroom():
    """It reads what the exercises wrote down, and needs no TensorFlow."""
    for _, rooms, packages in arrows_in(PACKAGE / "classroom", CLASSROOM):
        assert rooms == set()
        assert packages == set()
    assert_not_imported("tensorflow", by="sgdcourse.classroom")


@pytest.mark.parametrize("module", COMMANDS)
def test_arrows_of_the_commands(module):
    rooms, packages = imports_of(module, PACKAGE / "commands")
    assert rooms <= COMMANDS[module]
    assert packages <= PACKAGES_OF_COMMANDS.get(module, set())


def test_every_module_of_the_commands_is_known():
    assert {path.stem for path in (PACKAGE / "commands").glob("*.py")} == set(COMMANDS)


@pytest.mark.parametrize("module", ["__main__", *sorted({*COMMANDS} - {"tensorflow_probe"})])
def test_commands_are_light(module):
    """The doctor speaks where TensorFlow is broken, and where nothing but NumPy is installed."""
    name = module if module == "__main__" else f"commands.{module}"
    code = f"""
import sys
for name in ("tensorflow", "keras", "matplotlib", "ipywidgets", "psutil", "packaging",
             "jupyter_client", "jupyter_core", "platformdirs"):
    sys.modules[name] = None  # an import of it now raises ImportError
import sgdcourse.{name}
"""
    result = run_python(code)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_the_questions_use_nothing_of_ours():
    """And no widgets before the search box is shown."""
    for module, rooms, packages in arrows_in(PACKAGE / "faq", FAQ):
        assert rooms == set()
        assert packages <= ({"ipywidgets"} if module == "box" else set())
    assert_not_imported("ipywidgets", by="sgdcourse.faq")


def test_arrows_point_backwards_only():
    for room in CORE:
        earlier = set(CORE[: CORE.index(room)])
        assert imports_of(room)[0] - HELPERS <= earlier


def test_every_room_of_the_core_is_known():
    """A new module must be put on the list above, or among the edges."""
    modules = {path.stem for path in PACKAGE.glob("*.py")}
    assert modules == {*ENTRANCES, "_source", *HELPERS, *CORE, *EDGES}


def test_no_room_needs_the_exercises():
    modules = [path.stem for path in PACKAGE.glob("*.py")]
    assert not [module for module in modules if "exercises" in imports_of(module)[0]]


@pytest.mark.parametrize("module", EXERCISES)
def test_arrows_of_the_exercises(module):
    folder = PACKAGE / "exercises"
    paths = [folder / f"{module}.py"]
    if module == "catalogue":
        paths = list((folder / "catalogue").glob("*.py"))
    for path in paths:
        rooms, packages = imports_of(path.stem, path.parent)
        assert rooms - {"the course", module} <= EXERCISES[module]
        assert packages <= {"numpy"} | PACKAGES_OF_EXERCISES.get(module, set())


def test_every_module_of_the_exercises_is_known():
    folder = PACKAGE / "exercises"
    assert {path.stem for path in folder.glob("*.py")} == set(EXERCISES) - {"catalogue"}
    assert {path.name for path in folder.iterdir() if path.is_dir()} - {"__pycache__"} == {
        "catalogue",
        "questions",
    }


def test_exercises_are_light():
    """No widgets, no TensorFlow, before one is shown."""
    code = """
import sys
from sgdcourse.exercises import check
heavy = {"tensorflow", "keras", "matplotlib", "ipywidgets", "IPython", "scipy", "pandas"}
print(sorted(heavy & {name.partition(".")[0] for name in sys.modules}))
"""
    result = run_python(code)
    assert (result.returncode, result.stdout.strip(), result.stderr) == (0, "[]", "")


def test_public_names():
    offered = {
        name
        for name, value in vars(sgd).items()
        if not name.startswith("_") and not inspect.ismodule(value)
    }
    assert offered == set(sgd.__all__)


@pytest.mark.parametrize("name", sgd.__all__)
def test_docstrings(name):
    documented = getattr(sgd, name)
    text = inspect.getdoc(documented)
    sections = {
        line
        for line, below in zip(text.splitlines(), text.splitlines()[1:], strict=False)
        if below == "-" * len(line) != ""
    }
    if inspect.isclass(documented):
        assert sections & {"Parameters", "Attributes"}
    else:
        assert "Parameters" in sections
        assert sections & {"Returns", "Yields"}
    assert "Examples" in sections
    assert ">>> " in text.split("Examples\n--------")[1]


@pytest.mark.parametrize("name", sgd.__all__)
def test_docstrings_name_every_argument(name):
    documented = getattr(sgd, name)
    text = inspect.getdoc(documented)
    for parameter in inspect.signature(documented).parameters:
        assert parameter in text


def body_length(function):
    """Count the lines of code in a function's body, without docstring, comments, blank lines."""
    lines = inspect.getsource(function).splitlines()
    [definition] = ast.parse("\n".join(lines)).body
    first = definition.body[1].lineno  # the docstring is statement 0
    code = [line.strip() for line in lines[first - 1 :]]
    return sum(bool(line) and not line.startswith("#") for line in code)


def test_counting_of_lines():
    assert body_length(sgd.relu) == 1
    assert body_length(sgd.softmax) == 2
    assert body_length(sgd.split_batches) == 2


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: leaf.__name__)
def test_leaf_functions_are_short(leaf):
    """The reference is the solution: a learner is shown this very source."""
    assert body_length(leaf) <= LONGEST_BODY


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: leaf.__name__)
def test_leaf_functions_hide_nothing(leaf):
    """No private helper, no checks."""
    [definition] = ast.parse(inspect.getsource(leaf)).body
    names = {node.id for node in ast.walk(definition) if isinstance(node, ast.Name)}
    assert not {name for name in names if name.startswith("_") and name != "_epoch"}
    assert not [node for node in ast.walk(definition) if isinstance(node, (ast.Raise, ast.Assert))]
