"""What is known of a node that was visited; kept as decisions of the run, so that nothing is done or judged twice."""

from __future__ import annotations

from dataclasses import dataclass

from branchwise.environments.protocol import Effect
from branchwise.store.records import NodeId


@dataclass(frozen=True, kw_only=True, slots=True)
class Visit:
    """What the environment showed after the node's action; recorded before any model is asked about it."""

    url: str = ""
    title: str = ""
    fingerprint: str = ""
    effect: Effect = Effect.REVERSIBLE
    writes: tuple[str, ...] = ()
    """Writes that this action sent: into its own world, or to the site itself where it was committed."""
    ended: bool = False
    reached: bool = False
    """Whether a program, not a model, said that the goal is reached."""
    reward: float | None = None
    """Where the environment has ended: its own sound judgement in [0, 1], if it has one."""
    answer: str | None = None
    observation: str = ""
    goal: str = ""
    """What the environment itself asks for."""
    screenshot: str | None = None
    """Its file."""
    restored: str = ""
    """The method that led back to the parent: live, snapshot or replay."""
    replayed: int = 0
    """Actions done again on the way there."""
    steps: int = 0
    """Actions executed since the arrival recorded before, this one and all replays included."""
    failed: str | None = None
    held: bool = False
    """Whether it failed because the action awaits approval."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PageValue:
    """What was thought of a page."""

    value: float | None = None
    votes: tuple[float, ...] = ()
    twin: NodeId | None = None
    """An older node that shows the same page in a world with the same writes; this one was not judged then."""
