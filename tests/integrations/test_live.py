from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from branchwise.graphs.runtime.run import resume
from branchwise.integrations.opentelemetry.from_store import spans
from branchwise.integrations.opentelemetry.live import instrument, uninstrument
from branchwise.models.scripted import scripted
from branchwise.store.errors import UnknownName
from branchwise.store.store import Store
from tests.integrations.doomed import search, write

ROOT = Path(__file__).parents[2]


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/runs.sqlite"


@pytest.fixture
def exporter() -> Iterator[InMemorySpanExporter]:
    memory, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(memory))
    instrument(provider, ["openinference"])
    yield memory
    uninstrument()
    provider.shutdown()


def _ids(span: ReadableSpan) -> tuple[str, str | None]:
    assert span.context is not None
    return f"{span.context.span_id:016x}", None if span.parent is None else f"{span.parent.span_id:016x}"


async def test_live_spans_are_those_of_the_export(url: str, exporter: InMemorySpanExporter) -> None:
    await search(url, "one", scripted(write))
    async with Store.opened(url) as store:
        exported = await spans(store, "one", ["openinference"])
    live = exporter.get_finished_spans()
    assert Counter(one.name for one in live) == Counter(one.name for one in exported)
    names = {_ids(one)[0]: one.name for one in live}
    recorded = {one.context.span_id: one.name for one in exported}
    assert Counter((one.name, names.get(_ids(one)[1] or "")) for one in live) == Counter(
        (one.name, recorded.get(one.parent or "")) for one in exported
    )
    ours = [_plain(dict(one.attributes or {})) for one in live]
    theirs = [_plain(one.attributes) for one in exported]
    assert sorted(map(repr, ours)) == sorted(map(repr, theirs))


def _plain(attributes: Any) -> list[tuple[str, object]]:
    late = {"branchwise.verified_by", "branchwise.score"}  # known when the run is stored as done
    return sorted(
        (name, list(value) if isinstance(value, tuple) else value)
        for name, value in attributes.items()
        if name not in late
    )


async def test_a_resumed_run_is_linked_and_tells_no_completed_call_again(
    url: str, exporter: InMemorySpanExporter, tmp_path: Path
) -> None:
    calm = scripted(write)
    await search(f"{url}.calm", "one", calm)
    exporter.clear()
    command = [sys.executable, "-m", "tests.integrations.doomed", url, "one", "6"]
    into = tmp_path / "spans.jsonl"
    died = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env={**os.environ, "SPANS": str(into)})
    assert await asyncio.wait_for(died.wait(), 60) == -9
    before = [json.loads(line) for line in into.read_text().splitlines()]
    async with Store.opened(url) as store:
        await resume("one", store=store, model=scripted(write))
        usage = await store.usage("one")
    after = exporter.get_finished_spans()
    [root] = [one for one in after if one.name.startswith("invoke_workflow")]
    assert root.parent is None
    [link] = root.links
    traces = {one["context"]["trace_id"] for one in before}
    assert traces == {f"0x{link.context.trace_id:032x}"}
    assert root.context is not None
    assert root.context.trace_id != link.context.trace_id
    chats = [one for one in after if one.name == "chat script"]
    assert len(chats) + sum(one["name"] == "chat script" for one in before) == calm.calls == usage.calls
    assert all(one.status.is_ok or one.status.is_unset for one in chats)


async def test_a_failed_call_is_told_by_the_type_of_its_error(
    url: str, exporter: InMemorySpanExporter
) -> None:
    def refuse(*_: Any) -> str:
        raise ValueError("secret words")

    with pytest.raises(BaseException, match="secret words"):
        await search(url, "one", scripted(refuse))
    live = exporter.get_finished_spans()
    [chat] = [one for one in live if one.name == "chat script"]
    assert (chat.attributes or {})["error.type"] == "ValueError"
    assert "secret" not in "".join(one.to_json() for one in live)


def test_only_known_additions_are_taken() -> None:
    with pytest.raises(UnknownName):
        instrument(also=["everything"])


def test_a_run_that_nobody_traces_needs_no_telemetry(url: str) -> None:
    code = (
        "import asyncio, sys\n"
        "sys.modules['opentelemetry'] = None\n"  # as if it were not installed
        "from branchwise.models.scripted import scripted\n"
        "from tests.integrations.doomed import search, write\n"
        f"asyncio.run(search({url!r}, 'one', scripted(write)))\n"
        "print([name for name in sys.modules if 'opentelemetry' in name])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "['opentelemetry']"


def test_the_command_line_reports_live_where_a_provider_is_set(url: str) -> None:
    code = (
        "from opentelemetry import trace\n"
        "from opentelemetry.sdk.trace import TracerProvider\n"
        "from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor\n"
        "trace.set_tracer_provider(TracerProvider())\n"
        "trace.get_tracer_provider().add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter()))\n"
        "from branchwise.cli import main\n"
        "main()"
    )
    words = ["run", "tests.graphs.runtime.flows:fanned", "-i", '{"question": "q"}', "--store", url]
    model = ["--model", "tests.integrations.doomed:endless"]
    done = subprocess.run(
        [sys.executable, "-c", code, *words, *model],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count('"name": "chat script"') == 6
    assert done.stdout.count('"name": "invoke_agent part"') == 3
