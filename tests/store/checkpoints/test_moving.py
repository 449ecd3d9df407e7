"""From LangGraph's savers to ours, and the page that shows how."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from operator import add
from pathlib import Path
from typing import Annotated, Any, TypedDict, cast

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph import START, StateGraph
from langgraph.types import Command, interrupt

from branchwise.store import SQLAlchemySaver
from branchwise.store.checkpoints.moving import move_threads

_PAGE = Path(__file__).parents[3] / "docs/checkpointer.md"


class State(TypedDict):
    said: Annotated[list[str], add]


def _graph() -> Any:
    built: Any = StateGraph(State)
    built.add_node("one", lambda state: {"said": ["x" * 200]})
    built.add_node("ask", lambda state: {"said": [interrupt("what?")]})
    return built.add_edge(START, "one").add_edge("one", "ask")


def test_a_thread_that_waits_goes_on_in_the_new_place(
    saver: SQLAlchemySaver, tmp_path: Path, thread: str
) -> None:
    configs: list[Any] = [{"configurable": {"thread_id": f"{thread}{i}"}} for i in range(3)]
    with SqliteSaver.from_conn_string(str(tmp_path / "old.sqlite")) as old:
        graph = _graph().compile(checkpointer=old)
        for config in configs:
            graph.invoke({"said": [config["configurable"]["thread_id"]]}, config)
        graph.invoke(Command(resume="done"), configs[0])
        before = [list(graph.get_state_history(config)) for config in configs]
        names = [config["configurable"]["thread_id"] for config in configs]
        assert move_threads(old, saver, names) == sum(map(len, before)) == move_threads(old, saver, names)
    graph = _graph().compile(checkpointer=saver)
    for config, history in zip(configs, before, strict=True):
        after = list(graph.get_state_history(config))
        assert [one.config for one in after] == [one.config for one in history]
        assert [(one.values, one.next, one.parent_config) for one in after] == [
            (one.values, one.next, one.parent_config) for one in history
        ]
    assert graph.invoke(Command(resume="here"), configs[1])["said"][-1] == "here"
    assert graph.get_state(configs[2]).tasks[0].interrupts[0].value == "what?"


def test_a_saver_in_memory_is_read_the_same_way(saver: SQLAlchemySaver, thread: str) -> None:
    old, config = InMemorySaver(), cast("Any", {"configurable": {"thread_id": thread}})
    _graph().compile(checkpointer=old).invoke({"said": []}, config)
    assert move_threads(old, saver, [thread]) == len(list(old.list(config))) > 1
    assert _graph().compile(checkpointer=saver).invoke(Command(resume="here"), config)["said"][-1] == "here"


def test_the_page_does_what_it_says(tmp_path: Path) -> None:
    blocks = re.findall(r"```python\n(.*?)```", _PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert len(blocks) == 3
    old = tmp_path / "old.sqlite"
    with SqliteSaver.from_conn_string(str(old)) as saver:
        _graph().compile(checkpointer=saver).invoke({"said": []}, {"configurable": {"thread_id": "bob"}})
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(blocks)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(_PAGE.parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("{'said': ['hello']}\n"), "sync"
    history = [line for line in done.stdout.splitlines() if re.match(r"[0-9a-f-]{36} \{", line)]
    assert len(history) == 6, "async: three checkpoints of each call"
    assert history[0].endswith("{'said': ['hello', 'hello']}")
    assert done.stdout.rstrip().endswith("3 checkpoints copied")
