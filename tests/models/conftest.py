import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

Answer = Callable[[web.Request], web.StreamResponse]


@dataclass
class Loopback:
    """An OpenAI-compatible server that answers well, or for its next answers as it is told."""

    url: str = ""
    models: web.Response | None = None
    owner: str = "somebody"
    next: list[Callable[[dict[str, Any]], web.StreamResponse | None]] = field(default_factory=list)
    """What the next requests get; None means that the connection is dropped."""
    bodies: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    many: bool = True
    gate: asyncio.Event | None = None
    """What answers wait for."""
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    dropped: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a client went away while it waited at the gate."""

    async def list(self, request: web.Request) -> web.StreamResponse:
        self.keys.append(request.headers.get("Authorization"))
        return self.models or web.json_response({"data": [{"id": "m", "owned_by": self.owner}]})

    async def complete(self, request: web.Request) -> web.StreamResponse:
        self.keys.append(request.headers.get("Authorization"))
        body = await request.json()
        self.bodies.append(body)
        self.arrived.set()
        if self.gate is not None:
            try:
                await self.gate.wait()
            except asyncio.CancelledError:
                self.dropped.set()
                raise
        if self.next:
            answer = self.next.pop(0)(body)
            if answer is None:
                assert request.transport is not None
                request.transport.close()
                return web.Response()
            return answer
        return web.json_response(completion(body, body.get("n", 1) if self.many else 1))


def completion(body: dict[str, Any], n: int, text: str | None = None) -> dict[str, Any]:
    """A good reply whose texts are the samples' seeds, unless one is given."""
    first = body.get("seed") or 0
    return {
        "id": "x",
        "object": "chat.completion",
        "created": 1,
        "model": body.get("model", "m"),
        "choices": [
            {
                "index": i,
                "message": {"role": "assistant", "content": f"sample {first + i}" if text is None else text},
                "finish_reason": "stop",
                "logprobs": {
                    "content": [{"token": "t", "logprob": -0.5, "bytes": None, "top_logprobs": []}] * 3
                }
                if body.get("logprobs")
                else None,
            }
            for i in range(n)
        ],
        "usage": {
            "prompt_tokens": 10,
            "completion_tokens": 3 * n,
            "total_tokens": 10 + 3 * n,
            "prompt_tokens_details": {"cached_tokens": 4},
        },
    }


def says(
    status: int = 200, body: Any = b"", headers: dict[str, str] | None = None
) -> Callable[[dict[str, Any]], web.Response]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return lambda _: web.Response(status=status, body=raw, headers=headers, content_type="application/json")


@pytest.fixture
async def loopback() -> AsyncIterator[Loopback]:
    async with serving() as server:
        yield server


@asynccontextmanager
async def serving(owner: str = "somebody") -> AsyncIterator[Loopback]:
    """Start a server."""
    server = Loopback(owner=owner)
    app = web.Application()
    app.router.add_get("/v1/models", server.list)
    app.router.add_post("/v1/chat/completions", server.complete)
    async with TestServer(app, handler_cancellation=True) as running:
        server.url = str(running.make_url("/v1"))
        yield server
