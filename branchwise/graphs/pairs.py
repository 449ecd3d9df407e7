"""Names and values as people write them, `name=value`: options of a run and knobs of its strategy in one list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import TypeAlias

from branchwise.graphs import strategies
from branchwise.graphs.state import Options
from branchwise.store.errors import BadInput, UnknownName

Value: TypeAlias = "int | float | str | bool"

_OPTIONS = {field.name for field in fields(Options)} - {"strategy", "knobs"}
_LISTS = {"arms", "without"}
"""Options that are written with commas."""


def pairs(texts: Iterable[str]) -> dict[str, Value]:
    """Read `name=value` texts; a value is an integer, a number, true, false or a text, whichever fits first.

    Raises:
        BadInput: One has no `=`.
    """
    return dict(_pair(text) for text in texts)


def part(strategy: str, given: Mapping[str, Value]) -> tuple[dict[str, object], dict[str, Value]]:
    """Part options of the run from knobs of the strategy.

    Raises:
        UnknownName: A name is neither.
    """
    rest = {name: value for name, value in given.items() if name not in _OPTIONS}
    if strategy != "auto":
        known = {*_OPTIONS, *strategies.knobs(strategy)}
        for name in rest.keys() - known:
            raise UnknownName(f"option of the run or knob of strategy `{strategy}` called", name, known)
    chosen: dict[str, object] = {name: value for name, value in given.items() if name in _OPTIONS}
    for name in _LISTS & chosen.keys():
        chosen[name] = str(chosen[name]).split(",")
    return chosen, rest


def _pair(text: str) -> tuple[str, Value]:
    name, equals, value = text.partition("=")
    if not equals:
        raise BadInput(f"A knob is written name=value, not `{text}`.")
    for kind in (int, float):
        try:
            return name, kind(value)
        except ValueError:
            continue
    return name, {"true": True, "false": False}.get(value.lower(), value)
