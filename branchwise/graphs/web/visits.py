"""Visits of nodes: restore the parent, do the action, record the outcome, then judge the page."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import replace

from branchwise.agents.value import ValueState
from branchwise.environments.protocol import Action, Effect, Observation, Outcome, Session
from branchwise.graphs.web.context import WebContext
from branchwise.graphs.web.visit import PAGE_VALUE, VISIT, PageValue, Visit
from branchwise.store.errors import ActionRefused, BadAction, BadInput, BudgetSpent, EnvironmentFailed
from branchwise.store.records import ROOT, Node, NodeId
from branchwise.store.stored import read_stored

HELD = "held back"
"""Prefix of the failure reason of a node whose action awaits approval."""


async def open_start(context: WebContext) -> Visit:
    """Open the start page once."""
    if not context.has_arrived(ROOT) and (seen_before := context.inherited_visit(ROOT)) is not None:
        await record(context, ROOT, seen_before)
    if not context.has_arrived(ROOT):
        session = await context.environment.reset(seed=context.seed)
        seen = await session.observe()
        if not (context.given_goal or seen.goal):
            await session.aclose()
            raise BadInput("The goal is empty, and this environment does not say what is to be done.")
        if context.options.vision and seen.screenshot is None:
            await session.aclose()
            raise BadInput("The model is to be shown screenshots, but this environment makes none.")
        await context.leave(ROOT, session)
        page = Outcome(observation=seen, effect=Effect.REVERSIBLE)
        await record(context, ROOT, _arrival(context, ROOT, page))
        context.watch(f"opened {seen.url}")
    return context.arrived(ROOT)


async def visit(context: WebContext, nodes: Sequence[NodeId]) -> list[tuple[Visit, PageValue]]:
    """Visit nodes, `concurrency` of them at the same time, and judge their pages.

    Outcomes are recorded in the order of `nodes` before any page is judged, so that a resumed run judges the
    same pages and finds the same duplicates.

    Raises:
        BudgetSpent: The budget of tokens or actions does not cover all of them; those visited are recorded.
    """
    gate = asyncio.Semaphore(context.options.concurrency)

    async def arrive(name: NodeId) -> Visit:
        async with gate:
            return context.arrived(name) if context.has_arrived(name) else await _arrive(context, name)

    arrivals = await asyncio.gather(*(arrive(name) for name in nodes), return_exceptions=True)
    for name, arrival in zip(nodes, arrivals, strict=True):
        if isinstance(arrival, BaseException):
            raise arrival
        await record(context, name, arrival)
    opinions = await asyncio.gather(*(_opinion(context, name) for name in nodes), return_exceptions=True)
    # Decided in this order, whichever reply came first, so that a replay decides in the same.
    pages: list[tuple[Visit, PageValue]] = []
    failed: BaseException | None = None
    for name, found in zip(nodes, opinions, strict=True):
        if isinstance(found, BaseException):
            failed = failed or found
        else:
            pages.append((context.arrived(name), await _decided(context, name, found)))
    if failed is not None:
        raise failed
    return pages


async def record(context: WebContext, node: NodeId, arrival: Visit, *, key: str = "arrival") -> None:
    """Record the outcome of a node's action, once."""
    counted = replace(arrival, steps=context.steps())
    await context.journal.decide_as(f"{key}/{node}", key, VISIT, counted)


async def judge(context: WebContext, name: NodeId, *, twins: bool = True) -> PageValue:
    """The value of the node's page, requested once; a page seen before is not judged again."""
    return await _decided(context, name, await _opinion(context, name, twins=twins))


def _value_key(context: WebContext, name: NodeId) -> str:
    # A withheld action has no page to judge; a committed one has.
    return f"value/{name}/committed" if context.journal.decided(f"commit/{name}") else f"value/{name}"


async def _opinion(context: WebContext, name: NodeId, *, twins: bool = True) -> PageValue:
    node, page = context.journal.tree[name], context.arrived(name)
    key = _value_key(context, name)
    if context.journal.decided(key):
        return read_stored(PAGE_VALUE, context.journal.decision(key), "value")
    if page.failed is not None:
        return PageValue()
    if page.reached:
        return PageValue(value=1.0)
    if page.reward is not None:
        return PageValue(value=page.reward)
    twin = _twin(context, node) if twins else None
    if twin is not None or not context.options.value_samples:
        return PageValue(value=None if twin else 0.5, twin=twin)
    state = ValueState(
        goal=context.goal,
        path=f"w/{name}",
        observation=context.seen(name),
        history=context.history(name),
        picture=context.picture(name),
    )
    said = await context.value(state)
    return PageValue(value=said["value"], votes=said["votes"])


