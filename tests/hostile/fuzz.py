"""Fuzz targets: whatever reads a stranger's file or row refuses it with a sentence and never anything else.

Each target is `async def target(draw, folder)`: one input drawn, one read. `python -m tests.hostile` runs them.
"""

from __future__ import annotations

import copy
import json
import random
import re
import sqlite3
import time
import tomllib
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

from branchwise.agents.planning.policy_table import PolicyTable
from branchwise.agents.prompts import Prompts, fill
from branchwise.cli.console import Terminal
from branchwise.cli.showing import print_decision, print_state
from branchwise.cli.tracing import trace
from branchwise.cli.viewer.page import render
from branchwise.cli.viewer.text import text as drawing
from branchwise.graphs.runtime.spec import spec_of
from branchwise.graphs.search.request import request_of
from branchwise.graphs.search.run import solve
from branchwise.graphs.web.viewer_data import extras
from branchwise.models.pool import registry
from branchwise.models.scripted import scripted
from branchwise.serving.profile import read_profile
from branchwise.store.checkpoints.codec import StrictSerializer
from branchwise.store.errors import BranchwiseError
from branchwise.store.store import Store

Target: TypeAlias = Callable[[random.Random, Path], Awaitable[None]]
VALUES: tuple[Any, ...] = (
    *(None, True, -1, 0, 2**31, 2**63, 2**70, 10**400, 1e308, float("nan"), float("inf"), ""),
    *("x" * 100_000, "\0", "\ud800", "\x1b]0;PWNED\x07[/x]", [], {}, [[]] * 3, {"a": {"b": 1}}),
    *("../../../../../etc/passwd", "<script>1</script>", "'; drop table runs;--", "0.0", "running", "done"),
    *("embedded:/etc/passwd", "os:system", "openai-compatible:[/x]", "٣", "1e999", [1, "2", None]),
)
"""What stands in for a value of a document."""
CHOICE = {"strategy": "rebase", "knobs": {"width": 3}, "prior": 0.5}
POLICY = {
    "version": 1,
    "edges": [0.1, 0.5],
    "source": {"task": "text"},
    "rows": [{"bin": 0, "tokens": 100, "instances": 3, "choices": [CHOICE]}],
    "maps": [],
    "prior": [1.0, 2.0],
    "audit": None,
}
PROFILE = 'model = "./here"\nreplicas = 2\n[options]\nmax_model_len = 2048\n'
REPLICA = {"index": 0, "url": "http://127.0.0.1:1/v1", "log": "x", "phase": "ready"}
POOL = {"name": "fuzz", "model": "m", "served": "m", "pid": 1, "started": 0.0, "replicas": [REPLICA]}
JUNK = ("[" * 10**5, '{"a":' * 10**4, "9" * 5000, "null", "\ud800", "NaN", "")


@dataclass
class Fuzzed:
    """What came of a target's tries."""

    tries: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    raw: dict[str, str] = field(default_factory=dict)
    """Exceptions that are not ours, each with the seed that shows it."""


async def fuzzed(
    target: Target, folder: Path, *, seconds: float, tries: int = 10**9, seed: int = 0
) -> Fuzzed:
    """Try a target with drawn inputs for some seconds or some tries, whichever ends first."""
    found, until = Fuzzed(), time.monotonic() + seconds
    while found.tries < tries and time.monotonic() < until:
        draw = random.Random(f"{target.__name__}/{seed}/{found.tries}")
        found.tries += 1
        try:
            await target(draw, folder)
        except BranchwiseError as error:
            found.refused[type(error).__name__] += 1
        except Exception as error:
            said = re.sub("[0-9]+", "#", str(error))[:70]
            found.raw.setdefault(
                f"{type(error).__name__}: {said}", f"{target.__name__}/{seed}/{found.tries - 1}"
            )
    return found


def mutated(document: Any, draw: random.Random) -> Any:
    """A copy of a JSON document with one to three places changed, left out or added."""
    copied = copy.deepcopy(document)
    for _ in range(draw.choice((1, 1, 2, 3))):
        holders = list(_holders(copied))
        holder = draw.choice(holders) if holders else None
        if isinstance(holder, dict) and holder:
            name = draw.choice(sorted(holder))
            if draw.random() < 0.15:
                del holder[name]
            else:
                holder[name if draw.random() < 0.9 else f"{name}_"] = copy.deepcopy(draw.choice(VALUES))
        elif isinstance(holder, list):
            holder.insert(draw.randint(0, len(holder)), copy.deepcopy(draw.choice(VALUES)))
    return copied


