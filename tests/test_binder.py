"""Binder without Docker: what repo2docker makes of binder/, and the pod that comes of it.

The pod needs the network (1 GB of packages) and some minutes; it is made where CI is set in the
environment. Elsewhere: CI=true python3 course.py test tests/test_binder.py
"""

import json
import os
import re
import sys

import pytest
from playwright.sync_api import expect

import course
from tests.lab import SECONDS, Lab, assert_no_errors, open_and_run

if sys.platform != "linux":
    pytest.skip("Binder's image is Linux", allow_module_level=True)

from tools.replay_binder import ROOT, Pod, render


@pytest.fixture(scope="module")
def recipe():
    return render()


def test_repo2docker_takes_the_folder_binder(recipe):
    runtime = (ROOT / "binder" / "runtime.txt").read_text().strip()
    assert recipe.build_pack == "PythonBuildPack"
    assert f"python-{recipe.python_version}" == runtime
    assert recipe.python_version in course.SUPPORTED


def test_the_steps_come_in_an_order_in_which_they_work(recipe):
    """`-e .` needs the repository, and postBuild the packages."""
    (pip,) = recipe.pip_steps
    (post_build,) = recipe.post_build_steps
    assert pip.endswith('install --no-cache-dir -r "binder/requirements.txt"')
    copy = "COPY --chown=1000:1000 src/ ${REPO_DIR}/"
    places = [recipe.dockerfile.index(step) for step in (copy, pip, post_build)]
    assert places == sorted(places)


@pytest.mark.parametrize("name", ["postBuild", "start"])
def test_scripts_can_be_run(name):
    script = ROOT / "binder" / name
    assert os.access(script, os.X_OK)
    assert script.read_text().startswith("#!/bin/bash\n")


def test_the_start_script_goes_on_to_the_server(recipe):
    assert recipe.entry_point == "${REPO_DIR}/binder/start"
    assert (ROOT / "binder" / "start").read_text().endswith('exec "$@"\n')


def test_the_start_script_sets_what_course_py_sets():
    script = (ROOT / "binder" / "start").read_text()
    assert dict(re.findall(r"(\w+)=(\S+)", script)) == course.ENVIRONMENT


def test_what_the_numbers_come_from_is_pinned_as_in_the_constraints():
    pins = re.findall(r"^(\S+==[^\s;]+)", (ROOT / "binder/requirements.txt").read_text(), re.M)
    constraints = re.findall(r"^(\S+==[^\s;]+)", (ROOT / "constraints.txt").read_text(), re.M)
    names = {pin.split("==")[0] for pin in pins}
    assert names == {"tensorflow-cpu", "keras", "numpy", "matplotlib"}
    assert set(pins) <= set(constraints)


# ---- The links -----------------------------------------------------------------------------


def test_the_badge_opens_the_copy_that_postbuild_makes():
    """One line of README.md names the repository; all links go through it."""
    readme = (ROOT / "README.md").read_text()
    (link,) = re.findall(r"^\[binder\]: (\S+)$", readme, re.MULTILINE)
    assert re.fullmatch(
        r"https://mybinder\.org/v2/gh/[\w.-]+/[\w.-]+/HEAD"
        r"\?urlpath=lab/tree/workspace/00_start_here\.ipynb",
        link,
    )
    assert readme.count("mybinder.org/v2/") == 1
    assert re.search(r"\[!\[[^\]]+\]\(https://mybinder\.org/badge_logo\.svg\)\]\[binder\]", readme)


# ---- The pod -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pod(tmp_path_factory):
    if not os.environ.get("CI"):
        pytest.skip("downloads 1 GB of packages: set CI=true to have it")
    pod = Pod(tmp_path_factory.mktemp("binder") / "pod")
    pod.build()
    return pod


def test_the_environment(pod, report_line):
    """Complete, without code for GPUs, and with the Jupyter of the base image untouched."""
    packages = pod.packages()
    assert pod.run(pod.python, "-m", "pip", "check") == "No broken requirements found.\n"
    assert [name for name in packages if name.startswith("nvidia") or name == "tensorflow"] == []
    assert {name: packages[name] for name in pod.base} == pod.base
    sizes = pod.sizes()
    assert max(sizes, key=sizes.get) == "tensorflow"
    total, most = sum(sizes.values()) / 1e6, sizes["tensorflow"] / 1e6
    report_line(f"Binder, Python {pod.version}: {total:.0f} MB, {most:.0f} of them TensorFlow")


def test_the_copy_has_no_outputs(pod):
    copies = sorted((pod.repository / "workspace").glob("*.ipynb"))
    assert [copy.name for copy in copies] == [
        path.name for path in sorted(course.NOTEBOOKS.glob("*.ipynb"))
    ]
    for copy in copies:
        cells = json.loads(copy.read_text())["cells"]
        assert [c for c in cells if c.get("outputs") or c.get("execution_count")] == []


class PodLab(Lab):
    """The server as the image starts it: in the repository, which is the home of the user."""

    notebooks = "workspace"

    def __init__(self, folder, pod):
        self.pod = pod
        super().__init__(folder)

    def bring_notebooks(self):
        """They are there: postBuild has brought them."""

    @property
    def program(self):
        entry_point = self.pod.recipe.entry_point.replace("${REPO_DIR}", str(self.root))
        program, *arguments = self.pod.recipe.command
        assert arguments[-2:] == ["--ip", "0.0.0.0"]  # here, nobody from outside
        return [entry_point, self.pod.prefix / "bin" / program, *arguments[:-2]]

    @property
    def root(self):
        return self.pod.repository

    @property
    def environment(self):
        """Nothing of the environment in which the tests run but what a pod has, too."""
        foreign = {*course.ENVIRONMENT, "PYTHONPATH", "VIRTUAL_ENV"}
        ours = {k: v for k, v in self.pod.environment.items() if k not in foreign}
        return ours | {"HOME": str(self.root)}


def test_the_link_opens_notebook_00_and_it_runs(pod, new_page, tmp_path):
    lab, page = PodLab(tmp_path, pod), new_page()
    try:
        lab.start()
        page.goto(lab.url("00_start_here.ipynb"))
        expect(page.locator(".jp-CodeCell").first).to_be_visible(timeout=90 * SECONDS)
        expect(page.locator(".jp-OutputArea-child")).to_have_count(0)
        open_and_run(page, lab, "00_start_here.ipynb")
        assert_no_errors(page)
        expect(page.locator(".jp-OutputArea-child").first).to_be_attached()
        lab.shut_kernels_down()
    finally:
        lab.stop()
