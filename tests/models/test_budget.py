"""A call reserves what it may cost; what does not fit is made smaller, waits, or is refused."""

from __future__ import annotations

import asyncio
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from branchwise.models.budget import BudgetTracker
from branchwise.models.prices import Price
from branchwise.models.protocol import Reply, Sample
from branchwise.models.sizing import FLOOR, Need, Room, Size, sized
from branchwise.store.errors import BudgetSpent
from branchwise.store.records import Budget, Usage

_COUNTS = st.integers(0, 500)


def _reply(*tokens: int, prompt: int = 0) -> Reply:
    samples = tuple(Sample(text="x", tokens=count) for count in tokens)
    return Reply(samples=samples, usage=Usage(calls=1, prompt_tokens=prompt, completion_tokens=sum(tokens)))


@given(
    need=st.builds(
        Need, prompt=_COUNTS, n=st.integers(1, 40), longest=_COUNTS, whole=st.booleans(), apart=st.booleans()
    ),
    room=st.builds(Room, st.integers(-10, 9000), st.integers(-10, 5000), st.integers(-1, 50)),
    usual=st.none() | st.integers(1, 300),
    floor=st.integers(1, 40),
    alone=st.booleans(),
)
def test_a_call_is_sent_at_a_size_that_fits_and_at_the_full_one_where_that_fits(
    need: Need, room: Room, usual: int | None, floor: int, alone: bool
) -> None:
    size = sized(need, room, usual=usual, floor=floor, alone=alone)
    asked = Size(need.n, need.longest)
    if size is None:
        assert not need.fits(asked, room)
        assert not alone or not need.fits(need.least(floor), room)
        return
    assert need.fits(size, room)
    assert 1 <= size.n <= need.n
    assert size.longest <= need.longest
    assert not need.whole or size.longest == need.longest
    assert size.longest >= min(floor, need.longest, usual or floor)
    assert size == asked or not need.fits(asked, room)


async def test_a_call_waits_for_what_those_in_flight_give_back() -> None:
    tracker = BudgetTracker(Budget(tokens=100))
    with await tracker.admit(Need(prompt=0, longest=80)) as first:
        second = asyncio.create_task(tracker.admit(Need(prompt=0, longest=60)))
        await asyncio.sleep(0)
        assert not second.done()
        first.pay(Usage(calls=1, completion_tokens=10))
    assert (await second).size == Size(1, 60)


async def _sizes(needs: list[Need], used: list[int], draw: random.Random) -> list[Size | None]:
    """The sizes of calls that begin together, where replies come in a random order."""
    tracker = BudgetTracker(Budget(tokens=1_000))
    sizes: list[Size | None] = [None] * len(needs)

    async def call(number: int) -> None:
        try:
            held = await tracker.admit(needs[number])
        except BudgetSpent:
            return
        with held:
            sizes[number] = held.size
            for _ in range(draw.randint(0, 9)):
                await asyncio.sleep(0)
            read = needs[number].prompt // 2
            written = min(used[number], held.size.n * held.size.longest)
            usage = Usage(calls=1, prompt_tokens=read, completion_tokens=written)
            held.pay(usage)
            tracker.learn(needs[number], Reply(samples=(Sample(text="x", tokens=written),), usage=usage))

    async with asyncio.TaskGroup() as group:
        for number in range(len(needs)):
            group.create_task(call(number))
    return sizes


@given(
    calls=st.lists(
        st.tuples(st.integers(0, 200), st.integers(1, 4), st.integers(1, 300), st.integers(1, 300)),
        min_size=2,
        max_size=12,
    ),
    seed=st.integers(0, 1000),
)
def test_sizes_of_calls_that_begin_together_do_not_depend_on_which_reply_comes_first(
    calls: list[tuple[int, int, int, int]], seed: int
) -> None:
    needs = [Need(prompt=prompt, n=n, longest=longest) for prompt, n, longest, _ in calls]
    used = [used for *_, used in calls]
    first = asyncio.run(_sizes(needs, used, random.Random(seed)))
    assert asyncio.run(_sizes(needs, used, random.Random(seed + 1))) == first


async def test_a_smaller_call_does_not_overtake_one_that_waits() -> None:
    tracker = BudgetTracker(Budget(tokens=100))
    with await tracker.admit(Need(prompt=0, longest=60)) as first:
        large = asyncio.create_task(tracker.admit(Need(prompt=0, longest=70)))
        small = asyncio.create_task(tracker.admit(Need(prompt=0, longest=10)))
        await asyncio.sleep(0)
        assert not large.done()
        assert not small.done()
        first.pay(Usage(calls=1, completion_tokens=20))
    assert ((await large).size, (await small).size) == (Size(1, 70), Size(1, 10))


async def test_a_sample_leaves_room_for_twice_the_longest_of_its_kind() -> None:
    tracker = BudgetTracker(Budget(tokens=1000))
    need = Need(kind="propose", prompt=10, n=20, longest=400)
    assert (await tracker.admit(need)).size == Size(2, 400)
    tracker = BudgetTracker(Budget(tokens=1000))
    tracker.learn(need, _reply(30, 50, prompt=10))
    assert (await tracker.admit(need)).size == Size(8, 116)


