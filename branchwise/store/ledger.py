"""The ledger: run each effect once and commit its result before returning it."""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from functools import cache
from typing import Self, TypeAlias

import sqlalchemy as sa

from branchwise.store.as_fields import as_fields
from branchwise.store.bill import COSTS, Bill, cost
from branchwise.store.bulk import Bulk
from branchwise.store.call_place import place_of
from branchwise.store.database.batch import Row
from branchwise.store.database.columns import now
from branchwise.store.database.database import Database
from branchwise.store.database.dialects import upsert
from branchwise.store.database.tables import calls, texts
from branchwise.store.errors import LeaseLost, ModelError, RequestChanged, StoreError, TooLarge
from branchwise.store.final_failures import FinalFailures
from branchwise.store.inherited import Inherited, inherited
from branchwise.store.json_text import to_json
from branchwise.store.leases import Lease
from branchwise.store.records import Json, Usage
from branchwise.store.redaction import Redaction
from branchwise.store.rows import CallState, OnChange
from branchwise.store.single_flight import SingleFlight
from branchwise.store.stored import parsed
from branchwise.store.texts import RedactedRequest, digest, take_out

Effect: TypeAlias = Callable[[], Awaitable[tuple[Json, Usage]]]
"""An effect with a cost: returns its result and its usage."""

_KEY = re.compile(r"[\x21-\x7e]{1,640}")
_NOTHING = as_fields(Usage())
_begun = cache(lambda dialect: upsert(calls, dialect).values(started=now()))
_adopted = cache(lambda dialect: _begun(dialect).values(ended=now()))
_SETTLE = (
    sa.update(calls)
    .where(
        calls.c.run_id == sa.bindparam("b_run_id"),
        calls.c.key == sa.bindparam("b_key"),
        calls.c.attempt == sa.bindparam("b_attempt"),
    )
    .values(ended=now(), **{name: sa.bindparam(name) for name in ("state", "response", "error", *COSTS)})
)
_ABANDON = (
    sa.update(calls)
    .where(calls.c.run_id == sa.bindparam("b_run_id"), calls.c.epoch < sa.bindparam("b_epoch"))
    .where(calls.c.state == CallState.STARTED)
    .values(state=CallState.AMBIGUOUS, error="The worker ended before the reply was stored.")
)


