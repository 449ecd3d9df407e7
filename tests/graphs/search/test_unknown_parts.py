"""What a worker does not know, and what a part of a stranger's gives back: a sentence that names it."""

from __future__ import annotations

import asyncio
import json
import sys
import types
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from branchwise.graphs.runtime.worker import WorkerLogLine, work
from branchwise.graphs.search.run import resume
from branchwise.graphs.search.submit import submit
from branchwise.graphs.strategies.protocol import StrategyInfo
from branchwise.models.scripted import Scripted, scripted
from branchwise.store.database.schema import VERSION_TABLE
from branchwise.store.database.tables import runs
from branchwise.store.errors import BadInput, SchemaMismatch
from branchwise.store.rows import Status
from branchwise.store.store import Store

ASK: dict[str, Any] = {"model": "scripted:script", "strategy": "best_of_n", "knobs": {"n": 2}}


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/runs.sqlite"


_CHANGES: dict[str, tuple[Callable[[Any], None], str]] = {
    "option": (
        lambda spec: spec["options"].update(shiny=True),
        "There is no option of the run `options.shiny`",
    ),
    "value": (
        lambda spec: spec["options"].update(mode="next"),
        "value of the run's option `options.mode` `next`",
    ),
    "limit": (lambda spec: spec["budget"].update(joules=1), "There is no option of the run `budget.joules`"),
    "strategy": (lambda spec: spec["options"].update(strategy="next_release"), "no strategy `next_release`"),
    "task": (lambda spec: spec.update(task="next_task"), "There is no task `next_task`"),
    "arm": (
        lambda spec: spec["options"].update(strategy="auto", arms=["next_arm"], knobs={}),
        "There is no strategy `next_arm`",
    ),
}


def _answering() -> Scripted:
    return scripted(lambda r, s: "Fine.\nScore: 100" if "Score" in r.messages[-1].content else f"answer {s}")


async def test_what_an_older_worker_does_not_know_waits_for_a_newer_one(sqlite_url: str) -> None:
    ids = await submit(["q"] * (len(_CHANGES) + 1), store=sqlite_url, **ASK)
    async with Store.opened(sqlite_url) as store:

        def newer(connection: sa.Connection) -> None:
            """What a newer version of the same schema revision would have written."""
            for run_id, (change, _) in zip(ids, _CHANGES.values(), strict=False):
                spec = connection.scalar(sa.select(runs.c.spec).where(runs.c.id == run_id))
                change(spec)
                connection.execute(sa.update(runs).where(runs.c.id == run_id).values(spec=spec))

        before = {run.id: run.spec for run in await store.runs()}
        await store.database.awrite(newer)
        reports: list[WorkerLogLine] = []
        model = _answering()
        assert await work(store=store, model=model, until_empty=True, watch=reports.append) == 1
        for run_id, (_, says) in zip(ids, _CHANGES.values(), strict=False):
            run = await store.run(run_id)
            assert (run.status, run.attempts) == (Status.QUEUED, 0), says
            [left] = [report for report in reports if report.run_id == run_id and report.kind != "claimed"]
            assert left.kind == "left"
            assert says in left.text
            assert "waits in the queue for a worker that knows it" in left.text
            assert await store.calls(run_id) == []
            with pytest.raises(BadInput, match="There is no"):
                await resume(run_id, store=store, model=model)
        await store.database.awrite(
            lambda c: [
                c.execute(sa.update(runs).where(runs.c.id == k).values(spec=v)) for k, v in before.items()
            ]
        )
        assert await work(store=store, model=_answering(), until_empty=True) >= 1


def _zoo(name: str) -> Callable[..., Any]:
    wrong: dict[str, Any] = {
        "none": None,
        "text": {"0": "2"},
        "fraction": {"0": 1.5},
        "truth": {"0": True},
        "integer": {"0": np.int64(1)},
        "number": 7,
        "list": ["0"],
        "node": {0: 1},
        "absent": {"0.9": 1},
        "zero": {"0": 0},
        "crowd": {"0": 10**9},
    }

    def strategy(tree: Any, budget: int, *, seed: int = 0) -> Any:
        if name == "raises":
            return tree.no_such_thing
        if name == "deep":
            return {max((node.id for node in tree), key=len): 1}
        return wrong[name]

    strategy.__module__ = "zoo"
    return strategy


@pytest.fixture
def zoo(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("zoo")
    for name in (
        *(
            "none",
            "text",
            "fraction",
            "truth",
            "integer",
            "number",
            "list",
            "node",
            "absent",
            "zero",
            "crowd",
        ),
        *("raises", "deep"),
    ):
        setattr(module, name, _zoo(name))
    module.INFO = StrategyInfo(paper="none", grain="step")  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "zoo", module)


