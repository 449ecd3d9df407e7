from __future__ import annotations

import io
import json
from dataclasses import asdict
from functools import partial

import networkx as nx
import pytest
import sqlalchemy as sa

from branchwise.store.database.checkpoint_tables import lg_writes
from branchwise.store.database.tables import metadata, runs
from branchwise.store.errors import BadInput, SchemaMismatch, StoreError, UnknownName
from branchwise.store.export import BELONGINGS, Form
from branchwise.store.prune import prune
from branchwise.store.records import Node, Verdict, VerifiedBy
from branchwise.store.rows import Status
from branchwise.store.store import Store
from tests.store.scripted_run import Counted, new_lease, new_run

_HARD = 'quo"te \\ back\nline \x00 \ud800 \x10 é 漢 </a>'
_NODES = [
    Node(
        id="0.0",
        parent="0",
        depth=1,
        round=1,
        strategy="probe",
        text=_HARD,
        tokens=3,
        score=0.25,
        failed="dead",
    ),
    Node(
        id="0.1",
        parent="0",
        depth=1,
        round=2,
        strategy="rebase",
        text="b",
        complete=True,
        accepted=True,
        score=1.0,
    ),
    Node(
        id="0.1.0",
        parent="0.1",
        depth=2,
        round=2,
        strategy="rebase",
        answer="x",
        logprob=-1.5,
        duplicate_of="0.0",
    ),
]


async def _full_run(store: Store) -> str:
    lease = await new_lease(store)
    ledger = await store.ledger(lease)
    for key in ("t1/r1/0/propose", "t1/r2/0.1/propose"):
        await ledger(key, {"prompt": _HARD * 20}, Counted(), model="scripted")
    await store.add_nodes(lease, _NODES)
    verdict = Verdict(
        score=-50, accepted=False, feedback="too long", verified_by=VerifiedBy.PROGRAM, verifier="program"
    )
    await store.add_verdicts(lease, [("0.0", verdict)])
    await store.add_decision(lease, "t1/select", "select", {"arms": ["a"], "why": _HARD})
    await store.finish(lease, {"answer": "x"})
    return lease.run_id


async def test_an_exported_run_comes_back_whole_in_any_database(store: Store) -> None:
    run_id = await _full_run(store)
    written = await store.export(run_id)
    async with Store.opened("sqlite://") as other:
        run = await other.restore(written)
        assert run.id == run_id
        again = json.loads(await other.export(run_id))
        first = json.loads(written)
        for document in (again, first):
            for event in document["run_events"]:
                del event["id"]
            document["runs"][0]["owner"] = None
        assert again == first
        assert list(await other.nodes(run_id)) == list(await store.nodes(run_id))
        assert await other.calls(run_id) == await store.calls(run_id)
        assert await other.verdicts(run_id) == await store.verdicts(run_id)
        with pytest.raises(StoreError, match="already"):
            await other.restore(written)


async def test_a_run_that_was_running_is_restored_to_be_resumed(lite: Store) -> None:
    lease, effect = await new_lease(lite), Counted()
    ledger = await lite.ledger(lease)
    first = await ledger("k", {}, effect)
    written = await lite.export(lease.run_id)
    async with Store.opened("sqlite://") as other:
        assert (await other.restore(written)).status is Status.PAUSED
        resumed = await other.ledger(await other.claim(lease.run_id))
        assert await resumed("k", {}, effect) == first
    assert effect.sent == 1


@pytest.mark.parametrize("form", ["node-link", "graphml", "dot"])
async def test_a_tree_is_written_for_other_programs(lite: Store, form: Form) -> None:
    written = await lite.export(await _full_run(lite), form)
    if form == "dot":
        assert written.count(" -> ") == 3
        assert r"quo\"te \\ back" in written
        assert "\x00" not in written
        return
    if form == "graphml":
        graph = nx.read_graphml(io.BytesIO(written.encode()))
    else:
        graph = nx.node_link_graph(json.loads(written), edges="edges")
        assert graph.nodes["0.0"]["text"] == _HARD
    assert sorted(graph.edges) == [("0", "0.0"), ("0", "0.1"), ("0.1", "0.1.0")]
    assert graph.nodes["0.1"]["accepted"] is True
    assert nx.is_arborescence(graph)


async def test_a_run_is_a_networkx_graph(lite: Store) -> None:
    run_id = await _full_run(lite)
    graph = await lite.tree(run_id)
    assert type(graph) is nx.DiGraph
    assert nx.is_arborescence(graph)
    assert graph.graph == {"run_id": run_id}
    assert graph.nodes["0.0"]["score"] == 0.25
    assert [dict(graph.nodes[node.id]) for node in await lite.nodes(run_id)] == [
        asdict(node) for node in await lite.nodes(run_id)
    ]
    with pytest.raises(UnknownName, match="run"):
        await lite.tree("nobody's")


async def test_an_unknown_form_is_named(lite: Store) -> None:
    run = await new_run(lite)
    with pytest.raises(UnknownName, match="graphml"):
        await lite.export(run.id, "grapml")  # type: ignore[arg-type]


