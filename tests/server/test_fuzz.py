"""Fuzzed requests: an error object or an answer each, and memory stays flat."""

from __future__ import annotations

import gc
import json
import os
import random
from pathlib import Path
from typing import Any

import pytest

from branchwise.models.scripted import scripted
from tests.server.running import HELLO, nice, serving

COUNT = int(os.environ.get("BRANCHWISE_FUZZ", "400"))
"""10,000 in the nightly run."""
MOST = 24
"""MiB that the process may grow by after the first fifth."""

PIECES: list[Any] = [
    None,
    True,
    0,
    -1,
    2**70,
    1.5,
    "",
    "x",
    "\u202e\x00",
    [],
    [[]],
    {},
    {"a": 1},
    "branchwise/auto",
]
FIELDS = [
    "model", "messages", "n", "stream", "stream_options", "max_tokens", "temperature", "top_p", "seed", "stop",
    "response_format", "tools", "tool_choice", "reasoning_effort", "modalities", "metadata", "store", "branchwise",
    "input", "instructions", "text", "previous_response_id", "unknown",
]  # fmt: skip
PATHS = ["/v1/chat/completions", "/v1/responses", "/v1/runs", "/v1/runs/x/fork", "/v1/responses/x/cancel"]


def fuzzed(rng: random.Random) -> bytes:
    body: Any = {"messages": HELLO, "input": "x", "branchwise": {"budget": {"tokens": 100}}}
    for _ in range(rng.randint(1, 4)):
        body[rng.choice(FIELDS)] = rng.choice([*PIECES, [rng.choice(PIECES)], {"type": rng.choice(PIECES)}])
    body = bytearray(json.dumps(body).encode())
    if rng.random() < 0.3:
        for _ in range(rng.randint(1, 8)):
            body[rng.randrange(len(body))] = rng.randrange(256)
    return bytes(body[: rng.randrange(len(body))] if rng.random() < 0.1 else body)


def resident() -> float:
    """MiB of this process in memory."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


@pytest.mark.timeout(1200)
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="no /proc")
async def test_fuzzed_requests_get_an_answer_or_an_error_and_leave_memory_flat(tmp_path: Path) -> None:
    rng, before = random.Random(9), 0.0
    seen: set[int] = set()
    async with serving(
        tmp_path / "s.sqlite", scripted(nice), defaults={"strategy": "best_of_n", "tokens": 60}
    ) as client:
        for number in range(COUNT):
            if number == COUNT // 5:
                gc.collect()
                before = resident()
            url, headers = f"{client.url}{rng.choice(PATHS)}", {"content-type": "application/json"}
            async with client.session.post(url, data=fuzzed(rng), headers=headers) as reply:
                text = (await reply.read()).decode()
            seen.add(reply.status)
            assert reply.status < 500, text
            if reply.status >= 400:
                assert json.loads(text)["error"]["message"]
        gc.collect()
        assert len(client.serving.live_runs) == 0
        assert resident() - before < MOST
    assert {200, 400, 404} <= seen
