"""Keys whose window is nearly used up: refused before a token is spent, with the time until there is more."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from branchwise.graphs.search.least import least_tokens
from branchwise.models.scripted import scripted
from branchwise.server.choice import Defaults, search_request
from branchwise.server.wire import ChatBody
from branchwise.store.database.key_tables import charges
from branchwise.store.store import Store
from tests.server.running import HELLO, ONE, a_key, nice, serving


def least_of(**fields: Any) -> int:
    _, spec = search_request(ChatBody(messages=HELLO, **fields), {}, Defaults(model="m"), {})
    return least_tokens(spec)


async def charge(db: Store, key_id: str, **ago: tuple[float, int]) -> None:
    """Charge finished runs to a key: seconds ago, and tokens."""
    now = time.time()
    rows = [
        {"run_id": name, "api_key": key_id, "at": now - since, "tokens": tokens, "cost": 0.0, "settled": 1}
        for name, (since, tokens) in ago.items()
    ]
    await db.database.awrite(lambda c: c.execute(sa.insert(charges), rows))


async def test_too_little_for_a_sample_is_refused_with_the_time_until_there_is_more(tmp_path: Path) -> None:
    model, least = scripted(nice), least_of()
    asked: dict[str, Any] = {"messages": HELLO, "input": "Say something nice."}
    async with serving(tmp_path / "s.sqlite", model) as client:
        db = client.serving.store
        key_id, header = await a_key(db, tokens=1_000)
        _, too_small = await a_key(db, tokens=least - 1)
        await charge(db, key_id, old=(86_000.0, 100), middle=(50_000.0, 300), new=(10.0, 580))
        later = [
            await client.post("/v1/chat/completions", asked, header),
            await client.post("/v1/chat/completions", {**asked, "stream": True}, header),
            await client.post("/v1/responses", asked, header),
            await client.post("/v1/responses", {**asked, "background": True}, header),
        ]
        never = await client.chat(too_small, **ONE)
        listed = await client.get("/v1/runs", header)
    assert 32 < least < 100
    assert model.calls == 0
    assert listed.body["data"] == []
    for reply in (*later, never):
        assert (reply.status, reply.body["error"]["code"]) == (429, "insufficient_quota")
        assert reply.headers["x-should-retry"] == "false"
    for reply in later:
        assert 380 < int(reply.headers["Retry-After"]) <= 400  # then the oldest charge is a day old
        assert 380_000 < int(reply.headers["retry-after-ms"]) <= 400_000
    assert f"20 of 1,000 left, and the run needs {least}; enough" in later[0].body["error"]["message"]
    assert "Retry-After" not in never.headers


async def test_what_is_left_is_used_where_it_is_enough_for_a_sample(tmp_path: Path) -> None:
    short, least = {"max_tokens": 4}, least_of(max_tokens=4)
    async with serving(tmp_path / "s.sqlite") as client:
        db = client.serving.store
        key_id, header = await a_key(db, tokens=1_000)
        await charge(db, key_id, new=(10.0, 1_000 - least))
        reply = await client.chat(header, **short, **ONE)
        # A budget that is less than a sample needs is the request's own fault, and waiting does not help.
        own = await client.chat(header, branchwise={"budget": {"tokens": 3}})
    assert reply.status == 200
    assert reply.body["choices"][0]["message"]["content"].startswith("Something nice")
    assert (own.status, own.body["error"]["code"]) == (422, "no_answer")


async def test_a_rate_is_refused_with_the_time_until_the_next_request(tmp_path: Path) -> None:
    async with serving(tmp_path / "s.sqlite") as client:
        key_id, header = await a_key(client.serving.store, requests_per_minute=2)
        await charge(client.serving.store, key_id, a=(50.0, 1), b=(20.0, 1), c=(100.0, 1))
        refused = await client.chat(header, **ONE)
    assert (refused.status, refused.body["error"]["code"]) == (429, "rate_limit_exceeded")
    assert refused.headers["x-should-retry"] == "true"
    assert 5 < int(refused.headers["Retry-After"]) <= 10
