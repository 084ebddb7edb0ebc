"""Do what Binder does with this repository, without Docker, and state the size of the result.

    .venv/bin/python tools/replay_binder.py FOLDER

repo2docker, which Binder runs, writes a Dockerfile from what lies in binder/. Its own code writes
it here, too. Then the steps that depend on this repository are taken, word for word, in a new
environment under FOLDER: the Jupyter packages of Binder's base image in the versions that
repo2docker has pinned, a copy of the repository, pip, postBuild. What is left out is what every
image has: Ubuntu, the user, and conda (the packages of the base image come from PyPI instead).
"""

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import repo2docker
from repo2docker.app import Repo2Docker

ROOT = Path(__file__).resolve().parent.parent
LOCKS = Path(repo2docker.__file__).parent / "buildpacks" / "conda"
USER = {"NB_UID": "1000", "NB_USER": "jovyan"}
LOCKED = re.compile(r".*/(?P<name>[^/]+)-(?P<version>\d[^-]*)-[^-]+\.(conda|tar\.bz2)#\w+")
ON_PYPI = {  # the servers of the base image, and what they are called outside conda
    "jupyterhub-base": "jupyterhub",
    "jupyter-offlinenotebook": "jupyter-offlinenotebook",
    "jupyter-resource-usage": "jupyter-resource-usage",
    "nbconvert-core": "nbconvert",
    "notebook": "notebook",
}


@dataclass
class Recipe:
    """What repo2docker makes of binder/: the Dockerfile, and the steps in it that are ours."""

    build_pack: str
    python_version: str
    dockerfile: str

    @property
    def pip_steps(self):
        return re.findall(r"^RUN (\S*/bin/pip .*)$", self.dockerfile, re.MULTILINE)

    @property
    def post_build_steps(self):
        return re.findall(r"^RUN (\S*binder/postBuild)$", self.dockerfile, re.MULTILINE)

    @property
    def entry_point(self):
        (script,) = re.findall(r'^ENV R2D_ENTRYPOINT="(.*)"$', self.dockerfile, re.MULTILINE)
        return script

    @property
    def command(self):
        (words,) = re.findall(r"^CMD \[(.*)\]$", self.dockerfile, re.MULTILINE)
        return [word.strip(' "') for word in words.split(",")]


def render(repository=ROOT):
    """Let repo2docker choose its build pack for a repository and write the Dockerfile."""
    before = Path.cwd()
    os.chdir(repository)  # a build pack looks at the folder in which it runs
    try:
        app = Repo2Docker()
        packs = (kind(base_image=app.base_image) for kind in app.buildpacks)
        pack = next(pack for pack in packs if pack.detect())
        pack.platform = "linux/amd64"
        return Recipe(type(pack).__name__, pack.python_version, pack.render(USER))
    finally:
        os.chdir(before)


def base_image_packages(python_version):
    """Return name -> version of the packages of the base image that share an environment with ours.

    That are its Jupyter servers, and all of its packages that the course could install as well.
    """
    constraints = (ROOT / "constraints.txt").read_text()
    ours = {line.split("==")[0] for line in constraints.splitlines() if "==" in line}
    wanted = ours.union(ON_PYPI.values()) - {"tzdata"}  # of conda, it is no Python package
    packages = {}
    for line in (LOCKS / f"environment.py-{python_version}-linux-64.lock").read_text().splitlines():
        if locked := LOCKED.match(line):
            name = locked["name"].replace("_", "-")
            name = ON_PYPI.get(name, name)
            if name in wanted:
                packages[name] = locked["version"]
    return packages


def find_python(version):
    """Return a Python of this version or, where there is none, the one that runs this file."""
    pyenv = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    for candidate in [sys.executable, f"python{version}", *map(str, pyenv)]:
        asked = [candidate, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
        try:
            found = subprocess.run(asked, capture_output=True, text=True).stdout.strip()
        except OSError:
            continue
        if found == version:
            return candidate
    return sys.executable


class Pod:
    """A folder that holds what a pod of Binder holds: the environment, and the repository."""

    def __init__(self, folder):
        self.folder = Path(folder).resolve()
        self.prefix, self.repository = self.folder / "environment", self.folder / "jovyan"
        self.python = self.prefix / "bin" / "python"
        self.recipe = render()

    @property
    def environment(self):
        """The variables of the Dockerfile that point somewhere else here."""
        return os.environ | {
            "KERNEL_PYTHON_PREFIX": str(self.prefix),
            "NB_PYTHON_PREFIX": str(self.prefix),
            "REPO_DIR": str(self.repository),
            "PATH": os.pathsep.join([str(self.prefix / "bin"), os.environ["PATH"]]),
        }

    def run(self, *command):
        """Run one step in the repository; show its output only if it fails."""
        print("+", shlex.join(map(str, command)), flush=True)
        options = {"cwd": self.repository, "env": self.environment, "text": True}
        done = subprocess.run(
            list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options
        )
        if done.returncode:
            raise RuntimeError(f"exit status {done.returncode}:\n{done.stdout[-6000:]}")
        return done.stdout

    def build(self):
        """Take all steps: base image, repository, pip, postBuild."""
        self.copy_repository()
        self.run(find_python(self.recipe.python_version), "-m", "venv", self.prefix)
        python_version = self.run(self.python, "-c", "import sys; print(sys.version)").split()[0]
        self.version = ".".join(python_version.split(".")[:2])
        base = base_image_packages(self.version)
        pins = [f"{name}=={version}" for name, version in base.items()]
        self.run(self.python, "-m", "pip", "install", "--quiet", *pins)
        self.base = self.packages()
        for step in [*self.recipe.pip_steps, *self.recipe.post_build_steps]:
            self.run("bash", "-c", step)

    def copy_repository(self):
        """Copy what git knows of, or would take in: a clone has no .venv and no workspace."""
        listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout
        for name in filter(None, names.split("\0")):
            if (ROOT / name).exists():
                (self.repository / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, self.repository / name)

    def packages(self):
        """Return name -> version of all that is installed."""
        lines = self.run(self.python, "-m", "pip", "list", "--format=freeze").split()
        return dict(line.lower().replace("_", "-").split("==") for line in lines)

    def sizes(self):
        """Return name -> bytes of what lies in site-packages."""
        (site_packages,) = self.prefix.glob("lib/python*/site-packages")
        return {path.name: size_of(path) for path in site_packages.iterdir()}


def size_of(path):
    """Return the bytes of a file, or of all files in a folder."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.lstat().st_size for file in files if not file.is_dir())


def main():
    summary = "\n".join(__doc__.splitlines()[:3])
    parser = argparse.ArgumentParser(
        description=summary, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", help="a new folder; it takes about 2 GB")
    folder = Path(parser.parse_args().folder)
    if folder.exists():
        parser.error(f"{folder} exists already: name a new folder")
    pod = Pod(folder)
    pod.build()
    sizes = pod.sizes()
    print(
        f"Python {pod.version}, {len(pod.packages())} packages, of which {len(pod.base)} are of the"
    )
    print("base image, in other versions where conda has others. The largest:")
    for name, size in sorted(sizes.items(), key=lambda item: -item[1])[:8]:
        print(f"{size / 1e6:8.0f} MB  {name}")
    print(f"{sum(sizes.values()) / 1e6:8.0f} MB  all packages")
    print(f"{size_of(pod.repository) / 1e6:8.0f} MB  the repository and the learner's copy")


if __name__ == "__main__":
    main()
