"""Fork a web search: what was seen is taken from the record, so that no page is opened before something is new."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from pydantic import TypeAdapter, ValidationError

from branchwise.graphs.runtime.questions import ANSWER, QUESTION
from branchwise.graphs.runtime.rows import row_of
from branchwise.graphs.runtime.spec import RunSpec
from branchwise.graphs.runtime.workflow import Workflow
from branchwise.graphs.web.observed import observations
from branchwise.graphs.web.request import WebOptions, input_of, with_input
from branchwise.store.as_fields import as_fields
from branchwise.store.errors import BadInput, UnknownName
from branchwise.store.rows import Decision
from branchwise.store.store import RunRecord, Store

_OPTIONS = TypeAdapter(WebOptions)


async def fork_web(  # noqa: PLR0913 - as for fork
    workflow: Workflow,
    db: Store,
    old: RunRecord,
    spec: RunSpec,
    *,
    at: str | None = None,
    queue: str | None = None,
    strategy: str | None = None,
    knobs: Mapping[str, Any] | None = None,
    options: Mapping[str, Any] | None = None,
) -> RunRecord:
    """Make a web run that inherits the calls, the pages and the answers of another.

    Args:
        workflow: The web search.
        db: The store of both.
        old: The run.
        spec: The request of the new one, but for its options.
        at: The node of the tree from which on calls are made and pages opened anew; None inherits all.
        queue: The queue of the workers that run it.
        strategy: Another strategy; then its knobs start from their defaults.
        knobs: Knobs of the strategy, and fields of `WebOptions` that differ.
        options: Fields of `WebOptions` that differ.

    Raises:
        UnknownName: The old run has visited no such node.
        BadInput: No call was made there, or the new run's request is invalid; nothing was stored.
    """
    given = input_of(spec)
    changed = _changed(given.options, strategy, {**(options or {}), **(knobs or {})})
    new = with_input(spec, replace(given, options=changed))
    workflow.check(new)
    decisions, tree = await db.decisions(old.id), await db.nodes(old.id)
    place = None if at is None else at.removeprefix("w/")
    visited = [one.key.removeprefix("arrival/") for one in decisions if one.kind == "arrival"]
    if place is not None and place not in visited:
        raise UnknownName("node", place, visited)
    if place is not None and not any(one.key.startswith(f"w/{place}/") for one in await db.calls(old.id)):
        raise BadInput(
            f"No call was made at the node `{place}`: nothing is asked anew there. Fork at one whose page was judged."
        )
    kept = [*observations(tree, decisions, place), *_answers(decisions, place)]
    row = row_of(
        db,
        workflow,
        new,
        queue=queue,
        priority=old.priority,
        forked_from=old.id,
        forked_at=None if place is None else f"w/{place}",
        on_change=old.on_change,
    )
    return await db.fork_at_place(row, kept)


def _answers(decisions: list[Decision], at: str | None) -> list[Decision]:
    """What people answered before the node was reached; an answer holds for an equal question only."""
    keys = [one.key for one in decisions]
    until = len(keys) if at is None else keys.index(f"arrival/{at}")
    return [one for one in decisions[:until] if one.kind in {ANSWER, QUESTION}]


def _changed(was: WebOptions, strategy: str | None, given: Mapping[str, Any]) -> WebOptions:
    own = {field.name for field in fields(WebOptions)}
    same = strategy in {None, was.strategy}
    knobs = {
        **(was.knobs if same else {}),
        **{name: value for name, value in given.items() if name not in own},
    }
    walk = {} if same else {"walk": False}
    differ = {name: value for name, value in given.items() if name in own}
    try:
        return _OPTIONS.validate_python(
            {**as_fields(was), **walk, **differ, "strategy": strategy or was.strategy, "knobs": knobs}
        )
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadInput(f"The option `{where}` cannot be {first['input']!r}: {first['msg']}.") from error
