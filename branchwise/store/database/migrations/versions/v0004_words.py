"""Columns in the field's words, and a node's state as data instead of the beginning of its feedback."""

# ruff: noqa: S608 - the texts are put together from constants
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from branchwise.store.database.columns import key
from branchwise.store.database.views import create_views, drop_views

revision = "0004"
down_revision = "0003"

_RENAMED = (
    ("nodes", "arm", "strategy", 128),
    ("nodes", "vouch", "verified_by", 32),
    ("verdicts", "vouch", "verified_by", 32),
)
_WORDS = (("sound", "program"), ("nothing", "none"))
_STATE = (
    "CASE WHEN failed LIKE 'held back%' AND feedback LIKE 'tried%' THEN 'stopped'"
    " WHEN failed LIKE 'held back%' THEN 'held'"
    " WHEN feedback LIKE 'visited%' THEN 'visited'"
    " WHEN feedback LIKE 'tried in vain%' THEN 'tried'"
    " WHEN feedback LIKE 'proposed by %' THEN 'proposed' ELSE 'sampled' END"
)
_WEB = "run_id IN (SELECT id FROM runs WHERE task = 'web')"


def upgrade() -> None:
    """Rename the columns and their words; the views that name them are made anew."""
    drop_views(op.get_bind())
    for table, old, new, length in _RENAMED:
        op.alter_column(table, old, new_column_name=new, existing_type=key(length), existing_nullable=False)
    for table in ("nodes", "verdicts"):
        for old, new in _WORDS:
            op.execute(f"UPDATE {table} SET verified_by = '{new}' WHERE verified_by = '{old}'")
    op.add_column("nodes", sa.Column("state", key(32), nullable=False, server_default="sampled"))
    op.execute(f"UPDATE nodes SET state = {_STATE} WHERE {_WEB}")
    create_views(op.get_bind(), first=True)


def downgrade() -> None:
    """Give the columns and words their old names."""
    drop_views(op.get_bind())
    op.drop_column("nodes", "state")
    for table in ("nodes", "verdicts"):
        for old, new in _WORDS:
            op.execute(f"UPDATE {table} SET verified_by = '{old}' WHERE verified_by = '{new}'")
    for table, old, new, length in _RENAMED:
        op.alter_column(table, new, new_column_name=old, existing_type=key(length), existing_nullable=False)
    create_views(op.get_bind(), strategy="arm", first=True)
