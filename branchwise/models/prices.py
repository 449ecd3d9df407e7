"""What tokens cost: a price that a person states, or that of litellm's table where it is installed."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from branchwise.store.errors import BadInput
from branchwise.store.records import Budget, Usage

_MILLION = 1e6
_TABLE = "model_prices_and_context_window_backup.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Price:
    """US dollars for a million tokens; all 0 where nobody sends a bill."""

    read: float
    written: float
    cached: float | None = None
    """Of tokens that the engine already held; None for as much as others that are read."""

    def __post_init__(self) -> None:
        for name in ("read", "written", "cached"):
            value = getattr(self, name)
            if value is not None and not (value >= 0 and math.isfinite(value)):
                raise BadInput(f"A price is a number of dollars from 0 on, not {value!r}.")

    @classmethod
    def parse(cls, text: str) -> Price:
        """Read `IN,OUT` or `IN,OUT,CACHED`, dollars for a million tokens.

        Raises:
            BadInput: It is not written so.
        """
        try:
            read, written, *cached = (float(part) for part in text.split(","))
            if len(cached) > 1:
                raise ValueError
        except ValueError:
            raise BadInput(
                f"The price `{text}` cannot be read: write dollars for a million tokens as IN,OUT or "
                "IN,OUT,CACHED, for example 3,15 or 3,15,0.3."
            ) from None
        return cls(read=read, written=written, cached=cached[0] if cached else None)

    def cost(self, read: int, written: int, cached: int = 0) -> float:
        """US dollars for so many tokens; `cached` of those that are read cost the price of cached ones."""
        lower = self.read if self.cached is None else self.cached
        return ((read - cached) * self.read + cached * lower + written * self.written) / _MILLION

    def of(self, usage: Usage) -> float:
        """US dollars for a call's tokens."""
        return self.cost(usage.prompt_tokens, usage.completion_tokens, usage.cached_tokens)


def stated(price: Sequence[float] | None) -> Price | None:
    """The price that a person has stated: tokens read, written and, where it differs, cached."""
    if price is None:
        return None
    read, written, *cached = price
    return Price(read=read, written=written, cached=cached[0] if cached else None)


def check_price(budget: Budget, engine: object, price: Price | None = None) -> None:
    """Refuse a budget of dollars where nobody knows what the model costs.

    Raises:
        BadInput: Says how to state the price.
    """
    if budget.cost is not None and (price or price_of(engine)) is None:
        raise BadInput(
            f"The price of `{getattr(engine, 'name', engine)}` is not known, so a budget of dollars (--cost) would "
            "limit nothing: state it with --price IN,OUT[,CACHED], US dollars for a million tokens, or in the settings."
        )


def price_of(model: object) -> Price | None:
    """What a model says that its tokens cost; None where nobody knows."""
    known = getattr(model, "price", None)
    return known if isinstance(known, Price) else None


FREE = Price(read=0.0, written=0.0)
"""What runs in this process, or is no model at all."""


def listed(name: str) -> Price | None:
    """The price of a model by litellm's name, `openai/gpt-4o`, in the table that comes with litellm; None without."""
    table = _table()
    row = table.get(name) or table.get(name.partition("/")[2])
    if not isinstance(row, Mapping):
        return None
    read, written = row.get("input_cost_per_token"), row.get("output_cost_per_token")
    cached = row.get("cache_read_input_token_cost")
    if not isinstance(read, int | float) or not isinstance(written, int | float):
        return None
    held = cached * _MILLION if isinstance(cached, int | float) else None
    return Price(read=read * _MILLION, written=written * _MILLION, cached=held)


@cache
def _table() -> Mapping[str, Any]:
    # Read as a file: importing litellm takes seconds.
    found = find_spec("litellm")
    if found is None or found.origin is None:
        return {}
    file = Path(found.origin).parent / _TABLE
    try:
        table = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return table if isinstance(table, dict) else {}
