"""The answers to give: the n best distinct whole solutions of one search."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from branchwise.graphs.search.request import SearchInput, task_of
from branchwise.graphs.search.result import Result
from branchwise.models.protocol import TokenLogprob, ToolCall
from branchwise.models.turn import Turn
from branchwise.store.errors import NoAnswer
from branchwise.store.records import Node
from branchwise.store.tree import Tree

Finish = Literal["stop", "length", "tool_calls"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Finalist:
    """One answer."""

    text: str
    calls: tuple[ToolCall, ...]
    finish: Finish
    tokens: int
    """Completion tokens of its text."""
    node: str
    logprobs: tuple[TokenLogprob, ...] = ()
    """Its tokens, where `with_logprobs` found them."""

    @property
    def tool_calls(self) -> list[dict[str, Any]]:
        """Its calls in OpenAI's form."""
        return [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in self.calls
        ]


def finalists(
    request: SearchInput, result: Result, tree: Tree, n: int, *, strict: bool = False
) -> list[Finalist]:
    """The answers of a finished search, the best first; where none was finished, the best beginning.

    Args:
        request: What was asked.
        result: How the search ended; its answer is the first.
        tree: All its nodes.
        n: Answers at most; fewer if fewer are distinct.
        strict: Whether each must be accepted. With requirements each must be accepted in any case.

    Raises:
        NoAnswer: There is no answer to give; says why.
    """
    turn, held = request.turn or Turn(), bool(request.require)
    same = task_of(request).same
    chosen: list[Node] = []
    for node in _ranked(result, tree):
        answers = node.accepted or not (strict or (held and turn.calls(tree.text(node.id)) is None))
        if answers and not any(_equal(one, node, same) for one in chosen):
            chosen.append(node)
        if len(chosen) == n:
            break
    if not chosen and not held and not strict and (begun := _begun(tree)) is not None:
        chosen = [begun]
    if not chosen or result.reason == "abstained":
        raise NoAnswer(_why(result, held=held, strict=strict))
    return [_finalist(node, tree, turn, unfence=held) for node in chosen]


def _ranked(result: Result, tree: Tree) -> list[Node]:
    def rank(node: Node) -> tuple[bool, bool, float]:
        score = -1.0 if node.score is None else node.score
        return node.id != result.node, not node.accepted, -score

    return sorted((node for node in tree.complete if node.duplicate_of is None), key=rank) or [
        node for node in tree.complete if node.id == result.node
    ]


def _begun(tree: Tree) -> Node | None:
    """The best unfinished text, where nothing was finished."""
    texts = [node for node in tree if node.failed is None and tree.text(node.id).strip()]
    return max(texts, key=lambda node: (node.score or 0.0, node.depth), default=None)


def _equal(one: Node, other: Node, same: Callable[[str, str], bool]) -> bool:
    if one.answer is None or other.answer is None:
        return one.text == other.text
    return same(one.answer, other.answer)


def _finalist(node: Node, tree: Tree, turn: Turn, *, unfence: bool) -> Finalist:
    text = tree.text(node.id)
    tokens = sum(step.tokens for step in tree.path(node.id))
    called = turn.calls(text)
    if called is not None:
        return Finalist(text=called[0], calls=called[1], finish="tool_calls", tokens=tokens, node=node.id)
    cut = not node.complete or (turn.max_tokens is not None and node.tokens >= turn.max_tokens)
    said = _unfenced(text) if unfence else text.strip()
    finish: Finish = "length" if cut else "stop"
    return Finalist(text=said, calls=(), finish=finish, tokens=tokens, node=node.id)


def _unfenced(text: str) -> str:
    """JSON without a fence around it: the checker takes either, a client that parses the reply does not."""
    body = text.strip()
    if body.startswith("```") and body.endswith("```") and body.count("```") == 2:
        return body[3:-3].removeprefix("json").removeprefix("JSON").strip()
    return body


def _why(result: Result, *, held: bool, strict: bool) -> str:
    run = f"The run is `{result.run_id}`."
    if (short := result.shortfall) is not None:
        need = "" if short.need is None else f", and the next sample needs {short.need:,.0f}"
        words = short.what.replace("_", " ")
        limit = "" if short.limit is None else f" of {short.limit:,.0f}"
        return f"The budget{limit} {words} ended before an answer was found{need}; allow more. {run}"
    if result.reason == "abstained":
        return f"The best answer is too uncertain to be given. {run}"
    if held:
        return f"None of the answers that were found is accepted: each breaks a requirement. {run}"
    if strict and result.answer is not None:
        return f"None of the answers that were found is accepted, as `strict` asks for. {run}"
    return f"The model wrote no answer. {run}"
