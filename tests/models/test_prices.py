"""What tokens cost is stated, listed, or said to be unknown."""

from __future__ import annotations

import pytest

from branchwise.graphs.search.run import solve
from branchwise.models.endpoint import endpoint
from branchwise.models.prices import FREE, Price, check_price, listed, stated
from branchwise.models.protocol import Reply, SampleRequest
from branchwise.models.scripted import scripted
from branchwise.models.uniform import uniform
from branchwise.store.errors import BadInput
from branchwise.store.records import Budget, Usage


def test_a_price_is_read_as_it_is_written() -> None:
    assert Price.parse("3,15") == stated((3, 15)) == Price(read=3, written=15)
    assert Price.parse("3, 15, 0.3") == Price(read=3, written=15, cached=0.3)


@pytest.mark.parametrize("text", ["", "3", "3,x", "1,2,3,4", "-1,2", "nan,1", "1,inf"])
def test_what_is_no_price_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        Price.parse(text)


def test_cached_tokens_have_a_price_of_their_own_where_one_is_stated() -> None:
    usage = Usage(prompt_tokens=1_000_000, cached_tokens=400_000, completion_tokens=100_000)
    assert Price(read=2, written=10).of(usage) == pytest.approx(3.0)
    assert Price(read=2, written=10, cached=0.5).of(usage) == pytest.approx(2.4)


def test_a_model_of_litellms_table_has_its_price() -> None:
    pytest.importorskip("litellm")
    price = listed("openai/gpt-4o-mini")
    assert price is not None
    assert 0 < price.read < price.written
    assert listed("openai/home-made") is None


async def test_a_budget_of_dollars_needs_a_price() -> None:
    model = endpoint("m", base_url="http://127.0.0.1:9/v1")
    with pytest.raises(BadInput, match="--price IN,OUT"):
        check_price(Budget(cost=1), model)
    check_price(Budget(cost=1), model, Price(read=1, written=1))
    check_price(Budget(tokens=1), model)
    assert uniform().price == FREE  # type: ignore[attr-defined]
    await model.aclose()


class _Unpriced:
    """A model whose price nobody knows."""

    def __init__(self) -> None:
        self._inner = scripted(["Answer: 1"])
        self.name, self.capabilities, self.requests = (
            "own:model",
            self._inner.capabilities,
            self._inner.requests,
        )

    async def sample(self, request: SampleRequest) -> Reply:
        return await self._inner.sample(request)

    async def aclose(self) -> None: ...


async def test_a_budget_of_dollars_without_a_price_asks_nothing() -> None:
    model = _Unpriced()
    with pytest.raises(BadInput, match="is not known"):
        await solve("Which?", model=model, budget=Budget(cost=1), store="sqlite://")
    assert not model.requests
    result = await solve("Which?", model=model, strategy="best_of_n", store="sqlite://")
    assert result.usage.unpriced == result.usage.calls > 0
