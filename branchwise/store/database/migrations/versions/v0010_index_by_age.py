"""An index for what goes by age: retention from the oldest run on, lists from the newest one on."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the index."""
    op.create_index("ix_runs_created_id", "runs", ["created", "id"])


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_runs_created_id", "runs")
