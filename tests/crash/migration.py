"""Kill processes in the midst of making and of upgrading a database."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
from typing import Any

import sqlalchemy as sa

from branchwise.store.database.connection import connect
from branchwise.store.database.database import Database
from branchwise.store.database.schema import HEAD, migrate, revision
from branchwise.store.database.upgrade import upgrade
from tests.store.database.test_database import ROW

_MAKING, _UPGRADING = 60, 30
"""About as many statements as it takes."""
FIRST = "0001"


def _die_at(statement: int) -> None:
    left = statement

    def count(*_: Any) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    sa.event.listen(sa.Engine, "before_cursor_execute", count)
    sa.event.listen(sa.Engine, "commit", count)


def _upgrade(url: str, die_at: int | None) -> None:
    if die_at is not None:
        _die_at(die_at)
    upgrade(url)


def _open(url: str, die_at: int | None) -> None:
    if die_at is not None:
        _die_at(die_at)
    Database.open(url).close()


def killed_migration(url: str, seed: int, *, new: bool) -> int:
    """Let three processes make or upgrade one database, one of which dies, until one has come through.

    Args:
        url: An empty database.
        seed: Says at which statements they die.
        new: Whether they make it anew; otherwise it is of the first revision and holds a run.

    Returns:
        How many were killed.

    Raises:
        AssertionError: Something else than a kill ended a process, or the database is not as it must be.
    """
    dice, context, killed = random.Random(seed), multiprocessing.get_context("forkserver"), 0
    if not new:
        with connect(url) as engine:
            migrate(engine, FIRST)
            with engine.begin() as connection:
                runs = sa.Table("runs", sa.MetaData(), autoload_with=connection)
                row = {name: value for name, value in ROW.items() if name in runs.c}
                connection.execute(sa.insert(runs).values(row | {"spec": "{}"}))
    for wave in range(2):
        most = _MAKING if new else _UPGRADING
        dooms = [dice.randrange(most), dice.randrange(most), None] if wave else [dice.randrange(most)]
        crew = [context.Process(target=_open if new else _upgrade, args=(url, doom)) for doom in dooms]
        for worker in crew:
            worker.start()
        for worker in crew:
            worker.join(600)  # three that import at once on a busy machine
            assert worker.exitcode in {0, -signal.SIGKILL}, f"A process ended with {worker.exitcode}."
            killed += worker.exitcode != 0
    with connect(url) as engine, engine.connect() as connection:
        assert revision(connection) == HEAD
        if not new:
            assert connection.scalar(sa.text("SELECT count(*) FROM runs")) == 1
    Database.open(url).close()
    return killed
