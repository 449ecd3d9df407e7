"""Inside a round nobody waits for the slowest: a verdict begins when its candidate is there; a race can be won."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from branchwise.graphs.search.run import resume, solve
from branchwise.graphs.search.state import Options, SearchEvent
from branchwise.models.protocol import Reply, SampleRequest
from branchwise.models.scripted import Scripted, scripted
from branchwise.store.errors import CodeFailed
from branchwise.store.records import Node
from branchwise.store.rows import CallState
from branchwise.store.store import Store


def is_judging(request: SampleRequest) -> bool:
    return '"Score: "' in request.messages[-1].content


class Staged:
    """A scripted model whose replies wait for what the test makes them wait for."""

    def __init__(
        self,
        write: Callable[[SampleRequest, int], str],
        gate: Callable[[Staged, SampleRequest], asyncio.Event | None],
    ) -> None:
        self.inner: Scripted = scripted(write)
        self.name, self.capabilities = self.inner.name, self.inner.capabilities
        self.gate, self.judged, self.cancelled = gate, asyncio.Event(), 0

    async def sample(self, request: SampleRequest) -> Reply:
        gate = self.gate(self, request)
        try:
            if gate is not None:
                await asyncio.wait_for(gate.wait(), 20)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        reply = await self.inner.sample(request)
        if is_judging(request):
            self.judged.set()
        return reply

    async def aclose(self) -> None: ...


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/runs.sqlite"


def _answers(request: SampleRequest, seed: int) -> str:
    return "Hm.\nScore: 10" if is_judging(request) else f"Answer: {seed % 1000}"


async def test_a_verdict_begins_before_its_siblings_are_sampled(url: str) -> None:
    """The second sample is only answered once the first was judged: a barrier would never end."""

    def gate(model: Staged, request: SampleRequest) -> asyncio.Event | None:
        proposing = not is_judging(request) and "Keep to these" in request.messages[-1].content
        first = len(model.inner.requests) < 2
        return model.judged if proposing and not first else None

    model = Staged(_answers, gate)
    result = await solve(
        "Which?", model=model, strategy="best_of_n", knobs={"n": 2}, store=url, options=Options(batch=1)
    )
    assert result.nodes == 2


@pytest.mark.parametrize("slow", [0, 1, 2])
async def test_the_tree_does_not_depend_on_the_order_of_arrival(tmp_path: Path, slow: int) -> None:
    """Three branches say the same; whichever comes last, one verdict is bought and the oldest node owns it."""

    def write(request: SampleRequest, seed: int) -> str:
        return "Hm.\nScore: 10" if is_judging(request) else "Answer: the same"

    class Late:
        def __init__(self) -> None:
            self.inner = scripted(write)
            self.name, self.capabilities = self.inner.name, self.inner.capabilities
            self.proposals = 0

        async def sample(self, request: SampleRequest) -> Reply:
            if "Keep to these" in request.messages[-1].content and not is_judging(request):
                self.proposals += 1
                await asyncio.sleep(0.2 if self.proposals == slow + 1 else 0.0)
            return await self.inner.sample(request)

        async def aclose(self) -> None: ...

    url, model = f"sqlite:///{tmp_path}/runs.sqlite", Late()
    result = await solve(
        "Which?", model=model, strategy="best_of_n", knobs={"n": 3}, store=url, options=Options(batch=1)
    )
    async with Store.opened(url) as store:
        tree = await store.nodes(result.run_id)
        verdicts = await store.verdicts(result.run_id)
    assert [(node.id, node.duplicate_of) for node in tree.children("0")] == [
        ("0.0", None),
        ("0.1", "0.0"),
        ("0.2", "0.0"),
    ]
    assert sum(is_judging(request) for request in model.inner.requests) == 1
    assert [(node, verdict.score) for node, verdict in verdicts] == [("0.0", 10)]


def _race(request: SampleRequest, seed: int) -> str:
    return "Yes.\nScore: 100" if is_judging(request) else f"Answer: {seed % 1000}"


class Racing(Staged):
    """Answers its first proposal at once and the others never."""

    def __init__(self) -> None:
        super().__init__(_race, lambda model, request: None)
        self.proposals = 0

    async def sample(self, request: SampleRequest) -> Reply:
        if not is_judging(request) and "Keep to these" in request.messages[-1].content:
            self.proposals += 1
            if self.proposals % 4 != 1:
                self.gate = lambda model, asked: asyncio.Event()
            else:
                self.gate = lambda model, asked: None
        else:
            self.gate = lambda model, asked: None
        return await super().sample(request)


RACE = Options(batch=1, race=True)


async def test_a_won_race_calls_off_the_others(url: str) -> None:
    model = Racing()
    result = await solve("Which?", model=model, strategy="best_of_n", knobs={"n": 4}, store=url, options=RACE)
    assert result.solved
    assert result.nodes == 1
    assert model.cancelled == 3
    async with Store.opened(url) as store:
        calls = await store.calls(result.run_id)
    assert sorted(call.state for call in calls if "propose" in call.key) == [
        CallState.AMBIGUOUS,
        CallState.AMBIGUOUS,
        CallState.AMBIGUOUS,
        CallState.DONE,
    ]


class PulledPlug(Exception): ...


@pytest.mark.parametrize("at", ["sampled", "judged"])
async def test_a_won_race_stays_won_when_the_run_is_resumed(url: str, at: str) -> None:
    def watch(event: SearchEvent) -> None:
        if event.kind == at:
            raise PulledPlug

    with pytest.raises(CodeFailed):
        await solve(
            "Which?",
            model=Racing(),
            strategy="best_of_n",
            knobs={"n": 4},
            store=url,
            options=RACE,
            watch=watch,
        )
    async with Store.opened(url) as store:
        run = (await store.runs())[0].id
        before: list[Node] = list(await store.nodes(run))
    model = Racing()
    result = await resume(run, store=url, model=model)
    assert result.solved
    assert model.inner.calls == 0, "all that is needed is in the ledger"
    async with Store.opened(url) as store:
        assert [node.id for node in await store.nodes(run)] == [node.id for node in before]
