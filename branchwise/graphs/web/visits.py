"""Visiting nodes: stand at the parent, do the action, record what came of it, then judge the page."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import cast

from pydantic import TypeAdapter

from branchwise.agents.value import ValueState
from branchwise.environments.protocol import Action, Effect, Observation, Outcome, Session
from branchwise.graphs.web.context import Place
from branchwise.graphs.web.visit import Arrival, Judgement
from branchwise.store.errors import ActionRefused, BadAction, BadInput, BudgetSpent, EnvironmentFailed
from branchwise.store.records import ROOT, Json, Node, NodeId

HELD = "held back"
"""How the reason of a node begins whose action waits for a person's yes."""


async def open_start(place: Place) -> Arrival:
    """Open the start page, unless that was done before."""
    if not place.has_arrived(ROOT):
        session = await place.environment.reset(seed=place.seed)
        seen = await session.observe()
        if not (place.given_goal or seen.goal):
            await session.aclose()
            raise BadInput("The goal is empty, and this environment does not say what is to be done.")
        if place.options.look and seen.screenshot is None:
            await session.aclose()
            raise BadInput("The model is to look at pages, but this environment makes no pictures of them.")
        await place.leave(ROOT, session)
        page = Outcome(observation=seen, effect=Effect.REVERSIBLE)
        await record(place, ROOT, _arrival(place, ROOT, page))
        place.watch(f"opened {seen.url}")
    return place.arrived(ROOT)


async def visit(place: Place, nodes: Sequence[NodeId]) -> list[tuple[Arrival, Judgement]]:
    """Visit nodes, `at_once` of them at a time, and judge their pages.

    What came of the actions is recorded in the order of `nodes` before any page is judged, so that a resumed run
    asks about the same pages and finds the same twins.

    Raises:
        BudgetSpent: Tokens or steps do not reach for all of them; those that were visited are recorded.
    """
    gate = asyncio.Semaphore(place.options.at_once)

    async def arrive(name: NodeId) -> Arrival:
        async with gate:
            return place.arrived(name) if place.has_arrived(name) else await _arrive(place, name)

    arrivals = await asyncio.gather(*(arrive(name) for name in nodes), return_exceptions=True)
    for name, arrival in zip(nodes, arrivals, strict=True):
        if isinstance(arrival, BaseException):
            raise arrival
        await record(place, name, arrival)
    judged = await asyncio.gather(*(judge(place, name) for name in nodes), return_exceptions=True)
    for found in judged:
        if isinstance(found, BaseException):
            raise found
    return [(place.arrived(n), cast("Judgement", j)) for n, j in zip(nodes, judged, strict=True)]


async def record(place: Place, node: NodeId, arrival: Arrival, *, key: str = "arrival") -> None:
    """Record what came of a node's action, once."""

    async def found() -> Json:
        return cast("Json", {**asdict(arrival), "steps": place.odometer.record()})

    await place.notebook.once(f"{key}/{node}", key, found)


async def judge(place: Place, name: NodeId, *, twins: bool = True) -> Judgement:
    """What the node's page is worth, asked once; a page that was seen before is not judged again."""
    node, page = place.notebook.tree[name], place.arrived(name)
    # What was held back had nothing to judge; once it is committed there is a page.
    key = f"value/{name}/committed" if place.notebook.decided(f"commit/{name}") else f"value/{name}"

    async def found() -> Json:
        if page.failed is not None:
            return cast("Json", asdict(Judgement()))
        if page.reached:
            return cast("Json", asdict(Judgement(value=1.0)))
        if page.reward is not None:
            return cast("Json", asdict(Judgement(value=page.reward)))
        twin = _twin(place, node) if twins else None
        if twin is not None or not place.options.judgements:
            return cast("Json", asdict(Judgement(value=None if twin else 0.5, twin=twin)))
        state = ValueState(
            goal=place.goal,
            path=f"w/{name}",
            observation=place.seen(name),
            history=place.history(name),
            picture=place.picture(name),
        )
        said = await place.value(state)
        return cast("Json", asdict(Judgement(value=said["value"], votes=said["votes"])))

    judged: Judgement = TypeAdapter(Judgement).validate_python(await place.notebook.once(key, "value", found))
    place.watch(_line(node, page, judged))
    return judged


async def act(
    place: Place, node: Node, session: Session, *, allow: bool = False
) -> tuple[Arrival, Session | None]:
    """Do the node's action where `session` stands, and say where it stands then: at the node, or nowhere usable.

    Raises:
        BudgetSpent: No step is left.
    """
    parent = node.parent or ROOT
    try:
        place.odometer.begin(1)
    except BudgetSpent:
        await place.leave(parent, session)
        raise
    try:
        outcome = await session.act(Action(text=node.text.strip()), allow=allow)
    except ActionRefused as error:
        place.odometer.correct(1, 0)
        await place.leave(parent, session)
        return Arrival(failed=f"{HELD}: {error.reason}"), None
    except (BadAction, EnvironmentFailed) as error:
        await session.aclose()
        return Arrival(failed=str(error)), None
    if outcome.held:
        # The page believes that it has sent something: only another session shows the truth.
        await session.aclose()
        return Arrival(failed=f"{HELD}: it would have sent {outcome.held[0]}", effect=outcome.effect), None
    reached = await _reached(place, session, outcome.observation)
    return _arrival(place, node.id, outcome, reached=reached), session


async def _arrive(place: Place, name: NodeId) -> Arrival:
    node = place.notebook.tree[name]
    assert node.parent is not None
    back = await place.at(node.parent)
    if back.session is None:
        why = "; ".join(back.tried)
        return Arrival(failed=f"its parent could not be reached again: {why}", replayed=back.replayed)
    arrival, session = await act(place, node, back.session)
    if session is not None:
        await place.leave(name, session)
    return replace(arrival, restored=back.rung or "", replayed=back.replayed)


async def _reached(place: Place, session: Session, seen: Observation) -> bool:
    if seen.reward == 1:
        return True
    return place.check is not None and await place.check(session)


def _twin(place: Place, node: Node) -> NodeId | None:
    mine = place.arrived(node.id)
    writes = place.writes(node.id)
    for other in place.arrivals():
        if other == node.id:
            return None
        page = place.arrived(other)
        if page.failed is None and page.fingerprint == mine.fingerprint and place.writes(other) == writes:
            return other
    return None


def _arrival(place: Place, node: NodeId, outcome: Outcome, *, reached: bool = False) -> Arrival:
    seen = outcome.observation
    return Arrival(
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
        screenshot=_shot(place, node, seen),
    )


def _shot(place: Place, node: NodeId, seen: Observation) -> str | None:
    if place.shots is None or seen.screenshot is None:
        return None
    place.shots.mkdir(parents=True, exist_ok=True)
    digest = hashlib.blake2b(seen.screenshot, digest_size=6).hexdigest()
    file = place.shots / f"{node}-{digest}.jpg"
    file.write_bytes(seen.screenshot)
    return str(file)


def _line(node: Node, page: Arrival, judged: Judgement) -> str:
    if page.failed is not None:
        said = page.failed
    elif page.reached:
        said = "goal reached, a program checked it"
    elif judged.twin is not None:
        said = f"the same page as node {judged.twin}"
    else:
        said = "no opinion" if judged.value is None else f"{judged.value:.2f}"
    return f"{node.id} {node.text.strip()}: {said}"
