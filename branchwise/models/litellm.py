"""Models of all providers supported by litellm."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import aiohttp

from branchwise.models import prices
from branchwise.models.adapt import Adaptation
from branchwise.models.base_url import parse
from branchwise.models.completion import read
from branchwise.models.failures import Lost, Refused
from branchwise.models.fan_out import Several
from branchwise.models.keys import KEY, may_have, withheld
from branchwise.models.litellm_import import ignore_notices, litellm_module
from branchwise.models.model_options import Price
from branchwise.models.protocol import Capabilities, Model, Reply, SampleRequest
from branchwise.models.require import require
from branchwise.models.retries import insist
from branchwise.models.scrub import scrub
from branchwise.models.wire import write
from branchwise.store.errors import BadInput, ModelError
from branchwise.store.records import Usage

_UNKNOWN_REASONS = frozenset({"model_length", "insufficient_system_resource"})


def litellm(  # noqa: PLR0913 - providers differ in each of them
    name: str,
    *,
    base_url: str | None = None,
    timeout: float = 300.0,
    retries: int = 3,
    extra_body: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
    price: Price | None = None,
    stored: bool = False,
) -> Model:
    """Reach a model through litellm, which takes seconds to import and about 10 ms of CPU per call.

    Keys come from the provider's own environment variables. A partial reply cannot be continued, because providers
    handle it differently. Servers that refuse parameters or ignore n > 1 are handled as in `endpoint`.

    Args:
        name: Provider and model, for example `anthropic/claude-sonnet-4-5`.
        base_url: Another address of the provider's API.
        timeout: Seconds for one call, retries included.
        retries: Number of retries after 429, 5xx or a lost connection.
        extra_body: Fields of every request's body; they replace those of the same name.
        headers: Headers of every request.
        price: US dollars for a million tokens read, written and read from the cache; by default litellm's own.
        stored: Whether `base_url` comes from a database row: then `keys` must allow it, because litellm sends
            any key it finds.

    Raises:
        BadInput: The base URL is invalid, or comes from a row and is not allowed.
        ModelError: litellm is not installed, or knows no such provider.
    """
    if base_url:
        url = parse(base_url)
        if stored and not may_have(url, KEY):
            raise BadInput(withheld(url, KEY))
    client = litellm_module()
    ignore_notices()
    client.suppress_debug_info = True
    client.telemetry = False
    try:
        client.get_llm_provider(name, api_base=base_url)
    except client.BadRequestError:
        raise ModelError(f"litellm knows no provider for `{name}`: name it like `anthropic/MODEL`.") from None
    extra = {**(extra_body or {}), **({"extra_headers": dict(headers)} if headers else {})}
    return _Litellm(client, name, base_url, timeout, retries, extra, price)


class _Litellm:
    def __init__(
        self,
        client: Any,
        name: str,
        base_url: str | None,
        timeout: float,
        retries: int,
        extra: dict[str, Any],
        price: Price | None,
    ) -> None:
        self.name = f"litellm:{name}"
        self._known = set(client.get_supported_openai_params(model=name) or ())
        self._client = client
        self._model = name
        self._base_url = base_url
        self._timeout = timeout
        self._retries = retries
        self._extra = extra
        self._price = price
        self._adaptation = Adaptation(f"`{name}`")
        self._several = Several(self._once, None if "n" in self._known else False)
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    @property
    def price(self) -> prices.Price | None:
        """The price: as stated, or from litellm's table; None if the model is not in it."""
        return prices.stated(self._price) or prices.listed(self._model)

    @property
    def capabilities(self) -> Capabilities:
        client, name = self._client, self._model
        return Capabilities(
            schema=bool(client.supports_response_schema(model=name)),
            logprobs="logprobs" in self._known,
            seed="seed" in self._known,
            pictures=bool(client.supports_vision(model=name)),
            # The table does not hold models that people serve themselves.
            tools="tools" in self._known or bool(client.supports_function_calling(model=name)),
            many=self._several.many,
        )

    async def sample(self, request: SampleRequest) -> Reply:
        require(self, request)
        return await self._several(request)

    async def aclose(self) -> None:
        """Close the connections."""
        self._closed = True
        if self._session is not None:
            await self._session.close()
            # litellm caches its clients per process, and would reuse them with the closed session.
            self._client.in_memory_llm_clients_cache.flush_cache()

    async def _once(self, request: SampleRequest) -> Reply:
        if self._closed:
            raise ModelError("This model is closed.")
        body = write(request, "openai") | {"max_tokens": request.output_format.max_tokens} | self._extra
        for name in _unwanted(request, self._known):
            body.pop(name, None)
        try:
            async with asyncio.timeout(self._timeout) as deadline:
                return await self._adapted(body, request, deadline.when())
        except TimeoutError:
            raise Lost(f"`{self._model}` gave no answer within {self._timeout:g} s.") from None

    async def _adapted(self, body: dict[str, Any], request: SampleRequest, ends: float | None) -> Reply:
        while True:
            sent = self._adaptation.apply(body)
            try:
                return await insist(partial(self._send, sent, request), self._retries, ends)
            except Refused as refusal:
                if self._adaptation.apply(body) == sent and not self._adaptation.learn(refusal, sent):
                    raise

    async def _send(self, body: dict[str, Any], request: SampleRequest) -> Reply:
        self._session = self._session or aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        began = time.monotonic()
        ignore_notices()
        try:
            answer = await self._client.acompletion(
                model=self._model,
                api_base=self._base_url,
                num_retries=0,  # only our own layer retries
                max_retries=0,
                drop_params=True,
                shared_session=self._session,
                **body,
            )
        except TimeoutError:
            raise
        except Exception as error:
            raise self._failed(error) from None
        reply = read(_finished(answer.model_dump()), request, time.monotonic() - began)
        cost = self._cost(answer, reply.usage)
        return replace(reply, usage=replace(reply.usage, cost=cost or 0.0, unpriced=int(cost is None)))

    def _failed(self, error: Exception) -> ModelError:
        words = f"`{self._model}` failed: {type(error).__name__}: {scrub(str(error))}"
        status = getattr(error, "status_code", None)
        if isinstance(error, self._client.Timeout | self._client.APIConnectionError):
            return Lost(words)
        return Refused(status, words) if isinstance(status, int) else ModelError(words)

    def _cost(self, answer: Any, usage: Usage) -> float | None:
        """The cost in US dollars; None if the price is unknown."""
        price = self.price
        if self._price is None and not usage.estimated:
            try:
                return float(self._client.completion_cost(answer, model=self._model))
            except Exception:
                return None if price is None else price.of(usage)
        return None if price is None else price.of(usage)


def _finished(said: dict[str, Any]) -> dict[str, Any]:
    """The reply with the reasons to finish that litellm takes for "stop" because it does not know them."""
    for choice in said.get("choices") or ():
        native = (choice.get("provider_specific_fields") or {}).get("native_finish_reason")
        if native in _UNKNOWN_REASONS:
            choice["finish_reason"] = native
    return said


def _unwanted(request: SampleRequest, known: set[str]) -> list[str]:
    """Options that some providers refuse and that have no effect here."""
    unwanted = [] if "seed" in known else ["seed"]
    if request.n == 1:
        unwanted.append("n")
    if request.top_p == 1.0:
        unwanted.append("top_p")
    return unwanted
