"""Hypothesis refinement with an executable check: rules are run on the examples, and failures are fed back."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from branchwise.graphs.search.run import solve
from branchwise.models.protocol import SampleRequest
from branchwise.models.scripted import scripted
from branchwise.store.store import Store

PROBLEM = '''def rule(x: int) -> int:
    """Find the rule behind these examples.

    >>> rule(1)
    3
    >>> rule(2)
    5
    >>> rule(10)
    21
    """
'''
PROPOSED = ("return 3", "return x + 2", "return 3 * x if x < 2 else 5")
"""They explain one, one and two of the three examples."""

pytestmark = pytest.mark.usefixtures("walled")


def write(request: SampleRequest, seed: int) -> str:
    """Propose poor rules; see the right one only when told which example the best of them gets wrong."""
    asked = request.messages[-1].content
    told = re.search(r"2 of 3 examples pass\. rule\(10\)", asked)
    body = "return 2 * x + 1" if told else PROPOSED[seed % 3]
    return f"```python\ndef rule(x: int) -> int:\n    {body}\n```"


async def test_the_rule_that_explains_most_is_refined_by_what_it_gets_wrong(tmp_path: Path) -> None:
    async with Store.opened(f"sqlite:///{tmp_path}/runs.sqlite") as store:
        result = await solve(
            PROBLEM,
            task="humaneval",
            model=scripted(write),
            strategy="hypothesis_refinement",
            knobs={"n": 3},
            store=store,
        )
        tree = await store.nodes(result.run_id)
    first = tree.children("0")
    assert sorted(node.score or 0 for node in first) == pytest.approx([1 / 3 * 0.95] * 2 + [2 / 3 * 0.95])
    best = max(first, key=lambda node: node.score or 0)
    assert tree.children(best.id)
    assert not any(tree.children(node.id) for node in first if node is not best)
    assert result.solved
    assert "2 * x + 1" in result.text
