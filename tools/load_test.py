"""Let many learners run a notebook at once on this machine; say what each needs.

    .venv/bin/python tools/load_test.py [--learners N] [--notebook NAME] [--json FILE]
    .venv/bin/python tools/load_test.py --table FILE      the table for FILE, without a test

Each learner is a kernel of its own, with the environment that course.py gives it. First one learner
works alone. Then all kernels start, wait for each other, and run all cells of the notebook, as
"Run All Cells" does; in place of the dots stand right answers, so that each `check` passes.

Memory is PSS (what several processes share is counted once, in parts), sampled while the cells run.
Without --learners, as many work at once as the free memory holds, less a reserve. Linux only.
"""

import argparse
import asyncio
import json
import math
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import nbformat
import psutil
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

import course
from sgdcourse.commands import doctor
from tests.solved import solved
from tools.execute_notebooks import client_of

ROOT = Path(__file__).resolve().parent.parent
RESERVE = 2_000  # MB that stay free
SYSTEM = 2_000  # MB for the system and the hub itself
SAMPLES_PER_SECOND = 1
CELL_TIMEOUT = 1_200  # seconds; all wait for each other on few cores
CLASSES = [10, 20, 40, 100]
CORES = [4, 8, 16, 32]


class Learner:
    """A kernel that runs one notebook, and what was measured on the way."""

    def __init__(self, number, notebook, folder):
        self.number, self.folder = number, folder
        self.checks, self.peak, self.failure = [], 0, None
        self.process = None
        cells = nbformat.read(notebook, as_version=4)
        for cell in cells.cells:
            if cell.cell_type == "code":
                answered = solved(cell.source)
                cell.metadata["check"] = answered is not None
                cell.source = answered or cell.source
                cell.outputs, cell.execution_count = [], None
        self.client = client_of(cells, timeout=CELL_TIMEOUT, startup_timeout=CELL_TIMEOUT)
        self.kernel = self.client.km
        self.where = notebook.parent

    async def start(self):
        """Start the kernel, and let it answer once."""
        environment = {
            **os.environ,
            **course.ENVIRONMENT,
            "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
            "SGDCOURSE_PROGRESS": str(self.folder / f"{self.number}.jsonl"),
        }
        started = time.perf_counter()
        # Not by nbclient's async_setup_kernel: it takes Ctrl-C for itself, for one kernel of many.
        await self.client.async_start_new_kernel(
            cwd=self.where, env=environment, stderr=subprocess.DEVNULL
        )
        await self.client.async_start_new_kernel_client()
        self.startup = time.perf_counter() - started
        self.process = psutil.Process(self.kernel.provisioner.pid)
        self.idle = self.peak = memory(self.process)

    async def trivial(self):
        """Measure how long `1 + 1` takes."""
        started = time.perf_counter()
        await self.client.kc.execute_interactive(
            "1 + 1", timeout=CELL_TIMEOUT, store_history=False, output_hook=lambda message: None
        )
        self.first_cell = time.perf_counter() - started

    async def work(self):
        """Run all cells, as far as they run."""
        started = time.perf_counter()
        try:
            for index, cell in enumerate(self.client.nb.cells):
                if cell.cell_type == "code" and cell.source.strip():
                    begun = time.perf_counter()
                    await self.client.async_execute_cell(cell, index)
                    if cell.metadata["check"]:
                        self.checks.append(time.perf_counter() - begun)
        except CellExecutionError as error:
            self.failure = f"{error.ename}: {error.evalue}"
        except CellTimeoutError:
            self.failure = f"a cell ran for more than {CELL_TIMEOUT} seconds"
        except (DeadKernelError, RuntimeError) as error:
            self.failure = f"the kernel died (out of memory?): {error}"
        self.seconds = time.perf_counter() - started
        with suppress(psutil.Error):
            used = self.process.cpu_times()
            self.cpu = used.user + used.system
            return
        self.failure = self.failure or "the kernel died (out of memory?)"

    def sample(self):
        """Look at the memory now."""
        with suppress(psutil.Error):
            if self.process:
                self.peak = max(self.peak, memory(self.process))

    async def end(self):
        """Kill the kernel, however far it came."""
        if self.client.kc:
            self.client.kc.stop_channels()
        await self.kernel.shutdown_kernel(now=True)


def memory(process):
    """Return the PSS of a process and its children, in MB."""
    total = 0
    for one in [process, *process.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):
            total += one.memory_full_info().pss
    return total / 1e6


def free_memory():
    """Return the memory that is left for this program, in MB."""
    _, free, _ = doctor.memory_for_us()
    return free / 1e6


