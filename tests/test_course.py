"""course.py: set-up, refusals, and above all: nothing that a learner wrote is ever lost."""

import ast
import importlib.util
import json
import shutil
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
START, SECOND = "00_start_here.ipynb", "01_batches.ipynb"


def make_course(folder):
    """Make a course with two notebooks in a folder of its own, and load its course.py."""
    shutil.copy(ROOT / "course.py", folder)
    for name in ("requirements.txt", "constraints.txt", "tests/requirements.txt"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("numpy\n")
    for name in (START, SECOND):
        write_original(folder, name, "# A title", "print(1)")
    spec = importlib.util.spec_from_file_location("course", folder / "course.py")
    course = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(course)
    return course


@pytest.fixture
def course(tmp_path, monkeypatch):
    course = make_course(tmp_path)
    monkeypatch.setattr(course.shutil, "which", lambda name: None)  # no uv
    monkeypatch.setattr(course, "VERSION", "3.12")
    monkeypatch.setattr(course, "what_is_lacking", lambda uv: None)
    return course


def write_original(root, name, title, *code):
    """Write a notebook that was executed; every cell has an id and metadata."""
    cells = [{"cell_type": "markdown", "id": "title", "metadata": {}, "source": title}]
    for number, source in enumerate(code, 1):
        output = {"output_type": "stream", "name": "stdout", "text": ["1\n"]}
        cell = {"cell_type": "code", "id": f"code{number}", "metadata": {"tags": ["kept"]}}
        cells.append(cell | {"source": source, "outputs": [output], "execution_count": number})
    metadata = {"kernelspec": {"name": "python3"}, "widgets": {"state": {"slider": 3}}}
    notebook = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    (root / "notebooks").mkdir(exist_ok=True)
    (root / "notebooks" / name).write_text(json.dumps(notebook), encoding="utf-8")


def add_work(path, work):
    """Do as a learner: type into the last cell."""
    notebook = json.loads(path.read_bytes())
    last = notebook["cells"][-1]
    last["source"] = "".join(last["source"]) + f"\n{work}"
    path.write_text(json.dumps(notebook), encoding="utf-8")


def only_run(path):
    """Do as JupyterLab does when all cells are run: new outputs, metadata, an empty cell."""
    notebook = json.loads(path.read_bytes())
    notebook["cells"][-1].update(execution_count=9, outputs=[{"output_type": "display_data"}])
    notebook["cells"].append({"cell_type": "code", "metadata": {}, "source": [], "outputs": []})
    notebook["metadata"]["language_info"] = {"version": "3.13.9"}
    path.write_text(json.dumps(notebook, indent=3), encoding="utf-8")


def contents_of(folder):
    return {file: file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


def answer_at_terminal(monkeypatch, course, text):
    monkeypatch.setattr(course.sys, "stdin", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr("builtins.input", lambda question: text)


# ---- The learner's copy --------------------------------------------------------------------


def test_the_copy_has_no_outputs_and_keeps_the_rest(course):
    images = course.NOTEBOOKS / "images"
    images.mkdir()
    (images / "map.svg").write_text("<svg/>")
    before = contents_of(course.NOTEBOOKS)
    assert course.main(["copy"]) == 0
    original = json.loads((course.NOTEBOOKS / START).read_bytes())
    expected = original | {"metadata": {"kernelspec": {"name": "python3"}}}
    expected["cells"][1].update(outputs=[], execution_count=None)
    assert json.loads((course.WORKSPACE / START).read_bytes()) == expected
    assert (course.WORKSPACE / "images/map.svg").read_text() == "<svg/>"
    assert contents_of(course.NOTEBOOKS) == before


def test_the_copy_is_made_once(course, capsys):
    course.main(["copy"])
    add_work(course.WORKSPACE / START, "mine")
    before = contents_of(course.WORKSPACE)
    capsys.readouterr()
    course.main(["copy"])
    course.main(["update"])
    assert contents_of(course.WORKSPACE) == before
    assert capsys.readouterr().out == "Your copy has all that is in the course.\n"


def test_a_changed_original_replaces_a_copy_that_was_only_run(course, capsys):
    course.main(["copy"])
    only_run(course.WORKSPACE / START)
    write_original(course.ROOT, START, "# A better title")
    course.main(["copy"])
    assert f"changed in the course: {START}" in capsys.readouterr().out
    assert b"better" not in (course.WORKSPACE / START).read_bytes()
    course.main(["update"])
    assert b"better" in (course.WORKSPACE / START).read_bytes()
    assert course.news() == {}


def test_fresh_outputs_in_an_original_are_no_news(course):
    course.main(["copy"])
    only_run(course.NOTEBOOKS / START)
    assert course.news() == {}


def test_a_changed_original_goes_beside_work(course):
    course.main(["copy"])
    mine = course.WORKSPACE / START
    add_work(mine, "mine")
    before = mine.read_bytes()
    newer = [course.WORKSPACE / f"00_start_here.{end}.ipynb" for end in ("new", "new2")]

    write_original(course.ROOT, START, "# Title 2")
    course.main(["update"])
    assert b"Title 2" in newer[0].read_bytes()
    assert course.news() == {}  # told once

    write_original(course.ROOT, START, "# Title 3")
    course.main(["update"])
    assert b"Title 3" in newer[0].read_bytes()  # nobody had worked in it
    assert not newer[1].exists()

    add_work(newer[0], "mine, too")
    beside = newer[0].read_bytes()
    write_original(course.ROOT, START, "# Title 4")
    course.main(["update"])
    assert b"Title 4" in newer[1].read_bytes()
    assert (mine.read_bytes(), newer[0].read_bytes()) == (before, beside)


def test_a_new_notebook_waits_for_update(course, capsys):
    course.main(["copy"])
    write_original(course.ROOT, "02_new.ipynb", "# New")
    capsys.readouterr()
    course.main(["copy"])  # no terminal: nobody can be asked
    told = capsys.readouterr().out
    assert "new in the course: 02_new.ipynb" in told
    assert f"{course.THIS} update" in told
    assert not (course.WORKSPACE / "02_new.ipynb").exists()
    course.main(["update"])
    assert (course.WORKSPACE / "02_new.ipynb").exists()


@pytest.mark.parametrize(("answer", "added"), [("y", True), (" Yes ", True), ("", False)])
def test_at_a_terminal_the_learner_is_asked(course, monkeypatch, answer, added):
    course.main(["copy"])
    write_original(course.ROOT, "02_new.ipynb", "# New")
    (course.WORKSPACE / SECOND).unlink()
    answer_at_terminal(monkeypatch, course, answer)
    course.main(["copy"])
    assert (course.WORKSPACE / "02_new.ipynb").exists() == added
    assert not (course.WORKSPACE / SECOND).exists()  # deleted on purpose, perhaps


def test_a_new_notebook_with_the_name_of_a_learners_own_goes_beside(course):
    course.main(["copy"])
    own = course.WORKSPACE / "02_new.ipynb"
    own.write_text("my own notes")
    write_original(course.ROOT, "02_new.ipynb", "# New")
    course.main(["update"])
    assert own.read_text() == "my own notes"
    assert (course.WORKSPACE / "02_new.new.ipynb").exists()


def test_a_deleted_notebook_is_named_and_brought_back_by_update(course, capsys):
    course.main(["copy"])
    (course.WORKSPACE / SECOND).unlink()
    course.main(["copy"])
    assert f"missing in your copy: {SECOND}" in capsys.readouterr().out
    assert not (course.WORKSPACE / SECOND).exists()
    course.main(["update"])
    assert (course.WORKSPACE / SECOND).exists()


@pytest.mark.parametrize(
    "damage", ["", "{", "[1]", "7", '{"a": 1}', '{"00_start_here.ipynb": {}}', "\0"]
)
def test_damaged_records_lose_no_work(course, damage):
    course.main(["copy"])
    add_work(course.WORKSPACE / START, "mine")
    before = (course.WORKSPACE / START).read_bytes()
    course.RECORDS.write_text(damage)
    course.main(["copy"])
    write_original(course.ROOT, START, "# Title 2")
    course.main(["update"])
    assert (course.WORKSPACE / START).read_bytes() == before
    assert b"Title 2" in (course.WORKSPACE / "00_start_here.new.ipynb").read_bytes()
    assert course.news() == {}


def test_a_damaged_copy_is_not_replaced(course):
    course.main(["copy"])
    (course.WORKSPACE / START).write_text('{"cells": [half a note')
    write_original(course.ROOT, START, "# Title 2")
    course.main(["update"])
    assert (course.WORKSPACE / START).read_text() == '{"cells": [half a note'


EVENTS = [
    "work",
    "work on new",
    "run",
    "course changes",
    "update",
    "start",
    "yes",
    "damage",
    "lose",
]


@given(st.lists(st.sampled_from(EVENTS), max_size=20))
def test_no_course_of_events_loses_work(events):
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as monkeypatch:
        course = make_course(Path(folder))
        course.main(["copy"])
        mine, newer = course.WORKSPACE / START, course.WORKSPACE / "00_start_here.new.ipynb"
        works = []
        for number, event in enumerate(events):
            if event == "work" or (event == "work on new" and newer.exists()):
                works.append(f"<work {number}>")
                add_work(mine if event == "work" else newer, works[-1])
            elif event == "run":
                only_run(mine)
                add_work(mine, "")  # JupyterLab's empty cell, with an empty line in it
            elif event == "course changes":
                write_original(course.ROOT, START, f"# Title {number}", "print(1)")
            elif event == "damage":
                course.RECORDS.write_text("{")
            elif event == "lose":
                course.RECORDS.unlink(missing_ok=True)
            elif event == "yes":
                answer_at_terminal(monkeypatch, course, "y")
                course.main(["copy"])
                monkeypatch.undo()
            elif event in ("update", "start"):
                course.main(["update" if event == "update" else "copy"])
        everything = b"".join(contents_of(course.WORKSPACE).values()).decode()
        assert [work for work in works if work not in everything] == []


def test_a_damaged_original_is_named(course):
    (course.NOTEBOOKS / SECOND).write_text("<<<<<<< HEAD")
    with pytest.raises(SystemExit, match=r"01_batches\.ipynb is damaged.*git checkout"):
        course.main(["copy"])


def test_no_notebooks_at_all(course):
    shutil.rmtree(course.NOTEBOOKS)
    with pytest.raises(SystemExit, match="there are no notebooks in"):
        course.main(["copy"])


# ---- The set-up ----------------------------------------------------------------------------


@pytest.fixture
def steps(course, monkeypatch):
    """Let the set-up make an empty .venv; collect its commands, and those run in .venv."""
    steps = SimpleNamespace(installed=[], ran=[])

    def show_progress(*command):
        command = [str(part) for part in command]
        if "venv" in command:
            (course.VENV / "lib/python3.12/site-packages").mkdir(parents=True)
            course.PYTHON.parent.mkdir()
            course.PYTHON.touch()
        steps.installed.append(command)

    monkeypatch.setattr(course, "show_progress", show_progress)
    monkeypatch.setattr(course, "run", lambda *command, **_: steps.ran.append([*command]) or 0)
    return steps


def test_the_second_start_installs_nothing(course, steps):
    course.main(["lab"])
    first = [[sys.executable, "-m", "venv", str(course.VENV)]]
    files = ["-r", "requirements.txt", "-c", "constraints.txt"]
    first += [[str(course.PYTHON), "-m", "pip", "install", *files]]
    assert steps.installed == first
    course.main(["lab"])
    assert steps.installed == first
    course.main(["test"])
    assert [command[5] for command in steps.installed[2:]] == ["tests/requirements.txt"]
    course.main(["test"])
    assert len(steps.installed) == 3


@pytest.mark.parametrize("name", ["requirements.txt", "constraints.txt"])
def test_changed_requirements_are_installed_afresh(course, steps, name):
    course.main(["lab"])
    (course.VENV / "old").touch()
    (course.ROOT / name).write_text("numpy<3\n")
    course.main(["lab"])
    assert len(steps.installed) == 4
    assert not (course.VENV / "old").exists()


def test_another_python_gets_another_environment(course, steps, monkeypatch):
    course.main(["lab"])
    monkeypatch.setattr(course, "VERSION", "3.13")
    course.main(["lab"])
    assert len(steps.installed) == 4


def test_a_failed_set_up_is_repaired_by_the_next_call(course, steps, monkeypatch):
    works = course.show_progress

    def fails(*command):
        works(*command)
        if "install" in command:
            raise KeyboardInterrupt

    monkeypatch.setattr(course, "show_progress", fails)
    assert course.main(["lab"]) == 130
    assert list(course.VENV.glob("*.stamp")) == []
    monkeypatch.setattr(course, "show_progress", works)
    assert course.main(["lab"]) == 0
    assert [file.name for file in course.VENV.glob("*.stamp")] == ["requirements.txt.stamp"]


def test_a_failed_step_shows_its_last_lines(course):
    with pytest.raises(SystemExit, match=r"(?s)the set-up failed.*no route to host.*same command"):
        course.show_progress(sys.executable, "-c", "print('no route to host'); exit(3)")


def test_every_program_of_the_environment_finds_sgdcourse(course, steps):
    course.main(["lab"])
    packages = course.VENV / "lib/python3.12/site-packages"
    line = (packages / "course.pth").read_text().strip()
    assert line.isascii()
    assert (packages / line).resolve() == course.ROOT


def test_uv_is_used_where_it_works_and_brings_a_python(course, steps, monkeypatch):
    monkeypatch.setattr(course.shutil, "which", lambda name: "/bin/uv")
    monkeypatch.setattr(course, "succeeds", lambda *command: True)
    monkeypatch.setattr(course, "VERSION", "3.14")
    course.main(["lab"])
    assert steps.installed[0][:5] == ["/bin/uv", "venv", "--seed", "--python", ">=3.11,<=3.13.99"]
    assert steps.installed[1][:3] == ["/bin/uv", "pip", "install"]


def test_without_network_pip_is_used_since_uv_does_not_know_its_settings(
    course, steps, monkeypatch
):
    monkeypatch.setattr(course.shutil, "which", lambda name: "/bin/uv")
    monkeypatch.setattr(course, "succeeds", lambda *command: True)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    course.main(["lab"])
    assert steps.installed[0] == [sys.executable, "-m", "venv", str(course.VENV)]
    assert steps.installed[1][:4] == [str(course.PYTHON), "-m", "pip", "install"]


REFUSALS = {
    "32 bits": ("sys.maxsize", 2**31 - 1),
    "Intel Macs": ("platform.machine", lambda: "x86_64"),
    "Windows on ARM": ("sysconfig.get_platform", lambda: "win-arm64"),
    "Linux with musl": ("sysconfig.get_config_var", lambda name: "x86_64-pc-linux-musl"),
    "sudo apt install python3.12-venv": ("importlib.util.find_spec", lambda name: None),
    "has 1.5 GB left, and 3 GB are needed": (
        "shutil.disk_usage",
        lambda path: SimpleNamespace(free=1.5e9),
    ),
    "3.11 to 3.13, and this is 3.10. Install one from https://www.python.org": ("VERSION", "3.10"),
    "first `deactivate` it": ("sys.prefix", None),
}


@pytest.mark.parametrize("words", REFUSALS)
def test_what_the_machine_lacks_is_said_before_anything_is_installed(
    course, steps, monkeypatch, words
):
    machine = make_course(course.ROOT)  # with its own what_is_lacking
    monkeypatch.setattr(machine, "VERSION", "3.12")
    monkeypatch.setattr(machine, "show_progress", course.show_progress)
    monkeypatch.setattr(machine, "succeeds", lambda *command: False)
    for function, value in {
        "platform.system": lambda: "Darwin" if words == "Intel Macs" else "Linux",
        "sysconfig.get_platform": lambda: "linux-x86_64",
        "sysconfig.get_config_var": lambda name: "x86_64-pc-linux-gnu",
        "shutil.disk_usage": lambda path: SimpleNamespace(free=9e9),
    }.items():
        monkeypatch.setattr(sys.modules[function.split(".")[0]], function.split(".")[1], value)
    name, value = REFUSALS[words]
    *modules, attribute = name.split(".")
    owner = sys.modules[".".join(modules)] if modules else machine
    with monkeypatch.context() as patch:
        patch.setattr(owner, attribute, value or str(machine.VENV))
        with pytest.raises(SystemExit) as refusal:
            machine.main(["lab"])
    assert str(refusal.value).startswith("course.py: ")
    assert words in str(refusal.value)
    assert steps.installed == []
    assert not machine.VENV.exists()


def test_the_disk_space_of_an_old_environment_counts(course, monkeypatch):
    machine = make_course(course.ROOT)
    monkeypatch.setattr(machine, "VERSION", "3.12")
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda path: SimpleNamespace(free=3e9 - 500))
    assert "GB left" in machine.what_is_lacking("uv")
    machine.VENV.mkdir()
    (machine.VENV / "library").write_bytes(bytes(500))
    assert machine.what_is_lacking("uv") is None


def test_an_unsupported_python_names_a_supported_one(course, monkeypatch):
    machine = make_course(course.ROOT)
    monkeypatch.setattr(machine, "VERSION", "3.14")
    monkeypatch.setattr(machine, "succeeds", lambda *command: "3.12" in command[-2])
    monkeypatch.setattr(sys, "argv", ["course.py", "test", "-x"])
    command = "py -3.12" if sys.platform == "win32" else "python3.12"
    assert machine.what_is_lacking(None).endswith(f"You have one: {command} course.py test -x")


# ---- The commands --------------------------------------------------------------------------


def test_the_whole_suite_runs_two_files_at_a_time(course, steps):
    course.main(["test"])
    options = ["--numprocesses=2", "--dist=loadfile", "--no-loadscope-reorder"]
    assert steps.ran == [["-m", "pytest", *options]]


def test_arguments_are_forwarded(course, steps):
    course.main(["lab", "--no-browser"])
    course.main(["test", "-k", "name"])
    course.main(["execute", "00"])
    course.main(["benchmark", "--epochs=1"])
    course.main(["slides", "01"])
    assert steps.ran[0][:2] == ["-m", "jupyterlab"]
    assert steps.ran[0][-1] == "--no-browser"
    assert steps.ran[1:] == [
        ["-m", "pytest", "-k", "name"],
        ["tools/execute_notebooks.py", "00"],
        ["tools/benchmark.py", "--epochs=1"],
        ["tools/make_slides.py", "01"],
    ]


def test_commands_of_the_package_run_in_the_environment(course, steps, monkeypatch):
    """They need nothing that only the tests need, and have a help of their own."""
    tried = []
    monkeypatch.setattr(course, "succeeds", lambda *command: tried.append(command) or True)
    for name in course.OF_THE_PACKAGE:
        assert course.main([name, "--help"]) == 0
    names = ["doctor", "verify", "progress", "class"]
    assert steps.ran == [["-P", "-m", "sgdcourse", name, "--help"] for name in names]
    assert [command[5] for command in steps.installed[1:]] == ["requirements.txt"]
    assert set(tried) == {(course.PYTHON, "-c", "import sgdcourse")}


@pytest.mark.parametrize(
    ("arguments", "where"),
    [(["class", "exports"], None), (["benchmark"], "root")],
)
def test_a_folder_named_to_a_command_is_one_of_the_user(course, monkeypatch, arguments, where):
    """The programs of the repository run in its root, the commands where the user stands."""
    seen = []
    process = SimpleNamespace(wait=lambda: 0)
    popen = lambda *_, cwd, **__: seen.append(cwd) or process  # noqa: E731
    monkeypatch.setattr(course.subprocess, "Popen", popen)
    monkeypatch.setattr(course, "set_up", lambda **_: None)
    monkeypatch.setattr(course, "succeeds", lambda *command: True)
    assert course.main(arguments) == 0
    assert seen == [course.ROOT if where else None]


def test_an_environment_in_which_the_package_cannot_start_is_named(course, steps, monkeypatch):
    monkeypatch.setattr(course, "succeeds", lambda *command: False)
    with pytest.raises(SystemExit, match=r"NumPy does not work in .*\.venv\. Delete this folder"):
        course.main(["doctor"])
    assert steps.ran == []


def test_lab_is_the_default_and_opens_the_first_notebook_of_the_copy(course, steps):
    course.main([])
    assert f"--LabApp.default_url=/lab/tree/workspace/{START}" in steps.ran[0]
    (course.WORKSPACE / START).unlink()
    course.main([])
    assert "--LabApp.default_url=/lab/tree/workspace" in steps.ran[1]


@pytest.mark.parametrize("user", [0, 1000])
def test_root_may_start_lab(course, steps, monkeypatch, user):
    monkeypatch.setattr(course.os, "geteuid", lambda: user, raising=False)
    course.main(["lab"])
    assert ("--allow-root" in steps.ran[0]) == (user == 0)


def test_the_exit_code_and_the_environment_of_a_program(course, monkeypatch):
    monkeypatch.setattr(course, "PYTHON", sys.executable)
    assert (
        course.run("-c", "import os; exit(os.environ['KERAS_BACKEND'] == 'tensorflow' and 5)") == 5
    )


def test_a_program_has_an_input_even_if_there_is_none(course, monkeypatch):
    monkeypatch.setattr(course, "PYTHON", sys.executable)
    monkeypatch.setattr(course.sys, "stdin", None)
    assert course.run("-c", "import sys; exit(sys.stdin.read() == '' and 5)") == 5


def test_ctrl_c_is_left_to_the_program(course, monkeypatch):
    ends = iter([KeyboardInterrupt, -2])

    def wait():
        end = next(ends)
        if end is KeyboardInterrupt:
            raise end
        return end

    monkeypatch.setattr(course.subprocess, "Popen", lambda *_, **__: SimpleNamespace(wait=wait))
    assert course.run("-m", "jupyterlab") == 130


def test_lint_runs_every_check_even_if_the_first_fails(course, steps, monkeypatch):
    codes = iter([1, 0, 0])
    monkeypatch.setattr(course, "run", lambda *command: steps.ran.append(command) or next(codes))
    assert course.main(["lint"]) == 1
    assert [command[1] for command in steps.ran] == ["ruff", "ruff", "mypy"]


def test_a_full_disk_is_no_traceback(course, monkeypatch):
    def full(path, contents):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(course, "write", full)
    with pytest.raises(SystemExit, match=r"No space left on device.*Is the disk full"):
        course.main(["copy"])


@pytest.mark.parametrize(
    "arguments", [["tset"], ["--no-browser"], ["update", "now"], ["lint", "x"]]
)
def test_a_wrong_command_exits_with_2(course, steps, capsys, arguments):
    assert course.main(arguments) == 2
    told = capsys.readouterr().err
    every = (
        "lab, test, execute, benchmark, slides, doctor, verify, progress, class, update, copy, lint"
    )
    assert "no further argument" in told or every in told
    assert steps.installed == steps.ran == []


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["help"], ["lab", "--help"]])
def test_help_names_every_command(course, steps, capsys, arguments):
    assert course.main(arguments) == 0
    told = capsys.readouterr().out
    for name in ("lab", "update", "copy", "lint", *course.PROGRAMS):
        assert f"course.py {name} " in told
    assert steps.installed == steps.ran == []


