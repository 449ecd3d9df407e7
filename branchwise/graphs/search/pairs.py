"""Parser of `name=value` pairs: options of a run and knobs of its strategy in one list."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import TypeAlias

from branchwise.graphs import strategies
from branchwise.graphs.search.state import Options
from branchwise.store.errors import BadInput, UnknownName

Value: TypeAlias = "int | float | str | bool"

_OPTIONS = {field.name for field in fields(Options)} - {"strategy", "knobs"}
_LISTS = {"arms", "without", "tools"}
"""Options that are written with commas."""


def pairs(texts: Iterable[str]) -> dict[str, Value]:
    """Read `name=value` texts; a value is an integer, a number, true, false or a text, whichever fits first.

    Raises:
        BadInput: One has no `=`.
    """
    return dict(_pair(text) for text in texts)


def part(strategy: str, given: Mapping[str, Value]) -> tuple[dict[str, object], dict[str, Value]]:
    """Separate options of the run from knobs of the strategy.

    Raises:
        UnknownName: A name is neither an option nor a knob.
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


def settings(texts: Iterable[str]) -> dict[str, object]:
    """Read `name=value` texts whose values may be JSON lists and objects too.

    Raises:
        BadInput: One has no `=`, or its list or object is not JSON.
    """
    return {name: _value(value) for name, value in map(_halves, texts)}


def _pair(text: str) -> tuple[str, Value]:
    name, value = _halves(text)
    return name, _scalar(value)


def _halves(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise BadInput(f"A knob or option is written name=value, not `{text}`.")
    return name, value


def _scalar(value: str) -> Value:
    for kind in (int, float):
        try:
            return kind(value)
        except ValueError:
            continue
    return {"true": True, "false": False}.get(value.lower(), value)


def _value(value: str) -> object:
    if not value.startswith(("[", "{")):
        return _scalar(value)
    try:
        return json.loads(value)
    except ValueError as error:
        raise BadInput(f"`{value}` is not JSON: {error}.") from error
