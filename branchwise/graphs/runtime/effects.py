"""Effects: function calls whose result is recorded before it is returned, and reused afterwards."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from branchwise.graphs.runtime.asking import unknown_outcome
from branchwise.graphs.runtime.services import RunServices
from branchwise.graphs.runtime.spec import jsonable
from branchwise.store.records import Json, Usage

KIND = "action"
"""Kind of an effect's rows in the ledger."""


def named(do: Callable[..., Any]) -> str:
    """A function's module and name, which identify it in the record."""
    return f"{getattr(do, '__module__', '')}:{getattr(do, '__qualname__', type(do).__name__)}"


async def effect(
    services: RunServices,
    key: str,
    do: Callable[..., Any],
    args: tuple[Any, ...],
    options: Mapping[str, Any],
    *,
    at_most_once: bool,
) -> Json:
    """Call a function once, and record its result under `key`.

    Raises:
        BadInput: An argument or the result cannot be written as JSON.
        BudgetSpent: The budget of effects is spent.
        GraphInterrupt: It may be done at most once, and its outcome is unknown.
    """
    name = named(do)
    asked: dict[str, Json] = {
        "do": name,
        "args": jsonable(args, f"An argument of `{name}`"),
        "options": jsonable(dict(options), f"An argument of `{name}`"),
    }
    if at_most_once and services.ledger.unsettled(key):
        told = unknown_outcome(services, key, asked)
        if "done" in told:
            return told["done"]
    given = dict(options)
    if "idempotency_key" in _parameters(do):
        given["idempotency_key"] = f"{services.run_id}/{key}"

    async def act() -> tuple[Json, Usage]:
        if inspect.iscoroutinefunction(do):
            found = await do(*args, **given)
        else:
            found = await asyncio.to_thread(do, *args, **given)
            found = await found if inspect.isawaitable(found) else found
        paid = Usage()
        if isinstance(found, tuple) and len(found) == 2 and isinstance(found[1], Usage):
            found, paid = found
        services.tracker.pay(paid)
        return jsonable(found, f"The result of `{name}`"), paid

    if not services.ledger.recorded(key, asked):
        services.tracker.take_effects()
    return await services.ledger(key, asked, act, kind=KIND, model=name)


def _parameters(do: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    try:
        return inspect.signature(do).parameters
    except (TypeError, ValueError):
        return {}
