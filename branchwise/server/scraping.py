"""GET /metrics: what Prometheus scrapes."""

from __future__ import annotations

import asyncio

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from starlette.requests import Request
from starlette.responses import Response

from branchwise.server.callers import Caller
from branchwise.server.charging import remaining
from branchwise.server.serving import Serving


async def scrape(request: Request, serving: Serving, caller: Caller) -> Response:
    """The metrics of this server, and what the caller's own key has left."""
    serving.metrics.running.set(len(serving.live_runs))
    text = await asyncio.to_thread(serving.metrics.text)
    left = (await remaining(serving, caller)).get("x-ratelimit-remaining-tokens")
    if left is not None:
        mine = CollectorRegistry()
        about = "Tokens that a key has left in its window."
        Gauge("branchwise_key_tokens_remaining", about, ("key",), registry=mine).labels(caller.id).set(
            int(left)
        )
        text += generate_latest(mine)
    return Response(text, media_type=CONTENT_TYPE_LATEST)
