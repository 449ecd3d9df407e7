"""How a tree grows on disk: our rows beside LangGraph's savers that hold the same tree in graph state.

    python -m benchmarks.store_growth --nodes 200 2000 [--postgres] [--rival]
    python -m benchmarks.store_growth --nodes 100000 --size 10240    # 1 GB of texts: is a step, is memory flat?

The rivals need `langgraph-checkpoint-sqlite` and `langgraph-checkpoint-postgres`. On SQLite, bytes written are what the
process handed to the kernel (`wchar` of /proc/self/io), and file sizes include the write-ahead log while the database
is open. On PostgreSQL, in a server of our own, bytes written are its write-ahead log, and the size is the database's
beyond that of an empty one.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import operator
import random
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, TypedDict

import sqlalchemy as sa
from langgraph.graph import END, START, StateGraph

from branchwise.store.records import Node
from branchwise.store.store import Store
from tests.crash.postgres import own_postgres

_TEN = 10
_SIZE = 1024
"""Bytes of a node's text."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Place:
    """An empty database, and how much was written and lies there; of one process in its life."""

    name: str
    url: str
    written: Callable[[], int]
    size: Callable[[], int]


@contextmanager
def _sqlite() -> Iterator[_Place]:
    def written() -> int:
        lines = Path("/proc/self/io").read_text(encoding="ascii").splitlines()
        return int(dict(line.split(": ") for line in lines)["wchar"])

    with tempfile.TemporaryDirectory() as folder:
        yield _Place(
            name="SQLite",
            url=f"{folder}/tree.sqlite",
            written=written,
            size=lambda: sum(file.stat().st_size for file in Path(folder).iterdir()),
        )


@contextmanager
def _postgres() -> Iterator[_Place]:
    with own_postgres() as cluster:
        engine = sa.create_engine(cluster.url, isolation_level="AUTOCOMMIT")

        def ask(query: str) -> int:
            with engine.connect() as connection:
                return int(connection.scalar(sa.text(query)))

        empty = ask("SELECT pg_database_size('postgres')")
        yield _Place(
            name="PostgreSQL",
            url=cluster.url,
            written=lambda: ask("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn"),
            size=lambda: ask("SELECT pg_database_size('postgres')") - empty,
        )
        engine.dispose()


def _texts(start: int, size: int = _SIZE) -> list[str]:
    # Not to be compressed: PostgreSQL would.
    return [random.Random(i).randbytes(size // 2).hex() for i in range(start, start + _TEN)]


def _report(
    name: str, nodes: int, place: _Place, before: int, steps: list[float], size: int = _SIZE
) -> dict[str, object]:
    tenth = max(1, len(steps) // 10)
    content, on_disk = nodes * size, place.size()
    return {
        "store": f"{name}, {place.name}",
        "nodes": nodes,
        "content_mb": round(content / 1e6, 2),
        "written_mb": round((place.written() - before) / 1e6, 2),
        "on_disk_mb": round(on_disk / 1e6, 2),
        "on_disk_per_content": round(on_disk / content, 2),
        "first_step_ms": round(statistics.median(steps[:tenth]) * 1e3, 2),
        "last_step_ms": round(statistics.median(steps[-tenth:]) * 1e3, 2),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


async def rows(nodes: int, place: _Place, size: int) -> dict[str, object]:
    """Grow the tree as rows, ten nodes a step."""
    steps = []
    async with Store.opened(place.url) as store:
        lease = await store.claim((await store.create_run(task="t", strategy="s", model="m", spec={})).id)
        before = place.written()
        for start in range(0, nodes, _TEN):
            began = time.perf_counter()
            batch = [
                Node(id=f"0.{start + i}", parent="0", depth=1, text=t)
                for i, t in enumerate(_texts(start, size))
            ]
            await store.add_nodes(lease, batch)
            steps.append(time.perf_counter() - began)
        return _report("branchwise rows", nodes, place, before, steps, size)


class _State(TypedDict):
    tree: Annotated[list[str], operator.add]


def in_state(nodes: int, place: _Place) -> dict[str, object]:
    """Grow the same tree in the state of a graph that LangGraph's own saver keeps."""
    steps: list[float] = []

    def grow(state: _State) -> _State:
        steps.append(time.perf_counter())
        return {"tree": _texts(len(state["tree"]))}

    builder = StateGraph(_State)
    builder.add_node("grow", grow)
    builder.add_edge(START, "grow")
    builder.add_conditional_edges("grow", lambda state: END if len(state["tree"]) >= nodes else "grow")
    name = f"{'Sqlite' if place.name == 'SQLite' else 'Postgres'}Saver"
    saver: Any = getattr(import_module(f"langgraph.checkpoint.{name.removesuffix('Saver').lower()}"), name)
    with saver.from_conn_string(place.url.replace("+psycopg", "")) as checkpointer:
        checkpointer.setup()
        graph = builder.compile(checkpointer=checkpointer)
        before = place.written()
        graph.invoke(
            {"tree": []},
            {"configurable": {"thread_id": "1"}, "recursion_limit": nodes},
            durability="sync",
        )
        lasted = [late - early for early, late in pairwise(steps)]
        return _report(f"{name} state", nodes, place, before, lasted)


def main() -> None:
    """Print one line of JSON a tree."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--nodes", type=int, nargs="+", default=[200, 2000])
    parser.add_argument("--size", type=int, default=_SIZE, help="bytes of a node's text, of our rows")
    parser.add_argument("--postgres", action="store_true", help="measure on a PostgreSQL of our own, too")
    parser.add_argument("--rival", action="store_true", help="measure LangGraph's savers too")
    wanted = parser.parse_args()
    places: list[Callable[[], AbstractContextManager[_Place]]] = [_sqlite]
    for opened in [*places, _postgres] if wanted.postgres else places:
        for nodes in wanted.nodes:
            with opened() as place:
                print(json.dumps(asyncio.run(rows(nodes, place, wanted.size))), flush=True)
            if wanted.rival:
                with opened() as place:
                    print(json.dumps(in_state(nodes, place)), flush=True)


if __name__ == "__main__":
    main()
