"""Names of a user's own code on the command line: `module:attribute` from here, or `FILE.py:attribute`."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

from branchwise.cli.exits import refuse
from branchwise.store.errors import BadInput

_named: list[str] = []
"""Files that this command was given from other folders than the working one."""


def import_from_here(files: Iterable[str] | None = None) -> None:
    """Allow imports from the working directory, as `python -m` does, and of these modules or files."""
    if "" not in sys.path:
        sys.path.insert(0, "")
    for file in files or ():
        importable_module(file)


def files_named() -> tuple[str, ...]:
    """The files, by the paths given, that a later command for the same run must be given with `--import`."""
    return tuple(_named)


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
    loaded = sys.modules.get(file.stem)
    if file.stem in sys.builtin_module_names or (loaded is not None and not _is_of(loaded, file)):
        refuse(BadInput(f"`{given}` has the name of another module, `{file.stem}`; rename the file."))
    folder = str(file.absolute().parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    if folder != str(Path.cwd()) and given not in _named:
        _named.append(given)
    return file.stem


def _is_of(module: ModuleType, file: Path) -> bool:
    source = getattr(module, "__file__", None)
    return source is not None and Path(source).resolve() == file.resolve()
