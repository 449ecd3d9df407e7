"""Create, find and list runs. Functions of a connection are operations for `Database.write` or `Database.read`."""

from __future__ import annotations

import secrets
import time
from collections.abc import Collection, Sequence
from functools import cache
from importlib import metadata as distribution

import sqlalchemy as sa
from sqlalchemy import exc

from branchwise.store.bulk import Bulk
from branchwise.store.database.batch import Row
from branchwise.store.database.database import Database
from branchwise.store.database.dialects import now, occurs_in
from branchwise.store.database.notices import tell
from branchwise.store.database.tables import run_events, runs
from branchwise.store.errors import BadInput, StoreError, UnknownName
from branchwise.store.fence import guard
from branchwise.store.leases import Lease, first_lease, note
from branchwise.store.records import Json
from branchwise.store.rows import OnChange, RunEvent, RunRecord, Status
from branchwise.store.trace_context import CURRENT, TraceContext
from branchwise.store.traced import note_parent, parent_row
from branchwise.store.workflows import Workflows, among

_HIDDEN = {"lease_until", "seen"}
_COLUMNS = [column for column in runs.c if column.name not in _HIDDEN]
_NAMED = 5
"""Number of newest runs listed in the error for an unknown run."""

# Common statements are built once: building one takes longer than SQLite takes to execute it.
_OWNER = sa.select(runs.c.owner).where(runs.c.id == sa.bindparam("b_run_id"))
_CREATE = sa.insert(runs).values(created=now() + sa.bindparam("place", type_=sa.Double), seen=now())
_BEGIN = sa.insert(runs).values(
    lease_until=now() + sa.bindparam("ttl", type_=sa.Double), seen=now(), created=now()
)
_BEGUN = sa.insert(run_events).values(at=now())
_GIVEN = [column.name for column in runs.c if column.name not in {"lease_until", "seen", "created"}]
_STEP = 1e-6
"""Seconds between the creation times of runs created together, so that the first is run first."""


def new_id(random_bytes: int = 4) -> str:
    """An id for a new run: the time by this machine's clock, and random bytes."""
    return f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{secrets.token_hex(random_bytes)}"


def new_run(
    *,
    task: str,
    strategy: str,
    model: str,
    seed: int,
    spec: Json,
    on_change: OnChange = "fail",
    **more: str | int | None,
) -> dict[str, object]:
    """Build the row of a new run; its id contains the time by this machine's clock.

    Args:
        task: Name of the task.
        strategy: Name of the strategy, or "auto".
        model: Name of the model.
        seed: The run's seed.
        spec: Everything needed to run it.
        on_change: Policy for a resumed call whose request has changed.
        **more: Other columns of `runs`: id, queue, priority, max_attempts, forked_from, forked_at, workflow, parent,
            api_key.
    """
    return {
        "id": new_id(),
        "status": Status.QUEUED if more.get("queue") else Status.PAUSED,
        "priority": 0,
        "task": task,
        "strategy": strategy,
        "model": model,
        "seed": seed,
        "spec": spec,
        "code_version": _version(),
        "on_change": on_change,
        "lease_until": 0.0,
        "epoch": 0,
        "attempts": 0,
        "max_attempts": 3,
        "elapsed": 0.0,
        **{name: value for name, value in more.items() if value is not None},
    }


def create(
    connection: sa.Connection, rows: Sequence[dict[str, object]], me: str, trace: TraceContext | None = None
) -> list[RunRecord]:
    """Store the runs that `new_run` built, oldest first.

    Args:
        connection: For writing.
        rows: The runs.
        me: A name unique to this attempt to store them.
        trace: The span of the caller, below which the first claim of each is reported.

    Raises:
        StoreError: Another run has one of the ids.
    """
    for place, row in enumerate(rows):
        run_id = str(row["id"])
        if connection.execute(sa.select(runs.c.id).where(runs.c.id == run_id)).first() is None:
            connection.execute(_CREATE, {**row, "place": place * _STEP})
            note(connection, run_id, "created", 0, {"by": me})
            note_parent(connection, run_id, 1, trace)
        elif not any(e.kind == "created" and e.data == {"by": me} for e in events(connection, run_id)):
            raise StoreError(
                f"There is a run `{run_id}` already."
            )  # otherwise only the acknowledgement of a commit was lost
    tell(connection, (str(row["queue"]) for row in rows if row["status"] == Status.QUEUED))
    return [get(connection, str(row["id"])) for row in rows]