class Ledger:
    """The calls of one run under one lease; lives in one event loop.

    A call's key is its logical path in the run (`r3/0.2/propose`), the same before and after a crash. The order
    is: commit the intent, check the lease, act, commit the result, return it. So a committed call is
    never repeated, and a call in flight when its worker died is recorded as ambiguous.
    """

    def __init__(self, database: Database, lease: Lease, on_change: OnChange = "fail") -> None:
        self.bill = Bill()
        """Usage of the run's calls, those of earlier claims included."""
        self.effects = 0  # started before this ledger was opened
        self.failures = FinalFailures()
        self._database = database
        self._lease = lease
        self._on_change = on_change
        self._scrub = Redaction()
        self._done: dict[str, tuple[str, str]] = {}
        self._inherited: dict[str, Inherited] = {}
        self._attempts: Counter[str] = Counter()
        self._flights: SingleFlight[str, str] = SingleFlight()
        self._texts: set[str] = set()
        dialect = database.engine.dialect.name
        self._start, self._take_over = _begun(dialect), _adopted(dialect)
        self._keep_text = upsert(texts, dialect)

    @classmethod
    async def open(
        cls,
        database: Database,
        lease: Lease,
        on_change: OnChange = "fail",
        *,
        parent: str | None = None,
        place: str | None = None,
    ) -> Self:
        """Load the run's calls; mark those that an earlier claim left in flight as ambiguous.

        Args:
            database: The database of the run.
            lease: The claim under which calls are made.
            on_change: What to do when a request has changed.
            parent: The run that this one was forked from; calls of it and its ancestors are not repeated.
            place: The place in `parent` from which calls are repeated, if any.

        Raises:
            LeaseLost: Another worker holds the run.
        """
        ledger = cls(database, lease, on_change)

        def abandon(connection: sa.Connection) -> None:
            lease.guard(connection)
            connection.execute(_ABANDON, {"b_run_id": lease.run_id, "b_epoch": lease.epoch})

        await database.awrite(abandon)
        await database.aread(ledger._load)
        if parent is not None:
            ledger._inherited = await database.aread(lambda connection: inherited(connection, parent, place))
        return ledger

    async def __call__(
        self,
        key: str,
        request: Json,
        effect: Effect,
        *,
        kind: str = "model",
        model: str = "",
        strategy: str = "",
    ) -> Json:
        """Return the result of `key`: the recorded one, or that of `effect` once it is committed.

        Two callers with the same key share one effect; when the first is cancelled, the next one starts it again.

        Args:
            key: Logical path of the call, printable ASCII.
            request: The request; must be equal when the same key is called again.
            effect: Executes the call. Limit the number of calls in flight before the ledger, not in here:
                nothing may wait between the check of the lease and the sending.
            kind: "model", "action" or "check".
            model: The model's name, for the usage report.
            strategy: The calling strategy, for the usage report.

        Raises:
            RequestChanged: The recorded call had another request and the run's policy is "fail".
            ModelError: The call has failed before, and its failure is final (see `FinalFailures`).
            TooLarge: The request or the reply is larger than the database takes; the call is on record as failed.
            Damaged: The recorded result is not JSON.
            LeaseLost: Another worker holds the run; nothing of this call is kept.
        """
        asked = self._read(request)
        while (response := self._recall(key, asked)) is None and key in self._flights:
            await self._flights.join(key)
        if response is None:
            if (failure := self.failures.of(key, asked)) is not None:
                raise failure
            row = self._intent(key, asked.hash, {"kind": kind, "model": model, "strategy": strategy})
            known = self._inherited.get(key)
            mine = known is not None and asked.was(known.request_hash)
            doing = self._adopt(row, asked, known) if known and mine else self._act(row, asked, effect)
            response = await self._flights.lead(key, doing)
        return parsed(response, f"recorded call `{key}`")

    call = __call__

    def recorded(self, key: str, request: Json) -> bool:
        """Whether calling `key` with `request` is free because its result is recorded here or in an ancestor.

        Raises:
            RequestChanged: The recorded call had another request and the run's policy is "fail".
        """
        if key not in self._done and key not in self._inherited and key not in self.failures:
            return False
        asked, known = self._read(request), self._inherited.get(key)
        mine = self._recall(key, asked) is not None or (known is not None and asked.was(known.request_hash))
        return mine or self.failures.of(key, asked) is not None

    def unsettled(self, key: str) -> bool:
        """Whether `key` was started, here or by a dead worker, and its completion is not recorded."""
        return self._attempts[key] > 0 and key not in self._done

    def attempts(self, key: str) -> int:
        """How often `key` was started."""
        return self._attempts[key]

    def answers(self) -> Iterator[tuple[str, Json]]:
        """The recorded results so far, by key."""
        return ((key, parsed(one, f"recorded call `{key}`")) for key, (_, one) in self._done.items())

    def _read(self, request: Json) -> RedactedRequest:
        written = to_json(request)
        body = self._scrub.request(written)
        value = request if body is written else json.loads(body)
        return RedactedRequest(value, body, digest(body))

    def _recall(self, key: str, asked: RedactedRequest) -> str | None:
        if key not in self._done:
            return None
        known_hash, response = self._done[key]
        if self._on_change == "accept" or asked.was(known_hash):
            return response
        if self._on_change == "fail":
            raise RequestChanged(key)
        return None

    def _intent(self, key: str, request_hash: str, about: dict[str, str]) -> Row:
        if not _KEY.fullmatch(key):
            raise ValueError(f"A call's key is 1 to 640 printable ASCII characters, not {key!r}.")
        self._attempts[key] += 1
        return {
            "run_id": self._lease.run_id,
            **as_fields(place_of(key)),
            "key": key,
            "attempt": self._attempts[key],
            "state": CallState.STARTED,
            "epoch": self._lease.epoch,
            "request_hash": request_hash,
            **about,
            **_NOTHING,
        }

    async def _act(self, row: Row, asked: RedactedRequest, effect: Effect) -> str:
        sent = False
        try:
            await self._begin(row, asked, self._start)
            self._lease.check()
            sent = True
            value, usage = await effect()
            response = self._scrub.reply(to_json(value))
        except LeaseLost:
            raise
        except BaseException as error:
            # The server may have worked, and billed, after the wait was cancelled.
            unknown = sent and isinstance(error, asyncio.CancelledError | TimeoutError)
            state = CallState.AMBIGUOUS if unknown else CallState.FAILED
            reason = self._scrub.message(f"{type(error).__name__}: {error}"[:2000])
            known = error.charged if isinstance(error, ModelError) else None
            charged = known or Usage(calls=int(sent and row["kind"] == "model"))
            await self._settle(row, state, None, reason, charged)
            raise
        try:
            await self._settle(row, CallState.DONE, response, None, usage)
        except TooLarge as error:  # paid for and lost; the run continues without it
            await self._settle(row, CallState.FAILED, None, f"{type(error).__name__}: {error}", usage)
            raise
        return response

    async def _adopt(self, row: Row, asked: RedactedRequest, known: Inherited) -> str:
        """Adopt an ancestor's result as a completed call of this run, at no cost."""
        row |= {"state": CallState.DONE, "response": known.response, "model": known.model, "kind": known.kind}
        await self._begin(row, asked, self._take_over)
        self._done[str(row["key"])] = (known.request_hash, known.response)
        return known.response

    async def _begin(self, row: Row, asked: RedactedRequest, insert: sa.Insert) -> None:
        """Commit the intent, with those long texts of the request that are not stored yet."""
        request, bodies = take_out(asked.value, asked.body)
        new: list[Row] = [
            {"run_id": row["run_id"], "hash": name, "body": text}
            for name, text in sorted(bodies.items())
            if name not in self._texts
        ]
        changes = [(self._keep_text, new), (insert, [{**row, "request": request}])]
        await self._database.awrite(Bulk(self._lease, changes, last=True))
        self._texts.update(bodies)

    async def _settle(
        self, row: Row, state: CallState, response: str | None, error: str | None, usage: Usage
    ) -> None:
        values: Row = {
            "b_run_id": row["run_id"],
            "b_key": row["key"],
            "b_attempt": row["attempt"],
            "state": state,
            "response": response,
            "error": error,
            **as_fields(usage),
        }
        await self._database.awrite(Bulk(self._lease, [(_SETTLE, [values])], last=True))
        if state is CallState.DONE and response is not None:
            self._done[str(row["key"])] = (str(row["request_hash"]), response)
        self.bill.add(state, usage)

    def _load(self, connection: sa.Connection) -> None:
        known = sa.select(calls).where(calls.c.run_id == self._lease.run_id).order_by(calls.c.attempt)
        for row in connection.execute(known).mappings():
            self._attempts[row["key"]] = row["attempt"]
            self.effects += row["kind"] == "action"
            if row["state"] == CallState.STARTED:
                raise StoreError(f"The run `{self._lease.run_id}` has a ledger open already.")
            if row["state"] == CallState.DONE:
                self._done[row["key"]] = (row["request_hash"], row["response"])
            self.failures.note(row)
            self.bill.add(CallState(row["state"]), cost(row))
        stored = sa.select(texts.c.hash).where(texts.c.run_id == self._lease.run_id)
        self._texts.update(connection.scalars(stored))
