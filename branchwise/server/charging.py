"""Charging runs to their caller's key: reserved before they start, settled when they end."""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa

from branchwise.graphs.runtime.spec import RunSpec, spec_of
from branchwise.graphs.search.least import least_tokens
from branchwise.server.callers import Caller
from branchwise.server.serving import Serving
from branchwise.store import charges
from branchwise.store.rows import RunRecord


async def charged(
    serving: Serving, caller: Caller, spec: RunSpec, run_id: str, old: RunRecord | None = None
) -> RunSpec:
    """Reserve what a run may spend from its key's budget; gives the request with what it got.

    Args:
        serving: The server's parts.
        caller: Who asks; without a key nothing is reserved.
        spec: The run's request.
        run_id: The run.
        old: The stored run, if it is resumed; it then gets its whole budget again, or nothing.

    Raises:
        BudgetSpent: The key has too little left, or too many runs.
    """
    if not caller.id:
        return spec
    asked = spec.budget if old is None else spec_of(old.spec).budget
    tokens = asked.tokens or serving.settings.defaults.tokens
    if caller.limits.tokens_per_run is not None and old is None:
        tokens = min(tokens, caller.limits.tokens_per_run)

    def reserve(connection: sa.Connection) -> charges.Reserved:
        return charges.reserve(
            connection,
            caller.id,
            run_id,
            caller.limits.charged,
            tokens=tokens,
            cost=asked.cost,
            least=None if old is not None else least_tokens(spec),
        )

    got = await serving.store.database.awrite(reserve)
    return replace(spec, budget=replace(spec.budget, tokens=got.tokens, cost=got.cost))


async def settle(serving: Serving, caller: Caller, run_id: str) -> None:
    """Replace what was reserved for a run by what it spent."""
    if caller.id:
        await serving.store.database.awrite(lambda connection: charges.settle(connection, run_id))


async def remaining(serving: Serving, caller: Caller) -> dict[str, str]:
    """Headers that say how many tokens a caller's key has left in its window; none without such a limit."""
    limit = caller.limits.tokens
    if not caller.id or limit is None:
        return {}
    window = caller.limits.charged
    tokens, _ = await serving.store.database.aread(lambda c: charges.spent(c, caller.id, window))
    return {
        "x-ratelimit-limit-tokens": str(limit),
        "x-ratelimit-remaining-tokens": str(max(0, limit - tokens)),
    }
