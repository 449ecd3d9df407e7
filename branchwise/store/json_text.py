"""JSON serialisation for storage and requests (docs/decisions/0012)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import orjson

from branchwise.store.records import Json


def to_json(value: Json | Mapping[str, Any], *, sort: bool = True) -> str:
    """Serialise `value` without spaces; with sorted keys, equal values give equal texts.

    NaN and infinity become null, because databases do not read them.
    """
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS if sort else None).decode()
    except orjson.JSONEncodeError:  # integers beyond 64 bits, lone surrogates, or values that are not JSON
        return slowly(value, sort=sort)


def slowly(value: Json | Mapping[str, Any], *, sort: bool = True) -> str:
    """Serialise with the standard library, as earlier versions did: `1e-05` for `1e-5`, NaN as NaN."""
    text = json.dumps(value, sort_keys=sort, separators=(",", ":"), ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, sort_keys=sort, separators=(",", ":"))
    return text
