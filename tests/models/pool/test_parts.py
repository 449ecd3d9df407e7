"""The pool's pure parts: limit, breaker, affinity."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from branchwise.models.pool.affinity import BLOCK, CachedBlocks, chain, price, prompt, rank
from branchwise.models.pool.breaker import Breaker
from branchwise.models.pool.limit import Limit
from branchwise.models.pool.shared import identity, shareable
from branchwise.models.protocol import Message, OutputFormat, SampleRequest


def test_a_refusal_halves_the_limit_once_for_all_that_were_in_flight() -> None:
    limit = Limit(64)
    for _ in range(10):
        limit.refused(sent=1.0, now=2.0)
    assert limit.now == 32
    limit.refused(sent=3.0, now=4.0)
    assert limit.now == 16
    limit.answered()
    assert limit.now == pytest.approx(16 + 1 / 16)


@given(st.lists(st.booleans(), max_size=200))
def test_the_limit_stays_within_its_bounds(answers: list[bool]) -> None:
    limit = Limit(8)
    for at, answered in enumerate(answers):
        if answered:
            limit.answered()
        else:
            limit.refused(float(at), float(at) + 0.5)
        assert 1 <= limit.now <= 8


def test_a_breaker_opens_after_three_failures_in_a_row_and_closes_after_a_good_probe() -> None:
    breaker = Breaker()
    breaker.failed(0.0, "no")
    breaker.succeeded()
    for at in (1.0, 2.0):
        breaker.failed(at, "no")
    assert str(breaker.state) == "closed"
    breaker.failed(3.0, "no answer")
    assert (str(breaker.state), breaker.reason) == ("open", "no answer")
    breaker.succeeded()  # a late answer to an old request
    assert str(breaker.state) == "open"
    assert not breaker.due(3.9)
    assert breaker.due(4.0)
    assert not breaker.due(4.0), "one probe at a time"
    breaker.failed(5.0, "still nothing")
    assert not breaker.due(6.9)
    assert breaker.due(7.0), "the pause doubles"
    breaker.succeeded()
    assert str(breaker.state) == "closed"


def test_a_breaker_that_keeps_opening_waits_longer_up_to_a_bound() -> None:
    breaker, now, pauses = Breaker(), 0.0, []
    for _ in range(8):
        breaker.trip(now, "slow")
        began = now
        while not breaker.due(now):
            now += 0.5
        pauses.append(now - began)
        breaker.succeeded()
    assert pauses == [1, 2, 4, 8, 16, 30, 30, 30]
    for _ in range(20):
        breaker.succeeded()
    breaker.trip(now, "slow")
    assert breaker.due(now + 1.0), "after twenty answers the pauses begin anew"


TEXTS = st.text(alphabet="ab", max_size=4 * BLOCK)


@given(TEXTS, TEXTS, TEXTS)
def test_chains_share_what_their_texts_share(begin: str, left: str, right: str) -> None:
    a, b = begin + left, begin + right
    shared = sum(x == y for x, y in zip(chain(a), chain(b), strict=False))
    common = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    assert shared == common // BLOCK


@given(TEXTS, TEXTS)
def test_a_chain_continues_one_that_is_known(begin: str, more: str) -> None:
    assert chain(begin + more, chain(begin)) == chain(begin + more)


@given(TEXTS, TEXTS)
def test_held_knows_how_deep_a_chain_is_there(there: str, asked: str) -> None:
    held = CachedBlocks()
    held.add(chain(there))
    shared = sum(x == y for x, y in zip(chain(there), chain(asked), strict=False))
    assert held.depth(chain(asked)) == shared


def test_what_was_unused_for_longest_is_forgotten() -> None:
    held = CachedBlocks(kept=3)
    held.add([1, 2, 3])
    held.add([1, 4])
    assert len(held) == 3
    assert (held.depth((2,)), held.depth((1,)), held.depth((4,))) == (0, 1, 1)


def test_a_prefix_continues_its_prompt() -> None:
    ask = SampleRequest(messages=(Message(role="user", content="x" * 200),), prefix="y" * 200)
    longer = SampleRequest(messages=ask.messages, prefix=ask.prefix + "z" * 200)
    assert prompt(longer).startswith(prompt(ask))


def test_a_replica_that_leaves_moves_only_its_own_texts() -> None:
    names, texts = ["a", "b", "c"], [str(i) for i in range(300)]
    before = {text: max(names, key=lambda name: rank(name, text)) for text in texts}
    after = {text: max(names[:2], key=lambda name: rank(name, text)) for text in texts}
    assert all(after[text] == before[text] for text in texts if before[text] != "c")
    shares = [sum(name == who for who in before.values()) for name in names]
    assert min(shares) > 60


def test_what_a_replica_would_have_to_read_counts_like_samples_up_to_a_bound() -> None:
    assert price(0) == 0
    assert 0 < price(1) < price(8) < price(1000) == price(10**6) <= 8


def test_only_what_must_be_equal_is_shareable() -> None:
    ask = (Message(role="user", content="hi"),)
    assert not shareable(SampleRequest(messages=ask, temperature=0.7))
    assert shareable(SampleRequest(messages=ask, temperature=0.7, seed=3))
    assert shareable(SampleRequest(messages=ask, temperature=0.0))
    one, two = (
        SampleRequest(messages=ask, seed=1, output_format=OutputFormat(schema={"a": {"b": 1}}))
        for _ in range(2)
    )
    assert identity(one) == identity(two)
    assert identity(one) != identity(
        SampleRequest(messages=ask, seed=1, output_format=OutputFormat(schema={"a": {"b": 2}}))
    )
    assert hash(identity(one)) == hash(identity(two))
