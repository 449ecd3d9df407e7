"""What a campaign has cost: nothing repeated or lost, no run stuck, every run like one that nothing disturbed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, cast

from branchwise.graphs.runtime.worker import work
from branchwise.models.scripted import scripted
from branchwise.store.records import Json, Node
from branchwise.store.rows import CallState, Status
from branchwise.store.store import Store
from tests.crash.worker import FLOW, digest, enqueue, write

_WAY_BACK = frozenset({"restored", "replayed", "steps"})
_MAY_DIFFER = frozenset({"run_id", "seconds", "usage", "replayed"})
"""Fields of a result that a crash may change."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What came of a campaign."""

    seed: int
    workers: int
    runs: int
    calls: int
    """Calls that the undisturbed runs make."""
    sent: int
    ambiguous: int
    """Calls that may have been billed without an answer that was kept, as the ledger says."""
    ends: Mapping[str, int]
    """Workers that were killed, by point."""
    stops: Mapping[str, int]
    """Workers that were stopped for longer than their lease, by point."""
    restarts: int
    """Of the database server."""
    repeated: int
    """Requests that were sent again after their result was committed. Must be 0, as all that follows."""
    lost: int
    """Calls whose result was committed and is not in the ledger."""
    stuck: int
    wrong_answers: int
    wrong_trees: int
    wrong_decisions: int
    wrong_bills: int
    notes: tuple[str, ...]
    """The first thing that is otherwise in each run that is."""

    @property
    def wrong(self) -> int:
        """How much is not as it must be."""
        return sum(getattr(self, name) for name in MUST_BE_ZERO)


MUST_BE_ZERO = (
    "repeated",
    "lost",
    "stuck",
    "wrong_answers",
    "wrong_trees",
    "wrong_decisions",
    "wrong_bills",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Run:
    """A run as its rows tell it."""

    status: Status
    answer: Mapping[str, Json]
    tree: Sequence[Node]
    decisions: Mapping[str, Json]
    keys: Mapping[str, str]
    """The key of every answered call, and its request's digest."""
    asked: int
    """Calls of the model among them; effects are answered calls as well."""
    tokens: int
    ambiguous: int
    double: int
    """Keys that were answered more than once."""


async def judged(
    url: str,
    seed: int,
    workers: int,
    asked: Mapping[str, dict[str, Any]],
    lines: Sequence[str],
    restarts: int,
) -> Outcome:
    """Compare what the rows and the oracle say with runs that nothing disturbed."""
    async with Store.opened(url) as store:
        found = {run_id: await _read(store, run_id) for run_id in asked}
    calm = await _undisturbed(list(asked.values()))
    count: Counter[str] = Counter()
    notes: list[str] = []
    for (run_id, run), right in zip(found.items(), calm, strict=True):
        mine = {line.split(" ")[2] for line in lines if line.startswith(f"kept {run_id} ")}
        count["lost"] += len(mine - set(run.keys))
        count["stuck"] += run.status is not Status.DONE
        count["wrong_answers"] += run.answer != right.answer
        count["wrong_trees"] += run.tree != right.tree
        count["wrong_decisions"] += run.decisions != right.decisions
        notes += [] if run.tree == right.tree else [f"{run_id}: {_first_difference(run.tree, right.tree)}"]
        count["wrong_bills"] += (run.keys, run.tokens, run.double) != (right.keys, right.tokens, 0)
    return Outcome(
        seed=seed,
        workers=workers,
        runs=len(asked),
        calls=sum(run.asked for run in calm),
        sent=sum(line.startswith("send ") for line in lines),
        ambiguous=sum(run.ambiguous for run in found.values()),
        ends=_points(lines, "end"),
        stops=_points(lines, "stop"),
        restarts=restarts,
        repeated=_repeated(lines, found),
        lost=count["lost"],
        stuck=count["stuck"],
        wrong_answers=count["wrong_answers"],
        wrong_trees=count["wrong_trees"],
        wrong_decisions=count["wrong_decisions"],
        wrong_bills=count["wrong_bills"],
        notes=tuple(notes),
    )


def _first_difference(mine: Sequence[Node], right: Sequence[Node]) -> str:
    pairs = zip_longest(mine, right)
    return next(f"{one} instead of {other}" for one, other in pairs if one != other)


def _repeated(lines: Sequence[str], runs: Mapping[str, _Run]) -> int:
    digests = {f"{run_id} {key}": name for run_id, run in runs.items() for key, name in run.keys.items()}
    if len(set(digests.values())) != len(digests):
        raise AssertionError("Two calls with one request: the oracle could not tell them apart.")
    kept, repeated = set(), 0
    for line in lines:
        act, _, what = line.partition(" ")
        if act == "kept":
            kept.add(digests.get(what, what))
        elif act == "send":
            repeated += what in kept
    return repeated


def _points(lines: Sequence[str], act: str) -> dict[str, int]:
    return dict(Counter(line.split(" ", 2)[2] for line in lines if line.startswith(f"{act} ")))


async def _read(store: Store, run_id: str) -> _Run:
    run, calls = await store.run(run_id), await store.calls(run_id)
    done = [call for call in calls if call.state is CallState.DONE]
    result = cast("Mapping[str, Json]", run.result or {})
    return _Run(
        status=run.status,
        answer={name: value for name, value in result.items() if name not in _MAY_DIFFER},
        tree=list(await store.nodes(run_id)),
        decisions={decision.key: _settled(decision.payload) for decision in await store.decisions(run_id)},
        keys={call.key: digest(call.request) for call in done},
        asked=sum(call.kind == "model" for call in done),
        tokens=sum(call.usage.tokens for call in done),
        ambiguous=sum(call.state is CallState.AMBIGUOUS for call in calls),
        double=len(done) - len({call.key for call in done}),
    )


def _settled(payload: Json) -> Json:
    """A decision without how a visited page was reached again, which a crash changes."""
    if not isinstance(payload, dict):
        return payload
    return {name: value for name, value in payload.items() if name not in _WAY_BACK}


async def _undisturbed(asked: Sequence[dict[str, Any]]) -> list[_Run]:
    async with Store.opened("sqlite://") as store:
        ids = await enqueue(asked, store)
        await work(store=store, model=scripted(write), until_empty=True, imports=[FLOW])
        return [await _read(store, run_id) for run_id in ids]
