"""Validate the rows of an exported, untrusted run against the table definitions."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import cast, get_args

import sqlalchemy as sa

from branchwise.store.database.columns import JsonText, Prose
from branchwise.store.errors import BadInput
from branchwise.store.records import ROOT, Json, NodeState, VerifiedBy
from branchwise.store.rows import CallState, OnChange, Status

_WORDS: Mapping[tuple[str, str], frozenset[str]] = {
    ("runs", "status"): frozenset(Status),
    ("runs", "on_change"): frozenset(get_args(OnChange)),
    ("nodes", "verified_by"): frozenset(VerifiedBy),
    ("nodes", "state"): frozenset(NodeState),
    ("verdicts", "verified_by"): frozenset(VerifiedBy),
    ("calls", "state"): frozenset(CallState),
}
_RANGES: Mapping[tuple[str, str], tuple[float, float]] = {
    ("nodes", "score"): (0.0, 1.0),
    ("verdicts", "score"): (-100.0, 100.0),
    ("nodes", "logprob"): (-1e12, 1e12),
}
_SIGNED = {("runs", "seed"), ("runs", "priority")}
"""Integer columns that may be negative."""
_LATEST = 253_402_300_800.0
"""Seconds since 1970 at the end of the year 9999; an upper limit for a run's real numbers."""
_DEEPEST = 100
"""Levels of nested JSON."""
_CODE = re.compile(r"[^\W\d][\w.]*:[^\W\d][\w.]*")
_TEXTS = frozenset({"problem", "goal", "messages", "system", "policy", "id", "expected", "metadata"})
"""Fields of a run's request that never name code."""
MODELS = frozenset({"embedded", "openai-compatible", "pool", "litellm", "scorer", "uniform", "scripted"})
"""Kinds of models of branchwise itself; `KIND:NAME` of any other kind is `module:function`."""
_RELEASES = frozenset({"executable", "secrets", "fork"})
"""Options of an environment that start a program or hand out variables of the user's environment."""
_OWN = ("solve", "web")
"""Workflows of branchwise itself, whose input names parts; the input of any other is its own."""


def check_row(table: sa.Table, row: object) -> dict[str, Json]:
    """Check one row of an export against the columns of its table.

    Raises:
        BadInput: Names the column and the invalid value.
    """
    if not isinstance(row, dict) or set(row) != set(table.c.keys()):
        raise BadInput(f"The exported run's `{table.name}` has other columns than this branchwise writes.")
    for column in table.c:
        if (wrong := _wrong(table.name, column, row[column.name])) is not None:
            shown = repr(row[column.name])[:60]
            raise BadInput(f"The exported run's `{table.name}.{column.name}` cannot be {shown}: {wrong}.")
    return row


def check_nodes(rows: Sequence[Mapping[str, Json]]) -> None:
    """Check that nodes form a tree: parents before children, ids unique.

    Raises:
        BadInput: They do not form a tree.
    """
    seen = {ROOT}
    for row in sorted(rows, key=lambda row: cast("int", row["ord"])):
        name, parent = cast("str", row["id"]), row["parent"]
        if (parent is None) != (name == ROOT) or (parent is not None and parent not in seen):
            raise BadInput(f"The exported run's node `{name[:40]}` has no parent before it.")
        if name in seen - {ROOT}:
            raise BadInput(f"The exported run has the node `{name[:40]}` twice.")
        seen.add(name)


def check_json(value: Json, depth: int = 0) -> str | None:
    """Why a JSON value cannot be stored (too deep, a number that is not finite), or None."""
    if depth > _DEEPEST:
        return f"it is nested deeper than {_DEEPEST} levels"
    if isinstance(value, float) and not math.isfinite(value):
        return "it holds a number that is not finite"
    items = list(value.values()) if isinstance(value, dict) else value
    if not isinstance(items, list):
        return None
    return next((wrong for item in items if (wrong := check_json(item, depth + 1))), None)


