"""The command line: ``python -m sgdcourse``."""

import argparse
import importlib
import os
import sys
from types import ModuleType

from sgdcourse import __version__

# Each is a module of sgdcourse.commands with main(arguments) -> exit status, and is imported only
# when it is asked for: the help is there at once, and a broken TensorFlow does not stop the doctor.
COMMANDS = {
    "doctor": "is this machine ready for the course?",
    "verify": "train in NumPy and in tf.keras, and compare every update",
    "progress": "what you have passed so far, and what is open next",
    "class": "what the learners of a class have passed, and which wrong ideas they had",
}
MODULES = {"class": "classroom"}  # `class` is no name for a module
EXAMPLES = """\
examples:
  python -m sgdcourse doctor
  python -m sgdcourse verify --rows 1000 --epochs 3
  python -m sgdcourse verify --help
  python -m sgdcourse class exports --plot class.png
"""


def main(arguments: list[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : list of str, optional
        Those of the command line by default.

    Returns
    -------
    status : int
        The exit status: 0 if all is well.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    width = max(map(len, COMMANDS))
    commands = "".join(f"  {name:<{width}}  {summary}\n" for name, summary in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="python -m sgdcourse",
        description=f"How tf.keras does SGD in batches, rebuilt in NumPy.\n\ncommands:\n{commands}",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "command", nargs="?", choices=COMMANDS, metavar="command", help=argparse.SUPPRESS
    )
    parser.add_argument("--version", action="version", version=f"sgdcourse {__version__}")
    command = parser.parse_args(arguments[:1]).command  # the other arguments are the command's own
    if command is None:
        parser.print_help()
        return 0
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure:  # a path may have letters that this screen lacks
        reconfigure(errors="replace")
    try:
        status: int = command_module(command).main(arguments[1:])
        sys.stdout.flush()
        return status
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader, such as `head`, has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def command_module(command: str) -> ModuleType:
    """Import the module of a command."""
    return importlib.import_module(f"sgdcourse.commands.{MODULES.get(command, command)}")


if __name__ == "__main__":
    sys.exit(main())
