"""doctor: is this machine ready for the course? One line per check, and what to do about it.

TensorFlow and the kernel each start in a Python of their own: if they crash, the doctor can still
say so.
"""

import argparse
import functools
import importlib.metadata
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import webbrowser
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sgdcourse.commands import cgroups
from sgdcourse.commands.surroundings import (
    ROOT,
    WORKSPACE,
    call,
    course_py,
    uses_course_py,
    wrapped,
)

OLDEST, NEWEST = (3, 11), (3, 13)  # Python: what Keras 3.15 needs, and what TensorFlow is built for
GIGABYTE = 1e9
SMALLEST, LARGEST = 0.6 * GIGABYTE, 1.2 * GIGABYTE  # memory of a notebook, 04 and 06, as measured
TOO_LITTLE = 1.0 * GIGABYTE  # most of them take 0.9 GB
DISK_FULL, DISK_SMALL = 0.1 * GIGABYTE, 1.0 * GIGABYTE
KERNEL_SECONDS = 60
TENSORFLOW_SECONDS = 300  # its first import from a slow disk takes minutes

# The packages that the numbers and figures in the notebooks come from, and what may take their
# place: the same TensorFlow with and without the code for GPUs.
DECISIVE = ("numpy", "tensorflow", "tensorflow-cpu", "keras", "matplotlib")
STAND_INS = {"tensorflow": "tensorflow-cpu", "tensorflow-cpu": "tensorflow"}
TEXT_BROWSERS = {"elinks", "links", "lynx", "w3m", "www-browser"}  # JupyterLab does not run in them
WIDGETS = "@jupyter-widgets/jupyterlab-manager"  # the extension's name in JupyterLab

# What TensorFlow's Python was ended by: an instruction that the processor lacks (on Unix, on
# Windows), or the system, which does this when memory runs out.
ILLEGAL_INSTRUCTION = (-4, 0xC000001D)
KILLED = -9


@dataclass(frozen=True)
class Finding:
    """What a check found.

    Attributes
    ----------
    level : {"ok", "note", "fault"}
        With a note the course works, with a fault a part of it does not.
    found : str
    advice : str
        What to do, in one sentence; empty if all is well.
    """

    level: str
    found: str
    advice: str = ""


Check = Callable[[], Finding]


def ok(found: str) -> Finding:
    """Return a finding that asks for nothing."""
    return Finding("ok", found)


def note(found: str, advice: str) -> Finding:
    """Return a finding with which the course works."""
    return Finding("note", found, advice)


def fault(found: str, advice: str) -> Finding:
    """Return a finding with which a part of the course does not work."""
    return Finding("fault", found, advice)


def how_to_reinstall() -> str:
    """Return the sentence that says how all packages are installed as the course needs them."""
    if uses_course_py():
        return f"Delete the folder .venv and run: {course_py()} lab"
    return (
        "Run in the folder of the course:\n"
        "python -m pip install -r requirements.txt -c constraints.txt"
    )


# ---- What the machine has -----------------------------------------------------------------------


def python() -> Finding:
    """Check the version of Python."""
    found = f"{'.'.join(map(str, sys.version_info[:3]))}, {sys.executable}"
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        return ok(found)
    oldest, newest = (".".join(map(str, version)) for version in (OLDEST, NEWEST))
    return fault(
        f"{found}; the course needs {oldest} to {newest}",
        f"Install Python {newest} from https://www.python.org/downloads/ and run "
        f"{course_py()} lab with it.",
    )


def memory() -> Finding:
    """Check the memory that is free."""
    total, free, where = memory_for_us()
    found = f"{_gigabytes(free)} free of the {_gigabytes(total)} of this {where}"
    needs = f"a notebook takes {SMALLEST / GIGABYTE} to {_gigabytes(LARGEST)}"
    if free < TOO_LITTLE:
        return fault(
            f"{found}; {needs}",
            "Close other programs and shut down the kernels of other notebooks, or take a machine "
            "with more memory.",
        )
    if free < 2 * LARGEST:
        return note(
            f"{found}; {needs}",
            "Work with one notebook at a time: when you are done with it, choose Kernel, Shut Down "
            "Kernel.",
        )
    return ok(found)


def memory_for_us() -> tuple[int, int, str]:
    """Return all memory and the free memory, in bytes, of the machine or the container."""
    import psutil

    machine = psutil.virtual_memory()
    container = cgroups.memory()
    if container and container[0] < machine.total:
        return container[0], min(machine.available, container[1]), "container"
    return machine.total, machine.available, "machine"


