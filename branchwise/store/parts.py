"""Load parts by name: a file of a folder, `module:function`, or an entry point."""

from __future__ import annotations

import pkgutil
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib import import_module
from importlib.metadata import EntryPoints, entry_points
from pathlib import Path
from typing import Any

from branchwise.store.errors import BadInput, UnknownName
from branchwise.store.importing import StartedInImport, import_named


@dataclass(frozen=True, kw_only=True)
class Folder:
    """The parts of one package; each file defines a function of its own name."""

    kind: str
    """The word for a part in messages, for example "verifier"."""
    package: str
    """The package's dotted name; its entry points are in the group `branchwise.LAST PART OF IT`."""
    path: Iterable[str]
    """The package's `__path__`."""
    without: frozenset[str] = frozenset()
    """Modules of the package that are not parts."""

    @property
    def group(self) -> str:
        """The group of entry points."""
        return f"branchwise.{self.package.rpartition('.')[2]}"

    @cached_property
    def own(self) -> frozenset[str]:
        """The parts of the folder itself."""
        modules = {module.name for module in pkgutil.iter_modules(self.path) if not module.ispkg}
        return frozenset(name for name in modules - self.without if not name.startswith("_"))

    def names(self) -> tuple[str, ...]:
        """The names of this folder's parts and of those in installed packages, sorted."""
        return tuple(sorted(self.own | offered(self.group)))

    def load(self, name: str) -> Callable[..., Any]:
        """Load the function `name`: one of `names()` or `module:function`.

        Raises:
            UnknownName: There is no such part.
            BadInput: The named object cannot be imported, or is not a function.
        """
        found = self.found(name)
        if not callable(found):
            raise BadInput(f"The {self.kind} `{name}` is not a function.")
        return found

    def found(self, name: str) -> object:
        """The object that `name` refers to, a function or not.

        Raises:
            UnknownName: There is no such part.
            BadInput: It cannot be imported.
        """
        if name in self.own:
            return getattr(import_module(f"{self.package}.{name}"), name)
        return part(self.kind, name, self.group, self.names)


def offered(group: str) -> frozenset[str]:
    """The names that installed packages offer as entry points of `group`; nothing of them is imported.

    Raises:
        BadInput: A package's entry points cannot be read.
    """
    return frozenset(entry.name for entry in _points(group))


def offered_modules(group: str) -> frozenset[str]:
    """The modules of what installed packages offer in a group of entry points.

    Raises:
        BadInput: A package's entry points cannot be read.
    """
    return frozenset(entry.module for entry in _points(group))


def part(kind: str, name: str, group: str, names: Callable[[], Iterable[str]]) -> object:
    """What `module:attribute` leads to, or what an installed package offers under `name`.

    Args:
        kind: The word for it in messages.
        name: One of the two.
        group: The group of entry points.
        names: Returns the known names, for the error.

    Raises:
        UnknownName: There is no such part.
        BadInput: It cannot be imported.
    """
    module, colon, attribute = name.partition(":")
    if colon:
        return _loaded(kind, name, lambda: getattr(import_named(module), attribute))
    for entry in _points(group):
        if entry.name == name:
            return _loaded(kind, name, entry.load)
    raise UnknownName(kind, name, names())


def _points(group: str) -> EntryPoints:
    try:
        return _read(group, tuple((path, _changed(path)) for path in sys.path), entry_points)
    except Exception as error:  # damaged metadata of any package raises what reading it raises
        raise BadInput(f"The entry points of an installed package cannot be read: {error}.") from error


@lru_cache(maxsize=64)
def _read(group: str, where: object, read: Callable[..., EntryPoints]) -> EntryPoints:
    """The entry points of a group; they are read again when packages were installed or removed since."""
    # Reading them opens a file of every installed package: 5 ms, which a server would spend on each request.
    return read(group=group)


def _changed(path: str) -> int | None:
    try:
        return Path(path).stat().st_mtime_ns
    except OSError:
        return None


def _loaded(kind: str, name: str, load: Callable[[], object]) -> object:
    try:
        return load()
    except StartedInImport:
        raise
    except Exception as error:  # the module's own code may raise anything
        reason = f"{type(error).__name__}: {error}"[:1000]
        raise BadInput(f"The {kind} `{name}` cannot be imported: {reason}.") from error
