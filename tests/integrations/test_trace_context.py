"""A caller's trace goes through a server, its queue and its workers to the model server."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from branchwise import models
from branchwise.integrations.opentelemetry.from_store import spans
from branchwise.store.trace_context import TraceContext, parse
from tests.integrations.upstream import upstream
from tests.server.running import ONE, serving

_TRACE, _SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
_CALLER = f"00-{_TRACE}-{_SPAN}-01"


@pytest.mark.parametrize(
    ("header", "read"),
    [
        (_CALLER, TraceContext(_TRACE, _SPAN)),
        (f"00-{_TRACE}-{_SPAN}-00", TraceContext(_TRACE, _SPAN, sampled=False)),
        (f"01-{_TRACE}-{_SPAN}-01-later", TraceContext(_TRACE, _SPAN)),
        (f"00-{_TRACE}-{_SPAN}-01-more", None),
        (f"ff-{_TRACE}-{_SPAN}-01", None),
        (f"00-{'0' * 32}-{_SPAN}-01", None),
        (f"00-{_TRACE}-{'0' * 16}-01", None),
        (f"00-{_TRACE.upper()}-{_SPAN}-01", None),
        (f"{_CALLER}\r\nX-Evil: 1", None),
        ("", None),
        (None, None),
    ],
)
def test_a_header_is_read_strictly(header: str | None, read: TraceContext | None) -> None:
    assert parse(header) == read


@given(st.text(max_size=300))
def test_any_other_text_is_no_trace(text: str) -> None:
    found = parse(text)
    assert found is None or found.header.startswith("00-")


@pytest.mark.parametrize("background", [False, True])
async def test_a_callers_trace_reaches_the_model_server_and_the_export(
    tmp_path: Path, background: bool
) -> None:
    async with upstream() as seen:
        engine = models.load("openai-compatible:m", base_url=seen.url)
        async with serving(tmp_path / "s.sqlite", engine) as client:
            headers = {"traceparent": _CALLER}
            if background:
                asked = {
                    "model": "branchwise/best_of_n",
                    "input": "Say something.",
                    "background": True,
                    **ONE,
                }
                run_id = (await client.post("/v1/responses", asked, headers)).body["id"].removeprefix("resp_")
                async with asyncio.timeout(30):
                    while (await client.get(f"/v1/runs/{run_id}")).body["status"] != "done":
                        await asyncio.sleep(0.05)
            else:
                answer = await client.chat(headers, **ONE)
                assert answer.status == 200, answer.body
                run_id = answer.body["branchwise"]["run_id"]
            found = await spans(client.serving.store, run_id)
        await engine.aclose()
    root, *others = found
    assert (root.context.trace_id, root.parent) == (_TRACE, _SPAN)
    assert {span.context.trace_id for span in others} == {_TRACE}
    calls = {span.context.header for span in others if span.name == "chat m"}
    assert set(seen.traces) == calls
    assert len(calls) == len(seen.traces) > 1


async def test_without_a_caller_nothing_is_sent(tmp_path: Path) -> None:
    async with upstream() as seen:
        engine = models.load("openai-compatible:m", base_url=seen.url)
        async with serving(tmp_path / "s.sqlite", engine) as client:
            assert (await client.chat(**ONE)).status == 200
            assert (await client.chat({"traceparent": "nonsense"}, **ONE)).status == 200
        await engine.aclose()
    assert set(seen.traces) == {None}
