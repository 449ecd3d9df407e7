"""Feeds: what changes in a run, read once for all who look.

A feed numbers its changes. Whoever looks from position 0 is told every row as it is now; whoever returns with the
position it has seen is told the rows that changed since, each once, as they are now. A position of another
process, or of a feed that was forgotten meanwhile, is answered from 0, with a note that says so.
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import time
from collections.abc import AsyncGenerator
from contextlib import suppress

import sqlalchemy as sa

from branchwise.store.errors import BranchwiseError, UnknownName
from branchwise.store.foreign import place
from branchwise.store.records import Json
from branchwise.store.rows import RunRecord, Status
from branchwise.store.store import Store
from branchwise.ui.run_rows import Rows, all_rows, state

_LOG = logging.getLogger("branchwise.ui")
PAUSE = 0.25
"""Seconds between looks at a run that goes on."""
_SHARE = 4
"""A look that takes long is followed by a pause this many times as long."""
_LINGER = 30.0
"""Seconds that a feed is kept after the last one who looked has left."""
KEEP_ALIVE = b": keep-alive\n\n"


class Feed:
    """The changes of one run.

    Args:
        store: Where it is.
        run_id: The run.
        pause: Seconds between looks.
    """

    def __init__(self, store: Store, run_id: str, pause: float = PAUSE) -> None:
        self._store, self._run_id = store, run_id
        self._pause = pause
        self.name = secrets.token_hex(4)
        """Tells the positions of this feed from those of others."""
        self.position = 0
        self.looking = 0
        """How many look."""
        self.changed = asyncio.Event()
        """Set, and replaced, at each change and when the feed ends."""
        self.ended: BaseException | None = None
        self._rows: dict[tuple[str, str], tuple[int, Json]] = {}
        self._seen: dict[str, int] = {}
        self._last: RunRecord | None = None

    async def poll(self) -> None:
        """Look at the run until cancelled; the feed ends when the run cannot be read."""
        try:
            while True:
                began = time.monotonic()
                await self.look()
                took = time.monotonic() - began
                await asyncio.sleep(max(self._pause, _SHARE * took))
        except Exception as error:
            self.ended = error
        finally:
            self._wake()

    async def look(self) -> None:
        """Read what may have changed, and number it."""
        found = await self._store.database.aread(self._read)
        position = self.position + 1
        for name, row in found.items():
            known = self._rows.get(name)
            if known is None or known[1] != row:
                self._rows[name] = (position, row)
                self.position = position
                self._note(name[0], row)
        if self.position == position:
            self._wake()

    def after(self, position: int) -> bytes:
        """The event with the rows that changed after a position; empty if none did."""
        if position >= self.position:
            return b""
        rows: dict[str, list[Json]] = {}
        for (kind, _), (number, row) in self._rows.items():
            if number > position:
                rows.setdefault(kind, []).append(row)
        told = json.dumps({"from": position, "rows": rows}, separators=(",", ":"))
        return f"id: {self.name}-{self.position}\nevent: rows\ndata: {told}\n\n".encode()

    def place(self, said: str | None) -> int:
        """The position that a `Last-Event-ID` names; 0 if it is not of this feed."""
        name, _, number = (said or "").partition("-")
        known = name == self.name and number.isdecimal() and len(number) < 16
        return int(number) if known and int(number) <= self.position else 0

    def _read(self, connection: sa.Connection) -> Rows:
        run = state(connection, self._run_id)
        # Only the holder of a lease writes to a run, and each claim counts its epoch up.
        idle = run.status is not Status.RUNNING and run == self._last
        self._last = run
        if not idle:
            return all_rows(connection, run, self._seen)
        return {}

    def _note(self, kind: str, row: Json) -> None:
        number = {"decision": "ord", "event": "id"}.get(kind)
        if number is not None and isinstance(row, dict):
            self._seen[kind] = max(self._seen.get(kind, -1), int(str(row[number])))

    def _wake(self) -> None:
        changed, self.changed = self.changed, asyncio.Event()
        changed.set()


class Feeds:
    """The feeds of the runs that are looked at.

    Args:
        store: Where they are.
        keep_alive: Seconds of silence after which a stream gets a comment line.
    """

    def __init__(self, store: Store, keep_alive: float = 10.0) -> None:
        self._store, self._keep_alive = store, keep_alive
        self._feeds: dict[str, Feed] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def __len__(self) -> int:
        return len(self._feeds)

    async def follow(self, run_id: str, said: str | None) -> AsyncGenerator[bytes]:
        """Server-sent events with a run's rows, from the position that a `Last-Event-ID` names on."""
        feed = self._feed(run_id)
        feed.looking += 1
        try:
            at, last = feed.place(said), time.monotonic()
            yield b": following\n\n" if at else b"event: start\ndata: {}\n\n"
            while True:
                changed = feed.changed
                if told := feed.after(at):
                    at, last = feed.position, time.monotonic()
                    yield told
                if feed.ended is not None:
                    yield _last_words(feed.ended)
                    return
                left = max(0.0, last + self._keep_alive - time.monotonic())
                with suppress(TimeoutError):
                    await asyncio.wait_for(changed.wait(), left)
                    continue
                last = time.monotonic()
                yield KEEP_ALIVE
        finally:
            feed.looking -= 1
            if feed.looking == 0:
                asyncio.get_running_loop().call_later(_LINGER, self._forget, run_id, feed)

    async def close(self) -> None:
        """End all feeds, and the streams with them."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        for feed in self._feeds.values():
            feed.ended = feed.ended or asyncio.CancelledError()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._feeds, self._tasks = {}, {}

    def _feed(self, run_id: str) -> Feed:
        known = self._feeds.get(run_id)
        if known is not None and known.ended is None:
            return known
        feed = self._feeds[run_id] = Feed(self._store, run_id)
        self._tasks[run_id] = asyncio.create_task(feed.poll(), name=f"branchwise-feed-{run_id}")
        return feed

    def _forget(self, run_id: str, feed: Feed) -> None:
        if feed.looking == 0 and self._feeds.get(run_id) is feed:
            del self._feeds[run_id]
            self._tasks.pop(run_id).cancel()


def _last_words(error: BaseException) -> bytes:
    """What is said when a feed ends: that its run was deleted, or why it cannot be read; clients then try again."""
    if isinstance(error, UnknownName):
        return b"event: gone\ndata: {}\n\n"
    if isinstance(error, asyncio.CancelledError):  # the server stops; its clients come back to the next one
        return b": the server stops\n\n"
    if not isinstance(error, BranchwiseError):
        _LOG.error("a run cannot be read: %s (%s)", type(error).__name__, place(error))
    said = str(error)[:500] if isinstance(error, BranchwiseError) else "The server's log says why."
    return f"event: fault\ndata: {json.dumps({'message': said})}\n\n".encode()
