"""`planner fit` reads whole runs of every strategy, trees included, and `planner show` says from how many."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

import pytest
from typer.testing import CliRunner

from branchwise.agents.planning.policy_table import Knobs, PolicyTable
from branchwise.cli.app import app
from branchwise.evals.whole_runs import Limits, WholeRun, rows_of_runs, whole_runs
from branchwise.graphs.search.run import solve
from branchwise.graphs.search.state import Options
from branchwise.store.records import Budget
from branchwise.store.store import Store

PROBLEMS = (
    "2 3 5 12",
    "4 5 6 10",
    "1 1 1 8",
    "1 2 3 4",
    "3 3 8 8",
    "6 6 6 6",
    "2 2 2 3",
    "5 5 5 5",
    "1 3 4 6",
    "2 4 6 8",
)


OFTEN: Limits = frozenset({("completion_tokens", 200)})


def runs(
    strategy: str,
    solved: int,
    *,
    of: int = 20,
    tokens: int = 100,
    budget: Limits = OFTEN,
    knobs: Knobs = MappingProxyType({}),
) -> list[WholeRun]:
    return [
        WholeRun(
            problem=str(i), strategy=strategy, knobs=knobs, solved=i < solved, tokens=tokens, budget=budget
        )
        for i in range(of)
    ]


def test_the_best_strategy_of_whole_runs_comes_first() -> None:
    [row] = rows_of_runs([*runs("best_of_n", 4), *runs("tree_of_thoughts", 9, tokens=150)])
    assert [(c.strategy, c.runs) for c in row.choices] == [("tree_of_thoughts", 20), ("best_of_n", 20)]
    assert row.choices[0].prior == pytest.approx(9.5 / 21)
    assert (row.bin, row.tokens, row.instances) == (None, 150, 20)
    table = PolicyTable(rows=(row,))
    assert PolicyTable.loads(table.dumps()) == table


def test_few_problems_and_a_single_strategy_make_no_row() -> None:
    assert rows_of_runs(runs("best_of_n", 4)) == ()
    assert rows_of_runs([*runs("best_of_n", 4), *runs("rebase", 9, of=9)]) == ()
    assert (
        rows_of_runs(
            [*runs("best_of_n", 4), *runs("rebase", 9, budget=frozenset({("completion_tokens", 400)}))]
        )
        == ()
    )


@pytest.mark.parametrize(
    "other", [{("tokens", 200)}, {("completion_tokens", 200), ("calls", 10)}, set[Any]()]
)
def test_budgets_are_the_same_if_all_their_limits_are(other: set[tuple[str, float]]) -> None:
    assert rows_of_runs([*runs("best_of_n", 4), *runs("rebase", 9, budget=frozenset(other))]) == ()


def test_of_settings_of_one_strategy_the_best_is_a_choice() -> None:
    wide, narrow = ({"width": n} for n in (8, 2))
    settings = [*runs("rebase", 9, knobs=wide), *runs("rebase", 5, knobs=narrow)]
    assert rows_of_runs(settings) == ()
    [row] = rows_of_runs([*settings, *runs("best_of_n", 7)])
    assert [(c.strategy, c.knobs) for c in row.choices] == [("rebase", wide), ("best_of_n", {})]


def test_runs_of_one_problem_count_together() -> None:
    often = [
        *runs("rebase", 0),
        *[WholeRun(problem="0", strategy="rebase", solved=True, tokens=9, budget=OFTEN)] * 30,
    ]
    [row] = rows_of_runs([*often, *runs("best_of_n", 4)])
    assert row.choices[0].strategy == "best_of_n"


async def test_a_run_without_a_whole_solution_is_not_solved_where_a_program_judges(tmp_path: Path) -> None:
    async def found(task: str, verifier: str = "auto") -> list[WholeRun]:
        async with Store.opened(f"sqlite:///{tmp_path}/{task}_{verifier}.sqlite") as store:
            result = await solve(
                PROBLEMS[0],
                task=task,
                model="uniform",
                strategy="tree_of_thoughts",
                store=store,
                budget=Budget(completion_tokens=20),
                options=Options(verifier=verifier),
            )
            assert (result.node, result.verified_by, result.reason) == (None, "none", "budget")
            return await whole_runs(store, task, "uniform")

    [run] = await found("game24")
    assert (run.solved, run.budget) == (False, frozenset({("completion_tokens", 20)}))
    assert await found("game24", verifier="llm") == []
    assert await found("text") == []


async def test_a_strategy_named_by_its_module_is_left_out(tmp_path: Path) -> None:
    mine = "branchwise.graphs.strategies.best_of_n:best_of_n"
    async with Store.opened(f"sqlite:///{tmp_path}/runs.sqlite") as store:
        for problem in PROBLEMS:
            for strategy in ("tree_of_thoughts", "best_of_n", mine):
                given: Mapping[str, Any] = {"task": "game24", "model": "uniform", "store": store}
                await solve(problem, strategy=strategy, budget=Budget(completion_tokens=100), **given)
        [row] = rows_of_runs(await whole_runs(store, "game24", "uniform"))
    assert {choice.strategy for choice in row.choices} == {"tree_of_thoughts", "best_of_n"}
    table = PolicyTable(rows=(row,))
    assert PolicyTable.loads(table.dumps()) == table


def test_trees_of_the_store_are_fitted_shown_and_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    url = f"sqlite:///{tmp_path}/runs.sqlite"

    async def run() -> None:
        async with Store.opened(url) as store:
            for problem in PROBLEMS:
                for strategy in ("tree_of_thoughts", "best_of_n"):
                    given: Mapping[str, Any] = {"task": "game24", "model": "uniform", "store": store}
                    await solve(problem, strategy=strategy, budget=Budget(completion_tokens=300), **given)

    asyncio.run(run())
    fit = CliRunner().invoke(
        app, ["planner", "fit", "--store", url, "--task", "game24", "--model", "uniform"]
    )
    assert fit.exit_code == 0, fit.output
    shown = CliRunner().invoke(app, ["planner", "show", "--store", url, "--json"])
    said = json.loads(shown.stdout)
    [path] = [name for name in said if name != "store"]
    [row] = said[path]["rows"]
    both = {"tree_of_thoughts", "best_of_n"}
    assert {(choice["strategy"], choice["runs"]) for choice in row["choices"]} == {(one, 10) for one in both}
    assert {tuple(line[:4]) for line in said["store"]} == {("game24", "uniform", one, 10) for one in both}
    words = CliRunner().invoke(app, ["planner", "show", "--store", url])
    assert "10 runs" in " ".join(words.output.split())

    async def planned() -> Mapping[str, Any]:
        async with Store.opened(url) as store:
            result = await solve(
                "1 4 5 6", task="game24", model="uniform", store=store, budget=Budget(completion_tokens=300)
            )
            made = {decision.key: decision.payload for decision in await store.decisions(result.run_id)}
        return cast("Mapping[str, Any]", made["plan"])

    assert asyncio.run(planned())["basis"] == "policy table"
