from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from typer.testing import CliRunner

from branchwise.cli.app import app
from branchwise.graphs.runtime.fork import fork
from branchwise.graphs.runtime.run import resume
from branchwise.integrations.opentelemetry.from_store import spans
from branchwise.integrations.opentelemetry.otlp import lines
from branchwise.integrations.opentelemetry.spans import Span
from branchwise.models.scripted import scripted
from branchwise.store.errors import BadInput
from branchwise.store.store import Store
from tests.integrations.doomed import PROBLEM, search, write

ROOT = Path(__file__).parents[2]
_OPERATION = "gen_ai.operation.name"


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/runs.sqlite"


def of(found: list[Span], operation: str) -> list[Span]:
    return [span for span in found if span.attributes[_OPERATION] == operation]


def total(found: list[Span], name: str) -> float:
    return sum(float(str(span.attributes.get(name, 0))) for span in found)


async def test_best_of_eight_is_one_workflow_its_agents_and_its_calls(url: str) -> None:
    model = scripted(write)
    await search(url, "one", model)
    async with Store.opened(url) as store:
        found, usage = await spans(store, "one"), await store.usage("one")
        again = await spans(store, "one")
    assert found == again
    [root] = of(found, "invoke_workflow")
    agents, chats = of(found, "invoke_agent"), of(found, "chat")
    assert root.name == "invoke_workflow branchwise/best_of_n"
    assert (root.parent, root.links) == (None, ())
    assert Counter(span.name.split()[1] for span in agents) == {"constraints": 1, "propose": 1, "verify": 1}
    assert {span.parent for span in agents} == {root.context.span_id}
    assert {span.parent for span in chats} == {span.context.span_id for span in agents}
    assert len(chats) == usage.calls == model.calls
    assert len({span.context.span_id for span in found}) == len(found) == 1 + 3 + usage.calls
    assert {span.context.trace_id for span in found} == {root.context.trace_id}
    [drawn] = [span for span in chats if span.attributes.get("gen_ai.request.choice.count") == 8]
    assert len(drawn.attributes["gen_ai.response.finish_reasons"]) == 8  # type: ignore[arg-type]
    assert len(drawn.events) == 8
    assert all(root.began <= span.began <= span.ended <= root.ended for span in found)
    assert total(chats, "gen_ai.usage.input_tokens") == usage.prompt_tokens > 0
    assert total(chats, "gen_ai.usage.output_tokens") == usage.completion_tokens > 0
    assert total(chats, "branchwise.cost") == usage.cost


async def test_a_killed_run_is_two_linked_traces_and_no_call_is_told_twice(url: str) -> None:
    calm = scripted(write)
    await search(f"{url}.calm", "one", calm)
    command = [sys.executable, "-m", "tests.integrations.doomed", url, "one", "5"]
    died = await asyncio.create_subprocess_exec(*command, cwd=ROOT)
    assert await asyncio.wait_for(died.wait(), 60) == -9
    await search(url, "one", scripted(write), again=True)
    async with Store.opened(url) as store:
        found, usage, calls = await spans(store, "one"), await store.usage("one"), await store.calls("one")
    first, second = of(found, "invoke_workflow")
    assert first.context.trace_id != second.context.trace_id
    assert (first.links, second.links) == ((), (first.context,))
    assert (first.error, second.error) == ("lost", None)
    chats = of(found, "chat")
    done = [span for span in chats if span.error is None]
    ambiguous = [span for span in chats if span.attributes.get("branchwise.ambiguous")]
    assert len(done) == calm.calls == usage.calls
    assert len(done) + len(ambiguous) == len(chats) == len(calls)
    assert 1 <= len(ambiguous) <= 8
    assert {span.context.trace_id for span in ambiguous} == {first.context.trace_id}
    assert total(done, "gen_ai.usage.output_tokens") == usage.completion_tokens
    assert total(ambiguous, "gen_ai.usage.output_tokens") == 0


async def test_a_fork_does_not_tell_the_calls_of_its_ancestor(url: str) -> None:
    await search(url, "one", scripted(write))
    async with Store.opened(url) as store:
        before = len(of(await spans(store, "one"), "chat"))
        model = scripted(write)
        forked = (await fork("one", budget=200_000, store=store)).id
        await resume(forked, store=store, model=model)
        after, calls = of(await spans(store, forked), "chat"), await store.calls(forked)
    assert len(calls) == before > 0
    assert (model.calls, after) == (0, [])


async def test_words_are_told_on_request_only(url: str) -> None:
    await search(url, "one", scripted(write))
    async with Store.opened(url) as store:
        silent = "".join(lines(await spans(store, "one", ["openinference"])))
        told = "".join(lines(await spans(store, "one", ["openinference", "content"])))
    assert PROBLEM not in silent
    assert "Work number" not in silent
    assert PROBLEM in told
    assert "Work number" in told


async def test_openinference_stands_beside(url: str) -> None:
    await search(url, "one", scripted(write))
    async with Store.opened(url) as store:
        found, usage = await spans(store, "one", ["openinference"]), await store.usage("one")
    kinds = Counter(str(span.attributes["openinference.span.kind"]) for span in found)
    assert kinds == {"CHAIN": 1, "AGENT": 3, "LLM": usage.calls}
    chats = of(found, "chat")
    assert total(chats, "llm.token_count.total") == usage.prompt_tokens + usage.completion_tokens
    assert {span.attributes["session.id"] for span in found} == {"one"}


def test_the_command_writes_what_a_collector_reads(url: str) -> None:
    asked = ["export", "otlp", "one", "--store", url]
    missing = CliRunner().invoke(app, asked)
    assert missing.exit_code == 2
    command = [sys.executable, "-m", "tests.integrations.doomed", url, "one", "0"]
    subprocess.run(command, cwd=ROOT, check=True, timeout=60)
    written = CliRunner().invoke(app, asked)
    assert written.exit_code == 0, written.output
    for line in written.output.rstrip().splitlines():
        message = _strict(line)
        names = [span.name for span in message.resource_spans[0].scope_spans[0].spans]
        assert len(names) == 14
        assert names[0] == "invoke_workflow branchwise/best_of_n"
    assert CliRunner().invoke(app, [*asked, "--also", "nothing"]).exit_code == 2
    assert (
        CliRunner().invoke(app, ["export", "dot", "one", "--also", "content", "--store", url]).exit_code == 2
    )


def _strict(line: str) -> ExportTraceServiceRequest:
    """Read OTLP's JSON with the official messages; unknown fields and values of a wrong kind are errors."""
    data: Any = json.loads(line)
    for span in data["resourceSpans"][0]["scopeSpans"][0]["spans"]:
        assert len(span["traceId"]) == 32
        assert len(span["spanId"]) == 16
        for one in (
            span,
            *span.get("links", ()),
        ):  # in protobuf's own JSON ids are base64, in OTLP's hexadecimal
            for name in {"traceId", "spanId", "parentSpanId"} & one.keys():
                bytes.fromhex(one.pop(name))
    message = ExportTraceServiceRequest()
    json_format.ParseDict(data, message)
    return message


async def test_a_run_that_still_works_is_not_exported(url: str) -> None:
    async with Store.opened(url) as store:
        made = await store.create_run(task="text", strategy="auto", model="m", spec={"problem": "p"})
        with pytest.raises(BadInput, match="has not been worked on"):
            await spans(store, made.id)
        await store.claim(made.id)
        with pytest.raises(BadInput, match="still has it"):
            await spans(store, made.id)
