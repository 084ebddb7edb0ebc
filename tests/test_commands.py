"""python -m sgdcourse: the doctor on sick and on healthy machines, verify, progress."""

import importlib.util
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import sgdcourse as sgd
from sgdcourse import __main__ as command_line
from sgdcourse import data, keras_random
from sgdcourse.commands import cgroups, doctor, surroundings, verify
from sgdcourse.exercises.catalogue import EXERCISES
from sgdcourse.exercises.progress import load, record
from sgdcourse.exercises.quizzes import question_ids

ROOT = Path(__file__).resolve().parent.parent
GB = 10**9
needs_unix = pytest.mark.skipif(os.name == "nt", reason="signals are those of Unix")


def run(*arguments, **environment):
    """Run the course as a user does."""
    return subprocess.run(
        [sys.executable, "-m", "sgdcourse", *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, **environment},
        timeout=500,
    )


def widest(text):
    return max(len(line) for line in text.splitlines())


# ---- The command line ----------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [[], ["--help"]])
def test_help_names_every_command_and_shows_examples(arguments):
    result = run(*arguments)
    assert (result.returncode, result.stderr) == (0, "")
    for name, summary in command_line.COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(summary)}$", result.stdout, re.MULTILINE)
        assert f"  python -m sgdcourse {name}" in result.stdout or name == "progress"
    assert widest(result.stdout) <= 100


def test_version(capsys):
    with pytest.raises(SystemExit) as end:
        command_line.main(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out == f"sgdcourse {sgd.__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["doktor"], "invalid choice: 'doktor'"),
        (["--rows"], "unrecognized arguments: --rows"),
        (["doctor", "--now"], "unrecognized arguments: --now"),
        (["progress", "00"], "unrecognized arguments: 00"),
        (["verify", "--rows", "0"], "--rows: must be an integer of at least 1. Received: '0'"),
        (["verify", "--rows", "60001"], "--rows: MNIST has 60000 training images. Received: 60001"),
        (["verify", "--epochs", "1.5"], "--epochs: must be an integer of at least 1."),
        (["verify", "--batch-size", "-1"], "--batch-size: must be an integer of at least 1."),
        (["verify", "--dtype", "float16"], "--dtype: invalid choice: 'float16'"),
        (["verify", "--full", "--epochs", "1"], "--full stands for --rows 60000 --epochs 5"),
    ],
)
def test_wrong_arguments_are_named(capsys, arguments, words):
    with pytest.raises(SystemExit) as end:
        command_line.main(arguments)
    assert end.value.code == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert words in captured.err


@pytest.mark.parametrize("name", command_line.COMMANDS)
def test_every_command_is_a_module_with_a_help_of_its_own(capsys, name):
    module = command_line.command_module(name)
    with pytest.raises(SystemExit) as end:
        module.main(["--help"])
    assert end.value.code == 0
    assert f"{surroundings.call()} {name}" in capsys.readouterr().out


