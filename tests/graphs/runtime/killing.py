"""Kill a workflow at every model call and inside its effects, resume it by its id, and compare with a calm run.

python -m tests.graphs.runtime.killing URL FLOW...   (forks after the imports, so that a kill costs little)
"""

from __future__ import annotations

import asyncio
import functools
import hashlib
import importlib
import json
import os
import signal
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from branchwise.graphs.runtime import registry
from branchwise.graphs.runtime.answer import answer
from branchwise.graphs.runtime.run import resume, run
from branchwise.models.protocol import Reply, Sample, SampleRequest, ToolCall
from branchwise.models.scripted import scripted
from branchwise.store.rows import CallState
from branchwise.store.store import Store
from tests.graphs.workflows import inputs

EXAMPLES = Path(__file__).parents[3] / "examples/workflows"
EFFECTS = {"approval": ["send_mail"], "tools": ["length", "words", "upper"]}
INPUTS: dict[str, Any] = {
    "approval": {"topic": "the picnic"},
    "tools": {"questions": ["how long", "how many words"]},
    "retrieval": {"question": "where was the writer of the whale born"},
    "nested": {"topic": "addition"},
    "tests.graphs.runtime.agent": {"messages": [{"role": "user", "content": "What is 2 + 3?"}]},
    **inputs.INPUTS,
}


def write(request: SampleRequest, seed: int) -> str | Sample:
    """A text by what is asked; where tools are offered, first a call of one."""
    last = request.messages[-1]
    if (said := inputs.write(request, seed)) is not None:
        return said
    if request.tools and last.role != "tool":
        arguments = json.dumps({"a": 2, "b": 3})
        call = ToolCall(id="call_1", name=request.tools[0].name, arguments=arguments)
        return Sample(text="", tokens=5, finish="tool_calls", tool_calls=(call,))
    if request.output_format.choices:
        return request.output_format.choices[seed % len(request.output_format.choices)]
    if '"Score: "' in last.content:
        return "It will do.\nScore: 50"
    return f"Answer: {hashlib.sha256(last.content.encode()).hexdigest()[:8]} {seed % 9}"


class Doomed:
    """The scripted model; the process is killed when its n-th request arrives."""

    def __init__(self, die_at: int) -> None:
        self._model = scripted(write)
        self._die_at = die_at
        self.name, self.capabilities = self._model.name, self._model.capabilities

    @property
    def calls(self) -> int:
        return self._model.calls

    async def sample(self, request: SampleRequest) -> Reply:
        if self._model.calls + 1 == self._die_at:
            os.kill(os.getpid(), signal.SIGKILL)
        return await self._model.sample(request)

    async def aclose(self) -> None:
        """Nothing to let go."""


def child(work: Callable[[], Awaitable[Any]], **environment: str) -> tuple[Any, int]:
    """Do some work in a process of its own; gives what it says, if anything, and its exit status."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.environ.update(environment)
        try:
            said = asyncio.run(_said(work))
        except BaseException as error:
            said = {"error": repr(error)}
        os.write(writing, json.dumps(said).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        data = pipe.read()
    return (json.loads(data) if data else None), os.waitpid(pid, 0)[1]


async def _said(work: Callable[[], Awaitable[Any]]) -> Any:
    return await work()


async def carried_through(url: str, flow: str, run_id: str, die_at: int = 0) -> dict[str, Any]:
    """Start or resume a run, answer whatever it asks, until it ends; it dies in its first effect where `die_at` < 0."""
    if die_at < 0:
        deadly(flow)
    model = Doomed(die_at)
    async with Store.opened(url, ttl=15.0) as store:
        name = flow if flow in registry.installed() else f"{flow}:graph"
        ended = await run(name, INPUTS[flow], model=model, store=store, run_id=run_id)
        while ended.waiting:
            question = ended.waiting[0]
            said = {"done": "sent"} if "outcome" in question.key else True
            await answer(run_id, said, key=question.key, store=store)
            ended = await resume(run_id, store=store, model=model)
    return {"calls": model.calls, "output": ended.output}


def _plain(output: Any) -> Any:
    """An output without the ids that LangGraph gives to messages at random."""
    if isinstance(output, dict) and "messages" in output:
        return [message["content"] for message in output["messages"]]
    return output


def deadly(flow: str) -> None:
    """Have the flow's effects do their work and then kill the process, before the result is kept."""
    module = importlib.import_module(flow)
    for table in (vars(module), getattr(module, "TOOLS", {})):
        for name in EFFECTS.get(flow, ()):
            if name in table:
                table[name] = _killing(table[name])


def _killing(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def killing(*args: Any, **options: Any) -> None:
        function(*args, **options)
        os.kill(os.getpid(), signal.SIGKILL)

    return killing


async def done(url: str, run_id: str) -> list[str]:
    """The keys of the model calls that are committed, sub-runs included."""
    async with Store.opened(url) as store:
        runs = [run_id, *await store.below(run_id)]
        calls = [(one, call) for one in runs for call in await store.calls(one)]
    return [
        f"{one} {call.key}" for one, call in calls if call.state is CallState.DONE and call.kind == "model"
    ]


def killed_everywhere(url: str, flow: str) -> dict[str, Any]:
    """Kill a flow at each of its model calls, and in its effect; gives what is not as it must be."""
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        outbox = Path(folder) / "outbox"
        os.environ["OUTBOX"] = str(outbox)
        name = f"calm-{flow}-{os.getpid()}"
        calm, _ = child(lambda: carried_through(url, flow, name))
        if "error" in calm:
            return {"flow": flow, "kills": 0, "wrong": [calm["error"]]}
        kills = [*range(1, calm["calls"] + 1), *([-1] if flow in EFFECTS else [])]
        for at in kills:
            outbox.unlink(missing_ok=True)
            run_id = f"{at}-{flow}-{os.getpid()}"
            _, status = child(lambda run_id=run_id, at=at: carried_through(url, flow, run_id, at))  # type: ignore[misc]
            committed, _ = child(lambda run_id=run_id: done(url, run_id))  # type: ignore[misc]
            again, _ = child(lambda run_id=run_id: carried_through(url, flow, run_id))  # type: ignore[misc]
            if status != signal.SIGKILL or _plain(again.get("output")) != _plain(calm["output"]):
                wrong.append(f"{at}: {status}, {again}")
            elif again["calls"] != calm["calls"] - len(committed):
                wrong.append(f"{at}: {again['calls']} calls after {len(committed)} of {calm['calls']}")
            if flow == "approval" and outbox.read_text().count("\n") != 1:
                wrong.append(f"{at}: mails {outbox.read_text()!r}")
    return {"flow": flow, "kills": len(kills), "wrong": wrong}


def main() -> None:
    """Report as a line of JSON for each flow."""
    sys.path.insert(0, str(EXAMPLES))
    url, *flows = sys.argv[1:]
    for flow in flows:
        print(json.dumps(killed_everywhere(url, flow)), flush=True)


if __name__ == "__main__":
    main()
