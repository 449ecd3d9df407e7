"""Table definitions of API keys and of what their runs are charged."""

from __future__ import annotations

import sqlalchemy as sa

from branchwise.store.database.columns import JsonText, Prose, key
from branchwise.store.database.tables import RUN_ID, metadata

KEY_ID = key(32)

api_keys = sa.Table(
    "api_keys",
    metadata,
    sa.Column("id", KEY_ID, primary_key=True),
    sa.Column("hash", key(64), nullable=False),  # SHA-256 of the key, which itself is stored nowhere
    sa.Column("label", Prose, nullable=False),
    sa.Column("created", sa.Double, nullable=False),
    sa.Column("expires", sa.Double),
    sa.Column("revoked", sa.Double),
    sa.Column("limits", JsonText, nullable=False),  # models, budgets, rates, priority
    sa.Index("ix_api_keys_hash", "hash", unique=True),
)

charges = sa.Table(
    "charges",
    metadata,
    # Without a foreign key: a run is charged before it is stored, and counts after it was pruned.
    sa.Column("run_id", RUN_ID, primary_key=True),
    sa.Column("api_key", KEY_ID, nullable=False),
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("tokens", sa.BigInteger, nullable=False),  # reserved, and once settled spent
    sa.Column("cost", sa.Double, nullable=False),  # US dollars
    sa.Column("settled", sa.Integer, nullable=False),  # 0 while the run may still spend
    sa.Index("ix_charges_api_key_at", "api_key", "at"),
)
