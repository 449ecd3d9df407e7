"""The index that claims follow knows the queue, so that runs of other queues cost a claim nothing."""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"

_OLD = ("ix_runs_status_priority_created", ["status", "priority", "created"])
_NEW = ("ix_runs_status_queue_priority_created", ["status", "queue", "priority", "created"])


def upgrade() -> None:
    """Replace the index."""
    op.create_index(_NEW[0], "runs", _NEW[1])
    op.drop_index(_OLD[0], "runs")


def downgrade() -> None:
    """Bring the old index back."""
    op.create_index(_OLD[0], "runs", _OLD[1])
    op.drop_index(_NEW[0], "runs")
