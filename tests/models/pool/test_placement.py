"""Placement beside its rivals, in simulated time: never much slower than the better one, and no engine idle."""

from __future__ import annotations

import pytest

from benchmarks.pool_placement import HARDWARE, ROUTINGS, WORKLOADS, Row, run
from benchmarks.simulated_engine import Hardware


@pytest.mark.parametrize("count", [3, 8])
@pytest.mark.parametrize("hardware", HARDWARE, ids=lambda one: one.name)
@pytest.mark.parametrize("workload", WORKLOADS)
def test_affinity_is_at_most_five_percent_slower_than_the_better_rival(
    workload: str, hardware: Hardware, count: int
) -> None:
    runs = {
        routing: [run(WORKLOADS[workload], hardware, count, routing, seed) for seed in (101,)]
        for routing in ROUTINGS
    }
    row = Row(workload=workload, hardware=hardware.name, count=count, runs=runs)
    assert row.ratio <= 1.05
    assert row.idle == 0


def test_a_tree_is_read_less_often_than_by_the_rivals() -> None:
    read = {routing: run(WORKLOADS["trees"], HARDWARE[0], 4, routing, 103).read for routing in ROUTINGS}
    assert read["affinity"] < 0.8 * min(read["round-robin"], read["least-loaded"])
