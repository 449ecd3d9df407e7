"""Log-probabilities of the tokens of answers, found again in the recorded calls that drew them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from branchwise.graphs.search.finalists import Finalist
from branchwise.models.codec import read_reply
from branchwise.models.protocol import Sample, TokenLogprob
from branchwise.store.records import Node
from branchwise.store.rows import CallRecord
from branchwise.store.tree import Tree


def with_logprobs(answers: Iterable[Finalist], tree: Tree, calls: Sequence[CallRecord]) -> list[Finalist]:
    """The answers with the tokens that they are made of.

    An answer has none where the engine gave none, or where it is not just what the model wrote: tool calls, JSON out
    of its fence, a beginning that the strategy wrote, a step that ended at a stop text.

    Args:
        answers: The answers.
        tree: All nodes of the run.
        calls: Its calls, recorded with `Turn.logprobs`.

    Raises:
        Damaged: The record of a call is damaged.
    """
    return [replace(one, logprobs=_tokens(one, tree, calls)) for one in answers]


def _tokens(answer: Finalist, tree: Tree, calls: Sequence[CallRecord]) -> tuple[TokenLogprob, ...]:
    if answer.calls or answer.text != tree.text(answer.node).strip():
        return ()
    found: list[TokenLogprob] = []
    for step in _steps(answer.node, tree):
        tokens = _drawn(step, calls)
        if not tokens:
            return ()
        found += tokens
    while found and not found[0].token.strip():  # the answer is given without blanks around it
        del found[0]
    while found and not found[-1].token.strip():
        del found[-1]
    return tuple(found)


def _steps(name: str, tree: Tree) -> list[Node]:
    """The nodes whose texts make up the text up to a node; a child of a whole solution starts from an empty one."""
    steps: list[Node] = []
    for node in tree.path(name):
        if node.parent is not None and tree[node.parent].complete:
            steps.clear()
        steps.append(node)
    return steps


def _drawn(step: Node, calls: Sequence[CallRecord]) -> tuple[TokenLogprob, ...]:
    """The tokens of the sample that became a node."""
    for call in calls:
        if (call.round, call.node) == (step.round, step.parent) and call.response is not None:
            if not call.key.endswith("/propose"):
                continue
            for sample in read_reply(call.response).samples:
                if _is(sample, step):
                    return sample.token_logprobs
    return ()


def _is(sample: Sample, node: Node) -> bool:
    # Two samples of one call that agree in all of this are the same answer with the same likelihood.
    return (sample.text, sample.logprob, sample.tokens) == (node.text, node.logprob, node.tokens)