def _wrong(table: str, column: sa.Column[object], value: Json) -> str | None:  # noqa: PLR0911 - one case per column type
    """Why a column cannot hold the value, or None."""
    if value is None:
        return None if column.nullable else "it must be there"
    place, kind = (table, column.name), column.type
    if isinstance(kind, JsonText):
        return check_json(value)
    if isinstance(kind, sa.Boolean):
        return None if isinstance(value, bool) else "it is neither true nor false"
    if isinstance(kind, sa.Integer):
        return _wrong_integer(value, 63 if isinstance(kind, sa.BigInteger) else 31, signed=place in _SIGNED)
    if isinstance(kind, sa.Double):
        return _wrong_real(value, *_RANGES.get(place, (0.0, _LATEST)))
    if not isinstance(value, str):
        return "it is no text"
    if isinstance(kind, Prose):
        return _wrong_document(value) if place in {("calls", "request"), ("calls", "response")} else None
    return _wrong_key(value, kind, _WORDS.get(place))


def _wrong_integer(value: Json, bits: int, *, signed: bool) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return "it is not a whole number"
    lowest = -(2**bits) if signed else 0
    return None if lowest <= value < 2**bits else f"it is not between {lowest} and {2**bits - 1}"


def _wrong_real(value: Json, low: float, high: float) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "it is no number"
    return None if low <= value <= high else f"it is not between {low:g} and {high:g}"  # refuses NaN, too


def _wrong_key(value: str, kind: sa.types.TypeEngine[object], words: frozenset[str] | None) -> str | None:
    if words is not None and value not in words:
        return f"known are {', '.join(sorted(words))}"
    longest = getattr(kind, "length", None)
    if longest is not None and len(value) > longest:
        return f"it is longer than {longest} characters"
    return (
        None if value.isascii() and value.isprintable() else "it holds characters other than printable ASCII"
    )


def _wrong_document(value: str) -> str | None:
    """Why the text is not a valid recorded request or reply, or None."""
    try:
        return check_json(json.loads(value))
    except (ValueError, RecursionError):
        return "it is no JSON"


def demands(run: Mapping[str, Json]) -> str | None:
    """What a run would import, start or hand out when it is resumed, beyond branchwise itself; None for nothing.

    Raises:
        BadInput: Its workflow is no name, or its policy table is nested too deep to be looked through.
    """
    spec = run.get("spec")
    workflow = spec.get("workflow", "solve") if isinstance(spec, dict) else None
    if isinstance(spec, dict) and not isinstance(workflow, str):
        raise BadInput(f"The exported run's `workflow` cannot be {repr(workflow)[:60]}: it is no text.")
    if isinstance(spec, dict) and workflow not in _OWN:
        spec = {name: value for name, value in spec.items() if name != "input"}
    asked: dict[str, Json] = {name: run[name] for name in ("task", "strategy", "workflow") if name in run}
    return _demanded([asked, spec])


def _demanded(value: Json) -> str | None:
    if isinstance(value, str):
        return f"import `{value[:80]}`" if _CODE.fullmatch(value) else None
    items: Iterable[Json] = value if isinstance(value, list) else ()
    if isinstance(value, dict):
        if (named := _RELEASES & {name for name, given in value.items() if given}) != frozenset():
            return f"use `{min(named)}`, which starts a program or sends a secret of yours,"
        model = value.get("model")
        own = isinstance(model, str) and model.partition(":")[0] in MODELS
        items = [item for name, item in value.items() if name not in _TEXTS and not (name == "model" and own)]
        items.append(_table(value.get("policy")))
    return next((found for item in items if (found := _demanded(item))), None)


def _table(text: Json) -> Json:
    """A policy table, whose choices name strategies, from its text; None if it is none, and refused when it is used.

    Raises:
        BadInput: It is nested too deep to be looked through.
    """
    try:
        table: Json = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None
    if (wrong := check_json(table)) is not None:
        raise BadInput(f"The exported run's `policy` is no policy table: {wrong}.")
    return table
