"""A site that forks its own server state over HTTP, as examples/shop does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import aiohttp

from branchwise.store.errors import EnvironmentFailed


@dataclass(frozen=True, kw_only=True, slots=True)
class _Worlds:
    endpoint: str
    token: str = field(repr=False)
    header: str

    async def fork(self, world: str | None) -> str:
        """Copy a world, or make a fresh one from None."""
        asked = {} if world is None else {"from": world}
        made = await self._call("POST", self.endpoint, asked)
        match made:
            case {"world": str(name)} if name:
                return name
        raise EnvironmentFailed(f"`{self.endpoint}` gave no world.")

    async def drop(self, world: str) -> None:
        """Delete a world."""
        await self._call("DELETE", f"{self.endpoint}/{world}", {})

    def headers(self, world: str) -> Mapping[str, str]:
        """The header that leads a session into a world."""
        return {self.header: world}

    async def _call(self, method: str, url: str, query: Mapping[str, str]) -> object:
        headers = {"Authorization": f"Bearer {self.token}"}
        try:
            async with (
                aiohttp.ClientSession(headers=headers, timeout=aiohttp.ClientTimeout(total=30)) as session,
                session.request(method, url, params=query) as response,
            ):
                response.raise_for_status()
                return await response.json() if response.status != 204 else None
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise EnvironmentFailed(f"`{url}` did not answer as a site that forks: {error}") from error


def fork_endpoint(endpoint: str, token: str = "", *, header: str = "X-World") -> _Worlds:
    """Reach a site's fork endpoint.

    `POST endpoint?from=NAME` (without `from`: fresh) answers `{"world": NAME}`, `DELETE endpoint/NAME`
    forgets it. A request that carries `header: NAME` is answered from that world.

    Args:
        endpoint: For example http://127.0.0.1:8000/_worlds; called by this process, never by the browser.
        token: Sent as a bearer token.
        header: The header that the site reads the world from.
    """
    return _Worlds(endpoint=endpoint.rstrip("/"), token=token, header=header)
