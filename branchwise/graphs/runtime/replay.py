"""Replay: recompute a run from its record, without model calls or effects, and report the differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import cast

from branchwise.graphs.runtime import registry
from branchwise.graphs.runtime.execute import ENGINE, Execution, execute
from branchwise.graphs.runtime.questions import INTERRUPT
from branchwise.graphs.runtime.resources import opened_store
from branchwise.graphs.runtime.spec import spec_of
from branchwise.graphs.runtime.tape import Difference, SilentModel, Tape
from branchwise.graphs.runtime.workflow import Workflow
from branchwise.store.database.dialects import IN_MEMORY
from branchwise.store.earlier import NO_LIMIT, in_new_words
from branchwise.store.errors import BadInput
from branchwise.store.records import Budget, Json, Node
from branchwise.store.rows import Decision, RunRecord, Status
from branchwise.store.store import Store

__all__ = ["Difference", "Replay", "replay"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Replay:
    """Result of a replay."""

    run_id: str
    calls: int
    """Number of calls answered from the record."""
    nodes: int
    decisions: int
    differences: tuple[Difference, ...]
    """In order of occurrence; the first is usually the cause of the others."""

    @property
    def exact(self) -> bool:
        """Whether the run is bit for bit as recorded."""
        return not self.differences


async def replay(run_id: str, *, store: str | Store | None = None) -> Replay:
    """Recompute a finished run; nothing is written, no model is called and no effect is done.

    Args:
        run_id: The run.
        store: An open Store, or a database URL; by default the SQLite file of `branchwise where`.

    Raises:
        UnknownName: There is no such run.
        BadInput: It is not finished, or cannot be replayed.
    """
    async with opened_store(store) as db:
        run = await db.run(run_id)
        if run.status is not Status.DONE:
            raise BadInput(f"The run is {run.status}; finish it first: branchwise resume {run.id}")
        tree = list(await db.nodes(run.id))
        decisions, calls = await db.decisions(run.id), await db.calls(run.id)
    spec = spec_of(run.spec)
    workflow = registry.load(spec.workflow)
    workflow.check_replay(run, decisions)
    tape = Tape(calls)
    async with Store.opened(IN_MEMORY) as scratch:
        await _again(run, workflow, decisions, tape, tree, scratch)
        grown, decided = list(await scratch.nodes(run.id)), await scratch.decisions(run.id)
        again = await scratch.run(run.id)
    found = [
        *tape.differences(budgeted=spec.budget != Budget() or workflow.budgeted(run.result)),
        *_between("node", _by_id(tree), _by_id(grown)),
        *_between("decision", _by_key(workflow, decisions), _as_told(_by_key(workflow, decided), decisions)),
        *_between(
            "answer", _outcome(workflow, run.result, run.result), _outcome(workflow, again.result, run.result)
        ),
    ]
    return Replay(
        run_id=run.id,
        calls=tape.heard,
        nodes=max(0, len(grown) - 1),
        decisions=len(decided),
        differences=tuple(found),
    )


async def _again(
    run: RunRecord,
    workflow: Workflow,
    decisions: Sequence[Decision],
    tape: Tape,
    tree: Sequence[Node],
    scratch: Store,
) -> None:
    spec = replace(spec_of(run.spec), durability="exit")
    await scratch.create_run(
        id=run.id, task=run.task, strategy=run.strategy, model=run.model, spec=run.spec, seed=run.seed
    )
    lease = await scratch.claim(run.id)
    async with scratch.held(lease):
        if run.forked_from is not None and tree:
            await scratch.add_nodes(lease, tree[:1])
        told = [one for one in decisions if one.key == ENGINE or workflow.told(one)]
        for one in told:
            await scratch.add_decision(lease, one.key, one.kind, one.payload)
        engine = next((one.payload for one in told if one.key == ENGINE), None)
        how = Execution(
            store=scratch,
            lease=lease,
            engine=SilentModel(run.model, engine),
            load=registry.load,
            tape=tape,
        )
        ended = await execute(how, workflow, spec)
        if ended.waiting:
            key = ended.waiting[0].key
            raise BadInput(
                "The run asked with LangGraph's `interrupt()`, whose answers belong to one checkpoint: it cannot be "
                "replayed. Questions of `run.ask` can."
                if key.startswith(INTERRUPT)
                else f"The recorded run has no answer to `{key}`: it cannot be replayed."
            )


def _between(what: str, before: Mapping[str, object], after: Mapping[str, object]) -> list[Difference]:
    found = [
        Difference(what=what, key=key, recorded=_shown(before, key), replayed=_shown(after, key))
        for key in {**before, **after}
        if (key in before) != (key in after) or before[key] != after[key]
    ]
    if found:
        return found
    return [
        Difference(
            what=what, key=str(old), recorded=f"place {place}: {old}", replayed=f"place {place}: {new}"
        )
        for place, (old, new) in enumerate(zip_longest(before, after))
        if old != new
    ][:1]


def _shown(values: Mapping[str, object], key: str) -> str:
    return repr(values[key]) if key in values else "absent"


def _by_id(nodes: Sequence[Node]) -> dict[str, object]:
    return {node.id: node for node in nodes}


def _by_key(workflow: Workflow, decisions: Sequence[Decision]) -> dict[str, object]:
    made = (one for one in decisions if one.key != ENGINE and not workflow.told(one))
    return {one.key: (one.kind, one.payload) for one in made}


_RECORDS = frozenset({"plan", "select", "judge", "answer"})
"""Kinds of decisions whose keys are names of fields, to which later versions add; others are keyed by nodes."""


def _as_told(made: Mapping[str, object], before: Sequence[Decision]) -> dict[str, object]:
    """The decisions without fields newer than the version that recorded the run."""
    had = {one.key: one.payload for one in before}
    return {key: _without_new(value, had.get(key)) for key, value in made.items()}


def _without_new(value: object, before: object) -> object:
    kind, payload = cast("tuple[str, object]", value)
    if kind in _RECORDS and isinstance(payload, Mapping) and isinstance(before, Mapping):
        payload = {
            name: NO_LIMIT if value is None and before[name] == NO_LIMIT else value
            for name, value in payload.items()
            if name in before
        }
    return kind, payload


def _outcome(workflow: Workflow, told: Json, recorded: Json) -> dict[str, object]:
    """A result without its duration; fields that a later version added are ignored."""
    known = set(cast("Mapping[str, Json]", in_new_words(recorded)))
    shown = workflow.compared(told)
    return {name: shown[name] for name in sorted(shown) if name in known and name != "seconds"}
