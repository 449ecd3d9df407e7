"""The web search in the house of rooms: it finds the garden, goes on after a crash, and stays honest."""

from dataclasses import replace
from pathlib import Path

import pytest

from branchwise.environments.protocol import Action, Environment, Outcome, Session
from branchwise.environments.scripted import HOUSE, Door, scripted
from branchwise.graphs.web.request import WebOptions, check
from branchwise.graphs.web.result import WebResult
from branchwise.graphs.web.run import RunHooks, browse, resume_web
from branchwise.graphs.web.viewer_data import extras
from branchwise.models.protocol import SampleRequest
from branchwise.models.scripted import Scripted
from branchwise.models.scripted import scripted as stand_in
from branchwise.store.errors import BadInput
from branchwise.store.store import Store
from branchwise.store.tree import Tree

OPTIONS = WebOptions(
    strategy="best_first", depth=4, max_pages=12, samples=6, value_samples=2, knobs={"branching": 3}
)
NEAR = {"kitchen", "balcony"}


class Crash(RuntimeError):
    """Stands for the process being killed."""


def walker(*, crash_at: int | None = None) -> Scripted:
    """A model that proposes every way in turn and finds kitchen and balcony promising."""
    calls = 0

    def reply(request: SampleRequest, seed: int) -> str:
        nonlocal calls
        calls += 1
        if calls == crash_at:
            raise Crash
        asked = request.messages[0].content
        page = [line.removeprefix("| ") for line in asked.splitlines() if line.startswith("| ")]
        if "Status:" in asked:
            room = page[0].removeprefix("You are in the ").split(".")[0]
            track = "yes" if room in NEAR else "no"
            return f"Hm.\nStatus: failure\nOn the right track to success: {track}"
        ways = [line.removeprefix("- ") for line in page[1:]] or ['stop "nothing"']
        return f"Action: {ways[seed % len(ways)]}"

    return stand_in(reply)


def url_of(folder: Path) -> str:
    return f"sqlite:///{folder / 'runs.db'}"


class Counting:
    """An environment that counts the actions done in it."""

    def __init__(self, inner: Environment) -> None:
        self._inner, self.acted = inner, 0
        self.name, self.abilities = inner.name, inner.abilities
        self.restore, self.aclose = inner.restore, inner.aclose

    async def reset(self, *, seed: int = 0) -> Session:
        return Counted(await self._inner.reset(seed=seed), self)


class Counted:
    """One session of it."""

    def __init__(self, inner: Session, house: Counting) -> None:
        self._inner, self._house = inner, house
        self.observe, self.actions, self.read = inner.observe, inner.actions, inner.read
        self.snapshot, self.aclose = inner.snapshot, inner.aclose

    async def act(self, action: Action, *, allow: bool = False) -> Outcome:
        outcome = await self._inner.act(action, allow=allow)
        self._house.acted += 1
        return outcome


async def tree_of(store: str, run_id: str) -> Tree:
    async with Store.opened(store) as db:
        return await db.nodes(run_id)


async def search(folder: Path, model: Scripted, *, snapshots: bool = True) -> WebResult:
    return await browse(
        "reach the garden", scripted(snapshots=snapshots), model=model, options=OPTIONS, store=url_of(folder)
    )


@pytest.mark.parametrize("snapshots", [True, False])
async def test_it_finds_the_garden(tmp_path: Path, snapshots: bool) -> None:
    result = await search(tmp_path, walker(), snapshots=snapshots)
    assert (result.solved, result.reason, result.verified_by) == (True, "accepted", "program")
    assert result.actions == ("go to kitchen", "go to balcony", "jump")
    assert result.url == "house:/garden"
    assert (result.replayed > 0) is not snapshots


async def test_an_irreversible_action_is_held_back_and_said_so(tmp_path: Path) -> None:
    house = scripted()
    result = await browse("reach the garden", house, model=walker(), options=OPTIONS, store=url_of(tmp_path))
    held = [n for n in await tree_of(url_of(tmp_path), result.run_id) if n.text.strip() == "burn the letter"]
    assert held
    assert all("letter burnt" in (node.failed or "") for node in held)
    assert house.shared.written == []


async def test_a_page_seen_before_is_not_searched_twice(tmp_path: Path) -> None:
    rooms = {"hall": {"wait": Door(to="hall"), "go out": Door(to="yard")}, "yard": {}, "garden": {}}
    result = await browse("x", scripted(rooms), model=walker(), options=OPTIONS, store=url_of(tmp_path))
    tree = await tree_of(url_of(tmp_path), result.run_id)
    assert not result.solved
    waited = [node for node in tree if node.text == "wait\n"]
    assert [node.duplicate_of for node in waited] == ["0"]


async def test_the_prompt_holds_the_history_of_its_own_branch(tmp_path: Path) -> None:
    model = walker()
    await search(tmp_path, model)
    asked = [request.messages[0].content for request in model.requests]
    (at_balcony,) = [a for a in asked if "Choose the one next action" in a and "in the balcony" in a]
    assert "Actions so far:\ngo to kitchen\ngo to balcony\n" in at_balcony


async def test_states_bound_the_search(tmp_path: Path) -> None:
    options = WebOptions(depth=4, max_pages=2, samples=6, value_samples=1, max_approvals=0)
    result = await browse("x", scripted(), model=walker(), options=options, store=url_of(tmp_path))
    assert (result.solved, result.visited, result.reason) == (False, 2, "exhausted")


