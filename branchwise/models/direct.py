"""A Sampler without ledger or budget: for agents in other graphs, and for tests."""

from __future__ import annotations

from branchwise.models.protocol import Capabilities, Model, Reply, Sampler, SampleRequest


def direct(model: Model) -> Sampler:
    """Make a Sampler that sends every call; within a run `recorded` takes its place.

    Args:
        model: The model.
    """
    return _Direct(model)


class _Direct:
    def __init__(self, model: Model) -> None:
        self._model = model

    @property
    def capabilities(self) -> Capabilities:
        return self._model.capabilities

    async def __call__(self, key: str, request: SampleRequest) -> Reply:
        return await self._model.sample(request)