def _holders(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [value, *(one for item in value.values() for one in _holders(item))]
    return [value, *(one for item in value for one in _holders(item))] if isinstance(value, list) else []


def damaged(data: bytes, draw: random.Random) -> bytes:
    """Bytes with some flipped, cut out or repeated."""
    raw = bytearray(data)
    for _ in range(draw.choice((1, 2, 8, 64))):
        at = draw.randrange(len(raw) or 1)
        if draw.random() < 0.7 and raw:
            raw[at] ^= 1 << draw.randrange(8)
        elif draw.random() < 0.5:
            del raw[at : at + draw.randrange(1, 40)]
        else:
            raw[at:at] = raw[at : at + draw.randrange(1, 40)] * draw.choice((1, 50))
    return bytes(raw)


def _json(document: Any, draw: random.Random) -> str:
    text = json.dumps(mutated(document, draw))
    if draw.random() < 0.2:
        text = damaged(text.encode(), draw).decode(errors="replace")
    return draw.choice(JUNK) if draw.random() < 0.02 else text


async def exported(folder: Path) -> str:
    """A finished run of a tree search as JSON, made once a folder."""
    file = folder / "exported.json"
    if not file.exists():
        model = scripted(["- Be brief.", "One.\n\nAnswer: 1", "Score: 60", "Answer: 2"])
        async with Store.opened(f"sqlite:///{folder}/whole.sqlite") as store:
            result = await solve("Which?", strategy="tree_of_thoughts", model=model, store=store)
            file.write_text(await store.export(result.run_id))
    return file.read_text()


@cache
def _run_id(folder: Path) -> str:
    return str(json.loads((folder / "exported.json").read_text())["runs"][0]["id"])


async def imports(draw: random.Random, folder: Path) -> None:
    """Import a mutated export and, where it is taken, read all of it back."""
    whole = (await exported(folder)).replace(_run_id(folder), f"{draw.randrange(10**12)}")
    document = mutated(json.loads(whole), draw)
    text = json.dumps(document) if draw.random() < 0.95 else _json(document, draw)
    async with Store.opened(f"sqlite:///{folder}/imports.sqlite") as store:
        run = await store.restore(text, trust_code=draw.random() < 0.5)
        await read_all(store, run.id)


async def read_all(store: Store, run_id: str) -> None:
    """Read a run in every way in which commands read it."""
    run, tree = await store.run(run_id), await store.nodes(run_id)
    decisions, calls = await store.decisions(run_id), await store.calls(run_id)
    await store.usage(run_id)
    await store.events(run_id)
    await store.verdicts(run_id)
    await store.runs(limit=20)
    more = extras(decisions, calls)
    drawing(list(tree), more)
    terminal = Terminal(quiet=True)
    terminal.print(trace(calls, decisions))
    for decision in decisions:
        print_decision(terminal, decision)
    print_state(terminal, run)
    render({"id": run.id, "problem": "?"}, list(tree), more).encode()
    for form in ("json", "node-link", "graphml", "dot"):
        await store.export(run_id, form)
    request_of(spec_of(run.spec))


@cache
def _database(file: Path) -> bytes:
    with sqlite3.connect(file) as connection:
        connection.execute("pragma wal_checkpoint(truncate)")
        connection.execute("pragma journal_mode=delete")
    connection.close()
    return file.read_bytes()


async def flipped_bytes(draw: random.Random, folder: Path) -> None:
    """Open a database with flipped bytes and read its run."""
    await exported(folder)
    whole, file = _database(folder / "whole.sqlite"), folder / f"{draw.randrange(10**12)}.sqlite"
    raw = bytearray(whole)
    for _ in range(draw.choice((1, 4, 32, 256))):
        raw[draw.randrange(100, len(raw))] ^= 1 << draw.randrange(8)
    file.write_bytes(raw)
    async with Store.opened(f"sqlite:///{file}") as store:
        for run in await store.runs():
            await read_all(store, run.id)


async def policy_tables(draw: random.Random, folder: Path) -> None:
    """Read a mutated policy table, and use it."""
    table = PolicyTable.loads(_json(POLICY, draw))
    table.dumps()
    table.describe(table.bin(0.3))


async def profiles(draw: random.Random, folder: Path) -> None:
    """Read a mutated profile of a pool."""
    file = folder / "profile.toml"
    if draw.random() < 0.5:
        document = mutated(tomllib.loads(PROFILE), draw)
        lines = [
            f"{name} = {json.dumps(value)}" for name, value in document.items() if not isinstance(value, dict)
        ]
        file.write_text("\n".join(lines), encoding="utf-8", errors="surrogatepass")
    else:
        file.write_bytes(damaged(PROFILE.encode(), draw))
    read_profile(file, {})


async def pool_states(draw: random.Random, folder: Path) -> None:
    """Read the state file of a pool that something else has written."""
    text = _json(POOL, draw).encode("utf-8", "surrogatepass")
    written = damaged(json.dumps(POOL).encode(), draw) if draw.random() < 0.5 else text
    (registry.folder() / "fuzz.json").write_bytes(written)
    registry.read("fuzz")


async def prompts(draw: random.Random, folder: Path) -> None:
    """Read and fill a prompt file that somebody else has written."""
    template = "Ask {problem}, {constraints}: {0} {problem.__class__} {{x}} %s $HOME `id`\n"
    (folder / "constraint.md").write_bytes(damaged(template.encode(), draw))
    fill(Prompts(folder=folder).load("constraint", "text"), problem="p", constraints="c")


async def checkpoints(draw: random.Random, folder: Path) -> None:
    """Read a checkpoint's bytes that something else has written."""
    codec = StrictSerializer()
    kind, data = codec.dumps_typed({"a": [1, "x", None], "b": {"c": 2.5}})
    codec.loads_typed((draw.choice((kind, kind, "pickle", "json", "x")), damaged(data, draw)))


TARGETS: tuple[Target, ...] = (
    imports,
    flipped_bytes,
    policy_tables,
    profiles,
    pool_states,
    prompts,
    checkpoints,
)
