"""The tables of the first release."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from branchwise.store.database.columns import ByteKey as Key
from branchwise.store.database.columns import JsonText, Prose, key
from branchwise.store.database.dialects import LONG_BYTES

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make runs with all that belongs to them, and the checkpointer's tables."""
    _runs_and_calls()
    _trees()
    _checkpoints()


def downgrade() -> None:
    """Drop everything."""
    for name in ("verdicts", "texts", "run_events", "nodes", "decisions", "calls", "runs"):
        op.drop_table(name)
    for name in ("lg_writes", "lg_checkpoints", "lg_blobs"):
        op.drop_table(name)


def _runs_and_calls() -> None:
    op.create_table(
        "runs",
        sa.Column("id", key(64), nullable=False),
        sa.Column("status", key(32), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("task", key(128), nullable=False),
        sa.Column("strategy", key(128), nullable=False),
        sa.Column("model", Prose(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("spec", JsonText(), nullable=False),
        sa.Column("code_version", key(128), nullable=False),
        sa.Column("on_change", key(32), nullable=False),
        sa.Column("forked_from", key(64), nullable=True),
        sa.Column("result", JsonText(), nullable=True),
        sa.Column("error", Prose(), nullable=True),
        sa.Column("owner", key(160), nullable=True),
        sa.Column("lease_until", sa.Double(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("max_attempts", sa.Integer(), nullable=False),
        sa.Column("elapsed", sa.Double(), nullable=False),
        sa.Column("seen", sa.Double(), nullable=False),
        sa.Column("created", sa.Double(), nullable=False),
        sa.Column("finished", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
    )
    op.create_index(
        "ix_runs_status_priority_created", "runs", ["status", "priority", "created"], unique=False
    )
    op.create_table(
        "calls",
        sa.Column("run_id", key(64), nullable=False),
        sa.Column("key", key(640), nullable=False),
        sa.Column("attempt", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("state", key(32), nullable=False),
        sa.Column("kind", key(32), nullable=False),
        sa.Column("model", Prose(), nullable=False),
        sa.Column("strategy", key(128), nullable=False),
        sa.Column("round", sa.Integer(), nullable=True),
        sa.Column("node", key(512), nullable=True),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("request_hash", key(64), nullable=False),
        sa.Column("request", Prose(), nullable=False),
        sa.Column("response", Prose(), nullable=True),
        sa.Column("error", Prose(), nullable=True),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("prompt_tokens", sa.Integer(), nullable=False),
        sa.Column("cached_tokens", sa.Integer(), nullable=False),
        sa.Column("completion_tokens", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("cost", sa.Double(), nullable=False),
        sa.Column("started", sa.Double(), nullable=False),
        sa.Column("ended", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_calls_runs"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "key", "attempt", name=op.f("pk_calls")),
    )


def _trees() -> None:
    op.create_table(
        "decisions",
        sa.Column("run_id", key(64), nullable=False),
        sa.Column("key", key(640), nullable=False),
        sa.Column("ord", sa.Integer(), nullable=False),
        sa.Column("kind", key(32), nullable=False),
        sa.Column("payload", JsonText(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_decisions_runs"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "key", name=op.f("pk_decisions")),
    )
    op.create_table(
        "nodes",
        sa.Column("run_id", key(64), nullable=False),
        sa.Column("id", key(512), nullable=False),
        sa.Column("ord", sa.Integer(), nullable=False),
        sa.Column("parent", key(512), nullable=True),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("arm", key(128), nullable=False),
        sa.Column("text", Prose(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("answer", Prose(), nullable=True),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("vouch", key(32), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("feedback", Prose(), nullable=False),
        sa.Column("logprob", sa.Double(), nullable=True),
        sa.Column("tokens", sa.Integer(), nullable=False),
        sa.Column("duplicate_of", key(512), nullable=True),
        sa.Column("failed", Prose(), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_nodes_runs"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "id", name=op.f("pk_nodes")),
    )
    op.create_table(
        "run_events",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("run_id", key(64), nullable=False),
        sa.Column("kind", key(32), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("data", JsonText(), nullable=True),
        sa.Column("at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_run_events_runs"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run_events")),
    )
    op.create_index(op.f("ix_run_events_run_id"), "run_events", ["run_id"], unique=False)
    op.create_table(
        "texts",
        sa.Column("run_id", key(64), nullable=False),
        sa.Column("hash", key(32), nullable=False),
        sa.Column("body", Prose(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_texts_runs"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "hash", name=op.f("pk_texts")),
    )
    op.create_table(
        "verdicts",
        sa.Column("run_id", key(64), nullable=False),
        sa.Column("node", key(512), nullable=False),
        sa.Column("verifier", key(128), nullable=False),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("feedback", Prose(), nullable=False),
        sa.Column("vouch", key(32), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_verdicts_runs"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "node", "verifier", name=op.f("pk_verdicts")),
    )


def _checkpoints() -> None:
    op.create_table(
        "lg_blobs",
        sa.Column("thread_id", Key(255), nullable=False),
        sa.Column("checkpoint_ns", Key(1024), nullable=False),
        sa.Column("channel", Key(512), nullable=False),
        sa.Column("version", Key(128), nullable=False),
        sa.Column("value_type", Key(64), nullable=False),
        sa.Column("value", LONG_BYTES, nullable=False),
        sa.PrimaryKeyConstraint("thread_id", "checkpoint_ns", "channel", "version", name=op.f("pk_lg_blobs")),
    )
    op.create_table(
        "lg_checkpoints",
        sa.Column("thread_id", Key(255), nullable=False),
        sa.Column("checkpoint_ns", Key(1024), nullable=False),
        sa.Column("checkpoint_id", Key(128), nullable=False),
        sa.Column("parent_id", Key(128), nullable=True),
        sa.Column("run_id", Key(255), nullable=True),
        sa.Column("source", Key(32), nullable=True),
        sa.Column("step", sa.Integer(), nullable=True),
        sa.Column("checkpoint_type", Key(64), nullable=False),
        sa.Column("checkpoint", LONG_BYTES, nullable=False),
        sa.Column("metadata_type", Key(64), nullable=False),
        sa.Column("metadata", LONG_BYTES, nullable=False),
        sa.PrimaryKeyConstraint(
            "thread_id", "checkpoint_ns", "checkpoint_id", name=op.f("pk_lg_checkpoints")
        ),
    )
    op.create_index(op.f("ix_lg_checkpoints_run_id"), "lg_checkpoints", ["run_id"], unique=False)
    op.create_table(
        "lg_writes",
        sa.Column("thread_id", Key(255), nullable=False),
        sa.Column("checkpoint_ns", Key(1024), nullable=False),
        sa.Column("checkpoint_id", Key(128), nullable=False),
        sa.Column("task_id", Key(128), nullable=False),
        sa.Column("idx", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("task_path", Key(2048), nullable=False),
        sa.Column("channel", Key(512), nullable=False),
        sa.Column("value_type", Key(64), nullable=False),
        sa.Column("value", LONG_BYTES, nullable=False),
        sa.PrimaryKeyConstraint(
            "thread_id", "checkpoint_ns", "checkpoint_id", "task_id", "idx", name=op.f("pk_lg_writes")
        ),
    )
