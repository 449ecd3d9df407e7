"""Which queue a run waits in, where a fork began, and how many samples a call brought."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from branchwise.store.database.columns import key

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the columns; what workers were to take waits in the default queue."""
    op.add_column("runs", sa.Column("queue", key(128), nullable=True))
    op.add_column("runs", sa.Column("forked_at", key(512), nullable=True))
    op.execute("UPDATE runs SET queue = 'default' WHERE status = 'queued'")
    op.add_column("calls", sa.Column("samples", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    """Drop the columns."""
    op.drop_column("calls", "samples")
    op.drop_column("runs", "forked_at")
    op.drop_column("runs", "queue")