async def test_the_last_sample_is_cut_down_to_the_floor_and_not_below() -> None:
    for left in (FLOOR, FLOOR - 1):
        tracker = BudgetTracker(Budget(completion_tokens=left))
        if left == FLOOR:
            assert (await tracker.admit(Need(prompt=500, n=3, longest=400))).size == Size(1, FLOOR)
            continue
        with pytest.raises(BudgetSpent) as error:
            await tracker.admit(Need(prompt=500, n=3, longest=400))
        refusal = error.value
        assert (refusal.what, refusal.limit, refusal.need, refusal.left) == (
            "completion_tokens",
            left,
            FLOOR,
            left,
        )


@pytest.mark.parametrize(
    ("budget", "what"),
    [
        (Budget(tokens=5), "tokens"),
        (Budget(calls=1), "calls"),
        (Budget(cost=0.5), "cost"),
        (Budget(seconds=3), "seconds"),
        (Budget(completion_tokens=3), "completion_tokens"),
    ],
)
async def test_each_limit_is_named(budget: Budget, what: str) -> None:
    spent = Usage(calls=1, prompt_tokens=9, cached_tokens=4, cost=0.5)
    tracker = BudgetTracker(budget, spent, elapsed=3)
    with pytest.raises(BudgetSpent) as error:
        await tracker.admit(Need(prompt=0, longest=4, price=Price(read=1, written=1)))
    assert error.value.what == what
    assert error.value.limit == getattr(budget, what)


async def test_dollars_are_reserved_like_tokens() -> None:
    tracker = BudgetTracker(Budget(cost=0.5))
    need = Need(prompt=100_000, n=9, longest=10_000, price=Price(read=1, written=10))
    assert (await tracker.admit(need)).size == Size(4, 10_000)


async def test_in_a_wave_a_call_gets_the_same_whatever_the_others_have_given_back() -> None:
    base = BudgetTracker(Budget(tokens=100)).state()
    for settled in (False, True):
        tracker = BudgetTracker(Budget(tokens=100))
        with tracker.wave(base):
            first = await tracker.admit(Need(prompt=0, longest=70))
            if settled:
                first.pay(Usage(calls=1, completion_tokens=1))
            with pytest.raises(BudgetSpent):
                await tracker.admit(Need(prompt=0, longest=40))
            assert (await tracker.admit(Need(prompt=0, n=3, longest=15))).size == Size(2, 15)


async def test_what_is_paid_is_no_longer_held_too() -> None:
    together = BudgetTracker(Budget(tokens=100, calls=2))
    one, two = BudgetTracker(Budget(), parent=together), BudgetTracker(Budget(), parent=together)
    with await one.admit(Need(prompt=0, longest=80)) as held:
        held.pay(Usage(calls=1, prompt_tokens=20, completion_tokens=30))
        assert (await two.admit(Need(prompt=0, longest=50))).size == Size(1, 50)
    assert (one.spent.tokens, two.spent.tokens, together.spent.tokens) == (50, 0, 50)


def test_samples_left_goes_by_the_mean_cost_so_far() -> None:
    tracker = BudgetTracker(Budget(tokens=100))
    tracker.pay(Usage(calls=1, samples=4, completion_tokens=40))
    assert tracker.samples_left() == 6


def test_before_a_sample_was_seen_a_budget_of_completion_tokens_pays_for_the_longest() -> None:
    assert BudgetTracker(Budget(completion_tokens=100)).samples_left(longest=25) == 4


def test_a_prompt_is_taken_for_what_prompts_have_turned_out_to_be() -> None:
    tracker = BudgetTracker(Budget(tokens=100))
    need = Need(prompt=400, longest=20)
    assert tracker.shortfall(need) is not None
    tracker.learn(need, _reply(5, prompt=40))
    assert tracker.shortfall(need) is None


async def test_samples_that_came_one_by_one_are_reserved_so_also_after_a_restart() -> None:
    need = Need(prompt=10, n=4, longest=10)
    usage = Usage(calls=4, prompt_tokens=40, completion_tokens=8)
    tracker = BudgetTracker(Budget(calls=9), Usage(calls=7))
    assert (await tracker.admit(need)).size.n == 4
    tracker.learn(need, Reply(samples=(Sample(text="x", tokens=2),) * 4, usage=usage))
    restarted = BudgetTracker(Budget(calls=9), Usage(calls=7))
    restarted.recall(tracker.state())
    assert (await restarted.admit(need)).size.n == 2


def test_tokens_read_from_the_cache_are_free() -> None:
    assert Usage(prompt_tokens=100, cached_tokens=90, completion_tokens=5).tokens == 15


@pytest.mark.parametrize("tokens", [0, -1])
def test_a_budget_must_be_positive(tokens: int) -> None:
    with pytest.raises(ValueError, match="positive"):
        Budget(tokens=tokens)
