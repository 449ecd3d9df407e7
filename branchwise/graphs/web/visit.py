"""Records of visited nodes, kept as decisions of the run, so that nothing is done or judged twice."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import TypeAdapter

from branchwise.environments.protocol import Effect
from branchwise.store.records import NodeId


@dataclass(frozen=True, kw_only=True, slots=True)
class Visit:
    """The environment's observation after the node's action, recorded before any model judges it."""

    url: str = ""
    title: str = ""
    fingerprint: str = ""
    effect: Effect = Effect.REVERSIBLE
    writes: tuple[str, ...] = ()
    """Writes that this action sent: into its fork of the environment, or to the site itself if it was committed."""
    ended: bool = False
    reached: bool = False
    """Whether a program, not a model, confirmed the goal."""
    reward: float | None = None
    """At the environment's end, its own sound reward in [0, 1], if any."""
    answer: str | None = None
    observation: str = ""
    goal: str = ""
    """The environment's own goal."""
    forms: str = ""
    """The forms of actions that the environment takes; kept with the start page only."""
    screenshot: str | None = None
    """The screenshot's file."""
    restored: str = ""
    """The method that restored the parent: live, snapshot or replay; "record" for a page that a fork inherited."""
    replayed: int = 0
    """Number of actions replayed to restore it."""
    steps: int = 0
    """Number of actions executed since the last recorded visit, this one and all replays included."""
    failed: str | None = None
    held: bool = False
    """Whether it failed because the action awaits approval."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PageValue:
    """Value of a page, as judged."""

    value: float | None = None
    votes: tuple[float, ...] = ()
    twin: NodeId | None = None
    """An older node with the same page after the same writes; then this one was not judged."""


VISIT = TypeAdapter(Visit)
PAGE_VALUE = TypeAdapter(PageValue)
