"""The long crash campaign: `make crash` writes its report to benchmarks/crash_results.md."""

from __future__ import annotations

import argparse
import math
import secrets
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from tests.crash.campaign import Campaign, crash_campaign
from tests.crash.judge import MUST_BE_ZERO, Outcome
from tests.crash.migration import killed_migration
from tests.crash.points import POINTS
from tests.crash.postgres import Cluster, own_postgres


@dataclass(kw_only=True, slots=True)
class _Arm:
    """All campaigns on one kind of database with one number of workers."""

    database: str
    workers: int
    outcomes: list[Outcome] = field(default_factory=list)
    broken: int = 0
    """Campaigns that could not be judged: a worker ended by itself, or the harness is wrong."""

    @property
    def wrong(self) -> int:
        return self.broken + sum(outcome.wrong for outcome in self.outcomes)

    def sum(self, name: str) -> int:
        return sum(getattr(outcome, name) for outcome in self.outcomes)

    def points(self, act: str) -> Counter[str]:
        return sum((Counter(getattr(outcome, act)) for outcome in self.outcomes), Counter())


@contextmanager
def fresh(cluster: Cluster | None) -> Iterator[str]:
    """A new database in `cluster`, or a new SQLite file."""
    if cluster is None:
        with tempfile.TemporaryDirectory() as folder:
            yield f"sqlite:///{folder}/runs.sqlite"
        return
    engine = sa.create_engine(cluster.url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    name = f"crash_{secrets.token_hex(6)}"
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    yield engine.url.set(database=name).render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


def _fight(arm: _Arm, seed: int, cluster: Cluster | None) -> None:
    with fresh(cluster) as url:
        plan = Campaign(
            url=url,
            seed=seed,
            workers=arm.workers,
            runs=6,
            waves=4,
            kills=6,
            stops=3,
            ttl=1.5,
            patience=600,
            restart=cluster.restart if cluster else None,
            restarts=2 if cluster else 0,
        )
        try:
            last = crash_campaign(plan)
        except Exception as error:  # one campaign's fault must not cost the report of all others
            arm.broken += 1
            print(f"{arm.database} x{arm.workers} seed {seed}: {error!r}", file=sys.stderr, flush=True)
            return
        arm.outcomes.append(last)
    ended = sum(last.ends.values()) + sum(last.stops.values())
    said = f"{arm.database} x{arm.workers} seed {seed}: {ended} ended, {last.wrong} wrong"
    print(said if not last.wrong else f"{said}: {last}", file=sys.stderr, flush=True)


def _interrupt(arm: _Arm, seed: int, cluster: Cluster | None) -> Counter[str]:
    killed = Counter[str]()
    for what, new in (("made", True), ("upgraded", False)):
        with fresh(cluster) as url:
            try:
                killed[what] += killed_migration(url, seed, new=new)
            except Exception as error:
                arm.broken += 1
                print(f"{arm.database} being {what}, seed {seed}: {error!r}", file=sys.stderr, flush=True)
    return killed


def _fight_all(
    database: str, workers: int, seeds: range, opening: AbstractContextManager[Cluster | None], end: float
) -> tuple[_Arm, Counter[str]]:
    arm, migrations = _Arm(database=database, workers=workers), Counter[str]()
    with opening as cluster:
        for seed in seeds:
            if time.monotonic() > end:
                break
            if workers == 1:
                migrations += _interrupt(arm, seed, cluster)
            # Points of its own for every kind, which one seed would make the same.
            _fight(arm, seed + 1000 * workers + 10_000 * (cluster is not None), cluster)
    return arm, migrations


def _table(columns: list[str], rows: list[list[object]]) -> list[str]:
    lines = [columns, ["---"] * len(columns), *([str(cell) for cell in row] for row in rows)]
    return [f"| {' | '.join(line)} |" for line in lines]


def _report(arms: list[_Arm], migrations: dict[str, int], minutes: float, first: int) -> str:
    counted = ("runs", "calls", "sent", "ambiguous", "restarts", *MUST_BE_ZERO)
    campaigns: list[object] = [len(arm.outcomes) + arm.broken for arm in arms]
    heads = [f"{arm.database}, {arm.workers} worker{'s' * (arm.workers > 1)}" for arm in arms]
    rows: list[list[object]] = [
        ["campaigns", *campaigns],
        ["killed", *(arm.points("ends").total() for arm in arms)],
        ["stopped for longer than the lease", *(arm.points("stops").total() for arm in arms)],
    ]
    rows += [[name.replace("_", " "), *(arm.sum(name) for arm in arms)] for name in counted]
    rows.append(["campaigns that broke", *(arm.broken for arm in arms)])
    ends = sum((arm.points("ends") for arm in arms), Counter[str]())
    stops = sum((arm.points("stops") for arm in arms), Counter[str]())
    where: list[list[object]] = [[name, ends[name], stops[name]] for name in POINTS]
    where += [[f"while a database is {name}", count, 0] for name, count in migrations.items()]
    return "\n".join(
        [
            *_table(["", *heads], rows),
            "",
            *_table(["point", "killed", "stopped"], where),
            "",
            f"{minutes:.0f} minutes, seeds from {first}, {datetime.now(UTC):%Y-%m-%d}.",
        ]
    )


def main() -> int:
    """Fight, print the report, and fail when anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=40, help="campaigns per database and number of workers")
    parser.add_argument("--first", type=int, default=0, help="first seed")
    parser.add_argument("--minutes", type=float, default=math.inf, help="begin no campaign after these")
    parser.add_argument("--out", type=Path, help="write the report here too")
    wanted = parser.parse_args()
    seeds, began = range(wanted.first, wanted.first + wanted.seeds), time.monotonic()
    # Most of a campaign is waiting for leases to run out, so all kinds have theirs at once.
    with ThreadPoolExecutor(4) as pool:
        kinds = [
            pool.submit(_fight_all, database, workers, seeds, opening(), began + wanted.minutes * 60)
            for database, opening in (("SQLite", nullcontext), ("PostgreSQL", own_postgres))
            for workers in (1, 4)
        ]
        done = [kind.result() for kind in kinds]
    arms = [arm for arm, _ in done]
    migrations = sum((killed for _, killed in done), Counter[str]())
    report = _report(arms, migrations, (time.monotonic() - began) / 60, wanted.first)
    print(report)
    if wanted.out:
        wanted.out.write_text(_HEAD + report + "\n", encoding="utf-8")
    return 1 if any(arm.wrong for arm in arms) else 0


_HEAD = """# Crash campaign

`make crash`: worker processes as `branchwise worker` runs them (the real loop, graph, ledger and checkpointer, two runs
at once each) share a queue of six runs under a deterministic engine, of ten kinds in turn: searches by a selecting and
three fixed strategies, and one that ends with a tight budget; a user's own workflow with parallel nodes, a loop and an
effect, once with a tight budget; a letter with sub-runs, a question to a person and a mail that is sent at most once;
a web search in a scripted house, and one that asks before it writes. Each worker is told to die of SIGKILL, or to stop
(SIGSTOP) for longer than its lease, at a point that the seed chooses; the dead are replaced, questions are answered,
and PostgreSQL is restarted with `-m immediate` in the midst. While somebody is left who has not ended, the queue is
filled again, up to four times.

An append-only file outside the database witnesses what was sent, what was committed and which effects were done. These
must be 0: requests repeated after their result was committed; committed results lost; runs stuck (their status is not
that of a run that nothing disturbed); mails sent twice; answers, trees, decisions and bills other than those of an
undisturbed run. Ambiguous are calls in flight at a crash, which may have been billed without an answer that was kept.

One window no client can close: a worker stopped between its last look at its lease and the sending goes on to send
when it wakes. Workers are killed there (`before send`), not stopped.

"""


if __name__ == "__main__":
    raise SystemExit(main())
