"""One layer of retries, whichever client is used: `retries=3` sends at most four requests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web

from branchwise import models
from branchwise.models import retries
from branchwise.models.protocol import Message, SampleRequest
from branchwise.store.errors import ModelError
from tests.models.conftest import Loopback, says

Trouble = Callable[[dict[str, Any]], web.StreamResponse | None]
TROUBLES: dict[str, Trouble] = {
    "busy": says(429, {"error": {"message": "slow down", "type": "rate_limit_error"}}),
    "broken": says(500, {"error": {"message": "oops"}}),
    "loading": says(503, b"loading"),
    "gateway": says(504, b"<html>upstream timed out</html>"),
    "an error inside a 200": says(200, {"error": {"message": "overloaded", "code": 529}}),
    "hangs up": lambda _: None,
}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "_FIRST_WAIT", 0.001)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("client", ["openai-compatible:m", "litellm:openai/gpt-4o-mini"])
async def test_three_retries_send_at_most_four_requests(
    loopback: Loopback, client: str, trouble: str
) -> None:
    model = models.load(client, base_url=loopback.url, retries=3)
    loopback.next = [TROUBLES[trouble]] * 20
    with pytest.raises(ModelError):
        await model.sample(SampleRequest(messages=(Message(role="user", content="hello"),)))
    assert len(loopback.bodies) == 4
    loopback.next = [TROUBLES[trouble]] * 3
    reply = await model.sample(SampleRequest(messages=(Message(role="user", content="hello"),)))
    assert (reply.samples[0].text, len(loopback.bodies)) == ("sample 0", 8)
    await model.aclose()
