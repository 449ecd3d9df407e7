"""Recompute a whole run from what is on record, with no model, and say where the two differ."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from itertools import zip_longest
from typing import cast

from langchain_core.runnables import RunnableConfig

from branchwise.graphs.runtime.journal import Journal
from branchwise.graphs.runtime.resources import opened_store
from branchwise.graphs.search.execute import ENGINE, STEPS, context_of, result_of_state
from branchwise.graphs.search.plangen import plangen, start
from branchwise.graphs.search.request import request_of
from branchwise.graphs.search.result import Result, result_of
from branchwise.graphs.search.state import Event, RunState
from branchwise.models.budget import BudgetTracker
from branchwise.models.protocol import Capabilities, Reply
from branchwise.models.protocol import SampleRequest as Call
from branchwise.models.recorded import recorded
from branchwise.store.bill import Bill
from branchwise.store.errors import BadInput, BudgetSpent, ModelError
from branchwise.store.json_text import to_json
from branchwise.store.records import Json, Node, Usage
from branchwise.store.redaction import Redaction
from branchwise.store.rows import CallRecord, CallState, Decision, RunRecord, Status
from branchwise.store.store import Store

_TOLD = (ENGINE, "memory")
"""Decisions that no rule of the run made: what answered, and how earlier runs had gone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """Something that came out otherwise than recorded."""

    what: str
    """"call", "node", "decision", "answer" or "bill"."""
    key: str
    recorded: str
    replayed: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Replay:
    """What a replay found."""

    run_id: str
    calls: int
    """Calls that were answered from the record."""
    nodes: int
    decisions: int
    differences: tuple[Difference, ...]
    """In the order in which they came up; the first is where to look."""

    @property
    def exact(self) -> bool:
        """Whether the run came out bit for bit as recorded."""
        return not self.differences


def _quiet(event: Event) -> None: ...


async def replay(run_id: str, *, store: str | Store | None = None) -> Replay:
    """Recompute a run that is done; nothing is written and no model is asked.

    Args:
        run_id: The run.
        store: An open Store, or a database URL; by default the SQLite file of `branchwise where`.

    Raises:
        UnknownName: There is no such run.
        BadInput: It is not done, or cannot be replayed.
    """
    async with opened_store(store) as db:
        run = await db.run(run_id)
        if run.task == "web":
            raise BadInput("A browser's pages are not in the ledger: web runs can be shown, not replayed.")
        if run.status is not Status.DONE:
            raise BadInput(f"The run is {run.status}; finish it first: branchwise resume {run.id}")
        tree, decisions, calls = (
            list(await db.nodes(run.id)),
            await db.decisions(run.id),
            await db.calls(run.id),
        )
    if any(decision.kind == "race" for decision in decisions):
        raise BadInput(
            "What a race called off hung on which reply came first: a raced run cannot be replayed."
        )
    tape = _Tape(calls)
    async with Store.opened("sqlite://") as scratch:
        result = await _again(run, decisions, tape, tree[0], scratch)
        grown, decided = list(await scratch.nodes(run.id)), await scratch.decisions(run.id)
    found = [
        *tape.differences(budgeted=result.reason in {"budget", "accepted"}),
        *_between("node", _by_id(tree), _by_id(grown)),
        *_between("decision", _by_key(decisions), _by_key(decided)),
        *_between(
            "answer",
            _outcome(cast("Json", asdict(result_of(run.result)))),
            _outcome(cast("Json", asdict(result))),
        ),
    ]
    return Replay(
        run_id=run.id,
        calls=tape.heard,
        nodes=len(grown) - 1,
        decisions=len(decided),
        differences=tuple(found),
    )


