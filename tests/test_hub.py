"""What teaching/hub/ says is what was measured, and what the Helm chart knows."""

import json
import re
from pathlib import Path

import yaml

import course
from tools.load_test import CLASSES, sizing_table

HUB = Path(__file__).parent.parent / "teaching" / "hub"
README = (HUB / "README.md").read_text(encoding="utf-8")
VALUES = yaml.safe_load((HUB / "values.yaml").read_text(encoding="utf-8"))
MEASURED = json.loads((HUB / "measured.json").read_text())
LARGEST = json.loads((HUB / "measured_06.json").read_text())

# Settings of the Helm chart of Zero to JupyterHub, each looked up in its values.yaml. Below the
# last part of those that end in a star, names are free.
CHART = [
    "singleuser.image.name",
    "singleuser.image.tag",
    "singleuser.cmd",
    "singleuser.defaultUrl",
    "singleuser.storage.homeMountPath",
    "singleuser.storage.capacity",
    "singleuser.lifecycleHooks.*",
    "singleuser.extraEnv.*",
    "singleuser.memory.guarantee",
    "singleuser.memory.limit",
    "singleuser.cpu.guarantee",
    "singleuser.cpu.limit",
    "singleuser.startTimeout",
    "scheduling.userPlaceholder.enabled",
    "scheduling.userPlaceholder.replicas",
    "scheduling.podPriority.enabled",
    "prePuller.hook.enabled",
    "prePuller.continuous.enabled",
    "cull.enabled",
    "cull.timeout",
    "cull.every",
    "hub.concurrentSpawnLimit",
    "hub.config.*",
]
UNITS = {"": 1, "M": 1e6, "G": 1e9, "Gi": 2**30}


def settings(values, path=()):
    """Yield the dotted name of each setting."""
    for name, value in values.items():
        if isinstance(value, dict):
            yield from settings(value, (*path, name))
        else:
            yield ".".join((*path, name))


def number(quantity):
    """Return a quantity of Kubernetes as a number."""
    found = re.fullmatch(r"([0-9.]+)(M|Gi?)?", str(quantity))
    assert found, quantity
    return float(found[1]) * UNITS[found[2] or ""]


def test_the_chart_knows_every_setting():
    known = "|".join(re.escape(name).replace(r"\*", ".+") for name in CHART)
    unknown = [name for name in settings(VALUES) if not re.fullmatch(known, name)]
    assert unknown == []


def test_limits_fit_what_was_measured():
    memory, cpu = VALUES["singleuser"]["memory"], VALUES["singleuser"]["cpu"]
    assert memory["guarantee"][-1] == memory["limit"][-1] == "G"  # the hub refuses Gi here
    server = MEASURED["server_mb"] * 1e6
    one = server + MEASURED["alone"]["kernel_peak_mb"] * 1e6
    assert one <= number(memory["guarantee"]) <= 1.5 * one
    largest = LARGEST["alone"]["kernel_peak_mb"] * 1e6
    assert server + max(largest, 2 * one - 2 * server) <= number(memory["limit"])
    assert 0 < number(cpu["guarantee"]) <= number(cpu["limit"])
    number(VALUES["singleuser"]["storage"]["capacity"])


def test_the_pod_starts_as_on_binder():
    environment = VALUES["singleuser"]["extraEnv"]
    assert {name: environment[name] for name in course.ENVIRONMENT} == course.ENVIRONMENT
    assert all(isinstance(value, str) for value in environment.values())
    assert VALUES["singleuser"]["defaultUrl"].endswith("/workspace/00_start_here.ipynb")
    (command,) = VALUES["singleuser"]["lifecycleHooks"]["postStart"]["exec"].values()
    home = VALUES["singleuser"]["storage"]["homeMountPath"]
    assert f"cp -rn /home/jovyan/workspace {home}/" in command[-1]
    assert environment["SGDCOURSE_PROGRESS"].startswith(home)


def test_the_table_is_what_the_tool_prints():
    assert f"\n{sizing_table(MEASURED)}\n" in README


def test_the_figures_are_those_that_were_measured():
    alone, together = MEASURED["alone"], MEASURED["together"]
    assert alone["failed"] == together["failed"] == 0
    assert (
        f"{together['learners']} learners at once on\n{MEASURED['machine']['cores']} cores"
        in README
    )
    for words, name, shown in [
        ("memory of a kernel, at most", "kernel_peak_mb", "{} MB"),
        ("processor time of a learner", "cpu_seconds", "{} s"),
    ]:
        cells = " | ".join(shown.format(room[name]) for room in (alone, together))
        assert f"| {words} | {cells} |" in README
    for words, name, shown in [
        ("a cell with `check(...)`, worst", "check_s", "{:.2f} s"),
        ("the whole notebook, worst", "notebook_s", "{:.0f} s"),
    ]:
        cells = " | ".join(shown.format(room[name][2]) for room in (alone, together))
        assert f"| {words} | {cells} |" in README
    assert together["check_s"][2] < 1  # "within a second"
    assert f"A Jupyter server without kernels took {MEASURED['server_mb']} MB." in README
    assert f"up to {LARGEST['alone']['kernel_peak_mb'] / 1000:.1f} GB for a short time" in README
    assert f"{LARGEST['alone']['cpu_seconds']:.0f} seconds of a processor" in README


def test_the_advice_for_forty_fits_the_table():
    (memory,) = re.findall(r"for forty learners take 16 cores and (\d+) GB", README)
    (one,) = re.findall(r"^\| 40 \| (\d+) GB", README, re.MULTILINE)
    assert 40 in CLASSES
    assert int(one) < int(memory)


def test_environment_of_the_littlest_jupyterhub():
    (block,) = re.findall(r"c\.Spawner\.environment = (\{.*?\n\})", README, re.DOTALL)
    assert json.loads(re.sub(r",\s*\}", "}", block)) == course.ENVIRONMENT


def test_links_open_the_learners_copy():
    """Both stand for any fork: OWNER and REPOSITORY are its own."""
    (link,) = re.findall(r"https://HUB/\S+", README)
    assert "repo=https%3A%2F%2Fgithub.com%2FOWNER%2FREPOSITORY&branch=learners" in link
    assert link.endswith("urlpath=lab%2Ftree%2FREPOSITORY%2F00_start_here.ipynb")
    assert "init -b learners" in README
