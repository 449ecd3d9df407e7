"""Functions as tools: the schema comes from the hints, arguments are checked, failures are results."""

from __future__ import annotations

import asyncio
import time
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from branchwise import tools
from branchwise.store.errors import BadInput
from branchwise.tools import AgentTool, ToolHints, direct, function_tool
from branchwise.tools.direct import called
from branchwise.tools.protocol import MOST, MOST_DATA, READ_ONLY


class Place(BaseModel):
    city: str
    zip: int = 0


def weather(
    place: Place, days: Annotated[int, Field(ge=1, le=9, description="How many days.")] = 1
) -> dict[str, Any]:
    """The weather at a place."""
    return {"city": place.city, "days": [20 + i for i in range(days)]}


async def test_a_function_with_type_hints_is_a_tool() -> None:
    tool = function_tool(weather, hints=READ_ONLY)
    assert (tool.spec.name, tool.spec.description) == ("weather", "The weather at a place.")
    assert tool.spec.parameters["required"] == ["place"]
    days = tool.spec.parameters["properties"]["days"]  # type: ignore[index]
    assert (days["type"], days["description"], days["maximum"]) == ("integer", "How many days.", 9)
    found = await called(tool, {"place": {"city": "Oslo"}, "days": 2})
    assert (found.text, found.error) == ('{"city":"Oslo","days":[20,21]}', False)
    assert found.data == {"city": "Oslo", "days": [20, 21]}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"place": {"city": "Oslo"}, "days": 20}, "`days`"),
        ({"place": "Oslo"}, "`place`"),
        ({}, "`place`"),
        ({"place": {"city": "Oslo"}, "more": 1}, "`more`"),
    ],
)
async def test_wrong_arguments_are_a_result_that_names_the_place(given: dict[str, Any], said: str) -> None:
    found = await called(function_tool(weather), given)
    assert found.error
    assert said in found.text


async def test_an_exception_and_a_timeout_are_results() -> None:
    def broken(x: int) -> int:
        return x // 0

    async def slow(x: int) -> int:
        await asyncio.sleep(60)
        return x

    assert (await called(function_tool(broken), {"x": 1})).text.startswith("Error: ZeroDivisionError")
    began = time.monotonic()
    assert (await called(function_tool(slow, timeout=0.1), {"x": 1})).error
    assert time.monotonic() - began < 10


async def test_a_large_result_is_cut_and_marked() -> None:
    def much(n: int) -> str:
        return "x" * n

    def data(n: int) -> list[str]:
        return ["x" * n]

    text = (await called(function_tool(much), {"n": 10 * MOST})).text
    assert len(text) == MOST
    assert text.endswith("[cut off]")
    assert (await called(function_tool(data), {"n": MOST_DATA})).data is None


async def test_what_is_no_data_is_refused() -> None:
    def gives(kind: Literal["object"]) -> object:
        return object()

    assert "not a text or plain data" in (await called(function_tool(gives), {"kind": "object"})).text


def test_a_function_without_hints_is_refused_before_anything_is_spent() -> None:
    def bare(x, y: int):  # type: ignore[no-untyped-def]
        return x + y

    with pytest.raises(BadInput, match="type hints for `x`"):
        function_tool(bare)
    with pytest.raises(BadInput, match="1 to 64 letters"):
        function_tool(lambda: "", name="a b")


async def test_without_a_run_what_acts_is_refused_unless_it_is_approved() -> None:
    done: list[int] = []

    def act(x: int) -> str:
        done.append(x)
        return "done"

    tool = function_tool(act, hints=ToolHints(destructive=False))
    assert "nobody approved" in (await direct()("a", tool, {"x": 1})).text
    assert not done
    assert (await direct(approve=True)("a", tool, {"x": 1})).text == "done"
    assert done == [1]


def test_every_tool_of_the_folder_can_be_loaded() -> None:
    assert "python" in tools.names()
    for name in tools.names():
        assert isinstance(tools.load(name), AgentTool)
