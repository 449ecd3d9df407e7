"""Walks: the choice of the next action, and searches that execute every descent."""

from __future__ import annotations

from dataclasses import replace
from math import log
from pathlib import Path
from typing import Any

import pytest

from branchwise.environments.browser.browser import browser
from branchwise.environments.protocol import Action, Environment, Outcome, Session
from branchwise.environments.scripted import HOUSE, Door, scripted
from branchwise.graphs.runtime.fork import fork
from branchwise.graphs.runtime.replay import replay
from branchwise.graphs.web.request import WebOptions, check
from branchwise.graphs.web.result import WebResult
from branchwise.graphs.web.run import RunHooks, browse, resume_web
from branchwise.graphs.web.walk_choice import chosen, is_closed
from branchwise.models.scripted import Scripted
from branchwise.models.scripted import scripted as stand_in
from branchwise.models.uniform import uniform
from branchwise.store.errors import BadInput
from branchwise.store.records import ROOT, Node, NodeState
from branchwise.store.store import Store
from branchwise.store.tree import Tree
from tests.graphs.web.test_web import Counting, Crash, tree_of, url_of, walker
from tests.graphs.web.test_web_replay import write

OPTIONS = WebOptions(
    strategy="mcts", walk=True, depth=4, max_pages=30, samples=6, value_samples=1, max_approvals=0
)


def node(name: str, share: float, **more: object) -> Node:
    parent = name.rpartition(".")[0] or ROOT
    made = Node(id=name, parent=parent, depth=name.count(".") + 1, logprob=log(share), tokens=1, score=0.5)
    return replace(made, state=NodeState.PROPOSED, **more)  # type: ignore[arg-type]


def visited(name: str, share: float, score: float, **more: object) -> Node:
    return replace(node(name, share, **more), score=score, state=NodeState.VISITED)


def test_the_likeliest_proposal_is_tried_first() -> None:
    best = chosen(Tree([node("1", 0.2), node("2", 0.5), node("3", 0.3)]), ROOT, 1.5)
    assert best is not None
    assert best.id == "2"


def test_the_rule_is_the_papers() -> None:
    # Three pages were visited, all below 1: its value is their mean 0.6, and 0.6 + c 0.5 sqrt(3) / 4 is less than
    # 0.5 + c 0.5 sqrt(3) / 1 from c = 0.154 on.
    tree = Tree(
        [node("2", 0.5), visited("1", 0.5, 0.6), visited("1.1", 0.5, 0.9), visited("1.2", 0.5, 0.3)],
    )
    for exploration, name in ((0.15, "1"), (0.16, "2")):
        best = chosen(tree, ROOT, exploration)
        assert best is not None
        assert best.id == name


def test_what_ended_failed_or_holds_nothing_open_is_not_chosen_again() -> None:
    spent = [
        visited("1", 0.9, 0.9),
        visited("1.1", 1.0, 0.0, complete=True),
        visited("2", 0.9, 0.9, failed="the same page as node 0"),
    ]
    best = chosen(Tree([*spent, node("3", 0.1)]), ROOT, 1.5)
    assert best is not None
    assert best.id == "3"
    assert chosen(Tree(spent), ROOT, 1.5) is None
    assert is_closed(Tree(spent), ROOT)
    assert not is_closed(Tree(), ROOT)


async def walked(folder: Path, place: Environment, model: Scripted, **more: object) -> WebResult:
    options = replace(OPTIONS, **more)  # type: ignore[arg-type]
    return await browse("reach it", place, model=model, options=options, store=url_of(folder))


async def test_it_finds_the_garden_and_counts_every_action(tmp_path: Path) -> None:
    house = Counting(scripted(snapshots=False, parallel=1))
    result = await walked(tmp_path, house, walker())
    assert (result.solved, result.verified_by) == (True, "program")
    assert result.actions == ("go to kitchen", "go to balcony", "jump")
    # What was done is what was seen for the first time, or passed again on the way.
    assert house.acted == result.visited + result.replayed


async def test_a_house_without_the_goal_is_walked_through_and_left(tmp_path: Path) -> None:
    house = Counting(scripted(snapshots=False, goal="cellar", rooms={**HOUSE, "library": {}}))
    result = await walked(tmp_path, house, walker())
    assert (result.solved, result.reason) == (False, "exhausted")
    tree = await tree_of(url_of(tmp_path), result.run_id)
    seen = {one.text.strip() for one in tree if one.state is NodeState.VISITED}
    assert {"go to library", "go to kitchen", "go to balcony", "jump"} <= seen
    assert house.acted == result.visited + result.replayed


async def test_actions_bound_it(tmp_path: Path) -> None:
    house = Counting(scripted(snapshots=False, goal="cellar", rooms={**HOUSE, "library": {}}))
    result = await walked(tmp_path, house, walker(), max_actions=5)
    assert (result.solved, result.reason, house.acted) == (False, "budget", 5)


ATTIC = {
    "hall": {"go up": Door(to="loft"), "go out": Door(to="yard")},
    "loft": {"open the box": Door(to="loft"), "climb on": Door(to="roof")},
    "attic": {"open the trunk": Door(to="attic"), "climb down": Door(to="hall")},
    "roof": {},
    "yard": {},
    "garden": {},
}


