"""A run is recomputed from its ledger alone, bit for bit; and what has changed since is named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from branchwise.graphs.runtime.replay import replay
from branchwise.graphs.search.run import Result, resume, solve
from branchwise.graphs.search.state import Options, SearchEvent
from branchwise.models.protocol import SampleRequest
from branchwise.models.scripted import scripted
from branchwise.store.database.tables import calls, decisions, nodes
from branchwise.store.errors import BadInput, CodeFailed, ModelError
from branchwise.store.records import Budget
from branchwise.store.store import Store
from tests.graphs.search.resume_worker import PROBLEM, digest


def write(request: SampleRequest, seed: int) -> str:
    """A verifier whose score depends on what it sees, a generator of three steps; one call in sixteen fails."""
    asked = request.messages[-1].content
    if int(digest([asked, request.prefix, seed]), 16) % 16 == 0:
        raise ModelError("the engine coughed")
    if '"Score: "' in asked:
        return f"It could be better.\nScore: {int(digest(asked), 16) % 90}"
    return f"Step {seed % 97}." if request.prefix.count("Step") < 3 else f"Answer: {seed % 5}"


class PulledError(Exception):
    """The plug was."""


async def ended(store: Store, **asked: Any) -> Result:
    options = Options(trials=2, probes=3)
    return await solve(PROBLEM, model=scripted(write), store=store, options=options, **asked)


@pytest.mark.parametrize(
    "asked",
    [
        {"seed": 4},
        # Without a limit this search makes 39 calls for 2,143 tokens: these two limits end it within its first rounds.
        {"seed": 4, "budget": Budget(tokens=400)},
        {"seed": 5, "budget": Budget(calls=7)},
        {"seed": 6, "strategy": "mcts", "knobs": {}, "budget": Budget(calls=40)},
        {"seed": 9, "strategy": "best_of_n", "knobs": {"n": 9}},
    ],
)
async def test_a_run_is_recomputed_bit_for_bit(store: Store, asked: dict[str, Any]) -> None:
    result = await ended(store, **asked)
    again = await replay(result.run_id, store=store)
    assert again.exact, again.differences[:3]
    assert (result.reason == "budget") == ("budget" in asked)
    assert again.nodes == result.nodes > 4
    # Every call on record is asked for again, so none was decided by timing. The fewest are those of the budget of 7.
    assert again.calls == len({call.key for call in await store.calls(result.run_id)}) >= 7


async def test_a_run_that_was_interrupted_is_recomputed_too(store: Store) -> None:
    left = 8

    def pull(event: SearchEvent) -> None:
        nonlocal left
        left -= 1
        if not left:
            raise PulledError

    with pytest.raises(CodeFailed, match=r"`.*pull` failed, in .*test_replay.py line \d+: PulledError"):
        await ended(store, seed=4, budget=Budget(tokens=40_000), watch=pull)
    [run] = await store.runs()
    with pytest.raises(BadInput, match="branchwise resume"):
        await replay(run.id, store=store)
    result = await resume(run.id, store=store, model=scripted(write))
    undisturbed = await ended(store, seed=4, budget=Budget(tokens=40_000))
    assert (result.answer, result.nodes) == (undisturbed.answer, undisturbed.nodes)
    assert result.usage == replace(undisturbed.usage, seconds=result.usage.seconds)
    assert list(await store.nodes(run.id)) == list(await store.nodes(undisturbed.run_id))
    again = await replay(run.id, store=store)
    assert again.exact, again.differences[:3]


async def test_what_was_tampered_with_is_named(store: Store) -> None:
    result = await ended(store, seed=4)
    node = list(await store.nodes(result.run_id))[3]
    forged = sa.update(nodes).where(nodes.c.id == node.id).values(text="forged")
    other = sa.update(decisions).where(decisions.c.key == "r2/allocate").values(payload={})
    dearer = sa.update(calls).where(calls.c.key == "t0/constraints").values(completion_tokens=10_000)
    for statement, what, key in (
        (forged, "node", node.id),
        (other, "decision", "r2/allocate"),
        (dearer, "answer", "usage"),
    ):
        await store.database.awrite(lambda c, s=statement: c.execute(s) and None)  # type: ignore[misc]
        found = (await replay(result.run_id, store=store)).differences
        assert (what, key) in {(one.what, one.key) for one in found}


async def test_a_prompt_that_changed_since_is_named(store: Store, tmp_path: Path) -> None:
    template = tmp_path / "constraint.md"
    template.write_text("List constraints. {constraint_types}{problem}")
    result = await ended(store, seed=4, prompts=tmp_path)
    assert (await replay(result.run_id, store=store)).exact
    template.write_text("List all constraints. {constraint_types}{problem}")
    first = (await replay(result.run_id, store=store)).differences[0]
    assert (first.what, first.key) == ("call", "t0/constraints")
    assert "List all" in first.replayed
    assert "List all" not in first.recorded
