"""A new run from any node of an old one, that buys nothing the old one has bought."""

from __future__ import annotations

from typing import Any

import pytest

from branchwise.graphs.runtime.fork import fork
from branchwise.graphs.runtime.replay import replay
from branchwise.graphs.search.run import Result, resume, solve
from branchwise.graphs.search.state import Options
from branchwise.models.scripted import scripted
from branchwise.store.errors import BadInput, UnknownName
from branchwise.store.records import ROOT, Budget
from branchwise.store.rows import Status
from branchwise.store.store import Store
from tests.graphs.search.resume_worker import PROBLEM, _write


async def old_run(store: Store, **asked: Any) -> Result:
    model = scripted(_write)
    given = {"strategy": "step_beam", "seed": 3, "options": Options(trials=1)}
    return await solve(PROBLEM, model=model, store=store, **{**given, **asked})


async def test_at_the_root_nothing_is_bought_again(store: Store) -> None:
    old = await old_run(store)
    new = await fork(old.run_id, store=store)
    model = scripted(_write)
    result = await resume(new.id, store=store, model=model)
    assert model.calls == 0
    assert (result.answer, result.nodes, result.usage.tokens) == (old.answer, old.nodes, 0)
    assert list(await store.nodes(new.id)) == list(await store.nodes(old.run_id))
    assert (await replay(new.id, store=store)).exact


async def test_a_budget_that_was_spent_goes_on_where_it_ended(store: Store) -> None:
    old = await old_run(store, budget=Budget(calls=9))
    assert old.reason == "budget"
    model, whole = scripted(_write), scripted(_write)
    new = await fork(old.run_id, store=store, budget=Budget(calls=500))
    result = await resume(new.id, store=store, model=model)
    undisturbed = await solve(
        PROBLEM, model=whole, store=store, strategy="step_beam", seed=3, options=Options(trials=1)
    )
    assert (result.answer, result.nodes) == (undisturbed.answer, undisturbed.nodes)
    free = {call.key for call in await store.calls(new.id) if not call.usage.calls}
    # The old run's last round asked for fewer samples, because it could afford no more.
    assert len(free) == 8
    assert free <= {call.key for call in await store.calls(old.run_id)}
    assert model.calls == whole.calls - len(free) == result.usage.calls
    assert (await replay(new.id, store=store)).exact


async def test_from_a_step_the_new_run_goes_its_own_way(store: Store) -> None:
    old = await old_run(store)
    tree = await store.nodes(old.run_id)
    step = next(node for node in tree if node.depth == 2 and not node.complete)
    new = await fork(old.run_id, at=step.id, store=store, strategy="best_of_n", knobs={"n": 4}, seed=9)
    assert (new.status, new.forked_from, new.forked_at) == (Status.PAUSED, old.run_id, step.id)
    result = await resume(new.id, store=store, model=scripted(_write))
    grown = await store.nodes(new.id)
    assert grown.root.text == tree.text(step.id)
    assert result.nodes == 4
    assert all(grown.text(node.id).startswith(tree.text(step.id)) for node in grown)
    shared = [call for call in await store.calls(new.id) if call.key == "t0/constraints"]
    assert [call.usage.calls for call in shared] == [0]
    assert (await replay(new.id, store=store)).exact


async def test_from_a_whole_solution_the_new_run_improves_on_it(store: Store) -> None:
    old = await old_run(store)
    assert old.node is not None
    with pytest.raises(BadInput, match="a whole solution"):
        await fork(old.run_id, at=old.node, store=store)
    new = await fork(old.run_id, at=old.node, store=store, strategy="best_of_n", knobs={"n": 2})
    model = scripted(_write)
    result = await resume(new.id, store=store, model=model)
    assert result.nodes == 2
    assert result.score is not None
    assert result.score >= (old.score or 0)
    assert any(old.text.strip() in m.content for request in model.requests for m in request.messages)
    assert (await replay(new.id, store=store)).exact


async def test_a_fork_of_a_fork_knows_its_whole_line_and_outlives_it(store: Store) -> None:
    old = await old_run(store)
    second = await fork(old.run_id, store=store)
    third = await fork(second.id, store=store, queue="default")
    assert third.status is Status.QUEUED
    model = scripted(_write)
    await resume(third.id, store=store, model=model)
    assert model.calls == 0
    await store.prune(older_than=-1)
    assert [run.id for run in await store.runs()] == [second.id]  # it was never run, so it is not over


async def test_what_cannot_be_forked_is_refused_and_nothing_stored(store: Store) -> None:
    old = await old_run(store)
    with pytest.raises(UnknownName, match="node"):
        await fork(old.run_id, at="0.99", store=store)
    with pytest.raises(UnknownName, match="strategy"):
        await fork(old.run_id, at=ROOT, store=store, strategy="best_of_m")
    assert len(await store.runs()) == 1
