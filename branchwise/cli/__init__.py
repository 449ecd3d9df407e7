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
    """Write out what is left; who reads no further (`| head`) is no error."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            # Python flushes once more at its end, and would complain there.
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
