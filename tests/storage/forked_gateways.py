"""A program that runs gateways as children, each ``headgate serve`` with everything imported: on
standard input a line of arguments each (``FOLDER CONFIG LOG``), on standard output its process id.

A gateway that is started anew two hundred times is mostly an interpreter that imports; here only
what a start does itself is done again.
"""

import os
import sys

from headgate import cli
from headgate.composition import app  # noqa: F401 - what children need is imported once

# ruff: noqa: T201


def main() -> None:
    """Forks a gateway for every line."""
    for line in sys.stdin:
        data, config, log = line.split()
        child = os.fork()
        if child == 0:
            _become(data, config, log)
        print(child, flush=True)


def _become(data: str, config: str, log: str) -> None:
    """This process is a gateway from here on."""
    written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(written, 1)
    os.dup2(written, 2)
    os.setsid()
    sys.argv = ["headgate", "serve", "--config", config, "--data", data, "--port", "0"]
    cli.main()
    os._exit(0)


if __name__ == "__main__":
    main()
