#!/usr/bin/env python3
"""One command for the whole course; it needs nothing but Python itself.

python3 course.py lab        open your own copy of the notebooks in JupyterLab (the default)
python3 course.py test       run the tests
python3 course.py update     add what is new in the course to your copy; your work stays
python3 course.py copy       only make that copy, workspace/, and set nothing up
python3 course.py doctor     is this machine ready for the course? says what to do if it is not
python3 course.py verify     train in NumPy and in tf.keras, and compare every update
python3 course.py progress   what you have passed so far, and what is open next
python3 course.py class      what the learners of a class have passed (for instructors)

For those who teach it:
python3 course.py slides     make slides of the notebooks; they need no network

For those who change the course:
python3 course.py execute    run all notebooks afresh and store their outputs
python3 course.py benchmark  measure speed and memory
python3 course.py lint       check style and types

On Windows: py course.py lab. The first call sets up .venv beside this file (minutes, once).
Further arguments go on to the program: course.py lab --no-browser, course.py verify --help.
"""

# The standard library only, and no syntax newer than Python 3.7: an older Python than the course
# needs must get far enough to be told so.
import collections
import hashlib
import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent
NOTEBOOKS = ROOT / "notebooks"  # the originals, with their outputs
WORKSPACE = ROOT / "workspace"  # the learner's own copy, without outputs
RECORDS = WORKSPACE / ".course.json"  # what was copied, see read_records
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

THIS = "py course.py" if os.name == "nt" else "python3 course.py"
VERSION = "{}.{}".format(*sys.version_info)
SUPPORTED = ["3.13", "3.12", "3.11"]  # Keras 3.15 needs 3.11, TensorFlow 2.21 is built up to 3.13
GIGABYTES = 3  # .venv takes up to 2.5, and the downloads pass through the same disk
ENVIRONMENT = {  # no chatter of TensorFlow, the same sums on every processor, no other backend
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "KERAS_BACKEND": "tensorflow",
}
OF_THE_PACKAGE = ["doctor", "verify", "progress", "class"]  # they have a help of their own
PROGRAMS = {
    "test": ["-m", "pytest"],
    "execute": ["tools/execute_notebooks.py"],
    "benchmark": ["tools/benchmark.py"],
    "slides": ["tools/make_slides.py"],
}
WHOLE_SUITE = ["--numprocesses=2", "--dist=loadfile", "--no-loadscope-reorder"]  # file by file
# -P: no file of the folder in which the user stands is imported by mistake
PROGRAMS.update({name: ["-P", "-m", "sgdcourse", name] for name in OF_THE_PACKAGE})


def fail(message):
    """End with this message instead of a traceback."""
    sys.exit("course.py: " + message)


# ---- The environment -----------------------------------------------------------------------


def set_up(for_tests=False):
    """Make .venv complete; install nothing if its stamps say that it is."""
    for requirements in ["requirements.txt", "tests/requirements.txt"][: 2 if for_tests else 1]:
        stamp = VENV / f"{requirements.replace('/', '-')}.stamp"
        pins = [(ROOT / name).read_bytes() for name in (requirements, "constraints.txt")]
        complete = hashlib.sha256(b"".join([VERSION.encode(), *pins])).hexdigest()
        if PYTHON.exists() and stamp.exists() and stamp.read_text() == complete:
            continue
        uv = shutil.which("uv")  # much faster than pip, but it does not know pip's settings
        uv = uv if uv and not os.environ.get("PIP_NO_INDEX") and succeeds(uv, "--version") else None
        if requirements == "requirements.txt":
            make_environment(uv)
        print(f"Installing {requirements} into {VENV} (some minutes, once) ...", flush=True)
        pip = [uv, "pip", "install", "--python", PYTHON] if uv else [PYTHON, "-m", "pip", "install"]
        show_progress(*pip, "-r", requirements, "-c", "constraints.txt")
        stamp.write_text(complete)  # last of all: the next call repairs an interrupted set-up


def make_environment(uv):
    """Make .venv afresh, with nothing in it but the way to `sgdcourse`."""
    problem = what_is_lacking(uv)
    if problem:
        fail(problem)
    if VENV.exists():
        shutil.rmtree(VENV)  # half a set-up, or one for other requirements
    if uv:  # --seed puts pip into .venv, in case uv is not there the next time
        supported = f">={SUPPORTED[-1]},<={SUPPORTED[0]}.99"
        python = sys.executable if VERSION in SUPPORTED else supported
        show_progress(uv, "venv", "--seed", "--python", python, VENV)
    else:
        show_progress(sys.executable, "-m", "venv", VENV)
    # Every kernel and program of .venv finds `sgdcourse`, wherever it runs. The path is relative:
    # it needs no encoding and stays right when the whole folder is moved.
    (packages,) = {*VENV.glob("lib/python*/site-packages"), *VENV.glob("Lib/site-packages")}
    (packages / "course.pth").write_text(os.path.relpath(ROOT, packages) + "\n")
    # No question about news from jupyter.org on top of the first notebook.
    notification = {"fetchNews": "false", "checkForUpdates": False}
    settings = json.dumps({"@jupyterlab/apputils-extension:notification": notification})
    write(VENV / "share/jupyter/lab/settings/overrides.json", settings.encode())


