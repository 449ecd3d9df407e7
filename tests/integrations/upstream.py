"""A model server that remembers the `traceparent` of each request."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass(slots=True)
class Upstream:
    """What the server has seen."""

    url: str = ""
    latency: float = 0.0
    traces: list[str | None] = field(default_factory=list)

    async def models(self, _: web.Request) -> web.Response:
        """One model."""
        return web.json_response({"data": [{"id": "m", "object": "model"}]})

    async def complete(self, request: web.Request) -> web.Response:
        """Answer each choice with a text of its own."""
        self.traces.append(request.headers.get("traceparent"))
        asked: dict[str, Any] = await request.json()
        await asyncio.sleep(self.latency)
        said = f"Answer: {len(self.traces)}\nScore: 50"
        choices = [
            {"index": i, "message": {"role": "assistant", "content": said}, "finish_reason": "stop"}
            for i in range(asked.get("n", 1))
        ]
        usage = {"prompt_tokens": 7, "completion_tokens": 3}
        return web.json_response({"id": "1", "model": "m", "choices": choices, "usage": usage})


@asynccontextmanager
async def upstream(latency: float = 0.0) -> AsyncIterator[Upstream]:
    """Serve on loopback; each reply takes `latency` seconds."""
    seen, app = Upstream(latency=latency), web.Application()
    app.add_routes([web.get("/v1/models", seen.models), web.post("/v1/chat/completions", seen.complete)])
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        seen.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        yield seen
    finally:
        await runner.cleanup()
