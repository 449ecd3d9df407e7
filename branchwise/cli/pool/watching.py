"""`branchwise pool status`, `down` and `logs`: inspect and stop a pool from another process."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from rich.table import Table

from branchwise.cli import console
from branchwise.cli.exits import run
from branchwise.cli.pool.progress import STYLES, PoolProgress
from branchwise.models.pool import registry as state
from branchwise.models.pool.registry import Phase, PoolState
from branchwise.serving.metrics import Load, load
from branchwise.serving.process import tail
from branchwise.store.errors import BadInput, ModelError, UnknownName

_TICK = 0.25
_PATIENCE = 30.0
"""Seconds that a supervisor may take beyond its pool's drain and grace periods."""


def status(name: str | None, *, as_json: bool) -> None:
    """Show one pool or all."""
    pools = run(_look(name))
    if as_json:
        print(json.dumps([_plain(*one) for one in pools]))
        return
    out = console.out()
    if not pools:
        out.print("No pool is running. Start one: branchwise pool up --model MODEL")
    for pool, alive, loads in pools:
        out.print(f"{pool.name}: {pool.served} ({pool.model})", style="bold", soft_wrap=True)
        if not alive:
            why = pool.failed or "its supervisor was killed, so its engines ended too"
            out.print(f"  dead: {why}", style="red", soft_wrap=True)
            out.print(f"  branchwise pool down {pool.name} removes its state", soft_wrap=True)
            continue
        out.print(_table(pool, loads))


def down(name: str, *, now: bool) -> None:
    """Stop a pool and wait until it has ended."""
    pool = run(_known(name))
    if not state.alive(name):
        state.forget(name)
        console.err().print(f"The pool `{name}` was already dead; its state was removed.", highlight=False)
        return
    with PoolProgress() as progress:
        os.kill(pool.pid, signal.SIGTERM)
        if now:
            time.sleep(_TICK)
            with suppress(ProcessLookupError):
                os.kill(pool.pid, signal.SIGTERM)
        while state.alive(name):
            seen = state.read(name)
            if seen is not None:
                progress(seen)
            time.sleep(_TICK)
        progress.say(f"The pool `{name}` is down.")


def logs(name: str, *, replica: int | None, follow: bool, lines: int) -> None:
    """Print the last lines of the logs, and with `follow` new lines as they come."""
    pool = run(_known(name))
    if replica is not None and replica not in {one.index for one in pool.replicas}:
        run(_no_replica(pool, replica))
    wanted = [Path(one.log) for one in pool.replicas if replica in {None, one.index}]
    mark = len(wanted) > 1
    for path in wanted:
        for line in tail(path, lines).splitlines() if lines else ():
            console.say(f"[{_number(path)}] {line}" if mark else line)
    if follow:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # Ctrl-C is how it is ended
        with suppress(KeyboardInterrupt):
            _follow(name, wanted, mark=mark)


def _follow(name: str, paths: list[Path], *, mark: bool) -> None:
    files: list[tuple[str, IO[str]]] = []
    for path in paths:
        opened = path.open(encoding="utf-8", errors="replace")
        opened.seek(0, os.SEEK_END)
        files.append((f"[{_number(path)}] " if mark else "", opened))
    while True:
        quiet = True
        for prefix, file in files:
            while line := file.readline():
                quiet = False
                console.say(f"{prefix}{line.removesuffix(chr(10))}")
        if quiet and not state.alive(name):
            return
        time.sleep(_TICK if quiet else 0)


def _number(path: Path) -> str:
    return path.stem.removeprefix("replica-")


async def _known(name: str) -> PoolState:
    pool = state.read(name)
    if pool is None:
        raise UnknownName("pool", name, [path.stem for path in state.folder().glob("*.json")])
    return pool


async def _no_replica(pool: PoolState, replica: int) -> None:
    raise BadInput(f"The pool `{pool.name}` has replicas 0 to {len(pool.replicas) - 1}, and no {replica}.")


async def _look(name: str | None) -> list[tuple[PoolState, bool, list[Load | None]]]:
    names = [name] if name else sorted(path.stem for path in state.folder().glob("*.json"))
    pools = [await _known(one) for one in names]
    return [(pool, state.alive(pool.name), await _loads(pool)) for pool in pools]


async def _loads(pool: PoolState) -> list[Load | None]:
    async def one(url: str, phase: Phase) -> Load | None:
        if phase not in {Phase.READY, Phase.DRAINING}:
            return None
        with suppress(ModelError):
            return await load(url)
        return None

    return await asyncio.gather(*(one(replica.url, replica.phase) for replica in pool.replicas))


def _plain(pool: PoolState, alive: bool, loads: list[Load | None]) -> dict[str, Any]:
    said = asdict(pool)
    for replica, now in zip(said["replicas"], loads, strict=True):
        replica["load"] = asdict(now) if now else None
    return {**said, "alive": alive, "ready": alive and pool.ready}


def _table(pool: PoolState, loads: list[Load | None]) -> Table:
    columns = (
        "replica",
        "state",
        "for",
        "running",
        "waiting",
        "read",
        "cached",
        "written",
        "restarts",
        "where",
    )
    table = Table(*columns, box=None, pad_edge=False)
    for one, now in zip(pool.replicas, loads, strict=True):
        answers = now is not None or one.phase is not Phase.READY
        phase = f"[{STYLES[one.phase]}]{one.phase.value}[/]" if answers else "[red]silent[/]"
        table.add_row(
            str(one.index),
            phase,
            f"{time.time() - one.since:.0f} s",
            *_numbers(now),
            str(one.restarts),
            f"{one.url} {one.devices} {one.note}".strip(),
        )
    return table


def _numbers(now: Load | None) -> tuple[str, ...]:
    if now is None:
        return ("", "", "", "", "")
    cached = f"{now.cached_tokens / now.prompt_tokens:.0%}" if now.prompt_tokens else ""
    return (
        str(now.running),
        str(now.waiting),
        f"{now.prompt_tokens:,}",
        cached,
        f"{now.completion_tokens:,}",
    )
