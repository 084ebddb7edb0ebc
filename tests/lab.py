"""A JupyterLab that a test starts, and how it is worked with in a browser."""

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import expect

import course
from sgdcourse.workers import free_ports

ROOT = Path(__file__).parent.parent
BROWSERS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
CHROMIUM = next(filter(None, map(shutil.which, [os.environ.get("CHROMIUM", ""), *BROWSERS])), None)
SWITCHES = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
SECONDS = 1000  # Playwright counts milliseconds
LONGEST_NOTEBOOK = 900 * SECONDS
IDLE = re.compile(r"\| Idle$")
ERRORS = {
    "an error": '[data-mime-type="application/vnd.jupyter.error"]',
    "text on stderr": '[data-mime-type="application/vnd.jupyter.stderr"]',
    "a widget that is not shown": "text=Error displaying widget",
}


class Lab:
    """A JupyterLab of its own: with the learner's copies, and nobody's settings."""

    notebooks = "work"  # the folder with the copies, under the server's root

    def __init__(self, folder):
        self.folder, self.token = folder, secrets.token_hex()
        (self.port,) = free_ports(1)
        settings = {
            "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
            "notebook-extension/tracker": {"windowingMode": "none"},  # all cells are in the page
        }
        for name, values in settings.items():
            path = folder / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
            course.write(path, json.dumps(values).encode())
        self.bring_notebooks()

    def bring_notebooks(self):
        for name, original in course.originals().items():
            course.write(self.folder / self.notebooks / name, course.without_outputs(original))

    @property
    def program(self):
        return [sys.executable, "-m", "jupyterlab"]

    @property
    def root(self):
        return self.folder

    @property
    def environment(self):
        python_path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
        return {**os.environ, "PYTHONPATH": python_path, "TF_CPP_MIN_LOG_LEVEL": "3"}

    def start(self):
        folders = {
            "SGDCOURSE_PROGRESS": "progress.jsonl",
            "JUPYTERLAB_SETTINGS_DIR": "settings",
            "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
            **{f"JUPYTER_{kind}_DIR": kind for kind in ("CONFIG", "DATA", "RUNTIME")},
        }
        own = {name: str(self.folder / path) for name, path in folders.items()}
        self.log = (self.folder / "log").open("w")
        self.process = subprocess.Popen(
            [
                *(*self.program, "--no-browser", "--allow-root"),
                *("--ip=127.0.0.1", f"--port={self.port}", "--ServerApp.port_retries=0"),
                *(f"--IdentityProvider.token={self.token}", f"--ServerApp.root_dir={self.root}"),
            ],
            cwd=self.root,
            env=self.environment | own,
            stdout=self.log,
            stderr=self.log,
        )
        for _ in range(600):
            try:
                return self.ask("api")
            except OSError:
                assert self.process.poll() is None, (self.folder / "log").read_text()
                time.sleep(0.1)
        raise TimeoutError((self.folder / "log").read_text())

    def ask(self, path, method="GET"):
        url = f"http://127.0.0.1:{self.port}/{path}?token={self.token}"
        with urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=30) as got:
            return json.loads(got.read() or "null")

    def url(self, name):
        page = f"lab/tree/{self.notebooks}/{name}"
        return f"http://127.0.0.1:{self.port}/{page}?reset&token={self.token}"

    def shut_kernels_down(self):
        for kernel in self.ask("api/kernels"):
            self.ask(f"api/kernels/{kernel['id']}", "DELETE")

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=30)
        self.log.close()


def choose(page, menu, *entries):
    """Choose an entry of a menu, or of a menu in a menu."""
    page.get_by_role("menuitem", name=menu, exact=True).click()
    for entry in entries:
        page.locator(".lm-Menu-item", has=page.get_by_text(entry, exact=True)).last.click()


def open_and_run(page, lab, name):
    page.goto(lab.url(name))
    expect(page.locator(".jp-NotebookPanel .jp-Cell").first).to_be_visible(timeout=90 * SECONDS)
    # Before the kernel is there, "Run All" would ask for one, and run nothing.
    expect(page.get_by_text(IDLE)).to_be_visible(timeout=90 * SECONDS)
    choose(page, "Run", "Run All Cells")
    page.wait_for_function(
        """() => [...document.querySelectorAll(".jp-CodeCell .jp-InputArea-prompt")]
            .every(prompt => /\\[\\d+\\]:/.test(prompt.innerText))""",
        timeout=LONGEST_NOTEBOOK,
    )
    expect(page.get_by_text(IDLE)).to_be_visible(timeout=60 * SECONDS)


def assert_no_errors(page):
    assert {what: page.locator(where).count() for what, where in ERRORS.items()} == dict.fromkeys(
        ERRORS, 0
    )
