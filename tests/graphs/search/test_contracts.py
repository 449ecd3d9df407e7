"""What a hint or an aggregation of a stranger's gives back is checked by type, and its author's part is named."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from branchwise.graphs.search.run import solve
from branchwise.graphs.search.state import Options
from branchwise.graphs.strategies.protocol import Choice, Hint, StrategyInfo
from branchwise.models.scripted import Scripted, scripted
from branchwise.store.errors import CodeFailed
from branchwise.store.records import Node


def _answering() -> Scripted:
    return scripted(lambda r, s: "Fine.\nScore: 40" if "Score" in r.messages[-1].content else f"answer {s}")


def _once(tree: Any, budget: int, *, seed: int = 0) -> dict[str, int]:
    return {"0": 2} if len(tree) == 1 else {}


@pytest.fixture
def strange(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Callable[..., str]:
    """Make a module with a strategy and other parts; gives its name."""

    def make(aggregation: str = "best_of_n", **parts: Any) -> str:
        name = f"strange_{abs(hash(request.node.name))}"  # facts of a strategy are kept by its name
        module = types.ModuleType(name)
        strategy = types.FunctionType(_once.__code__, _once.__globals__, "once")
        strategy.__kwdefaults__ = {"seed": 0}
        for part, value in {"once": strategy, **parts}.items():
            value.__module__ = name
            setattr(module, part, value)
        about = StrategyInfo(paper="none", grain="solution", aggregation=aggregation.replace("*", name))  # type: ignore[arg-type]
        module.INFO = about  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, name, module)
        return name

    return make


HINTS: list[tuple[Any, str]] = [
    (None, "its hint is None, not a Hint"),
    ("go on", "its hint is 'go on', not a Hint"),
    (0.5, "its hint is 0.5, not a Hint"),
    (np.int64(1), "its hint is .*, not a Hint"),
    (Hint(instruction=None), "its hint's `instruction` is None, a NoneType"),  # type: ignore[arg-type]
    (Hint(max_tokens=np.int64(8)), "its hint's `max_tokens` is .*, a int64"),  # type: ignore[arg-type]
    (Hint(max_tokens=8.0), "its hint's `max_tokens` is 8.0, a float"),  # type: ignore[arg-type]
    (Hint(temperature="1"), "its hint's `temperature` is '1', a str"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("given", "said"), HINTS)
async def test_a_hint_that_breaks_its_contract_is_named(
    strange: Callable[..., str], given: Any, said: str
) -> None:
    def hint(tree: Any, parent: str, ordinal: int) -> Any:
        return given

    name = strange(hint=hint)
    with pytest.raises(CodeFailed, match=f"The strategy `{name}:once` broke its contract: {said}"):
        await solve("Which?", strategy=f"{name}:once", model=_answering(), store="sqlite://")


async def test_a_hint_that_raises_is_named_with_its_file(strange: Callable[..., str]) -> None:
    def hint(tree: Any, parent: str, ordinal: int) -> Hint:
        return Hint(instruction=tree.no_such_thing)

    name = strange(hint=hint)
    with pytest.raises(
        CodeFailed, match=rf"The hint of the strategy `{name}:once` failed, in .*test_contracts.py"
    ):
        await solve("Which?", strategy=f"{name}:once", model=_answering(), store="sqlite://")


def _choice(nodes: Sequence[Node], **more: Any) -> Choice:
    given: dict[str, Any] = {"answer": nodes[0].answer, "node": nodes[0], "confidence": 0.5, "votes": {}}
    return Choice(**given | more)


CHOICES: list[tuple[Callable[[Sequence[Node]], Any], str]] = [
    (lambda nodes: None, "broke its contract: of 2 whole solutions it chose none"),
    (lambda nodes: "answer 0", "broke its contract: it gave 'answer 0', not a Choice"),
    (lambda nodes: 0.5, "broke its contract: it gave 0.5, not a Choice"),
    (lambda nodes: np.int64(0), "broke its contract: it gave .*, not a Choice"),
    (lambda nodes: nodes[0], "broke its contract: it gave Node"),
    (lambda nodes: _choice(nodes, node="0.0"), "its node is '0.0', not a whole solution"),
    (lambda nodes: _choice(nodes, node=Node(id="0.9", parent="0")), "not a whole solution of the run"),
    (lambda nodes: _choice(nodes, confidence=np.float64(0.5)), "a float64, not a finite float"),
    (lambda nodes: _choice(nodes, confidence="high"), "its confidence is 'high', a str"),
    (lambda nodes: _choice(nodes, confidence=float("nan")), "its confidence is nan"),
    (lambda nodes: nodes.no_such_thing, "failed, in .*test_contracts.py line .*AttributeError"),  # type: ignore[attr-defined]
]


@pytest.mark.parametrize(("aggregate", "said"), CHOICES)
async def test_an_aggregation_that_breaks_its_contract_is_named(
    strange: Callable[..., str], aggregate: Callable[[Sequence[Node]], Any], said: str
) -> None:
    def first(nodes: Sequence[Node]) -> Any:
        return aggregate(nodes)

    name = strange("*:first", first=first)
    with pytest.raises(CodeFailed, match=f"The aggregation `{name}:first` .*{said}"):
        await solve("Which?", strategy=f"{name}:once", model=_answering(), store="sqlite://")


async def test_an_aggregation_of_ones_own_chooses(strange: Callable[..., str]) -> None:
    name = strange("*:last", last=lambda nodes: _choice(nodes[-1:]))
    result = await solve("Which?", strategy=f"{name}:once", model=_answering(), store="sqlite://")
    assert (result.node, result.share) == ("0.1", 0.5)


async def test_auto_says_too_deep_where_a_strategy_has_come_to_the_last_depth(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("branchwise.agents.planning.planner._UNKNOWN", 400)  # 16 samples a trial end before
    model = scripted(lambda r, s: "Score: 0" if "Score" in r.messages[-1].content else "step\n\n")
    knobs: dict[str, Any] = {"arms": ("tests.graphs.search.test_contracts:deep",), "probes": 0, "trials": 1}
    result = await solve(
        "Which?", model=model, store="sqlite://", budget={"calls": 3000}, options=Options(**knobs)
    )
    assert result.reason == "too deep"


INFO = StrategyInfo(paper="none", grain="step")


def deep(tree: Any, budget: int, *, seed: int = 0) -> dict[str, int]:
    """Always continues the deepest node."""
    return {max((node.id for node in tree), key=len): 1}
