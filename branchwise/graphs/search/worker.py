"""A worker: claims queued runs, several at once over one engine per model, and hands back what it cannot finish."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Literal

from branchwise.environments.sandbox.limits import SandboxError
from branchwise.graphs.runtime.resources import opened_engine, opened_store
from branchwise.graphs.search.execute import execute
from branchwise.graphs.search.request import RunSpec, check_engine, request_of
from branchwise.graphs.search.state import Event
from branchwise.models.protocol import Model
from branchwise.store.errors import BranchwiseError, LeaseLost, ModelError, StoreError, Unsupported
from branchwise.store.lifecycle import QUEUE, TTL
from branchwise.store.rows import RunRecord, Status
from branchwise.store.store import Lease, Store

Kind = Literal["claimed", "progress", "done", "failed", "requeued", "lost", "handed back"]
"""What became of a run here; "lost" when it was cancelled or another worker has it."""

_POLL = 1.0
"""Seconds between looks into an empty queue."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """A line of a worker's log."""

    kind: Kind
    run_id: str
    text: str


def _quiet(report: Report) -> None: ...


async def work(
    *,
    store: str | Store | None = None,
    queue: str = QUEUE,
    concurrency: int = 4,
    model: Model | None = None,
    until_empty: bool = False,
    ttl: float = TTL,
    watch: Callable[[Report], None] = _quiet,
) -> int:
    """Work on queued runs until cancelled; then the runs at hand go back into the queue, resumable.

    Any number of workers may share a store. A run whose worker died is taken over when its lease has run out. A
    run that cannot be done fails with its reason; one whose model cannot be reached is tried `max_attempts` times.

    Args:
        store: An open Store, or a database URL; by default the SQLite file of `branchwise where`.
        queue: The queue to work on.
        concurrency: Runs worked on at once; they share one engine per model.
        model: An open Model for the runs that ask for its name; other models are opened by name.
        until_empty: Return when nothing is waiting or worked on in the queue, by whomever.
        ttl: Seconds after which others may take over the runs of a worker that went silent.
        watch: Called with each Report.

    Returns:
        How many runs ended here.

    Raises:
        StoreError: The database cannot be used.
    """
    async with opened_store(store, ttl=ttl) as db, _engines(model) as engine_of:
        worker = _Worker(db, engine_of, watch, asyncio.Semaphore(concurrency))
        async with asyncio.TaskGroup() as crew:
            while True:
                await worker.free.acquire()
                lease = await db.claim_next(queue, _Own())
                if lease is not None:
                    crew.create_task(worker.take(lease))
                    continue
                worker.free.release()
                if until_empty and not await db.open_in(queue, _Own()):
                    break
                await asyncio.sleep(_POLL * random.uniform(0.5, 1.0))  # noqa: S311 - workers shall not march in step
    return worker.ended


@dataclass(frozen=True)
class _Own:
    names: tuple[str, ...] = ("solve",)
    modules: tuple[str, ...] = ()


@dataclass(slots=True)
class _Worker:
    db: Store
    engine_of: Callable[[RunSpec], asyncio.Future[Model]]
    watch: Callable[[Report], None]
    free: asyncio.Semaphore
    ended: int = 0

    async def take(self, lease: Lease) -> None:
        """Turn one run to its end, whatever that is, and give its place free."""
        try:
            if await self._requeued(lease):
                await asyncio.sleep(_POLL)  # whatever ails the model may ail the next run too
        finally:
            self.free.release()

    async def _requeued(self, lease: Lease) -> bool:
        """Turn one run; whether it went back into the queue for another try."""
        try:
            async with self.db.held(lease, then=Status.QUEUED):
                run = await self.db.run(lease.run_id)
                self._say("claimed", run.id, f"task {run.task}, strategy {run.strategy}, model {run.model}")
                return await self._execute(lease, run)
        except LeaseLost:
            self._say("lost", lease.run_id, "cancelled, or another worker has it")
        except asyncio.CancelledError:
            self._say("handed back", lease.run_id, "it waits in the queue with all its calls")
            raise
        except BaseExceptionGroup as errors:
            if errors.split(LeaseLost)[1] is not None:
                raise
            self._say("lost", lease.run_id, "cancelled, or another worker has it")
        return False

    async def _execute(self, lease: Lease, run: RunRecord) -> bool:
        def watch(event: Event) -> None:
            if event.kind == "judged":
                best = "none" if event.best is None else f"{event.best:.2f}"
                text = f"round {event.round}: best score {best}, {event.tokens:,} tokens"
                self._say("progress", run.id, text)

        try:
            request = request_of(run.spec)
            engine = await asyncio.shield(self.engine_of(request))
            check_engine(request, engine)
            result = await execute(self.db, lease, request, engine, watch)
        except Exception as error:
            return await self._gave_back(lease, _reason(error))
        self.ended += 1
        word = "solved" if result.solved else f"not solved ({result.reason})"
        self._say("done", run.id, f"{word}: {result.usage.tokens:,} tokens, {result.seconds:.1f} s")
        return False

    async def _gave_back(self, lease: Lease, error: BaseException) -> bool:
        """Fail the run, or put it back when the fault may lie elsewhere; one run's fault must not end the others."""
        if isinstance(error, LeaseLost):
            raise error
        text = str(error) if isinstance(error, BranchwiseError) else f"{type(error).__name__}: {error}"
        again = isinstance(error, ModelError | StoreError | SandboxError | OSError) and not isinstance(
            error, Unsupported
        )
        if again and await self.db.hand_back(lease, error=text) is Status.QUEUED:
            self._say("requeued", lease.run_id, text)
            return True
        if not again:
            await self.db.finish(lease, status=Status.FAILED, error=text)
        self.ended += 1
        self._say("failed", lease.run_id, text)
        return False

    def _say(self, kind: Kind, run_id: str, text: str) -> None:
        self.watch(Report(kind=kind, run_id=run_id, text=text))


def _reason(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


@asynccontextmanager
async def _engines(model: Model | None) -> AsyncIterator[Callable[[RunSpec], asyncio.Future[Model]]]:
    """Give a function that opens each model once; all are closed at the end. One that failed is tried anew."""
    async with AsyncExitStack() as stack:
        opened: dict[tuple[str, str | None, str], asyncio.Future[Model]] = {}

        async def open_(request: RunSpec) -> Model:
            mine = model if model is not None and model.name == request.model else request.model
            return await stack.enter_async_context(
                opened_engine(mine, request.base_url, request.model_options)
            )

        def engine_of(request: RunSpec) -> asyncio.Future[Model]:
            key = (request.model, request.base_url, repr(request.model_options.connection))
            known = opened.get(key)
            if known is None or (known.done() and (known.cancelled() or known.exception() is not None)):
                known = opened[key] = asyncio.ensure_future(open_(request))
                # A run that was cancelled meanwhile no longer waits for it: its failure is nobody's then.
                known.add_done_callback(lambda opening: opening.cancelled() or opening.exception())
            return known

        try:
            yield engine_of
        finally:
            for opening in opened.values():
                if not opening.done():
                    opening.cancel()
                    await asyncio.wait([opening])
