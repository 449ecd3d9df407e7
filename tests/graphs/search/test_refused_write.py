"""A run does not wait until each row is kept, and yet sends nothing that rests on a row that was refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from branchwise.graphs.search.run import resume, solve
from branchwise.graphs.search.state import Options
from branchwise.models.protocol import SampleRequest
from branchwise.models.scripted import scripted
from branchwise.store import nodes as forest
from branchwise.store.bulk import Change
from branchwise.store.leases import Lease
from branchwise.store.records import Node
from branchwise.store.rows import CallState, Status
from branchwise.store.store import Store


async def test_a_refused_row_stops_the_run_before_its_next_call(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    adding, refuse = forest.adding_nodes, True

    def adding_nodes(lease: Lease, batch: Sequence[Node], dialect: str) -> Change:
        text: Any = None
        spoilt = [replace(n, text=text) if refuse and n.round == 2 else n for n in batch]
        return adding(lease, spoilt, dialect)

    monkeypatch.setattr(forest, "adding_nodes", adding_nodes)

    def write(request: SampleRequest, i: int) -> str:
        return "Too short.\nScore: 20" if '"Score: "' in request.messages[-1].content else f"Answer {i}"

    model = scripted(write)
    asked: dict[str, Any] = {"strategy": "sequential_revision", "knobs": {"n": 4}, "model": model}
    async with Store.opened(url) as store:
        with pytest.raises(sa.exc.IntegrityError):
            await solve("What is it?", store=store, options=Options(verifier="llm"), **asked)
        [run] = await store.runs(limit=1)
        rounds = {call.key.split("/")[1] for call in await store.calls(run.id)}
        assert {"r1", "r2"} <= rounds
        assert "r3" not in rounds, "it would have rested on rows that are not there"
        assert run.status is Status.PAUSED
        before = [call for call in await store.calls(run.id) if call.state is CallState.DONE]

        refuse = False
        result = await resume(run.id, store=store, model=model)
        calls = await store.calls(run.id)
        assert result.nodes == 4
        assert [call for call in calls if call.key in {one.key for one in before}] == before, (
            "none was repeated"
        )
