"""Fork a search at any node of an earlier one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace

from branchwise.graphs import strategies
from branchwise.graphs.runtime.rows import row_of
from branchwise.graphs.runtime.spec import RunSpec
from branchwise.graphs.search.request import check, input_of, options_of
from branchwise.store.as_fields import as_fields
from branchwise.store.errors import BadInput
from branchwise.store.records import ROOT, NodeId
from branchwise.store.store import RunRecord, Store


async def fork_search(  # noqa: PLR0913 - as for fork
    db: Store,
    old: RunRecord,
    spec: RunSpec,
    *,
    at: NodeId | None = None,
    queue: str | None = None,
    strategy: str | None = None,
    knobs: Mapping[str, int | float | str | bool] | None = None,
    options: Mapping[str, object] | None = None,
) -> RunRecord:
    """Make a run whose root is a node of another run, with its text and its verdict.

    At the root, if only the budget differs, its calls are those of the whole old run.

    Args:
        db: The store of both.
        old: The run.
        spec: The request of the new one, but for its options.
        at: The node; at a whole solution the new run improves on it. None for the root.
        queue: The queue of the workers that run it.
        strategy: Another strategy; then its knobs start from their defaults.
        knobs: Knobs of the strategy.
        options: Fields of `Options` that differ.

    Raises:
        UnknownName: There is no such node.
        BadInput: The node is a dead end, or the new run's request is invalid; nothing was stored.
    """
    from branchwise.graphs.search.workflow import workflow  # noqa: PLC0415 - which names this function

    was, place = input_of(spec), at or ROOT
    name = strategy or was.options.strategy
    kept = was.options.knobs if name == was.options.strategy else {}
    differ = {**(options or {}), "strategy": name, "knobs": {**kept, **(knobs or {})}}
    asked = replace(was, options=options_of({**asdict(was.options), **differ}))
    spec = replace(spec, input=as_fields(asked))
    check(spec)
    await _refuse_steps(db, old.id, place, name)
    row = row_of(
        db,
        workflow(),
        spec,
        queue=queue,
        priority=old.priority,
        forked_from=old.id,
        forked_at=place,
        on_change=old.on_change,
    )
    return await db.fork(row)


async def _refuse_steps(db: Store, run_id: str, at: NodeId, name: str) -> None:
    """Refuse a strategy of steps at a whole solution, which it cannot extend."""
    tree = await db.nodes(run_id)
    whole = at in tree and tree[at].complete
    if whole and name != "auto" and strategies.info(name).grain == "step":
        raise BadInput(
            f"The node `{at}` is a whole solution, to which `{name}` cannot add a step; fork at its parent "
            f"`{tree[at].parent}`, or with a strategy that revises, for example best_of_n."
        )