# ---- One room ------------------------------------------------------------------------------


async def room(number, notebook):
    """Let this many learners work at once; return them."""
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asyncio.current_task().cancel)
    with tempfile.TemporaryDirectory() as folder:
        async with AsyncExitStack() as stack:  # ends every kernel, whatever happens
            learners = [Learner(n, notebook, Path(folder)) for n in range(number)]
            for learner in learners:
                stack.push_async_callback(learner.end)
            lesson = asyncio.create_task(hold(learners))
            watch = asyncio.create_task(watch_memory(learners))
            try:
                await asyncio.wait([lesson, watch], return_when=asyncio.FIRST_COMPLETED)
                if watch.done():
                    watch.result()
                    raise MemoryError(
                        f"less than {RESERVE / 2:,.0f} MB were left with {number} learners: "
                        "all of them were stopped. Give a smaller number to --learners."
                    )
                await lesson
            finally:
                lesson.cancel()
                watch.cancel()
                await asyncio.gather(lesson, watch, return_exceptions=True)
    return learners


async def hold(learners):
    """Let each of them start, wait for the others, and work."""
    await asyncio.gather(*(learner.start() for learner in learners))
    await asyncio.gather(*(learner.trivial() for learner in learners))
    await asyncio.gather(*(learner.work() for learner in learners))


async def watch_memory(learners):
    """Sample until there is too little memory left for this machine."""
    while free_memory() > RESERVE / 2:
        for learner in learners:
            await asyncio.to_thread(learner.sample)
        await asyncio.sleep(1 / SAMPLES_PER_SECOND)


async def server_memory():
    """Return the memory of a Jupyter server without kernels, in MB: a hub starts one for each."""
    with tempfile.TemporaryDirectory() as folder:
        names = ["CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR"]
        own = {f"JUPYTER_{name}": os.path.join(folder, name) for name in names}
        options = ["--no-browser", "--allow-root", "--port=0", "--ip=127.0.0.1"]
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "jupyterlab", *options, f"--ServerApp.root_dir={folder}"),
            env={**os.environ, **own},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        try:
            async for line in process.stderr:
                if b"is running at" in line:
                    await asyncio.sleep(3)  # until its extensions are loaded
                    return memory(psutil.Process(process.pid))
            raise RuntimeError("the Jupyter server did not start")
        finally:
            with suppress(ProcessLookupError):
                process.terminate()
            await process.wait()


# ---- Figures -------------------------------------------------------------------------------


def summary(learners):
    """Return the figures of a room: medians, and the worst."""
    done = [learner for learner in learners if learner.failure is None]
    figures = {"learners": len(learners), "failed": len(learners) - len(done)}
    if done:
        figures |= {
            "kernel_idle_mb": round(statistics.median(one.idle for one in done)),
            "kernel_peak_mb": round(max(one.peak for one in done)),
            "cpu_seconds": round(statistics.median(one.cpu for one in done), 1),
            "startup_s": spread([one.startup for one in done]),
            "first_cell_s": spread([one.first_cell for one in done]),
            "check_s": spread([check for one in done for check in one.checks]),
            "notebook_s": spread([one.seconds for one in done]),
        }
    return figures


def spread(seconds):
    """Return the median, the 95th percentile and the worst."""
    ordered = sorted(seconds) or [0.0]
    late = ordered[math.ceil(0.95 * len(ordered)) - 1]
    return [round(value, 3) for value in (statistics.median(ordered), late, ordered[-1])]


def gigabytes(learners, *, server_mb, kernel_mb, notebooks=1):
    """Return the memory for a class: each has a server, and notebooks open as large as they get.

    >>> gigabytes(40, server_mb=100, kernel_mb=900)
    42
    """
    return math.ceil((SYSTEM + learners * (server_mb + notebooks * kernel_mb)) / 1_000)


def waiting(learners, cores, *, cpu_seconds):
    """Return how long a notebook takes in which all choose "Run All Cells" at the same moment.

    They share the cores, and nobody is faster than alone.

    >>> waiting(40, cores=8, cpu_seconds=24)
    120
    >>> waiting(2, cores=8, cpu_seconds=24)
    24
    """
    return round(cpu_seconds * max(1, learners / cores))


