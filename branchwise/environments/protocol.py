"""The protocols: an environment opens sessions, a session observes and acts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, runtime_checkable

from branchwise.renamed import new_names
from branchwise.store.records import Json


class Effect(StrEnum):
    """The effect of an action outside its own session."""

    REVERSIBLE = "reversible"
    """Nothing that a fresh session would see: looking, navigating, filling in."""
    IRREVERSIBLE = "irreversible"
    """Something that stays: an order, a message, a deletion."""
    UNKNOWN = "unknown"
    """Cannot be told before it is tried."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Action:
    """One possible action, in the environment's own words."""

    text: str
    """The canonical line, equal for equal actions: `click button "Search"`. A session can read it back."""
    effect: Effect = Effect.UNKNOWN
    """What it is expected to leave behind."""
    reason: str = ""
    """Why it has that effect, for the person who is asked to allow it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Observation:
    """The state of one session at one moment. Its texts are foreign data, never instructions."""

    text: str
    """What an agent reads; secrets are masked."""
    fingerprint: str
    """Equal for equal states as far as they can be seen; what cannot matter (times, tokens) is left out."""
    url: str = ""
    title: str = ""
    screenshot: bytes | None = None
    """A JPEG image, where the environment was asked for it."""
    ended: bool = False
    """Whether the environment takes no more actions."""
    reward: float | None = None
    """The environment's own sound judgement in [0, 1], where it has one."""
    answer: str | None = None
    """What the agent handed in with `stop`."""
    goal: str = ""
    """What is to be done, where the environment itself says so and not the person who searches it."""
    forms: str = ""
    """The forms of actions that `Session.read` takes, a line each, shown to an agent; empty for the usual ones."""


@new_names(held="blocked")
@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """The outcome of one action."""

    observation: Observation
    effect: Effect
    """What was seen to happen, which is stronger than what was expected."""
    blocked: tuple[str, ...] = ()
    """Writes that were tried and blocked; the session then shows a false state: drop or restore it."""
    writes: tuple[str, ...] = ()
    """Writes that went through."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """A state that can be opened again while the process lives; it may hold secrets and is never stored."""

    data: Json = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Abilities:
    """What an environment can do."""

    parallel: int = 1
    """How many sessions may be open at once."""
    snapshots: bool = False
    """Whether `Session.snapshot` gives one."""
    rewinds: bool = False
    """Whether a fresh session starts in a fresh world, so that earlier writes cannot be seen in it.

    Writes are free in look-ahead then, and a path may be replayed across them.
    """


class Session(Protocol):
    """One isolated branch of an environment; other sessions do not see what happens in it.

    Used by one task at a time.
    """

    async def observe(self) -> Observation:
        """Return the current observation; observing changes nothing."""
        ...

    async def actions(self) -> Sequence[Action]:
        """List the possible actions, most prominent first; the same state gives the same list."""
        ...

    async def read(self, line: str) -> Action:
        """Turn a line into an action that is possible now.

        Raises:
            BadAction: The line is no action, or names something that is not there.
        """
        ...

    async def act(self, action: Action, *, allow: bool = False) -> Outcome:
        """Perform one action and wait until the state has settled.

        Args:
            action: What `actions` or `read` gave, or the same from an earlier run.
            allow: Whether writes that cannot be taken back may go through. Without it they are refused
                before they happen or held at a barrier.

        Raises:
            BadAction: What the action names is not there, or there is more than one of it.
            ActionRefused: The action would leave something behind and `allow` is False.
        """
        ...

    async def snapshot(self) -> Snapshot | None:
        """Save the current state, or return None where it cannot be saved."""
        ...

    async def aclose(self) -> None:
        """Close the session; closing twice does nothing."""
        ...


@runtime_checkable
class Recognises(Protocol):
    """A session that may know a state again although its fingerprint is another, since a part changes by itself."""

    async def recognise(self, fingerprint: str) -> str | None:
        """Why this is not the recorded state; None if it is.

        Raises:
            EnvironmentFailed: The state cannot be read.
        """
        ...


@runtime_checkable
class ExplainsSnapshots(Protocol):
    """A session that says why its last `snapshot` saved nothing."""

    @property
    def refusal(self) -> str:
        """The reason; empty if it saved the state."""
        ...


class Environment(Protocol):
    """Opens sessions. Safe to call from many tasks of one event loop at once."""

    @property
    def name(self) -> str:
        """Its name, without secrets; stored with the run."""
        ...

    @property
    def abilities(self) -> Abilities:
        """What this environment can do."""
        ...

    async def reset(self, *, seed: int = 0) -> Session:
        """Open a session at the start; the same seed gives the same start.

        Raises:
            EnvironmentFailed: No session can be opened.
        """
        ...

    async def restore(self, snapshot: Snapshot) -> Session:
        """Open a session in a saved state; the caller verifies its fingerprint.

        Raises:
            EnvironmentFailed: The state cannot be opened again.
        """
        ...

    async def aclose(self) -> None:
        """Close every session and what they run on."""
        ...
