"""class: what the learners of a class have done, for the instructor."""

import argparse
from pathlib import Path

from sgdcourse.commands.surroundings import call

PNG = b"\x89PNG\r\n\x1a\n"


def main(arguments: list[str]) -> int:
    """Read the exports in a folder, and show who passed what and which wrong ideas are common.

    Parameters
    ----------
    arguments : list of str
        The folder, and ``--plot FILE``.

    Returns
    -------
    status : int
        0 if every file counts, 1 if some do not.
    """
    parser = argparse.ArgumentParser(
        prog=f"{call()} class",
        description="Show what the learners of a class have done: who passed which exercises, "
        "which wrong ideas they had, and which questions they answered wrong. Each learner writes "
        'a file with progress().export("NAME.json"); put all of them into one folder. The exit '
        "status is 0 if every file in it counts, 1 if some do not (they are named, with the "
        "reason), 2 if there is no such folder.",
    )
    parser.add_argument("folder", metavar="FOLDER", help="where the exports are; it is only read")
    parser.add_argument("--plot", metavar="FILE.png", help="draw who passed what, too")
    chosen = parser.parse_args(arguments)
    from sgdcourse.classroom import read_class  # the help needs neither widgets nor figures

    try:
        classroom = read_class(chosen.folder)
    except ValueError as error:
        parser.error(str(error))
    print(classroom)
    if chosen.plot:
        target = Path(chosen.plot)
        try:
            if target.exists() and not target.read_bytes().startswith(PNG):
                parser.error(f"--plot: {target} is something else than a picture; name a new file")
            target.write_bytes(classroom.plot().png)
        except OSError as error:
            parser.error(f"--plot: {target} cannot be written ({error.strerror})")
        print(f"\nDrawn in {target}")
    return 1 if classroom.skipped else 0
