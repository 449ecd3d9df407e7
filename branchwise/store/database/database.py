"""A database with a single writer thread for all threads and tasks of a process."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Generic, Self, TypeAlias, TypeVar

import sqlalchemy as sa
from sqlalchemy import exc

from branchwise.store.bulk import Bulk, at_once
from branchwise.store.database.connection import connect
from branchwise.store.database.dialects import in_memory
from branchwise.store.database.faults import UNREADABLE, Fault, explain, fault, is_coming, unreadable
from branchwise.store.database.schema import check, ensure
from branchwise.store.errors import SchemaMismatch, StoreError

T = TypeVar("T")

_Outcome: TypeAlias = "tuple[Future[Any] | asyncio.Future[Any], Any, BaseException | None]"

_BATCH = 128
"""Operations per transaction at most, which bounds the wait of each."""
_READERS = 4
_RETRIES = (0.1, 0.4, 1.0)
"""Seconds between attempts to open; short, so that a wrong address is reported soon."""
_STARTING = 60.0
"""Seconds to wait for a server that reports that it is starting."""
_PATIENCE = 120.0
"""Seconds that a write waits for locks and for an unavailable database."""


def callers_own(guard: Callable[[sa.Connection], None] | None) -> Callable[[sa.Connection], None] | None:
    """Do not translate a guard's errors; in other operations such errors mean an unreadable row."""
    if guard is None:
        return None

    def guarding(connection: sa.Connection) -> None:
        try:
            guard(connection)
        except Exception as error:
            error.of_guard = True  # type: ignore[attr-defined]
            raise

    return guarding


@dataclass(slots=True)
class _Job(Generic[T]):
    work: Callable[[sa.Connection], T]
    done: Future[T] | asyncio.Future[T]

    def begin(self) -> bool:
        """Whether to run the operation; an awaited one runs even if its task was cancelled."""
        return isinstance(self.done, asyncio.Future) or self.done.set_running_or_notify_cancel()


