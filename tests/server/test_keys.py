"""API keys: who may call, for how much, and whose a run is."""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from branchwise.cli.app import app
from branchwise.models.scripted import scripted
from branchwise.server.key_options import limits_of
from branchwise.store import api_keys, charges
from branchwise.store.charges import KeyLimits
from branchwise.store.database import key_tables
from branchwise.store.database.database import Database
from branchwise.store.errors import BadInput, BudgetSpent
from branchwise.store.store import Store
from tests.server.running import ONE, a_key, nice, serving
from tests.store.conftest import store, url

__all__ = ["store", "url"]


async def test_with_a_key_in_the_store_every_request_needs_one(tmp_path: Path) -> None:
    model = scripted(nice)
    async with serving(tmp_path / "s.sqlite", model) as client:
        assert (await client.chat()).status == 200
        calls = model.calls
        key_id, header = await a_key(client.serving.store)
        assert (await client.chat(header)).status == 200
        wrong = [
            {},
            {"Authorization": "Bearer bw-wrong"},
            {"Authorization": "Bearer sk-x"},
            {"X-Api-Key": "x"},
        ]
        for other in wrong:
            reply = await client.chat(other)
            assert (reply.status, reply.body["error"]["code"]) == (401, "invalid_api_key")
        for path in ("/v1/models", "/v1/runs"):
            assert (await client.get(path)).status == 401
        assert (await client.get("/health")).status == 200
        await client.serving.store.database.awrite(lambda c: api_keys.revoke(c, key_id))
        _, other_header = await a_key(client.serving.store)
        assert (await client.chat(header)).status == 401
        assert (await client.chat(other_header)).status == 200
    assert model.calls == 3 * calls


async def test_a_key_that_has_expired_opens_nothing(tmp_path: Path) -> None:
    async with serving(tmp_path / "s.sqlite") as client:
        db, secret = client.serving.store, api_keys.new_secret()
        await db.database.awrite(
            lambda c: api_keys.add(c, "short", secret, label="short", limits={}, seconds=-1.0)
        )
        await a_key(db)
        assert (await client.chat({"Authorization": f"Bearer {secret}"})).status == 401


@pytest.mark.parametrize("seconds", [None, -1.0], ids=["revoked", "expired"])
async def test_without_its_only_key_a_server_stays_closed(tmp_path: Path, seconds: float | None) -> None:
    model, secret = scripted(nice), api_keys.new_secret()
    async with serving(tmp_path / "s.sqlite", model) as client:
        database = client.serving.store.database
        await database.awrite(
            lambda c: api_keys.add(c, "only", secret, label="only", limits={}, seconds=seconds)
        )
        if seconds is None:
            await database.awrite(lambda c: api_keys.revoke(c, "only"))
        assert not await database.aread(api_keys.any_valid)
        for header in ({}, {"Authorization": f"Bearer {secret}"}, {"Authorization": "Bearer sk-x"}):
            reply = await client.chat(header)
            assert (reply.status, reply.body["error"]["code"]) == (401, "invalid_api_key")
            assert (await client.get("/v1/runs", header)).status == 401
    assert model.calls == 0


