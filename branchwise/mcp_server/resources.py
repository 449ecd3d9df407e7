"""The resources: runs, their trees, nodes and decisions."""

from __future__ import annotations

from branchwise.mcp_server.calling import caller
from branchwise.mcp_server.reading import explanation_of, state_of
from branchwise.mcp_server.results import RunList
from branchwise.server.serving import Serving
from branchwise.store.errors import UnknownName
from branchwise.store.rows import RunRecord

RUNS = "branchwise://runs"
_LISTED = 50
"""Runs of the list."""
_NODES = 2_000
"""Nodes of a tree, and decisions, at most."""


class Resources:
    """The resources of one server, each as JSON text.

    Args:
        serving: The server's parts.
    """

    def __init__(self, serving: Serving) -> None:
        self._serving = serving

    async def runs(self) -> str:
        """The caller's newest runs."""
        found = await self._serving.store.runs(api_key=caller().key, limit=_LISTED)
        return RunList(runs=[await state_of(self._serving, run) for run in found]).model_dump_json()

    async def run(self, run_id: str) -> str:
        """Where a run stands."""
        return (await state_of(self._serving, await self._own(run_id))).model_dump_json()

    async def tree(self, run_id: str) -> str:
        """A run's search tree."""
        found = await explanation_of(self._serving, await self._own(run_id), _NODES)
        return found.model_dump_json(exclude={"decisions"})

    async def why(self, run_id: str) -> str:
        """A run's decisions with their terms."""
        found = await explanation_of(self._serving, await self._own(run_id), _NODES)
        return found.model_dump_json(exclude={"nodes"})

    async def node(self, run_id: str, node: str) -> str:
        """The text of a tree up to a node."""
        run = await self._own(run_id)
        tree = await self._serving.store.nodes(run.id)
        if node not in tree:
            raise UnknownName("node", node, ())
        return tree.text(node)

    async def _own(self, run_id: str) -> RunRecord:
        return await caller().own(self._serving, run_id)