class Database:
    """An open database.

    An operation is a function of a connection. It may run more than once (after a deadlock, a lost connection, or
    another operation's failure in the same group), so it must be idempotent; it neither commits
    nor catches database errors.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self._alone = in_memory(engine.url)
        self._reading = engine.execution_options(branchwise_reading=True)
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="branchwise-read")
        self._jobs: queue.SimpleQueue[_Job[Any] | None] = queue.SimpleQueue()
        self._pools: list[sa.Pool] = []
        """Those that the engine has had before and that had connections in use."""
        self._closing = threading.Lock()
        self._closed = False
        self._writer = threading.Thread(target=self._write_all, name="branchwise-write", daemon=True)
        self._writer.start()

    @classmethod
    def open(cls, url: str | None = None) -> Self:
        """Open the database at `url` (see `locate`) and make its tables if it is new.

        Raises:
            StoreError: It cannot be reached, read or written, or it is damaged.
            SchemaMismatch: It was written by another version of branchwise.
        """
        with connect(url, keep=True) as engine:
            _ensure_patiently(engine)
        return cls(engine)

    def submit(self, work: Callable[[sa.Connection], T]) -> Future[T]:
        """Queue `work` for the writer; the future is done after its transaction has committed."""
        done = Future[T]()
        self._queue(_Job(work, done))
        return done

    def write(self, work: Callable[[sa.Connection], T]) -> T:
        """Run `work` in a transaction and wait until it is committed.

        Raises:
            Unavailable: The database did not answer, or took no writes, for two minutes.
            StoreError: The database refused.
        """
        if threading.current_thread() is self._writer:
            raise RuntimeError("An operation cannot queue another one and wait for it.")
        return self.submit(work).result()

    async def awrite(self, work: Callable[[sa.Connection], T]) -> T:
        """Like `write`, awaited. The operation runs even when the awaiting task is cancelled."""
        return await self.promise(work)

    def promise(self, work: Callable[[sa.Connection], T]) -> asyncio.Future[T]:
        """Like `submit`, for the running event loop."""
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._queue(_Job(work, done))
        return done

    def read(self, work: Callable[[sa.Connection], T]) -> T:
        """Run `work` in the calling thread, on a read connection that never waits for writers."""
        if self._alone:
            return self.write(work)
        return self._patiently(lambda: self._read_once(work))

    async def aread(self, work: Callable[[sa.Connection], T]) -> T:
        """Like `read`, in a reader thread."""
        if self._alone:
            return await self.awrite(work)
        return await asyncio.get_running_loop().run_in_executor(self._readers, self.read, work)

    def close(self) -> None:
        """Commit queued operations, then stop threads and close connections; idempotent."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
            self._jobs.put(None)
        self._writer.join()
        self._readers.shutdown()
        self._drop_connections()

    def _explained(self, error: exc.SQLAlchemyError) -> StoreError:
        """The error in a sentence: the revision, if the tables are of another one now, else what the database said."""
        try:
            with suppress(exc.SQLAlchemyError), self._reading.connect() as connection:
                check(connection)
        except SchemaMismatch as mismatch:
            return mismatch
        return explain(error, self.engine.url)

    def _queue(self, job: _Job[Any]) -> None:
        with self._closing:
            if self._closed:
                raise StoreError("The database is closed.")
            self._jobs.put(job)

    def _read_once(self, work: Callable[[sa.Connection], T]) -> T:
        with self._reading.connect() as connection:
            return work(connection)

    def _write_all(self) -> None:
        while (job := self._jobs.get()) is not None:
            group, last = self._gather(job)
            self._commit(group)
            if last:
                return

    def _gather(self, first: _Job[Any]) -> tuple[list[_Job[Any]], bool]:
        """Take all queued operations, and whether the writer must stop after them."""
        group, last = [first], False
        while len(group) < _BATCH:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                break
            if job is None:
                last = True
                break
            group.append(job)
        return [job for job in group if job.begin()], last

    def _commit(self, group: Sequence[_Job[Any]]) -> None:
        try:
            results = self._patiently(lambda: self._transact(group))
        except BaseException as error:
            if len(group) == 1:
                work = group[0].work
                if isinstance(work, Bulk):
                    work.refused(error)
                _tell([(group[0].done, None, error)])
                return
            for job in group:
                self._commit([job])
            return
        _tell([(job.done, result, None) for job, result in zip(group, results, strict=True)])

    def _transact(self, group: Sequence[_Job[Any]]) -> list[Any]:
        outcomes: list[Any] = []
        together: list[Bulk] = []
        with self.engine.begin() as connection:
            for job in group:
                if isinstance(job.work, Bulk):
                    together.append(job.work)
                    outcomes.append(None)
                else:
                    at_once(connection, together)
                    together = []
                    outcomes.append(job.work(connection))
            at_once(connection, together)
        return outcomes

    def _drop_connections(self) -> None:
        # A connection in use goes back to the pool that it came from, which the engine then no longer has.
        with self._closing:
            pool = self.engine.pool
            if isinstance(pool, sa.QueuePool) and pool.checkedout():
                self._pools.append(pool)
            self.engine.dispose()
            for pool in self._pools:
                pool.dispose()

    def _patiently(self, act: Callable[[], T]) -> T:
        """Retry `act` while the database is busy or unavailable."""
        wait = 0.01
        until = time.monotonic() + _PATIENCE
        looked = False
        while True:
            try:
                return act()
            except exc.IntegrityError:
                if looked:
                    raise
                looked = True  # a row was inserted after the operation looked for it: run the operation again
            except exc.SQLAlchemyError as error:
                if isinstance(error, exc.ArgumentError | exc.InvalidRequestError):
                    raise
                kind = fault(error)
                if kind is Fault.LASTING or time.monotonic() > until:
                    raise self._explained(error) from error
                if kind is Fault.AWAY and not self._alone:
                    self._drop_connections()  # another server may have taken over the address
            except UNREADABLE as error:
                if getattr(error, "of_guard", False):  # the caller's own, not a row's
                    raise
                raise unreadable(error, self.engine.url) from error
            time.sleep(wait)
            wait = min(wait * 2, 1.0)


def _tell(outcomes: Sequence[_Outcome]) -> None:
    """Deliver a group's outcomes; each event loop is woken once."""
    loops: dict[asyncio.AbstractEventLoop, list[_Outcome]] = {}
    for outcome in outcomes:
        done = outcome[0]
        if isinstance(done, asyncio.Future):
            loops.setdefault(done.get_loop(), []).append(outcome)
        else:
            _settle([outcome])
    for loop, its in loops.items():
        with suppress(RuntimeError):  # the loop is closed: no task waits any more
            loop.call_soon_threadsafe(_settle, its)


def _settle(outcomes: Sequence[_Outcome]) -> None:
    for done, result, error in outcomes:
        if done.cancelled():
            continue
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(result)


def _ensure_patiently(engine: sa.Engine) -> None:
    pauses, until = list(_RETRIES), time.monotonic() + _STARTING
    while True:
        try:
            return ensure(engine)
        except exc.SQLAlchemyError as error:
            if is_coming(error) and time.monotonic() < until:
                time.sleep(_RETRIES[0])
            elif fault(error) is not Fault.LASTING and pauses:
                time.sleep(pauses.pop(0))
            else:
                raise