async def test_what_is_no_exported_run_is_refused_and_leaves_nothing(lite: Store) -> None:
    run_id = await _full_run(lite)
    good = json.loads(await lite.export(run_id))
    good["runs"][0]["id"] = "other"
    foreign = json.dumps(good)
    lacking = json.dumps({**good, "calls": [{"run_id": "other"}]})
    for text in ("", "[]", "{}", "[" * 100_000, foreign, lacking):
        with pytest.raises(BadInput):
            await lite.restore(text)
    with pytest.raises(SchemaMismatch, match="9999"):
        await lite.restore(json.dumps({**good, "revision": "9999"}))
    assert [run.id for run in await lite.runs()] == [run_id]


async def test_pruning_takes_what_is_over_with_all_its_rows(store: Store) -> None:
    done, waiting = await _full_run(store), await new_run(store)
    running = await new_lease(store)
    write = {
        "thread_id": done,
        "checkpoint_ns": "",
        "checkpoint_id": "c",
        "task_id": "t",
        "idx": 0,
        "task_path": "",
        "channel": "x",
        "value_type": "null",
        "value": b"",
    }
    await store.database.awrite(lambda c: c.execute(sa.insert(lg_writes), write))
    assert await store.database.awrite(lambda c: prune(c, older_than=3600)) == []
    assert await store.database.awrite(lambda c: prune(c, older_than=-60, try_only=True)) == [done]
    assert len(await store.runs()) == 3
    assert await store.prune(older_than=-60) == [done]
    assert {run.id for run in await store.runs()} == {waiting.id, running.run_id}

    def left(connection: sa.Connection) -> int:
        tables = [t for t in BELONGINGS if t.name != "run_events"]
        counts = [sa.select(sa.func.count()).select_from(table) for table in (*tables, lg_writes)]
        return sum(connection.execute(count).scalar_one() for count in counts)

    assert await store.database.aread(left) == 0


async def test_the_views_say_what_was_spent(store: Store) -> None:
    run_id = await _full_run(store)

    def spent(connection: sa.Connection) -> list[object]:
        return [
            connection.exec_driver_sql("SELECT done, tokens FROM run_costs").one(),
            connection.exec_driver_sql("SELECT model, done, tokens FROM model_costs").one(),
            connection.exec_driver_sql("SELECT node, tokens FROM node_costs ORDER BY node").all(),
            connection.exec_driver_sql("SELECT strategy, tokens FROM strategy_costs ORDER BY strategy").all(),
        ]

    assert run_id
    assert await store.database.aread(spent) == [
        (2, 30),
        ("scripted", 2, 30),
        [("0", 15), ("0.1", 15)],
        [("probe", 15), ("rebase", 15)],
    ]


def test_everything_of_a_run_is_exported() -> None:
    keys = {table: {key.column for key in table.foreign_keys} for table in metadata.tables.values()}
    assert {table for table, columns in keys.items() if runs.c.id in columns} == set(BELONGINGS)


async def _family(store: Store) -> tuple[str, str, str]:
    """A run that is over, its sub-run, which is over too, and a sub-run of that, which is paused."""
    top = await _full_run(store)
    ids = [top]
    for status in (Status.DONE, Status.PAUSED):
        child = await _full_run(store)
        change = runs.update().where(runs.c.id == child).values(parent=ids[-1], status=status)
        await store.database.awrite(partial(sa.Connection.execute, statement=change))
        ids.append(child)
    return ids[0], ids[1], ids[2]


async def test_sub_runs_are_exported_and_restored_with_their_parent(store: Store) -> None:
    top, child, grandchild = await _family(store)
    written = await store.export(top)
    async with Store.opened("sqlite://") as other:
        assert (await other.restore(written)).id == top
        assert await other.below(top) == [child, grandchild]
        for run_id in (top, child, grandchild):
            assert await other.calls(run_id) == await store.calls(run_id)
            assert list(await other.nodes(run_id)) == list(await store.nodes(run_id))
        assert (await other.run(grandchild)).status is Status.PAUSED
        document = json.loads(written)
        reordered = {**document, "runs": document["runs"][::-1]}
        twice = {**document, "runs": [*document["runs"], document["runs"][1]]}
        for ill in (reordered, twice):
            with pytest.raises(BadInput, match="not a sub-run"):
                await other.restore(json.dumps(ill))
        with pytest.raises(StoreError, match="already"):
            await other.restore(await store.export(child))
    async with Store.opened("sqlite://") as other:
        await other.restore(await store.export(child))  # by itself it is part of nothing
        assert (await other.run(child)).parent is None
        assert await other.below(child) == [grandchild]


async def test_pruning_takes_sub_runs_along_and_never_before_their_parent(store: Store) -> None:
    top, child, grandchild = await _family(store)

    async def status(run_id: str, **values: object) -> None:
        change = runs.update().where(runs.c.id == run_id).values(values)
        await store.database.awrite(lambda c: c.execute(change))

    await status(top, status=Status.PAUSED)  # its sub-run is over, but it needs what that found
    assert await store.prune(older_than=-60) == []
    await status(top, status=Status.DONE)
    await status(grandchild, status=Status.RUNNING, lease_until=1e12)
    assert await store.prune(older_than=-60) == []
    await status(grandchild, lease_until=0.0)
    assert await store.database.awrite(lambda c: prune(c, older_than=-60, try_only=True)) == [
        top,
        child,
        grandchild,
    ]
    assert await store.prune(older_than=-60) == [top, child, grandchild]
    assert await store.runs() == []
