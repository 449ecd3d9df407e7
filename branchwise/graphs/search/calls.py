"""Model calls of a round: children of one node with equal requests share a call."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from branchwise.agents.generator import GeneratorState, GeneratorUpdate, generator
from branchwise.agents.proposer import proposer
from branchwise.agents.protocol import Agent
from branchwise.agents.react import react
from branchwise.graphs import strategies
from branchwise.graphs.search import contracts
from branchwise.graphs.search.refuted import SPENT, refuted
from branchwise.graphs.search.state import SearchContext, SearchState
from branchwise.graphs.strategies._workflow import WORKFLOW
from branchwise.graphs.strategies.protocol import Hint, StrategyInfo
from branchwise.models.estimate import texts_at_most
from branchwise.models.protocol import Sample
from branchwise.models.recorded import longest
from branchwise.models.sizing import Need
from branchwise.models.turn import written
from branchwise.store.errors import BranchwiseError, BudgetSpent, ModelError
from branchwise.store.foreign import failed
from branchwise.store.records import Grain, Node, NodeId
from branchwise.tasks.task import Task

REFUSED = "the model could not answer: "
_NO_ANSWER = "the workflow gave no answer within its part of the budget"
"""Prefix of the failure reason of a node whose call failed."""
_LONGEST_ERROR = 1500
PROBE = "probe"
"""The strategy name of the planner's samples."""
_PROBING = StrategyInfo(paper="none", grain="solution", needs=frozenset({"scores"}))


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One request for children of one node."""

    parent: NodeId
    ids: tuple[NodeId, ...]
    hint: Hint
    path: str
    """Logical path of the call within the run."""
    parts: int = 0
    """Number of earlier attempts of this call; above 0 where the budget paid for fewer children than requested."""

    def rest(self, drawn: Collection[NodeId]) -> Call | None:
        """The call for the children that were not drawn; None if all were."""
        left = tuple(name for name in self.ids if name not in drawn)
        return replace(self, ids=left, parts=self.parts + 1) if left else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawn:
    """Outcome of a call."""

    nodes: list[Node]
    cut: list[Node] = field(default_factory=list)
    """Children whose samples the budget cut off; `rest` requests them again with more tokens."""
    rest: Call | None = None
    """The call for the remaining children, where the budget paid for fewer or shorter ones."""
    error: ModelError | None = None
    """Why the model could not answer."""


def info(strategy: str) -> StrategyInfo:
    """A strategy's needs and grain; the planner's probes are whole solutions with scores."""
    return _PROBING if strategy == PROBE else strategies.info(strategy)


def calls(state: SearchState, context: SearchContext) -> list[Call]:
    """The calls of the round that `state` allocated, in the allocation's order, so that a resumed run repeats them."""
    seen = context.journal.tree_before(state["round"], since=state["since"])
    probing = state["strategy"] == PROBE
    hint = strategies.usual if probing else strategies.hints(state["strategy"], **state["knobs"])
    found: list[Call] = []
    for parent, count in state["allocation"].items():
        first = len(seen.children(parent))
        hints = [_checked(partial(hint, seen, parent, first + i), state["strategy"]) for i in range(count)]
        found += _under(parent, hints, state, context)
    return found


def _checked(hint: Callable[[], object], name: str) -> Hint:
    return contracts.hint(contracts.called(f"The hint of the strategy `{name}`", hint), name)


def _under(
    parent: NodeId, hints: Sequence[Hint], state: SearchState, context: SearchContext
) -> Iterator[Call]:
    round_, count = state["round"], len(hints)
    most, ids = context.options.batch or count, context.journal.next_ids(parent, count, round_)
    begin = 0
    for end in range(1, count + 1):
        if end == count or hints[end] != hints[begin] or end - begin == most:
            path = f"t{state['trial']}/r{round_}/{parent}/{begin}"
            yield Call(parent=parent, ids=tuple(ids[begin:end]), hint=hints[begin], path=path)
            begin = end


def affordable_samples(state: SearchState, context: SearchContext) -> int | None:
    """Number of samples of the state's strategy that the budget likely affords: at least 1 while one more fits.

    None if nothing limits it.
    """
    if shortfall(state, context) is not None:
        return 0
    left = context.tracker.samples_left(_longest(state, context))
    return None if left is None else max(1, left)


def shortfall(state: SearchState, context: SearchContext) -> BudgetSpent | None:
    """The limit that prevents one more sample of the state's strategy, even a short one; None if one is affordable."""
    return context.tracker.shortfall(need(state, context, n=1, longest=_longest(state, context)))


def need(state: SearchState, context: SearchContext, *, n: int, longest: int, text: str = "") -> Need:
    """Upper bound on the usage of one call for `n` samples that continue `text`."""
    task = context.task
    words = (*state["constraints"].items, task.instructions, state["problem"], text)
    return Need(
        kind="propose",
        prompt=texts_at_most(*words),
        n=n,
        longest=longest,
        apart=n > 1 and not context.sample.capabilities.many,
        price=context.tracker.price,
    )


def _longest(state: SearchState, context: SearchContext) -> int:
    """Most completion tokens of one sample: the task's limit."""
    tree, grain = context.journal.tree, info(state["strategy"]).grain
    newest = [n.id for n in tree if n.round == state["round"] and not n.complete and n.failed is None]
    texts = {"", *(tree.text(node) for node in newest)} if grain == "step" else {""}
    return max(longest(context.task.output_format(state["constraints"], text, grain)) for text in texts)


