"""What the tables give back: records of runs, calls and decisions. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, TypeAlias

from branchwise.store.records import Json, NodeId, Usage

OnChange: TypeAlias = Literal["fail", "fork", "accept"]
"""What a resumed call does whose request differs from the recorded one: refuse, sample anew, keep the old reply."""


class Status(StrEnum):
    """Where a run stands."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    """Left in good order; whoever claims it goes on."""
    WAITING = "waiting"
    """For a person's answer to the questions in `result`; no worker takes it before that."""
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class CallState(StrEnum):
    """What is known of a call."""

    STARTED = "started"
    DONE = "done"
    FAILED = "failed"
    AMBIGUOUS = "ambiguous"
    """Sent, perhaps answered and billed, but the worker died or gave up before the answer was kept."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunRecord:
    """A run as stored."""

    id: str
    status: Status
    task: str
    strategy: str
    model: str
    seed: int
    spec: Json
    """The whole request, as whoever created the run wrote it."""
    queue: str | None
    """Whose workers may take it; None: only who names it."""
    priority: int
    """Higher goes first."""
    on_change: OnChange
    code_version: str
    forked_from: str | None
    forked_at: NodeId | None
    """The node of `forked_from` that this run's root stands for, or the place from which it asks anew."""
    workflow: str | None
    """Its name; None where the request alone says it."""
    parent: str | None
    """The run that began this one as a part of itself."""
    wake: float | None
    """When a waiting run goes on without an answer, in seconds since 1970."""
    result: Json
    error: str | None
    owner: str | None
    """Who holds the run: host and process."""
    epoch: int
    """How often the run was claimed."""
    attempts: int
    """How many workers died with it since it was last claimed by hand."""
    max_attempts: int
    elapsed: float
    """Seconds of work, over all resumptions."""
    created: float
    """Seconds since 1970."""
    finished: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class CallRecord:
    """One attempt at a call."""

    key: str
    """Logical path of the call within its run."""
    attempt: int
    state: CallState
    kind: str
    model: str
    strategy: str
    node: NodeId | None
    request: Json
    response: Json
    error: str | None
    usage: Usage
    started: float
    ended: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """Something a run decided once, with its grounds."""

    key: str
    kind: str
    payload: Json


@dataclass(frozen=True, kw_only=True, slots=True)
class RunEvent:
    """One line of a run's history."""

    kind: str
    epoch: int
    data: Json
    at: float
    """Seconds since 1970, by the database's clock."""
