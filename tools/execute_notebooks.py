"""Execute notebooks afresh and store their outputs in place.

    python tools/execute_notebooks.py [notebooks ...]      without names: all in notebooks/

Each notebook runs in a new kernel of the Python that runs this file, in the notebook's folder. What
differs from run to run is not stored. A notebook is left as it was if one of its cells raises, runs
too long or writes to stderr; the others are still executed, and the exit code is 1.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbclient.output_widget import OutputWidget
from nbval.kernel import CURRENT_ENV_KERNEL_NAME, NbvalKernelspecManager

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
ANSI_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class CellFailure(Exception):
    """A cell that cannot be stored."""

    def __init__(self, number, cell, reason):
        source = "\n".join("    " + line for line in cell.source.splitlines())
        super().__init__(f"cell [{number}]:\n{source}\n  {reason}")


class WakingOutputWidget(OutputWidget):
    """An Output widget that does not make nbclient wait for ever.

    nbclient (0.11 and before, issue 312) sends the state of Output widgets over the socket on which
    it awaits the end of the cell. That can swallow the wake-up for an answer that is already there:
    so look for one after each message.
    """

    def _publish_msg(self, *args, **kwargs):
        super()._publish_msg(*args, **kwargs)
        look_for_answers = getattr(
            self.kernel_client.shell_channel.socket, "_schedule_remaining_events", None
        )
        if look_for_answers:
            look_for_answers()


def main():
    """Execute the notebooks named on the command line; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="*", type=Path, help="default: all in notebooks/")
    parser.add_argument("--cell-timeout", type=int, default=300, help="seconds (default: 300)")
    arguments = parser.parse_args()
    sys.stdout.reconfigure(errors="backslashreplace")  # not every console knows every letter
    paths = arguments.notebooks or sorted(NOTEBOOKS.glob("*.ipynb"))
    if not paths:
        print(f"There is no notebook in {NOTEBOOKS}.")
        return 1

    failed = 0
    for path in paths:
        start = time.perf_counter()
        try:
            notebook, peak = execute(path, arguments.cell_timeout)
            write(notebook, path)
        except (CellFailure, OSError, RuntimeError, ValueError, nbformat.ValidationError) as error:
            failed += 1
            print(f"FAILED  {path}, not written: {error}", flush=True)
        else:
            seconds = time.perf_counter() - start
            print(f"stored  {path}  {seconds:.1f} s  {peak} MB", flush=True)
    if failed:
        print(f"{failed} of {len(paths)} notebooks failed.")
    return 1 if failed else 0


def execute(path, cell_timeout):
    """Run one notebook; return it with its fresh outputs, and the peak memory of its kernel."""
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    for cell in code_cells(notebook):
        cell.outputs, cell.execution_count = [], None

    client = client_of(
        notebook,
        timeout=cell_timeout,
        coalesce_streams=True,  # where a kernel cuts a stream is a matter of chance
        record_timing=False,
        shutdown_kernel="immediate",
    )
    with (
        tempfile.TemporaryDirectory() as folder,  # for the progress: no person's own is shown
        client.setup_kernel(
            cleanup_kc=True,
            cwd=path.parent,
            env=os.environ | {"SGDCOURSE_PROGRESS": str(Path(folder) / "progress.jsonl")},
            stderr=subprocess.DEVNULL,  # the kernel's own log, not what cells write to stderr
        ),
    ):
        number = 0
        for index, cell in enumerate(notebook.cells):
            if cell.cell_type == "code" and cell.source.strip():
                number += 1
                execute_cell(client, index, number)
        peak = peak_memory(client.km.provisioner.pid)
    tidy(notebook)
    return notebook, peak


def client_of(notebook, **options):
    """Return a client that runs a notebook in the Python that runs this file."""
    kernel = AsyncKernelManager(
        kernel_name=CURRENT_ENV_KERNEL_NAME, kernel_spec_manager=NbvalKernelspecManager()
    )
    client = NotebookClient(
        notebook,
        km=kernel,
        extra_arguments=["--HistoryManager.hist_file=:memory:"],  # not the user's own history
        **options,
    )
    client.widget_registry = {"@jupyter-widgets/output": {"OutputModel": WakingOutputWidget}}
    return client


def execute_cell(client, index, number):
    """Run one cell; raise CellFailure if it must not be stored."""
    cell = client.nb.cells[index]
    try:
        client.execute_cell(cell, index)
    except CellExecutionError as error:
        raise CellFailure(number, cell, f"{error.ename}: {error.evalue}") from error
    except CellTimeoutError as error:
        raise CellFailure(number, cell, f"ran for more than {client.timeout} seconds") from error
    except DeadKernelError as error:
        raise CellFailure(number, cell, "the kernel died (out of memory?)") from error

    # What a callback or an Output widget catches does not stop the cell, and must not be stored.
    caught = [
        output for state in client.widget_state.values() for output in state.get("outputs", [])
    ]
    for output in [*cell.outputs, *caught]:
        if output.get("name") == "stderr":
            raise CellFailure(number, cell, f"wrote to stderr: {output['text'].strip()}")
        tags = cell.metadata.get("tags", [])
        if output["output_type"] == "error" and "raises-exception" not in tags:
            raise CellFailure(number, cell, f"{output['ename']}: {output['evalue']}")


def tidy(notebook):
    """Remove what differs from run to run or from machine to machine."""
    notebook.metadata.pop("widgets", None)
    notebook.metadata.kernelspec = {
        "name": "python3",
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
    }
    notebook.metadata.language_info = {"name": "python"}  # without the version
    for cell in code_cells(notebook):
        cell.metadata.pop("execution", None)  # times
        for output in cell.outputs:
            output.get("data", {}).pop(WIDGET_VIEW, None)  # a random id
            if output.output_type == "error":
                # Frames of other files show this machine's folders and addresses.
                output.traceback = [
                    frame
                    for frame in output.traceback
                    if not ANSI_COLOUR.sub("", frame).startswith("File ")
                ]


def code_cells(notebook):
    """List the code cells of a notebook."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def peak_memory(pid):
    """Return the most memory (resident, MB) that a process ever held, or "n/a" outside Linux."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return "n/a"
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return f"{int(found[1]) / 1024:.0f}" if found else "n/a"


def write(notebook, path):
    """Write a notebook as nbformat does, but all of it or nothing."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8", newline="\n")
    os.replace(partial, path)


if __name__ == "__main__":
    sys.exit(main())
