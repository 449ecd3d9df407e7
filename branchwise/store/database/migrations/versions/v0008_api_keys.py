"""API keys, what their runs are charged, and whose each run is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from branchwise.store.database.columns import JsonText, Prose, key

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the tables and the column; earlier runs belong to no key."""
    op.create_table(
        "api_keys",
        sa.Column("id", key(32), nullable=False),
        sa.Column("hash", key(64), nullable=False),
        sa.Column("label", Prose(), nullable=False),
        sa.Column("created", sa.Double(), nullable=False),
        sa.Column("expires", sa.Double()),
        sa.Column("revoked", sa.Double()),
        sa.Column("limits", JsonText(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
    )
    op.create_index("ix_api_keys_hash", "api_keys", ["hash"], unique=True)
    op.create_table(
        "charges",
        sa.Column("run_id", key(64), nullable=False),
        sa.Column("api_key", key(32), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("tokens", sa.BigInteger(), nullable=False),
        sa.Column("cost", sa.Double(), nullable=False),
        sa.Column("settled", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", name="pk_charges"),
    )
    op.create_index("ix_charges_api_key_at", "charges", ["api_key", "at"])
    op.add_column("runs", sa.Column("api_key", key(32), nullable=True))
    op.create_index("ix_runs_api_key", "runs", ["api_key"])


def downgrade() -> None:
    """Drop the tables and the column."""
    op.drop_index("ix_runs_api_key", "runs")
    op.drop_column("runs", "api_key")
    op.drop_table("charges")
    op.drop_table("api_keys")
