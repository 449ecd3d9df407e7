"""MCP servers as the settings declare them: how each is started or reached, and which of its tools may be called."""

from __future__ import annotations

import os
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from yarl import URL

from branchwise.store.errors import BadInput, UnknownName

PREFIX = "mcp:"
"""Beginning of the name of a server's tools: `mcp:SERVER`."""
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
_STRICT = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)
Text = Annotated[str, Field(min_length=1, max_length=2_000)]
_declared: dict[str, McpServer] = {}


class McpServer(BaseModel):
    """An MCP server under a name of the user's: `[tools.NAME]`. Either `command` or `url` is set."""

    model_config = _STRICT

    command: tuple[Text, ...] = ()
    """The program that speaks MCP on its standard input and output, with its arguments."""
    url: Text | None = None
    """Where it speaks MCP over HTTP."""
    env: tuple[Text, ...] = ()
    """Environment variables that the program is given; others, but PATH, HOME and the like, are not."""
    api_key_env: Text | None = None
    """The variable that holds the key sent to `url` as a bearer token."""
    allow: tuple[Text, ...] = ("*",)
    """Patterns of the tools that may be called."""
    read_only: tuple[Text, ...] = ()
    """Patterns of tools that only read, whatever the server says of them."""
    acts: tuple[Text, ...] = ()
    """Patterns of tools that act, whatever the server says of them."""
    timeout: Annotated[float, Field(gt=0, le=3_600)] = 30.0
    """Maximum seconds of one call, and of the connection."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if bool(self.command) == bool(self.url):
            raise ValueError("a server has either a `command` or a `url`")
        if self.url is not None:
            _check_url(self.url, with_key=self.api_key_env is not None)
        return self

    @property
    def key(self) -> str | None:
        """The key that is sent to `url`.

        Raises:
            BadInput: The variable is not set.
        """
        if self.api_key_env is None:
            return None
        key = os.environ.get(self.api_key_env)
        if not key:
            raise BadInput(f"The key of an MCP server is read from ${self.api_key_env}, which is not set.")
        return key

    def allows(self, tool: str) -> bool:
        """Whether the tool may be called."""
        return matches(tool, self.allow)


def matches(tool: str, patterns: tuple[str, ...]) -> bool:
    """Whether a tool's name matches one of the patterns."""
    return any(fnmatchcase(tool, pattern) for pattern in patterns)


def declare(servers: Mapping[str, McpServer]) -> None:
    """Make servers known to this process under their names; a run stores only `mcp:NAME`."""
    _declared.update(servers)


def server(name: str) -> McpServer:
    """The server that `mcp:NAME` names.

    Raises:
        UnknownName: The settings of this process declare no such server.
    """
    found = _declared.get(name.removeprefix(PREFIX))
    if found is None:
        raise UnknownName("MCP server", name.removeprefix(PREFIX), sorted(_declared))
    return found


def _check_url(url: str, *, with_key: bool) -> None:
    try:
        read = URL(url)
    except ValueError as error:
        raise ValueError(f"the URL cannot be read: {error}") from error
    if read.scheme not in {"http", "https"} or not read.host:
        raise ValueError("a URL begins with https:// or http://")
    if with_key and read.scheme == "http" and read.host not in _LOCAL:
        raise ValueError("a key is sent over https:// only")
