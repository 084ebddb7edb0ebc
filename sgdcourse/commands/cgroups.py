"""What a container may use: Linux's control groups, in their versions 1 and 2.

A program in a container sees the memory and the cores of the whole machine. How much of them it may
use stands in the files of its control group. The limits of the groups above hold for it, too.
"""

from pathlib import Path, PurePosixPath

MOUNT = Path("/sys/fs/cgroup")
OWN_GROUPS = Path("/proc/self/cgroup")


def memory() -> tuple[int, int] | None:
    """Return the memory that this process may have, and how much of it is left, in bytes.

    Files that the system keeps in memory count as used, but the part of them that was not read
    lately is given back when it is needed. So that part is left.

    Returns
    -------
    limit, left : int
        Of the group that has the least left; None if no group has a limit.
    """
    found = []
    for folder in _folders("memory"):
        limit = _number(folder / "memory.max", folder / "memory.limit_in_bytes")
        used = _number(folder / "memory.current", folder / "memory.usage_in_bytes")
        if limit is None or used is None:
            continue
        counts = dict(line.split() for line in _read(folder / "memory.stat").splitlines())
        idle = int(counts.get("total_inactive_file", counts.get("inactive_file", 0)))
        found.append((limit, max(0, limit - max(0, used - idle))))
    return min(found, key=lambda one: one[1], default=None)


def cores() -> float | None:
    """Return how many cores this process may keep busy; None if no group has a limit.

    Returns
    -------
    cores : float
        Such as 1.5: one and a half core's time.
    """
    found = []
    for folder in _folders("cpu"):
        quota, _, period = _read(folder / "cpu.max").partition(" ")  # "max 100000" without a limit
        quota = quota or _read(folder / "cpu.cfs_quota_us")  # -1 without a limit
        period = period or _read(folder / "cpu.cfs_period_us")
        if quota.isdecimal() and period.isdecimal():
            found.append(int(quota) / int(period))
    return min(found, default=None)


def _folders(controller: str) -> list[Path]:
    """List the folders of this process's group and of those above it.

    /proc/self/cgroup says where they are: ``0::/path`` in version 2, and in version 1, for each
    controller, ``4:memory:/path``. In a container the path may be that of the machine, which is not
    to be seen from inside; the top folder is then the container's own.
    """
    folders = []
    for line in _read(OWN_GROUPS).splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        top = MOUNT / controller if controllers else MOUNT
        group = PurePosixPath(path.lstrip("/"))
        if ".." not in group.parts:
            folders += [top / part for part in (group, *group.parents)]
    return folders


def _read(path: Path) -> str:
    """Return the text of a file; an empty one if it is not there."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return ""


def _number(*paths: Path) -> int | None:
    """Return the number in the first of the files that has one."""
    texts = [_read(path) for path in paths]
    return next((int(text) for text in texts if text.isdecimal()), None)
