"""Adapters: public logs of real samples, read into the replay format, one folder a file."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from branchwise.evals.log import Log
from branchwise.store.errors import BadInput, UnknownName


class Adapter(Protocol):
    """Reads one data folder."""

    def __call__(self, folder: Path) -> Log:
        """Read the folder's files into a log."""
        ...


def names() -> tuple[str, ...]:
    """The logs that can be read, sorted; each is also the name of its data folder."""
    return tuple(sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_")))


def load(name: str, data: Path) -> Log:
    """Read the log `name` below the folder `data`.

    Raises:
        UnknownName: There is no adapter of that name.
        BadInput: The folder is not there.
    """
    if name not in names():
        raise UnknownName("log", name, names())
    folder = data / name
    if not folder.is_dir():
        raise BadInput(
            f"There is no folder `{folder}`; set BRANCHWISE_DATA to the folder that holds `{name}`."
        )
    return cast("Adapter", getattr(import_module(f"{__name__}.{name}"), name))(folder)