async def test_only_a_hash_is_stored(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    async with serving(path) as client:
        _, header = await a_key(client.serving.store)
        await client.chat(header)
    written = b"".join(file.read_bytes() for file in tmp_path.iterdir())  # noqa: ASYNC240 - the server has ended
    assert header["Authorization"].removeprefix("Bearer ").encode() not in written


@pytest.mark.parametrize("stream", [False, True])
async def test_limits_of_a_key(tmp_path: Path, stream: bool) -> None:
    model = scripted(nice, latency=0.2)
    async with serving(tmp_path / "s.sqlite", model) as client:
        db = client.serving.store
        cases: list[tuple[dict[str, Any], int, str]] = [
            ({"models": ["branchwise/auto"]}, 403, "model_not_allowed"),
            ({"tokens": 1}, 429, "insufficient_quota"),
            ({"runs_at_once": 1}, 429, "rate_limit_exceeded"),
            ({"requests_per_minute": 1}, 429, "rate_limit_exceeded"),
            (
                {"tokens": 300},
                429,
                "rate_limit_exceeded",
            ),  # the first reserves them all, and may not spend them
        ]
        for limits, status, code in cases:
            _, header = await a_key(db, **limits)
            many = [asyncio.create_task(client.chat(header, stream=False, **ONE)) for _ in range(3)]
            replies = [await one for one in many]
            refused = [reply for reply in replies if reply.status == status]
            assert refused, (limits, [reply.body for reply in replies])
            assert {reply.body["error"]["code"] for reply in refused} == {code}
            again = {reply.headers["x-should-retry"] for reply in refused}
            assert again == ({"true"} if code == "rate_limit_exceeded" else {"false"})


async def test_a_run_gets_what_is_left_and_no_more_than_its_key_allows(tmp_path: Path) -> None:
    async with serving(tmp_path / "s.sqlite") as client:
        _, header = await a_key(client.serving.store, tokens=10_000, tokens_per_run=700)
        first = await client.chat(header, **ONE)
        run = await client.serving.store.run(first.body["branchwise"]["run_id"])
    assert isinstance(run.spec, dict)
    assert run.spec["budget"]["tokens"] == 700


async def test_a_fork_gets_no_more_than_its_key_allows(tmp_path: Path) -> None:
    async with serving(tmp_path / "s.sqlite", workers=0) as client:
        db = client.serving.store
        _, header = await a_key(db, tokens=10_000, cost=2.0, tokens_per_run=7_000)
        first = await client.chat(header, **ONE)
        run_id = first.body["branchwise"]["run_id"]
        asked = {"budget": {"tokens": 9_000}}  # which names no cost
        forked = await client.post(f"/v1/runs/{run_id}/fork", asked, header)
        again = await client.post(f"/v1/runs/{run_id}/fork", asked, header)
        stored = await db.run(forked.body["id"])
    assert forked.body["budget"] == {"tokens": 7_000, "cost": 2.0}
    # All dollars are reserved; the first fork may leave some.
    assert (again.status, again.body["error"]["code"]) == (429, "rate_limit_exceeded")
    assert isinstance(stored.spec, dict)
    assert (stored.spec["budget"]["tokens"], stored.spec["budget"]["cost"]) == (7_000, 2.0)
    assert stored.spec["problem"]


@pytest.mark.timeout(120)
async def test_100_requests_at_once_never_exceed_two_keys_limits(tmp_path: Path) -> None:
    rng = random.Random(5)
    async with serving(tmp_path / "s.sqlite", scripted(nice, latency=0.01), max_runs=32) as client:
        db = client.serving.store
        limits = {"first": 2_000, "second": 4_000}
        keys = {name: await a_key(db, tokens=limit) for name, limit in limits.items()}
        asked = [rng.choice(list(keys)) for _ in range(100)]
        body: dict[str, Any] = {
            "branchwise": {"strategy": "best_of_n", "knobs": {"n": 2}, "budget": {"tokens": 800}}
        }
        replies = await asyncio.gather(*(client.chat(keys[name][1], **body) for name in asked))
        spent = {}
        for name, (key_id, _) in keys.items():
            usages = [await db.usage(run.id) for run in await db.runs(api_key=key_id)]
            spent[name] = sum(usage.tokens for usage in usages)
    statuses = {reply.status for reply in replies}
    assert statuses <= {200, 422, 429}
    assert {200, 429} <= statuses
    for name, limit in limits.items():
        assert 0 < spent[name] <= limit


async def test_what_a_run_did_not_spend_is_free_again(tmp_path: Path) -> None:
    async with serving(tmp_path / "s.sqlite") as client:
        key_id, header = await a_key(client.serving.store, tokens=5_000)
        reply = await client.chat(header, branchwise={"budget": {"tokens": 5_000}}, model="best_of_n")
        used = reply.body["usage"]["total_tokens"]
        limits = KeyLimits(tokens=5_000)
        spent = await client.serving.store.database.aread(lambda c: charges.spent(c, key_id, limits))
    assert reply.status == 200
    assert spent == (used, 0.0)
    assert reply.headers["x-ratelimit-remaining-tokens"] == str(5_000 - used)


async def test_two_servers_share_a_run_and_its_charge(tmp_path: Path) -> None:
    path, key = tmp_path / "s.sqlite", {"Idempotency-Key": "once"}
    model, other = scripted(nice, latency=0.5), scripted(nice)
    async with serving(path, model) as one, serving(path, other) as two:
        key_id, header = await a_key(one.serving.store, tokens=10_000)
        asked = {"branchwise": {**ONE["branchwise"], "budget": {"tokens": 6_000}}}
        first = asyncio.create_task(one.chat(header | key, **asked))
        while not model.calls:
            await asyncio.sleep(0.01)
        gone = asyncio.create_task(two.chat(header | key, **asked))
        await asyncio.sleep(0.1)
        gone.cancel()
        while len(two.serving.live_runs):
            await asyncio.sleep(0.01)
        limits = KeyLimits(tokens=10_000)
        held = await two.serving.store.database.aread(lambda c: charges.spent(c, key_id, limits))
        second = await two.chat(header | key, **asked)
        reply = await first
        spent = await two.serving.store.database.aread(lambda c: charges.spent(c, key_id, limits))
    assert held[0] == 6_000
    assert (reply.status, second.status) == (200, 200)
    assert second.body["id"] == reply.body["id"]
    assert second.body["choices"] == reply.body["choices"]
    assert other.calls == 0
    assert spent[0] == reply.body["usage"]["total_tokens"]


async def test_a_key_sees_its_own_runs_only(tmp_path: Path) -> None:
    async with serving(tmp_path / "s.sqlite") as client:
        mine, other = [(await a_key(client.serving.store))[1] for _ in range(2)]
        key = {"Idempotency-Key": "the same"}
        run_id = (await client.chat(mine | key, **ONE)).body["branchwise"]["run_id"]
        theirs = (await client.chat(other | key, **ONE)).body["branchwise"]["run_id"]
        assert run_id != theirs
        assert [run["id"] for run in (await client.get("/v1/runs", mine)).body["data"]] == [run_id]
        assert (await client.get(f"/v1/runs/{run_id}", mine)).status == 200
        for path in (f"/v1/runs/{run_id}", f"/v1/runs/{run_id}/events", f"/v1/responses/resp_{run_id}"):
            assert (await client.get(path, other)).status == 404
        for verb, body in {"cancel": {}, "fork": {}, "answer": {"value": 1}}.items():
            assert (await client.post(f"/v1/runs/{run_id}/{verb}", body, other)).status == 404
        later = {"input": "x", "previous_response_id": f"resp_{run_id}"}
        assert (await client.post("/v1/responses", later, other)).status == 404
        part = (await client.get(f"/v1/runs/{run_id[:-4]}", mine)).status
        assert part == 404  # a part of an id would tell of others' runs


async def test_whatever_keys_do_each_sees_its_own_runs(tmp_path: Path) -> None:
    rng, owned = random.Random(11), {number: set[str]() for number in range(3)}
    async with serving(tmp_path / "s.sqlite", workers=0) as client:
        keys = [(await a_key(client.serving.store))[1] for _ in owned]
        for _ in range(16):
            me = rng.choice(list(owned))
            known = sorted(owned[me])
            deed = rng.choice(["chat", "response", "background", "fork"] if known else ["chat"])
            once = {"Idempotency-Key": str(rng.randrange(4))} if rng.random() < 0.5 else {}
            if deed == "chat":
                reply = await client.chat(keys[me] | once, **FEW)
                made = reply.headers["x-branchwise-run"]
            elif deed == "fork":
                reply = await client.post(f"/v1/runs/{rng.choice(known)}/fork", {}, keys[me])
                made = reply.body["id"]
            else:
                asked = {"input": "x", "background": deed == "background", **FEW}
                reply = await client.post("/v1/responses", asked, keys[me])
                made = reply.body["id"].removeprefix("resp_")
            assert reply.status in {200, 202}, reply.body
            owned[me].add(made)
        every = set().union(*owned.values())
        assert len(every) == sum(map(len, owned.values()))
        for me, mine in owned.items():
            listed = (await client.get("/v1/runs?limit=200", keys[me])).body["data"]
            assert {run["id"] for run in listed} == mine
            for run_id in every:
                status = (await client.get(f"/v1/runs/{run_id}", keys[me])).status
                assert status == (200 if run_id in mine else 404)


FEW: dict[str, Any] = {"branchwise": {"strategy": "best_of_n", "knobs": {"n": 1}}}


async def test_what_is_not_stored_leaves_no_text(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    said = [{"role": "user", "content": "My secret is Rumpelstilzchen."}]

    def echoes(request: Any, seed: int) -> str:
        return f"{nice(request, seed)} Rumpelstilzchen!"

    async with serving(path, scripted(echoes)) as client:
        reply = await client.chat(messages=said, store=False, metadata={"who": "Rumpelstilzchen"}, **ONE)
        await client.stream(messages=said, store=False, **ONE)
        while len(client.serving.live_runs):
            await asyncio.sleep(0.01)
        run_id = reply.body["branchwise"]["run_id"]
        kept = await client.serving.store.usage(run_id)
        key = await client.chat({"Idempotency-Key": "x"}, store=False)
    texts = await _everything(path)
    assert reply.status == 200
    assert "Rumpelstilzchen" not in texts
    assert kept.completion_tokens == reply.body["usage"]["completion_tokens"]
    assert key.status == 400


async def test_what_is_not_stored_leaves_no_text_when_the_server_ends(tmp_path: Path) -> None:
    path, model = tmp_path / "s.sqlite", scripted(lambda request, seed: "Rumpelstilzchen!", latency=0.3)
    said = [{"role": "user", "content": "My secret is Rumpelstilzchen."}]
    steps = {"branchwise": {"strategy": "sequential_revision"}}
    async with serving(path, model) as client:
        asking = asyncio.create_task(client.chat(messages=said, store=False, **steps))
        while model.calls < 2:
            await asyncio.sleep(0.02)
        await client.serving.live_runs.close()
        reply = await asking
    assert (reply.status, reply.headers["x-should-retry"]) == (503, "true")
    texts = await _everything(path)
    assert "cancelled" in texts
    assert "Rumpelstilzchen" not in texts


async def _everything(path: Path) -> str:
    """All that the tables hold."""
    async with Store.opened(str(path)) as db:
        rows = await db.database.aread(
            lambda c: [
                list(map(str, row)) for name in TABLES for row in c.exec_driver_sql(f"SELECT * FROM {name}")
            ]
        )
    return json.dumps(rows)


TABLES = (
    "runs",
    "calls",
    "nodes",
    "texts",
    "verdicts",
    "decisions",
    "run_events",
    "lg_checkpoints",
    "lg_blobs",
)


def reserving(run_id: str, limits: KeyLimits, tokens: int) -> Callable[[sa.Connection], charges.Reserved]:
    return lambda c: charges.reserve(c, "k", run_id, limits, tokens=tokens, cost=None)


def _settled(run_id: str, connection: sa.Connection) -> None:
    charges.settle(connection, run_id)


@given(
    asks=st.lists(st.tuples(st.integers(1, 500), st.integers(0, 500), st.booleans()), max_size=20),
    limit=st.integers(1, 1_000),
)
@settings(max_examples=25, deadline=None)
def test_reservations_never_exceed_a_limit(asks: list[tuple[int, int, bool]], limit: int) -> None:
    database = Database.open("sqlite://")
    try:
        database.write(lambda c: api_keys.add(c, "k", api_keys.new_secret(), label="", limits={}))
        limits = KeyLimits(tokens=limit)
        held = 0
        for number, (tokens, _, ends) in enumerate(asks):
            run_id = f"run-{number}"
            try:
                got = database.write(reserving(run_id, limits, tokens))
            except BudgetSpent:
                assert held >= limit
                continue
            assert got.tokens is not None
            assert got.tokens == min(tokens, limit - held)
            held += got.tokens
            if ends:
                database.write(partial(_settled, run_id))
                held -= got.tokens
            assert held <= limit
            assert database.read(lambda c: charges.spent(c, "k", limits))[0] == held
    finally:
        database.close()


async def test_what_others_hold_may_be_free_again_and_what_is_spent_is_not(store: Store) -> None:
    limits = KeyLimits(tokens=100)
    key_id, _ = await a_key(store)

    def reserve(run_id: str, tokens: int, *, least: int | None = 1) -> Any:
        asked = partial(charges.reserve, key_id=key_id, run_id=run_id, limits=limits, cost=None, least=least)
        return store.database.awrite(lambda c: asked(c, tokens=tokens))

    await reserve("a", 100)
    for least in (1, None):
        with pytest.raises(charges.TooMany, match="in progress"):
            await reserve("b", 40, least=least)
    with pytest.raises(charges.KeySpent):
        await reserve("b", 101, least=None)  # more than there will ever be
    table = key_tables.charges
    await store.database.awrite(lambda c: c.execute(sa.update(table).values(settled=1, tokens=90)))
    with pytest.raises(charges.KeySpent):
        await reserve("b", 40, least=None)
    assert (await reserve("b", 40)).tokens == 10
    await store.database.awrite(lambda c: c.execute(sa.update(table).values(settled=1)))
    with pytest.raises(charges.KeySpent):
        await reserve("c", 1)


async def test_charges_on_every_database(store: Store) -> None:
    limits = KeyLimits(tokens=100, cost=2.0, window=60.0, requests_per_minute=3, runs_at_once=2)
    key_id, _ = await a_key(store)

    def reserve(run_id: str, **more: Any) -> Any:
        asked = {"tokens": 40, "cost": None, **more}
        return store.database.awrite(lambda c: charges.reserve(c, key_id, run_id, limits, **asked))

    first = await reserve("a")
    assert (first.tokens, first.cost) == (40, 2.0)
    with pytest.raises(BudgetSpent, match="cost"):
        await reserve("b")
    await store.database.awrite(lambda c: charges.settle(c, "a"))
    second = await reserve("b", cost=0.5, tokens=1_000)
    assert (second.tokens, second.cost) == (100, 0.5)
    with pytest.raises(BudgetSpent, match="tokens"):
        await reserve("a", least=None)
    await store.database.awrite(lambda c: charges.settle(c, "b"))
    await reserve("c", cost=0.1)
    with pytest.raises(BudgetSpent, match="requests a minute"):
        await reserve("d")
    found = await store.database.aread(api_keys.listed)
    assert [one.id for one in found] == [key_id]


async def test_what_a_queued_run_reserved_is_kept(store: Store) -> None:
    limits = KeyLimits(tokens=100)
    key_id, _ = await a_key(store)
    row = store.describe(task="chat", strategy="auto", model="m", seed=0, spec={}, id="q", queue="serve")
    [run] = await store.create_runs([row])

    async def held() -> int:
        return (await store.database.aread(lambda c: charges.spent(c, key_id, limits)))[0]

    reserved = partial(charges.reserve, key_id=key_id, run_id=run.id, limits=limits, tokens=40, cost=None)
    await store.database.awrite(reserved)
    for dead in (False, True):  # a late report that the run waits, or another answer to it
        await store.database.awrite(lambda c, dead=dead: charges.settle(c, run.id, dead=dead))  # type: ignore[misc]
        assert await held() == 40
    await store.cancel(run.id)
    await store.database.awrite(lambda c: charges.settle(c, run.id))
    assert await held() == 0


@pytest.mark.parametrize("limits", [{"tokens": 0}, {"token": 1}, {"window": "week"}, {"cost": float("inf")}])
def test_limits_that_cannot_be_used(limits: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        limits_of(limits)


def test_keys_on_the_command_line(tmp_path: Path) -> None:
    at = ["--store", str(tmp_path / "s.sqlite")]
    runner = CliRunner()
    made = runner.invoke(
        app, ["keys", "add", "team a", "--tokens", "1000", "--model", "branchwise/*", "--json", *at]
    )
    key = json.loads(made.stdout)
    assert key["key"].startswith("bw-")
    assert key["limits"] == {"tokens": 1000, "window": "day", "models": ["branchwise/*"]}
    listed = runner.invoke(app, ["keys", "list", "--json", *at])
    assert key["key"] not in listed.stdout
    assert [one["label"] for one in json.loads(listed.stdout)] == ["team a"]
    shown = runner.invoke(app, ["keys", "list", *at]).stdout
    assert "valid  team a: 0 tokens" in shown
    assert "tokens 1000, window day, models branchwise/*" in shown
    assert runner.invoke(app, ["keys", "revoke", key["id"], *at]).exit_code == 0
    assert "not valid" in runner.invoke(app, ["keys", "list", *at]).stdout
    assert runner.invoke(app, ["keys", "revoke", "nobody", *at]).exit_code == 2
    assert runner.invoke(app, ["keys", "add", "x", "--window", "week", *at]).exit_code == 2


def test_other_machines_need_keys(tmp_path: Path) -> None:
    at = ["--store", str(tmp_path / "s.sqlite"), "--model", "uniform"]
    refused = CliRunner().invoke(app, ["serve", "--host", "0.0.0.0", *at])
    assert refused.exit_code == 2
    assert "branchwise keys add" in refused.output


def test_keys_are_managed_where_the_server_is_not_installed() -> None:
    hidden = (
        "import sys; sys.modules['starlette'] = None; sys.argv[1:] = ['keys', 'list', '--store', 'sqlite://']"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"{hidden}; from branchwise.cli import main; main()"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
