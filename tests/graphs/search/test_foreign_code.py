"""Code of the user's own that fails is named with its file, and a run that the model left alone can be resumed."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from branchwise.graphs.runtime.worker import WorkerLogLine, work
from branchwise.graphs.search.run import resume, solve
from branchwise.graphs.search.state import SearchEvent
from branchwise.graphs.search.submit import submit
from branchwise.graphs.strategies.protocol import Allocation, StrategyInfo
from branchwise.models.protocol import OutputFormat, SampleRequest
from branchwise.models.scripted import scripted
from branchwise.store.errors import BadInput, CheckFailed, CodeFailed, ModelError
from branchwise.store.records import Constraints, Grain, Verdict
from branchwise.store.rows import Status
from branchwise.store.store import Store
from branchwise.store.tree import Tree
from branchwise.tasks import load
from branchwise.tasks.task import Task


def broken() -> Task:
    """A task whose checker raises."""

    def check(constraints: Constraints, text: str, complete: bool) -> Verdict | None:
        raise KeyError("oops")

    return replace(load("text"), name="broken", check=check)


async def test_a_checker_that_fails_is_named_with_its_file_and_node() -> None:
    named = r"The checker of the task `broken` failed on node 0\.\d+, in .*test_foreign_code.py line \d+: KeyError"
    with pytest.raises(CodeFailed, match=named):
        await solve(
            "Which?",
            task="tests.graphs.search.test_foreign_code:broken",
            strategy="best_of_n",
            model=scripted(["Answer: 1"]),
            store="sqlite://",
        )


def formless() -> Task:
    """A task whose output format raises."""

    def form(constraints: Constraints, text: str, grain: Grain) -> OutputFormat:
        raise KeyError("oops")

    return replace(load("text"), name="formless", output_format=form)


def unreadable() -> Task:
    """A task whose reader of constraints raises."""

    def read(problem: str) -> Constraints | None:
        raise KeyError("oops")

    return replace(load("text"), name="unreadable", read_constraints=read)


def unmade() -> Task:
    """A task that cannot be made."""
    raise KeyError("oops")


def talkative() -> Task:
    """A task whose checker gives a text."""
    check: Any = lambda constraints, text, complete: "yes"  # noqa: E731
    return replace(load("text"), name="talkative", check=check)


def lost(tree: Tree, budget: int, *, seed: int = 0) -> Allocation:
    """A strategy that raises."""
    raise KeyError("oops")


INFO = StrategyInfo(paper="none", grain="solution", needs=frozenset())
HERE = "tests.graphs.search.test_foreign_code"
AT = r", in .*test_foreign_code.py line \d+: KeyError: 'oops'"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"task": "formless"}, rf"`output_format` of the task `formless` failed{AT}"),
        ({"task": "unreadable"}, rf"`read_constraints` of the task `unreadable` failed{AT}"),
        ({"task": "unmade"}, rf"The function of the task `{HERE}:unmade` failed{AT}"),
        ({"strategy": "lost"}, rf"The strategy `{HERE}:lost` failed{AT}"),
    ],
)
async def test_any_function_of_ones_own_is_named_with_its_file(asked: dict[str, str], said: str) -> None:
    ((kind, name),) = asked.items()
    given: dict[str, Any] = {"strategy": "best_of_n", kind: f"{HERE}:{name}"}
    with pytest.raises((CodeFailed, BadInput), match=said):
        await solve("Which?", model=scripted(["Answer: 1"]), store="sqlite://", **given)


async def test_a_checker_that_gives_no_verdict_is_named_with_its_node() -> None:
    with pytest.raises(
        CheckFailed, match=r"`talkative` gave 'yes' on node 0\.\d; it must give a Verdict or None"
    ):
        await solve(
            "Which?",
            task=f"{HERE}:talkative",
            strategy="best_of_n",
            model=scripted(["Answer: 1"]),
            store="sqlite://",
        )


async def test_a_watcher_that_fails_is_named_with_its_file() -> None:
    def watch(event: SearchEvent) -> None:
        raise ValueError("no")

    with pytest.raises(CodeFailed, match=r"The watcher `.*watch` failed, in .*test_foreign_code.py line \d+"):
        await solve("Which?", model=scripted(["Answer: 1"]), store="sqlite://", watch=watch)


@pytest.mark.parametrize("seed", [2**63, -(2**63) - 1, 10**30])
async def test_a_seed_beyond_64_bits_is_refused(seed: int) -> None:
    with pytest.raises(BadInput, match="64 bits"):
        await solve("Which?", model=scripted(["Answer: 1"]), store="sqlite://", seed=seed)


async def test_an_error_of_ones_own_model_is_no_damaged_row() -> None:
    def write(request: SampleRequest, seed: int) -> str:
        raise TypeError("no such engine")

    model, reports = scripted(write), list[WorkerLogLine]()
    async with Store.opened("sqlite://") as store:
        [queued] = await submit(["Which?"], model=model.name, store=store)
        await work(store=store, model=model, until_empty=True, watch=reports.append)
        assert (await store.run(queued)).status is Status.FAILED
        with pytest.raises(TypeError, match="no such engine"):
            await resume(queued, store=store, model=model)
    assert [report.kind for report in reports] == ["claimed", "failed"]
    assert re.fullmatch(r"TypeError: no such engine \(in .*test_foreign_code.py line \d+\)", reports[-1].text)


async def test_a_model_that_answers_nothing_leaves_a_run_that_can_be_resumed(tmp_path: Path) -> None:
    served = 0

    def write(request: SampleRequest, seed: int) -> str:
        nonlocal served
        served += 1
        if served > 1:
            raise ModelError("no credit left")
        return "- It is a number."

    url = f"sqlite:///{tmp_path}/runs.sqlite"
    with pytest.raises(ModelError, match="answered none of the calls of round 1: no credit left"):
        await solve("Which?", strategy="best_of_n", model=scripted(write), store=url)
    async with Store.opened(url) as store:
        [run] = await store.runs()
        assert run.status is Status.PAUSED
        result = await resume(run.id, store=store, model=scripted(["Answer: 4"]))
    assert (result.answer, result.nodes) == ("4", 5)


async def test_half_a_character_in_a_sample_harms_nothing() -> None:
    model = scripted(lambda request, seed: "x\ud83dy" if seed % 2 else "fine")
    result = await solve("Which?", strategy="best_of_n", model=model, store="sqlite://")
    assert result.nodes == 5
