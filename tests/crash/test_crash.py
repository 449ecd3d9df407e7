"""Short seeded crash campaigns; `make crash` runs long ones."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.crash.__main__ import fresh
from tests.crash.campaign import Campaign, crash_campaign
from tests.crash.migration import killed_migration
from tests.crash.postgres import Cluster, PostgresMissingError, own_postgres

pytestmark = pytest.mark.crash


@pytest.fixture(scope="module")
def postgres() -> Iterator[Cluster]:
    try:
        with own_postgres() as cluster:
            yield cluster
    except PostgresMissingError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


@pytest.fixture(params=["sqlite", "postgres"])
def cluster(request: pytest.FixtureRequest) -> Cluster | None:
    return None if request.param == "sqlite" else request.getfixturevalue("postgres")


@pytest.mark.parametrize(
    ("seed", "workers", "runs"),
    [(25, 1, 2), (4, 1, 2), (30, 4, 6)],
    ids=[
        "two searches",
        "a search and a workflow that end with their budgets",
        "a workflow of a user's, a web search, a letter with sub-runs, a web search that writes, two with tools",
    ],
)
def test_workers_that_are_killed_and_stopped_repeat_and_lose_nothing(
    cluster: Cluster | None, seed: int, workers: int, runs: int
) -> None:
    with fresh(cluster) as url:
        plan = Campaign(
            url=url,
            seed=seed,
            workers=workers,
            runs=runs,
            kills=4,
            stops=2,
            restart=cluster.restart if cluster else None,
            restarts=1 if cluster else 0,
        )
        outcome = crash_campaign(plan)
    assert outcome.wrong == 0, outcome
    assert outcome.sent >= outcome.calls > 20
    assert outcome.restarts == plan.restarts
    # Among many, the doomed may find nothing left to do.
    assert sum(outcome.ends.values()) + sum(outcome.stops.values()) > 0 or workers > 1


@pytest.mark.parametrize("new", [True, False])
def test_a_database_survives_the_death_of_who_makes_or_upgrades_it(
    cluster: Cluster | None, new: bool
) -> None:
    killed = 0
    for seed in range(3):
        with fresh(cluster) as url:
            killed += killed_migration(url, seed, new=new)
    assert killed > 0
