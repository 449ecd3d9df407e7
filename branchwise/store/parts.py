"""Load parts by name: a file of a folder, `module:function`, or an entry point."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from branchwise.store.errors import BadInput, UnknownName


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
        return tuple(sorted(self.own | {entry.name for entry in entry_points(group=self.group)}))

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
        module, colon, function = name.partition(":")
        if not colon:
            if name in self.own:
                return getattr(import_module(f"{self.package}.{name}"), name)
            for entry in entry_points(group=self.group, name=name):
                return entry.load()
            raise UnknownName(self.kind, name, self.names())
        try:
            return getattr(import_module(module), function)
        except (ImportError, AttributeError, ValueError) as error:
            raise BadInput(f"The {self.kind} `{name}` cannot be imported: {error}.") from error
