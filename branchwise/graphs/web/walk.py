"""A walk: Monte Carlo tree search whose descent is executed, from the start page to the end in one session."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

from langgraph.runtime import Runtime

from branchwise.environments.protocol import Session
from branchwise.environments.restore import differs
from branchwise.graphs.runtime.journal import Journal
from branchwise.graphs.web.context import WebContext
from branchwise.graphs.web.nodes import is_visited, judged
from branchwise.graphs.web.offers import UnreachableError, reached
from branchwise.graphs.web.proposals import children
from branchwise.graphs.web.state import WebState
from branchwise.graphs.web.trajectories import go
from branchwise.graphs.web.visit import VISIT, Visit
from branchwise.graphs.web.visits import act, judge, open_start, record
from branchwise.graphs.web.walk_choice import chosen
from branchwise.store.errors import BudgetSpent
from branchwise.store.records import Json, Node, NodeId, NodeState, child_id
from branchwise.store.stored import read_stored

PASSAGE = "passage"
"""Kind of the decision that tells what came of a known action when it was done again; `passage/ROUND/STEP`."""
ELSEWHERE = "elsewhere"
"""Kind of the decision that names the node of a page that came instead of the recorded one, and says whether it is
new; `elsewhere/ROUND/STEP`."""
EXPLORATION = 1.5
"""As in `mcts`, which has it from AlphaMath."""


async def walk(state: WebState, runtime: Runtime[WebContext]) -> WebState:
    """Walk once: do the selected action, known or not, propose where a page is new, and go on from where that leads.

    The simulation of UCT (Kocsis and Szepesvari 2006, doi:10.1007/11871842_29): descent, expansion and roll-out are one
    path from the start that is really done, so nothing is restored, and pages of the roll-out stay in the tree. A known
    action may lead to another page than the recorded one: that page is a further child, and the walk goes on there. A
    page that is known by another path is left to the older node, where the walk stands then.
    """
    context, round_ = runtime.context, state["round"]
    ((start, width),) = state["allocation"].items()
    try:
        await open_start(context)
        most_pages = context.options.max_pages + state.get("since", 0)
        one = _Walk(context=context, at=start, width=width, round_=round_, most_pages=most_pages)
        if not await one.to_its_end(state):
            return {"stop": "exhausted"}
    except BudgetSpent:
        return {"stop": "budget"}
    return {}


def passages(journal: Journal) -> int:
    """How many known actions were done again; one that led to a new page is that page's visit."""
    strays = [cast("tuple[NodeId, bool]", journal.decision(key)) for key in journal.keys(f"{ELSEWHERE}/")]
    return len(journal.keys(f"{PASSAGE}/")) - sum(new for _, new in strays)


