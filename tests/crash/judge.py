"""What a campaign has cost: nothing repeated or lost, no run stuck, every run like one that nothing disturbed."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any, cast

from branchwise.graphs.runtime.worker import work
from branchwise.models.scripted import scripted
from branchwise.store.records import Json, Node
from branchwise.store.rows import CallState, Status
from branchwise.store.store import Store
from tests.crash import flow
from tests.crash.worker import FLOW, answered, digest, enqueue, write

_CHANGES = frozenset({"restored", "replayed", "steps", "at", "by"})
_OUTCOME = "/outcome."
"""In the key of a question about an effect of unknown outcome, which an undisturbed run does not ask."""
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
    done_twice: int
    """Effects that may be done at most once, and were done twice."""
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
    "done_twice",
    "wrong_answers",
    "wrong_trees",
    "wrong_decisions",
    "wrong_bills",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Run:
    """A run as its rows tell it."""

    id: str
    status: Status
    error: str | None
    answer: Mapping[str, Json]
    tree: Sequence[Node]
    decisions: Mapping[str, Json]
    keys: Mapping[str, str]
    """The key of every answered call, and its request's digest."""
    asked: AbstractSet[str]
    """The keys of the model's among them; effects and sub-runs are answered calls as well."""
    told: AbstractSet[str]
    """The keys of effects whose outcome a person was asked about."""
    tokens: int
    ambiguous: int
    double: int
    """Keys that were answered more than once."""

    def known(self, without: AbstractSet[str]) -> Mapping[str, str]:
        """The answered calls, without those that a person has settled."""
        return {key: name for key, name in self.keys.items() if key not in without}


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
        found = await _family(store, asked)
    calm = await _undisturbed(list(asked.values()))
    count: Counter[str] = Counter()
    mails = Counter(line for line in lines if line.startswith("did mail"))
    notes: list[str] = []
    for place, right in calm.items():
        if place not in found:
            count["stuck"] += 1
            notes.append(f"There is no sub-run {place}.")
            continue
        run, run_id = found[place], found[place].id
        mine = {line.split(" ")[2] for line in lines if line.startswith(f"kept {run_id} ")}
        count["lost"] += len(mine - set(run.keys))
        count["stuck"] += run.status is not right.status
        notes += [] if run.status is right.status else [f"{run_id} {run.status}: {run.error}"]
        count["wrong_answers"] += run.answer != right.answer
        count["wrong_trees"] += run.tree != right.tree
        count["wrong_decisions"] += run.decisions != right.decisions
        notes += [] if run.tree == right.tree else [f"{run_id}: {_first_difference(run.tree, right.tree)}"]
        same = (run.known(run.told), run.tokens, run.double) == (right.known(run.told), right.tokens, 0)
        count["wrong_bills"] += not same
    return Outcome(
        seed=seed,
        workers=workers,
        runs=len(asked),
        calls=sum(len(run.asked) for run in calm.values()),
        sent=sum(line.startswith("send ") for line in lines),
        ambiguous=sum(run.ambiguous for run in found.values()),
        ends=_points(lines, "end"),
        stops=_points(lines, "stop"),
        restarts=restarts,
        repeated=_repeated(lines, found.values()),
        lost=count["lost"],
        stuck=count["stuck"],
        done_twice=sum(number > 1 for number in mails.values()),
        wrong_answers=count["wrong_answers"],
        wrong_trees=count["wrong_trees"],
        wrong_decisions=count["wrong_decisions"],
        wrong_bills=count["wrong_bills"],
        notes=tuple(notes),
    )


def _first_difference(mine: Sequence[Node], right: Sequence[Node]) -> str:
    pairs = zip_longest(mine, right)
    return next(f"{one} instead of {other}" for one, other in pairs if one != other)


def _repeated(lines: Sequence[str], runs: Iterable[_Run]) -> int:
    digests = {f"{run.id} {key}": run.keys[key] for run in runs for key in run.asked}
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
    decisions = await store.decisions(run_id)
    done = [call for call in calls if call.state is CallState.DONE]
    result = cast("Mapping[str, Json]", run.result or {})
    return _Run(
        id=run_id,
        status=run.status,
        answer={name: value for name, value in result.items() if name not in _MAY_DIFFER},
        tree=list(await store.nodes(run_id)),
        error=run.error,
        decisions={one.key: _settled(one.payload) for one in decisions if _OUTCOME not in one.key},
        told={one.key.partition(_OUTCOME)[0] for one in decisions if _OUTCOME in one.key},
        keys={call.key: digest(call.request) for call in done},
        asked={call.key for call in done if call.kind == "model"},
        tokens=sum(call.usage.tokens for call in done),
        ambiguous=sum(call.state is CallState.AMBIGUOUS for call in calls),
        double=len(done) - len({call.key for call in done}),
    )


def _settled(payload: Json) -> Json:
    """A decision without how a page was reached again, and without who answered when."""
    if not isinstance(payload, dict):
        return payload
    return {name: value for name, value in payload.items() if name not in _CHANGES}


async def _undisturbed(asked: Sequence[dict[str, Any]]) -> dict[str, _Run]:
    with tempfile.TemporaryDirectory() as worlds:
        flow.worlds.set(Path(worlds))
        async with Store.opened("sqlite://") as store:
            ids = await enqueue(asked, store)
            await work(store=store, model=scripted(write), until_empty=True, imports=[FLOW])
            while await answered(store):
                await work(store=store, model=scripted(write), until_empty=True, imports=[FLOW])
            return await _family(store, ids)


async def _family(store: Store, ids: Iterable[str]) -> dict[str, _Run]:
    """The runs and their sub-runs, by their place: `2.0` is the third run, `2.1` its first sub-run."""
    return {
        f"{number}.{place}": await _read(store, one)
        for number, run_id in enumerate(ids)
        for place, one in enumerate([run_id, *await store.below(run_id)])
    }
