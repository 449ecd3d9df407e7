"""Kill a workflow at every model call and in its effects and tools, resume it by its id, and compare with a calm run.

python -m tests.graphs.runtime.killing URL [--inside] FLOW...   (forks after the imports, so that a kill costs little)

With --inside it is killed inside its last effect or tool call only.
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
from dataclasses import replace
from pathlib import Path
from typing import Any

from branchwise.graphs.runtime import registry
from branchwise.graphs.runtime.answer import answer
from branchwise.graphs.runtime.run import resume, run
from branchwise.models.protocol import Reply, Sample, SampleRequest, ToolCall
from branchwise.models.scripted import scripted
from branchwise.store.rows import CallState
from branchwise.store.store import Store
from branchwise.tools.function import FunctionTool
from tests.graphs.workflows import inputs

EXAMPLES = Path(__file__).parents[3] / "examples/workflows"
EFFECTS = {
    "approval": ("approval", "send_mail", 1),
    "tools": ("tools", "length", 3),
    "dta": (inputs.__name__, "length", 3),
    "react": (inputs.__name__, "length", 2),
}
"""By flow: where its effect or tool is, its name, and how often it is called."""
INPUTS: dict[str, Any] = {
    "approval": {"topic": "the picnic"},
    "tools": {"questions": ["How long is one?", "How long is three?"]},
    "react": {
        "question": "How long are two words?",
        "tools": [f"{inputs.__name__}:length"],
        "knobs": {"n": 1},
    },
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
    """Start or resume a run, answer whatever it asks, until it ends; it dies in its last effect where `die_at` < 0."""
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
    """Have the last call of the flow's effect or tool do its work and kill the process before the result is kept."""
    place, name, times = EFFECTS[flow]
    module, left = importlib.import_module(place), [times]

    def killing(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def doomed(*args: Any, **options: Any) -> Any:
            found = function(*args, **options)
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)
            return found

        return doomed

    found = getattr(module, name)
    tool = isinstance(found, FunctionTool)
    setattr(module, name, replace(found, function=killing(found.function)) if tool else killing(found))


async def done(url: str, run_id: str) -> list[str]:
    """The keys of the model calls that are committed, sub-runs included."""
    async with Store.opened(url) as store:
        runs = [run_id, *await store.below(run_id)]
        calls = [(one, call) for one in runs for call in await store.calls(one)]
    return [
        f"{one} {call.key}" for one, call in calls if call.state is CallState.DONE and call.kind == "model"
    ]


def killed_everywhere(url: str, flow: str, *, inside: bool = False) -> dict[str, Any]:
    """Kill a flow at each of its model calls, and in its last effect; gives what is not as it must be.

    With `inside` only in its last effect.
    """
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        outbox = Path(folder) / "outbox"
        os.environ["OUTBOX"] = str(outbox)
        name = f"calm-{flow}-{os.getpid()}"
        calm, _ = child(lambda: carried_through(url, flow, name))
        if "error" in calm:
            return {"flow": flow, "kills": 0, "wrong": [calm["error"]]}
        before = outbox.read_text().splitlines() if outbox.exists() else []
        kills = [*range(1, 1 if inside else calm["calls"] + 1), *([-1] if flow in EFFECTS else [])]
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
            if (
                flow in {"dta", "react"} and at < 0
            ):  # the call of unknown outcome, and no other, is made again
                words = outbox.read_text().splitlines()
                if sorted(words) != sorted([*before, words[-1]]):
                    wrong.append(f"{at}: {words} instead of {before} and one again")
    return {"flow": flow, "kills": len(kills), "wrong": wrong}


def main() -> None:
    """Report as a line of JSON for each flow."""
    sys.path.insert(0, str(EXAMPLES))
    url, *flows = sys.argv[1:]
    for flow in flows:
        if flow != "--inside":
            print(json.dumps(killed_everywhere(url, flow, inside="--inside" in flows)), flush=True)


if __name__ == "__main__":
    main()
