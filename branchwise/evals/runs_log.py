"""Finished runs of a store as a replay log, so that a planner can be fitted on what a user has run."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from operator import eq
from typing import Any

from branchwise import tasks
from branchwise.evals.log import Header, Log, RecordedSample
from branchwise.graphs import strategies
from branchwise.graphs.search.calls import PROBE
from branchwise.store.errors import BadInput, UnknownName
from branchwise.store.records import Node, VerifiedBy
from branchwise.store.store import RunRecord, Status, Store
from branchwise.store.tree import Tree
from branchwise.tasks.task import Task

SCORE = "live"
"""The name of the live verifier's score in such a log."""


async def runs_log(store: Store, task: str, model: str, *, labels: Mapping[str, str] | None = None) -> Log:
    """Read the independent whole solutions of all finished runs of one task and model.

    Counted are the planner's probes and the samples of solution strategies in a run's first trial: later ones were
    told what was wrong before. Runs of one problem are one instance.

    Args:
        store: Where the runs are.
        task: Their task.
        model: Their model, as the runs name it.
        labels: The right answer of runs, by run id. Without it only samples that a program judged have a label.

    Raises:
        BadInput: There are no such runs.
    """
    samples: list[RecordedSample] = []
    same = equality(task)
    seen: Counter[str] = Counter()
    sources: set[VerifiedBy] = set()
    for run in await store.runs(task=task, status=Status.DONE):
        if run.model != model:
            continue
        instance = instance_of(run)
        tree, last = await store.nodes(run.id), await _first_trial(store, run.id)
        for node in _independent(tree, last):
            right = (labels or {}).get(run.id)
            sample = await asyncio.to_thread(_sample, node, tree, instance, seen[instance], right, same)
            samples.append(sample)
            seen[instance] += 1
            sources.add(node.verified_by)
    if not samples:
        raise BadInput(f"The store has no finished runs of task `{task}` with model `{model}`.")
    header = Header(
        task=task,
        model=model,
        source="runs of the store",
        licence="as the runs",
        tokens="logged",
        verifier=SCORE,
        verified_by=together(sources),
    )
    return Log(header=header, samples=tuple(samples))


def together(sources: Collection[VerifiedBy]) -> VerifiedBy:
    """What verified the verdicts of a log: a program only if no model judged as well."""
    return (
        VerifiedBy.PROGRAM
        if VerifiedBy.PROGRAM in sources and VerifiedBy.MODEL not in sources
        else VerifiedBy.MODEL
    )


def instance_of(run: RunRecord) -> str:
    """The name of a run's problem: equal problems have the same."""
    spec: Any = run.spec
    problem = str(spec["problem"])
    return hashlib.sha256(problem.encode()).hexdigest()[:16]


async def _first_trial(store: Store, run_id: str) -> int | None:
    """The last round of the first trial, or None where there was no second."""
    for decision in await store.decisions(run_id):
        if decision.key == "t1/judge":
            payload: Any = decision.payload
            return int(payload["round"])
    return None


def _independent(tree: Tree, last: int | None) -> Iterator[Node]:
    for node in tree.children(tree.root.id):
        whole = node.strategy == PROBE or strategies.info(node.strategy).grain == "solution"
        told = "hints" in strategies.info(node.strategy).needs if node.strategy != PROBE else False
        if whole and not told and (last is None or node.round <= last):
            yield node


def equality(task: str) -> Callable[[str, str], bool]:
    """The task's own equality of answers; text equality for a task that is not installed."""
    found = installed(task)
    return eq if found is None else found.same


def installed(task: str) -> Task | None:
    """The task of that name; None if it is not installed."""
    try:
        return tasks.load(task)
    except (UnknownName, BadInput):
        return None


def _sample(
    node: Node, tree: Tree, instance: str, index: int, right: str | None, same: Callable[[str, str], bool]
) -> RecordedSample:
    failed = node.failed is not None or not node.complete
    known = right is not None or node.verified_by is VerifiedBy.PROGRAM or failed
    equal = right is not None and node.answer is not None and same(node.answer, right)
    correct = not failed and (equal if right is not None else node.accepted)
    return RecordedSample(
        instance=instance,
        index=index,
        correct=correct if known else None,
        text=tree.text(node.id),
        answer=node.answer,
        accepted=node.accepted,
        scores={} if node.score is None else {SCORE: node.score},
        tokens=node.tokens,
        logprob=node.logprob,
    )
