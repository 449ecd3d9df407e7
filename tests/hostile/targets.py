"""Fuzz targets: every reader of a stranger's file or row. `python -m tests.hostile` runs them."""

from __future__ import annotations

import json
import random
import sqlite3
import sys
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import invalidate_caches
from pathlib import Path
from typing import Any

from branchwise import settings, tasks
from branchwise.agents import verifiers
from branchwise.agents.planning.policy_table import PolicyTable
from branchwise.agents.prompts import Prompts, fill
from branchwise.cli.console import Terminal
from branchwise.cli.showing import print_decision, print_state
from branchwise.cli.tracing import trace
from branchwise.cli.viewer.text import text as drawing
from branchwise.graphs import aggregations, strategies
from branchwise.graphs.runtime import registry as workflows
from branchwise.graphs.runtime.spec import spec_of
from branchwise.graphs.search.request import input_of
from branchwise.graphs.search.run import solve
from branchwise.graphs.web.viewer_data import extras
from branchwise.models.pool import registry
from branchwise.models.scripted import scripted
from branchwise.serving.profile import read_profile
from branchwise.store.checkpoints.codec import StrictSerializer
from branchwise.store.store import Store
from branchwise.ui.exported import exported as exported_page
from branchwise.ui.record import record
from tests.hostile.fuzz import Target, damaged, mutated, text_of
from tests.hostile.resuming import resumes

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
    text = json.dumps(document) if draw.random() < 0.95 else text_of(document, draw)
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
    exported_page(run.id, await store.database.aread(lambda connection: record(connection, run))).encode()
    for form in ("json", "node-link", "graphml", "dot"):
        await store.export(run_id, form)
    input_of(spec_of(run.spec))


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
    table = PolicyTable.loads(text_of(POLICY, draw))
    table.dumps()
    table.describe(table.bin(0.3))


async def profiles(draw: random.Random, folder: Path) -> None:
    """Read a mutated profile of a pool."""
    file = folder / "profile.toml"
    if draw.random() < 0.5:
        written = toml(mutated(tomllib.loads(PROFILE), draw))
        file.write_text(written, encoding="utf-8", errors="surrogatepass")
    else:
        file.write_bytes(damaged(PROFILE.encode(), draw))
    read_profile(file, {})


async def pool_states(draw: random.Random, folder: Path) -> None:
    """Read the state file of a pool that something else has written."""
    text = text_of(POOL, draw).encode("utf-8", "surrogatepass")
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


SETTINGS = """store = "here.sqlite"
model = "fast"
[models.fast]
use = "openai-compatible:m"
base_url = "http://127.0.0.1:1/v1"
max_tokens = 100
price = [1.0, 2.0]
headers = { "X-A" = "b" }
[keys]
OPENAI_API_KEY = ["api.openai.com"]
"""


async def settings_files(draw: random.Random, folder: Path) -> None:
    """Read a mutated settings file, and choose its models."""
    file = folder / "settings.toml"
    if draw.random() < 0.7:
        written = toml(mutated(tomllib.loads(SETTINGS), draw)).encode("utf-8", "surrogatepass")
    else:
        written = damaged(SETTINGS.encode(), draw)
    file.write_bytes(written if draw.random() < 0.95 else draw.choice((b"[" * 10**5, b"a=" + b"[" * 10**5)))
    found = settings.load(file)
    for name in (None, *found.models):
        found.model(name)


def toml(document: Mapping[str, Any]) -> str:
    """A document as TOML; tables within are written in place."""
    return "\n".join(
        f"{json.dumps(name)} = {_toml(value)}" for name, value in document.items() if value is not None
    )


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        inner = (f"{json.dumps(name)} = {_toml(item)}" for name, item in value.items() if item is not None)
        return f"{{ {', '.join(inner)} }}"
    if isinstance(value, list):
        return f"[{', '.join(_toml(item) for item in value if item is not None)}]"
    return {"NaN": "nan", "Infinity": "inf"}.get(said := json.dumps(value), said)


POINTS = "[branchwise.{group}]\n{name} = {target}\n"
GROUPS = ("strategies", "verifiers", "workflows", "tasks", "aggregations")
NAMED = (
    *(
        "no_such_module:x",
        "json:no_such_name",
        "json:__name__",
        "math:pi",
        "json:loads",
        "json",
        ":",
        "a b:c",
    ),
    *(
        "foreign:raises",
        "foreign:Odd",
        "foreign:odd",
        "foreign:asks_for_more",
        "broken:x",
        "json:loads [extra]",
    ),
)
FOREIGN = """
class Odd:
    __name__ = 3
    def __call__(self, *a, **k): return self
odd = Odd()
def asks_for_more(a, b, c): raise RuntimeError("\\x1b]0;x")
def raises(*a, **k): raise KeyError("no")
"""


async def entry_points(draw: random.Random, folder: Path) -> None:
    """Load a part that an installed package offers under a name, and does not have."""
    site, group = folder / "site", draw.choice(GROUPS)
    about = site / "foreign-1.dist-info"
    about.mkdir(parents=True, exist_ok=True)
    (about / "METADATA").write_text("Name: foreign\nVersion: 1\n")
    (site / "foreign.py").write_text(FOREIGN)
    (site / "broken.py").write_text("1 / 0")
    text = POINTS.format(group=group, name="odd", target=draw.choice(NAMED))
    written = text.encode() if draw.random() < 0.7 else damaged(text.encode(), draw)
    (about / "entry_points.txt").write_bytes(written)
    sys.path.insert(0, str(site))
    invalidate_caches()
    try:
        _read_points(group)
    finally:
        sys.path.remove(str(site))


def _read_points(group: str) -> None:
    if group == "strategies":
        assert strategies.catalogue()
        strategies.hints("odd")
        strategies.load("odd")
    elif group == "workflows":
        assert list(workflows.catalogue())
        workflows.load("odd")
    else:
        parts = {"tasks": tasks, "verifiers": verifiers, "aggregations": aggregations}[group]
        assert parts.names()
        parts.load("odd")


TARGETS: tuple[Target, ...] = (
    imports,
    flipped_bytes,
    policy_tables,
    profiles,
    pool_states,
    prompts,
    checkpoints,
    settings_files,
    entry_points,
    resumes,
)
