from __future__ import annotations

import asyncio
import importlib.util
import subprocess
import sys
from itertools import accumulate
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from branchwise.graphs.search.run import solve
from branchwise.graphs.search.state import Options
from branchwise.models.scripted import scripted
from branchwise.store.records import Node
from branchwise.store.store import Store
from tests.store.scripted_run import Counted, new_lease
from tests.tasks.test_calendar import PROBLEM

_EXAMPLE = Path(__file__).parents[2] / "examples" / "three_questions.py"


def _questions() -> dict[str, str]:
    spec = importlib.util.spec_from_file_location("three_questions", _EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    questions: dict[str, str] = module.QUESTIONS
    return questions


async def test_the_examples_questions_are_answered(store: Store) -> None:
    for accepted_at in (0, 3, None):
        lease = await new_lease(store)
        ledger = await store.ledger(lease)
        for i in range(4):
            await ledger(f"t1/r{i}/0/propose", {"seed": i}, Counted())
            accepted = i == accepted_at
            node = Node(
                id=f"0.{i}",
                parent="0",
                round=i,
                strategy="best_of_n",
                tokens=10,
                complete=True,
                accepted=accepted,
                feedback="" if accepted else "Alice is busy.",
            )
            await store.add_nodes(lease, [node])
        await store.finish(lease)

    def ask(connection: sa.Connection) -> list[list[tuple[object, ...]]]:
        return [[tuple(row) for row in connection.execute(sa.text(query))] for query in _questions().values()]

    assert await store.database.aread(ask) == [
        [("text", "best_of_n", 3, 12, 180, 0)],
        [("text", "Alice is busy.", 10)],
        [("text", 3, 40, 2, 1)],
    ]


async def test_the_script_answers_from_runs_that_were_really_made(url: str) -> None:
    right, wrong = "Monday, 12:00 - 12:30", "Tuesday, 9:00 - 9:30"
    for problem, answers in ((PROBLEM, (wrong, right)), (PROBLEM.replace("Bo", "Cy"), (wrong, wrong))):
        plans = [f"Here is the proposed time: {answer} " for answer in answers]
        await solve(
            problem,
            task="calendar",
            model=scripted(plans),
            store=url,
            strategy="best_of_n",
            knobs={"n": 2},
            options=Options(batch=1),
        )
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, str(_EXAMPLE), url], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    cells = [[cell.strip() for cell in line.strip("│┃ ").split("│")] for line in done.stdout.splitlines()]
    where, half = cells[4], cells[-2]
    assert where[:4] == ["calendar", "best_of_n", "2", "4"], done.stdout
    assert "Ada" in done.stdout
    async with Store.opened(url) as store:
        trees = [await store.nodes(run.id) for run in await store.runs()]
    budget = max(sum(node.tokens for node in tree) for tree in trees)
    [solved] = [tree for tree in trees if tree.best is not None and tree.best.accepted]
    upto = accumulate(node.tokens for node in solved)
    needed = next(spent for node, spent in zip(solved, upto, strict=True) if node.accepted)
    assert half == ["calendar", "2", str(budget), "1", str(int(needed * 2 <= budget))], done.stdout