def sizing_table(figures):
    """Return the table for several sizes of a class, in Markdown."""
    kernel = max(figures[room]["kernel_peak_mb"] for room in ("alone", "together"))
    measured = {"server_mb": figures["server_mb"], "kernel_mb": kernel}
    together = figures["together"]
    # What a learner took of the cores when all worked at once: the queueing is in it.
    crowded = together["notebook_s"][2] * figures["machine"]["cores"] / together["learners"]
    cpu_seconds = max(figures["alone"]["cpu_seconds"], crowded)
    head = ["learners", "memory, one notebook open", "two open"]
    head += [
        f"{cores} cores: all run it at once" if cores == CORES[0] else f"{cores} cores"
        for cores in CORES
    ]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for number in CLASSES:
        cells = [f"{gigabytes(number, notebooks=n, **measured)} GB" for n in (1, 2)]
        for cores in CORES:
            cells.append(f"{waiting(number, cores, cpu_seconds=cpu_seconds)} s")
        lines.append(f"| {number} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def report(figures):
    """Print what was measured, and what follows from it."""
    alone, together = figures["alone"], figures["together"]
    machine = figures["machine"]
    print(f"\n{figures['notebook']} on {machine['cores']} cores, {machine['memory_gb']} GB; load")
    print(f"average before the test: {machine['load_average']}")
    print(f"\n{'':<34}{'1 learner':>12}{together['learners']:>9} at once{'ratio':>8}")
    rows = [
        ("memory of a new kernel", "kernel_idle_mb", "MB"),
        ("memory of a kernel, at most", "kernel_peak_mb", "MB"),
        ("processor time", "cpu_seconds", "s"),
    ]
    for words, name, unit in rows:
        print_row(words, alone[name], together[name], unit)
    for words, name in [
        ("kernel starts", "startup_s"),
        ("1 + 1 in a new kernel", "first_cell_s"),
        ("a cell with check(...)", "check_s"),
        ("the whole notebook", "notebook_s"),
    ]:
        for place, which in enumerate(["median", "95%", "worst"]):
            print_row(f"{words}, {which}", alone[name][place], together[name][place], "s")
    print(f"\nA Jupyter server without kernels: {figures['server_mb']} MB")
    print(f"\n{sizing_table(figures)}")


def print_row(words, alone, together, unit):
    ratio = f"{together / alone:.1f}" if alone else "-"
    print(f"{words:<34}{alone:>9,.6g} {unit:<2}{together:>14,.6g} {unit:<2}{ratio:>8}")


def machine():
    """Describe the machine, or the part of it that a container may use."""
    total, _, _ = doctor.memory_for_us()
    return {
        "cores": round(doctor.cores_for_us(), 1),
        "memory_gb": round(total / 1e9),
        "load_average": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
    }


async def measure(notebook, wanted):
    """Measure one learner alone, then many at once; return the figures and the failures."""
    figures = {"notebook": notebook.name, "machine": machine()}
    figures["server_mb"] = round(await server_memory())
    alone = await room(1, notebook)
    figures["alone"] = summary(alone)
    if alone[0].failure:
        return figures, alone
    fit = int((free_memory() - RESERVE) / figures["alone"]["kernel_peak_mb"])
    number = wanted or max(fit, 1)
    print(f"The free memory, less {RESERVE:,} MB, holds {fit} learners. At once: {number}")
    together = await room(number, notebook)
    figures["together"] = summary(together)
    return figures, together


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--learners", type=int, help="how many at once")
    parser.add_argument("--notebook", default="01_shuffling_and_batching.ipynb")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures, too")
    parser.add_argument("--table", type=Path, metavar="FILE", help="print the table of figures")
    arguments = parser.parse_args()
    if arguments.table:
        print(sizing_table(json.loads(arguments.table.read_text())))
        return 0
    notebook = ROOT / "notebooks" / arguments.notebook
    if not notebook.is_file():
        parser.error(f"there is no notebook {notebook}")
    if arguments.learners is not None and arguments.learners < 1:
        parser.error(f"--learners must be at least 1. Received: {arguments.learners}")
    if not Path("/proc/self/smaps_rollup").exists():
        parser.error("it needs Linux, which tells how much memory processes share")
    try:
        figures, learners = asyncio.run(measure(notebook, arguments.learners))
    except MemoryError as error:
        print(f"Stopped: {error}", file=sys.stderr)
        return 1
    except (KeyboardInterrupt, asyncio.CancelledError):
        print("Stopped; all kernels are shut down.", file=sys.stderr)
        return 130
    failed = [learner for learner in learners if learner.failure]
    if len(failed) < len(learners):
        report(figures)
        if arguments.json:
            arguments.json.write_text(json.dumps(figures, indent=1) + "\n")
    for learner in failed:
        print(f"Learner {learner.number} failed: {learner.failure}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
