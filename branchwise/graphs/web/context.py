"""Runtime context of the web search: the environment, its open sessions, and restoring a node's page."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter

from branchwise.agents.actor import ActorState, ActorUpdate
from branchwise.agents.protocol import Agent
from branchwise.agents.value import ValueState, ValueUpdate
from branchwise.environments.protocol import (
    Action,
    Environment,
    ExplainsSnapshots,
    Observation,
    Session,
    Snapshot,
)
from branchwise.environments.restore import PathStep, Restored, restore_path
from branchwise.graphs.runtime.journal import Journal
from branchwise.graphs.web.observed import inherited_key
from branchwise.graphs.web.request import WebOptions
from branchwise.graphs.web.result import ApprovalRequest
from branchwise.graphs.web.visit import VISIT, Visit
from branchwise.models.budget import BudgetTracker
from branchwise.store.records import ROOT, Json, NodeId
from branchwise.store.stored import read_stored

T = TypeVar("T")
Check = Callable[[Session], Awaitable[bool]]
"""Program that checks whether the goal is reached, from a source more reliable than the page."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WebContext:
    """Runtime context of the web graph: LangGraph passes it to every node and does not store it."""

    given_goal: str
    environment: Environment
    journal: Journal
    tracker: BudgetTracker
    actor: Agent[ActorState, ActorUpdate]
    value: Agent[ValueState, ValueUpdate]
    options: WebOptions
    ask: Callable[[ApprovalRequest], Awaitable[bool]]
    """Asks a person whether to commit an action; the run waits in the store for the answer."""
    effect: Callable[[str, Json, Callable[[], Awaitable[Json]]], Awaitable[Json]]
    """Does an action at most once under a key, and records its result."""
    is_recorded: Callable[[str, Json], bool]
    """Whether an action's result is on record, here or in an ancestor."""
    known_done: Callable[[str, Mapping[str, Json]], bool]
    """A person's word on whether an effect of unknown outcome was done; the run waits for it."""
    passed: Callable[[str], None]
    """Tells a replay that a recorded call's outcome came from a decision."""
    seed: int
    check: Check | None = None
    shots: Path | None = None
    """Folder for this run's screenshots."""
    watch: Callable[[str], None] = lambda line: None
    """Called with one line for each event."""
    live: dict[NodeId, Session] = field(default_factory=dict)
    """Live sessions by node; a resumed run starts with none."""
    kept: dict[NodeId, Snapshot] = field(default_factory=dict)
    unkept: dict[NodeId, str] = field(default_factory=dict)
    """Why a node has no snapshot, where its session says so."""
    counted: list[int] = field(default_factory=lambda: [0])
    """Number of actions that the recorded visits account for."""

    def inherited(self, kind: str, page: NodeId, form: TypeAdapter[T]) -> T | None:
        """What a fork's ancestor observed after the actions that lead to a page."""
        key = inherited_key(kind, self.history(page))
        return read_stored(form, self.journal.decision(key), kind) if self.journal.decided(key) else None

    def inherited_visit(self, node: NodeId) -> Visit | None:
        """An ancestor's visit of the same page by the same actions."""
        found = self.inherited("arrival", node, VISIT)
        return found and replace(found, restored="record", replayed=0)

    def steps(self) -> int:
        """Number of actions executed since the last recorded visit."""
        since, self.counted[0] = self.tracker.effects - self.counted[0], self.tracker.effects
        return since

    @property
    def goal(self) -> str:
        """The goal, from the request or from the environment."""
        return self.given_goal or self.arrived(ROOT).goal

    def has_arrived(self, node: NodeId) -> bool:
        """Whether the outcome of the node's action is recorded."""
        return self.journal.decided(f"arrival/{node}") or self.journal.decided(f"commit/{node}")

    def arrived(self, node: NodeId) -> Visit:
        """The recorded visit of the node's action: that of the commit, else that of the try."""
        committed = self.journal.decided(f"commit/{node}")
        found = self.journal.decision(f"commit/{node}" if committed else f"arrival/{node}")
        return read_stored(VISIT, found, "visit")

    def arrivals(self) -> list[NodeId]:
        """The visited nodes, in the order of their records."""
        return [key.removeprefix("arrival/") for key in self.journal.keys("arrival/")]

    def seen(self, node: NodeId) -> Observation:
        """The node's recorded page."""
        page = self.arrived(node)
        return Observation(
            text=page.observation,
            fingerprint=page.fingerprint,
            url=page.url,
            forms=self.arrived(ROOT).forms,
        )

    def picture(self, node: NodeId) -> str | None:
        """The file of the node's screenshot, if the model is shown screenshots."""
        return self.arrived(node).screenshot if self.options.vision else None

    def history(self, node: NodeId) -> list[str]:
        """The actions of this branch; actions of other branches are excluded."""
        return [step.text.strip() for step in self.journal.tree.path(node)]

    def writes(self, node: NodeId) -> tuple[str, ...]:
        """The writes of this branch."""
        return tuple(line for step in self.journal.tree.path(node) for line in self.arrived(step.id).writes)

    async def at(self, node: NodeId) -> Restored:
        """Restore a session at `node`, which was visited before; the caller owns it.

        Raises:
            BudgetSpent: The path needs more actions than the budget has left.
        """
        path = [
            PathStep(action=Action(text=step.text.strip()), fingerprint=seen.fingerprint, effect=seen.effect)
            for step in self.journal.tree.path(node)
            for seen in [self.arrived(step.id)]
        ]
        live, kept = self.live.pop(node, None), self.kept.get(node)
        expected = 0 if live or kept else len(path)
        try:
            self.tracker.take_effects(expected)
        except BaseException:
            if live is not None:
                self.live[node] = live
            raise
        start = self.arrived(ROOT).fingerprint
        back = await restore_path(
            self.environment,
            start,
            path,
            live=live,
            snapshot=kept,
            refusal=self.unkept.get(node, ""),
            seed=self.seed,
        )
        self.tracker.take_effects(back.replayed - expected)
        return back

    async def leave(self, node: NodeId, session: Session) -> None:
        """Keep a session at `node`: live if a slot is free, and as a snapshot."""
        if node not in self.kept:
            if (snapshot := await session.snapshot()) is not None:
                self.kept[node] = snapshot
            elif isinstance(session, ExplainsSnapshots):
                self.unkept[node] = session.refusal
        if (before := self.live.pop(node, None)) is not None:
            await before.aclose()
        self.live[node] = session
        while len(self.live) > max(1, self.environment.abilities.parallel - self.options.concurrency):
            await self.live.pop(next(iter(self.live))).aclose()

    async def forget(self) -> None:
        """Close the live sessions and drop the snapshots."""
        async with asyncio.TaskGroup() as group:
            for session in self.live.values():
                group.create_task(session.aclose())
        self.live.clear()
        self.kept.clear()
