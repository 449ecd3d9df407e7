"""Parse servers' lists of models, in all their formats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_MOST: Final = 10_000
_LISTS: Final = ("data", "models")
_NAMES: Final = ("id", "name", "model")


@dataclass(frozen=True, slots=True)
class Served:
    """A served model."""

    id: str
    owner: str = ""


def read_list(said: Any) -> tuple[Served, ...] | None:
    """Parse a list of models: under `data`, `models` or bare, of objects or names; None if it is not one."""
    if isinstance(said, Mapping):
        named = next((name for name in _LISTS if name in said), None)
        if named is None:
            return None
        said = said[named] if said[named] is not None else []  # Ollama's reply without models
    if not isinstance(said, list):
        return None
    return tuple(served for one in said[:_MOST] if (served := _served(one)) is not None)


def _served(one: Any) -> Served | None:
    if isinstance(one, str):
        return Served(one)
    if not isinstance(one, Mapping):
        return None
    name = next((one[key] for key in _NAMES if isinstance(one.get(key), str) and one[key]), None)
    owner = one.get("owned_by")
    return None if name is None else Served(name, owner if isinstance(owner, str) else "")
