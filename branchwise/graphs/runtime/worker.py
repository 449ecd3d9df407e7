"""The worker: claim queued runs, execute several concurrently on one engine per model, requeue unfinished ones."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal

from branchwise.environments.sandbox.limits import SandboxError
from branchwise.graphs.runtime.events import Event, check_watch
from branchwise.graphs.runtime.execute import Execution, execute
from branchwise.graphs.runtime.registry import Allowed, NotAllowed
from branchwise.graphs.runtime.resources import opened_engine, opened_store
from branchwise.graphs.runtime.spec import RunSpec, spec_of
from branchwise.graphs.runtime.workflow import named_modules
from branchwise.models.prices import check_price, stated
from branchwise.models.protocol import Model
from branchwise.store.errors import (
    BranchwiseError,
    BudgetSpent,
    Damaged,
    LeaseLost,
    ModelError,
    SchemaMismatch,
    StoreError,
    TooLarge,
    Unavailable,
    UnknownName,
    Unsupported,
)
from branchwise.store.foreign import place
from branchwise.store.lifecycle import QUEUE, TTL
from branchwise.store.rows import RunRecord, Status
from branchwise.store.store import Lease, Store
from branchwise.store.wake_up import WakeUp

Kind = Literal[
    "claimed", "progress", "done", "waiting", "failed", "requeued", "lost", "handed back", "left", "away"
]
"""Outcome of a run on this worker; "lost" if it was cancelled or another worker holds it, "left" if it needs
something that this worker does not know or may not import. "away" refers to the database."""

_POLL = 1.0
"""Seconds between polls of an empty queue."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkerLogLine:
    """A line of a worker's log."""

    kind: Kind
    run_id: str
    text: str


def _quiet(report: WorkerLogLine) -> None: ...


async def work(  # noqa: PLR0913 - each is a word a person would say
    *,
    store: str | Store | None = None,
    queue: str = QUEUE,
    concurrency: int = 4,
    model: Model | None = None,
    until_empty: bool = False,
    ttl: float = TTL,
    imports: Collection[str] = (),
    watch: Callable[[WorkerLogLine], None] = _quiet,
) -> int:
    """Work on queued runs until cancelled; unfinished runs are then requeued and can be resumed.

    Any number of workers may share a store. A run whose worker died is taken over when its lease expires. A
    run that cannot be done fails with its reason; one whose model cannot be reached is tried `max_attempts` times.

    Args:
        store: An open Store, or a database URL; by default the SQLite file of `branchwise where`.
        queue: The queue to work on.
        concurrency: Runs worked on at once; they share one engine per model.
        model: An open Model for the runs that ask for its name; other models are opened by name.
        until_empty: Return when no run of the queue is waiting or being worked on by any worker.
        ttl: Seconds after which others may take over the runs of a worker that went silent.
        imports: Modules that runs may name here (workflows, strategies, tasks, models, environments), besides what is
            built in and installed; runs that name others stay in the queue.
        watch: Called with each WorkerLogLine.

    Returns:
        How many runs ended here.

    Raises:
        BadInput: A module of `imports` cannot be imported.
        StoreError: The database cannot be used.
        SchemaMismatch: A newer branchwise has upgraded the database; the runs are back in the queue.
    """
    check_watch(watch)
    allowed = Allowed(imports)
    async with opened_store(store, ttl=ttl) as db, _engines(model) as engine_of:
        worker = _Worker(db, engine_of, allowed, watch, asyncio.Semaphore(concurrency))
        async with WakeUp(db.database, queue) as wake_up, asyncio.TaskGroup() as crew:
            while True:
                await worker.free.acquire()
                try:
                    await db.check_schema()
                    lease = await db.claim_next(queue, allowed, worker.left)
                    if lease is not None:
                        wake_up.claimed()
                        crew.create_task(worker.take(lease))
                        continue
                    if until_empty and not await db.open_in(queue, allowed, worker.left):
                        break
                except Unavailable as error:
                    worker.say("away", "", str(error))
                worker.free.release()
                await wake_up.wait(_POLL * random.uniform(0.5, 1.0))  # noqa: S311 - jitter against polling in step
    return worker.ended


