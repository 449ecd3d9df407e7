"""Fuzz target: a run that was stopped in its middle, with hostile rows, is resumed."""

from __future__ import annotations

import asyncio
import json
import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from branchwise.graphs.runtime.run import resume
from branchwise.graphs.search.run import solve
from branchwise.models.protocol import Sample, SampleRequest
from branchwise.models.scripted import scripted
from branchwise.store.records import Budget
from branchwise.store.store import Store
from tests.hostile.fuzz import JUNK, VALUES, damaged, mutated

TABLES = (
    "calls",
    "calls",
    "decisions",
    "nodes",
    "verdicts",
    "runs",
    "texts",
    "lg_checkpoints",
    "lg_writes",
    "lg_blobs",
)
"""The tables of a run; calls are twice as likely."""
PATIENCE = 20.0
"""Seconds that a resumed run may take."""


class Stopped(Exception):
    """The process ends here."""


async def stopped(folder: Path) -> Path:
    """A database with a run that was stopped after some calls, made once a folder."""
    file = folder / "stopped.sqlite"
    if file.exists():
        return file
    said = 0

    def write(request: SampleRequest, seed: int) -> Sample:
        nonlocal said
        said += 1
        if said > 9:
            raise Stopped
        return _sample(seed)

    async with Store.opened(f"sqlite:///{file}") as store:
        try:
            await _solve(store, scripted(write))
        except (Stopped, BaseExceptionGroup):
            return file
    raise AssertionError("The run was not stopped.")


async def _solve(store: Store, model: Any) -> None:
    await solve("Which?", strategy="tree_of_thoughts", model=model, store=store, budget=Budget(calls=16))


def _sample(seed: int) -> Sample:
    text = ("- Be brief.\nScore: 60", "Status: success\nScore: 20\nAnswer: 2", "Score: 90\nAnswer: 3")[
        seed % 3
    ]
    return Sample(text=text, tokens=9, finish="stop")


async def resumes(draw: random.Random, folder: Path) -> None:
    """Change rows of a stopped run, and resume it."""
    file = folder / f"{draw.randrange(10**12)}.sqlite"
    shutil.copy(await stopped(folder), file)
    try:
        with closing(sqlite3.connect(file)) as connection:
            [run_id] = connection.execute("select id from runs").fetchone()
            for _ in range(draw.choice((1, 1, 2, 4))):
                _change(connection, draw)
            connection.commit()
        async with Store.opened(f"sqlite:///{file}") as store, asyncio.timeout(PATIENCE):
            model = scripted(lambda request, seed: _sample(seed))
            await resume(run_id, store=store, model=model, on_change=draw.choice(("fail", "accept", "fork")))
    finally:
        _remove(file)


def _remove(file: Path) -> None:
    for left in file.parent.glob(f"{file.name}*"):
        left.unlink()


def _change(connection: sqlite3.Connection, draw: random.Random) -> None:
    table = draw.choice(TABLES)
    columns = [row[1] for row in connection.execute(f"pragma table_info({table})") if not row[5]]
    rows = connection.execute(f"select * from {table}").fetchall()
    names = [row[1] for row in connection.execute(f"pragma table_info({table})")]
    if not rows:
        return
    row, column = dict(zip(names, draw.choice(rows), strict=True)), draw.choice(columns)
    value = _changed(row[column], draw)
    keys = [row_[1] for row_ in connection.execute(f"pragma table_info({table})") if row_[5]]
    where = " and ".join(f"{key} = ?" for key in keys)
    try:
        connection.execute(
            f"update {table} set {column} = ? where {where}", [value, *(row[key] for key in keys)]
        )
    except (sqlite3.IntegrityError, OverflowError, UnicodeEncodeError):
        return  # this database cannot hold it


def _changed(value: Any, draw: random.Random) -> Any:
    if isinstance(value, bytes):
        return damaged(value, draw)
    if isinstance(value, str) and value[:1] in {"{", "["} and draw.random() < 0.8:
        try:
            return json.dumps(mutated(json.loads(value), draw))
        except (ValueError, RecursionError):
            pass
    plain = [one for one in (*VALUES, *JUNK) if one is None or isinstance(one, str | int | float)]
    return draw.choice(plain)
