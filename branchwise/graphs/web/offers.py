"""Proposed actions of a page, recorded with what the page made of them, so that they are read once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

from pydantic import TypeAdapter

from branchwise.agents.actor import ActorState, Candidate
from branchwise.environments.protocol import Action, Effect, Session
from branchwise.graphs.web.context import WebContext
from branchwise.store.errors import BadAction, BranchwiseError, ModelError
from branchwise.store.records import ROOT, Json, NodeId
from branchwise.store.stored import read_stored

OFFER = "offer"
"""Kind of the decision; its key is `offer/NODE`."""
Reach = Callable[[], Awaitable[Session]]
"""Restores the page, where a line is not on record."""


class UnreachableError(BranchwiseError):
    """The page could not be restored."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Line:
    """What a page made of a proposed line."""

    text: str = ""
    effect: Effect = Effect.UNKNOWN
    reason: str = ""
    refused: str = ""
    """Why it is no action there; empty for one that is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """The proposals for one page."""

    page: NodeId = ROOT
    actions: tuple[str, ...] | None = None
    """The listed actions, if the model was to choose among them."""
    lines: Mapping[str, _Line] = field(default_factory=dict)
    """Each proposed line, and what the page made of it."""
    unreachable: str = ""
    """Why the page could not be restored."""
    unanswered: str = ""
    """Why the model proposed nothing."""


_OFFER = TypeAdapter(Offer)


class _Page:
    """The page for the actor: read from the record, and from a session where the record does not say."""

    def __init__(self, known: Offer, reach: Reach) -> None:
        self._known, self._reach = known, reach
        self._actions, self._lines = known.actions, dict(known.lines)
        self._listed: dict[str, Action] = {}

    async def actions(self) -> tuple[Action, ...]:
        """The possible actions; their effects are not asked for."""
        if self._actions is None:
            self._listed = {action.text: action for action in await (await self._reach()).actions()}
            self._actions = tuple(self._listed)
        return tuple(Action(text=text) for text in self._actions)

    async def read(self, line: str) -> Action:
        """The action that a line names.

        Raises:
            BadAction: It is none on this page.
        """
        if line not in self._lines:
            # The list was read from this page a moment ago, so what it says needs no second reading.
            listed = self._listed.get(line)
            self._lines[line] = _made(listed) if listed else await _read(await self._reach(), line)
        found = self._lines[line]
        if found.refused:
            raise BadAction(found.refused)
        return Action(text=found.text, effect=found.effect, reason=found.reason)

    def offer(self, unanswered: str = "") -> Json:
        """The record of what was asked so far."""
        made = replace(self._known, actions=self._actions, lines=self._lines, unanswered=unanswered)
        return cast("Json", _OFFER.dump_python(made, mode="json"))


async def _read(session: Session, line: str) -> _Line:
    try:
        action = await session.read(line)
    except BadAction as error:
        return _Line(refused=str(error))
    return _made(action)


def _made(action: Action) -> _Line:
    return _Line(text=action.text, effect=action.effect, reason=action.reason)


def asked(context: WebContext, path: str, page: NodeId) -> dict[str, Any]:
    """What the actor is told of a page; `path` begins the call's key."""
    return {
        "goal": context.goal,
        "path": path,
        "observation": context.seen(page),
        "history": context.history(page),
        "picture": context.picture(page),
    }


async def reached(context: WebContext, node: NodeId) -> Session:
    """A session at a node.

    Raises:
        UnreachableError: It cannot be restored.
    """
    back = await context.at(node)
    if back.session is None:
        raise UnreachableError("; ".join(back.tried))
    return back.session


async def candidates(
    context: WebContext, key: NodeId, page: NodeId, ask: Mapping[str, Any], reach: Reach
) -> tuple[Candidate, ...]:
    """Ask the actor for actions on a page.

    Args:
        context: The run's.
        key: The node that the proposals are recorded under.
        page: The node of the page.
        ask: The actor's state, without the session.
        reach: Restores the page.

    Raises:
        UnreachableError: The page cannot be restored.
        ModelError: The model did not answer.
        BudgetSpent: The budget covers neither the call nor the way to the page.
    """
    name = f"{OFFER}/{key}"
    if context.journal.decided(name):
        known = read_stored(_OFFER, context.journal.decision(name), "offer")
        if known.unreachable:
            raise UnreachableError(known.unreachable)
        if known.unanswered:
            context.passed(f"{ask['path']}/act")
            raise ModelError(known.unanswered)
    else:
        before = context.inherited(OFFER, page, _OFFER)
        known = replace(before, page=page) if before else await _empty(context, name, page, reach)
    shown = _Page(known, reach)
    try:
        found = await context.actor(cast("ActorState", {**ask, "session": shown}))
    except ModelError as error:
        await context.journal.decide(name, OFFER, shown.offer(str(error)))
        raise
    await context.journal.decide(name, OFFER, shown.offer())
    return found["candidates"]


async def _empty(context: WebContext, name: str, page: NodeId, reach: Reach) -> Offer:
    """An empty record of a page that can be restored; for one that cannot, no call is made."""
    try:
        await reach()
    except UnreachableError as error:
        failed = Offer(page=page, unreachable=str(error))
        await context.journal.decide(name, OFFER, cast("Json", _OFFER.dump_python(failed, mode="json")))
        raise
    return Offer(page=page)
