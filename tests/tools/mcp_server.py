"""An MCP server for tests: `python mcp_server.py` speaks on its standard streams, with a port over HTTP."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from mcp.server.mcpserver import MCPServer
from mcp_types import ToolAnnotations

server = MCPServer("shelf")
READS = ToolAnnotations(read_only_hint=True)


@server.tool(annotations=READS)
def find(title: str) -> str:
    """Find a book."""
    print("noise", file=sys.stderr)
    return f"{title} is on shelf {len(title)}"


@server.tool(annotations=READS)
def shelf(number: int) -> dict[str, int]:
    """A shelf."""
    return {"number": number, "books": 12}


@server.tool(annotations=ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=True))
def lend(title: str) -> str:
    """Lend a book."""
    with Path(os.environ["LENT"]).open("a", encoding="utf-8") as lent:
        lent.write(f"{title}\n")
    return f"{title} is lent"


@server.tool()
def burn(title: str) -> str:
    """Burn a book."""
    return f"{title} is gone"


@server.tool(annotations=READS)
def slow(title: str) -> str:
    """Take long."""
    time.sleep(30)
    return title


@server.tool(annotations=READS)
def broken(title: str) -> str:
    """Fail."""
    raise RuntimeError("the shelf fell")


@server.tool(annotations=READS)
def die() -> str:
    """End the server."""
    os._exit(3)


@server.tool(annotations=READS)
def secret() -> str:
    """What the server can see of our environment."""
    return ",".join(sorted(os.environ))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        server.run("streamable-http", port=int(sys.argv[1]))
    else:
        server.run("stdio")
