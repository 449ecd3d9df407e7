"""The tools and resources, with the SDK's own client in memory."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError

from branchwise.graphs import strategies
from branchwise.models.scripted import scripted
from branchwise.store.store import Store
from tests.mcp_server.running import ASKED, called, in_memory, refused, until_over
from tests.server.flows import graph
from tests.server.running import nice

assert graph  # the workflow `FLOW` can be imported
FLOW = "tests.server.flows:graph"


async def resource(client: Client, uri: str) -> str:
    [content] = (await client.read_resource(uri)).contents
    return str(getattr(content, "text", ""))


async def test_the_tools_are_described_with_their_results(tmp_path: Path) -> None:
    async with in_memory(tmp_path / "s.sqlite") as client:
        tools = {one.name: one for one in (await client.list_tools()).tools}
        templates = {one.uri_template for one in (await client.list_resource_templates()).resource_templates}
    assert set(tools) == {
        "solve", "submit", "status", "result", "answer", "cancel", "fork", "explain", "strategies",
    }  # fmt: skip
    assert all(one.description and one.output_schema for one in tools.values())
    assert tools["status"].annotations is not None
    assert tools["status"].annotations.read_only_hint is True
    assert "context" not in tools["solve"].input_schema["properties"]
    assert "branchwise://runs/{run_id}/tree" in templates


async def test_solve_reports_progress_and_answers(tmp_path: Path) -> None:
    told: list[tuple[float, str | None]] = []

    async def notice(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, message))

    async with in_memory(tmp_path / "s.sqlite") as client:
        reply = await client.call_tool("solve", ASKED, progress_callback=notice)
        found = reply.structured_content
        assert found is not None
        run = await called(client, "status", run_id=found["run_id"])
    assert found["answer"] == "Something nice, number 2."
    assert (found["verified_by"], found["status"], found["strategy"]) == ("model", "done", "best_of_n")
    assert found["tokens"] == run["tokens"] > 0
    assert any("samples" in (message or "") for _, message in told)
    numbers = [now for now, _ in told]
    assert numbers == sorted(set(numbers))


async def test_a_submitted_search_survives_the_server(tmp_path: Path) -> None:
    model, store = scripted(nice), tmp_path / "s.sqlite"
    async with in_memory(store, model, workers=0) as client:
        begun = await called(client, "submit", **ASKED, key="mine")
        assert begun["status"] == "queued"
    async with in_memory(store, model) as client:
        again = await called(client, "submit", **ASKED, key="mine")
        done = await until_over(client, begun["run_id"])
    calls = model.calls
    async with in_memory(store, model) as client:
        late = await called(client, "result", run_id=begun["run_id"])
        other = await refused(client, "submit", **{**ASKED, "problem": "Else?"}, key="mine")
    assert again["run_id"] == begun["run_id"]
    assert late == done
    assert done["answer"] == "Something nice, number 2."
    assert "another request" in other
    assert model.calls == calls > 0


async def test_a_search_with_a_key_is_done_once(tmp_path: Path) -> None:
    model = scripted(nice)
    async with in_memory(tmp_path / "s.sqlite", model) as client:
        first = await called(client, "solve", **ASKED, key="mine")
        calls = model.calls
        second = await called(client, "solve", **ASKED, key="mine")
    assert second == first
    assert model.calls == calls


async def test_a_run_is_explained_forked_and_read_as_resources(tmp_path: Path) -> None:
    async with in_memory(tmp_path / "s.sqlite") as client:
        run_id = (await called(client, "solve", **ASKED))["run_id"]
        why = await called(client, "explain", run_id=run_id)
        forked = await called(client, "fork", run_id=run_id, strategy="self_consistency", tokens=9000)
        answer = await until_over(client, forked["run_id"])
        listed = json.loads(await resource(client, "branchwise://runs"))["runs"]
        tree = json.loads(await resource(client, f"branchwise://runs/{run_id}/tree"))
        decided = json.loads(await resource(client, f"branchwise://runs/{run_id}/why"))["decisions"]
        state = json.loads(await resource(client, f"branchwise://runs/{run_id}"))
        best = max(tree["nodes"], key=lambda node: node["score"] or 0.0)["id"]
        said = await resource(client, f"branchwise://runs/{run_id}/node/{best}")
        for uri in ("branchwise://runs/nobody", f"branchwise://runs/{run_id}/node/9"):
            with pytest.raises(MCPError, match="There is no"):
                await client.read_resource(uri)
    assert {one["kind"] for one in why["decisions"]} == {one["kind"] for one in decided} != set()
    assert (forked["forked_from"], answer["status"]) == (run_id, "done")
    assert {one["run_id"] for one in listed} == {run_id, forked["run_id"]}
    assert said == "Something nice, number 2."
    assert state["status"] == "done"


async def test_a_question_is_answered(tmp_path: Path) -> None:
    from branchwise.graphs.runtime.submit import submit_workflow  # noqa: PLC0415

    store = tmp_path / "s.sqlite"
    async with in_memory(store, scripted(nice), workflows=(FLOW,)) as client:
        async with Store.opened(str(store)) as db:
            [run_id] = await submit_workflow(
                FLOW, [{"topic": "tea"}], model="scripted:script", queue="serve", store=db
            )
        async with asyncio.timeout(20):
            while (run := await called(client, "status", run_id=run_id))["status"] != "waiting":
                await asyncio.sleep(0.05)
        [question] = run["questions"]
        waits = await called(client, "result", run_id=run_id)
        await called(client, "answer", run_id=run_id, value=True, key=question["key"])
        done = await until_over(client, run_id)
        late = await refused(client, "answer", run_id=run_id, value=True)
    assert (waits["status"], waits["output"]) == ("waiting", None)
    assert done["output"]["sent"] is True
    assert "waits for no answer" in late


async def test_a_client_that_gives_up_stops_its_search(tmp_path: Path) -> None:
    model = scripted(nice, latency=60)
    async with in_memory(tmp_path / "s.sqlite", model) as client, asyncio.timeout(20):
        asking = asyncio.create_task(client.call_tool("solve", ASKED))
        while not model.calls:
            await asyncio.sleep(0.02)
        asking.cancel()
        async with Store.opened(str(tmp_path / "s.sqlite")) as db:
            while [run.status for run in await db.runs()] != ["cancelled"]:
                await asyncio.sleep(0.05)


async def test_a_queued_run_is_cancelled(tmp_path: Path) -> None:
    async with in_memory(tmp_path / "s.sqlite", workers=0) as client:
        run_id = (await called(client, "submit", **ASKED))["run_id"]
        cancelled = await called(client, "cancel", run_id=run_id)
        found = await called(client, "result", run_id=run_id)
    assert cancelled["status"] == found["status"] == "cancelled"


BAD: list[tuple[str, dict[str, Any]]] = [
    ("solve", {"problem": ""}),
    ("solve", {"problem": "x", "strategy": "os:system"}),
    ("solve", {"problem": "x", "task": "nothing"}),
    ("solve", {"problem": "x", "tokens": 0}),
    ("solve", {"problem": "x", "seconds": -1}),
    ("solve", {"problem": "x", "strategy": "best_of_n", "knobs": {"m": 2}}),
    ("submit", {"problem": "x" * 500_000}),
    ("solve", {}),
    ("status", {"run_id": "nobody"}),
    ("result", {"run_id": "x" * 10_000}),
    ("fork", {"run_id": "nobody"}),
    ("nothing", {}),
]


async def test_bad_input_is_told_before_a_token_is_spent(tmp_path: Path) -> None:
    model = scripted(nice)
    async with in_memory(tmp_path / "s.sqlite", model) as client:
        for tool, arguments in BAD:
            said = await refused(client, tool, **arguments)
            assert said, tool
            assert "Traceback" not in said
            assert len(said) < 5000
        async with Store.opened(str(tmp_path / "s.sqlite")) as db:
            assert await db.runs() == []
    assert model.calls == 0


async def test_the_strategies_are_those_of_the_folder(tmp_path: Path) -> None:
    async with in_memory(tmp_path / "s.sqlite") as client:
        listed = (await called(client, "strategies"))["strategies"]
    assert [one["name"] for one in listed] == list(strategies.names())
    assert next(one for one in listed if one["name"] == "best_of_n")["knobs"] == {"n": 5}
