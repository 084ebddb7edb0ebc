"""What several test files share."""

import importlib
import os

import numpy as np
import pytest
from hypothesis import settings

import sgdcourse as sgd

# The same examples on every run and every machine; no time limit, since machines differ.
settings.register_profile("course", derandomize=True, deadline=None, max_examples=30)
settings.load_profile("course")


def pytest_collection_modifyitems(config, items):
    """Deal the longest files out first: then both processes end at about the same time."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: (item.path.stem != "test_browser", item.path.suffix == ".py"))


def _read_only(*arrays):
    """Make NumPy raise an error if a function writes into its inputs."""
    for array in arrays:
        array.setflags(write=False)
    return arrays


@pytest.fixture(scope="session")
def read_only():
    return _read_only


@pytest.fixture(scope="session")
def make_network():
    """Make read-only weights, with biases that are not zero."""

    def make(layer_sizes, dtype="float64", seed=0):
        rng = np.random.default_rng(seed)
        weights = sgd.init_weights(layer_sizes, rng, dtype)
        for bias in weights[1::2]:
            bias += rng.normal(scale=0.5, size=bias.shape).astype(dtype)
        return list(_read_only(*weights))

    return make


@pytest.fixture(scope="session")
def make_rows():
    """Make read-only rows x and class numbers y."""

    def make(num_samples, num_inputs, num_classes, dtype="float64", seed=1):
        rng = np.random.default_rng(seed)
        x = rng.standard_normal((num_samples, num_inputs)).astype(dtype)
        return _read_only(x, rng.integers(0, num_classes, num_samples))

    return make


@pytest.fixture(scope="session")
def keras():
    """Import tf.keras once, and only if a test asks for it: that takes seconds."""
    from sgdcourse.tf_keras import keras

    return keras


@pytest.fixture(scope="session")
def tf():
    from sgdcourse.tf_keras import tf

    return tf


@pytest.fixture
def keras_float64(keras):
    """Let Keras compute in float64 during one test."""
    from sgdcourse.compare import floatx

    with floatx("float64"):
        yield keras


@pytest.fixture(scope="session")
def largest_difference():
    """Compare two lists of weights: the largest difference of any number."""
    from sgdcourse.compare import largest_difference

    return largest_difference


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    from tests.lab import BROWSERS, CHROMIUM, SWITCHES

    if CHROMIUM is None:
        reason = f"no browser found: install Chromium, or set CHROMIUM. Looked for {BROWSERS}."
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        yield browser
        browser.close()


@pytest.fixture
def new_page(browser):
    """Return a function that opens a page; the test fails if JavaScript in one of them does."""
    contexts, failures = [], []

    def open_page(**options):
        contexts.append(browser.new_context(viewport={"width": 1280, "height": 900}, **options))
        contexts[-1].set_default_timeout(30_000)
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: failures.append(str(error)))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert failures == []


@pytest.fixture
def no_error_in_a_callback(caplog):
    """Fail if a button's callback raised: ipywidgets only logs that."""
    yield
    logged = [record.exc_info[1] for record in caplog.get_records("call") if record.exc_info]
    assert logged == []


@pytest.fixture
def events(tmp_path, monkeypatch):
    """Return a function that lists what was recorded in the progress during this test."""
    progress = importlib.import_module("sgdcourse.exercises.progress")
    path = tmp_path / "progress.jsonl"
    monkeypatch.setenv("SGDCOURSE_PROGRESS", str(path))
    monkeypatch.setattr(progress, "_unsaved", [])
    return lambda: list(progress.load(path, {}, {}).events) if path.exists() else []


@pytest.fixture
def report_line(record_property):
    """Return a function that adds a line to the summary: for what is measured, not asserted."""
    return lambda line: record_property("measured", line)


def pytest_terminal_summary(terminalreporter):
    reports = [report for kind in terminalreporter.stats.values() for report in kind]
    calls = [report for report in reports if getattr(report, "when", None) == "call"]
    lines = [line for call in calls for name, line in call.user_properties if name == "measured"]
    if lines:
        terminalreporter.section("measured")
        terminalreporter.write("\n".join([*lines, ""]))