async def _decided(context: WebContext, name: NodeId, value: PageValue) -> PageValue:
    judged = await context.journal.decide_as(_value_key(context, name), "value", PAGE_VALUE, value)
    context.watch(_line(context.journal.tree[name], context.arrived(name), judged))
    return judged


async def act(
    context: WebContext, node: Node, session: Session, *, allow: bool = False
) -> tuple[Visit, Session | None]:
    """Do the node's action in `session`; report whether the session is then at the node or unusable.

    Raises:
        BudgetSpent: No action is left of the budget.
    """
    parent = node.parent or ROOT
    try:
        context.tracker.take_effects()
    except BudgetSpent:
        await context.leave(parent, session)
        raise
    try:
        outcome = await session.act(Action(text=node.text.strip()), allow=allow)
    except ActionRefused as error:
        context.tracker.take_effects(-1)
        await context.leave(parent, session)
        return Visit(failed=f"{HELD}: {error.reason}", held=True), None
    except (BadAction, EnvironmentFailed) as error:
        await session.aclose()
        return Visit(failed=str(error)), None
    if outcome.blocked:
        # The page shows the write as sent although it was withheld; only a new session shows the true state.
        await session.aclose()
        return Visit(
            failed=f"{HELD}: it would have sent {outcome.blocked[0]}", held=True, effect=outcome.effect
        ), None
    reached = await _reached(context, session, outcome.observation)
    return _arrival(context, node.id, outcome, reached=reached), session


async def _arrive(context: WebContext, name: NodeId) -> Visit:
    node = context.journal.tree[name]
    assert node.parent is not None
    if (seen_before := context.inherited_visit(name)) is not None:
        return seen_before
    back = await context.at(node.parent)
    if back.session is None:
        why = "; ".join(back.tried)
        return Visit(failed=f"its parent could not be reached again: {why}", replayed=back.replayed)
    arrival, session = await act(context, node, back.session)
    if session is not None:
        await context.leave(name, session)
    return replace(arrival, restored=back.method or "", replayed=back.replayed)


async def _reached(context: WebContext, session: Session, seen: Observation) -> bool:
    if seen.reward == 1:
        return True
    return context.check is not None and await context.check(session)


def _twin(context: WebContext, node: Node) -> NodeId | None:
    mine = context.arrived(node.id)
    writes = context.writes(node.id)
    for other in context.arrivals():
        if other == node.id:
            return None
        page = context.arrived(other)
        if page.failed is None and page.fingerprint == mine.fingerprint and context.writes(other) == writes:
            return other
    return None


def _arrival(context: WebContext, node: NodeId, outcome: Outcome, *, reached: bool = False) -> Visit:
    seen = outcome.observation
    return Visit(
        url=seen.url,
        title=seen.title,
        fingerprint=seen.fingerprint,
        effect=outcome.effect,
        writes=outcome.writes,
        ended=seen.ended,
        reached=reached,
        reward=seen.reward if seen.ended else None,
        answer=seen.answer,
        observation=seen.text,
        goal=seen.goal,
        forms=seen.forms if node == ROOT else "",
        screenshot=_shot(context, node, seen),
    )


def _shot(context: WebContext, node: NodeId, seen: Observation) -> str | None:
    if context.shots is None or seen.screenshot is None:
        return None
    context.shots.mkdir(parents=True, exist_ok=True)
    digest = hashlib.blake2b(seen.screenshot, digest_size=6).hexdigest()
    file = context.shots / f"{node}-{digest}.jpg"
    file.write_bytes(seen.screenshot)
    return str(file)


def _line(node: Node, page: Visit, judged: PageValue) -> str:
    if page.failed is not None:
        said = page.failed
    elif page.reached:
        said = "goal reached, a program checked it"
    elif judged.twin is not None:
        said = f"the same page as node {judged.twin}"
    else:
        said = "no opinion" if judged.value is None else f"{judged.value:.2f}"
    return f"{node.id} {node.text.strip()}: {said}"
