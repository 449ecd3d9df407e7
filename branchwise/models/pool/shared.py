"""Deduplicate identical requests in flight."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine, Hashable
from dataclasses import replace
from typing import Any

from branchwise.models.protocol import Reply, SampleRequest
from branchwise.store.records import Usage
from branchwise.store.single_flight import SingleFlight


def shareable(request: SampleRequest) -> bool:
    """Whether two identical requests must return the same samples.

    Only greedy decoding or a seed guarantee this. Two requests at a temperature without a seed are two draws:
    sharing samples would count one draw twice.
    """
    return request.temperature == 0 or request.seed is not None


def identity(request: SampleRequest) -> Hashable:
    """The identity of a request; a JSON schema is compared by its text, because it is not hashable."""
    schema = request.output_format.schema
    if schema is None:
        return request
    return replace(request, output_format=replace(request.output_format, schema=None)), json.dumps(
        schema, sort_keys=True
    )


class Shared:
    """Shares requests in flight by identity.

    The first caller pays: the others get the same reply with zero usage. When the first is cancelled, so is
    its request, and one of the others sends it again.
    """

    def __init__(self) -> None:
        self.count = 0
        """Number of requests not sent because an identical one was in flight."""
        self._flights: SingleFlight[Hashable, Reply] = SingleFlight()

    async def __call__(
        self, request: SampleRequest, send: Callable[[SampleRequest], Coroutine[Any, Any, Reply]]
    ) -> Reply:
        """Send `request`, or wait for an identical one."""
        if not shareable(request):
            return await send(request)
        key = identity(request)
        while key in self._flights:
            reply = await self._flights.join(key)
            if reply is not None:
                self.count += 1
                return replace(reply, usage=Usage())
        return await self._flights.lead(key, send(request))
