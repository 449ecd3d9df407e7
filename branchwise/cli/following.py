"""`branchwise show --follow` and `--graph`: a run's calls as they end, and its workflow's graph."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict

from branchwise.cli import console
from branchwise.cli.importing import import_from_here
from branchwise.graphs.runtime import registry
from branchwise.graphs.runtime.answer import open_questions
from branchwise.graphs.runtime.spec import spec_of
from branchwise.store.rows import RunRecord, Status
from branchwise.store.store import Store

_PAUSE = 0.5
_GOING = (Status.QUEUED, Status.RUNNING)


async def follow(run_id: str, url: str | None, *, as_json: bool) -> None:
    """Print each call of a run and its sub-runs when it ends, until no process works on the run."""
    told: set[tuple[str, str, int]] = set()
    async with Store.opened(url) as store:
        while True:
            run = await store.run(run_id)
            for one in [run.id, *await store.below(run.id)]:
                for call in await store.calls(one):
                    mark = (one, call.key, call.attempt)
                    if call.ended is None or mark in told:
                        continue
                    told.add(mark)
                    line = f"{one} {call.key}: {call.state}, {call.usage.tokens:,} tokens"
                    console.say(json.dumps({"run": one, **asdict(call)}) if as_json else line)
            if run.status not in _GOING:
                console.say(json.dumps(asdict(run)) if as_json else _ended(run))
                return
            await asyncio.sleep(_PAUSE)


def _ended(run: RunRecord) -> str:
    asks = "".join(f"; {one.key} asks: {json.dumps(one.question)}" for one in open_questions(run))
    return f"{run.id} {run.status}{asks}"


async def graph(run_id: str, url: str | None) -> None:
    """Print the graph of a run's workflow as Mermaid text."""
    import_from_here()
    async with Store.opened(url) as store:
        run = await store.run(run_id)
    console.say(registry.load(spec_of(run.spec).workflow).graph.get_graph().draw_mermaid())