def test_the_help_imports_no_command():
    code = """
import sys
from sgdcourse.__main__ import main
main([])
print([name for name in sys.modules if name.startswith("sgdcourse.commands")])
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert result.stdout.splitlines()[-1] == "[]"


def test_ctrl_c_ends_without_a_traceback(monkeypatch, capsys):
    def interrupted(arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(verify, "main", interrupted)
    assert command_line.main(["verify"]) == 130
    assert capsys.readouterr().err == "\nStopped.\n"


@needs_unix
def test_a_reader_that_has_had_enough_is_no_traceback(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-m", "sgdcourse", "progress"],
        cwd=ROOT,
        env={**os.environ, "SGDCOURSE_PROGRESS": str(tmp_path / "none.jsonl")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1


def test_a_screen_that_lacks_letters_gets_question_marks(tmp_path):
    path = str(tmp_path / "größe.jsonl")
    result = run("progress", SGDCOURSE_PROGRESS=path, PYTHONIOENCODING="ascii")
    assert (result.returncode, result.stderr) == (0, "")
    assert "gr??e.jsonl" in result.stdout


@pytest.mark.parametrize("made_by_course_py", [True, False])
def test_the_user_is_told_a_call_that_works_where_they_are(monkeypatch, made_by_course_py):
    monkeypatch.setattr(
        sys, "prefix", str(surroundings.ROOT / ".venv" if made_by_course_py else ROOT)
    )
    assert surroundings.call().endswith("course.py" if made_by_course_py else "-m sgdcourse")
    advice = doctor.how_to_reinstall()
    assert ("Delete the folder .venv" in advice) == made_by_course_py
    assert ("pip install -r requirements.txt -c constraints.txt" in advice) != made_by_course_py


def test_what_is_shared_with_course_py_is_the_same():
    spec = importlib.util.spec_from_file_location("course", ROOT / "course.py")
    course = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(course)
    assert list(command_line.COMMANDS) == course.OF_THE_PACKAGE
    assert course.WORKSPACE == surroundings.WORKSPACE
    assert surroundings.course_py() == course.THIS
    supported = [tuple(map(int, version.split("."))) for version in course.SUPPORTED]
    assert (min(supported), max(supported)) == (doctor.OLDEST, doctor.NEWEST)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    above = doctor.NEWEST[1] + 1
    assert project["requires-python"] == f">=3.{doctor.OLDEST[1]},<3.{above}"
    assert project["scripts"] == {"sgdcourse": "sgdcourse.__main__:main"}


# ---- What a container may use --------------------------------------------------------------


@pytest.fixture
def groups(tmp_path, monkeypatch):
    """Return a function that writes the files of control groups by hand; there are none before."""
    monkeypatch.setattr(cgroups, "MOUNT", tmp_path / "cgroup")
    monkeypatch.setattr(cgroups, "OWN_GROUPS", tmp_path / "own")

    def write(own, files):
        (tmp_path / "own").write_text(own)
        for name, text in files.items():
            path = tmp_path / "cgroup" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{text}\n")

    return write


MEMORY_GROUPS = {
    "version 2": ("0::/", {"memory.max": 1000, "memory.current": 300}, (1000, 700)),
    "version 2, no limit": ("0::/", {"memory.max": "max", "memory.current": 300}, None),
    "version 1": (
        "5:devices:/\n4:memory:/\n0::/",
        {"memory/memory.limit_in_bytes": 1000, "memory/memory.usage_in_bytes": 300},
        (1000, 700),
    ),
    "another controller is none of ours": (
        "4:memory2:/x",
        {"memory2/x/memory.limit_in_bytes": 1000, "memory2/x/memory.usage_in_bytes": 300},
        None,
    ),
    "a group above is tighter": (
        "0::/pod/box",
        {
            "pod/box/memory.max": 1000,
            "pod/box/memory.current": 300,
            "pod/memory.max": 2000,
            "pod/memory.current": 1900,
        },
        (2000, 100),
    ),
    "no group above is tighter": (
        "0::/pod/box",
        {
            "pod/box/memory.max": 1000,
            "pod/box/memory.current": 300,
            "pod/memory.max": "max",
            "pod/memory.current": 1900,
        },
        (1000, 700),
    ),
    "the path is that of the machine outside": (
        "4:memory:/docker/0a1b",
        {"memory/memory.limit_in_bytes": 1000, "memory/memory.usage_in_bytes": 300},
        (1000, 700),
    ),
    "a path that leads out is not followed": (
        "0::/../../other",
        {"../other/memory.max": 10, "../other/memory.current": 3},
        None,
    ),
    "idle files in memory are given back": (
        "0::/",
        {
            "memory.max": 1000,
            "memory.current": 900,
            "memory.stat": "anon 300\ninactive_file 500",
        },
        (1000, 600),
    ),
    "idle files of all groups below, in version 1": (
        "4:memory:/",
        {
            "memory/memory.limit_in_bytes": 1000,
            "memory/memory.usage_in_bytes": 900,
            "memory/memory.stat": "inactive_file 1\ntotal_inactive_file 500",
        },
        (1000, 600),
    ),
    "more in use than allowed": ("0::/", {"memory.max": 1000, "memory.current": 1200}, (1000, 0)),
}


@pytest.mark.parametrize("case", MEMORY_GROUPS)
def test_memory_of_a_container(groups, case):
    own, files, expected = MEMORY_GROUPS[case]
    groups(own, files)
    assert cgroups.memory() == expected


@pytest.mark.parametrize(
    ("own", "files", "expected"),
    [
        ("0::/", {"cpu.max": "150000 100000"}, 1.5),
        ("0::/", {"cpu.max": "max 100000"}, None),
        ("0::/a", {"cpu.max": "50000 100000", "a/cpu.max": "200000 100000"}, 0.5),
        ("2:cpu,cpuacct:/", {"cpu/cpu.cfs_quota_us": 200, "cpu/cpu.cfs_period_us": 100}, 2),
        ("2:cpu,cpuacct:/", {"cpu/cpu.cfs_quota_us": -1, "cpu/cpu.cfs_period_us": 100}, None),
    ],
)
def test_cores_of_a_container(groups, own, files, expected):
    groups(own, files)
    assert cgroups.cores() == expected


def test_no_container_at_all(groups):
    assert cgroups.memory() is cgroups.cores() is None


# ---- The doctor, check by check ------------------------------------------------------------


def assert_finding(finding, level, *words):
    """Hold a finding to its level, to words, and to the rule that only ok needs no advice."""
    assert finding.level == level
    assert bool(finding.advice) == (level != "ok")
    for word in words:
        assert word in f"{finding.found}\n{finding.advice}"


@pytest.mark.parametrize(
    ("version", "level"),
    [
        ((3, 10, 14), "fault"),
        ((3, 11, 0), "ok"),
        ((3, 13, 9), "ok"),
        ((3, 14, 0), "fault"),
        ((4, 0, 0), "fault"),
    ],
)
def test_python(monkeypatch, version, level):
    fake = SimpleNamespace(version_info=(*version, "final", 0), executable="/bin/python")
    monkeypatch.setattr(doctor, "sys", fake)
    monkeypatch.setattr(doctor, "uses_course_py", lambda: False)
    finding = doctor.python()
    assert_finding(finding, level, "{}.{}.{}, /bin/python".format(*version))
    assert ("needs 3.11 to 3.13" in finding.found) == (level == "fault")


@pytest.mark.parametrize(
    ("free", "limit", "used", "level", "words"),
    [
        (8, None, None, "ok", "8.0 GB free of the 16.0 GB of this machine"),
        (2.3, None, None, "note", "2.3 GB free of the 16.0 GB of this machine"),
        (0.9, None, None, "fault", "0.9 GB free of the 16.0 GB of this machine"),
        (8, 4, 0.5, "ok", "3.5 GB free of the 4.0 GB of this container"),
        (8, 2, 0.2, "note", "1.8 GB free of the 2.0 GB of this container"),
        (8, 1, 0.2, "fault", "0.8 GB free of the 1.0 GB of this container"),
        (0.5, 4, 0.5, "fault", "0.5 GB free of the 4.0 GB of this container"),
        (8, 9e9, 1, "ok", "8.0 GB free of the 16.0 GB of this machine"),  # version 1's "no limit"
    ],
)
def test_memory(groups, monkeypatch, free, limit, used, level, words):
    import psutil

    machine = SimpleNamespace(total=16 * GB, available=int(free * GB))
    monkeypatch.setattr(psutil, "virtual_memory", lambda: machine)
    if limit:
        sizes = {"memory.max": int(limit * GB), "memory.current": int(used * GB)}
        groups("0::/", sizes)
    assert_finding(doctor.memory(), level, words)


@pytest.mark.parametrize(
    ("affinity", "quota", "level", "words"),
    [
        (4, None, "ok", "4 cores"),
        (1, None, "note", "1 core,"),
        (4, "50000 100000", "note", "0.5 cores"),
        (2, "800000 100000", "ok", "2 cores"),
    ],
)
def test_processor(groups, monkeypatch, affinity, quota, level, words):
    cores = set(range(affinity))
    monkeypatch.setattr(doctor.os, "sched_getaffinity", lambda process: cores, raising=False)
    if quota:
        groups("0::/", {"cpu.max": quota})
    assert_finding(doctor.processor(), level, words)


@pytest.mark.parametrize(("free", "level"), [(5, "ok"), (0.9, "note"), (0.05, "fault")])
def test_disk(monkeypatch, free, level):
    usage = SimpleNamespace(free=free * GB)
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda path: usage)
    assert_finding(doctor.disk(), level, "GB free at")


@pytest.fixture
def notebooks(tmp_path, monkeypatch):
    """Make a workspace with two notebooks."""
    folder = tmp_path / "workspace"
    folder.mkdir()
    for name in ("00_start_here.ipynb", "01_shuffling.ipynb"):
        (folder / name).write_text("{}")
    monkeypatch.setattr(doctor, "WORKSPACE", folder)
    return folder


def test_workspace(notebooks):
    assert_finding(doctor.workspace(), "ok", f"2 notebooks in {notebooks}")
    assert len(list(notebooks.iterdir())) == 2


def test_workspace_that_is_not_made_yet(tmp_path, monkeypatch):
    monkeypatch.setattr(doctor, "WORKSPACE", tmp_path / "workspace")
    assert_finding(doctor.workspace(), "note", "not made yet", "course.py copy")


def test_workspace_that_cannot_be_written(notebooks, monkeypatch):
    def refuse(dir):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(doctor.tempfile, "TemporaryFile", refuse)  # the tests may run as root
    assert_finding(doctor.workspace(), "fault", "Permission denied", str(notebooks))


def test_a_notebook_that_cannot_be_written(notebooks, monkeypatch):
    monkeypatch.setattr(doctor.os, "access", lambda path, mode: path.name.startswith("00"))
    finding = doctor.workspace()
    assert_finding(finding, "fault", "cannot be written: 01_shuffling.ipynb")
    assert "00_" not in finding.found


@pytest.mark.parametrize(
    ("controller", "level", "words"),
    [
        (SimpleNamespace(name="firefox"), "ok", "firefox"),
        (object(), "ok", "object"),  # on Windows it has no name
        (SimpleNamespace(name="/usr/bin/w3m"), "note", "shows text only"),
        (None, "note", "Open the address yourself that JupyterLab prints"),
    ],
)
def test_browser(monkeypatch, controller, level, words):
    def get():
        if controller is None:
            raise doctor.webbrowser.Error("could not locate runnable browser")
        return controller

    monkeypatch.setattr(doctor.webbrowser, "get", get)
    assert_finding(doctor.browser(), level, words)


INSTALLED = {"numpy": "2.4.6", "tensorflow-cpu": "2.21.0", "nbval": "0.11.0"}
PACKAGE_CASES = {
    "as it should be": ({}, "ok", "all 3 that requirements.txt names: numpy 2.4.6, tensorflow-cpu"),
    "one is missing": ({"nbval": None}, "fault", "nbval is missing"),
    "one is too old": ({"numpy": "1.26.4"}, "fault", "numpy is 1.26.4, needed is <3,>=2.0"),
    "another TensorFlow": ({"tensorflow-cpu": "2.20.0"}, "fault", "is 2.20.0, needed is ~=2.21.0"),
    "not the one that was measured": ({"numpy": "2.3.0"}, "note", "2.3.0 (the course has 2.4.6)"),
    "of one that decides nothing": ({"nbval": "0.11.5"}, "ok", "all 3"),
    "with the code for GPUs": ({"tensorflow-cpu": None, "tensorflow": "2.21.0"}, "ok", "all 3"),
    "a candidate of a release": ({"numpy": "2.5.0rc1"}, "note", "numpy is 2.5.0rc1"),
}


@pytest.mark.parametrize("case", PACKAGE_CASES)
def test_packages(tmp_path, monkeypatch, case):
    (tmp_path / "requirements.txt").write_text(
        "# Arrays\nnumpy>=2.0,<3\ntensorflow-cpu~=2.21.0  # of Keras\nnbval>=0.11,<0.12\n"
        'tensorflow~=2.21.0; sys_platform == "another system"\n'
    )
    (tmp_path / "constraints.txt").write_text(
        "nbval==0.11.0\nnumpy==2.4.6\ntensorflow-cpu==2.21.0\nwheel==0.48.0\n"
    )
    changed, level, words = PACKAGE_CASES[case]
    monkeypatch.setattr(doctor, "ROOT", tmp_path)
    monkeypatch.setattr(doctor, "_installed", {**INSTALLED, **changed}.get)
    assert_finding(doctor.packages(), level, words)


def test_packages_of_a_package_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(doctor, "ROOT", tmp_path)
    assert_finding(doctor.packages(), "note", "no requirements.txt in", "get the whole course")


def test_packages_of_this_machine():
    assert doctor.packages().level in ("ok", "note")
    assert doctor._installed("numpy") == np.__version__
    assert doctor._installed("no-such-package-of-ours") is None


def test_widgets(tmp_path, monkeypatch):
    import jupyter_core.paths

    monkeypatch.setattr(jupyter_core.paths, "jupyter_path", lambda name: [str(tmp_path / name)])
    assert_finding(doctor.widgets(), "fault", "JupyterLab does not find its extension")
    folder = tmp_path / "labextensions" / doctor.WIDGETS
    folder.mkdir(parents=True)
    (folder / "package.json").write_text('{"version": "5.0.16"}')
    assert_finding(doctor.widgets(), "ok", "its extension for JupyterLab 5.0.16")


def test_widgets_that_are_not_installed(monkeypatch):
    monkeypatch.setattr(doctor, "_installed", {}.get)
    assert_finding(doctor.widgets(), "fault", "ipywidgets is not installed")


def test_mnist(tmp_path, monkeypatch):
    assert_finding(doctor.mnist(), "ok", "60,000 training and 10,000 test images")
    whole = (Path(data.__file__).parent / "datasets/mnist.npz").read_bytes()
    monkeypatch.setattr(data, "__file__", str(tmp_path / "data.py"))
    assert_finding(doctor.mnist(), "fault", "missing", "git checkout")
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets/mnist.npz").write_bytes(whole[:-1])
    assert_finding(doctor.mnist(), "fault", "damaged", "git checkout")


# ---- Kernels and TensorFlow ----------------------------------------------------------------


@pytest.fixture
def kernel_runs(tmp_path, monkeypatch):
    """Return a function that lets the kernel "python3" be a program of ours."""

    def write(code):
        folder = tmp_path / "kernels/python3"
        folder.mkdir(parents=True)
        spec = {"argv": [sys.executable, "-c", code], "display_name": "Ours", "language": "python"}
        (folder / "kernel.json").write_text(json.dumps(spec))
        monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))

    return write


def test_a_kernel_that_dies(kernel_runs):
    kernel_runs("raise SystemExit(3)")
    assert_finding(doctor.kernel(), "fault", "does not start and answer", "died")


def test_a_kernel_that_never_answers(kernel_runs, monkeypatch, tmp_path):
    number = tmp_path / "process"
    kernel_runs(
        f"import os, time; open({str(number)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    )
    monkeypatch.setattr(doctor, "KERNEL_SECONDS", 3)
    assert_finding(doctor.kernel(), "fault", "does not start and answer", "3 seconds")
    import psutil

    assert not psutil.pid_exists(int(number.read_text()))


def test_a_kernel_that_is_well(monkeypatch):
    assert_finding(doctor.kernel(), "ok", "starts and answers in")


@pytest.mark.parametrize(
    ("answer", "level", "words"),
    [
        ('["/elsewhere", false]', "fault", "its Python does not find sgdcourse: /elsewhere"),
        ('["/elsewhere", true]', "note", "runs another Python than this one: /elsewhere"),
        ("", "fault", "does not start and answer"),
    ],
)
def test_a_kernel_in_another_environment(monkeypatch, answer, level, words):
    import jupyter_client.manager

    ended = []
    manager = SimpleNamespace(shutdown_kernel=lambda now: ended.append("kernel"))
    client = SimpleNamespace(stop_channels=lambda: ended.append("channels"))
    start = lambda *_, **__: (manager, client)  # noqa: E731
    monkeypatch.setattr(jupyter_client.manager, "start_new_kernel", start)
    monkeypatch.setattr(doctor, "_ask", lambda client, code: answer)
    assert_finding(doctor.kernel(), level, words)
    assert ended == ["channels", "kernel"]


@pytest.fixture
def forget_tensorflow():
    doctor._probe_tensorflow.cache_clear()
    yield
    doctor._probe_tensorflow.cache_clear()


@pytest.fixture
def tensorflow_is(tmp_path, monkeypatch, forget_tensorflow):
    """Return a function that lets a package of ours stand where TensorFlow is looked for."""

    def write(code):
        (tmp_path / "tensorflow").mkdir()
        (tmp_path / "tensorflow/__init__.py").write_text(code)
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(ROOT)]))

    return write


KILL = "import os, signal; os.kill(os.getpid(), signal.{})"
BROKEN = {
    "import": (
        "raise ImportError('DLL load failed')",
        "cannot be used: ImportError: DLL load fail",
    ),
    "exit": ("raise SystemExit(7)", "cannot be used: it ended with 7"),
    "SIGILL": (KILL.format("SIGILL"), "this processor lacks instructions"),
    "SIGABRT": (KILL.format("SIGABRT"), "crashed while it started (SIGABRT)"),
    "SIGKILL": (KILL.format("SIGKILL"), "for want of memory"),
}


@needs_unix
@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_tensorflow_is_named_and_stops_nobody(tensorflow_is, case):
    code, words = BROKEN[case]
    tensorflow_is(code)
    assert_finding(doctor.tensorflow(), "fault", words)
    assert_finding(doctor.backend(), "note", "not tried")


def test_a_tensorflow_that_never_starts(tensorflow_is, monkeypatch):
    tensorflow_is("import time; time.sleep(60)")
    monkeypatch.setattr(doctor, "TENSORFLOW_SECONDS", 2)
    assert_finding(doctor.tensorflow(), "fault", "did not start within 2 s")


@pytest.mark.parametrize(
    ("change", "tensorflow", "backend"),
    [
        ({}, "ok", "ok"),
        ({"gradient": 5.0}, "fault", "ok"),
        ({"backend": "jax"}, "ok", "fault"),
    ],
)
def test_what_tensorflow_answers(monkeypatch, forget_tensorflow, change, tensorflow, backend):
    answer = {"tensorflow": "2.21.0", "keras": "3.15.1", "backend": "tensorflow", "gradient": 6.0}
    result = SimpleNamespace(returncode=0, stdout=f"hello\n{json.dumps(answer | change)}\n")
    monkeypatch.setattr(doctor.subprocess, "run", lambda *_, **__: result)
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    assert_finding(doctor.tensorflow(), tensorflow, "2.21.0")
    assert_finding(doctor.backend(), backend, change.get("backend", "tensorflow"))


def test_another_backend_is_a_fault_of_its_own(monkeypatch, forget_tensorflow):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    monkeypatch.setattr(doctor.subprocess, "run", None)  # nothing is started to find this out
    assert_finding(doctor.backend(), "fault", "'jax'", "Set KERAS_BACKEND to tensorflow")


# ---- The doctor as a whole -----------------------------------------------------------------


def broken():
    raise RuntimeError("the disk\nis on fire")


def test_a_check_that_raises_is_a_fault_and_the_others_go_on(monkeypatch, capsys):
    checks = {"One": broken, "Two": lambda: doctor.ok("well")}
    monkeypatch.setattr(doctor, "CHECKS", checks)
    assert doctor.main([]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "[FAULT] One  cannot be checked: the disk (RuntimeError)" in lines
    assert "[ ok  ] Two  well" in lines
    assert lines[-1] == "Not ready: do what stands below each FAULT. (1 fault, no notes)"


def test_a_package_that_is_missing_is_a_fault_in_words(monkeypatch):
    monkeypatch.setitem(sys.modules, "psutil", None)
    assert_finding(doctor.examine(doctor.memory), "fault", "psutil", doctor.how_to_reinstall())


def test_notes_do_not_make_a_machine_unfit(monkeypatch, capsys):
    checks = {
        "One": lambda: doctor.note("none", "Do it yourself."),
        "Two": lambda: doctor.ok("well"),
    }
    monkeypatch.setattr(doctor, "CHECKS", checks)
    assert doctor.main([]) == 0
    assert "This machine is ready. (no faults, 1 note)" in capsys.readouterr().out


@pytest.mark.parametrize("level", doctor.SIGNS)
def test_long_findings_are_broken_into_lines(level):
    finding = doctor.Finding(level, "/a/long/path" * 30, "Do this and that. " * 10)
    text = doctor.line("TensorFlow", finding)
    assert widest(text) <= 100
    assert text.startswith(doctor.SIGNS[level])
    assert "".join(text.split()).count("/a/long/path") == 30


def test_the_doctor_on_this_machine():
    """A real run: a real kernel, the real TensorFlow."""
    result = run("doctor", KERAS_BACKEND="tensorflow")
    assert result.stderr == ""
    levels = dict(re.findall(r"^\[(?: ok  |note |FAULT)\] (\w+) +(.*)$", result.stdout, re.M))
    assert list(levels) == list(doctor.CHECKS)
    for name in ("Python", "MNIST", "Widgets", "Kernel", "TensorFlow", "Keras"):
        assert re.search(rf"^\[ ok  \] {name} ", result.stdout, re.MULTILINE), result.stdout
    assert result.returncode == ("[FAULT]" in result.stdout)
    assert widest(result.stdout) <= 100


@needs_unix
def test_the_doctor_where_tensorflow_is_broken(tensorflow_is, monkeypatch, capsys):
    tensorflow_is("raise ImportError('no such file: libtensorflow')")
    quick = ("Python", "MNIST", "TensorFlow", "Keras")
    checks = {name: doctor.CHECKS[name] for name in quick}
    monkeypatch.setattr(doctor, "CHECKS", checks)
    assert command_line.main(["doctor"]) == 1
    out = capsys.readouterr().out
    assert "[FAULT] TensorFlow  cannot be used: ImportError: no such file: libtensorflow" in out
    assert "[ ok  ] MNIST " in out
    assert "Traceback" not in out


# ---- verify --------------------------------------------------------------------------------

FEW = ["--rows", "70", "--epochs", "2"]


def test_verify_agrees():
    result = run("verify", *FEW, "--batch-size", "32")
    assert (result.returncode, result.stderr) == (0, "")
    assert "Rows: 70. Batches per epoch: 3. Epochs: 2. Updates to compare: 6." in result.stdout
    assert "They agree: 6 updates, all weights within 1e-10." in result.stdout
    assert result.stdout.splitlines()[-1].startswith("VERIFIED: on this machine NumPy makes the")
    assert widest(result.stdout) <= 100


def test_verify_finds_a_fault_in_numpy(monkeypatch, capsys):
    """The NumPy side takes the sum of the losses where Keras takes the mean."""
    right = sgd.training.loss_gradient
    monkeypatch.setattr(sgd.training, "loss_gradient", lambda y, z, **_: right(y, z) * len(y))
    assert verify.main(FEW) == 1
    out = capsys.readouterr().out
    assert "They DISAGREE: first at update 1 of 6 updates" in out
    assert "NOT VERIFIED: here NumPy does not make the updates of tf.keras." in out
    assert f"{surroundings.call()} doctor" in out
    assert widest(out) <= 100


def test_verify_finds_other_rows_in_a_batch(monkeypatch, capsys):
    """With one batch per epoch, the sums are the same in any order; the order is not."""
    monkeypatch.setattr(keras_random, "fit_order", lambda n, seed: np.arange(n))
    assert verify.main(["--rows", "8", "--epochs", "1", "--batch-size", "8"]) == 1
    out = capsys.readouterr().out
    assert "rows of each batch: NOT EQUAL" in out
    assert "NOT VERIFIED" in out


def test_verify_proves_nothing_in_float32(capsys):
    assert verify.main([*FEW, "--dtype", "float32"]) == 1
    out = capsys.readouterr().out
    assert "No verdict: in float32" in out
    assert "NOT A PROOF: the same call with --dtype float64 gives a verdict." in out
    assert widest(out) <= 100


def test_verify_full_is_the_training_of_notebook_06():
    chosen = verify.parse(["--full"])
    assert (chosen.rows, chosen.epochs, chosen.batch_size, chosen.dtype) == (
        60000,
        5,
        32,
        "float64",
    )
    assert "Updates to compare: 9,375." in verify.what_comes(chosen)
    (x_train, _), _ = sgd.load_mnist(scale=False)
    assert len(x_train) == verify.ALL_ROWS


def test_verify_by_default_is_small():
    assert "Updates to compare: 314." in verify.what_comes(verify.parse([]))


def test_verify_names_a_missing_data_set(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(data, "__file__", str(tmp_path / "data.py"))
    assert verify.main([]) == 1
    out = capsys.readouterr().out
    assert out.startswith("The MNIST file is missing:")
    assert widest(out) <= 100


@needs_unix
def test_verify_where_tensorflow_is_broken(tensorflow_is):
    tensorflow_is("raise ImportError('no such file: libtensorflow')")
    result = run("verify")
    assert (result.returncode, result.stderr) == (1, "")
    assert "tf.keras cannot be imported: no such file: libtensorflow" in result.stdout
    assert f"To find out why: {surroundings.call()} doctor" in result.stdout


# ---- progress ------------------------------------------------------------------------------


def answer(notebook, sheet, right=True):
    for id in question_ids()[sheet, notebook]:
        record("question", notebook=notebook, sheet=sheet, id=id, answer="a", right=right)


def passed(name, yes=True):
    notebook = EXERCISES[name].notebook
    record("exercise", name=name, notebook=notebook, passed=yes, misconception=None)


def test_progress_before_the_first_notebook(events, capsys):
    assert command_line.main(["progress"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("Nothing recorded yet")
    assert "Open next, in 00_start_here.ipynb: concept test; quiz." in out
    assert os.environ["SGDCOURSE_PROGRESS"] in "".join(out.split())


def test_progress_in_the_middle(events, capsys):
    passed("relu")
    passed("softmax", yes=False)
    assert command_line.main(["progress"]) == 0
    out = capsys.readouterr().out
    assert re.search(r"^  02 +1 of 6 +0 of 5 +0 of 2$", out, re.MULTILINE)
    (line,) = re.findall(r"Open next, in (.*?)\.\n", out, re.DOTALL)
    place, _, things = " ".join(line.split()).partition(": ")
    assert place == "02_forward_pass_and_loss.ipynb"
    recall, exercises, quiz = things.split("; ")
    assert (recall, quiz) == ("recall", "quiz")
    assert "softmax" in exercises
    assert "relu" not in exercises
    assert widest(out) <= 100


def test_progress_goes_on_after_the_last_notebook_that_is_done(events, capsys):
    last = max(notebook for sheet, notebook in question_ids() if sheet != "concept")
    for name, exercise in EXERCISES.items():
        if exercise.notebook == last:
            passed(name)
    answer(last, "quiz", right=False)
    answer(last, "recall")
    command_line.main(["progress"])
    assert "Open next, in 00_start_here.ipynb: concept test; quiz." in capsys.readouterr().out


def test_progress_of_one_who_did_everything(events, capsys):
    for sheet, notebook in question_ids():
        answer(notebook, sheet)
    for name in EXERCISES:
        passed(name)
    assert command_line.main(["progress"]) == 0
    assert "Nothing is open: you have done everything." in capsys.readouterr().out


def test_a_damaged_progress_file_is_named_and_left_as_it_is(events, capsys):
    passed("relu")
    path = Path(os.environ["SGDCOURSE_PROGRESS"])
    with path.open("ab") as file:
        file.write(b'{"kind": "exercise", "name": "soft\xff\n')
    passed("softmax")
    before = path.read_bytes()
    assert command_line.main(["progress"]) == 1
    captured = capsys.readouterr()
    assert re.search(r"^  02 +2 of 6 ", captured.out, re.MULTILINE)
    assert "1 entry of the file cannot be read" in captured.out
    assert f"Theprogressfileisdamaged:{path}" in "".join(captured.out.split())
    assert captured.err == ""
    assert path.read_bytes() == before
    assert load(path).unreadable == 1


def test_a_progress_file_that_cannot_be_opened_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SGDCOURSE_PROGRESS", str(tmp_path))
    assert command_line.main(["progress"]) == 1
    assert "".join(f"cannot be read from {tmp_path}".split()) in "".join(
        capsys.readouterr().out.split()
    )


def test_progress_as_a_program(tmp_path):
    result = run("progress", SGDCOURSE_PROGRESS=str(tmp_path / "none.jsonl"))
    assert (result.returncode, result.stderr) == (0, "")
    assert not (tmp_path / "none.jsonl").exists()
