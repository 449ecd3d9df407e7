"""Begin a new run at any node of an old one; what the old one has asked is not bought again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace

from branchwise.graphs import strategies
from branchwise.graphs.runtime.resources import opened_store
from branchwise.graphs.search.request import RunSpec, check, options_of, request_of, row_of
from branchwise.store.errors import BadInput
from branchwise.store.records import ROOT, NodeId
from branchwise.store.store import RunRecord, Store


async def fork(
    run_id: str,
    *,
    at: NodeId = ROOT,
    store: str | Store | None = None,
    queue: str | None = None,
    strategy: str | None = None,
    knobs: Mapping[str, int | float | str | bool] | None = None,
    options: Mapping[str, object] | None = None,
    **changes: object,
) -> RunRecord:
    """Make a run whose root stands for a node of another: its text so far, and its judgement.

    The new run goes its own way from there: `resume` or, with a `queue`, a worker takes it on. A call that it makes
    with the same key and request as one that its ancestor has recorded is taken from there and costs nothing; at
    the root with nothing changed but the budget, that is the whole old run.

    Args:
        run_id: The run.
        at: The node; at a whole solution the new run improves on it.
        store: An open Store, or a database URL; by default the SQLite file of `branchwise where`.
        queue: Whose workers shall take it.
        strategy: Another strategy; then its knobs start from their defaults.
        knobs: Knobs of the strategy.
        options: Fields of `Options` that shall differ.
        **changes: `budget` (by default the run's own, anew), `model`, `base_url`, `seed`, `prompts`.

    Raises:
        UnknownName: There is no such run or node.
        BadInput: The node is a dead end, or the new run cannot be done as asked; nothing was stored.
    """
    async with opened_store(store) as db:
        old = await db.run(run_id)
        if old.task == "web":
            raise BadInput("A browser stands at a page, not at a text: web runs cannot be forked.")
        was = request_of(old.spec)
        name = strategy or was.options.strategy
        kept = was.options.knobs if name == was.options.strategy else {}
        differ = {**(options or {}), "strategy": name, "knobs": {**kept, **(knobs or {})}}
        request = replace(
            was,
            **{field: value for field, value in changes.items() if value is not None},  # type: ignore[arg-type]
            options=options_of({**asdict(was.options), **differ}),
        )
        check(request)
        await _refuse_steps(db, old.id, at, request)
        row = row_of(
            db,
            request,
            queue=queue,
            priority=old.priority,
            forked_from=old.id,
            forked_at=at,
            on_change=old.on_change,
        )
        return await db.fork(row)


async def _refuse_steps(db: Store, run_id: str, at: NodeId, request: RunSpec) -> None:
    """A strategy that goes step by step has nothing to add to a whole solution."""
    tree, name = await db.nodes(run_id), request.options.strategy
    whole = at in tree and tree[at].complete
    if whole and name != "auto" and strategies.info(name).grain == "step":
        raise BadInput(
            f"The node `{at}` is a whole solution, to which `{name}` cannot add a step; fork at its parent "
            f"`{tree[at].parent}`, or with a strategy that revises, for example best_of_n."
        )