def processor() -> Finding:
    """Check how many cores there are for us."""
    cores = cores_for_us()
    found = f"{cores:g} {'core' if cores == 1 else 'cores'}, {platform.machine()}"
    if cores < 2:
        return note(found, "Everything works, but cells that train may take twice the time.")
    return ok(found)


def cores_for_us() -> float:
    """Return how many cores this process may keep busy."""
    if hasattr(os, "sched_getaffinity"):
        cores: float = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    return min(cores, cgroups.cores() or cores)


def disk() -> Finding:
    """Check the space on the disk on which the learner's notebooks lie."""
    free = shutil.disk_usage(ROOT).free
    found = f"{_gigabytes(free)} free at {ROOT}"
    if free < DISK_FULL:
        return fault(
            found, "Delete something from this disk: soon no notebook can be saved any more."
        )
    if free < DISK_SMALL:
        return note(found, "It is enough to work, but a new version of the course may not install.")
    return ok(found)


def workspace() -> Finding:
    """Check that the learner's own copy of the notebooks can be written."""
    if not WORKSPACE.exists():
        return note(
            f"not made yet: {WORKSPACE}", f"Make your copy of the notebooks: {course_py()} copy"
        )
    advice = "Give yourself the right to write there, or move the course into a folder of yours."
    try:
        with tempfile.TemporaryFile(dir=WORKSPACE):
            pass
    except OSError as error:
        return fault(f"{WORKSPACE} cannot be written ({error.strerror or error})", advice)
    notebooks = sorted(WORKSPACE.glob("*.ipynb"))
    locked = [path.name for path in notebooks if not os.access(path, os.W_OK)]
    if locked:
        return fault(f"cannot be written: {', '.join(locked)} in {WORKSPACE}", advice)
    return ok(f"{len(notebooks)} notebooks in {WORKSPACE}")


def browser() -> Finding:
    """Check that a browser can be started in which JupyterLab runs."""
    advice = "Open the address yourself that JupyterLab prints when it starts."
    try:
        controller: Any = webbrowser.get()
    except webbrowser.Error:
        return note("none that could be started from here", advice)
    name = str(getattr(controller, "name", None) or type(controller).__name__)
    if Path(name).name in TEXT_BROWSERS:
        return note(f"{name}, which shows text only", advice)
    return ok(name)


# ---- What is installed --------------------------------------------------------------------------


def packages() -> Finding:
    """Compare the versions that are installed with requirements.txt and constraints.txt."""
    if not (ROOT / "requirements.txt").exists():
        return note(
            f"no requirements.txt in {ROOT} to compare them with",
            "This is the package alone: get the whole course, with its notebooks.",
        )
    required = _read_requirements("requirements.txt")
    pins = {pin.name: pin.specifier for pin in _read_requirements("constraints.txt")}
    wrong, other, decisive = [], [], []
    for requirement in required:
        name = requirement.name
        version = _installed(name) or _installed(STAND_INS.get(name, name))
        if version is None:
            wrong.append(f"{name} is missing")
        elif not requirement.specifier.contains(version, prereleases=True):
            wrong.append(f"{name} is {version}, needed is {requirement.specifier}")
        elif name in DECISIVE:
            decisive.append(f"{name} {version}")
            if name in pins and not pins[name].contains(version, prereleases=True):
                other.append(f"{name} is {version} (the course has {str(pins[name])[2:]})")
    if wrong:
        return fault("; ".join(wrong), how_to_reinstall())
    if other:
        return note(
            "; ".join(other),
            "The course works with them, but the last digits in the notebooks may come out "
            "otherwise.",
        )
    return ok(f"all {len(required)} that requirements.txt names: {', '.join(decisive)}, ...")


def _read_requirements(name: str) -> list[Any]:
    """Return the requirements of a file that hold on this system."""
    from packaging.requirements import Requirement

    lines = [line.partition("#")[0] for line in (ROOT / name).read_text("utf-8").splitlines()]
    requirements = [Requirement(line) for line in lines if line.strip()]
    return [one for one in requirements if one.marker is None or one.marker.evaluate()]