@pytest.mark.usefixtures("zoo")
async def test_a_strategy_that_breaks_its_contract_is_named(sqlite_url: str) -> None:
    says: Mapping[str, str] = {
        "none": "it returned None",
        "text": "maps str to str",
        "fraction": "maps str to float",
        "truth": "maps str to bool",
        "integer": "maps str to int64",
        "number": "it returned 7",
        "list": "it returned ['0']",
        "node": "maps int to int",
        "absent": "it asked for samples below '0.9', which is no node of the tree",
        "zero": "it asked for {'0': 0}",
        "crowd": "it asked for",
        "raises": "AttributeError",
    }
    async with Store.opened(sqlite_url) as store:
        for name, words in says.items():
            [run_id] = await submit(
                ["q"], store=store, model="scripted:script", strategy=f"zoo:{name}", budget={"calls": 20}
            )
            await work(store=store, model=_answering(), until_empty=True, imports=["zoo"])
            run = await store.run(run_id)
            assert run.status is Status.FAILED
            assert run.error is not None
            assert f"The strategy `zoo:{name}` " in run.error
            assert words in run.error, run.error


@pytest.mark.usefixtures("zoo")
async def test_a_tree_that_is_too_deep_says_so(sqlite_url: str) -> None:
    model = scripted(lambda r, s: "Score: 0" if "Score" in r.messages[-1].content else "step\n\n")
    async with Store.opened(sqlite_url) as store:
        [run_id] = await submit(
            ["q"], store=store, model="scripted:script", strategy="zoo:deep", budget={"calls": 2000}
        )
        await work(store=store, model=model, until_empty=True, imports=["zoo"])
        run = await store.run(run_id)
        assert run.status is Status.DONE
        result = json.loads(json.dumps(run.result))
        assert result["reason"] == "too deep"
        assert max(node.depth for node in await store.nodes(run_id)) == 250


def short(text: str) -> bool:
    """Is short."""
    return len(text) < 100


async def test_a_requirement_that_a_worker_may_not_import_waits_for_one_that_may(sqlite_url: str) -> None:
    async with Store.opened(sqlite_url) as store:
        [run_id] = await submit(["q"], store=store, require=[f"{__name__}:short"], **ASK)
        reports: list[WorkerLogLine] = []
        await work(store=store, model=_answering(), until_empty=True, watch=reports.append)
        run = await store.run(run_id)
        assert (run.status, run.attempts, run.error) == (Status.QUEUED, 0, None)
        assert reports[-1].kind == "left"
        assert f"start the worker with --import {__name__}. It waits in the queue" in reports[-1].text
        assert await store.calls(run_id) == []
        assert await work(store=store, model=_answering(), until_empty=True, imports=[__name__]) == 1
        assert (await store.run(run_id)).status is Status.DONE


async def test_a_worker_that_meets_a_newer_schema_hands_its_runs_back_and_ends(sqlite_url: str) -> None:
    """As after `branchwise db upgrade` by a newer version, which has also changed a table."""

    def set_to(connection: sa.Connection, revision: str) -> None:
        connection.exec_driver_sql(f"UPDATE {VERSION_TABLE} SET version_num = '{revision}'")

    ids = await submit(["one", "two", "three"], store=sqlite_url, **ASK)
    model = scripted(lambda r, s: "Fine.\nScore: 100", latency=0.5)
    async with Store.opened(sqlite_url) as other:
        reports: list[WorkerLogLine] = []
        working = asyncio.ensure_future(
            work(store=sqlite_url, model=model, concurrency=2, watch=reports.append)
        )
        async with asyncio.timeout(30):
            while not model.calls:
                await asyncio.sleep(0.01)
        await other.database.awrite(lambda c: set_to(c, "9999"))
        await other.database.awrite(lambda c: c.exec_driver_sql("ALTER TABLE calls RENAME TO newer_calls"))
        with pytest.raises(ExceptionGroup) as ended:
            async with asyncio.timeout(30):
                await working
        mismatch, _ = ended.value.split(SchemaMismatch)
        assert mismatch is not None
        assert "written by a newer branchwise; upgrade yours" in str(mismatch.exceptions[0])
        runs_now = [await other.run(run_id) for run_id in ids]
        assert [(run.status, run.attempts) for run in runs_now] == [(Status.QUEUED, 0)] * 3
        with pytest.raises(SchemaMismatch, match="newer branchwise"):
            await other.calls(ids[0])