async def sampled(call: Call, state: SearchState, context: SearchContext) -> Drawn:
    """Make the call; return its unjudged children, or one failed node if the model could not answer.

    Raises:
        BudgetSpent: The budget ends before the call.
    """
    tree = context.journal.tree
    parent = tree[call.parent]
    improved = parent if parent.complete else None
    if improved is None and state["previous"]:
        improved = tree[state["previous"]]
    grain: Grain = "solution" if parent.complete else call.hint.grain or info(state["strategy"]).grain
    ask: GeneratorState = {
        "problem": state["problem"],
        "path": f"{call.path}/again{call.parts}" if call.parts else call.path,
        "constraints": state["constraints"],
        "text": "" if parent.complete else tree.text(call.parent),
        "n": len(call.ids),
        "grain": grain,
        "previous": tree.text(improved.id) if improved else "",
        "feedback": improved.feedback if improved else "",
        "instruction": call.hint.instruction,
        "prefix": call.hint.prefix,
        "max_tokens": call.hint.max_tokens,
        "temperature": call.hint.temperature,
    }
    child = partial(
        Node, parent=call.parent, depth=parent.depth + 1, round=state["round"], strategy=state["strategy"]
    )
    if context.work is not None and state["strategy"].startswith(WORKFLOW):
        return Drawn(nodes=[await _worked(call, state, context, ask, child)])
    known = refuted(context, state["constraints"], state["round"])
    if known is not None:
        text = ask["text"] + call.hint.prefix
        earlier = ["", *(tree.texts[node.id] for node in tree.path(call.parent))] if grain == "step" else ()
        left = known.offered(text, grain, earlier)
        if left == ():
            return Drawn(nodes=[child(id=call.ids[0], failed=SPENT)])
        # More samples than there are choices would only repeat each other.
        ask["n"] = min(ask["n"], len(left)) if left else ask["n"]
        ask["choices"], ask["excluded"] = left, known.excluded(text)
    plain = grain == "step" and not call.hint.prefix and not call.hint.instruction and context.call is None
    lists = context.options.proposals and plain
    try:
        samples = await _asked(ask, proposer if lists else generator, context)
    except ModelError as error:
        return Drawn(nodes=[child(id=call.ids[0], failed=f"{REFUSED}{kept(error)}")], error=error)
    reading = {
        name: child(id=name, tokens=one.tokens, logprob=one.logprob, **_read(name, one, context.task, ask))
        for name, one in zip(call.ids, samples, strict=False)
    }
    if lists:  # a list may be shorter than requested
        return Drawn(nodes=list(reading.values()))
    short = {name for name, one in zip(call.ids, samples, strict=False) if one.finish == "budget"}
    return _drawn(replace(call, ids=call.ids[: ask["n"]]), reading, short)


async def _worked(
    call: Call, state: SearchState, context: SearchContext, ask: GeneratorState, child: Callable[..., Node]
) -> Node:
    """The whole solution that a workflow gives, or a failed node."""
    assert context.work is not None
    worked = await context.work(call.path, state["strategy"], state["problem"])
    tokens = worked.usage.completion_tokens
    if worked.text is None:
        return child(id=call.ids[0], tokens=tokens, failed=_NO_ANSWER)
    one = Sample(text=worked.text, tokens=tokens)
    return child(id=call.ids[0], tokens=tokens, **_read(call.ids[0], one, context.task, ask))


def kept(error: ModelError) -> str:
    """The error's text as far as the ledger keeps it, so that a resumed or replayed run reads the same."""
    return str(error)[:_LONGEST_ERROR]


async def _asked(
    ask: GeneratorState, make: Callable[..., Agent[GeneratorState, GeneratorUpdate]], context: SearchContext
) -> tuple[Sample, ...]:
    if context.call is not None:
        make = partial(react, call=context.call)
    generate = make(
        context.sample,
        context.task,
        context.prompts,
        temperature=context.options.temperature,
        top_p=context.options.top_p,
        seed=context.seed,
    )
    return (await generate(ask))["samples"]


def _drawn(call: Call, found: Mapping[NodeId, Node], short: Collection[NodeId]) -> Drawn:
    """Outcome of a call: those in `short` were cut off by the budget and are requested again."""
    whole = [node for name, node in found.items() if name not in short]
    cut = [node for name, node in found.items() if name in short]
    return Drawn(nodes=whole, cut=cut, rest=call.rest([node.id for node in whole]))


def _read(name: NodeId, sample: Sample, task: Task, ask: GeneratorState) -> dict[str, Any]:
    try:
        return _came_of(sample, task, ask)
    except BranchwiseError:
        raise
    except Exception as error:  # the task may be third-party code
        raise failed(f"The task `{task.name}`", error, node=name) from error


def _came_of(sample: Sample, task: Task, ask: GeneratorState) -> dict[str, Any]:
    """The node's text, whether it is a whole solution with an answer, and whether it failed."""
    text, whole = sample.text, ask["text"] + sample.text
    if sample.error is not None:
        return {"text": text, "failed": sample.error}
    if sample.tool_calls:
        text = written(sample)
        return {"text": text, "complete": True, "answer": task.answer(text)}
    ends = {"stop", "length"} if task.turn is not None and whole.strip() else {"stop"}
    if task.is_complete(whole) or (ask["grain"] == "solution" and sample.finish in ends):
        return {"text": text, "complete": True, "answer": task.answer(whole)}
    if ask["grain"] == "solution":
        return {"text": text, "failed": "cut off before it was a whole solution"}
    if not text.strip():
        return {"text": text, "failed": "an empty step"}
    # The text that ended the step belongs between it and the next one, or the next would begin by writing it.
    stops = task.output_format(ask["constraints"], ask["text"], ask["grain"]).stop
    return {"text": text + (stops[0] if stops and sample.finish == "stop" else "")}
