"""Hostile texts in recorded rows: their runs fail or end on resume, and no worker stalls or dies."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
import sqlalchemy as sa

from branchwise.graphs.search.submit import submit
from branchwise.store.errors import BranchwiseError
from branchwise.store.rows import RunRecord, Status
from branchwise.store.store import Store
from tests.hostile.endless import MODELS, serving
from tests.hostile.poison import POISONS, ROWS
from tests.models.raw_server import Play, reply

HEALTHY = "no poison"
OVER = {Status.DONE, Status.FAILED, Status.PAUSED, Status.CANCELLED}
RAW = re.compile(r"\b[A-Z]\w*(?:Error|Exception): .* \(in ")
CASES = [*POISONS, *ROWS, HEALTHY]
UNREADABLE = {
    "no JSON",
    "an empty text",
    "null",
    "deep lists",
    "another version",
    "no samples",
    "a request that is no JSON",
}
"""What no reader may accept: its run fails."""


def _server(asked: Counter[str], released: list[bool]) -> Play:
    """Answers two requests of every problem, and all others once it is released."""

    async def play(request: bytes, writer: asyncio.StreamWriter) -> None:
        if request.startswith(b"GET"):
            writer.write(MODELS)
            return
        found = re.search(rb"number (\d+)", request)
        assert found is not None
        asked[found[1].decode()] += 1
        while asked[found[1].decode()] > 2 and not released:
            await asyncio.sleep(0.1)
        n = json.loads(request.partition(b"\r\n\r\n")[2]).get("n", 1)
        text = "Think.\nScore: 60\nAnswer: 3"
        one = {"message": {"content": text}, "finish_reason": "stop"}
        usage = {"prompt_tokens": 5, "completion_tokens": 5 * n}
        writer.write(reply(json.dumps({"choices": [one] * n, "usage": usage}).encode()))

    return play


async def _submitted(url: str, base_url: str) -> list[str]:
    entries = [
        {"problem": f"What is number {i}?", "strategy": ("tree_of_thoughts", "sequential_revision")[i % 2]}
        for i in range(len(CASES))
    ]
    return await submit(
        entries, store=url, model="openai-compatible:m", base_url=base_url, budget={"calls": 8}
    )


def _worker(url: str, said: Path, *words: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "branchwise", "worker", "--lease", "3", "--store", url, *words]
    with said.open("wb") as log:
        return subprocess.Popen(
            command, stderr=log, stdin=subprocess.DEVNULL, env={**os.environ, "NO_PROXY": "*"}
        )


def _answered(engine: sa.Engine) -> int:
    with engine.connect() as connection:
        return int(
            connection.scalar(sa.text("SELECT count(DISTINCT run_id) FROM calls WHERE state = 'done'"))
        )


def _poisoned(engine: sa.Engine, ids: list[str]) -> None:
    lite = engine.dialect.name == "sqlite"
    kinds = {"bytes": "blob" if lite else "bytea", "text": "text"}
    with engine.begin() as connection:
        for case, run_id in zip(CASES, ids, strict=True):
            if case in ROWS:
                statement, text = ROWS[case]
                connection.execute(sa.text(statement.format(**kinds)), {"run": run_id, "text": text})
            elif case in POISONS:
                rows = sa.text(
                    "SELECT key, attempt, response FROM calls WHERE run_id = :run AND state = 'done'"
                )
                for row in connection.execute(rows, {"run": run_id}).all():
                    connection.execute(
                        sa.text("UPDATE calls SET response = :text WHERE run_id = :run AND key = :key"),
                        {"text": POISONS[case](json.loads(row.response)), "run": run_id, "key": row.key},
                    )


async def _records(url: str, ids: list[str]) -> list[RunRecord | str]:
    found: list[RunRecord | str] = []
    async with Store.opened(url) as store:
        for one in ids:
            try:
                found.append(await store.run(one))
            except BranchwiseError as error:
                found.append(f"{type(error).__name__}: {error}")
    return found


def _statuses(engine: sa.Engine, ids: list[str]) -> dict[str, str]:
    with engine.connect() as connection:
        found = {row.id: row.status for row in connection.execute(sa.text("SELECT id, status FROM runs"))}
    return {case: found[run_id] for case, run_id in zip(CASES, ids, strict=True)}


@pytest.mark.timeout(240)
@pytest.mark.parametrize(
    "url", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)
def test_a_poisonous_row_fails_its_run_and_stalls_no_worker(url: str, tmp_path: Path) -> None:
    asked: Counter[str] = Counter()
    released: list[bool] = []
    engine = sa.create_engine(url)
    with serving(_server(asked, released)) as base_url:
        ids = asyncio.run(_submitted(url, base_url))
        victim = _worker(url, tmp_path / "victim", "--concurrency", str(len(ids)))
        until = time.monotonic() + 90
        while _answered(engine) < len(ids) and time.monotonic() < until:
            time.sleep(0.2)
        victim.kill()
        victim.wait()
        assert _answered(engine) == len(ids), (tmp_path / "victim").read_text()
        _poisoned(engine, ids)
        released.append(True)
        logs = [tmp_path / f"worker{i}" for i in range(2)]
        workers = [_worker(url, log, "--until-empty", "--concurrency", "8") for log in logs]
        try:
            codes = [worker.wait(timeout=120) for worker in workers]
        finally:
            for worker in workers:
                worker.kill()
                worker.wait()
    said = "".join(log.read_text() for log in logs)
    assert codes == [0, 0], said[-3000:]
    assert "Traceback" not in said
    statuses = _statuses(engine, ids)
    assert set(statuses.values()) <= OVER
    assert {case: statuses[case] for case in UNREADABLE} == dict.fromkeys(UNREADABLE, Status.FAILED)
    ended = dict(zip(CASES, asyncio.run(_records(url, ids)), strict=True))
    engine.dispose()
    healthy = ended[HEALTHY]
    assert isinstance(healthy, RunRecord)
    assert healthy.status is Status.DONE
    errors = {case: run if isinstance(run, str) else run.error for case, run in ended.items()}
    assert not {case: error for case, error in errors.items() if error and RAW.search(error)}
