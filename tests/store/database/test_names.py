"""Names mean the same on every database: byte by byte, in any script, as long as we say."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from langchain_core.runnables import RunnableConfig

from branchwise.store.checkpoints.saver import SQLAlchemySaver
from branchwise.store.database.dialects import occurs_in
from branchwise.store.errors import BadInput, UnknownName
from branchwise.store.records import Node, Usage
from branchwise.store.store import Store
from tests.store.scripted_run import new_lease, new_run

_NAMES = [
    "größe",
    "groesse",
    "grosse",
    "GRÖSSE",
    "gro\u0308ße",
    "größe ",
    "名前",
    "𝔎ey",
    "name",
    "NAME",
    "name ",
]


async def test_every_column_of_names_takes_any_script_and_tells_names_apart(store: Store) -> None:
    for name in _NAMES:
        run = await new_run(store, queue=name, id=f"run {name}", task=f"task:{name}", strategy=name)
        assert (run.id, run.task, run.strategy, run.queue) == (f"run {name}", f"task:{name}", name, name)
    for name in _NAMES:
        assert await store.open_in(name) == 1
        lease = await store.claim_next(name)
        assert lease is not None
        assert lease.run_id == f"run {name}"
        assert await store.claim_next(name) is None
        assert [run.id for run in await store.runs(task=f"task:{name}")] == [f"run {name}"]
    held = await new_lease(store)
    await store.add_nodes(held, [Node(id="0.0", parent="0", strategy="módulo:búsqueda ")])
    assert (await store.nodes(held.run_id))["0.0"].strategy == "módulo:búsqueda "


async def test_a_part_of_an_id_is_looked_for_byte_by_byte(store: Store) -> None:
    await new_run(store, id="Über-1%_x")
    assert (await store.run("Über")).id == (await store.run("1%_")).id == "Über-1%_x"
    for part in ("über", "UBER", "Uber", "1%%", "läuf", "%", "_ "):
        if part != "%":
            with pytest.raises(UnknownName, match="There is no run"):
                await store.run(part)


async def test_bills_are_grouped_by_exact_names(store: Store) -> None:
    lease = await new_lease(store)
    models = ["pool:Qwen", "pool:qwen", "pool:qwén", "pool:qwen "]
    async with store.held(lease):
        ledger = await store.ledger(lease)

        async def send() -> tuple[dict[str, int], Usage]:
            return {"x": 1}, Usage(calls=1, prompt_tokens=10, completion_tokens=5)

        for number, model in enumerate(models):
            await ledger(f"k{number}", {"q": 1}, send, model=model)
    query = sa.text("SELECT model, tokens FROM model_costs")
    rows = await store.database.aread(lambda c: [(str(r.model), int(r.tokens)) for r in c.execute(query)])
    assert sorted(rows) == sorted((model, 15) for model in models)


async def test_a_name_is_as_long_as_we_say_and_no_longer(store: Store) -> None:
    for field, length in (
        ("id", 64),
        ("queue", 128),
        ("task", 128),
        ("strategy", 128),
        ("code_version", 128),
    ):
        for sign in ("x", "ß", "😀"):
            run = await new_run(store, **{field: sign * length})
            assert getattr(await store.run(run.id), field) == sign * length
        with pytest.raises(BadInput, match=f"has {length + 1} characters; at most {length}"):
            await new_run(store, **{field: "ß" * (length + 1)})
        for bad in ("nul\x00", "half \ud83d"):
            with pytest.raises(BadInput, match="databases cannot store"):
                await new_run(store, **{field: bad})


async def test_names_are_sorted_by_code_point(store: Store) -> None:
    names = sorted(["a", "B", "ä", "Z", "é", "_", "名"])
    for name in names[::-1]:
        await new_run(store, id=name)
    found = await store.database.aread(lambda c: c.scalars(sa.text("SELECT id FROM runs ORDER BY id")).all())
    assert list(found) == names
    assert await store.database.aread(
        lambda c: c.scalar(sa.select(occurs_in(sa.literal("b"), sa.literal("ab"))))
    )


async def test_threads_of_a_checkpointer_are_as_long_everywhere(store: Store) -> None:
    saver = SQLAlchemySaver(store.database)
    for thread in ("t" * 300, "t" * 512, "ß" * 256, "thread ", "thread", "THREAD", "thréad"):
        await saver.aput_writes(_named(thread, checkpoint_id="1"), [("c", thread)], "t")
        assert await saver.aget_tuple(_named(thread)) is None
    for config in (_named("t" * 513), _named("ß" * 257), _named("t", checkpoint_ns="n" * 1409)):
        with pytest.raises(BadInput, match="bytes; at most"):
            await saver.aget_tuple(config)


def _named(thread: str, **more: str) -> RunnableConfig:
    return {"configurable": {"thread_id": thread, "checkpoint_ns": "", **more}}
