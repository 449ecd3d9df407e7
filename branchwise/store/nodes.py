"""Store and load nodes, verdicts, decisions and calls: `Bulk` changes and `Database.read` operations."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields

import sqlalchemy as sa

from branchwise.store.as_fields import as_fields
from branchwise.store.bill import COSTS, Bill, cost
from branchwise.store.bulk import Change
from branchwise.store.database.batch import Row
from branchwise.store.database.dialects import upsert
from branchwise.store.database.tables import calls, decisions, nodes, texts, verdicts
from branchwise.store.errors import StoreError
from branchwise.store.leases import Lease
from branchwise.store.records import Json, Node, NodeId, NodeState, Usage, Verdict, VerifiedBy
from branchwise.store.rows import CallRecord, CallState, Decision
from branchwise.store.texts import put_back
from branchwise.store.tree import Tree

_NODE_FIELDS = tuple(field.name for field in fields(Node))
_VERDICT_FIELDS = tuple(field.name for field in fields(Verdict))
_BODY = tuple(name for name in _NODE_FIELDS if name != "id")
_JUDGEMENT = ("score", "accepted", "feedback", "verified_by")
_LONGEST_ID = 512


def adding_nodes(lease: Lease, batch: Sequence[Node], dialect: str) -> Change:
    """Store nodes in this order; an existing node is replaced and keeps its place.

    Raises:
        StoreError: A node is too deep: its id is too long.
    """
    deepest = max((node.id for node in batch), key=len, default="")
    if len(deepest) > _LONGEST_ID:
        raise StoreError(
            f"The node `{deepest[:40]}...` lies too deep: an id has at most {_LONGEST_ID} characters."
        )
    place = lease.take_places(nodes, len(batch))
    rows: list[Row] = [
        {**as_fields(node), "run_id": lease.run_id, "ord": place + i} for i, node in enumerate(batch)
    ]
    return upsert(nodes, dialect, _BODY), rows


def tree(connection: sa.Connection, run_id: str) -> Tree:
    """Load a run's tree, oldest node first."""
    query = sa.select(*(nodes.c[name] for name in _NODE_FIELDS)).where(nodes.c.run_id == run_id)
    found = connection.execute(query.order_by(nodes.c.ord)).mappings()
    return Tree(
        Node(**{**row, "verified_by": VerifiedBy(row["verified_by"]), "state": NodeState(row["state"])})
        for row in found
    )


def adding_verdicts(lease: Lease, batch: Sequence[tuple[NodeId, Verdict]], dialect: str) -> Change:
    """Store verdicts on nodes; a verifier's later verdict on a node replaces its earlier one."""
    rows: list[Row] = [
        {**as_fields(verdict), "run_id": lease.run_id, "node": node} for node, verdict in batch
    ]
    return upsert(verdicts, dialect, _JUDGEMENT), rows


def verdicts_of(connection: sa.Connection, run_id: str) -> list[tuple[NodeId, Verdict]]:
    """All verdicts of a run, by node."""
    query = (
        sa.select(verdicts).where(verdicts.c.run_id == run_id).order_by(verdicts.c.node, verdicts.c.verifier)
    )
    return [
        (
            row["node"],
            Verdict(
                **{
                    **{name: row[name] for name in _VERDICT_FIELDS},
                    "verified_by": VerifiedBy(row["verified_by"]),
                }
            ),
        )
        for row in connection.execute(query).mappings()
    ]


def adding_decision(lease: Lease, key: str, kind: str, payload: Json, dialect: str) -> Change:
    """Store a decision; the first one of a key is final."""
    row: Row = {
        "run_id": lease.run_id,
        "key": key,
        "ord": lease.take_places(decisions, 1),
        "kind": kind,
        "payload": payload,
    }
    return upsert(decisions, dialect), [row]


def decisions_of(connection: sa.Connection, run_id: str) -> list[Decision]:
    """All decisions of a run, oldest first."""
    query = sa.select(decisions).where(decisions.c.run_id == run_id).order_by(decisions.c.ord)
    return [Decision(key=row.key, kind=row.kind, payload=row.payload) for row in connection.execute(query)]


def calls_of(connection: sa.Connection, run_id: str) -> list[CallRecord]:
    """All attempts at calls of a run, oldest first."""
    long = sa.select(texts.c.hash, texts.c.body).where(texts.c.run_id == run_id)
    bodies = {row.hash: row.body for row in connection.execute(long)}
    query = (
        sa.select(calls)
        .where(calls.c.run_id == run_id)
        .order_by(calls.c.started, calls.c.key, calls.c.attempt)
    )
    return [
        CallRecord(
            key=row["key"],
            attempt=row["attempt"],
            state=CallState(row["state"]),
            kind=row["kind"],
            model=row["model"],
            strategy=row["strategy"],
            round=row["round"],
            node=row["node"],
            epoch=row["epoch"],
            request=put_back(row["request"], bodies),
            response=None if row["response"] is None else json.loads(row["response"]),
            error=row["error"],
            usage=cost(row),
            started=row["started"],
            ended=row["ended"],
        )
        for row in connection.execute(query).mappings()
    ]


def effects_of(connection: sa.Connection, run_id: str) -> int:
    """Number of effects a run has started; each attempt counts."""
    query = sa.select(sa.func.count()).where(calls.c.run_id == run_id, calls.c.kind == "action")
    return connection.scalar(query) or 0


def usage_of(connection: sa.Connection, run_id: str) -> Usage:
    """Usage of a run's calls, without ambiguous ones, whose cost is unknown."""
    bill = Bill()
    query = sa.select(calls.c.state, *(calls.c[name] for name in COSTS)).where(calls.c.run_id == run_id)
    for row in connection.execute(query).mappings():
        if row["state"] != CallState.STARTED:
            bill.add(CallState(row["state"]), cost(row))
    return bill.usage
