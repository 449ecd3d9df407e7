"""Whoever can write to the database must not thereby run code, and no filter may become SQL."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ormsgpack
import pytest
import sqlalchemy as sa
from langchain_core.messages import HumanMessage
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import empty_checkpoint
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from branchwise.store import SQLAlchemySaver
from branchwise.store.checkpoints.codec import StrictSerializer
from branchwise.store.database.checkpoint_tables import lg_blobs, lg_checkpoints, lg_writes
from branchwise.store.database.database import Database
from branchwise.store.errors import StoreError


@dataclasses.dataclass
class Plan:
    steps: list[str]


@pytest.fixture
def database() -> Iterator[Database]:
    database = Database.open("sqlite://")
    yield database
    database.close()


CONFIG: RunnableConfig = {"configurable": {"thread_id": "t", "checkpoint_ns": ""}}


def store(saver: SQLAlchemySaver, value: Any) -> RunnableConfig:
    state: Any = {**empty_checkpoint(), "channel_values": {"x": value}, "channel_versions": {"x": "1"}}
    config = saver.put(CONFIG, state, {"source": "loop", "step": 0, "secret": "no"}, {"x": "1"})  # type: ignore[typeddict-unknown-key]
    saver.put_writes(config, [("x", value)], "task")
    return config


def load(saver: SQLAlchemySaver) -> Any:
    found = saver.get_tuple(CONFIG)
    assert found is not None
    return found.checkpoint["channel_values"].get("x")


def crafted(code: int, module: str, name: str, argument: Any, method: str = "__call__") -> bytes:
    """Bytes that ask a lenient reader to import `module` and call `name`."""
    return ormsgpack.packb(called(code, module, name, argument, method))


def called(code: int, module: str, name: str, argument: Any, method: str = "__call__") -> ormsgpack.Ext:
    return ormsgpack.Ext(code, ormsgpack.packb((module, name, argument, method)))


def plant(database: Database, kind: str, data: bytes) -> None:
    """Put `data` wherever the database keeps something serialised."""

    def work(connection: sa.Connection) -> None:
        for table, column in (
            (lg_blobs, "value"), (lg_writes, "value"), (lg_checkpoints, "metadata")
        ):  # fmt: skip
            connection.execute(sa.update(table).values({f"{column}_type": kind, column: data}))

    database.write(work)


@pytest.mark.parametrize("code", range(6))
def test_a_crafted_blob_comes_back_inert(database: Database, tmp_path: Path, code: int) -> None:
    saver, trace = SQLAlchemySaver(database), tmp_path / "called"
    argument: Any = {0: str(trace), 3: str(trace), 1: [str(trace)]}.get(code, {"path": str(trace)})
    store(saver, ["a value that becomes a blob"])
    plant(database, "msgpack", crafted(code, "os", "mkdir", argument))
    found = saver.get_tuple(CONFIG)
    assert found is not None
    assert not trace.exists()
    assert found.checkpoint["channel_values"]["x"] == argument
    assert [*saver.list(CONFIG, filter={"path": "elsewhere"})] == []
    assert not trace.exists()


def test_the_crafted_blob_is_live_ammunition(tmp_path: Path) -> None:
    trace = tmp_path / "called"
    blob = crafted(0, "os", "mkdir", str(trace))
    JsonPlusSerializer(allowed_msgpack_modules=True).loads_typed(("msgpack", blob))
    assert trace.exists()


def test_the_environment_cannot_be_read_through_a_blob(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BRANCHWISE_PLANTED_SECRET", "sesame")
    saver = SQLAlchemySaver(database)
    store(saver, ["a value"])
    nested = crafted(0, "builtins", "set", [called(0, "os", "getenv", "BRANCHWISE_PLANTED_SECRET")])
    for blob in (crafted(0, "os", "getenv", "BRANCHWISE_PLANTED_SECRET"), nested):
        plant(database, "msgpack", blob)
        found = repr(saver.get_tuple(CONFIG))
        assert "BRANCHWISE_PLANTED_SECRET" in found
        assert "sesame" not in found


@pytest.mark.parametrize("kind", ["pickle", "json", "msgpack+aes", ""])
def test_a_form_that_is_never_written_is_refused(database: Database, kind: str) -> None:
    saver = SQLAlchemySaver(database)
    store(saver, ["a value"])
    plant(database, kind, b'{"lc": 2, "type": "constructor", "id": ["os", "getenv"], "args": ["HOME"]}')
    with pytest.raises(StoreError, match="refused"):
        saver.get_tuple(CONFIG)


def test_a_type_of_ones_own_must_be_allowed(database: Database) -> None:
    plan = Plan(["think"])
    strict, open_to_plans = SQLAlchemySaver(database), SQLAlchemySaver(database, allow=[Plan])
    store(strict, plan)
    assert load(strict) == {"steps": ["think"]}
    assert load(open_to_plans) == plan


def test_messages_need_no_permission(database: Database) -> None:
    saver = SQLAlchemySaver(database)
    store(saver, [HumanMessage("hello", id="1")])
    assert load(saver) == [HumanMessage("hello", id="1")]


def test_the_environment_does_not_open_the_serialiser(monkeypatch: pytest.MonkeyPatch) -> None:
    for setting in ("false", "true"):
        monkeypatch.setenv("LANGGRAPH_STRICT_MSGPACK", setting)
        blob = crafted(0, "os", "getenv", "HOME")
        assert StrictSerializer().loads_typed(("msgpack", blob)) == "HOME"


def test_with_allowlist_gives_another_door_to_the_same_database(database: Database) -> None:
    refused: list[str] = []
    saver = SQLAlchemySaver(database, guard=lambda _connection: refused.append("asked"))
    clone = saver.with_allowlist([(Plan.__module__, "Plan")])
    assert clone is not saver
    assert isinstance(clone, SQLAlchemySaver)
    store(clone, Plan(["think"]))
    assert load(saver) == {"steps": ["think"]}
    assert load(clone) == Plan(["think"])
    assert len(refused) == 2
    plant(database, "pickle", b"")
    with pytest.raises(StoreError, match="refused"):
        load(clone)


@pytest.mark.parametrize(
    "wanted",
    [
        {"source' OR '1'='1": "loop"},
        {"') OR 1=1 --": 1},
        {'$."x"\') OR 1=1; DROP TABLE lg_checkpoints; --': "x"},
        {"source": "loop' OR '1'='1"},
        {"source": "%"},
        {"run_id": "x' OR run_id IS NULL --"},
        {"secret": {"$ne": "x"}},
        {"step": "0 OR 1=1"},
        {"$.source": "loop"},
        {"a.b": None},
    ],
)
def test_a_filter_never_becomes_sql(database: Database, wanted: dict[str, Any]) -> None:
    saver = SQLAlchemySaver(database)
    config = store(saver, ["a value"])
    assert [*saver.list(None, filter=wanted)] == []
    assert [found.config for found in saver.list(None, filter={"source": "loop", "secret": "no"})] == [config]


def test_thread_names_and_cursors_never_become_sql(database: Database) -> None:
    saver = SQLAlchemySaver(database)
    store(saver, ["a value"])
    evil = "t' OR '1'='1"
    assert [*saver.list({"configurable": {"thread_id": evil}})] == []
    assert [*saver.list(None, before={"configurable": {"checkpoint_id": "' OR '1'='1"}})] == []
    saver.delete_thread(evil)
    saver.delete_for_runs([evil, "') OR 1=1 --"])
    saver.prune([evil], strategy="delete")
    assert saver.get_tuple(CONFIG) is not None
