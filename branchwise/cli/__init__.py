"""The command line."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run `branchwise`."""
    from branchwise.cli.app import app
    from branchwise.cli.console import forgive_encodings

    forgive_encodings()

    try:
        app()
    finally:
        _let_go()


def _let_go() -> None:
    """Flush standard output and error; a reader that closed its pipe (`| head`) is not an error."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            # Python flushes once more at exit and would report the error there.
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