def test_course_needs_only_an_old_python_and_its_standard_library():
    tree = ast.parse((ROOT / "course.py").read_text(encoding="utf-8"), feature_version=(3, 7))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {alias.name for node in imports for alias in node.names if node.col_offset == 0}
    names |= {node.module for node in imports if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in names} - {"Path"} <= sys.stdlib_module_names


# ---- The versions --------------------------------------------------------------------------


def read_requirements(name):
    lines = [line.split("#")[0].strip() for line in (ROOT / name).read_text().splitlines()]
    return [Requirement(line) for line in lines if line and not line.startswith("-")]


SYSTEMS = {
    "Linux": {"sys_platform": "linux", "platform_machine": "x86_64", "os_name": "posix"},
    "Linux on ARM": {"sys_platform": "linux", "platform_machine": "aarch64", "os_name": "posix"},
    "macOS": {"sys_platform": "darwin", "platform_machine": "arm64", "os_name": "posix"},
    "Windows": {"sys_platform": "win32", "platform_machine": "AMD64", "os_name": "nt"},
}


def select(requirements, system, version):
    """Return name -> specifier of the requirements that hold on this system and Python."""
    environment = SYSTEMS[system] | {
        "python_version": version,
        "python_full_version": f"{version}.0",
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
    }
    holding = [r for r in requirements if r.marker is None or r.marker.evaluate(environment)]
    assert len({r.name for r in holding}) == len(holding)
    return {r.name: r.specifier for r in holding}


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("name", ["requirements.txt", "tests/requirements.txt"])
def test_the_constraints_pin_what_is_required(name, system):
    constraints = read_requirements("constraints.txt")
    assert {s.operator for r in constraints for s in r.specifier} == {"=="}
    for version in ("3.11", "3.12", "3.13"):
        pins = select(constraints, system, version)
        for package, range_ in select(read_requirements(name), system, version).items():
            (pin,) = pins[package]
            assert range_.contains(pin.version), (package, pin)


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_python_gets_the_same_versions(system):
    constraints = read_requirements("constraints.txt")
    oldest, *others = (select(constraints, system, v) for v in ("3.11", "3.12", "3.13"))
    for pins in others:
        assert pins.items() <= oldest.items()  # 3.11 needs a package more, `overrides`


def test_binder_has_the_same_numbers_and_figures(course):
    constraints = read_requirements("constraints.txt")
    pins = {r.name: r.specifier for r in constraints}
    binder = {r.name: r.specifier for r in read_requirements("binder/requirements.txt")}
    assert set(binder) == {"tensorflow-cpu", "keras", "numpy", "matplotlib"}
    assert binder == {name: pins[name] for name in binder}
    start = (ROOT / "binder/start").read_text()
    assert all(f"{name}={value}" in start for name, value in course.ENVIRONMENT.items())