def _installed(name: str) -> str | None:
    """Return the version of a package, or None if it is not installed."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def widgets() -> Finding:
    """Check that JupyterLab finds what shows the sliders and buttons of ipywidgets."""
    from jupyter_core.paths import jupyter_path

    version = _installed("ipywidgets")
    if version is None:
        return fault("ipywidgets is not installed", how_to_reinstall())
    for folder in jupyter_path("labextensions"):
        extension = Path(folder) / WIDGETS / "package.json"
        if extension.exists():
            number = json.loads(extension.read_text("utf-8")).get("version", "?")
            return ok(f"ipywidgets {version}, its extension for JupyterLab {number}")
    return fault(
        f"ipywidgets {version} is here, but JupyterLab does not find its extension {WIDGETS}",
        how_to_reinstall(),
    )


def mnist() -> Finding:
    """Check that the images are there, byte for byte, and can be read."""
    from sgdcourse.data import load_mnist

    advice = "Get it back: git checkout sgdcourse/datasets/mnist.npz, or fetch the course again."
    try:
        (x_train, _), (x_test, _) = load_mnist(scale=False)
    except FileNotFoundError:
        return fault("the file sgdcourse/datasets/mnist.npz is missing", advice)
    except ValueError:
        return fault("the file sgdcourse/datasets/mnist.npz is damaged", advice)
    return ok(f"{len(x_train):,} training and {len(x_test):,} test images, undamaged")


# ---- What must start and answer -----------------------------------------------------------------


def tensorflow() -> Finding:
    """Check that TensorFlow starts and computes."""
    found, error = _probe_tensorflow()
    if error:
        return error
    version, gradient = found["tensorflow"], found["gradient"]
    if gradient != 6.0:
        return fault(
            f"{version} says that w * w has the gradient {gradient} at w = 3, and it is 6.0",
            how_to_reinstall(),
        )
    return ok(f"{version} starts in {found['seconds']:.0f} s and computes a gradient")


def backend() -> Finding:
    """Check that Keras computes with TensorFlow."""
    chosen = os.environ.get("KERAS_BACKEND", "tensorflow")
    if chosen != "tensorflow":
        return fault(
            f"the environment variable KERAS_BACKEND is {chosen!r}",
            "Set KERAS_BACKEND to tensorflow or remove it, and start anew.",
        )
    found, error = _probe_tensorflow()
    if error:
        return note("not tried, since TensorFlow does not work", "See to TensorFlow first.")
    if found["backend"] != "tensorflow":
        return fault(f"Keras computes with {found['backend']}", "Set KERAS_BACKEND to tensorflow.")
    return ok(f"Keras {found['keras']} computes with {found['backend']}")


@functools.cache  # two checks ask
def _probe_tensorflow() -> tuple[dict[str, Any], Finding | None]:
    """Return what TensorFlow answers, and None, or else nothing and the fault."""
    command = [sys.executable, "-m", "sgdcourse.commands.tensorflow_probe"]
    environment = {**os.environ, "KERAS_BACKEND": "tensorflow"}  # a wrong one is a fault of its own
    start = time.perf_counter()
    try:
        result = subprocess.run(
            command,
            cwd=ROOT,
            env=environment,
            capture_output=True,
            timeout=TENSORFLOW_SECONDS,
            encoding="utf-8",
            errors="replace",
        )
    except subprocess.TimeoutExpired:
        return {}, fault(
            f"did not start within {TENSORFLOW_SECONDS} s",
            "Try once more, since the first start is the slowest; if that does not help, restart "
            "the machine.",
        )
    lines = (result.stdout if result.returncode == 0 else result.stderr).strip().splitlines()
    last = lines[-1] if lines else ""
    if result.returncode in ILLEGAL_INSTRUCTION:
        return {}, fault(
            "this processor lacks instructions that TensorFlow is built for (such as AVX)",
            "Use another machine, or Binder: see README.md.",
        )
    if result.returncode == KILLED:
        return {}, fault(
            "the system ended it while it started, most likely for want of memory",
            "Close other programs, or take a machine with more memory.",
        )
    if result.returncode < 0:
        return {}, fault(
            f"crashed while it started ({signal.Signals(-result.returncode).name})",
            f"Close other programs and try again. If that does not help: {how_to_reinstall()}",
        )
    if result.returncode != 0:
        ended = f"it ended with {result.returncode}"
        return {}, fault(f"cannot be used: {last or ended}", how_to_reinstall())
    return {**json.loads(last), "seconds": time.perf_counter() - start}, None


# Run in the kernel: which Python is it, and does it find the course?
QUESTION = """
import importlib.util, json, sys
print(json.dumps([sys.prefix, importlib.util.find_spec("sgdcourse") is not None]))
"""


def kernel() -> Finding:
    """Check that a Jupyter kernel starts, answers, and finds the course."""
    from jupyter_client.manager import start_new_kernel

    start = time.perf_counter()
    # As a notebook's does, it runs in the workspace, where sgdcourse/ is not at hand.
    folder = WORKSPACE if WORKSPACE.exists() else tempfile.gettempdir()
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    try:
        manager, client = start_new_kernel(KERNEL_SECONDS, "python3", cwd=str(folder), **quiet)
        try:
            prefix, finds_course = json.loads(_ask(client, QUESTION))
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
    except ImportError:
        raise
    except Exception as error:  # Jupyter raises many kinds, all with the same advice
        return fault(f"does not start and answer: {_in_words(error)}", how_to_reinstall())
    if not finds_course:
        return fault(
            f"starts, but its Python does not find sgdcourse: {prefix}",
            f"Open the notebooks with {course_py()} lab, or install the course there:\n"
            "python -m pip install -e .",
        )
    if Path(prefix).resolve() != Path(sys.prefix).resolve():
        return note(
            f"runs another Python than this one: {prefix}",
            "Run the doctor with that Python, too.",
        )
    return ok(f"starts and answers in {time.perf_counter() - start:.0f} s")


def _ask(client: Any, code: str) -> str:
    """Run code in a kernel; return what it prints."""
    texts: list[str] = []

    def listen(message: Any) -> None:
        if message["header"]["msg_type"] == "stream":
            texts.append(message["content"]["text"])

    client.execute_interactive(
        code, timeout=KERNEL_SECONDS, output_hook=listen, allow_stdin=False, store_history=False
    )
    return "".join(texts)


# ---- The report ---------------------------------------------------------------------------------

CHECKS: dict[str, Check] = {  # the slow ones last
    "Python": python,
    "Packages": packages,
    "Memory": memory,
    "Processor": processor,
    "Disk": disk,
    "Workspace": workspace,
    "MNIST": mnist,
    "Widgets": widgets,
    "Browser": browser,
    "Kernel": kernel,
    "TensorFlow": tensorflow,
    "Keras": backend,
}
SIGNS = {"ok": "[ ok  ]", "note": "[note ]", "fault": "[FAULT]"}


def examine(check: Check) -> Finding:
    """Run one check. If it cannot even be run, that is a fault, and the others go on."""
    try:
        return check()
    except ImportError as error:
        return fault(f"cannot be checked: {_in_words(error)}", how_to_reinstall())
    except Exception as error:
        return fault(f"cannot be checked: {_in_words(error)}", "Mend the other faults first.")


def line(name: str, finding: Finding) -> str:
    """Return a finding as text: the sign, the name, what was found, and below it what to do."""
    first = f"{SIGNS[finding.level]} {name:<{max(map(len, CHECKS))}}  "
    indent = " " * len(first)
    text = wrapped(finding.found, first, indent)
    return f"{text}\n{wrapped(finding.advice, indent, indent)}" if finding.advice else text


def main(arguments: list[str]) -> int:
    """Check this machine.

    Parameters
    ----------
    arguments : list of str
        The doctor takes none but ``--help``.

    Returns
    -------
    status : int
        0 without faults, else 1.
    """
    argparse.ArgumentParser(
        prog=f"{call()} doctor",
        description="Is this machine ready for the course? This takes about half a minute. "
        "The exit status is 0 if no fault is found, else 1.",
    ).parse_args(arguments)
    print("Is this machine ready for the course? The last checks take some seconds.\n", flush=True)
    _probe_tensorflow.cache_clear()
    levels = []
    for name, check in CHECKS.items():
        finding = examine(check)
        levels.append(finding.level)
        print(line(name, finding), flush=True)
    faults, notes = (_many(levels.count(level), level) for level in ("fault", "note"))
    ready = "fault" not in levels
    verdict = "This machine is ready" if ready else "Not ready: do what stands below each FAULT"
    print(f"\n{verdict}. ({faults}, {notes})")
    return 0 if ready else 1


def _gigabytes(number: float) -> str:
    return f"{number / GIGABYTE:.1f} GB"


def _in_words(error: Exception) -> str:
    """Return what an error says in its first line, and its kind."""
    return f"{str(error).strip().partition(chr(10))[0] or 'no words'} ({type(error).__name__})"


def _many(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"
