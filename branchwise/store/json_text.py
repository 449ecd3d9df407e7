"""JSON as text, as it is stored and sent (docs/decisions/0073)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import orjson

from branchwise.store.records import Json


def to_json(value: Json | Mapping[str, Any], *, sort: bool = True) -> str:
    """Write `value` with no spaces; with sorted keys equal values give equal texts.

    What is no number (NaN, infinity) becomes null: no database reads it otherwise.
    """
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS if sort else None).decode()
    except orjson.JSONEncodeError:  # integers beyond 64 bits, halves of characters, or no JSON at all
        return slowly(value, sort=sort)


def slowly(value: Json | Mapping[str, Any], *, sort: bool = True) -> str:
    """The same by the standard library, as every earlier version wrote it: `1e-05` for `1e-5`, NaN as NaN."""
    text = json.dumps(value, sort_keys=sort, separators=(",", ":"), ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, sort_keys=sort, separators=(",", ":"))
    return text
