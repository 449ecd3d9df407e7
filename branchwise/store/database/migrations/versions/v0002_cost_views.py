"""Views that say what runs, strategies, models and nodes have cost."""

from __future__ import annotations

from alembic import op

from branchwise.store.database.views import create_views, drop_views

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the views."""
    create_views(op.get_bind(), strategy="arm", first=True)


def downgrade() -> None:
    """Drop the views."""
    drop_views(op.get_bind())
