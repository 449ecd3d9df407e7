from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest

from branchwise.store.errors import StoreError
from branchwise.store.records import Node, Verdict, VerifiedBy
from branchwise.store.rows import Decision, Status
from branchwise.store.store import Store
from tests.store.scripted_run import new_lease


async def test_nodes_keep_their_order_and_place_over_resumptions(store: Store) -> None:
    lease = await new_lease(store)
    first = [Node(id=f"0.{i}", parent="0", depth=1) for i in (3, 1, 2)]
    await store.add_nodes(lease, first)
    await store.finish(lease, status=Status.PAUSED)
    lease = await store.claim(lease.run_id)
    judged = replace(
        first[1], score=0.5, feedback="so so", accepted=True, verified_by=VerifiedBy.PROGRAM, text="new"
    )
    await store.add_nodes(lease, [Node(id="0.0", parent="0", depth=1), judged])
    await store.add_nodes(lease, [])
    tree = await store.nodes(lease.run_id)
    assert [node.id for node in tree] == ["0", "0.3", "0.1", "0.2", "0.0"]
    assert tree["0.1"] == judged


async def test_every_field_of_a_node_comes_back(store: Store) -> None:
    lease = await new_lease(store)
    node = Node(
        id="0.0",
        parent="0",
        depth=1,
        round=2,
        strategy="rebase",
        text="\x00 \ud800 \x10 \x100000 🙂",
        complete=True,
        answer="é",
        score=1 / 3,
        verified_by=VerifiedBy.MODEL,
        accepted=True,
        feedback="f",
        logprob=-1e-300,
        tokens=7,
        duplicate_of="0.1",
        failed="why",
    )
    await store.add_nodes(lease, [node])
    assert (await store.nodes(lease.run_id))["0.0"] == node


async def test_a_node_that_lies_too_deep_is_refused(lite: Store) -> None:
    lease = await new_lease(lite)
    with pytest.raises(StoreError, match="too deep"):
        await lite.add_nodes(lease, [Node(id="0" + ".1" * 256, parent="0")])
    await lite.add_nodes(lease, [Node(id="0" + ".1" * 255, parent="0")])


async def test_the_first_decision_and_the_last_verdict_stand(store: Store) -> None:
    lease = await new_lease(store)
    for payload in ({"arm": "a"}, {"arm": "b"}):
        await store.add_decision(lease, "t1/select", "select", payload)
    await store.add_decision(lease, "a/later", "judge", [1, None])
    assert await store.decisions(lease.run_id) == [
        Decision(key="t1/select", kind="select", payload={"arm": "a"}),
        Decision(key="a/later", kind="judge", payload=[1, None]),
    ]
    allocation = {"0.3": 1, "0.2": 4, "0.10": 1}
    await store.add_decision(lease, "r2/allocate", "allocate", allocation)
    kept = (await store.decisions(lease.run_id))[-1].payload
    assert list(cast("dict[str, int]", kept)) == list(allocation)  # whose samples come first is part of it
    last = Verdict(
        score=-100.0, accepted=False, feedback="no", verified_by=VerifiedBy.PROGRAM, verifier="program"
    )
    await store.add_verdicts(lease, [("0.0", replace(last, score=None, accepted=True))])
    await store.add_verdicts(lease, [("0.0", last)])
    assert await store.verdicts(lease.run_id) == [("0.0", last)]