class Moving:
    """A house in which `go up` leads into the attic every second time."""

    def __init__(self) -> None:
        self._inner, self.gone = scripted(ATTIC, snapshots=False), 0
        self.name, self.abilities = self._inner.name, self._inner.abilities
        self.restore, self.aclose = self._inner.restore, self._inner.aclose

    async def reset(self, *, seed: int = 0) -> Session:
        session = await self._inner.reset(seed=seed)
        return Moved(session, self)


class Moved:
    """One session of it."""

    def __init__(self, inner: Any, house: Moving) -> None:
        self._inner, self._house = inner, house
        self.observe, self.actions, self.read = inner.observe, inner.actions, inner.read
        self.snapshot, self.aclose = inner.snapshot, inner.aclose

    async def act(self, action: Action, *, allow: bool = False) -> Outcome:
        if action.text == "go up":
            self._house.gone += 1
            if self._house.gone % 2 == 0:
                self._inner.room = "attic"
                return Outcome(observation=await self.observe(), effect=action.effect)
        outcome: Outcome = await self._inner.act(action, allow=allow)
        return outcome


async def test_an_action_that_leads_elsewhere_has_both_pages_and_both_are_searched(tmp_path: Path) -> None:
    moving = Moving()
    house = Counting(moving)
    result = await walked(tmp_path, house, walker(), depth=3)
    assert (result.solved, result.reason) == (False, "exhausted")
    tree = await tree_of(url_of(tmp_path), result.run_id)
    up = [one for one in tree.children(ROOT) if one.text == "go up\n"]
    assert [one.feedback.split(",")[0] for one in up] == ["visited: house:/loft", "visited: house:/attic"]
    assert [{child.text for child in tree.children(one.id)} for one in up] == [
        {"open the box\n", "climb on\n"},
        {"open the trunk\n", "climb down\n"},
    ]
    assert moving.gone > 2
    assert house.acted == result.visited + result.replayed
    async with Store.opened(url_of(tmp_path)) as db:
        assert (await replay(result.run_id, store=db)).differences == ()


@pytest.mark.parametrize("named", [{"strategy": "mcts", "walk": True}, {"strategy": "walk", "walk": False}])
async def test_walks_can_be_forked_to_another_strategy(named: dict[str, Any]) -> None:
    options = replace(OPTIONS, **named, max_pages=2)
    async with Store.opened("sqlite://") as store:
        done = await browse("x", scripted(), model=stand_in(write), options=options, store=store, seed=3)
        made = await fork(done.run_id, store=store, strategy="best_first", options={"max_pages": 9})
        again = await resume_web(made.id, scripted(), model=stand_in(write), store=store)
        assert (again.solved, made.strategy) == (True, "best_first")


@pytest.mark.parametrize("goal", ["garden", "cellar"])
async def test_a_replay_of_walks_is_exact(tmp_path: Path, goal: str) -> None:
    async with Store.opened("sqlite://") as store:
        house = scripted(goal=goal, snapshots=False)
        done = await browse("find it", house, model=stand_in(write), options=OPTIONS, store=store, seed=3)
        found = await replay(done.run_id, store=store)
        assert found.differences == ()
        assert found.nodes > 2


@pytest.mark.parametrize("crash_at", [2, 5, 9, 14])
async def test_after_a_crash_it_ends_with_the_same_tree(tmp_path: Path, crash_at: int) -> None:
    rooms = {**HOUSE, "library": {}, "balcony": {"go to kitchen": Door(to="kitchen")}}
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    for folder in (whole, broken):
        folder.mkdir()
    expected = await walked(whole, scripted(rooms, goal="cellar"), walker())
    with pytest.raises((Crash, ExceptionGroup)):
        await walked(broken, scripted(rooms, goal="cellar"), walker(crash_at=crash_at))
    async with Store.opened(url_of(broken)) as db:
        (row,) = await db.runs()
    result = await resume_web(row.id, scripted(rooms, goal="cellar"), model=walker(), store=url_of(broken))
    one, other = await tree_of(url_of(whole), expected.run_id), await tree_of(url_of(broken), row.id)
    assert list(one) == list(other)
    assert result.usage.tokens == expected.usage.tokens


@pytest.mark.parametrize(
    "wrong",
    [{"strategy": "best_first"}, {"concurrency": 2}, {"knobs": {"rule": "uct"}}],
    ids=["strategy", "concurrency", "knob"],
)
def test_a_walk_that_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(BadInput, match=r"[Ww]alk"):
        check(replace(OPTIONS, **wrong))  # type: ignore[arg-type]


async def test_it_walks_in_a_browser_and_restores_nothing(site: str, tmp_path: Path) -> None:
    place = browser(site)

    async def there(session: Session) -> bool:
        return (await session.observe()).url.endswith("/ba")

    options = replace(OPTIONS, depth=2, samples=40, value_samples=0, pick_actions=True, max_actions=30)
    try:
        result = await browse(
            "reach room ba",
            place,
            model=uniform(),
            options=options,
            store=url_of(tmp_path),
            hooks=RunHooks(check=there),
        )
    finally:
        await place.aclose()
    assert (result.solved, result.url) == (True, f"{site}ba")
    async with Store.opened(url_of(tmp_path)) as db:
        rows = [one.payload for one in await db.decisions(result.run_id) if one.kind == "arrival"]
    assert {row["restored"] for row in rows if isinstance(row, dict)} == {""}
