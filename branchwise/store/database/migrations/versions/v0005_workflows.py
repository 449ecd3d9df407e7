"""Which workflow a run is of, which run began it, and when a waiting one goes on without an answer."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from branchwise.store.database.columns import key

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the columns; runs of a web search are told from others by their task."""
    op.add_column("runs", sa.Column("workflow", key(255), nullable=True))
    op.add_column("runs", sa.Column("parent", key(64), nullable=True))
    op.add_column("runs", sa.Column("wake", sa.Double(), nullable=True))
    op.execute("UPDATE runs SET workflow = CASE WHEN task = 'web' THEN 'web' ELSE 'solve' END")
    op.create_index("ix_runs_parent", "runs", ["parent"])


def downgrade() -> None:
    """Drop the columns."""
    op.drop_index("ix_runs_parent", "runs")
    for name in ("wake", "parent", "workflow"):
        op.drop_column("runs", name)
