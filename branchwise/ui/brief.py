"""Stored values cut to what a page shows at first sight; the rest is fetched when it is looked at."""

from __future__ import annotations

import math
from collections.abc import Mapping

from branchwise.store.records import Json

_TEXT = 400
"""Characters of a text that are kept."""
_ITEMS = 60
"""Parts of a list or an object that are kept."""
_DEPTH = 8
"""Levels that are kept."""


def brief(value: Json, *, text: int = _TEXT, depth: int = _DEPTH) -> Json:
    """A value with long texts and lists cut, and numbers that JSON has no word for as text.

    Args:
        value: Any stored value.
        text: Characters of a text that are kept.
        depth: Levels that are kept.
    """
    if isinstance(value, str):
        return value if len(value) <= text else f"{value[:text]}…"
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Mapping | list) and depth == 0:
        return "…"
    if isinstance(value, Mapping):
        kept = list(value.items())[:_ITEMS]
        return {str(name)[:text]: brief(one, text=text, depth=depth - 1) for name, one in kept}
    if isinstance(value, list):
        return [brief(one, text=text, depth=depth - 1) for one in value[:_ITEMS]]
    return value


def number(value: float | None) -> float | None:
    """A number that JSON can hold, or None."""
    return value if value is not None and math.isfinite(value) else None
