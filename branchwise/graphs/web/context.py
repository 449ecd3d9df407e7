"""What a web search works with: the environment, the sessions that stand somewhere, and the way back to a node."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter

from branchwise.agents.actor import ActorState, ActorUpdate
from branchwise.agents.protocol import Agent
from branchwise.agents.value import ValueState, ValueUpdate
from branchwise.environments.protocol import Action, Environment, Observation, Session, Snapshot
from branchwise.environments.restore import PathStep, Restored, restore_path
from branchwise.graphs.runtime.journal import Journal
from branchwise.graphs.web.request import WebOptions
from branchwise.graphs.web.result import Question
from branchwise.graphs.web.visit import Visit
from branchwise.models.budget import BudgetTracker
from branchwise.store.records import ROOT, Json, NodeId
from branchwise.store.stored import read_stored

Check = Callable[[Session], Awaitable[bool]]
"""Whether the goal is reached, told by a program that looks where the page cannot lie."""

_ARRIVAL = TypeAdapter(Visit)


@dataclass(frozen=True, kw_only=True, slots=True)
class WebContext:
    """LangGraph hands it to every station and never stores it."""

    given_goal: str
    environment: Environment
    journal: Journal
    tracker: BudgetTracker
    actor: Agent[ActorState, ActorUpdate]
    value: Agent[ValueState, ValueUpdate]
    options: WebOptions
    ask: Callable[[Question], Awaitable[bool]]
    """Asks a person whether an action is committed; the run waits in the store until somebody has answered."""
    effect: Callable[[str, Json, Callable[[], Awaitable[Json]]], Awaitable[Json]]
    """Does something at most once under a key, and keeps its result."""
    known_done: Callable[[str, Json], bool]
    """Whether a person said that something was done whose outcome was unknown; the run waits until one has said."""
    seed: int
    check: Check | None = None
    shots: Path | None = None
    """Folder for this run's screenshots."""
    watch: Callable[[str], None] = lambda line: None
    """Called with one line for each thing that happened."""
    live: dict[NodeId, Session] = field(default_factory=dict)
    """Sessions that stand at a node now; a resumed run begins with none."""
    kept: dict[NodeId, Snapshot] = field(default_factory=dict)
    counted: list[int] = field(default_factory=lambda: [0])
    """The actions that the visits recorded so far account for."""

    def steps(self) -> int:
        """The actions executed since the visit recorded before."""
        since, self.counted[0] = self.tracker.effects - self.counted[0], self.tracker.effects
        return since

    @property
    def goal(self) -> str:
        """What is to be reached, in the person's words or in the environment's."""
        return self.given_goal or self.arrived(ROOT).goal

    def has_arrived(self, node: NodeId) -> bool:
        """Whether it is recorded what came of the node's action."""
        return self.journal.decided(f"arrival/{node}") or self.journal.decided(f"commit/{node}")

    def arrived(self, node: NodeId) -> Visit:
        """What came of the node's action: when it was committed, else when it was tried."""
        committed = self.journal.decided(f"commit/{node}")
        found = self.journal.decision(f"commit/{node}" if committed else f"arrival/{node}")
        return read_stored(_ARRIVAL, found, "visit")

    def arrivals(self) -> list[NodeId]:
        """The nodes that were arrived at, in the order in which that was recorded."""
        return [key.removeprefix("arrival/") for key in self.journal.keys("arrival/")]

    def seen(self, node: NodeId) -> Observation:
        """The node's page as it was recorded."""
        page = self.arrived(node)
        return Observation(text=page.observation, fingerprint=page.fingerprint, url=page.url)

    def picture(self, node: NodeId) -> str | None:
        """The file of the node's screenshot, where the model is to see it."""
        return self.arrived(node).screenshot if self.options.look else None

    def history(self, node: NodeId) -> list[str]:
        """The actions of this branch; what other branches did is nobody's business here."""
        return [step.text.strip() for step in self.journal.tree.path(node)]

    def writes(self, node: NodeId) -> tuple[str, ...]:
        """The writes of this branch."""
        return tuple(line for step in self.journal.tree.path(node) for line in self.arrived(step.id).writes)

    async def at(self, node: NodeId) -> Restored:
        """Bring a session to `node`, which was visited before; the caller has it for itself.

        Raises:
            BudgetSpent: The way there is longer than the steps that are left.
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
        back = await restore_path(self.environment, start, path, live=live, snapshot=kept, seed=self.seed)
        self.tracker.take_effects(back.replayed - expected)
        return back

    async def leave(self, node: NodeId, session: Session) -> None:
        """Keep a session at `node`: live if there is room, and as a snapshot."""
        if node not in self.kept and (snapshot := await session.snapshot()) is not None:
            self.kept[node] = snapshot
        if (before := self.live.pop(node, None)) is not None:
            await before.aclose()
        self.live[node] = session
        while len(self.live) > max(1, self.environment.abilities.parallel - self.options.at_once):
            await self.live.pop(next(iter(self.live))).aclose()

    async def forget(self) -> None:
        """Close the sessions that stand somewhere and drop what was kept of others."""
        async with asyncio.TaskGroup() as group:
            for session in self.live.values():
                group.create_task(session.aclose())
        self.live.clear()
        self.kept.clear()
