"""Feedback between trials: `auto` shows its best attempt to every second trial, the others draw afresh."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from branchwise import tasks
from branchwise.graphs.search.run import solve
from branchwise.graphs.search.state import Options
from branchwise.models.protocol import SampleRequest
from branchwise.models.scripted import scripted
from branchwise.store.records import Budget, Constraints, Verdict, VerifiedBy
from branchwise.store.store import Store
from branchwise.tasks.task import Task

URL = "sqlite:///{}/runs.sqlite"


def task() -> Task:
    """A task that no answer of the model solves."""

    def check(constraints: Constraints, text: str, complete: bool) -> Verdict:
        return Verdict(
            score=-100,
            accepted=False,
            feedback="It is wrong.",
            verified_by=VerifiedBy.PROGRAM,
            verifier="refuses",
        )

    return replace(
        tasks.load("text"),
        name="refuses",
        check=check,
        answer=str.strip,
        read_constraints=lambda problem: Constraints(source="program"),
    )


REFUSES = task()


def shows_one(request: SampleRequest) -> bool:
    return "A previous attempt was" in request.messages[-1].content


async def shown(path: Path, *, strategy: str) -> list[bool]:
    """For each trial whether its samples were shown an attempt."""
    model = scripted(lambda request, seed: f"draft {seed}")
    async with Store.opened(URL.format(path)) as store:
        result = await solve(
            "Write.",
            task=f"{__name__}:REFUSES",
            model=model,
            store=store,
            budget=Budget(calls=16),
            strategy=strategy,
            knobs={} if strategy == "auto" else {"n": 2},
            options=Options(restarts=True, trials=4, probes=0),
        )
        calls = [call for call in await store.calls(result.run_id) if call.key.endswith("/propose")]
    found: dict[str, set[bool]] = {}
    for call, request in zip(calls, model.requests, strict=True):
        found.setdefault(call.key.split("/")[0], set()).add(shows_one(request))
    assert all(len(kinds) == 1 for kinds in found.values())
    return [kinds == {True} for kinds in found.values()]


async def test_every_second_trial_of_auto_draws_afresh(tmp_path: Path) -> None:
    trials = await shown(tmp_path, strategy="auto")
    assert len(trials) >= 3
    assert trials == [n % 2 == 1 for n in range(len(trials))]


async def test_a_named_strategy_revises_in_every_later_trial(tmp_path: Path) -> None:
    trials = await shown(tmp_path, strategy="best_of_n")
    assert trials == [False, True, True, True]
