"""The run's model with keys that stand behind the place of the node that asks."""

from __future__ import annotations

from branchwise.graphs.runtime.services import RunServices
from branchwise.models.codec import request_json
from branchwise.models.protocol import Capabilities, Reply, SampleRequest


class PlacedSampler:
    """The run's model with keys that stand behind the place of the node that asks."""

    def __init__(self, services: RunServices, model: str | None) -> None:
        self._services, self._model = services, model

    @property
    def capabilities(self) -> Capabilities:
        """The model's capabilities."""
        return self._services.engine.capabilities

    async def __call__(self, key: str, request: SampleRequest) -> Reply:
        """Answer, from the ledger if the same node made the same request under that key before."""
        services = self._services
        visit = services.visit()
        sampler = await services.sampler(self._model)
        named = services.key(visit, key, [self._model or "", request_json(request)])
        return await services.guarded(visit, sampler(named, request))