async def _again(
    run: RunRecord, decisions: Sequence[Decision], tape: _Tape, root: Node, scratch: Store
) -> Result:
    request = request_of(run.spec)
    await scratch.create_run(
        id=run.id, task=run.task, strategy=run.strategy, model=run.model, spec=run.spec, seed=run.seed
    )
    lease = await scratch.claim(run.id)
    async with scratch.held(lease):
        if run.forked_from is not None:
            await scratch.add_nodes(lease, [root])
        journal = await Journal.open(scratch, lease)
        told = {decision.key: decision for decision in decisions if decision.key in _TOLD}
        for decision in told.values():
            await journal.once(decision.key, decision.kind, _given(decision.payload))
        engine = told[ENGINE].payload if ENGINE in told else None
        tracker = BudgetTracker(request.budget, clock=tape.clock)
        tape.tracker = tracker
        sample = recorded(_Silent(run.model, engine), tape, tracker)
        context = context_of(request, journal, tracker, sample, _quiet)
        config: RunnableConfig = {"recursion_limit": STEPS}
        state = await plangen().ainvoke(start(request.problem), config, context=context)
        return result_of_state(run.id, cast("RunState", state), context, tape.bill.usage)


def _given(payload: Json) -> Callable[[], Awaitable[Json]]:
    async def given() -> Json:
        return payload

    return given


class _Silent:
    """In a model's place: it can do what the model could, and is never asked."""

    def __init__(self, name: str, engine: Json) -> None:
        self.name = name
        known = {field.name for field in fields(Capabilities)}
        kept = cast("Mapping[str, Mapping[str, bool]]", engine or {}).get("capabilities", {})
        self.capabilities = Capabilities(**{name: value for name, value in kept.items() if name in known})

    async def sample(self, request: Call) -> Reply:
        raise BudgetSpent("recorded calls")

    async def aclose(self) -> None: ...


class _Tape:
    """The recorded calls in the ledger's place. A call that is not there was refused by the budget, or is new."""

    def __init__(self, calls: Sequence[CallRecord]) -> None:
        self.bill = Bill()
        self.tracker: BudgetTracker | None = None
        self.heard = 0
        self._scrub = Redaction()
        self._calls: dict[str, list[CallRecord]] = {}
        for call in sorted(calls, key=lambda call: call.attempt):
            self._calls.setdefault(call.key, []).append(call)
        self._left = set(self._calls)
        self._changed: list[Difference] = []
        self._missing: Counter[str] = Counter()

    def clock(self) -> float:
        """Time is up when no call is left: a budget of seconds refused those that would have followed."""
        limited = self.tracker is not None and self.tracker.budget.seconds is not None
        return math.inf if limited and not self._left else 0.0

    def recorded(self, key: str, request: Json) -> bool:
        """Whatever is asked is on the tape or refused; nothing is to be paid for."""
        return True

    async def __call__(
        self,
        key: str,
        request: Json,
        effect: Callable[[], Awaitable[tuple[Json, Usage]]],
        *,
        kind: str = "model",
        model: str = "",
    ) -> Json:
        """Return what is on the tape."""
        if key not in self._calls:
            self._missing[key] += 1
            raise BudgetSpent("recorded calls")
        if key in self._left:
            self._left.remove(key)
            self._hear(key)
        last = self._calls[key][-1]
        asked = self._scrub.request(to_json(request))
        if asked != to_json(last.request):
            self._changed.append(
                Difference(what="call", key=key, recorded=to_json(last.request), replayed=asked)
            )
        if last.state is not CallState.DONE:
            raise ModelError((last.error or "no answer was kept").partition(": ")[2])
        return last.response

    def _hear(self, key: str) -> None:
        self.heard += 1
        for call in self._calls[key]:
            self.bill.add(call.state, call.usage)
            if call.state is not CallState.AMBIGUOUS and self.tracker is not None:
                self.tracker.pay(call.usage)

    def differences(self, *, budgeted: bool) -> list[Difference]:
        """Calls with another request, calls that are on the tape only, and calls that are not on it."""
        new = [] if budgeted else sorted(self._missing)
        return [
            *self._changed,
            *(Difference(what="call", key=key, recorded="not made", replayed="asked for") for key in new),
            *(
                Difference(what="call", key=key, recorded="made", replayed="not asked for")
                for key in sorted(self._left)
            ),
        ]


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


def _by_key(decisions: Sequence[Decision]) -> dict[str, object]:
    return {
        decision.key: (decision.kind, decision.payload) for decision in decisions if decision.key != ENGINE
    }


def _outcome(result: Json) -> dict[str, object]:
    """All that a result says but for the time it took."""
    told = cast("Mapping[str, object]", result)
    return {name: told[name] for name in sorted(told) if name != "seconds"}
