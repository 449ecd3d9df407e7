"""Tools of a real MCP server: over standard streams and HTTP, allowed by name, held to time, annotated."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

import branchwise
from branchwise import tools
from branchwise.graphs.search.state import Options
from branchwise.models.protocol import SampleRequest
from branchwise.models.scripted import scripted
from branchwise.store.errors import BadInput, BudgetSpent, UnknownName
from branchwise.tools import READ_ONLY, AgentTool, McpServer, ToolHints
from branchwise.tools.direct import called
from branchwise.tools.mcp import McpTool, mcp_tools

pytest.importorskip("mcp")
PROGRAM = (sys.executable, str(Path(__file__).parent / "mcp_server.py"))


def by_name(found: tuple[AgentTool, ...]) -> dict[str, AgentTool]:
    return {tool.spec.name: tool for tool in found}


async def test_a_program_is_a_server(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SECRET_KEY", "x")
    monkeypatch.setenv("GIVEN", "x")
    server = McpServer(
        command=PROGRAM, allow=("[abefl]*", "s[eh]*"), env=("GIVEN",), timeout=60, acts=("shelf",)
    )
    async with mcp_tools("books", server) as found:
        tool = by_name(found)
        assert sorted(tool) == [
            "books_broken",
            "books_burn",
            "books_find",
            "books_lend",
            "books_secret",
            "books_shelf",
        ]
        assert tool["books_find"].spec.description == "Find a book."
        assert tool["books_find"].spec.parameters["required"] == ["title"]
        assert tool["books_find"].hints == READ_ONLY
        assert tool["books_lend"].hints == ToolHints(idempotent=True, destructive=False)
        assert tool["books_burn"].hints == tool["books_shelf"].hints == ToolHints()
        assert (await called(tool["books_find"], {"title": "Emma"})).text == "Emma is on shelf 4"
        shelf = await called(tool["books_shelf"], {"number": 3})
        assert shelf.data == {"number": 3, "books": 12}
        assert (await called(tool["books_find"], {"name": 1})).error
        assert (await called(tool["books_broken"], {"title": "x"})).error
        seen = (await called(tool["books_secret"], {})).text.split(",")
        assert "GIVEN" in seen
        assert "SECRET_KEY" not in seen
    assert "noise" not in capfd.readouterr().err


async def test_a_slow_call_ends_in_time() -> None:
    async with mcp_tools("books", McpServer(command=PROGRAM, timeout=10, allow=("slow",))) as [slow]:
        hurried = replace(cast("McpTool", slow), timeout=0.5)
        assert "no result within 0.5 seconds" in (await called(hurried, {"title": "x"})).text


async def test_an_exception_of_the_run_passes_as_it_is() -> None:
    with pytest.raises(BudgetSpent):
        async with mcp_tools("books", McpServer(command=PROGRAM, timeout=60, allow=("find",))):
            raise BudgetSpent("tokens")


async def test_a_server_that_dies_gives_results_with_errors() -> None:
    async with mcp_tools("books", McpServer(command=PROGRAM, timeout=30, allow=("die", "find"))) as found:
        tool = by_name(found)
        assert (await called(tool["books_die"], {})).error
        assert (await called(tool["books_find"], {"title": "Emma"})).error


@pytest.fixture
async def port() -> AsyncIterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = free.getsockname()[1]
    started = await asyncio.create_subprocess_exec(*PROGRAM, str(number), stderr=asyncio.subprocess.DEVNULL)
    try:
        for _ in range(300):
            with socket.socket() as tried:
                if tried.connect_ex(("127.0.0.1", number)) == 0:
                    break
            await asyncio.sleep(0.1)
        yield number
    finally:
        started.kill()
        await started.wait()


async def test_a_url_is_a_server(port: int) -> None:
    server = McpServer(url=f"http://127.0.0.1:{port}/mcp", timeout=60, allow=("find",))
    async with mcp_tools("books", server) as [find]:
        assert (await called(find, {"title": "Emma"})).text == "Emma is on shelf 4"


@pytest.mark.parametrize(
    ("server", "said"),
    [
        (McpServer(command=("no-such-program",)), "cannot be used"),
        (McpServer(command=(sys.executable, "-c", "print('hello')")), "cannot be used"),
        (
            McpServer(command=(sys.executable, "-c", "import time; time.sleep(60)"), timeout=1),
            "did not answer",
        ),
        (McpServer(url="http://127.0.0.1:9/mcp"), "cannot be used"),
        (McpServer(command=PROGRAM, allow=("nothing",), timeout=60), "matches none of them"),
    ],
)
async def test_a_server_that_cannot_be_used_is_refused_in_a_sentence(server: McpServer, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        async with mcp_tools("books", server):
            pass


async def test_a_search_uses_a_servers_tools_and_holds_what_acts(tmp_path: Path) -> None:
    tools.declare({"books": McpServer(command=PROGRAM, timeout=60, allow=("find", "lend"))})

    def script(request: SampleRequest, seed: int) -> str:
        if len(request.messages) < 2:
            return 'Thought: look.\nAction: books_find {"title": "Emma"}'
        return 'Thought: lend.\nAction: books_lend {"title": "Emma"}'

    result = await branchwise.solve(
        "Lend Emma.",
        strategy="best_of_n",
        model=scripted(script),
        store="sqlite://",
        options=Options(tools=("mcp:books",)),
    )
    assert result.answer == 'books_lend {"title":"Emma"}'
    assert "| Emma is on shelf 4" in result.text


def test_undeclared_servers_and_wrong_settings_are_refused() -> None:
    with pytest.raises(UnknownName, match="MCP server"):
        tools.check(["mcp:nothing"])
    for wrong in (
        {},
        {"command": ("x",), "url": "http://x"},
        {"url": "ftp://x"},
        {"url": "http://example.org/mcp", "api_key_env": "KEY"},
    ):
        with pytest.raises(ValueError, match=r"server|URL|https"):
            McpServer(**wrong)