@dataclass(slots=True)
class _Worker:
    db: Store
    engine_of: Callable[[RunSpec], asyncio.Future[Model]]
    allowed: Allowed
    watch: Callable[[WorkerLogLine], None]
    free: asyncio.Semaphore
    ended: int = 0
    left: set[str] = field(default_factory=set)
    """Runs that need something that this worker does not know or may not import."""

    async def take(self, lease: Lease) -> None:
        """Execute one run to its end and free its slot."""
        try:
            if await self._requeued(lease):
                await asyncio.sleep(_POLL)  # a failing model may fail the next run too
        finally:
            self.free.release()

    async def _requeued(self, lease: Lease) -> bool:
        """Execute one run; return whether it was requeued for another attempt."""
        try:
            async with self.db.held(lease, then=Status.QUEUED):
                return await self._execute(lease)
        except LeaseLost:
            self.say("lost", lease.run_id, "cancelled, or another worker has it")
        except Unavailable as error:
            self.say("away", lease.run_id, f"{error} The run is taken up when its lease is over.")
        except asyncio.CancelledError:
            self.say("handed back", lease.run_id, "it waits in the queue with all its calls")
            raise
        except BaseExceptionGroup as errors:
            if errors.split((LeaseLost, Unavailable))[1] is not None:
                raise
            self.say("lost", lease.run_id, "cancelled, or another worker has it")
        return False

    async def _execute(self, lease: Lease) -> bool:
        def watch(event: Event) -> None:
            if line := workflow.progress(event):
                self.say("progress", lease.run_id, f"{line}, {event.tokens:,} tokens")

        try:
            run = await self.db.run(lease.run_id)
            self.say("claimed", run.id, _about(run))
            spec = spec_of(run.spec)
            workflow = self.allowed.load(spec.workflow)
            self.allowed.check(named_modules(workflow, spec))
            engine = await asyncio.shield(self.engine_of(spec))
            workflow.check_model(spec, engine)
            check_price(spec.budget, engine, stated(spec.model_options.price))
            how = Execution(
                store=self.db,
                lease=lease,
                engine=engine,
                load=self.allowed.load,
                admit=self.allowed.check,
                watch=watch,
            )
            ended = await execute(how, workflow, spec)
        except Exception as error:
            return await self._gave_back(lease, _reason(error))
        cost = f"{ended.usage.tokens:,} tokens, {ended.seconds:.1f} s"
        if ended.waiting:
            self.say("waiting", lease.run_id, f"for an answer to `{ended.waiting[0].key}`: {cost}")
            return False
        self.ended += 1
        self.say("done", lease.run_id, f"{workflow.summary(ended.output)}: {cost}")
        return False

    async def _gave_back(self, lease: Lease, error: BaseException) -> bool:
        """Fail the run, or requeue it if the fault may lie elsewhere; one run's fault must not end the others."""
        if isinstance(error, LeaseLost):
            raise error
        if isinstance(error, SchemaMismatch):  # the worker ends; a newer one takes the run
            await self.db.hand_back(lease)
            raise error
        if isinstance(error, NotAllowed) or (isinstance(error, UnknownName) and error.is_part):
            self.left.add(lease.run_id)
            await self.db.hand_back(lease)
            able = "may import it" if isinstance(error, NotAllowed) else "knows it"
            self.say("left", lease.run_id, f"{error} It waits in the queue for a worker that {able}.")
            return False
        text = (
            str(error)
            if isinstance(error, BranchwiseError)
            else f"{type(error).__name__}: {error} ({place(error)})"
        )
        again = isinstance(error, ModelError | StoreError | SandboxError | OSError) and not isinstance(
            error, Unsupported | TooLarge | Damaged
        )
        told = (
            None if isinstance(error, Unavailable) else text
        )  # not the run's fault, so not counted as an attempt
        if again and await self.db.hand_back(lease, error=told) is Status.QUEUED:
            self.say("requeued", lease.run_id, text)
            return True
        if isinstance(error, BudgetSpent):
            # Continue with a larger budget: branchwise resume RUN --tokens MORE.
            await self.db.finish(lease, status=Status.PAUSED, error=text)
        elif not again:
            await self.db.finish(lease, status=Status.FAILED, error=text)
        self.ended += 1
        self.say("failed", lease.run_id, text)
        return False

    def say(self, kind: Kind, run_id: str, text: str) -> None:
        """Report."""
        self.watch(WorkerLogLine(kind=kind, run_id=run_id, text=text))


def _about(run: RunRecord) -> str:
    strategy = f", strategy {run.strategy}" if run.strategy else ""
    return f"task {run.task}{strategy}, model {run.model}"


def _reason(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


@asynccontextmanager
async def _engines(model: Model | None) -> AsyncIterator[Callable[[RunSpec], asyncio.Future[Model]]]:
    """A function that opens each model once; all are closed at the end. A failed model is opened again."""
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
            return known

        try:
            yield engine_of
        finally:
            for opening in opened.values():
                opening.cancel()
            # Awaited all the same: a failure that nobody waits for any more is not printed at the exit.
            await asyncio.gather(*opened.values(), return_exceptions=True)
