"""Any provider that litellm knows."""

from __future__ import annotations

import asyncio
import importlib
import os
import time
from dataclasses import replace
from typing import Any

import aiohttp

from branchwise.models.fan_out import fan_out
from branchwise.models.protocol import Capabilities, Model, Reply, SampleRequest
from branchwise.models.require import require
from branchwise.models.scrub import scrub
from branchwise.models.wire import read, write
from branchwise.store.errors import ModelError


def litellm(name: str, *, base_url: str | None = None, timeout: float = 300.0, retries: int = 3) -> Model:
    """Reach a model through litellm, which costs seconds to import and about 10 ms of CPU a call.

    Keys come from the provider's own environment variables. A partial reply cannot be continued: providers differ
    in what they do with one.

    Args:
        name: Provider and model, for example `anthropic/claude-sonnet-4-5`.
        base_url: Another address of the provider's API.
        timeout: Seconds for one call with all its retries.
        retries: How often a call is sent again.

    Raises:
        ModelError: litellm is not installed, or knows no such provider.
    """
    # Prices ship with the package; without this the import asks the network for newer ones.
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    try:
        client: Any = importlib.import_module("litellm")
    except ImportError:
        raise ModelError("litellm is not installed. Run: pip install 'branchwise[litellm]'") from None
    client.suppress_debug_info = True
    client.telemetry = False
    try:
        client.get_llm_provider(name, api_base=base_url)
    except client.BadRequestError:
        raise ModelError(f"litellm knows no provider for `{name}`: name it like `anthropic/MODEL`.") from None
    return _Litellm(client, name, base_url, timeout, retries)


class _Litellm:
    def __init__(
        self,
        client: Any,
        name: str,
        base_url: str | None,
        timeout: float,
        retries: int,
    ) -> None:
        self.name = f"litellm:{name}"
        known = set(client.get_supported_openai_params(model=name) or ())
        self.capabilities = Capabilities(
            schema=bool(client.supports_response_schema(model=name)),
            logprobs="logprobs" in known,
            seed="seed" in known,
            pictures=bool(client.supports_vision(model=name)),
            many="n" in known,
        )
        self._client, self._model, self._base_url = client, name, base_url
        self._timeout, self._retries = timeout, retries
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    async def sample(self, request: SampleRequest) -> Reply:
        require(self, request)
        if request.n == 1 or self.capabilities.many:
            return await self._once(request)
        return await fan_out(request, self._once)

    async def aclose(self) -> None:
        """Close the connections."""
        self._closed = True
        if self._session is not None:
            await self._session.close()
            # litellm keeps its clients for the process, and would use them again with the closed session.
            self._client.in_memory_llm_clients_cache.flush_cache()

    async def _once(self, request: SampleRequest) -> Reply:
        if self._closed:
            raise ModelError("This model is closed.")
        self._session = self._session or aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        body = write(request, "openai") | {"max_tokens": request.output_format.max_tokens}
        for name in _unwanted(request, self.capabilities):
            body.pop(name, None)
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._timeout):
                answer = await self._client.acompletion(
                    model=self._model,
                    api_base=self._base_url,
                    num_retries=self._retries,
                    shared_session=self._session,
                    **body,
                )
        except TimeoutError:
            raise ModelError(f"`{self._model}` gave no answer within {self._timeout:g} s.") from None
        except Exception as error:
            raise ModelError(f"`{self._model}` failed: {type(error).__name__}: {scrub(str(error))}") from None
        reply = read(answer.model_dump(), request, time.monotonic() - began)
        if len(reply.samples) != request.n:
            raise ModelError(f"`{self._model}` sent {len(reply.samples)} samples instead of {request.n}.")
        return replace(reply, usage=replace(reply.usage, cost=self._cost(answer)))

    def _cost(self, answer: Any) -> float:
        try:
            return float(self._client.completion_cost(answer, model=self._model))
        except Exception:
            return 0.0


def _unwanted(request: SampleRequest, can: Capabilities) -> list[str]:
    """Options that some providers refuse and that change nothing here."""
    unwanted = [] if can.seed else ["seed"]
    if request.n == 1:
        unwanted.append("n")
    if request.top_p == 1.0:
        unwanted.append("top_p")
    return unwanted