async def begin(database: Database, row: dict[str, object], me: str, ttl: float) -> Lease:
    """Store the run that `new_run` built as claimed by `me` for `ttl` seconds.

    Raises:
        StoreError: Another run has its id.
    """
    run_id = str(row["id"])
    lease = first_lease(run_id, me, ttl)
    whole = {**dict.fromkeys(_GIVEN), **row, "status": Status.RUNNING, "owner": me, "epoch": 1, "ttl": ttl}
    del whole["lease_until"]
    story: list[Row] = [
        {"run_id": run_id, "kind": "created", "epoch": 0, "data": None},
        {"run_id": run_id, "kind": "claimed", "epoch": 1, "data": {"by": me}},
    ]
    if (trace := CURRENT.get()) is not None:
        story.append(parent_row(run_id, 1, trace))
    try:
        await database.awrite(Bulk(None, [(_BEGIN, [whole]), (_BEGUN, story)]))
    except exc.IntegrityError:  # our own rows, if only the acknowledgement of a commit was lost
        holder = await database.awrite(lambda c: c.scalar(_OWNER, {"b_run_id": run_id}))
        if holder != me:
            raise StoreError(f"There is a run `{run_id}` already.") from None
    return lease


def exact(connection: sa.Connection, run_id: str) -> RunRecord | None:
    """The run of exactly this id, if there is one; found by the primary key, however many runs there are."""
    row = connection.execute(sa.select(*_COLUMNS).where(runs.c.id == run_id)).first()
    return None if row is None else _record(row)


def get(connection: sa.Connection, run_id: str) -> RunRecord:
    """Find a run by its id or a unique part of it.

    Raises:
        UnknownName: No run matches.
        BadInput: More than one run matches.
    """
    row = connection.execute(sa.select(*_COLUMNS).where(runs.c.id == run_id)).first()
    if row is None and run_id:
        near = sa.select(*_COLUMNS).where(occurs_in(sa.literal(run_id), runs.c.id)).limit(2)
        found = connection.execute(near).all()
        if len(found) > 1:
            raise BadInput(f"More than one run has `{run_id}` in its id; write more of it.")
        row = found[0] if found else None
    if row is None:
        known = connection.scalars(sa.select(runs.c.id).order_by(runs.c.created.desc()).limit(_NAMED))
        raise UnknownName("run", run_id, known)
    return _record(row)


def listed(
    connection: sa.Connection,
    *,
    status: str | None = None,
    task: str | None = None,
    api_key: str | None = None,
    limit: int | None = None,
) -> list[RunRecord]:
    """List runs, newest first; with a key those of the key."""
    query = sa.select(*_COLUMNS).order_by(runs.c.created.desc(), runs.c.id.desc()).limit(limit)
    if status is not None:
        query = query.where(runs.c.status == status)
    if task is not None:
        query = query.where(runs.c.task == task)
    if api_key is not None:
        query = query.where(runs.c.api_key == api_key)
    return [_record(row) for row in connection.execute(query)]


def open_in(
    connection: sa.Connection,
    queue: str,
    workflows: Workflows | None = None,
    without: Collection[str] = (),
) -> int:
    """Number of runs of a queue and these workflows that wait or are running, except those in `without`."""
    still = runs.c.status.in_([Status.QUEUED, Status.RUNNING])
    query = sa.select(sa.func.count()).where(runs.c.queue == queue, still, among(workflows, without))
    return connection.scalar(query) or 0


def amend(connection: sa.Connection, lease: Lease, spec: Json) -> None:
    """Change a run's request, for example its budget.

    Raises:
        LeaseLost: Another worker holds the run.
    """
    guard(connection, [lease])
    connection.execute(sa.update(runs).where(runs.c.id == lease.run_id).values(spec=spec))
    note(connection, lease.run_id, "amended", lease.epoch)


def adopt(connection: sa.Connection, run_id: str, *, queue: str, api_key: str | None, spec: Json) -> None:
    """Put a paused run into a queue, as the run of an API key, with the request that the key allows it."""
    values = {"status": Status.QUEUED, "queue": queue, "api_key": api_key, "spec": spec}
    waiting = sa.update(runs).where(runs.c.id == run_id, runs.c.status == Status.PAUSED)
    if connection.execute(waiting.values(**values)).rowcount:
        note(connection, run_id, "queued", 0)
        tell(connection, [queue])


def below(connection: sa.Connection, run_id: str) -> list[str]:
    """The ids of a run's sub-runs and of theirs."""
    found: list[str] = []
    new = [run_id]
    while new:
        query = sa.select(runs.c.id).where(runs.c.parent.in_(new)).order_by(runs.c.created, runs.c.id)
        new = list(connection.scalars(query))
        found += new
    return found


def events(connection: sa.Connection, run_id: str) -> list[RunEvent]:
    """The run's history, oldest first."""
    query = sa.select(run_events).where(run_events.c.run_id == run_id).order_by(run_events.c.id)
    return [RunEvent(kind=r.kind, epoch=r.epoch, data=r.data, at=r.at) for r in connection.execute(query)]


@cache
def _version() -> str:
    return distribution.version("branchwise")


def _record(row: sa.Row[tuple[object, ...]]) -> RunRecord:
    return RunRecord(**{**row._mapping, "status": Status(row.status)})
