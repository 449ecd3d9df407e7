"""A workflow dies between its two steps, as in a power cut; the resumed run repeats neither call nor effect."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TypedDict

from langgraph.graph import START, StateGraph
from langgraph.runtime import Runtime

import branchwise
from branchwise import Run


class State(TypedDict, total=False):
    """What travels between the nodes: a file that notes each effect."""

    log: str


def note(log: str, line: str) -> None:
    """Append a line to the file: an effect that must happen once."""
    with Path(log).open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")


async def first(state: State, runtime: Runtime[Run]) -> State:
    """Ask the model and note it."""
    await runtime.context.sample("draft", "Name a colour.", max_tokens=8)
    await runtime.context.effect("note", note, state["log"], "first")
    return {}


async def second(state: State, runtime: Runtime[Run]) -> State:
    """Die at the first attempt, then note the second step."""
    if os.environ.get("DIE"):
        os.kill(os.getpid(), signal.SIGKILL)  # nothing is cleaned up
    await runtime.context.effect("note", note, state["log"], "second")
    return {}


graph = StateGraph(State, context_schema=Run)
graph.add_sequence([first, second])
graph.add_edge(START, "first")

if __name__ == "__main__":
    log, run_id = Path(tempfile.mkdtemp()) / "log", f"killed-{os.getpid()}"
    given = ["--id", run_id, "--input", json.dumps({"log": str(log)}), "--json"]
    command = [sys.executable, "-m", "branchwise", "run", "killed:graph", *given]
    for die in ({"DIE": "yes"}, {}):
        environment = {**os.environ, **die, "PYTHONPATH": str(Path(__file__).parent)}
        status = subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False).returncode
        print(f"exit status {status}; steps so far: {' '.join(log.read_text().split())}", flush=True)
    print(f"model calls in both together: {branchwise.resume_sync(run_id).usage.calls}")