@pytest.mark.parametrize("crash_at", [2, 9, 16, 23])
async def test_after_a_crash_it_ends_with_the_same_tree_and_repeats_no_call(
    tmp_path: Path, crash_at: int
) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    whole.mkdir()
    broken.mkdir()
    model = walker()
    expected = await search(whole, model)
    crashing = walker(crash_at=crash_at)
    with pytest.raises((Crash, ExceptionGroup)):
        await search(broken, crashing)
    async with Store.opened(url_of(broken)) as db:
        (row,) = await db.runs()
    again = walker()
    result = await resume_web(row.id, scripted(), model=again, store=url_of(broken))
    assert result.actions == expected.actions
    one, other = await tree_of(url_of(whole), expected.run_id), await tree_of(url_of(broken), row.id)
    assert list(one) == list(other)
    assert result.usage.tokens == expected.usage.tokens
    # The crashing call itself never completed, so it is asked once more.
    assert crashing.calls + again.calls == model.calls + 1


async def test_a_finished_run_is_not_searched_again(tmp_path: Path) -> None:
    done = await search(tmp_path, walker())
    idle = walker()
    assert await resume_web(done.run_id, scripted(), model=idle, store=url_of(tmp_path)) == done
    assert idle.calls == 0


async def test_every_visit_is_there_for_the_viewer(tmp_path: Path) -> None:
    result = await search(tmp_path, walker())
    async with Store.opened(url_of(tmp_path)) as db:
        shown = extras(await db.decisions(result.run_id))
    assert shown[result.node or ""]["url"] == "house:/garden"
    assert shown["0"]["observation"]


@pytest.mark.parametrize("strategy", ["mcts", "beam_search", "tree_of_thoughts", "best_of_n"])
async def test_other_strategies_find_the_garden_too(tmp_path: Path, strategy: str) -> None:
    knobs = {"n": 30} if strategy == "best_of_n" else {}
    options = WebOptions(strategy=strategy, knobs=knobs, depth=4, max_pages=30, samples=6, value_samples=1)
    result = await browse("x", scripted(), model=walker(), options=options, store=url_of(tmp_path))
    assert (result.solved, result.verified_by) == (True, "program")
    assert result.actions == ("go to kitchen", "go to balcony", "jump")


async def test_a_trajectory_is_judged_where_it_ends_and_draws_one_proposal_a_page(tmp_path: Path) -> None:
    model = walker()
    options = WebOptions(strategy="best_of_n", knobs={"n": 4}, depth=2, value_samples=1, max_approvals=0)
    result = await browse("x", scripted(), model=model, options=options, store=url_of(tmp_path))
    tree = await tree_of(url_of(tmp_path), result.run_id)
    assert len(tree.children("0")) == 4
    assert all(node.complete is (node.score is not None) for node in tree if node.parent and not node.failed)
    proposals = [r for r in model.requests if "Choose the one next action" in r.messages[0].content]
    assert {request.n for request in proposals} == {1}


async def test_several_branches_at_once_end_as_the_same_search_would(tmp_path: Path) -> None:
    options = replace(OPTIONS, concurrency=3)
    house = scripted(parallel=6)
    result = await browse("x", house, model=walker(), options=options, store=url_of(tmp_path))
    assert result.solved
    async with Store.opened(url_of(tmp_path)) as db:
        asked = [d.payload for d in await db.decisions(result.run_id) if d.kind == "allocate"]
    assert max(len(allocation) for allocation in asked if isinstance(allocation, dict)) == 3


@pytest.mark.parametrize("strategy", ["walk", "best_first", "mcts", "best_of_n"])
async def test_steps_bound_the_actions_that_are_executed(tmp_path: Path, strategy: str) -> None:
    house = Counting(scripted(snapshots=False, goal="cellar", rooms={**HOUSE, "library": {}}))
    options = WebOptions(
        strategy=strategy,
        depth=4,
        max_pages=99,
        max_actions=7,
        samples=6,
        value_samples=0,
        max_approvals=0,
        knobs={"n": 99} if strategy == "best_of_n" else {},
    )
    result = await browse("x", house, model=walker(), options=options, store=url_of(tmp_path))
    assert (result.solved, result.reason) == (False, "budget")
    assert 5 <= house.acted <= 7


def test_a_strategy_that_revises_cannot_search_an_environment() -> None:
    with pytest.raises(BadInput, match="sequential_revision"):
        check(WebOptions(strategy="sequential_revision"))


async def test_a_check_decides_soundly(tmp_path: Path) -> None:
    async def in_library(session: Session) -> bool:
        return (await session.observe()).title == "library"

    result = await browse(
        "find the library",
        scripted(),
        model=walker(),
        options=OPTIONS,
        store=url_of(tmp_path),
        hooks=RunHooks(check=in_library),
    )
    assert (result.solved, result.verified_by, result.actions) == (True, "program", ("go to library",))


async def test_a_goal_that_is_empty_costs_nothing(tmp_path: Path) -> None:
    model = walker()
    with pytest.raises(BadInput):
        await browse(" ", scripted(), model=model, store=url_of(tmp_path))
    assert model.calls == 0
