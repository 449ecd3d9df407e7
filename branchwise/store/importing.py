"""Import of a module that a run names, and the refusal of one that starts a run while it is imported.

A script is imported once more under its own name, so that other processes find the run's graph again. If the
script starts the run at its top level, the import would wait for the run and the run for the import.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib import import_module
from types import ModuleType

from branchwise.store.errors import BadInput

_IMPORTED: ContextVar[str] = ContextVar("branchwise_imported", default="")


class StartedInImport(BadInput):
    """A module starts a run while it is imported for one."""


def import_named(module: str) -> ModuleType:
    """Import a module that a run names.

    Raises:
        StartedInImport: It starts a run at its top level.
        Exception: Whatever else its code raises.
    """
    try:
        with _importing(module):
            return import_module(module)
    except RuntimeError as error:
        if "running event loop" in str(error):  # of its own `asyncio.run`
            raise _refused(module) from error
        raise


@contextmanager
def _importing(module: str) -> Iterator[None]:
    token = _IMPORTED.set(module)
    try:
        yield
    finally:
        _IMPORTED.reset(token)


def refuse_in_import() -> None:
    """Refuse a run that is started by a module while it is imported for a run.

    Raises:
        StartedInImport: It is.
    """
    if module := _IMPORTED.get():
        raise _refused(module)


def _refused(module: str) -> StartedInImport:
    return StartedInImport(
        f"The module `{module}` starts a run while it is imported, and runs import it to find their graph; put the "
        'lines that start it under `if __name__ == "__main__":`.'
    )
