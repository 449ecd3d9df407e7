"""Start, join or resume the run of a request."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from branchwise.graphs.runtime.result import RunResult
from branchwise.graphs.runtime.run import resume_run, start
from branchwise.graphs.runtime.spec import RunSpec
from branchwise.server.callers import Caller
from branchwise.server.charging import charged, settle
from branchwise.server.live_runs import LiveRun
from branchwise.server.preflight import checked
from branchwise.server.refusals import Refusal
from branchwise.server.serving import Serving
from branchwise.store.errors import LeaseLost, StoreError
from branchwise.store.rows import RunRecord, Status
from branchwise.store.runs import new_id

MARK = "branchwise_request"
"""The name in a run's metadata of the digest of its request, by which another request with the same key is told."""
_POLL = 0.5
"""Seconds between looks at a run that another process executes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """A run that a request asks for."""

    spec: RunSpec
    key: str | None = None
    """The request's idempotency key."""
    digest: str = ""
    """The digest of its body."""
    caller: Caller
    detached: bool = False
    forget: bool = False
    """Whether its texts are deleted after the reply."""

    @property
    def run_id(self) -> str:
        """The id of its run; the same for every request of this caller with this idempotency key."""
        if self.key is None:
            return new_id(8)
        return f"key-{hashlib.sha256(f'{self.caller.id}/{self.key}'.encode()).hexdigest()[:48]}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Opened:
    """A run that goes on, and whether it was over before this request."""

    live: LiveRun
    replayed: bool = False


async def open_run(serving: Serving, wanted: Wanted, line: Callable[[Any], str]) -> Opened:
    """Start the run of a request; with an idempotency key join, resume or replay the one that there is.

    Args:
        serving: The server's parts.
        wanted: What is asked for.
        line: A line of progress from an event.

    Raises:
        BadInput: It cannot be run; nothing was spent.
        Refusal: The key was used with another body, or too many runs wait.
    """
    await checked(serving, wanted.spec)
    if wanted.key is None:
        return await _started(serving, wanted, wanted.run_id, None, line)
    run_id = wanted.run_id
    async with serving.opening:
        await serving.live_runs.settled(run_id)
        old = await serving.store.exact_run(run_id)
        refuse_other(wanted, old)
        if (running := serving.live_runs.get(run_id)) is None:
            return await _started(serving, wanted, run_id, old, line)
    if running.digest != wanted.digest:
        raise _other_body()
    return Opened(live=running)


async def _started(
    serving: Serving, wanted: Wanted, run_id: str, old: RunRecord | None, line: Callable[[Any], str]
) -> Opened:
    """Start or resume a run; one that is done is only read."""
    live = LiveRun(
        run_id,
        keep=wanted.key is not None,
        detached=wanted.detached,
        forget=wanted.forget,
        digest=wanted.digest,
    )
    if old is not None and old.status is Status.DONE:
        live.replayed = True

        async def read(watch: Callable[[Any], None]) -> RunResult:
            return await resume_run(serving.store, old, model=serving.engine)

        return Opened(live=serving.live_runs.start(live, read, line), replayed=True)
    serving.admission.check()
    spec = await charged(serving, wanted.caller, wanted.spec, run_id, old)

    async def work(watch: Callable[[Any], None]) -> RunResult:
        try:
            await live.go.wait()
            async with serving.admission.slot(wanted.caller.id, wanted.caller.limits.priority):
                return await _executed(serving, replace(wanted, spec=spec), run_id, old, watch)
        finally:
            await asyncio.shield(settle(serving, wanted.caller, run_id))

    return Opened(live=serving.live_runs.start(live, work, line))


async def _executed(
    serving: Serving,
    wanted: Wanted,
    run_id: str,
    old: RunRecord | None,
    watch: Callable[[Any], None],
) -> RunResult:
    """Execute a run here, or wait for the process that does."""
    engine, store = serving.engine, serving.store
    while True:
        try:
            if old is not None:
                return await resume_run(store, old, model=engine, watch=watch)
            return await start(
                wanted.spec,
                model=engine,
                store=store,
                run_id=run_id,
                watch=watch,
                api_key=wanted.caller.key,
            )
        except StoreError as error:
            now = await store.exact_run(run_id)
            if wanted.key is None or now is None or not _goes_on(error, old, now):
                raise
            old = now
        if old.status is Status.RUNNING:
            await asyncio.sleep(_POLL)


def _goes_on(error: StoreError, old: RunRecord | None, now: RunRecord) -> bool:
    """Whether another process executes the run, or has just begun or ended it."""
    if now.status is Status.DONE or (old is None and now.status is Status.RUNNING):
        return True
    return isinstance(error, LeaseLost) and now.status is not Status.CANCELLED


def refuse_other(wanted: Wanted, old: RunRecord | None) -> None:
    """Refuse a request whose key was used with another body.

    Raises:
        Refusal: It was.
    """
    spec = {} if old is None or not isinstance(old.spec, dict) else old.spec
    marked = spec.get("metadata") or {}
    if old is not None and marked.get(MARK) != wanted.digest:
        raise _other_body()


def _other_body() -> Refusal:
    return Refusal(
        message="This idempotency key was used with another request; choose another key.",
        status=422,
        type="invalid_request_error",
        code="idempotency_conflict",
    )