def show_progress(*command):
    """Run one step of the set-up; show its latest line and, if it fails, its last ones."""
    lines, width = collections.deque(maxlen=15), shutil.get_terminal_size().columns - 1
    on_terminal = sys.stdout.isatty()
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "errors": "replace"}
    with subprocess.Popen([str(part) for part in command], cwd=ROOT, **options) as process:
        for line in process.stdout:
            lines.append(line.rstrip())
            if on_terminal:
                print(lines[-1][:width].ljust(width), end="\r", flush=True)
    if on_terminal:
        print(" " * width, end="\r")
    if process.returncode:
        output = "\n  ".join(["the set-up failed. The last lines of its output:", *lines])
        fail(f"{output}\nIt needs the network, this once. To try again, give the same command.")


def succeeds(*command):
    """Tell whether a command exists and exits with 0."""
    try:
        return subprocess.call(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def what_is_lacking(uv):
    """Say why the course cannot be installed here; return None if it can."""
    sentence = "TensorFlow has no build for {}. The Binder link in README.md needs only a browser."
    if Path(sys.prefix).resolve() == VENV.resolve():
        return "this is the Python of .venv, which must be made afresh: first `deactivate` it."
    if sys.maxsize < 2**32:
        return "this Python has 32 bits and TensorFlow needs 64: install a 64-bit Python."
    if platform.system() == "Darwin" and platform.machine() == "x86_64":
        return sentence.format("Intel Macs, nor for an Intel Python on a newer Mac")
    if sysconfig.get_platform() == "win-arm64":
        return sentence.format("Windows on ARM")
    if "musl" in str(sysconfig.get_config_var("HOST_GNU_TYPE")):
        return sentence.format("Linux with musl, such as Alpine")
    if VERSION not in SUPPORTED and not uv:  # uv brings a Python of its own
        windows = os.name == "nt"
        for version in SUPPORTED:
            python = ["py", f"-{version}"] if windows else [f"python{version}"]
            if succeeds(*python, "--version"):
                advice = "You have one: " + " ".join([*python, "course.py", *sys.argv[1:]])
                break
        else:
            advice = "Install one from https://www.python.org/downloads/"
        needed = f"the course needs Python {SUPPORTED[-1]} to {SUPPORTED[0]}, and this is {VERSION}"
        return f"{needed}. {advice}"
    if not uv and not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
        return f"Python's venv module is missing. On Debian: sudo apt install python{VERSION}-venv"
    old = sum(file.lstat().st_size for file in VENV.rglob("*") if file.is_file())  # goes first
    free = (shutil.disk_usage(ROOT).free + old) / 1e9
    if free < GIGABYTES:
        return f"the disk of {ROOT} has {free:.1f} GB left, and {GIGABYTES} GB are needed."
    return None


# ---- The learner's copy --------------------------------------------------------------------


def originals():
    """Return name -> path of all that a learner gets: the notebooks and their images."""
    files = [*NOTEBOOKS.glob("*.ipynb"), *(NOTEBOOKS / "images").rglob("[!.]*")]
    return {f.relative_to(NOTEBOOKS).as_posix(): f for f in sorted(files) if f.is_file()}


def fingerprint(path):
    """Return a hash of what a person wrote into the file.

    Of a notebook that is the kinds and sources of its cells. Opening and running it changes its
    outputs, counts and metadata and adds an empty cell at the end: nothing that is lost when a
    newer version takes its place. Nor is an original with fresh outputs alone a newer version.
    """
    contents = path.read_bytes()
    if path.suffix == ".ipynb":
        try:
            cells = [(c["cell_type"], "".join(c["source"])) for c in json.loads(contents)["cells"]]
            contents = json.dumps([cell for cell in cells if cell[1].strip()]).encode()
        except (ValueError, KeyError, TypeError):
            pass  # no notebook (any more): its bytes count
    return hashlib.sha256(contents).hexdigest()


def read_records():
    """Return name -> fingerprint of the original that was brought last.

    A copy with this fingerprint is as it was written: untouched. Damaged records count as none:
    then no copy is known to be untouched, and so none is replaced.
    """
    try:
        records = json.loads(RECORDS.read_bytes())
    except (OSError, ValueError):
        return {}
    return records if isinstance(records, dict) else {}


def news():
    """Return name -> "new", "changed" or "missing" for each file that the copy lacks."""
    found, records = {}, read_records()
    for name, original in originals().items():
        copy, record = WORKSPACE / name, records.get(name)
        if not copy.exists():
            found[name] = "missing" if record else "new"
        elif fingerprint(original) not in (record, fingerprint(copy)):
            found[name] = "changed"
    return found


def bring(names):
    """Write these files into the learner's copy, beside those that the learner worked in."""
    records = read_records()
    for name in names:
        original, copy, record = NOTEBOOKS / name, WORKSPACE / name, records.get(name)
        touched = copy.exists() and fingerprint(copy) != record
        target = beside(copy, record) if touched else copy
        write(target, without_outputs(original))
        print(f"  workspace/{target.relative_to(WORKSPACE).as_posix()}")
        records[name] = fingerprint(original)
        write(RECORDS, json.dumps(records, indent=1).encode())


def beside(copy, record):
    """Return 01_x.new.ipynb for 01_x.ipynb, or new2 and so on where the learner worked in that."""
    number = ""
    while True:
        path = copy.with_suffix(f".new{number}{copy.suffix}")
        if not path.exists() or fingerprint(path) == record:
            return path
        number = (number or 1) + 1


def without_outputs(original):
    """Return the contents of an original as the learner gets it."""
    contents = original.read_bytes()
    if original.suffix != ".ipynb":
        return contents
    try:
        notebook = json.loads(contents)
        notebook["metadata"].pop("widgets", None)  # where the sliders stood
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                cell.update(outputs=[], execution_count=None)
    except (ValueError, KeyError, TypeError, AttributeError):
        fail(f"notebooks/{original.name} is damaged. To mend it: git checkout -- notebooks")
    return (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode()


def write(path, contents):
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(contents)
    os.replace(partial, path)


def renew_copy():
    """Make the copy if there is none; else tell what is new and, in a terminal, offer to add it."""
    if not originals():
        fail(f"there are no notebooks in {NOTEBOOKS}. To mend it: git checkout -- notebooks")
    if not RECORDS.exists():
        print("Your own copy of the notebooks:")
        bring(name for name, what in news().items() if what == "new")
    found = news()
    for name, what in found.items():
        print(f"  {what} in {'your copy' if what == 'missing' else 'the course'}: {name}")
    fresh = [name for name, what in found.items() if what != "missing"]
    can_ask = fresh and sys.stdin and sys.stdin.isatty()
    if can_ask and input("Add it now? Your own work stays. (y/N) ").strip().lower() in ("y", "yes"):
        bring(fresh)
    elif found:
        print(f"To add this (your own work stays): {THIS} update")


def update():
    """Add to the copy all that it lacks."""
    found = news()
    print("Added to your copy:" if found else "Your copy has all that is in the course.")
    bring(found)


# ---- The commands --------------------------------------------------------------------------


def run(*arguments, in_root=True):
    """Run the Python of .venv in the foreground; return its exit code."""
    folder = ROOT if in_root else None  # None: where the user stands
    environment = {**os.environ, **ENVIRONMENT}
    stdin = None if sys.stdin else subprocess.DEVNULL  # closed, under some CI: pytest would trip
    process = subprocess.Popen([PYTHON, *arguments], cwd=folder, env=environment, stdin=stdin)
    while True:
        try:
            code = process.wait()
            return code if code >= 0 else 128 - code
        except KeyboardInterrupt:
            pass  # the program was told, too, and ends in its own way


def lab(rest):
    """Open the copy in JupyterLab."""
    set_up()
    renew_copy()
    page = WORKSPACE / "00_start_here.ipynb"
    page = (page if page.exists() else WORKSPACE).relative_to(ROOT).as_posix()
    options = [f"--ServerApp.root_dir={ROOT}", f"--LabApp.default_url=/lab/tree/{page}"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.append("--allow-root")
    print("Starting JupyterLab. To end it, press Ctrl-C twice here.", flush=True)
    return run("-m", "jupyterlab", *options, *rest)


def lint():
    """Check style and types; return 0 if all is well."""
    set_up(for_tests=True)
    checks = ["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"]
    return max([run("-m", *check) for check in checks])


def main(arguments):
    """Run one command; return its exit code."""
    name, *rest = arguments or ["lab"]
    alone = {"update": update, "copy": renew_copy, "lint": lint}
    if {"help", "-h", "--help"} & {name, *(rest[:1] if name not in OF_THE_PACKAGE else [])}:
        print(__doc__.strip())
        return 0
    if name not in {"lab", *PROGRAMS, *alone}:
        names = ", ".join(["lab", *PROGRAMS, *alone])
        print(f"course.py: there is no command {name!r}. There are: {names}", file=sys.stderr)
        return 2
    if name in alone and rest:
        print(f"course.py: {name} takes no further argument, not {rest[0]!r}", file=sys.stderr)
        return 2
    try:
        if name == "lab":
            return lab(rest)
        if name in alone:
            return alone[name]() or 0
        set_up(for_tests=name not in [*OF_THE_PACKAGE, "slides"])
        if name in OF_THE_PACKAGE and not succeeds(PYTHON, "-c", "import sgdcourse"):
            fail(f"NumPy does not work in {VENV}. Delete this folder and give the same command.")
        if name == "test" and not rest:
            rest = WHOLE_SUITE
        # the commands of the package take paths as the user writes them
        return run(*PROGRAMS[name], *rest, in_root=name not in OF_THE_PACKAGE)
    except (KeyboardInterrupt, EOFError):
        print("\ncourse.py: stopped. The same command starts it again.", file=sys.stderr)
        return 130
    except OSError as error:
        fail(f"{error}. (Is the disk full, or a file in use, or not yours?)")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