@dataclass(kw_only=True)
class _Walk:
    context: WebContext
    at: NodeId
    width: int
    round_: int
    most_pages: int
    session: Session | None = None
    news: bool = False
    """Whether a page was new to the tree."""
    strayed: Node | None = None
    """The first known action that led to another page than its own."""

    async def to_its_end(self, state: WebState) -> bool:
        """Do at most `depth` actions; False if the start page has no action at all."""
        context, most = self.context, self.context.options.depth
        start, deepest = self.at, state.get("base", 0) + most
        try:
            for step in range(most):
                if not context.journal.tree.children(self.at):
                    grown = await children(self._here(), self.width, self.round_, context, self._reach)
                    await context.journal.write(grown)
                    if not grown or grown[0].id == self.at:
                        return self.at != start
                if not await self._step(step, deepest):
                    break
            if self.strayed is not None and not self.news:
                # Or walks that only go round would never end.
                lost = replace(self.strayed, failed="it led elsewhere when it was done again, to nothing new")
                await context.journal.write([lost])
        finally:
            if self.session is not None:
                await self.session.aclose()
        return True

    def _here(self) -> Node:
        return self.context.journal.tree[self.at]

    def _pages(self) -> int:
        return sum(is_visited(node) for node in self.context.journal.tree)

    async def _reach(self) -> Session:
        self.session = self.session or await reached(self.context, self.at)
        return self.session

    async def _step(self, step: int, deepest: int) -> bool:
        """Do the selected action; False if the walk ends there."""
        context, key = self.context, f"{self.round_}/{step}"
        knob = cast("float", context.options.knobs.get("exploration", EXPLORATION))

        async def choose() -> Json:
            found = chosen(context.journal.tree, self.at, knob)
            return [] if found is None else [found.id, is_visited(found)]

        choice = await context.journal.decide(f"r{self.round_}/walk/{step}", "walk", choose)
        if not choice or not isinstance(choice, list):
            return False
        node = context.journal.tree[str(choice[0])]
        if not choice[1] and not context.has_arrived(node.id) and self._pages() >= self.most_pages:
            return False
        if choice[1]:
            came = await self._again(node, key)
            if came is None or is_visited(came):
                self.at = node.id if came is None else came.id
                return came is not None
            node = came
        elif node.failed is None and not context.has_arrived(node.id):
            self.session = await go(context, node, self._reach, self.session)
        return await self._arrive(node, deepest)

    async def _arrive(self, node: Node, deepest: int) -> bool:
        """Judge a page that is new to the tree, and stand there or at its older twin."""
        context = self.context
        self.news = True
        said = await judge(context, node.id)
        after = judged(node, context.arrived(node.id), said, deepest=deepest)
        await context.journal.write([after])
        self.at = said.twin or node.id
        here = self._here()
        return here.failed is None and not here.complete

    async def _again(self, node: Node, key: str) -> Node | None:
        """Do a known action: the node of the page that came of it, None if it cannot be done."""
        context = self.context
        if not context.journal.decided(f"{PASSAGE}/{key}"):
            await record(context, key, await self._passage(node), key=PASSAGE)
        came = read_stored(VISIT, context.journal.decision(f"{PASSAGE}/{key}"), "passage")
        if came.failed is not None:
            await context.journal.write([replace(node, failed=f"it could not be done again: {came.failed}")])
            return None
        if _same(came, context.arrived(node.id)):
            return node
        self.strayed = self.strayed or node
        return await self._elsewhere(node, came, key)

    async def _elsewhere(self, node: Node, came: Visit, key: str) -> Node:
        """The node of the page that came of a known action instead of its own: a known one, else a further child."""
        context = self.context

        async def find() -> Json:
            known = _standing(context, came, (*context.writes(self.at), *came.writes))
            beside = child_id(self.at, len(context.journal.tree.children(self.at)))
            return [known or beside, known is None]

        found = await context.journal.decide(f"{ELSEWHERE}/{key}", ELSEWHERE, find)
        name, new = cast("tuple[NodeId, bool]", found)
        if new:
            await context.journal.decide_as(f"arrival/{name}", "arrival", VISIT, replace(came, steps=0))
            other = replace(
                node, id=name, round=self.round_, score=self._here().score, state=NodeState.PROPOSED
            )
            await context.journal.write([other])
        return context.journal.tree[name]

    async def _passage(self, node: Node) -> Visit:
        context, before = self.context, self.context.arrived(node.id)
        if context.inherited_visit(node.id) is not None:
            # In a fork the way there costs nothing until something new is done.
            if self.session is not None:
                await self.session.aclose()
            self.session = None
            return _without_page(before)
        try:
            came, self.session = await act(context, node, await self._reach())
        except UnreachableError as error:
            return Visit(failed=f"its parent could not be reached again: {error}")
        stands, expected = self.session, before.fingerprint
        if stands is not None and came.fingerprint != expected and await differs(stands, expected) is None:
            came = replace(came, fingerprint=expected)
        return _without_page(came) if came.failed is None and _same(came, before) else came


def _same(came: Visit, before: Visit) -> bool:
    return (came.fingerprint, came.ended, came.reached) == (before.fingerprint, before.ended, before.reached)


def _without_page(came: Visit) -> Visit:
    """A passage of a known page, whose text is in the record already."""
    return replace(came, observation="", screenshot=None, forms="", steps=0, replayed=0)


def _standing(context: WebContext, came: Visit, writes: tuple[str, ...]) -> NodeId | None:
    """The oldest node of a page, after the same writes."""
    for node in context.journal.tree:
        stands = is_visited(node) and node.failed is None and _same(came, context.arrived(node.id))
        if stands and context.writes(node.id) == writes:
            return node.id
    return None
