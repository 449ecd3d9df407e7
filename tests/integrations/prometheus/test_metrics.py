"""Metrics: names, exact sums, no runs in labels, and a dashboard of names that exist."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from branchwise.models.protocol import SampleRequest
from branchwise.models.scripted import scripted
from branchwise.store.store import Store
from tests.server.running import HELLO, ONE, Client, a_key, is_judging, nice, serving

ROOT = Path(__file__).parents[3]
DASHBOARD = ROOT / "examples/grafana/branchwise.json"


def read(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """The samples of a scrape by name and labels."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def scraped(client: Client, headers: Mapping[str, str] | None = None, *, ended: bool = True) -> str:
    """What the server says, by default once its runs have ended: a run is counted just after its reply."""
    async with asyncio.timeout(20):
        while ended and len(client.serving.live_runs):
            await asyncio.sleep(0.01)
    async with client.session.get(f"{client.url}/metrics", headers=headers) as reply:
        assert reply.status == 200
        return await reply.text()


def total(found: Mapping[tuple[str, frozenset[tuple[str, str]]], float], name: str, **labels: str) -> float:
    return sum(
        value
        for (one, given), value in found.items()
        if one == name and labels.items() <= dict(given).items()
    )


async def test_the_sums_are_those_of_the_bill_and_no_label_holds_a_run(tmp_path: Path) -> None:
    async with serving(tmp_path / "s.sqlite") as client:
        replies = [await client.chat({"Idempotency-Key": key}, **ONE) for key in ("a", "b", "a")]
        missing = await client.post("/v1/chat/completions", {"model": "nobody", "messages": HELLO})
        text = await scraped(client)
        runs = await client.serving.store.runs()
        bills = [await client.serving.store.usage(run.id) for run in runs]
    found = read(text)
    ended = {"task": "chat", "strategy": "best_of_n", "status": "done", "verified_by": "model"}
    assert (len(runs), missing.status) == (2, 404)
    assert total(found, "branchwise_runs_total", **ended) == total(found, "branchwise_runs_total") == 2
    assert total(found, "branchwise_run_seconds_count") == 2
    assert total(found, "branchwise_calls_total", state="done") == sum(bill.calls for bill in bills) > 0
    for kind, of in (("read", "prompt_tokens"), ("written", "completion_tokens")):
        assert total(found, "branchwise_tokens_total", kind=kind) == sum(getattr(bill, of) for bill in bills)
    route = "/v1/chat/completions"
    assert total(found, "branchwise_http_requests_total", route=route, code="200") == 3
    assert total(found, "branchwise_http_requests_total", route=route, code="404") == 1
    assert not [run.id for run in runs if run.id in text]
    assert replies[0].body["id"].removeprefix("chatcmpl-") in {run.id for run in runs}


async def test_queues_and_calls_in_flight_are_read_from_the_store(tmp_path: Path) -> None:
    model = scripted(nice, latency=60)
    async with serving(tmp_path / "s.sqlite", model, workers=0) as client:
        for _ in range(2):
            await client.post("/v1/responses", {"input": "Later.", "background": True, **ONE})
        asking = asyncio.create_task(client.chat(**ONE))
        async with asyncio.timeout(20):
            while not model.calls:
                await asyncio.sleep(0.02)
        found = read(await scraped(client, ended=False))
        asking.cancel()
    assert total(found, "branchwise_queue_depth", queue="serve") == 2
    assert total(found, "branchwise_queue_oldest_seconds", queue="serve") >= 0
    assert total(found, "branchwise_requests_in_flight", model=model.name) == 1
    assert total(found, "branchwise_runs_running") == 1


async def test_judgements_without_a_score_are_counted(tmp_path: Path) -> None:
    def unclear(request: SampleRequest, seed: int) -> str:
        return "I cannot say." if is_judging(request) else nice(request, seed)

    async with serving(tmp_path / "s.sqlite", scripted(unclear)) as client:
        await client.chat(**ONE)
        found = read(await scraped(client))
    assert total(found, "branchwise_judge_unparsed_total") == 4


async def test_a_key_sees_what_it_has_left_and_no_other_key(tmp_path: Path) -> None:
    async with serving(tmp_path / "s.sqlite") as client:
        (mine, header), (_, _) = (
            await a_key(client.serving.store, tokens=900),
            await a_key(client.serving.store, tokens=1),
        )
        async with client.session.get(f"{client.url}/metrics") as reply:
            assert reply.status == 401
        found = read(await scraped(client, header))
    left = {
        labels: value for (name, labels), value in found.items() if name == "branchwise_key_tokens_remaining"
    }
    assert left == {frozenset({("key", mine)}): 900}


def test_a_worker_serves_its_own(tmp_path: Path) -> None:
    store = ["--store", str(tmp_path / "s.sqlite")]
    problem = '{"problem": "1 2 3 4", "task": "game24", "strategy": "best_of_n"}\n'
    (tmp_path / "p.jsonl").write_text(3 * problem, encoding="utf-8")
    command = [sys.executable, "-m", "branchwise"]
    asked = ["submit", str(tmp_path / "p.jsonl"), "--model", "uniform", *store]
    subprocess.run([*command, *asked], check=True, capture_output=True)
    worker = [*command, "worker", "--metrics-port", "0", *store]
    with subprocess.Popen(worker, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        url = next(said[0] for line in process.stderr if (said := re.search(r"http://\S+/metrics", line)))
        end = time.monotonic() + 60
        # The gauges of queues are read at most once a second.
        while total(found := fetched(url), "branchwise_runs_total") < 3 or total(
            found, "branchwise_queue_depth"
        ):
            assert time.monotonic() < end
            time.sleep(0.2)
        process.terminate()
        process.communicate(timeout=30)
        assert process.returncode == 0
    assert total(found, "branchwise_runs_total", task="game24", status="done") == 3
    assert total(found, "branchwise_queue_depth") == 0
    assert total(found, "branchwise_calls_total", state="done") == asyncio.run(calls_of(store[1]))


async def calls_of(store: str) -> int:
    async with Store.opened(store) as db:
        return sum([(await db.usage(run.id)).calls for run in await db.runs()])


def fetched(url: str) -> dict[Any, float]:
    with urllib.request.urlopen(url) as reply:
        return read(reply.read().decode())


async def test_the_dashboard_draws_metrics_that_exist(tmp_path: Path) -> None:
    async with serving(tmp_path / "s.sqlite") as client:
        _, header = await a_key(client.serving.store, tokens=900)
        text = await scraped(client, header)
    names = {family.name for family in text_string_to_metric_families(text)}
    there = {name for name in names if not name.endswith("_created")}
    dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    drawn = {
        re.sub("_(total|bucket)$", "", name)
        for panel in dashboard["panels"]
        for target in panel["targets"]
        for name in re.findall(r"branchwise_\w+", target["expr"])
    }
    assert drawn == there
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
