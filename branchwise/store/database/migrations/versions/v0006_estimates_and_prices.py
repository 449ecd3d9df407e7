"""Which calls' tokens are estimates, and which calls' cost is not known."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from branchwise.store.database.views import create_views, drop_views

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the columns, and make the views anew so that they tell of them; earlier calls keep what they had."""
    drop_views(op.get_bind())
    for name in ("estimated", "unpriced"):
        op.add_column("calls", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
    create_views(op.get_bind())


def downgrade() -> None:
    """Drop the columns."""
    drop_views(op.get_bind())
    op.drop_column("calls", "unpriced")
    op.drop_column("calls", "estimated")
    create_views(op.get_bind(), first=True)
