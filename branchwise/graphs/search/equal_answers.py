"""Canonical texts of equal answers, so that every strategy and aggregation counts them together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from branchwise.store.errors import CheckFailed
from branchwise.store.records import Node

_MOST = 200
"""Most distinct answers that a new one is compared with; beyond them only equal texts are equal."""


async def share_answers(
    nodes: Sequence[Node], before: Iterable[Node], same: Callable[[str, str], bool]
) -> list[Node]:
    """Replace each node's answer by the oldest one that is equal to it by the task's equality.

    Strategies and aggregations are pure functions that compare texts; with one text for each answer they do
    not depend on the task. The oldest is the same in every run, since nodes are in the order of the
    allocation, not of the replies.

    Args:
        nodes: New nodes, oldest first.
        before: The nodes of earlier rounds, oldest first.
        same: `Task.same`; it may take seconds and runs in a thread.
    """
    known = dict.fromkeys(node.answer for node in before if node.complete and node.answer is not None)
    if all(node.answer is None or node.answer in known for node in nodes):
        return list(nodes)
    return await asyncio.to_thread(_shared, nodes, list(known), same)


def _shared(nodes: Sequence[Node], known: list[str], same: Callable[[str, str], bool]) -> list[Node]:
    texts = {answer: answer for answer in known}
    shared: list[Node] = []
    for node in nodes:
        if node.answer is not None and node.answer not in texts:
            try:
                equal = next((one for one in known[:_MOST] if same(one, node.answer)), node.answer)
            except Exception as error:
                raise CheckFailed(
                    f"The task's `same` failed at node {node.id} with {type(error).__name__}: {error}."
                ) from error
            texts[node.answer] = equal
            if equal == node.answer:
                known.append(equal)
        shared.append(node if node.answer is None else replace(node, answer=texts[node.answer]))
    return shared
