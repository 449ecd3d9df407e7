"""/v1/runs: own workflows and searches, started, answered, cancelled, forked and followed over HTTP."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from branchwise.models.scripted import scripted
from tests.server.running import ONE, Client, nice, serving

FLOW = "tests.server.flows:graph"
MAIL = {"workflow": FLOW, "input": {"topic": "tea"}}


async def until(client: Client, run_id: str, *statuses: str) -> Any:
    async with asyncio.timeout(20):
        while True:
            run = (await client.get(f"/v1/runs/{run_id}")).body
            if run["status"] in statuses:
                return run
            await asyncio.sleep(0.05)


async def test_a_workflow_of_mine_asks_is_answered_and_ends(tmp_path: Path) -> None:
    async with serving(tmp_path / "s.sqlite", workflows=(FLOW,)) as client:
        started = await client.post("/v1/runs", MAIL)
        assert (started.status, started.body["status"]) == (202, "queued")
        run_id = started.body["id"]
        waiting = await until(client, run_id, "waiting")
        [question] = waiting["questions"]
        assert question["question"]["send?"].startswith("Something nice")
        answered = await client.post(f"/v1/runs/{run_id}/answer", {"value": True, "key": question["key"]})
        assert answered.status == 200
        done = await until(client, run_id, "done", "failed")
        assert done["result"]["output"]["sent"] is True
        assert done["usage"]["calls"] == 1
        late = await client.post(f"/v1/runs/{run_id}/answer", {"value": True})
        assert late.status == 400


async def test_a_run_in_the_background_survives_the_server(tmp_path: Path) -> None:
    model = scripted(nice)
    async with serving(tmp_path / "s.sqlite", model, workflows=(FLOW,), workers=0) as client:
        run_id = (await client.post("/v1/runs", MAIL)).body["id"]
    async with serving(tmp_path / "s.sqlite", model, workflows=(FLOW,)) as client:
        await until(client, run_id, "waiting")
    async with serving(tmp_path / "s.sqlite", model, workflows=(FLOW,)) as client:
        await client.post(f"/v1/runs/{run_id}/answer", {"value": False})
        done = await until(client, run_id, "done")
    assert done["result"]["output"]["sent"] is False
    assert model.calls == 1


async def test_only_the_workflows_that_the_server_names_can_be_started(tmp_path: Path) -> None:
    model = scripted(nice)
    async with serving(tmp_path / "s.sqlite", model, workflows=(FLOW,)) as client:
        for name in ("solve", "web", "os:system", "nothing"):
            reply = await client.post("/v1/runs", {"workflow": name, "input": {}})
            assert reply.status == 400, name
        wrong = await client.post("/v1/runs", {"workflow": FLOW, "input": {"topic": 3}})
        unknown = await client.post("/v1/runs", {**MAIL, "model": "other"})
        assert await client.serving.store.runs() == []
    assert (wrong.status, unknown.status, model.calls) == (400, 400, 0)


async def test_what_a_request_names_wrongly_is_said(tmp_path: Path) -> None:
    async with serving(tmp_path / "s.sqlite", workflows=()) as client:
        started = await client.post("/v1/runs", {"workflow": "solve", "input": {}})
        limits = [await client.get(f"/v1/runs?limit={limit}") for limit in ("abc", "-1", "0")]
        response = await client.get("/v1/responses/resp_nobody")
        strict = await client.chat(branchwise={"knobs": {"n": 2}, "strict": True})
    assert "branchwise serve --workflow" in started.body["error"]["message"]
    assert [one.status for one in (started, *limits, response, strict)] == [400, 400, 400, 400, 404, 422]
    assert all("`limit` is a whole number from 1" in one.body["error"]["message"] for one in limits)
    assert "There is no response `resp_nobody`" in response.body["error"]["message"]
    assert "as `strict` asks for" in strict.body["error"]["message"]


async def test_a_search_is_shown_forked_followed_and_cancelled(tmp_path: Path) -> None:
    async with serving(tmp_path / "s.sqlite") as client:
        reply = await client.chat(**ONE)
        run_id = reply.body["branchwise"]["run_id"]
        shown = (await client.get(f"/v1/runs/{run_id}")).body
        assert (shown["status"], shown["strategy"]) == ("done", "best_of_n")
        assert shown["usage"]["completion_tokens"] == reply.body["usage"]["completion_tokens"]
        forked = await client.post(f"/v1/runs/{run_id}/fork", {"strategy": "self_consistency"})
        assert (forked.status, forked.body["forked_from"]) == (202, run_id)
        await until(client, forked.body["id"], "done")
        async with client.session.get(f"{client.url}/v1/runs/{run_id}/events") as events:
            told = (await events.read()).decode()
        assert "event: created" in told
        assert "event: finished" in told
        other = await client.post(f"/v1/runs/{run_id}/fork", {"strategy": "os:system"})
        missing = await client.post(f"/v1/runs/{run_id}/fork", {"at": "0.9.9"})
        steered = await client.post(f"/v1/runs/{run_id}/fork", {"input": {"problem": "x"}})
        over = await client.post(f"/v1/runs/{run_id}/cancel", {})
        nobody = await client.get("/v1/runs/nobody")
        listed = (await client.get("/v1/runs?limit=1")).body["data"]
        odd = await client.get("/v1/runs?status=odd")
    assert [one.status for one in (other, missing, steered, odd)] == [400, 404, 400, 400]
    assert (over.body["status"], nobody.status, len(listed)) == ("done", 404, 1)


async def test_a_queued_run_can_be_cancelled(tmp_path: Path) -> None:
    async with serving(tmp_path / "s.sqlite", workflows=(FLOW,), workers=0) as client:
        run_id = (await client.post("/v1/runs", MAIL)).body["id"]
        cancelled = await client.post(f"/v1/runs/{run_id}/cancel", {})
    assert cancelled.body["status"] == "cancelled"
