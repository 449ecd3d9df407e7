"""Records read from the tables: runs, calls, decisions, events. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, TypeAlias

from branchwise.store.records import Json, NodeId, Usage

OnChange: TypeAlias = Literal["fail", "fork", "accept"]
"""Policy for a resumed call whose request differs from the recorded one: refuse, resample, keep the old reply."""


class Status(StrEnum):
    """The status of a run."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    """Stopped cleanly; the next claim continues it."""
    WAITING = "waiting"
    """Waiting for a person's answer to the questions in `result`; workers skip it until then."""
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class CallState(StrEnum):
    """The state of a call."""

    STARTED = "started"
    DONE = "done"
    FAILED = "failed"
    AMBIGUOUS = "ambiguous"
    """Sent, perhaps answered and billed, but the worker died or gave up before the reply was stored."""


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
    """The whole request, as submitted."""
    queue: str | None
    """The queue whose workers may take it; None: claimed by id only."""
    priority: int
    """Higher goes first."""
    on_change: OnChange
    code_version: str
    forked_from: str | None
    forked_at: NodeId | None
    """The node of `forked_from` that this run's root represents, or the place from which calls are repeated."""
    workflow: str | None
    """The workflow's name; None if only the request contains it."""
    parent: str | None
    """The parent run of a sub-run."""
    api_key: str | None
    """The API key whose run it is."""
    wake: float | None
    """When a waiting run continues without an answer, in seconds since 1970."""
    result: Json
    error: str | None
    owner: str | None
    """The lease holder: host and process."""
    epoch: int
    """Number of claims of the run."""
    attempts: int
    """Number of workers that died with it since it was last claimed by id."""
    max_attempts: int
    elapsed: float
    """Seconds of work, summed over all resumptions."""
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
    round: int | None
    """The round of the search, and the node it is about, as read from the key."""
    node: NodeId | None
    epoch: int
    """The claim of the run under which it was made."""
    request: Json
    response: Json
    error: str | None
    usage: Usage
    started: float
    ended: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """A recorded decision of a run, with its inputs."""

    key: str
    kind: str
    payload: Json


@dataclass(frozen=True, kw_only=True, slots=True)
class RunEvent:
    """An event of a run's history."""

    kind: str
    epoch: int
    data: Json
    at: float
    """Seconds since 1970, by the database's clock."""
