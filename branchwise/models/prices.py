"""Token prices: stated by the user, or from litellm's table if installed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from branchwise.models.protocol import Model
from branchwise.store.errors import BadInput
from branchwise.store.records import Budget, Usage, finite

_MILLION = 1e6
_TABLE = "model_prices_and_context_window_backup.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Price:
    """Prices in US dollars per million tokens; all 0 for free models."""

    read: float
    written: float
    cached: float | None = None
    """Price of cached prompt tokens; None for the same as other prompt tokens."""

    def __post_init__(self) -> None:
        for name in ("read", "written", "cached"):
            value = getattr(self, name)
            if value is not None and not (value >= 0 and finite(value)):
                raise BadInput(f"A price is a number of dollars from 0 on, not {value!r}.")

    @classmethod
    def parse(cls, text: str) -> Price:
        """Parse `IN,OUT` or `IN,OUT,CACHED`, dollars per million tokens.

        Raises:
            BadInput: The text does not have this form.
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
        """US dollars for numbers of tokens; `cached` of the prompt tokens cost the cached price."""
        lower = self.read if self.cached is None else self.cached
        return ((read - cached) * self.read + cached * lower + written * self.written) / _MILLION

    def of(self, usage: Usage) -> float:
        """The cost of a call in US dollars."""
        return self.cost(usage.prompt_tokens, usage.completion_tokens, usage.cached_tokens)


def stated(price: Sequence[float] | None) -> Price | None:
    """The user's price: prompt, completion and, if different, cached tokens."""
    if price is None:
        return None
    read, written, *cached = price
    return Price(read=read, written=written, cached=cached[0] if cached else None)


@runtime_checkable
class Priced(Protocol):
    """A model that knows its price."""

    @property
    def price(self) -> Price | None:
        """Its price; None if unknown."""
        ...


def check_price(budget: Budget, engine: Model, price: Price | None = None) -> None:
    """Refuse a budget in dollars if the model's price is unknown.

    Raises:
        BadInput: Says how to state the price.
    """
    if budget.cost is not None and (price or price_of(engine)) is None:
        raise BadInput(
            f"The price of `{engine.name}` is not known, so a budget of dollars (--cost) would "
            "limit nothing: state it with --price IN,OUT[,CACHED], US dollars for a million tokens, or in the settings."
        )


def price_of(model: object) -> Price | None:
    """A model's own price; None if unknown."""
    known = model.price if isinstance(model, Priced) else None
    return known if isinstance(known, Price) else None


FREE = Price(read=0.0, written=0.0)
"""Backends without cost: those in this process, and those that are not models."""


def listed(name: str) -> Price | None:
    """The price by litellm's model name, `openai/gpt-4o`, in litellm's own table; None if missing."""
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
    # Read as a file, because importing litellm takes seconds.
    found = find_spec("litellm")
    if found is None or found.origin is None:
        return {}
    file = Path(found.origin).parent / _TABLE
    try:
        table = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return table if isinstance(table, dict) else {}
