"""Table definitions: one row of `runs` per run; all other tables refer to its id."""

from __future__ import annotations

import sqlalchemy as sa

from branchwise.store.database.columns import JsonText, Prose, key
from branchwise.store.database.dialects import COUNTER

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
    }
)

RUN_ID = key(64)
NODE_ID = key(512)
CALL_KEY = key(640)
_WORD = key(32)
_NAME = key(128)


def _run() -> sa.Column[str]:
    return sa.Column("run_id", RUN_ID, sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)


runs = sa.Table(
    "runs",
    metadata,
    sa.Column("id", RUN_ID, primary_key=True),
    sa.Column("status", _WORD, nullable=False),  # queued, running, paused, waiting, done, failed or cancelled
    sa.Column("priority", sa.Integer, nullable=False),  # higher goes first
    sa.Column("task", _NAME, nullable=False),
    sa.Column("strategy", _NAME, nullable=False),
    sa.Column("model", Prose, nullable=False),
    sa.Column("seed", sa.BigInteger, nullable=False),
    sa.Column("spec", JsonText, nullable=False),  # problem, budget, options: everything needed to run it
    sa.Column("code_version", _NAME, nullable=False),
    sa.Column("on_change", _WORD, nullable=False),  # fail, fork or accept
    sa.Column("forked_from", RUN_ID),
    sa.Column("result", JsonText),
    sa.Column("error", Prose),
    sa.Column("owner", key(160)),  # who holds the lease
    sa.Column("lease_until", sa.Double, nullable=False),
    sa.Column(
        "epoch", sa.Integer, nullable=False
    ),  # grows with each claim; every write names the epoch it has
    sa.Column("attempts", sa.Integer, nullable=False),  # claims that ended with a dead worker
    sa.Column("max_attempts", sa.Integer, nullable=False),
    sa.Column("elapsed", sa.Double, nullable=False),  # seconds of work, over all resumptions
    sa.Column("seen", sa.Double, nullable=False),  # when `elapsed` was last brought up to date
    sa.Column("created", sa.Double, nullable=False),
    sa.Column("finished", sa.Double),
    sa.Column("queue", _NAME),  # whose workers may take it; NULL: claimed by id only
    sa.Column(
        "forked_at", NODE_ID
    ),  # the node of `forked_from` that this run's root represents, or the place
    sa.Column("workflow", key(255)),  # solve, web, an installed workflow, or module:attribute
    sa.Column("parent", RUN_ID),  # the parent run of a sub-run
    sa.Column("wake", sa.Double),  # when a waiting run continues without an answer; NULL: never
    sa.Column("api_key", key(32)),  # the API key whose run it is; NULL: of nobody's key
    sa.Index("ix_runs_api_key", "api_key"),
    sa.Index("ix_runs_status_queue_priority_created", "status", "queue", "priority", "created"),
    sa.Index("ix_runs_created_id", "created", "id"),
    sa.Index("ix_runs_parent", "parent"),
)

run_events = sa.Table(
    "run_events",
    metadata,
    sa.Column("id", COUNTER, primary_key=True, autoincrement=True),
    sa.Column("run_id", RUN_ID, sa.ForeignKey("runs.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column(
        "kind", _WORD, nullable=False
    ),  # created, claimed, paused, queued, cancelled, gave_up, finished or traced
    sa.Column("epoch", sa.Integer, nullable=False),
    sa.Column("data", JsonText),
    sa.Column("at", sa.Double, nullable=False),
)

nodes = sa.Table(
    "nodes",
    metadata,
    _run(),
    sa.Column("id", NODE_ID, primary_key=True),
    sa.Column("ord", sa.Integer, nullable=False),  # order of insertion within the run
    sa.Column("parent", NODE_ID),
    sa.Column("depth", sa.Integer, nullable=False),
    sa.Column("round", sa.Integer, nullable=False),
    sa.Column("strategy", _NAME, nullable=False),
    sa.Column("text", Prose, nullable=False),
    sa.Column("complete", sa.Boolean, nullable=False),
    sa.Column("answer", Prose),
    sa.Column("score", sa.Double),
    sa.Column("verified_by", _WORD, nullable=False),
    sa.Column("accepted", sa.Boolean, nullable=False),
    sa.Column("feedback", Prose, nullable=False),
    sa.Column("logprob", sa.Double),
    sa.Column("tokens", sa.Integer, nullable=False),
    sa.Column("duplicate_of", NODE_ID),
    sa.Column("failed", Prose),
    sa.Column("state", _WORD, nullable=False),
)

texts = sa.Table(
    "texts",
    metadata,
    _run(),
    sa.Column("hash", key(32), primary_key=True),
    sa.Column("body", Prose, nullable=False),
)

calls = sa.Table(
    "calls",
    metadata,
    _run(),
    sa.Column("key", CALL_KEY, primary_key=True),  # the call's logical path, r3/0.2/propose
    sa.Column("attempt", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("state", _WORD, nullable=False),  # started, done, failed or ambiguous (sent, no answer known)
    sa.Column("kind", _WORD, nullable=False),
    sa.Column("model", Prose, nullable=False),
    sa.Column("strategy", _NAME, nullable=False),
    sa.Column("round", sa.Integer),  # the search loop's round and the node it is about, read from the key
    sa.Column("node", NODE_ID),
    sa.Column("epoch", sa.Integer, nullable=False),
    sa.Column("request_hash", key(64), nullable=False),
    sa.Column("request", Prose, nullable=False),  # JSON; long texts are {"$text": hash} of `texts`
    sa.Column("response", Prose),  # JSON
    sa.Column("error", Prose),
    sa.Column("calls", sa.Integer, nullable=False),
    sa.Column("prompt_tokens", sa.Integer, nullable=False),
    sa.Column("cached_tokens", sa.Integer, nullable=False),
    sa.Column("completion_tokens", sa.Integer, nullable=False),
    sa.Column("seconds", sa.Double, nullable=False),
    sa.Column("cost", sa.Double, nullable=False),  # US dollars
    sa.Column("started", sa.Double, nullable=False),
    sa.Column("ended", sa.Double),
    sa.Column("samples", sa.Integer, nullable=False),  # continuations that it brought
    sa.Column("estimated", sa.Integer, nullable=False, server_default="0"),  # 1: its tokens are estimates
    sa.Column("unpriced", sa.Integer, nullable=False, server_default="0"),  # 1: its cost is not known
)

verdicts = sa.Table(
    "verdicts",
    metadata,
    _run(),
    sa.Column("node", NODE_ID, primary_key=True),
    sa.Column("verifier", _NAME, primary_key=True),
    sa.Column("score", sa.Double),  # -100 to 100
    sa.Column("accepted", sa.Boolean, nullable=False),
    sa.Column("feedback", Prose, nullable=False),
    sa.Column("verified_by", _WORD, nullable=False),
)

decisions = sa.Table(
    "decisions",
    metadata,
    _run(),
    sa.Column("key", CALL_KEY, primary_key=True),  # t1/select, r3/allocate
    sa.Column("ord", sa.Integer, nullable=False),
    sa.Column("kind", _WORD, nullable=False),  # plan, select, allocate, judge, answer
    sa.Column("payload", JsonText, nullable=False),
)
