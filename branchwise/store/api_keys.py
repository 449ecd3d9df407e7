"""API keys: made, found and revoked. Each function is an operation for `Database.write` or `Database.read`."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from branchwise.store.database.dialects import now
from branchwise.store.database.key_tables import api_keys
from branchwise.store.errors import UnknownName
from branchwise.store.records import Json

PREFIX = "bw-"


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiKey:
    """A key as stored, without its secret."""

    id: str
    label: str
    limits: Mapping[str, Json]
    created: float
    expires: float | None
    revoked: float | None
    valid: bool
    """Whether it is neither revoked nor expired, by the database's clock."""


def new_secret() -> str:
    """A new key: 256 random bits."""
    return f"{PREFIX}{secrets.token_urlsafe(32)}"


def digest(secret: str) -> str:
    """The stored hash of a key; it needs no salt, since a key is random."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


def add(
    connection: sa.Connection,
    key_id: str,
    secret: str,
    *,
    label: str,
    limits: Mapping[str, Json],
    seconds: float | None = None,
) -> ApiKey:
    """Store a key.

    Args:
        connection: For writing.
        key_id: Its id.
        secret: The key.
        label: What it is for.
        limits: Its limits.
        seconds: How long it is valid; None for ever.
    """
    if connection.execute(sa.select(api_keys.c.id).where(api_keys.c.id == key_id)).first() is None:
        expires = None if seconds is None else now() + seconds
        row = {"id": key_id, "hash": digest(secret), "label": label, "limits": dict(limits)}
        connection.execute(sa.insert(api_keys).values(created=now(), expires=expires, **row))
    return get(connection, key_id)


def get(connection: sa.Connection, key_id: str) -> ApiKey:
    """Find a key by its id.

    Raises:
        UnknownName: There is no such key.
    """
    row = connection.execute(_rows().where(api_keys.c.id == key_id)).first()
    if row is None:
        raise UnknownName("API key", key_id, connection.scalars(sa.select(api_keys.c.id)))
    return _key(row)


def find(connection: sa.Connection, secret: str) -> ApiKey | None:
    """The key with this secret; None if there is none."""
    wanted = digest(secret)
    row = connection.execute(_rows().where(api_keys.c.hash == wanted)).first()
    return _key(row) if row is not None and hmac.compare_digest(row.hash, wanted) else None


def listed(connection: sa.Connection) -> list[ApiKey]:
    """All keys, newest first."""
    return [_key(row) for row in connection.execute(_rows().order_by(api_keys.c.created.desc()))]


def any_made(connection: sa.Connection) -> bool:
    """Whether a key was ever made, be it revoked or expired since."""
    return connection.execute(sa.select(api_keys.c.id).limit(1)).first() is not None


def any_valid(connection: sa.Connection) -> bool:
    """Whether there is a key that opens anything."""
    query = sa.select(api_keys.c.id).where(_valid()).limit(1)
    return connection.execute(query).first() is not None


def revoke(connection: sa.Connection, key_id: str) -> ApiKey:
    """Revoke a key, for good.

    Raises:
        UnknownName: There is no such key.
    """
    found = get(connection, key_id)
    connection.execute(
        sa.update(api_keys)
        .where(api_keys.c.id == found.id, api_keys.c.revoked.is_(None))
        .values(revoked=now())
    )
    return get(connection, found.id)


def _valid() -> sa.ColumnElement[bool]:
    unexpired = api_keys.c.expires.is_(None) | (api_keys.c.expires > now())
    return sa.and_(api_keys.c.revoked.is_(None), unexpired)


def _rows() -> sa.Select[tuple[object, ...]]:
    return sa.select(*api_keys.c, sa.case((_valid(), 1), else_=0).label("valid"))


def _key(row: sa.Row[tuple[object, ...]]) -> ApiKey:
    return ApiKey(
        id=row.id,
        label=row.label,
        limits=row.limits,
        created=row.created,
        expires=row.expires,
        revoked=row.revoked,
        valid=bool(row.valid),
    )
