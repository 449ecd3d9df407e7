"""Names of a user's own code on the command line: `module:attribute` from here, or `FILE.py:attribute`."""

from __future__ import annotations

import sys
from pathlib import Path

from branchwise.cli.exits import refuse
from branchwise.store.errors import BadInput


def import_from_here() -> None:
    """Allow imports from the working directory, as `python -m` does."""
    if "" not in sys.path:
        sys.path.insert(0, "")


def importable(name: str) -> str:
    """The importable form of a name that a command was given; exits with a sentence if it names a missing file.

    `FILE.py:attribute` becomes `FILE:attribute`, importable from the file's folder. `module:attribute` becomes
    importable from the working folder. Other names are returned as they are.
    """
    given, colon, attribute = name.partition(":")
    if not colon or "=" in given:
        return name
    return f"{importable_module(given)}:{attribute}"


def importable_module(given: str) -> str:
    """The module of `FILE.py`, or a module's name; see `importable`."""
    import_from_here()
    if not given.endswith(".py"):
        return given
    file = Path(given).expanduser()
    if not file.is_file():
        refuse(BadInput(f"There is no file `{given}`."))
    if not file.stem.isidentifier():
        refuse(
            BadInput(
                f"`{given}` cannot be imported: a file's name is a Python name, letters, digits and _ only."
            )
        )
    folder = str(file.absolute().parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    return file.stem
