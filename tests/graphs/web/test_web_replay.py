"""Web runs are replayed from their rows without a page, and forked with the pages that were seen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from branchwise.environments.scripted import Door, scripted
from branchwise.environments.spec import EnvironmentSpec
from branchwise.graphs.runtime.fork import fork
from branchwise.graphs.runtime.replay import Difference, replay
from branchwise.graphs.runtime.run import resume
from branchwise.graphs.web.request import WebOptions
from branchwise.graphs.web.run import browse, resume_web
from branchwise.models.protocol import SampleRequest
from branchwise.models.scripted import Scripted
from branchwise.models.scripted import scripted as stand_in
from branchwise.store.database.tables import decisions
from branchwise.store.errors import BadInput, EnvironmentFailed, UnknownName
from branchwise.store.rows import CallState
from branchwise.store.store import Store

OPTIONS = WebOptions(
    strategy="best_first", depth=3, max_pages=12, samples=4, value_samples=1, knobs={"branching": 3}
)
BRIDGE = {
    "hall": {"look at the bridge": Door(to="bank"), "wait": Door(to="hall")},
    "bank": {"burn the bridge": Door(to="garden", writes="bridge burnt"), "go back": Door(to="hall")},
    "garden": {},
}


def write(request: SampleRequest, seed: int) -> str:
    """One of the ways that the page shows, or now and then a line that is none; a judgement of a page."""
    if request.output_format.choices:
        return request.output_format.choices[seed % len(request.output_format.choices)]
    asked = request.messages[0].content
    page = [line.removeprefix("| ") for line in asked.splitlines() if line.startswith("| ")]
    if "Status:" in asked:
        return "Hm.\nStatus: failure\nOn the right track to success: yes"
    ways = [*(line.removeprefix("- ") for line in page[1:]), "dig a hole"]
    return f"Action: {ways[seed % len(ways)]}"


def silent() -> Scripted:
    """A model that must not be asked."""

    def refuse(request: SampleRequest, seed: int) -> str:
        raise AssertionError(request)

    return stand_in(refuse)


class Closed:
    """A house whose door does not open."""

    def __init__(self) -> None:
        self.name, self.abilities = "scripted", scripted().abilities
        self.opened = 0

    async def reset(self, *, seed: int = 0) -> Any:
        self.opened += 1
        raise EnvironmentFailed("The door is closed.")

    restore = reset

    async def aclose(self) -> None:
        """There is nothing to close."""


@pytest.mark.parametrize(
    "options",
    [
        OPTIONS,
        replace(OPTIONS, strategy="mcts", knobs={}),
        replace(OPTIONS, strategy="beam_search", knobs={}),
        replace(OPTIONS, strategy="best_of_n", knobs={"n": 6}),
        replace(OPTIONS, concurrency=3),
        replace(OPTIONS, pick_actions=True),
        replace(OPTIONS, max_actions=5),
        replace(OPTIONS, strategy="best_of_n", knobs={"n": 6}, max_actions=5),
        replace(OPTIONS, value_samples=0),
    ],
    ids=[
        "best_first",
        "mcts",
        "beam",
        "rolls",
        "several",
        "held",
        "few steps",
        "few steps of rolls",
        "no judge",
    ],
)
@pytest.mark.parametrize("goal", ["garden", "cellar"])
async def test_a_replay_is_exact_and_opens_nothing(options: WebOptions, goal: str) -> None:
    async with Store.opened("sqlite://") as store:
        house = scripted(goal=goal, snapshots=False)
        done = await browse("find it", house, model=stand_in(write), options=options, store=store, seed=3)
        found = await replay(done.run_id, store=store)
        assert found.differences == ()
        calls = {call.key for call in await store.calls(done.run_id)}
        assert found.calls == len(calls) > 2
        assert found.nodes > 2


@pytest.mark.parametrize("tokens", [40, 300, 1000])
async def test_a_run_that_ended_with_its_budget_is_replayed(tokens: int) -> None:
    async with Store.opened("sqlite://") as store:
        house, model = scripted(goal="cellar", rooms=BRIDGE | {"cellar": {}}), stand_in(write)
        done = await browse("find it", house, model=model, options=OPTIONS, store=store, budget=tokens)
        assert done.reason in {"budget", "waiting"}
        if done.reason == "budget":
            assert (await replay(done.run_id, store=store)).exact


@pytest.mark.parametrize("yes", [True, False])
async def test_an_approved_action_is_replayed_and_not_done_again(yes: bool) -> None:
    async with Store.opened("sqlite://") as store:
        house, model = scripted(BRIDGE), stand_in(write)
        asks = await browse("cross", house, model=model, options=OPTIONS, store=store)
        assert asks.reason == "waiting"
        done = await resume_web(asks.run_id, house, model=model, store=store, answer=yes)
        written = list(house.shared.written)
        assert written == (["bridge burnt"] if yes else [])
        found = await replay(done.run_id, store=store)
        assert found.differences == ()
        assert house.shared.written == written


async def test_what_was_decided_otherwise_is_reported() -> None:
    async with Store.opened("sqlite://") as store:
        done = await browse("x", scripted(), model=stand_in(write), options=OPTIONS, store=store)
        [first, *_] = [one for one in await store.decisions(done.run_id) if one.kind == "value"]
        wrong = {**first.payload, "value": 0.123}  # type: ignore[dict-item]

        def change(connection: sa.Connection) -> None:
            mine = sa.and_(decisions.c.run_id == done.run_id, decisions.c.key == first.key)
            connection.execute(sa.update(decisions).where(mine).values(payload=wrong))

        await store.database.awrite(change)
        found = await replay(done.run_id, store=store)
        assert [(one.what, one.key) for one in found.differences] == [("decision", first.key)]
        assert isinstance(found.differences[0], Difference)


async def test_a_run_without_recorded_offers_is_refused() -> None:
    async with Store.opened("sqlite://") as store:
        done = await browse("x", scripted(), model=stand_in(write), options=OPTIONS, store=store)
        gone = sa.delete(decisions).where(decisions.c.kind == "offer")
        await store.database.awrite(lambda connection: connection.execute(gone) and None)
        with pytest.raises(BadInput, match="did not record which proposed actions were possible"):
            await replay(done.run_id, store=store)


@pytest.mark.parametrize("strategy", ["walk", "best_first", "best_of_n"])
async def test_a_fork_takes_calls_and_pages_from_the_record(strategy: str) -> None:
    options = replace(OPTIONS, strategy=strategy, knobs={"n": 6} if strategy == "best_of_n" else {})
    async with Store.opened("sqlite://") as store:
        done = await browse("x", scripted(), model=stand_in(write), options=options, store=store, seed=3)
        made = await fork(done.run_id, store=store)
        closed = Closed()
        again = await resume_web(made.id, closed, model=silent(), store=store)  # type: ignore[arg-type]
        assert closed.opened == 0
        assert (again.actions, again.solved, again.visited) == (done.actions, done.solved, done.visited)
        assert list(await store.nodes(made.id)) == list(await store.nodes(done.run_id))
        assert again.usage.tokens == 0
        assert (await replay(made.id, store=store)).exact


async def test_a_fork_at_a_node_asks_anew_from_there() -> None:
    async with Store.opened("sqlite://") as store:
        done = await browse("x", scripted(), model=stand_in(write), options=OPTIONS, store=store, seed=3)
        order = [one.key[8:] for one in await store.decisions(done.run_id) if one.kind == "arrival"]
        asked = {call.key.split("/")[1] for call in await store.calls(done.run_id)}
        [*_, at] = [node for node in order if node in asked]
        [idle, *_] = [node for node in order if node not in asked]
        with pytest.raises(BadInput, match="No call was made at the node"):
            await fork(done.run_id, at=idle, store=store)
        with pytest.raises(UnknownName, match=r"no node `0\.99`"):
            await fork(done.run_id, at="0.99", store=store)
        made = await fork(done.run_id, at=at, store=store)
        assert made.forked_at == f"w/{at}"
        model = stand_in(write)
        await resume_web(made.id, scripted(), model=model, store=store)
        calls = await store.calls(made.id)
        fresh = {call.key for call in calls if call.usage.calls}
        assert 0 < model.calls == len(fresh) < len(calls)
        assert any(key.startswith(f"w/{at}/") for key in fresh)
        assert not any(key.startswith("w/0/") for key in fresh)


async def test_another_model_in_a_fork_opens_the_pages_that_are_new_to_it() -> None:
    def other(request: SampleRequest, seed: int) -> str:
        return write(request, seed + 1)

    async with Store.opened("sqlite://") as store:
        options = replace(OPTIONS, samples=1, knobs={"branching": 1}, max_pages=3)
        done = await browse("x", scripted(), model=stand_in(write), options=options, store=store)
        made = await fork(done.run_id, model="another", seed=5, store=store, options={"max_pages": 9})
        ended = await resume_web(made.id, scripted(), model=stand_in(other, name="another"), store=store)
        spec: Any = (await store.run(made.id)).spec
        assert (spec["options"]["max_pages"], spec["seed"]) == (9, 5)
        assert ended.usage.calls > 0
        assert (await replay(made.id, store=store)).exact


async def test_an_approval_holds_for_an_equal_question_only() -> None:
    async with Store.opened("sqlite://") as store:
        house, model = scripted(BRIDGE), stand_in(write)
        asks = await browse("cross", house, model=model, options=OPTIONS, store=store)
        await resume_web(asks.run_id, house, model=model, store=store, answer=True)
        same = await fork(asks.run_id, store=store)
        ended = await resume_web(same.id, house, model=silent(), store=store)
        assert (ended.solved, ended.written, house.shared.written) == (
            True,
            ("bridge burnt",),
            ["bridge burnt"],
        )
        other = await fork(asks.run_id, store=store)
        [kept] = [one for one in await store.decisions(other.id) if one.kind == "question"]
        elsewhere: Any = {**kept.payload, "question": {**kept.payload["question"], "url": "house:/elsewhere"}}  # type: ignore[dict-item,call-overload,index]

        def change(connection: sa.Connection) -> None:
            mine = sa.and_(decisions.c.run_id == other.id, decisions.c.key == kept.key)
            connection.execute(sa.update(decisions).where(mine).values(payload=elsewhere))

        await store.database.awrite(change)
        waits = await resume_web(other.id, house, model=silent(), store=store)
        assert (waits.reason, house.shared.written) == ("waiting", ["bridge burnt"])


async def test_a_search_in_chromium_is_replayed_and_forked_without_it(
    site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def walk(request: SampleRequest, seed: int) -> str:
        if request.output_format.choices:
            return request.output_format.choices[seed % len(request.output_format.choices)]
        return "On and on.\nStatus: failure\nOn the right track to success: yes"

    place = EnvironmentSpec(name="browser", options={"url": site})
    options = replace(OPTIONS, pick_actions=True, max_pages=4, max_approvals=0)
    async with Store.opened("sqlite://") as store:
        done = await browse("go on", place, model=stand_in(walk), options=options, store=store)
        assert done.visited == 4
        with monkeypatch.context() as patched:
            patched.setattr("branchwise.environments.browser.browser.chromium", _no_browser)
            assert (await replay(done.run_id, store=store)).exact
            made = await fork(done.run_id, store=store)
            again = await resume(made.id, model=silent(), store=store)
            assert (again.actions, again.url, again.usage.tokens) == (done.actions, done.url, 0)
        deeper = await fork(done.run_id, store=store, options={"max_pages": 6})
        more = await resume(deeper.id, model=stand_in(walk), store=store)
        assert more.visited == 6
        calls = await store.calls(deeper.id)
        assert {call.state for call in calls} == {CallState.DONE}
        assert 0 < sum(call.usage.calls for call in calls) < len(calls)
        assert (await replay(deeper.id, store=store)).exact


def _no_browser(*given: object) -> str:
    raise EnvironmentFailed("There is no browser.")
