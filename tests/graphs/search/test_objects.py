"""Tasks and strategies that `solve` is given as objects are stored by name, or refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from branchwise.graphs.search.run import resume, solve
from branchwise.graphs.strategies.best_of_n import best_of_n
from branchwise.graphs.strategies.protocol import Allocation, StrategyInfo
from branchwise.models.scripted import scripted
from branchwise.store.errors import BadInput
from branchwise.store.records import ROOT
from branchwise.store.store import Store
from branchwise.store.tree import Tree
from branchwise.tasks import load
from branchwise.tasks.task import Task

HERE = "tests.graphs.search.test_objects"
INFO = StrategyInfo(paper="none", grain="solution")
MINE = replace(load("text"), name="mine")


def made() -> Task:
    return MINE


def twice(tree: Tree, budget: int, *, seed: int, width: int = 2) -> Allocation:
    """Two solutions, and no more."""
    return {} if tree.children(ROOT) else {ROOT: width}


@pytest.mark.parametrize(
    ("task", "strategy", "stored"),
    [
        (MINE, twice, (f"{HERE}:MINE", f"{HERE}:twice")),
        (made, best_of_n, (f"{HERE}:made", "best_of_n")),
        (load("text"), "best_of_n", ("text", "best_of_n")),
    ],
    ids=["a task and a strategy", "a function and a built-in", "a built-in task"],
)
async def test_objects_of_a_module_are_stored_by_name_and_resumed(
    task: Task | Callable[[], Task], strategy: str | Callable[..., Allocation], stored: tuple[str, str]
) -> None:
    async with Store.opened("sqlite://") as store:
        model = scripted(["Answer: 1", "Answer: 2"])
        result = await solve("Which?", task=task, strategy=strategy, knobs={}, model=model, store=store)
        run = await store.run(result.run_id)
        assert (run.task, run.strategy) == stored
        assert await resume(run.id, model=model, store=store) == result
        if strategy is twice:
            assert result.nodes == 2


@pytest.mark.parametrize(
    ("asked", "what"),
    [
        ({"task": replace(load("text"), about="nowhere")}, "task"),
        ({"strategy": lambda tree, budget, *, seed: {}}, "strategy"),
        ({"strategy": partial(twice, width=3)}, "strategy"),
    ],
    ids=["a task of a function", "a lambda", "a partial"],
)
async def test_an_object_that_no_module_has_is_refused_before_anything_is_stored(
    asked: dict[str, Any], what: str
) -> None:
    async with Store.opened("sqlite://") as store:
        with pytest.raises(BadInput, match=f"A {what} is found again by its name"):
            await solve("Which?", model=scripted(["Answer: 1"]), store=store, **asked)
        assert await store.runs() == []
