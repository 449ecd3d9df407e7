"""A server on loopback, in the test's own event loop, and the little client of the tests."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from starlette.applications import Starlette

from branchwise.models.protocol import Model, SampleRequest
from branchwise.models.scripted import scripted
from branchwise.server.app import Mounted, application
from branchwise.server.choice import Defaults
from branchwise.server.key_options import limits_of
from branchwise.server.listen import listening
from branchwise.server.serving import ServerSettings, Serving
from branchwise.store import api_keys
from branchwise.store.runs import new_id
from branchwise.store.store import Store

HELLO: list[dict[str, Any]] = [{"role": "user", "content": "Say something nice."}]
ONE: dict[str, Any] = {"branchwise": {"strategy": "best_of_n", "knobs": {"n": 4}}}


def is_judging(request: SampleRequest) -> bool:
    return '"Score: "' in request.messages[-1].content


def nice(request: SampleRequest, seed: int) -> str:
    """A different answer a seed; the third is the best."""
    if is_judging(request):
        return f"Fine.\nScore: {90 if 'number 2' in request.messages[-1].content else 10}"
    return f"Something nice, number {seed % 4}."


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Client:
    url: str
    app: Starlette
    session: aiohttp.ClientSession

    @property
    def serving(self) -> Serving:
        found: Serving = self.app.state.serving
        return found

    async def post(self, path: str, body: Any, headers: Mapping[str, str] | None = None) -> Answer:
        sent = io.BytesIO(body if isinstance(body, bytes) else json.dumps(body).encode())
        with_type = {"content-type": "application/json", **(headers or {})}
        async with self.session.post(f"{self.url}{path}", data=sent, headers=with_type) as reply:
            return Answer(status=reply.status, headers=dict(reply.headers), body=await reply.json())

    async def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        async with self.session.get(f"{self.url}{path}", headers=headers) as reply:
            return Answer(status=reply.status, headers=dict(reply.headers), body=await reply.json())

    async def chat(self, headers: Mapping[str, str] | None = None, **fields: Any) -> Answer:
        body = {"model": "branchwise/best_of_n", "messages": HELLO, **fields}
        return await self.post("/v1/chat/completions", body, headers)

    async def stream(self, headers: Mapping[str, str] | None = None, **fields: Any) -> list[str]:
        """The events and comments of a stream, without the empty lines."""
        body = {"model": "branchwise/best_of_n", "messages": HELLO, "stream": True, **fields}
        url = f"{self.url}/v1/chat/completions"
        async with self.session.post(url, json=body, headers=headers) as reply:
            assert reply.status == 200, await reply.text()
            return [line for line in (await reply.text()).split("\n\n") if line]


@asynccontextmanager
async def serving(
    store: Path | str,
    engine: Model | None = None,
    *,
    defaults: Mapping[str, Any] | None = None,
    mcp: Mounted | None = None,
    **settings: Any,
) -> AsyncIterator[Client]:
    """Serve a model, by default one that says something nice."""
    mine = engine
    if mine is None and "model" not in (defaults or {}):
        mine = scripted(nice)
    named = {"model": mine.name if mine else "", **(defaults or {})}
    app = application(ServerSettings(defaults=Defaults(**named), store=str(store), **settings), mine, mcp)
    async with listening(app) as url, aiohttp.ClientSession() as session:
        yield Client(url=url, app=app, session=session)


async def a_key(db: Store, **limits: Any) -> tuple[str, dict[str, str]]:
    """A key's id, and the header of a request with it."""
    secret, key_id = api_keys.new_secret(), new_id()
    limits_of(limits)
    await db.database.awrite(lambda c: api_keys.add(c, key_id, secret, label="test", limits=limits))
    return key_id, {"Authorization": f"Bearer {secret}"}


def data(line: str) -> Any:
    """The object of an event."""
    assert line.startswith("data: "), line
    return json.loads(line.removeprefix("data: "))


def text_of(lines: list[str]) -> str:
    """The content that a stream carried."""
    chunks = [data(line) for line in lines if line.startswith("data: {")]
    deltas = [one["choices"][0]["delta"] for one in chunks if one["choices"]]
    return "".join(delta.get("content") or "" for delta in deltas)
